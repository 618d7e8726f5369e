"""Questions to the user, in one place so that tests can answer them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from hybridgui.settings import Settings

STUDY_FILTER = "HybridGUI study (*.study)"
SHEET_FILTER = "Spreadsheets (*.xlsx *.xls *.ods *.csv *.tsv *.txt);;All files (*)"
PARTICLE_FILTER = (
    "Particle lists (*.dump *.lammpstrj *.lammps *.csv *.txt *.dat *.tsv *.xyz);;All files (*)"
)
STACK_FILTER = "Voxel stacks (*.tif *.tiff *.npy *.vti *.raw);;All files (*)"


def ask_open(parent: QWidget, settings: Settings, kind: str, title: str, filters: str) -> str:
    """Ask for a file to open; an empty string when the user thinks better of it."""
    path, _ = QFileDialog.getOpenFileName(parent, title, settings.last_folder(kind), filters)
    if path:
        settings.set_last_folder(kind, path)
    return path


def ask_save(
    parent: QWidget,
    settings: Settings,
    kind: str,
    title: str,
    filters: str,
    name: str,
) -> str:
    """Ask where to save; adds the suffix of the chosen filter where the user gave none."""
    start = str(Path(settings.last_folder(kind)) / name)
    path, chosen = QFileDialog.getSaveFileName(parent, title, start, filters)
    if not path:
        return ""
    if not Path(path).suffix and "*." in chosen:
        path += "." + chosen.split("*.")[1].split(")")[0].split()[0]
    settings.set_last_folder(kind, path)
    return path


def run(dialog: QDialog) -> bool:
    """Show a dialog until it is answered; whether it was accepted."""
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return accepted


def ask(
    parent: QWidget,
    question: str,
    explanation: str,
    answers: list[tuple[str, str]],
    *,
    default: str,
    escape: str,
) -> str:
    """Ask a question with named answers.

    Parameters
    ----------
    answers : list of (key, button text)
    default : key chosen by Enter
    escape : key chosen by Escape or by closing the question

    Returns
    -------
    str
        Key of the answer.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("HybridGUI")
    box.setText(f"<b>{question}</b>")
    box.setInformativeText(explanation)
    buttons = {}
    for key, text in answers:
        role = (
            QMessageBox.ButtonRole.RejectRole
            if key == escape
            else QMessageBox.ButtonRole.AcceptRole
        )
        buttons[key] = box.addButton(text, role)
    box.setDefaultButton(buttons[default])
    buttons[default].setProperty("primary", True)
    box.setEscapeButton(buttons[escape])
    box.exec()
    clicked = box.clickedButton()
    return next((key for key, button in buttons.items() if button is clicked), escape)
