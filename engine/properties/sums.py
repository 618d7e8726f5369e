"""Sums in an order of their own.

Where the order was left to the compiler, code compiled just now and code from the cache differed in
the last digit: of reported fluxes, and of the lengths of steps that lead to them.
"""

from __future__ import annotations

import numpy as np

from engine.compiled import kernel

# Partial sums side by side, a power of two: each waits for no other, so that loops vectorise as
# they stand.
LANES = 256


@kernel
def ordered_sum(values):
    """Sum of a flat array in float64."""
    lanes = np.zeros(LANES)
    for first in range(0, values.size, LANES):
        some = values[first : first + LANES]
        for i in range(some.size):
            lanes[i] += some[i]
    return _folded(lanes)


@kernel
def dot(one, two):
    """Sum in float64 of the products of two flat arrays of equal length."""
    lanes = np.zeros(LANES)
    for first in range(0, one.size, LANES):
        a, b = one[first : first + LANES], two[first : first + LANES]
        for i in range(a.size):
            lanes[i] += a[i] * b[i]
    return _folded(lanes)


@kernel
def _folded(lanes):
    """Sum of the partial sums, half upon half."""
    width = LANES
    while width > 1:
        width //= 2
        low, high = lanes[:width], lanes[width : 2 * width]
        for i in range(width):
            low[i] += high[i]
    return lanes[0]
