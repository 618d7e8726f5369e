"""A first guess for large contrasts: one potential on each cluster of good conductors."""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.properties.conductor import Conductor
from engine.properties.percolation import runs


def cluster_potential(conductor: Conductor) -> np.ndarray:
    """What to add to the linear potential so that every cluster has its mean, or that of its plate.

    Parameters
    ----------
    conductor : Conductor
        With a contrast that calls for it, see `Conductor.rigid`.

    Returns
    -------
    ndarray of float64, shape (nz, ny, nx)
        Zero outside clusters and in those that touch both plates.
    """
    cells, pair, _, wrap = conductor
    good = np.diag(pair) >= conductor.rigid
    return _level(cells.shape, *runs(good.take(cells), (False, wrap, wrap)))


@njit(cache=True, nogil=True)
def _level(shape, starts, ends, rows, cluster):
    """`cluster_potential` from the runs of good conductors and the cluster of each."""
    nz, ny, _ = shape
    count = np.zeros(starts.size)
    total = np.zeros(starts.size)
    touched = np.zeros(starts.size, np.uint8)
    for z in range(nz):
        linear = 1 - (z + 0.5) / nz
        for i in range(rows[z * ny], rows[(z + 1) * ny]):
            c = cluster[i]
            count[c] += ends[i] - starts[i]
            total[c] += linear * (ends[i] - starts[i])
            touched[c] |= np.uint8(z == 0) | np.uint8(z == nz - 1) << 1
    change = np.zeros(shape)
    for z in range(nz):
        linear = 1 - (z + 0.5) / nz
        for y in range(ny):
            line = change[z, y]
            for i in range(rows[z * ny + y], rows[z * ny + y + 1]):
                c = cluster[i]
                if touched[c] == 3:
                    continue
                level = total[c] / count[c]
                if touched[c]:
                    level = 1.0 if touched[c] == 1 else 0.0
                line[starts[i] : ends[i]] = level - linear
    return change
