"""A list of conditions from a spreadsheet, by way of the clipboard."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from engine.campaign.design import Design
from engine.campaign.pasted import read_pasted
from engine.errors import InputError
from hybridgui.theme import theme
from hybridgui.widgets.basics import Notice, label

_EXAMPLE = (
    "gap_um\tam_percent\tinitial_porosity_percent\tinitial_thickness_um\n"
    "1\t94\t42\t140\n"
    "31\t95\t46\t160"
)


class PasteDialog(QDialog):
    """Takes a table of conditions; what is wrong with it stands below while it is typed.

    Parameters
    ----------
    law : dict
        Of the study.
    fixed : dict
        Variables that hold for every row that does not say otherwise.
    """

    def __init__(self, law: dict[str, Any], fixed: dict[str, Any], parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Paste a list of conditions")
        self.resize(640, 440)
        self._law, self._fixed = law, fixed
        self.design: Design | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(12)
        column.addWidget(
            label(
                "One condition a line, below a line of names as in a design file or an exported "
                "dataset: gap_um or pressure_MPa, am_percent, initial_porosity_percent, and any "
                "other parameter.",
                wrap=True,
            )
        )
        self.text = QPlainTextEdit()
        self.text.setFont(theme().monospace())
        self.text.setPlaceholderText(_EXAMPLE)
        self.text.setTabChangesFocus(True)
        column.addWidget(self.text, 1)
        self.notice = Notice("error")
        column.addWidget(self.notice)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.use = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.use.setProperty("primary", True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.text.textChanged.connect(self._read)
        copied = QGuiApplication.clipboard().text()
        if "am_percent" in copied:
            self.text.setPlainText(copied)
        self._read()

    def _read(self) -> None:
        self.design, problem = None, ""
        text = self.text.toPlainText()
        if text.strip():
            try:
                self.design = read_pasted(text, self._law, variables=self._fixed)
            except InputError as error:
                problem = str(error)
        self.notice.set_text(problem, "error")
        count = self.design.count if self.design is not None else 0
        self.use.setEnabled(count > 0)
        self.use.setText(f"Use {count:,} condition{'' if count == 1 else 's'}" if count else "Use")
