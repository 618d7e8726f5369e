"""The finest level of several conductors: checkerboard storage with stored conductances.

As `engine.properties.checkerboard`, but every face between two voxels has its own conductance. A
face joins a red and a black voxel, so the six conductances of each red voxel are all there are:
``links[0]`` to ``links[5]`` lead to the black voxel before and behind across z, before and behind
across y, at the same place of the row, and beside it.
"""

from __future__ import annotations

import numpy as np

from engine.compiled import kernel
from engine.properties.checkerboard import _wrapped, add_up, sides
from engine.properties.sums import dot


@kernel
def set_up(
    cells, pair, across, layout, weights, wrap, links, inverse, black_inverse, source, black_source
):
    """Fill conductances, inverse diagonal, and the residual of the linear potential.

    Parameters
    ----------
    cells : ndarray of uint8, shape (nz, ny, nx)
        Class of each voxel, 0 is wall.
    pair : ndarray of float64, shape (classes, classes)
        Conductance of a face between two classes.
    across : ndarray of float32, shape (3, classes, classes)
        The same times `weights`: of faces across z, y, x.
    layout : Layout
    weights : ndarray of float64, shape (3,)
        Factor of faces across z, y, x.
    wrap : bool
        Whether the sides touch their opposites; their lengths must be even.
    links : ndarray of float32, shape (6, layout.size)
        Zeros, filled.
    inverse, black_inverse, source, black_source : ndarray of float, shape (layout.size,)
        Zeros, filled as by `engine.properties.checkerboard.set_up`.

    Returns
    -------
    energy : float
        Dissipation of the linear potential.
    """
    nz, ny, nx = cells.shape
    row, plane = layout.row, layout.slice
    energy = 0.0
    # Conductances of one row of voxels to their six neighbours, first across walls of class 0.
    faces = np.zeros((6, nx), np.float32)
    wall = np.zeros(nx, np.uint8)
    for z in range(nz):
        for y in range(ny):
            mine = cells[z, y]
            above = cells[z - 1, y] if z > 0 else wall
            below = cells[z + 1, y] if z < nz - 1 else wall
            left = cells[z, _wrapped(y - 1, ny)] if y > 0 or wrap else wall
            right = cells[z, _wrapped(y + 1, ny)] if y < ny - 1 or wrap else wall
            for x in range(nx):
                own = mine[x]
                faces[0, x] = across[0, own, above[x]]
                faces[1, x] = across[0, own, below[x]]
                faces[2, x] = across[1, own, left[x]]
                faces[3, x] = across[1, own, right[x]]
            for x in range(1, nx):
                faces[4, x] = across[2, mine[x], mine[x - 1]]
                faces[5, x - 1] = faces[4, x]
            faces[4, 0] = faces[5, nx - 1] = across[2, mine[0], mine[nx - 1]] if wrap else 0
            at = (z + 1) * plane + (y + 1) * row + 1
            first = (z + y) & 1
            # In even rows the black voxel at the same place is the next one, in odd rows the one
            # before.
            mate, other = (4, 5) if first else (5, 4)
            for x in range(nx):
                own = mine[x]
                if not own:
                    continue
                fall = np.float64(faces[0, x]) - faces[1, x]
                total = np.float64(faces[0, x]) + faces[1, x] + faces[2, x]
                total += np.float64(faces[3, x]) + faces[4, x] + faces[5, x]
                energy += faces[1, x]
                if z == 0 or z == nz - 1:
                    plate = weights[0] * pair[own, own]
                    ends = (z == 0) + (z == nz - 1)
                    total += 2 * plate * ends
                    energy += 0.5 * plate * ends
                    fall += plate * ((z == 0) - (z == nz - 1))
                i = at + (x >> 1)
                if (x & 1) == first:
                    inverse[i] = 1 / total
                    source[i] = fall / nz
                    for k in range(4):
                        links[k, i] = faces[k, x]
                    links[4, i], links[5, i] = faces[mate, x], faces[other, x]
                else:
                    black_inverse[i] = 1 / total
                    black_source[i] = fall / nz
                    # Where a side is crossed, the red neighbour is a ghost and its link is set here.
                    if y == 0:
                        links[3, i - row] = faces[2, x]
                    if y == ny - 1:
                        links[2, i + row] = faces[3, x]
                    if x == 0:
                        links[5, i - 1] = faces[4, x]
                    if x == nx - 1:
                        links[5, i + 1] = faces[5, x]
    return energy / nz**2


