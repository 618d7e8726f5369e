"""First coarsening: the voxels of each 2 x 2 x 2 box, grouped where they are joined inside it.

Merging whole boxes would join pores on the two sides of a thin wall, and clogged networks would
then converge slowly. Here each connected group inside a box becomes one node of a graph, so that
the coarse problem keeps the topology; with very different conductivities only strong links join.
"""

from __future__ import annotations

import numpy as np
from numba import njit


def _group_tables() -> tuple[np.ndarray, np.ndarray]:
    """Groups in a box for each set of links between its 8 voxels that are voxels themselves.

    Voxel k = 4 dz + 2 dy + dx is bit k. Returns the number of groups, shape (256,), and the group
    of each voxel, shape (256, 8), for a box in which all neighbouring conducting voxels are linked.
    """
    count = np.zeros(256, np.uint8)
    group = np.zeros((256, 8), np.uint8)
    for bits in range(256):
        name = list(range(8))
        for k in range(8):
            for step in (1, 2, 4):
                other = k ^ step
                if bits >> k & 1 and bits >> other & 1:
                    old, new = max(name[k], name[other]), min(name[k], name[other])
                    name = [new if n == old else n for n in name]
        seen: list[int] = []
        for k in range(8):
            if bits >> k & 1:
                if name[k] not in seen:
                    seen.append(name[k])
                group[bits, k] = seen.index(name[k])
        count[bits] = len(seen)
    return count, group


GROUP_COUNT, GROUP_OF = _group_tables()


@njit(cache=True, nogil=True)
def _strongest(cells, pair, weights, wrap, z, y, x):
    """Largest conductance of a voxel to a neighbour."""
    nz, ny, nx = cells.shape
    row = pair[cells[z, y, x]]
    most = 0.0
    if z > 0:
        most = max(most, weights[0] * row[cells[z - 1, y, x]])
    if z < nz - 1:
        most = max(most, weights[0] * row[cells[z + 1, y, x]])
    if y > 0 or wrap:
        most = max(most, weights[1] * row[cells[z, y - 1 if y > 0 else ny - 1, x]])
    if y < ny - 1 or wrap:
        most = max(most, weights[1] * row[cells[z, y + 1 if y < ny - 1 else 0, x]])
    if x > 0 or wrap:
        most = max(most, weights[2] * row[cells[z, y, x - 1 if x > 0 else nx - 1]])
    if x < nx - 1 or wrap:
        most = max(most, weights[2] * row[cells[z, y, x + 1 if x < nx - 1 else 0]])
    return most


@njit(cache=True, nogil=True)
def _linked_groups(cells, pair, weights, wrap, strength, z0, y0, x0, group):
    """Group the voxels of one box by strong links; returns the number of groups."""
    nz, ny, nx = cells.shape
    most = np.zeros(8)
    for k in range(8):
        group[k] = k
        z, y, x = z0 + (k >> 2), y0 + (k >> 1 & 1), x0 + (k & 1)
        if z < nz and y < ny and x < nx and cells[z, y, x]:
            most[k] = _strongest(cells, pair, weights, wrap, z, y, x)
    for k in range(8):
        for axis in range(3):
            step = 4 >> axis
            other = k ^ step
            if other < k or most[k] == 0 or most[other] == 0:
                continue
            a = cells[z0 + (k >> 2), y0 + (k >> 1 & 1), x0 + (k & 1)]
            b = cells[z0 + (other >> 2), y0 + (other >> 1 & 1), x0 + (other & 1)]
            if weights[axis] * pair[a, b] >= strength * max(most[k], most[other]):
                old, new = max(group[k], group[other]), min(group[k], group[other])
                for i in range(8):
                    if group[i] == old:
                        group[i] = new
    # Close the gaps in the names; voxels without any link are groups of their own.
    count = 0
    rename = np.full(8, -1, np.int64)
    for k in range(8):
        z, y, x = z0 + (k >> 2), y0 + (k >> 1 & 1), x0 + (k & 1)
        if not (z < nz and y < ny and x < nx and cells[z, y, x]):
            group[k] = 0
            continue
        if rename[group[k]] < 0:
            rename[group[k]] = count
            count += 1
        group[k] = rename[group[k]]
    return count


