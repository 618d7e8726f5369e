"""The long work of the structure page, as functions to run off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.kernels import compile_kernels, kernels_compiled, needed
from engine.progress import Progress
from engine.properties.conductivities import Conductivities
from engine.structure.condition import Condition
from engine.structure.stack import VoxelStack
from engine.structure.stages import Stage
from hybridgui.bridge import Job

IMPORTED, GENERATED, PRESSED = "imported", "generated", "pressed"


@dataclass(frozen=True, eq=False)
class Electrode:
    """A structure on the page, with all that is known of it.

    Attributes
    ----------
    stack : VoxelStack
    source : {"generated", "imported", "pressed"}
    title : str
        How the window names it.
    structure : engine.structure.generate.Structure or None
        Particles and report of a generated structure.
    properties : dict
        One number a column (see `engine.properties.catalogue`); empty until computed.
    notes : tuple of str
        What the user should know: assumptions of the reader, a hash that differs.
    record : dict
        JSON values that bring the electrode back.
    """

    stack: VoxelStack
    source: str
    title: str
    structure: Any = None
    properties: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def short_title(self) -> str:
        """A few words, for a caption."""
        if self.structure is None:
            return self.title
        condition = self.structure.condition
        porosity = f"porosity {100 * condition.porosity:.1f} %"
        am = f"AM {100 * condition.recipe.am_fraction:g} %"
        pressed = f"{condition.pressure:.0f} MPa" if condition.pressure else "not calendered"
        return f"{am} · {pressed} · {porosity}"


def generate_electrode(
    condition: Condition, seed: int, bulk: Conductivities
) -> Callable[[Job], Electrode]:
    """Work that generates a structure and computes its properties."""

    def work(job: Job) -> Electrode:
        from engine.structure.generate import generate

        progress = job.engine_progress
        _compile(job, condition.protocol)
        structure = generate(condition, seed, Stage(progress, 0.0, 0.5))
        flat, full = _characterize(structure.stack, Stage(progress, 0.5, 1.0), bulk)
        record = {
            "source": GENERATED,
            "condition": condition.to_dict(),
            "seed": int(seed),
            "voxels_sha256": structure.stack.sha256,
            "report": structure.report,
            "conductivities": bulk.to_dict(),
            "properties": full,
            "columns": columns_to_json(flat),
        }
        return Electrode(
            structure.stack,
            GENERATED,
            electrode_title(condition, seed),
            structure,
            flat,
            (),
            record,
        )

    return work


def _compile(job: Job, protocol: str) -> None:
    """Compile what an electrode needs, where this was never done."""
    kernels = needed((protocol,), "published")
    job.note_compiling(not kernels_compiled(kernels))
    compile_kernels(kernels, progress=job.engine_progress)
    job.note_compiling(False)


@dataclass(frozen=True, eq=False)
class ElectrodePath:
    """One electrode at rising pressure.

    Attributes
    ----------
    electrodes : tuple of Electrode
        The uncalendered one first.
    pressures : tuple of float, MPa
        Zero for the uncalendered one.
    """

    electrodes: tuple[Electrode, ...]
    pressures: tuple[float, ...]

    @property
    def properties(self) -> tuple[dict[str, float], ...]:
        """Properties at each pressure."""
        return tuple(electrode.properties for electrode in self.electrodes)


def press_electrode(
    law: Any, target: Condition, seed: int, bulk: Conductivities, steps: int = 8
) -> Callable[[Job], ElectrodePath]:
    """Work that generates the uncalendered electrode and presses it to a condition step by step.

    Parameters
    ----------
    law : CalenderingLaw
        Gives the porosity at each pressure on the way.
    target : Condition
        Of the physical protocol, with coating and pressure.
    """

    def work(job: Job) -> ElectrodePath:
        from engine.experiment.calendering import pressing_path
        from engine.structure.calendering_path import press

        _compile(job, target.protocol)
        conditions = pressing_path(law, target, steps)
        structures = press(conditions, seed, Stage(job.engine_progress, 0.0, 0.6))
        electrodes = []
        for number, structure in enumerate(structures):
            share = 0.6 + 0.4 * number / len(structures)
            part = Stage(job.engine_progress, share, share + 0.4 / len(structures))
            flat, full = _characterize(structure.stack, part, bulk)
            record = {
                "source": PRESSED,
                "target": target.to_dict(),
                "law": law.to_dict(),
                "steps": steps,
                "seed": int(seed),
                "index": number,
                "voxels_sha256": structure.stack.sha256,
                "conductivities": bulk.to_dict(),
                "properties": full,
                "columns": columns_to_json(flat),
            }
            title = electrode_title(structure.condition, seed)
            electrodes.append(
                Electrode(structure.stack, PRESSED, title, structure, flat, (), record)
            )
        return ElectrodePath(tuple(electrodes), tuple(c.pressure or 0.0 for c in conditions))

    return work


def rebuild_electrode(
    record: dict[str, Any], load: Callable[[int], VoxelStack]
) -> Callable[[Job], Electrode | ElectrodePath]:
    """Work that brings back what the study remembers.

    Parameters
    ----------
    record : dict
        `Electrode.record` of the electrode.
    load : callable
        Stack of the study by its number.
    """

    def work(job: Job) -> Electrode | ElectrodePath:
        properties = columns_of(record)
        if record.get("source") == IMPORTED:
            job.engine_progress.report(0.1, "Reading the imported stack")
            stack = load(int(record["stack"]))
            return Electrode(stack, IMPORTED, record.get("title", ""), None, properties, (), record)
        if record.get("source") == PRESSED:
            from engine.experiment.laws import law_from_dict

            again = press_electrode(
                law_from_dict(record["law"]),
                Condition.from_dict(record["target"]),
                int(record["seed"]),
                conductivities_of(record),
                int(record["steps"]),
            )
            return again(job)
        from engine.structure.changes import changes_since
        from engine.structure.generate import generate

        condition = Condition.from_dict(record["condition"])
        structure = generate(condition, int(record["seed"]), job.engine_progress)
        notes = []
        if structure.stack.sha256 != record.get("voxels_sha256"):
            version = (record.get("report") or {}).get("program_version", "")
            why = "; ".join(changes_since(version, condition)) if version else ""
            notes.append(
                "The structure that this version of the program builds from the stored recipe and "
                "seed differs from the one stored"
                + (f" ({why})" if why else "")
                + ": the properties shown belong to the stored one. Generate it again to bring "
                "them together."
            )
        return Electrode(
            structure.stack,
            GENERATED,
            electrode_title(condition, int(record["seed"])),
            structure,
            properties,
            tuple(notes),
            record,
        )

    return work


def characterize_electrode(
    stack: VoxelStack, bulk: Conductivities, parts: str = "published"
) -> Callable[[Job], tuple[dict, dict]]:
    """Work that computes the properties of a stack: flat columns, and the full JSON form."""
    return lambda job: _characterize(stack, job.engine_progress, bulk, parts)


def check_resolution(
    condition: Condition, seed: int, columns: dict[str, float], bulk: Conductivities
) -> Callable[[Job], dict[str, float]]:
    """Work that makes the electrode with finer voxels and extrapolates its properties."""

    def work(job: Job) -> dict[str, float]:
        from engine.properties.resolution import resolution_check

        return resolution_check(condition, seed, columns, job.engine_progress, bulk)

    return work


def transport_fields(stack: VoxelStack, phase: str) -> Callable[[Job], Any]:
    """Work that solves transport in a phase and keeps potential and flux."""

    def work(job: Job) -> Any:
        from engine.properties.transport import solve
        from engine.structure.stack import AM, ELECTROLYTE

        masks = {
            "electrolyte": stack.labels == ELECTROLYTE,
            "solid": stack.labels != ELECTROLYTE,
            "am": stack.labels == AM,
        }
        return solve(masks[phase], spacing=stack.spacing, fields=True, progress=job.engine_progress)

    return work


def _characterize(
    stack: VoxelStack, progress: Progress, bulk: Conductivities, parts: str = "published"
) -> tuple[dict, dict]:
    from engine.properties.characterize import characterize

    properties = characterize(stack, parts, conductivities=bulk, progress=progress)
    return properties.flat(), properties.to_dict()


def surroundings_of(electrode: Electrode, voxel: tuple[int, int, int], reach: float) -> str:
    """What is known of a voxel beyond its phase: its particle, and the porosity around it.

    Parameters
    ----------
    voxel : tuple of three ints
        (z, y, x).
    reach : float, µm
        Half the edge of the box in which the porosity is taken.
    """
    import numpy as np

    stack, words = electrode.stack, []
    structure = electrode.structure
    if structure is not None and structure.condition.protocol == "physical":
        from engine.structure.voxelise import particle_at

        found = structure.particles
        owner = particle_at(
            stack.labels, voxel, found.centres, found.radii, stack.voxel_size, found.shapes
        )
        if owner >= 0:
            words.append(f"particle {owner + 1} of {len(found)}")
    cut = tuple(
        slice(max(0, int(i - reach / edge)), int(i + reach / edge) + 1)
        for i, edge in zip(voxel, stack.spacing, strict=True)
    )
    share = VoxelStack(np.ascontiguousarray(stack.labels[cut])).phase_fractions["electrolyte"]
    words.append(f"{100 * share:.0f} % electrolyte within {reach:g} µm")
    return " · ".join(words)


def local_thickness_field(stack: VoxelStack, label: int) -> Callable[[Job], Any]:
    """Work that measures how thick a phase is at each of its voxels, µm."""

    def work(job: Job) -> Any:
        import numpy as np

        from engine.properties.sizes import local_thickness

        thickness = local_thickness(stack.labels == label, stack.spacing, job.engine_progress)
        return np.where(thickness > 0, thickness, np.nan)

    return work


def conductivities_of(record: Mapping[str, Any]) -> Conductivities:
    """Bulk values that the properties of a record were computed with."""
    return Conductivities.of(record.get("conductivities"))


def columns_to_json(columns: Mapping[str, float]) -> dict[str, Any]:
    """Columns as JSON values: what is not a finite number becomes a text."""
    return {k: v if abs(v) < float("inf") else str(v) for k, v in columns.items()}


def columns_of(record: dict[str, Any]) -> dict[str, float]:
    """Columns of a record as numbers again."""
    return {name: float(value) for name, value in record.get("columns", {}).items()}


def electrode_title(condition: Condition, seed: int) -> str:
    """One line that names a generated electrode."""
    parts = [f"AM {100 * condition.recipe.am_fraction:g} %"]
    if condition.coating is not None:
        parts.append(f"initial porosity {100 * condition.coating.initial_porosity:g} %")
    if condition.pressure is not None:
        parts.append(f"{condition.pressure:.4g} MPa")
    parts.append(f"porosity {100 * condition.porosity:.1f} %")
    parts.append(f"seed {seed}")
    return " · ".join(parts)
