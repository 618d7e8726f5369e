"""Exact search for the best least-squares model of a given number of features (L0).

All subsets are compared through the Gram matrix of the standardised columns. Fixing a column
projects it out of the others (a Schur step), so that the last column of a subset costs a
handful of multiplications. A hit is evaluated again on the rows before it counts, because
rounding in the Gram matrix can make a nearly collinear subset look perfect.

Source of the step: F. Zhang (ed.), The Schur Complement and Its Applications (2005),
DOI 10.1007/b105056.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from engine.errors import InputError
from engine.learning.workers import run_tasks
from engine.progress import Progress

COLLINEAR = 1e-10
"""Share of a column's variance that must remain after the others of its subset are removed."""

_ROUNDING = 1e-13
_SLACK = 1e-7
_CAPACITY = 1 << 15
_BLOCK = 4
_TILE = 256
_MOST_SUBSETS = 2e13
_FLAGS = {"reassoc", "contract", "nsz"}


@njit(nogil=True, cache=True, fastmath=_FLAGS)
def scan_pairs_of_columns(gram, moment, variance, base, threshold, first, last, start, hits):
    """Find pairs i > j whose explained share beats the threshold, for a range of i.

    Parameters
    ----------
    gram : ndarray of float, shape (m, m)
    moment : ndarray of float, shape (m,)
        Products of the columns with the target.
    variance : ndarray of float, shape (m,)
        Diagonal of what is left of the columns.
    base : float
        Share explained already by columns projected out before.
    threshold : ndarray of float, shape (1,)
        Shared with other threads and may rise meanwhile.

    Returns
    -------
    count, place : int
        Hits written as (i, j) and the i to go on from; place == -1 at the end.
    """
    count = 0
    for i in range(max(first, start), last):
        if count + i > hits.shape[0] and count > 0:
            return count, i
        if variance[i] < _ROUNDING:
            continue
        scale = 1.0 / np.sqrt(variance[i])
        ci = moment[i] * scale
        need = threshold[0] * (1 - _SLACK) - base - ci * ci
        row = gram[i]
        for j in range(i):
            g = row[j] * scale
            rest = variance[j] - g * g
            part = moment[j] - g * ci
            if part * part > need * rest and rest > _ROUNDING and count < hits.shape[0]:
                hits[count, 0] = i
                hits[count, 1] = j
                count += 1
    return count, -1


