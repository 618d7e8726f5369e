"""Which voxels of a phase reach both ends of the sample."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def components(phase: np.ndarray, periodic: tuple[bool, bool, bool] = (False,) * 3) -> np.ndarray:
    """Label face-connected components.

    Parameters
    ----------
    phase : ndarray of bool, shape (nz, ny, nx)
    periodic : three bools
        Axes along which opposite faces touch.

    Returns
    -------
    ndarray of int32, shape (nz, ny, nx)
        0 outside the phase, else 1, 2, ... in the order of their first voxel.
    """
    labels, count = ndimage.label(phase)
    for axis in np.flatnonzero(periodic):
        first, last = labels.take(0, axis), labels.take(-1, axis)
        pairs = np.unique(np.stack((first, last), -1)[(first > 0) & (last > 0)], axis=0)
        name = np.arange(count + 1)
        for one, other in pairs:
            low, high = sorted((name[one], name[other]))
            name[name == high] = low
        labels = name[labels]
    return labels.astype(np.int32)


def percolating(
    phase: np.ndarray, axis: int = 0, periodic: tuple[bool, bool, bool] = (False,) * 3
) -> np.ndarray:
    """Voxels of the phase that are face-connected to both end faces along an axis.

    Parameters
    ----------
    phase : ndarray of bool, shape (nz, ny, nx)
    axis : int
        Axis along which the component must span the sample.
    periodic : three bools
        Axes along which opposite faces touch.

    Returns
    -------
    ndarray of bool, shape (nz, ny, nx)
    """
    labels = components(phase, periodic)
    spanning = np.intersect1d(labels.take(0, axis), labels.take(-1, axis))
    keep = np.zeros(labels.max() + 1, dtype=bool)
    keep[spanning[spanning > 0]] = True
    return keep[labels]
