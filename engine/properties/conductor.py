"""The conduction problem as the solvers take it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

STRENGTH = 0.01
"""Share of the strongest link below which nodes are not grouped. Only contrasts above 100 need it;
with 0 a contrast of 3e4 took 80 steps, with 0.01 and 0.05 it took 9."""


class Conductor(NamedTuple):
    """One conduction problem with the flow along the first axis."""

    cells: np.ndarray  # uint8, shape (nz, ny, nx); 0 is wall, else class
    pair: np.ndarray  # float64, (classes, classes): conductance of a face, 0 beside walls
    weights: np.ndarray  # float64, (3,): factor of faces across z, y, x; 1 for z
    wrap: bool  # whether the sides touch their opposites

    @property
    def contrast(self) -> float:
        """Largest conductance of a face over the smallest."""
        used = self.pair[self.pair > 0]
        return float(used.max() / used.min() * self.weights.max() / self.weights.min())

    @property
    def strength(self) -> float:
        """Demand on links for grouping: 0 where conductances differ little."""
        return STRENGTH if self.contrast * STRENGTH > 1 else 0.0

    @property
    def rigid(self) -> float:
        """Conductance from which voxels are nearly one potential; 0 where contrasts are small."""
        if self.strength == 0:
            return 0.0
        used = self.pair[self.pair > 0]
        return float(used.min() * self.weights.min() / STRENGTH)

    @property
    def is_single(self) -> bool:
        """Whether there is one phase whose conductances need not be stored."""
        return self.pair.shape[0] == 2 and self.strength == 0

    @property
    def has_odd_ring(self) -> bool:
        """Whether a periodic side is odd, so that two voxels of one colour meet across it."""
        _, ny, nx = self.cells.shape
        return bool(self.wrap and (ny % 2 or nx % 2))
