"""A word on the desktop when long work has ended and the window is not looked at."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

_SHOWN_MS = 10_000


def notify(window: QWidget, title: str, text: str) -> bool:
    """Tell the desktop; return whether it could be told in words.

    The task bar is marked in any case. A window in use needs no second message.
    """
    QApplication.alert(window)
    if window.isActiveWindow() or not QSystemTrayIcon.isSystemTrayAvailable():
        return False
    if not QSystemTrayIcon.supportsMessages():
        return False
    # a message belongs to an icon in the tray: it comes and goes with it
    tray = QSystemTrayIcon(window.windowIcon(), window)
    tray.messageClicked.connect(window.activateWindow)
    tray.show()
    tray.showMessage(title, text, window.windowIcon(), _SHOWN_MS)
    QTimer.singleShot(_SHOWN_MS, tray, tray.deleteLater)
    return True