@njit(cache=True, nogil=True)
def group_boxes(cells, pair, weights, wrap, strength, count_of, group_of):
    """Group the voxels of every box and number the groups, even boxes first.

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
    strength : float
        Share of the strongest conductance of either voxel that a link needs; 0 links all.
    count_of, group_of : ndarray
        `GROUP_COUNT` and `GROUP_OF`.

    Returns
    -------
    base : ndarray of int32, shape (boxes z, y, x)
        Number of the first group of each box.
    code : ndarray of int64, same shape
        Bits 0-7 tell which voxels conduct, bits 8-31 hold the group of each (three bits a voxel),
        from bit 32 on stands the number of groups.
    even, nodes : int
        Number of groups in even boxes, and in all.
    """
    nz, ny, nx = cells.shape
    bz, by, bx = (nz + 1) // 2, (ny + 1) // 2, (nx + 1) // 2
    base = np.empty((bz, by, bx), np.int32)
    code = np.empty((bz, by, bx), np.int64)
    group = np.zeros(8, np.int64)
    total = np.zeros(2, np.int64)
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                bits = 0
                for k in range(8):
                    zz, yy, xx = 2 * z + (k >> 2), 2 * y + (k >> 1 & 1), 2 * x + (k & 1)
                    if zz < nz and yy < ny and xx < nx and cells[zz, yy, xx]:
                        bits |= 1 << k
                packed = bits
                if bits:
                    if strength > 0:
                        count = _linked_groups(
                            cells, pair, weights, wrap, strength, 2 * z, 2 * y, 2 * x, group
                        )
                    else:
                        count = np.int64(count_of[bits])
                        for k in range(8):
                            group[k] = group_of[bits, k]
                    for k in range(8):
                        packed |= group[k] << (8 + 3 * k)
                    packed |= count << 32
                    colour = (z + y + x) & 1
                    base[z, y, x] = total[colour]
                    total[colour] += count
                else:
                    base[z, y, x] = 0
                code[z, y, x] = packed
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                if (z + y + x) & 1:
                    base[z, y, x] += total[0]
    return base, code, total[0], total[0] + total[1]


@njit(cache=True, nogil=True)
def _face_links(cells, pair, weights, axis, a, b, code_a, code_b, links):
    """Conductance between the groups of two boxes across one face, (8, 8); returns how many."""
    count = 0
    step = 4 >> axis
    # The far layer of box a against the near layer of box b; an odd axis may end in a half box.
    far = (a[axis] * 2 + 1) < cells.shape[axis]
    for k in range(8):
        if k & step:
            continue
        here = k | step if far else k
        if not (code_a >> here & 1 and code_b >> k & 1):
            continue
        one = cells[2 * a[0] + (here >> 2), 2 * a[1] + (here >> 1 & 1), 2 * a[2] + (here & 1)]
        two = cells[2 * b[0] + (k >> 2), 2 * b[1] + (k >> 1 & 1), 2 * b[2] + (k & 1)]
        value = weights[axis] * pair[one, two]
        if value > 0:
            i, j = code_a >> (8 + 3 * here) & 7, code_b >> (8 + 3 * k) & 7
            count += links[i, j] == 0
            links[i, j] += value
    return count


@njit(cache=True, nogil=True)
def _inner_links(cells, pair, weights, a, code, links):
    """Conductance between the groups inside one box, (8, 8), upper triangle; returns how many."""
    count = 0
    for k in range(8):
        for axis in range(3):
            other = k | 4 >> axis
            if other == k or not (code >> k & 1 and code >> other & 1):
                continue
            i, j = code >> (8 + 3 * k) & 7, code >> (8 + 3 * other) & 7
            if i == j:
                continue
            one = cells[2 * a[0] + (k >> 2), 2 * a[1] + (k >> 1 & 1), 2 * a[2] + (k & 1)]
            two = cells[
                2 * a[0] + (other >> 2), 2 * a[1] + (other >> 1 & 1), 2 * a[2] + (other & 1)
            ]
            value = weights[axis] * pair[one, two]
            if value > 0:
                i, j = min(i, j), max(i, j)
                count += links[i, j] == 0
                links[i, j] += value
    return count


