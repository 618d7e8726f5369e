"""The front of error against size: choose a simpler or a finer equation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHeaderView, QVBoxLayout, QWidget

from engine.learning.model import PropertyModel
from engine.maps.quantities import quantity
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import button, enable, follow_theme, label
from hybridgui.widgets.numbers import number, rounded
from hybridgui.widgets.plot import PlotPanel
from hybridgui.widgets.table import Column, DataTable


class FrontView(QWidget):
    """One row an equation: the best of each size, and on request its runners-up.

    Signals
    -------
    equationChosen : (terms, rank) of the equation that the user wants to use; rank 0 is the best
    """

    equationChosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(
            label(
                "The best equations of each size. More terms fit better; the error on conditions "
                "left out says whether they are worth it.",
                "muted",
                wrap=True,
            )
        )
        self.all_box = QCheckBox("Show the runners-up of each size")
        self.all_box.setToolTip(
            "Other equations that fit nearly as well. Their error left out is that of fitting the "
            "coefficients again only, and somewhat too small beside that of a repeated search."
        )
        self.all_box.clicked.connect(lambda _: self._fill())
        layout.addWidget(self.all_box)
        self.table = DataTable()
        self.table.setMaximumHeight(150)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        layout.addWidget(self.table)
        self.use_button = button("Use this equation", self._on_use)
        layout.addWidget(self.use_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._panel = PlotPanel()
        self._panel.plot.pointChosen.connect(self.choose)
        layout.addWidget(self._panel, 1)
        self.table.rowChosen.connect(lambda _: self._refresh())
        self._model: PropertyModel | None = None
        self._rows: list[tuple[dict[str, Any], int]] = []
        follow_theme(self, self._draw)

    def show_model(self, model: PropertyModel) -> None:
        """Show the front of a model."""
        self._model = model
        self.all_box.setVisible(any(_rivals(entry) for entry in model.front))
        self._fill()
        self._draw()

    def _fill(self) -> None:
        model = self._model
        if model is None:
            return
        self._rows = [
            (entry, rank)
            for entry in model.front
            for rank in range(1 + (len(_rivals(entry)) if self.all_box.isChecked() else 0))
        ]
        rows = [self._row(model, entry, rank) for entry, rank in self._rows]
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
        if rows:  # the equation takes what is left, and gives the whole as its tooltip
            header = self.table.horizontalHeader()
            header.setSectionResizeMode(header.count() - 1, QHeaderView.ResizeMode.Stretch)
        self._refresh()

    def _row(self, model: PropertyModel, entry: dict[str, Any], rank: int) -> dict[str, Any]:
        one = _rivals(entry)[rank - 1] if rank else entry
        note = "recommended" if entry.get("recommended") else "best of its size"
        return {
            "terms": entry["terms"],
            "complexity": one["complexity"],
            "rmse": (one["train"] or {}).get("rmse"),
            "cv": (one.get("cross_validation") or {}).get("rmse"),
            "r2": (one["train"] or {}).get("r2"),
            "note": f"runner-up {rank}" if rank else note,
            "equation": model.with_size(entry["terms"], rank).short_equation() or "",
        }

    def choose(self, terms: int) -> None:
        """Take the row of the best of a size, as a click on its point does."""
        for row in range(self.table.model().rowCount()):
            index = self.table.model().index(row, 0)
            place = self.table.model().mapToSource(index).row()
            entry, rank = self._rows[place]
            if entry["terms"] == terms and not rank:
                self.table.selectRow(row)

    def _chosen(self) -> tuple[int, int] | None:
        index = self.table.currentIndex()
        if not index.isValid() or self._model is None or not self._model.front:
            return None
        row = self.table.model().mapToSource(index).row()
        entry, rank = self._rows[row]
        return int(entry["terms"]), rank

    def _refresh(self) -> None:
        chosen, model = self._chosen(), self._model
        if chosen is None or model is None:
            enable(self.use_button, "Choose a row first.")
        elif model.with_size(*chosen).equation == model.equation:
            enable(self.use_button, "This equation is in use.")
        else:
            enable(self.use_button, "", "Let maps and predictions use this equation")

    def _on_use(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.equationChosen.emit(*chosen)

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


def _rivals(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Runners-up of one size that can be used; models of older files hold none."""
    return [one for one in entry.get("alternatives", []) if "metrics" in one]
