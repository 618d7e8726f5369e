"""Reads what people type for a list of numbers."""

from __future__ import annotations

import re

from engine.errors import InputError

_MOST = 10_000
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?::|\.\.|–|to)\s*({_NUMBER})(?:\s*(?::|step)\s*({_NUMBER}))?")


def read_numbers(text: str) -> list[float]:
    """Read ``"93, 94, 95"``, ``"40:50:2"`` (from : to : step, ends included) or a mix.

    Numbers are separated by commas, semicolons or spaces; where semicolons separate, a comma
    is a decimal comma.

    Raises
    ------
    InputError
        If something is no number, or the list is empty or far too long.
    """
    text = text.strip()
    if ";" in text:
        parts = [part.strip().replace(",", ".") for part in text.split(";")]
    else:
        tight = re.sub(r"\s*(:|\.\.|–|\bto\b|\bstep\b)\s*", r"\1", text)
        parts = re.split(r"[,\s]+", tight)
    values: list[float] = []
    for part in filter(None, parts):
        values.extend(_read_part(part))
        if len(values) > _MOST:
            raise InputError(f"The list has more than {_MOST:,} numbers: give fewer.")
    if not values:
        raise InputError("Give at least one number, e.g. 93, 94, 95 or 40:50:2.")
    return values


def _read_part(part: str) -> list[float]:
    if re.fullmatch(_NUMBER, part):
        return [float(part)]
    match = _RANGE.fullmatch(part)
    if match is None:
        raise InputError(f"'{part}' is not a number: give e.g. 93, 94, 95 or 40:50:2.")
    first, last = float(match[1]), float(match[2])
    step = float(match[3]) if match[3] else 1.0
    if step <= 0 or last < first:
        raise InputError(f"'{part}' is empty: write from : to : step, e.g. 40:50:2.")
    count = int((last - first) / step + 1e-9) + 1
    if count > _MOST:
        raise InputError(f"'{part}' has {count:,} numbers: give at most {_MOST:,}.")
    return [round(first + step * index, 10) for index in range(count)]
