"""Units of columns and the dimensional algebra that features obey.

A unit is a product of powers of opaque symbols: pressure is ``{"MPa": 1}``, a specific area
``{"um": -1}``. Percent and fractions are plain numbers. Two quantities may be added only when
their units are equal; exp and log take a plain number, or a quantity over a declared reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from engine.errors import InputError

Unit = tuple[tuple[str, Fraction], ...]

PLAIN: Unit = ()

# Suffix of a column name -> (powers of symbols, how it is written).
SUFFIXES: dict[str, tuple[dict[str, int], str]] = {
    "1_per_um": ({"um": -1}, "1/µm"),
    "S_per_m": ({"S": 1, "m": -1}, "S/m"),
    "g_per_cm3": ({"g": 1, "cm": -3}, "g/cm³"),
    "mg_per_cm2": ({"mg": 1, "cm": -2}, "mg/cm²"),
    "degC": ({"degC": 1}, "°C"),
    "MPa": ({"MPa": 1}, "MPa"),
    "um": ({"um": 1}, "µm"),
    "nm": ({"nm": 1}, "nm"),
    "mm": ({"mm": 1}, "mm"),
    "percent": ({}, "%"),
}


def make_unit(powers: Mapping[str, int | Fraction | str]) -> Unit:
    """Canonical form of a product of powers; zero powers vanish."""
    pairs = ((symbol, Fraction(power)) for symbol, power in powers.items())
    return tuple(sorted((symbol, power) for symbol, power in pairs if power))


def _suffix(column: str) -> str | None:
    for suffix in SUFFIXES:
        if column.endswith("_" + suffix):
            return suffix
    return None


def unit_of_column(column: str) -> Unit:
    """Unit that the name's suffix declares; a plain number where there is none."""
    suffix = _suffix(column)
    return make_unit(SUFFIXES[suffix][0]) if suffix else PLAIN


def label_of_column(column: str) -> str:
    """Unit as people write it, empty for a plain number."""
    suffix = _suffix(column)
    return SUFFIXES[suffix][1] if suffix else ""


def parse_unit(text: str) -> Unit:
    """Read a declared unit such as ``"MPa"``, ``"S/m"``, ``"g/cm^3"``, ``"%"`` or ``""``.

    Raises
    ------
    InputError
        If a factor is not a symbol with an integer power.
    """
    cleaned = text.replace("µ", "u").replace("²", "^2").replace("³", "^3").replace(" ", "")
    if cleaned in ("", "1", "%", "-", "percent"):
        return PLAIN
    powers: dict[str, Fraction] = {}
    for number, side in enumerate(cleaned.split("/")):
        for factor in side.split("*"):
            if factor == "1":
                continue
            symbol, _, power = factor.partition("^")
            if not symbol.replace("_", "").isalpha() or not (power or "1").lstrip("-").isdigit():
                raise InputError(
                    f"Unit '{text}' is not understood: write it as in MPa, S/m or g/cm^3."
                )
            exponent = Fraction(int(power or "1")) * (-1 if number else 1)
            powers[symbol] = powers.get(symbol, Fraction(0)) + exponent
    return make_unit(powers)


def multiply(left: Unit, right: Unit, sign: int = 1) -> Unit:
    """Unit of a product (`sign` 1) or of a quotient (`sign` -1)."""
    powers = dict(left)
    for symbol, power in right:
        powers[symbol] = powers.get(symbol, Fraction(0)) + sign * power
    return make_unit(powers)


def raise_to(unit: Unit, power: Fraction | int) -> Unit:
    """Unit of a power."""
    return make_unit({symbol: exponent * power for symbol, exponent in unit})


def reference_of(unit: Unit, references: Mapping[str, float]) -> float:
    """Value of one declared reference quantity of this unit, 1 unless declared otherwise."""
    value = 1.0
    for symbol, power in unit:
        value *= float(references.get(symbol, 1.0)) ** float(power)
    return value


def write_unit(unit: Unit) -> str:
    """Text such as ``MPa^-1``; empty for a plain number."""
    return "·".join(s if p == 1 else f"{s}^{p}" for s, p in unit)


def units_of(columns: Iterable[str], declared: Mapping[str, str] | None = None) -> list[Unit]:
    """Unit of each column: the declared one, else the one of its suffix."""
    declared = declared or {}
    return [parse_unit(declared[c]) if c in declared else unit_of_column(c) for c in columns]
