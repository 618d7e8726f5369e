"""Arguments that carry a unit."""

from __future__ import annotations

import math

from engine.errors import InputError


def fraction(text: str, name: str) -> float:
    """Read a fraction: up to 1 is a fraction, above 1 a percent.

    Raises
    ------
    InputError
        If `text` is no number between 0 and 100.
    """
    value = number(text, name)
    if not 0 <= value <= 100:
        raise InputError(
            f"{name} {text} is not between 0 and 100 %: give a fraction up to 1 or a percent above 1."
        )
    return value if value <= 1 else value / 100


def number(text: str | float, name: str) -> float:
    """Read a finite number, with a decimal point or comma.

    Raises
    ------
    InputError
        If `text` is no finite number.
    """
    try:
        value = float(str(text).replace(",", "."))
    except ValueError:
        raise InputError(f"{name} '{text}' is not a number.") from None
    if not math.isfinite(value):
        raise InputError(f"{name} '{text}' is not a finite number.")
    return value


def pairs(items: list[str], option: str) -> dict[str, str]:
    """Read ``name=value`` words.

    Raises
    ------
    InputError
        If a word has no `=` or a name stands twice.
    """
    found: dict[str, str] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InputError(f"{option} '{item}' is not of the form name=value.")
        if name.strip() in found:
            raise InputError(f"{option} gives '{name.strip()}' twice: keep one.")
        found[name.strip()] = value.strip()
    return found


def option_value(text: str) -> float | int | bool | str:
    """Read the value of a generator option: a number, true or false, or a word."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
