"""How numbers are written: digits, units, times. Formatting only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any


def duration(seconds: float) -> str:
    """Write a time span: ``45 s``, ``3 min``, ``2 h 10 min``."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 0.95:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours / 24:.0f} days"


def one_precision(values: Iterable[Any]) -> Callable[[Any], str] | None:
    """Format that writes a column of numbers with one number of decimals.

    As many as its largest value has among four digits, fewer where none needs them; None where
    the values are no numbers or span more than three decades, each of which needs its own.
    """
    try:
        known = [abs(float(v)) for v in values if v is not None]
    except (TypeError, ValueError):
        return None
    known = [v for v in known if math.isfinite(v) and v > 0]
    if not known or max(known) > 1e3 * min(known) or not 0.01 <= max(known) < 1e5:
        return None
    decimals = max(0, 3 - math.floor(math.log10(max(known))))
    while decimals and all(
        math.isclose(round(v, decimals - 1), round(v, decimals), abs_tol=1e-9) for v in known
    ):
        decimals -= 1
    return lambda value: (
        "–" if value is None or value != value else f"{value:.{decimals}f}".replace("-", "−")
    )


def number(value: float | None, digits: int = 4) -> str:
    """Write a number with so many significant digits; ``∞`` and ``–`` where it is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if -4 <= size < 7:
        text = f"{value:.{max(0, digits - 1 - size)}f}"
    else:
        text = f"{value:.{digits - 1}e}"
    return text.replace("-", "−")


def with_spread(value: float | None, spread: float | None) -> str:
    """Write ``3.31 ± 0.04``: as many digits as the spread's first two justify."""
    if value is None or spread is None or not math.isfinite(spread) or spread <= 0:
        return number(value)
    if not math.isfinite(value):
        return number(value)
    leading = math.floor(math.log10(spread))
    decimals = max(0, -leading + (1 if spread / 10**leading < 2 else 0))
    return f"{value:.{decimals}f} ± {spread:.{decimals}f}".replace("-", "−")


def rounded(value: float | None, decimals: int) -> str:
    """Write a number with so many decimals; a zero has no sign."""
    if value is None or not math.isfinite(value):
        return number(value)
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def percent(fraction: float | None, decimals: int = 1) -> str:
    """Write a fraction as percent; ``132 times`` from ten on."""
    if fraction is None or not math.isfinite(fraction):
        return "–"
    if fraction >= 10:
        return f"{fraction:.0f} times"
    return f"{100 * fraction:.{decimals}f} %".replace("-", "−")
