"""Properties as the window writes them: order, digits, words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.properties.catalogue import CATALOGUE
from hybridgui.widgets.numbers import number

KEY_COLUMNS = (
    "tortuosity_electrolyte",
    "tortuosity_solid",
    "effective_conductivity_ionic_S_per_m",
    "effective_conductivity_electronic_S_per_m",
    "current_collector_coverage_am_percent",
    "current_collector_coverage_cbd_percent",
    "active_surface_percent",
    "active_area_per_volume_1_per_um",
)
"""What a scientist asks for first."""


_SHARES = ("phase_fraction", "percolating_fraction")


@dataclass(frozen=True)
class Row:
    """One property as a line of a table."""

    column: str
    label: str
    symbol: str
    value: float
    text: str
    unit: str
    definition: str

    @property
    def shown_value(self) -> float:
        """The value in the unit that is shown, in full precision."""
        share = self.column.startswith(_SHARES)
        return 100 * self.value if share else self.value


def rows_of(columns: dict[str, float], names: tuple[str, ...] | None = None) -> list[Row]:
    """Lines of a table, in the order of the catalogue or as named."""
    known = [n for n in (names or tuple(CATALOGUE)) if n in columns and n in CATALOGUE]
    rows = [row_of(name, columns[name]) for name in known]
    if names is None:
        others = sorted(set(columns) - set(CATALOGUE))
        rows += [
            Row(name, plain_name(name), "", columns[name], number(columns[name]), "", "")
            for name in others
        ]
    return rows


def row_of(name: str, value: float) -> Row:
    """Line of a property of the catalogue."""
    entry = CATALOGUE[name]
    text = number(value, 3 if name == "seconds" else 4)
    if math.isinf(value):
        text = "∞ (does not percolate)"
    if name.startswith(_SHARES) and math.isfinite(value):
        return Row(
            name,
            entry.label,
            entry.symbol,
            value,
            f"{100 * value:.2f}".replace("-", "−"),
            "%",
            entry.definition,
        )
    return Row(name, entry.label, entry.symbol, value, text, entry.unit, entry.definition)


def change(before: float, after: float) -> str:
    """How much a value changed, in percent of what it was."""
    if not (math.isfinite(before) and math.isfinite(after)) or before == 0:
        return "–"
    return f"{100 * (after / before - 1):+.1f} %".replace("-", "−")


def plain_name(column: str) -> str:
    """A column's name as words, where the catalogue has none."""
    words = column.replace("_", " ")
    return words[:1].upper() + words[1:]
