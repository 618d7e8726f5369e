"""Sizes asked for against sizes realised, as figures to plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.structure import published
from engine.structure.active_material import size_distribution
from engine.structure.condition import Condition
from engine.structure.options import resolve_options
from engine.structure.sizes import SizeDistribution


@dataclass(frozen=True, eq=False)
class SizeComparison:
    """Two histograms over the same bins.

    Attributes
    ----------
    edges : ndarray, shape (bins + 1,), µm
    asked : ndarray, shape (bins,), %
        Share of each bin in the distribution asked for.
    realised : ndarray, shape (bins,), %, or None
        Share of each bin among the particles; None where there are none yet.
    basis : {"number", "volume"}
    """

    edges: np.ndarray
    asked: np.ndarray
    realised: np.ndarray | None
    basis: str

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "edges_um": self.edges.tolist(),
            "asked_percent": self.asked.tolist(),
            "realised_percent": None if self.realised is None else self.realised.tolist(),
            "basis": self.basis,
        }


def asked_sizes(condition: Condition) -> SizeDistribution:
    """Size distribution that a condition asks for, of either protocol."""
    if condition.protocol == "published":
        return published.size_distribution()
    return size_distribution(resolve_options(condition))


def compare_sizes(
    condition: Condition,
    radii: np.ndarray | None = None,
    basis: str = "number",
    bins: int = 24,
) -> SizeComparison:
    """Histogram of the sizes asked for and, with `radii`, of the particles' own.

    Parameters
    ----------
    condition : Condition
    radii : ndarray, shape (n,), µm, optional
        Of the generated particles.
    basis : {"number", "volume"}
    bins : int
        Of the physical protocol; the published one has a bin per radius.

    Raises
    ------
    InputError
        If the condition's options describe no distribution.
    """
    asked = asked_sizes(condition)
    largest = max(asked.diameters[-1], 0.0 if radii is None else 2 * float(np.max(radii)))
    edges = np.linspace(asked.diameters[0] * 0.98, largest * 1.001, bins + 1)
    if condition.protocol == "published":
        edges = asked.diameters
    if basis == "volume":
        fine = (np.arange(20_000) + 0.5) / 20_000
        sample = asked.quantile(fine)
        shares = np.histogram(sample, edges, weights=sample**3)[0] / (sample**3).sum()
    else:
        shares = np.diff(np.interp(edges, asked.diameters, asked.cumulative, left=0, right=1))
    realised = None
    if radii is not None and len(radii):
        diameters = np.clip(2 * np.asarray(radii, dtype=float), edges[0], edges[-1])
        weights = diameters**3 if basis == "volume" else np.ones(len(diameters))
        realised = 100 * np.histogram(diameters, edges, weights=weights)[0] / weights.sum()
    return SizeComparison(edges, 100 * shares, realised, basis)
