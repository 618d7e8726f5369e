"""The menu of the 3D view: what is shown around the structure, and views that are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

OPTIONS = (
    ("occlusion", "Depth shading", True),
    ("lighting", "Lighting", True),
    ("perspective", "Perspective", False),
    ("slabs", "Collector and separator", True),
    ("outline", "Edges of the box", True),
    ("scale_bar", "Scale bar", True),
    ("legend", "Legend", True),
    ("axes", "Axes", True),
)
STANDARD_VIEWS = (
    ("corner", "From the corner"),
    ("opposite corner", "From the opposite corner"),
    ("x", "Along x"),
    ("y", "Along y"),
    ("z", "From the separator"),
    ("from below", "From the collector"),
)


class ViewMenu(QObject):
    """Ticks for what is shown, standard views, and views that the user keeps.

    Signals
    -------
    optionChanged : (key of `OPTIONS`, on)
    viewChosen : key of a standard view
    keepAsked : None, the present view is to be kept
    keptChosen, keptRemoved : name of a kept view
    """

    optionChanged = Signal(str, bool)
    viewChosen = Signal(str)
    keepAsked = Signal()
    keptChosen = Signal(str)
    keptRemoved = Signal(str)

    def __init__(self, parent: QWidget, kept: Callable[[], dict[str, Any]]):
        super().__init__(parent)
        self.menu = QMenu(parent)
        self._kept = kept
        self.options: dict[str, QAction] = {}
        for key, text, on in OPTIONS:
            action = self.menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(on)
            action.toggled.connect(lambda on, key=key: self.optionChanged.emit(key, on))
            self.options[key] = action
        self.menu.addSeparator()
        views = self.menu.addMenu("Standard views")
        for key, text in STANDARD_VIEWS:
            views.addAction(text, lambda key=key: self.viewChosen.emit(key))
        self._kept_menu = self.menu.addMenu("Kept views")
        self._kept_menu.aboutToShow.connect(self.fill_kept)

    def fill_kept(self) -> None:
        """List the views that are kept."""
        menu = self._kept_menu
        menu.clear()
        menu.addAction("Keep this view", lambda: self.keepAsked.emit())
        names = sorted(self._kept())
        if names:
            menu.addSeparator()
            for name in names:
                menu.addAction(name, lambda name=name: self.keptChosen.emit(name))
            remove = menu.addMenu("Remove")
            for name in names:
                remove.addAction(name, lambda name=name: self.keptRemoved.emit(name))
