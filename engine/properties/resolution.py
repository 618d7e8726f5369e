"""What a property would be at infinitely fine voxels, from two or more voxel sizes.

Transport through touching particles is first order in the voxel size, and the error is not small:
the electrolyte of one packing came out at 2.67 / 2.00 / 1.75 with voxels of 1 / 0.5 / 0.25 µm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.errors import InputError


class Extrapolation(NamedTuple):
    """Value at voxel size zero, its uncertainty, and the slope per µm of voxel size."""

    value: float
    uncertainty: float
    slope: float


def extrapolate(voxel_size: np.ndarray, value: np.ndarray) -> Extrapolation:
    """Extrapolate a property to voxel size zero, to first order.

    Parameters
    ----------
    voxel_size : array_like, shape (n,), µm
        Two different sizes or more.
    value : array_like, shape (n,)
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
