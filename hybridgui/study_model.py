"""The one model that all pages observe: the open study, its parameters, its undo history."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from engine.errors import InputError
from engine.structure.materials import Material
from engine.study import Study
from hybridgui.bridge import Job, JobCentre, Work
from hybridgui.leftovers import LAST_STRUCTURE, UNTITLED, remove_study
from hybridgui.settings import Settings, data_folder
from hybridgui.stages import STAGE_KEYS, Advice, StageState
from hybridgui.undo import DocumentCommand, ParameterCommand

_PARAMETERS = "window/parameters"
_PROVENANCE = "window/provenance"
_SHEET_SOURCE = "window/sheet_source"
_AS_SAID = "as said before"


def fingerprint(data: Any) -> str:
    """Return a short name of a JSON value: equal values, equal names."""
    text = json.dumps(data, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _while(wanted: Callable[[], bool], slot: Callable[..., None]) -> Callable[..., None]:
    """Return the slot that does nothing once its answer is not wanted any more."""

    def called(*answer: Any) -> None:
        if wanted():
            slot(*answer)

    return called


class StudyModel(QObject):
    """An engine `Study` with signals, undo, and the jobs that work on it.

    Signals
    -------
    studyOpened : another study is open; everything may be different
    titleChanged : name of the study changed
    tableChanged, lawChanged, modelsChanged, stacksChanged : that part was replaced
    campaignsChanged : a campaign was added, removed, started or ended
    resultsArrived : structures were recorded (at most a few times a second)
    parameterChanged : (key, value) a field of a form has another value
    lastStructureChanged : a structure was generated or read, on the structure page
    stagesChanged : states of the stages or the next step may be others
    stageRequested : somebody asks to see a stage
    studyRequested : (path) somebody asks to open a study
    electrodeRequested : (condition, record) somebody asks to see the electrode of a condition; the
        record is that of a structure made before, or None where one is to be generated
    messageRaised : (level, sentence, details) for the user
    problemsSolved : what was said to have gone wrong has succeeded since
    """

    studyOpened = Signal()
    titleChanged = Signal()
    tableChanged = Signal()
    lawChanged = Signal()
    campaignsChanged = Signal()
    resultsArrived = Signal()
    modelsChanged = Signal()
    stacksChanged = Signal()
    parameterChanged = Signal(str, object)
    lastStructureChanged = Signal()
    stagesChanged = Signal()
    stageRequested = Signal(str)
    studyRequested = Signal(object)
    electrodeRequested = Signal(object, object)
    messageRaised = Signal(str, str, str)
    problemsSolved = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None):
        super().__init__(parent)
        self.settings = settings
        self.jobs = JobCentre(self)
        self.undo_stack = QUndoStack(self)
        self._study: Study | None = None
        self._untitled = False
        self._parameters: dict[str, Any] = {}
        self._provenance: dict[str, Any] = {}
        self._dataset: pd.DataFrame | None = None
        self._table: Any = None
        self._write_soon = QTimer(self)
        self._write_soon.setSingleShot(True)
        self._write_soon.setInterval(250)
        self._write_soon.timeout.connect(self.flush)
        self._results_soon = QTimer(self)
        self._results_soon.setSingleShot(True)
        self._results_soon.setInterval(400)
        self._results_soon.timeout.connect(self._on_results_soon)
        self.jobs.started.connect(self._on_job_started)
        self.jobs.ended.connect(lambda _: self.stagesChanged.emit())
        for signal in (
            self.studyOpened,
            self.tableChanged,
            self.lawChanged,
            self.campaignsChanged,
            self.resultsArrived,
            self.modelsChanged,
            self.lastStructureChanged,
        ):
            signal.connect(self.stagesChanged)

    # -- the study ----------------------------------------------------------------------------
    @property
    def study(self) -> Study:
        """The open study."""
        if self._study is None:
            raise InputError("No study is open: open one, or begin a new one.")
        return self._study

    @property
    def is_open(self) -> bool:
        """Whether a study is open."""
        return self._study is not None

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed."""
        return self._study is not None and self._study.read_only

    @property
    def is_untitled(self) -> bool:
        """Whether the study lives in the data folder until "Save as"."""
        return self._untitled

    @property
    def path(self) -> Path | None:
        """File of the study."""
        return self._study.path if self._study is not None else None

    @property
    def title(self) -> str:
        """Name for the title bar."""
        if self._study is None:
            return ""
        name = "Untitled study" if self._untitled else self._study.path.name
        return f"{name} (read-only)" if self.read_only else name

    @property
    def is_empty(self) -> bool:
        """Whether the study holds nothing worth keeping."""
        study = self.study
        return (
            self._table is None
            and study.law() is None
            and not study.campaigns()
            and not study.all_models()
            and not study.stacks()
            and not self.last_structure
        )

    def new(self) -> None:
        """Begin an untitled study; it is safe on disk from the start."""
        stamp = datetime.datetime.now().strftime("%Y-%m-%d %H-%M-%S")
        folder = data_folder()
        path = folder / f"{UNTITLED} {stamp}.study"
        number = 2
        while path.exists():
            path = folder / f"{UNTITLED} {stamp} {number}.study"
            number += 1
        self._take(Study.create(path), untitled=True)

    def open(self, path: str | Path, read_only: bool = False) -> None:
        """Open a study in place of the present one, which stays open if this fails."""
        path = Path(path).resolve()
        if self._study is not None and path == self._study.path.resolve():
            return
        study = Study.open(path, read_only=read_only)
        untitled = path.parent == data_folder().resolve() and path.name.startswith(UNTITLED)
        self._take(study, untitled=untitled)
        if not untitled:
            self.settings.add_recent_file(path)

    def save_as(self, path: str | Path) -> None:
        """Copy the study to `path` and go on working there.

        Raises
        ------
        InputError
            If work is running that writes to the study, or the file cannot be written.
        """
        path = Path(path).resolve()
        self._refuse_while_running("save under another name")
        self.flush()
        before, untitled = self.study, self._untitled
        if path == before.path.resolve():
            return
        before.save_copy(path, overwrite=True)
        study = Study.open(path)
        old_path = before.path
        self._let_go()
        self._take(study, untitled=False, quiet=True)
        if untitled:
            remove_study(old_path)
        self.settings.add_recent_file(path)
        self.titleChanged.emit()

    def close(self, *, discard_untitled: bool = False) -> None:
        """Close the study. An untitled one is removed when it is empty, or on request."""
        if self._study is None:
            return
        self.flush()
        remove = self._untitled and (discard_untitled or self.is_empty)
        path = self._study.path
        self._let_go()
        if remove:
            remove_study(path)

    def _take(self, study: Study, *, untitled: bool, quiet: bool = False) -> None:
        if self._study is not None:
            self.close(discard_untitled=False)
        self._study, self._untitled = study, untitled
        self.settings.begin_session(study.path)
        self._parameters = dict(study.get_setting(_PARAMETERS, {}))
        self._provenance = dict(study.get_setting(_PROVENANCE, {}))
        self._dataset = None
        try:
            self._table = study.table()
        except InputError as error:
            self._table = None
            self.messageRaised.emit("error", str(error), "")
        if not quiet:
            self.undo_stack.clear()
            self.titleChanged.emit()
            self.studyOpened.emit()

    def _let_go(self) -> None:
        assert self._study is not None
        self._write_soon.stop()
        self._results_soon.stop()
        self.settings.end_session(self._study.path)
        self._study.close()
        self._study = None
        self._dataset = None

    def _refuse_while_running(self, what: str) -> None:
        if self.jobs.running:
            raise InputError(
                f"{self.jobs.running[-1].title} is still running: wait for it or cancel it "
                f"before you {what}."
            )

    # -- parameters of the forms ----------------------------------------------------------------
    def parameter(self, key: str, default: Any = None) -> Any:
        """Value of a field, e.g. ``"structure/pressure_MPa"``."""
        return self._parameters.get(key, default)

    def set_parameter(self, key: str, value: Any, text: str = "") -> None:
        """Change a field (undoable); `text` names it in the Edit menu ("Change pressure")."""
        before = self._parameters.get(key)
        if before != value:
            self.undo_stack.push(
                ParameterCommand(self._put_parameter, key, before, value, text or f"Change {key}")
            )

    def keep_parameter(self, key: str, value: Any) -> None:
        """Keep with the study what is no input, e.g. the page last looked at; nothing to undo."""
        if self._study is not None and not self.read_only and self._parameters.get(key) != value:
            self._parameters[key] = value
            self._write_soon.start()

    def _put_parameter(self, key: str, value: Any) -> None:
        if value is None:
            self._parameters.pop(key, None)
        else:
            self._parameters[key] = value
        self._write_soon.start()
        self.parameterChanged.emit(key, value)

    def flush(self) -> None:
        """Write what is waiting to be written."""
        self._write_soon.stop()
        if self._study is None or self._study.read_only:
            return
        self._study.set_setting(_PARAMETERS, self._parameters)

    # -- experiment -------------------------------------------------------------------------------
    @property
    def table(self) -> Any:
        """The `CalenderingTable`, or None."""
        return self._table

    @property
    def sheet_source(self) -> dict[str, Any]:
        """File of the sheet and how it was read, as JSON values; empty where there is none."""
        return self.study.get_setting(_SHEET_SOURCE, {}) if self._study is not None else {}

    @property
    def material(self) -> Material | None:
        """The active material of the sheet's electrodes, or None where it was not said."""
        return self._study.material() if self._study is not None else None

    def set_table(
        self,
        table: Any,
        source: dict[str, Any] | None = None,
        text: str = "Import sheet",
        material: Material | str | None = _AS_SAID,
    ) -> None:
        """Replace the sheet (undoable).

        `source` says where it came from and how it was read, `material` what was pressed, where
        that is to change too.
        """
        before = (self._table, self.sheet_source, self.material)
        after = (table, source or {}, self.material if material == _AS_SAID else material)
        self.undo_stack.push(
            DocumentCommand(text, lambda: self._put_table(*after), lambda: self._put_table(*before))
        )

    def _put_table(self, table: Any, source: dict[str, Any], material: Material | None) -> None:
        self.study.set_table(table)
        self.study.set_material(material)
        self.study.set_setting(_SHEET_SOURCE, source or None)
        self._table = table
        self.tableChanged.emit()

    @property
    def law(self) -> dict[str, Any] | None:
        """The calendering law as a dict, or None."""
        return self.study.law() if self._study is not None else None

    @property
    def assessment(self) -> dict[str, Any] | None:
        """What is known of the law's quality, or None."""
        return self.study.assessment() if self._study is not None else None

    def set_law(
        self,
        law: dict[str, Any] | None,
        assessment: dict[str, Any] | None,
        text: str = "Accept law",
    ) -> None:
        """Replace the law (undoable)."""
        before = (self.law, self.assessment, self._provenance.get("law_table"))
        after = (law, assessment, self._table_fingerprint())
        self.undo_stack.push(
            DocumentCommand(text, lambda: self._put_law(*after), lambda: self._put_law(*before))
        )

    def _put_law(self, law: Any, assessment: Any, table: str | None) -> None:
        self.study.set_law(law, assessment)
        self._set_provenance("law_table", table)
        self.lawChanged.emit()

    # -- structure --------------------------------------------------------------------------------
    @property
    def last_structure(self) -> dict[str, Any] | None:
        """What the structure page generated last (condition, seed, properties), or None."""
        return self.study.get_setting(LAST_STRUCTURE) if self._study is not None else None

    def set_last_structure(self, record: dict[str, Any] | None) -> None:
        """Keep what the structure page shows (JSON values only), so that it can be shown again."""
        self.study.set_setting(LAST_STRUCTURE, record)
        self._set_provenance("structure_law", fingerprint(self.law))
        self.lastStructureChanged.emit()

    # -- campaigns --------------------------------------------------------------------------------
    @property
    def dataset(self) -> pd.DataFrame:
        """One row a condition, of all campaigns; read once and kept until results arrive."""
        if self._dataset is None:
            self._dataset = self.study.dataset()
        return self._dataset

    def note_results(self) -> None:
        """Say that structures were recorded; observers hear of it at most a few times a second."""
        if not self._results_soon.isActive():
            self._results_soon.start()

    def note_campaigns(self, law: dict[str, Any] | None = None) -> None:
        """Say that a campaign was added, removed, started or ended."""
        self._dataset = None
        if law is not None:
            self._set_provenance("campaign_law", fingerprint(law))
        self.campaignsChanged.emit()

    def _on_results_soon(self) -> None:
        self._dataset = None
        if self._study is not None:
            self.resultsArrived.emit()

    # -- models -----------------------------------------------------------------------------------
    def add_models(self, models: dict[str, dict[str, Any]], summary: dict[str, Any]) -> None:
        """Keep trained models, one a target."""
        self.study.add_models(models, summary)
        self._set_provenance("models_data", self._data_fingerprint())
        self.modelsChanged.emit()

    def note_models(self) -> None:
        """Say that models were removed or chosen otherwise."""
        self.modelsChanged.emit()

    # -- jobs and messages --------------------------------------------------------------------------
    def start_job(
        self,
        title: str,
        work: Work,
        *,
        stage: str,
        wanted: Callable[[], bool] | None = None,
        **slots: Any,
    ) -> Job:
        """Start work off the GUI thread; a failure is shown unless `failed` is given.

        An answer that comes when `wanted` says no, good or bad, is dropped.
        """
        slots.setdefault("failed", lambda sentence, details: self.say("error", sentence, details))
        if wanted is not None:
            slots |= {
                name: _while(wanted, slots[name])
                for name in ("finished", "failed")
                if name in slots
            }
        return self.jobs.start(title, work, stage=stage, **slots)

    def _on_job_started(self, job: Job) -> None:
        job.pausedChanged.connect(lambda _: self.stagesChanged.emit())
        self.stagesChanged.emit()

    def say(self, level: str, sentence: str, details: str = "") -> None:
        """Tell the user something ("info", "success", "warning", "error")."""
        self.messageRaised.emit(level, sentence, details)

    def go_to(self, stage: str) -> None:
        """Ask the window to show a stage."""
        self.stageRequested.emit(stage)

    def ask_electrode(self, condition: Any, record: dict[str, Any] | None = None) -> None:
        """Ask the structure page to show the electrode of a condition.

        It is generated, or built again from the record of a structure made before.
        """
        self.electrodeRequested.emit(condition, record)
        self.go_to("structure")

    # -- stages -------------------------------------------------------------------------------------
    def stage_state(self, key: str) -> tuple[StageState, str]:
        """State of a stage, and words that replace the standard ones (may be empty)."""
        if key not in STAGE_KEYS:
            raise ValueError(f"there is no stage {key!r}")
        if self._study is None:
            return StageState.NOTHING, ""
        job = self.jobs.running_in(key)
        if job is not None:
            return (StageState.PAUSED if job.paused else StageState.RUNNING), ""
        return getattr(self, f"_{key}_state")()

    def next_step(self, at: str = "") -> Advice:
        """The one line that says what to do next, to somebody on the page `at`."""
        if self._study is None:
            return Advice("Open a study, or begin a new one.", "experiment")
        states = {key: self.stage_state(key)[0] for key in STAGE_KEYS}
        for key in ("experiment", "structure", "models"):
            if states[key] is StageState.RUNNING:
                job = self.jobs.running_in(key)
                return Advice(f"{job.title}…" if job else "Wait a moment.", key)
        if self._table is None and self.law is None:
            return Advice("Open the sample sheet, or drop your own.", "experiment")
        if self.law is None:
            return Advice("Fit a calendering law to the sheet.", "experiment")
        if states["experiment"] is StageState.OUTDATED:
            return Advice("The sheet changed: fit the law again.", "experiment")
        if states["campaign"] is StageState.RUNNING:
            return Advice("The campaign is running.", "campaign")
        if states["campaign"] is StageState.PAUSED:
            return Advice("The campaign is paused: let it go on.", "campaign")
        campaigns = self.study.campaigns()
        begun = any(c.done + c.failed for c in campaigns)
        # One electrode is a look ahead; whoever has many needs no reminder.
        # Nobody who is past it is sent back.
        ahead = at in ("", "experiment", "structure") and not begun
        if ahead and states["structure"] in (StageState.READY, StageState.OUTDATED):
            return Advice("Generate an electrode and look inside it.", "structure")
        if states["campaign"] is StageState.OUTDATED:
            return Advice("The law changed: run a campaign with it.", "campaign")
        if states["campaign"] is not StageState.DONE:
            text = "Resume the campaign." if begun else "Run a campaign."
            return Advice(text, "campaign")
        if states["models"] is StageState.NOTHING:
            return Advice("Every structure failed: see why.", "campaign")
        if states["models"] is StageState.OUTDATED:
            return Advice("The dataset changed: train the models again.", "models")
        if states["models"] is not StageState.DONE:
            return Advice("Train models on the dataset.", "models")
        return Advice("Read the maps, and decide.", "maps")

    def note_maps_used(self) -> None:
        """Say that a recommendation or report came of the present models."""
        seen = self._models_fingerprint()
        if self._provenance.get("maps_models") != seen:
            self._set_provenance("maps_models", seen)
            self.stagesChanged.emit()

    @property
    def law_changed(self) -> bool:
        """Whether the study has another law than its newest campaign was begun with."""
        if self._study is None or not self.study.campaigns():
            return False
        return self._provenance.get("campaign_law") not in (None, fingerprint(self.law))

    def _experiment_state(self) -> tuple[StageState, str]:
        if self.law is not None:
            fitted_on = self._provenance.get("law_table")
            if self._table is not None and fitted_on not in (None, self._table_fingerprint()):
                return StageState.OUTDATED, "Sheet changed"
            return StageState.DONE, ""
        return StageState.READY, "Fit a law" if self._table is not None else ""

    def _structure_state(self) -> tuple[StageState, str]:
        if self.last_structure:
            law = self._provenance.get("structure_law")
            if law not in (None, fingerprint(self.law)):
                return StageState.OUTDATED, ""
            return StageState.DONE, ""
        return (StageState.READY if self.law is not None else StageState.NOTHING), ""

    def _campaign_state(self) -> tuple[StageState, str]:
        campaigns = self.study.campaigns()
        if campaigns:
            done = sum(c.done + c.failed for c in campaigns)
            total = sum(c.structures for c in campaigns)
            if self.law_changed:
                return StageState.OUTDATED, "Law changed"
            if any(c.pending for c in campaigns):
                return StageState.READY, f"{done:,} of {total:,}"
            return StageState.DONE, ""
        return (StageState.READY if self.law is not None else StageState.NOTHING), ""

    def _models_state(self) -> tuple[StageState, str]:
        if self.study.has_models:
            if self.law_changed:
                return StageState.OUTDATED, "Law changed"
            data = self._provenance.get("models_data")
            if data not in (None, self._data_fingerprint()):
                return StageState.OUTDATED, "Dataset changed"
            return StageState.DONE, ""
        some = any(c.done for c in self.study.campaigns())
        return (StageState.READY if some else StageState.NOTHING), ""

    def _maps_state(self) -> tuple[StageState, str]:
        if not self.study.has_models:
            return StageState.NOTHING, ""
        if self.stage_state("models")[0] is StageState.OUTDATED:
            return StageState.OUTDATED, "Law changed" if self.law_changed else ""
        if self._provenance.get("maps_models") == self._models_fingerprint():
            return StageState.DONE, ""
        return StageState.READY, "Ready to read"

    def _set_provenance(self, name: str, value: Any) -> None:
        self._provenance[name] = value
        if not self.read_only:
            self.study.set_setting(_PROVENANCE, self._provenance)

    def _table_fingerprint(self) -> str | None:
        if self._table is None:
            return None
        # What coatings are called changes no law, and earlier versions did not keep it.
        data = {name: v for name, v in self._table.to_dict().items() if name != "coatings"}
        return fingerprint(data)

    def _data_fingerprint(self) -> str:
        return fingerprint([(c.id, c.done) for c in self.study.campaigns()])

    def _models_fingerprint(self) -> str:
        return fingerprint(self.study.models())
