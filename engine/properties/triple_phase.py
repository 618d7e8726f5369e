"""Length of the lines where AM, CBD and electrolyte meet."""

from __future__ import annotations

import numpy as np

from engine.properties.axes import edges_of

STAIRCASE = 1.5
"""Length of a line on the voxel edges over its true length, mean over all directions."""


def triple_phase_length(
    labels: np.ndarray, spacing: float | tuple[float, float, float] = 1.0
) -> float:
    """Triple-phase length per volume of the sample, 1/µm².

    Edges around which all three phases stand, divided by 1.5 because a line of random direction is
    that much longer on a grid.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    spacing : float or three floats, µm

    Returns
    -------
    float
    """
    edges = edges_of(spacing)
    bits = np.left_shift(np.uint8(1), labels)
    length = 0.0
    for axis in range(3):
        around = bits
        for other in range(3):
            if other != axis:
                size = around.shape[other]
                low, high = range(size - 1), range(1, size)
                around = around.take(low, other) | around.take(high, other)
        length += edges[axis] * np.count_nonzero(around == 7)
    return length / STAIRCASE / (labels.size * float(np.prod(edges)))
