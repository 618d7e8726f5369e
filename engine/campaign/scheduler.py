"""Which structure comes next, which are in hand, and which are suspected of killing workers."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from engine.campaign.design import AdaptiveRepeats
from engine.study.dataset import mean, spread
from engine.study.records import StructureTask

Key = tuple[int, int]


def spread_order(count: int) -> list[int]:
    """Order 0..count-1 so that every beginning of it is spread over the whole range.

    The numbers in the order of their bits reversed (van der Corput): maps fill in evenly.
    """
    bits = max(1, (count - 1).bit_length())
    reverse = [int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits)]
    return [number for number in reverse if number < count]


def precise_enough(columns: Mapping[str, list[float]], adaptive: AdaptiveRepeats) -> bool:
    """Whether the standard error of every chosen mean is below the target.

    Only finite values count: one alone is not enough; none at all (a phase that never
    percolates) asks for no more repeats.
    """
    for name in adaptive.columns:
        values = [value for value in columns.get(name, []) if math.isfinite(value)]
        if len(values) == 1:
            return False
        error = spread(values) / math.sqrt(len(values)) if values else 0.0
        if error > abs(mean(values)) * adaptive.standard_error_percent / 100:
            return False
    return True


class Scheduler:
    """Hands out tasks; used by the runner and by joblib's threads.

    First repeats come first and spread over the design, so that every condition has a value
    early. A structure that was in hand when a worker died is a suspect: suspects are tried
    again one at a time, so that the next death has one culprit.

    Parameters
    ----------
    tasks : iterable of StructureTask
        All that have no result.
    adaptive : AdaptiveRepeats, optional
        Repeats beyond the minimum are handed out only where they are needed. That is decided
        by the repeats before, in their order, and so never depends on who finished first.
    """

    def __init__(self, tasks: Iterable[StructureTask], adaptive: AdaptiveRepeats | None = None):
        tasks = list(tasks)
        self._guard = threading.Lock()
        self._adaptive = adaptive
        self._held_back: dict[Key, StructureTask] = {}
        self._values: dict[int, dict[int, Mapping[str, float] | None]] = {}
        self._queue: deque[StructureTask] = deque()
        self._suspects: deque[StructureTask] = deque()
        self._in_hand: dict[Key, tuple[StructureTask, float]] = {}
        self._tries: dict[Key, int] = {}
        self._open = True
        if adaptive is not None:
            self._held_back = {
                (task.number, task.repeat): task
                for task in tasks
                if task.repeat >= adaptive.minimum
            }
            tasks = [task for task in tasks if task.repeat < adaptive.minimum]
        self._queue.extend(self._prioritised(tasks))

    @staticmethod
    def _prioritised(tasks: list[StructureTask]) -> list[StructureTask]:
        if not tasks:
            return []
        count = 1 + max(task.number for task in tasks)
        rank = {number: place for place, number in enumerate(spread_order(count))}
        return sorted(tasks, key=lambda task: (task.repeat, rank[task.number]))

    # handing out

    def tasks(self, suspects: bool = False) -> Iterator[StructureTask]:
        """Give out tasks until there are none for the moment, or `stop`; one suspect at most."""
        while True:
            with self._guard:
                source = self._suspects if suspects else self._queue
                if not self._open or not source:
                    return
                task = source.popleft()
                self._in_hand[task.number, task.repeat] = (task, time.monotonic())
            yield task
            if suspects:
                # the next may only begin when the result of this one has arrived: else two
                # would be in hand when the pool dies, and nobody could say which was guilty
                return

    def stop(self) -> None:
        """Hand out nothing more (pause or cancel)."""
        with self._guard:
            self._open = False

    def go_on(self) -> None:
        """Hand out tasks again."""
        with self._guard:
            self._open = True

    @property
    def suspects(self) -> int:
        """Number of structures to be tried alone."""
        with self._guard:
            return len(self._suspects)

    @property
    def waiting(self) -> int:
        """Number of structures that can be handed out now, suspects included."""
        with self._guard:
            return len(self._queue) + len(self._suspects)

    @property
    def remaining(self) -> int:
        """Number of structures waiting or in hand; those held back do not count."""
        with self._guard:
            return len(self._queue) + len(self._suspects) + len(self._in_hand)

    # results

    def known(self, number: int, repeat: int, properties: Mapping[str, float] | None) -> None:
        """Take note of a result (None: failed), new or of an earlier run."""
        with self._guard:
            self._in_hand.pop((number, repeat), None)
            if self._adaptive is None:
                return
            self._values.setdefault(number, {})[repeat] = properties
            self._release(number, self._adaptive)

    def _release(self, number: int, adaptive: AdaptiveRepeats) -> None:
        """Hand out the next repeat of a condition if those before it ask for it."""
        values = self._values[number]
        repeat = adaptive.minimum
        while all(earlier in values for earlier in range(repeat)):
            if repeat not in values:
                task = self._held_back.get((number, repeat))
                if task is not None and not self._enough(number, repeat, adaptive):
                    self._queue.append(self._held_back.pop((number, repeat)))
                return
            repeat += 1

    def _enough(self, number: int, repeats: int, adaptive: AdaptiveRepeats) -> bool:
        columns: dict[str, list[float]] = {name: [] for name in adaptive.columns}
        for repeat in range(repeats):
            for name, values in columns.items():
                values.append((self._values[number][repeat] or {}).get(name, math.nan))
        return precise_enough(columns, adaptive)

    def try_again(self, key: Key) -> bool:
        """Queue a failed structure once more; False where it had its second try."""
        with self._guard:
            task, _ = self._in_hand.pop(key)
            self._tries[key] = self._tries.get(key, 0) + 1
            if self._tries[key] > 1:
                return False
            self._queue.append(task)
            return True

    def pool_died(self) -> tuple[list[StructureTask], list[StructureTask]]:
        """Sort what was in hand when the pool died.

        Returns
        -------
        retried, given_up : list of StructureTask
            A structure is given up when it was alone in hand and had been a suspect before.
        """
        with self._guard:
            tasks = [task for task, _ in self._in_hand.values()]
            self._in_hand.clear()
            retried: list[StructureTask] = []
            given_up: list[StructureTask] = []
            for task in tasks:
                key = (task.number, task.repeat)
                guilty = len(tasks) == 1 and self._tries.get(key, 0) > 0
                self._tries[key] = self._tries.get(key, 0) + 1
                (given_up if guilty else retried).append(task)
            self._suspects.extend(retried)
            return retried, given_up

    def oldest(self) -> float:
        """Seconds since the oldest task in hand was handed out; 0 if there is none."""
        with self._guard:
            times = [since for _, since in self._in_hand.values()]
        return time.monotonic() - min(times) if times else 0.0
