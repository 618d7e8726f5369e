"""Graphs of conductances: how they are made coarser, and how they are stored for sweeps.

A level is made as a list of links. For sweeps its nodes are sorted by colour (even boxes first,
"red"; where boxes only touch their neighbours a red node has black neighbours only) and then by
their number of links, and the links of all nodes with equally many stand in columns: the first of
every node, the second of every node, ... Such loops vectorise with gathers and have no branches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.compiled import kernel
from engine.properties.union_find import find_root, join_sets, singles


class Level(NamedTuple):
    """One graph."""

    one: np.ndarray  # (links,) int32
    two: np.ndarray  # (links,) int32: node at the other end
    weight: np.ndarray  # (links,) float32: conductance
    plate: np.ndarray  # (nodes,) float64: conductance to the plates
    colour: np.ndarray  # (nodes,) uint8
    box: np.ndarray  # (nodes,) int64: where the node's box lies, see `pack`


class Columns(NamedTuple):
    """A level stored for sweeps; nodes have new numbers."""

    place: np.ndarray  # (nodes,) int32: new number of each node
    groups: np.ndarray  # (groups, 4) int64: first node, node behind the last, links each, offset
    red_groups: int  # how many groups have the first colour
    diagonal: np.ndarray  # (nodes,) float64
    two_coloured: bool  # two colours, and no link joins two nodes of one


CLUSTER = 6

WINDOW = 8192
"""Nodes are sorted within windows of this many, so that neighbours stay in the cache."""


@kernel
def store_columns(one, two, weight, plate, colour, first, offset, other, sorted_weight):
    """Number the nodes of a level by colour and number of links, and store links in columns.

    Parameters
    ----------
    one, two, weight, plate, colour
        A `Level`.
    first, offset : int
        Number of the first node, and where its links begin in the arrays of all levels.
    other : ndarray of uint32
        Filled with the neighbours of each node, in columns.
    sorted_weight : ndarray of float32
        Filled with the conductances, in the same order.

    Returns
    -------
    The fields of `Columns`.
    """
    nodes = plate.size
    degree = np.zeros(nodes, np.int32)
    colours = 0
    begin = np.zeros(258, np.int64)
    for i in range(nodes):
        begin[colour[i] + 1] += 1
        colours = max(colours, colour[i] + 1)
    for c in range(colours):
        begin[c + 1] += begin[c]
    two_coloured = colours <= 2
    for k in range(one.size):
        a, b = one[k], two[k]
        degree[a] += 1
        degree[b] += 1
        two_coloured &= colour[a] != colour[b]
    order = np.empty(nodes, np.int32)
    for i in range(nodes):
        order[begin[colour[i]]] = i
        begin[colour[i]] += 1
    most = 0
    for i in range(nodes):
        most = max(most, degree[i])
    windows = nodes // WINDOW + colours
    groups = np.empty((windows * (most + 1), 4), np.int64)
    tally = np.empty(most + 1, np.int64)
    group_of = np.empty(most + 1, np.int64)
    place = np.empty(nodes, np.int32)
    diagonal = np.empty(nodes)
    cursor = np.empty(nodes, np.int64)
    width = np.empty(nodes, np.int32)
    red_groups, g, node, start = 0, 0, 0, 0
    for c in range(colours):
        end = begin[c]
        for low in range(start, end, WINDOW):
            high = min(low + WINDOW, end)
            tally[:] = 0
            for n in range(low, high):
                tally[degree[order[n]]] += 1
            for d in range(most + 1):
                size = tally[d]
                if size:
                    group_of[d] = g
                    groups[g, 0], groups[g, 1] = first + node, first + node + size
                    groups[g, 2], groups[g, 3] = d, offset
                    tally[d] = node
                    node += size
                    offset += size * d
                    g += 1
            for n in range(low, high):
                i = order[n]
                d = degree[i]
                p = tally[d]
                tally[d] += 1
                place[i] = p
                diagonal[p] = plate[i]
                at = groups[group_of[d]]
                cursor[p] = at[3] + first + p - at[0]
                width[p] = at[1] - at[0]
        start = end
        if c == 0:
            red_groups = g
    for k in range(one.size):
        a, b, w = place[one[k]], place[two[k]], weight[k]
        diagonal[a] += w
        diagonal[b] += w
        other[cursor[a]] = first + b
        sorted_weight[cursor[a]] = w
        cursor[a] += width[a]
        other[cursor[b]] = first + a
        sorted_weight[cursor[b]] = w
        cursor[b] += width[b]
    return place, groups[:g].copy(), red_groups, diagonal, two_coloured


@kernel
def pack(z, y, x):
    """Position of a box as one integer, 20 bits an axis: halving needs a shift, no division."""
    return (np.int64(z) << 42) | (np.int64(y) << 21) | np.int64(x)


HALVED = ((1 << 20) - 1) * (1 + (1 << 21) + (1 << 42))  # what a shift leaves of each axis


@kernel
def _blocks(box):
    """Position of the 2 x 2 x 2 block of boxes of each node."""
    above = np.empty(box.size, np.int64)
    for i in range(box.size):
        above[i] = (box[i] >> 1) & HALVED
    return above


@kernel
def _join_clusters(one, two, weight, rigid, name):
    """Join small clusters of rigid links, wherever they lie."""
    whole = singles(name.size)
    for k in range(one.size):
        if weight[k] >= rigid:
            join_sets(whole, one[k], two[k])
    size = np.zeros(name.size, np.int32)
    for i in range(name.size):
        size[find_root(whole, i)] += 1
    for i in range(name.size):
        root = find_root(whole, i)
        if size[root] <= CLUSTER:
            name[i] = root


@kernel
def _connect(one, two, weight, above, strength, rigid):
    """Root of each node's group: nodes of one block joined by strong links, and rigid clusters."""
    nodes = above.size
    name = singles(nodes)
    if rigid > 0:
        _join_clusters(one, two, weight, rigid, name)
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
        join_sets(name, i, j)
    return name


