"""One stage of longer work on the progress bar of the whole."""

from __future__ import annotations

from engine.progress import Progress


class Stage(Progress):
    """Progress of a part of some work: its 0..1 fills `low` to `high` of the whole.

    The bar never goes back: a fraction below an earlier one is shown as that earlier one.
    """

    def __init__(self, whole: Progress, low: float, high: float):
        super().__init__()
        self._whole, self._low, self._high = whole, low, high
        self._furthest = 0.0

    def report(self, fraction: float, stage: str = "") -> None:
        """Report to the whole, which raises `Cancelled` where it was stopped."""
        self._furthest = max(self._furthest, min(fraction, 1.0))
        self._whole.report(self._low + (self._high - self._low) * self._furthest, stage)
