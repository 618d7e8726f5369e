"""A layout that goes on in the next line where the width ends."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Items side by side, wrapped like words."""

    def __init__(self, parent: QWidget | None = None, *, across: int = 16, down: int = 4):
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._across, self._down = across, down
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Add an item at the end."""
        self._items.append(item)

    def count(self) -> int:
        """Number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Item by its position."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove an item and return it."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """None: it takes what it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines."""
        return self._arrange(QRect(0, 0, width, 0), place=False)

    def setGeometry(self, rectangle: QRect) -> None:
        """Place the items."""
        super().setGeometry(rectangle)
        self._arrange(rectangle, place=True)

    def sizeHint(self) -> QSize:
        """As the widest item, one line."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """As the widest and highest item."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rectangle: QRect, *, place: bool) -> int:
        x, y = rectangle.x(), rectangle.y()
        line: list[tuple[QLayoutItem, int]] = []

        def end_line() -> int:
            """Place the items of a line, low ones at half height; return its height."""
            height = max((item.sizeHint().height() for item, _ in line), default=0)
            for item, left in line if place else ():
                hint = item.sizeHint()
                top = y + (height - hint.height()) // 2
                item.setGeometry(QRect(QPoint(left, top), hint))
            return height

        for item in self._items:
            if item.isEmpty():
                continue  # hidden: it takes no gap either
            wide = item.sizeHint().width()
            if line and x + wide > rectangle.right() + 1:
                y += end_line() + self._down
                x, line = rectangle.x(), []
            line.append((item, x))
            x += wide + self._across
        return y + end_line() - rectangle.y()
