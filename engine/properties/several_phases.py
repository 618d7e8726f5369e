"""Conduction with several conductivities: checkerboard storage with stored conductances."""

from __future__ import annotations

import numpy as np

from engine.properties import checkerboard as board
from engine.properties import linked_board as linked
from engine.properties.boxes import group_conductor
from engine.properties.conductor import Conductor
from engine.properties.hierarchy import OVERCORRECTION, Hierarchy, build_hierarchy
from engine.properties.rigid_clusters import cluster_potential
from engine.properties.single_phase import SinglePhase
from engine.properties.sums import dot

SINGLE_BELOW = 4e4
"""Contrast up to which float32 may be taken; beyond, it loses the weak currents. Against a direct
solution of small electrodes it lost up to 7e-5 of the conductivity at 3.3e4, and 3e-4 at 9.9e4."""


class SeveralPhases(SinglePhase):
    """Dissipation of any conductor whose periodic sides are even."""

    _balance_black = staticmethod(linked.balance_black)
    _relax_red = staticmethod(linked.relax_red)
    _apply_schur = staticmethod(linked.apply_schur)
    _restrict = staticmethod(linked.restrict)
    _shares = (1.0,)

    def __init__(self, conductor: Conductor, real: type[np.floating], threads: int):
        super().__init__(
            conductor, real if conductor.contrast < SINGLE_BELOW else np.float64, threads
        )

    def _set_up(self) -> float:
        cells, pair, weights, wrap = self._conductor
        self._links = np.zeros((6, self._layout.size), np.float32)
        across = (weights[:, None, None] * pair).astype(np.float32)
        return linked.set_up(
            cells, pair, across, self._layout, weights, wrap, self._links, self._inverse,
            self._black_inverse, self._residual, self._black,
        )  # fmt: skip

    def _coarsen(self) -> tuple[Hierarchy, np.ndarray]:
        conductor = self._conductor
        base, code, level = group_conductor(conductor, OVERCORRECTION)
        levels, place = build_hierarchy(level, conductor.strength, conductor.rigid, self._real)
        return levels, board.group_of_red(self._layout, base, code, place, levels.first[-1])

    def _begin(self, energy: float) -> None:
        """Start with one potential on each cluster of good conductors, if that is nearer.

        The linear potential drives large currents through them, which cost half of all steps: with
        a contrast of 3e4 this start needs 4 instead of 10.
        """
        super()._begin(energy)
        if self._conductor.rigid == 0:
            return
        linked.scatter(self._layout, cluster_potential(self._conductor), self._direction)
        self._run(self._fill(self._direction), self._apply(self._direction))
        squared = float(self._dots.sum())
        gain = 2 * dot(self._residual, self._direction) - squared
        # Where the clusters themselves carry the current, the linear potential is nearer.
        if gain > 0:
            self.energy -= gain
            self._x[:] = self._direction
            self._residual -= self._z
            self.squared_residual = dot(self._residual, self._residual)
        self._direction[:] = 0
