"""The bar at the foot of the window: what runs, how far it is, how to stop it."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QWidget

from hybridgui.bridge import Job, JobCentre
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, label
from hybridgui.widgets.numbers import duration

_COMPILING = "Compiling for this computer, once…"


class JobBar(QFrame):
    """Shows the newest running job; otherwise one quiet line."""

    def __init__(self, jobs: JobCentre, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("jobBar")
        self._job: Job | None = None
        self._jobs = jobs
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 4, 2 * GRID, 4)
        row.setSpacing(12)
        self._title = label("", "")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setFixedWidth(200)
        self._stage = label("", "muted")
        self._rate = label("", "muted")
        self._left = label("", "muted")
        self._pause = button("Pause", self._on_pause, flat=True)
        self._cancel = button("Cancel", self._on_cancel, flat=True)
        self._quiet = label("", "muted")
        self._parts = (self._title, self._bar, self._stage, self._rate, self._left)
        self._parts += (self._pause, self._cancel)
        for widget in (*self._parts, self._quiet):
            row.addWidget(widget)
        row.addStretch(1)
        self.setFixedHeight(self.sizeHint().height() + 4)
        jobs.started.connect(self._on_started)
        jobs.ended.connect(self._on_ended)
        self._show(None)

    @property
    def job(self) -> Job | None:
        """The job shown."""
        return self._job

    def set_quiet_text(self, text: str) -> None:
        """What to say when nothing runs."""
        self._quiet.setText(text)

    def _on_started(self, job: Job) -> None:
        job.progress.connect(self._on_progress)
        job.pausedChanged.connect(lambda _: self._refresh())
        self._show(job)

    def _on_ended(self, job: Job) -> None:
        running = self._jobs.running
        self._show(running[-1] if running else None)

    def _on_progress(self, fraction: float, stage: str, left: float) -> None:
        if self._job is not None:
            self._refresh()

    def _show(self, job: Job | None) -> None:
        self._job = job
        for widget in self._parts:
            widget.setVisible(job is not None)
        self._quiet.setVisible(job is None)
        if job is not None:
            self._cancel.setEnabled(True)
            self._cancel.setText("Cancel")
        self._refresh()

    def _refresh(self) -> None:
        job = self._job
        if job is None:
            return
        others = len(self._jobs.running) - 1
        self._title.setText(job.title + (f" (and {others} more)" if others else ""))
        # A bar without an end would say nothing: until the first report it sweeps.
        self._bar.setRange(0, 1000 if job.fraction > 0 else 0)
        self._bar.setValue(round(1000 * job.fraction))
        self._stage.setText("Paused" if job.paused else job.stage_text)
        self._rate.setText(job.rate_text)
        self._rate.setVisible(bool(job.rate_text))
        known = math.isfinite(job.seconds_left) and not job.paused
        left = f"{duration(job.seconds_left)} left" if known else ""
        self._left.setText(_COMPILING if job.compiling and not job.paused else left)
        self._pause.setVisible(job.pausable)
        self._pause.setText("Resume" if job.paused else "Pause")

    def _on_pause(self) -> None:
        if self._job is not None:
            self._job.set_paused(not self._job.paused)

    def _on_cancel(self) -> None:
        if self._job is not None:
            self._cancel.setEnabled(False)
            self._cancel.setText("Stopping…")
            self._job.cancel()
