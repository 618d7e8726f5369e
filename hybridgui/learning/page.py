"""The models page: what to learn, how, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.learning.inspection import fitted_points
from engine.learning.model import PropertyModel, model_from_dict
from engine.learning.reliability import better_form, doubt, plain_is_better, reliable
from engine.learning.sisso_files import write_problem
from engine.learning.sisso_search import SissoOptions
from engine.maps.quantities import quantity
from hybridgui import dialogs
from hybridgui.learning.dataset_choice import KEY as DATASET
from hybridgui.learning.inspector import Inspector
from hybridgui.learning.live_view import LiveView
from hybridgui.learning.requests import InspectorRequests
from hybridgui.learning.training_form import TrainingForm
from hybridgui.learning.wizard import TrainingWizard
from hybridgui.learning.words import (
    METHOD_SHORT,
    r2_text,
)
from hybridgui.learning.work import (
    BestSoFar,
    LearningData,
    Trained,
    is_test_row,
    plain_form,
    read_data,
    run_training,
)
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import EmptyState, Notice, button, enable, label
from hybridgui.widgets.numbers import duration
from hybridgui.widgets.page import Page
from hybridgui.widgets.table import Column, DataTable


class ModelsPage(Page):
    """Trains models of the properties, and inspects them.

    Signals
    -------
    bestChanged : a `BestSoFar` of the search under way
    trainingEnded : sentence about how it ended
    dataRead : the dataset was read anew
    """

    key = "models"
    bestChanged = Signal(object)
    trainingEnded = Signal(str)
    dataRead = Signal()

    def __init__(self, model: StudyModel):
        super().__init__()
        self._model = model
        self._models: dict[str, PropertyModel] = {}
        self._stale = True
        self._reading: Any = None
        self.wizard: TrainingWizard | None = None
        self._build_middle()
        self._build_side()
        model.studyOpened.connect(self._on_study_opened)
        model.campaignsChanged.connect(self._on_data_changed)
        model.resultsArrived.connect(self._on_data_changed)
        model.modelsChanged.connect(self._on_models_changed)
        model.parameterChanged.connect(self._on_parameter_changed)
        model.jobs.started.connect(lambda _: self._refresh_buttons())
        model.jobs.ended.connect(lambda _: self._refresh_buttons())

    # -- building -----------------------------------------------------------------------------------
    def _build_middle(self) -> None:
        self._no_data = EmptyState(
            "ph.math-operations",
            "Models need a dataset",
            "Run a campaign: each of its conditions is one point to learn from. Or open a table, "
            "or a problem of SISSO programs.",
            (
                button("Go to Campaign", lambda: self._model.go_to("campaign"), primary=True),
                button("Open a table…", lambda: self.form.dataset.ask_file()),
            ),
        )
        self._no_models = EmptyState(
            "ph.math-operations",
            "No model yet",
            "Choose what to learn from what at the right, and train. Plain forms are fitted "
            "beside every model, so that you see whether it is worth its terms.",
            (
                button("Train step by step…", self.open_wizard, primary=True),
                button("Sort conditions by limits", self.show_limits),
            ),
        )
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.live_view = LiveView()
        column.addWidget(self.live_view)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(2 * GRID)  # easy to grasp; the line in it is thin
        splitter.setProperty("roomy", True)
        self.models_view = DataTable()
        self.models_view.rowChosen.connect(lambda _: self._show_chosen())
        self.models_view.setMinimumHeight(80)
        splitter.addWidget(self.models_view)
        self.inspector = Inspector()
        self.requests = InspectorRequests(self, self.inspector, self._model)
        splitter.addWidget(self._with_doubt())
        self._splitter = splitter
        splitter.setStretchFactor(1, 1)
        column.addWidget(splitter, 1)
        self.add_middle(self._no_data, self._no_models, self._content)
        self.show_middle(self._no_data)

    def _with_doubt(self) -> QWidget:
        """The inspector, and above it why the model shown is not to be relied on."""
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self._doubt = QWidget()
        row = QHBoxLayout(self._doubt)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.doubt_notice = Notice("warning")
        row.addWidget(self.doubt_notice, 1)
        self.plain_button = button("Use the plain form", self.use_plain)
        self.plain_button.setToolTip("Fit the best plain form to the same conditions, and keep it")
        row.addWidget(self.plain_button)
        self._doubt.hide()
        column.addWidget(self._doubt)
        column.addWidget(self.inspector, 1)
        return content

    def _build_side(self) -> None:
        self.form = TrainingForm(self._model)
        self.side.body.addWidget(self.form)
        self._rows = label("", "muted", wrap=True)
        self._rows.setAccessibleName("What the training will take")
        # Beside the button that it speaks of: it must be seen without scrolling.
        self.side.foot.addWidget(self._rows)
        self.train_button = button("Train", self.train, primary=True)
        self.side.foot.addWidget(self.train_button)
        self.wizard_button = button("Step by step…", self.open_wizard, flat=True)
        self.side.foot.addWidget(self.wizard_button)
        self._refresh_form()

    def menu_actions(self) -> list[QAction]:
        """Actions for the Study menu."""
        save = QAction("Save this model…", self)
        save.triggered.connect(lambda *_: self.save_model())
        problem = QAction("Write SISSO.in and train.dat…", self)
        problem.triggered.connect(lambda *_: self.write_sisso_problem())
        return [save, problem]

    # -- what the user does ---------------------------------------------------------------------------
    def train(self) -> None:
        """Train the chosen properties; what was trained before by the same method is replaced."""
        form, data = self.form, self.data
        campaign = form.validation_campaign
        frame, validation = data.split(campaign)
        inputs, targets = form.inputs.checked(), form.targets.checked()
        method, keep = form.method.current, form.test_box.isChecked()
        options = form.options(method)
        self.live_view.start(targets, method)
        self.show_middle(self._content)
        self._model.start_job(
            "Training",
            lambda job: run_training(
                job, frame, inputs, targets, method, options, keep, validation,
                campaign if validation is not None else None, data.units, data.source,
            ),
            stage=self.key,
            event=self._on_event,
            finished=self._on_trained,
            failed=self._on_failed,
            cancelled=lambda: self._on_stopped("Training was stopped; nothing was changed."),
        )  # fmt: skip

    @property
    def data(self) -> LearningData:
        """The dataset as it was read last."""
        return self.form.data

    def open_wizard(self) -> None:
        """Train step by step."""
        if not self._model.is_open:
            self._model.say("info", "Open a study first: it keeps what is trained.")
            return
        self.wizard = TrainingWizard(self, self._model)
        self.wizard.finished.connect(self._on_wizard_closed)
        self.wizard.open()

    def _on_wizard_closed(self) -> None:
        self.wizard.deleteLater()
        self.wizard = None

    def show_limits(self) -> None:
        """Show the limits where there is no model yet."""
        if not self._models:
            self.inspector.show_limits_alone()
            self.requests.show_limits()
        self.inspector.setCurrentWidget(self.inspector.limits_view)
        self.show_middle(self._content)

    def use_plain(self) -> None:
        """Replace the model shown by the best plain form on the same conditions."""
        chosen = self.chosen()
        if chosen is None:
            return
        try:
            tables, test = self.tables()
        except InputError as error:
            self._model.say("error", str(error))
            return
        units = self.data.units
        self._model.start_job(
            "Fitting the plain form",
            lambda job: plain_form(job, chosen, tables, test, units),
            stage=self.key,
            finished=self.requests.keep,
        )

    def save_model(self) -> None:
        """Ask for a file and write the model shown, for `predict` and other programs."""
        chosen = self.chosen()
        if chosen is None:
            self._model.say("info", "There is no model to save yet.")
            return
        path = dialogs.ask_save(
            self.window(),
            self._model.settings,
            "export",
            "Save model",
            "Model (*.json)",
            f"{chosen.target}.json",
        )
        if path:
            try:
                chosen.save(path)
            except (InputError, OSError) as error:
                self._model.say("error", str(error))
                return
            self._model.say("success", "The model was saved.")

    def write_sisso_problem(self) -> None:
        """Ask where, and write the problem of the model shown for the reference programs."""
        chosen = self.chosen()
        if chosen is None:
            self._model.say("info", "Train a model first: its problem is what is written.")
            return
        path = dialogs.ask_save(
            self.window(),
            self._model.settings,
            "export",
            "Write SISSO.in and train.dat beside it",
            "SISSO problem (SISSO.in)",
            "SISSO.in",
        )
        if not path:
            return
        try:
            tables, test = self.tables()
            rows = tables["train"][~test].reset_index(drop=True)
            options = SissoOptions(**self.form.options("sisso"))
            notes = write_problem(
                Path(path).parent, rows, chosen.inputs, chosen.target, options, self.data.units
            )
        except (InputError, OSError) as error:
            self._model.say("error", str(error))
            return
        self._model.say("success", " ".join(["Wrote SISSO.in and train.dat.", *notes]))

    # -- what the engine gave ---------------------------------------------------------------------------
    def _on_event(self, event: BestSoFar) -> None:
        self.live_view.show_best(event)
        self.bestChanged.emit(event)

    def _on_trained(self, result: Trained) -> None:
        self.live_view.stop()
        try:
            self._model.add_models(
                {target: one.to_dict() for target, one in result.models.items()}, result.summary
            )
        except InputError as error:
            self._model.say("error", str(error))
            return
        count = len(result.models)
        screened = result.summary["features_screened"]
        text = f"{count} model{'s' if count > 1 else ''} trained in "
        text += duration(result.summary["seconds"])
        if screened:
            text += f"; {screened:,} expressions compared"
        self._model.say("success", text + ".")
        self.trainingEnded.emit(text + ".")

    def _on_failed(self, sentence: str, details: str) -> None:
        self._on_stopped("")
        self._model.say("error", sentence, details)
        self.trainingEnded.emit(sentence)

    def _on_stopped(self, text: str) -> None:
        self.live_view.stop()
        self._choose_middle()
        if text:
            self._model.say("info", text)
            self.trainingEnded.emit(text)

    # -- the dataset --------------------------------------------------------------------------------------
    def activated(self) -> None:
        """Read the dataset if it changed."""
        if self._stale:
            self._read()

    def _on_study_opened(self) -> None:
        self.form.show_data(LearningData(pd.DataFrame(), [], []))
        self._say_work()
        self.requests.study_opened()
        self._on_data_changed()
        self._on_models_changed()

    def _on_data_changed(self) -> None:
        self._stale = True
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        if not self._model.is_open or self._reading is not None:
            return
        self._stale = False
        study, source = self._model.study, str(self._model.parameter(DATASET, ""))
        self._reading = self._model.start_job(
            "Reading the dataset",
            lambda job: read_data(job, study, source),
            stage="",
            quiet=True,
            finished=lambda data: self._on_data(data) if self._is_open(study) else None,
        )
        self._reading.ended.connect(self._on_read)

    def _is_open(self, study: Any) -> bool:
        return self._model.is_open and self._model.study is study

    def _on_read(self) -> None:
        self._reading = None
        if self._stale and self.isVisible():
            self._read()

    def _on_data(self, data: LearningData) -> None:
        self.form.show_data(data)
        self._say_work()
        self._choose_middle()
        self._show_chosen()
        self.requests.note_data()
        self.dataRead.emit()

    # -- showing ----------------------------------------------------------------------------------------------
    def _on_models_changed(self) -> None:
        chosen = self.chosen()
        self._models = {}
        if self._model.is_open:
            try:
                self._models = {
                    t: model_from_dict(d) for t, d in self._model.study.models().items()
                }
            except InputError as error:
                self._model.say("error", str(error))
        self.requests.forget()
        self._show_table(chosen.target if chosen is not None else "")
        self._show_chosen()
        self._choose_middle()
        self._refresh_buttons()

    def _choose_middle(self) -> None:
        if self._models:
            self.show_middle(self._content)
        elif self.data.frame.empty:
            self.show_middle(self._no_data)
        else:
            self.show_middle(self._no_models)

    def _show_table(self, target: str) -> None:
        rows = []
        for name, one in self._models.items():
            found = quantity(name)
            metrics, plain = one.metrics, one.baselines
            best = (
                max(
                    ((entry.get("cross_validation") or {}).get("r2") or float("-inf"))
                    for entry in plain.values()
                )
                if plain
                else float("nan")
            )
            rows.append(
                {
                    "property": found.label,
                    "method": METHOD_SHORT.get(one.method, one.method),
                    "terms": float(one.terms) if one.terms is not None else float("nan"),
                    "train": _r2(metrics, "train"),
                    "test": _r2(metrics, "test"),
                    "validation": _r2(metrics, "validation"),
                    "cv": _r2(metrics, "cross_validation"),
                    "reliable": reliable(one),
                    "plain": best if best != float("-inf") else float("nan"),
                    "target": name,
                }
            )
        frame = pd.DataFrame(rows)
        self.models_view.show_frame(
            frame,
            [
                Column("property", "Property"),
                Column(
                    "reliable",
                    "Reliable",
                    tip="By R² on conditions left out: from 0.9 yes, from 0.5 roughly",
                ),
                Column("method", "Method"),
                Column("terms", "Terms"),
                Column("train", "R² train", r2_text, "On the conditions it was trained on"),
                Column("test", "R² test", r2_text, "On the conditions kept for testing"),
                *(
                    [Column("validation", "R² validation", r2_text, "On the validation campaign")]
                    if rows and frame["validation"].notna().any()
                    else []
                ),
                Column("cv", "R² left out", r2_text, "When conditions are left out in turn"),
                Column("plain", "Best plain form", r2_text, "R² left out of the best baseline"),
            ],
        )
        self.models_view.fit_columns()
        self.models_view.fit_height(6)
        height = self.models_view.maximumHeight()
        self._splitter.setSizes([height, max(self._splitter.height(), 600) - height])
        if rows:
            index = next((i for i, row in enumerate(rows) if row["target"] == target), 0)
            self.models_view.selectRow(index)

    def chosen(self) -> PropertyModel | None:
        """The model that the inspector shows."""
        index = self.models_view.currentIndex()
        frame = self.models_view.frame
        if not index.isValid() or frame.empty:
            return None
        row = self.models_view.model().mapToSource(index).row()
        return self._models.get(frame["target"].iat[row])

    def _show_chosen(self) -> None:
        chosen = self.chosen()
        self._show_doubt(chosen)
        if chosen is None or not self._model.is_open:
            return
        try:
            tables, test = self.tables()
            points = fitted_points(chosen, tables["train"], test, tables.get("validation"))
        except InputError:  # the data that it was trained on are not at hand
            tables, points = {"train": self.data.frame}, pd.DataFrame({"part": []})
        self.inspector.show_model(chosen, points, tables)
        self.requests.show_kept(chosen)

    def _show_doubt(self, chosen: PropertyModel | None) -> None:
        why = "" if chosen is None else doubt(chosen)
        plain = "" if chosen is None else better_form(chosen)
        self._doubt.setVisible(bool(why or plain))
        if chosen is None or not (why or plain):
            return
        better = plain_is_better(chosen)
        told = f"Do not rely on this model: {why}." if why else f"{plain[0].upper()}{plain[1:]}."
        advice = " More conditions would help." if why and not better else ""
        self.doubt_notice.set_text(told + advice, "warning" if why else "info")
        self.plain_button.setVisible(better and not self._model.read_only)

    def tables(self) -> tuple[dict[str, pd.DataFrame], Any]:
        """Rows that the models were trained on and validated on, and which were for testing."""
        summary = self._model.study.training_summary() or {}
        if summary.get("dataset", "") != self.data.source:
            raise InputError("The models were trained on another dataset than the one chosen.")
        frame, validation = self.data.split(summary.get("validation_campaign"))
        tables = {"train": frame}
        if validation is not None:
            tables["validation"] = validation
        return tables, is_test_row(frame, summary)

    # -- the form -------------------------------------------------------------------------------------------------
    def _on_parameter_changed(self, key: str, _value: Any) -> None:
        if key == DATASET:
            self._stale = True
            if self.isVisible():
                self._read()
        if key.startswith("models/"):
            self._refresh_form()

    def _refresh_form(self) -> None:
        self.form.refresh()
        self._say_work()

    def _say_work(self) -> None:
        """Say what the training of the form would take, and whether it can start."""
        self._rows.setText(self.form.work_text(self.form.method.current))
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        model = self._model
        reason = ""
        if not model.is_open:
            reason = "No study is open."
        elif model.read_only:
            reason = "This study is read-only: save a copy to change it."
        elif model.jobs.running_in(self.key) is not None:
            reason = "Training is running."
        else:
            reason = self.form.missing()
        enable(self.train_button, reason, "Train a model of every chosen property")
        enable(
            self.wizard_button,
            "" if model.is_open else "No study is open.",
            "Choose data, inputs, properties and effort in order",
        )


def _r2(metrics: dict[str, Any], part: str) -> float:
    value = (metrics.get(part) or {}).get("r2")
    return float("nan") if value is None else float(value)
