"""The SISSO search: feature space, rounds of screening, exact comparison of models.

Several targets and cross-validation folds share one pass over the feature space in each round,
because a feature does not depend on what it is to describe.

Source: R. Ouyang et al., Phys. Rev. Materials 2 (2018) 083802,
DOI 10.1103/PhysRevMaterials.2.083802.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.errors import InputError
from engine.learning.expression import Expression
from engine.learning.features import FeatureSpace, Rules
from engine.learning.intervals import Box
from engine.learning.operators import DEFAULT_OPERATORS, parse_operators
from engine.learning.pools import Pool, Records
from engine.learning.screening import Screening, values_of
from engine.learning.subset_search import Subset, best_subsets
from engine.learning.symbolic import SymbolicModel
from engine.learning.units import Unit
from engine.progress import Progress


@dataclass(frozen=True)
class SissoOptions:
    """Settings of a search; the defaults are those of the published study.

    Attributes
    ----------
    rung : int, 0..3
        How many times operators are applied on top of one another.
    terms : int, 1..4
        Largest number of terms in a model.
    sis : int
        Features selected for each residual in each round.
    complexity : int
        Largest number of operators in a feature.
    operators : tuple of str
    residuals : int
        Models of the round before whose residuals are carried into the next screening.
    bounds : tuple of two floats
        Range in which the largest absolute value of a feature must lie.
    references : mapping of str to float
        Reference of a unit symbol for exp and log, 1 unless declared.
    strict_units : bool
        Let exp, log, sin and cos take a quantity only where `references` has its unit.
    safe : bool
        Offer only features proven to be finite over the whole input box.
    keep : int
        Models kept for every number of terms.
    threads : int, optional
    memory : int, bytes

    Raises
    ------
    InputError
        If a setting is outside its range.
    """

    rung: int = 3
    terms: int = 3
    sis: int = 800
    complexity: int = 10
    operators: tuple[str, ...] = DEFAULT_OPERATORS
    residuals: int = 1
    bounds: tuple[float, float] = (1e-3, 1e5)
    references: Mapping[str, float] = field(default_factory=dict)
    strict_units: bool = False
    safe: bool = True
    keep: int = 20
    threads: int | None = None
    memory: int = 1_200_000_000

    def __post_init__(self) -> None:
        ranges = {
            "rung": (0, 3),
            "terms": (1, 4),
            "sis": (1, 20_000),
            "complexity": (1, 100),
            "residuals": (1, 100),
            "keep": (1, 1000),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if int(value) != value or not low <= value <= high:
                raise InputError(f"SISSO: {name} {value} is not a number from {low} to {high}.")
        if not 0 < self.bounds[0] < self.bounds[1]:
            raise InputError("SISSO: the bounds on feature values must be two rising positives.")
        for symbol, value in self.references.items():
            if not (value > 0 and math.isfinite(value)):
                raise InputError(f"SISSO: the reference {value} of '{symbol}' is not positive.")
        parse_operators(self.operators)


@dataclass(frozen=True)
class RankedModel:
    """One of the best models of its size.

    Attributes
    ----------
    model : SymbolicModel
    train_rmse : float
        In the unit of the target.
    """

    model: SymbolicModel
    train_rmse: float


@dataclass
class SearchResult:
    """What a search found.

    Attributes
    ----------
    models : list over targets of dict, size -> list of RankedModel
        Best first.
    fold_models : list over targets of dict, size -> dict, fold -> SymbolicModel
        Best model of the search repeated without the rows of the fold; empty without folds.
    candidates : int
        Distinct expressions compared in each round.
    scored : int
        Scores computed in all rounds.
    explicit : list of int
        Sizes of the explicit rungs.
    """

    models: list[dict[int, list[RankedModel]]]
    fold_models: list[dict[int, dict[int, SymbolicModel]]]
    candidates: int
    scored: int
    explicit: list[int]


@dataclass
class _Entry:
    """One target on one set of training rows: all rows, or all but a fold."""

    target: int
    fold: int
    inside: np.ndarray
    goal: np.ndarray
    pool: Pool
    chosen: Records = field(default_factory=Records.empty)
    residuals: list[np.ndarray] = field(default_factory=list)
    subsets: list[Subset] = field(default_factory=list)
    finished: bool = False


def build_space(
    table: np.ndarray,
    columns: Sequence[str],
    units: Sequence[Unit],
    options: SissoOptions,
    box: Box | None,
    progress: Progress | None = None,
) -> FeatureSpace:
    """Explicit rungs: all but the last one.

    Parameters
    ----------
    table : ndarray of float, shape (rows, columns)
    box : mapping of str to (float, float), or None
        Where features must be proven finite.
    """
    rules = Rules(
        operators=parse_operators(options.operators),
        complexity=options.complexity,
        bounds=options.bounds,
        references=options.references,
        strict=options.strict_units,
        box=box if options.safe else None,
        memory=options.memory,
    )
    space = FeatureSpace.of_columns(table, tuple(columns), list(units), rules)
    for _ in range(options.rung - 1):
        space = space.grown(progress)
    return space


def search(
    table: np.ndarray,
    targets: np.ndarray,
    columns: Sequence[str],
    units: Sequence[Unit],
    options: SissoOptions,
    box: Box | None = None,
    folds: np.ndarray | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    on_model: Callable[[int, RankedModel], None] | None = None,
) -> SearchResult:
    """Run a SISSO search for all targets at once.

    Parameters
    ----------
    table : ndarray of float, shape (rows, columns)
    targets : ndarray of float, shape (rows, targets)
    folds : ndarray of int, shape (rows,), optional
        Fold of each row, from 0; the whole search is repeated without each of them.
    on_model : callable, optional
        Called with the number of a target and its best model so far.

    Raises
    ------
    InputError
        If the settings ask for more memory or time than is sensible.
    Cancelled
    """
    rows = table.shape[0]
    order = np.arange(rows) if folds is None else np.argsort(folds, kind="stable")
    edges = np.zeros(1, dtype=np.int64)
    if folds is not None:
        edges = np.concatenate([[0], np.cumsum(np.bincount(folds))]).astype(np.int64)
    table, targets = table[order], targets[order]
    data = {name: table[:, k] for k, name in enumerate(columns)}

    space = build_space(table, columns, units, options, box, progress)
    screening = Screening(space, options.rung > 0, edges)
    entries = _entries(targets, edges, options)
    result = SearchResult(
        models=[{} for _ in range(targets.shape[1])],
        fold_models=[{} for _ in range(targets.shape[1])],
        candidates=0,
        scored=0,
        explicit=space.sizes,
    )
    for size in range(1, options.terms + 1):
        active = [e for e in entries if not e.finished]
        if not active:
            break
        begin, end = (size - 1) / options.terms, size / options.terms
        middle = begin + (end - begin) * (0.8 if size < 3 else 0.5)
        stage = f"screening features for term {size}"
        _screen(screening, active, threads, progress, stage, (begin, middle))
        for number, entry in enumerate(active):
            part = (
                middle + (end - middle) * number / len(active),
                middle + (end - middle) * (number + 1) / len(active),
            )
            _compare(space, entry, size, options, threads, progress, part)
            _record(space, entry, size, data, targets, result, on_model)
    result.candidates = screening.distinct
    result.scored = screening.scored
    return result


def _entries(targets: np.ndarray, edges: np.ndarray, options: SissoOptions) -> list[_Entry]:
    entries = []
    for fold in range(edges.size):
        inside = np.ones(targets.shape[0], dtype=bool)
        if fold:
            inside[edges[fold - 1] : edges[fold]] = False
        for target in range(targets.shape[1]):
            goal = targets[:, target]
            start = np.where(inside, goal, 0.0)
            entries.append(_Entry(target, fold, inside, goal, Pool(options.sis), residuals=[start]))
    return entries


def _screen(screening, active, threads, progress, stage, span) -> None:
    residuals, fold, pool_of = [], [], []
    for number, entry in enumerate(active):
        entry.pool = Pool(entry.pool.size, taken=entry.chosen)
        for residual in entry.residuals:
            residuals.append(residual)
            fold.append(entry.fold)
            pool_of.append(number)
    screening.run(
        np.array(residuals),
        np.array(fold),
        np.array(pool_of),
        [entry.pool for entry in active],
        threads,
        progress,
        stage,
        span,
    )
    for entry in active:
        entry.chosen = Records.join([entry.chosen, entry.pool.best])


def _compare(space, entry, size, options, threads, progress, span) -> None:
    """Find the best models of one size for one entry and what they leave unexplained."""
    values = np.ascontiguousarray(values_of(space, entry.chosen)[:, entry.inside])
    goal = entry.goal[entry.inside]
    keep = options.keep if entry.fold == 0 else options.residuals
    entry.subsets = best_subsets(
        values,
        goal,
        size,
        keep=max(keep, options.residuals),
        seeds=[s.columns for s in entry.subsets],
        threads=threads,
        progress=progress,
        stage=f"comparing models of {size} term{'s' if size > 1 else ''}",
        span=span,
    )
    if not entry.subsets or entry.subsets[0].share > 1 - 1e-13:
        entry.finished = True
    entry.residuals = []
    for subset in entry.subsets[: options.residuals]:
        chosen = np.column_stack([values[list(subset.columns)].T, np.ones(goal.size)])
        left = np.zeros(entry.goal.size)
        scale = np.abs(chosen).max(axis=0)
        solution = np.linalg.lstsq(chosen / scale, goal, rcond=None)[0]
        left[entry.inside] = goal - (chosen / scale) @ solution
        entry.residuals.append(left)


def _record(space, entry, size, data, targets, result, on_model) -> None:
    """Turn the subsets of an entry into models."""
    inside = {name: values[entry.inside] for name, values in data.items()}
    goal = targets[entry.inside, entry.target]

    def expression(k: int) -> Expression:
        chosen = entry.chosen
        tree = space.expression(int(chosen.codes[k]), int(chosen.left[k]), int(chosen.right[k]))
        assert tree is not None
        return tree

    models = []
    for subset in entry.subsets if entry.fold == 0 else entry.subsets[:1]:
        model = SymbolicModel.fit([expression(k) for k in subset.columns], inside, goal)
        error = model.predict(inside, goal.size) - goal
        models.append(RankedModel(model, float(np.sqrt(np.mean(error**2)))))
    if not models:
        return
    if entry.fold:
        result.fold_models[entry.target].setdefault(size, {})[entry.fold - 1] = models[0].model
        return
    models.sort(key=lambda m: (round(m.train_rmse, 12), m.model.complexity))
    result.models[entry.target][size] = models
    if on_model is not None:
        on_model(entry.target, models[0])
