"""Kernels of the screening: a fast scan of pairs, and the exact score of what it finds."""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.learning.features import acceptable
from engine.learning.operators import ABS_DIFF, ADD, MUL, SUB, operate

LANES = 8  # candidates scored together, so that a residual is loaded once for all of them


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def scan_pairs(
    kind,
    values,
    last,
    partner,
    start_row,
    start,
    stop,
    upper,
    turnable,
    crossing,
    low,
    high,
    partner_low,
    partner_high,
    negatable,
    partner_negatable,
    residuals,
    fold,
    edges,
    thresholds,
    hits,
):
    """Score ``values[i] op partner[j]`` for a block of i and a range of j.

    Sums of products are taken over values shifted by the first row, against cancellation.
    Reassociation is allowed: a hit is always evaluated again in full order.

    Parameters
    ----------
    kind : int
        ADD, SUB, MUL, ABS_DIFF or ABS_SUM.
    start_row, start : int
        Where to go on, after a call that had filled `hits`.
    upper : bool
        Only pairs j > i.
    turnable : bool
        Only pairs of which one has its negative at no cost.
    crossing : bool
        Only absolute values of what may change its sign, by the ranges of the two.
    low, high, partner_low, partner_high : ndarray, shape (n,)
        Ranges over the rows.
    residuals : ndarray, shape (r, rows)
        Centred and of unit norm over the training rows of their fold, zero elsewhere.
    fold : ndarray of int, shape (r,)
        Fold of each residual; 0 is all rows.
    edges : ndarray of int, shape (folds + 1,)
        Rows ``edges[f - 1]:edges[f]`` are held out in fold f.
    thresholds : ndarray, shape (r,)
        Squared correlations to beat.
    hits : ndarray of int, shape (capacity, 2)

    Returns
    -------
    count, row, column, scored : int
        Hits found, where to go on (row == last at the end), candidates scored.
    """
    rows = values.shape[1]
    folds = edges.size - 1
    block = np.zeros((LANES, rows))
    spread = np.zeros((LANES, folds + 1))
    moments = np.zeros((folds + 1, 2))
    active = np.zeros(LANES, dtype=np.bool_)
    hit = np.zeros(LANES, dtype=np.bool_)
    count, scored = 0, 0
    i = start_row
    while i < last:
        lanes = min(LANES, last - i)
        j = max(start, i + 1) if upper else start
        start = 0
        while j < stop:
            if count + LANES > hits.shape[0]:
                return count, i, j, scored
            b = partner[j]
            any_active = False
            for k in range(lanes):
                m = i + k
                live = j > m if upper else True
                if turnable:
                    live = live and (negatable[m] or partner_negatable[j])
                if crossing and kind == ABS_DIFF:
                    live = live and low[m] < partner_high[j] and partner_low[j] < high[m]
                elif crossing:
                    live = (
                        live and low[m] + partner_low[j] < 0.0 and high[m] + partner_high[j] > 0.0
                    )
                active[k] = live
                any_active = any_active or live
            if not any_active:
                j += 1
                continue
            for k in range(lanes):
                hit[k] = False
                if not active[k]:
                    continue
                scored += 1
                a = values[i + k]
                v = block[k]
                if kind == MUL:
                    shift = a[0] * b[0]
                    for t in range(rows):
                        v[t] = a[t] * b[t] - shift
                elif kind == ADD:
                    shift = a[0] + b[0]
                    for t in range(rows):
                        v[t] = a[t] + b[t] - shift
                elif kind == SUB:
                    shift = a[0] - b[0]
                    for t in range(rows):
                        v[t] = a[t] - b[t] - shift
                elif kind == ABS_DIFF:
                    shift = abs(a[0] - b[0])
                    for t in range(rows):
                        v[t] = abs(a[t] - b[t]) - shift
                else:
                    shift = abs(a[0] + b[0])
                    for t in range(rows):
                        v[t] = abs(a[t] + b[t]) - shift
                if folds == 0:
                    s, q = 0.0, 0.0
                    for t in range(rows):
                        s += v[t]
                        q += v[t] * v[t]
                    spread[k, 0] = q - s * s / rows
                else:
                    total, square = 0.0, 0.0
                    for f in range(folds):
                        s, q = 0.0, 0.0
                        for t in range(edges[f], edges[f + 1]):
                            s += v[t]
                            q += v[t] * v[t]
                        moments[f + 1, 0] = s
                        moments[f + 1, 1] = q
                        total += s
                        square += q
                    spread[k, 0] = square - total * total / rows
                    for f in range(folds):
                        s = total - moments[f + 1, 0]
                        left = rows - (edges[f + 1] - edges[f])
                        spread[k, f + 1] = square - moments[f + 1, 1] - s * s / left
            v0, v1, v2, v3 = block[0], block[1], block[2], block[3]
            v4, v5, v6, v7 = block[4], block[5], block[6], block[7]
            for r in range(residuals.shape[0]):
                e = residuals[r]
                d0, d1, d2, d3 = 0.0, 0.0, 0.0, 0.0
                d4, d5, d6, d7 = 0.0, 0.0, 0.0, 0.0
                for t in range(rows):
                    x = e[t]
                    d0 += x * v0[t]
                    d1 += x * v1[t]
                    d2 += x * v2[t]
                    d3 += x * v3[t]
                    d4 += x * v4[t]
                    d5 += x * v5[t]
                    d6 += x * v6[t]
                    d7 += x * v7[t]
                need = thresholds[r]
                f = fold[r]
                hit[0] = hit[0] or d0 * d0 > need * spread[0, f]
                hit[1] = hit[1] or d1 * d1 > need * spread[1, f]
                hit[2] = hit[2] or d2 * d2 > need * spread[2, f]
                hit[3] = hit[3] or d3 * d3 > need * spread[3, f]
                hit[4] = hit[4] or d4 * d4 > need * spread[4, f]
                hit[5] = hit[5] or d5 * d5 > need * spread[5, f]
                hit[6] = hit[6] or d6 * d6 > need * spread[6, f]
                hit[7] = hit[7] or d7 * d7 > need * spread[7, f]
            for k in range(lanes):
                if active[k] and hit[k]:
                    hits[count, 0] = i + k
                    hits[count, 1] = j
                    count += 1
            j += 1
        i += LANES
    return count, last, 0, scored


