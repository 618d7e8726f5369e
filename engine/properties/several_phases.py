"""Conduction with several conductivities: checkerboard storage with stored conductances."""

from __future__ import annotations

import numpy as np

from engine.properties import linked_board as linked
from engine.properties.conductor import Conductor
from engine.properties.percolation import components
from engine.properties.single_phase import SinglePhase
from engine.properties.voxel_graph import cluster_potential


class SeveralPhases(SinglePhase):
    """Dissipation of any conductor whose periodic sides are even.

    Vectors are float64: with contrasts of 1e6, float32 loses the weak currents.
    """

    _balance_black = staticmethod(linked.balance_black)
    _balance_red = staticmethod(linked.balance_red)
    _apply_schur = staticmethod(linked.apply_schur)
    _restrict = staticmethod(linked.restrict)

    def __init__(self, conductor: Conductor, threads: int):
        super().__init__(conductor, np.float64, threads)

    def _set_up(self) -> float:
        cells, pair, weights, wrap = self._conductor
        self._links = np.zeros((6, self._layout.size), np.float32)
        return linked.set_up(
            cells, pair, self._layout, weights, wrap, self._links, self._inverse,
            self._black_inverse, self._residual, self._black,
        )  # fmt: skip

    def _begin(self, energy: float) -> None:
        """Start with one potential on each cluster of good conductors, if that is nearer.

        The linear potential drives large currents through them, which cost half of all steps: with
        a contrast of 3e4 this start needs 4 instead of 10.
        """
        if self._conductor.rigid == 0:
            super()._begin(energy)
            return
        sources = self._residual.copy(), self._black.copy()
        super()._begin(energy)
        linear = (self.energy, self.squared_residual, self._residual, self._black)
        self._residual, self._black = sources
        linked.scatter(self._layout, self._rigid_potential(), self._x)
        super()._begin(energy)
        # Where the clusters themselves carry the current, the linear potential is nearer.
        if self.energy > linear[0]:
            self.energy, self.squared_residual, self._residual, self._black = linear
            self._x[:] = 0

    def _rigid_potential(self) -> np.ndarray:
        """What to add to the linear potential to level it on clusters, shape (nz, ny, nx)."""
        cells, pair, _, wrap = self._conductor
        good = np.diag(pair)[cells] >= self._conductor.rigid
        nz, ny, nx = cells.shape
        clusters = components(good, (False, wrap, wrap)).ravel()
        height = np.repeat(np.arange(nz, dtype=np.int32), ny * nx)
        return cluster_potential(clusters, height, nz).reshape(cells.shape)
