"""Carries engine work off the GUI thread and brings its events back as Qt signals."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from engine.errors import Cancelled, InputError
from engine.progress import Progress

_log = logging.getLogger(__name__)
_SECONDS_BETWEEN_REPORTS = 0.05
Work = Callable[["Job"], Any]


class _Worker(QThread):
    """Runs one job; only signals leave this thread."""

    def __init__(self, job: Job, work: Work):
        super().__init__()
        self._job = job
        self._work = work

    def run(self) -> None:
        job = self._job
        try:
            result = self._work(job)
        except Cancelled:
            job._outcome = ("cancelled",)
        except InputError as error:
            job._outcome = ("failed", str(error), "")
        except MemoryError:
            job._outcome = (
                "failed",
                f"{job.title} needs more memory than this computer has free: make the box or "
                "the design smaller.",
                traceback.format_exc(),
            )
        except Exception as error:
            _log.exception("job failed: %s", job.title)
            job._outcome = (
                "failed",
                f"{job.title} stopped because of an unexpected error: {error}",
                traceback.format_exc(),
            )
        else:
            job._outcome = ("finished", result)
        finally:
            self._work = None  # drops whatever the work holds on to


class Job(QObject):
    """One piece of long work: its progress, its end, and the ways to stop it.

    The work is a function ``work(job)`` run in a thread of its own. It passes
    ``job.engine_progress`` to the engine, may send typed events with ``job.send(event)``,
    and hands back its result.

    Signals (all arrive in the GUI thread)
    -------
    progress : (fraction 0..1, stage, seconds left or nan)
    event : anything that the work sent
    finished : the result
    failed : (plain sentence, details for experts, may be empty)
    cancelled : stopped at the user's request
    ended : after one of the three above
    pausedChanged : paused or resumed
    """

    progress = Signal(float, str, float)
    event = Signal(object)
    finished = Signal(object)
    failed = Signal(str, str)
    cancelled = Signal()
    ended = Signal()
    pausedChanged = Signal(bool)

    def __init__(
        self,
        title: str,
        work: Work,
        *,
        stage: str = "",
        pausable: bool = False,
        parent: QObject | None = None,
    ):
        super().__init__(parent)
        self.title = title
        self.stage = stage
        self.pausable = pausable
        self.pause = threading.Event()
        self.engine_progress = Progress(self._on_report)
        self.fraction = 0.0
        self.stage_text = ""
        self.seconds_left = float("nan")
        self.rate_text = ""
        self.workers_text = ""
        self.compiling = False
        self._known_seconds_left: float | None = None
        self._started = time.monotonic()
        self._paused_seconds = 0.0
        self._paused_since: float | None = None
        self._last_report = 0.0
        self._outcome: tuple = ()
        self._running = False
        self._worker = _Worker(self, work)
        self._worker.finished.connect(self._on_worker_finished)

    # -- for the GUI thread ---------------------------------------------------------------
    @property
    def running(self) -> bool:
        """From `start` until the end was announced."""
        return self._running

    @property
    def paused(self) -> bool:
        """Whether the work was asked to hold."""
        return self.pause.is_set()

    def start(self) -> Job:
        """Start the work."""
        self._running = True
        self._started = time.monotonic()
        self._worker.start()
        return self

    def cancel(self) -> None:
        """Ask the work to stop; `cancelled` follows when it has."""
        self.engine_progress.cancel()
        self.set_paused(False)

    def set_paused(self, paused: bool) -> None:
        """Hold or go on; only work that looks at `job.pause` heeds it."""
        if paused == self.paused:
            return
        now = time.monotonic()
        if paused:
            self._paused_since = now
            self.pause.set()
        else:
            if self._paused_since is not None:
                self._paused_seconds += now - self._paused_since
                self._paused_since = None
            self.pause.clear()
        self.pausedChanged.emit(paused)

    def wait(self, seconds: float = 30.0) -> bool:
        """Block until the thread has ended (used when the program closes)."""
        return self._worker.wait(int(1000 * seconds))

    # -- for the worker thread --------------------------------------------------------------
    def send(self, event: object) -> None:
        """Send a typed event to the window."""
        self.event.emit(event)

    def set_pace(self, rate_text: str, seconds_left: float | None) -> None:
        """Give rate and time left where the engine knows them better than the fraction does.

        None says that even the engine does not know yet.
        """
        self.rate_text = rate_text
        self._known_seconds_left = float("nan") if seconds_left is None else seconds_left

    def note_compiling(self, on: bool) -> None:
        """Say that kernels compile meanwhile, which is no measure of the work to come."""
        if on == self.compiling:
            return
        self.compiling = on
        self._last_report = 0.0
        if not on:
            self._paused_seconds += self._elapsed()

    def _elapsed(self) -> float:
        return time.monotonic() - self._started - self._paused_seconds

    def _on_report(self, fraction: float, stage: str) -> None:
        now = time.monotonic()
        # A new stage is always said: the old name would stand until the new one's next report.
        soon = now - self._last_report < _SECONDS_BETWEEN_REPORTS
        if soon and fraction < 1 and stage == self.stage_text:
            return
        self._last_report = now
        elapsed = self._elapsed()
        # Under two seconds or one percent an estimate would only jump about.
        known = elapsed > 2 and fraction > 0.01
        left = elapsed * (1 - fraction) / fraction if known else float("nan")
        if self._known_seconds_left is not None:
            left = self._known_seconds_left
        if self.compiling:
            left = float("nan")
        self.fraction, self.stage_text, self.seconds_left = fraction, stage, left
        self.progress.emit(fraction, stage, left)

    # -- end ----------------------------------------------------------------------------------
    def _on_worker_finished(self) -> None:
        self._running = False
        kind, *arguments = self._outcome or ("failed", f"{self.title} ended without a result.", "")
        self._outcome = ()
        getattr(self, kind).emit(*arguments)
        self.ended.emit()


class JobCentre(QObject):
    """Keeps the running jobs so that the status bar, from any page, can show and stop them.

    Signals
    -------
    started : a Job began
    ended : a Job ended, in whatever way
    """

    started = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._running: list[Job] = []
        self._quiet: list[Job] = []

    @property
    def running(self) -> list[Job]:
        """Jobs under way, oldest first."""
        return list(self._running)

    @property
    def quiet(self) -> list[Job]:
        """Quiet jobs under way, oldest first."""
        return list(self._quiet)

    def start(
        self,
        title: str,
        work: Work,
        *,
        stage: str = "",
        pausable: bool = False,
        quiet: bool = False,
        finished: Callable[[Any], None] | None = None,
        failed: Callable[[str, str], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        event: Callable[[Any], None] | None = None,
    ) -> Job:
        """Start ``work(job)`` in a thread and return its `Job`.

        `stage` names the page that the work belongs to (see `hybridgui.stages`). The
        callables are connected to the signals of the same name before the work starts. A
        `quiet` job (a preview, a table being read) is not shown in the status bar.
        """
        job = Job(title, work, stage=stage, pausable=pausable, parent=self)
        for signal, slot in (
            (job.finished, finished),
            (job.failed, failed),
            (job.cancelled, cancelled),
            (job.event, event),
        ):
            if slot is not None:
                signal.connect(slot)
        job.ended.connect(lambda: self._on_ended(job))
        if quiet:
            self._quiet.append(job)
        else:
            self._running.append(job)
            self.started.emit(job)
        return job.start()

    def running_in(self, stage: str) -> Job | None:
        """The newest running job of a stage."""
        return next((job for job in reversed(self._running) if job.stage == stage), None)

    def cancel_all(self, seconds: float = 30.0) -> bool:
        """Stop everything and wait so long for all threads; True when all have ended."""
        jobs = [*self._running, *self._quiet]
        for job in jobs:
            job.cancel()
        end = time.monotonic() + seconds
        return all(job.wait(max(0.0, end - time.monotonic())) for job in jobs)

    def _on_ended(self, job: Job) -> None:
        if job in self._quiet:
            self._quiet.remove(job)
        elif job in self._running:
            self._running.remove(job)
            self.ended.emit(job)
        # The slots of this very signal may still be running: delete on the next turn.
        QTimer.singleShot(0, job, job.deleteLater)
