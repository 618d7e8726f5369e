"""Roll gap to pressure: the calibration of one calendering machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import InputError

# A gap read back from its own pressure may miss the end of the range by rounding only.
_SLACK = 1e-9


@dataclass(frozen=True)
class GapCalibration:
    """Pressure of the rolls as a falling exponential of the gap between them.

    ``pressure = amplitude * exp(-gap / decay) + offset``

    Attributes
    ----------
    amplitude : float, MPa
    decay : float, µm
    offset : float, MPa
    gap_min, gap_max : float, µm
        Range in which the calibration holds; anything outside is refused.

    Notes
    -----
    The defaults are those of the machine of DOI 10.1016/j.jpowsour.2020.229103, used there
    from 0 to 100 µm. Beyond 127.7 µm they give a negative pressure, and above 179.0 MPa a
    negative gap. Another machine has another calibration.
    """

    amplitude: float = 185.53059
    decay: float = 38.122
    offset: float = -6.51726
    gap_min: float = 0.0
    gap_max: float = 127.0

    def __post_init__(self) -> None:
        for name in ("amplitude", "decay", "offset", "gap_min", "gap_max"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.number):
                raise InputError(f"Calibration: {name} must be a number, not {value!r}.")
            if not np.isfinite(value):
                raise InputError(f"Calibration: {name} must be a finite number.")
            object.__setattr__(self, name, float(value))
        if self.amplitude <= 0 or self.decay <= 0:
            raise InputError("Calibration: amplitude (MPa) and decay (µm) must be above 0.")
        if not 0 <= self.gap_min < self.gap_max:
            raise InputError(
                "Calibration: the gap range must start at 0 µm or more and not be empty."
            )
        if self._raw_pressure(self.gap_max) < 0:
            raise InputError(
                f"Calibration: the pressure is negative at the widest gap of {self.gap_max:g} µm; "
                "lower gap_max."
            )

    def _raw_pressure(self, gap: ArrayLike) -> NDArray[np.float64]:
        gap = np.asarray(gap, float)
        return np.asarray(self.amplitude * np.exp(-gap / self.decay) + self.offset)

    @property
    def pressure_min(self) -> float:
        """Pressure at the widest gap, MPa."""
        return float(self._raw_pressure(self.gap_max))

    @property
    def pressure_max(self) -> float:
        """Pressure at the narrowest gap, MPa."""
        return float(self._raw_pressure(self.gap_min))

    def covers_gap(self, gap: ArrayLike) -> NDArray[np.bool_]:
        """Whether each gap (µm) lies in the calibrated range."""
        gap = np.asarray(gap, float)
        return (gap >= self.gap_min - _SLACK) & (gap <= self.gap_max + _SLACK)

    def covers_pressure(self, pressure: ArrayLike) -> NDArray[np.bool_]:
        """Whether each pressure (MPa) lies in the calibrated range."""
        pressure = np.asarray(pressure, float)
        slack = _SLACK * max(1.0, self.pressure_max)
        return (pressure >= self.pressure_min - slack) & (pressure <= self.pressure_max + slack)

    def pressure(self, gap: ArrayLike) -> NDArray[np.float64]:
        """Pressure at each roll gap.

        Parameters
        ----------
        gap : array_like, µm

        Returns
        -------
        ndarray, MPa
            Same shape as `gap`.

        Raises
        ------
        InputError
            If a gap lies outside the calibrated range.
        """
        gap = np.asarray(gap, float)
        inside = self.covers_gap(gap)
        if not np.all(inside):
            first = float(gap[~inside][0]) if gap.ndim else float(gap)
            raise InputError(
                f"Roll gap {first:g} µm is outside the {self.gap_min:g}-{self.gap_max:g} µm that "
                "the calibration covers: choose a gap inside or give your machine's calibration."
            )
        return self._raw_pressure(gap)

    def gap(self, pressure: ArrayLike) -> NDArray[np.float64]:
        """Roll gap that gives each pressure.

        Parameters
        ----------
        pressure : array_like, MPa

        Returns
        -------
        ndarray, µm
            Same shape as `pressure`.

        Raises
        ------
        InputError
            If a pressure lies outside the calibrated range.
        """
        pressure = np.asarray(pressure, float)
        inside = self.covers_pressure(pressure)
        if not np.all(inside):
            first = float(pressure[~inside][0]) if pressure.ndim else float(pressure)
            raise InputError(
                f"Pressure {first:g} MPa is outside the {self.pressure_min:.3g}-"
                f"{self.pressure_max:.4g} MPa that the gap calibration covers: choose a pressure "
                "inside or give your machine's calibration."
            )
        gap = -self.decay * np.log((pressure - self.offset) / self.amplitude)
        return np.asarray(np.clip(gap, self.gap_min, self.gap_max))

    def to_dict(self) -> dict[str, float]:
        """JSON form; `from_dict` gives the calibration back exactly."""
        return {
            "amplitude": self.amplitude,
            "decay": self.decay,
            "offset": self.offset,
            "gap_min": self.gap_min,
            "gap_max": self.gap_max,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GapCalibration:
        """Rebuild a calibration from `to_dict`.

        Raises
        ------
        InputError
            If a key is unknown or a value is not a usable number.
        """
        unknown = sorted(set(data) - set(cls.__dataclass_fields__))
        if unknown:
            raise InputError(
                f"Calibration: '{unknown[0]}' is not known; known are "
                f"{', '.join(cls.__dataclass_fields__)}."
            )
        return cls(**data)


def fit_calibration(gap: ArrayLike, pressure: ArrayLike) -> GapCalibration:
    """Calibration of a machine from gaps and pressures measured together.

    Parameters
    ----------
    gap : array_like, shape (n,), µm
    pressure : array_like, shape (n,), MPa

    Returns
    -------
    GapCalibration
        Holds from the narrowest to the widest of the gaps, or to where its pressure ends.

    Raises
    ------
    InputError
        If there are fewer than four different gaps, or no falling exponential describes them
        to within 5 % of the highest pressure.
    """
    gap, pressure = np.asarray(gap, float).ravel(), np.asarray(pressure, float).ravel()
    if len(np.unique(gap)) < 4 or len(gap) != len(pressure):
        raise InputError("A calibration needs pressures at four different gaps or more.")

    def line(decay: float) -> tuple[float, float, NDArray[np.float64]]:
        """Squared error, largest error, and (amplitude, offset) at a given decay."""
        matrix = np.column_stack([np.exp(-gap / decay), np.ones(len(gap))])
        solution = np.linalg.lstsq(matrix, pressure, rcond=None)[0]
        errors = matrix @ solution - pressure
        return float(errors @ errors), float(np.abs(errors).max()), solution

    # Given the decay the rest is a straight line, so one number is searched, ever finer.
    low, high = 0.05 * float(np.ptp(gap)), 20.0 * float(np.ptp(gap))
    for _ in range(6):
        decays = np.geomspace(low, high, 41)
        best = int(np.argmin([line(d)[0] for d in decays]))
        low, high = decays[max(best - 1, 0)], decays[min(best + 1, 40)]
    decay = float(decays[best])
    _, worst, (amplitude, offset) = line(decay)
    if amplitude <= 0 or worst > 0.05 * pressure.max():
        raise InputError(
            "No calibration P = amplitude exp(-gap/decay) + offset describes these gaps and "
            "pressures: check them and their units."
        )
    widest = float(gap.max())
    if amplitude * np.exp(-widest / decay) + offset < 0:
        widest = float(decay * np.log(amplitude / -offset)) * (1 - 1e-9)
    return GapCalibration(float(amplitude), decay, float(offset), float(gap.min()), widest)


PUBLISHED_CALIBRATION = GapCalibration()
"""The calibration of DOI 10.1016/j.jpowsour.2020.229103."""
