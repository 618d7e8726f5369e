"""Areas between phases by Crofton's formula, and the two active surfaces.

Counting voxel faces makes a sphere 1.5 times too large. Here the area per volume follows from how
often lines in 13 directions cross the interface (Crofton's formula, 2 crossings per unit length
and area), each direction weighted by its Voronoi cell on the sphere of directions, as in
Ohser and Muecklich 2000, "Statistical Analysis of Microstructures in Materials Science".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from scipy.spatial import SphericalVoronoi

from engine.properties.axes import edges_of
from engine.structure.stack import AM, CBD, ELECTROLYTE

# One of each pair of opposite directions to the 26 neighbours, (z, y, x).
DIRECTIONS = np.array(
    [(z, y, x) for z in (0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1) if (z, y, x) > (0, 0, 0)],
    dtype=np.int64,
)


@dataclass(frozen=True)
class InterfaceAreas:
    """Area of each phase pair per volume of the sample, 1/µm (Crofton, 13 directions)."""

    am_electrolyte: float
    am_cbd: float
    cbd_electrolyte: float

    @property
    def active_surface_percent(self) -> float:
        """Share of the AM surface that touches electrolyte, %; nan without AM surface."""
        total = self.am_electrolyte + self.am_cbd
        return 100 * self.am_electrolyte / total if total > 0 else float("nan")


@lru_cache(maxsize=64)
def _direction_weights(edges: tuple[float, float, float]) -> np.ndarray:
    """Share of the sphere nearest to each direction and its opposite, shape (13,)."""
    steps = DIRECTIONS * np.array(edges)
    unit = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    cells = SphericalVoronoi(np.concatenate((unit, -unit)))
    return cells.calculate_areas()[: len(unit)] / (2 * np.pi)


def interface_areas(
    labels: np.ndarray, spacing: float | tuple[float, float, float] = 1.0
) -> InterfaceAreas:
    """Measure the area of each pair of phases per volume of the sample.

    Faces of the box are no interface, and lines are counted inside the box only.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    spacing : float or three floats, µm

    Returns
    -------
    InterfaceAreas
    """
    edges = edges_of(spacing)
    crossings, lines = _crossings(np.ascontiguousarray(labels), DIRECTIONS)
    seen = lines > 0
    if not seen.any():
        return InterfaceAreas(0.0, 0.0, 0.0)
    # A box one voxel thick has no lines across: their weight goes to the others.
    weight = _direction_weights(edges)[seen]
    length = np.linalg.norm(DIRECTIONS[seen] * np.array(edges), axis=1)
    per_length = crossings[seen] / (labels.size * length)[:, None]
    areas = 2 * (weight[:, None] * per_length).sum(axis=0) / weight.sum()
    return InterfaceAreas(float(areas[0]), float(areas[1]), float(areas[2]))


@njit(cache=True, nogil=True)
def _crossings(labels, directions):
    """Crossings of (AM-electrolyte, AM-CBD, CBD-electrolyte) per direction, and lines counted.

    A line through n voxels has n - 1 steps but passes n voxels of the box: its first and its last
    step count one half more. That is exact for a body inside the box and unbiased for a cut-out.
    """
    nz, ny, nx = labels.shape
    # One bit per phase: the union of two voxels then names the pair.
    bits = np.empty((nz, ny, nx), np.uint8)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                bits[z, y, x] = np.uint8(1) << labels[z, y, x]
    crossings = np.zeros((directions.shape[0], 3))
    lines = np.zeros(directions.shape[0], np.int64)
    for d in range(directions.shape[0]):
        dz, dy, dx = directions[d]
        x0, x1 = max(0, -dx), min(nx, nx - dx)
        y0, y1 = max(0, -dy), min(ny, ny - dy)
        if x1 <= x0 or y1 <= y0 or nz <= dz:
            continue
        lines[d] = 1
        for z in range(nz - dz):
            for y in range(y0, y1):
                here = bits[z, y, x0:x1]
                there = bits[z + dz, y + dy, x0 + dx : x1 + dx]
                am_el, am_cbd, cbd_el = np.int32(0), np.int32(0), np.int32(0)
                for x in range(here.size):
                    union = here[x] | there[x]
                    am_el += np.int32(union == 3)
                    am_cbd += np.int32(union == 6)
                    cbd_el += np.int32(union == 5)
                first = z < dz or y - dy < 0 or y - dy >= ny
                last = z + 2 * dz >= nz or y + 2 * dy < 0 or y + 2 * dy >= ny
                whole = 1.0 + 0.5 * first + 0.5 * last
                crossings[d, 0] += whole * am_el
                crossings[d, 1] += whole * am_cbd
                crossings[d, 2] += whole * cbd_el
                if dx != 0:
                    # Lines that enter or leave through the x faces do so at the row's ends.
                    low, high = 0, here.size - 1
                    enter, leave = (low, high) if dx > 0 else (high, low)
                    if not first:
                        _add_half(crossings[d], here[enter] | there[enter])
                    if not last:
                        _add_half(crossings[d], here[leave] | there[leave])
    return crossings, lines


@njit(cache=True, nogil=True, inline="always")
def _add_half(counts, union):
    if union == 3:
        counts[0] += 0.5
    elif union == 6:
        counts[1] += 0.5
    elif union == 5:
        counts[2] += 0.5


def active_surface_published(labels: np.ndarray) -> float:
    """Active surface as in the published data, %.

    100 x (pore voxels with AM or CBD among their 26 neighbours) / (number of solid voxels);
    neighbours outside the box are ignored. Not a share of a surface: it may pass 100 %, and
    follows porosity / (1 - porosity) closely. For comparison with
    DOI 10.1016/j.jpowsour.2020.229103 only.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)

    Returns
    -------
    float
        nan without solid.
    """
    touching, solid = _pores_at_solid(np.ascontiguousarray(labels))
    return 100 * touching / solid if solid else float("nan")


@njit(cache=True, nogil=True)
def _pores_at_solid(labels):
    """Number of pore voxels with solid among 26 neighbours, and of solid voxels."""
    nz, ny, nx = labels.shape
    near = np.zeros(nx + 2, np.uint8)
    touching, solid = 0, 0
    for z in range(nz):
        for y in range(ny):
            near[:] = 0
            for zz in range(max(0, z - 1), min(nz, z + 2)):
                for yy in range(max(0, y - 1), min(ny, y + 2)):
                    for x in range(nx):
                        near[x + 1] |= labels[zz, yy, x]
            for x in range(nx):
                any_solid = near[x] | near[x + 1] | near[x + 2]
                pore = labels[z, y, x] == 0
                touching += pore & (any_solid != 0)
                solid += not pore
    return touching, solid


assert (ELECTROLYTE, AM, CBD) == (0, 1, 2)  # the kernels above rely on it