@kernel
def _number(name, above):
    """Number the groups in the order of their first node; returns parent, box, colour."""
    parent = np.empty(name.size, np.int32)
    box = np.empty(name.size, np.int64)
    colour = np.empty(name.size, np.uint8)
    total = 0
    for i in range(name.size):
        # A root has the smallest number of its group, so it is met first.
        root = find_root(name, i)
        if root != i:
            parent[i] = parent[root]
            continue
        at = above[i]
        parent[i] = total
        box[total] = at
        colour[total] = (at ^ at >> 21 ^ at >> 42) & 1
        total += 1
    return parent, box[:total], colour[:total]


@kernel
def _merge(one, two, weight, parent, nodes, scale):
    """Links between groups: parallel links added up, divided by `scale`."""
    # Links inside a group, about half of all, are left behind here.
    start = np.zeros(nodes + 1, np.int64)
    lower = np.empty(one.size, np.int32)
    upper = np.empty(one.size, np.int32)
    carried = np.empty(one.size, np.float32)
    links = 0
    for k in range(one.size):
        a, b = parent[one[k]], parent[two[k]]
        lower[links], upper[links] = min(a, b), max(a, b)
        carried[links] = weight[k] / scale
        start[lower[links] + 1] += a != b
        links += a != b
    for i in range(nodes):
        start[i + 1] += start[i]
    high = np.empty(links, np.int32)
    value = np.empty(links, np.float32)
    for k in range(links):
        at = start[lower[k]]
        high[at], value[at] = upper[k], carried[k]
        start[lower[k]] = at + 1
    seen = np.empty(nodes, np.int64)
    for i in range(nodes):
        seen[i] = -1
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
    return new_one[:count], high[:count], value[:count]


@kernel
def _merge_plates(plate, parent, nodes, scale):
    """Conductance to the plates of each group."""
    merged = np.zeros(nodes)
    for i in range(plate.size):
        merged[parent[i]] += plate[i] / scale
    return merged


@kernel
def coarsen(one, two, weight, plate, box, strength, rigid, scale):
    """Group the nodes of each 2 x 2 x 2 block of boxes along strong links.

    Parameters
    ----------
    one, two, weight, plate, box
        A `Level`.
    strength : float
        Share of the strongest conductance of either node that a link needs; 0 links all.
    rigid : float
        Clusters of links at least this strong become one node wherever they lie, if they are
        small; 0 for none.
    scale : float
        Divisor of the coarse conductances.

    Returns
    -------
    one, two, weight, plate, colour, box
        The next `Level`.
    parent : ndarray of int32, shape (nodes,)
        Coarse node of each fine one.
    """
    above = _blocks(box)
    name = _connect(one, two, weight, above, strength, rigid)
    parent, new_box, colour = _number(name, above)
    nodes = new_box.size
    new_one, new_two, new_weight = _merge(one, two, weight, parent, nodes, scale)
    new_plate = _merge_plates(plate, parent, nodes, scale)
    return new_one, new_two, new_weight, new_plate, colour, new_box, parent
