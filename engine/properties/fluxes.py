"""Dissipation and fluxes of a potential: the result of a solve, and the check on it."""

from __future__ import annotations

import numpy as np

from engine.compiled import kernel
from engine.properties.sums import ordered_sum


@kernel
def _faces(pair, classes, kinds, next_kinds, u, next_u, fall, flow, heat):
    """Flux from voxels to their neighbours and its dissipation, for faces of weight 1.

    `flow` and `heat` are room for as many float64 values.
    """
    flow, heat = flow[: kinds.size], heat[: kinds.size]
    if classes == 2:  # one phase: no table is needed
        for x in range(kinds.size):
            drop = fall + np.float64(u[x] - next_u[x])
            flow[x] = np.float64(kinds[x] & next_kinds[x]) * drop
            heat[x] = flow[x] * drop
        return ordered_sum(flow) * pair[3], ordered_sum(heat) * pair[3]
    for x in range(kinds.size):
        drop = fall + np.float64(u[x] - next_u[x])
        flow[x] = pair[kinds[x] * classes + next_kinds[x]] * drop
        heat[x] = flow[x] * drop
    return ordered_sum(flow), ordered_sum(heat)


@kernel
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
    flat = pair.ravel()
    classes = np.uint32(pair.shape[0])
    room = (np.empty(ny * nx), np.empty(ny * nx))
    for z in range(nz):
        # A slice is taken as one row: rows are short, and each would cost more than its sum.
        kinds, u = cells[z].ravel(), correction[z].ravel()
        if z < nz - 1:
            after, next_u = cells[z + 1].ravel(), correction[z + 1].ravel()
            flux, heat = _faces(flat, classes, kinds, after, u, next_u, fall, *room)
            fluxes[z + 1] += wz * flux
            energy += wz * heat
        _, heat = _faces(flat, classes, kinds[:-nx], kinds[nx:], u[:-nx], u[nx:], 0.0, *room)
        energy += wy * heat
        _, heat = _faces(flat, classes, kinds[:-1], kinds[1:], u[:-1], u[1:], 0.0, *room)
        for y in range(1, ny):  # from the end of a row to the start of the next is no face
            drop = np.float64(correction[z, y - 1, nx - 1] - correction[z, y, 0])
            heat -= pair[cells[z, y - 1, nx - 1], cells[z, y, 0]] * drop * drop
        energy += wx * heat
        if wrap and ny > 1:
            for x in range(nx):
                drop = np.float64(correction[z, ny - 1, x] - correction[z, 0, x])
                energy += wy * pair[cells[z, ny - 1, x], cells[z, 0, x]] * drop * drop
        if wrap and nx > 1:
            for y in range(ny):
                drop = np.float64(correction[z, y, nx - 1] - correction[z, y, 0])
                energy += wx * pair[cells[z, y, nx - 1], cells[z, y, 0]] * drop * drop
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


@kernel
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
