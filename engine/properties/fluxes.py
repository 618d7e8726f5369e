"""Dissipation and fluxes of a potential: the result of a solve, and the check on it."""

from __future__ import annotations

import numpy as np
from numba import njit


# Sums may be reordered, or they would not vectorise; nothing else is relaxed.
@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz", "contract"})
def dissipation(cells, pair, weights, wrap, correction):
    """Dissipation of a potential and its flux through every plane across the flow.

    The dissipation is least for the solution, so its error is the square of the potential's.

    Parameters
    ----------
    cells : ndarray of uint8, shape (nz, ny, nx)
        Class of each voxel, 0 is wall.
    pair : ndarray of float64, shape (classes, classes)
        Conductance of a face between two classes.
    weights : ndarray of float64, shape (3,)
        Factor of faces across z, y, x.
    wrap : bool
        Whether the sides touch their opposites.
    correction : ndarray of float, shape (nz, ny, nx)
        Potential less the linear one that falls from 1 to 0; zero in walls.

    Returns
    -------
    energy : float
        For a difference of 1 between the plates.
    fluxes : ndarray of float64, shape (nz + 1,)
        Through the inlet plate, between slices, through the outlet plate.
    """
    nz, ny, nx = cells.shape
    wz, wy, wx = weights[0], weights[1], weights[2]
    fall = 1.0 / nz
    energy = 0.0
    fluxes = np.zeros(nz + 1)
    for z in range(nz):
        for y in range(ny):
            kinds, u = cells[z, y], correction[z, y]
            if z < nz - 1:
                next_kinds, next_u = cells[z + 1, y], correction[z + 1, y]
                flux, heat = 0.0, 0.0
                for x in range(nx):
                    drop = fall + (u[x] - next_u[x])
                    flow = pair[kinds[x], next_kinds[x]] * drop
                    flux += flow
                    heat += flow * drop
                fluxes[z + 1] += wz * flux
                energy += wz * heat
            if y < ny - 1 or (wrap and ny > 1):
                yy = y + 1 if y < ny - 1 else 0
                next_kinds, next_u = cells[z, yy], correction[z, yy]
                heat = 0.0
                for x in range(nx):
                    drop = np.float64(u[x] - next_u[x])
                    heat += pair[kinds[x], next_kinds[x]] * drop * drop
                energy += wy * heat
            heat = 0.0
            for x in range(nx - 1):
                drop = np.float64(u[x] - u[x + 1])
                heat += pair[kinds[x], kinds[x + 1]] * drop * drop
            if wrap and nx > 1:
                drop = np.float64(u[nx - 1] - u[0])
                heat += pair[kinds[nx - 1], kinds[0]] * drop * drop
            energy += wx * heat
    # Half a voxel lies between the plates and the outer slices: conductance 2.
    for y in range(ny):
        for x in range(nx):
            own = cells[0, y, x]
            flow = 2 * wz * pair[own, own] * (0.5 * fall - correction[0, y, x])
            fluxes[0] += flow
            energy += flow * (0.5 * fall - correction[0, y, x])
            own = cells[nz - 1, y, x]
            flow = 2 * wz * pair[own, own] * (0.5 * fall + correction[nz - 1, y, x])
            fluxes[nz] += flow
            energy += flow * (0.5 * fall + correction[nz - 1, y, x])
    return energy, fluxes


@njit(cache=True, nogil=True)
def flux_magnitude(cells, pair, edges, wrap, correction):
    """Magnitude of the local flux density relative to a block of conductivity 1.

    Parameters
    ----------
    cells, pair, wrap, correction
        As for `dissipation`.
    edges : ndarray of float64, shape (3,)
        Voxel edges along (z, y, x).

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx)
        Zero in walls; mean over a cross-section equals the effective conductivity for a uniform
        block, and is larger the more the flux winds.
    """
    nz, ny, nx = cells.shape
    shape = (nz, ny, nx)
    result = np.zeros(shape, np.float32)
    length = nz * edges[0]
    at = np.zeros(3, np.int64)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                own = cells[z, y, x]
                if own == 0:
                    continue
                square = 0.0
                for axis in range(3):
                    mean = 0.0
                    for way in (-1, 1):
                        at[0], at[1], at[2] = z, y, x
                        at[axis] += way
                        if axis == 0 and (at[0] < 0 or at[0] == nz):
                            drop = 0.5 / nz + way * correction[z, y, x]
                            mean += 0.5 * 2 * pair[own, own] * drop / edges[0]
                            continue
                        if at[axis] < 0 or at[axis] == shape[axis]:
                            if not wrap:
                                continue
                            at[axis] = (at[axis] + shape[axis]) % shape[axis]
                        kind = cells[at[0], at[1], at[2]]
                        drop = way * (correction[z, y, x] - correction[at[0], at[1], at[2]])
                        if axis == 0:
                            drop += 1.0 / nz
                        mean += 0.5 * pair[own, kind] * drop / edges[axis]
                    square += mean * mean
                result[z, y, x] = np.sqrt(square) * length
    return result
