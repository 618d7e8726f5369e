"""Whether a model predicts conditions that it has not seen, and why one should doubt it."""

from __future__ import annotations

from typing import Any

FEW_ROWS = 24
"""Fewer conditions than these let a search among thousands of features fit noise."""

LEAST_R2 = 0.5
"""Least R² on conditions left out of the training that a model should reach."""

_MARGIN = 1.2


def doubt(model: Any) -> str:
    """Say why a model should not be relied on.

    Parameters
    ----------
    model : PropertyModel

    Returns
    -------
    str
        Empty where conditions left out were predicted well, and no plain form predicts them
        clearly better; else the reason, as the end of a sentence.
    """
    found = model.metrics.get("cross_validation") or {}
    r2, own = found.get("r2"), found.get("rmse")
    if r2 is None:
        return "never tested on conditions left out"
    if r2 < 0:
        return "conditions left out are predicted worse than by their mean"
    if r2 < LEAST_R2:
        return f"R² on conditions left out is {r2:.2g}"
    plain = best_plain(model)
    if own is not None and plain is not None and _MARGIN * plain < own:
        return f"a plain form errs less on conditions left out: {plain:.3g} against {own:.3g}"
    return ""


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
