"""Flow axes: names, and views of a volume with the flow along its first axis."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from engine.errors import InputError

FLOW_AXES = {"z": 0, "y": 1, "x": 2}

Scalar = TypeVar("Scalar")


def axis_index(flow_axis: str) -> int:
    """Index in (z, y, x) of a flow axis.

    Raises
    ------
    InputError
        If the name is not z, y or x.
    """
    try:
        return FLOW_AXES[flow_axis]
    except (KeyError, TypeError):
        raise InputError(f"Flow axis '{flow_axis}' is not one of z, y, x.") from None


def flow_first(volume: np.ndarray, flow_axis: str) -> np.ndarray:
    """Contiguous volume whose first axis is the flow axis (a copy unless that is z)."""
    return np.ascontiguousarray(np.moveaxis(volume, axis_index(flow_axis), 0))


def flow_back(volume: np.ndarray, flow_axis: str) -> np.ndarray:
    """Undo `flow_first`."""
    return np.ascontiguousarray(np.moveaxis(volume, 0, axis_index(flow_axis)))


def flow_first_lengths(
    lengths: tuple[Scalar, Scalar, Scalar], flow_axis: str
) -> tuple[Scalar, Scalar, Scalar]:
    """Three values given along (z, y, x), reordered as `flow_first` reorders the axes."""
    rest = list(lengths)
    first = rest.pop(axis_index(flow_axis))
    return first, rest[0], rest[1]


def edges_of(spacing: float | tuple[float, float, float]) -> tuple[float, float, float]:
    """Voxel edges (z, y, x) in µm from one length or three.

    Raises
    ------
    InputError
        If a length is not positive and finite.
    """
    edges = np.broadcast_to(np.asarray(spacing, dtype=float), (3,))
    if not np.all(np.isfinite(edges)) or np.any(edges <= 0):
        raise InputError(f"Voxel size {spacing} must be one or three positive lengths in µm.")
    return float(edges[0]), float(edges[1]), float(edges[2])
