"""Run a campaign: tasks from the study, results into the study, one event for each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from engine import __version__
from engine.campaign.dask_pool import DaskPool
from engine.campaign.design import AdaptiveRepeats, Design
from engine.campaign.events import (
    CampaignEvent,
    CampaignFinished,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    StructureDone,
    StructureFailed,
    WorkersRestarted,
)
from engine.campaign.pace import Pace
from engine.campaign.pool import LocalPool, Pool, ResultStream
from engine.campaign.scheduler import Scheduler
from engine.campaign.worker import Outcome, run_structure
from engine.errors import Cancelled, InputError
from engine.kernels import compile_kernels
from engine.progress import Progress, silent
from engine.study import Study
from engine.study.records import DONE, FAILED, StructureRecord, StructureTask

Work = Callable[[StructureTask, str], Outcome]

# How often pause, cancel and time limits are looked at.
_POLL_SECONDS = 0.05
# Time limit of one structure, from being handed out, where the caller gives none.
_FIRST_LIMIT_SECONDS = 3600.0
_LEAST_LIMIT_SECONDS = 120.0
_LIMIT_FACTOR = 30.0
# Pools that may die before the first result until the computer, not a structure, is blamed.
_MOST_DEATHS = 4


def run_campaign(
    study: Study,
    campaign: int,
    workers: int = 2,
    dask: str | None = None,
    progress: Progress | None = None,
    pause: threading.Event | None = None,
    time_limit: float | None = None,
    work: Work = run_structure,
) -> Iterator[CampaignEvent]:
    """Generate and characterise what is pending; the caller draws events, one by one.

    Parameters
    ----------
    study : Study
        Every result is safe in it before its event is given out.
    campaign : int
    workers : int
        Processes on this computer; ignored with `dask`.
    dask : str, optional
        Address of a Dask scheduler to run on instead.
    progress : Progress, optional
        Its `cancel` stops within a second: the workers are ended and `CampaignFinished` says
        ``cancelled``. Closing the generator does the same.
    pause : threading.Event, optional
        While set, nothing new is started.
    time_limit : float, s, optional
        A structure that takes longer is tried once more alone, then marked failed. Without
        it the limit follows the longest structure so far.
    work : callable
        What the workers do with a task; must be importable by name.

    Yields
    ------
    CampaignEvent
        `CampaignStarted` first, `CampaignFinished` last.

    Raises
    ------
    InputError
        If the study cannot be written (e.g. the disk is full), or the cluster does not answer
        or runs another version of this program.
    """
    if workers < 1:
        raise InputError(f"{workers} workers cannot work: give 1 or more.")
    record = study.campaign(campaign)
    design = Design.from_dict(record.design)
    pool: Pool = DaskPool(dask) if dask else LocalPool(workers)
    try:
        run = _Run(study, campaign, design, pool, progress or silent(), pause, time_limit, work)
    except BaseException:
        pool.close()
        raise
    try:
        yield CampaignStarted(
            campaign,
            record.conditions,
            record.structures,
            record.done,
            record.failed,
            run.scheduler.remaining,
            pool.workers,
        )
        yield from run.events()
    finally:
        run.stop()
        pool.close()
        run.leave()


class _Run:
    """State of one run of a campaign."""

    def __init__(
        self,
        study: Study,
        campaign: int,
        design: Design,
        pool: Pool,
        progress: Progress,
        pause: threading.Event | None,
        time_limit: float | None,
        work: Work,
    ):
        self.study = study
        self.campaign = campaign
        self.asked = design.asked
        self.kernels = design.kernels
        self.pool = pool
        self.progress = progress
        self.pause = pause or threading.Event()
        self.time_limit = time_limit
        self.work = work
        self.longest = 0.0
        self.pace = Pace(pool.workers)
        self.stream: ResultStream | None = None
        self.paused = False
        self.results = 0
        self.deaths = 0
        self.tasks: dict[tuple[int, int], StructureTask] = {}
        self.scheduler = self._scheduler(design.adaptive)
        record = study.campaign(campaign)
        self.done, self.failed = record.done, record.failed

    def _scheduler(self, adaptive: AdaptiveRepeats | None) -> Scheduler:
        tasks = self.study.pending(self.campaign)
        self.tasks = {(task.number, task.repeat): task for task in tasks}
        scheduler = Scheduler(tasks, adaptive)
        if adaptive is not None:
            for result in self.study.results(self.campaign):
                properties = result.properties if result.status == DONE else None
                scheduler.known(result.number, result.repeat, properties)
        return scheduler

    @property
    def total(self) -> int:
        """Structures of the campaign as far as it is decided."""
        return self.done + self.failed + self.scheduler.remaining

    def events(self) -> Iterator[CampaignEvent]:
        """Run rounds until nothing is left, or it was cancelled."""
        cancelled = False
        try:
            if self.scheduler.waiting:
                self._compile()
                self._report()
            while self.scheduler.waiting:
                yield from self._wait_while_paused()
                yield from self._round()
            self._note_spared()
        except Cancelled:
            cancelled = True
            self.stop()
        yield CampaignFinished(
            self.campaign,
            self.done,
            self.failed,
            self.study.campaign(self.campaign).pending,
            cancelled,
            self.pace.seconds,
            self.pace.count / self.pace.seconds if self.pace.seconds > 0 else 0.0,
        )

    def _compile(self) -> None:
        """Let the workers compile different kernels, if they have to, before they meet one."""
        if self.work is run_structure and isinstance(self.pool, LocalPool):
            compile_kernels(self.kernels, self.pool, self.progress)

    def _note_spared(self) -> None:
        """Keep what adaptive repeats left out, so that the campaign counts as finished."""
        record = self.study.campaign(self.campaign)
        if record.pending:
            self.study.spare(self.campaign, record.pending + record.spared)

    def _wait_while_paused(self) -> Iterator[CampaignEvent]:
        while self.pause.is_set():
            yield from self._say_paused()
            self._check_cancelled()
            time.sleep(_POLL_SECONDS)
        if self.paused:
            self.paused = False
            yield CampaignResumed(self.campaign)
        self.scheduler.go_on()

    def _say_paused(self) -> Iterator[CampaignEvent]:
        if not self.paused:
            self.paused = True
            self.scheduler.stop()
            yield CampaignPaused(self.campaign)

    def _check_cancelled(self) -> None:
        if self.progress.cancelled:
            raise Cancelled("stopped at the user's request")

    def _round(self) -> Iterator[CampaignEvent]:
        """One call of `joblib.Parallel`: until the tasks end, a pause, or the pool's death."""
        suspects = self.scheduler.suspects > 0
        tasks = ((task, *self.asked) for task in self.scheduler.tasks(suspects))
        in_hand = 1 if suspects else 2 * self.pool.workers
        self.stream = ResultStream(self.pool, self.work, tasks, in_hand)
        reason = ""
        while True:
            item = self.stream.get(_POLL_SECONDS)
            self._check_cancelled()
            if item is None:
                if self.pause.is_set():
                    yield from self._say_paused()
                limit = self.limit
                if self.scheduler.oldest() > limit:
                    reason = f"it gave no result within {limit:.0f} s"
                    self.stream.stop()
                continue
            kind, value = item
            if kind == "broken" or (kind == "end" and reason):
                yield from self._pool_died(reason, value)
                return
            if kind == "end":
                return
            yield from self._take(value)
            if self.pause.is_set():
                yield from self._say_paused()

    @property
    def limit(self) -> float:
        """Seconds that one structure may take from being handed out."""
        if self.time_limit is not None:
            return self.time_limit
        if self.longest == 0:
            return _FIRST_LIMIT_SECONDS
        return max(_LEAST_LIMIT_SECONDS, _LIMIT_FACTOR * self.longest)

    def _take(self, outcome: Outcome) -> Iterator[CampaignEvent]:
        if outcome.version != __version__:
            raise InputError(
                f"A worker runs version {outcome.version} of this program, not {__version__}: "
                "install the same version on the cluster."
            )
        self.results += 1
        key = (outcome.number, outcome.repeat)
        task = self.tasks[key]
        self.longest = max(self.longest, outcome.seconds)
        if outcome.error is not None:
            if not outcome.final and self.scheduler.try_again(key):
                return
            yield self._fail(task, outcome.error, outcome.details, outcome.seconds)
            return
        self.study.record(
            StructureRecord(
                self.campaign,
                task.number,
                task.repeat,
                task.seed,
                DONE,
                outcome.voxels_sha256,
                outcome.properties,
                None,
                outcome.seconds,
            )
        )
        self.scheduler.known(task.number, task.repeat, outcome.properties)
        self.done += 1
        self.pace.tick(outcome.process)
        self._report()
        yield StructureDone(
            self.campaign,
            task.number,
            task.repeat,
            task.seed,
            outcome.properties,
            outcome.seconds,
            self.done,
            self.failed,
            self.total,
            self.pace.per_second,
            self.pace.seconds_left(self.scheduler.remaining),
            outcome.process,
            outcome.memory,
        )

    def _fail(
        self, task: StructureTask, error: str, details: str, seconds: float | None
    ) -> StructureFailed:
        self.study.record(
            StructureRecord(
                self.campaign,
                task.number,
                task.repeat,
                task.seed,
                FAILED,
                None,
                {},
                error,
                seconds,
                details,
            )
        )
        self.scheduler.known(task.number, task.repeat, None)
        self.failed += 1
        self._report()
        return StructureFailed(
            self.campaign,
            task.number,
            task.repeat,
            task.seed,
            error,
            details,
            self.done,
            self.failed,
            self.total,
        )

    def _pool_died(self, reason: str, error: BaseException | None) -> Iterator[CampaignEvent]:
        if isinstance(error, ImportError):
            raise InputError(
                f"A worker cannot load this program ({error}): install it there in version "
                f"{__version__}."
            ) from error
        retried, given_up = self.scheduler.pool_died()
        self.deaths += not reason  # a pool that was ended for its slowness did not die
        blameless = not retried and not given_up
        if self.deaths >= _MOST_DEATHS and (blameless or not self.results):
            raise InputError(
                f"The worker processes end before they give a result ({error}): free memory, or "
                "use fewer workers."
            ) from error
        reason = reason or "its process ended without a word (killed, or out of memory)"
        for task in given_up:
            yield self._fail(task, f"Given up after two tries: {reason}.", "", None)
        yield WorkersRestarted(self.campaign, reason, len(retried))

    def _report(self) -> None:
        total = self.total
        self.progress.report(
            (self.done + self.failed) / total if total else 1.0,
            f"structure {self.done + self.failed} of {total}",
        )

    def stop(self) -> None:
        """Hand out nothing more and give up what is in hand."""
        self.scheduler.stop()
        if self.stream is not None:
            self.stream.stop()

    def leave(self) -> None:
        """Wait for the thread that fed the results."""
        if self.stream is not None:
            self.stream.join(5.0)
