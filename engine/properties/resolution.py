"""What a property would be at infinitely fine voxels, from two or more voxel sizes.

Transport through touching particles is first order in the voxel size, and the error is not small:
the electrolyte of one packing came out at 2.67 / 2.00 / 1.75 with voxels of 1 / 0.5 / 0.25 µm.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.properties.conductivities import Conductivities
from engine.structure.condition import Condition
from engine.structure.stages import Stage

REFINEMENT = 2
"""How much finer the voxels of the second structure of a resolution check are."""
EXTRAPOLATED = (
    "tortuosity_factor_electrolyte",
    "tortuosity_factor_solid",
    "tortuosity_factor_am",
    "effective_conductivity_ionic_S_per_m",
    "effective_conductivity_electronic_S_per_m",
    "active_surface_percent",
    "active_area_per_volume_1_per_um",
)
"""Columns that a resolution check extrapolates."""
VALUE, RANGE = "extrapolated_", "extrapolation_range_"
"""What the names of its columns begin with."""


class Extrapolation(NamedTuple):
    """Value at voxel size zero, its uncertainty, and the slope per µm of voxel size."""

    value: float
    uncertainty: float
    slope: float


def extrapolate(voxel_size: Sequence[float], value: Sequence[float]) -> Extrapolation:
    """Extrapolate a property to voxel size zero, to first order.

    Parameters
    ----------
    voxel_size : sequence of float, shape (n,), µm
        Two different sizes or more.
    value : sequence of float, shape (n,)
        Property at each size.

    Returns
    -------
    Extrapolation
        The line through the two finest sizes, at zero. The uncertainty is half of what this step
        changes on the finest value; with three sizes or more also the scatter between the answers
        of neighbouring pairs, whichever is larger.

    Raises
    ------
    InputError
        If fewer than two different sizes are given, or a value is not finite.
    """
    size = np.asarray(voxel_size, dtype=float)
    found = np.asarray(value, dtype=float)
    if size.shape != found.shape or size.ndim != 1 or np.unique(size).size < 2:
        raise InputError(
            "Extrapolation to voxel size zero needs two different voxel sizes or more."
        )
    if np.any(size <= 0) or not np.all(np.isfinite(found)):
        raise InputError(
            "Extrapolation to voxel size zero needs positive sizes and finite values: a phase that "
            "does not percolate at one size has none."
        )
    # Repeats at one size count as their mean.
    sizes = np.unique(size)
    means = np.array([found[size == s].mean() for s in sizes])
    slopes = np.diff(means) / np.diff(sizes)
    answers = means[:-1] - slopes * sizes[:-1]
    uncertainty = abs(answers[0] - means[0]) / 2
    if answers.size > 1:
        uncertainty = max(uncertainty, abs(answers[0] - answers[1]))
    return Extrapolation(float(answers[0]), float(uncertainty), float(slopes[0]))


def refuse_published(protocol: str) -> None:
    """Refuse a protocol whose rules are tied to their voxels."""
    if protocol != "physical":
        raise InputError(
            "A resolution check needs the physical protocol: the published rules place other "
            "particles when the voxels are finer."
        )


def resolution_check(
    condition: Condition,
    seed: int,
    columns: Mapping[str, float],
    progress: Progress | None = None,
    conductivities: Conductivities | None = None,
) -> dict[str, float]:
    """Generate a structure again with finer voxels and extrapolate its properties.

    The packing of particles is the same, as condition and seed are; the finer one takes about
    eight times the memory and ten times the time.

    Parameters
    ----------
    condition : Condition
        Of the physical protocol.
    seed : int
    columns : mapping of str to float
        Properties at the condition's own voxel size (`Properties.flat`).
    progress : Progress, optional
    conductivities : Conductivities, optional
        Bulk values that `columns` were computed with.

    Returns
    -------
    dict of str to float
        For each of `EXTRAPOLATED`: ``extrapolated_<column>`` at voxel size zero and
        ``extrapolation_range_<column>``, its uncertainty (see `extrapolate`); nan where the value
        is not finite at both sizes. Tortuosity factors are held at 1 or above, others at 0 or
        above: a line that crosses these bounds only says that the voxels are too coarse, which the
        uncertainty shows.

    Raises
    ------
    InputError
        If the protocol is not the physical one, or the finer structure cannot be built.
    Cancelled
        If `progress` was cancelled.
    """
    from engine.properties.characterize import characterize
    from engine.structure.generate import generate

    refuse_published(condition.protocol)
    progress = progress or silent()
    size = condition.voxel_size / REFINEMENT
    finer = dataclasses.replace(condition, voxel_size=size)
    structure = generate(finer, seed, Stage(progress, 0.0, 0.3))
    fine = characterize(
        structure.stack, conductivities=conductivities, progress=Stage(progress, 0.3, 1.0)
    ).flat()
    found = {}
    for name in EXTRAPOLATED:
        pair = (columns.get(name, math.nan), fine[name])
        value = uncertainty = math.nan
        if all(map(math.isfinite, pair)):
            value, uncertainty, _ = extrapolate((condition.voxel_size, size), pair)
            value = max(value, 1.0 if name.startswith("tortuosity_factor") else 0.0)
        found[VALUE + name] = value
        found[RANGE + name] = uncertainty
    return found