@njit(cache=True, nogil=True)
def link_groups(cells, pair, weights, wrap, base, code, nodes, scale):
    """Graph of the groups: conductances between them and to the plates, divided by `scale`.

    Parameters
    ----------
    cells, pair, weights, wrap
        As for `group_boxes`.
    base, code, nodes
        As returned by `group_boxes`.
    scale : float
        Divisor: piecewise constant groups are too stiff by up to 2.

    Returns
    -------
    start : ndarray of int64, shape (nodes + 1,)
    other : ndarray of int32, shape (links,)
    weight : ndarray of float32, shape (links,)
        The neighbours of node i and conductances stand in start[i]:start[i + 1].
    plate : ndarray of float64, shape (nodes,)
        Conductance to the two plates together.
    """
    nz, ny, nx = cells.shape
    bz, by, bx = base.shape
    links = np.zeros((8, 8))
    here = np.zeros(3, np.int64)
    there = np.zeros(3, np.int64)
    start = np.zeros(nodes + 1, np.int64)
    plate = np.zeros(nodes)
    # First pass counts, second pass fills.
    other = np.empty(0, np.int32)
    weight = np.empty(0, np.float32)
    cursor = np.zeros(0, np.int64)
    for filling in range(2):
        if filling:
            for i in range(nodes):
                start[i + 1] += start[i]
            other = np.empty(start[nodes], np.int32)
            weight = np.empty(start[nodes], np.float32)
            cursor = start[:nodes].copy()
        for z in range(bz):
            for y in range(by):
                for x in range(bx):
                    mine = code[z, y, x]
                    if mine == 0:
                        continue
                    here[0], here[1], here[2] = z, y, x
                    for way in range(4):
                        there[:] = here
                        if way < 3:
                            there[way] += 1
                            if there[way] == base.shape[way]:
                                # A box wraps onto itself only with a single layer: no flux there.
                                if way == 0 or not wrap or cells.shape[way] < 2:
                                    continue
                                there[way] = 0
                            theirs = code[there[0], there[1], there[2]]
                            if theirs == 0:
                                continue
                            count = _face_links(
                                cells, pair, weights, way, here, there, mine, theirs, links
                            )
                        else:
                            if mine >> 32 < 2:
                                continue
                            theirs = mine
                            count = _inner_links(cells, pair, weights, here, mine, links)
                        if count == 0:
                            continue
                        first, second = base[z, y, x], base[there[0], there[1], there[2]]
                        for i in range(mine >> 32):
                            for j in range(theirs >> 32):
                                value = links[i, j]
                                if value == 0:
                                    continue
                                links[i, j] = 0
                                a, b = first + i, second + j
                                if a == b:
                                    continue
                                if not filling:
                                    start[a + 1] += 1
                                    start[b + 1] += 1
                                    continue
                                other[cursor[a]] = b
                                other[cursor[b]] = a
                                weight[cursor[a]] = value / scale
                                weight[cursor[b]] = value / scale
                                cursor[a] += 1
                                cursor[b] += 1
    for z in (0, nz - 1):
        for y in range(ny):
            for x in range(nx):
                if cells[z, y, x]:
                    k = (z & 1) * 4 + (y & 1) * 2 + (x & 1)
                    node = base[z >> 1, y >> 1, x >> 1]
                    node += code[z >> 1, y >> 1, x >> 1] >> (8 + 3 * k) & 7
                    # The harmonic mean of a voxel with its own kind is its conductivity.
                    own = pair[cells[z, y, x], cells[z, y, x]]
                    plate[node] += 2 * weights[0] * own / scale
    return start, other, weight, plate
