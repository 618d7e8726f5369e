"""First coarsening of several phases: the voxels of each 2 x 2 x 2 box, grouped where they connect.

Merging whole boxes would join pores on the two sides of a thin wall, and clogged networks would
then converge slowly. Here each connected group inside a box becomes one node of a graph, so that
the coarse problem keeps the topology; with very different conductivities only strong links join.

Voxel k = 4 dz + 2 dy + dx of a box is bit k of its code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.compiled import kernel
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
LAYER = np.array([[0, 1, 2, 3], [0, 1, 4, 5], [0, 2, 4, 6]])
"""Voxels at the low side of a box across z, y, x."""
BIT_COUNT = np.array([bits.bit_count() for bits in range(256)], np.uint8)


class Boxes(NamedTuple):
    """Groups of the finest voxels."""

    base: np.ndarray  # int32, shape (boxes z, y, x): first group of each box
    code: np.ndarray  # int64, same shape: bits 0-7 which voxels conduct, 8-31 the group of each
    # (three bits a voxel), 32-39 the number of groups, from bit 40 on the class, if there is one
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
        most = np.zeros(cells.shape, np.float32)
        strongest_links(cells, pair, weights, wrap, most)
    boxes = tuple((edge + 1) // 2 for edge in cells.shape)
    base, code = np.empty(boxes, np.int32), np.zeros(boxes, np.int64)
    box, colour = group_boxes(cells, pair, weights, strength, most, CODES, base, code)
    one, two, weight, plate = link_groups(
        cells, pair, weights, wrap, base, code, box.size, BIT_COUNT, scale
    )
    return Boxes(base, code, Level(one, two, weight, plate, colour, box))


@kernel
def strongest_links(cells, pair, weights, wrap, most):
    """Write the largest conductance of each voxel to a neighbour to zeros of shape (nz, ny, nx)."""
    nz, ny, nx = cells.shape
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


FACES = np.array([(k, k | step, axis) for axis, step in enumerate((4, 2, 1)) for k in range(8)
                  if not k & step])  # fmt: skip
"""The 12 faces inside a box: two voxels, and the axis across which they touch."""


def _roots() -> np.ndarray:
    """First voxel of the group of each voxel, three bits a voxel, for every set of joined faces."""
    sets = np.arange(1 << len(FACES))
    root = np.tile(np.arange(8), (sets.size, 1))
    for _ in range(7):  # the longest way through a box
        for f, (one, two, _) in enumerate(FACES):
            joined = (sets >> f & 1).astype(bool)
            least = np.minimum(root[joined, one], root[joined, two])
            root[joined, one] = root[joined, two] = least
    return (root << 3 * np.arange(8)).sum(axis=1)


ROOTS = _roots()


@kernel
def _strong_code(cells, pair, weights, strength, most, bits, z, y, x, kind, demand):
    """Code of the box whose first voxel is (z, y, x), with groups along strong links only."""
    for k in range(8):
        kind[k] = 0
        if bits >> k & 1:
            kind[k] = cells[z + (k >> 2), y + (k >> 1 & 1), x + (k & 1)]
            demand[k] = strength * most[z + (k >> 2), y + (k >> 1 & 1), x + (k & 1)]
    joined = 0
    for f in range(FACES.shape[0]):
        one, two = FACES[f, 0], FACES[f, 1]
        value = weights[FACES[f, 2]] * pair[kind[one], kind[two]]
        joined |= ((value > 0) & (value >= demand[one]) & (value >= demand[two])) << f
    roots = ROOTS[joined]
    # A group is named after its first voxel: close the gaps.
    code = bits
    count = 0
    for k in range(8):
        root = roots >> (3 * k) & 7
        inside = bits >> k & 1
        first = inside & (root == k)
        name = count if first else code >> (8 + 3 * root) & 7
        count += first
        code |= (name * inside) << (8 + 3 * k)
    return code | count << 32


@kernel
def group_boxes(cells, pair, weights, strength, most, codes, base, code):
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
    base, code : ndarray
        Filled, see `Boxes`; `code` with zeros before.

    Returns
    -------
    box : ndarray of int64, shape (groups,)
        Position of the box of each group, see `engine.properties.graph.pack`.
    colour : ndarray of uint8, shape (groups,)
        0 in even boxes, 1 in odd ones.
    """
    nz, ny, nx = cells.shape
    bz, by, bx = base.shape
    row = np.zeros(bx, np.uint8)
    least, largest = np.zeros(bx, np.uint8), np.zeros(bx, np.uint8)
    kind = np.zeros(8, np.uint8)
    demand = np.zeros(8)
    # A harmonic mean is at most twice the smaller conductivity: unless voxels are very flat, all
    # links inside a box of one class are strong.
    # Compared one by one, as a maximum of three takes half a second to compile.
    plain = True
    for one in range(3):
        for other in range(3):
            plain &= 2 * strength * weights[one] <= weights[other]
    total = 0
    for z in range(bz):
        for y in range(by):
            row[:] = 0
            least[:] = 255
            largest[:] = 0
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
                for x in range(nx):
                    value = line[x]
                    largest[x >> 1] = max(largest[x >> 1], value)
                    least[x >> 1] = min(least[x >> 1], value if value else np.uint8(255))
            for x in range(bx):
                base[z, y, x] = total
                if row[x] == 0:
                    continue
                pure = least[x] == largest[x]
                if strength > 0 and not (plain and pure):
                    code[z, y, x] = _strong_code(
                        cells, pair, weights, strength, most, np.int64(row[x]),
                        2 * z, 2 * y, 2 * x, kind, demand,
                    )  # fmt: skip
                else:
                    code[z, y, x] = codes[row[x]]
                total += code[z, y, x] >> 32
                if pure:
                    code[z, y, x] |= np.int64(least[x]) << 40
    box = np.empty(total, np.int64)
    colour = np.empty(total, np.uint8)
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                first = base[z, y, x]
                for node in range(first, first + (code[z, y, x] >> 32 & 255)):
                    box[node] = pack(z, y, x)
                    colour[node] = (z + y + x) & 1
    return box, colour


