"""A first guess for large contrasts: one potential on each cluster of good conductors."""

from __future__ import annotations

import numpy as np

from engine.compiled import kernel
from engine.properties.blocks import (
    FIRST_Z,
    ONE,
    STRIDE,
    count_bits,
    link_parts,
    parts_of,
    roots,
)
from engine.properties.conductor import Conductor


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
    good = (np.diag(pair) >= conductor.rigid).astype(np.uint8)
    parts = parts_of(good.take(cells))
    one, two, _ = link_parts(*parts, (False, wrap, wrap), np.ones(3))
    change = np.zeros(cells.shape)
    _level(*parts, roots(one, two, parts.words.size), change)
    return change


@kernel
def _level(first, words, blocks, shape, root, change):
    """Fill `cluster_potential` from the parts of good conductors and the cluster of each.

    Parameters
    ----------
    first, words, blocks, shape
        `engine.properties.blocks.Parts`.
    root : ndarray of int32, shape (parts,)
        First part of the cluster of each part.
    change : ndarray of float64, shape (nz, ny, nx)
        Zeros, filled.
    """
    nz = shape[0]
    layer = blocks[1] * blocks[2]
    count = np.zeros(root.size)
    total = np.zeros(root.size)
    touched = np.zeros(root.size, np.uint8)
    for z in range(nz):
        linear = 1 - (z + 0.5) / nz
        shift = np.uint64(z & 3) * STRIDE[0]
        for i in range(first[(z >> 2) * layer], first[((z >> 2) + 1) * layer]):
            voxels = count_bits((words[i] >> shift) & FIRST_Z)
            if voxels:
                c = root[i]
                count[c] += voxels
                total[c] += linear * voxels
                touched[c] |= np.uint8(z == 0) | np.uint8(z == nz - 1) << 1
    n = -1
    for z in range(blocks[0]):
        for y in range(blocks[1]):
            for x in range(blocks[2]):
                n += 1
                for i in range(first[n], first[n + 1]):
                    c = root[i]
                    if touched[c] == 3:
                        continue
                    level = total[c] / count[c]
                    if touched[c]:
                        level = 1.0 if touched[c] == 1 else 0.0
                    word = words[i]
                    while word:
                        lowest = word & (~word + ONE)
                        word ^= lowest
                        k = count_bits(lowest - ONE)
                        zz = 4 * z + (k >> 4)
                        linear = 1 - (zz + 0.5) / nz
                        change[zz, 4 * y + (k >> 2 & 3), 4 * x + (k & 3)] = level - linear
