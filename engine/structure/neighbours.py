"""Which particles are near each other: a cell list, found from the larger one of each pair.

All lengths in µm; positions along (z, y, x); periodic in y and x, walls in z.
"""

from __future__ import annotations

import math

import numpy as np

from engine.compiled import kernel


@kernel
def wrap(positions, box):
    """Bring y and x back into the box, in place."""
    for i in range(len(positions)):
        for axis in range(1, 3):
            positions[i, axis] -= box[axis] * math.floor(positions[i, axis] / box[axis])
            if positions[i, axis] >= box[axis]:  # a tiny negative rounds up to the edge itself
                positions[i, axis] = 0.0


@kernel
def nearest(difference, edge):
    """Return the shortest periodic image of a difference along an axis of length `edge`."""
    if difference > 0.5 * edge:
        return difference - edge
    if difference < -0.5 * edge:
        return difference + edge
    return difference


@kernel
def fill_cells(positions, box, cell, heads, nexts):
    """Sort particles into cells (linked lists); positions must be wrapped."""
    heads[:] = -1
    nz, ny, nx = heads.shape
    for i in range(len(positions)):
        k = min(max(int(positions[i, 0] / cell[0]), 0), nz - 1)
        j = min(int(positions[i, 1] / cell[1]), ny - 1)
        l = min(int(positions[i, 2] / cell[2]), nx - 1)  # noqa: E741
        nexts[i] = heads[k, j, l]
        heads[k, j, l] = i


@kernel
def find_pairs(positions, radii, box, skin, cell, heads, nexts, first, second):
    """List pairs with a gap under `skin`; return their number (may exceed the arrays' length).

    Radii must not increase with the index: a pair is found from its larger particle, which looks
    only at smaller ones, so the search reaches no farther than that particle needs.
    """
    fill_cells(positions, box, cell, heads, nexts)
    nz, ny, nx = heads.shape
    found = 0
    for i in range(len(positions)):
        reach = 2 * radii[i] + skin
        z, y, x = positions[i, 0], positions[i, 1], positions[i, 2]
        k0 = min(max(int((z - reach) / cell[0]), 0), nz - 1)
        k1 = min(max(int((z + reach) / cell[0]), 0), nz - 1)
        j0 = math.floor((y - reach) / cell[1])
        j1 = math.floor((y + reach) / cell[1])
        if j1 - j0 >= ny:  # every cell once
            j0, j1 = 0, ny - 1
        l0 = math.floor((x - reach) / cell[2])
        l1 = math.floor((x + reach) / cell[2])
        if l1 - l0 >= nx:
            l0, l1 = 0, nx - 1
        for k in range(k0, k1 + 1):
            for j in range(j0, j1 + 1):
                for l in range(l0, l1 + 1):  # noqa: E741
                    other = heads[k, j % ny, l % nx]
                    while other >= 0:
                        if other > i:
                            near = radii[i] + radii[other] + skin
                            dz = z - positions[other, 0]
                            dy = nearest(y - positions[other, 1], box[1])
                            dx = nearest(x - positions[other, 2], box[2])
                            if dz * dz + dy * dy + dx * dx < near * near:
                                if found < len(first):
                                    first[found] = i
                                    second[found] = other
                                found += 1
                        other = nexts[other]
    return found


class PairList:
    """Pairs of particles with a gap under `skin`, kept until somebody moved by half of it.

    Parameters
    ----------
    radii : ndarray of float, shape (n,), µm
        Must not increase with the index.
    box : ndarray of float, shape (3,), µm
    skin : float, µm
    """

    def __init__(self, radii: np.ndarray, box: np.ndarray, skin: float):
        self.radii, self.box, self.skin = radii, box, skin
        # about one particle per cell, but no more cells than particles need
        edge = max((float(np.prod(box)) / max(len(radii), 1)) ** (1 / 3), 1e-9)
        counts = np.maximum((box / edge).astype(np.int64), 1)
        self.cell = box / counts
        self.heads = np.empty(counts, dtype=np.int32)
        self.nexts = np.empty(len(radii), dtype=np.int32)
        self.first = np.empty(16 * len(radii) + 64, dtype=np.int32)
        self.second = np.empty_like(self.first)
        self.count = 0

    def rebuild(self, positions: np.ndarray) -> None:
        """Find the pairs anew; `positions` (n, 3) must be wrapped."""
        while True:
            self.count = find_pairs(positions, self.radii, self.box, self.skin, self.cell,
                                    self.heads, self.nexts, self.first, self.second)  # fmt: skip
            if self.count <= len(self.first):
                return
            self.first = np.empty(self.count + self.count // 4, dtype=np.int32)
            self.second = np.empty_like(self.first)
