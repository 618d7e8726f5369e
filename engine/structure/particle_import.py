"""Particles from other programs: LAMMPS dumps and plain lists, voxelised into a stack."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure.particle_table import ParticleTable, guess_roles, read_table
from engine.structure.particles import Particles
from engine.structure.spheroids import bounding_radii
from engine.structure.stack import AM, CBD, ELECTROLYTE, PHASE_NAMES, VoxelStack
from engine.structure.voxelise import surface_distances

UNITS = {"um": 1.0, "µm": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "angstrom": 1e-4}
"""Length units of a file, in µm. LAMMPS: `micro` is um, `si` is m, `real` is angstrom."""

ROLES = (
    "x", "y", "z", "radius", "diameter", "type", "aspect_ratio", "axis_z", "axis_y", "axis_x"
)  # fmt: skip
"""What a column can mean. Aspect ratio and axis are those of spheroids (`Particles.shapes`)."""

_SLAB = 16_000_000  # voxels cut at a time
_BYTES_PER_VOXEL = 3.0
_MOST_TYPES = 50


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
    corner : tuple of three floats, µm
        Lowest (z, y, x) of the box in the coordinates of the file.
    """

    particles: Particles
    phases: np.ndarray
    box: tuple[float, float, float]
    periodic: bool
    corner: tuple[float, float, float] = (0.0, 0.0, 0.0)


def particle_types(table: ParticleTable, column: str) -> list[int]:
    """Types that stand in a column.

    Raises
    ------
    InputError
        If it holds other than whole numbers, or too many to be types.
    """
    values = _column(table, column)
    types = np.unique(values)
    if not (types == np.round(types)).all() or np.abs(types).max(initial=0) > 1e9:
        raise InputError(f"{table.name}: types in column {column} must be whole numbers.")
    if len(types) > _MOST_TYPES:
        raise InputError(
            f"{table.name}: column {column} holds {len(types)} different values, too many for "
            "types of particles: choose another."
        )
    return [int(kind) for kind in types]


def read_particles(
    path: str | Path,
    unit: str = "um",
    radius: float | None = None,
    types: Mapping[int, str] | None = None,
    columns: Mapping[str, str] | None = None,
    bounds: Sequence[Sequence[float]] | None = None,
    periodic: bool | None = None,
) -> tuple[ImportedParticles, list[str]]:
    """Read a LAMMPS dump (the last snapshot) or a list of particles.

    See `engine.structure.particle_table.read_table` for the files and `interpret` for the
    parameters.
    """
    if unit not in UNITS:
        raise InputError(f"Length unit '{unit}' is not one of {', '.join(UNITS)}.")
    return interpret(read_table(path), unit, radius, types, columns, bounds, periodic)


def interpret(
    table: ParticleTable,
    unit: str = "um",
    radius: float | None = None,
    types: Mapping[int, str] | None = None,
    columns: Mapping[str, str] | None = None,
    bounds: Sequence[Sequence[float]] | None = None,
    periodic: bool | None = None,
) -> tuple[ImportedParticles, list[str]]:
    """Give the columns of a file their meaning.

    Parameters
    ----------
    table : ParticleTable
    unit : str
        Length unit of the file, one of `UNITS`.
    radius : float, optional
        Radius of all particles, in the unit of the file, instead of its own.
    types : mapping, optional
        Particle type to phase name ("am", "cbd") or "none" to leave it out; by default all are
        active material.
    columns : mapping, optional
        Role, one of `ROLES`, to column, where the names do not say it.
    bounds : three pairs of float, optional
        Lowest and highest z, y, x of the box in the unit of the file, instead of its own.
    periodic : bool, optional
        Whether y and x are periodic; by default as the file says.

    Returns
    -------
    imported : ImportedParticles
    notes : list of str

    Raises
    ------
    InputError
        If the columns cannot be understood so.
    """
    scale = UNITS.get(unit)
    if scale is None:
        raise InputError(f"Length unit '{unit}' is not one of {', '.join(UNITS)}.")
    notes = list(table.notes)
    roles = _roles(table, columns)
    declared = table.bounds if bounds is None else np.asarray(bounds, dtype=float).reshape(3, 2)
    centres = _centres(table, roles, table.bounds)
    radii = _radii(table, roles, radius)
    shapes = _shapes(table, roles)
    phases = _phases(table, roles, types)
    outer = radii if shapes is None else bounding_radii(radii, shapes)
    kept = phases != ELECTROLYTE
    periodic = table.periodic if periodic is None else periodic
    if declared is None:
        if not kept.any():
            raise InputError(f"{table.name}: no particle is left, all types were left out.")
        low = (centres - outer[:, None])[kept].min(axis=0)
        high = (centres + outer[:, None])[kept].max(axis=0)
        notes.append("The list declares no box; the smallest around all particles was taken.")
    else:
        low, high = declared[:, 0], declared[:, 1]
    length = high - low
    if not (np.isfinite(length) & (length > 0)).all():
        raise InputError(f"{table.name} declares an empty box: check its bounds.")
    centres = centres - low
    if periodic:
        centres[:, 1:] %= length[1:]
    inside = ((centres > -outer[:, None]) & (centres < length + outer[:, None])).all(axis=1)
    outside = int(np.count_nonzero(kept & ~inside))
    if outside:
        notes.append(f"{outside:,} particles lie outside of the box and were left out.")
    kept &= inside
    if not kept.any():
        raise InputError(f"{table.name}: no particle lies inside the box: check its bounds.")
    widest = 2 * float(outer[kept].max())
    if widest > (length[1:].min() if periodic else 4 * length[1:].max()):
        raise InputError(
            f"{table.name} holds a particle {widest:.4g} {unit} across, too large for the box of "
            f"{' x '.join(f'{edge:.4g}' for edge in length)} {unit} (z, y, x): check column and "
            "bounds."
        )
    z, y, x = (length * scale).tolist()
    particles = Particles(
        centres[kept] * scale, radii[kept] * scale, None if shapes is None else shapes[kept]
    )
    corner = tuple((low * scale).tolist())
    return ImportedParticles(particles, phases[kept], (z, y, x), periodic, corner), notes


