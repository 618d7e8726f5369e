"""SISSO, DNN, Gaussian process and the plain forms side by side on the same rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.learning.comparison import Comparison
from engine.learning.model import PropertyModel
from engine.maps.quantities import quantity
from hybridgui.learning.accuracy_view import accuracy_columns
from hybridgui.learning.words import METHOD_SHORT
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, button, clear_layout, enable, follow_theme
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import Plot
from hybridgui.widgets.table import Column, DataTable

_MOST_PLOTS = 4


class CompareView(QWidget):
    """A table of all methods and a parity plot for each of the first ones.

    Signals
    -------
    asked : the other methods should be trained
    useAsked : name of the model in the comparison that the user wants to keep
    """

    asked = Signal()
    useAsked = Signal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2 * GRID, 0, 0)
        outer.setSpacing(GRID)
        row = QHBoxLayout()
        self.train_button = button("Train the other methods", self.asked.emit)
        row.addWidget(self.train_button)
        self.use_button = button("Use the chosen one", self._on_use)
        row.addWidget(self.use_button)
        row.addStretch(1)
        outer.addLayout(row)
        self.notice = Notice("info")
        outer.addWidget(self.notice)
        self.table = DataTable()
        self.table.rowChosen.connect(lambda _: self._refresh())
        outer.addWidget(self.table)
        plots = QWidget()
        self._grid = QGridLayout(plots)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        outer.addWidget(plots, 1)
        self._model: PropertyModel | None = None
        self._comparison: Comparison | None = None
        self._points: dict[str, pd.DataFrame] = {}
        self._busy = False
        follow_theme(self, self._draw)
        self._refresh()

    @property
    def comparison(self) -> Comparison | None:
        """What is shown."""
        return self._comparison

    def show_model(self, model: PropertyModel) -> None:
        """Take another model; nothing of it is compared yet."""
        self._model = model
        self._busy = False
        self.show_comparison(None, {})

    def show_busy(self, busy: bool) -> None:
        """Say that the other methods are being trained."""
        self._busy = busy
        self._refresh()

    def show_comparison(
        self, comparison: Comparison | None, points: dict[str, pd.DataFrame]
    ) -> None:
        """Show models side by side, with the points of each (`fitted_points`)."""
        self._comparison, self._points = comparison, points
        self.table.setVisible(comparison is not None)
        if comparison is None:
            self.notice.set_text(
                "Train DNN, Gaussian process and SISSO on the very rows of this model, and see "
                "them beside it and the plain forms.",
                "info",
            )
        else:
            frame = comparison.to_frame()
            columns = [
                Column("label", "Model"),
                Column("terms", "Terms", lambda v: "–" if v != v else f"{v:.0f}"),
                *accuracy_columns(comparison.target, frame),
            ]
            self.table.show_frame(frame, columns)
            self.table.fit_columns()
            rows = len(frame)
            height = self.table.horizontalHeader().sizeHint().height()
            section = self.table.verticalHeader().defaultSectionSize()
            bar = self.table.horizontalScrollBar().sizeHint().height()
            self.table.setFixedHeight(height + rows * section + bar + 4)
            best = comparison.best
            plain = best not in ("sisso", "dnn", "gp")
            text = f"Smallest error on rows not trained on: {comparison.label(best)}."
            if plain:
                text += " A plain form does it: the others are not worth their terms."
            self.notice.set_text(text, "warning" if plain else "success")
        self._draw()
        self._refresh()

    def _chosen(self) -> str | None:
        index = self.table.currentIndex()
        if self._comparison is None or not index.isValid():
            return None
        row = self.table.model().mapToSource(index).row()
        return str(self.table.frame["name"].iat[row])

    def _on_use(self) -> None:
        name = self._chosen()
        if name is not None:
            self.useAsked.emit(name)

    def _refresh(self) -> None:
        reason = "The methods are being trained." if self._busy else ""
        enable(self.train_button, reason, "Takes some seconds to a minute")
        self.use_button.setVisible(self._comparison is not None)
        name = self._chosen()
        reason = "" if name is not None else "Choose a row first."
        if name is not None and self._comparison.models[name] is self._model:
            reason = "This model is in use."
        enable(self.use_button, reason, "Let maps and predictions use this model")

    def _draw(self) -> None:
        clear_layout(self._grid)
        found = self._comparison
        if found is None:
            return
        frame = found.to_frame()
        shown = [m for m in ("sisso", "dnn", "gp") if m in found.models]
        plain = frame[~frame["name"].isin(shown)]
        column = next(
            (
                f"rmse_{part}"
                for part in ("validation", "test", "cross_validation", "train")
                if plain[f"rmse_{part}"].notna().any()
            ),
            None,
        )
        if column is not None:
            shown.append(str(plain["name"].iloc[int(np.nanargmin(plain[column].to_numpy()))]))
        axis = quantity(found.target)
        both = [
            np.concatenate([self._points[n]["actual"], self._points[n]["predicted"]])
            for n in shown[:_MOST_PLOTS]
        ]
        everything = np.concatenate(both)
        low, high = float(everything.min()), float(everything.max())
        train, test, validation = theme().category_colours(3)
        for place, name in enumerate(shown[:_MOST_PLOTS]):
            points = self._points[name]
            plot = Plot()
            plot.setMinimumSize(90, 130)
            plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
            plot.name = f"{found.target}_{name}"
            plot.set_title(METHOD_SHORT.get(name, name.replace("_", " ").capitalize()))
            plot.set_axes(f"Predicted {axis.short}", f"Computed {axis.short}" * (place == 0))
            plot.draw_diagonal(low, high)
            for part, colour in (("train", train), ("test", test), ("validation", validation)):
                rows = points[points["part"] == part]
                tips = [
                    f"computed {number(a)}, predicted {number(p)}"
                    for a, p in zip(rows["actual"], rows["predicted"], strict=True)
                ]
                if len(rows):
                    plot.draw_points(rows["predicted"], rows["actual"], colour, size=5, tips=tips)
            plot.set_limits((low, high), (low, high))
            self._grid.addWidget(plot, 0, place)
            self._grid.setColumnStretch(place, 1)
