"""Whether a model predicts conditions that it has not seen, and why one should doubt it."""

from __future__ import annotations

from typing import Any

FEW_ROWS = 24
"""Fewer conditions than these let a search among thousands of features fit noise."""

LEAST_R2 = 0.5
"""Least R² on conditions left out of the training that a model should reach."""

GOOD_R2 = 0.9
"""From this R² on conditions left out a model is said to predict well."""

_MARGIN = 1.2


def reliable(model: Any) -> str:
    """How well a model predicts conditions that it has not seen: ``yes``, ``roughly`` or ``no``.

    Parameters
    ----------
    model : PropertyModel
    """
    if doubt(model):
        return "no"
    return "yes" if model.metrics["cross_validation"]["r2"] >= GOOD_R2 else "roughly"


def doubt(model: Any) -> str:
    """Say why a model should not be relied on.

    Parameters
    ----------
    model : PropertyModel

    Returns
    -------
    str
        Empty where conditions left out were predicted at least roughly; else the reason, as the
        end of a sentence.
    """
    r2 = (model.metrics.get("cross_validation") or {}).get("r2")
    if r2 is None:
        return "never tested on conditions left out"
    if r2 < 0:
        return "conditions left out are predicted worse than by their mean"
    if r2 < LEAST_R2:
        return f"R² on conditions left out is {r2:.2g}"
    return ""


def caution(model: Any) -> str:
    """Say how roughly a model predicts, as the end of a sentence; empty where it predicts well.

    ``predicts only roughly: R² 0.63 on conditions left out``

    Parameters
    ----------
    model : PropertyModel
    """
    grade = reliable(model)
    if grade == "yes":
        return ""
    if grade == "no":
        return f"is not reliable: {doubt(model)}"
    r2 = model.metrics["cross_validation"]["r2"]
    return f"predicts only roughly: R² {r2:.2f} on conditions left out"


def better_form(model: Any) -> str:
    """Say by how much a plain form errs less on conditions left out; empty where none clearly does.

    Parameters
    ----------
    model : PropertyModel
    """
    own = (model.metrics.get("cross_validation") or {}).get("rmse")
    plain = best_plain(model)
    if model.method == "baseline" or own is None or plain is None or _MARGIN * plain >= own:
        return ""
    return f"a plain form errs less on conditions left out: {plain:.3g} against {own:.3g}"


def best_plain(model: Any) -> float | None:
    """Least cross-validated RMSE among the plain forms beside a model; None without any."""
    errors = [
        (entry.get("cross_validation") or {}).get("rmse") for entry in model.baselines.values()
    ]
    known = [float(error) for error in errors if error is not None]
    return min(known) if known else None


def plain_is_better(model: Any) -> bool:
    """Whether a plain form predicts conditions left out better than this model does."""
    own = (model.metrics.get("cross_validation") or {}).get("rmse")
    plain = best_plain(model)
    return model.method != "baseline" and plain is not None and (own is None or plain < own)
