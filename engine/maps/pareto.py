"""The exact set of non-dominated conditions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.compiled import kernel
from engine.errors import InputError

FEW = 256
"""Members that every row is compared with one by one; sets of bits serve where there are more."""
_ROUNDS, _WORTH = 32, 0.98
"""Strong rows that all others are compared with first, while each takes out its 2 %."""


def non_dominated(values: ArrayLike, directions: Sequence[str]) -> NDArray[np.bool_]:
    """Mark the rows that no other row beats.

    A row is dominated when another is at least as good in every column and better in one.
    Equal rows do not dominate each other: all of them stay.

    Parameters
    ----------
    values : array_like, shape (n, m)
        One row a condition, one column an objective. A row with nan never belongs to the
        set; infinite values are compared as such.
    directions : sequence of {"up", "down"}
        Which way each column is better.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    InputError
        If the directions do not fit the columns.
    """
    table = np.array(values, dtype=float)
    if table.ndim != 2 or table.shape[1] != len(directions) or table.shape[1] == 0:
        raise InputError("Give one direction, up or down, for each of one or more objectives.")
    for j, direction in enumerate(directions):
        if direction not in ("up", "down"):
            raise InputError(f"An objective goes 'up' or 'down', not '{direction}'.")
        if direction == "down":
            table[:, j] *= -1
    members = np.zeros(len(table), dtype=bool)
    valid = np.flatnonzero(~np.isnan(table).any(axis=1))
    if len(valid) == 0:
        return members
    valid = valid[_contenders(table[valid])]
    # Ranks instead of values: exact in integers, and infinities need no care. A row can only
    # be dominated by one of larger rank sum, so that one pass in that order is enough.
    ranks = np.empty((len(valid), table.shape[1]), dtype=np.int64)
    for j in range(table.shape[1]):
        ranks[:, j] = np.unique(table[valid, j], return_inverse=True)[1]
    order = np.argsort(-ranks.sum(axis=1), kind="stable")
    members[valid[order]] = _members(np.ascontiguousarray(ranks[order]))
    return members


def _contenders(table: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows that a few strong ones do not beat: most are out before anything is sorted.

    `table`, shape (n, m), has larger values better. Which rows count as strong decides how many
    are left, not whether a member is among them.
    """
    finite = np.where(np.isfinite(table), table, np.sign(table) * np.finfo(float).max / 4)
    low, high = finite.min(axis=0), finite.max(axis=0)
    score = ((finite - low) / np.where(high > low, high - low, 1.0)).sum(axis=1)
    left = np.arange(len(table))
    for _ in range(_ROUNDS):
        strong = left[np.argmax(score[left])]
        score[strong] = -np.inf  # each has one turn
        rows = table[left]
        beaten = (rows <= table[strong]).all(axis=1) & (rows < table[strong]).any(axis=1)
        before, left = len(left), left[~beaten]
        if len(left) > _WORTH * before:
            break
    return left


def _members(ranks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Non-dominated rows of a table that is sorted by falling rank sum."""
    unbeaten, decided = _unbeaten(ranks, FEW)
    if decided:
        return np.asarray(unbeaten)
    # Whatever beats one of these stands among them: what the few did not beat is all it takes.
    rest, back = np.unique(ranks[unbeaten], axis=0, return_inverse=True)
    order = np.argsort(-rest, axis=0, kind="stable").T
    reach = np.empty(rest.shape, dtype=np.int64)  # how many rows are as good or better
    for j in range(rest.shape[1]):
        column = np.sort(rest[:, j])
        reach[:, j] = len(rest) - np.searchsorted(column, rest[:, j], side="left")
    beaten = _beaten(np.ascontiguousarray(order), reach)
    unbeaten[unbeaten] = ~beaten[back.ravel()]
    return np.asarray(unbeaten)


@kernel
def _unbeaten(ranks, most):  # type: ignore[no-untyped-def]
    """Rows that the first `most` members do not beat, and whether these are all members."""
    n, m = ranks.shape
    open_ = np.zeros(n, dtype=np.bool_)
    kept = np.empty(most, dtype=np.int64)
    count = 0
    for i in range(n):
        beaten = False
        for k in range(min(count, most)):
            other = kept[k]
            better = False
            worse = False
            for j in range(m):
                if ranks[other, j] < ranks[i, j]:
                    worse = True
                    break
                if ranks[other, j] > ranks[i, j]:
                    better = True
            if better and not worse:
                beaten = True
                break
        if not beaten:
            open_[i] = True
            if count < most:
                kept[count] = i
            count += 1
    return open_, count <= most


@kernel
def _beaten(order, reach):  # type: ignore[no-untyped-def]
    """Rows that another row beats; no two rows are equal.

    The rows that are as good as one or better in an objective are the first ones of its order, a
    set of bits. Such sets are kept for every few hundredth length and completed for the one that is
    asked; what they have in common over all objectives is the row itself and what beats it. So n
    rows take n² / 64 steps for each objective, however many of them are members.
    """
    m, n = order.shape
    words = (n + 63) // 64
    step = max(256, n // 256)
    sets = np.zeros((m, n // step + 1, words), dtype=np.uint64)
    one = np.uint64(1)
    for j in range(m):
        for k in range(1, n // step + 1):
            sets[j, k] = sets[j, k - 1]
            for t in range((k - 1) * step, k * step):
                row = order[j, t]
                sets[j, k, row >> 6] |= one << np.uint64(row & 63)
    found = np.zeros(n, dtype=np.bool_)
    common = np.empty(words, dtype=np.uint64)
    part = np.empty(words, dtype=np.uint64)
    for i in range(n):
        for j in range(m):
            block = reach[i, j] // step
            part[:] = sets[j, block]
            for t in range(block * step, reach[i, j]):
                row = order[j, t]
                part[row >> 6] |= one << np.uint64(row & 63)
            if j == 0:
                common[:] = part
            else:
                for w in range(words):
                    common[w] &= part[w]
        common[i >> 6] &= ~(one << np.uint64(i & 63))
        for w in range(words):
            if common[w]:
                found[i] = True
                break
    return found
