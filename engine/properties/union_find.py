"""Disjoint sets."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def find_root(parent, i):
    """Root of i; shortens the path on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def join_sets(parent, i, j):
    """Join two sets under the smaller root."""
    i = find_root(parent, i)
    j = find_root(parent, j)
    if i < j:
        parent[j] = i
    elif j < i:
        parent[i] = j
