"""The pool of worker processes on this computer: loky, through joblib.

joblib's own loky backend uses one pool for the whole program; another room that calls joblib
would restart it in the middle of a campaign. So a campaign has a pool of its own, given to
`joblib.Parallel` as a backend.
"""

from __future__ import annotations

import os
import queue
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, Protocol

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import ProcessPoolExecutor
from joblib.parallel import ParallelBackendBase

from engine.campaign.worker import POOL_MARK, SINGLE_THREAD, start_worker

_IDLE_SECONDS = 300


class _OwnPoolBackend(ParallelBackendBase):  # type: ignore[misc]
    """Lets `joblib.Parallel` use the executor of one `LocalPool`."""

    supports_retrieve_callback = True
    supports_inner_max_num_threads = True

    def __init__(self, pool: LocalPool):
        super().__init__(nesting_level=0)
        self._pool = pool
        # kept: a late callback of a pool that was ended must not start another
        self._executor = pool.executor()
        # a structure's time counts from when it is handed out: not before there are processes
        self._executor.submit(os.getpid).result()

    def effective_n_jobs(self, n_jobs: int) -> int:
        # with 1, joblib would run everything in this process, where nothing can be cancelled
        return max(2, n_jobs)

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Callable[[], Any], callback: Any = None) -> Future[Any]:
        future: Future[Any] = self._executor.submit(func)
        if callback is not None:
            future.add_done_callback(callback)
        return future

    apply_async = submit  # the name before joblib 1.5

    def retrieve_result_callback(self, out: Future[Any]) -> Any:
        return out.result()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        self._pool.end(self._executor)


class Pool(Protocol):
    """What the runner needs of a pool."""

    workers: int

    def parallel(self, in_hand: int) -> Parallel:
        """Return a `joblib.Parallel` that keeps `in_hand` tasks submitted at a time."""

    def stop(self, call: Parallel) -> None:
        """Make a call end soon; what it has in hand is lost."""

    def close(self) -> None:
        """End the pool."""


class LocalPool:
    """Processes on this computer, one numerical thread each.

    Parameters
    ----------
    workers : int
    """

    def __init__(self, workers: int):
        self.workers = workers
        self._executor: ProcessPoolExecutor | None = None
        self._guard = threading.Lock()

    @staticmethod
    def _expect_restarts() -> None:
        # loky ends a process between two tasks when it has grown, as compiling makes it grow,
        # and starts another; its warning suspects a leak and would alarm people for nothing
        warnings.filterwarnings(
            "ignore", "A worker stopped while some jobs were given", category=UserWarning
        )

    def executor(self) -> ProcessPoolExecutor:
        """Return the running executor, starting one where there is none."""
        with self._guard:
            if self._executor is None:
                self._expect_restarts()
                self._executor = ProcessPoolExecutor(
                    max_workers=self.workers,
                    timeout=_IDLE_SECONDS,
                    initializer=start_worker,
                    initargs=(os.getpid(),),
                    env=SINGLE_THREAD | {POOL_MARK: "1"},
                )
            return self._executor

    def parallel(self, in_hand: int) -> Parallel:
        """Return a `joblib.Parallel` that keeps `in_hand` tasks submitted at a time."""
        with parallel_config(backend=_OwnPoolBackend(self)):
            return Parallel(
                n_jobs=self.workers,
                return_as="generator_unordered",
                batch_size=1,
                pre_dispatch=in_hand,
            )

    def end(self, executor: ProcessPoolExecutor | None) -> None:
        """End the processes of an executor at once; the next use starts another."""
        with self._guard:
            if self._executor is executor:
                self._executor = None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)

    def stop(self, call: Parallel) -> None:
        """End the processes: every structure in hand is lost at once."""
        self.close()

    def close(self) -> None:
        """End the processes."""
        self.end(self._executor)


class ResultStream:
    """Results of one `joblib.Parallel` call, from a thread into a queue.

    The caller waits no longer than it wants, and so can look at pause and cancel meanwhile.

    Parameters
    ----------
    pool : Pool
    function : callable
        Run in the workers.
    tasks : iterable of tuples
        Arguments; taken one by one as workers get free, from other threads.
    in_hand : int
        Tasks submitted at a time.
    """

    def __init__(
        self, pool: Pool, function: Callable[..., Any], tasks: Iterable[Any], in_hand: int
    ):
        self._pool = pool
        self._function = function
        self._tasks = tasks
        self._in_hand = in_hand
        self._call: Parallel | None = None
        self._queue: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._feed, name="campaign-results", daemon=True)
        self._thread.start()

    def _feed(self) -> None:
        call = delayed(self._function)
        try:
            self._call = self._pool.parallel(self._in_hand)
            for result in self._call(call(*args) for args in self._tasks):
                self._queue.put(("result", result))
        except BaseException as error:  # reported to the runner, which knows what to do
            self._queue.put(("broken", error))
        else:
            self._queue.put(("end", None))

    def get(self, seconds: float) -> tuple[str, Any] | None:
        """Return the next ("result", value), ("broken", error) or ("end", None), or None."""
        try:
            return self._queue.get(timeout=seconds)
        except queue.Empty:
            return None

    def stop(self) -> None:
        """Give up what is in hand; `get` then soon returns "broken" or "end"."""
        if self._call is not None:
            self._pool.stop(self._call)

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(seconds)


def map_in_pool(function: Callable[[Any], Any], items: Iterable[Any], workers: int) -> list[Any]:
    """Return ``[function(item) for item in items]``, computed in worker processes."""

    def numbered() -> Iterator[tuple[Any, ...]]:
        for number, item in enumerate(items):
            yield function, number, item

    pool = LocalPool(workers)
    stream = ResultStream(pool, _numbered, numbered(), 2 * workers)
    results: dict[int, Any] = {}
    try:
        while True:
            item = stream.get(3600.0)
            if item is None:
                raise TimeoutError("the pool gave no result within an hour")
            kind, value = item
            if kind == "broken":
                raise value
            if kind == "end":
                return [results[number] for number in sorted(results)]
            results[value[0]] = value[1]
    finally:
        pool.close()


def _numbered(function: Callable[[Any], Any], number: int, item: Any) -> tuple[int, Any]:
    return number, function(item)
