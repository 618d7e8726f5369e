"""Where current flows, and where to begin lines that follow it."""

from __future__ import annotations

import numpy as np


def flow_vectors(potential: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Direction and strength of the flow at each voxel, from a potential between two plates.

    The components are means over the two faces of a voxel; no current crosses the sides.

    Parameters
    ----------
    potential : ndarray of float, shape (nz, ny, nx)
        1 at the plate before the first slice, 0 at the one behind the last; not a number where
        nothing flows.
    spacing : tuple of three floats, µm

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx, 3)
        Components along (x, y, z), relative to the mean drop of the potential.
    """
    vectors = np.zeros((*potential.shape, 3), np.float32)
    scale = potential.shape[0] * spacing[0]
    for column, axis in enumerate((2, 1, 0)):
        drop = np.nan_to_num(-np.diff(potential, axis=axis) / spacing[axis])
        lowest, highest = np.take(potential, [0], axis), np.take(potential, [-1], axis)
        if axis == 0:
            first, last = (np.nan_to_num(d * 2 / spacing[0]) for d in (1 - lowest, highest))
        else:
            first = last = np.zeros_like(lowest)
        faces = np.moveaxis(np.concatenate((first, drop, last), axis=axis), axis, 0)
        vectors[..., column] = np.moveaxis(scale * (faces[:-1] + faces[1:]) / 2, 0, axis)
    vectors[~np.isfinite(potential)] = 0
    return vectors


def seed_voxels(vectors: np.ndarray, count: int) -> np.ndarray:
    """Voxels of the first slice where lines begin: more where more flows in.

    Parameters
    ----------
    vectors : ndarray of float, shape (nz, ny, nx, 3)
        See `flow_vectors`.
    count : int
        At most so many.

    Returns
    -------
    ndarray of int, shape (n, 2)
        (y, x), the same ones each time.
    """
    inflow = np.clip(vectors[0, ..., 2], 0, None)
    if not inflow.any():
        return np.zeros((0, 2), int)
    # Evenly spread over the cumulated inflow: every line stands for the same current.
    total = np.cumsum(inflow.ravel())
    marks = (np.arange(count) + 0.5) / count * total[-1]
    places = np.unique(np.searchsorted(total, marks))
    return np.stack(np.unravel_index(places, inflow.shape), axis=1)
