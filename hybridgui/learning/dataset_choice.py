"""Which dataset is learned from: campaigns of the study, or a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from hybridgui import dialogs
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button
from hybridgui.widgets.form import Choice

KEY = "models/dataset"
TABLE_FILTER = (
    "Tables and SISSO problems (*.csv *.xlsx *.xlsm *.xls *.ods SISSO.in train.dat);;All files (*)"
)


class DatasetChoice(QWidget):
    """A choice of what the study holds, and a button for a file; edits a parameter of the study.

    Parameters
    ----------
    most : int
        Most letters of a file's name.

    Signals
    -------
    edited : the source, see `hybridgui.learning.work.read_data`
    """

    edited = Signal(str)

    def __init__(self, model: StudyModel, parent: QWidget | None = None, *, most: int = 40):
        super().__init__(parent)
        self._model, self._most = model, most
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.choice = Choice(tip="What the models learn from")
        self.choice.setAccessibleName("Dataset")
        self.choice.edited.connect(self._take)
        row.addWidget(self.choice, 1)
        self.file_button = button(
            "Open…",
            self.ask_file,
            tip="Learn from a table (.csv, .xlsx) or a SISSO problem (SISSO.in with train.dat)",
        )
        row.addWidget(self.file_button)
        self.refresh()

    def refresh(self) -> None:
        """Offer what the study holds now, and show what is chosen."""
        model = self._model
        choices = [("", "All campaigns")]
        if model.is_open:
            choices += [
                (f"campaign:{one.id}", f"Campaign {one.id} · {one.done} structures")
                for one in model.study.campaigns()
                if one.done
            ]
        source = str(model.parameter(KEY, "")) if model.is_open else ""
        if source not in dict(choices):
            kind, _, name = source.partition(":")
            text = (
                _short(Path(name).name, self._most)
                if kind == "file"
                else f"Campaign {name} (not in the study)"
            )
            choices.append((source, text))
        self.choice.set_choices(choices)
        self.choice.show_value(source)
        name = source.partition(":")[2]
        self.choice.setToolTip(name if source.startswith("file:") else "What the models learn from")

    def ask_file(self) -> None:
        """Ask for a table and learn from it."""
        path = dialogs.ask_open(
            self.window(), self._model.settings, "table", "Open a table to learn from", TABLE_FILTER
        )
        if path:
            self._take(f"file:{path}")

    def _take(self, source: str) -> None:
        self._model.set_parameter(KEY, source, "Choose dataset")
        self.edited.emit(source)


def _short(name: str, most: int) -> str:
    """Name with its middle left out where it is too long."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end]}…{name[-end:]}"
