"""What the inspector asks for, answered off the GUI thread: responses, comparisons, borders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from engine.errors import InputError
from engine.learning.classification import LimitClassifier
from engine.learning.inspection import border_map
from engine.learning.model import PropertyModel
from hybridgui.learning.inspector import Inspector
from hybridgui.learning.work import (
    compare,
    find_border,
    inspect_response,
    recorded_structure,
    response_curves,
)
from hybridgui.study_model import StudyModel

if TYPE_CHECKING:
    from hybridgui.learning.page import ModelsPage


class InspectorRequests(QObject):
    """Answers the inspector of a page; an answer that comes too late is dropped."""

    def __init__(self, page: ModelsPage, inspector: Inspector, model: StudyModel):
        super().__init__(page)
        self._page, self._inspector, self._model = page, inspector, model
        self._comparisons: dict[str, Any] = {}
        self._responses = 0  # asked for so far: only the last one is shown
        inspector.curvesNeeded.connect(self._on_curves)
        inspector.equationChosen.connect(self._on_equation_chosen)
        inspector.accuracy_view.points_view.structureAsked.connect(self._on_structure)
        inspector.response_view.asked.connect(self._on_response)
        inspector.compare_view.asked.connect(self._on_compare)
        inspector.compare_view.useAsked.connect(self._on_use)
        limits = inspector.limits_view
        limits.edited.connect(
            lambda found: model.set_parameter("models/limits", found, "Set limits")
        )
        limits.asked.connect(self._on_border)
        limits.mapAsked.connect(self._on_border_map)

    def forget(self) -> None:
        """Drop what was found about other models."""
        self._comparisons = {}

    def show_kept(self, chosen: PropertyModel) -> None:
        """Show what is known about a model already, and the limits."""
        known = self._comparisons.get(chosen.target)
        if known is not None:
            self._inspector.compare_view.show_comparison(*known)
        self.show_limits()

    def show_limits(self) -> None:
        """Offer limits of every property, and the border kept in the study."""
        if not self._model.is_open:
            return
        view, data = self._inspector.limits_view, self._page.data
        view.show_columns(
            data.frame, data.target_choices, self._model.parameter("models/limits", {})
        )
        if view.classifier is None and not data.frame.empty:
            self._show_kept_border()
        self.note_data()

    def note_data(self) -> None:
        """Say so where the border shown was found on other conditions than the present ones."""
        view, frame = self._inspector.limits_view, self._page.data.frame
        if view.classifier is None or frame.empty:
            return
        try:
            view.show_age(view.classifier, frame, view.classifier.fits_rows(frame))
        except InputError:  # another dataset, without the columns of the border
            view.show_border(None)

    def _show_kept_border(self) -> None:
        try:
            kept = self._model.study.classifier()
            found = None if kept is None else LimitClassifier.from_dict(kept)
        except InputError as error:
            self._inspector.limits_view.show_problem(str(error))
            return
        if found is not None and {*found.inputs, *found.limits} <= set(self._page.data.frame):
            self._inspector.limits_view.show_border(found)

    def study_opened(self) -> None:
        """Show nothing of the study before."""
        self._inspector.limits_view.show_border(None)

    # -- models -------------------------------------------------------------------------------
    def keep(self, model: PropertyModel) -> None:
        """Keep this model in the study instead of the one of its property."""
        try:
            self._model.study.add_model(model.target, model.to_dict())
        except InputError as error:
            self._model.say("error", str(error))
            return
        self._model.note_models()

    def _on_equation_chosen(self, terms: int, rank: int) -> None:
        chosen = self._page.chosen()
        if chosen is not None:
            self.keep(chosen.with_size(terms, rank))

    def _on_compare(self) -> None:
        chosen, view = self._page.chosen(), self._inspector.compare_view
        if chosen is None:
            return
        try:
            tables, test = self._page.tables()
        except InputError as error:
            self._model.say("error", str(error))
            return
        options = self._page.form.options("dnn") | self._page.form.options("sisso")

        known = self._comparisons  # replaced when other models come

        def show(found: Any) -> None:
            known[chosen.target] = found
            now = self._page.chosen()
            if known is self._comparisons and now is not None and now.target == chosen.target:
                view.show_comparison(*found)

        view.show_busy(True)
        job = self._model.start_job(
            "Comparing methods",
            lambda job: compare(job, chosen, tables, test, options),
            stage="",
            finished=show,
        )
        job.ended.connect(lambda: view.show_busy(False))

    def _on_use(self, name: str) -> None:
        comparison = self._inspector.compare_view.comparison
        if self._page.chosen() is not None and comparison is not None:
            self.keep(comparison.models[name])

    # -- what a model says ----------------------------------------------------------------------
    def _on_structure(self, values: dict[str, Any]) -> None:
        study = self._model.study

        self._model.start_job(
            "Looking for the structure",
            lambda job: recorded_structure(job, study, values),
            stage="",
            quiet=True,
            wanted=lambda: self._model.is_open and self._model.study is study,
            finished=lambda found: self._model.ask_electrode(*found),
        )

    def _on_response(self, across: str, up: str, held: dict[str, float]) -> None:
        chosen, view = self._page.chosen(), self._inspector.response_view
        if chosen is None:
            return

        self._responses += 1
        number = self._responses

        self._model.start_job(
            "Drawing responses",
            lambda job: inspect_response(job, chosen, across, up, held, view.shown is None),
            stage="",
            quiet=True,
            wanted=lambda: number == self._responses and self._page.chosen() is chosen,
            finished=lambda found: view.show_response(*found),
            failed=lambda sentence, _: view.show_response(None, None, sentence),
        )

    def _on_curves(self) -> None:
        chosen = self._page.chosen()
        if chosen is None:
            return
        study, data = self._model.study, chosen.to_dict()

        self._model.start_job(
            "Drawing curves",
            lambda job: response_curves(job, study, data),
            stage="",
            quiet=True,
            wanted=lambda: self._page.chosen() is chosen,
            finished=self._inspector.show_curves,
            failed=lambda sentence, _: self._inspector.show_curves(None, sentence),
        )

    # -- limits -----------------------------------------------------------------------------------
    def _on_border(self, limits: dict[str, list[float | None]]) -> None:
        view, frame = self._inspector.limits_view, self._page.data.frame
        inputs, study = self._page.form.inputs.checked(), self._model.study

        def show(found: LimitClassifier) -> None:
            if not self._model.is_open or self._model.study is not study:
                return
            view.show_border(found)
            self.note_data()
            if not self._model.read_only:
                study.set_classifier(found.to_dict())

        view.show_busy(True)
        job = self._model.start_job(
            "Seeking a border",
            lambda job: find_border(job, frame, inputs, limits),
            stage="",
            finished=show,
            failed=lambda sentence, _: view.show_problem(sentence),
        )
        job.ended.connect(lambda: view.show_busy(False))

    def _on_border_map(self, across: str, up: str) -> None:
        view = self._inspector.limits_view
        classifier = view.classifier

        def show(found: Any) -> None:
            if view.classifier is classifier:
                view.show_map(found)

        self._model.start_job(
            "Drawing the border",
            lambda job: border_map(classifier, across, up),
            stage="",
            quiet=True,
            finished=show,
        )
