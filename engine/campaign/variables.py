"""The names a design may vary, and the values each of them takes.

A name carries its unit; one that ends in ``_percent`` is always percent. Fractions without
the suffix are fractions up to 1 and percent above (0.47 and 47 are the same nanoporosity).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from engine.errors import InputError
from engine.structure.condition import POROSITY_KINDS, PROTOCOLS, Recipe
from engine.structure.options import GENERATOR_OPTIONS

ALIASES = {
    "porosity_percent": "initial_porosity_percent",
    "thickness_um": "initial_thickness_um",
    "box": "box_um",
    "voxel_size": "voxel_size_um",
}
PRESSING = ("gap_um", "pressure_MPa")
# ``law.NAME`` is a coefficient of the calendering law, in place of the fitted one.
LAW_PREFIX = "law."
# ``input.NAME`` is an input of the law beside the usual ones: a column of the sheet by its name.
INPUT_PREFIX = "input."


class _Number(NamedTuple):
    low: float
    high: float
    unit: str
    note: str = ""


_PERCENT_NOTE = ": this key is always percent, e.g. 94 for 0.94"
_NUMBERS = {
    "gap_um": _Number(0, 1000, "µm"),
    "pressure_MPa": _Number(0, 10000, "MPa"),
    # below 1 % somebody wrote a fraction
    "am_percent": _Number(1, 100, "%", _PERCENT_NOTE),
    "initial_porosity_percent": _Number(1, 99.9, "%", _PERCENT_NOTE),
    "initial_thickness_um": _Number(1, 2000, "µm"),
    "voxel_size_um": _Number(0.001, 100, "µm"),
    "am_density": _Number(0.1, 30, "g/cm³"),
    "cbd_density": _Number(0.1, 30, "g/cm³"),
    "cbd_nanoporosity": _Number(0, 99, ""),
    "cbd_nanoporosity_percent": _Number(0, 99, "%"),
}
_CHOICES = {"protocol": PROTOCOLS, "porosity_kind": POROSITY_KINDS}
# The order of the grid, whatever the order in a file: the last one named varies fastest.
_ORDER = (*_NUMBERS, *_CHOICES, "box_um")


_MEANINGS = {
    "am_density": "Density of the active material",
    "cbd_density": "Density of carbon and binder without their pores",
    "cbd_nanoporosity": "Pores inside carbon and binder",
    "cbd_nanoporosity_percent": "Pores inside carbon and binder",
    "voxel_size_um": "Edge of a voxel",
    "box_um": "Edge of the square box along x and y",
    "protocol": "Rules by which structures are made",
    "porosity_kind": "Whether the porosity counts the pores inside carbon and binder",
}


class VariableInfo(NamedTuple):
    """What an editor of designs needs to know of a variable.

    Attributes
    ----------
    unit : str
        Empty where dimensionless.
    meaning : str
    choices : tuple
        Names, or False and True; empty for numbers.
    is_list : bool
        Whether one value is itself a list of numbers.
    default : JSON value
        None where the protocol decides.
    """

    unit: str
    meaning: str
    choices: tuple[Any, ...]
    is_list: bool
    default: Any


def variable_info(name: str) -> VariableInfo:
    """Return unit, meaning and choices of a variable; KeyError for a name nobody knows."""
    if name in GENERATOR_OPTIONS:
        option = GENERATOR_OPTIONS[name]
        named = option.is_choice or isinstance(option.default, bool)
        choices = tuple(option.allowed or ()) if named else ()
        return VariableInfo(
            option.unit, option.meaning, choices, option.allowed is None, option.default
        )
    meaning = _MEANINGS.get(name, "")
    if name in _CHOICES:
        return VariableInfo("", meaning, tuple(_CHOICES[name]), False, None)
    if name.startswith(LAW_PREFIX):
        return VariableInfo("", "Coefficient of the calendering law", (), False, None)
    if name.startswith(INPUT_PREFIX):
        meaning = "Input of the calendering law, in the unit of the sheet"
        return VariableInfo("", meaning, (), False, None)
    if name == "box_um":
        return VariableInfo("µm", meaning, (), False, 50.0)
    default = {
        "voxel_size_um": 1.0,
        "cbd_nanoporosity_percent": 100 * Recipe(0.95).cbd_nanoporosity,
    }
    usual = default.get(name, getattr(Recipe(0.95), name, None))
    return VariableInfo(_NUMBERS[name].unit, meaning, (), False, usual)


def known_names() -> tuple[str, ...]:
    """Return every name that a design may vary."""
    return (*_ORDER, *GENERATOR_OPTIONS)


def is_known(name: str) -> bool:
    """Whether a design may vary a name; which coefficients a law has is seen later."""
    return (
        name in _ORDER or name in GENERATOR_OPTIONS or name.startswith((LAW_PREFIX, INPUT_PREFIX))
    )


def law_coefficients(point: Mapping[str, Any]) -> dict[str, float]:
    """Return the coefficients of the law that a point sets."""
    return {
        name.removeprefix(LAW_PREFIX): value
        for name, value in point.items()
        if name.startswith(LAW_PREFIX)
    }


def law_inputs(point: Mapping[str, Any]) -> dict[str, float]:
    """Return the further inputs of the law that a point sets, by the law's names."""
    return {
        name.removeprefix(INPUT_PREFIX): value
        for name, value in point.items()
        if name.startswith(INPUT_PREFIX)
    }


def in_order(names: Iterable[str]) -> list[str]:
    """Return names in the order of the grid."""
    position = {name: number for number, name in enumerate(_ORDER)}
    return sorted(names, key=lambda name: (position.get(name, len(position)), name))


