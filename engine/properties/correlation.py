"""Spatial statistics: two-point correlation of a phase, radial distribution of particles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from engine.errors import InputError
from engine.properties.axes import edges_of


class Correlation(NamedTuple):
    """Two-point correlation along the axes.

    ``probability[axis]`` is the chance that two points `distance[axis]` (µm) apart along z, y, x
    both lie in the phase: its volume fraction at 0, the fraction squared far away.
    """

    distance: tuple[np.ndarray, np.ndarray, np.ndarray]
    probability: tuple[np.ndarray, np.ndarray, np.ndarray]


def two_point_correlation(
    phase: np.ndarray,
    spacing: float | tuple[float, float, float] = 1.0,
    longest: int = 50,
) -> Correlation:
    """Two-point correlation of a phase along z, y and x.

    Parameters
    ----------
    phase : ndarray of bool, shape (nz, ny, nx)
    spacing : float or three floats, µm
    longest : int
        Longest distance in voxels; at most half the box.

    Returns
    -------
    Correlation
    """
    phase = np.asarray(phase, dtype=bool)
    distances, probabilities = [], []
    for axis, edge in enumerate(edges_of(spacing)):
        size = phase.shape[axis]
        lags = np.arange(min(longest, size // 2) + 1)
        lined = np.moveaxis(phase, axis, 0)
        both = [np.mean(lined[: size - lag] & lined[lag:]) for lag in lags]
        distances.append(lags * edge)
        probabilities.append(np.array(both))
    return Correlation(
        (distances[0], distances[1], distances[2]),
        (probabilities[0], probabilities[1], probabilities[2]),
    )


def correlation_length(correlation: Correlation) -> float:
    """Distance over which a phase stays correlated, µm, mean of the three axes.

    Integral of (S2 - f²) / (f - f²) up to its first zero; nan where the phase is absent or alone.
    """
    lengths = []
    for distance, probability in zip(*correlation, strict=True):
        fraction = probability[0]
        if distance.size < 2 or not 0 < fraction < 1:
            continue
        shape = (probability - fraction**2) / (fraction - fraction**2)
        end = 1 + (int(np.argmax(shape <= 0)) or shape.size)
        lengths.append(np.trapezoid(np.maximum(shape[:end], 0), distance[:end]))
    return float(np.mean(lengths)) if lengths else float("nan")


def radial_distribution(
    centres: np.ndarray, box: tuple[float, float, float], farthest: float, bins: int = 50
) -> tuple[np.ndarray, np.ndarray]:
    """Radial distribution function g(r) of particle centres in a box, periodic in y and x.

    Pairs are weighted by the share of their sphere that lies between the two z faces, so that g
    tends to 1 for a random arrangement.

    Parameters
    ----------
    centres : ndarray, shape (n, 3), µm
        Along (z, y, x).
    box : tuple of three floats, µm
    farthest : float, µm
        Largest distance; at most half the lateral edges.
    bins : int

    Returns
    -------
    r : ndarray, shape (bins,), µm
        Middles of the bins.
    g : ndarray, shape (bins,)

    Raises
    ------
    InputError
        If `farthest` is more than half a lateral edge, or fewer than two centres are given.
    """
    centres = np.asarray(centres, dtype=float)
    if len(centres) < 2:
        raise InputError("A radial distribution needs two particles or more.")
    if not 0 < farthest <= min(box[1:]) / 2:
        raise InputError(
            f"The largest distance {farthest:g} µm must be above 0 and at most half the lateral "
            f"box edge, {min(box[1:]) / 2:g} µm."
        )
    points = centres.copy()
    points[:, 1:] %= box[1:]
    # A tree is periodic on every axis: a z period beyond reach is none.
    tree = cKDTree(points - [points[:, 0].min(), 0, 0], boxsize=[np.inf, *box[1:]])
    pairs = tree.query_pairs(farthest, output_type="ndarray")
    apart = points[pairs[:, 0]] - points[pairs[:, 1]]
    apart[:, 1:] -= np.round(apart[:, 1:] / box[1:]) * box[1:]
    r = np.linalg.norm(apart, axis=1)
    z = points[pairs, 0]
    # Area share of a sphere of radius r about z inside 0..Lz is that of its height.
    inside = np.minimum(z + r[:, None], box[0]) - np.maximum(z - r[:, None], 0)
    weight = (2 * r[:, None] / np.maximum(inside, 1e-12)).sum(axis=1)
    limits = np.linspace(0, farthest, bins + 1)
    found, _ = np.histogram(r, limits, weights=weight)
    shells = 4 / 3 * np.pi * np.diff(limits**3)
    density = len(points) / float(np.prod(box))
    return (limits[1:] + limits[:-1]) / 2, found / (len(points) * density * shells)
