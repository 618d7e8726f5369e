"""JSON text for what a study keeps: floats come back bit for bit, infinities included."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from engine.errors import InputError


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be kept in a study")


def dumps(value: Any) -> str:
    """Return JSON text; numpy arrays become lists, numpy scalars numbers."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def canonical(value: Any) -> str:
    """Return JSON text that is equal for equal values, whatever the order of their keys."""
    return json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"))


def loads(text: str) -> Any:
    """Give back what `dumps` was given; InputError where the text was damaged on disk."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(
            "A value stored in this study is damaged and cannot be read: go back to a copy."
        ) from error


def dumps_properties(properties: dict[str, float]) -> str:
    """Return JSON text of flat properties: infinite is ``"inf"``, undefined is ``null``."""
    plain: dict[str, float | str | None] = {}
    for name, value in properties.items():
        number = float(value)
        if math.isnan(number):
            plain[name] = None
        elif math.isinf(number):
            plain[name] = "inf" if number > 0 else "-inf"
        else:
            plain[name] = number
    return json.dumps(plain, separators=(",", ":"), allow_nan=False)


def loads_properties(text: str) -> dict[str, float]:
    """Give back what `dumps_properties` was given."""
    return {
        name: math.nan if value is None else float(value) for name, value in loads(text).items()
    }
