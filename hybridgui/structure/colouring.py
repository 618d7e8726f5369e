"""What the colours of the picture can mean, and the fields behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.structure.stack import AM, CBD, ELECTROLYTE, PHASE_NAMES, VoxelStack
from hybridgui.bridge import Job
from hybridgui.structure.fields import Field
from hybridgui.structure.work import Electrode, local_thickness_field, transport_fields

PHASE = "phase"


@dataclass(frozen=True)
class Colouring:
    """One meaning of the colours.

    Attributes
    ----------
    key, text : str
    shows : tuple of int
        Phases that are shown while it is on; empty leaves them as they are.
    opacity : float, 0..1
        Of these phases.
    """

    key: str
    text: str
    shows: tuple[int, ...] = ()
    opacity: float = 1.0


COLOURINGS = (
    Colouring(PHASE, "Colour by phase"),
    Colouring("height", "Height over the collector", (AM, CBD)),
    Colouring("particle", "Particles", (AM,)),
    Colouring("thickness-electrolyte", "Pore size", (ELECTROLYTE,)),
    Colouring("thickness-am", "Particle size", (AM,)),
    Colouring("potential-electrolyte", "Potential, electrolyte", (ELECTROLYTE,)),
    Colouring("flux-electrolyte", "Flux, electrolyte", (ELECTROLYTE,)),
    Colouring("lines-electrolyte", "Flow lines, electrolyte", (AM,), 0.05),
    Colouring("potential-solid", "Potential, solid", (AM, CBD)),
    Colouring("flux-solid", "Flux, solid", (AM, CBD)),
    Colouring("lines-solid", "Flow lines, solid", (AM,), 0.05),
)
_WORDS = {"electrolyte": "electrolyte", "solid": "solid", "am": "active material"}
_BY_KEY = {c.key: c for c in COLOURINGS}


def colouring(key: str) -> Colouring:
    """Colouring of a key."""
    return _BY_KEY[key]


def available(electrode: Electrode | None) -> list[Colouring]:
    """Colourings that an electrode allows."""
    has_particles = electrode is not None and _has_particles(electrode)
    return [c for c in COLOURINGS if c.key != "particle" or has_particles]


def _has_particles(electrode: Electrode) -> bool:
    structure = electrode.structure
    return structure is not None and structure.condition.protocol == "physical"


def field_work(
    electrode: Electrode, key: str, known: Mapping[str, Field] | None = None
) -> Callable[[Job], dict[str, Field]]:
    """Work that makes the field of a colouring, and those that come of the same effort.

    Parameters
    ----------
    known : mapping of str to Field, optional
        Fields of this electrode that were made before.

    Returns
    -------
    callable
        Job -> fields by key.
    """
    stack = electrode.stack
    if key == "height":
        return lambda job: {key: _height(stack)}
    if key == "particle":

        def particles(job: Job) -> dict[str, Field]:
            from engine.structure.voxelise import particle_of_voxel

            job.engine_progress.report(0.1, "Finding the particle of each voxel")
            found = electrode.structure.particles
            owner = particle_of_voxel(
                stack.labels, found.centres, found.radii, stack.voxel_size, found.shapes
            ).astype(np.float32)
            owner[owner < 0] = np.nan
            return {key: Field(owner, "Particle", "categories")}

        return particles
    kind, phase = key.split("-")
    if kind == "thickness":
        measure = local_thickness_field(stack, PHASE_NAMES.index(phase))
        return lambda job: {key: Field(measure(job), "Local thickness (µm)", "viridis")}
    before = known or {}

    def transport(job: Job) -> dict[str, Field]:
        fields = {k: before[k] for k in (f"potential-{phase}", f"flux-{phase}") if k in before}
        if not fields:
            fields = _transport(stack, phase, job)
        if kind == "lines":
            from hybridgui.structure.streamlines import flow_tubes

            potential, flux = fields[f"potential-{phase}"], fields[f"flux-{phase}"]
            job.engine_progress.report(0.9, "Following the flow")
            tubes = flow_tubes(potential.values, flux.values, stack.spacing)
            fields[key] = Field(flux.values, flux.title, "plasma", flux.range, tubes)
        return fields

    return transport


def _transport(stack: VoxelStack, phase: str, job: Job) -> dict[str, Field]:
    """Potential and flux in a phase."""
    result = transport_fields(stack, phase)(job)
    if result.potential is None:
        raise InputError(
            f"The {_WORDS[phase]} does not connect the collector to the separator: nothing "
            "flows, and there is no potential to show."
        )
    flux = np.where(np.isfinite(result.potential), result.flux, np.nan)
    flowing = flux[np.isfinite(flux)]
    # A few voxels in narrow throats would stretch the scale.
    reach = (0.0, float(np.percentile(flowing, 95)) if flowing.size else 1.0)
    return {
        f"potential-{phase}": Field(result.potential, "Potential (–)", "viridis", range=(0.0, 1.0)),
        f"flux-{phase}": Field(flux, "Flux / mean (–)", "cividis", range=reach),
    }


def _height(stack) -> Field:
    z = (np.arange(stack.shape[0], dtype=np.float32) + 0.5) * stack.spacing[0]
    values = np.broadcast_to(z[:, None, None], stack.shape)
    return Field(values, "z (µm)", "viridis", range=(0.0, stack.thickness))
