"""A list of which several can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget


class CheckList(QListWidget):
    """Keyed entries with ticks; as high as its entries, up to a limit.

    Signals
    -------
    edited : keys that are ticked, when the user changed one
    """

    edited = Signal(list)

    def __init__(self, most_rows: int = 7, parent: QWidget | None = None):
        super().__init__(parent)
        self._most_rows = most_rows
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.itemChanged.connect(lambda _: self.edited.emit(self.checked()))

    def show_entries(self, entries: Sequence[tuple[str, str, str]], checked: Sequence[str]) -> None:
        """Show entries of (key, text, tip) with some of them ticked."""
        blocked = self.blockSignals(True)
        self.clear()
        for key, text, tip in entries:
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setToolTip(tip or text)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            on = Qt.CheckState.Checked if key in checked else Qt.CheckState.Unchecked
            item.setCheckState(on)
            self.addItem(item)
        self.blockSignals(blocked)
        rows = max(1, min(len(entries), self._most_rows))
        height = self.sizeHintForRow(0) if entries else self.fontMetrics().height() + 8
        self.setFixedHeight(rows * height + 10)

    def checked(self) -> list[str]:
        """Keys that are ticked, in order."""
        return [
            str(self.item(row).data(Qt.ItemDataRole.UserRole))
            for row in range(self.count())
            if self.item(row).checkState() == Qt.CheckState.Checked
        ]

    def set_checked(self, key: str, on: bool = True) -> None:
        """Tick or untick an entry as the user would."""
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == key:
                state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
                self.item(row).setCheckState(state)
