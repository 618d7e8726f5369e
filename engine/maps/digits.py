"""One rule for digits: a number is written as far as its uncertainty reaches.

The uncertainty is written with one significant digit, with two where the first is 1, 2 or 3 (a
small leading digit is coarse), and the value to the same place. A number without known uncertainty
has four significant digits, or as few as it takes to write it exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

DIGITS = 4
_MOST_DECIMALS = 6
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=%|µm|MPa|S/m|Wh/L|mAh|points)")


def lower_first(label: str) -> str:
    """A label within a sentence: symbols and abbreviations keep their capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def unbroken(text: str) -> str:
    """A text in which no line breaks between a number and its unit.

    >>> unbroken("96 % AM").replace("\u00a0", "~")
    '96~% AM'
    """
    return _BEFORE_UNIT.sub("\u00a0", text)


def decimals(uncertainty: float) -> int | None:
    """Decimals that an uncertainty justifies, 0 to 6; None where it is unknown or none.

    >>> decimals(0.04), decimals(0.013), decimals(12.0)
    (2, 3, 0)
    """
    if not math.isfinite(uncertainty) or uncertainty <= 0:
        return None
    place = math.floor(math.log10(uncertainty))
    if uncertainty / 10.0**place < 4:
        place -= 1
    return min(max(-place, 0), _MOST_DECIMALS)


def plain(value: float, digits: int = DIGITS) -> str:
    """A number without known uncertainty.

    >>> plain(174.23), plain(0.00030941), plain(140.0), plain(8.6e-7)
    ('174.2', '0.0003094', '140', '8.6e-07')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{digits}g}"
    if "e" in text and 1e-5 <= abs(value) < 1e7:
        size = math.floor(math.log10(abs(value)))
        text = f"{value:.{max(digits - 1 - size, 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return text


def with_decimals(value: float, places: int | None) -> str:
    """A number to a decimal place; by `plain` where there is none.

    >>> with_decimals(24.071, 1), with_decimals(-0.01, 1)
    ('24.1', '0.0')
    """
    if places is None or not math.isfinite(value):
        return plain(value)
    text = f"{value:.{places}f}"
    return text.lstrip("-") if float(text) == 0 else text


def interval_decimals(value: float, low: float, high: float) -> int | None:
    """Decimals that an interval justifies; the nearer bound decides where it is lopsided."""
    half = 0.5 * (high - low)
    near = min(value - low, high - value)
    if 0 < near < 0.5 * half:
        half = max(near, 0.01 * half)
    return decimals(half)


def bound(value: float, places: int | None) -> str:
    """A lower bound; one above nothing is not rounded to nothing.

    >>> bound(1.9e-05, 3), bound(0.0062, 2)
    ('below 0.001', '0.01')
    """
    least = 10.0 ** -(places or 0)
    if places is not None and 0 < value < 0.5 * least:
        return f"below {least:.{places}f}"
    return with_decimals(value, places)


def three(value: float, low: float, high: float) -> tuple[str, str, str]:
    """A value and its bounds to one decimal place.

    >>> three(2.7419, 2.69, 2.81)
    ('2.74', '2.69', '2.81')
    """
    places = interval_decimals(value, low, high)
    return with_decimals(value, places), bound(low, places), with_decimals(high, places)


def with_uncertainty(value: float, low: float, high: float, unit: str = "") -> str:
    """A value and its interval with the digits that the interval justifies.

    >>> with_uncertainty(3.3141, 3.27, 3.35)
    '3.31 (3.27 to 3.35)'
    >>> with_uncertainty(66.9, 53.8, 79.0, "%")
    '67 % (54 to 79)'
    >>> with_uncertainty(0.199, 0.0062, 1.31)  # the nearer bound decides
    '0.20 (0.01 to 1.31)'
    >>> with_uncertainty(0.032, 1.9e-05, 0.056)  # no bound is nothing
    '0.032 (below 0.001 to 0.056)'
    """
    unit = f" {unit}" if unit else ""
    if interval_decimals(value, low, high) is None:
        return f"{value:.3g}{unit}"
    middle, start, end = three(value, low, high)
    return f"{middle}{unit} ({start} to {end})"


def joined(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``"""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
