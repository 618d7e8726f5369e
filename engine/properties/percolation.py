"""Which voxels of a phase belong together, and which reach both ends of the sample.

Union-find over runs of voxels along the last axis: a run is joined with the runs it overlaps in
the row before and in the row of the slice before, so no voxel is visited more than a few times.
"""

from __future__ import annotations

import numpy as np
from numba import njit


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
    starts, ends, rows = _runs(mask)
    parent = _join_runs(starts, ends, rows, mask.shape, *(bool(periodic[a]) for a in order))
    spanning = _spanning(parent, rows, mask.shape[1], mask.shape[0])
    through = np.zeros(mask.shape, np.uint8)
    _paint(through, starts, ends, rows, spanning)
    return np.ascontiguousarray(np.transpose(through.view(np.bool_), np.argsort(order)))


def runs(
    phase: np.ndarray, periodic: tuple[bool, bool, bool] = (False,) * 3
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Runs of a phase along the last axis, and what they belong to.

    Parameters
    ----------
    phase, periodic
        As for `components`.

    Returns
    -------
    starts, ends : ndarray of int32, shape (runs,)
    rows : ndarray of int64, shape (nz * ny + 1,)
        First run of each row.
    root : ndarray of int32, shape (runs,)
        First run of each run's component.
    """
    mask = _as_bytes(phase)
    starts, ends, rows = _runs(mask)
    parent = _join_runs(starts, ends, rows, mask.shape, *(bool(p) for p in periodic))
    return starts, ends, rows, _roots(parent)


def _as_bytes(phase: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(phase, dtype=np.bool_).view(np.uint8)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def find_root(parent, i):
    """Root of i; shortens the path on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def join_sets(parent, i, j):
    """Join two sets under the smaller root."""
    i = find_root(parent, i)
    j = find_root(parent, j)
    if i < j:
        parent[j] = i
    elif j < i:
        parent[i] = j


@njit(cache=True, nogil=True)
def _join_rows(parent, starts, ends, a, a_end, b, b_end):
    """Join the runs of two neighbouring rows that overlap."""
    while a < a_end and b < b_end:
        if starts[a] < ends[b] and starts[b] < ends[a]:
            join_sets(parent, a, b)
        if ends[a] < ends[b]:
            a += 1
        else:
            b += 1


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _roots(parent):
    """Root of each run."""
    root = np.empty(parent.size, np.int32)
    for i in range(parent.size):
        root[i] = find_root(parent, i)
    return root


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _spanning(parent, rows, ny, nz):
    """1 for each run whose component touches both the first and the last slice, else 0."""
    touched = np.zeros(parent.size, np.uint8)
    for i in range(rows[ny]):
        touched[find_root(parent, i)] |= 1
    for i in range(rows[(nz - 1) * ny], parent.size):
        touched[find_root(parent, i)] |= 2
    through = np.empty(parent.size, np.uint8)
    for i in range(parent.size):
        through[i] = touched[find_root(parent, i)] == 3
    return through


@njit(cache=True, nogil=True)
def _paint(volume, starts, ends, rows, values):
    """Write the value of its run into each voxel of a volume of zeros."""
    ny = volume.shape[1]
    for row in range(rows.size - 1):
        line = volume[row // ny, row % ny]
        for i in range(rows[row], rows[row + 1]):
            if values[i]:
                line[starts[i] : ends[i]] = values[i]
