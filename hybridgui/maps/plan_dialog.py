"""The conditions worth measuring next, to look at before they are written to a sheet."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from engine.maps.digits import plain
from engine.maps.next_experiments import NextExperiments
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice, dialog_buttons, label
from hybridgui.widgets.numbers import one_precision
from hybridgui.widgets.table import Column, DataTable

_MOST_ROWS, _WIDTH = 12, 820
_NOW = "Standard deviation of the expected porosity, from what was measured so far"
_THEN = "The same when the conditions above it have been measured"


class PlanDialog(QDialog):
    """Shows `NextExperiments`; accepted where the sheet is wanted.

    Parameters
    ----------
    plan : NextExperiments
    parent : QWidget, optional
    """

    def __init__(self, plan: NextExperiments, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Next experiments")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(label(plan.sentence, "", wrap=True))
        self.table = DataTable()
        frame = plan.expected()
        tips = {"Doubt now (points)": _NOW, "Doubt then (points)": _THEN}
        self.table.show_frame(
            frame,
            [
                Column(
                    name,
                    name.replace(" (", "\n("),
                    one_precision(frame[name]) or plain,
                    tips.get(name, ""),
                )
                for name in frame
            ],
        )
        self.table.fit_columns()
        self.table.fit_height(_MOST_ROWS)
        column.addWidget(self.table)
        self.notice = Notice("info")
        self.notice.set_sentences(list(plan.notes))
        column.addWidget(self.notice)
        column.addWidget(
            label(
                "The most telling first, in steps that a lab can set. The sheet holds these conditions "
                "with a column to fill in, and the measurements so far: load it again when filled in.",
                "muted",
                wrap=True,
            )
        )
        buttons, _ = dialog_buttons(self, "Save the sheet…", self.accept)
        column.addLayout(buttons)
        self.resize(_WIDTH, column.totalHeightForWidth(_WIDTH))
