"""Conduction with every voxel a node of the finest graph: for rings of odd length.

Around an odd ring two voxels of one colour meet, which a checkerboard cannot store.
"""

from __future__ import annotations

import numpy as np

from engine.compiled import kernel
from engine.properties.conductor import Conductor
from engine.properties.graph import Level, pack
from engine.properties.hierarchy import CHUNK, build_hierarchy, coarse_cycle
from engine.properties.rigid_clusters import cluster_potential
from engine.properties.sums import dot


class VoxelGraph:
    """Dissipation of any conductor, for `engine.properties.conjugate_gradients`.

    Vectors are float64: with contrasts of 1e6, float32 loses the weak currents.
    """

    def __init__(self, conductor: Conductor):
        cells, pair, weights, wrap = conductor
        self._shape = cells.shape
        one, two, weight, plate, colour, box, voxels, source, energy = voxel_graph(
            cells, pair, weights, wrap
        )
        _, ny, nx = cells.shape
        level = Level(one, two, weight, plate, colour, box)
        self._levels, place = build_hierarchy(level, conductor.strength, conductor.rigid)
        self._levels.repeat[0] = 1
        self._size = place.size
        self._voxels = np.empty_like(voxels)
        self._voxels[place] = voxels
        self._slice = (self._voxels // (ny * nx)).astype(np.int32)
        self._residual = np.empty_like(source)
        self._residual[place] = source
        self._x, self._direction, self._applied = np.zeros((3, self._size))
        self.energy = energy
        if conductor.rigid > 0:
            self._start_rigid(conductor)
        self.squared_residual = dot(self._residual, self._residual)

    def _start_rigid(self, conductor: Conductor) -> None:
        """Start with one potential on each cluster of good conductors.

        The linear potential drives large currents through them, which cost half of all steps: with
        a contrast of 3e4 this start needs 4 instead of 10.
        """
        change = cluster_potential(conductor).ravel()[self._voxels]
        levels = self._levels
        groups = levels.groups[: levels.bands[1]]
        squared = apply_graph(
            groups, levels.other, levels.weight, levels.diagonal, change, self._applied
        )
        energy = self.energy - 2 * dot(self._residual, change) + squared
        # Where the clusters themselves carry the current, the linear potential is nearer.
        if energy < self.energy:
            self.energy = energy
            self._x += change
            self._residual -= self._applied

    def precondition(self) -> float:
        """One symmetric cycle on the residual; returns residual . correction."""
        self._levels.b[: self._size] = self._residual
        coarse_cycle(*self._levels)
        return dot(self._residual, self._levels.x[: self._size])

    def turn(self, share: float) -> float:
        """New direction; returns its energy norm squared."""
        levels, size = self._levels, self._size
        self._direction *= share
        self._direction += levels.x[:size]
        groups = levels.groups[: levels.bands[1]]
        return apply_graph(
            groups, levels.other, levels.weight, levels.diagonal, self._direction, self._applied
        )

    def step(self, length: float) -> tuple[np.ndarray, float]:
        """Go along the direction; returns residual per slice, and its square."""
        sums = np.zeros(self._shape[0])
        squared = step_graph(
            length, self._direction, self._applied, self._x, self._residual, self._slice, sums
        )
        return sums, squared

    def correction(self) -> np.ndarray:
        """Potential less the linear one, shape (nz, ny, nx)."""
        volume = np.zeros(self._shape)
        volume.ravel()[self._voxels] = self._x
        return volume

    def close(self) -> None:
        """Nothing to end."""


@kernel
def apply_graph(groups, other, weight, diagonal, x, out):
    """out = matrix times x on the finest level of a hierarchy; returns x . out."""
    dot = 0.0
    total = np.empty(CHUNK)
    rest = np.empty(CHUNK)
    for g in range(groups.shape[0]):
        size = groups[g, 1] - groups[g, 0]
        for low in range(groups[g, 0], groups[g, 1], CHUNK):
            high = min(low + CHUNK, groups[g, 1])
            n = high - low
            mine, target, whole = x[low:high], out[low:high], diagonal[low:high]
            for i in range(n):
                total[i] = 0.0
                rest[i] = whole[i]
            # Differences first: close potentials cancel before the conductance multiplies them.
            for k in range(groups[g, 2]):
                at = groups[g, 3] + k * size + low - groups[g, 0]
                names, values = other[at : at + n], weight[at : at + n]
                for i in range(n):
                    total[i] += values[i] * (mine[i] - x[names[i]])
                    rest[i] -= values[i]
            for i in range(n):
                target[i] = total[i] + rest[i] * mine[i]
            for i in range(n):
                dot += mine[i] * target[i]
    return dot


@kernel
def step_graph(length, direction, applied, x, residual, at_slice, sums):
    """x += length * direction, residual -= length * applied; returns the residual squared.

    `sums` (slices,) gains the residual of each slice.
    """
    squared = 0.0
    for i in range(x.size):
        x[i] += length * direction[i]
        rest = residual[i] - length * applied[i]
        residual[i] = rest
        sums[at_slice[i]] += rest
        squared += rest * rest
    return squared


@kernel
def voxel_graph(cells, pair, weights, wrap):
    """Graph of the conducting voxels, and the residual of the linear potential.

    Parameters
    ----------
    cells, pair, weights, wrap
        A `Conductor`.

    Returns
    -------
    one, two, weight, plate, colour, box
        As in `engine.properties.graph.Level`; a box is a voxel.
    voxels : ndarray of int64, shape (nodes,)
        Linear index of each node's voxel.
    source : ndarray of float64, shape (nodes,)
        Residual of the potential that falls linearly from 1 to 0.
    energy : float
        Its dissipation.
    """
    nz, ny, nx = cells.shape
    number = np.empty((nz, ny, nx), np.int32)
    count = 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                number[z, y, x] = count
                count += cells[z, y, x] != 0
    voxels = np.empty(count, np.int64)
    box = np.empty(count, np.int64)
    colour = np.empty(count, np.uint8)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if cells[z, y, x]:
                    node = number[z, y, x]
                    voxels[node] = (z * ny + y) * nx + x
                    box[node] = pack(z, y, x)
                    colour[node] = (z + y + x) & 1
    one = np.empty(3 * count, np.int32)
    two = np.empty(3 * count, np.int32)
    weight = np.empty(3 * count, np.float32)
    plate = np.zeros(count)
    source = np.zeros(count)
    across = weights[0] * pair
    energy = 0.0
    links = 0
    for z in range(nz):
        for y in range(ny):
            yy = y + 1
            if yy == ny:
                yy = 0 if wrap and ny > 1 else -1
            for x in range(nx):
                own = cells[z, y, x]
                if not own:
                    continue
                node = number[z, y, x]
                if z == 0:
                    flow = across[own, own] / nz
                    plate[node] += 2 * across[own, own]
                    source[node] += flow
                    energy += 0.5 * flow / nz
                if z == nz - 1:
                    flow = across[own, own] / nz
                    plate[node] += 2 * across[own, own]
                    source[node] -= flow
                    energy += 0.5 * flow / nz
                elif cells[z + 1, y, x]:
                    value = np.float32(across[own, cells[z + 1, y, x]])
                    mate = number[z + 1, y, x]
                    one[links], two[links], weight[links] = node, mate, value
                    links += 1
                    source[node] -= value / nz
                    source[mate] += value / nz
                    energy += value / nz / nz
                if yy >= 0 and cells[z, yy, x]:
                    one[links], two[links] = node, number[z, yy, x]
                    weight[links] = weights[1] * pair[own, cells[z, yy, x]]
                    links += 1
                xx = x + 1
                if xx == nx:
                    xx = 0 if wrap and nx > 1 else -1
                if xx >= 0 and cells[z, y, xx]:
                    one[links], two[links] = node, number[z, y, xx]
                    weight[links] = weights[2] * pair[own, cells[z, y, xx]]
                    links += 1
    return one[:links], two[:links], weight[:links], plate, colour, box, voxels, source, energy
