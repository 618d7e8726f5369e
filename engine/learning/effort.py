"""How much work a search is, said before it starts, and settings for three levels of effort."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from engine.learning.operators import ABS_DIFF, ADD, DIV, EXP, MUL, SUB, parse_operators
from engine.learning.sisso_search import SissoOptions
from engine.learning.workers import resolve_threads

EFFORTS: dict[str, dict[str, Any]] = {
    "quick": {"rung": 2, "terms": 2, "sis": 100},
    "thorough": {"rung": 2, "terms": 3, "sis": 500},
    "as published": {"rung": 3, "terms": 3, "sis": 800},
}
"""Options of `train` for each level; the last is that of DOI 10.1016/j.jpowsour.2020.229103."""

# Share of the pairs that give a feature of new value inside the bounds: first rung, second rung
# and last rung, measured on the published data with three and four inputs.
_NEW = (0.75, 0.55, 0.75)
# Seconds on one thread of a common laptop processor, measured with benchmarks/sisso.py: for a
# candidate and row, for a candidate, row and residual, and for a subset of features compared.
_PER_CANDIDATE, _PER_RESIDUAL, _PER_SUBSET = 3e-10, 7e-11, 8e-10


@dataclass(frozen=True)
class Estimate:
    """Rough work of a search.

    Attributes
    ----------
    candidates : float
        Expressions to screen in each round.
    subsets : float
        Models to compare in all.
    seconds : float
        On this machine's threads; right within a factor of two or three.
    """

    candidates: float
    subsets: float
    seconds: float


def estimate_candidates(inputs: int, options: SissoOptions) -> float:
    """Rough number of expressions of a search, before any is built."""
    codes = parse_operators(options.operators)
    unary = sum(code >= EXP for code in codes)
    # Every pair once for a product, twice for quotients; units keep half of the sums away.
    shares = {MUL: 0.5, DIV: 1.0, ADD: 0.25, SUB: 0.25, ABS_DIFF: 0.25}
    binary = sum(share for code, share in shares.items() if code in codes)
    count = float(inputs)
    for rung in range(options.rung):
        share = _NEW[-1] if rung == options.rung - 1 else _NEW[rung]
        count += share * (unary * count + binary * count * count)
    return count


def estimate(
    inputs: int, targets: int, rows: int, options: SissoOptions, folds: int = 0
) -> Estimate:
    """Estimate the work of a search.

    Parameters
    ----------
    inputs, targets, rows : int
    folds : int
        Folds for which the whole search is repeated; 0 for none.
    """
    candidates = estimate_candidates(inputs, options)
    entries = targets * (folds + 1)
    rounds = options.terms
    screening = rounds * candidates * rows * (_PER_CANDIDATE + _PER_RESIDUAL * entries)
    subsets = 0.0
    for terms in range(1, options.terms + 1):
        subsets += entries * math.comb(int(min(options.sis * terms, candidates)), terms)
    seconds = (screening + subsets * _PER_SUBSET) / resolve_threads(options.threads)
    return Estimate(candidates, subsets, seconds + 0.5)
