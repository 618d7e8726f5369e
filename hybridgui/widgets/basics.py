"""Labels, buttons, notices and cards."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hybridgui.theme import GRID, icon, theme


def label(
    text: str = "", role: str = "", *, wrap: bool = False, selectable: bool = False
) -> QLabel:
    """Return a label in one of the roles of the style sheet."""
    result = QLabel(text)
    if role:
        result.setProperty("role", role)
    result.setWordWrap(wrap)
    if selectable:
        result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return result


def button(
    text: str,
    clicked: Callable[[], object] | None = None,
    *,
    primary: bool = False,
    flat: bool = False,
    link: bool = False,
    icon_name: str = "",
    tip: str = "",
) -> QPushButton:
    """Return a button; `clicked` is called without arguments."""
    result = QPushButton(text)
    for name, on in (("primary", primary), ("flat", flat), ("link", link)):
        if on:
            result.setProperty(name, True)
    if link:
        result.setCursor(Qt.CursorShape.PointingHandCursor)
    if icon_name:
        set_icon(result, icon_name, "on_accent" if primary else "text")
    if tip:
        result.setToolTip(tip)
    if clicked is not None:
        result.clicked.connect(lambda *_: clicked())
    return result


def set_icon(widget: QPushButton | QToolButton | QLabel, name: str, role: str = "text") -> None:
    """Give a widget an icon that follows the theme for as long as the widget lives."""

    def dress() -> None:
        picture = icon(name, role)
        if isinstance(widget, QLabel):
            edge = widget.property("icon_edge") or 20
            widget.setPixmap(picture.pixmap(edge, edge))
        else:
            widget.setIcon(picture)

    dress()
    follow_theme(widget, dress)


def make_primary(widget: QPushButton, primary: bool) -> None:
    """Say whether a button is the one that leads on from its page."""
    if bool(widget.property("primary")) != primary:
        widget.setProperty("primary", primary)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class _Follower(QObject):
    """A child of a widget that hears of the theme exactly as long as the widget lives."""

    def __init__(self, widget: QWidget, dress: Callable[[], None]):
        super().__init__(widget)
        self._widget, self._dress = widget, dress
        self._stale = False
        theme().changed.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        if self._widget.isVisible():
            self._dress()
        elif not self._stale:
            # Plots of pages that nobody sees wait: all at once they would stop the window.
            self._stale = True
            self._widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Dress a widget that missed a change, just before it is seen again."""
        if self._stale and event.type() == QEvent.Type.Show:
            self._stale = False
            self._widget.removeEventFilter(self)
            self._dress()
        return False


def follow_theme(widget: QWidget, dress: Callable[[], None]) -> None:
    """Call `dress` when the theme changes, until `widget` is destroyed.

    A widget that is not on screen is dressed when it is shown next.
    """
    _Follower(widget, dress)


def enable(widget: QWidget, reason: str = "", tip: str = "") -> None:
    """Enable a widget, or disable it and say why in the tooltip.

    The keyboard's focus comes back to it when it is enabled again, unless it went elsewhere.

    Parameters
    ----------
    reason : str
        Empty to enable; else the sentence that the disabled widget shows.
    tip : str
        Tooltip while enabled.
    """
    if reason and widget.isEnabled() and widget.window().focusWidget() is widget:
        # Qt would hand the focus to what comes next, and a second Space would press that.
        widget.clearFocus()
        widget.setProperty("focusLent", True)
    widget.setEnabled(not reason)
    if not reason and widget.property("focusLent"):
        widget.setProperty("focusLent", False)
        if widget.window().focusWidget() is None:
            widget.setFocus()
    widget.setToolTip(reason or tip)


def clear_layout(layout: QLayout) -> None:
    """Remove and delete everything in a layout."""
    while layout.count():
        item = layout.takeAt(0)
        if item.widget() is not None:
            item.widget().hide()
            item.widget().deleteLater()
        elif item.layout() is not None:
            clear_layout(item.layout())


def dialog_buttons(
    dialog: QDialog, text: str, accept: Callable[[], object]
) -> tuple[QHBoxLayout, QPushButton]:
    """Make the last row of a dialog: Cancel, and the button that Enter presses."""
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(button("Cancel", dialog.reject))
    main = button(text, accept, primary=True)
    main.setDefault(True)
    row.addWidget(main)
    return row, main


def value_grid(widget: QWidget) -> QGridLayout:
    """Make the layout of names at the left and values at the right, line by line."""
    grid = QGridLayout(widget)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(GRID)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    return grid


def line() -> QFrame:
    """Return a thin horizontal line."""
    result = QFrame()
    result.setProperty("line", True)
    result.setFixedHeight(1)
    return result


