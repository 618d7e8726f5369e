"""Conduction with several conductivities: every voxel is a node of the finest graph."""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.properties.conductor import Conductor
from engine.properties.graph import Level, build_hierarchy, coarse_cycle


class SeveralPhases:
    """Dissipation of any conductor, for `engine.properties.conjugate_gradients`.

    Vectors are float64: with contrasts of 1e6, float32 loses the weak currents.
    """

    def __init__(self, conductor: Conductor):
        cells, pair, weights, wrap = conductor
        self._shape = cells.shape
        voxels, start, other, weight, plate, source, energy, even = voxel_graph(
            cells, pair, weights, wrap
        )
        nz, ny, nx = cells.shape
        level = Level(start, other, weight, plate, voxels, (nz, ny, nx), even)
        self._levels = build_hierarchy(level, conductor.strength)
        self._repeat = np.full(self._levels.red_end.size, 2)
        self._repeat[0] = 1
        self._voxels = voxels
        self._slice = voxels // (ny * nx)
        self._residual = source
        self._x, self._direction = np.zeros((2, voxels.size))
        self._applied = np.empty(voxels.size)
        self.energy = energy
        self.squared_residual = float(np.dot(source, source))

    def precondition(self) -> float:
        """One symmetric cycle on the residual; returns residual . correction."""
        size = self._voxels.size
        self._levels.b[:size] = self._residual
        coarse_cycle(*self._levels, self._repeat)
        return float(np.dot(self._residual, self._levels.x[:size]))

    def turn(self, share: float) -> float:
        """New direction; returns its energy norm squared."""
        self._direction *= share
        self._direction += self._levels.x[: self._voxels.size]
        levels = self._levels
        return apply_graph(
            levels.start, levels.other, levels.weight, levels.diagonal, self._direction,
            self._applied,
        )  # fmt: skip

    def step(self, length: float) -> tuple[np.ndarray, float]:
        """Go along the direction; returns residual per slice, and its square."""
        self._x += length * self._direction
        self._residual -= length * self._applied
        sums = np.bincount(self._slice, weights=self._residual, minlength=self._shape[0])
        return sums, float(np.dot(self._residual, self._residual))

    def correction(self) -> np.ndarray:
        """Potential less the linear one, shape (nz, ny, nx)."""
        volume = np.zeros(self._shape)
        volume.ravel()[self._voxels] = self._x
        return volume


@njit(cache=True, nogil=True)
def apply_graph(start, other, weight, diagonal, x, out):
    """out = matrix times x over the nodes of x; returns x . out."""
    total = 0.0
    for i in range(x.size):
        value = 0.0
        # Differences first: close potentials cancel before the conductance multiplies them.
        rest = diagonal[i]
        for k in range(start[i], start[i + 1]):
            value += weight[k] * (x[i] - x[other[k]])
            rest -= weight[k]
        out[i] = value + rest * x[i]
        total += x[i] * out[i]
    return total


@njit(cache=True, nogil=True)
def voxel_graph(cells, pair, weights, wrap):
    """Graph of the conducting voxels, even ones first, and the residual of the linear potential.

    Returns
    -------
    voxels : ndarray of int64, shape (nodes,)
        Linear index of each node's voxel.
    start, other, weight, plate
        As in `engine.properties.graph.Level`.
    source : ndarray of float64, shape (nodes,)
        Residual of the potential that falls linearly from 1 to 0.
    energy : float
        Its dissipation.
    even : int
        Number of even voxels.
    """
    nz, ny, nx = cells.shape
    number = np.full((nz, ny, nx), -1, np.int32)
    count = 0
    even = 0
    for colour in range(2):
        for z in range(nz):
            for y in range(ny):
                for x in range((z + y + colour) & 1, nx, 2):
                    if cells[z, y, x]:
                        number[z, y, x] = count
                        count += 1
        if colour == 0:
            even = count
    voxels = np.empty(count, np.int64)
    start = np.zeros(count + 1, np.int64)
    other = np.empty(6 * count, np.int32)
    weight = np.empty(6 * count, np.float32)
    plate = np.zeros(count)
    source = np.zeros(count)
    energy = 0.0
    links = 0
    at = np.zeros(3, np.int64)
    for colour in range(2):
        for z in range(nz):
            for y in range(ny):
                for x in range((z + y + colour) & 1, nx, 2):
                    own = cells[z, y, x]
                    if not own:
                        continue
                    node = number[z, y, x]
                    voxels[node] = (z * ny + y) * nx + x
                    for way in range(6):
                        axis, forward = way >> 1, way & 1
                        at[0], at[1], at[2] = z, y, x
                        at[axis] += 2 * forward - 1
                        if axis == 0 and (at[0] < 0 or at[0] == nz):
                            flow = weights[0] * pair[own, own] / nz
                            plate[node] += 2 * weights[0] * pair[own, own]
                            source[node] += -flow if forward else flow
                            energy += 0.5 * flow / nz
                            continue
                        size = cells.shape[axis]
                        if at[axis] < 0 or at[axis] == size:
                            if not wrap or size < 2:
                                continue
                            at[axis] = (at[axis] + size) % size
                        conductance = weights[axis] * pair[own, cells[at[0], at[1], at[2]]]
                        if conductance == 0:
                            continue
                        other[links] = number[at[0], at[1], at[2]]
                        weight[links] = conductance
                        links += 1
                        if axis == 0:
                            flow = np.float64(np.float32(conductance)) / nz
                            source[node] += -flow if forward else flow
                            energy += 0.5 * flow / nz
                    start[node + 1] = links
    return voxels, start, other[:links].copy(), weight[:links].copy(), plate, source, energy, even
