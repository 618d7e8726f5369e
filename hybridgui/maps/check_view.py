"""What fresh structures at the recommended setting gave, beside what the models said."""

from __future__ import annotations

import math

import pandas as pd
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.maps.quantities import quantity
from engine.maps.verify import Check, Verification
from hybridgui.theme import GRID
from hybridgui.widgets.basics import label
from hybridgui.widgets.numbers import percent
from hybridgui.widgets.plot import rich
from hybridgui.widgets.table import Column, DataTable

_REACH = "Interval of the models for the mean of the fresh structures, at the law's porosity"
_WIDTH = "Half of the interval as a share of the computed value: how sharply the models are tested"


class CheckView(QWidget):
    """Shows a `Verification`, or nothing."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label("Checked by fresh structures", "heading"))
        self.table = DataTable()
        column.addWidget(self.table)
        self.sentence = label("", "", wrap=True, selectable=True)
        self.sentence.setTextFormat(Qt.TextFormat.RichText)
        column.addWidget(self.sentence)
        self.hide()

    def show_verification(self, verification: Verification | None) -> None:
        """Show the comparison; hidden where there is none."""
        self.setVisible(verification is not None)
        if verification is None:
            return
        level = f"Models alone, {100 * verification.level:.0f} %"
        self.table.show_frame(
            pd.DataFrame([_row(check) for check in verification.checks]),
            [
                Column("name", "Response"),
                Column("expected", level, tip=_REACH),
                Column("width", "±", tip=_WIDTH),
                Column("computed", "Fresh structures"),
                Column("agrees", "Verdict"),
            ],
        )
        self.table.fit_names()
        self.sentence.setText(rich(verification.sentence))


def _row(check: Check) -> dict[str, str]:
    one = quantity(check.output)
    unit = "" if one.unit == "–" else one.unit
    value, low, high, computed, spread = check.texts
    known = math.isfinite(check.high - check.low)
    return {
        "name": one.brief,
        "expected": f"{value} {unit}".strip() + (f" ({low} to {high})" if known else ""),
        "width": _share(check.width),
        "computed": f"{computed} ± {spread}",
        "agrees": {"outside": "OUTSIDE"}.get(
            check.verdict, "inside, but wide" if check.wide else check.verdict
        ),
    }


def _share(value: float) -> str:
    return percent(value, 1) if math.isfinite(value) else "–"
