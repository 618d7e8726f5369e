"""Graphs of conductances: how they are made coarser, and how they are stored for sweeps.

A level is made as a list of links. For sweeps its nodes are sorted by colour (even boxes first,
"red"; where boxes only touch their neighbours a red node has black neighbours only) and then by
their number of links, and the links of all nodes with equally many stand in columns: the first of
every node, the second of every node, ... Such loops vectorise with gathers and have no branches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit


class Level(NamedTuple):
    """One graph; nodes of even boxes come first."""

    one: np.ndarray  # (links,) int32
    two: np.ndarray  # (links,) int32: node at the other end
    weight: np.ndarray  # (links,) float32: conductance
    plate: np.ndarray  # (nodes,) float64: conductance to the plates
    box: np.ndarray  # (nodes,) int64: linear index of the node's box in `grid`
    grid: tuple[int, int, int]
    even: int  # number of nodes in even boxes


class Columns(NamedTuple):
    """A level stored for sweeps; nodes have new numbers."""

    place: np.ndarray  # (nodes,) int32: new number of each node
    groups: np.ndarray  # (groups, 4) int64: first node, node behind the last, links each, offset
    red_groups: int  # how many groups are red
    other: np.ndarray  # (2 links,) uint32: neighbours, in columns
    weight: np.ndarray  # (2 links,) float32
    diagonal: np.ndarray  # (nodes,) float64
    two_coloured: bool  # no link joins two nodes of one colour


@njit(cache=True, nogil=True)
def store_columns(one, two, weight, plate, even):
    """Number the nodes of a level by colour and number of links, and store links in columns.

    Returns
    -------
    The fields of `Columns`.
    """
    nodes = plate.size
    degree = np.zeros(nodes, np.int64)
    two_coloured = True
    for k in range(one.size):
        a, b = one[k], two[k]
        degree[a] += 1
        degree[b] += 1
        if (a < even) == (b < even):
            two_coloured = False
    most = 0
    for i in range(nodes):
        most = max(most, degree[i])
    tally = np.zeros((2, most + 1), np.int64)
    for i in range(nodes):
        tally[np.int64(i >= even), degree[i]] += 1
    count = 0
    for colour in range(2):
        for d in range(most + 1):
            count += tally[colour, d] > 0
    groups = np.empty((count, 4), np.int64)
    group_of = np.empty((2, most + 1), np.int64)
    red_groups, g, node, offset = 0, 0, 0, 0
    for colour in range(2):
        for d in range(most + 1):
            size = tally[colour, d]
            if size == 0:
                continue
            group_of[colour, d] = g
            groups[g, 0], groups[g, 1], groups[g, 2], groups[g, 3] = node, node + size, d, offset
            tally[colour, d] = node
            node += size
            offset += size * d
            g += 1
        if colour == 0:
            red_groups = g
    place = np.empty(nodes, np.int32)
    diagonal = np.empty(nodes)
    cursor = np.empty(nodes, np.int64)
    width = np.empty(nodes, np.int32)
    for i in range(nodes):
        colour = np.int64(i >= even)
        p = tally[colour, degree[i]]
        tally[colour, degree[i]] += 1
        place[i] = p
        diagonal[p] = plate[i]
        g = group_of[colour, degree[i]]
        cursor[p] = groups[g, 3] + p - groups[g, 0]
        width[p] = groups[g, 1] - groups[g, 0]
    other = np.empty(2 * one.size, np.uint32)
    sorted_weight = np.empty(2 * one.size, np.float32)
    for k in range(one.size):
        a, b, w = place[one[k]], place[two[k]], weight[k]
        diagonal[a] += w
        diagonal[b] += w
        other[cursor[a]] = b
        sorted_weight[cursor[a]] = w
        cursor[a] += width[a]
        other[cursor[b]] = a
        sorted_weight[cursor[b]] = w
        cursor[b] += width[b]
    return place, groups, red_groups, other, sorted_weight, diagonal, two_coloured


@njit(cache=True, nogil=True)
def _root(name, i):
    while name[i] != i:
        name[i] = name[name[i]]
        i = name[i]
    return i


@njit(cache=True, nogil=True)
def _blocks(box, grid):
    """Linear index of the 2 x 2 x 2 block of boxes of each node."""
    gy, gx = grid[1], grid[2]
    cy, cx = (gy + 1) // 2, (gx + 1) // 2
    above = np.empty(box.size, np.int64)
    for i in range(box.size):
        row = box[i] // gx
        x = box[i] - row * gx
        z = row // gy
        y = row - z * gy
        above[i] = ((z >> 1) * cy + (y >> 1)) * cx + (x >> 1)
    return above


@njit(cache=True, nogil=True)
def _connect(one, two, weight, above, strength):
    """Root of each node's group: nodes of one block joined by strong links."""
    nodes = above.size
    name = np.arange(nodes, dtype=np.int32)
    most = np.zeros(nodes if strength > 0 else 0, np.float32)
    if strength > 0:
        for k in range(one.size):
            most[one[k]] = max(most[one[k]], weight[k])
            most[two[k]] = max(most[two[k]], weight[k])
    for k in range(one.size):
        i, j = one[k], two[k]
        if above[i] != above[j]:
            continue
        if strength > 0 and weight[k] < strength * max(most[i], most[j]):
            continue
        a, b = _root(name, i), _root(name, j)
        if a < b:
            name[b] = a
        elif b < a:
            name[a] = b
    return name


