"""Dynamic chunks of compiled work on a few threads, with progress and cancel.

The kernels release the interpreter lock, so that plain threads use all cores; no parallel
region of Numba is entered, which makes this safe inside campaign workers and window threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from engine.progress import Progress

Task = TypeVar("Task")


def resolve_threads(threads: int | None) -> int:
    """Number of threads to use: the one asked for, else one per core, but one in a worker.

    A campaign worker declares itself by limiting Numba to one thread.
    """
    if threads is not None:
        return max(1, int(threads))
    if os.environ.get("NUMBA_NUM_THREADS") == "1":
        return 1
    try:
        return len(os.sched_getaffinity(0))  # type: ignore[attr-defined,unused-ignore]
    except AttributeError:  # not on every platform
        return os.cpu_count() or 1


def run_tasks(
    tasks: Sequence[Task],
    work: Callable[[Task], None],
    threads: int,
    progress: Progress | None = None,
    stage: str = "",
    span: tuple[float, float] = (0.0, 1.0),
) -> None:
    """Run every task once, in order of a shared queue; report from the calling thread only.

    Parameters
    ----------
    tasks : sequence
    work : callable
        Called with one task, from any thread.
    span : tuple of two floats
        Fractions of `progress` at the beginning and the end.

    Raises
    ------
    Cancelled
        After the tasks under way have ended.
    """
    done = 0

    def report() -> None:
        if progress is not None:
            progress.report(span[0] + (span[1] - span[0]) * done / max(1, len(tasks)), stage)

    if threads == 1 or len(tasks) < 2:
        for task in tasks:
            report()
            work(task)
            done += 1
        return
    report()
    queue = iter(tasks)
    lock = threading.Lock()
    stop = threading.Event()

    def drain() -> None:
        nonlocal done
        while not stop.is_set():
            with lock:
                task = next(queue, None)
            if task is None:
                return
            work(task)
            with lock:
                done += 1

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(drain) for _ in range(threads)]
        try:
            while True:
                finished, running = wait(futures, timeout=0.1, return_when=FIRST_EXCEPTION)
                for future in finished:
                    future.result()
                report()
                if not running:
                    return
        finally:
            stop.set()
