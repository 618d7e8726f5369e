"""Finding features of equal value, by two numbers computed for each of them."""

from __future__ import annotations

import numpy as np


def _runs(sorted_values: np.ndarray, tolerance: np.ndarray | float) -> np.ndarray:
    """Number the runs of values that follow one another within the tolerance."""
    if sorted_values.size == 0:
        return np.zeros(0, dtype=np.int64)
    steps = np.diff(sorted_values) > (
        tolerance[1:] if isinstance(tolerance, np.ndarray) else tolerance
    )
    return np.concatenate([[0], np.cumsum(steps)])


def classes_of_equal(
    first: np.ndarray, second: np.ndarray, scale: np.ndarray | None = None, tolerance: float = 1e-9
) -> np.ndarray:
    """Number the classes of items whose two keys agree.

    Parameters
    ----------
    first, second : ndarray of float, shape (n,)
        Keys, for example two random projections of a standardised column.
    scale : ndarray of float, shape (n,), optional
        The tolerance of an item is ``tolerance*scale``; 1 by default.

    Returns
    -------
    ndarray of int, shape (n,)
        Equal numbers for equal items.
    """
    scale = np.ones(first.size) if scale is None else scale
    order = np.argsort(first, kind="stable")
    coarse = np.empty(first.size, dtype=np.int64)
    coarse[order] = _runs(first[order], tolerance * scale[order])
    order = np.lexsort((second, coarse))
    breaks = np.ones(first.size, dtype=bool)
    if first.size:
        gaps = np.diff(second[order]) > tolerance * scale[order][1:]
        breaks[1:] = gaps | (np.diff(coarse[order]) != 0)
    classes = np.empty(first.size, dtype=np.int64)
    classes[order] = np.cumsum(breaks) - 1
    return classes


def first_of_each(classes: np.ndarray, preference: tuple[np.ndarray, ...]) -> np.ndarray:
    """Indices of the preferred item of every class, ascending.

    Parameters
    ----------
    classes : ndarray of int, shape (n,)
    preference : tuple of ndarrays, shape (n,)
        Most important first; smaller is better.
    """
    order = np.lexsort((*reversed(preference), classes))
    if order.size == 0:
        return order
    starts = np.concatenate([[True], np.diff(classes[order]) != 0])
    return np.sort(order[starts])
