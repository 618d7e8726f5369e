"""How each method turns a training set into predictors, with honest cross-validated errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import qmc

from engine.errors import InputError
from engine.learning.baselines import Baseline, baselines_for, is_pressure
from engine.learning.effort import Estimate, estimate
from engine.learning.gaussian_process import GaussianProcess
from engine.learning.metrics import assess
from engine.learning.model import Predictor
from engine.learning.network import NetworkOptions, fit_networks
from engine.learning.sisso_search import RankedModel, SearchResult, SissoOptions, search
from engine.learning.symbolic import SymbolicModel
from engine.learning.training_set import Split, TrainingSet
from engine.learning.workers import resolve_threads
from engine.progress import Progress

# Repeating the whole search in every fold is done unasked up to this much estimated processor
# time, s.
_FULL_VALIDATION_SECONDS = 15.0
# Other equations kept of each size, beside the best.
_RUNNERS_UP = 4


@dataclass
class Fitted:
    """One target as a method left it.

    Attributes
    ----------
    predictor : Predictor
    held_out : ndarray of float, shape (training rows,), or None
        Prediction of every row without its fold.
    deviation : ndarray or None
        Spread of the method at the held-out rows, for intervals that widen with it.
    front : list of dict
    statements : list of str
    details : dict
    """

    predictor: Predictor
    held_out: np.ndarray | None = None
    deviation: np.ndarray | None = None
    front: list[dict[str, Any]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)


def measure(
    predictor: Predictor, data: TrainingSet, target: int, held_out: np.ndarray | None
) -> dict[str, Any]:
    """Metrics on every part of the data and in cross-validation."""
    found: dict[str, Any] = {}
    for name, part in data.parts.items():
        found[name] = assess(part.targets[:, target], _predict(predictor, part, data.names))
    if held_out is not None:
        found["cross_validation"] = assess(data.train.targets[:, target], held_out)
    return found


def _predict(predictor: Predictor, part: Split, names: tuple[str, ...]) -> np.ndarray:
    if isinstance(predictor, SymbolicModel):
        return predictor.predict(part.columns, part.rows)
    return predictor.predict(part.table(names))


def _subset(part: Split, mask: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[mask] for name, values in part.columns.items()}


def cross_validated(
    fit: Callable[[Mapping[str, np.ndarray], np.ndarray], SymbolicModel | None],
    data: TrainingSet,
    target: int,
) -> np.ndarray | None:
    """Predict every training row by a fit that has not seen its fold."""
    if data.folds is None:
        return None
    held_out = np.empty(data.train.rows)
    for fold in np.unique(data.folds):
        inside = data.folds != fold
        model = fit(_subset(data.train, inside), data.train.targets[inside, target])
        if model is None:
            return None
        outside = ~inside
        held_out[outside] = model.predict(_subset(data.train, outside), int(outside.sum()))
    return held_out


# --- baselines --------------------------------------------------------------------------


def fit_baselines(data: TrainingSet, target: int) -> dict[str, tuple[Baseline, Fitted]]:
    """Fit every plain form that applies."""
    everywhere = {
        name: np.concatenate([part.columns[name] for part in data.parts.values()])
        for name in data.names
    }
    found = {}
    for baseline in baselines_for(data.targets[target], data.names, data.units, everywhere):
        model = baseline.fit(data.train.columns, data.train.targets[:, target])
        if model is None or not model.safe_in(data.domain):
            continue
        held_out = cross_validated(baseline.fit, data, target)
        found[baseline.name] = (baseline, Fitted(model, held_out))
    return found


def fit_best_baseline(data: TrainingSet, target: int) -> Fitted:
    """The plain form of smallest cross-validated error (without folds: training error)."""
    found = fit_baselines(data, target)
    goal = data.train.targets[:, target]
    if not found:
        raise InputError(
            f"No plain model can be fitted to '{data.targets[target]}': there are only "
            f"{goal.size} training rows for {len(data.names)} inputs."
        )

    def error(item: tuple[Baseline, Fitted]) -> float:
        fitted = item[1]
        shown = fitted.held_out
        if shown is None:
            shown = _predict(fitted.predictor, data.train, data.names)
        rmse = assess(goal, shown)["rmse"]
        return math.inf if rmse is None else float(rmse)

    baseline, fitted = min(found.values(), key=error)
    fitted.details["baseline"] = baseline.name
    fitted.statements.append(f"The plain model chosen is the {baseline.label}.")
    return fitted


# --- SISSO ------------------------------------------------------------------------------


def probe_points(box: Mapping[str, tuple[float, float]], count: int = 1024) -> dict[str, Any]:
    """Points that fill a box evenly, its corners included."""
    names = list(box)
    low = np.array([box[n][0] for n in names])
    high = np.array([box[n][1] for n in names])
    inner = qmc.Sobol(len(names), scramble=True, rng=np.random.default_rng(7)).random(count)
    corners = (
        np.array(np.meshgrid(*[[0.0, 1.0]] * min(len(names), 10)))
        .reshape(-1, 2 ** min(len(names), 10))
        .T
    )
    if corners.shape[1] < len(names):
        corners = np.pad(corners, ((0, 0), (0, len(names) - corners.shape[1])))
    points = low + np.concatenate([inner, corners]) * (high - low)
    return {name: points[:, k] for k, name in enumerate(names)}


def stays_reasonable(
    model: SymbolicModel, probes: Mapping[str, np.ndarray], goal: np.ndarray
) -> bool:
    """Whether predictions over the box stay within twice the spread of the data beyond it."""
    predicted = model.predict(probes, next(iter(probes.values())).size)
    span = 2 * np.ptp(goal)
    return bool(
        np.all(np.isfinite(predicted))
        and predicted.min() >= goal.min() - span
        and predicted.max() <= goal.max() + span
    )


def _offered(
    ranked: list[RankedModel], size: int, probes: Mapping[str, np.ndarray], goal: np.ndarray
) -> tuple[list[RankedModel], str]:
    """Put the models first that stay within reason over the box, and say where that changed it.

    Every one of them is finite in the whole box: that was proven feature by feature. Corners of
    a box of dependent inputs are no real conditions, so where all models grow large in some
    corner the best one is offered with a warning rather than none.
    """
    steady = [m for m in ranked if stays_reasonable(m.model, probes, goal)]
    if not steady:
        found = ranked[0].model.predict(probes, next(iter(probes.values())).size)
        return ranked, (
            f"The model of {size} terms reaches {found.min():.4g} to {found.max():.4g} in corners "
            "of the input box, far beyond the data: do not trust it there."
        )
    if steady[0] is ranked[0]:
        return steady, ""
    return steady, (
        f"The model of {size} terms that fits best runs away inside the input box; the next one "
        "is offered."
    )


def repeats_search(work: Estimate, options: SissoOptions) -> bool:
    """Whether "auto" repeats the whole search in every fold, given the work with all folds."""
    return work.seconds * resolve_threads(options.threads) <= _FULL_VALIDATION_SECONDS


def _fold_count(data: TrainingSet) -> int:
    return 0 if data.folds is None else int(data.folds.max()) + 1


def fit_sisso(
    data: TrainingSet,
    options: SissoOptions,
    cross_validation: str = "auto",
    progress: Progress | None = None,
    on_model: Callable[[str, RankedModel], None] | None = None,
) -> tuple[list[Fitted], SearchResult]:
    """Search symbolic models of all targets of a set.

    Parameters
    ----------
    cross_validation : {"auto", "full", "refit", "none"}
        ``full`` repeats the whole search without each fold; ``refit`` only fits the coefficients
        of the models found on all rows again, which flatters them.

    Raises
    ------
    InputError
        If there are too few rows for the number of terms.
    """
    if cross_validation not in ("auto", "full", "refit", "none"):
        raise InputError(
            f"Cross-validation '{cross_validation}' is not one of auto, full, refit, none."
        )
    rows = data.train.rows
    if rows < options.terms + 2:
        raise InputError(
            f"{options.terms} terms need at least {options.terms + 2} training rows; "
            f"'{data.targets[0]}' has {rows}: choose fewer terms or add rows."
        )
    if data.folds is None:
        cross_validation = "none"
    else:
        smallest = rows - int(np.bincount(data.folds).max())
        if cross_validation == "auto":
            work = estimate(len(data.names), len(data.targets), rows, options, _fold_count(data))
            cross_validation = "full" if repeats_search(work, options) else "refit"
        if smallest < options.terms + 2:
            cross_validation = "refit" if smallest >= 2 else "none"
    names = data.names
    result = search(
        data.train.table(names),
        data.train.targets,
        names,
        data.units,
        options,
        box=data.box,
        folds=data.folds if cross_validation == "full" else None,
        threads=resolve_threads(options.threads),
        progress=progress,
        on_model=None if on_model is None else lambda t, m: on_model(data.targets[t], m),
    )
    probes = probe_points(data.box)
    return [
        _assemble(data, t, result, options, cross_validation, probes)
        for t in range(len(data.targets))
    ], result


def _assemble(data, target, result, options, cross_validation, probes) -> Fitted:
    goal = data.train.targets[:, target]
    front: list[dict[str, Any]] = []
    chosen: Fitted | None = None
    said: list[str] = []
    for size, ranked in sorted(result.models[target].items()):
        offered, sentence = _offered(ranked, size, probes, goal) if options.safe else (ranked, "")
        said += [sentence] if sentence else []
        model = offered[0].model
        held_out = _held_out(data, target, size, model, result, cross_validation)
        metrics = measure(model, data, target, held_out)
        front.append(
            {
                "terms": size,
                "complexity": model.complexity,
                "equation": model.text(),
                "latex": model.latex(),
                "metrics": metrics,
                "train": metrics["train"],
                "cross_validation": metrics.get("cross_validation"),
                "model": model.to_dict(),
                "held_out": held_out,
                "alternatives": [
                    _runner_up(data, target, m, result, cross_validation)
                    for m in offered[1 : 1 + _RUNNERS_UP]
                ],
            }
        )
        chosen = Fitted(model, held_out)
    if chosen is None:
        raise InputError(
            f"No symbolic model of '{data.targets[target]}' could be built from these inputs: "
            "allow more operators, wider bounds or a higher rung."
        )
    largest = front[-1]["terms"]
    if largest < options.terms:
        said.append(
            f"{largest} terms fit the training rows exactly or leave nothing to add: no model of "
            f"{options.terms} terms is offered."
        )
    said.append(_how_validated(cross_validation, data))
    chosen.front = front
    chosen.statements = [s for s in said if s]
    chosen.details = {"cross_validation": cross_validation}
    _recommend(front)
    return chosen


def _runner_up(data, target, ranked, result, cross_validation) -> dict[str, Any]:
    """Another equation of one size; its features are given, so only coefficients are refitted."""
    model, size = ranked.model, len(ranked.model.terms)
    kind = "none" if cross_validation == "none" else "refit"
    held_out = _held_out(data, target, size, model, result, kind)
    metrics = measure(model, data, target, held_out)
    return {
        "equation": model.text(),
        "complexity": model.complexity,
        "train_rmse": ranked.train_rmse,
        "metrics": metrics,
        "train": metrics["train"],
        "cross_validation": metrics.get("cross_validation"),
        "statements": [_how_validated(kind, data)],
        "model": model.to_dict(),
        "held_out": held_out,
    }


def _how_validated(cross_validation: str, data: TrainingSet) -> str:
    together = f", keeping rows of one '{data.groups}' together" if data.groups else ""
    if cross_validation == "full":
        return f"Cross-validation repeats the whole search without each fold{together}."
    if cross_validation == "refit":
        return (
            "Cross-validation fits only the coefficients again, not the choice of the features"
            f"{together}: its errors and the intervals are somewhat too small."
        )
    return "There is no cross-validation, so intervals and honest errors are missing."


def _held_out(data, target, size, model, result, cross_validation) -> np.ndarray | None:
    if cross_validation == "refit":
        return cross_validated(
            lambda columns, goal: SymbolicModel.fit(model.terms, columns, goal), data, target
        )
    if cross_validation != "full":
        return None
    by_size = result.fold_models[target]
    held_out = np.empty(data.train.rows)
    for fold in np.unique(data.folds):
        found = None
        for smaller in range(size, 0, -1):  # an exact fit ends a fold's search early
            found = by_size.get(smaller, {}).get(int(fold))
            if found is not None:
                break
        if found is None:
            return None
        outside = data.folds == fold
        held_out[outside] = found.predict(_subset(data.train, outside), int(outside.sum()))
    return held_out if np.all(np.isfinite(held_out)) else None


def _recommend(front: list[dict[str, Any]]) -> None:
    """Mark the smallest model within 3 % of the best cross-validated (else training) error."""
    errors = []
    for entry in front:
        part = entry["cross_validation"] or entry["train"]
        errors.append(math.inf if part["rmse"] is None else part["rmse"])
    limit = 1.03 * min(errors)
    best = next(k for k, error in enumerate(errors) if error <= limit)
    for k, entry in enumerate(front):
        entry["recommended"] = k == best


# --- network and Gaussian process -------------------------------------------------------


def fit_dnn(
    data: TrainingSet, options: NetworkOptions, seed: int, progress: Progress | None = None
) -> list[Fitted]:
    """Train an ensemble of networks on all targets of a set."""
    table = data.train.table(data.names)
    everywhere = [np.concatenate([p.columns[n] for p in data.parts.values()]) for n in data.names]
    logarithmic = np.array(
        [
            is_pressure(name, unit) and bool(np.min(values) > 0)
            for name, unit, values in zip(data.names, data.units, everywhere, strict=True)
        ]
    )
    folds = data.folds if data.folds is not None else np.zeros(data.train.rows, dtype=np.int64)
    if data.folds is None:
        raise InputError("Networks need at least two different conditions or groups: add rows.")
    networks, held_out = fit_networks(
        table, data.train.targets, folds, logarithmic, options, seed, progress
    )
    fitted = []
    for t, network in enumerate(networks):
        fitted.append(
            Fitted(
                network,
                held_out[:, t],
                network.deviation(table),
                statements=[
                    f"{len(network.members)} networks of {' + '.join(map(str, options.hidden))} "
                    "hidden nodes; each has left one fold of the rows unseen."
                ],
            )
        )
    return fitted


def fit_gp(data: TrainingSet, seed: int, progress: Progress | None = None) -> list[Fitted]:
    """Fit a Gaussian process to every target of a set."""
    table = data.train.table(data.names)
    fitted = []
    for t, name in enumerate(data.targets):
        if progress is not None:
            progress.report(t / len(data.targets), f"fitting a Gaussian process to {name}")
        goal = data.train.targets[:, t]
        model = GaussianProcess.fit(table, goal, seed)
        held_out, deviation = None, None
        if data.folds is not None:
            held_out, deviation = np.empty(goal.size), np.empty(goal.size)
            for fold in np.unique(data.folds):
                inside = data.folds != fold
                part = model.refitted(table[inside], goal[inside])
                held_out[~inside] = part.predict(table[~inside])
                deviation[~inside] = part.deviation(table[~inside])
        fitted.append(
            Fitted(
                model,
                held_out,
                deviation,
            )
        )
    return fitted
