"""The main window: rail, pages, menus, and the bar of running work."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine import __version__
from engine.errors import InputError
from engine.kernels import compile_kernels
from engine.structure.particle_table import SUFFIXES as PARTICLE_SUFFIXES
from engine.structure.particle_table import looks_like_particles
from hybridgui import dialogs
from hybridgui.bridge import Job
from hybridgui.errors import ToastHost
from hybridgui.leftovers import can_be_opened
from hybridgui.menus import Menus
from hybridgui.pages import make_pages
from hybridgui.settings import Settings
from hybridgui.stages import STAGE_KEYS
from hybridgui.study_model import StudyModel
from hybridgui.widgets.job_bar import JobBar
from hybridgui.widgets.rail import StageRail

_log = logging.getLogger(__name__)
SHEET_SUFFIXES = (".xlsx", ".xls", ".ods", ".csv", ".tsv", ".txt")
STACK_SUFFIXES = (".tif", ".tiff", ".npy", ".vti", ".raw")
BINARY_SUFFIXES = (*STACK_SUFFIXES, ".xlsx", ".xls", ".ods")

# Page last looked at, kept with the study.
_LAST_STAGE = "window/stage"


class MainWindow(QMainWindow):
    """One study, five pages."""

    def __init__(self, settings: Settings, parent: QWidget | None = None):
        super().__init__(parent)
        self.settings = settings
        self.model = StudyModel(settings, self)
        self._compiling: Job | None = None
        self._compile_again = False
        self.setAcceptDrops(True)
        self.setMinimumSize(1024, 680)
        self._build()
        self.menus = Menus(self)
        self._connect()
        self.resize(1280, 800)
        geometry = settings.layout("window")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)

    # -- parts ------------------------------------------------------------------------------------
    def _build(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.rail = StageRail()
        row.addWidget(self.rail)
        self._stack = QStackedWidget()
        row.addWidget(self._stack, 1)
        column.addLayout(row, 1)
        self.job_bar = JobBar(self.model.jobs)
        column.addWidget(self.job_bar)
        self.setCentralWidget(centre)
        self.pages = make_pages(self.model)
        for key in STAGE_KEYS:
            self._stack.addWidget(self.pages[key])
        self.toasts = ToastHost(self)
        self._drop = QFrame(self)
        self._drop.setObjectName("drop")
        inside = QVBoxLayout(self._drop)
        self._drop_text = QLabel("Drop to open")
        self._drop_text.setProperty("role", "title")
        self._drop_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside.addWidget(self._drop_text)
        self._drop.hide()

    def _connect(self) -> None:
        model = self.model
        model.titleChanged.connect(self._refresh_title)
        model.stagesChanged.connect(self._refresh_stages)
        model.stageRequested.connect(self.show_stage)
        model.studyRequested.connect(self.open_study)
        model.messageRaised.connect(self.toasts.show)
        model.problemsSolved.connect(self.toasts.close_errors)
        model.studyOpened.connect(self._on_study_opened)
        model.jobs.ended.connect(self._on_job_ended)
        self.rail.stageChosen.connect(self.show_stage)

    # -- studies ------------------------------------------------------------------------------------
    def new_study(self) -> None:
        """Begin an untitled study."""
        if self._may_leave():
            self._try(self.model.new)

    def ask_open_study(self) -> None:
        """Ask for a study and open it."""
        path = dialogs.ask_open(
            self, self.settings, "study", "Open study", f"{dialogs.STUDY_FILTER};;All files (*)"
        )
        if path:
            self.open_study(Path(path))

    def open_study(self, path: Path) -> None:
        """Open a study; the present one stays where this fails."""
        if self._may_leave():
            self._try(lambda: self.model.open(path))

    def open_sample(self) -> None:
        """Import the sample sheet that ships with the program."""
        self.show_stage("experiment")
        self.pages["experiment"].import_sample()

    def ask_save_as(self) -> None:
        """Ask where to save, and go on working there."""
        name = "study.study" if self.model.is_untitled else self.model.path.name
        path = dialogs.ask_save(self, self.settings, "study", "Save as", dialogs.STUDY_FILTER, name)
        if not path:
            return

        def work() -> None:
            self.model.save_as(path)
            self.model.say("success", f"Saved as {Path(path).name}.")

        self._try(work)

    def save(self) -> None:
        if self.model.is_untitled:
            self.ask_save_as()
            return
        self.model.flush()
        self.model.say("info", "Every change is saved as you make it.")

    def ask_import_sheet(self) -> None:
        """Ask for a spreadsheet and import it."""
        path = dialogs.ask_open(self, self.settings, "sheet", "Import sheet", dialogs.SHEET_FILTER)
        if path:
            self.import_sheet(Path(path))

    def import_sheet(self, path: Path) -> None:
        """Hand a spreadsheet to the experiment page."""
        self.show_stage("experiment")
        self.pages["experiment"].import_sheet(Path(path))

    def ask_import_stack(self) -> None:
        """Ask for a voxel stack and import it."""
        path = dialogs.ask_open(
            self, self.settings, "stack", "Import voxel stack", dialogs.STACK_FILTER
        )
        if path:
            self.import_stack(Path(path))

    def import_stack(self, path: Path) -> None:
        """Hand a voxel stack to the structure page."""
        self.show_stage("structure")
        self.pages["structure"].import_stack(str(path))

    def export_dataset(self) -> None:
        """Export the dataset as the campaign page does."""
        self.show_stage("campaign")
        self.pages["campaign"].export_dataset()

    def open_file(self, path: Path) -> None:
        """Open whatever was dropped or named on the command line."""
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".study":
            self.open_study(path)
        elif self._holds_particles(path):
            self.show_stage("structure")
            self.pages["structure"].import_particles(path)
        elif suffix in SHEET_SUFFIXES:
            self.import_sheet(path)
        elif suffix in STACK_SUFFIXES:
            self.import_stack(path)
        else:
            self.model.say(
                "error",
                f"{path.name} cannot be opened here: drop a study (.study), a spreadsheet "
                "(.xlsx, .xls, .ods, .csv), a voxel stack (.tif, .npy, .vti) or a particle list.",
            )

    @staticmethod
    def _holds_particles(path: Path) -> bool:
        """Whether to open a file as particles; a text file is judged by its beginning."""
        suffix = path.suffix.lower()
        if suffix in PARTICLE_SUFFIXES and suffix not in SHEET_SUFFIXES:
            return True
        return suffix not in BINARY_SUFFIXES and looks_like_particles(path)

    # -- start, crash, close ---------------------------------------------------------------------------
    def begin(self, path: Path | None = None) -> None:
        """Show the first study: the one named, one left by a crash, or a new one."""
        left = [] if path else [p for p in self.settings.unfinished_sessions if can_be_opened(p)]
        if left:
            found = left[-1]
            for other in left[:-1]:
                self.settings.end_session(other)
            answer = dialogs.ask(
                self,
                "HybridGUI was not closed properly.",
                f"Nothing is lost: {found.name} holds everything up to the last finished step.",
                [("open", "Open it again"), ("new", "Begin a new study")],
                default="open",
                escape="new",
            )
            self.settings.end_session(found)
            if answer == "open":
                path = found
        if path is not None and path.suffix.lower() == ".study":
            self._try(lambda: self.model.open(path))
        if not self.model.is_open:
            self._try(self.model.new)
        if path is not None and path.suffix.lower() != ".study":
            self.open_file(path)

    def compile_in_background(self) -> None:
        """Compile what a first start has to compile, while the user reads and types.

        Whatever needs the kernels meanwhile waits for them; leaving a study stops it, and the
        next one goes on where it stopped.
        """
        if self._compiling is not None:
            return
        self._compile_again = False
        self._compiling = self.model.jobs.start(
            "Compiling",
            lambda job: compile_kernels(progress=job.engine_progress),
            quiet=True,
            cancelled=self._on_compiling_cancelled,
        )
        self._compiling.progress.connect(lambda *_: self._refresh_quiet_text())
        self._compiling.ended.connect(self._on_compiled)

    def _on_compiling_cancelled(self) -> None:
        self._compile_again = True

    def _on_compiled(self) -> None:
        self._compiling = None
        self._refresh_quiet_text()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once where something would be lost, then close everything in order."""
        if not self._may_leave(closing=True):
            event.ignore()
            return
        self.settings.set_layout("window", self.saveGeometry())
        for page in self.pages.values():
            page.shut_down()
        self._try(self.model.close)
        self.settings.sync()
        event.accept()

    def _may_leave(self, *, closing: bool = False) -> bool:
        """Whether the present study may be closed; asks where work would be lost."""
        self.toasts.close_errors()  # of no use in another study
        model = self.model
        if not model.is_open:
            return self._stop_jobs()
        jobs = model.jobs.running
        if jobs:
            answer = dialogs.ask(
                self,
                f"{jobs[-1].title} is still running.",
                "What is finished is kept in the study; you can go on with it later."
                + (" Save it under a name for that." if model.is_untitled else ""),
                [("stop", "Stop and close" if closing else "Stop it"), ("stay", "Keep running")],
                default="stay",
                escape="stay",
            )
            if answer != "stop":
                return False
            if not self._stop_jobs():
                return False
        if model.is_untitled and not model.is_empty:
            answer = dialogs.ask(
                self,
                "Save this study before closing it?",
                "An untitled study that is not saved is removed.",
                [("save", "Save as…"), ("discard", "Do not save"), ("stay", "Cancel")],
                default="save",
                escape="stay",
            )
            if answer == "stay":
                return False
            if answer == "save":
                self.ask_save_as()
                return not model.is_untitled and self._stop_jobs()
            if not self._stop_jobs():
                return False
            self._try(lambda: model.close(discard_untitled=True))
        return self._stop_jobs()

    def _stop_jobs(self) -> bool:
        """Stop what runs, previews and the like too, without a question; False if it goes on."""
        jobs = self.model.jobs
        if not jobs.running and not jobs.quiet:
            return True
        if not jobs.cancel_all():
            self.model.say("error", "The work could not be stopped yet: try again in a moment.")
            return False
        # the ends of the jobs wait in the event queue: let the pages hear of them first
        from PySide6.QtWidgets import QApplication

        QApplication.processEvents()
        return True

    # -- pages -------------------------------------------------------------------------------------------
    def show_stage(self, key: str) -> None:
        """Bring a page to the front."""
        page = self.pages[key]
        if key != self.stage:
            self.toasts.close_errors()  # read by now, and of no use elsewhere
        self._stack.setCurrentWidget(page)
        self.rail.show_stage(key)
        if self.model.is_open:
            self.model.keep_parameter(_LAST_STAGE, key)
            self.rail.show_advice(self.model.next_step(key))
        page.activated()

    @property
    def stage(self) -> str:
        """Key of the page on screen."""
        return STAGE_KEYS[self._stack.currentIndex()]

    def go_to_next_step(self) -> None:
        self.show_stage(self.model.next_step(self.stage).stage)

    def _on_study_opened(self) -> None:
        if self._compile_again:
            self.compile_in_background()
        last = self.model.parameter(_LAST_STAGE, "experiment")
        self.show_stage(last if last in self.pages else "experiment")
        campaigns = self.model.study.campaigns()
        if any(campaign.program_version != __version__ for campaign in campaigns):
            from engine.campaign.regenerate import changes_in

            for sentence in changes_in(self.model.study):
                self.toasts.show("warning", sentence)
        unfinished = [c for c in campaigns if c.pending and c.done]
        if unfinished and not self.model.read_only:
            campaign = unfinished[-1]
            self.toasts.show(
                "info",
                f"A campaign is unfinished: {campaign.done:,} of {campaign.structures:,} "
                "structures are done.",
                action=("Resume", lambda: self._resume(campaign.id)),
            )

    def _resume(self, campaign: int) -> None:
        self.show_stage("campaign")
        self.pages["campaign"].resume(campaign)

    def _on_job_ended(self, job: Job) -> None:
        self._refresh_quiet_text()

    def _refresh_title(self) -> None:
        self.setWindowTitle(f"{self.model.title} – HybridGUI")
        self.menus.name.setText(self.model.title)
        self.menus.name.setToolTip(str(self.model.path or ""))
        self.menuBar().adjustSize()
        self._refresh_quiet_text()

    def _refresh_quiet_text(self) -> None:
        job = self._compiling
        if job is not None and job.stage_text:
            stage = job.stage_text[:1].upper() + job.stage_text[1:]
            text = f"{stage} ({100 * job.fraction:.0f} %)"
        elif not self.model.is_open:
            text = ""
        elif self.model.read_only:
            text = "Read-only: save a copy to change it"
        elif self.model.is_untitled:
            text = "Kept safe as an untitled study until you save it under a name"
        else:
            text = "All changes are saved"
        self.job_bar.set_quiet_text(text)

    def _refresh_stages(self) -> None:
        if not self.model.is_open:
            return
        for key in STAGE_KEYS:
            self.rail.show_state(key, *self.model.stage_state(key))
        self.rail.show_advice(self.model.next_step(self.stage))

    # -- helpers -------------------------------------------------------------------------------------------
    def _try(self, work) -> None:
        try:
            work()
        except InputError as error:
            self.model.say("error", str(error))

    # -- drag and drop ----------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what a drop would do."""
        paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        if not paths:
            return
        suffix = paths[0].suffix.lower()
        if suffix == ".study":
            text = "Drop to open this study"
        elif self._holds_particles(paths[0]):
            text = "Drop to import these particles"
        elif suffix in SHEET_SUFFIXES:
            text = "Drop to import this sheet"
        elif suffix in STACK_SUFFIXES:
            text = "Drop to look inside this voxel stack"
        else:
            text = f"{paths[0].suffix or 'This kind of file'} cannot be opened here"
        self._drop_text.setText(text)
        self._place_drop()
        self._drop.show()
        self._drop.raise_()
        event.acceptProposedAction()

    def dragLeaveEvent(self, event) -> None:
        """Take the hint away."""
        self._drop.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self._drop.hide()
        paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            # After the drop has ended, or a question would block the other program.
            QTimer.singleShot(0, self, lambda: self.open_file(paths[0]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the drop hint in place."""
        super().resizeEvent(event)
        self._place_drop()

    def _place_drop(self) -> None:
        self._drop.setGeometry(self.rect().adjusted(24, 24, -24, -24))
