"""Which voxels of a phase belong together, and which reach both ends of the sample.

Components are joined from runs of voxels along the last axis: a run with the runs it overlaps in
the row before and in the row of the slice before, so no voxel is visited more than a few times.
Percolation, which is asked for in every solve, joins parts of blocks (`engine.properties.blocks`).
"""

from __future__ import annotations

import numpy as np

from engine.compiled import kernel
from engine.properties.blocks import (
    link_parts,
    paint,
    parts_of,
    plate_faces,
    roots,
    spanning_parts,
)
from engine.properties.union_find import find_root, join_sets


def components(phase: np.ndarray, periodic: tuple[bool, bool, bool] = (False,) * 3) -> np.ndarray:
    """Label face-connected components.

    Parameters
    ----------
    phase : ndarray of bool, shape (nz, ny, nx)
    periodic : three bools
        Axes along which opposite faces touch.

    Returns
    -------
    ndarray of int32, shape (nz, ny, nx)
        0 outside the phase, else 1, 2, ... in the order of their first voxel.
    """
    mask = _as_bytes(phase)
    starts, ends, rows = _runs(mask)
    parent = _join_runs(starts, ends, rows, mask.shape, *(bool(p) for p in periodic))
    volume = np.zeros(mask.shape, np.int32)
    _paint(volume, starts, ends, rows, _number(parent))
    return volume


def percolating(
    phase: np.ndarray, axis: int = 0, periodic: tuple[bool, bool, bool] = (False,) * 3
) -> np.ndarray:
    """Voxels of the phase that are face-connected to both end faces along an axis.

    Parameters
    ----------
    phase : ndarray of bool, shape (nz, ny, nx)
    axis : int
        Axis along which the component must span the sample.
    periodic : three bools
        Axes along which opposite faces touch.

    Returns
    -------
    ndarray of bool, shape (nz, ny, nx)
    """
    order = [axis, *(other for other in range(3) if other != axis)]
    mask = _as_bytes(np.transpose(phase, order))
    parts = parts_of(mask)
    wraps = (bool(periodic[order[0]]), bool(periodic[order[1]]), bool(periodic[order[2]]))
    one, two, _ = link_parts(*parts, wraps, np.ones(3))
    keep = spanning_parts(roots(one, two, parts.words.size), plate_faces(parts))
    through = np.empty(mask.shape, np.uint8)
    paint(parts.first, parts.words, parts.blocks, keep, through)
    return np.ascontiguousarray(np.transpose(through.view(np.bool_), np.argsort(order)))


def _as_bytes(phase: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(phase, dtype=np.bool_).view(np.uint8)


@kernel
def _runs(mask):
    """Runs [start, end) along the last axis, and the first run of each row (rows + 1 entries)."""
    nz, ny, nx = mask.shape
    most = nz * ny * ((nx + 1) // 2) + 1
    rows = np.empty(nz * ny + 1, np.int64)
    starts = np.empty(most, np.int32)
    ends = np.empty(most, np.int32)
    begun, ended = np.int64(0), np.int64(0)
    for row in range(nz * ny):
        rows[row] = begun
        line = mask[row // ny, row % ny]
        before = np.uint8(0)
        # Always written, kept only at a change: a branch here would be mispredicted.
        for x in range(nx):
            here = line[x]
            change = here ^ before
            starts[begun] = x
            ends[ended] = x
            begun += np.int64(change & here)
            ended += np.int64(change & before)
            before = here
        ends[ended] = nx
        ended += np.int64(before)
    rows[nz * ny] = begun
    return starts[:begun], ends[:ended], rows


@kernel
def _join_rows(parent, starts, ends, a, a_end, b, b_end):
    """Join the runs of two neighbouring rows that overlap."""
    while a < a_end and b < b_end:
        if starts[a] < ends[b] and starts[b] < ends[a]:
            join_sets(parent, a, b)
        if ends[a] < ends[b]:
            a += 1
        else:
            b += 1


@kernel
def _join_runs(starts, ends, rows, shape, wrap_z, wrap_y, wrap_x):
    """Parent of each run after joining all that touch."""
    nz, ny, nx = shape
    parent = np.arange(starts.size, dtype=np.int32)
    for row in range(nz * ny):
        first, last = rows[row], rows[row + 1]
        if row % ny:
            _join_rows(parent, starts, ends, rows[row - 1], first, first, last)
        elif wrap_y:
            other = row + ny - 1
            _join_rows(parent, starts, ends, rows[other], rows[other + 1], first, last)
        if row >= ny:
            other = row - ny
            _join_rows(parent, starts, ends, rows[other], rows[other + 1], first, last)
        elif wrap_z:
            other = row + (nz - 1) * ny
            _join_rows(parent, starts, ends, rows[other], rows[other + 1], first, last)
        if wrap_x and last > first and starts[first] == 0 and ends[last - 1] == nx:
            join_sets(parent, first, last - 1)
    return parent


@kernel
def _number(parent):
    """Number of each run's component, 1, 2, ... in the order of first runs."""
    label = np.empty(parent.size, np.int32)
    count = 0
    for i in range(parent.size):
        root = find_root(parent, i)
        if root == i:
            count += 1
            label[i] = count
        else:
            label[i] = label[root]
    return label


@kernel
def _paint(volume, starts, ends, rows, values):
    """Write the value of its run into each voxel of a volume of zeros."""
    ny = volume.shape[1]
    for row in range(rows.size - 1):
        line = volume[row // ny, row % ny]
        for i in range(rows[row], rows[row + 1]):
            if values[i]:
                line[starts[i] : ends[i]] = values[i]
