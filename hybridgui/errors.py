"""What the program tells the user: toasts, and a dialog with the details."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import Cancelled, InputError
from hybridgui.theme import icon, theme

_log = logging.getLogger(__name__)
_SECONDS_SHOWN = 7
_ICONS = {
    "info": ("ph.info", "accent"),
    "success": ("ph.check-circle", "success"),
    "warning": ("ph.warning", "warning"),
    "error": ("ph.warning-circle", "danger"),
}


class DetailsDialog(QDialog):
    """A plain sentence, and all that an expert would ask for, to copy."""

    def __init__(self, sentence: str, details: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Details")
        self.resize(720, 440)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        label = QLabel(sentence)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(label)
        text = QPlainTextEdit(details)
        text.setReadOnly(True)
        code = "Traceback" in details
        if code:
            text.setFont(theme().monospace())
            text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        layout.addWidget(text, 1)
        row = QHBoxLayout()
        copy = QPushButton("Copy")
        copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(f"{sentence}\n\n{details}")
        )
        close = QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        row.addWidget(copy)
        row.addStretch(1)
        row.addWidget(close)
        layout.addLayout(row)


class Toast(QFrame):
    """One message. Errors stay until closed; the rest leaves by itself."""

    closed = Signal(object)

    def __init__(
        self,
        level: str,
        sentence: str,
        details: str = "",
        action: tuple[str, Callable[[], None]] | None = None,
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self.setObjectName("toast")
        self.level, self.sentence, self.details = level, sentence, details
        self.setFixedWidth(400)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(12, 10, 8, 10)
        outer.setSpacing(10)
        name, role = _ICONS[level]
        picture = QLabel()
        picture.setPixmap(icon(name, role).pixmap(20, 20))
        picture.setAccessibleName(level)
        outer.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(4)
        label = QLabel(sentence)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(label)
        links = QHBoxLayout()
        links.setSpacing(8)
        if action is not None:
            button = _link(action[0])
            button.clicked.connect(lambda: (self.close_toast(), action[1]()))
            links.addWidget(button)
        if details:
            button = _link("Details…")
            button.clicked.connect(self._on_details)
            links.addWidget(button)
        if level in ("error", "warning"):
            button = _link("Copy")
            button.clicked.connect(
                lambda: QGuiApplication.clipboard().setText(f"{sentence}\n\n{details}".strip())
            )
            links.addWidget(button)
        if links.count():
            links.addStretch(1)
            column.addLayout(links)
        outer.addLayout(column, 1)
        close = QToolButton()
        close.setIcon(icon("ph.x", "muted"))
        close.setToolTip("Close")
        close.clicked.connect(self.close_toast)
        outer.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        if level in ("info", "success"):
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(self.close_toast)
            timer.start(1000 * _SECONDS_SHOWN)

    def close_toast(self) -> None:
        """Take the message away."""
        self.hide()
        self.closed.emit(self)
        self.deleteLater()

    def _on_details(self) -> None:
        DetailsDialog(self.sentence, self.details, self.window()).exec()


class ToastHost(QObject):
    """Stacks the toasts at the lower right of the pages."""

    _MAX = 4

    def __init__(self, window: QWidget, bottom_margin: int = 56, right_margin: int = 324):
        super().__init__(window)
        self._window = window
        # Beside the forms, so that no message covers a page's primary button.
        self._bottom, self._right = bottom_margin, right_margin
        self._toasts: list[Toast] = []
        window.installEventFilter(self)

    @property
    def toasts(self) -> list[Toast]:
        """Messages on screen, oldest first."""
        return list(self._toasts)

    def show(
        self,
        level: str,
        sentence: str,
        details: str = "",
        action: tuple[str, Callable[[], None]] | None = None,
    ) -> Toast:
        """Show a message of a level "info", "success", "warning" or "error"."""
        for same in [t for t in self._toasts if (t.level, t.sentence) == (level, sentence)]:
            same.close_toast()
        while len(self._toasts) >= self._MAX:
            self._toasts[0].close_toast()
        toast = Toast(level, sentence, details, action, self._window)
        toast.closed.connect(self._on_closed)
        self._toasts.append(toast)
        toast.show()
        self._place()
        return toast

    def close_errors(self) -> None:
        """Take away what would stay until it is closed."""
        for toast in self.toasts:
            if toast.level in ("error", "warning"):
                toast.close_toast()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the messages in their corner."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _on_closed(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            self._place()

    def _place(self) -> None:
        bottom = self._window.height() - self._bottom
        for toast in reversed(self._toasts):
            toast.ensurePolished()
            height = max(toast.heightForWidth(toast.width()), toast.minimumSizeHint().height())
            toast.resize(toast.width(), height)
            bottom -= height
            toast.move(self._window.width() - toast.width() - self._right, bottom)
            toast.raise_()
            bottom -= 8


def _link(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("link", True)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


class UnexpectedErrors(QObject):
    """Turns errors that nobody handled into a message; the program lives on.

    Signals
    -------
    caught : (plain sentence, details)
    """

    caught = Signal(str, str)

    def install(self) -> None:
        """Take over the hooks of this process."""
        self._previous = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._on_exception
        threading.excepthook = lambda args: self._on_exception(
            args.exc_type, args.exc_value, args.exc_traceback
        )

    def uninstall(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._previous

    def _on_exception(self, kind, value, trace) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, value, trace)
            return
        if kind is Cancelled or value is None:
            return
        details = "".join(traceback.format_exception(kind, value, trace))
        _log.error("unexpected error\n%s", details)
        if isinstance(value, InputError):
            self.caught.emit(str(value), "")
        else:
            self.caught.emit(
                f"Something unexpected happened: {value or kind.__name__}. Your study is safe; "
                "you can go on working.",
                details,
            )


def start_log(folder: Path) -> Path:
    """Write the program's log to a file that never grows large; returns its path."""
    path = folder / "hybridgui.log"
    root = logging.getLogger()
    if not any(isinstance(h, logging.handlers.RotatingFileHandler) for h in root.handlers):
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root.addHandler(handler)
    return path
