"""First coarsening: the voxels of each 2 x 2 x 2 box, grouped where they connect inside it.

Merging whole boxes would join pores on the two sides of a thin wall, and clogged networks would
then converge slowly. Here each connected group inside a box becomes one node of a graph, so that
the coarse problem keeps the topology; with very different conductivities only strong links join.

Voxel k = 4 dz + 2 dy + dx of a box is bit k of its code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from engine.properties.conductor import Conductor
from engine.properties.graph import Level, pack


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


def _full_codes() -> np.ndarray:
    """Code of every box whose neighbouring conducting voxels are all linked, shape (256,)."""
    count, group = _group_tables()
    codes = np.arange(256, dtype=np.int64) | count.astype(np.int64) << 32
    for k in range(8):
        codes |= group[:, k].astype(np.int64) << (8 + 3 * k)
    return codes


CODES = _full_codes()
BIT_COUNT = np.array([bits.bit_count() for bits in range(256)], np.uint8)


class Boxes(NamedTuple):
    """Groups of the finest voxels."""

    base: np.ndarray  # int32, shape (boxes z, y, x): first group of each box
    code: np.ndarray  # int64, same shape: bits 0-7 which voxels conduct, 8-31 the group of each
    # (three bits a voxel), from bit 32 on the number of groups
    level: Level


def group_conductor(conductor: Conductor, scale: float) -> Boxes:
    """Group the voxels of every box, and link the groups.

    Parameters
    ----------
    conductor : Conductor
        Periodic sides must be even.
    scale : float
        Divisor of the conductances.
    """
    cells, pair, weights, wrap = conductor
    strength = conductor.strength
    most = np.empty((0, 0, 0), np.float32)
    if strength > 0:
        most = strongest_links(cells, pair, weights, wrap)
    base, code, box, colour = group_boxes(cells, pair, weights, strength, most, CODES)
    one, two, weight, plate = link_groups(
        cells, pair, weights, wrap, base, code, box.size, BIT_COUNT, scale
    )
    return Boxes(base, code, Level(one, two, weight, plate, colour, box))


@njit(cache=True, nogil=True)
def strongest_links(cells, pair, weights, wrap):
    """Largest conductance of each voxel to a neighbour, float32, shape (nz, ny, nx)."""
    nz, ny, nx = cells.shape
    most = np.zeros((nz, ny, nx), np.float32)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                own = cells[z, y, x]
                if not own:
                    continue
                if z + 1 < nz:
                    value = np.float32(weights[0] * pair[own, cells[z + 1, y, x]])
                    most[z, y, x] = max(most[z, y, x], value)
                    most[z + 1, y, x] = max(most[z + 1, y, x], value)
                if y + 1 < ny or wrap:
                    other = y + 1 if y + 1 < ny else 0
                    value = np.float32(weights[1] * pair[own, cells[z, other, x]])
                    most[z, y, x] = max(most[z, y, x], value)
                    most[z, other, x] = max(most[z, other, x], value)
                if x + 1 < nx or wrap:
                    other = x + 1 if x + 1 < nx else 0
                    value = np.float32(weights[2] * pair[own, cells[z, y, other]])
                    most[z, y, x] = max(most[z, y, x], value)
                    most[z, y, other] = max(most[z, y, other], value)
    return most


@njit(cache=True, nogil=True)
def _strong_code(cells, pair, weights, strength, most, bits, z, y, x, group):
    """Code of the box whose first voxel is (z, y, x), with groups along strong links only."""
    for k in range(8):
        group[k] = k
    for k in range(8):
        if not bits >> k & 1:
            continue
        zk, yk, xk = z + (k >> 2), y + (k >> 1 & 1), x + (k & 1)
        for axis in range(3):
            other = k | 4 >> axis
            if other == k or not bits >> other & 1:
                continue
            zo, yo, xo = z + (other >> 2), y + (other >> 1 & 1), x + (other & 1)
            value = weights[axis] * pair[cells[zk, yk, xk], cells[zo, yo, xo]]
            if value >= strength * max(most[zk, yk, xk], most[zo, yo, xo]):
                old, new = max(group[k], group[other]), min(group[k], group[other])
                if old != new:
                    for i in range(8):
                        if group[i] == old:
                            group[i] = new
    # A group is named after its first voxel: close the gaps.
    code = bits
    count = 0
    for k in range(8):
        if bits >> k & 1:
            if group[k] == k:
                name = count
                count += 1
            else:
                name = code >> (8 + 3 * group[k]) & 7
            code |= name << (8 + 3 * k)
    return code | count << 32


@njit(cache=True, nogil=True)
def group_boxes(cells, pair, weights, strength, most, codes):
    """Number the groups of every box.

    Parameters
    ----------
    cells, pair, weights
        A `Conductor`.
    strength : float
        Share of the strongest conductance of either voxel that a link needs; 0 links all.
    most : ndarray of float32, shape (nz, ny, nx)
        `strongest_links`; not used for strength 0.
    codes : ndarray of int64, shape (256,)
        `CODES`.

    Returns
    -------
    base, code
        See `Boxes`.
    box : ndarray of int64, shape (groups,)
        Position of the box of each group, see `engine.properties.graph.pack`.
    colour : ndarray of uint8, shape (groups,)
        0 in even boxes, 1 in odd ones.
    """
    nz, ny, nx = cells.shape
    bz, by, bx = (nz + 1) // 2, (ny + 1) // 2, (nx + 1) // 2
    base = np.empty((bz, by, bx), np.int32)
    code = np.zeros((bz, by, bx), np.int64)
    row = np.zeros(bx, np.uint8)
    group = np.zeros(8, np.int64)
    total = 0
    for z in range(bz):
        for y in range(by):
            row[:] = 0
            for q in range(4):
                zz, yy = 2 * z + (q >> 1), 2 * y + (q & 1)
                if zz >= nz or yy >= ny:
                    continue
                line = cells[zz, yy]
                for x in range(nx // 2):
                    left = np.uint8(line[2 * x] != 0)
                    right = np.uint8(line[2 * x + 1] != 0)
                    row[x] |= (left | right << 1) << (2 * q)
                if nx & 1:
                    row[bx - 1] |= np.uint8(line[nx - 1] != 0) << (2 * q)
            for x in range(bx):
                base[z, y, x] = total
                if row[x] == 0:
                    continue
                if strength > 0:
                    code[z, y, x] = _strong_code(
                        cells, pair, weights, strength, most, np.int64(row[x]),
                        2 * z, 2 * y, 2 * x, group,
                    )  # fmt: skip
                else:
                    code[z, y, x] = codes[row[x]]
                total += code[z, y, x] >> 32
    box = np.empty(total, np.int64)
    colour = np.empty(total, np.uint8)
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                first = base[z, y, x]
                for node in range(first, first + (code[z, y, x] >> 32)):
                    box[node] = pack(z, y, x)
                    colour[node] = (z + y + x) & 1
    return base, code, box, colour


@njit(cache=True, nogil=True)
def _class_at(cells, box, k):
    """Class of voxel k of a box."""
    return cells[2 * box[0] + (k >> 2), 2 * box[1] + (k >> 1 & 1), 2 * box[2] + (k & 1)]


@njit(cache=True, nogil=True)
def _add_links(cells, pair, weight, step, joint, here, there, ends, code, links, out, count):
    """Note the links from voxels k | step of one box to voxels k of another, k in `joint`.

    `ends` are the first groups of the two boxes, `code` their codes, `links` (8, 8) is scratch and
    stays zero. Returns the number of links noted so far.
    """
    one, two, value = out
    for k in range(8):
        if joint >> k & 1:
            i, j = code[0] >> (8 + 3 * (k | step)) & 7, code[1] >> (8 + 3 * k) & 7
            links[i, j] += (
                weight * pair[_class_at(cells, here, k | step), _class_at(cells, there, k)]
            )
    for k in range(8):
        if joint >> k & 1:
            i, j = code[0] >> (8 + 3 * (k | step)) & 7, code[1] >> (8 + 3 * k) & 7
            if links[i, j] > 0:
                if ends[0] + i != ends[1] + j:
                    one[count], two[count] = ends[0] + i, ends[1] + j
                    value[count] = links[i, j]
                    count += 1
                links[i, j] = 0
    return count


@njit(cache=True, nogil=True)
def link_groups(cells, pair, weights, wrap, base, code, nodes, bit_count, scale):
    """Links between the groups and their conductances to the plates, divided by `scale`.

    Parameters
    ----------
    cells, pair, weights, wrap
        A `Conductor`; periodic sides must be even.
    base, code, nodes
        As returned by `group_boxes`; `nodes` is the number of groups.
    bit_count : ndarray of uint8, shape (256,)
        `BIT_COUNT`.
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
    bz, by, bx = base.shape
    uniform = pair.shape[0] == 2
    # A box has 12 voxel faces forward and 12 inside; these only with two groups or more.
    one = np.empty(16 * nodes, np.int32)
    two = np.empty(16 * nodes, np.int32)
    weight = np.empty(16 * nodes, np.float32)
    plate = np.zeros(nodes)
    count = 0
    links = np.zeros((8, 8))
    here = np.zeros(3, np.int64)
    there = np.zeros(3, np.int64)
    near = (15, 51, 85)  # bits of the layer at the low side across z, y, x
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                mine = code[z, y, x]
                if mine == 0:
                    continue
                a = base[z, y, x]
                here[0], here[1], here[2] = z, y, x
                for axis in range(3):
                    step, unit = 4 >> axis, weights[axis] / scale
                    if not uniform and mine >> 32 > 1:
                        # Inside the box; a pair of groups may get a link for each axis.
                        joint = (mine & 255) >> step & mine & near[axis]
                        count = _add_links(
                            cells, pair, unit, step, joint, here, here, (a, a), (mine, mine),
                            links, (one, two, weight), count,
                        )  # fmt: skip
                    there[0], there[1], there[2] = z, y, x
                    there[axis] += 1
                    if there[axis] == base.shape[axis]:
                        if axis == 0 or not wrap:
                            continue
                        there[axis] = 0
                    theirs = code[there[0], there[1], there[2]]
                    joint = (mine & 255) >> step & theirs & near[axis]
                    if joint == 0:
                        continue
                    b = base[there[0], there[1], there[2]]
                    if uniform and mine >> 32 == 1 and theirs >> 32 == 1:
                        if a != b:
                            one[count], two[count] = a, b
                            weight[count] = unit * bit_count[joint]
                            count += 1
                        continue
                    count = _add_links(
                        cells, pair, unit, step, joint, here, there, (a, b), (mine, theirs),
                        links, (one, two, weight), count,
                    )  # fmt: skip
    nz, ny, nx = cells.shape
    for z in (0, nz - 1):
        for y in range(ny):
            for x in range(nx):
                own = cells[z, y, x]
                if own:
                    k = 4 * (z & 1) + 2 * (y & 1) + (x & 1)
                    group = code[z >> 1, y >> 1, x >> 1] >> (8 + 3 * k) & 7
                    # The harmonic mean of a voxel with its own kind is its conductivity.
                    plate[base[z >> 1, y >> 1, x >> 1] + group] += (
                        2 * weights[0] * pair[own, own] / scale
                    )
    return one[:count], two[:count], weight[:count], plate
