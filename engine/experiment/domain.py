"""The region in which a law was measured, and plain words for leaving it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import InputError
from engine.experiment.hull import Hull, distinct_rows
from engine.experiment.table import CalenderingTable

# How far beyond a measured value still counts as measured, as a share of the range.
_MARGIN = 0.02
# How far from the hull of the measured coatings a coating may lie, in ranges.
_HULL_MARGIN = 0.1

_COATING = ("am", "initial_porosity", "initial_thickness")
_WORDS = {
    "am": ("AM", 100.0, " %"),
    "initial_porosity": ("initial porosity", 100.0, " %"),
    "initial_thickness": ("initial thickness", 1.0, " µm"),
    "gap": ("roll gap", 1.0, " µm"),
    "pressure": ("pressure", 1.0, " MPa"),
}


@dataclass(frozen=True, eq=False)
class Domain:
    """Where a law was fitted.

    Attributes
    ----------
    coatings : ndarray, shape (k, 3)
        Mean AM fraction (0..1), initial porosity (0..1), initial thickness (µm) of each
        measured coating family.
    ranges : dict of str to (low, high)
        Measured range of ``am``, ``initial_porosity``, ``initial_thickness``, ``pressure``
        (MPa), ``gap`` (µm, where known) and of every extra input of the law.
    """

    coatings: NDArray[np.float64]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        coatings = np.array(self.coatings, dtype=float)
        if coatings.ndim != 2 or coatings.shape[1] != 3 or not len(coatings):
            raise InputError("The domain of this law is damaged: it needs three values a coating.")
        object.__setattr__(self, "coatings", coatings)
        ranges = {str(name): (float(low), float(high)) for name, (low, high) in self.ranges.items()}
        object.__setattr__(self, "ranges", ranges)

    @classmethod
    def from_table(cls, table: CalenderingTable, extra: tuple[str, ...] = ()) -> Domain:
        """Domain of a table; `extra` names the extra columns that the law uses."""
        columns = {name: getattr(table, name) for name in (*_COATING, "pressure")}
        if table.has_gap:
            columns["gap"] = table.gap
        columns |= {name: np.asarray(table.extra[name], float) for name in extra}
        return cls(
            np.column_stack([table.family_means(columns[name]) for name in _COATING]),
            {name: (float(v.min()), float(v.max())) for name, v in columns.items()},
        )

    @property
    def pressure_range(self) -> tuple[float, float]:
        """Lowest and highest measured pressure, MPa."""
        return self.ranges["pressure"]

    def outline(self, across: str, up: str) -> NDArray[np.float64]:
        """Region of the measured coatings in the plane of two of their inputs.

        Parameters
        ----------
        across, up : str
            Of ``am``, ``initial_porosity``, ``initial_thickness``.

        Returns
        -------
        ndarray, shape (m, 2)
            Corners in order around, fractions and µm; coatings on one line give its two ends.
        """
        points = np.unique(self.coatings[:, [_COATING.index(across), _COATING.index(up)]], axis=0)
        if len(points) < 3:
            return points
        from scipy.spatial import ConvexHull, QhullError

        scale = np.where(np.ptp(points, axis=0) > 0, np.ptp(points, axis=0), 1.0)
        try:
            return np.asarray(points[ConvexHull(points / scale).vertices])
        except QhullError:
            return points[[0, -1]]

    def _outside_range(self, name: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        low, high = self.ranges[name]
        scale = max(high - low, 1e-6 * max(abs(high), abs(low)))
        return (values < low - _MARGIN * scale) | (values > high + _MARGIN * scale)

    @cached_property
    def _hull(self) -> tuple[Hull, NDArray[np.float64]]:
        """Hull of the measured coatings in units of their ranges, and those units."""
        scale = np.ptp(self.coatings, axis=0)
        scale = np.where(scale > 0, scale, np.maximum(np.abs(self.coatings[0]), 1e-12))
        return Hull(self.coatings / scale), scale

    def _surrounded(self, coatings: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether measured coatings surround each coating, shape (m, 3), or nearly so."""
        hull, scale = self._hull
        return hull.within(coatings / scale, _HULL_MARGIN)

    def contains(
        self,
        am: ArrayLike,
        initial_porosity: ArrayLike,
        initial_thickness: ArrayLike,
        *,
        pressure: ArrayLike | None = None,
        gap: ArrayLike | None = None,
    ) -> NDArray[np.bool_]:
        """Whether each point lies in the measured region (ranges and hull of the coatings).

        Parameters
        ----------
        am, initial_porosity : array_like, 0..1
        initial_thickness : array_like, µm
        pressure : array_like, MPa, optional
        gap : array_like, µm, optional

        Returns
        -------
        ndarray of bool
            Of the common shape of the arguments.
        """
        named = self._named(am, initial_porosity, initial_thickness, pressure, gap)
        shape = next(iter(named.values())).shape
        inside = np.ones(int(np.prod(shape, dtype=int)), bool)
        for name, values in named.items():
            inside &= ~self._outside_range(name, values.ravel())
        if inside.any():
            points = np.column_stack([named[name].ravel() for name in _COATING])
            unique, back = distinct_rows(points)
            inside &= self._surrounded(unique)[back]
        return inside.reshape(shape)

    def _named(
        self,
        am: ArrayLike,
        initial_porosity: ArrayLike,
        initial_thickness: ArrayLike,
        pressure: ArrayLike | None,
        gap: ArrayLike | None,
    ) -> dict[str, NDArray[np.float64]]:
        given = {
            "am": am,
            "initial_porosity": initial_porosity,
            "initial_thickness": initial_thickness,
            "pressure": pressure,
            "gap": gap,
        }
        names = [n for n, v in given.items() if v is not None and n in self.ranges]
        arrays = np.broadcast_arrays(*(np.asarray(given[n], float) for n in names))
        return dict(zip(names, arrays, strict=True))

    def warnings(
        self,
        am: ArrayLike,
        initial_porosity: ArrayLike,
        initial_thickness: ArrayLike,
        *,
        pressure: ArrayLike | None = None,
        gap: ArrayLike | None = None,
        extra: Mapping[str, ArrayLike] | None = None,
    ) -> list[str]:
        """One sentence for each way in which points leave the measured region.

        Parameters are those of `contains`; `extra` holds further inputs by name.
        """
        named = self._named(am, initial_porosity, initial_thickness, pressure, gap)
        for name, values in (extra or {}).items():
            if name in self.ranges:
                named[name] = np.asarray(values, float)
        said = []
        for name, values in named.items():
            outside = self._outside_range(name, values)
            if outside.any():
                said.append(self._sentence(name, values[outside]))
        if not any(self._outside_range(name, named[name]).any() for name in _COATING):
            points = distinct_rows(np.column_stack([named[n].ravel() for n in _COATING]))[0]
            far = ~self._surrounded(points)
            if far.any():
                am_value, porosity, thickness = points[far][0]
                said.append(
                    f"No measured coatings surround AM {100 * am_value:.4g} %, initial porosity "
                    f"{100 * porosity:.3g} %, thickness {thickness:.4g} µm: each value was "
                    "measured, but not together."
                )
        return said

    def _sentence(self, name: str, values: NDArray[np.float64]) -> str:
        word, factor, unit = _WORDS.get(name, (name, 1.0, ""))
        low, high = (factor * end for end in self.ranges[name])
        first, last = factor * float(values.min()), factor * float(values.max())
        asked = f"{first:.4g}" if first == last else f"{first:.4g} to {last:.4g}"
        measured = f"{low:.4g}" if low == high else f"{low:.4g}-{high:.4g}"
        return (
            f"{word[0].upper()}{word[1:]} {asked}{unit} is outside the measured "
            f"{measured}{unit}: the law extrapolates."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `from_dict` gives the domain back exactly."""
        return {
            "coatings": self.coatings.tolist(),
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Domain:
        """Rebuild a domain from `to_dict`."""
        try:
            return cls(np.array(data["coatings"], float), data["ranges"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"The domain of this law is damaged ({error}).") from error
