"""The maps page: curves, interdependence, profiler, decision, figures and report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.maps.curves import PAPER_FIGURES
from engine.maps.electrode import CellAssumptions
from engine.maps.profiler import profile
from engine.maps.sources import CELL_SETTING, TURNS_SETTING, Sources, kept_cell, same_law
from engine.maps.verify import condition_at
from hybridgui.maps.curves_form import CurvesForm
from hybridgui.maps.curves_tab import CurvesTab
from hybridgui.maps.decide_form import DecideForm
from hybridgui.maps.decide_view import DecideView, goals_by_default
from hybridgui.maps.deciding import Deciding
from hybridgui.maps.exports import Exports
from hybridgui.maps.matrix_tab import MatrixForm, MatrixTab
from hybridgui.maps.profiler_form import ProfilerForm
from hybridgui.maps.profiler_view import ProfilerView
from hybridgui.maps.work import gather
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import EmptyState, Notice, button, enable
from hybridgui.widgets.form import Choice, FormGroup
from hybridgui.widgets.page import Page


class MapsPage(Page):
    """What to expect at every pressure and composition."""

    key = "maps"

    def __init__(self, model: StudyModel):
        super().__init__()
        self._model = model
        self._sources: Sources | None = None
        self._stale = True
        self._reading: Any = None
        self._exports = Exports(self, model)
        self._setting: dict[str, float] = {}
        self._build_middle()
        self._build_side()
        model.studyOpened.connect(self._on_study_opened)
        for signal in (
            model.tableChanged, model.modelsChanged, model.lawChanged, model.campaignsChanged,
        ):  # fmt: skip
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
        self._curves_tab = CurvesTab(self._model)
        self._curves_tab.drawn.connect(self._refresh_buttons)
        self.curve_grid, self.curve_bar = self._curves_tab.grid, self._curves_tab.bar
        self.curve_bar.electrodeAsked.connect(self.show_electrode)
        self.tabs.addTab(self._curves_tab, "Curves")
        self._matrix_tab = MatrixTab(self._model)
        self._matrix_tab.drawn.connect(self._refresh_buttons)
        self.matrix_view = self._matrix_tab.view
        self.tabs.addTab(self._matrix_tab, "Interdependence")
        self.profiler_view = ProfilerView()
        self.profiler_view.settingChanged.connect(self._on_setting_changed)
        self.profiler_view.bar.electrodeAsked.connect(self.show_electrode)
        self.tabs.addTab(self.profiler_view, "Profiler")
        self.decide_view = DecideView()
        self.decide_view.electrodeAsked.connect(self.show_electrode)
        self.tabs.addTab(self.decide_view, "Decide")
        self.tabs.currentChanged.connect(lambda _: self._on_tab())
        self.matrix_view.pairChosen.connect(self._on_pair_chosen)
        # Above the tabs: it holds for all of them, and must be seen without scrolling.
        self._source_notice = Notice("warning")
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._source_notice)
        column.addWidget(self.tabs, 1)
        self.add_middle(self._no_models, self._content)
        self.show_middle(self._no_models)

    def _build_side(self) -> None:
        body = self.side.body
        self._campaign_group = FormGroup("Results of")
        self.campaign_choice = Choice(tip="Campaigns whose results and models the maps show")
        self.campaign_choice.setAccessibleName("Campaign")
        self.campaign_choice.edited.connect(
            lambda key: self._model.set_parameter("maps/campaign", key, "Choose campaign")
        )
        self._campaign_group.add_wide(self.campaign_choice)
        body.addWidget(self._campaign_group)
        self._curve_group = CurvesForm()
        self.figure_choice = self._curve_group.figure_choice
        self._curve_group.edited.connect(
            lambda name, value: self._model.set_parameter(f"maps/{name}", value, "Change map")
        )
        self._curve_group.held.connect(self._on_setting_changed)
        body.addWidget(self._curve_group)

        self._matrix_group = MatrixForm()
        self._matrix_group.methodChosen.connect(
            lambda key: self._model.set_parameter("maps/method", key, "Choose measure")
        )
        self._matrix_group.paletteChosen.connect(self._on_palette)
        body.addWidget(self._matrix_group)

        self._profiler_group = ProfilerForm()
        self._profiler_group.moved.connect(self._on_setting_changed)
        self._profiler_group.chosen.connect(
            lambda keys: self._model.set_parameter("maps/outputs", keys, "Choose responses")
        )
        self.outputs = self._profiler_group.outputs
        body.addWidget(self._profiler_group)

        self._goals_group = DecideForm()
        self.goals = self._goals_group.goals
        self._goals_group.edited.connect(
            lambda name, value: self._model.set_parameter(f"maps/{name}", value, "Change goals")
        )
        body.addWidget(self._goals_group)
        self._deciding = Deciding(
            self, self._model, self._goals_group, self.decide_view, self._exports
        )
        self._deciding.changed.connect(self._refresh_buttons)

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
        self._exports.figure(*self._shown(), self._sources)

    def _shown(self) -> tuple[Any, str]:
        if self.tabs.currentIndex() == 0 and self.curve_grid.data is not None:
            return self.curve_grid.data, f"figure_{self.curve_grid.data.name}"
        if self.tabs.currentIndex() == 1 and self.matrix_view.data is not None:
            return self.matrix_view.data, "figure_10"
        return None, ""

    def export_all(self) -> None:
        """Ask for a folder and write every figure with its numbers."""
        self._exports.all_figures(self._campaign)

    def write_report(self) -> None:
        """Ask for a file and write the report."""
        if self._model.is_open:
            self._exports.report(self._campaign)

    # -- deciding -----------------------------------------------------------------------------------
    def recommend(self) -> None:
        """Judge every setting by the goals, and show the best."""
        self._deciding.recommend()

    def show_electrode(self, setting: dict[str, float]) -> None:
        """Generate the electrode of a setting, made as those of the campaign, and show it."""
        sources = self._sources
        if sources is None or sources.template is None:
            return
        try:
            condition, _ = condition_at(sources.responses, setting, sources.template)
        except InputError as error:
            self._model.say("error", str(error))
            return
        if not same_law(self._model.law, sources.responses.law.to_dict()):
            # The study has another law by now: the porosity of the maps counts, not its own.
            condition = replace(condition, pressure=None, gap=None)
        self._model.ask_electrode(condition)

    def _on_palette(self, name: str) -> None:
        self._model.settings.palette = name
        self.matrix_view.update()

    # -- sources ------------------------------------------------------------------------------------------
    def activated(self) -> None:
        """Read what the maps stand on, if it changed."""
        if self._stale:
            self._read()

    def _on_study_opened(self) -> None:
        self._sources = None
        self._setting = {}
        self._curves_tab.clear()
        self._matrix_tab.clear()
        self._deciding.show_sources(None)
        self._on_sources_changed()

    def _on_sources_changed(self) -> None:
        self._stale = True
        self._show_campaigns()
        self._choose_middle()
        if self.isVisible():
            self._read()

    @property
    def _campaign(self) -> int | None:
        """The one campaign that counts, None for all."""
        key = self.campaign_choice.current
        return int(key) if key else None

    def _show_campaigns(self) -> None:
        """Offer the campaigns that have results; nothing to choose where there is one."""
        records = (
            [c for c in self._model.study.campaigns() if c.done] if self._model.is_open else []
        )
        choices = [("", "All campaigns made alike")]
        choices += [(f"{c.id}", f"Campaign {c.id} · {c.done} structures") for c in records]
        self.campaign_choice.set_choices(choices)
        self.campaign_choice.show_value(str(self._model.parameter("maps/campaign", "") or ""))
        self._campaign_group.setVisible(len(records) > 1)

    def _read(self) -> None:
        if not self._model.is_open or self._reading is not None:
            return
        if not self._model.study.has_models:
            self._choose_middle()
            return
        self._stale = False
        study, campaign = self._model.study, self._campaign

        def take(sources: Sources) -> None:
            if self._model.is_open and self._model.study is study and campaign == self._campaign:
                self._on_sources(sources)

        self._reading = self._model.start_job(
            "Reading the models" if campaign is None else f"Learning from campaign {campaign}",
            lambda job: gather(job, study, campaign),
            stage="",
            quiet=campaign is None,
            finished=take,
        )
        self._reading.ended.connect(self._on_read)

    def _on_read(self) -> None:
        self._reading = None
        if self._stale and self.isVisible():
            self._read()

    def _on_sources(self, sources: Sources) -> None:
        self._sources = sources
        self._deciding.show_sources(sources)
        self._source_notice.set_sentences(list(sources.notes), folded=True)
        stored = self._model.parameter("maps/setting", {})
        known = sources.responses.base
        self._setting = {k: float(stored.get(k, v)) for k, v in known.items()}
        self._refresh_form()
        self._choose_middle()
        self._draw()

    def _choose_middle(self) -> None:
        some = self._model.is_open and self._model.study.has_models
        self.show_middle(self._content if some else self._no_models)
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
        for place, group in enumerate(
            (self._curve_group, self._matrix_group, self._profiler_group, self._goals_group)
        ):
            group.setVisible(place == index)
        deciding = index == 3
        self.recommend_button.setVisible(deciding)
        self.export_button.setVisible(index < 2)  # the others have no figure of their own

    def _draw(self) -> None:
        if self._sources is None:
            return
        if self.tabs.currentIndex() == 0:
            self._curves_tab.draw(self._sources, self._curve_group.choice())
        elif self.tabs.currentIndex() == 1:
            self._matrix_tab.draw(self._sources, self._matrix_group.method)
        elif self.tabs.currentIndex() == 2:
            self._draw_profile()
        else:
            self._deciding.follow()

    def _draw_profile(self) -> None:
        sources = self._sources
        outputs = self.outputs.checked()
        if sources is None or not outputs:
            return
        inputs = sources.responses.settings
        try:
            found = profile(sources.responses, self._setting, inputs=inputs, outputs=outputs)
        except InputError as error:
            self.profiler_view.foot.show_notes([str(error)])
            return
        self.profiler_view.show_profile(found, inputs, outputs)

    def _on_setting_changed(self, name: str, value: float) -> None:
        self._setting = {**self._setting, name: value}
        self._profiler_group.show_setting(self._setting)
        self._curve_group.show_values(self._parameters(), self._setting)
        self._draw()
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
        if key == "maps/cell":
            self._take_cell(value)
        elif key == "maps/lab_variable":
            self._take_lab_variable(value)
        elif key == "maps/campaign":
            self._on_sources_changed()
            return
        elif key in (
            "maps/goals",
            "maps/robust",
            "maps/fixed",
            "maps/inside_only",
        ) or key.startswith("maps/scatter_"):
            self._refresh_form()
            if self.tabs.currentIndex() == 3:
                self._deciding.follow()
            return
        if key == "maps/setting":
            base = self._sources.responses.base if self._sources is not None else {}
            wanted = {k: float(v) for k, v in {**base, **(value or {})}.items()}
            if wanted != self._setting:  # an undo, not the slider itself
                self._setting = wanted
                self._refresh_form()
                self._draw()
            return
        self._refresh_form()
        self._draw()

    def _parameters(self) -> dict[str, Any]:
        """Parameters of this page without their prefix; those never set are left out."""
        names = ("figure", "roles", "bands", "points", "measured", "labels")
        names += ("goals", "fixed", "robust", "scatter_gap", "scatter_initial_porosity")
        names += ("scatter_am", "scatter_pressure", "cell", "inside_only")
        found = {name: self._model.parameter(f"maps/{name}") for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def _take_cell(self, values: dict[str, float] | None) -> None:
        """Use other assumptions on the cell, and keep them for the report."""
        if not self._model.read_only:
            self._model.study.set_setting(CELL_SETTING, values)
        if self._sources is not None:
            cell = CellAssumptions(**values) if values else kept_cell(self._model.study)
            responses = replace(self._sources.responses, cell=cell)
            self._sources = replace(self._sources, responses=responses)
            self._deciding.show_sources(self._sources)

    def _take_lab_variable(self, name: str | None) -> None:
        """Speak of the roll gap or the pressure first, in the report too."""
        if not self._model.read_only:
            self._model.study.set_setting(TURNS_SETTING, name)
        if name is None:
            self._on_sources_changed()  # what the sheet says counts again
        elif self._sources is not None:
            responses = replace(self._sources.responses, turns=name)
            self._sources = replace(self._sources, responses=responses)
            self._deciding.show_sources(self._sources)

    def _refresh_form(self) -> None:
        model, sources = self._model, self._sources
        responses = sources.responses if sources is not None else None
        values = self._parameters()
        self._curve_group.show_sources(responses)
        self._curve_group.show_values(values, self._setting)
        method = model.parameter("maps/method", "sobol")
        self._matrix_group.show_values(method, model.settings.palette)
        self._profiler_group.show_sources(responses, model.parameter("maps/outputs", None))
        self._profiler_group.show_setting(self._setting)
        self._goals_group.show_sources(responses)
        self._goals_group.show_values(
            values, goals_by_default(list(responses.outputs) if responses is not None else [])
        )
        self._refresh_buttons()
        self._deciding.mark_earlier()

    def _refresh_buttons(self) -> None:
        model = self._model
        reason = ""
        if not model.is_open:
            reason = "No study is open."
        elif not model.study.has_models:
            reason = "Train models first."
        elif model.jobs.running_in(self.key) is not None:
            reason = "Wait until the running export has ended."
        enable(self.all_button, reason, "Figures 4 to 10, S7 and S8 of the paper, for this study")
        enable(self.report_button, reason, "Data, law, models and figures on one page")
        enable(self.recommend_button, reason, "Judge every setting, and choose the best")
        no_template = self._deciding.refresh_buttons(reason)
        for bar in (self.curve_bar, self.profiler_view.bar):
            bar.set_obstacle(no_template)
        if not reason and self._shown()[0] is None:
            reason = "This tab has no figure to export."
        enable(self.export_button, reason, "PNG, SVG, PDF, or the numbers behind it")
