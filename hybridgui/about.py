"""Help: what this program is, and its keys."""

from __future__ import annotations

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from engine import __version__
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, label

SHORTCUTS = (
    ("Stages", (("Ctrl+1 … Ctrl+5", "Go to a stage"), ("Ctrl+Enter", "Go to the next step"))),
    (
        "Study",
        (
            ("Ctrl+N", "New study"),
            ("Ctrl+O", "Open study"),
            ("Ctrl+Shift+S", "Save as"),
            ("Ctrl+I", "Import sheet"),
            ("Ctrl+Shift+I", "Import voxel stack"),
            ("Ctrl+E", "Export dataset"),
        ),
    ),
    ("Edit", (("Ctrl+Z", "Undo"), ("Ctrl+Shift+Z", "Redo"), ("Ctrl+C", "Copy table cells"))),
    (
        "View",
        (
            ("Ctrl++ / Ctrl+-", "Larger or smaller font"),
            ("F11", "Full screen"),
            ("Double click", "Reset a plot"),
        ),
    ),
)


def show_about(parent: QWidget) -> None:
    """Show version, purpose and source of the method."""
    dialog = _dialog(parent, "About HybridGUI")
    layout = dialog.layout()
    layout.addWidget(label("HybridGUI", "title"))
    layout.addWidget(label(f"Version {__version__}", "muted", selectable=True))
    text = QLabel(
        "Design the calendering of battery electrodes: from a lab spreadsheet to a map of "
        "decisions.<br><br>The method follows Duquesnoy, Lombardo, Chouchane, Primo and Franco, "
        "J. Power Sources 480 (2020) 229103, "
        '<a href="https://doi.org/10.1016/j.jpowsour.2020.229103">'
        "doi.org/10.1016/j.jpowsour.2020.229103</a>."
    )
    text.setWordWrap(True)
    text.setOpenExternalLinks(True)
    layout.addWidget(text)
    layout.addWidget(
        label(
            f"Python {platform.python_version()}, Qt {qVersion()}, {platform.system()}",
            "small",
            selectable=True,
        )
    )
    _finish(dialog)


def show_shortcuts(parent: QWidget) -> None:
    """Show the keys."""
    dialog = _dialog(parent, "Keyboard shortcuts")
    grid = QGridLayout()
    grid.setHorizontalSpacing(4 * GRID)
    grid.setVerticalSpacing(GRID)
    row = 0
    for heading, keys in SHORTCUTS:
        grid.addWidget(label(heading, "heading"), row, 0, 1, 2)
        row += 1
        for key, meaning in keys:
            grid.addWidget(label(key, "muted"), row, 0)
            grid.addWidget(label(meaning), row, 1)
            row += 1
    dialog.layout().addLayout(grid)
    _finish(dialog)


def _dialog(parent: QWidget, title: str) -> QDialog:
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setMinimumWidth(440)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
    layout.setSpacing(GRID)
    return dialog


def _finish(dialog: QDialog) -> None:
    close = button("Close", dialog.accept)
    close.setDefault(True)
    dialog.layout().addSpacing(GRID)
    dialog.layout().addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
    dialog.open()
