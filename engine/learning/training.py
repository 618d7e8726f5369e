"""Train models of several properties at once, by any method, and compare them with plain ones."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.learning.fitting import (
    Fitted,
    fit_baselines,
    fit_best_baseline,
    fit_dnn,
    fit_gp,
    fit_sisso,
    measure,
)
from engine.learning.metrics import in_plain_words
from engine.learning.model import METHODS, PropertyModel
from engine.learning.network import Network, NetworkOptions
from engine.learning.sisso_search import SissoOptions
from engine.learning.spread import Spread
from engine.learning.symbolic import SymbolicModel
from engine.learning.training_set import TrainingSet, prepare
from engine.progress import Progress

INTERVAL_LEVEL = 0.9


@dataclass
class TrainingResult:
    """Models by target, and what the training took.

    Attributes
    ----------
    models : dict of str to PropertyModel
    features_screened : int
        Distinct expressions compared (0 for other methods than sisso).
    seconds : float
    statements : list of str
        What concerns all targets.
    """

    models: dict[str, PropertyModel]
    features_screened: int
    seconds: float
    statements: list[str] = field(default_factory=list)

    def __getitem__(self, target: str) -> PropertyModel:
        return self.models[target]

    def __iter__(self) -> Iterator[str]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)


def train(
    frame: Any,
    inputs: Sequence[str],
    targets: Sequence[str],
    method: str = "sisso",
    test_rows: Iterable[int] | None = None,
    validation: Any = None,
    progress: Progress | None = None,
    *,
    groups: str | None = None,
    units: Mapping[str, str] | None = None,
    box: Mapping[str, tuple[float, float]] | None = None,
    folds: int = 5,
    cross_validation: str = "auto",
    seed: int = 0,
    on_model: Callable[[str, Any], None] | None = None,
    **options: Any,
) -> TrainingResult:
    """Train one model for every target.

    Parameters
    ----------
    frame : DataFrame or mapping of columns
        The unit of a column is the suffix of its name (``_MPa``, ``_um``, ``_percent``).
    inputs, targets : sequence of str
        Column names.
    method : {"sisso", "dnn", "gp", "baseline"}
    test_rows : iterable of int, optional
        0-based rows kept for testing only.
    validation : DataFrame or mapping, optional
        Another table to assess the models on.
    groups : str, optional
        Column whose equal values keep rows together in cross-validation.
    units : mapping of str to str, optional
        Unit of columns whose name does not tell.
    box : mapping of str to (float, float), optional
        Ranges of the inputs where models must not blow up; never less than the training range.
    folds : int
        Of the cross-validation; below 2 switches it off.
    cross_validation : {"auto", "full", "refit", "none"}
        For sisso; see `engine.learning.fitting.fit_sisso`.
    on_model : callable, optional
        Called as ``on_model(target, ranked_model)`` with the best model so far.
    **options
        Fields of `SissoOptions` or `NetworkOptions`.

    Raises
    ------
    InputError
        One sentence about the table or an option.
    Cancelled
    """
    started = time.perf_counter()
    if method not in METHODS:
        raise InputError(f"Method '{method}' is not one of {', '.join(METHODS)}.")
    settings = _settings(method, options)
    sets = prepare(frame, inputs, targets, test_rows, validation, groups, folds, seed, units, box)
    models: dict[str, PropertyModel] = {}
    screened = 0
    for k, data in enumerate(sets):
        part = part_of(progress, k / len(sets), (k + 1) / len(sets))
        if method == "sisso":
            assert isinstance(settings, SissoOptions)
            fitted, result = fit_sisso(data, settings, cross_validation, part, on_model)
            screened += result.candidates
        elif method == "dnn":
            assert isinstance(settings, NetworkOptions)
            fitted = fit_dnn(data, settings, seed, part)
        elif method == "gp":
            fitted = fit_gp(data, seed, part)
        else:
            fitted = [fit_best_baseline(data, t) for t in range(len(data.targets))]
        for t, one in enumerate(fitted):
            models[data.targets[t]] = _model(data, t, method, one, settings, seed)
    if progress is not None:
        progress.report(1.0, "trained")
    seconds = time.perf_counter() - started
    return TrainingResult({t: models[t] for t in targets}, screened, seconds)


def _settings(method: str, options: Mapping[str, Any]) -> SissoOptions | NetworkOptions | None:
    kind = {"sisso": SissoOptions, "dnn": NetworkOptions}.get(method)
    known = {f.name for f in dataclasses.fields(kind)} if kind else set()
    everything = {f.name for k in (SissoOptions, NetworkOptions) for f in dataclasses.fields(k)}
    for name in options:
        if name not in everything:
            raise InputError(f"'{name}' is not an option of the training.")
    # Options of another method are not an error: a caller may pass one set for all methods.
    used = {n: v for n, v in options.items() if n in known and v is not None}
    for name in ("operators", "hidden", "bounds"):
        if name in used:
            used[name] = tuple(used[name])
    return kind(**used) if kind else None


def part_of(progress: Progress | None, begin: float, end: float) -> Progress | None:
    """A progress that fills a part of another one."""
    if progress is None or (begin, end) == (0.0, 1.0):
        return progress

    return Progress(lambda f, stage: progress.report(begin + (end - begin) * f, stage))


def _interval(fitted: Fitted, goal: np.ndarray) -> dict[str, Any]:
    if fitted.held_out is None or not np.all(np.isfinite(fitted.held_out)):
        return {}
    scores = np.abs(goal - fitted.held_out)
    floor, spread = 0.0, None
    if fitted.deviation is not None:
        # The floor keeps an accidental agreement of all members from promising certainty.
        floor = 0.0 + float(np.median(scores))
        floor = max(floor, 1e-12 * float(np.ptp(goal)))
        scores = scores / np.sqrt(fitted.deviation**2 + floor**2)
    else:
        spread = Spread.of_residuals(fitted.held_out, scores)
        if spread is not None:
            scores = scores / spread.at(fitted.held_out)
    return {
        "scores": [float(f"{s:.6g}") for s in np.sort(scores)],
        "floor": floor,
        "level": INTERVAL_LEVEL,
    } | ({} if spread is None else {"spread": spread.to_dict()})


def _verdict(target: str, metrics: dict[str, Any], plain: dict[str, Any]) -> list[str]:
    """Say plainly when a plain model is as good or better."""
    for part in ("validation", "test", "cross_validation", "train"):
        own = (metrics.get(part) or {}).get("rmse")
        if own is None:
            continue
        others = {
            name: entry[part]["rmse"]
            for name, entry in plain.items()
            if (entry.get(part) or {}).get("rmse") is not None
        }
        if not others:
            continue
        name = min(others, key=lambda n: others[n])
        where = {"cross_validation": "cross-validation"}.get(part, f"the {part} rows")
        against = f"RMSE {others[name]:.4g} against {own:.4g} on {where}"
        if others[name] < own:
            return [
                f"A plain model beats this one for '{target}': {plain[name]['label']}, {against}."
            ]
        if others[name] < 1.05 * own:
            return [
                f"This model of '{target}' is hardly better than a plain one: "
                f"{plain[name]['label']}, {against}."
            ]
        return []
    return []


def _model(
    data: TrainingSet, target: int, method: str, fitted: Fitted, settings: Any, seed: int
) -> PropertyModel:
    name = data.targets[target]
    goal = data.train.targets[:, target]
    metrics = measure(fitted.predictor, data, target, fitted.held_out)
    plain: dict[str, Any] = {}
    for key, (baseline, one) in fit_baselines(data, target).items():
        assert isinstance(one.predictor, SymbolicModel)
        plain[key] = {
            "label": baseline.label,
            "equation": one.predictor.text(),
            "model": one.predictor.to_dict(),
            **measure(one.predictor, data, target, one.held_out),
        }
    common = list(data.statements)
    verdict = [] if method == "baseline" else _verdict(name, metrics, plain)
    said = [*common, *fitted.statements, *in_plain_words(metrics), *verdict]
    entries = [one for entry in fitted.front for one in (entry, *entry["alternatives"])]
    for entry in entries:
        held_out = entry.pop("held_out")
        entry["residuals"] = _interval(Fitted(fitted.predictor, held_out), goal)
        entry["statements"] = [
            *common,
            *entry.get("statements", fitted.statements),
            *in_plain_words(entry["metrics"]),
            *_verdict(name, entry["metrics"], plain),
        ]
    return PropertyModel(
        target=name,
        inputs=data.names,
        method=method,
        predictor=fitted.predictor,
        domain=dict(data.domain),
        metrics=metrics,
        baselines=plain,
        front=fitted.front,
        statements=tuple(said),
        residuals=_interval(fitted, goal),
        details={
            **fitted.details,
            "options": _plain_options(settings),
            "seed": seed,
            "rows": data.train.rows,
            "groups": data.groups,
            "box": {n: list(ends) for n, ends in data.box.items()},
            "members": len(fitted.predictor.members)
            if isinstance(fitted.predictor, Network)
            else None,
        },
    )


def _plain_options(settings: Any) -> dict[str, Any]:
    """Options as JSON values."""
    if settings is None:
        return {}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in dataclasses.asdict(settings).items()
    }
