"""The campaign page: design, run, watch, and the dataset that comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QTabWidget,
    QWidget,
)

from engine.campaign.design import Design
from engine.campaign.estimate import Estimate
from engine.campaign.events import CampaignStarted, StructureDone, StructureFailed, WorkersRestarted
from engine.errors import InputError
from hybridgui import dialogs
from hybridgui.bridge import Job
from hybridgui.campaign.condition_grid import Cell
from hybridgui.campaign.conditions_tab import ConditionsTab
from hybridgui.campaign.cost import in_words, shortages, wants_to_start
from hybridgui.campaign.design_form import DesignForm
from hybridgui.campaign.notification import notify
from hybridgui.campaign.tables import DatasetTab, FailuresTab
from hybridgui.campaign.work import DesignPreview, export, preview, run, time_pilot
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import EmptyState, button, enable, make_primary
from hybridgui.widgets.form import Choice
from hybridgui.widgets.page import Page

# Tables are drawn anew while results arrive: not more often, and for a small share of the time.
_LEAST_WAIT_MS, _MOST_SHARE = 1500, 0.05
# Larger designs are timed before they begin.
_PILOT_FROM = 100
_EXPORTS = "Comma-separated values (*.csv);;Excel workbook (*.xlsx);;Parquet (*.parquet)"


class CampaignPage(Page):
    """Many structures over a grid of conditions."""

    key = "campaign"

    def __init__(self, model: StudyModel):
        super().__init__()
        self._model = model
        self._campaign: int | None = None
        self._running: int | None = None
        self._problem = ""
        self._anew = False
        self._dirty = False
        self._estimates: dict[tuple[str, int], Estimate] = {}
        self._memory: dict[int, int] = {}
        self._build_middle()
        self._build_side()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LEAST_WAIT_MS)
        self._later.timeout.connect(self._show_dataset)
        model.studyOpened.connect(self._on_study_opened)
        model.lawChanged.connect(self._on_law_changed)
        model.campaignsChanged.connect(self._on_campaigns_changed)
        model.resultsArrived.connect(self._on_results_arrived)
        model.jobs.started.connect(self._on_job_started)
        model.jobs.ended.connect(lambda _: self._refresh_buttons())

    # -- building -----------------------------------------------------------------------------------
    def _build_middle(self) -> None:
        self._no_law = EmptyState(
            "ph.grid-four",
            "A campaign needs a calendering law",
            "The law turns pressure into porosity. Fit one to your measurements, or use the "
            "published one.",
            (button("Go to Experiment", lambda: self._model.go_to("experiment"), primary=True),),
        )
        self._empty = EmptyState(
            "ph.grid-four",
            "No campaign yet",
            "Set what to vary at the right and start: each condition gets several structures, "
            "each structure its properties. You can pause, cancel and resume at any time; every "
            "result is kept as it arrives.",
        )
        self.conditions_tab = ConditionsTab()
        self.grid = self.conditions_tab.grid
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.conditions_tab, "Conditions")
        self.tabs.addTab(self._build_dataset(), "Dataset")
        self.tabs.addTab(self._build_failures(), "Failures")
        self.tabs.currentChanged.connect(lambda _: self._show_dataset())
        self.campaign_choice = Choice(tip="Campaigns of this study")
        self.campaign_choice.edited.connect(lambda key: self._show_campaign(int(key)))
        self.header.actions.addWidget(self.campaign_choice)
        self.add_middle(self._no_law, self._empty, self.tabs)
        self.show_middle(self._no_law)

    def _build_dataset(self) -> QWidget:
        tab = DatasetTab()
        tab.exportAsked.connect(self.export_dataset)
        tab.choiceChanged.connect(self._show_dataset)
        self.dataset_tab, self.dataset_view = tab, tab.table
        self.copy_button, self.export_button = tab.copy_button, tab.export_button
        return tab

    def _build_failures(self) -> QWidget:
        tab = FailuresTab()
        tab.rerunAsked.connect(self.rerun_failed)
        self.failures_tab, self.failures_view = tab, tab.table
        self.rerun_button = tab.rerun_button
        return tab

    def _build_side(self) -> None:
        self.form = DesignForm(self._model)
        self.form.designChanged.connect(self._on_design_changed)
        self.form.estimate_button.clicked.connect(lambda *_: self.time_pilot())
        self.side.body.addWidget(self.form)
        self.resume_button = button("Resume campaign", lambda: self.resume())
        self.side.foot.addWidget(self.resume_button)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.pause_button = button("Pause", self._on_pause)
        self.cancel_button = button("Cancel", self._on_cancel)
        row.addWidget(self.pause_button)
        row.addWidget(self.cancel_button)
        self.side.foot.addLayout(row)
        self.start_button = button("Start campaign", self._on_start, primary=True)
        self.side.foot.addWidget(self.start_button)

    def menu_actions(self) -> list[QAction]:
        """Actions for the Study menu."""
        remove = QAction("Remove this campaign…", self)
        remove.triggered.connect(lambda *_: self.remove_campaign())
        return [remove]

    # -- what the user does ---------------------------------------------------------------------------
    def start(self) -> None:
        """Start the design as it stands; an equal design resumes."""
        try:
            design = self.form.design()
        except InputError as error:
            self._model.say("error", str(error))
            return
        begun = any(
            Design.from_dict(c.design).key == design.key and c.done
            for c in self._model.study.campaigns()
        )
        found = self._estimates.get((design.key, self.form.worker_count))
        if found is None and not begun and design.structures >= _PILOT_FROM:
            self.time_pilot(then=lambda found: self._start(design, found))
        else:
            self._start(design, None if begun else found)

    def _is_begun(self) -> bool:
        """Whether the form asks for the campaign shown, so that starting it would resume."""
        try:
            design = self.form.design()
        except InputError:
            return False
        record = self._model.study.campaign(self._campaign)
        return Design.from_dict(record.design).key == design.key

    def _on_start(self) -> None:
        if self._anew:
            self.start_anew()
        else:
            self.start()

    def start_anew(self) -> None:
        """Remove what the campaign shown has, after asking once, and begin it again."""
        number = self._campaign
        if number is not None and self.remove_campaign("Its structures are made again."):
            self.start()

    def _start(self, design: Design, found: Estimate | None) -> None:
        """Begin; ask where it will take long or not fit."""
        if found is None or wants_to_start(self.window(), design, found):
            self._run(design, None)

    def resume(self, campaign: int | None = None) -> None:
        """Go on with a campaign, by default the one shown."""
        chosen = self._campaign if campaign is None else campaign
        if chosen is not None and self._job is None:
            self._run(None, chosen)

    def rerun_failed(self) -> None:
        """Try the failed structures of the campaign again."""
        if self._campaign is None:
            return
        try:
            self._model.study.retry_failed(self._campaign)
        except InputError as error:
            self._model.say("error", str(error))
            return
        self._run(None, self._campaign)

    def _run(self, design: Design | None, campaign: int | None) -> None:
        study, workers = self._model.study, self.form.worker_count
        self._running = campaign
        self._model.start_job(
            "Campaign",
            lambda job: run(job, study, design, campaign, workers),
            stage=self.key,
            pausable=True,
            event=self._on_event,
            finished=self._on_finished,
            cancelled=lambda: self._on_ended(
                "info", "The campaign was stopped; resume it any time."
            ),
            failed=self._on_failed,
        )

    def remove_campaign(self, then: str = "") -> bool:
        """Remove the campaign shown, after asking once; whether it was."""
        if self._campaign is None:
            self._model.say("info", "There is no campaign to remove.")
            return False
        if self._job is not None:
            self._model.say("error", "The campaign is running: cancel it before you remove it.")
            return False
        record = self._model.study.campaign(self._campaign)
        answer = dialogs.ask(
            self.window(),
            f"Remove campaign {record.id}?",
            f"Its {record.done:,} results are removed from the study. {then} This cannot be "
            "undone.".replace("  ", " "),
            [("remove", "Remove"), ("keep", "Keep it")],
            default="keep",
            escape="keep",
        )
        if answer != "remove":
            return False
        self._model.study.remove_campaign(self._campaign)
        self._campaign = None
        self._model.note_campaigns()
        return True

    def export_dataset(self) -> None:
        """Ask for a file and write the dataset."""
        if not self._model.is_open or self._model.dataset.empty:
            self._model.say("error", "There is no dataset yet: run a campaign first.")
            return
        path = dialogs.ask_save(
            self.window(), self._model.settings, "export", "Export dataset", _EXPORTS, "dataset.csv"
        )
        if not path:
            return
        study = self._model.study
        self._model.start_job(
            "Exporting",
            lambda job: export(job, study, Path(path), False),
            stage="",
            finished=lambda rows: self._model.say(
                "success", f"{rows} conditions were written to {Path(path).name}."
            ),
        )

    def _on_job_started(self, job: Job) -> None:
        job.pausedChanged.connect(lambda _: self._refresh_buttons())
        self._refresh_buttons()

    def _on_pause(self) -> None:
        job = self._job
        if job is not None:
            job.set_paused(not job.paused)
            self._refresh_buttons()

    def _on_cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    @property
    def _job(self):
        return self._model.jobs.running_in(self.key)

    # -- what the engine said ---------------------------------------------------------------------------
    def _on_event(self, event: Any) -> None:
        match event:
            case CampaignStarted():
                self._running = event.campaign
                self._memory.clear()
                law = self._model.study.campaign(event.campaign).design["law"]
                self._campaign = event.campaign
                self._model.note_campaigns(law)
                self.tabs.setCurrentIndex(0)
            case StructureDone():
                self._memory[event.worker] = event.worker_memory
                if event.campaign == self._campaign:
                    self.grid.count_done(event.number)
                    self._show_counts(event.done, event.failed, event.total)
                self._model.note_results()
            case StructureFailed():
                if event.campaign == self._campaign:
                    self.grid.count_done(event.number, failed=True)
                    self._show_counts(event.done, event.failed, event.total)
                self._model.note_results()
            case WorkersRestarted():
                self._memory.clear()
                self._model.say(
                    "warning",
                    f"The workers were started again because {event.reason}; "
                    f"{event.retried} structures are tried once more.",
                )

    def _on_finished(self, result: Any) -> None:
        failed = result.failed if result is not None else 0
        text = f"The campaign is done: {result.done:,} structures."
        if failed:
            text = f"The campaign is done: {result.done:,} structures, {failed} failed."
        self._on_ended("warning" if failed else "success", text)
        notify(self.window(), "Campaign done", text)

    def _on_failed(self, sentence: str, details: str) -> None:
        self._on_ended("error", sentence, details)
        notify(self.window(), "Campaign stopped", sentence)

    def _on_ended(self, level: str, text: str, details: str = "") -> None:
        self._running = None
        self._memory.clear()
        self._show_memory()
        self._model.note_campaigns()
        self._model.say(level, text, details)

    # -- what changed -------------------------------------------------------------------------------------
    def activated(self) -> None:
        """Bring the tables up to date."""
        if self._dirty:
            self._show_dataset()

    def _on_study_opened(self) -> None:
        self._campaign = None
        self.form.refresh()
        self._on_campaigns_changed()

    def _on_law_changed(self) -> None:
        self.form.show_law()
        self._on_design_changed()
        self._choose_middle()

    def _on_campaigns_changed(self) -> None:
        model = self._model
        if not model.is_open:
            return
        campaigns = model.study.campaigns()
        known = [c.id for c in campaigns]
        if self._campaign not in known:
            self._campaign = known[-1] if known else None
        self.campaign_choice.set_choices(
            [(str(c.id), f"Campaign {c.id} ({c.structures:,} structures)") for c in campaigns]
        )
        self.campaign_choice.setVisible(len(campaigns) > 1)
        if self._campaign is not None:
            self.campaign_choice.show_value(str(self._campaign))
            self._show_campaign(self._campaign)
        self._choose_middle()
        self._refresh_buttons()

    def _choose_middle(self) -> None:
        if self._campaign is not None:
            self.show_middle(self.tabs)
        elif self._model.is_open and self._model.law is not None:
            self.show_middle(self._empty)
        else:
            self.show_middle(self._no_law)

    def _show_campaign(self, campaign: int) -> None:
        self._campaign = campaign
        study = self._model.study
        record = study.campaign(campaign)
        repeats = int(record.design.get("repeats", 1))
        cells = {c.number: Cell(c.number, c.values, repeats) for c in study.conditions(campaign)}
        for result in study.results(campaign):
            if result.status == "done":
                cells[result.number].done += 1
            elif result.status == "failed":
                cells[result.number].failed += 1
        by_gap = "gap_um" in record.design.get("variables", {})
        self.grid.show_conditions(list(cells.values()), "gap_um" if by_gap else "pressure_MPa")
        self._show_counts(record.done, record.failed, record.structures)
        self._show_dataset()
        self._refresh_buttons()

    def _show_counts(self, done: int, failed: int, total: int) -> None:
        self.conditions_tab.show_counts(done, failed, total)
        self._show_memory()
        self.tabs.setTabText(2, f"Failures ({failed:,})" if failed else "Failures")
        self.tabs.setTabEnabled(2, bool(failed))
        self.tabs.setTabToolTip(2, "" if failed else "No structure failed")

    def _show_memory(self) -> None:
        self.conditions_tab.show_memory(self._memory if self._job is not None else {})

    def _on_results_arrived(self) -> None:
        self._dirty = True
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _show_dataset(self) -> None:
        if self._campaign is None or not self._model.is_open:
            return
        self._dirty = False
        began = time.monotonic()
        frame = self._model.study.dataset(self._campaign)
        self.conditions_tab.show_dataset(frame)
        if self.tabs.currentIndex() == 1:
            variables = self._model.study.campaign(self._campaign).design.get("variables", {})
            self.dataset_tab.show_frame(frame, by_pressure="pressure_MPa" in variables)
        elif self.tabs.currentIndex() == 2:
            self._show_failures()
        enable(self.export_button, "" if len(frame) else "No condition has a result yet.")
        spent = 1000 * (time.monotonic() - began)
        self._later.setInterval(max(_LEAST_WAIT_MS, round(spent / _MOST_SHARE)))

    def _show_failures(self) -> None:
        study = self._model.study
        conditions = {record.number: record for record in study.conditions(self._campaign)}
        self.failures_tab.show_failures(study.failures(self._campaign), conditions)

    # -- design ---------------------------------------------------------------------------------------------
    def _on_design_changed(self) -> None:
        self._problem = ""
        try:
            design = self.form.design()
        except InputError as error:
            self._problem = str(error)
            self.form.summary.setText("")
            no_law = self._model.is_open and self._model.law is None
            self.form.show_problem("" if no_law else self._problem)
            self._refresh_buttons()
            return
        self._show_summary(design)
        self._refresh_buttons()
        self._model.start_job(
            "Design",
            lambda job: preview(job, design),
            stage="",
            quiet=True,
            finished=self._on_preview,
            failed=lambda sentence, _: self._on_preview_failed(design, sentence),
        )

    def _show_summary(self, design: Design) -> None:
        text = f"{design.count:,} conditions × {design.repeats} = {design.structures:,} structures"
        found = self._estimates.get((design.key, self.form.worker_count))
        if found is not None:
            text += f"\n{in_words(found)}"
        self.form.summary.setText(text)

    def time_pilot(self, then: Callable[[Estimate], None] | None = None) -> None:
        """Time a few structures, to say what the whole campaign will take."""
        try:
            design = self.form.design()
        except InputError as error:
            self._model.say("error", str(error))
            return
        workers, folder = self.form.worker_count, self._model.path.parent

        def show(found: Estimate) -> None:
            self._estimates[design.key, workers] = found
            if self._is_present(design):
                self._show_summary(design)
            if then is not None:
                # when this job has left the list of running work
                QTimer.singleShot(0, self, lambda: then(found))
                return
            for sentence in shortages(design, found):
                self._model.say("warning", sentence)

        self._model.start_job(
            "Timing a pilot",
            lambda job: time_pilot(job, design, workers, folder),
            stage=self.key,
            finished=show,
        )

    def _on_preview(self, result: DesignPreview) -> None:
        if not self._is_present(result.design):
            return
        self.form.show_warnings(result.warnings)

    def _on_preview_failed(self, design: Design, sentence: str) -> None:
        if self._is_present(design):
            self._problem = sentence
            self.form.show_problem(sentence)
            self._refresh_buttons()

    def _is_present(self, design: Design) -> bool:
        try:
            return self._model.is_open and self.form.design() == design
        except InputError:
            return False

    def _refresh_buttons(self) -> None:
        model = self._model
        job = self._job
        running = job is not None
        self.pause_button.setVisible(running and job.pausable)
        self.cancel_button.setVisible(running)
        if running:
            self.pause_button.setText("Resume" if job.paused else "Pause")
        record = None
        if model.is_open and self._campaign is not None:
            record = next((c for c in model.study.campaigns() if c.id == self._campaign), None)
        unfinished = record is not None and record.pending > 0 and not running
        self.resume_button.setVisible(unfinished)
        if unfinished:
            self.resume_button.setText(f"Resume ({record.pending:,} structures left)")
        reason = ""
        if not model.is_open:
            reason = "No study is open."
        elif model.read_only:
            reason = "This study is read-only: save a copy to change it."
        elif running:
            reason = "The campaign is running."
        elif model.law is None:
            reason = "Fit a calendering law first, on the Experiment page."
        elif self._problem:
            reason = self._problem
        self._anew = record is not None and not running and self._is_begun()
        another = "Start campaign" if record is None else "Start another campaign"
        self.start_button.setText("Start anew…" if self._anew else another)
        make_primary(self.resume_button, unfinished)
        make_primary(self.start_button, not unfinished and not self._anew)
        self.start_button.setVisible(not running)
        enable(
            self.form.estimate_button,
            reason,
            "Generate a few structures to see how long all will take",
        )
        enable(
            self.start_button,
            reason,
            "Remove these results and make every structure again"
            if self._anew
            else "Generate and characterise every structure",
        )
        enable(self.resume_button, "" if not model.read_only else "This study is read-only.")
        enable(self.rerun_button, "The campaign is running." if running else "")
