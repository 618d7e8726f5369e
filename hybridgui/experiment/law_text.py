"""A fitted law as text to take elsewhere: equation, LaTeX, Excel formula, Python."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from engine.experiment.laws.printing import extra_cells
from hybridgui.experiment.work import LawPreview
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Segmented, button, label
from hybridgui.widgets.flow import FlowLayout

_FORMS = [
    ("text", "Equation"), ("latex", "LaTeX"), ("excel", "Excel formula"), ("python", "Python"),
]  # fmt: skip


class LawText(QWidget):
    """One printed form at a time, with a button that copies it."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        row = QWidget()
        flow = FlowLayout(row, across=GRID)  # with a large font the button takes the next line
        self.form_choice = Segmented(_FORMS)
        self.form_choice.chosen.connect(lambda _: self._refresh())
        flow.addWidget(self.form_choice)
        self.copy_button = button("Copy", self.copy)
        self.copy_button.setAutoDefault(False)
        flow.addWidget(self.copy_button)
        column.addWidget(row)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(theme().monospace())
        column.addWidget(self.text, 1)
        self._about = label("", "small", wrap=True)
        column.addWidget(self._about)
        self._preview: LawPreview | None = None

    def show_law(self, preview: LawPreview | None) -> None:
        """Show a law, or nothing."""
        self._preview = preview
        self._refresh()

    def copy(self) -> None:
        """Copy what is shown."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _refresh(self) -> None:
        preview = self._preview
        form = self.form_choice.current
        written = preview.printed.get(form, "") if preview is not None else ""
        self.text.setPlainText(written)
        self.copy_button.setEnabled(bool(written))
        if preview is None:
            self._about.setText("")
        elif not written:
            self._about.setText(preview.no_equation)
        elif preview.law.kind == "sisso":
            self._about.setText("Percents, µm and MPa.")
        elif form == "excel":
            self._about.setText(f"{_cells(preview)}. The cell shows the porosity as a fraction.")
        else:
            self._about.setText(
                "AM, initial porosity and the result are fractions; thickness and gap in µm, "
                "pressure in MPa."
            )


def _cells(preview: LawPreview) -> str:
    law = preview.law
    cells = ["A2: AM (fraction)", "B2: initial porosity (fraction)", "C2: initial thickness (µm)"]
    if law.uses_gap:
        cells.append("D2: roll gap (µm)")
        if law.uses_pressure:
            cells.append("E2: pressure (MPa)")
    else:
        cells.append("D2: pressure (MPa)")
    cells += [f"{cell}: {name}" for name, cell in extra_cells(law).items()]
    return ", ".join(cells)
