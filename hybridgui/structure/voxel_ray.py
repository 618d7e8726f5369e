"""Which voxel lies under the pointer: a walk through the grid along the line of sight."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pick:
    """A voxel that was pointed at.

    Attributes
    ----------
    index : tuple of three ints
        (z, y, x), counted from 0 at the current collector.
    position : tuple of three floats, µm
        Centre of the voxel as (x, y, z).
    phase : int
    """

    index: tuple[int, int, int]
    position: tuple[float, float, float]
    phase: int


def first_voxel(
    labels: np.ndarray,
    spacing: tuple[float, float, float],
    start: np.ndarray,
    end: np.ndarray,
    visible: Collection[int],
    crop: tuple[tuple[int, int], ...] | None = None,
    planes: list[tuple[np.ndarray, np.ndarray]] | None = None,
) -> Pick | None:
    """First visible voxel on the way from `start` to `end`.

    The walk visits every voxel that the line enters, in order (Amanatides and Woo,
    "A fast voxel traversal algorithm for ray tracing", Eurographics 1987).

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    spacing : tuple of three floats, µm
        Along (z, y, x).
    start, end : ndarray, shape (3,), µm
        As (x, y, z).
    visible : collection of int
        Phases that stop the line.
    crop : three (first, past the last) voxel bounds along (z, y, x), optional
    planes : list of (origin, normal), optional
        In (x, y, z), µm; only the positive side of each is there.
    """
    edge = np.array(spacing, dtype=float)
    low, high = (
        (np.zeros(3), np.array(labels.shape, dtype=float))
        if crop is None
        else (np.array([b[0] for b in crop], float), np.array([b[1] for b in crop], float))
    )
    first = np.asarray(start, float)[::-1] / edge
    way = np.asarray(end, float)[::-1] / edge - first
    enter, leave = 0.0, 1.0
    for axis in range(3):
        if abs(way[axis]) < 1e-12:
            if not low[axis] <= first[axis] < high[axis]:
                return None
            continue
        t = sorted(((low[axis] - first[axis]) / way[axis], (high[axis] - first[axis]) / way[axis]))
        enter, leave = max(enter, t[0]), min(leave, t[1])
    for origin, normal in planes or ():
        at_start = float(np.dot(np.asarray(start) - origin, normal))
        at_end = float(np.dot(np.asarray(end) - origin, normal))
        if at_start < 0 and at_end < 0:
            return None
        if at_start * at_end < 0:
            t_cut = at_start / (at_start - at_end)
            if at_start < 0:
                enter = max(enter, t_cut)
            else:
                leave = min(leave, t_cut)
    if enter >= leave:
        return None
    place = first + (enter + 1e-9) * way
    voxel = np.clip(np.floor(place), low, high - 1).astype(int)
    step = np.sign(way).astype(int)
    with np.errstate(divide="ignore", invalid="ignore"):
        boundary = voxel + (step > 0)
        t_next = np.where(step != 0, (boundary - first) / way, np.inf)
        t_step = np.where(step != 0, np.abs(1 / way), np.inf)
    while True:
        phase = int(labels[tuple(voxel)])
        if phase in visible:
            centre = (voxel + 0.5) * edge
            x, y, z = (float(c) for c in centre[::-1])
            return Pick((int(voxel[0]), int(voxel[1]), int(voxel[2])), (x, y, z), phase)
        axis = int(np.argmin(t_next))
        if t_next[axis] > leave:
            return None
        voxel[axis] += step[axis]
        if not low[axis] <= voxel[axis] < high[axis]:
            return None
        t_next[axis] += t_step[axis]
