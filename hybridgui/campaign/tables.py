"""The two tables of a campaign: its dataset, and what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.study import ConditionRecord, StructureRecord
from hybridgui.campaign.columns import dataset_columns
from hybridgui.errors import DetailsDialog
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, enable, label
from hybridgui.widgets.table import Column, DataTable

# What names a condition in the list of failures, as long as it stays readable.
_NAMED = {
    "gap_um": "gap {:.4g} µm",
    "pressure_MPa": "{:.4g} MPa",
    "am_percent": "AM {:.4g} %",
    "initial_porosity_percent": "initial ε {:.4g} %",
}


class DatasetTab(QWidget):
    """Means over the repeats of each condition.

    Signals
    -------
    exportAsked : the user wants it as a file
    choiceChanged : other columns are wanted
    """

    exportAsked = Signal()
    choiceChanged = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter rows")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(200)
        self.filter.setMinimumWidth(90)
        row.addWidget(self.filter)
        self.spread_box = QCheckBox("Spread")
        self.spread_box.setToolTip("Standard deviations over the repeats")
        self.rare_box = QCheckBox("Checks")
        self.rare_box.setToolTip("Phase and percolating fractions, flux balance, seconds")
        for box in (self.spread_box, self.rare_box):
            box.toggled.connect(lambda _: self.choiceChanged.emit())
            row.addWidget(box)
        row.addStretch(1)
        self.copy_button = button("Copy", lambda: self.table.copy(everything=True))
        row.addWidget(self.copy_button)
        self.export_button = button("Export…", self.exportAsked.emit)
        row.addWidget(self.export_button)
        column.addLayout(row)
        self.table = DataTable()
        self.filter.textChanged.connect(self.table.set_filter)
        column.addWidget(self.table, 1)
        column.addWidget(
            label(
                "Means over the repeats of each condition. Hover a heading for its meaning.",
                "small",
            )
        )

    def show_frame(self, frame: pd.DataFrame, by_pressure: bool = False) -> None:
        """Show a dataset, in the order of what was set on the calender."""
        if by_pressure and "pressure_MPa" in frame:
            frame = frame.sort_values("pressure_MPa", kind="stable", ignore_index=True)
        columns = dataset_columns(
            frame, spread=self.spread_box.isChecked(), rare=self.rare_box.isChecked()
        )
        if by_pressure:  # a gap by the calibration of some machine was never set
            columns = [column for column in columns if column.key != "gap_um"]
        self.table.show_frame(frame, columns)


class FailuresTab(QWidget):
    """What failed and why, to copy and to run again.

    Signals
    -------
    rerunAsked : the user wants them tried again
    """

    rerunAsked = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch(1)
        self.details_button = button("Details…", self.show_details)
        row.addWidget(self.details_button)
        self.copy_button = button("Copy all", self.copy_all)
        self.copy_button.setToolTip("The table, and each different traceback once")
        row.addWidget(self.copy_button)
        self.rerun_button = button("Run failed again", self.rerunAsked.emit)
        row.addWidget(self.rerun_button)
        column.addLayout(row)
        self.table = DataTable()
        self.table.rowChosen.connect(lambda _: self._refresh())
        self.table.doubleClicked.connect(lambda _: self.show_details())
        column.addWidget(self.table, 1)
        self._refresh()

    def _refresh(self) -> None:
        chosen = self.table.chosen_row
        reason = "Choose a row first." if chosen is None else ""
        enable(self.details_button, reason, "The whole reason, and where in the program it arose")

    def show_details(self) -> None:
        """Show the whole reason of the row chosen, with its traceback."""
        chosen = self.table.chosen_row
        if chosen is None:
            return
        row = self.table.frame.iloc[chosen]
        where = f"{row['condition']}, repeat {row['repeat']}, seed {row['seed']}"
        details = row["details"] or "No traceback: the reason says all that is known."
        DetailsDialog(f"{where}: {row['error']}", details, self.window()).open()

    def copy_all(self) -> None:
        """Copy the table, and below it each different traceback with how often it occurred."""
        self.table.copy(everything=True)
        clipboard = QGuiApplication.clipboard()
        counts = Counter(text for text in self.table.frame["details"] if text)
        parts = [
            f"{count} structure{'s' if count > 1 else ''}:\n{text.rstrip()}"
            for text, count in counts.most_common()
        ]
        clipboard.setText("\n\n".join([clipboard.text(), *parts]))

    def show_failures(
        self, failures: Sequence[StructureRecord], conditions: Mapping[int, ConditionRecord]
    ) -> None:
        """Show failed structures; `conditions` by number."""
        frame = pd.DataFrame(
            [
                {
                    "condition": ", ".join(
                        text.format(value)
                        for name, text in _NAMED.items()
                        if (value := conditions[failure.number].values.get(name)) is not None
                    ),
                    "repeat": failure.repeat + 1,
                    "seed": str(failure.seed),
                    "error": failure.error or "",
                    "details": failure.details,
                }
                for failure in failures
            ]
        )
        self.table.show_frame(
            frame,
            [
                Column("condition", "Condition"),
                Column("error", "Reason"),
                Column("repeat", "Repeat"),
                Column("seed", "Seed"),
            ],
        )
        self._refresh()