@kernel
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
    nz, ny, nx = cells.shape
    # A box has 12 voxel faces forward and 12 inside; these only with two groups or more.
    one = np.empty(16 * nodes, np.int32)
    two = np.empty(16 * nodes, np.int32)
    weight = np.empty(16 * nodes, np.float32)
    plate = np.zeros(nodes)
    count = 0
    # Bits of the layer at the low side across z, y, x.
    near = (np.int64(15), np.int64(51), np.int64(85))
    voxel = np.empty(8, np.int64)
    for k in range(8):
        voxel[k] = ((k >> 2) * ny + (k >> 1 & 1)) * nx + (k & 1)
    classes = cells.ravel()
    codes, bases = code.ravel(), base.ravel()
    ways = (by * bx, bx, 1)
    there = (bz, by, bx)
    flow = np.empty(4)
    found_one = np.empty(4, np.int64)
    found_two = np.empty(4, np.int64)
    n = -1
    for z in range(bz):
        for y in range(by):
            for x in range(bx):
                n += 1
                mine = codes[n]
                if mine == 0:
                    continue
                a = np.int64(bases[n])
                at = (2 * z * ny + 2 * y) * nx + 2 * x
                place = (z, y, x)
                single = mine >> 32 & 255 == 1 and mine >> 40 > 0
                for axis in range(3):
                    step, unit = 4 >> axis, weights[axis] / scale
                    for inside in range(2):
                        if inside:
                            # Inside the box; a pair of groups may get a link for each axis.
                            if mine >> 32 & 255 == 1:
                                break
                            m = n
                        else:
                            m = n + ways[axis]
                            if place[axis] + 1 == there[axis]:
                                if axis == 0 or not wrap:
                                    continue
                                m -= there[axis] * ways[axis]
                        theirs = codes[m]
                        joint = (mine & 255) >> step & theirs & near[axis]
                        if joint == 0:
                            continue
                        b = np.int64(bases[m])
                        if single and theirs >> 32 & 255 == 1 and theirs >> 40:
                            value = unit * pair[mine >> 40, theirs >> 40]
                            if a != b and value > 0:
                                one[count], two[count] = a, b
                                weight[count] = value * bit_count[joint]
                                count += 1
                            continue
                        to = at
                        if not inside:
                            over = m - n  # in boxes; across a periodic side a whole row back
                            to = at + 2 * voxel[step] * (over // ways[axis])
                        links = 0
                        for c in range(4):
                            k = LAYER[axis, c]
                            if not joint >> k & 1:
                                continue
                            i = a + (mine >> (8 + 3 * (k | step)) & 7)
                            j = b + (theirs >> (8 + 3 * k) & 7)
                            value = unit
                            value *= pair[classes[at + voxel[k | step]], classes[to + voxel[k]]]
                            known = 0
                            while known < links and (
                                found_one[known] != i or found_two[known] != j
                            ):
                                known += 1
                            if known == links:
                                found_one[links], found_two[links] = i, j
                                flow[links] = 0.0
                                links += 1
                            flow[known] += value
                        for c in range(links):
                            if found_one[c] != found_two[c] and flow[c] > 0:
                                one[count], two[count] = found_one[c], found_two[c]
                                weight[count] = flow[c]
                                count += 1
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
