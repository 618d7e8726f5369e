"""Starts the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(argv: list[str]) -> int:
    """Open the window and return the exit status.

    Parameters
    ----------
    argv : list of str
        Optionally the path of a study, sheet or stack to open.
    """
    if lacks_screen():
        sys.stderr.write(
            "error: there is no screen to open the window on: start it in a desktop session, or "
            "work without a window (see `python main.py --help`).\n"
        )
        return 1
    prepare_platform()
    from PySide6.QtCore import QLocale, Qt
    from PySide6.QtWidgets import QApplication

    from hybridgui.errors import UnexpectedErrors, start_log
    from hybridgui.settings import APPLICATION, ORGANISATION, Settings, data_folder
    from hybridgui.theme import theme

    QApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    application = QApplication.instance() or QApplication([sys.argv[0], *argv])
    application.setApplicationName(APPLICATION)
    application.setOrganizationName(ORGANISATION)
    application.setApplicationDisplayName(APPLICATION)
    QLocale.setDefault(QLocale.c())
    start_log(data_folder())
    settings = Settings()
    theme().attach(settings)

    from hybridgui.leftovers import remove_empty_leftovers
    from hybridgui.window import MainWindow

    errors = UnexpectedErrors()
    errors.install()
    remove_empty_leftovers()
    window = MainWindow(settings)
    errors.caught.connect(lambda sentence, details: window.toasts.show("error", sentence, details))
    window.show()
    files = [Path(argument) for argument in argv if not argument.startswith("-")]
    window.begin(files[0] if files else None)
    window.compile_in_background()
    try:
        return application.exec()
    finally:
        errors.uninstall()


def lacks_screen() -> bool:
    """Whether Qt would abort for want of a display (Linux only)."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in named)


def prepare_platform() -> None:
    """Choose the Qt platform that the 3D view can live in.

    VTK's widget aborts under native Wayland; XWayland carries it.
    """
    if sys.platform.startswith("linux") and os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")
