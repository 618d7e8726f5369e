"""Which points lie in, or near, the convex hull of some others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MANY = 60
"""Points from which on it pays to look for the corners among them first."""
_FLAT = 1e-9
"""Extent of the points, as a share of the largest, below which they lie in a plane."""


def distinct_rows(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The different rows of a table, sorted, and which of them each row is.

    As `numpy.unique` over rows. Tables of curves repeat a coating over each whole curve: what
    is sorted is one row a run.

    Parameters
    ----------
    rows : ndarray, shape (n, k)

    Returns
    -------
    distinct : ndarray, shape (m, k)
    back : ndarray of int, shape (n,)
        ``distinct[back]`` is `rows`.
    """
    starts = np.ones(len(rows), dtype=bool)
    if len(rows) > 1:
        starts[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    distinct, back = np.unique(rows[starts], axis=0, return_inverse=True)
    return distinct, back.ravel()[np.cumsum(starts) - 1]


class Hull:
    """Convex hull of some points; they may lie in a plane, on a line or on one spot.

    Parameters
    ----------
    points : ndarray, shape (k, d)
    """

    def __init__(self, points: NDArray[np.float64]) -> None:
        from scipy.spatial import ConvexHull, QhullError

        self._corners = np.unique(points, axis=0)
        self._middle = self._corners.mean(axis=0)
        _, extent, axes = np.linalg.svd(self._corners - self._middle, full_matrices=False)
        self._axes = axes[extent > _FLAT * max(float(extent.max(initial=0.0)), 1e-300)]
        flat = (self._corners - self._middle) @ self._axes.T
        # Each facet: normal and offset, so that normal @ p + offset is how far p lies outside it.
        self._facets: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        if flat.shape[1] == 1:
            ends = np.array([-flat.max(), flat.min()])
            self._facets = np.array([[1.0], [-1.0]]), ends
        elif flat.shape[1] > 1:
            try:
                hull = ConvexHull(flat)
            except QhullError:
                return
            self._facets = hull.equations[:, :-1], hull.equations[:, -1]
            if len(self._corners) > _MANY:
                self._corners = self._corners[hull.vertices]

    def within(self, points: NDArray[np.float64], reach: float) -> NDArray[np.bool_]:
        """Which of the points, shape (m, d), are no farther than `reach` from the hull.

        The facets decide for most: a point within all of them is as far as the plane of the
        hull, and no point is nearer than the farthest facet. For the others the nearest point
        of the hull is found.
        """
        moved = points - self._middle
        flat = moved @ self._axes.T
        off = np.linalg.norm(moved - flat @ self._axes, axis=1)
        beyond = np.zeros(len(points))
        if self._facets is not None:
            normals, offsets = self._facets
            beyond = np.maximum((flat @ normals.T + offsets).max(axis=1), 0.0)
        near = np.hypot(off, beyond) <= reach
        undecided = near & ((beyond > 0) if self._facets is not None else (len(self._axes) > 0))
        near[undecided] = self.distance(points[undecided]) <= reach
        return np.asarray(near)

    def distance(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of each point, shape (m, d), to the hull."""
        from scipy.optimize import nnls

        corners = self._corners.T
        # The weights of a convex combination sum to one: a heavy extra equation says so.
        heavy = 1e4
        system = np.vstack([corners, np.full(corners.shape[1], heavy)])
        distance = np.empty(len(points))
        for i, point in enumerate(points):
            weights, _ = nnls(system, np.append(point, heavy))
            distance[i] = np.linalg.norm(corners @ weights - point)
        return distance
