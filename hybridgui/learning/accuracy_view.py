"""How well a model predicts, with the plain forms beside it, and the parity plot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.learning.model import PropertyModel
from engine.maps.quantities import quantity
from hybridgui.learning.words import METHOD_SHORT
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import follow_theme, label
from hybridgui.widgets.numbers import number, rounded
from hybridgui.widgets.plot import PlotPanel
from hybridgui.widgets.table import Column, DataTable

_PARTS = (("train", "train"), ("test", "test"), ("cross_validation", "left out"))


def accuracy_frame(model: PropertyModel) -> tuple[pd.DataFrame, list[Column]]:
    """Return one row for the model and one for each plain form."""
    unit = quantity(model.target).unit
    unit = "" if unit == "–" else f" ({unit})"
    rows = [("This model: " + METHOD_SHORT.get(model.method, model.method), model.metrics)]
    rows += [
        (entry.get("label", name)[:1].upper() + entry.get("label", name)[1:], entry)
        for name, entry in model.baselines.items()
    ]
    columns = [Column("name", "Model")]
    data: dict[str, list[Any]] = {"name": [name for name, _ in rows]}
    for part, words in _PARTS:
        values = [_metric(metrics, part, "r2") for _, metrics in rows]
        if any(v == v for v in values):
            data[f"r2_{part}"] = values
            columns.append(Column(f"r2_{part}", f"R² {words}", lambda v: rounded(v, 3)))
    for part, words in _PARTS[2:]:
        values = [_metric(metrics, part, "rmse") for _, metrics in rows]
        if any(v == v for v in values):
            data[f"rmse_{part}"] = values
            columns.append(Column(f"rmse_{part}", f"RMSE {words}{unit}", lambda v: number(v, 3)))
    return pd.DataFrame(data), columns


def _metric(metrics: dict[str, Any], part: str, name: str) -> float:
    value = (metrics.get(part) or {}).get(name)
    return float("nan") if value is None else float(value)


class AccuracyView(QWidget):
    """Table of errors over the parity plot."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        self.table = DataTable()
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(self.table)
        row = QHBoxLayout()
        row.addWidget(label("Computed against predicted", "heading"))
        row.addStretch(1)
        layout.addLayout(row)
        self._panel = PlotPanel()
        self._panel.plot.setMinimumHeight(160)
        layout.addWidget(self._panel, 1)
        self._shown: tuple[PropertyModel, pd.DataFrame, np.ndarray] | None = None
        follow_theme(self, self._draw)

    @property
    def plot(self):
        """The parity plot."""
        return self._panel.plot

    def show_model(self, model: PropertyModel, frame: pd.DataFrame, test: np.ndarray) -> None:
        """Show a model over its dataset; `test` marks the rows kept from the training."""
        self._shown = (model, frame, test)
        self.table.show_frame(*accuracy_frame(model))
        self.table.fit_columns()
        stretch = QHeaderView.ResizeMode.Stretch
        self.table.horizontalHeader().setSectionResizeMode(0, stretch)
        height = self.table.horizontalHeader().sizeHint().height()
        rows = self.table.frame.shape[0]
        self.table.setFixedHeight(
            height + rows * self.table.verticalHeader().defaultSectionSize() + 4
        )
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        model, frame, test = self._shown
        plot = self._panel.plot
        plot.clear_data()
        plot.name = f"{model.target}_parity"
        axis = quantity(model.target)
        plot.set_axes(f"Predicted {axis.short}", f"Computed {axis.short}")
        if model.target not in frame:
            return
        try:
            predicted = model.predict(frame)
        except InputError:
            return
        actual = frame[model.target].to_numpy(float)
        fine = np.isfinite(actual) & np.isfinite(predicted)
        if not fine.any():
            return
        everything = np.concatenate([actual[fine], predicted[fine]])
        low, high = float(everything.min()), float(everything.max())
        pad = 0.05 * (high - low or 1.0)
        plot.draw_diagonal(low - pad, high + pad)
        train_colour, test_colour = theme().category_colours(2)
        entries = []
        for mask, colour, text in (
            (~test, train_colour, "trained on"),
            (test, test_colour, "kept for testing"),
        ):
            rows = mask & fine
            if not rows.any():
                continue
            tips = [
                f"Condition {i + 1}\ncomputed {number(a)}\npredicted {number(p)}"
                for i, a, p in zip(np.flatnonzero(rows), actual[rows], predicted[rows], strict=True)
            ]
            plot.draw_points(predicted[rows], actual[rows], colour, tips=tips)
            entries.append((text, colour, "dot"))
        entries.append(("equal", theme().tokens.muted, "dash"))
        self._panel.legend.show_entries("Conditions", entries)
        plot.set_limits((low - pad, high + pad), (low - pad, high + pad))
