"""Every row beside its prediction: parity, residuals against each input, and the row itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.learning.model import PropertyModel
from engine.maps.quantities import quantity
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import button, enable, follow_theme, label
from hybridgui.widgets.form import Choice
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import PlotPanel, rich

_PARITY, _PREDICTED = "parity", "predicted"
_PARTS = (
    ("train", "trained on"),
    ("test", "kept for testing"),
    ("validation", "validation"),
)


class PointsView(QWidget):
    """The plot of points, what a clicked point is, and the way to its structure.

    Signals
    -------
    structureAsked : values of the inputs and other columns of the row that was clicked
    """

    structureAsked = Signal(dict)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        row = QHBoxLayout()
        self.choice = Choice([(_PARITY, "Computed against predicted")])
        self.choice.setAccessibleName("Plot")
        self.choice.setMinimumContentsLength(26)
        self.choice.edited.connect(lambda _: self._draw())
        row.addWidget(self.choice)
        row.addStretch(1)
        layout.addLayout(row)
        self._panel = PlotPanel()
        self._panel.plot.setMinimumHeight(150)
        self._panel.plot.pointChosen.connect(self.choose)
        layout.addWidget(self._panel, 1)
        row = QHBoxLayout()
        self._detail = label("", "small", wrap=True, selectable=True)
        row.addWidget(self._detail, 1)
        self.structure_button = button("Show in 3D", self._on_structure)
        row.addWidget(self.structure_button)
        layout.addLayout(row)
        self._model: PropertyModel | None = None
        self._points = pd.DataFrame()
        self._tables: dict[str, pd.DataFrame] = {}
        self._chosen: int | None = None
        follow_theme(self, self._draw)

    @property
    def plot(self):
        """The plot."""
        return self._panel.plot

    @property
    def points(self) -> pd.DataFrame:
        """What is drawn; see `engine.learning.inspection.fitted_points`."""
        return self._points

    def show_points(
        self, model: PropertyModel, points: pd.DataFrame, tables: dict[str, pd.DataFrame]
    ) -> None:
        """Show the rows of a model.

        Parameters
        ----------
        tables : dict of str to DataFrame
            Where the rows of ``train`` (with those for testing) and ``validation`` come from.
        """
        self._model, self._points, self._tables = model, points, tables
        self._chosen = None
        self.choice.set_choices(
            [
                (_PARITY, "Computed against predicted"),
                (_PREDICTED, "Residual against prediction"),
                *[(n, f"Residual against {_lower(quantity(n).label)}") for n in model.inputs],
            ]
        )
        if not self.choice.current:
            self.choice.setCurrentIndex(0)
        self._draw()
        self._show_detail()

    def choose(self, index: int) -> None:
        """Take a point, as a click on it does."""
        self._chosen = int(index)
        self._draw()
        self._show_detail()

    def _draw(self) -> None:
        model, points = self._model, self._points
        plot = self._panel.plot
        plot.clear_data()
        if model is None or points.empty:
            self._panel.legend.show_entries("", [])
            return
        kind = self.choice.current
        axis = quantity(model.target)
        plot.name = f"{model.target}_{kind}"
        entries = []
        if kind == _PARITY:
            x, y = points["predicted"].to_numpy(), points["actual"].to_numpy()
            plot.set_axes(f"Predicted {axis.short}", f"Computed {axis.short}")
        else:
            x = points["predicted" if kind == _PREDICTED else kind].to_numpy()
            y = points["residual"].to_numpy()
            bottom = f"Predicted {axis.short}" if kind == _PREDICTED else quantity(kind).short
            plot.set_axes(bottom, f"Computed − predicted {axis.short}")
        parts = points["part"].to_numpy()
        colours = theme().category_colours(len(_PARTS))
        for (part, text), colour in zip(_PARTS, colours, strict=True):
            rows = np.flatnonzero(parts == part)
            if not rows.size:
                continue
            tips = [self._tip(int(row)) for row in rows]
            keys = [int(row) for row in rows]
            plot.draw_points(x[rows], y[rows], colour, tips=tips, keys=keys)
            entries.append((f"{text} ({rows.size})", colour, "dot"))
        if self._chosen is not None:
            at = [self._chosen]
            plot.draw_points(x[at], y[at], theme().tokens.text, size=15, hollow=True)
        if kind == _PARITY:
            low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
            pad = 0.05 * (high - low or 1.0)
            plot.draw_diagonal(low - pad, high + pad)
            entries.append(("equal", theme().tokens.muted, "dash"))
            plot.set_limits((low - pad, high + pad), (low - pad, high + pad))
        else:
            left, right = float(x.min()), float(x.max())
            pad = 0.05 * (right - left or 1.0)
            plot.draw_line([left - pad, right + pad], [0, 0], theme().tokens.muted, dashed=True)
            reach = 1.15 * float(abs(y).max()) or 1.0
            plot.set_limits((left - pad, right + pad), (-reach, reach))
        self._panel.legend.show_entries("Conditions", entries)

    def _tip(self, index: int) -> str:
        row = self._points.iloc[index]
        lines = [
            f"{quantity(n).symbol or quantity(n).label} {number(row[n])} {quantity(n).unit}"
            for n in self._model.inputs
        ]
        lines += [f"computed {number(row['actual'])}, predicted {number(row['predicted'])}"]
        return "\n".join(lines)

    def _show_detail(self) -> None:
        reason = "Click a point first."
        if self._chosen is None:
            self._detail.setText("Click a point to see its condition.")
        else:
            row = self._points.iloc[self._chosen]
            text = "  ·  ".join(rich(line) for line in self._tip(self._chosen).split("\n"))
            if row["outside"]:
                text += "  ·  outside the training range"
            self._detail.setText(text)
            reason = ""
        enable(self.structure_button, reason, "Build the structure of this condition again")

    def _on_structure(self) -> None:
        if self._chosen is None:
            return
        row = self._points.iloc[self._chosen]
        table = self._tables.get("validation" if row["part"] == "validation" else "train")
        values: dict[str, Any] = {}
        if table is not None and int(row["row"]) < len(table):
            values = table.iloc[int(row["row"])].to_dict()
        self.structureAsked.emit(values)


def _lower(text: str) -> str:
    """A label inside a sentence; abbreviations keep their capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