@njit(nogil=True, cache=True)
def score_records(
    codes,
    left,
    right,
    values,
    references,
    low,
    high,
    residuals,
    fold,
    edges,
    directions,
    scores,
    keys,
):
    """Exact squared correlations and value keys of operations.

    Parameters
    ----------
    scores : ndarray, shape (m, r), filled
        -1 for a column that is not acceptable.
    keys : ndarray, shape (m, 2), filled
        Projections of the standardised column, its sign fixed by the first.
    """
    rows = values.shape[1]
    v = np.empty(rows)
    folds = edges.size - 1
    spread = np.empty(folds + 1)
    for m in range(codes.size):
        scores[m] = -1.0
        operate(codes[m], values[left[m]], values[right[m]], references[left[m]], v)
        if not acceptable(v, low, high):
            continue
        mean = 0.0
        for t in range(rows):
            mean += v[t]
        mean /= rows
        square = 0.0
        for t in range(rows):
            v[t] -= mean
            square += v[t] * v[t]
        spread[0] = square
        for f in range(folds):
            s, q, n = 0.0, 0.0, 0
            for t in range(rows):
                if t < edges[f] or t >= edges[f + 1]:
                    s += v[t]
                    q += v[t] * v[t]
                    n += 1
            spread[f + 1] = q - s * s / n
        for r in range(residuals.shape[0]):
            product = 0.0
            for t in range(rows):
                product += residuals[r, t] * v[t]
            width = spread[fold[r]]
            scores[m, r] = product * product / width if width > 1e-12 * square else 0.0
        norm = np.sqrt(square)
        one, two = 0.0, 0.0
        for t in range(rows):
            one += directions[0, t] * v[t]
            two += directions[1, t] * v[t]
        sign = 1.0 if one >= 0.0 else -1.0
        keys[m, 0] = sign * one / norm
        keys[m, 1] = sign * two / norm
