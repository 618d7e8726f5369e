"""Numbers written as text: decimal commas, thousands separators, units behind."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.experiment.units import Unit, find_unit

_SPACES = "\u0020\u00a0\u2007\u2009\u202f"
_GROUPED = {
    ".": rf"[1-9]\d{{0,2}}(?:[,'’{_SPACES}]\d{{3}})+(?:\.\d+)?",
    ",": rf"[1-9]\d{{0,2}}(?:[.'’{_SPACES}]\d{{3}})+(?:,\d+)?",
}
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"
_NUMBER = {
    mark: re.compile(
        rf"[+-]?(?:{_GROUPED[mark]}|\d+(?:\{mark}\d*)?|\{mark}\d+){_EXPONENT}", re.ASCII
    )
    for mark in ".,"
}
# One comma or point that cannot separate thousands: not exactly three digits behind it, or
# a zero or more than three digits before it.
_STRONG = {
    mark: re.compile(
        rf"[+-]?(?:(?:0|\d{{4,}})\{mark}\d+|\d*\{mark}(?:\d{{1,2}}|\d{{4,}})"
        rf"|\d{{1,3}}(?:[{'.' if mark == ',' else ','}'’{_SPACES}]\d{{3}})+\{mark}\d+){_EXPONENT}",
        re.ASCII,
    )
    for mark in ".,"
}
_WEAK_COMMA = re.compile(r"[+-]?\d{1,3},\d{3}", re.ASCII)


# What most cells look like; tried first because large tables have many.
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_LEADING = re.compile(rf"[+-]?[\d.,'’{_SPACES}]*\d[.,]?(?:[eE][+-]?\d+)?")


def detect_decimal(texts: Iterable[str], comma_likely: bool = False) -> str:
    """Whether numbers in these texts are written with a point or a comma.

    Parameters
    ----------
    texts : iterable of str
        Cells; those that are no numbers are ignored.
    comma_likely : bool
        What to assume of texts like ``138,250``, which alone say nothing.

    Returns
    -------
    {".", ","}
    """
    points = commas = weak = 0
    for text in texts:
        text = _strip(text)[0]
        if _STRONG[","].fullmatch(text):
            commas += 1
        elif _STRONG["."].fullmatch(text):
            points += 1
        elif _WEAK_COMMA.fullmatch(text):
            weak += 1
    if commas != points:
        return "," if commas > points else "."
    return "," if weak and comma_likely and not points else "."


def detect_thousands(texts: Iterable[str], decimal: str) -> str:
    """Sign between groups of thousands in these texts: a point, comma, apostrophe, blank or none."""
    grouped = re.compile(rf"[+-]?{_GROUPED[decimal]}{_EXPONENT}", re.ASCII)
    for text in texts:
        number = _strip(text)[0]
        if grouped.fullmatch(number):
            found = re.search(rf"\d([.,'’{_SPACES}])\d{{3}}", number)
            if found and found[1] != decimal:
                return " " if found[1] in _SPACES else found[1]
    return ""


def _strip(text: str) -> tuple[str, str]:
    """Number part and the rest behind it."""
    text = text.strip().strip(_SPACES).replace("−", "-")
    match = _LEADING.match(text)
    if not match:
        return text, ""
    return match[0].strip(_SPACES), text[match.end() :].strip().strip(_SPACES)


def parse_number(text: str, decimal: str = ".") -> tuple[float, Unit | None] | None:
    """Number that a text spells, with the unit behind it.

    Parameters
    ----------
    text : str
        E.g. ``"0,487"``, ``"1.234,5"``, ``"48.7 %"``, ``"138 µm"``.
    decimal : {".", ","}
        How the sheet writes its numbers; a text that can only be meant otherwise is read so.

    Returns
    -------
    (value, unit) or None
        None where the text is no number.
    """
    if decimal == "." or "." not in text:
        simple = text.replace(",", ".") if decimal == "," else text
        if _PLAIN.fullmatch(simple):
            value = float(simple)
            return (value, None) if abs(value) < 1e300 else None
    number, rest = _strip(text)
    unit = None
    if rest:
        unit = find_unit(rest)
        if unit is None:
            return None
    for mark in (decimal, "," if decimal == "." else "."):
        if mark != decimal and not _STRONG[mark].fullmatch(number):
            continue
        if _NUMBER[mark].fullmatch(number):
            thousands = "," if mark == "." else "."
            plain = re.sub(rf"[{thousands}'’{_SPACES}]", "", number).replace(mark, ".")
            value = float(plain)
            return (value, unit) if abs(value) < 1e300 else None
    return None
