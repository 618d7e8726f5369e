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

from engine.compiled import kernel
from engine.properties.sums import dot, ordered_sum

# Places for walls: one alone would make each sum wait for the one before.
SPARE = 16

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


@kernel
def _wrapped(index, n):
    return n - 1 if index < 0 else (0 if index == n else index)


@kernel
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


@kernel
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


@kernel
def smooth_from_zero(layout, share, inverse, residual, out, low, high):
    """First red half sweep, from zero and `share` of the way, slices low:high."""
    # Sliced first here and below: where an index may be negative, numba does not vectorise.
    first, end = (low + 1) * layout.slice, (high + 1) * layout.slice
    factor, given, target = inverse[first:end], residual[first:end], out[first:end]
    for i in range(end - first):
        target[i] = share * (factor[i] * given[i])


@kernel
def sides(layout):
    """Which rows of a slice have the second neighbour in the row behind, which before.

    Returns
    -------
    ndarray of uint8, shape (layout.slice + layout.row,)
        1 in odd rows of the stored slice, from its ghost row on. From the start it holds for black
        voxels of even slices and red ones of odd slices, one row later for the others.
    """
    behind = np.zeros(layout.slice + layout.row, np.uint8)
    for first in range(layout.row, behind.size, 2 * layout.row):
        behind[first : first + layout.row] = 1
    return behind


# A slice is swept as one long row, ghosts included (their `inverse` is zero): rows of electrodes
# are short, and starting a loop for each would cost more than the loop.


@kernel
def _neighbours(layout, weights, values, behind, at, total):
    """Conductance times neighbour, summed, for one slice that starts at `at`."""
    wz, wy, wx = weights[0], weights[1], weights[2]
    row, n = layout.row, layout.slice
    before, after = values[at - n : at], values[at + n : at + 2 * n]
    left, right = values[at - row : at - row + n], values[at + row : at + row + n]
    mate = values[at : at + n]
    low, high = values[at - 1 : at - 1 + n], values[at + 1 : at + 1 + n]
    for i in range(n):
        one, two = low[i], high[i]
        total[i] = (
            wz * (before[i] + after[i])
            + wy * (left[i] + right[i])
            + wx * (mate[i] + (two if behind[i] else one))
        )


@kernel
def balance_black(layout, weights, red, inverse, black, low, high):
    """Black voxels in balance with their red neighbours, slices low:high."""
    plane = layout.slice
    behind = sides(layout)
    total = np.empty(plane, red.dtype)
    for z in range(low, high):
        at = (z + 1) * plane
        _neighbours(layout, weights, red, behind[(z & 1) * layout.row :], at, total)
        factor, target = inverse[at : at + plane], black[at : at + plane]
        for i in range(plane):
            target[i] = factor[i] * total[i]


@kernel
def relax_red(layout, weights, share, residual, black, inverse, red, dots, low, high):
    """Red half sweep `share` of the way to balance, slices low:high.

    Writes residual . red of each slice to `dots`.
    """
    plane = layout.slice
    behind = sides(layout)
    total = np.empty(plane, red.dtype)
    keep = red.dtype.type(1) - share
    for z in range(low, high):
        at = (z + 1) * plane
        _neighbours(layout, weights, black, behind[(1 - (z & 1)) * layout.row :], at, total)
        given, factor = residual[at : at + plane], inverse[at : at + plane]
        target = red[at : at + plane]
        for i in range(plane):
            target[i] = keep * target[i] + share * (factor[i] * (given[i] + total[i]))
        dots[z] = dot(given, target)


@kernel
def apply_schur(layout, weights, red, black, inverse, out, dots, low, high):
    """Schur complement times red, given its balanced black; red . out of each slice to `dots`."""
    plane = layout.slice
    behind = sides(layout)
    total = np.empty(plane, red.dtype)
    tiny = weights.dtype.type(1e-30)
    for z in range(low, high):
        at = (z + 1) * plane
        _neighbours(layout, weights, black, behind[(1 - (z & 1)) * layout.row :], at, total)
        factor, mine, target = (
            inverse[at : at + plane],
            red[at : at + plane],
            out[at : at + plane],
        )
        for i in range(plane):
            # The diagonal is not stored: 1 / inverse, in walls anything.
            value = mine[i] / max(factor[i], tiny) - total[i]
            target[i] = value if factor[i] > 0 else 0
        dots[z] = dot(mine, target)


@kernel
def step(layout, length, direction, applied, x, residual, sums, squares, low, high):
    """x += length * direction, residual -= length * applied; sums of the residual per slice."""
    for z in range(low, high):
        first = (z + 1) * layout.slice
        moved, way = x[first : first + layout.slice], direction[first : first + layout.slice]
        rest, by = residual[first : first + layout.slice], applied[first : first + layout.slice]
        for i in range(layout.slice):
            moved[i] += length * way[i]
        for i in range(layout.slice):
            rest[i] -= length * by[i]
        sums[z] = ordered_sum(rest)
        squares[z] = dot(rest, rest)


