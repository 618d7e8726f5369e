"""The frame that all pages share: heading, middle, and the form at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from hybridgui.stages import STAGES
from hybridgui.theme import GRID
from hybridgui.widgets.basics import follow_theme, label

_SIDE_LETTERS = 42
_SIDE_WIDTH = 300
# Of the page, for the form at most.
_LARGEST_SHARE = 0.46


class PageHeader(QWidget):
    """Title and purpose of a page, with room for buttons at the right."""

    def __init__(self, title: str, purpose: str, parent: QWidget | None = None):
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(label(title, "title"))
        self.subtitle = label(purpose, "subtitle", wrap=True)
        column.addWidget(self.subtitle)
        row.addLayout(column, 1)
        self.actions = QHBoxLayout()
        self.actions.setSpacing(GRID)
        row.addLayout(self.actions)
        row.setAlignment(self.actions, Qt.AlignmentFlag.AlignTop)


class SidePanel(QFrame):
    """The form at the right: it scrolls, its foot with the primary button does not.

    Attributes
    ----------
    body, foot : QVBoxLayout
        Where a page adds its groups, and its primary button.
    """

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("side")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 0, 0)
        outer.setSpacing(0)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("plain")
        self._scroll.setWidgetResizable(True)
        content = QWidget()
        content.setObjectName("plain")
        # A stretch below, not an alignment: that would ignore the height of wrapped text.
        inside = QVBoxLayout(content)
        inside.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        self.body = QVBoxLayout()
        self.body.setSpacing(2 * GRID)
        inside.addLayout(self.body)
        inside.addStretch(1)
        self._scroll.setWidget(content)
        outer.addWidget(self._scroll, 1)
        foot = QWidget()
        foot.setObjectName("plain")
        self.foot = QVBoxLayout(foot)
        self.foot.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        self.foot.setSpacing(GRID)
        outer.addWidget(foot)
        self._most = 2 * _SIDE_WIDTH
        self._set_width()
        follow_theme(self, self._set_width)

    def leave_room(self, page_width: int) -> None:
        """Be no wider than a share of the page, so that a large font does not push it out."""
        self._most = max(_SIDE_WIDTH, round(_LARGEST_SHARE * page_width))
        self._set_width()

    def _set_width(self) -> None:
        # In widths of a letter, so that a larger font gets a wider form.
        width = round(self.fontMetrics().averageCharWidth() * _SIDE_LETTERS)
        self.setFixedWidth(min(max(_SIDE_WIDTH, width), 2 * _SIDE_WIDTH, self._most))


class Page(QWidget):
    """Base of the pages: a header, a middle that may be empty, and a form at the right.

    Attributes
    ----------
    header : PageHeader
    stack : QStackedWidget
        The middle; `show_middle` chooses what stands there.
    side : SidePanel
    """

    key = ""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("page")
        stage = next(stage for stage in STAGES if stage.key == self.key)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        centre = QWidget()
        centre.setObjectName("centre")
        column = QVBoxLayout(centre)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        self.header = PageHeader(stage.title, stage.purpose)
        column.addWidget(self.header)
        self.stack = QStackedWidget()
        # Where the room is short the middle gives way, not the form beside it.
        self.stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        column.addWidget(self.stack, 1)
        row.addWidget(centre, 1)
        self.side = SidePanel()
        row.addWidget(self.side)

    def add_middle(self, *widgets: QWidget) -> None:
        """Take over what may stand in the middle later."""
        for widget in widgets:
            self.stack.addWidget(widget)

    def show_middle(self, widget: QWidget) -> None:
        """Let `widget` stand in the middle."""
        if self.stack.indexOf(widget) < 0:
            self.stack.addWidget(widget)
        self.stack.setCurrentWidget(widget)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room between the middle and the form."""
        super().resizeEvent(event)
        self.side.leave_room(event.size().width())

    def activated(self) -> None:
        """Called when the page comes to the front."""

    def menu_actions(self) -> list[QAction]:
        """Actions of this page for the Study menu."""
        return []

    def shut_down(self) -> None:
        """Called once, before the window closes: let go of threads, files and 3D windows."""
