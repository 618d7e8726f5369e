"""What a map or a recommendation stands on: its models in words, and a fingerprint of them all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.maps.scope import at_level

if TYPE_CHECKING:
    from engine.maps.responses import Responses

METHOD_WORDS = {
    "sisso": "equation by SISSO",
    "dnn": "neural network",
    "gp": "Gaussian process",
    "baseline": "plain form",
}
# What a model answers by; not how long its training took.
_MODEL_PARTS = ("target", "inputs", "method", "predictor", "domain", "residuals")
_LAW_PARTS = ("kind", "params", "coefficients", "calibration")


def stands_on(responses: Responses) -> str:
    """Fingerprint of what a recommendation follows from: law, models and cell.

    Equal where nothing changed that could change the answer to equal targets; empty where a model
    has no JSON form.
    """
    try:
        models = {name: at_level(one).to_dict() for name, one in sorted(responses.models.items())}
        law = None if responses.law is None else responses.law.to_dict()
    except AttributeError:
        return ""
    content = {
        "models": {
            name: {part: one.get(part) for part in _MODEL_PARTS} for name, one in models.items()
        },
        "law": None if law is None else {name: law.get(name) for name in _LAW_PARTS},
        "law inputs": responses.law_inputs,
        "cell": vars(responses.cell),
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def why_outdated(stood_on: str, responses: Responses) -> str:
    """Why what stands on a fingerprint is an earlier one; empty where it is of the present.

    ``the law, the models or the cell have changed since``
    """
    if stood_on == stands_on(responses):
        return ""
    if not stood_on:
        return "it was made by an earlier version, which did not keep what it stands on"
    return "the law, the models or the cell have changed since"


def model_in_words(model: Any) -> str:
    """One model: method, what it learned from, and R² on what it has not seen.

    ``equation by SISSO, campaign 1, R² 0.98 in cross-validation``
    """
    method = getattr(model, "method", "")
    words = [METHOD_WORDS.get(method, method or type(model).__name__)]
    details = getattr(model, "details", None) or {}
    origin = str(details.get("dataset", ""))
    if origin:
        words.append(origin.replace("campaign:", "campaign ").replace("file:", "file "))
    metrics = getattr(model, "metrics", None) or {}
    for part, where in (("cross_validation", "in cross-validation"), ("test", "on test rows")):
        r2 = (metrics.get(part) or {}).get("r2")
        if r2 is not None:
            words.append(f"R² {float(r2):.2f} {where}")
            break
    return ", ".join(words)


def models_in_words(responses: Responses, names: Iterable[str] | None = None) -> dict[str, str]:
    """Target to `model_in_words`, of some models or all."""
    wanted = responses.models if names is None else names
    return {str(name): model_in_words(responses.models[name]) for name in wanted}
