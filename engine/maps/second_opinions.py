"""What the other models of a study say of a setting: the choice of a model is in no interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.maps.digits import lower_first, plain
from engine.maps.quantities import quantity
from engine.maps.responses import Responses
from engine.maps.standing import METHOD_WORDS

_WORTH_ASKING = 1.5
"""Of plain forms the best is asked, where its error on rows left out is no more than so many times
that of the model."""


def others_of(models: Mapping[str, Any], stored: Iterable[Any]) -> dict[str, tuple[Any, ...]]:
    """The models of each target beside the one in use.

    Parameters
    ----------
    models : mapping of target to PropertyModel
        In use.
    stored : iterable of PropertyModel
        All that a study keeps; those that learned from another dataset are passed over.

    Returns
    -------
    dict of target to tuple of PropertyModel
        By other methods, and the best plain form that was fitted beside the model.
    """
    kept = list(stored)
    found = {}
    for target, model in models.items():
        if not hasattr(model, "baselines"):
            continue
        own = [
            one
            for one in kept
            if one.target == target
            and one.method != model.method
            and one.details.get("dataset") == model.details.get("dataset")
        ]
        found[target] = (*own, *_best_plain(model))
    return found


def _best_plain(model: Any) -> list[Any]:
    """The plain form of smallest error on rows left out, where it is worth asking."""
    from engine.learning.comparison import plain_models

    own = _error(model)
    formed = [one for one in plain_models(model).values() if _error(one) is not None]
    formed = [one for one in formed if one.equation != model.equation]
    if own is None or not formed:
        return []
    best = min(formed, key=lambda one: _error(one) or 0.0)
    return [best] if (_error(best) or 0.0) <= _WORTH_ASKING * own else []


def _error(model: Any) -> float | None:
    value = (model.metrics.get("cross_validation") or {}).get("rmse")
    return None if value is None else float(value)


def in_words(model: Any) -> str:
    """``Gaussian process, R² 0.97 left out``"""
    words = model.details.get("label") or METHOD_WORDS.get(model.method, model.method)
    r2 = (model.metrics.get("cross_validation") or {}).get("r2")
    return str(words) if r2 is None else f"{words}, R² {float(r2):.2f} left out"


def second_opinions(
    responses: Responses,
    others: Mapping[str, tuple[Any, ...]],
    setting: Mapping[str, float],
    outputs: Iterable[str],
) -> dict[str, dict[str, float]]:
    """What the other models expect at a setting.

    Parameters
    ----------
    responses : Responses
        With the models in use.
    others : mapping of target to models
        See `others_of`.
    setting : mapping
        Completed, by column.
    outputs : iterable of str

    Returns
    -------
    dict of output to dict of model in words to value
        Outputs that no other model gives are left out.
    """
    frame = pd.DataFrame([setting])
    own = [name for name in frame if name in {*responses.base, *responses.ranges, "pressure_MPa"}]
    found: dict[str, dict[str, float]] = {}
    for output in outputs:
        for target in responses.models_of([output]):
            for model in others.get(target, ()):
                other = replace(responses, models={**responses.models, target: model})
                try:
                    result = other.evaluate(frame[own], [output], intervals=False, scope=False)
                except InputError:
                    continue  # of inputs that this study's maps do not hold
                value = float(result.values[output].iloc[0])
                if np.isfinite(value) and bool(result.possible[output].iloc[0]):
                    found.setdefault(output, {})[in_words(model)] = value
    return found


def disagreement(
    others: Mapping[str, Mapping[str, float]],
    predicted: Mapping[str, tuple[float, float, float]],
) -> str:
    """Name the models that expect values outside the intervals; empty where none does.

    Parameters
    ----------
    others
        See `second_opinions`.
    predicted : mapping of output to (expected, low, high)
    """
    told = []
    for output, values in others.items():
        _, low, high = predicted[output]
        one = quantity(output)
        unit = "" if one.unit == "–" else f" {one.unit}"
        said = [
            f"{plain(value, 3)}{unit} by the {words}"
            for words, value in values.items()
            if not low <= value <= high
        ]
        if said:
            told.append(f"{lower_first(one.label)} {' and '.join(said)}")
    if not told:
        return ""
    return f"Other models disagree by more than the interval: {'; '.join(told)}."
