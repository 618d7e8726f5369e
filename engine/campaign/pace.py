"""How fast a campaign runs and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW_SECONDS = 60.0
# Fewer structures would make an estimate that jumps with each of them.
_LEAST = 3


class Pace:
    """Rate over the last minute, once the workers are warm.

    The first structure of a worker holds the compilation or loading of the kernels: it counts
    as done, but the clock of the rate starts after it.

    Parameters
    ----------
    workers : int
        That work side by side.
    clock : callable
        Seconds.
    """

    def __init__(self, workers: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._workers = workers
        self._warm: set[int] = set()
        self.started = clock()
        self._times: deque[float] = deque([self.started])
        self.count = 0

    def tick(self, worker: int = 0) -> None:
        """One more structure is done, by the worker of this process id."""
        now = self._clock()
        self.count += 1
        if worker not in self._warm and len(self._warm) < self._workers:
            self._warm.add(worker)
            self._times = deque([now])
            return
        # a worker that was started again later compiles nothing: it counts like any other
        self._times.append(now)
        while now - self._times[0] > _WINDOW_SECONDS and len(self._times) > 1 + self._least:
            self._times.popleft()

    @property
    def _least(self) -> int:
        return max(_LEAST, self._workers)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._clock() - self.started

    @property
    def per_second(self) -> float:
        """Structures per second over the last minute; 0 before enough are done to tell."""
        counted = len(self._times) - 1
        elapsed = self._times[-1] - self._times[0]
        return counted / elapsed if counted >= self._least and elapsed > 0 else 0.0

    def seconds_left(self, remaining: int) -> float | None:
        """Estimate for `remaining` structures; None before enough are done to tell."""
        return remaining / self.per_second if self.per_second > 0 else None
