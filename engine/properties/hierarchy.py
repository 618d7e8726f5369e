"""The coarse levels, and the cycle that solves on all of them in one kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.compiled import kernel
from engine.properties.checkerboard import SPARE
from engine.properties.graph import HALVED, Columns, Level, coarsen, store_columns

DIRECT = 128  # levels of at most this many nodes are solved with a dense inverse

OVERCORRECTION = 1.6
"""Divisor of coarse conductances. Piecewise constant groups make the coarse problem too stiff (by
2 for smooth fields on a full grid). Tried 1 to 2 on open and clogged pores and a contrast of 3e4:
flat from 1.5 to 1.75. Each level is cycled twice: two cycles C on a matrix A make 2 C - C A C, which
is positive only while no eigenvalue of C A reaches 2. Weakly linked clusters come near it: at most
1.6 at 1.6 in clogged samples, and beyond 2 with a contrast of a million at 2.6."""

CHUNK = 1024  # nodes relaxed at a time


class Hierarchy(NamedTuple):
    """All levels behind one another; node numbers count through."""

    first: np.ndarray  # (levels + 1,) int64: first node of each level
    bands: np.ndarray  # (levels + 1,) int64: first group of each level
    red_end: np.ndarray  # (levels,) int64: first black group of each level
    two_coloured: np.ndarray  # (levels,) bool
    groups: np.ndarray  # (groups, 4) int64, see `engine.properties.graph.Columns`
    other: np.ndarray  # uint32
    weight: np.ndarray  # float32
    diagonal: np.ndarray  # (nodes,) float, as all that follow unless said
    inverse: np.ndarray  # (nodes,): 1 / diagonal
    parent: np.ndarray  # (nodes,) uint32
    dense: np.ndarray  # (m, m): inverse of the last level, or (0, 0)
    repeat: np.ndarray  # (levels,) int64: cycles on a level before its correction goes up
    x: np.ndarray  # (nodes + SPARE,): unknowns, then zeros
    b: np.ndarray  # (nodes + SPARE,): right sides


def build_hierarchy(
    level: Level, strength: float, rigid: float = 0.0, real: type[np.floating] = np.float64
) -> tuple[Hierarchy, np.ndarray]:
    """Group repeatedly until a level can be solved directly.

    Parameters
    ----------
    level : Level
        The finest graph.
    strength : float
        Share of the strongest conductance that a link needs for grouping.
    rigid : float
        Small clusters of links at least this strong become one node at once; 0 for none.
    real : type
        float32 or float64: type of what the cycle works on.

    Returns
    -------
    hierarchy : Hierarchy
    place : ndarray of int32, shape (nodes,)
        Number in the hierarchy of each node of `level`.
    """
    links = 2 * level.one.size
    other, weight = np.empty(2 * links, np.uint32), np.empty(2 * links, np.float32)
    stored: list[Columns] = []
    parents: list[np.ndarray] = []
    first, bands, parent = [0], [0], None
    filled = 0
    while True:
        room = 2 * level.one.size
        if filled + room > other.size:  # never seen: levels shrink by half or more
            other, weight = (
                np.resize(other, filled + 2 * room),
                np.resize(weight, filled + 2 * room),
            )
        columns = Columns(
            *store_columns(
                level.one, level.two, level.weight, level.plate, level.colour,
                first[-1], filled, other, weight,
            )
        )  # fmt: skip
        if parent is not None:
            up = np.empty(parent.size, np.uint32)
            up[stored[-1].place] = columns.place[parent] + np.uint32(first[-1])
            parents.append(up)
        filled += room
        first.append(first[-1] + columns.place.size)
        bands.append(bands[-1] + len(columns.groups))
        stored.append(columns)
        if level.plate.size <= DIRECT or not level.box.any():
            break
        level, parent = _coarser(level, strength, rigid)
    dense = np.empty((0, 0))
    if level.plate.size <= DIRECT:
        dense = invert(_matrix(level, stored[-1].place))
    diagonal = np.concatenate([item.diagonal for item in stored])
    x, b = np.zeros((2, diagonal.size + SPARE), real)
    hierarchy = Hierarchy(
        np.array(first),
        np.array(bands),
        np.array([band + item.red_groups for band, item in zip(bands, stored, strict=False)]),
        np.array([item.two_coloured for item in stored]),
        np.concatenate([item.groups for item in stored]),
        other[:filled],
        weight[:filled],
        diagonal.astype(real),
        (1 / diagonal).astype(real),
        np.concatenate([*parents, np.zeros(level.plate.size, np.uint32)]),
        dense.astype(real),
        np.full(len(stored), 2),
        x,
        b,
    )
    return hierarchy, stored[0].place


def _coarser(level: Level, strength: float, rigid: float) -> tuple[Level, np.ndarray]:
    """The next level, and the node there of each node here."""
    # In the last box weak links must join, or strength could stop the grouping for good.
    last = not ((level.box >> 1) & HALVED).any()
    demand = 0.0 if last else strength
    one, two, weight, plate, colour, box, parent = coarsen(
        level.one, level.two, level.weight, level.plate, level.box, demand, rigid, OVERCORRECTION
    )
    return Level(one, two, weight, plate, colour, box), parent


def _matrix(level: Level, place: np.ndarray) -> np.ndarray:
    """Matrix of a small level, in the numbers of `place`."""
    matrix = np.diag(level.plate[np.argsort(place)])
    one, two = place[level.one], place[level.two]
    weight = level.weight.astype(float)
    for a, b, sign in ((one, one, 1), (two, two, 1), (one, two, -1), (two, one, -1)):
        np.add.at(matrix, (a, b), sign * weight)
    return matrix


@kernel
def invert(matrix):
    """Inverse of a small symmetric positive matrix; no threads, unlike LAPACK.

    With matrix = U' D U and U unit upper triangular, the inverse is V D^-1 V' with V = U^-1.
    """
    n = matrix.shape[0]
    upper = matrix.copy()
    scale = np.empty(n)
    for k in range(n):
        scale[k] = upper[k, k]
        for i in range(k + 1, n):
            factor = upper[k, i] / scale[k]
            if factor != 0:
                for j in range(i, n):
                    upper[i, j] -= factor * upper[k, j]
        for j in range(k + 1, n):
            upper[k, j] /= scale[k]
    # Rows of V, from the last up: V[k] = e_k - sum of U[k, i] V[i].
    rows = np.zeros((n, n))
    for k in range(n - 1, -1, -1):
        rows[k, k] = 1.0
        for i in range(k + 1, n):
            factor = upper[k, i]
            if factor != 0:
                for j in range(i, n):
                    rows[k, j] -= factor * rows[i, j]
    columns = rows.T.copy()
    inverse = np.zeros((n, n))
    for j in range(n):
        column = columns[j]
        for i in range(j + 1):
            factor = column[i] / scale[j]
            line = inverse[i]
            for k in range(j + 1):
                line[k] += factor * column[k]
    return inverse


@kernel
def _sums(groups, other, weight, x, g, low, high, total):
    """total += conductance times neighbour, for the nodes low:high of group g."""
    size = groups[g, 1] - groups[g, 0]
    n = high - low
    for k in range(groups[g, 2]):
        at = groups[g, 3] + k * size + low - groups[g, 0]
        names, values = other[at : at + n], weight[at : at + n]
        for i in range(n):
            total[i] += values[i] * x[names[i]]


@kernel
def _relax(groups, other, weight, inverse, b, x, first, last, total):
    """Gauss-Seidel over the groups first, ..., last - 1, or back from first - 1 to last.

    Chunks of nodes are relaxed at once (Jacobi among themselves), so that forward and back are
    each other's adjoint also where neighbours share a chunk.
    """
    # Not a flag: a literal True or False would compile a kernel of its own.
    back = last < first
    for step in range(abs(last - first)):
        g = first - 1 - step if back else first + step
        start, size = groups[g, 0], groups[g, 1] - groups[g, 0]
        chunks = (size + CHUNK - 1) // CHUNK
        for c in range(chunks):
            low = start + (chunks - 1 - c if back else c) * CHUNK
            high = min(low + CHUNK, start + size)
            n = high - low
            given, factor, target = b[low:high], inverse[low:high], x[low:high]
            for i in range(n):
                total[i] = given[i]
            _sums(groups, other, weight, x, g, low, high, total)
            for i in range(n):
                target[i] = total[i] * factor[i]


@kernel
def _restrict(groups, other, weight, diagonal, parent, b, x, first, last, total):
    """Add the residuals of the groups' nodes to the right side of their parents."""
    for g in range(first, last):
        for low in range(groups[g, 0], groups[g, 1], CHUNK):
            high = min(low + CHUNK, groups[g, 1])
            n = high - low
            given, factor, mine = b[low:high], diagonal[low:high], x[low:high]
            for i in range(n):
                total[i] = given[i] - factor[i] * mine[i]
            _sums(groups, other, weight, x, g, low, high, total)
            up = parent[low:high]
            for i in range(n):
                b[up[i]] += total[i]


