"""One setting in words, and a way to see its electrode."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.maps.quantities import quantity
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Sentence, button, enable, label
from hybridgui.widgets.plot import rich

_ORDER = (
    "pressure_MPa",
    "gap_um",
    "am_percent",
    "initial_porosity_percent",
    "initial_thickness_um",
)


class SettingBar(QWidget):
    """Stands under a map; the button generates the electrode of the setting.

    Signals
    -------
    electrodeAsked : the setting by column
    """

    electrodeAsked = Signal(dict)

    def __init__(self, hint: str, parent: QWidget | None = None):
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        self._hint = hint
        inside = label("", "small", wrap=True)
        inside.setTextFormat(Qt.TextFormat.RichText)
        self._text = Sentence(inside)
        row.addWidget(self._text, 1)
        self.button = button("Generate and see in 3D", self._on_clicked)
        row.addWidget(self.button)
        self._setting: dict[str, float] = {}
        self._obstacle = ""
        self.show_setting({})

    @property
    def setting(self) -> dict[str, float]:
        """What is shown, by column."""
        return dict(self._setting)

    def show_setting(self, setting: Mapping[str, float], expected: str = "") -> None:
        """Show a setting, and what is expected there; an empty one leaves the hint."""
        self._setting = dict(setting)
        # Pressure and gap stand as given, so that what the lab sets can come first.
        first = [name for name in setting if name in _ORDER[:2]]
        names = [*first, *(name for name in _ORDER[2:] if name in setting)]
        words = [_words(name, setting[name]) for name in names]
        words += [_words(n, v) for n, v in setting.items() if n not in _ORDER]
        text = ", ".join(words)
        if text and expected:
            text = f"{text}: {expected}"
        self._text.set_text(text or self._hint)
        self._refresh()

    def set_obstacle(self, reason: str) -> None:
        """Say why no electrode can be generated; an empty text allows it."""
        self._obstacle = reason
        self._refresh()

    def _refresh(self) -> None:
        self.button.setVisible(bool(self._setting))
        enable(self.button, self._obstacle, "Make this electrode as those of the campaign")

    def _on_clicked(self) -> None:
        self.electrodeAsked.emit(dict(self._setting))


def _words(name: str, value: float) -> str:
    one = quantity(name)
    unit = "" if one.unit == "–" else f" {one.unit}"
    return f"{rich(one.symbol or one.label)} {value:.4g}{unit}"
