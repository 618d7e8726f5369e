"""The maps page: curves, interdependence, profiler, decision, figures and report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QFileDialog, QTabWidget, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.maps.curves import PAPER_FIGURES
from engine.maps.interdependence import METHODS
from engine.maps.profiler import profile
from engine.maps.quantities import quantity
from engine.maps.report_data import RECOMMENDATION_SETTING, VERIFICATION_SETTING
from engine.maps.responses import setting_range
from engine.maps.sources import Sources
from hybridgui import dialogs
from hybridgui.maps.curve_grid import CurveGrid
from hybridgui.maps.decide_view import DecideView, goals_by_default
from hybridgui.maps.matrix_view import MatrixView
from hybridgui.maps.profiler_view import ProfilerView
from hybridgui.maps.work import (
    CurveChoice,
    Decision,
    check,
    curves,
    decide,
    export_all,
    export_figure,
    gather,
    matrix,
    plan,
    report,
)
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import EmptyState, Notice, button, clear_layout, enable, label
from hybridgui.widgets.check_list import CheckList
from hybridgui.widgets.form import Choice, FormGroup, NumberField
from hybridgui.widgets.page import Page

_FIGURES = "PNG picture (*.png);;SVG drawing (*.svg);;PDF (*.pdf);;Numbers behind it (*.csv)"
_SHORT_METHODS = {
    "sobol": "Models: Sobol index",
    "sobol_total": "Models: total Sobol index",
    "pearson": "Data: Pearson",
    "spearman": "Data: Spearman",
    "partial_rank": "Data: partial rank",
}
_DEFAULT_TRACES = 4
_FRESH = 4


class MapsPage(Page):
    """What to expect at every pressure and composition."""

    key = "maps"

    def __init__(self, model: StudyModel):
        super().__init__()
        self._model = model
        self._sources: Sources | None = None
        self._stale = True
        self._reading: Any = None
        self._setting: dict[str, float] = {}
        self._fields: dict[str, NumberField] = {}
        self._build_middle()
        self._build_side()
        model.studyOpened.connect(self._on_study_opened)
        for signal in (model.modelsChanged, model.lawChanged, model.campaignsChanged):
            signal.connect(self._on_sources_changed)
        model.parameterChanged.connect(self._on_parameter_changed)
        model.jobs.ended.connect(lambda _: self._refresh_buttons())
        model.jobs.started.connect(lambda _: self._refresh_buttons())

    # -- building -------------------------------------------------------------------------------------
    def _build_middle(self) -> None:
        self._no_models = EmptyState(
            "ph.chart-line",
            "Maps need models",
            "Train models on the dataset of a campaign: the maps show what they predict at every "
            "pressure, composition and initial porosity.",
            (button("Go to Models", lambda: self._model.go_to("models"), primary=True),),
        )
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        self._problem = Notice("info")
        column.addWidget(self._problem)
        self.curve_grid = CurveGrid()
        column.addWidget(self.curve_grid, 1)
        self.tabs.addTab(page, "Curves")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        self.matrix_view = MatrixView()
        column.addWidget(self.matrix_view, 1)
        self._matrix_note = label("", "small", wrap=True)
        column.addWidget(self._matrix_note)
        self.tabs.addTab(page, "Interdependence")
        self.profiler_view = ProfilerView()
        self.profiler_view.settingChanged.connect(self._on_setting_changed)
        self.tabs.addTab(self.profiler_view, "Profiler")
        self.decide_view = DecideView()
        self.decide_view.verifyAsked.connect(self.verify)
        self.decide_view.planAsked.connect(self.plan_experiments)
        self.decide_view.showAsked.connect(self._on_show_asked)
        self.tabs.addTab(self.decide_view, "Decide")
        self.tabs.currentChanged.connect(lambda _: self._on_tab())
        self.matrix_view.pairChosen.connect(self._on_pair_chosen)
        self.add_middle(self._no_models, self.tabs)
        self.show_middle(self._no_models)

    def _build_side(self) -> None:
        body = self.side.body
        self._curve_group = FormGroup("Curves")
        self.figure_choice = Choice()
        self.figure_choice.setAccessibleName("Property")
        self.figure_choice.edited.connect(
            lambda key: self._model.set_parameter("maps/figure", key, "Choose map")
        )
        self._curve_group.add_wide(self.figure_choice)
        self._boxes: dict[str, QCheckBox] = {}
        for name, text, tip in (
            ("bands", "Intervals", "Bands where new structures should lie"),
            ("points", "Campaign results", "Means of the campaign under the curves"),
            ("labels", "Porosity at 40, 80, 120, 160 MPa", "As in the paper"),
        ):
            box = QCheckBox(text)
            box.setToolTip(tip)
            box.clicked.connect(
                lambda on, name=name: self._model.set_parameter(f"maps/{name}", on, "Change map")
            )
            self._curve_group.add_wide(box)
            self._boxes[name] = box
        body.addWidget(self._curve_group)

        self._matrix_group = FormGroup("Strength of relations")
        self.method_choice = Choice(list(_SHORT_METHODS.items()))
        self.method_choice.setAccessibleName("Measure of strength")
        self.method_choice.edited.connect(
            lambda key: self._model.set_parameter("maps/method", key, "Choose measure")
        )
        self._matrix_group.add_wide(self.method_choice)
        self._method_hint = label("", "small", wrap=True)
        self._matrix_group.add_wide(self._method_hint)
        body.addWidget(self._matrix_group)

        self._profiler_group = QWidget()
        column = QVBoxLayout(self._profiler_group)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        self._settings_group = FormGroup("Setting")
        column.addWidget(self._settings_group)
        group = FormGroup("Responses")
        self.outputs = CheckList(8)
        self.outputs.edited.connect(
            lambda keys: self._model.set_parameter("maps/outputs", keys, "Choose responses")
        )
        group.add_wide(self.outputs)
        column.addWidget(group)
        body.addWidget(self._profiler_group)

        self._goals_group = FormGroup("Choice")
        self.goals = self.decide_view.goals
        self.goals.edited.connect(
            lambda goals: self._model.set_parameter("maps/goals", goals, "Change goals")
        )
        self.robust_box = QCheckBox("Robust choice")
        self.robust_box.setToolTip(
            "Choose the setting that is best on average over the errors of law, models and "
            "process, not the one that looks best on paper."
        )
        self.robust_box.clicked.connect(
            lambda on: self._model.set_parameter("maps/robust", on, "Robust choice")
        )
        self._goals_group.add_wide(self.robust_box)
        self._scatter: dict[str, NumberField] = {}
        for name, text, unit, value, tip in (
            ("gap", "Gap ±", "µm", 2.0, "Scatter of the roll gap, standard deviation"),
            ("initial_porosity", "Initial ε ±", "%", 1.0, "Scatter of the porosity before"),
            ("am", "AM ±", "%", 0.0, "Scatter of the composition"),
        ):
            field = NumberField(0, 50, value, unit, decimals=2, step=0.5, tip=tip)
            field.edited.connect(
                lambda v, name=name: self._model.set_parameter(
                    f"maps/scatter_{name}", v, "Change scatter"
                )
            )
            self._goals_group.add(text, field)
            self._scatter[name] = field
        body.addWidget(self._goals_group)
        self._source_notice = Notice("warning")
        body.addWidget(self._source_notice)

        self.all_button = button("Export all figures…", self.export_all)
        self.side.foot.addWidget(self.all_button)
        self.report_button = button("Report…", self.write_report)
        self.side.foot.addWidget(self.report_button)
        self.export_button = button("Export this figure…", self.export_figure, primary=True)
        self.side.foot.addWidget(self.export_button)
        self.recommend_button = button("Recommend a setting", self.recommend, primary=True)
        self.side.foot.addWidget(self.recommend_button)
        self._refresh_form()

    def menu_actions(self) -> list[QAction]:
        """Actions for the Study menu."""
        action = QAction("Write report…", self)
        action.triggered.connect(lambda *_: self.write_report())
        return [action]

    # -- what the user does -----------------------------------------------------------------------------
    def export_figure(self) -> None:
        """Ask for a file and write the figure shown."""
        data, name = self._shown()
        if data is None:
            self._model.say("info", "This tab has no figure to export: open Curves.")
            return
        path = dialogs.ask_save(
            self.window(), self._model.settings, "export", "Export figure", _FIGURES, f"{name}.png"
        )
        if not path:
            return
        colours = "paper" if self._model.settings.palette == "as in the paper" else "safe"
        self._model.start_job(
            "Exporting the figure",
            lambda job: export_figure(job, data, Path(path), colours),
            stage=self.key,
            finished=lambda _: self._model.say("success", f"Wrote {Path(path).name}."),
        )

    def _shown(self) -> tuple[Any, str]:
        if self.tabs.currentIndex() == 0 and self.curve_grid.data is not None:
            return self.curve_grid.data, f"figure_{self.curve_grid.data.name}"
        if self.tabs.currentIndex() == 1 and self.matrix_view.data is not None:
            return self.matrix_view.data, "figure_10"
        return None, ""

    def export_all(self) -> None:
        """Ask for a folder and write every figure with its numbers."""
        folder = QFileDialog.getExistingDirectory(
            self.window(), "Folder for the figures", self._model.settings.last_folder("export")
        )
        if not folder:
            return
        self._model.settings.set_last_folder("export", folder)
        study = self._model.study
        self._model.start_job(
            "Exporting the figures",
            lambda job: export_all(job, study, Path(folder)),
            stage=self.key,
            finished=lambda files: self._model.say(
                "success", f"{len(files)} files were written to {Path(folder).name}."
            ),
        )

    def write_report(self) -> None:
        """Ask for a file and write the report."""
        if not self._model.is_open:
            return
        path = dialogs.ask_save(
            self.window(),
            self._model.settings,
            "export",
            "Write report",
            "Web page (*.html);;PDF (*.pdf)",
            "report.html",
        )
        if not path:
            return
        study = self._model.study
        self._model.start_job(
            "Writing the report",
            lambda job: report(job, study, Path(path)),
            stage=self.key,
            finished=lambda file: self._model.say("success", f"Wrote {Path(file).name}."),
        )

    # -- deciding -----------------------------------------------------------------------------------
    def recommend(self) -> None:
        """Judge every setting by the goals, and show the best."""
        sources = self._sources
        try:
            targets = self.goals.targets()
        except InputError as error:
            self._model.say("error", str(error))
            return
        robust = self.robust_box.isChecked()
        scatter = {name: field.value() for name, field in self._scatter.items()}
        self._model.start_job(
            "Weighing settings",
            lambda job: decide(job, sources, targets, robust, scatter),
            stage=self.key,
            finished=self._on_decided,
        )

    def _on_decided(self, decision: Decision) -> None:
        self.decide_view.show_decision(decision)
        if not self._model.read_only:
            study = self._model.study
            study.set_setting(RECOMMENDATION_SETTING, decision.recommendation.to_dict())
            study.set_setting(VERIFICATION_SETTING, None)
        self._refresh_buttons()

    def verify(self) -> None:
        """Generate fresh structures at the recommended setting."""
        decision, sources = self.decide_view.decision, self._sources
        if decision is None:
            return
        setting = decision.recommendation.setting

        def show(found) -> None:
            self.decide_view.show_verification(found)
            if not self._model.read_only:
                self._model.study.set_setting(VERIFICATION_SETTING, found.to_dict())

        self._model.start_job(
            "Generating fresh structures",
            lambda job: check(job, sources, setting, _FRESH),
            stage=self.key,
            finished=show,
        )

    def plan_experiments(self) -> None:
        """Ask for a file and write the conditions worth measuring next."""
        decision, sources = self.decide_view.decision, self._sources
        if decision is None:
            return
        path = dialogs.ask_save(
            self.window(),
            self._model.settings,
            "export",
            "Next experiments",
            "Excel workbook (*.xlsx)",
            "next_experiments.xlsx",
        )
        if path:
            self._model.start_job(
                "Planning experiments",
                lambda job: plan(job, sources, decision.found, Path(path)),
                stage=self.key,
                finished=lambda found: self._model.say("success", found.sentence),
            )

    def _on_show_asked(self) -> None:
        """Take the recommended setting to the structure page."""
        decision = self.decide_view.decision
        if decision is None:
            return
        setting = decision.recommendation.setting
        stack = self._model.undo_stack
        stack.beginMacro("Take over the recommended setting")
        for name in ("am_percent", "initial_porosity_percent", "initial_thickness_um"):
            if name in setting:
                self._model.set_parameter(f"structure/{name}", round(setting[name], 4))
        self._model.set_parameter(
            "structure/driver", ["pressure", round(setting["pressure_MPa"], 4)]
        )
        stack.endMacro()
        self._model.go_to("structure")

    # -- sources ------------------------------------------------------------------------------------------
    def activated(self) -> None:
        """Read what the maps stand on, if it changed."""
        if self._stale:
            self._read()
        elif self._sources is not None and self._sources.responses.models:
            self._model.note_maps_seen()

    def _on_study_opened(self) -> None:
        self._sources = None
        self._setting = {}
        self.curve_grid.show_curves(None)
        self.matrix_view.show_matrix(None)
        self.decide_view.show_decision(None)
        self._on_sources_changed()

    def _on_sources_changed(self) -> None:
        self._stale = True
        self._choose_middle()
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        if not self._model.is_open or self._reading is not None:
            return
        if not self._model.study.models():
            self._choose_middle()
            return
        self._stale = False
        study = self._model.study

        def take(sources: Sources) -> None:
            if self._model.is_open and self._model.study is study:
                self._on_sources(sources)

        self._reading = self._model.start_job(
            "Reading the models",
            lambda job: gather(job, study),
            stage="",
            quiet=True,
            finished=take,
        )
        self._reading.ended.connect(self._on_read)

    def _on_read(self) -> None:
        self._reading = None
        if self._stale and self.isVisible():
            self._read()

    def _on_sources(self, sources: Sources) -> None:
        self._sources = sources
        self.decide_view.show_decision(None)  # it stood on other models
        self._source_notice.set_sentences(list(sources.notes))
        stored = self._model.parameter("maps/setting", {})
        known = sources.responses.base
        self._setting = {k: float(stored.get(k, v)) for k, v in known.items()}
        self._refresh_form()
        self._choose_middle()
        self._draw()
        if self.isVisible() and sources.responses.models:
            self._model.note_maps_seen()

    def _choose_middle(self) -> None:
        some = self._model.is_open and bool(self._model.study.models())
        self.show_middle(self.tabs if some else self._no_models)
        for group in (
            self._curve_group,
            self._matrix_group,
            self._profiler_group,
            self._goals_group,
        ):
            group.setEnabled(some)
        self._refresh_groups()
        self._refresh_buttons()

    # -- drawing --------------------------------------------------------------------------------------------
    def _on_tab(self) -> None:
        self._refresh_groups()
        self._refresh_buttons()
        self._draw()

    def _refresh_groups(self) -> None:
        index = self.tabs.currentIndex()
        for number, group in enumerate(
            (self._curve_group, self._matrix_group, self._profiler_group, self._goals_group)
        ):
            group.setVisible(number == index)
        deciding = index == 3
        self.recommend_button.setVisible(deciding)
        self.export_button.setVisible(not deciding)

    def _draw(self) -> None:
        if self._sources is None:
            return
        if self.tabs.currentIndex() == 0:
            self._draw_curves()
        elif self.tabs.currentIndex() == 1:
            self._draw_matrix()
        elif self.tabs.currentIndex() == 2:
            self._draw_profile()

    def _choice(self) -> CurveChoice:
        model = self._model
        return CurveChoice(
            self.figure_choice.current,
            bool(model.parameter("maps/bands", True)),
            bool(model.parameter("maps/points", False)),
            bool(model.parameter("maps/labels", True)),
        )

    def _draw_curves(self) -> None:
        sources, choice = self._sources, self._choice()
        if not choice.figure:
            return

        def show(data) -> None:
            if self._sources is sources and self._choice() == choice:
                self._problem.set_text("")
                self.curve_grid.show_curves(data, bands=choice.bands, labels=choice.labels)
                self._refresh_buttons()

        def refuse(sentence: str, _details: str) -> None:
            self._problem.set_text(sentence, "info")
            self.curve_grid.show_curves(None)
            self._refresh_buttons()

        self._model.start_job(
            "Drawing curves",
            lambda job: curves(job, sources, choice),
            stage="",
            quiet=True,
            finished=show,
            failed=refuse,
        )

    def _draw_matrix(self) -> None:
        sources, method = self._sources, self.method_choice.current

        def show(data) -> None:
            if self._sources is sources and self.method_choice.current == method:
                self.matrix_view.show_matrix(data)
                self._matrix_note.setText(" ".join(data.notes))
                self._refresh_buttons()

        def refuse(sentence: str, _details: str) -> None:
            self.matrix_view.show_matrix(None)
            self._matrix_note.setText(sentence)

        self._model.start_job(
            "Computing relations",
            lambda job: matrix(job, sources, method),
            stage="",
            quiet=True,
            finished=show,
            failed=refuse,
        )

    def _draw_profile(self) -> None:
        sources = self._sources
        outputs = self.outputs.checked()
        if sources is None or not outputs:
            return
        inputs = sources.responses.settings
        try:
            found = profile(sources.responses, self._setting, inputs=inputs, outputs=outputs)
        except InputError as error:
            self.profiler_view.notice.set_text(str(error), "error")
            return
        self.profiler_view.show_profile(found, inputs, outputs)

    def _on_setting_changed(self, name: str, value: float) -> None:
        self._setting[name] = value
        if name in self._fields:
            self._fields[name].show_value(value)
        self._draw_profile()
        self._keep_setting()

    def _keep_setting(self) -> None:
        self._model.set_parameter("maps/setting", dict(self._setting), "Move setting")

    def _on_pair_chosen(self, output: str, _input: str) -> None:
        figure = next((f for f, (y, x) in PAPER_FIGURES.items() if y == output), None)
        if figure is not None and self.figure_choice.findData(figure) >= 0:
            self._model.set_parameter("maps/figure", figure, "Choose map")
            self.tabs.setCurrentIndex(0)

    # -- the form ---------------------------------------------------------------------------------------------
    def _on_parameter_changed(self, key: str, value: Any) -> None:
        if not key.startswith("maps/"):
            return
        if key in ("maps/goals", "maps/robust") or key.startswith("maps/scatter_"):
            self._refresh_form()
            return
        if key == "maps/setting":
            base = self._sources.responses.base if self._sources is not None else {}
            wanted = {k: float(v) for k, v in {**base, **(value or {})}.items()}
            if wanted != self._setting:  # an undo, not the slider itself
                self._setting = wanted
                for name, field in self._fields.items():
                    field.show_value(self._setting.get(name))
                self._draw()
            return
        self._refresh_form()
        self._draw()

    def _refresh_form(self) -> None:
        model, sources = self._model, self._sources
        figures = []
        if sources is not None:
            for figure, (y, x) in PAPER_FIGURES.items():
                if sources.responses.gives(y):
                    against = "" if x == "pressure_MPa" else f" (against {quantity(x).symbol})"
                    text = f"{quantity(y).label}{against}".replace("_", " ")
                    figures.append((figure, text))
        self.figure_choice.set_choices(figures)
        self.figure_choice.show_value(model.parameter("maps/figure", "6"))
        for name, default in (("bands", True), ("points", False), ("labels", True)):
            self._boxes[name].setChecked(bool(model.parameter(f"maps/{name}", default)))
        self.method_choice.show_value(model.parameter("maps/method", "sobol"))
        method = METHODS[self.method_choice.current]
        self._method_hint.setText(f"{method[:1].upper()}{method[1:]}.")
        outputs = list(sources.responses.outputs) if sources is not None else []
        chosen = [o for o in model.parameter("maps/outputs", outputs[:_DEFAULT_TRACES])]
        self.outputs.show_entries(
            [(o, quantity(o).label, quantity(o).label) for o in outputs],
            [o for o in chosen if o in outputs],
        )
        wished = [o for o in outputs if quantity(o).direction]
        self.goals.show_outputs(wished)
        self.goals.show_goals(model.parameter("maps/goals", goals_by_default(wished)))
        self.robust_box.setChecked(bool(model.parameter("maps/robust", True)))
        for (name, field), default in zip(self._scatter.items(), (2.0, 1.0, 0.0), strict=True):
            field.show_value(model.parameter(f"maps/scatter_{name}", default))
        self._refresh_settings()
        self._refresh_buttons()

    def _refresh_settings(self) -> None:
        settings = self._sources.responses.settings if self._sources is not None else []
        if list(self._fields) != settings:
            clear_layout(self._settings_group.form)
            self._fields = {}
            for name in settings:
                low, high = setting_range(self._sources.responses, name)
                found = quantity(name)
                field = NumberField(
                    low, high, low, found.unit, decimals=2, step=max((high - low) / 50, 0.01)
                )
                field.edited.connect(lambda v, name=name: self._on_setting_changed(name, v))
                self._settings_group.add(found.symbol.replace("_", " ") or found.label, field)
                field.setAccessibleName(found.label)
                self._fields[name] = field
        for name, field in self._fields.items():
            field.show_value(self._setting.get(name))

    def _refresh_buttons(self) -> None:
        model = self._model
        reason = ""
        if not model.is_open:
            reason = "No study is open."
        elif not model.study.models():
            reason = "Train models first."
        elif model.jobs.running_in(self.key) is not None:
            reason = "Wait until the running export has ended."
        enable(self.all_button, reason, "Figures 4 to 10, S7 and S8 of the paper, for this study")
        enable(self.report_button, reason, "Data, law, models and figures on one page")
        enable(self.recommend_button, reason, "Judge every setting, and choose the best")
        sources = self._sources
        template = sources.template if sources is not None else None
        self.decide_view.set_obstacles(
            reason or ("" if template is not None else "Run a campaign first."),
            reason or ("" if sources is not None and sources.responses.law else "Fit a law first."),
        )
        if not reason and self._shown()[0] is None:
            reason = "This tab has no figure to export."
        enable(self.export_button, reason, "PNG, SVG, PDF, or the numbers behind it")
