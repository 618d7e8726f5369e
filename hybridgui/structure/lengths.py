"""Lengths as one writes them under a scale bar."""

from __future__ import annotations

import math


def nice_length(longest: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above `longest` (µm)."""
    if not longest > 0 or not math.isfinite(longest):
        return 1.0
    power = 10.0 ** math.floor(math.log10(longest))
    return next((power * f for f in (5, 2, 1) if power * f <= longest * (1 + 1e-9)), power)


def length_text(length: float) -> str:
    """A length in µm as one writes it."""
    if length < 1:
        return f"{1000 * length:g} nm"
    return f"{length:g} µm" if length < 1000 else f"{length / 1000:g} mm"
