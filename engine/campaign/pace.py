"""How fast a campaign runs and how long it will take."""

from __future__ import annotations

import time
from collections import deque

_WINDOW_SECONDS = 60.0


class Pace:
    """Rate over the last minute."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._times: deque[float] = deque([self.started])
        self.count = 0

    def tick(self) -> None:
        """One more structure is done."""
        now = time.monotonic()
        self.count += 1
        self._times.append(now)
        while now - self._times[0] > _WINDOW_SECONDS and len(self._times) > 2:
            self._times.popleft()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    @property
    def per_second(self) -> float:
        """Structures per second over the last minute."""
        elapsed = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / elapsed if elapsed > 0 else 0.0

    def seconds_left(self, remaining: int) -> float | None:
        """Estimate for `remaining` structures; None before the first is done."""
        return remaining / self.per_second if self.per_second > 0 else None
