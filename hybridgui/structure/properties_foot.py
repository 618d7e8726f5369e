"""The properties of the electrode that is shown, in short, below the recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hybridgui.properties.summary import PropertySummary
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, label


class PropertiesFoot(QWidget):
    """A few numbers, a way to all of them, and a button where there are none yet.

    Parameters
    ----------
    compute, show_all : callable
        What the two buttons do.
    """

    def __init__(
        self,
        compute: Callable[[], object],
        show_all: Callable[[], object],
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        head.addWidget(label("Properties", "heading"), 1)
        self.all_properties = button("All properties", show_all, link=True)
        head.addWidget(self.all_properties)
        column.addLayout(head)
        self.summary = PropertySummary()
        column.addWidget(self.summary)
        self.hint = label("", "small", wrap=True)
        column.addWidget(self.hint)
        self.compute = button("Compute properties", compute)
        column.addWidget(self.compute, 0, Qt.AlignmentFlag.AlignLeft)

    def show_columns(self, columns: Mapping[str, float] | None) -> None:
        """Show properties by their column; None where there is no electrode."""
        self.setVisible(columns is not None)
        self.summary.show_columns(dict(columns or {}))
        self.compute.setVisible(columns is not None and not columns)
        self.all_properties.setVisible(bool(columns))

    def show_outdated(self, outdated: bool) -> None:
        """Say whether the recipe was changed since."""
        self.hint.setText(
            "Of the electrode shown; the recipe was changed since." if outdated else ""
        )
        self.hint.setVisible(outdated)