@kernel
def turn(layout, share, correction, direction, low, high):
    """direction = correction + share * direction, slices low:high."""
    first, end = (low + 1) * layout.slice, (high + 1) * layout.slice
    new, target = correction[first:end], direction[first:end]
    for i in range(end - first):
        target[i] = new[i] + share * target[i]


@kernel
def part_of_red(layout, first, words, blocks, place, spare):
    """Where the part of each red voxel stands among the unknowns of the first coarse level.

    Parameters
    ----------
    layout : Layout
    first, words, blocks
        See `engine.properties.blocks.Parts`.
    place : ndarray of int32, shape (parts,)
        Number of each part in the hierarchy.
    spare : int
        Walls and ghosts name one of the `SPARE` places from here on, which hold zero.

    Returns
    -------
    ndarray of uint32, shape (layout.size,)
    """
    up = np.empty(layout.size, np.uint32)
    for i in range(layout.size):
        up[i] = spare + i % SPARE
    for z in range(layout.nz):
        for y in range(layout.ny):
            n = ((z >> 2) * blocks[1] + (y >> 2)) * blocks[2]
            # the two red voxels that a block has in this row
            shift = np.uint64(16 * (z & 3) + 4 * (y & 3) + ((z + y) & 1))
            at = (z + 1) * layout.slice + (y + 1) * layout.row + 1
            for b in range(blocks[2]):
                one, two = up[at + 2 * b], up[at + 2 * b + 1]
                # Chosen, not branched: which part it is cannot be predicted.
                for i in range(first[n + b], first[n + b + 1]):
                    bits, name = words[i] >> shift, np.uint32(place[i])
                    one = name if bits & np.uint64(1) else one
                    two = name if bits & np.uint64(4) else two
                up[at + 2 * b], up[at + 2 * b + 1] = one, two
    return up


@kernel
def group_of_red(layout, base, code, place, spare):
    """As `part_of_red`, for `engine.properties.boxes.Boxes`."""
    up = np.empty(layout.size, np.uint32)
    for i in range(layout.size):
        up[i] = spare + i % SPARE
    for z in range(layout.nz):
        for y in range(layout.ny):
            q = 2 * (z & 1) + (y & 1)
            at = (z + 1) * layout.slice + (y + 1) * layout.row + 1
            firsts, codes = base[z >> 1, y >> 1], code[z >> 1, y >> 1]
            for i in range(firsts.size):
                packed = codes[i]
                if packed >> RED_BIT[q] & 1:
                    up[at + i] = place[firsts[i] + (packed >> (8 + 3 * RED_BIT[q]) & 7)]
    return up


@kernel
def restrict(layout, weights, residual, red, black, inverse, up, b, low, high):
    """Residual of the red voxels after the black sweep, summed over groups, slices low:high.

    Parameters
    ----------
    up : ndarray of uint32, shape (layout.size,)
        `part_of_red`.
    b : ndarray of float
        Zero there before.
    """
    plane = layout.slice
    behind = sides(layout)
    total = np.empty(plane, black.dtype)
    for z in range(low, high):
        at = (z + 1) * plane
        _neighbours(layout, weights, black, behind[(1 - (z & 1)) * layout.row :], at, total)
        add_up(residual, red, inverse, total, at, up, b)


@kernel
def add_up(residual, red, inverse, total, at, up, b):
    """Add what is left of the residual of one slice to the right side of its groups."""
    plane = total.size
    given, mine = residual[at : at + plane], red[at : at + plane]
    factor, name = inverse[at : at + plane], up[at : at + plane]
    tiny = total.dtype.type(1e-30)
    for i in range(plane):
        # The diagonal is not stored: 1 / inverse, in walls anything.
        value = given[i] + total[i] - mine[i] / max(factor[i], tiny)
        total[i] = value if factor[i] > 0 else 0
    for i in range(plane):
        b[name[i]] += total[i]


@kernel
def prolong(layout, up, x, red, low, high):
    """Add the value of its group to each red voxel, slices low:high."""
    first, end = (low + 1) * layout.slice, (high + 1) * layout.slice
    target, name = red[first:end], up[first:end]
    for i in range(end - first):
        target[i] += x[name[i]]


@kernel
def gather(layout, cells, pair, fall, red, black, black_inverse, volume):
    """Write the potential less the linear one to an array of shape (nz, ny, nx).

    `black` is in balance with `red`; what the linear potential, which falls by `fall` from slice
    to slice, adds to its balance comes on top.
    """
    nz = layout.nz
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
