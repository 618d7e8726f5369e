"""Studies opened lately, on the page that a new study begins with."""

from __future__ import annotations

import datetime
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from hybridgui.settings import Settings
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, clear_layout, label

# More would push the page's own buttons out of sight; the menu has them all.
_MOST = 5


class RecentStudies(QWidget):
    """Name, folder and day of each study; a click opens it.

    Signals
    -------
    chosen : path of the study to open
    """

    chosen = Signal(object)

    def __init__(self, settings: Settings, parent: QWidget | None = None):
        super().__init__(parent)
        self._settings = settings
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 2 * GRID, 0, 0)
        self._column.setSpacing(2)
        self.buttons: list[QPushButton] = []
        settings.recentFilesChanged.connect(self.refresh)
        self.refresh()

    def showEvent(self, event) -> None:
        """Look again which files are there."""
        self.refresh()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Cut the folders anew for another font."""
        if event.type() == QEvent.Type.FontChange:
            self.refresh()
        super().changeEvent(event)

    def refresh(self) -> None:
        """Show the list as it stands now."""
        clear_layout(self._column)
        self.buttons = []
        paths = self._settings.remembered_files[:_MOST]
        if paths:
            self._column.addWidget(label("Recent studies", "heading"))
        for path in paths:
            self._column.addWidget(self._row(path))
        self.setVisible(bool(paths))

    def _row(self, path: Path) -> QWidget:
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2 * GRID)
        name = button(path.name, lambda: self.chosen.emit(path), link=True)
        name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        day = _day(path)
        name.setEnabled(bool(day))
        name.setToolTip(str(path) if day else f"{path} is no longer there.")
        name.setAccessibleName(f"Open {path.name}")
        inside.addWidget(name)
        folder = self.fontMetrics().elidedText(
            str(path.parent),
            Qt.TextElideMode.ElideMiddle,
            30 * self.fontMetrics().averageCharWidth(),
        )
        where = label(folder, "small")
        where.setToolTip(str(path.parent))
        inside.addWidget(where, 1)
        inside.addWidget(label(day or "no longer there", "small"))
        self.buttons.append(name)
        return row


def _day(path: Path) -> str:
    """Day of the last change, empty where the file is gone."""
    try:
        return datetime.date.fromtimestamp(path.stat().st_mtime).isoformat()
    except OSError:
        return ""
