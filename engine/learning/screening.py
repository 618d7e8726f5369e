"""Sure independence screening of the last rung, which is enumerated and never stored.

A candidate is one operation over two explicit features. It is scored by its squared correlation
with every residual at once (targets, folds, carried models); candidates that beat the threshold
of a pool are evaluated again exactly, and pools keep the best ones of distinct value.

Source of the method: R. Ouyang et al., Phys. Rev. Materials 2 (2018) 083802,
DOI 10.1103/PhysRevMaterials.2.083802.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from engine.learning.duplicates import classes_of_equal
from engine.learning.features import FeatureSpace, evaluate_records, projections
from engine.learning.operators import (
    ADD,
    DIFF_BY_ADD,
    DIV,
    MUL,
    SAME,
    SUB,
    SUM_BY_SUB,
    sum_codes,
)
from engine.learning.pools import Pool, Records
from engine.learning.screening_kernels import LANES, scan_pairs, score_records
from engine.learning.workers import run_tasks
from engine.progress import Progress

_CAPACITY = 8192
_KINDS = {SUM_BY_SUB: ADD, DIFF_BY_ADD: SUB}


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
