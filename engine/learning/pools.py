"""Pools of the best candidates of distinct value, one for each residual or group of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.learning.duplicates import classes_of_equal, first_of_each

SLACK = 1e-9  # a candidate this close to a threshold is still looked at exactly


@dataclass
class Records:
    """Operations over the explicit table, with what is known of them; all of length m."""

    codes: np.ndarray
    left: np.ndarray
    right: np.ndarray
    complexity: np.ndarray
    score: np.ndarray
    keys: np.ndarray

    @classmethod
    def empty(cls) -> Records:
        """No record."""
        none = np.zeros(0, dtype=np.int64)
        return cls(none, none, none, none, np.zeros(0), np.zeros((0, 2)))

    @property
    def size(self) -> int:
        """Number of records."""
        return int(self.codes.size)

    def take(self, index: np.ndarray) -> Records:
        """Selection by index or mask."""
        return Records(
            self.codes[index],
            self.left[index],
            self.right[index],
            self.complexity[index],
            self.score[index],
            self.keys[index],
        )

    @staticmethod
    def join(parts: list[Records]) -> Records:
        """Concatenate."""
        names = ("codes", "left", "right", "complexity", "score", "keys")
        return Records(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


@dataclass
class Pool:
    """The best candidates of distinct value for one residual (or several that share a pool).

    Attributes
    ----------
    size : int
        How many to keep.
    taken : Records
        Selected in earlier rounds: their values are not offered again.
    threshold : float
        Squared correlation below which a candidate cannot enter any more.
    """

    size: int
    taken: Records = field(default_factory=Records.empty)
    best: Records = field(default_factory=Records.empty)
    threshold: float = 0.0
    _waiting: list[Records] = field(default_factory=list)
    _count: int = 0

    def add(self, records: Records) -> None:
        """Offer candidates that beat the threshold."""
        self._waiting.append(records)
        self._count += records.size
        if self._count > max(3 * self.size, 2000):
            self.compact()

    def compact(self) -> None:
        """Merge equals, keep the best, raise the threshold."""
        taken = self.taken
        everything = Records.join([taken, self.best, *self._waiting])
        self._waiting, self._count = [], 0
        old = np.arange(everything.size) < taken.size
        complexity = np.where(old, -1, everything.complexity)
        classes = classes_of_equal(everything.keys[:, 0], everything.keys[:, 1])
        kept = first_of_each(
            classes, (complexity, everything.codes, everything.left, everything.right)
        )
        unique = everything.take(kept[~old[kept]])
        # Scores of one value differ in the last digits with the form that gave them; the order
        # must not depend on that.
        order = np.lexsort(
            (unique.right, unique.left, unique.codes, unique.complexity, -unique.score)
        )
        self.best = unique.take(order[: self.size])
        if self.best.size == self.size:
            self.threshold = float(self.best.score[-1]) * (1 - SLACK)
