"""How large the particles are: size distributions, all reduced to one table by number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import InputError

BASES = ("number", "volume")

NMC111_EDGES = np.concatenate([np.arange(1.0, 14.01, 0.5), [16.0, 16.5]])
"""Edges of the histogram of measured NMC111 diameters, µm."""

NMC111_COUNTS = np.array(
    [1, 12, 35, 53, 47, 54, 32, 33, 20, 14, 11, 16, 10, 13, 13, 10, 10, 5, 2, 3, 4, 3, 2, 0, 3, 1,
     0, 2]
)  # fmt: skip
"""Particles in each bin: 409 in all, counted from the measurement published with
DOI 10.5281/zenodo.3901459 (Duquesnoy et al., DOI 10.1016/j.jpowsour.2020.229103)."""

_Z10 = 1.2815515655446004  # the standard normal's 90th percentile


@dataclass(frozen=True, eq=False)
class SizeDistribution:
    """Distribution of particle diameters by number, linear between tabulated points.

    Attributes
    ----------
    diameters : ndarray of float, shape (m,), µm
        Increasing.
    cumulative : ndarray of float, shape (m,), 0..1
        Share by number below each diameter; starts at 0 and ends at 1.
    """

    diameters: np.ndarray
    cumulative: np.ndarray

    def __post_init__(self) -> None:
        diameters = np.array(self.diameters, dtype=float)
        cumulative = np.array(self.cumulative, dtype=float)
        if diameters.ndim != 1 or diameters.shape != cumulative.shape or len(diameters) < 2:
            raise ValueError("diameters and cumulative must be two equally long rows")
        if not np.isfinite(diameters).all() or diameters[0] <= 0:
            raise InputError("Particle diameters must be positive lengths in µm.")
        if (np.diff(diameters) < 0).any() or (np.diff(cumulative) < 0).any():
            raise ValueError("diameters and cumulative must not decrease")
        for array in (diameters, cumulative):
            array.setflags(write=False)
        object.__setattr__(self, "diameters", diameters)
        object.__setattr__(self, "cumulative", cumulative)

    def quantile(self, share: np.ndarray | float) -> np.ndarray:
        """Diameters (µm) below which the given shares (0..1, by number) lie."""
        return np.interp(share, self.cumulative, self.diameters)

    def _interval_volumes(self) -> np.ndarray:
        """Volume in each table interval, per particle, µm³."""
        low, high = self.diameters[:-1], self.diameters[1:]
        cubes = (low + high) * (low**2 + high**2) / 4  # mean of d³ between low and high
        return np.pi / 6 * cubes * np.diff(self.cumulative)

    @property
    def mean_volume(self) -> float:
        """Mean volume of a particle, µm³."""
        return float(self._interval_volumes().sum())

    def percentile(self, percent: float, basis: str = "number") -> float:
        """Diameter (µm) below which `percent` of the number, or of the volume, lies."""
        if basis == "number":
            return float(self.quantile(percent / 100))
        volumes = np.concatenate([[0], np.cumsum(self._interval_volumes())])
        return float(np.interp(percent / 100, volumes / volumes[-1], self.diameters))

    def truncated(self, largest: float) -> tuple[SizeDistribution, float]:
        """Leave out what is larger than `largest` µm; also return the volume share left out."""
        if self.diameters[-1] <= largest:
            return self, 0.0
        kept = float(np.interp(largest, self.diameters, self.cumulative))
        if kept < 0.5 or largest <= self.diameters[0]:
            raise InputError(
                f"Half of the particles are larger than {largest:.3g} µm, the most that this box "
                "can hold: give a larger box or smaller particles."
            )
        inside = self.diameters < largest
        cut = SizeDistribution(
            np.append(self.diameters[inside], largest),
            np.append(self.cumulative[inside], kept) / kept,
        )
        return cut, 1 - kept * cut.mean_volume / self.mean_volume

    def summary(self) -> dict[str, float]:
        """D10, D50, D90 by number and by volume, µm."""
        return {
            f"d{percent}_{basis}_um": self.percentile(percent, basis)
            for basis in BASES
            for percent in (10, 50, 90)
        }


def histogram(edges: ArrayLike, counts: ArrayLike) -> SizeDistribution:
    """Distribution from a histogram by number, uniform within each bin (edges in µm)."""
    heights = np.asarray(counts, dtype=float)
    bounds = np.asarray(edges, dtype=float)
    if len(bounds) != len(heights) + 1 or heights.min(initial=0) < 0 or heights.sum() <= 0:
        raise InputError(
            "A size histogram needs one more edge than counts, and counts of 0 or more."
        )
    if (np.diff(bounds) <= 0).any():
        raise InputError("The edges of a size histogram must increase.")
    return SizeDistribution(bounds, np.concatenate([[0], np.cumsum(heights)]) / heights.sum())


def nmc111() -> SizeDistribution:
    """The measured NMC111 particles: 1.3 to 16.2 µm, median 4.0 µm by number."""
    return histogram(NMC111_EDGES, NMC111_COUNTS)


def measured(diameters: ArrayLike, basis: str = "number") -> SizeDistribution:
    """Distribution of listed diameters (µm), each counted once by number or by volume."""
    values = np.sort(np.asarray(diameters, dtype=float).ravel())
    if values.size == 0 or not np.isfinite(values).all() or values[0] <= 0:
        raise InputError("Listed particle diameters must be positive lengths in µm.")
    if len(values) == 1 or values[0] == values[-1]:
        return SizeDistribution(np.array([values[0], values[-1]]), np.array([0.0, 1.0]))
    weights = np.ones(len(values)) if basis == "number" else values**-3
    share = np.cumsum(weights) - weights / 2
    cumulative = np.concatenate([[0], share[1:-1] / weights.sum(), [1]])
    return SizeDistribution(values, cumulative)


def log_normal(d10: float, d50: float, d90: float, basis: str = "number") -> SizeDistribution:
    """Log-normal distribution that meets D10, D50 and D90 (µm) by number or by volume.

    The logarithm has one standard deviation below the median and another above, so that all three
    are met; a plain log-normal law results where D50² = D10 D90. It ends at three standard
    deviations (0.1 and 99.9 %).
    """
    _check_basis(basis)
    if not 0 < d10 < d50 < d90 or not math.isfinite(d90):
        raise InputError(
            f"D10, D50, D90 of {d10:g}, {d50:g}, {d90:g} µm must be positive and increase."
        )
    z = np.linspace(-3, 3, 1201)
    spread = np.where(z < 0, math.log(d50 / d10), math.log(d90 / d50)) / _Z10
    diameters = d50 * np.exp(spread * z)
    erf = np.array([math.erf(value / math.sqrt(2)) for value in z])
    share = np.diff((1 + erf) / 2)
    if basis == "volume":
        middle = np.sqrt(diameters[1:] * diameters[:-1])
        share = share * (middle / d50) ** -3
    cumulative = np.concatenate([[0], np.cumsum(share)])
    return SizeDistribution(diameters, cumulative / cumulative[-1])


def mixture(
    first: SizeDistribution, second: SizeDistribution, second_share: float
) -> SizeDistribution:
    """Bimodal mix of two distributions; `second_share` (0..1) is the second's share of volume."""
    if not 0 <= second_share <= 1:
        raise InputError(f"The second mode's volume share {second_share:g} is not in 0..1.")
    numbers = np.array([(1 - second_share) / first.mean_volume, second_share / second.mean_volume])
    numbers /= numbers.sum()
    diameters = np.union1d(first.diameters, second.diameters)
    cumulative = sum(
        number * np.interp(diameters, mode.diameters, mode.cumulative, left=0, right=1)
        for number, mode in zip(numbers, (first, second), strict=True)
    )
    return SizeDistribution(diameters, cumulative)


def draw_diameters(
    distribution: SizeDistribution, volume: float, uniforms: np.ndarray
) -> np.ndarray:
    """Draw particles that fill a volume, one from each of equal shares of the distribution.

    Drawing once from every share (stratified) keeps the realised distribution as near to the one
    asked for as the number of particles allows.

    Parameters
    ----------
    distribution : SizeDistribution
    volume : float, µm³
    uniforms : ndarray, shape (n,), 0..1
        One random number per particle; `particle_count` says how many.

    Returns
    -------
    ndarray of float, shape (n,), µm
        Largest first, scaled in common so that the volumes add up to `volume`.
    """
    count = len(uniforms)
    diameters = distribution.quantile((np.arange(count) + uniforms) / count)[::-1]
    return diameters * (volume / (np.pi / 6 * (diameters**3).sum())) ** (1 / 3)


def particle_count(distribution: SizeDistribution, volume: float) -> int:
    """Return how many particles of the distribution fill `volume` µm³; at least one."""
    return max(1, round(volume / distribution.mean_volume))


def _check_basis(basis: str) -> None:
    if basis not in BASES:
        raise InputError(f"Size basis '{basis}' is not one of {', '.join(BASES)}.")
