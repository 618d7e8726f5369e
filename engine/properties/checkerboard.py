"""The finest level of a single conductor, stored as a checkerboard.

Voxel (z, y, x) is red where z + y + x is even, else black; the colours live in arrays of their
own, half a row each, with a ghost layer around: voxel x of a row stands at x // 2. All six
neighbours of a voxel then have the other colour and lie at unit stride, so that sweeps vectorise:
at the same place across z and y, and in the row at the same place and one beside it. Walls hold
zero in the unknown and in `inverse`, so no conductance is stored.

Only the red voxels are unknowns: u_black = inverse * (sum of red neighbours) is put in, which halves
all vectors (conjugate gradients then run on the Schur complement of the black voxels).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

# Sums may be reordered, or they would not vectorise; nothing else is relaxed.
REDUCE = {"reassoc", "nsz", "contract"}

# Bit of the red voxel in rows (z, y) = (0, 0), (0, 1), (1, 0), (1, 1) of a box.
RED_BIT = (0, 3, 5, 6)


class Layout(NamedTuple):
    """Where voxels stand: shape of the volume, stride of a row and of a slice, array length."""

    nz: int
    ny: int
    nx: int
    row: int
    slice: int
    size: int


def layout_of(shape: tuple[int, int, int]) -> Layout:
    """Layout of a volume of shape (nz, ny, nx), with one ghost voxel on every side."""
    nz, ny, nx = shape
    row = (nx + 1) // 2 + 2
    return Layout(nz, ny, nx, row, (ny + 2) * row, (nz + 2) * (ny + 2) * row)


@njit(cache=True, nogil=True)
def _wrapped(index, n):
    return n - 1 if index < 0 else (0 if index == n else index)


@njit(cache=True, nogil=True)
def set_up(cells, layout, weights, wrap, inverse, black_inverse, source, black_source):
    """Fill the inverse diagonal and the residual of the linear potential.

    Parameters
    ----------
    cells : ndarray of uint8, shape (nz, ny, nx)
        1 where current can flow, else 0.
    layout : Layout
    weights : ndarray of float, shape (3,)
        Conductance of a face across z, y, x.
    wrap : bool
        Whether the sides touch their opposites.
    inverse, source : ndarray of float, shape (layout.size,)
        Red: 1 / (sum of conductances), and the residual of the potential that falls linearly from
        1 to 0. Zero in walls; ghosts are left as they are.
    black_inverse, black_source : ndarray of float, shape (layout.size,)
        The same for black.

    Returns
    -------
    energy : float
        Dissipation of the linear potential.
    """
    nz, ny, nx = cells.shape
    half = layout.row - 2
    wz, wy, wx = weights[0], weights[1], weights[2]
    fall = weights[0] / weights.dtype.type(nz)
    tiny = weights.dtype.type(1e-30)
    # Two voxels more than a row: its neighbours in x.
    row = np.zeros(2 * half + 2, weights.dtype)
    factor = np.zeros(2 * half, weights.dtype)
    down = np.zeros(2 * half, weights.dtype)
    ones, nothing = np.ones(nx, np.uint8), np.zeros(nx, np.uint8)
    inner, ends = np.int64(0), np.int64(0)
    for z in range(nz):
        plates = wz * weights.dtype.type((z == 0) + (z == nz - 1))
        for y in range(ny):
            mine = cells[z, y]
            above = cells[z - 1, y] if z > 0 else ones
            below = cells[z + 1, y] if z < nz - 1 else ones
            left, right = nothing, nothing
            if y > 0 or wrap:
                left = cells[z, _wrapped(y - 1, ny)]
            if y < ny - 1 or wrap:
                right = cells[z, _wrapped(y + 1, ny)]
            for x in range(nx):
                row[x + 1] = mine[x]
            if wrap:
                row[0], row[nx + 1] = mine[nx - 1], mine[0]
            for x in range(nx):
                one, two = weights.dtype.type(above[x]), weights.dtype.type(below[x])
                total = plates + wz * (one + two)
                total += wy * (weights.dtype.type(left[x]) + weights.dtype.type(right[x]))
                total += wx * (row[x] + row[x + 2])
                factor[x] = row[x + 1] / max(total, tiny)
                down[x] = row[x + 1] * fall * (one - two)
            count = np.uint32(0)
            for x in range(nx):
                count += np.uint32(mine[x] & below[x])
            inner += np.int64(count)
            if z == 0 or z == nz - 1:
                count = np.uint32(0)
                for x in range(nx):
                    count += np.uint32(mine[x])
                ends += np.int64(count) * ((z == 0) + (z == nz - 1))
                if z == nz - 1:
                    inner -= np.int64(count)
            at = (z + 1) * layout.slice + (y + 1) * layout.row + 1
            red = (z + y) & 1
            for i in range(half):
                inverse[at + i] = factor[2 * i + red]
            for i in range(half):
                source[at + i] = down[2 * i + red]
            for i in range(half):
                black_inverse[at + i] = factor[2 * i + 1 - red]
            for i in range(half):
                black_source[at + i] = down[2 * i + 1 - red]
    return np.float64(wz) / nz**2 * (inner + 0.5 * ends)


@njit(cache=True, nogil=True)
def wrap_sides(layout, red, black):
    """Copy the outermost voxels into the ghosts of the opposite sides."""
    nz, ny, nx = layout.nz, layout.ny, layout.nx
    for z in range(nz):
        for y in range(-1, ny + 1):
            inside = 0 <= y < ny
            source_y = _wrapped(y, ny)
            for n in range(2 if inside else nx):
                x = n if not inside else (-1 if n == 0 else nx)
                source_x = _wrapped(x, nx)
                to = (z + 1) * layout.slice + (y + 1) * layout.row + 1 + (x >> 1)
                at = (z + 1) * layout.slice + (source_y + 1) * layout.row + 1 + (source_x >> 1)
                value = black[at] if (z + source_y + source_x) & 1 else red[at]
                if (z + y + x) & 1:
                    black[to] = value
                else:
                    red[to] = value


@njit(cache=True, nogil=True)
def clear_sides(layout, values):
    """Set the ghosts beside the volume to zero, so that sums over slices leave them out."""
    for z in range(1, layout.nz + 1):
        first = z * layout.slice
        last = first + (layout.ny + 1) * layout.row
        values[first : first + layout.row] = 0
        values[last : last + layout.row] = 0
        for y in range(1, layout.ny + 1):
            values[first + y * layout.row] = 0
            values[first + (y + 1) * layout.row - 1] = 0


@njit(cache=True, nogil=True)
def smooth_from_zero(layout, inverse, residual, out, low, high):
    """First red half sweep from zero, slices low:high."""
    for i in range((low + 1) * layout.slice, (high + 1) * layout.slice):
        out[i] = inverse[i] * residual[i]


@njit(cache=True, nogil=True)
def balance_black(layout, weights, red, inverse, black, low, high):
    """Black voxels in balance with their red neighbours, slices low:high."""
    wz, wy, wx = weights[0], weights[1], weights[2]
    row, plane = layout.row, layout.slice
    n = row - 2
    for z in range(low, high):
        for y in range(layout.ny):
            at = (z + 1) * plane + (y + 1) * row + 1
            side = at + (1 if (z + y + 1) & 1 else -1)
            before, behind = red[at - plane : at - plane + n], red[at + plane : at + plane + n]
            left, right = red[at - row : at - row + n], red[at + row : at + row + n]
            mate, mate2 = red[at : at + n], red[side : side + n]
            factor, target = inverse[at : at + n], black[at : at + n]
            for i in range(n):
                target[i] = factor[i] * (
                    wz * (before[i] + behind[i])
                    + wy * (left[i] + right[i])
                    + wx * (mate[i] + mate2[i])
                )


@njit(cache=True, nogil=True, fastmath=REDUCE)
def dot(a, b, low, high):
    """Sum of products over low:high, in float64."""
    total = 0.0
    one, two = a[low:high], b[low:high]
    for i in range(high - low):
        total += one[i] * two[i]
    return total


@njit(cache=True, nogil=True)
def balance_red(layout, weights, residual, black, inverse, red, dots, low, high):
    """Last red half sweep, slices low:high; writes residual . red of each slice to `dots`."""
    wz, wy, wx = weights[0], weights[1], weights[2]
    row, plane = layout.row, layout.slice
    n = row - 2
    for z in range(low, high):
        for y in range(layout.ny):
            at = (z + 1) * plane + (y + 1) * row + 1
            side = at + (1 if (z + y) & 1 else -1)
            before, behind = black[at - plane : at - plane + n], black[at + plane : at + plane + n]
            left, right = black[at - row : at - row + n], black[at + row : at + row + n]
            mate, mate2 = black[at : at + n], black[side : side + n]
            given, factor, target = residual[at : at + n], inverse[at : at + n], red[at : at + n]
            for i in range(n):
                target[i] = factor[i] * (
                    given[i]
                    + wz * (before[i] + behind[i])
                    + wy * (left[i] + right[i])
                    + wx * (mate[i] + mate2[i])
                )
        dots[z] = dot(residual, red, (z + 1) * plane, (z + 2) * plane)


@njit(cache=True, nogil=True)
def apply_schur(layout, weights, red, black, inverse, out, dots, low, high):
    """Schur complement times red, given its balanced black; red . out of each slice to `dots`."""
    wz, wy, wx = weights[0], weights[1], weights[2]
    row, plane = layout.row, layout.slice
    n = row - 2
    tiny = weights.dtype.type(1e-30)
    for z in range(low, high):
        for y in range(layout.ny):
            at = (z + 1) * plane + (y + 1) * row + 1
            side = at + (1 if (z + y) & 1 else -1)
            before, behind = black[at - plane : at - plane + n], black[at + plane : at + plane + n]
            left, right = black[at - row : at - row + n], black[at + row : at + row + n]
            mate, mate2 = black[at : at + n], black[side : side + n]
            factor, mine, target = inverse[at : at + n], red[at : at + n], out[at : at + n]
            for i in range(n):
                # The diagonal is not stored: 1 / inverse, in walls anything.
                value = mine[i] / max(factor[i], tiny) - (
                    wz * (before[i] + behind[i])
                    + wy * (left[i] + right[i])
                    + wx * (mate[i] + mate2[i])
                )
                target[i] = value if factor[i] > 0 else 0
        dots[z] = dot(red, out, (z + 1) * plane, (z + 2) * plane)


@njit(cache=True, nogil=True, fastmath=REDUCE)
def step(layout, length, direction, applied, x, residual, sums, squares, low, high):
    """x += length * direction, residual -= length * applied; sums of the residual per slice."""
    for z in range(low, high):
        first = (z + 1) * layout.slice
        moved, way = x[first : first + layout.slice], direction[first : first + layout.slice]
        rest, by = residual[first : first + layout.slice], applied[first : first + layout.slice]
        for i in range(layout.slice):
            moved[i] += length * way[i]
        total, square = 0.0, 0.0
        for i in range(layout.slice):
            value = rest[i] - length * by[i]
            rest[i] = value
            total += value
            square += value * value
        sums[z] = total
        squares[z] = square


@njit(cache=True, nogil=True)
def turn(layout, share, correction, direction, low, high):
    """direction = correction + share * direction, slices low:high."""
    for i in range((low + 1) * layout.slice, (high + 1) * layout.slice):
        direction[i] = correction[i] + share * direction[i]


@njit(cache=True, nogil=True)
def restrict(layout, weights, black, inverse, base, code, place, b, low, high):
    """Residual of the red voxels after the black sweep, summed over the groups of each box.

    After a first sweep from zero, red is ``inverse * residual``, so that what is left there is
    the sum over the black neighbours.

    Parameters
    ----------
    base, code
        See `engine.properties.boxes.Boxes`.
    place : ndarray of int32, shape (groups,)
        Where in `b` each group stands.
    b : ndarray of float64
        Zero there before.
    low, high : int
        Layers of boxes.
    """
    wz, wy, wx = weights[0], weights[1], weights[2]
    row, plane = layout.row, layout.slice
    n = row - 2
    rest = np.zeros((4, n), black.dtype)
    for zz in range(low, high):
        for yy in range(base.shape[1]):
            for q in range(4):
                z, y = 2 * zz + (q >> 1), 2 * yy + (q & 1)
                target = rest[q]
                if z >= layout.nz or y >= layout.ny:
                    target[:] = 0
                    continue
                at = (z + 1) * plane + (y + 1) * row + 1
                side = at + (1 if (z + y) & 1 else -1)
                before = black[at - plane : at - plane + n]
                behind = black[at + plane : at + plane + n]
                left, right = black[at - row : at - row + n], black[at + row : at + row + n]
                mate, mate2 = black[at : at + n], black[side : side + n]
                factor = inverse[at : at + n]
                for i in range(n):
                    value = (
                        wz * (before[i] + behind[i])
                        + wy * (left[i] + right[i])
                        + wx * (mate[i] + mate2[i])
                    )
                    target[i] = value if factor[i] > 0 else 0
            for x in range(n):
                packed = code[zz, yy, x]
                if packed == 0:
                    continue
                node = base[zz, yy, x]
                if packed >> 32 == 1:
                    b[place[node]] += rest[0, x] + rest[1, x] + rest[2, x] + rest[3, x]
                else:
                    for q in range(4):
                        b[place[node + (packed >> (8 + 3 * RED_BIT[q]) & 7)]] += rest[q, x]


@njit(cache=True, nogil=True)
def prolong(layout, inverse, base, code, place, x, red, low, high):
    """Add the value of its group to each red voxel; box layers low:high."""
    n = layout.row - 2
    value = np.zeros((4, n), red.dtype)
    for zz in range(low, high):
        for yy in range(base.shape[1]):
            for i in range(n):
                packed = code[zz, yy, i]
                node = base[zz, yy, i]
                if packed >> 32 == 1:
                    value[0, i] = value[1, i] = value[2, i] = value[3, i] = x[place[node]]
                elif packed:
                    for q in range(4):
                        value[q, i] = x[place[node + (packed >> (8 + 3 * RED_BIT[q]) & 7)]]
            for q in range(4):
                z, y = 2 * zz + (q >> 1), 2 * yy + (q & 1)
                if z >= layout.nz or y >= layout.ny:
                    continue
                at = (z + 1) * layout.slice + (y + 1) * layout.row + 1
                mine, factor, add = red[at : at + n], inverse[at : at + n], value[q]
                for i in range(n):
                    mine[i] += add[i] if factor[i] > 0 else 0


@njit(cache=True, nogil=True)
def gather(layout, cells, pair, fall, red, black, black_inverse):
    """Potential less the linear one, shape (nz, ny, nx).

    `black` is in balance with `red`; what the linear potential, which falls by `fall` from slice
    to slice, adds to its balance comes on top.
    """
    nz = layout.nz
    volume = np.zeros((nz, layout.ny, layout.nx), red.dtype)
    for z in range(nz):
        for y in range(layout.ny):
            at = (z + 1) * layout.slice + (y + 1) * layout.row + 1
            out = volume[z, y]
            first = (z + y) & 1
            for x in range(first, layout.nx, 2):
                out[x] = red[at + (x >> 1)]
            for x in range(1 - first, layout.nx, 2):
                own = cells[z, y, x]
                above = pair[own, cells[z - 1, y, x] if z > 0 else own]
                below = pair[own, cells[z + 1, y, x] if z < nz - 1 else own]
                i = at + (x >> 1)
                out[x] = black[i] + black_inverse[i] * fall * (above - below)
    return volume