def unknown_key(name: str, known: Iterable[str], where: str) -> InputError:
    """Return the error for a key nobody knows, with the nearest known one."""
    known = list(known)
    lowered = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.5)
    advice = f"did you mean '{lowered[near[0]]}'?" if near else f"known are {', '.join(known)}."
    return InputError(f"{where}: the key '{name}' is not known; {advice}")


def number(name: str, value: Any, where: str, low: float, high: float, note: str = "") -> float:
    """Return a finite number within a range, or raise InputError naming the key."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where}: '{name}' must be a number, not {value!r}.")
    if not math.isfinite(value) or not low <= value <= high:
        raise InputError(f"{where}: '{name}' {value:g} is not between {low:g} and {high:g}{note}.")
    return float(value)


def _as_list(name: str, value: Any) -> list[Any]:
    """Return the values of a key; where one value is itself a list, that list is one value."""
    if not isinstance(value, list | tuple):
        return [value]
    depth = _depth(GENERATOR_OPTIONS[name][0]) if name in GENERATOR_OPTIONS else 0
    if name == "box_um":
        # [50, 50] is one box, [30, 50, 80] three square ones
        depth = 1 if len(value) == 2 else 0
    if _depth(value) <= depth and value:
        return [value]
    return list(value)


def _depth(value: Any) -> int:
    """Return how deeply lists are nested: 0 for a number, 1 for a list of numbers."""
    if not isinstance(value, list | tuple):
        return 0
    return 1 + max((_depth(entry) for entry in value), default=0)


def _check(name: str, value: Any, where: str) -> Any:
    if name in _NUMBERS:
        low, high, unit, note = _NUMBERS[name]
        return number(name, value, where, low, high, f" {unit}".rstrip() + note)
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InputError(
                f"{where}: '{name}' must be one of {', '.join(_CHOICES[name])}, not {value!r}."
            )
        return value
    if name.startswith((LAW_PREFIX, INPUT_PREFIX)):
        return number(name, value, where, -math.inf, math.inf)
    if name == "box_um":
        pair = value if isinstance(value, list | tuple) else (value, value)
        if len(pair) != 2:
            raise InputError(f"{where}: 'box' must be one or two lengths in µm, not {value!r}.")
        return tuple(number("box", edge, where, 0.001, 10000, " µm") for edge in pair)
    return _frozen(value)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def read_variables(table: Mapping[str, Any], where: str) -> dict[str, tuple[Any, ...]]:
    """Check names and values of a design's variables.

    Parameters
    ----------
    table : mapping
        Name -> value or list of values.
    where : str
        What to call the place in errors, e.g. ``design.toml, [design]``.

    Returns
    -------
    dict
        Name (aliases resolved) -> tuple of values, in the order of the grid.

    Raises
    ------
    InputError
        Naming the key.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for given, value in table.items():
        name = ALIASES.get(given, given)
        if not is_known(name):
            raise unknown_key(given, known_names(), where)
        if name in found:
            aliases = " and ".join(f"'{key}'" for key in table if ALIASES.get(key, key) == name)
            raise InputError(f"{where}: {aliases} are the same; keep one.")
        values = [_check(name, entry, where) for entry in _as_list(name, value)]
        if not values:
            raise InputError(f"{where}: '{given}' is an empty list; give at least one value.")
        found[name] = tuple(values)
    if ("gap_um" in found) == ("pressure_MPa" in found):
        problem = "both" if "gap_um" in found else "none"
        raise InputError(
            f"{where}: exactly one of 'gap_um' and 'pressure_MPa' is needed, {problem} given."
        )
    for name in ("am_percent", "initial_porosity_percent"):
        if name not in found:
            raise InputError(f"{where}: '{name}' is missing; give a list of values in %.")
    found.setdefault("initial_thickness_um", (100.0,))
    found.setdefault("protocol", ("physical",))
    return {name: found[name] for name in in_order(found)}


def refuse_twins(variables: Mapping[str, tuple[Any, ...]], where: str) -> None:
    """Refuse a list that names a value twice."""
    for name, values in variables.items():
        for position, value in enumerate(values):
            if value in values[:position]:
                raise InputError(f"{where}: '{name}' names {value!r} twice; keep one.")


def recipe_of(point: Mapping[str, Any]) -> Recipe:
    """Return the recipe of one point of a design."""
    am = point["am_percent"] / 100
    fields: dict[str, float] = {
        name: point[name] for name in ("am_density", "cbd_density") if name in point
    }
    if "cbd_nanoporosity_percent" in point:
        fields["cbd_nanoporosity"] = point["cbd_nanoporosity_percent"] / 100
    elif "cbd_nanoporosity" in point:
        value = point["cbd_nanoporosity"]
        fields["cbd_nanoporosity"] = value if value <= 1 else value / 100
    if point["protocol"] == "published" and "cbd_nanoporosity" not in fields:
        fields["cbd_nanoporosity"] = Recipe.published(am).cbd_nanoporosity
    return Recipe(am, **fields)


def condition_fields(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Condition` that a point sets besides recipe and calendering."""
    fields: dict[str, Any] = {}
    if "box_um" in point:
        fields["box"] = tuple(point["box_um"])
    if "voxel_size_um" in point:
        fields["voxel_size"] = point["voxel_size_um"]
    if "porosity_kind" in point:
        fields["porosity_kind"] = point["porosity_kind"]
    options = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in point.items()
        if name in GENERATOR_OPTIONS
    }
    if options:
        fields["options"] = options
    return fields