def voxelise_particles(
    imported: ImportedParticles, voxel_size: float, progress: Progress | None = None
) -> VoxelStack:
    """Voxelise imported particles; where AM and CBD overlap, AM stands.

    Parameters
    ----------
    imported : ImportedParticles
    voxel_size : float, µm
    progress : Progress, optional

    Raises
    ------
    InputError
        If the voxel size does not fit the box, or memory does not hold the voxels.
    """
    progress = progress or silent()
    shape = stack_shape(imported, voxel_size)
    slices = max(1, _SLAB // (shape[1] * shape[2]))
    labels = np.empty(shape, dtype=np.uint8)
    for begin in range(0, shape[0], slices):
        progress.report(begin / shape[0], "cutting voxels")
        end = min(begin + slices, shape[0])
        labels[begin:end] = cut_slices(imported, voxel_size, begin, end)
    return VoxelStack(labels, (voxel_size,) * 3)


def cut_slices(imported: ImportedParticles, voxel_size: float, begin: int, end: int) -> np.ndarray:
    """Labels of the slices `begin` to `end` (not included) of `voxelise_particles`."""
    _, ny, nx = stack_shape(imported, voxel_size)
    particles, phases = imported.particles, imported.phases
    outer = particles.radii
    if particles.shapes is not None:
        outer = bounding_radii(outer, particles.shapes)
    labels = np.full((end - begin, ny, nx), ELECTROLYTE, dtype=np.uint8)
    z = particles.centres[:, 0]
    near = (z + outer > begin * voxel_size) & (z - outer < end * voxel_size)
    for phase in (CBD, AM):
        chosen = near & (phases == phase)
        if not chosen.any():
            continue
        # without periodic faces a rim as wide as a particle keeps parts from coming back
        rim = 0 if imported.periodic else int(2 * outer[chosen].max() / voxel_size) + 2
        centres = particles.centres[chosen] - (begin * voxel_size, 0.0, 0.0)
        shapes = None if particles.shapes is None else particles.shapes[chosen]
        found, _ = surface_distances(
            centres, particles.radii[chosen], (end - begin, ny + rim, nx + rim), voxel_size,
            voxel_size, shapes=shapes,
        )  # fmt: skip
        labels[found[:, :ny, :nx] <= 0] = phase
    return labels


def estimate_fractions(
    imported: ImportedParticles, voxels: int = 200_000, progress: Progress | None = None
) -> dict[str, float]:
    """Phase fractions on about so many coarse voxels: quick, good to about a point."""
    size = (math.prod(imported.box) / voxels) ** (1 / 3)
    return voxelise_particles(imported, min(size, min(imported.box)), progress).phase_fractions


def stack_shape(imported: ImportedParticles, voxel_size: float) -> tuple[int, int, int]:
    """Voxels along (z, y, x) of a box; raises `InputError` where they do not fit."""
    fits = voxel_size > 0 and all(0.5 <= edge / voxel_size < 1e9 for edge in imported.box)
    shape = tuple(int(edge / voxel_size + 0.5) for edge in imported.box) if fits else (0,)
    box = " x ".join(f"{edge:.4g}" for edge in imported.box)
    if voxel_size > 0 and not fits and min(imported.box) / voxel_size >= 0.5:
        raise InputError(f"A box of {box} µm is too large: is the length unit right?")
    if min(shape) < 1:
        raise InputError(f"A voxel size of {voxel_size:g} µm does not fit into a box of {box} µm.")
    voxels = math.prod(shape)
    if voxels > 2e9 or _BYTES_PER_VOXEL * voxels > 0.9 * psutil.virtual_memory().available:
        raise InputError(
            f"A voxel size of {voxel_size:g} µm gives {voxels / 1e6:.0f} million voxels: give a "
            "larger one (is the length unit right?)."
        )
    return shape[0], shape[1], shape[2]


def _roles(table: ParticleTable, columns: Mapping[str, str] | None) -> dict[str, str]:
    roles = guess_roles([*table.columns, *table.spoilt])
    for role, name in (columns or {}).items():
        if role not in ROLES:
            raise InputError(f"'{role}' is nothing a column can mean: use {', '.join(ROLES)}.")
        if name not in table.columns and name not in table.spoilt:
            known = ", ".join([*table.columns, *table.spoilt])
            raise InputError(f"{table.name} has no column '{name}': its columns are {known[:200]}.")
        roles[role] = name
        if role in ("radius", "diameter"):
            roles.pop("diameter" if role == "radius" else "radius", None)
    return roles


def _column(table: ParticleTable, name: str) -> np.ndarray:
    if name in table.spoilt:
        raise InputError(f"{table.name}, column {name}: {table.spoilt[name]}.")
    return table.columns[name]


def _centres(table: ParticleTable, roles: dict[str, str], bounds: np.ndarray | None) -> np.ndarray:
    if all(axis in roles for axis in "zyx"):
        return np.stack([_column(table, roles[axis]) for axis in "zyx"], axis=1)
    if bounds is not None and all(f"{axis}s" in roles for axis in "zyx"):
        scaled = np.stack([_column(table, roles[f"{axis}s"]) for axis in "zyx"], axis=1)
        return bounds[:, 0] + scaled * (bounds[:, 1] - bounds[:, 0])
    raise InputError(f"{table.name} has no columns x, y, z: write the positions of the particles.")


def _radii(table: ParticleTable, roles: dict[str, str], radius: float | None) -> np.ndarray:
    if radius is not None:
        radii = np.full(len(table), float(radius))
    elif "radius" in roles:
        radii = _column(table, roles["radius"])
    elif "diameter" in roles:
        radii = _column(table, roles["diameter"]) / 2
    else:
        raise InputError(f"{table.name} has no column radius or diameter: give one radius for all.")
    if not radii.min() > 0:
        raise InputError(f"{table.name} holds a radius of {radii.min():g}: radii must be positive.")
    return radii


def _shapes(table: ParticleTable, roles: dict[str, str]) -> np.ndarray | None:
    names = ("aspect_ratio", "axis_z", "axis_y", "axis_x")
    if not all(name in roles for name in names):
        return None
    shapes = np.stack([_column(table, roles[name]) for name in names], axis=1)
    length = np.linalg.norm(shapes[:, 1:], axis=1)
    if not (shapes[:, 0] > 0).all() or not (length > 0).all():
        raise InputError(f"{table.name}: aspect ratios must be positive, axes have a length.")
    # the last place of a written unit vector stays as it is
    off = np.abs(length - 1) > 1e-9
    shapes[off, 1:] /= length[off, None]
    return shapes


def _phases(
    table: ParticleTable, roles: dict[str, str], types: Mapping[int, str] | None
) -> np.ndarray:
    if types is None:
        return np.full(len(table), AM, dtype=np.uint8)
    if "type" not in roles:
        raise InputError(f"{table.name} has no column type: leave the phases of types out.")
    values = _column(table, roles["type"])
    phases = np.full(len(table), ELECTROLYTE, dtype=np.uint8)
    for kind in particle_types(table, roles["type"]):
        phase = types.get(kind, "")
        if phase == "none":
            continue
        if phase not in PHASE_NAMES[1:]:
            raise InputError(f"{table.name}: say whether particles of type {kind} are am or cbd.")
        phases[values == kind] = PHASE_NAMES.index(phase)
    return phases
