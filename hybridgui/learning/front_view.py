"""The front of error against size: choose a simpler or a finer equation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learning.model import PropertyModel
from engine.maps.quantities import quantity
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import button, enable, follow_theme, label
from hybridgui.widgets.numbers import number, rounded
from hybridgui.widgets.plot import PlotPanel
from hybridgui.widgets.table import Column, DataTable


class FrontView(QWidget):
    """One row a size.

    Signals
    -------
    sizeChosen : number of terms that the user wants to use
    """

    sizeChosen = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(
            label(
                "The best equation of each size. More terms fit better; the error on conditions "
                "left out says whether they are worth it.",
                "muted",
                wrap=True,
            )
        )
        self.table = DataTable()
        self.table.setMaximumHeight(150)
        layout.addWidget(self.table)
        self.use_button = button("Use this size", self._on_use)
        layout.addWidget(self.use_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._panel = PlotPanel()
        self._panel.plot.pointChosen.connect(self.choose)
        layout.addWidget(self._panel, 1)
        self.table.rowChosen.connect(lambda _: self._refresh())
        self._model: PropertyModel | None = None
        follow_theme(self, self._draw)

    def show_model(self, model: PropertyModel) -> None:
        """Show the front of a model."""
        self._model = model
        rows = [
            {
                "terms": entry["terms"],
                "complexity": entry["complexity"],
                "rmse": (entry["train"] or {}).get("rmse"),
                "cv": (entry.get("cross_validation") or {}).get("rmse"),
                "r2": (entry["train"] or {}).get("r2"),
                "note": "recommended" if entry.get("recommended") else "",
                "equation": model.with_size(entry["terms"]).short_equation() or "",
            }
            for entry in model.front
        ]
        unit = quantity(model.target).unit
        unit = "" if unit == "–" else f" ({unit})"
        frame = (
            pd.DataFrame(rows).astype({"rmse": float, "cv": float, "r2": float})
            if rows
            else (pd.DataFrame())
        )
        self.table.show_frame(
            frame,
            [
                Column("terms", "Terms"),
                Column("complexity", "Operators"),
                Column("rmse", f"RMSE train{unit}", lambda v: number(v, 3)),
                Column("cv", f"RMSE left out{unit}", lambda v: number(v, 3)),
                Column("r2", "R² train", lambda v: rounded(v, 3)),
                Column("note", ""),
                Column("equation", "Equation"),
            ],
        )
        self.table.fit_columns()
        self._draw()
        self._refresh()

    def choose(self, terms: int) -> None:
        """Take the row of a size, as a click on its point does."""
        for row in range(self.table.model().rowCount()):
            index = self.table.model().index(row, 0)
            place = self.table.model().mapToSource(index).row()
            if int(self._model.front[place]["terms"]) == terms:
                self.table.selectRow(row)

    def _chosen(self) -> int | None:
        index = self.table.currentIndex()
        if not index.isValid() or self._model is None or not self._model.front:
            return None
        row = self.table.model().mapToSource(index).row()
        return int(self._model.front[row]["terms"])

    def _refresh(self) -> None:
        terms = self._chosen()
        if terms is None:
            enable(self.use_button, "Choose a row first.")
        elif self._model is not None and terms == self._model.terms:
            enable(self.use_button, "This size is in use.")
        else:
            enable(self.use_button, "", "Let maps and predictions use this equation")

    def _on_use(self) -> None:
        terms = self._chosen()
        if terms is not None:
            self.sizeChosen.emit(terms)

    def _draw(self) -> None:
        plot = self._panel.plot
        plot.clear_data()
        if self._model is None or not self._model.front:
            return
        short = quantity(self._model.target).short
        plot.set_axes("Number of terms", f"RMSE of {short}")
        terms = np.array([entry["terms"] for entry in self._model.front], float)
        entries = []
        sizes = [int(entry["terms"]) for entry in self._model.front]
        tips = [self._model.with_size(size).short_equation() or "" for size in sizes]
        train, left = theme().category_colours(2)
        for key, text, colour in (
            ("train", "trained on", train),
            ("cross_validation", "left out", left),
        ):
            values = np.array(
                [(entry.get(key) or {}).get("rmse") or np.nan for entry in self._model.front], float
            )
            if np.isfinite(values).any():
                plot.draw_line(terms, values, colour)
                plot.draw_points(terms, values, colour, keys=sizes, tips=tips)
                entries.append((text, colour, "line"))
        self._panel.legend.show_entries("Error", entries)
        plot.getAxis("bottom").setTicks([[(t, f"{t:.0f}") for t in terms]])
        plot.set_limits((float(terms.min()) - 0.5, float(terms.max()) + 0.5), None)
