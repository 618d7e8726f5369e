"""Conduction in one phase: checkerboard storage on the finest level, conductances implied."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from engine.properties import checkerboard as board
from engine.properties.blocks import EDGE, group_blocks
from engine.properties.conductor import Conductor
from engine.properties.hierarchy import Hierarchy, build_hierarchy, coarse_cycle
from engine.properties.sums import dot

BLOCK_OVERCORRECTION = 2.6
"""As `engine.properties.hierarchy.OVERCORRECTION`, for blocks. It may exceed 2: the finest level is
cycled once, between sweeps that are each other's adjoint, so a positive correction keeps the cycle
positive whatever its size. Tried 1.6 to 3.5 on open pores, clogged pores and noise: up to a quarter
fewer steps from 1.6 to 2.6, flat beyond."""

CHEBYSHEV = tuple(1 / (0.625 + 0.375 * math.cos(math.pi * (k + 0.5) / 2)) for k in range(2))
"""Shares of two red half sweeps that together damp all that blocks cannot: the polynomial of least
maximum over eigenvalues from 0.25 to 1 of the Schur complement, scaled by its diagonal. They take
the place of a level of 2 x 2 x 2 boxes, whose graph cost more than all the sweeps."""

IN_CACHE = 1 << 17
"""Places that one kernel sweeps before the next follows. A sweep reads and writes 24 bytes a place
(five float32 vectors and the name of the part): 3 MB, which the inner caches of most processors hold.
Where the last cache held the whole volume, 2**15 places to all of them differed by less than 5 %."""

Stage = tuple[Callable[..., None], tuple[Any, ...]]
"""A kernel, and its arguments but the last two, ``low`` and ``high``: the slices to do."""


class SinglePhase:
    """Dissipation of one phase, for `engine.properties.conjugate_gradients`.

    Parameters
    ----------
    conductor : Conductor
        With one class besides the wall; periodic sides must be even.
    real : type
        float32 or float64: type of the vectors on the finest level.
    threads : int
        Slabs of slices are swept side by side; results do not depend on it.
    """

    # The kernels that know how conductances are stored; `SeveralPhases` has others.
    _balance_black: Callable[..., None] = staticmethod(board.balance_black)
    _relax_red: Callable[..., None] = staticmethod(board.relax_red)
    _apply_schur: Callable[..., None] = staticmethod(board.apply_schur)
    _restrict: Callable[..., None] = staticmethod(board.restrict)
    _shares: tuple[float, ...] = CHEBYSHEV

    def __init__(self, conductor: Conductor, real: type[np.floating], threads: int):
        self._conductor = conductor
        self._wrap = conductor.wrap
        self._layout = layout = board.layout_of(conductor.cells.shape)
        self._real = real
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._threads = threads
        self._inverse, self._black_inverse, self._residual, self._black = (
            np.zeros(layout.size, real) for _ in range(4)
        )
        base_energy = self._set_up()
        self._levels, self._up = self._coarsen()
        self._x, self._direction, self._z = (np.zeros(layout.size, real) for _ in range(3))
        self._dots, self._squares = np.empty(layout.nz), np.empty(layout.nz)
        self._begin(base_energy)

    def _set_up(self) -> float:
        """Fill the arrays of the finest level; returns the dissipation of the linear potential."""
        cells, _, weights, wrap = self._conductor
        self._links = weights.astype(self._real)  # all that is stored of the conductances
        return board.set_up(
            cells, self._layout, self._links, wrap, self._inverse, self._black_inverse,
            self._residual, self._black,
        )  # fmt: skip

    def _coarsen(self) -> tuple[Hierarchy, np.ndarray]:
        """Coarse levels, and the unknown there of each red voxel."""
        (first, words, blocks, _), level = group_blocks(self._conductor, BLOCK_OVERCORRECTION)
        levels, place = build_hierarchy(level, 0.0, 0.0, self._real)
        up = board.part_of_red(self._layout, first, words, blocks, place, levels.first[-1])
        return levels, up

    def _begin(self, energy: float) -> None:
        """Start from the linear potential of dissipation `energy`, then bring black into balance.

        From here on the black residual is zero. `_residual` and `_black` hold the residuals of the
        linear potential before.
        """
        source = self._black
        self._black = source * self._black_inverse
        self.energy = energy - dot(source, self._black)
        if self._wrap:
            board.wrap_sides(self._layout, self._x, self._black)
        self._run(self._apply(self._x))
        self._residual -= self._z
        self.squared_residual = dot(self._residual, self._residual)

    def _run(self, *stages: Stage) -> None:
        """Run kernels over all slices, one after the other.

        One thread takes them together through a few slices at a time, each a slice behind the one
        before, which has then left all that it reads: what one writes is still in the cache for the
        next. Several threads take slabs, one kernel at a time. The numbers are the same.
        """
        slices = self._layout.nz
        if self._pool is None and not self._wrap:
            step = max(1, IN_CACHE // self._layout.slice)
            if step >= slices:
                step = slices + len(stages)
            for end in range(step, slices + step + len(stages) - 1, step):
                for behind, (kernel, arguments) in enumerate(stages):
                    low, high = max(end - step - behind, 0), min(end - behind, slices)
                    if low < high:
                        kernel(*arguments, low, high)
            return
        # Two threads share no block, nor any box of `engine.properties.boxes`, which has two slices.
        layers = (slices + EDGE - 1) // EDGE
        cuts = [min(EDGE * (layers * n // self._threads), slices) for n in range(self._threads + 1)]
        for kernel, arguments in stages:
            fills = self._wrap and kernel is self._balance_black
            if fills:
                board.wrap_sides(self._layout, arguments[2], self._black)
            if self._pool is None:
                kernel(*arguments, 0, slices)
            else:
                tasks = [
                    self._pool.submit(kernel, *arguments, low, high) for low, high in pairwise(cuts)
                ]
                for task in tasks:
                    task.result()
            if fills:
                board.wrap_sides(self._layout, arguments[2], self._black)

    def _fill(self, red: np.ndarray) -> Stage:
        """Bring black into balance with red."""
        arguments = (self._layout, self._links, red, self._black_inverse, self._black)
        return self._balance_black, arguments

    def _relax(self, share: np.floating) -> Stage:
        """Red half sweep of the correction; leaves residual . correction of each slice."""
        return self._relax_red, (
            self._layout, self._links, share, self._residual, self._black, self._inverse, self._z,
            self._dots,
        )  # fmt: skip

    def _apply(self, red: np.ndarray) -> Stage:
        """Matrix times red, given its balanced black, to `_z`; leaves red . result of each slice."""
        return self._apply_schur, (
            self._layout, self._links, red, self._black, self._inverse, self._z, self._dots
        )  # fmt: skip

    def precondition(self) -> float:
        """One symmetric cycle on the residual; returns residual . correction."""
        layout, levels, z = self._layout, self._levels, self._z
        first, *rest = (self._real(share) for share in self._shares)
        down: list[Stage] = [
            (board.smooth_from_zero, (layout, first, self._inverse, self._residual, z)),
            self._fill(z),
        ]
        for share in rest:
            down += [self._relax(share), self._fill(z)]
        levels.b[: levels.first[1]] = 0
        left = (
            layout, self._links, self._residual, z, self._black, self._inverse, self._up, levels.b
        )  # fmt: skip
        self._run(*down, (self._restrict, left))
        coarse_cycle(*levels)
        up: list[Stage] = [(board.prolong, (layout, self._up, levels.x, z)), self._fill(z)]
        for share in reversed(rest):
            up += [self._relax(share), self._fill(z)]
        self._run(*up, self._relax(first))
        return float(self._dots.sum())

    def turn(self, share: float) -> float:
        """New direction; returns its energy norm squared."""
        # The correction makes room for the product, where the sweeps are behind.
        direction = self._direction
        turned = (board.turn, (self._layout, self._real(share), self._z, direction))
        self._run(turned, self._fill(direction), self._apply(direction))
        return float(self._dots.sum())

    def step(self, length: float) -> tuple[np.ndarray, float]:
        """Go along the direction; returns residual per slice, and its square."""
        going = (
            self._layout, self._real(length), self._direction, self._z, self._x, self._residual,
            self._dots, self._squares,
        )  # fmt: skip
        self._run((board.step, going))
        return self._dots, float(self._squares.sum())

    def correction(self) -> np.ndarray:
        """Potential less the linear one, shape (nz, ny, nx)."""
        self._run(self._fill(self._x))
        # Nothing else is needed any more, and large volumes need the memory.
        del self._levels, self._up, self._inverse, self._residual, self._direction, self._z
        cells, pair, weights, _ = self._conductor
        fall = self._real(weights[0] / self._layout.nz)
        volume = np.empty(cells.shape, self._real)
        board.gather(
            self._layout, cells, pair, fall, self._x, self._black, self._black_inverse, volume
        )
        return volume

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
