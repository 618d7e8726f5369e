"""Particles from other programs: LAMMPS dumps and plain lists, voxelised into a stack."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import InputError
from engine.structure.particles import Particles
from engine.structure.stack import AM, CBD, ELECTROLYTE, PHASE_NAMES, VoxelStack
from engine.structure.voxelise import surface_distances

UNITS = {"um": 1.0, "µm": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "angstrom": 1e-4}
"""Length units of a file, in µm. LAMMPS: `micro` is um, `si` is m, `real` is angstrom."""

_NAMES = {
    "x": "x", "y": "y", "z": "z", "x_um": "x", "y_um": "y", "z_um": "z",
    "xu": "x", "yu": "y", "zu": "z", "xs": "xs", "ys": "ys", "zs": "zs",
    "r": "radius", "radius": "radius", "radius_um": "radius", "rad": "radius",
    "d": "diameter", "diameter": "diameter", "diameter_um": "diameter",
    "type": "type", "phase": "type", "id": "id", "particle": "id",
}  # fmt: skip
"""Column names that are understood, in lower case."""


@dataclass(frozen=True, eq=False)
class ImportedParticles:
    """Particles of another program in their box.

    Attributes
    ----------
    particles : Particles
        Origin at the corner of the box.
    phases : ndarray of uint8, shape (n,)
        `AM` or `CBD` of each particle.
    box : tuple of three floats, µm
        Along (z, y, x).
    periodic : bool
        Whether y and x are periodic.
    """

    particles: Particles
    phases: np.ndarray
    box: tuple[float, float, float]
    periodic: bool


def read_particles(
    path: str | Path,
    unit: str = "um",
    radius: float | None = None,
    types: Mapping[int, str] | None = None,
) -> tuple[ImportedParticles, list[str]]:
    """Read a LAMMPS dump (the last snapshot) or a list of particles.

    A list has one particle a line, separated by commas or blanks, with named columns
    (x, y, z, radius or diameter, type; as this program writes them) or without a header in the
    order x y z radius.

    Parameters
    ----------
    path : str or Path
    unit : str
        Length unit of the file, one of `UNITS`.
    radius : float, optional
        Radius of all particles, in the unit of the file, where it holds none.
    types : mapping, optional
        Particle type to phase name ("am", "cbd"); by default all are active material.

    Returns
    -------
    imported : ImportedParticles
    notes : list of str

    Raises
    ------
    InputError
        If the file cannot be understood.
    """
    path = Path(path)
    scale = UNITS.get(unit)
    if scale is None:
        raise InputError(f"Length unit '{unit}' is not one of {', '.join(UNITS)}.")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is no text file: choose a LAMMPS dump or a list.") from None
    if "ITEM: ATOMS" in text:
        columns, bounds, periodic, notes = _read_dump(path.name, text)
    else:
        columns, notes = _read_list(path.name, text)
        bounds, periodic = None, False
    if not columns or not len(next(iter(columns.values()))):
        raise InputError(f"{path.name} holds no particles.")
    centres = _centres(path.name, columns, bounds)
    radii = _radii(path.name, columns, radius)
    if bounds is None:
        low = (centres - radii[:, None]).min(axis=0)
        high = (centres + radii[:, None]).max(axis=0)
        notes.append("The list declares no box; the smallest around all particles was taken.")
    else:
        low, high = bounds[:, 0], bounds[:, 1]
    length = high - low
    if not (length > 0).all():
        raise InputError(f"{path.name} declares an empty box: check its bounds.")
    phases = _phases(path.name, columns, types)
    centres = centres - low
    if periodic:
        centres[:, 1:] %= length[1:]
    z, y, x = (length * scale).tolist()
    particles = Particles(centres * scale, radii * scale)
    return ImportedParticles(particles, phases, (z, y, x), periodic), notes


def voxelise_particles(imported: ImportedParticles, voxel_size: float) -> VoxelStack:
    """Voxelise imported particles; where AM and CBD overlap, AM stands.

    Parameters
    ----------
    imported : ImportedParticles
    voxel_size : float, µm

    Raises
    ------
    InputError
        If the voxel size does not fit the box.
    """
    shape = tuple(int(edge / voxel_size + 0.5) for edge in imported.box) if voxel_size > 0 else ()
    if not shape or min(shape) < 1:
        raise InputError(
            f"A voxel size of {voxel_size:g} µm does not fit into a box of "
            f"{' x '.join(f'{edge:.4g}' for edge in imported.box)} µm."
        )
    if math.prod(shape) > 2e9:
        raise InputError(
            f"A voxel size of {voxel_size:g} µm gives {math.prod(shape) / 1e6:.0f} million voxels: "
            "give a larger one (is the length unit right?)."
        )
    labels = np.full(shape, ELECTROLYTE, dtype=np.uint8)
    centres, radii = imported.particles.centres, imported.particles.radii
    for phase in (CBD, AM):
        chosen = imported.phases == phase
        if not chosen.any():
            continue
        # without periodic faces a rim as wide as a particle keeps parts from coming back
        rim = 0 if imported.periodic else int(2 * radii.max() / voxel_size) + 2
        wide = (shape[0], shape[1] + rim, shape[2] + rim)
        near, _ = surface_distances(centres[chosen], radii[chosen], wide, voxel_size, voxel_size)
        labels[near[:, : shape[1], : shape[2]] <= 0] = phase
    return VoxelStack(labels, (voxel_size,) * 3)


def _read_dump(name: str, text: str) -> tuple[dict[str, np.ndarray], np.ndarray, bool, list[str]]:
    start = text.rindex("ITEM: TIMESTEP") if "ITEM: TIMESTEP" in text else 0
    lines = text[start:].splitlines()
    notes = []
    if start and text.count("ITEM: TIMESTEP") > 1:
        notes.append(f"{text.count('ITEM: TIMESTEP')} snapshots; the last was read.")
    bounds = None
    flags = ["ff"] * 3
    columns: dict[str, np.ndarray] = {}
    for number, line in enumerate(lines):
        if line.startswith("ITEM: BOX BOUNDS"):
            words = line.split()[3:]
            if "xy" in words:
                raise InputError(f"{name} has a slanted (triclinic) box: use an orthogonal one.")
            flags = [word for word in words if set(word) <= set("pfsm")] or flags
            try:
                edges = [
                    [float(w) for w in row.split()[:2]] for row in lines[number + 1 : number + 4]
                ]
                bounds = np.array(edges).reshape(3, 2)[::-1]  # z, y, x
            except ValueError:
                raise InputError(
                    f"{name}: the box bounds are not three pairs of numbers."
                ) from None
        elif line.startswith("ITEM: ATOMS"):
            rows = [row.split() for row in lines[number + 1 :] if row and row[:5] != "ITEM:"]
            columns = _columns(name, line.split()[2:], rows, start=number + 2)
    if bounds is None:
        raise InputError(f"{name} declares no box bounds: write the dump again.")
    periodic = len(flags) == 3 and flags[0] == "pp" and flags[1] == "pp"
    return columns, bounds, periodic, notes


def _read_list(name: str, text: str) -> tuple[dict[str, np.ndarray], list[str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise InputError(f"{name} is empty.")
    sample = lines[0]
    comma = next((mark for mark in (";", ",", "\t") if mark in sample), None)
    rows = [
        [word.strip() for word in row]
        for row in (csv.reader(lines, delimiter=comma) if comma else map(str.split, lines))
    ]
    try:
        [float(word) for word in rows[0]]
    except ValueError:
        return _columns(name, rows[0], rows[1:], start=2), []
    if len(rows[0]) != 4:
        raise InputError(
            f"{name} has {len(rows[0])} columns without names: give four (x y z radius) or a "
            "header line."
        )
    columns = _columns(name, ["x", "y", "z", "radius"], rows, start=1)
    return columns, ["The columns have no names; x, y, z, radius was taken."]


def _columns(
    name: str, header: list[str], rows: list[list[str]], start: int
) -> dict[str, np.ndarray]:
    known = [_NAMES.get(word.strip().lower()) for word in header]
    values: list[list[float]] = []
    for number, row in enumerate(rows):
        try:
            values.append([float(word) for word, column in zip(row, known, strict=True) if column])
        except ValueError:
            raise InputError(
                f"{name}, line {number + start}: '{' '.join(row)[:60]}' does not fit the columns "
                f"{', '.join(header)}."
            ) from None
    found = [column for column in known if column]
    table = np.array(values, dtype=float).reshape(len(values), len(found))
    if not np.isfinite(table).all():
        raise InputError(f"{name} holds a number that is not finite: mend the file.")
    return {column: table[:, i] for i, column in enumerate(found)}


def _centres(name: str, columns: dict[str, np.ndarray], bounds: np.ndarray | None) -> np.ndarray:
    if all(axis in columns for axis in "zyx"):
        return np.stack([columns[axis] for axis in "zyx"], axis=1)
    if bounds is not None and all(f"{axis}s" in columns for axis in "zyx"):
        scaled = np.stack([columns[f"{axis}s"] for axis in "zyx"], axis=1)
        return bounds[:, 0] + scaled * (bounds[:, 1] - bounds[:, 0])
    raise InputError(f"{name} has no columns x, y, z: write the positions of the particles.")


def _radii(name: str, columns: dict[str, np.ndarray], radius: float | None) -> np.ndarray:
    count = len(next(iter(columns.values())))
    if "radius" in columns:
        radii = columns["radius"]
    elif "diameter" in columns:
        radii = columns["diameter"] / 2
    elif radius is not None:
        radii = np.full(count, float(radius))
    else:
        raise InputError(f"{name} has no column radius or diameter: give one radius for all.")
    if radii.min() <= 0:
        raise InputError(f"{name} holds a radius of {radii.min():g}: radii must be positive.")
    return radii


def _phases(
    name: str, columns: dict[str, np.ndarray], types: Mapping[int, str] | None
) -> np.ndarray:
    count = len(next(iter(columns.values())))
    if types is None:
        return np.full(count, AM, dtype=np.uint8)
    if "type" not in columns:
        raise InputError(f"{name} has no column type: leave the phases of types out.")
    phases = np.zeros(count, dtype=np.uint8)
    for kind in np.unique(columns["type"]).astype(int).tolist():
        phase = types.get(kind, "")
        if phase not in PHASE_NAMES[1:]:
            raise InputError(f"{name}: say whether particles of type {kind} are am or cbd.")
        phases[columns["type"] == kind] = PHASE_NAMES.index(phase)
    return phases
