"""How large a picture of the view is to be, and what lies behind it."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from hybridgui.structure.backdrop import DARK, LIGHT, WHITE
from hybridgui.theme import GRID
from hybridgui.widgets.basics import dialog_buttons, label
from hybridgui.widgets.form import Choice, FormGroup, NumberField

_OTHER = "other"
_LARGEST = 16384
"""Pixels that every graphics driver of today can draw in a row."""
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
        self._view_size = width, height = view.width(), view.height()
        sizes = [(str(f), f"{round(f * width)} × {round(f * height)} pixels") for f in (1, 2, 4, 6)]
        sizes.append((_OTHER, "Another size"))
        self.size_choice = Choice(sizes)
        self.size_choice.show_value("2")
        self.size_choice.edited.connect(lambda _: self._refresh())
        group.add("Size", self.size_choice)
        self.size_fields = tuple(
            NumberField(16, _LARGEST, 2 * pixels, "px", decimals=0) for pixels in (width, height)
        )
        for name, field in zip(("Width", "Height"), self.size_fields, strict=True):
            group.add(name, field)
        self.background = Choice([(key, text) for key, (text, _, _) in _BACKGROUNDS.items()])
        self.background.show_value("white")
        group.add("Background", self.background)
        layout.addWidget(group)
        row, _ = dialog_buttons(self, "Save…", self.accept)
        layout.addLayout(row)
        self._refresh()

    def _refresh(self) -> None:
        """Show the size of the choice; the fields are free for another one."""
        other = self.size_choice.current == _OTHER
        for field, pixels in zip(self.size_fields, self._view_size, strict=True):
            field.setEnabled(other)
            if not other:
                field.show_value(int(self.size_choice.current) * pixels)

    def draw(self, view) -> np.ndarray:
        """The picture as chosen."""
        width, height = (round(field.value()) for field in self.size_fields)
        _, backdrop, ink = _BACKGROUNDS[self.background.current]
        return view.screenshot(width, height, backdrop, ink)