@njit(cache=True, nogil=True)
def _number(name, above, grid):
    """Number the groups by colour of their block, then block; returns parent, box, even."""
    cy, cx = (grid[1] + 1) // 2, (grid[2] + 1) // 2
    boxes = (grid[0] + 1) // 2 * cy * cx
    at = np.zeros(boxes, np.int32)
    for i in range(name.size):
        if name[i] == i:
            at[above[i]] += 1
    total = 0
    even = 0
    for colour in range(2):
        for z in range((grid[0] + 1) // 2):
            for y in range(cy):
                for x in range((z + y + colour) & 1, cx, 2):
                    c = (z * cy + y) * cx + x
                    count = at[c]
                    at[c] = total
                    total += count
        if colour == 0:
            even = total
    parent = np.empty(name.size, np.int32)
    box = np.empty(total, np.int64)
    for i in range(name.size):
        # A root has the smallest number of its group, so it is met first.
        root = _root(name, i)
        if root == i:
            parent[i] = at[above[i]]
            box[parent[i]] = above[i]
            at[above[i]] += 1
        else:
            parent[i] = parent[root]
    return parent, box, even


@njit(cache=True, nogil=True)
def _merge(one, two, weight, parent, nodes, scale):
    """Links between groups: parallel links added up, divided by `scale`."""
    start = np.zeros(nodes + 1, np.int64)
    for k in range(one.size):
        a, b = parent[one[k]], parent[two[k]]
        if a != b:
            start[min(a, b) + 1] += 1
    for i in range(nodes):
        start[i + 1] += start[i]
    links = start[nodes]
    high = np.empty(links, np.int32)
    value = np.empty(links, np.float32)
    for k in range(one.size):
        a, b = parent[one[k]], parent[two[k]]
        if a != b:
            low = min(a, b)
            high[start[low]] = max(a, b)
            value[start[low]] = weight[k] / scale
            start[low] += 1
    seen = np.full(nodes, -1, np.int64)
    new_one = np.empty(links, np.int32)
    count = 0
    first = 0
    for i in range(nodes):
        begin = count
        for k in range(first, start[i]):
            j = high[k]
            if seen[j] < begin:
                # Written in place: `count` never passes k.
                seen[j] = count
                new_one[count] = i
                high[count] = j
                value[count] = value[k]
                count += 1
            else:
                value[seen[j]] += value[k]
        first = start[i]
    return new_one[:count].copy(), high[:count].copy(), value[:count].copy()


@njit(cache=True, nogil=True)
def coarsen(one, two, weight, plate, box, grid, strength, scale):
    """Group the nodes of each 2 x 2 x 2 block of boxes along strong links.

    Parameters
    ----------
    one, two, weight, plate, box, grid
        A `Level`.
    strength : float
        Share of the strongest conductance of either node that a link needs; 0 links all.
    scale : float
        Divisor of the coarse conductances.

    Returns
    -------
    one, two, weight, plate, box, even
        The next `Level`.
    parent : ndarray of int32, shape (nodes,)
        Coarse node of each fine one.
    """
    above = _blocks(box, grid)
    name = _connect(one, two, weight, above, strength)
    parent, new_box, even = _number(name, above, grid)
    new_one, new_two, new_weight = _merge(one, two, weight, parent, new_box.size, scale)
    new_plate = np.zeros(new_box.size)
    for i in range(plate.size):
        new_plate[parent[i]] += plate[i] / scale
    return new_one, new_two, new_weight, new_plate, new_box, even, parent
