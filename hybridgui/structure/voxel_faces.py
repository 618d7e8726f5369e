"""The faces between voxels of different phases, as meshes: the truest picture of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hybridgui.structure.phases import OUTSIDE, PHASES

PAIRS = tuple(combinations((*PHASES, OUTSIDE), 2))
"""The six kinds of surface: between two phases, or between a phase and the outside."""


@dataclass(frozen=True, eq=False)
class InterfaceMesh:
    """Surface between two phases.

    Attributes
    ----------
    points : ndarray of float32, shape (n, 3), µm
        Corners as (x, y, z); z = 0 is the face of the current collector.
    cells : ndarray of int32, shape (m, 3) or (m, 4)
        Corners of each triangle or quadrilateral.
    owners : ndarray of int32, shape (m, 2), or None
        Flat index of the voxel at either side, in the order of the pair; -1 is outside.
    """

    points: np.ndarray
    cells: np.ndarray
    owners: np.ndarray | None = None


_COUNTED = 4_000_000
"""Voxels whose faces are all counted; of larger stacks about so many are."""


def voxel_faces(
    labels: np.ndarray, spacing: tuple[float, float, float]
) -> dict[tuple[int, int], InterfaceMesh]:
    """Collect all faces between unequal neighbours and at the faces of the box.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    spacing : tuple of three floats, µm
        Along (z, y, x).

    Returns
    -------
    dict of InterfaceMesh
        Keyed by the pair (smaller label, larger label); pairs that never meet are left out.
    """
    shape = np.array(labels.shape)
    nodes = shape + 1
    node_stride = np.array((nodes[1] * nodes[2], nodes[2], 1))
    # Flat index of each voxel within the array padded by one layer of "outside".
    padded = np.pad(labels, 1, constant_values=OUTSIDE)
    quads: dict[tuple[int, int], list[np.ndarray]] = {pair: [] for pair in PAIRS}
    owners: dict[tuple[int, int], list[np.ndarray]] = {pair: [] for pair in PAIRS}
    for axis in range(3):
        inner = [slice(1, -1)] * 3
        below, above = inner.copy(), inner.copy()
        below[axis], above[axis] = slice(None, -1), slice(1, None)
        low, high = padded[tuple(below)], padded[tuple(above)]
        at = np.flatnonzero(low != high)
        if not at.size:
            continue
        low, high = low.ravel()[at], high.ravel()[at]
        place = np.unravel_index(at, [n + (k == axis) for k, n in enumerate(labels.shape)])
        node = sum(p * s for p, s in zip(place, node_stride, strict=True)).astype(np.int32)
        u, v = (node_stride[k] for k in range(3) if k != axis)
        corners = np.stack((node, node + u, node + u + v, node + v), axis=1).astype(np.int32)
        voxel_stride = (shape[1] * shape[2], shape[2], 1)
        voxel = sum(p * s for p, s in zip(place, voxel_stride, strict=True))
        voxel_above = np.where(place[axis] < shape[axis], voxel, -1)
        voxel_below = np.where(place[axis] > 0, voxel - voxel_stride[axis], -1)
        ordered = low < high
        first = np.where(ordered, voxel_below, voxel_above).astype(np.int32)
        second = np.where(ordered, voxel_above, voxel_below).astype(np.int32)
        code = np.minimum(low, high) * (OUTSIDE + 1) + np.maximum(low, high)
        for pair in PAIRS:
            here = np.flatnonzero(code == pair[0] * (OUTSIDE + 1) + pair[1])
            if here.size:
                quads[pair].append(corners[here])
                owners[pair].append(np.stack((first[here], second[here]), axis=1))
    return {
        pair: _compact(np.concatenate(quads[pair]), np.concatenate(owners[pair]), nodes, spacing)
        for pair in PAIRS
        if quads[pair]
    }


def _compact(
    cells: np.ndarray, owners: np.ndarray, nodes: np.ndarray, spacing: tuple[float, float, float]
) -> InterfaceMesh:
    """Keep only the lattice nodes in use, and give them places in µm."""
    used = np.zeros(int(np.prod(nodes)), dtype=bool)
    used[cells] = True
    at = np.flatnonzero(used)
    number = np.empty(used.size, dtype=np.int32)
    number[at] = np.arange(at.size, dtype=np.int32)
    place = np.unravel_index(at, nodes)
    points = np.stack([place[k] * spacing[k] for k in (2, 1, 0)], axis=1).astype(np.float32)
    return InterfaceMesh(points, number[cells], owners)


def estimate_faces(labels: np.ndarray) -> int:
    """Number of faces between unlike voxels, without building them.

    Counted in small stacks; in large ones counted in evenly spaced slices and scaled.
    """
    whole = labels.shape[0]
    step = max(1, labels.size // _COUNTED)
    faces = 0.0
    if step > 1:
        below = np.arange(0, whole - 1, step)
        faces += np.count_nonzero(labels[below] != labels[below + 1]) * (whole - 1) / below.size
        labels = labels[::step]
    else:
        faces += np.count_nonzero(labels[1:] != labels[:-1])
    in_slices = np.count_nonzero(labels[:, 1:] != labels[:, :-1])
    in_slices += np.count_nonzero(labels[:, :, 1:] != labels[:, :, :-1])
    return round(faces + in_slices * whole / labels.shape[0])
