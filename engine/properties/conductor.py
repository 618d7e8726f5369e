"""The conduction problem as the solvers take it, and its grouping into boxes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.properties.boxes import GROUP_COUNT, GROUP_OF, group_boxes, link_groups
from engine.properties.graph import OVERCORRECTION, Level

STRENGTH = 0.01
"""Share of the strongest link below which voxels are not grouped. Only contrasts above 100 need it;
with 0 a contrast of 3e4 took 80 steps, with 0.01 and 0.05 it took 9."""


class Conductor(NamedTuple):
    """One conduction problem with the flow along the first axis."""

    cells: np.ndarray  # uint8, shape (nz, ny, nx); 0 is wall, else class
    pair: np.ndarray  # float64, (classes, classes): conductance of a face, 0 beside walls
    weights: np.ndarray  # float64, (3,): factor of faces across z, y, x; 1 for z
    wrap: bool  # whether the sides touch their opposites

    @property
    def strength(self) -> float:
        """Demand on links for grouping: 0 where conductances differ little."""
        used = self.pair[self.pair > 0]
        contrast = used.max() / used.min() * self.weights.max() / self.weights.min()
        return STRENGTH if contrast * STRENGTH > 1 else 0.0


class Boxes(NamedTuple):
    """Groups of the finest voxels; see `engine.properties.boxes.group_boxes`."""

    base: np.ndarray
    code: np.ndarray
    level: Level


def group_conductor(conductor: Conductor) -> Boxes:
    """Group the voxels of every 2 x 2 x 2 box, and link the groups."""
    cells, pair, weights, wrap = conductor
    base, code, even, nodes = group_boxes(
        cells, pair, weights, wrap, conductor.strength, GROUP_COUNT, GROUP_OF
    )
    start, other, weight, plate = link_groups(
        cells, pair, weights, wrap, base, code, nodes, OVERCORRECTION
    )
    count = (code >> 32).ravel()
    filled = np.flatnonzero(count)
    box = np.empty(nodes, np.int64)
    for extra in range(int(count.max())):
        more = filled[count[filled] > extra]
        box[base.ravel()[more] + extra] = more
    bz, by, bx = base.shape
    return Boxes(base, code, Level(start, other, weight, plate, box, (bz, by, bx), even))