class Sentence(QWidget):
    """A label whose text changes often.

    A label has the whole page laid out and painted anew for every new text. This one stands in
    a room of its own, which asks for more or less only where the text needs it.
    """

    def __init__(self, inside: QLabel, parent: QWidget | None = None):
        super().__init__(parent)
        self._label = inside
        self._needed = 0
        self.keeps_room = False  # its place is wide and high enough for all that it says
        inside.setParent(self)
        policy = inside.sizePolicy()
        policy.setHeightForWidth(inside.wordWrap())
        self.setSizePolicy(policy)

    @property
    def text(self) -> str:
        """What it says."""
        return self._label.text()

    def set_text(self, text: str) -> None:
        """Say this."""
        if text == self.text:
            return
        self._label.setText(text)
        self._ask_for_room()

    def _ask_for_room(self) -> None:
        if self.keeps_room:
            return
        before, self._needed = self._needed, self._height()
        fits = self._needed == before and self.minimumSizeHint().width() <= self.width()
        if not (fits and self.isVisible()):
            self.updateGeometry()

    def _height(self) -> int:
        wraps = self.hasHeightForWidth()
        return self.heightForWidth(self.width()) if wraps else self.sizeHint().height()

    def event(self, event: QEvent) -> bool:
        """Hear of another type."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._ask_for_room()
        return super().event(event)

    def sizeHint(self) -> QSize:
        """As the label."""
        return self._label.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """As the label."""
        return self._label.minimumSizeHint()

    def hasHeightForWidth(self) -> bool:
        """Where lines are wrapped."""
        return self._label.wordWrap()

    def heightForWidth(self, width: int) -> int:
        """As the label."""
        return self._label.heightForWidth(width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the label all the room."""
        self._label.setGeometry(self.rect())
        self._needed = self._height()


