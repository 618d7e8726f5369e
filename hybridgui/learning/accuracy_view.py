"""How well a model predicts, with the plain forms beside it, over the plot of all points."""

from __future__ import annotations

from typing import Any

import pandas as pd
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QScrollArea, QVBoxLayout, QWidget

from engine.learning.metrics import in_plain_words
from engine.learning.model import PropertyModel
from engine.maps.quantities import quantity
from hybridgui.learning.points_view import PointsView
from hybridgui.learning.words import METHOD_SHORT, r2_text
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice
from hybridgui.widgets.numbers import number
from hybridgui.widgets.table import Column, DataTable

PARTS = (
    ("train", "train"),
    ("test", "test"),
    ("validation", "validation"),
    ("cross_validation", "left out"),
)


def accuracy_columns(target: str, frame: pd.DataFrame) -> list[Column]:
    """Columns of R², RMSE and largest error for the parts that a frame has numbers of.

    Parameters
    ----------
    frame : DataFrame
        Columns named ``r2_train``, ``rmse_test``, ``max_error_test``, …
    """
    unit = quantity(target).unit
    unit = "" if unit == "–" else f" ({unit})"
    three = lambda v: number(v, 3)  # noqa: E731
    columns = []
    for metric, heading, text in (
        ("r2", "R² {}", r2_text),
        ("rmse", f"RMSE {{}}\n{unit}".rstrip(), three),
        ("max_error", f"Largest error {{}}\n{unit}".rstrip(), three),
    ):
        for part, words in PARTS:
            key = f"{metric}_{part}"
            if key in frame and frame[key].notna().any():
                columns.append(Column(key, heading.format(words).replace("\n", ""), text))
    return columns


def accuracy_frame(model: PropertyModel) -> tuple[pd.DataFrame, list[Column]]:
    """Return one row for the model and one for each plain form."""
    rows = [("This model: " + METHOD_SHORT.get(model.method, model.method), model.metrics)]
    rows += [
        (entry.get("label", name)[:1].upper() + entry.get("label", name)[1:], entry)
        for name, entry in model.baselines.items()
    ]
    data: dict[str, list[Any]] = {"name": [name for name, _ in rows]}
    for metric in ("r2", "rmse", "max_error"):
        # The rows that the model has not seen tell its largest error.
        parts = PARTS[1:] if metric == "max_error" else PARTS
        for part, _ in parts:
            data[f"{metric}_{part}"] = [_metric(metrics, part, metric) for _, metrics in rows]
    frame = pd.DataFrame(data)
    return frame, [Column("name", "Model"), *accuracy_columns(model.target, frame)]


def _metric(metrics: dict[str, Any], part: str, name: str) -> float:
    value = (metrics.get(part) or {}).get(name)
    return float("nan") if value is None else float(value)


class AccuracyView(QWidget):
    """Table of errors over the points."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()  # in a low window the plot keeps its height
        scroll.setWidgetResizable(True)
        scroll.setObjectName("plain")
        outer.addWidget(scroll)
        content = QWidget()
        content.setObjectName("plain")
        scroll.setWidget(content)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        self.table = DataTable()
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(self.table)
        self.notice = Notice("warning")
        layout.addWidget(self.notice)
        self.points_view = PointsView()
        layout.addWidget(self.points_view, 1)

    @property
    def plot(self):
        """The plot of points."""
        return self.points_view.plot

    def show_model(
        self, model: PropertyModel, points: pd.DataFrame, tables: dict[str, pd.DataFrame]
    ) -> None:
        """Show a model with every row that it can be compared with."""
        self.table.show_frame(*accuracy_frame(model))
        self.table.fit_columns()
        resize = QHeaderView.ResizeMode.Interactive
        self.table.horizontalHeader().setSectionResizeMode(0, resize)
        bar = self.table.horizontalScrollBar().sizeHint().height()
        height = self.table.horizontalHeader().sizeHint().height() + bar
        rows = self.table.frame.shape[0]
        self.table.setFixedHeight(
            height + rows * self.table.verticalHeader().defaultSectionSize() + 4
        )
        self.notice.set_sentences(in_plain_words(model.metrics))
        self.points_view.show_points(model, points, tables)
