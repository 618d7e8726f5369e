"""Laws side by side, with the one to take and why."""

from __future__ import annotations

import pandas as pd
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.experiment.comparison import LawComparison, LawEntry
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Fold, Notice, button, clear_layout, enable, label
from hybridgui.widgets.table import Column, DataTable


def _points(value: float) -> str:
    return "–" if value != value else f"{100 * value:.2f}"


_COLUMNS = (
    Column("name", "Law"),
    Column("use", "", tip="What it is recommended for"),
    Column("coefficients", "Coefficients"),
    Column("r2", "R²", lambda v: "–" if v != v else f"{v:.3f}", "On the measured coatings"),
    Column("rmse", "Error,\nfitted\n(points)", _points, "Typical error on the conditions fitted"),
    Column(
        "grouped", "Error, new\ncoating\n(points)", _points,
        "Typical error on a coating family that was left out",
    ),
    Column(
        "single", "Error, new\npressure\n(points)", _points,
        "Typical error on single conditions that were left out",
    ),
    Column("falls", "Falls", tip="Whether the porosity only falls with the pressure"),
)  # fmt: skip


class LawComparisonView(QWidget):
    """A table of laws.

    Signals
    -------
    lawChosen : the `LawEntry` that the user wants to look at
    compareRequested : the user wants the laws compared
    """

    lawChosen = Signal(object)
    compareRequested = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        self.notice = Notice("info")
        column.addWidget(self.notice)
        self.table = DataTable()
        self.table.rowChosen.connect(lambda _: self._refresh_button())
        self.table.doubleClicked.connect(lambda _: self._on_look())
        column.addWidget(self.table, 1)
        self._refused = Fold("")
        self._refused.hide()
        column.addWidget(self._refused)
        row = QHBoxLayout()
        row.addWidget(label("Double-click a law to look at it.", "small", wrap=True), 1)
        self.compare_button = button("Compare laws", self.compareRequested.emit)
        self.compare_button.setAutoDefault(False)
        row.addWidget(self.compare_button)
        self.look_button = button("Look at this law", self._on_look)
        self.look_button.setAutoDefault(False)
        row.addWidget(self.look_button)
        column.addLayout(row)
        self._comparison: LawComparison | None = None
        self._refresh_button()

    @property
    def comparison(self) -> LawComparison | None:
        """What is shown."""
        return self._comparison

    def show_comparison(self, comparison: LawComparison) -> None:
        """Show laws, best for a new coating first."""
        self._comparison = comparison
        frame = pd.DataFrame([self._row(entry) for entry in comparison.entries])
        self.table.show_frame(frame, _COLUMNS)
        self.notice.set_text(comparison.reason, "info")
        clear_layout(self._refused.body)
        self._refused.setVisible(bool(comparison.refused))
        self._refused.set_heading(f"{len(comparison.refused)} laws that this sheet cannot carry")
        for name, why in comparison.refused:
            self._refused.body.addWidget(label(f"{name}: {why}", "small", wrap=True))
        self.compare_button.hide()
        self.table.selectRow(comparison.entries.index(comparison.recommended))
        self._refresh_button()

    def forget(self) -> None:
        """The rows are others: nothing is compared yet."""
        self._comparison = None
        self.table.show_frame(pd.DataFrame())
        self.notice.set_text("")
        self.compare_button.show()
        self.compare_button.setEnabled(True)
        self._refused.hide()
        self._refresh_button()

    def _row(self, entry: LawEntry) -> dict:
        assert self._comparison is not None
        a = entry.assessment
        use = []
        if entry is self._comparison.recommended:
            use.append("recommended")
        elif entry is self._comparison.for_known_coatings:
            use.append("known coatings")
        nan = float("nan")
        return {
            "name": entry.name.replace("initial porosity", "ε_init"),
            "use": ", ".join(use),
            "coefficients": a.coefficients,
            "r2": nan if a.r2 is None else a.r2,
            "rmse": a.rmse,
            "grouped": nan if a.grouped_cv_rmse is None else a.grouped_cv_rmse,
            "single": nan if a.condition_cv_rmse is None else a.condition_cv_rmse,
            "falls": "yes" if entry.falls else "no",
        }

    def _chosen(self) -> LawEntry | None:
        index = self.table.currentIndex()
        if self._comparison is None or not index.isValid():
            return None
        row = self.table.model().mapToSource(index).row()
        return self._comparison.entries[row]

    def _on_look(self) -> None:
        entry = self._chosen()
        if entry is not None:
            self.lawChosen.emit(entry)

    def _refresh_button(self) -> None:
        enable(self.look_button, "" if self._chosen() else "Compare the laws and choose one first.")
