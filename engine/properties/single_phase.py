"""Conduction in one phase: checkerboard storage on the finest level, conductances implied."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from engine.properties import checkerboard as board
from engine.properties.boxes import BIT_COUNT, GROUP_COUNT, GROUP_OF, group_boxes, link_groups
from engine.properties.conductor import Conductor
from engine.properties.graph import Level
from engine.properties.hierarchy import (
    OVERCORRECTION,
    Hierarchy,
    build_hierarchy,
    coarse_cycle,
)


def _coarse_levels(conductor: Conductor) -> tuple[Hierarchy, tuple[np.ndarray, ...]]:
    """Hierarchy over the boxes, and where the groups of each box stand in it."""
    cells, _, weights, wrap = conductor
    base, code, box, colour = group_boxes(cells, GROUP_COUNT)
    one, two, weight, plate = link_groups(
        cells.shape, weights, wrap, base, code, box.size,
        (GROUP_COUNT, GROUP_OF, BIT_COUNT), OVERCORRECTION,
    )  # fmt: skip
    levels, place = build_hierarchy(Level(one, two, weight, plate, colour, box), 0.0)
    return levels, (base, code, GROUP_COUNT, GROUP_OF, place)


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

    def __init__(self, conductor: Conductor, real: type[np.floating], threads: int):
        cells, _, weights, self._wrap = conductor
        self._cells = cells
        self._layout = layout = board.layout_of(cells.shape)
        self._weights = weights.astype(real)
        self._inverse, self._black_inverse, self._residual, self._black = (
            np.zeros(layout.size, real) for _ in range(4)
        )
        energy = board.set_up(
            cells, layout, self._weights, self._wrap, self._inverse, self._black_inverse,
            self._residual, self._black,
        )  # fmt: skip
        self._levels, self._boxes = _coarse_levels(conductor)
        self._x, self._direction = (np.zeros(layout.size, real) for _ in range(2))
        self._dots, self._squares = np.empty(layout.nz), np.empty(layout.nz)
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._threads = threads
        # Black in balance with the linear guess; from here on the black residual stays zero.
        self._z = self._black * self._black_inverse
        self.energy = energy - board.dot(self._black, self._z, 0, layout.size)
        self._black, self._z = self._z, self._black
        if self._wrap:
            board.wrap_sides(layout, self._x, self._black)
        self._sweep(board.apply_schur, self._x, self._black, self._inverse, self._z)
        _, self.squared_residual = self.step(1.0)

    def _run(self, slices: int, kernel: Callable[..., None], *arguments: Any) -> None:
        """Call ``kernel(*arguments, low, high)`` for slabs that cover `slices`."""
        if self._pool is None:
            kernel(*arguments, 0, slices)
            return
        cuts = [slices * n // self._threads for n in range(self._threads + 1)]
        tasks = [self._pool.submit(kernel, *arguments, low, high) for low, high in pairwise(cuts)]
        for task in tasks:
            task.result()

    def _sweep(self, kernel: Callable[..., None], *arguments: Any) -> float:
        """Run a kernel that leaves a dot product per slice; returns their sum."""
        self._run(self._layout.nz, kernel, self._layout, self._weights, *arguments, self._dots)
        return float(self._dots.sum())

    def _balance_black(self, red: np.ndarray) -> None:
        if self._wrap:
            board.wrap_sides(self._layout, red, self._black)
        self._run(
            self._layout.nz, board.balance_black, self._layout, self._weights, red,
            self._black_inverse, self._black,
        )  # fmt: skip
        if self._wrap:
            board.wrap_sides(self._layout, red, self._black)

    def precondition(self) -> float:
        """One symmetric cycle on the residual; returns residual . correction."""
        layout, levels, z = self._layout, self._levels, self._z
        self._run(layout.nz, board.smooth_from_zero, layout, self._inverse, self._residual, z)
        self._balance_black(z)
        layers = (layout.nz + 1) // 2
        levels.b[: levels.first[1]] = 0
        self._run(
            layers, board.restrict, layout, self._weights, self._black, self._inverse,
            *self._boxes, levels.b,
        )  # fmt: skip
        coarse_cycle(*levels)
        self._run(layers, board.prolong, layout, self._inverse, *self._boxes, levels.x, z)
        self._balance_black(z)
        return self._sweep(board.balance_red, self._residual, self._black, self._inverse, z)

    def turn(self, share: float) -> float:
        """New direction; returns its energy norm squared."""
        layout = self._layout
        self._run(layout.nz, board.turn, layout, self._weights.dtype.type(share), self._z,
                  self._direction)  # fmt: skip
        self._balance_black(self._direction)
        if self._wrap:
            board.clear_sides(layout, self._z)
        return self._sweep(board.apply_schur, self._direction, self._black, self._inverse, self._z)

    def step(self, length: float) -> tuple[np.ndarray, float]:
        """Go along the direction; returns residual per slice, and its square."""
        self._run(
            self._layout.nz, board.step, self._layout, self._weights.dtype.type(length),
            self._direction, self._z, self._x, self._residual, self._dots, self._squares,
        )  # fmt: skip
        return self._dots, float(self._squares.sum())

    def correction(self) -> np.ndarray:
        """Potential less the linear one, shape (nz, ny, nx)."""
        self._balance_black(self._x)
        # Nothing else is needed any more, and large volumes need the memory.
        del self._levels, self._boxes, self._inverse, self._residual, self._direction, self._z
        return board.gather(
            self._layout, self._cells, self._weights, self._x, self._black, self._black_inverse
        )

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
