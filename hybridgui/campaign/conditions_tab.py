"""The tab of a campaign's conditions: how far each is, or what a property is there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from hybridgui.campaign.columns import numeric_properties, title
from hybridgui.campaign.condition_grid import ColourScale, ConditionGrid
from hybridgui.theme import GRID
from hybridgui.widgets.basics import label
from hybridgui.widgets.form import Choice

_PROGRESS = "progress"


class ConditionsTab(QWidget):
    """The live grid with its counts, the choice of colours, and the condition clicked."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._frame = pd.DataFrame()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.counts = label("", "heading")
        row.addWidget(self.counts)
        self.workers = label("", "muted")
        row.addWidget(self.workers)
        row.addStretch(1)
        row.addWidget(label("Colour by", "muted"))
        self.colour_choice = Choice([(_PROGRESS, "Progress")])
        self.colour_choice.edited.connect(lambda _: self.colour())
        self.colour_choice.setMinimumContentsLength(26)
        row.addWidget(self.colour_choice)
        column.addLayout(row)
        self.scale = ColourScale()
        column.addWidget(self.scale, 0, Qt.AlignmentFlag.AlignRight)
        self.legend = label("Hatched: done, but the structures do not percolate.", "small")
        self.legend.hide()
        column.addWidget(self.legend, 0, Qt.AlignmentFlag.AlignRight)
        self.grid = ConditionGrid()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.grid)
        scroll.setObjectName("plain")
        self.grid.setObjectName("plain")
        column.addWidget(scroll, 1)
        self._detail = label("Click a condition to read it here.", "small", wrap=True)
        self.grid.conditionChosen.connect(self._on_condition_chosen)
        column.addWidget(self._detail)

    def show_counts(self, done: int, failed: int, total: int) -> None:
        """Say how many structures are done."""
        text = f"{done:,} of {total:,} structures"
        if failed:
            text += f", {failed:,} failed"
        self.counts.setText(text)

    def show_memory(self, memory: Mapping[int, int]) -> None:
        """Say what the workers hold (bytes by process); nothing where none works."""
        used = [f"{each / 2**20:,.0f} MB" for each in memory.values()]
        plural = "s" if len(used) > 1 else ""
        total = f"{sum(memory.values()) / 2**20:,.0f} MB"
        self.workers.setText(f"{len(used)} worker{plural}, {total}" if used else "")
        self.workers.setToolTip("Memory of each worker: " + ", ".join(used) if used else "")

    def show_dataset(self, frame: pd.DataFrame) -> None:
        """Offer the properties of a dataset as colours, and colour by the one chosen."""
        self._frame = frame
        choices = [(name, title(name)) for name in numeric_properties(frame)]
        self.colour_choice.set_choices([(_PROGRESS, "Progress"), *choices])
        self.colour()

    def colour(self) -> None:
        """Colour the grid as chosen."""
        column = self.colour_choice.current
        frame = self._frame
        if column in ("", _PROGRESS) or column not in frame:
            self.grid.colour_by("", {}, 0.0, 1.0)
            self.scale.hide()
            self.legend.hide()
            return
        cells = self.grid.cells
        known = set(cells[0].values) if cells else set()
        keys = [name for name in frame.columns if name in known]
        values = {_place(row, keys): float(row[column]) for row in frame.to_dict("records")}
        places = {cell.number: _place(cell.values, keys) for cell in cells}
        by_number = {number: values[key] for number, key in places.items() if key in values}
        finite = [v for v in by_number.values() if math.isfinite(v)]
        low, high = (min(finite), max(finite)) if finite else (math.nan, math.nan)
        self.grid.colour_by(column, by_number, low, high)
        self.scale.show_range(low, high)
        self.legend.setVisible(self.grid.blocked > 0)

    def _on_condition_chosen(self, number: int) -> None:
        cell = next(c for c in self.grid.cells if c.number == number)
        self._detail.setText(self.grid.describe(cell).replace("\n", "  ·  "))


def _place(values: Mapping[str, Any], keys: Sequence[str]) -> tuple:
    """What tells a condition from the others; an unknown gap is nan in tables, None elsewhere."""
    found = (values.get(key) for key in keys)
    return tuple(None if value != value else value for value in found)
