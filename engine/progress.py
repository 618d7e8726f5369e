"""One small object through which long work reports and is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import Cancelled


class Progress:
    """Progress of one piece of work, safe to share between threads.

    Parameters
    ----------
    on_report : callable, optional
        Called as ``on_report(fraction, stage)``; `fraction` in 0..1 (dimensionless),
        `stage` a short phrase that names what is being done.
    """

    def __init__(self, on_report: Callable[[float, str], None] | None = None):
        self._on_report = on_report
        self._cancel = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next report."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        """Whether a stop was asked for."""
        return self._cancel.is_set()

    def stop_if_cancelled(self) -> None:
        """Stop here without a report, in work too fine for one.

        Raises
        ------
        Cancelled
            If `cancel` was called before.
        """
        if self._cancel.is_set():
            raise Cancelled("stopped at the user's request")

    def without_reports(self) -> Progress:
        """Part of the same work that is stopped with it but reports to nobody."""
        part = Progress()
        part._cancel = self._cancel
        return part

    def report(self, fraction: float, stage: str = "") -> None:
        """Report how far the work is.

        Raises
        ------
        Cancelled
            If `cancel` was called before.
        """
        self.stop_if_cancelled()
        if self._on_report is not None:
            self._on_report(min(max(float(fraction), 0.0), 1.0), stage)


def silent() -> Progress:
    """Return a progress object that reports to nobody."""
    return Progress()
