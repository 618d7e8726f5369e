"""First coarsening of a single phase: the voxels of each 2 x 2 x 2 box, grouped where they connect.

Merging whole boxes would join pores on the two sides of a thin wall, and clogged networks would
then converge slowly. Here each connected group inside a box becomes one node of a graph, so that
the coarse problem keeps the topology.

Voxel k = 4 dz + 2 dy + dx of a box is bit k of its code.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.properties.graph import pack


def _group_tables() -> tuple[np.ndarray, np.ndarray]:
    """Number of groups, shape (256,), and group of each voxel, shape (256, 8), for all boxes."""
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
BIT_COUNT = np.array([bits.bit_count() for bits in range(256)], np.uint8)


@njit(cache=True, nogil=True)
def group_boxes(cells, count_of):
    """Number the groups of every box.

    Parameters
    ----------
    cells : ndarray of uint8, shape (nz, ny, nx)
        Not 0 where current can flow.
    count_of : ndarray of uint8, shape (256,)
        `GROUP_COUNT`.

    Returns
    -------
    base : ndarray of int32, shape (boxes z, y, x)
        Number of the first group of each box.
    code : ndarray of uint8, same shape
        Which voxels conduct.
    box : ndarray of int64, shape (groups,)
        Position of the box of each group, see `engine.properties.graph.pack`.
    colour : ndarray of uint8, shape (groups,)
        0 in even boxes, 1 in odd ones.
    """
    nz, ny, nx = cells.shape
    bz, by, bx = (nz + 1) // 2, (ny + 1) // 2, (nx + 1) // 2
    base = np.empty((bz, by, bx), np.int32)
    code = np.zeros((bz, by, bx), np.uint8)
    for z in range(nz):
        for y in range(ny):
            line, bits = cells[z, y], code[z >> 1, y >> 1]
            shift = 4 * (z & 1) + 2 * (y & 1)
            for x in range(nx // 2):
                left = np.uint8(line[2 * x] != 0)
                right = np.uint8(line[2 * x + 1] != 0)
                bits[x] |= (left | right << 1) << shift
            if nx & 1:
                bits[bx - 1] |= np.uint8(line[nx - 1] != 0) << shift
    total = 0
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                base[z, y, x] = total
                total += count_of[code[z, y, x]]
    box = np.empty(total, np.int64)
    colour = np.empty(total, np.uint8)
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                first = base[z, y, x]
                for node in range(first, first + count_of[code[z, y, x]]):
                    box[node] = pack(z, y, x)
                    colour[node] = (z + y + x) & 1
    return base, code, box, colour


@njit(cache=True, nogil=True)
def link_groups(shape, weights, wrap, base, code, nodes, tables, scale):
    """Links between the groups and their conductances to the plates, divided by `scale`.

    Parameters
    ----------
    shape : tuple of three ints
        Voxels along z, y, x.
    weights : ndarray of float64, shape (3,)
        Conductance of a face across z, y, x.
    wrap : bool
        Whether the sides touch their opposites; their lengths must be even.
    base, code, nodes
        As returned by `group_boxes`; `nodes` is the number of groups.
    tables : tuple of ndarray
        `GROUP_COUNT`, `GROUP_OF`, `BIT_COUNT`.
    scale : float
        Divisor of the conductances.

    Returns
    -------
    one, two : ndarray of int32, shape (links,)
        Nodes that a link joins.
    weight : ndarray of float32, shape (links,)
    plate : ndarray of float64, shape (nodes,)
        Conductance to the two plates together.
    """
    count_of, group_of, bit_count = tables
    bz, by, bx = base.shape
    most = 0
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                most += 3 * count_of[code[z, y, x]]
    # A group has at most three links forward for each further group beyond: four per face.
    one = np.empty(4 * most, np.int32)
    two = np.empty(4 * most, np.int32)
    weight = np.empty(4 * most, np.float32)
    plate = np.zeros(nodes)
    count = 0
    links = np.zeros((4, 4), np.int64)
    near = (15, 51, 85)  # bits of the layer at the low side across z, y, x
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                mine = np.int64(code[z, y, x])
                if mine == 0:
                    continue
                a = base[z, y, x]
                for axis in range(3):
                    zz, yy, xx = z, y, x
                    if axis == 0:
                        zz += 1
                        if zz == bz:
                            continue
                    elif axis == 1:
                        yy += 1
                        if yy == by:
                            if not wrap:
                                continue
                            yy = 0
                    else:
                        xx += 1
                        if xx == bx:
                            if not wrap:
                                continue
                            xx = 0
                    theirs = np.int64(code[zz, yy, xx])
                    step = 4 >> axis
                    joint = (mine >> step) & theirs & near[axis]
                    if joint == 0:
                        continue
                    b = base[zz, yy, xx]
                    unit = weights[axis] / scale
                    if count_of[mine] == 1 and count_of[theirs] == 1:
                        if a != b:
                            one[count], two[count] = a, b
                            weight[count] = unit * bit_count[joint]
                            count += 1
                        continue
                    for k in range(8):
                        if joint >> k & 1:
                            links[group_of[mine, k | step], group_of[theirs, k]] += 1
                    for i in range(count_of[mine]):
                        for j in range(count_of[theirs]):
                            if links[i, j]:
                                if a + i != b + j:
                                    one[count], two[count] = a + i, b + j
                                    weight[count] = unit * links[i, j]
                                    count += 1
                                links[i, j] = 0
    nz = shape[0]
    for z in (0, nz - 1):
        for y in range(by):
            for x in range(bx):
                bits = np.int64(code[z >> 1, y, x])
                for k in range(4 * (z & 1), 4 * (z & 1) + 4):
                    if bits >> k & 1:
                        node = base[z >> 1, y, x] + group_of[bits, k]
                        plate[node] += 2 * weights[0] / scale
    return one[:count], two[:count], weight[:count], plate
