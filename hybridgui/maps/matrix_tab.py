"""The tab of the interdependence matrix, and the choice of what measures a relation."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.maps.interdependence import METHODS, Interdependence
from engine.maps.sources import Sources
from hybridgui.maps.matrix_view import MatrixView
from hybridgui.maps.work import matrix
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import label
from hybridgui.widgets.form import Choice, FormGroup

_SHORT_METHODS = {
    "sobol": "Models: Sobol index",
    "sobol_total": "Models: total Sobol index",
    "partial_rank_models": "Models: partial rank",
    "pearson": "Data: Pearson",
    "spearman": "Data: Spearman",
    "partial_rank": "Data: partial rank",
}
SAFE_PALETTE, PAPER_PALETTE = "colour-blind safe", "as in the paper"


class MatrixForm(FormGroup):
    """Measure of strength, and the colours of the signs.

    Signals
    -------
    methodChosen : key of `METHODS`
    paletteChosen : name of a palette
    """

    methodChosen = Signal(str)
    paletteChosen = Signal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__("Strength of relations", parent)
        self.method_choice = Choice(list(_SHORT_METHODS.items()))
        self.method_choice.setAccessibleName("Measure of strength")
        self.method_choice.edited.connect(self.methodChosen)
        self.add_wide(self.method_choice)
        self._hint = label("", "small", wrap=True)
        self.add_wide(self._hint)
        self.palette_box = QCheckBox("Green and red, as in the paper")
        self.palette_box.setToolTip("Otherwise blue and orange, which all eyes can tell apart")
        self.palette_box.clicked.connect(
            lambda on: self.paletteChosen.emit(PAPER_PALETTE if on else SAFE_PALETTE)
        )
        self.add_wide(self.palette_box)

    @property
    def method(self) -> str:
        """Key of the measure that is chosen."""
        return self.method_choice.current

    def show_values(self, method: str, palette: str) -> None:
        """Show what is chosen."""
        self.palette_box.setChecked(palette == PAPER_PALETTE)
        self.method_choice.show_value(method)
        text = METHODS[self.method]
        self._hint.setText(f"{text[:1].upper()}{text[1:]}.")


class MatrixTab(QWidget):
    """The matrix and what is to be said of it.

    Signals
    -------
    drawn : another matrix is shown
    """

    drawn = Signal()

    def __init__(self, model: StudyModel, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = model
        self._wanted: tuple[Sources, str] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        self.view = MatrixView()
        column.addWidget(self.view, 1)
        self._note = label("", "small", wrap=True)
        column.addWidget(self._note)

    def draw(self, sources: Sources, method: str) -> None:
        """Compute and show the matrix by this measure."""
        self._wanted = wanted = sources, method

        def show(data: Interdependence) -> None:
            self.view.show_matrix(data)
            self._note.setText(" ".join(data.notes))
            self.drawn.emit()

        def refuse(sentence: str, _details: str) -> None:
            self.view.show_matrix(None)
            self._note.setText(sentence)

        self._model.start_job(
            "Computing relations",
            lambda job: matrix(job, sources, method),
            stage="",
            quiet=True,
            wanted=lambda: self._wanted is wanted,
            finished=show,
            failed=refuse,
        )

    def clear(self) -> None:
        """Show no matrix, one under way neither."""
        self._wanted = None
        self.view.show_matrix(None)
