"""What is trained of every property at this moment; the best equation while a search goes on."""

from __future__ import annotations

import pandas as pd
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.maps.quantities import quantity
from hybridgui.learning.words import METHOD_SHORT
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
        self.heading = label("", "heading")
        layout.addWidget(self.heading)
        self.table = DataTable()
        layout.addWidget(self.table)
        self._best: dict[str, BestSoFar | None] = {}
        self._searching = True
        self.hide()

    def start(self, targets: list[str], method: str = "sisso") -> None:
        """Show the properties whose training begins."""
        self._best = dict.fromkeys(targets)
        self._searching = method == "sisso"
        named = METHOD_SHORT.get(method, method)
        self.heading.setText("Best equations so far" if self._searching else f"Training: {named}")
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
                    "state": "training …",
                    "terms": float(best.terms) if best else float("nan"),
                    "rmse": best.rmse if best else float("nan"),
                    "equation": best.equation if best else "searching …",
                }
            )
        frame = pd.DataFrame(rows, columns=["property", "state", "terms", "rmse", "equation"])
        columns = [
            Column("terms", "Terms", lambda v: "–" if v != v else f"{v:.0f}"),
            Column("rmse", "RMSE train", lambda v: number(v, 3)),
            Column("equation", "Equation"),
        ]
        if not self._searching:
            columns = [Column("state", "State")]
        self.table.show_frame(frame, [Column("property", "Property"), *columns])
        self.table.fit_columns()
        if self._searching:
            self.table.setColumnWidth(3, max(400, self.table.columnWidth(3)))
        section = self.table.verticalHeader().defaultSectionSize()
        head = self.table.horizontalHeader().sizeHint().height()
        bar = self.table.horizontalScrollBar().sizeHint().height()
        self.table.setFixedHeight(head + min(len(rows), 8) * section + bar + 4)
