"""The exact set of non-dominated conditions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from engine.errors import InputError


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
    # Ranks instead of values: exact in integers, and infinities need no care. A row can only
    # be dominated by one of larger rank sum, so that one pass in that order is enough.
    ranks = np.empty((len(valid), table.shape[1]), dtype=np.int64)
    for j in range(table.shape[1]):
        ranks[:, j] = np.unique(table[valid, j], return_inverse=True)[1]
    order = np.argsort(-ranks.sum(axis=1), kind="stable")
    members[valid[order]] = _members(np.ascontiguousarray(ranks[order]))
    return members


@njit(cache=True, nogil=True)
def _members(ranks):  # type: ignore[no-untyped-def]
    n, m = ranks.shape
    member = np.zeros(n, dtype=np.bool_)
    kept = np.empty(n, dtype=np.int64)
    count = 0
    for i in range(n):
        beaten = False
        for k in range(count):
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
            member[i] = True
            kept[count] = i
            count += 1
    return member
