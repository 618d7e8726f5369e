"""Preconditioned conjugate gradients on a dissipation, and the rule when to stop.

The first guess is the linear potential and the result is the dissipation, whose error is the
square of the potential's. Each step lowers it by a known amount, and the sum of what is still to
come is the error (Hestenes and Stiefel 1952; Strakos and Tichy 2002, ETNA 13, 56-80).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from engine.progress import Progress

MOST_STEPS = 2000


class Problem(Protocol):
    """A dissipation to be minimised; vectors stay inside."""

    energy: float  # of the first guess
    squared_residual: float  # of the first guess

    def precondition(self) -> float:
        """Correction for the residual; returns residual . correction."""

    def turn(self, share: float) -> float:
        """New direction, correction + share * direction; returns its energy norm squared."""

    def step(self, length: float) -> tuple[np.ndarray, float]:
        """Go along the direction; returns residual per slice, and its square."""


class Outcome(NamedTuple):
    """How the iteration ended; `residual` is relative to the first."""

    steps: int
    residual: float
    converged: bool


class Monitor:
    """Decides when to stop: three conditions at once.

    The dissipation is settled (the decrease still to come, extrapolated from the last steps, is
    below the tolerance), the flux is the same through all planes within `flux_tolerance`, and the
    residual has fallen tenfold. Each alone has been seen to hold by accident in a clogged network.
    """

    def __init__(
        self, tolerance: float, flux_tolerance: float, energy: float, squared_residual: float
    ):
        self.tolerance = tolerance
        self.flux_tolerance = flux_tolerance
        self.energy = energy
        self.residual = 1.0
        self.drops: list[float] = []
        self._first = squared_residual

    def settled(self, drop: float, sums: np.ndarray, squared_residual: float) -> bool:
        """Note one step: energy lost, residual summed over each slice, squared residual."""
        self.energy -= drop
        self.drops.append(drop)
        self.residual = math.sqrt(squared_residual / self._first)
        if self.residual > 0.1:
            return False
        # The flux through a plane is the inlet's less the residuals of the slices before it; the
        # mean flux is energy times slices over slices squared, i.e. the energy itself.
        spread = np.ptp(np.concatenate(([0.0], np.cumsum(sums))))
        if spread > self.flux_tolerance * self.energy:
            return False
        if self.residual < 1e-12:
            return True
        recent = self.drops[-4:]
        if drop <= 1e-3 * self.tolerance * self.energy:
            return True
        if len(recent) < 3:  # the first step gains more than the others: its rate tells nothing
            return False
        rate = max(b / a if a > 0 else 0.0 for a, b in pairwise(recent))
        return rate < 1 and recent[-1] * rate / (1 - rate) <= self.tolerance * self.energy

    @property
    def done(self) -> float:
        """Rough share of the work done: decades that the last drop lies below the energy."""
        if not self.drops or self.drops[-1] <= 0:
            return 0.0
        decades = math.log(self.drops[-1] / self.energy) / math.log(self.tolerance)
        return min(max(decades, 0.0), 1.0)


def minimise(
    problem: Problem, tolerance: float, flux_tolerance: float, progress: Progress
) -> Outcome:
    """Lower the dissipation until it is known within `tolerance`.

    Parameters
    ----------
    problem : Problem
    tolerance : float
        Relative accuracy asked of the dissipation.
    flux_tolerance : float
        Largest difference of the flux through two planes, relative to their mean.
    progress : Progress

    Returns
    -------
    Outcome

    Raises
    ------
    Cancelled
        If `progress` was cancelled.
    """
    if problem.squared_residual == 0:
        return Outcome(0, 0.0, True)
    monitor = Monitor(tolerance, flux_tolerance, problem.energy, problem.squared_residual)
    old = 0.0
    for count in range(1, MOST_STEPS + 1):
        progress.report(monitor.done, "transport")
        new = problem.precondition()
        curvature = problem.turn(new / old if old > 0 else 0.0)
        if not (new > 0 and curvature > 0):  # nothing left but rounding
            return Outcome(count - 1, monitor.residual, monitor.residual < 1e-3)
        sums, squared = problem.step(new / curvature)
        if monitor.settled(new * new / curvature, sums, squared):
            return Outcome(count, monitor.residual, True)
        old = new
    return Outcome(MOST_STEPS, monitor.residual, False)
