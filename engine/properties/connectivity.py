"""What belongs to the conducting network of a phase, and what is cut off."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.properties.axes import axis_index
from engine.properties.percolation import components


class Connectivity(NamedTuple):
    """Shares of a phase's voxels by what they are face-connected to; nan where it is absent.

    `first` and `last` are the ends of the flow axis: collector and separator for z.
    """

    components: int
    largest: float
    to_first: float
    to_last: float
    isolated: float  # joined to neither end


def connectivity(phase: np.ndarray, flow_axis: str = "z") -> Connectivity:
    """Connected parts of a phase.

    Parameters
    ----------
    phase : ndarray of bool, shape (nz, ny, nx)
    flow_axis : {"z", "y", "x"}

    Returns
    -------
    Connectivity
    """
    labels = components(phase)
    sizes = np.bincount(labels.ravel())
    total = labels.size - sizes[0]
    if total == 0:
        return Connectivity(0, *(float("nan"),) * 4)
    axis = axis_index(flow_axis)
    first, last = (np.unique(labels.take(end, axis)) for end in (0, -1))
    first, last = first[first > 0], last[last > 0]
    either = np.union1d(first, last)
    return Connectivity(
        int(np.count_nonzero(sizes[1:])),
        float(sizes[1:].max() / total),
        float(sizes[first].sum() / total),
        float(sizes[last].sum() / total),
        float(1 - sizes[either].sum() / total),
    )
