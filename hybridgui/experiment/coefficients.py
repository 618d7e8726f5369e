"""One coefficient of a law: name, value, and how well it is known."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from hybridgui.experiment.words import term_shown
from hybridgui.widgets.basics import label
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import rich

_UNIT_WIDTH = 40


def coefficient_row(
    name: str,
    value: float,
    standard_error: float | None,
    over_families: tuple[float, float] | None,
    unit: str = "",
) -> QWidget:
    """Return a row; its tooltip says how the coefficient moves when coatings are left out."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    caption = label(rich(term_shown(name)), "small")
    caption.setTextFormat(Qt.TextFormat.RichText)
    layout.addWidget(caption)
    layout.addStretch(1)
    layout.addWidget(label(number(value, 4), "", selectable=True))
    written = label(unit, "small")
    written.setMinimumWidth(_UNIT_WIDTH)
    layout.addWidget(written)
    told = []
    if standard_error:
        told.append(f"Standard error {number(standard_error, 2)}, if rows erred independently")
    if over_families is not None:
        low, high = over_families
        told.append(f"{number(low)} to {number(high)} when coatings are left out in turn")
    row.setToolTip("\n".join(told))
    return row
