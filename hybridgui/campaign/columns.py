"""How the columns of a dataset are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from engine.campaign.variables import INPUT_PREFIX
from engine.maps.quantities import quantity
from engine.properties.catalogue import CATALOGUE
from engine.properties.resolution import RANGE
from hybridgui.widgets.numbers import number, rounded
from hybridgui.widgets.plot import tip_html
from hybridgui.widgets.table import Column

_COUNTS = {
    "repeats": Column("repeats", "Repeats", tip="Structures averaged"),
    "not_percolating": Column(
        "not_percolating",
        "Blocked",
        tip="No path for ions, in pores or CBD, or for electrons; left out of the mean",
    ),
    "campaign": Column("campaign", "Campaign"),
}
INPUTS = (
    "gap_um",
    "pressure_MPa",
    "am_percent",
    "initial_porosity_percent",
    "initial_thickness_um",
)
_AFTER = ("porosity_percent", "thickness_um")
_RARE = ("_seconds", "flux_imbalance", "percolating_fraction", "phase_fraction", RANGE)


_HEADINGS = {
    "gap_um": "Gap (µm)",
    "pressure_MPa": "P (MPa)",
    "initial_porosity_percent": "Initial ε (%)",
    "initial_thickness_um": "Initial t (µm)",
    "porosity_percent": "ε (%)",
    "thickness_um": "t (µm)",
}


def heading(column: str) -> str:
    """Short name and unit of a column."""
    if column in _HEADINGS:
        return _HEADINGS[column]
    if column.startswith(INPUT_PREFIX):
        return column.removeprefix(INPUT_PREFIX)
    found = quantity(column)
    unit = "" if found.unit in ("–", "") else f" ({found.unit})"
    return f"{found.symbol or found.label}{unit}"


def title(column: str) -> str:
    """Name of a column in words, with its symbol."""
    found = quantity(column)
    symbol = found.symbol.replace("_", " ")
    return f"{found.label}, {symbol}" if symbol else found.label


def tip(column: str) -> str:
    """What a column means."""
    entry = CATALOGUE.get(column)
    label = quantity(column).label
    return tip_html(f"{label}\n{entry.definition}") if entry is not None else label


def dataset_columns(
    frame: pd.DataFrame, *, spread: bool = True, rare: bool = False
) -> list[Column]:
    """Return the columns to show of a dataset."""
    shown = []
    for name in frame.columns:
        if name in _COUNTS:
            shown.append(_COUNTS[name])
            continue
        if not rare and any(part in name for part in _RARE):
            continue
        if name.endswith("_sd"):
            if spread:
                shown.append(Column(name, f"± {heading(name[:-3])}", _two, "Standard deviation"))
            continue
        text = _equal_decimals(frame[name]) if name in (*INPUTS, *_AFTER) else _four
        shown.append(Column(name, heading(name), text, tip(name)))
    # What never changes says least: it stands behind the properties.
    aside = {one.key for one in shown if _is_constant(frame, one.key)}
    return [c for c in shown if c.key not in aside] + [c for c in shown if c.key in aside]


def _is_constant(frame: pd.DataFrame, name: str) -> bool:
    settled = name in INPUTS or name in _COUNTS
    return settled and len(frame) > 1 and frame[name].nunique(dropna=False) == 1


def numeric_properties(frame: pd.DataFrame) -> list[str]:
    """Property columns worth colouring by."""
    return settled_columns(name for name in frame.columns if name != "seconds")


def settled_columns(names: Iterable[str]) -> list[str]:
    """Those of some columns that are properties, and no checks on them."""
    return [n for n in names if n in CATALOGUE and not any(part in n for part in _RARE)]


def _four(value: object) -> str:
    if isinstance(value, float):
        return number(value, 4)
    return "–" if value is None else str(value)


def _equal_decimals(values: pd.Series) -> Callable[[object], str]:
    """Writer of settings: no more decimals than the one that needs most, the same for all."""
    if not pd.api.types.is_numeric_dtype(values):
        return _four
    texts = {f"{value:.4g}" for value in values.dropna().unique() if abs(value) < 1e4}
    decimals = max((len(text.partition(".")[2]) for text in texts if "e" not in text), default=0)
    return lambda value: "–" if value is None else rounded(float(value), decimals)


def _two(value: object) -> str:
    return number(float(value), 2) if isinstance(value, (int, float)) else "–"
