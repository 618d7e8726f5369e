"""What lies under the curves: campaign results, and what the lab measured.

A point belongs to a curve where its own settings are those of the curve. Near it, it stands under
the curve all the same but is marked: no lab meets the levels that are drawn to the last digit. What
is farther away is left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engine.maps.digits import lower_first
from engine.maps.measured import same_quantity
from engine.maps.quantities import POROSITY, quantity

if TYPE_CHECKING:
    from engine.experiment.table import CalenderingTable

_TOLERANCE = {"am_percent": (0.25, 1.0), "initial_porosity_percent": (0.5, 2.0)}
"""How far a setting may be from that of the curve to count as the same, and as near, points."""

_RELATIVE_TOLERANCE = (0.05, 0.2)
"""The same for any other setting, as a share of the curve's value."""

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Points:
    """Results under the curves of one colour: mean and spread.

    Attributes
    ----------
    value, colour : float, str
        Of the curve that they stand under.
    x, y, sd : ndarray, shape (n,)
        `sd` is the spread over the repeats (``campaign``) or the electrodes (``measured``).
    kind : {"campaign", "measured"}
    same : ndarray of bool, shape (n,)
        False for a point whose settings are only near those of the curve: to be drawn hollow.
    at : dict of str to ndarray, shape (n,)
        Settings of the points themselves.
    """

    value: float
    colour: str
    x: np.ndarray
    y: np.ndarray
    sd: np.ndarray
    kind: str
    same: np.ndarray
    at: dict[str, np.ndarray]


@dataclass(frozen=True)
class PointTable:
    """Results as columns, so that each curve finds its own at once; each of shape (n,).

    `panel` and `colour` are the levels that the points stand at, `at` holds their own settings.
    """

    x: np.ndarray
    y: np.ndarray
    sd: np.ndarray
    panel: np.ndarray
    colour: np.ndarray
    same: np.ndarray
    at: dict[str, np.ndarray]
    kind: str

    @classmethod
    def of_campaign(
        cls,
        dataset: pd.DataFrame | None,
        output: str,
        x: str,
        levels: Mapping[str, Sequence[float]],
        held: Mapping[str, float],
    ) -> tuple[PointTable | None, list[str]]:
        """Results of a campaign, each at the panel and colour that it belongs to.

        Parameters and results are those of `of_measurements`; None as well where the dataset
        lacks a column. Where the levels drawn are some of those of a grid, the results at its other
        levels belong to other panels and curves: nothing is said of them.
        """
        if dataset is None or any(name not in dataset for name in (output, x, *levels)):
            return None, []
        spread = dataset.get(f"{output}_sd", pd.Series(0.0, dataset.index)).to_numpy(float)
        known = {
            name: dataset[name].to_numpy(float) for name in {x, *levels, *held} if name in dataset
        }
        y = dataset[output].to_numpy(float)
        for name, values in levels.items():
            away = np.abs(known[name][:, None] - np.asarray(values, dtype=float))
            if (away.min(axis=0, initial=np.inf) <= _ROUNDING).all():
                y = np.where(away.min(axis=1) <= _ROUNDING, y, np.nan)
        return cls._placed(known, x, y, np.nan_to_num(spread), levels, held, "campaign")

    @classmethod
    def of_measurements(
        cls,
        table: CalenderingTable | None,
        output: str,
        x: str,
        levels: Mapping[str, Sequence[float]],
        held: Mapping[str, float],
    ) -> tuple[PointTable | None, list[str]]:
        """Measured values of the output, each at the panel and colour that it belongs to.

        Parameters
        ----------
        table : CalenderingTable or None
        output, x : str
            Columns on the axes.
        levels : mapping of column to values
            Panels first, then colours.
        held : mapping
            What the curves hold constant.

        Returns
        -------
        points : PointTable or None
            None where the sheet does not hold the output or an axis, or no point is near a curve.
        notes : list of str
            How many points are only near their curve, or near none, and why.
        """
        measured = None if table is None else _measured(table, output)
        if table is None or measured is None:
            return None, []
        known = _settings(table)
        if any(name not in known for name in (x, *levels)):
            return None, []
        return cls._placed(known, x, *measured, levels, held, "measured")

    @classmethod
    def _placed(
        cls,
        known: Mapping[str, np.ndarray],
        x: str,
        y: np.ndarray,
        sd: np.ndarray,
        levels: Mapping[str, Sequence[float]],
        held: Mapping[str, float],
        kind: str,
    ) -> tuple[PointTable | None, list[str]]:
        present = np.isfinite(y) & np.isfinite(known[x])
        asked = {**levels, **{name: (value,) for name, value in held.items() if name in known}}
        places, exact, close = {}, {}, {}
        for name, values in asked.items():
            places[name], exact[name], close[name] = _nearest(name, known[name], values)
        same, near = (np.logical_and.reduce([*part.values()]) for part in (exact, close))
        drawn = present & near
        notes = _told(kind, known, asked, present, exact, close)
        if not drawn.any():
            return None, notes
        at = {name: known[name][drawn] for name in asked}
        panel, colour = (places[name][drawn] for name in levels)
        return cls(
            known[x][drawn], y[drawn], sd[drawn], panel, colour, same[drawn], at, kind
        ), notes

    def under(
        self, panel: float, values: Sequence[float], colours: Sequence[str]
    ) -> tuple[Points, ...]:
        """Points of one panel, by colour."""
        here = np.abs(self.panel - panel) <= _ROUNDING
        found = []
        for value, hue in zip(values, colours, strict=True):
            rows = here & (np.abs(self.colour - value) <= _ROUNDING)
            if rows.any():
                at = {name: own[rows] for name, own in self.at.items()}
                x, y, sd = self.x[rows], self.y[rows], self.sd[rows]
                same = self.same[rows]
                found.append(Points(float(value), hue, x, y, sd, self.kind, same, at))
        return tuple(found)


