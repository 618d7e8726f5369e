"""What touches the current collector and the separator."""

from __future__ import annotations

import numpy as np

from engine.structure.stack import AM, CBD


def slice_coverage(labels: np.ndarray, position: int = 0) -> dict[str, float]:
    """Share of the pixels of one z slice that are AM and CBD.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    position : int
        Slice; 0 is the current collector, -1 the separator.

    Returns
    -------
    dict
        Keys ``am`` and ``cbd``, percent.
    """
    pixels = labels[position]
    return {
        "am": 100.0 * float(np.mean(pixels == AM)),
        "cbd": 100.0 * float(np.mean(pixels == CBD)),
    }
