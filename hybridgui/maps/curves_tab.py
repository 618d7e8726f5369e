"""The tab of the curves: computes them in the background, and says what a click found."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.maps.curve_data import CurveSet, Picked
from engine.maps.sources import Sources
from hybridgui.maps.curve_grid import CurveGrid
from hybridgui.maps.setting_bar import SettingBar
from hybridgui.maps.work import CurveChoice, curves
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import rich


class CurvesTab(QWidget):
    """Curves, what forbids them, and the setting behind a point.

    Signals
    -------
    drawn : other curves, or none, are shown
    """

    drawn = Signal()

    def __init__(self, model: StudyModel, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = model
        self._drawing: Any = None
        self._wanted: tuple[Sources, CurveChoice] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        self._problem = Notice("info")
        column.addWidget(self._problem)
        self.grid = CurveGrid()
        self.grid.picked.connect(self._on_picked)
        column.addWidget(self.grid, 1)
        self.bar = SettingBar("Click a curve to see the setting behind it.")
        column.addWidget(self.bar)

    def draw(self, sources: Sources, choice: CurveChoice) -> None:
        """Compute and show these curves; while others are computed, these come next."""
        if not choice.figure:
            return
        self._wanted = sources, choice
        if self._drawing is not None:
            return

        def show(data: CurveSet) -> None:
            self._problem.set_text("")
            self._show(data, choice)

        def refuse(sentence: str, _details: str) -> None:
            self._problem.set_text(sentence, "info")
            self._show(None, choice)

        def done() -> None:
            self._drawing = None
            now = self._wanted
            if now is not None and (now[0] is not sources or now[1] != choice):
                self.draw(*now)

        # A picture that an input has overtaken is shown all the same: a moving one says more.
        self._drawing = self._model.start_job(
            "Drawing curves",
            lambda job: curves(job, sources, choice),
            stage="",
            quiet=True,
            wanted=lambda: self._wanted is not None and self._wanted[0] is sources,
            finished=show,
            failed=refuse,
        )
        self._drawing.ended.connect(done)

    def clear(self) -> None:
        """Show no curves, those under way neither."""
        self._wanted = None
        self.grid.show_curves(None)

    def _show(self, data: CurveSet | None, choice: CurveChoice) -> None:
        self.grid.show_curves(data, bands=choice.bands, labels=choice.labels)
        self.bar.show_setting({})
        self.drawn.emit()

    def _on_picked(self, found: Picked) -> None:
        data = self.grid.data
        assert data is not None
        unit = "" if data.y.unit == "–" else f" {data.y.unit}"
        text = f"{rich(data.y.symbol or data.y.label)} {number(found.y, 3)}{unit}"
        if found.low == found.low and found.high == found.high:
            text += f" ({number(found.low, 3)} to {number(found.high, 3)})"
        self.bar.show_setting(found.setting, text)
