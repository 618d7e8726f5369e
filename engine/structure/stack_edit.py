"""Crop, turn and resample a stack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import InputError
from engine.structure.stack import VoxelStack

AXES = "zyx"
Range = tuple[int | None, int | None]


def crop(
    stack: VoxelStack,
    z: Range = (None, None),
    y: Range = (None, None),
    x: Range = (None, None),
) -> VoxelStack:
    """Cut out a box: first voxel and the one after the last, along each axis; None means the end.

    Raises
    ------
    InputError
        If the box is empty or lies outside.
    """
    slices = []
    for axis, (first, last), count in zip(AXES, (z, y, x), stack.shape, strict=True):
        start = 0 if first is None else int(first)
        stop = count if last is None else int(last)
        if not 0 <= start < stop <= count:
            raise InputError(
                f"The range {start} to {stop} along {axis} does not lie in 0 to {count}: give "
                "first < last inside the stack."
            )
        slices.append(slice(start, stop))
    return VoxelStack(stack.labels[tuple(slices)].copy(), stack.spacing)


def turn(stack: VoxelStack, up: str = "z", collector_last: bool = False) -> VoxelStack:
    """Turn a stack so that the thickness runs along z and the collector lies at z = 0.

    Parameters
    ----------
    stack : VoxelStack
    up : {"z", "y", "x"}
        Axis of the file that is the thickness.
    collector_last : bool
        Whether the collector is at the far end of that axis.
    """
    if up not in AXES:
        raise InputError(f"The thickness axis '{up}' is not one of z, y, x.")
    axis = AXES.index(up)
    order = (axis, *[i for i in range(3) if i != axis])
    labels = stack.labels.transpose(order)
    if collector_last:
        labels = labels[::-1]
    spacing = tuple(stack.spacing[i] for i in order)
    return VoxelStack(np.ascontiguousarray(labels), spacing)  # type: ignore[arg-type]


def resample(stack: VoxelStack, voxel_size: float | Sequence[float]) -> VoxelStack:
    """Resample to another voxel size; each new voxel takes the label at its centre.

    Parameters
    ----------
    stack : VoxelStack
    voxel_size : float or three floats along (z, y, x), µm

    Raises
    ------
    InputError
        If the size is not positive or larger than the stack.
    """
    edges = np.broadcast_to(np.asarray(voxel_size, dtype=float), (3,))
    lengths = np.array(stack.shape) * stack.spacing
    if not np.isfinite(edges).all() or edges.min() <= 0 or (edges > lengths).any():
        raise InputError(
            f"A voxel size of {voxel_size} µm does not lie between 0 and the size of the stack."
        )
    counts = np.maximum((lengths / edges + 0.5).astype(np.int64), 1)
    if counts.prod(dtype=float) > 2**31:
        raise InputError(
            f"A voxel size of {voxel_size} µm gives {counts.prod(dtype=float) / 1e6:.0f} million "
            "voxels: give a larger one."
        )
    picks = [
        np.minimum(((np.arange(n) + 0.5) * count / n).astype(np.int64), count - 1)
        for n, count in zip(counts, stack.shape, strict=True)
    ]
    labels = stack.labels[np.ix_(*picks)]
    spacing = tuple((lengths / counts).tolist())
    return VoxelStack(labels, spacing)
