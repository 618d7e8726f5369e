"""Sure independence screening of the last rung, which is enumerated and never stored.

A candidate is one operation over two explicit features. It is scored by its squared correlation
with every residual at once (targets, folds, carried models); candidates that beat the threshold
of a pool are evaluated again exactly, and pools keep the best ones of distinct value.

Source of the method: R. Ouyang et al., Phys. Rev. Materials 2 (2018) 083802,
DOI 10.1103/PhysRevMaterials.2.083802.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
from numba import njit

from engine.learning.duplicates import classes_of_equal, first_of_each
from engine.learning.features import FeatureSpace, acceptable, evaluate_records, projections
from engine.learning.operators import (
    ABS_DIFF,
    ADD,
    DIFF_BY_ADD,
    DIV,
    MUL,
    SAME,
    SUB,
    SUM_BY_SUB,
    operate,
    sum_codes,
)
from engine.learning.workers import run_tasks
from engine.progress import Progress

LANES = 8  # candidates scored together, so that a residual is loaded once for all of them
_CAPACITY = 8192
_KINDS = {SUM_BY_SUB: ADD, DIFF_BY_ADD: SUB}
_SLACK = 1e-9  # a candidate this close to a threshold is still looked at exactly


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


@dataclass
class Records:
    """Operations over the explicit table, with what is known of them; all of length m."""

    codes: np.ndarray
    left: np.ndarray
    right: np.ndarray
    complexity: np.ndarray
    score: np.ndarray
    keys: np.ndarray

    @classmethod
    def empty(cls) -> Records:
        """No record."""
        none = np.zeros(0, dtype=np.int64)
        return cls(none, none, none, none, np.zeros(0), np.zeros((0, 2)))

    @property
    def size(self) -> int:
        """Number of records."""
        return int(self.codes.size)

    def take(self, index: np.ndarray) -> Records:
        """Selection by index or mask."""
        return Records(
            self.codes[index],
            self.left[index],
            self.right[index],
            self.complexity[index],
            self.score[index],
            self.keys[index],
        )

    @staticmethod
    def join(parts: list[Records]) -> Records:
        """Concatenate."""
        names = ("codes", "left", "right", "complexity", "score", "keys")
        return Records(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


@dataclass
class Pool:
    """The best candidates of distinct value for one residual (or several that share a pool).

    Attributes
    ----------
    size : int
        How many to keep.
    taken : Records
        Selected in earlier rounds: their values are not offered again.
    threshold : float
        Squared correlation below which a candidate cannot enter any more.
    """

    size: int
    taken: Records = field(default_factory=Records.empty)
    best: Records = field(default_factory=Records.empty)
    threshold: float = 0.0
    _waiting: list[Records] = field(default_factory=list)
    _count: int = 0

    def add(self, records: Records) -> None:
        """Offer candidates that beat the threshold."""
        self._waiting.append(records)
        self._count += records.size
        if self._count > max(3 * self.size, 2000):
            self.compact()

    def compact(self) -> None:
        """Merge equals, keep the best, raise the threshold."""
        taken = self.taken
        everything = Records.join([taken, self.best, *self._waiting])
        self._waiting, self._count = [], 0
        old = np.arange(everything.size) < taken.size
        complexity = np.where(old, -1, everything.complexity)
        classes = classes_of_equal(everything.keys[:, 0], everything.keys[:, 1])
        kept = first_of_each(
            classes, (complexity, everything.codes, everything.left, everything.right)
        )
        unique = everything.take(kept[~old[kept]])
        # Scores of one value differ in the last digits with the form that gave them; the order
        # must not depend on that.
        order = np.lexsort(
            (unique.right, unique.left, unique.codes, unique.complexity, -unique.score)
        )
        self.best = unique.take(order[: self.size])
        if self.best.size == self.size:
            self.threshold = float(self.best.score[-1]) * (1 - _SLACK)


@dataclass(frozen=True)
class Block:
    """One kind of pairs to scan: rows of two tables and how to name the partner."""

    kind: int
    values: np.ndarray
    rows: np.ndarray
    partner: np.ndarray
    partner_rows: np.ndarray
    code: int
    upper: bool
    turnable: bool
    crossing: bool
    ranges: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    negatable: tuple[np.ndarray, np.ndarray]


class Screening:
    """Enumerates the last rung over an explicit space, any number of times.

    Parameters
    ----------
    space : FeatureSpace
        Rungs up to the last but one.
    last_rung : bool
        False scores the explicit features alone.
    edges : ndarray of int
        Row ranges of the folds (rows are ordered by fold); ``[0]`` for none.
    """

    def __init__(
        self, space: FeatureSpace, last_rung: bool = True, edges: np.ndarray | None = None
    ):
        self.space = space
        self.edges = np.zeros(1, dtype=np.int64) if edges is None else edges
        self.directions = projections(space.values.shape[1])
        self.blocks = self._blocks() if last_rung else []
        self.unary = self._unary() if last_rung else []
        self.scored = 0
        self.distinct = 0
        n = len(space)
        self.candidates = n + sum(index.size for _, index in self.unary)

    def _unary(self) -> list[tuple[int, np.ndarray]]:
        space = self.space
        return [(code, np.flatnonzero(space.allowed_unary(code))) for code in space.unary_codes()]

    def _block(
        self, kind, values, rows, partner, partner_rows, code, upper, turnable=False, crossing=False
    ) -> Block:
        """Complete a block with the ranges and sign flags that the kernel asks for."""
        negatable = self.space.negatable
        return Block(
            kind,
            values,
            rows,
            partner,
            partner_rows,
            code,
            upper,
            turnable,
            crossing,
            (values.min(axis=1), values.max(axis=1), partner.min(axis=1), partner.max(axis=1)),
            (negatable[rows], negatable[partner_rows]),
        )

    def _blocks(self) -> list[Block]:
        space, operators = self.space, self.space.rules.operators
        stream = np.random.default_rng(np.random.SeedSequence(20210112))
        # Rows are taken in random order so that thresholds rise early; the result is the same.
        shuffled = stream.permutation(len(space))
        values = np.ascontiguousarray(space.values[shuffled])
        blocks = []
        if MUL in operators:
            blocks.append(self._block(MUL, values, shuffled, values, shuffled, MUL, True))
        if DIV in operators:
            divisors = np.flatnonzero(space.non_zero)
            if MUL in operators:  # a/b is a*(1/b) where 1/b is a feature
                divisors = divisors[~self._has_inverse(divisors)]
            with np.errstate(over="ignore"):
                inverse = 1.0 / space.values[divisors]
            good = np.isfinite(inverse).all(axis=1)
            divisors, inverse = divisors[good], np.ascontiguousarray(inverse[good])
            blocks.append(self._block(MUL, values, shuffled, inverse, divisors, DIV, False))
        for unit in np.unique(space.unit):
            chosen = shuffled[space.unit[shuffled] == unit]
            if chosen.size < 2:
                continue
            same = np.ascontiguousarray(space.values[chosen])
            for code, turnable, crossing in sum_codes(operators):
                kind = _KINDS.get(code, code)
                blocks.append(
                    self._block(kind, same, chosen, same, chosen, code, True, turnable, crossing)
                )
        return blocks

    def _has_inverse(self, index: np.ndarray) -> np.ndarray:
        """Which of the features have their reciprocal, up to sign, among the features."""
        values = self.space.values
        with np.errstate(all="ignore"):
            inverse = 1.0 / values[index]
            inverse[~np.isfinite(inverse)] = 0.0
        both = np.concatenate([values, inverse])
        norms = np.linalg.norm(both, axis=1)
        places = np.abs(both @ self.directions[0])
        classes = classes_of_equal(norms, places, norms, 1e-10)
        return np.isin(classes[len(self.space) :], classes[: len(self.space)])

    def run(
        self,
        residuals: np.ndarray,
        fold: np.ndarray,
        pool_of: np.ndarray,
        pools: list[Pool],
        threads: int = 1,
        progress: Progress | None = None,
        stage: str = "screening",
        span: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        """Fill the pools with the best candidates of the whole space.

        Parameters
        ----------
        residuals : ndarray of float, shape (r, rows)
            Zero on the held-out rows of their fold; centred and scaled here.
        fold : ndarray of int, shape (r,)
            0 for all rows, else the number of the fold.
        pool_of : ndarray of int, shape (r,)
            Pool that each residual feeds; a pool keeps the best score over its residuals.
        pools : list of Pool
        """
        scaled = np.zeros_like(residuals)
        rows = residuals.shape[1]
        for r in range(residuals.shape[0]):
            inside = np.ones(rows, dtype=bool)
            if fold[r]:
                inside[self.edges[fold[r] - 1] : self.edges[fold[r]]] = False
            centred = residuals[r, inside] - residuals[r, inside].mean()
            norm = np.linalg.norm(centred)
            scaled[r, inside] = centred / norm if norm > 0 else 0.0
        thresholds = np.zeros(residuals.shape[0])
        job = _Job(self, scaled, np.asarray(fold, dtype=np.int64), pool_of, pools, thresholds)

        n = len(self.space)
        everything = np.arange(n)
        job.offer(np.full(n, SAME), everything, everything)
        for code, index in self.unary:
            job.offer(np.full(index.size, code), index, index)
        for pool in pools:
            pool.compact()
        job.update()
        if self.blocks:
            run_tasks(self._tasks(), job.scan, threads, progress, stage, span)
        for pool in pools:
            pool.compact()
        self.distinct = job.scored + self.candidates
        self.scored += self.distinct

    def _tasks(self) -> list[tuple[Block, int, int]]:
        """Row ranges of the blocks, small at first so that thresholds rise early."""
        tasks = []
        for block in self.blocks:
            n, start, step = block.values.shape[0], 0, LANES
            while start < n:
                tasks.append((block, start, min(n, start + step)))
                start += step
                step = min(2 * step, 64)
        return tasks


class _Job:
    """One pass over the space: what the threads share."""

    def __init__(self, screening, residuals, fold, pool_of, pools, thresholds):
        self.screening = screening
        self.residuals = residuals
        self.fold = fold
        self.pool_of = np.asarray(pool_of, dtype=np.int64)
        self.pools = pools
        self.thresholds = thresholds
        self.scored = 0
        self.lock = threading.Lock()

    def update(self) -> None:
        """Let the kernels see the thresholds of the pools."""
        for r, pool in enumerate(self.pool_of):
            self.thresholds[r] = self.pools[pool].threshold

    def offer(self, codes: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        """Evaluate operations exactly and hand the good ones to their pools."""
        if codes.size == 0:
            return
        space = self.screening.space
        complexity = space.complexity_of(codes, left, right)
        fine = complexity <= space.rules.complexity
        if not fine.all():
            codes, left, right = codes[fine], left[fine], right[fine]
            complexity = complexity[fine]
        scores = np.empty((codes.size, self.residuals.shape[0]))
        keys = np.zeros((codes.size, 2))
        score_records(  # type: ignore[call-arg]
            codes.astype(np.int64),
            left.astype(np.int64),
            right.astype(np.int64),
            space.values,
            space.reference,
            *space.rules.bounds,
            self.residuals,
            self.fold,
            self.screening.edges,
            self.screening.directions,
            scores,
            keys,
        )
        with self.lock:
            for p, pool in enumerate(self.pools):
                score = scores[:, self.pool_of == p].max(axis=1)
                good = np.flatnonzero(score > max(pool.threshold, 1e-14))
                if good.size:
                    pool.add(
                        Records(
                            codes[good],
                            left[good],
                            right[good],
                            complexity[good],
                            score[good],
                            keys[good],
                        )
                    )
            self.update()

    def scan(self, task: tuple[Block, int, int]) -> None:
        """Scan one range of rows."""
        block, first, last = task
        rows, partner_rows = block.rows, block.partner_rows
        hits = np.empty((_CAPACITY, 2), dtype=np.int64)
        row, start = first, 0
        while row < last:
            count, row, start, scored = scan_pairs(
                block.kind,
                block.values,
                last,
                block.partner,
                row,
                start,
                block.partner.shape[0],
                block.upper,
                block.turnable,
                block.crossing,
                *block.ranges,
                *block.negatable,
                self.residuals,
                self.fold,
                self.screening.edges,
                self.thresholds,
                hits,
            )
            left, right = rows[hits[:count, 0]], partner_rows[hits[:count, 1]]
            if block.turnable:
                left, right = np.minimum(left, right), np.maximum(left, right)
                left, right = self.screening.space.with_turnable_last(left, right)
            elif block.upper:  # a fixed order of the pair, whatever the shuffling
                left, right = np.minimum(left, right), np.maximum(left, right)
            self.offer(np.full(count, block.code, dtype=np.int64), left, right)
            with self.lock:
                self.scored += scored


def values_of(space: FeatureSpace, records: Records) -> np.ndarray:
    """Values of records, shape (m, rows)."""
    return evaluate_records(
        records.codes, records.left, records.right, space.values, space.reference
    )
