"""The decision: which setting, how good, how sure.

`recommend` picks one condition of a trade-off, robust against the process, the law and the
models, and says it in a sentence in the lab's own variable.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.learning.reliability import caution
from engine.maps.digits import joined, lower_first, plain, with_uncertainty
from engine.maps.quantities import quantity
from engine.maps.responses import Responses, setting_range
from engine.maps.scope import LEVEL
from engine.maps.second_opinions import disagreement, second_opinions
from engine.maps.standing import models_in_words, stands_on
from engine.maps.targets import Desirability, Target
from engine.maps.trade_off import TradeOff, trade_off
from engine.maps.uncertainty import SOURCES, Propagation, Scatter, summarise
from engine.progress import Progress

_SHORTLIST = 320
_DRAWS = 128
_SOURCE_WORDS = {
    "process": "the scatter of the process",
    "law": "the calendering law",
    "models": "the property models",
}


@dataclass(frozen=True)
class Recommendation:
    """One setting, with all that is known of how sure it is.

    Attributes
    ----------
    setting : dict
        Completed setting by column.
    variable : {"gap_um", "pressure_MPa"}
        The lab's own variable.
    best_range : (low, high)
        Where the best value of the variable lies at `LEVEL` when law and models are off.
    window : (low, high)
        Values of the variable that serve nearly as well (expected desirability within a
        tenth of the best).
    predicted : dict of output to (expected, low, high)
        Expected value of the models, and the interval at `LEVEL` from all sources.
    probability : float, 0..1
        Chance that every limit is kept.
    desirability : float, 0..1
        Expected, over all sources.
    budget : dict of source to share
        Part of the variance of the predictions, averaged over the targets; sums to 1.
    dominant : str
        The source with the largest part.
    robust : bool
        Whether the choice itself took the uncertainty into account.
    sentence : str
    notes : tuple of str
    campaign : int or None
        The one campaign that counted, None for all.
    inside_only : bool
        Whether settings beyond what was measured were left out.
    shares : dict of output to dict of source to share
        Part of each source in the variance of each output; `budget` is their mean.
    made : str
        When, local time to the minute, ``2026-01-31 14:05``.
    stands_on : str
        Fingerprint of the law, models and cell (`engine.maps.standing.stands_on`).
    models : dict of target to str
        The models asked, in words.
    others : dict of output to dict of str to float
        What other models of the study expect, by the model in words: their choice is in no
        interval.
    """

    setting: dict[str, float]
    variable: str
    best_range: tuple[float, float]
    window: tuple[float, float]
    predicted: dict[str, tuple[float, float, float]]
    probability: float
    desirability: float
    budget: dict[str, float]
    dominant: str
    robust: bool
    targets: tuple[Target, ...]
    scatter: Scatter
    sentence: str
    notes: tuple[str, ...] = field(default_factory=tuple)
    fixed: dict[str, float] = field(default_factory=dict)
    campaign: int | None = None
    inside_only: bool = False
    shares: dict[str, dict[str, float]] = field(default_factory=dict)
    made: str = ""
    stands_on: str = ""
    models: dict[str, str] = field(default_factory=dict)
    others: dict[str, dict[str, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, for a study's settings and the report."""
        return {
            "setting": dict(self.setting),
            "variable": self.variable,
            "best_range": list(self.best_range),
            "window": list(self.window),
            "predicted": {name: list(three) for name, three in self.predicted.items()},
            "probability": self.probability,
            "desirability": self.desirability,
            "budget": dict(self.budget),
            "dominant": self.dominant,
            "robust": self.robust,
            "targets": [target.to_dict() for target in self.targets],
            "scatter": vars(self.scatter).copy(),
            "sentence": self.sentence,
            "notes": list(self.notes),
            "fixed": dict(self.fixed),
            "campaign": self.campaign,
            "inside_only": self.inside_only,
            "shares": {name: dict(one) for name, one in self.shares.items()},
            "made": self.made,
            "stands_on": self.stands_on,
            "models": dict(self.models),
            "others": {name: dict(one) for name, one in self.others.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recommendation:
        """Rebuild a recommendation from `to_dict`; what a newer version adds is passed over."""
        try:
            return cls(
                **{
                    **_known(cls, data),
                    "best_range": tuple(data["best_range"]),
                    "window": tuple(data["window"]),
                    "predicted": {n: tuple(three) for n, three in data["predicted"].items()},
                    "targets": tuple(Target.from_dict(one) for one in data["targets"]),
                    "scatter": Scatter(**_known(Scatter, data["scatter"])),
                    "notes": tuple(data["notes"]),
                }
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"The stored recommendation cannot be read ({error}).") from error


def recommend(
    responses: Responses,
    targets: Sequence[Target],
    found: TradeOff | None = None,
    *,
    scatter: Scatter | None = None,
    robust: bool = True,
    fixed: Mapping[str, float] | None = None,
    inside_only: bool = False,
    draws: int = _DRAWS,
    others: Mapping[str, tuple[Any, ...]] | None = None,
    progress: Progress | None = None,
) -> Recommendation:
    """Choose a setting and say how sure it is.

    Parameters
    ----------
    responses : Responses
    targets : sequence of Target
    found : TradeOff, optional
        What `trade_off` gave for these targets.
    scatter : Scatter, optional
        Process scatter; ± 2 µm of gap, or ± 5 % of the pressure where the lab sets that, and
        ± 1 percentage point of initial porosity (standard deviations).
    robust : bool
        Choose by the desirability expected under all sources of error rather than by the
        nominal one. The uncertainty is reported either way.
    fixed : mapping, optional
        Settings that are not to be moved; those of `found` where it is given.
    inside_only : bool
        Leave out settings beyond what was measured, as in `found` where it is given.
    draws : int
        Draws of the errors.
    others : mapping of target to models, optional
        Models beside those in use (`engine.maps.second_opinions.others_of`): what they expect at
        the setting is kept, and said where it lies outside the intervals.
    progress : Progress, optional

    Raises
    ------
    InputError
        If no setting keeps the limits.
    """
    progress = progress or Progress()
    scatter = scatter or Scatter()
    progress.report(0.0, "Judging settings")
    fixed = dict(fixed or {})
    if found is None:
        found = trade_off(responses, targets, inside_only=inside_only, fixed=fixed)
    if not found.feasible.any():
        raise InputError(found.notes[0])
    names = [target.output for target in targets]
    whole, responses = responses, responses.asked(names)
    propagation = Propagation(responses, names, scatter)
    all_draws = propagation.draws(draws)
    if robust:
        rows = _shortlist(found)
        scores = np.empty(len(rows))
        block = max(1, 40_000 // len(all_draws))
        for start in range(0, len(rows), block):
            progress.report(0.1 + 0.6 * start / len(rows), "Drawing errors")
            part = rows[start : start + block]
            drawn = propagation.evaluate(found.settings.iloc[part], all_draws)
            scores[start : start + block] = found.scale(drawn).reshape(len(part), -1).mean(axis=1)
    else:
        rows = np.flatnonzero(found.feasible)
        scores = found.desirability[rows]
    # Ties (all zero, say) fall to the nominal desirability, then to what nothing beats in all.
    order = np.lexsort((found.front[rows], found.desirability[rows], scores))
    best = int(rows[order[-1]])
    progress.report(0.75, "Weighing the sources")
    chosen = found.settings.iloc[[best]].reset_index(drop=True)
    drawn = propagation.evaluate(chosen, all_draws)
    kept = np.ones(len(drawn), dtype=bool)
    predicted = {}
    for target in targets:
        column = drawn[target.output].to_numpy(float)
        kept &= target.kept(column)
        interval = summarise(column, LEVEL)
        nominal = float(found.values[target.output].iloc[best])
        predicted[target.output] = (nominal, interval["low"], interval["high"])
    shares = _shares(propagation, chosen, names, draws)
    budget = {
        source: float(np.mean([one[source] for one in shares.values()])) if shares else 0.0
        for source in SOURCES
    }
    closed = float(np.isnan(drawn[names].to_numpy(float)).all(axis=1).mean())
    variable = responses.lab_variable
    progress.report(0.85, "Finding how far the best setting may move")
    here = float(chosen[variable].iloc[0])
    best_range = window = (here, here)
    moved_notes: list[str] = []
    if not {variable, "pressure_MPa", "gap_um"} & set(fixed) and variable in chosen:
        best_range, window, moved_notes = _along_the_variable(
            responses, propagation, found.scale, chosen, variable, draws
        )
    dominant = max(budget, key=lambda source: budget[source])
    setting = {
        str(name): float(chosen[name].iloc[0]) for name in chosen if not str(name).startswith("_")
    }
    opinions = second_opinions(responses, others or {}, setting, names)
    inside, scope_notes = responses.scope(chosen, names)
    notes = [*found.impossible, *propagation.notes_, *moved_notes, *scope_notes]
    if responses.blockage is not None and closed >= 0.01:
        notes.insert(
            0,
            f"In {100 * closed:.0f} % of the ways in which process, law and models may be off, no "
            f"path leads through the {responses.blockage.phase}: the intervals are of the others.",
        )
    if not inside.all():
        notes.append(
            "Outside what was measured the intervals are too narrow rather than too wide."
            if responses.law_doubt is None
            else "Outside what was measured the law's error counts more, as far as its refits "
            "without one coating disagree."
        )
    progress.report(1.0, "Recommended")
    return Recommendation(
        setting=setting,
        variable=variable,
        best_range=best_range,
        window=window,
        predicted=predicted,
        probability=float(kept.mean()),
        desirability=float(found.scale(drawn).mean()),
        budget=budget,
        dominant=dominant,
        robust=robust,
        targets=tuple(targets),
        scatter=scatter,
        sentence=_sentence(
            setting,
            variable,
            best_range,
            predicted,
            float(kept.mean()),
            targets,
            budget,
            dominant,
            responses,
            disagreement(opinions, predicted),
        )
        + _at_the_edge(found.settings, setting, [variable, *responses.settings]),
        notes=tuple(dict.fromkeys(notes)),
        fixed=fixed,
        inside_only=inside_only,
        shares=shares,
        made=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        stands_on=stands_on(whole),
        models=models_in_words(whole, responses.models_of(names)),
        others=opinions,
    )


def _known(cls: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """What of stored data this version knows."""
    names = {one.name for one in fields(cls)}
    return {name: value for name, value in data.items() if name in names}


def _shortlist(found: TradeOff) -> np.ndarray:
    """The most desirable conditions and an even sample of the feasible rest.

    The robust choice may stand away from the nominal one, off the edge of a limit, so the
    best alone would not do.
    """
    good = np.flatnonzero(found.feasible)
    ranked = good[np.argsort(-found.desirability[good], kind="stable")]
    top = ranked[: _SHORTLIST // 2]
    even = ranked[np.linspace(0, len(ranked) - 1, min(len(ranked), _SHORTLIST // 2)).astype(int)]
    return np.unique(np.concatenate([top, even]))


def _shares(
    propagation: Propagation, chosen: pd.DataFrame, names: Sequence[str], draws: int
) -> dict[str, dict[str, float]]:
    """Share of each source in the variance of each output that is uncertain at all."""
    variance = {}
    for source in SOURCES:
        drawn = propagation.evaluate(chosen, propagation.draws(draws, (source,)))
        with np.errstate(invalid="ignore"):
            variance[source] = np.nan_to_num(
                drawn[list(names)].replace([np.inf, -np.inf], np.nan).var(axis=0).to_numpy(float)
            )
    total = np.sum(list(variance.values()), axis=0)
    return {
        name: {source: float(variance[source][i] / total[i]) for source in SOURCES}
        for i, name in enumerate(names)
        if total[i] > 0
    }


def _along_the_variable(
    responses: Responses,
    propagation: Propagation,
    scale: Desirability,
    chosen: pd.DataFrame,
    variable: str,
    draws: int,
) -> tuple[tuple[float, float], tuple[float, float], list[str]]:
    """How the best value of the lab's variable moves when law and models are off.

    The coating stays as recommended; for each draw of the law's and the models' error the
    best value of the variable is found anew.
    """
    low, high = setting_range(responses, variable)
    line = np.linspace(low, high, 61)
    coating = {
        name: chosen[name].iloc[0]
        for name in responses.base
        if name in chosen and name not in ("pressure_MPa", "gap_um")
    }
    conditions = responses.complete(pd.DataFrame({**coating, variable: line}))
    errors = propagation.draws(draws, ("law", "models"))
    values = propagation.evaluate(conditions, errors)
    drawn = scale(values).reshape(len(line), -1)
    reached = drawn.max(axis=0) > 0
    here = float(chosen[variable].iloc[0])
    best_range = (here, here)
    if reached.any():
        best = line[np.argmax(drawn[:, reached], axis=0)]
        ends = np.quantile(best, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
        best_range = float(min(ends[0], here)), float(max(ends[1], here))
    kept = np.ones(len(values), dtype=bool)
    for target in scale.targets:
        kept &= target.kept(values[target.output].to_numpy(float))
    possible = kept.reshape(len(line), -1).any(axis=0)
    notes = []
    if not possible.all():
        notes.append(
            f"In {100 * (1 - possible.mean()):.0f} % of the ways in which law and models may be "
            "off, no value of the setting keeps the limits."
        )
    everything = propagation.draws(draws)
    expected = scale(propagation.evaluate(conditions, everything)).reshape(len(line), -1)
    mean = expected.mean(axis=1)
    at = int(np.argmin(np.abs(line - here)))
    first = last = at
    floor = 0.9 * mean[at]
    while first > 0 and mean[first - 1] >= floor:
        first -= 1
    while last < len(line) - 1 and mean[last + 1] >= floor:
        last += 1
    window = float(min(line[first], here)), float(max(line[last], here))
    return best_range, window, notes


def _sentence(
    setting: Mapping[str, float],
    variable: str,
    best_range: tuple[float, float],
    predicted: Mapping[str, tuple[float, float, float]],
    probability: float,
    targets: Sequence[Target],
    budget: Mapping[str, float],
    dominant: str,
    responses: Responses,
    against: str,
) -> str:
    """The recommendation in words; what dominates its uncertainty comes first."""
    parts = []
    if budget[dominant] >= 0.5:
        lead = f"Most of the uncertainty ({100 * budget[dominant]:.0f} %) comes from "
        lead += _SOURCE_WORDS[dominant]
        if dominant == "law" and responses.law_error is not None:
            lead += (
                f", which errs by {100 * responses.law_error.sd:.1f} points of porosity (RMSE) on a "
                "coating that was not measured"
            )
        parts.append(f"{lead}.")
    one = quantity(variable)
    other = "pressure_MPa" if variable == "gap_um" else "gap_um"
    also = ""
    if other in setting and np.isfinite(setting[other]):
        also = (
            f" ({lower_first(quantity(other).label)} {setting[other]:.0f} {quantity(other).unit})"
        )
    if variable == "pressure_MPa" and responses.rolls is not None:
        also = f" ({responses.rolls.in_words(setting[variable])})"
    coating = [
        f"{setting[name]:.4g} {quantity(name).unit} {word}"
        for name, word in (
            ("am_percent", "AM"),
            ("initial_porosity_percent", "initial porosity"),
            ("initial_thickness_um", "initial thickness"),
        )
        if name in setting
    ]
    words = joined(coating)
    room = ""
    if best_range[1] > best_range[0]:
        room = (
            f"; with a chance of {100 * LEVEL:.0f} % the best value lies between "
            f"{best_range[0]:.0f} and {best_range[1]:.0f} {one.unit}"
        )
    parts.append(
        f"Set the {lower_first(one.label)} to {plain(setting[variable])} {one.unit}{also} for a coating "
        f"of {words}{room}."
    )
    said = [
        f"{lower_first(quantity(name).label)} "
        + with_uncertainty(value, low, high, "" if (unit := quantity(name).unit) == "–" else unit)
        for name, (value, low, high) in predicted.items()
    ]
    parts.append(f"Expected, with {100 * LEVEL:.0f} % intervals: {'; '.join(said)}.")
    if doubtful := _cautions(responses, predicted):
        parts.append(doubtful)
    if against:
        parts.append(against)
    if any(target.least is not None or target.most is not None for target in targets):
        parts.append(f"All limits are kept with a chance of {_chance(probability)}.")
    if counted := responses.cell.sentence(predicted):
        parts.append(counted)
    return " ".join(parts)


def _cautions(responses: Responses, outputs: Iterable[str]) -> str:
    """Which models behind some outputs do not predict well, and what to do about it."""
    told = []
    for name in responses.models_of(outputs):
        model = responses.models[name]
        if hasattr(model, "metrics") and (words := caution(model)):
            one = quantity(name)
            told.append(f"the model of {one.symbol or lower_first(one.label)} {words}")
    if not told:
        return ""
    said = "; ".join(told)
    return f"{said[0].upper()}{said[1:]}. Check by fresh structures before relying on it."


def _chance(probability: float) -> str:
    """A probability that some draws gave: none of them makes a certainty."""
    if probability > 0.99:
        return "more than 99 %"
    if probability < 0.01:
        return "less than 1 %"
    return f"{100 * probability:.0f} %"


def _at_the_edge(judged: pd.DataFrame, setting: Mapping[str, float], names: Sequence[str]) -> str:
    """Name the settings at the end of what was judged: the best may lie beyond."""
    if "gap_um" in names:
        names = [name for name in names if name != "pressure_MPa"]
    edge = []
    for name in dict.fromkeys(names):
        if name in judged and name in setting:
            low, high = float(judged[name].min()), float(judged[name].max())
            if high > low and min(setting[name] - low, high - setting[name]) < 1e-6 * (high - low):
                edge.append(lower_first(quantity(name).label))
    if not edge:
        return ""
    words = joined(edge)
    return (
        f" {words[0].upper()}{words[1:]} {'lie' if edge[1:] else 'lies'} at the edge of the range "
        "that was asked for: widen it or set a limit."
    )