class Notice(QFrame):
    """One or a few sentences that stay in the page: a warning, an error, a hint."""

    def __init__(self, level: str = "warning", text: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        self._picture = QLabel()
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        self._label = label("", "notice", wrap=True, selectable=True)
        self._sentence = Sentence(self._label)
        row.addWidget(self._sentence, 1)
        self._more = button("", self._on_more, link=True)
        row.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        self._folded: tuple[str, ...] = ()
        self._unfolded: tuple[str, ...] = ()
        self._level = ""
        follow_theme(self, self._dress)
        self.set_text(text, level)

    def keep_room(self) -> None:
        """Stand in a place that holds any of its sentences: no new one lays out the page."""
        self._sentence.keeps_room = True
        self.layout().setAlignment(self._picture, Qt.AlignmentFlag.AlignVCenter)

    @property
    def text(self) -> str:
        """What it says, what is folded included."""
        return "\n".join([self._label.text(), *self._folded])

    def set_text(self, text: str, level: str = "") -> None:
        """Say this; an empty text hides the notice."""
        self._folded = self._unfolded = ()
        self._more.hide()
        if level and level != self._level:
            self._level = level
            self.setProperty("notice", level)
            self.style().unpolish(self)
            self.style().polish(self)
            self.style().unpolish(self._label)
            self.style().polish(self._label)
            self._dress()  # a new picture lays the whole page out anew: only where it is another
        self._sentence.set_text(text)
        self.setVisible(bool(text))

    def set_sentences(self, sentences: list[str], level: str = "", *, folded: bool = False) -> None:
        """Say these, one a line; folded all but the first behind a link."""
        unique = list(dict.fromkeys(sentences))
        if not folded or len(unique) < 2:
            self.set_text("\n".join(unique), level)
            return
        self.set_text(unique[0], level)
        self._folded = tuple(unique[1:])
        self._more.setText(f"{len(self._folded)} more")
        self._more.show()

    def _on_more(self) -> None:
        if self._unfolded:
            self.set_sentences(list(self._unfolded), folded=True)
            return
        sentences = (self._label.text(), *self._folded)
        self.set_text(self.text)
        self._unfolded = sentences
        self._more.setText("less")
        self._more.show()

    def _dress(self) -> None:
        name, role = {
            "warning": ("ph.warning", "warning"),
            "error": ("ph.warning-circle", "danger"),
            "info": ("ph.info", "accent"),
            "success": ("ph.check-circle", "success"),
        }[self._level or "warning"]
        self._picture.setPixmap(icon(name, role).pixmap(18, 18))


class Card(QFrame):
    """A bordered group with an optional heading."""

    def __init__(self, heading: str = "", parent: QWidget | None = None, *, sunken: bool = False):
        super().__init__(parent)
        self.setProperty("card", True)
        self.setProperty("sunken", sunken)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(2 * GRID, 12, 2 * GRID, 12)
        self.body.setSpacing(GRID)
        if heading:
            self.body.addWidget(label(heading, "heading"))


class NumberCard(Card):
    """One large number, what it is, and what it means."""

    def __init__(self, caption: str, parent: QWidget | None = None):
        super().__init__("", parent)
        self.body.setSpacing(2)
        self._caption = label(caption, "muted", wrap=True)
        self._number = label("–", "number", selectable=True)
        self._meaning = label("", "small", wrap=True)
        for widget in (self._caption, self._number, self._meaning):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    @property
    def number(self) -> str:
        """The number as shown."""
        return self._number.text()

    def show_number(self, number: str, meaning: str = "", caption: str = "") -> None:
        """Show a number with its meaning."""
        self._number.setText(number)
        self._meaning.setText(meaning)
        self._meaning.setVisible(bool(meaning))
        if caption:
            self._caption.setText(caption)


class Segmented(QWidget):
    """A few choices side by side, one of them taken.

    Signals
    -------
    chosen : key of the new choice, on the user's doing only
    """

    chosen = Signal(str)

    def __init__(self, choices: list[tuple[str, str]], parent: QWidget | None = None):
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        for key, text in choices:
            item = QToolButton()
            item.setText(text)
            item.setCheckable(True)
            item.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            item.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(item)
            self._buttons[key] = item
            row.addWidget(item)
        row.addStretch(1)
        next(iter(self._buttons.values())).setChecked(True)

    @property
    def current(self) -> str:
        """Key of the choice."""
        return next(key for key, item in self._buttons.items() if item.isChecked())

    def set_current(self, key: str) -> None:
        """Take a choice without announcing it."""
        self._buttons[key].setChecked(True)

    def segment(self, key: str) -> QToolButton:
        """Button of a choice."""
        return self._buttons[key]


class EmptyState(QScrollArea):
    """What stands where there is nothing yet: what is missing, and a button that helps."""

    def __init__(
        self,
        icon_name: str,
        heading: str,
        text: str,
        actions: list[QPushButton] | tuple[QPushButton, ...] = (),
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self.setObjectName("plain")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("plain")
        self.setWidget(inside)  # with a large font there may be more than there is room
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addStretch(2)
        picture = QLabel()
        picture.setProperty("icon_edge", 48)
        picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        set_icon(picture, icon_name, "disabled")
        layout.addWidget(picture)
        layout.addSpacing(GRID)
        self._heading = label(heading, "heading", wrap=True)
        self._heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._heading)
        self._text = label(text, "muted", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text.setMaximumWidth(460)
        self._text.setMinimumWidth(200)
        centred = QHBoxLayout()
        centred.addStretch(1)
        centred.addWidget(self._text, 8)
        centred.addStretch(1)
        layout.addLayout(centred)
        if actions:
            layout.addSpacing(GRID)
            row = QHBoxLayout()
            row.setSpacing(GRID)
            row.addStretch(1)
            for action in actions:
                row.addWidget(action)
            row.addStretch(1)
            layout.addLayout(row)
            self._row = row
        self._actions = tuple(actions)
        self._layout = layout
        layout.addStretch(3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put buttons that have no room side by side below one another."""
        super().resizeEvent(event)
        if self._actions:
            wide = sum(action.sizeHint().width() + GRID for action in self._actions)
            fits = wide + 6 * GRID <= self.width()
            self._row.setDirection(
                QHBoxLayout.Direction.LeftToRight if fits else QHBoxLayout.Direction.TopToBottom
            )

    def add_below(self, widget: QWidget) -> None:
        """Put something under the buttons, as wide as the text."""
        widget.setMaximumWidth(560)
        centred = QHBoxLayout()
        centred.addStretch(1)
        centred.addWidget(widget, 8)
        centred.addStretch(1)
        self._layout.insertLayout(self._layout.count() - 1, centred)

    def set_text(self, heading: str, text: str) -> None:
        """Say something else."""
        self._heading.setText(heading)
        self._text.setText(text)


class Fold(QWidget):
    """A heading that opens and closes what is under it ("More options")."""

    toggled = Signal(bool)

    def __init__(self, heading: str, parent: QWidget | None = None, *, opened: bool = False):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self._head = QToolButton()
        self._head.setText(heading)
        self._head.setProperty("fold", True)
        self._head.setIconSize(QSize(14, 14))
        self._head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._head.clicked.connect(lambda: self.set_open(not self.is_open))
        layout.addWidget(self._head, 0, Qt.AlignmentFlag.AlignLeft)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(GRID)
        layout.addWidget(self._content)
        self._open = opened
        self._content.setVisible(opened)
        self._dress()
        follow_theme(self, self._dress)

    @property
    def is_open(self) -> bool:
        """Whether the content shows."""
        return self._open

    def set_heading(self, heading: str) -> None:
        """Rename it."""
        self._head.setText(heading)

    def set_open(self, opened: bool) -> None:
        """Show or hide the content."""
        self._open = opened
        self._content.setVisible(opened)
        self._dress()
        self.toggled.emit(opened)

    def _dress(self) -> None:
        self._head.setIcon(icon("ph.caret-down" if self._open else "ph.caret-right", "muted"))
