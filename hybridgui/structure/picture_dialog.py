"""How large a picture of the view is to be, and what lies behind it."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from hybridgui.structure.backdrop import DARK, LIGHT, WHITE
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, label
from hybridgui.widgets.form import Choice, FormGroup

_BACKGROUNDS = {
    "transparent": ("Transparent", None, LIGHT.ink),
    "white": ("White", WHITE, WHITE.ink),
    "light": ("As in the light view", LIGHT, LIGHT.ink),
    "dark": ("As in the dark view", DARK, DARK.ink),
}


class PictureDialog(QDialog):
    """Asks for size and background of a picture."""

    def __init__(self, view: QWidget, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Save picture")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(label("Save picture", "title"))
        group = FormGroup()
        width, height = view.width(), view.height()
        sizes = [(str(f), f"{round(f * width)} × {round(f * height)} pixels") for f in (1, 2, 4, 6)]
        self.size_choice = Choice(sizes)
        self.size_choice.show_value("2")
        group.add("Size", self.size_choice)
        self.background = Choice([(key, text) for key, (text, _, _) in _BACKGROUNDS.items()])
        self.background.show_value("white")
        group.add("Background", self.background)
        layout.addWidget(group)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Cancel", self.reject))
        save = button("Save…", self.accept, primary=True)
        save.setDefault(True)
        row.addWidget(save)
        layout.addLayout(row)

    def draw(self, view) -> np.ndarray:
        """The picture as chosen."""
        factor = int(self.size_choice.current)
        _, backdrop, ink = _BACKGROUNDS[self.background.current]
        return view.screenshot(factor * view.width(), factor * view.height(), backdrop, ink)
