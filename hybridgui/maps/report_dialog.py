"""What a lab record needs beside the numbers, asked for before a report is written."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from engine.maps.lab_record import LabRecord
from hybridgui.theme import GRID
from hybridgui.widgets.basics import dialog_buttons, label
from hybridgui.widgets.form import FormGroup

_FIELDS = (
    ("operator", "Operator", "Who stands for this record"),
    ("sample", "Sample", "As on the label of the coating or electrode"),
    ("project", "Project", "Name or number"),
)


class ReportDialog(QDialog):
    """Asks for operator, sample, project and remarks; all may stay empty.

    Parameters
    ----------
    record : LabRecord
        What the study keeps.
    parent : QWidget, optional
    """

    def __init__(self, record: LabRecord, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Report")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(
            label("Stand at the head of the report and are kept in the study.", "muted", wrap=True)
        )
        group = FormGroup()
        self.fields: dict[str, QLineEdit] = {}
        for name, text, tip in _FIELDS:
            field = QLineEdit(getattr(record, name))
            field.setPlaceholderText("optional")
            field.setToolTip(tip)
            group.add(text, field, tip)
            self.fields[name] = field
        self.remarks = QPlainTextEdit(record.remarks)
        self.remarks.setPlaceholderText("optional")
        self.remarks.setTabChangesFocus(True)
        self.remarks.setFixedHeight(5 * self.fontMetrics().lineSpacing() + 16)
        group.add("Remarks", self.remarks)
        column.addWidget(group)
        buttons, _ = dialog_buttons(self, "Write report…", self.accept)
        column.addLayout(buttons)
        self.resize(460, 340)

    def record(self) -> LabRecord:
        """What stands in the fields."""
        texts = {name: field.text().strip() for name, field in self.fields.items()}
        return LabRecord(**texts, remarks=self.remarks.toPlainText().strip())
