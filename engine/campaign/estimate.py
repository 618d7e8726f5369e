"""What a campaign will cost, from a timed pilot: time, memory, file size."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.campaign.design import Design
from engine.campaign.pool import LocalPool, ResultStream
from engine.campaign.runner import Work
from engine.campaign.scheduler import spread_order
from engine.campaign.worker import Outcome, run_structure
from engine.errors import Cancelled, InputError
from engine.kernels import compile_kernels
from engine.progress import Progress, silent
from engine.study.records import StructureTask
from engine.study.typed_json import dumps_properties

# Bytes of a structure in the file beside its properties: keys, hash, index, page slack.
_ROW_BYTES = 250
_CONDITION_BYTES = 900
_POLL_SECONDS = 0.05
# The pilot ends after this time with what it has, once it has timed something.
_PATIENCE_SECONDS = 60.0
_TIMED_PER_WORKER = 2


@dataclass(frozen=True)
class Estimate:
    """Cost of a campaign.

    Attributes
    ----------
    structures : int
        The most, where repeats are adaptive.
    seconds : float
        For all of them with these workers.
    seconds_low, seconds_high : float
        Range that the spread of the pilot leaves (about two standard errors).
    memory_per_worker : int
        Bytes, of the largest structure.
    memory : int
        Bytes, all workers.
    file_bytes : int
        Growth of the study.
    pilot_structures : int
        Structures that were timed.
    pilot_seconds : float
        How long the pilot took, compilation included.
    warnings : tuple of str
        What will not fit, and where the law is asked outside its data.
    """

    structures: int
    seconds: float
    seconds_low: float
    seconds_high: float
    memory_per_worker: int
    memory: int
    file_bytes: int
    pilot_structures: int
    pilot_seconds: float
    warnings: tuple[str, ...]


def estimate(
    design: Design,
    workers: int = 2,
    folder: str | Path | None = None,
    progress: Progress | None = None,
    work: Work = run_structure,
) -> Estimate:
    """Time a few structures of a design, the largest among them.

    Parameters
    ----------
    design : Design
    workers : int
    folder : str or Path, optional
        Where the study will lie; its free space is compared.
    progress : Progress, optional
    work : callable
        As in `run_campaign`.

    Raises
    ------
    InputError
        If the design is impossible, or no pilot structure succeeds.
    Cancelled
        If `progress` was cancelled; the pilot ends within a second.
    """
    progress = progress or silent()
    started = time.perf_counter()
    points = design.conditions()
    voxels = np.array([np.prod(point.condition.shape) for point in points], dtype=float)
    # the largest first: it decides the memory
    largest = int(np.argmax(voxels))
    order = [largest, *(number for number in spread_order(len(points)) if number != largest)]
    wanted = _TIMED_PER_WORKER * workers

    def tasks() -> Iterator[tuple[Any, ...]]:
        # the first structure of each worker compiles or loads the kernels and is not timed
        for place in range(wanted + workers):
            number = order[place % len(order)]
            point = points[number]
            yield (
                StructureTask(0, number, place, point.seeds[0], point.condition),
                *design.asked,
            )

    kernels = design.kernels if work is run_structure else ()
    outcomes = _pilot(workers, kernels, tasks(), wanted, work, progress)
    good = [outcome for outcome in outcomes if outcome.error is None]
    if not good:
        raise InputError(f"No structure of the pilot succeeded: {outcomes[0].error}")
    timed = _timed(outcomes) or good
    per_voxel = np.array([outcome.seconds / voxels[outcome.number] for outcome in timed])
    total = float(voxels.sum()) * design.repeats / workers
    seconds = float(per_voxel.mean()) * total
    margin = 0.5
    if len(per_voxel) > 1:
        margin = 2 * float(per_voxel.std(ddof=1) / per_voxel.mean()) / len(per_voxel) ** 0.5
    memory = max(outcome.memory for outcome in good)
    row = max(len(dumps_properties(outcome.properties)) for outcome in good) + _ROW_BYTES
    file_bytes = design.structures * row + design.count * _CONDITION_BYTES
    return Estimate(
        design.structures,
        seconds,
        seconds * max(0.0, 1 - margin),
        seconds * (1 + margin),
        memory,
        memory * workers,
        file_bytes,
        len(timed),
        time.perf_counter() - started,
        (*_shortages(memory * workers, file_bytes, folder), *design.warnings()),
    )


def _pilot(
    workers: int,
    kernels: tuple[str, ...],
    tasks: Iterator[tuple[Any, ...]],
    wanted: int,
    work: Work,
    progress: Progress,
) -> list[Outcome]:
    pool = LocalPool(workers)
    outcomes: list[Outcome] = []
    stream: ResultStream | None = None
    try:
        compile_kernels(kernels, pool, progress)
        started = time.monotonic()
        stream = ResultStream(pool, work, tasks, workers)
        while True:
            item = stream.get(_POLL_SECONDS)
            if progress.cancelled:
                raise Cancelled("stopped at the user's request")
            if item is not None:
                kind, value = item
                if kind == "broken":
                    raise InputError(
                        "A worker of the pilot ended without a word: free memory, use larger "
                        "voxels or a smaller box."
                    ) from value
                if kind == "end":
                    return outcomes
                outcomes.append(value)
                progress.report(len(outcomes) / (wanted + workers), "pilot")
            # the first of each worker compiles, for minutes on a first start: it says nothing
            if time.monotonic() - started > _PATIENCE_SECONDS and _timed(outcomes):
                return outcomes
    finally:
        pool.close()
        if stream is not None:
            stream.join(5.0)


def _timed(outcomes: list[Outcome]) -> list[Outcome]:
    """Return the successful results that are not the first of their process."""
    seen: set[int] = set()
    kept = []
    for outcome in outcomes:
        if outcome.process in seen and outcome.error is None:
            kept.append(outcome)
        seen.add(outcome.process)
    return kept


def _shortages(memory: int, file_bytes: int, folder: str | Path | None) -> list[str]:
    import psutil

    found = []
    free = psutil.virtual_memory().available
    if memory > 0.8 * free:
        found.append(
            f"The workers need about {memory / 2**30:.1f} GB of memory and {free / 2**30:.1f} GB "
            "are free: use fewer workers, a smaller box or larger voxels."
        )
    if folder is not None:
        room = shutil.disk_usage(folder).free
        if file_bytes > 0.9 * room:
            found.append(
                f"The study will grow by about {file_bytes / 2**20:.0f} MB and the disk has "
                f"{room / 2**20:.0f} MB left: free some space or choose another folder."
            )
    return found