def _nearest(
    name: str, own: np.ndarray, levels: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level nearest to each point, whether the point has that setting, and whether it is near.

    Near is never more than half a step beyond the outermost level: between two levels the nearest
    one is no farther than that.
    """
    steps = np.sort(np.asarray(levels, dtype=float))
    index = np.argmin(np.abs(np.nan_to_num(own)[:, None] - steps), axis=1)
    place = steps[index]
    if name in _TOLERANCE:
        alike, reach = (np.full(len(own), one) for one in _TOLERANCE[name])
    else:
        alike, reach = (one * np.abs(place) for one in _RELATIVE_TOLERANCE)
    if len(steps) > 1:
        beside = np.diff(steps)[np.clip(index - (index == len(steps) - 1), 0, len(steps) - 2)]
        reach = np.minimum(reach, 0.5 * beside)
    away = np.abs(own - place)
    rounding = 1e-9 * np.maximum(np.abs(place), 1.0)
    near = away <= reach + rounding
    return place, near & (away <= alike + rounding), near


def _told(
    kind: str,
    known: Mapping[str, np.ndarray],
    asked: Mapping[str, Sequence[float]],
    present: np.ndarray,
    exact: Mapping[str, np.ndarray],
    close: Mapping[str, np.ndarray],
) -> list[str]:
    """How many points are marked or left out, and which of their settings differ."""
    same, near = (np.logical_and.reduce([*part.values()]) for part in (exact, close))
    total, drawn = int(present.sum()), int((present & near).sum())
    hollow, far = present & near & ~same, present & ~near

    def other(rows: np.ndarray, part: Mapping[str, np.ndarray]) -> str:
        return ", ".join(
            f"{lower_first(quantity(name).label)} {_span(known[name][odd])} {quantity(name).unit}"
            f" (curves: {', '.join(f'{value:.4g}' for value in values)})"
            for name, values in asked.items()
            if (odd := rows & ~part[name]).any()
        )

    what = "campaign results" if kind == "campaign" else "measured points"
    notes = []
    if hollow.any():
        notes.append(
            f"Hollow: {int(hollow.sum())} of {drawn} {what} are near their curve, not on it, with "
            f"{other(hollow, exact)}."
        )
    if far.any():
        count = "None" if not drawn else f"{int(far.sum())}"
        verb = "is near a curve" if not drawn else "are near no curve and left out"
        notes.append(f"{count} of the {total} {what} {verb}: {other(far, close)}.")
    return notes


def _settings(table: CalenderingTable) -> dict[str, np.ndarray]:
    return {
        "pressure_MPa": table.pressure,
        "gap_um": table.gap,
        "am_percent": 100 * table.am,
        "initial_porosity_percent": 100 * table.initial_porosity,
        "initial_thickness_um": table.initial_thickness,
        POROSITY: 100 * table.porosity,
    }


def _measured(table: CalenderingTable, output: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Values and spreads of an output, where the sheet holds it."""
    if output == POROSITY:
        sd = np.zeros(len(table)) if table.porosity_sd is None else table.porosity_sd
        return 100 * table.porosity, 100 * np.nan_to_num(sd)
    for header, values in table.extra.items():
        columns, scale = same_quantity(header)
        # A tortuosity that may be its factor as well is no point of either axis.
        if columns == (output,) and values.dtype.kind in "fiu":
            return scale * values.astype(float), np.zeros(len(table))
    return None


def _span(values: np.ndarray) -> str:
    values = values[np.isfinite(values)]
    if not len(values):
        return "unknown"
    low, high = float(values.min()), float(values.max())
    return f"{low:.4g}" if high - low < 1e-9 else f"{low:.4g} to {high:.4g}"
