"""One screen for any model: equation, accuracy, response, front."""

from __future__ import annotations

import numpy as np
import pandas as pd
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from engine.learning.model import PropertyModel
from engine.maps.curves import CurveSet
from hybridgui.learning.accuracy_view import AccuracyView
from hybridgui.learning.equation_view import EquationView
from hybridgui.learning.front_view import FrontView
from hybridgui.maps.curve_grid import CurveGrid
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice


class Inspector(QTabWidget):
    """The parts of a model, in tabs.

    Signals
    -------
    curvesNeeded : the response tab was opened
    sizeChosen : number of terms to use
    """

    curvesNeeded = Signal()
    sizeChosen = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setDocumentMode(True)
        self.equation_view = EquationView()
        self.accuracy_view = AccuracyView()
        self.curve_grid = CurveGrid()
        self.front_view = FrontView()
        self._no_curves = Notice("info")
        response = QWidget()
        column = QVBoxLayout(response)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.addWidget(self._no_curves)
        column.addWidget(self.curve_grid, 1)
        self._response = response
        self.addTab(self.equation_view, "Equation")
        self.addTab(self.accuracy_view, "Accuracy")
        self.addTab(response, "Against pressure")
        self.addTab(self.front_view, "Simpler or finer")
        self.front_view.sizeChosen.connect(self.sizeChosen)
        self.currentChanged.connect(self._on_current_changed)

    def show_model(self, model: PropertyModel, frame: pd.DataFrame, test: np.ndarray) -> None:
        """Show a model over the dataset it was trained on."""
        self.equation_view.show_model(model, frame)
        self.accuracy_view.show_model(model, frame, test)
        self.front_view.show_model(model)
        self.setTabVisible(3, len(model.front) > 1)
        self.show_curves(None)
        if self.currentWidget() is self._response:
            self.curvesNeeded.emit()

    def show_curves(self, curves: CurveSet | None, problem: str = "") -> None:
        """Show the response curves, or why there are none."""
        self._no_curves.set_text(problem)
        self.curve_grid.setVisible(not problem)
        self.curve_grid.show_curves(curves, labels=False)

    def _on_current_changed(self, _index: int) -> None:
        if self.currentWidget() is self._response and self.curve_grid.data is None:
            self.curvesNeeded.emit()
