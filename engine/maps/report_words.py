"""Column names of tables and models in the words and symbols of a lab record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.campaign.variables import INPUT_PREFIX
from engine.maps.digits import lower_first, plain
from engine.maps.quantities import QUANTITIES, quantity
from engine.properties.catalogue import CATALOGUE
from engine.structure.options import GENERATOR_OPTIONS

LAW_NAMES = {
    "polynomial": "polynomial with the published terms",
    "kawakita": "Kawakita",
    "exponential": "exponential (Meyer)",
    "heckel": "Heckel",
    "published": "as published, not fitted",
    "gaussian_process": "Gaussian process",
    "sisso": "equation by SISSO",
}
_LAW_SYMBOLS = {
    "eps_init": "ε_init",
    "eps_cal": "ε_cal",
    "t0": "t_init",
    "gap": "g",
}
_OPTION_NAMES = {
    "size_distribution": "Particle sizes",
    "size_basis": "Particle sizes by",
    "d10": "Particle diameter D10",
    "d50": "Particle diameter D50",
    "d90": "Particle diameter D90",
}
_DESIGN_NAMES = {
    "protocol": "Protocol",
    "porosity_kind": "Kind of porosity",
    "voxel_size_um": "Voxel size (µm)",
    "box_um": "Box in plane (µm)",
    "am_density": "Density of AM (g/cm³)",
    "cbd_density": "Density of CBD (g/cm³)",
    "cbd_nanoporosity": "Nanoporosity of CBD",
    "cbd_nanoporosity_percent": "Nanoporosity of CBD (%)",
}
# Longest first, so that no name is found inside a longer one.
_COLUMNS = sorted({*QUANTITIES, *CATALOGUE} - {"seconds"}, key=len, reverse=True)
_COLUMN = re.compile(rf"'?(?<!\w)({'|'.join(map(re.escape, _COLUMNS))})(?!\w)'?")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def in_words(text: str) -> str:
    """A sentence with the names of columns replaced by the field's terms.

    >>> in_words("A plain model beats this one for 'tortuosity_solid'.")
    'A plain model beats this one for tortuosity, solid (AM and CBD).'
    """
    text = _COLUMN.sub(lambda found: lower_first(quantity(found[1]).label), text)
    for name, symbol in _LAW_SYMBOLS.items():
        if "_" in name:
            text = re.sub(rf"(?<!\w){name}(?!\w)", symbol, text)
    return text[:1].upper() + text[1:]


def symbol_of(column: str) -> str:
    """Symbol of a column, its label where it has none."""
    one = quantity(column)
    return one.symbol or one.label


def law_symbol(name: str) -> str:
    """A coefficient of a law as a term in symbols.

    >>> law_symbol("eps_init*gap"), law_symbol("gap²"), law_symbol("a0")
    ('ε_init·g', 'g²', 'a0')
    """
    parts = re.split(r"([*/²³ ()])", name)
    return "".join(_LAW_SYMBOLS.get(part, "·" if part == "*" else part) for part in parts)


def design_name(name: str) -> str:
    """A variable of a design, with its unit."""
    if name in _DESIGN_NAMES:
        return _DESIGN_NAMES[name]
    if name.startswith(INPUT_PREFIX):
        return name.removeprefix(INPUT_PREFIX)
    if name.startswith("law."):
        return f"Coefficient {law_symbol(name.removeprefix('law.'))} of the law"
    if name in GENERATOR_OPTIONS:
        unit = GENERATOR_OPTIONS[name].unit
        label = _OPTION_NAMES.get(name) or name.replace("_", " ").capitalize()
        return f"{label} ({unit})" if unit else label
    one = quantity(name)
    label = f"{one.label[:1].upper()}{one.label[1:]}"
    return label if one.unit == "–" else f"{label} ({one.unit})"


def equation(model: Any, digits: int = 4) -> str | None:
    """A model's formula in the symbols of the field; None where it has none.

    ``τ_sol = 0.985 + 1.012·10⁻⁵·ε_init²/P``
    """
    short = getattr(model, "short_equation", None)
    text = short(digits) if short else None
    if not text:
        return None
    symbols = {name: symbol_of(name) for name in model.inputs}
    for name in sorted(symbols, key=len, reverse=True):
        column = rf"\[{re.escape(name)}\]|(?<!\w){re.escape(name)}(?!\w)"
        text = re.sub(column, symbols[name].replace("\\", r"\\"), text)
    text = re.sub(r"\*\*(\d+)", lambda found: found[1].translate(_SUPERSCRIPTS), text)
    text = re.sub(r"(\d)e([+-]?)0*(\d+)", _power_of_ten, text)
    text = re.sub(r"(?<!\w)(log|cbrt|sqrt)\(",
                  lambda found: {"log": "ln(", "cbrt": "∛(", "sqrt": "√("}[found[1]], text)  # fmt: skip
    text = text.replace("*", "·").replace(" - ", " − ")
    return f"{symbol_of(model.target)} = {text}"


def _power_of_ten(found: re.Match[str]) -> str:
    exponent = f"{'-' if found[2] == '-' else ''}{found[3]}"
    return f"{found[1]}·10{exponent.translate(_SUPERSCRIPTS)}"


def legend(columns: Iterable[str]) -> list[list[str]]:
    """Rows of symbol, meaning and unit for the columns that have a symbol, each once."""
    rows = []
    for name in dict.fromkeys(columns):
        one = quantity(name)
        if one.symbol:
            rows.append([one.symbol, one.label, one.unit])
    return rows


def design_values(values: Any) -> str:
    """Values of a variable of a design."""
    items = values if isinstance(values, (list, tuple)) else [values]
    return ", ".join(
        " x ".join(map(_one, item)) if isinstance(item, (list, tuple)) else _one(item)
        for item in items
    )


def _one(value: Any) -> str:
    return plain(float(value)) if isinstance(value, (int, float)) else str(value)


def law_name(kind: str) -> str:
    """Form of a law in words."""
    return LAW_NAMES.get(kind, kind)


def metrics_rows(model: Any) -> list[list[Any]]:
    """One row for a model and each plain model beside it: R² and RMSE by rows judged.

    Columns are those of `METRICS`; None where a part was not computed.
    """
    found: list[tuple[str, Mapping[str, Any]]] = [("This model", model.metrics)]
    found += [(entry.get("label", name), entry) for name, entry in model.baselines.items()]
    rows = []
    for label, metrics in found:
        row: list[Any] = [label]
        for part in METRICS:
            one = metrics.get(part) or {}
            row += [one.get("r2"), one.get("rmse")]
        rows.append(row)
    return rows


METRICS = {
    "train": "training",
    "cross_validation": "cross-validation",
    "test": "test",
    "validation": "validation",
}
"""Parts of a model's metrics, in words."""
