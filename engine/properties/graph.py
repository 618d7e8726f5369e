"""Coarse levels as one graph: repeated grouping, and the cycle that solves on them.

All levels lie behind one another in the same arrays, so that the whole cycle is one kernel. Nodes
of a level are numbered even boxes first ("red"), odd boxes last ("black"): where boxes only touch
their neighbours, a red node has black neighbours only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

DIRECT = 128  # levels of at most this many nodes are solved with a dense inverse
OVERCORRECTION = 1.75
"""Divisor of coarse conductances. Piecewise constant groups make the coarse problem too stiff (by
2 for smooth fields on a full grid); tried 1 to 2 on clogged and open pores: flat around 1.75."""


class Level(NamedTuple):
    """One graph: links in compressed rows, conductance to the plates, where its nodes lie."""

    start: np.ndarray  # (nodes + 1,) int64
    other: np.ndarray  # (links,) int32
    weight: np.ndarray  # (links,) float32
    plate: np.ndarray  # (nodes,) float64
    box: np.ndarray  # (nodes,) int64, linear index of the box in `grid`
    grid: tuple[int, int, int]
    even: int  # number of nodes in even boxes


class Hierarchy(NamedTuple):
    """Levels behind one another; node numbers in `other` and `parent` count through."""

    first: np.ndarray  # (levels + 1,) int64: first node of each level
    red_end: np.ndarray  # (levels,) int64
    two_coloured: np.ndarray  # (levels,) bool: no link joins two nodes of one colour
    start: np.ndarray
    other: np.ndarray
    weight: np.ndarray
    diagonal: np.ndarray  # (nodes,) float64
    inverse: np.ndarray  # (nodes,) float64: 1 / diagonal
    parent: np.ndarray  # (nodes,) int32
    dense: np.ndarray  # (m, m) float64 inverse of the last level, or (0, 0)
    x: np.ndarray  # (nodes,) float64, unknowns
    b: np.ndarray  # (nodes,) float64, right sides


def build_hierarchy(level: Level, strength: float) -> Hierarchy:
    """Group repeatedly until a level can be solved directly.

    Parameters
    ----------
    level : Level
        The finest graph.
    strength : float
        See `engine.properties.boxes.group_boxes`.
    """
    levels, parents = [level], []
    while level.plate.size > DIRECT:
        if max(level.grid) == 1:
            break
        gz, gy, gx = level.grid
        grid = ((gz + 1) // 2, (gy + 1) // 2, (gx + 1) // 2)
        # In the last box weak links must join, or strength could stop the grouping for good.
        demand = strength if max(grid) > 1 else 0.0
        start, other, weight, plate, box, even, parent = coarsen(
            level.start,
            level.other,
            level.weight,
            level.plate,
            level.box,
            np.array(level.grid),
            demand,
            OVERCORRECTION,
        )
        level = Level(start, other, weight, plate, box, grid, even)
        parents.append(parent)
        levels.append(level)
    sizes = [item.plate.size for item in levels]
    first = np.concatenate(([0], np.cumsum(sizes)))
    shifts = np.concatenate(([0], np.cumsum([item.other.size for item in levels])))
    start = np.concatenate(
        [item.start[:-1] + shift for item, shift in zip(levels, shifts[:-1], strict=True)]
        + [shifts[-1:]]
    )
    other = np.concatenate(
        [item.other + np.int32(f) for item, f in zip(levels, first, strict=False)]
    )
    weight = np.concatenate([item.weight for item in levels])
    plate = np.concatenate([item.plate for item in levels])
    parent = np.concatenate(
        [item + np.int32(f) for item, f in zip(parents, first[1:], strict=False)]
        + [np.zeros(sizes[-1], np.int32)]
    )
    red_end = first[:-1] + [item.even for item in levels]
    diagonal = row_sums(start, weight, plate)
    two_coloured = find_two_coloured(first, red_end, start, other)
    dense = np.empty((0, 0))
    if sizes[-1] <= DIRECT:
        dense = np.linalg.inv(_dense(levels[-1]))
    nodes = int(first[-1])
    return Hierarchy(
        first,
        red_end,
        two_coloured,
        start,
        other,
        weight,
        diagonal,
        1 / diagonal,
        parent,
        dense,
        np.zeros(nodes),
        np.zeros(nodes),
    )


def _dense(level: Level) -> np.ndarray:
    """Matrix of a small level."""
    size = level.plate.size
    rows = np.repeat(np.arange(size), np.diff(level.start))
    matrix = np.zeros((size, size))
    np.add.at(matrix, (rows, level.other), -level.weight.astype(float))
    matrix[np.arange(size), np.arange(size)] += row_sums(level.start, level.weight, level.plate)
    return matrix


@njit(cache=True, nogil=True)
def row_sums(start, weight, plate):
    """Diagonal: all conductances of each node."""
    total = plate.copy()
    for i in range(plate.size):
        for k in range(start[i], start[i + 1]):
            total[i] += weight[k]
    return total


@njit(cache=True, nogil=True)
def find_two_coloured(first, red_end, start, other):
    """Whether no link of a level joins two nodes of one colour, per level."""
    result = np.ones(red_end.size, np.bool_)
    for level in range(red_end.size):
        for i in range(first[level], first[level + 1]):
            for k in range(start[i], start[i + 1]):
                if (i < red_end[level]) == (other[k] < red_end[level]):
                    result[level] = False
    return result


@njit(cache=True, nogil=True)
def _root(name, i):
    while name[i] != i:
        name[i] = name[name[i]]
        i = name[i]
    return i


@njit(cache=True, nogil=True)
def coarsen(start, other, weight, plate, box, grid, strength, scale):
    """Group the nodes of each 2 x 2 x 2 block of boxes along strong links.

    Parameters
    ----------
    start, other, weight, plate, box, grid
        A `Level`; `grid` as an array.
    strength : float
        Share of the strongest conductance of either node that a link needs; 0 links all.
    scale : float
        Divisor of the coarse conductances.

    Returns
    -------
    start, other, weight, plate, box, even
        The next `Level`.
    parent : ndarray of int32, shape (nodes,)
        Coarse node of each fine one.
    """
    nodes = plate.size
    gy, gx = grid[1], grid[2]
    cy, cx = (gy + 1) // 2, (gx + 1) // 2
    boxes = (grid[0] + 1) // 2 * cy * cx
    above = np.empty(nodes, np.int64)
    most = np.zeros(nodes, np.float32)
    for i in range(nodes):
        z, y, x = box[i] // (gy * gx), box[i] // gx % gy, box[i] % gx
        above[i] = ((z >> 1) * cy + (y >> 1)) * cx + (x >> 1)
        if strength > 0:
            for k in range(start[i], start[i + 1]):
                most[i] = max(most[i], weight[k])
    name = np.arange(nodes)
    for i in range(nodes):
        for k in range(start[i], start[i + 1]):
            j = other[k]
            if j > i and above[i] == above[j]:
                if strength > 0 and weight[k] < strength * max(most[i], most[j]):
                    continue
                a, b = _root(name, i), _root(name, j)
                if a < b:
                    name[b] = a
                elif b < a:
                    name[a] = b
    # Number the groups by colour of their box, then box, then first node.
    at = np.zeros(boxes, np.int64)
    for i in range(nodes):
        if name[i] == i:
            at[above[i]] += 1
    total = 0
    even = 0
    for colour in range(2):
        for c in range(boxes):
            if ((c // (cy * cx)) + (c // cx % cy) + c % cx) & 1 == colour:
                count = at[c]
                at[c] = total
                total += count
        if colour == 0:
            even = total
    parent = np.empty(nodes, np.int32)
    new_box = np.empty(total, np.int64)
    for i in range(nodes):
        if name[i] == i:
            parent[i] = at[above[i]]
            new_box[parent[i]] = above[i]
            at[above[i]] += 1
        else:
            parent[i] = parent[_root(name, i)]
    # Members of each group, then its links, each neighbour once.
    member_start = np.zeros(total + 1, np.int64)
    for i in range(nodes):
        member_start[parent[i] + 1] += 1
    for c in range(total):
        member_start[c + 1] += member_start[c]
    members = np.empty(nodes, np.int32)
    cursor = member_start[:total].copy()
    for i in range(nodes):
        members[cursor[parent[i]]] = i
        cursor[parent[i]] += 1
    new_start = np.zeros(total + 1, np.int64)
    new_other = np.empty(other.size, np.int32)
    new_weight = np.empty(other.size, np.float32)
    new_plate = np.zeros(total)
    place = np.full(total, -1, np.int64)
    count = 0
    for c in range(total):
        begin = count
        for m in range(member_start[c], member_start[c + 1]):
            i = members[m]
            new_plate[c] += plate[i] / scale
            for k in range(start[i], start[i + 1]):
                d = parent[other[k]]
                if d == c:
                    continue
                if place[d] < begin:
                    place[d] = count
                    new_other[count] = d
                    new_weight[count] = weight[k] / scale
                    count += 1
                else:
                    new_weight[place[d]] += weight[k] / scale
        new_start[c + 1] = count
    return (
        new_start,
        new_other[:count].copy(),
        new_weight[:count].copy(),
        new_plate,
        new_box,
        even,
        parent,
    )


@njit(cache=True, nogil=True)
def _relax(start, other, weight, inverse, b, x, low, high):
    """Gauss-Seidel over the nodes low, ..., high - 1."""
    for i in range(low, high):
        total = b[i]
        for k in range(start[i], start[i + 1]):
            total += weight[k] * x[other[k]]
        x[i] = total * inverse[i]


@njit(cache=True, nogil=True)
def _relax_back(start, other, weight, inverse, b, x, low, high):
    """Gauss-Seidel over the nodes high - 1, ..., low."""
    for i in range(high - 1, low - 1, -1):
        total = b[i]
        for k in range(start[i], start[i + 1]):
            total += weight[k] * x[other[k]]
        x[i] = total * inverse[i]


@njit(cache=True, nogil=True)
def _restrict(start, other, weight, diagonal, parent, b, x, low, high):
    """Add the residuals of nodes to the right side of their parents."""
    for i in range(low, high):
        total = b[i] - diagonal[i] * x[i]
        for k in range(start[i], start[i + 1]):
            total += weight[k] * x[other[k]]
        b[parent[i]] += total


@njit(cache=True, nogil=True)
def coarse_cycle(
    first,
    red_end,
    two_coloured,
    start,
    other,
    weight,
    diagonal,
    inverse,
    parent,
    dense,
    x,
    b,
    repeat,
):
    """Symmetric W-cycle from the first level of the graph: reads b there, leaves x there.

    `repeat` (levels,) tells how often a level is cycled before its correction goes up. Where a
    level is two-coloured, its black residual vanishes after the sweep and needs no work.
    """
    levels = red_end.size
    done = np.zeros(levels, np.int64)
    level = 0
    while True:
        low, mid, high = first[level], red_end[level], first[level + 1]
        if level < levels - 1:
            # Down: red, black, then the residual to the next level.
            if not two_coloured[level]:
                if done[level] == 0:
                    x[low:high] = 0
                _relax(start, other, weight, inverse, b, x, low, high)
            else:
                if done[level] == 0:
                    for i in range(low, mid):
                        x[i] = b[i] * inverse[i]
                _relax(start, other, weight, inverse, b, x, mid, high)
            b[high : first[level + 2]] = 0
            end = mid if two_coloured[level] else high
            _restrict(start, other, weight, diagonal, parent, b, x, low, end)
            level += 1
            done[level] = 0
            continue
        if dense.size:
            for i in range(low, high):
                total = 0.0
                for j in range(low, high):
                    total += dense[i - low, j - low] * b[j]
                x[i] = total
        else:
            x[low:high] = 0
            for _ in range(2):
                _relax(start, other, weight, inverse, b, x, low, high)
                _relax_back(start, other, weight, inverse, b, x, low, high)
        # Up, as far as levels are done.
        while True:
            level -= 1
            if level < 0:
                return
            low, mid, high = first[level], red_end[level], first[level + 1]
            end = mid if two_coloured[level] else high
            for i in range(low, end):
                x[i] += x[parent[i]]
            _relax_back(start, other, weight, inverse, b, x, mid, high)
            _relax_back(start, other, weight, inverse, b, x, low, mid)
            done[level] += 1
            if done[level] < repeat[level]:
                break