@kernel
def coarse_cycle(
    first, bands, red_end, two_coloured, groups, other, weight, diagonal, inverse, parent, dense,
    repeat, x, b,
):  # fmt: skip
    """Symmetric W-cycle from the first level: reads b there, leaves x there.

    Takes the fields of a `Hierarchy`. Where a level is two-coloured, its black residual vanishes
    after the sweep and needs no work.
    """
    levels = red_end.size
    done = np.zeros(levels, np.int64)
    total = np.empty(CHUNK, x.dtype)
    level = 0
    while True:
        low, high = first[level], first[level + 1]
        start, mid, end = bands[level], red_end[level], bands[level + 1]
        if level < levels - 1:
            # Down: red, black, then the residual to the next level.
            if not two_coloured[level]:
                if done[level] == 0:
                    x[low:high] = 0
                _relax(groups, other, weight, inverse, b, x, start, end, total)
            else:
                if done[level] == 0:
                    red = low if mid == start else groups[mid - 1, 1]
                    for i in range(low, red):
                        x[i] = b[i] * inverse[i]
                _relax(groups, other, weight, inverse, b, x, mid, end, total)
            b[high : first[level + 2]] = 0
            stop = mid if two_coloured[level] else end
            _restrict(groups, other, weight, diagonal, parent, b, x, start, stop, total)
            level += 1
            done[level] = 0
            continue
        if dense.size:
            x[low:high] = 0
            last = x[low:high]
            for j in range(high - low):
                column, value = dense[j], b[low + j]
                for i in range(high - low):
                    last[i] += column[i] * value
        else:
            x[low:high] = 0
            for _ in range(2):
                _relax(groups, other, weight, inverse, b, x, start, end, total)
                _relax(groups, other, weight, inverse, b, x, end, start, total)
        # Up, as far as levels are done.
        while True:
            level -= 1
            if level < 0:
                return
            low, high = first[level], first[level + 1]
            start, mid, end = bands[level], red_end[level], bands[level + 1]
            stop = high
            if two_coloured[level]:
                stop = low if mid == start else groups[mid - 1, 1]
            for i in range(low, stop):
                x[i] += x[parent[i]]
            _relax(groups, other, weight, inverse, b, x, end, start, total)
            done[level] += 1
            if done[level] < repeat[level]:
                break