@njit(nogil=True, cache=True, fastmath=_FLAGS)
def scan_triples_of_columns(gram, moment, variance, base, threshold, first, last, start, hits):
    """Find triples i > j > k whose explained share beats the threshold, for a range of i.

    A block of i shares each row of the Gram matrix, and k runs over tiles that stay in the
    first-level cache. The innermost loop only counts hits: without divisions, branches or stores
    it runs at the speed of the vector units.

    Returns
    -------
    count, place : int
        Hits written as (i, j, k) and where to go on; place == -1 at the end.
    """
    width = last - first
    along = np.zeros((width, last))
    moments = np.zeros((width, last))
    variances = np.zeros((width, last))
    # Of column j within block b: one over its norm, and along, moments and base with it.
    scales = np.zeros((width, last))
    pairs = np.zeros((width, last))
    for b in range(width):
        i = first + b
        if variance[i] < _ROUNDING:
            continue
        scale = 1.0 / np.sqrt(variance[i])
        ci = moment[i] * scale
        for k in range(i):
            h = gram[i, k] * scale
            along[b, k] = h
            moments[b, k] = moment[k] - h * ci
            variances[b, k] = variance[k] - h * h
            if variances[b, k] > _ROUNDING:
                scales[b, k] = 1.0 / np.sqrt(variances[b, k])
                pairs[b, k] = base + ci * ci + (moments[b, k] * scales[b, k]) ** 2
    count = 0
    for place in range(start, ((last + _TILE - 1) // _TILE) * last):
        tile, j = place // last, place % last
        low = tile * _TILE
        high = min(low + _TILE, j)
        if high <= low:
            continue
        if count > 0 and count + width * _TILE > hits.shape[0]:
            return count, place
        row = gram[j, low:high]
        limit = threshold[0] * (1 - _SLACK)
        for b in range(width):
            scale = scales[b, j]
            if j >= first + b or scale == 0.0:
                continue
            hj = along[b, j] * scale
            cj = moments[b, j] * scale
            need = limit - pairs[b, j]
            h, c, d = along[b, low:high], moments[b, low:high], variances[b, low:high]
            found = 0.0
            for k in range(high - low):
                g = row[k] * scale - hj * h[k]
                part = c[k] - g * cj
                rest = d[k] - g * g
                found += 1.0 if part * part > need * rest else 0.0
            if found > 0.0:
                for k in range(high - low):
                    g = row[k] * scale - hj * h[k]
                    part = c[k] - g * cj
                    rest = d[k] - g * g
                    if part * part > need * rest and rest > _ROUNDING and count < hits.shape[0]:
                        hits[count, 0] = first + b
                        hits[count, 1] = j
                        hits[count, 2] = low + k
                        count += 1
    return count, -1


def explained_share(columns: np.ndarray, target: np.ndarray, subsets: np.ndarray) -> np.ndarray:
    """Explained share of the variance of subsets, computed on the rows.

    Parameters
    ----------
    columns : ndarray of float, shape (m, rows)
        Centred, of unit norm.
    target : ndarray of float, shape (rows,)
        Centred, of unit norm.
    subsets : ndarray of int, shape (h, size)

    Returns
    -------
    ndarray of float, shape (h,)
        -1 for a collinear subset.
    """
    share = np.zeros(subsets.shape[0])
    bad = np.zeros(subsets.shape[0], dtype=bool)
    basis: list[np.ndarray] = []
    for position in range(subsets.shape[1]):
        v = columns[subsets[:, position]].copy()
        for _ in range(2):  # twice is enough for orthogonality to the last digit
            for q in basis:
                v -= np.einsum("hr,hr->h", q, v)[:, None] * q
        left = np.einsum("hr,hr->h", v, v)
        bad |= left < COLLINEAR
        v /= np.sqrt(np.where(left > 0, left, 1.0))[:, None]
        share += (v @ target) ** 2
        basis.append(v)
    share[bad] = -1.0
    return share


@dataclass(frozen=True)
class Subset:
    """One model: which columns, and the share of the variance that they explain."""

    columns: tuple[int, ...]
    share: float


class _Best:
    """The best subsets so far, shared between threads."""

    def __init__(self, columns: np.ndarray, target: np.ndarray, keep: int):
        self._columns = columns
        self._target = target
        self._keep = keep
        self._lock = threading.Lock()
        self.threshold = np.zeros(1)
        self.found: dict[tuple[int, ...], float] = {}

    def offer(self, subsets: np.ndarray) -> None:
        """Evaluate hits on the rows; only then may they raise the threshold."""
        for start in range(0, subsets.shape[0], 2048):
            part = subsets[start : start + 2048]
            shares = explained_share(self._columns, self._target, part)
            good = np.flatnonzero(shares > self.threshold[0])
            if good.size == 0:
                continue
            with self._lock:
                for k in good:
                    self.found[tuple(sorted(int(c) for c in part[k]))] = float(shares[k])
                ranked = self.ranked()[: self._keep]
                self.found = {s.columns: s.share for s in ranked}
                if len(ranked) == self._keep:
                    self.threshold[0] = ranked[-1].share

    def ranked(self) -> list[Subset]:
        """Best first; equal shares in the order of their columns."""
        everything = [Subset(columns, share) for columns, share in self.found.items()]
        return sorted(everything, key=lambda s: (-s.share, s.columns))


def standardised(values: np.ndarray) -> np.ndarray:
    """Centre rows of `values` (columns of the problem) and scale them to unit norm."""
    centred = values - values.mean(axis=-1, keepdims=True)
    centred -= centred.mean(axis=-1, keepdims=True)
    norm = np.linalg.norm(centred, axis=-1, keepdims=True)
    return centred / np.where(norm > 0, norm, 1.0)


def best_subsets(
    values: np.ndarray,
    target: np.ndarray,
    size: int,
    keep: int = 20,
    seeds: Sequence[tuple[int, ...]] = (),
    threads: int = 1,
    progress: Progress | None = None,
    stage: str = "comparing models",
    span: tuple[float, float] = (0.0, 1.0),
) -> list[Subset]:
    """Find the best subsets of columns for a linear model with an intercept, exactly.

    Parameters
    ----------
    values : ndarray of float, shape (m, rows)
        One candidate column a row.
    target : ndarray of float, shape (rows,)
    size : int
        Number of columns in a model.
    keep : int
        How many models to return, best first.
    seeds : sequence of tuples of int
        Good smaller subsets, extended by one column to seed the threshold.

    Returns
    -------
    list of Subset
        Subsets in which a column is collinear with the others (`COLLINEAR`) are left out.

    Raises
    ------
    InputError
        If the number of subsets is beyond any patience.
    """
    values = np.asarray(values, dtype=float)
    m, rows = values.shape
    if m < size or rows <= size + 1:
        return []
    if math.comb(m, size) > _MOST_SUBSETS:
        raise InputError(
            f"{size} terms of {m:,} features are {math.comb(m, size):.1e} models: choose fewer "
            "terms or a smaller subspace (sis)."
        )
    columns = standardised(values)
    goal = standardised(np.asarray(target, dtype=float)[None])[0]
    best = _Best(columns, goal, keep)
    moment = columns @ goal
    if size == 1:
        best.offer(np.argsort(-(moment**2), kind="stable")[: 4 * keep, None])
        return best.ranked()
    for seed in list(seeds)[:5]:
        best.offer(_extended(columns, goal, seed, keep))
    gram = columns @ columns.T
    search = _Search(best, size)
    if size <= 3:
        # Largest first: the work for a block grows with the square of its index.
        edges = list(range(size - 1, m, _BLOCK))
        tasks = [(first, min(m, first + _BLOCK)) for first in reversed(edges)]
        variance = np.ones(m)
        run_tasks(
            tasks,
            lambda task: search.scan(gram, moment, variance, 0.0, task, ()),
            threads,
            progress,
            stage,
            span,
        )
    else:
        tasks_one = list(range(m - 1, size - 2, -1))
        run_tasks(
            tasks_one,
            lambda i: search.descend(gram, moment, np.ones(m), 0.0, i, ()),
            threads,
            progress,
            stage,
            span,
        )
    return best.ranked()


def _extended(
    columns: np.ndarray, goal: np.ndarray, seed: tuple[int, ...], keep: int
) -> np.ndarray:
    """The best subsets of one column more than a given one, shape (n, size)."""
    basis = np.linalg.qr(columns[list(seed)].T)[0]
    left = np.maximum(1.0 - ((columns @ basis) ** 2).sum(axis=1), 0.0)
    rest = goal - basis @ (basis.T @ goal)
    gain = np.where(left > COLLINEAR, (columns @ rest) ** 2 / np.maximum(left, COLLINEAR), -1.0)
    gain[list(seed)] = -1.0
    chosen = np.argsort(-gain, kind="stable")[:keep]
    return np.array([(*seed, int(k)) for k in chosen if gain[k] >= 0]).reshape(-1, len(seed) + 1)


class _Search:
    """Walks the subsets: explicit Schur steps down to the last three columns, then kernels."""

    def __init__(self, best: _Best, size: int):
        self._best = best
        self._size = size

    def scan(self, gram, moment, variance, base, task, fixed) -> None:
        """Scan the remaining two or three columns for a block of the largest index."""
        first, last = task
        left = self._size - len(fixed)
        kernel = scan_pairs_of_columns if left == 2 else scan_triples_of_columns
        hits = np.empty((_CAPACITY, left), dtype=np.int64)
        start = 0
        while start >= 0:
            count, start = kernel(
                gram, moment, variance, base, self._best.threshold, first, last, start, hits
            )
            if count:
                prefix = np.tile(np.array(fixed, dtype=np.int64), (count, 1))
                self._best.offer(np.concatenate([prefix, hits[:count]], axis=1))

    def descend(self, gram, moment, variance, base, i, fixed) -> None:
        """Fix column i, project it out of those before it, and search among them."""
        if variance[i] < _ROUNDING:
            return
        scale = 1.0 / math.sqrt(variance[i])
        h = gram[i, :i] * scale
        share = moment[i] * scale
        gram_left = gram[:i, :i] - np.outer(h, h)
        moment_left = moment[:i] - h * share
        variance_left = variance[:i] - h * h
        fixed = (*fixed, i)
        base = base + share * share
        left = self._size - len(fixed)
        if left > 3:
            for j in range(i - 1, left - 2, -1):
                self.descend(gram_left, moment_left, variance_left, base, j, fixed)
            return
        for first in range(left - 1, i, _BLOCK):
            task = (first, min(i, first + _BLOCK))
            self.scan(gram_left, moment_left, variance_left, base, task, fixed)