@kernel
def _red_sums(layout, links, black, behind, z, total):
    """Conductance times black neighbour, summed, for the red voxels of one slice."""
    row, n = layout.row, layout.slice
    at = (z + 1) * n
    # Three loops: with all twelve arrays in one, numba's alias checks would stop vectorising.
    one, two = links[0, at : at + n], links[1, at : at + n]
    a, b = black[at - n : at], black[at + n : at + 2 * n]
    for i in range(n):
        total[i] = one[i] * a[i] + two[i] * b[i]
    one, two = links[2, at : at + n], links[3, at : at + n]
    a, b = black[at - row : at - row + n], black[at + row : at + row + n]
    for i in range(n):
        total[i] += one[i] * a[i] + two[i] * b[i]
    one, two = links[4, at : at + n], links[5, at : at + n]
    mate = black[at : at + n]
    a, b = black[at - 1 : at - 1 + n], black[at + 1 : at + 1 + n]
    for i in range(n):
        low, high = a[i], b[i]
        total[i] += one[i] * mate[i] + two[i] * (high if behind[i] else low)


@kernel
def balance_black(layout, links, red, inverse, black, low, high):
    """Black voxels in balance with their red neighbours, slices low:high."""
    row, n = layout.row, layout.slice
    behind = sides(layout)
    total = np.empty(n, black.dtype)
    for z in range(low, high):
        at = (z + 1) * n
        # The link across z behind a black voxel is the one before its red neighbour.
        one, two = links[1, at - n : at], links[0, at + n : at + 2 * n]
        a, b = red[at - n : at], red[at + n : at + 2 * n]
        for i in range(n):
            total[i] = one[i] * a[i] + two[i] * b[i]
        one, two = links[3, at - row : at - row + n], links[2, at + row : at + row + n]
        a, b = red[at - row : at - row + n], red[at + row : at + row + n]
        for i in range(n):
            total[i] += one[i] * a[i] + two[i] * b[i]
        one, two = links[5, at - 1 : at - 1 + n], links[5, at + 1 : at + 1 + n]
        a, b = red[at - 1 : at - 1 + n], red[at + 1 : at + 1 + n]
        turned = behind[(z & 1) * row : (z & 1) * row + n]
        for i in range(n):
            before, after = one[i] * a[i], two[i] * b[i]
            total[i] += after if turned[i] else before
        one, mate = links[4, at : at + n], red[at : at + n]
        factor, target = inverse[at : at + n], black[at : at + n]
        for i in range(n):
            target[i] = factor[i] * (total[i] + one[i] * mate[i])


@kernel
def relax_red(layout, links, share, residual, black, inverse, red, dots, low, high):
    """As `engine.properties.checkerboard.relax_red`."""
    n = layout.slice
    behind = sides(layout)
    total = np.empty(n, black.dtype)
    keep = red.dtype.type(1) - share
    for z in range(low, high):
        at = (z + 1) * n
        _red_sums(layout, links, black, behind[(1 - (z & 1)) * layout.row :], z, total)
        given, factor, target = residual[at : at + n], inverse[at : at + n], red[at : at + n]
        for i in range(n):
            target[i] = keep * target[i] + share * (factor[i] * (given[i] + total[i]))
        dots[z] = dot(given, target)


@kernel
def apply_schur(layout, links, red, black, inverse, out, dots, low, high):
    """Schur complement times red, given its balanced black; red . out of each slice to `dots`."""
    n = layout.slice
    behind = sides(layout)
    total = np.empty(n, black.dtype)
    tiny = red.dtype.type(1e-30)
    for z in range(low, high):
        at = (z + 1) * n
        _red_sums(layout, links, black, behind[(1 - (z & 1)) * layout.row :], z, total)
        factor, mine, target = inverse[at : at + n], red[at : at + n], out[at : at + n]
        for i in range(n):
            value = mine[i] / max(factor[i], tiny) - total[i]
            target[i] = value if factor[i] > 0 else 0
        dots[z] = dot(mine, target)


@kernel
def restrict(layout, links, residual, red, black, inverse, up, b, low, high):
    """As `engine.properties.checkerboard.restrict`."""
    n = layout.slice
    behind = sides(layout)
    total = np.empty(n, black.dtype)
    for z in range(low, high):
        at = (z + 1) * n
        _red_sums(layout, links, black, behind[(1 - (z & 1)) * layout.row :], z, total)
        add_up(residual, red, inverse, total, at, up, b)


@kernel
def scatter(layout, volume, red):
    """Write the even voxels of a volume to their places."""
    for z in range(layout.nz):
        for y in range(layout.ny):
            at = (z + 1) * layout.slice + (y + 1) * layout.row + 1
            for x in range((z + y) & 1, layout.nx, 2):
                red[at + (x >> 1)] = volume[z, y, x]
