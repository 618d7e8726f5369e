"""One screen for any model: equation, accuracy, response, front, comparison, limits."""

from __future__ import annotations

import pandas as pd
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from engine.learning.model import PropertyModel
from engine.maps.curve_data import CurveSet
from hybridgui.learning.accuracy_view import AccuracyView
from hybridgui.learning.compare_view import CompareView
from hybridgui.learning.equation_view import EquationView
from hybridgui.learning.front_view import FrontView
from hybridgui.learning.limits_view import LimitsView
from hybridgui.learning.response_view import ResponseView
from hybridgui.maps.curve_grid import CurveGrid
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice


class Inspector(QTabWidget):
    """The parts of a model, in tabs.

    Signals
    -------
    curvesNeeded : the tab of curves against pressure was opened
    equationChosen : (terms, rank) of the equation to use
    """

    curvesNeeded = Signal()
    equationChosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setUsesScrollButtons(True)
        self.equation_view = EquationView()
        self.accuracy_view = AccuracyView()
        self.response_view = ResponseView()
        self.curve_grid = CurveGrid()
        self.front_view = FrontView()
        self.compare_view = CompareView()
        self.limits_view = LimitsView()
        self._no_curves = Notice("info")
        response = QWidget()
        column = QVBoxLayout(response)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.addWidget(self._no_curves)
        column.addWidget(self.curve_grid, 1)
        self._response = response
        self.addTab(self.equation_view, "Equation")
        self.addTab(self.accuracy_view, "Accuracy")
        self.addTab(self.response_view, "Response")
        self.addTab(response, "Against pressure")
        self.addTab(self.front_view, "Simpler or finer")
        self.addTab(self.compare_view, "Compare")
        self.addTab(self.limits_view, "Limits")
        self.front_view.equationChosen.connect(self.equationChosen)
        self.currentChanged.connect(self._on_current_changed)

    def show_model(
        self, model: PropertyModel, points: pd.DataFrame, tables: dict[str, pd.DataFrame]
    ) -> None:
        """Show a model over the rows that it can be compared with.

        Parameters
        ----------
        points : DataFrame
            See `engine.learning.inspection.fitted_points`.
        tables : dict of str to DataFrame
            ``train`` (with the rows for testing) and, where there is one, ``validation``.
        """
        for view in self._of_a_model():
            self.setTabVisible(self.indexOf(view), True)
        self.equation_view.show_model(model, tables["train"])
        self.accuracy_view.show_model(model, points, tables)
        self.response_view.show_model(model)
        self.front_view.show_model(model)
        self.compare_view.show_model(model)
        self.setTabVisible(self.indexOf(self.front_view), len(model.front) > 1)
        self.show_curves(None)
        self._on_current_changed(self.currentIndex())

    def show_limits_alone(self) -> None:
        """Offer the limits where there is no model yet."""
        for view in self._of_a_model():
            self.setTabVisible(self.indexOf(view), False)
        self.setCurrentWidget(self.limits_view)

    def show_curves(self, curves: CurveSet | None, problem: str = "") -> None:
        """Show the response curves, or why there are none."""
        self._no_curves.set_text(problem)
        self.curve_grid.setVisible(not problem)
        self.curve_grid.show_curves(curves, labels=False)

    def _of_a_model(self) -> list[QWidget]:
        return [self.widget(k) for k in range(self.count()) if k != self.indexOf(self.limits_view)]

    def _on_current_changed(self, _index: int) -> None:
        current = self.currentWidget()
        if current is self._response and self.curve_grid.data is None:
            self.curvesNeeded.emit()
        if current is self.response_view and self.response_view.shown is None:
            self.response_view.ask()
