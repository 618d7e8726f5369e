"""How properties change while an electrode is pressed."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.properties.catalogue import CATALOGUE
from hybridgui.properties.values import KEY_COLUMNS
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import follow_theme
from hybridgui.widgets.form import Choice
from hybridgui.widgets.plot import Plot


class PathPlot(QWidget):
    """One property against the pressure, with the step that is shown marked."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID, 0, 0)
        layout.setSpacing(GRID)
        self.choice = Choice([(name, CATALOGUE[name].label) for name in KEY_COLUMNS])
        self.choice.setAccessibleName("Property")
        self.choice.edited.connect(lambda _: self._draw())
        layout.addWidget(self.choice)
        self.plot = Plot()
        self.plot.name = "calendering path"
        layout.addWidget(self.plot, 1)
        self._pressures: tuple[float, ...] = ()
        self._columns: tuple[dict[str, float], ...] = ()
        self._step = 0
        follow_theme(self, self._draw)

    def show_path(
        self, pressures: tuple[float, ...], columns: tuple[dict[str, float], ...], step: int
    ) -> None:
        """Show the properties of each step; `step` is the one on screen."""
        self._pressures, self._columns, self._step = pressures, columns, step
        self._draw()

    def show_step(self, step: int) -> None:
        """Mark another step."""
        self._step = step
        self._draw()

    @property
    def values(self) -> list[float]:
        """The property that is chosen, at each step."""
        return [c.get(self.choice.current, float("nan")) for c in self._columns]

    def _draw(self) -> None:
        entry = CATALOGUE[self.choice.current]
        unit = f" ({entry.unit or '–'})"
        self.plot.set_axes("Calender pressure P (MPa)", entry.symbol + unit)
        self.plot.clear_data()
        if not self._pressures:
            return
        t = theme().tokens
        self.plot.draw_line(self._pressures, self.values, t.accent)
        self.plot.draw_points(self._pressures, self.values, t.accent)
        here = self._pressures[self._step], self.values[self._step]
        self.plot.draw_points([here[0]], [here[1]], t.text, size=14, hollow=True)
        self.plot.reset_view()
