"""The best equation of every property while the search goes on."""

from __future__ import annotations

import pandas as pd
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.maps.quantities import quantity
from hybridgui.learning.work import BestSoFar
from hybridgui.theme import GRID
from hybridgui.widgets.basics import label
from hybridgui.widgets.numbers import number
from hybridgui.widgets.table import Column, DataTable


class LiveView(QWidget):
    """One row a property; hidden while nothing is trained."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(label("Best equations so far", "heading"))
        self.table = DataTable()
        layout.addWidget(self.table)
        self._best: dict[str, BestSoFar | None] = {}
        self.hide()

    def start(self, targets: list[str]) -> None:
        """Show the properties of a search that begins."""
        self._best = dict.fromkeys(targets)
        self._show()
        self.show()

    def show_best(self, event: BestSoFar) -> None:
        """Show a better equation."""
        self._best[event.target] = event
        self._show()

    def stop(self) -> None:
        """The search has ended."""
        self.hide()

    def _show(self) -> None:
        rows = []
        for target, best in self._best.items():
            found = quantity(target)
            rows.append(
                {
                    "property": found.symbol or found.label,
                    "terms": float(best.terms) if best else float("nan"),
                    "rmse": best.rmse if best else float("nan"),
                    "equation": best.equation if best else "searching …",
                }
            )
        frame = pd.DataFrame(rows, columns=["property", "terms", "rmse", "equation"])
        self.table.show_frame(
            frame,
            [
                Column("property", "Property"),
                Column("terms", "Terms", lambda v: "–" if v != v else f"{v:.0f}"),
                Column("rmse", "RMSE train", lambda v: number(v, 3)),
                Column("equation", "Equation"),
            ],
        )
        self.table.fit_columns()
        self.table.setColumnWidth(3, max(400, self.table.columnWidth(3)))
        section = self.table.verticalHeader().defaultSectionSize()
        head = self.table.horizontalHeader().sizeHint().height()
        bar = self.table.horizontalScrollBar().sizeHint().height()
        self.table.setFixedHeight(head + min(len(rows), 8) * section + bar + 4)
