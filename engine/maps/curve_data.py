"""Curves in panels as data, ready to be drawn by whatever draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from engine.maps.curve_points import Points
from engine.maps.quantities import POROSITY, Quantity


@dataclass(frozen=True)
class Curve:
    """One line of a panel.

    Attributes
    ----------
    value : float
        Value of the colour variable.
    label : str
        For the legend, e.g. ``AM 94 %``.
    colour : str
        Hex colour, light to dark along the series.
    x, y, low, high : ndarray, shape (n,)
        The line and the bounds of its band (nan where unknown).
    inside : ndarray of bool, shape (n,)
        False where law or models extrapolate: to be drawn dashed.
    cross_x, cross_y : ndarray, shape (m,)
        Marks at the cross pressures.
    cross_labels : tuple of str
        Porosity after calendering at each mark, %.
    at : ndarray, shape (n,)
        What was moved along the line, the pressure under a porosity axis.
    cut : ndarray of bool, shape (n,)
        Where the band ends at what the property can be: its bounds are to be drawn dashed, lest
        it look surer there.
    """

    value: float
    label: str
    colour: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    inside: np.ndarray
    cross_x: np.ndarray = field(default_factory=lambda: np.empty(0))
    cross_y: np.ndarray = field(default_factory=lambda: np.empty(0))
    cross_labels: tuple[str, ...] = ()
    at: np.ndarray = field(default_factory=lambda: np.empty(0))
    cut: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))

    def cut_stretches(self) -> Iterator[slice]:
        """Where the band is cut, at least two points each."""
        if self.cut.any():
            for part, whole in stretches(~self.cut):
                if not whole and part.stop - part.start > 1:
                    yield part


@dataclass(frozen=True)
class Panel:
    """One plot of a figure: its panel value, curves and campaign points."""

    value: float
    title: str
    curves: tuple[Curve, ...]
    points: tuple[Points, ...] = ()


@dataclass(frozen=True)
class Picked:
    """A point of a curve: the setting behind it, and what is expected there."""

    setting: dict[str, float]
    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class CurveSet:
    """One figure of curves.

    Attributes
    ----------
    name : str
        ``4`` … ``S8`` for the paper's figures, else a name of the caller's.
    x, y, panel, colour : Quantity
        What stands where.
    panels : tuple of Panel
    fixed : dict
        Settings held constant, by column.
    notes : tuple of str
        What the reader must know, extrapolation first.
    level : float
        Level of the bands.
    moved : str
        Setting that was moved along the curves.
    """

    name: str
    title: str
    x: Quantity
    y: Quantity
    panel: Quantity
    colour: Quantity
    panels: tuple[Panel, ...]
    fixed: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    level: float = 0.9
    moved: str = "pressure_MPa"

    @property
    def shared_error(self) -> bool:
        """Whether all curves rise and fall as one: the law's error, to be drawn once a panel.

        A band around each would bury the curves.
        """
        return self.y.column == POROSITY

    @property
    def shared_bars(self) -> dict[int, tuple[float, float]]:
        """Middle and half height of the bar of `shared_error`, by index of the panel.

        Panels whose error is unknown are left out.
        """
        found = {}
        for index, panel in enumerate(self.panels if self.shared_error else ()):
            curve = panel.curves[-1]
            middle = len(curve.x) // 2
            half = 0.5 * float(curve.high[middle] - curve.low[middle])
            if np.isfinite(half):
                found[index] = float(curve.y[middle]), half
        return found

    def y_span(self, bands: bool = True) -> tuple[float, float] | None:
        """Range that holds every panel, so that panels can be compared; None without values.

        The bars of a shared error are held where they fit (see `bars_fit`).
        """
        low, high = self._drawn_span(bands)
        if bands and self.bars_fit:
            low = min(low, *(middle - half for middle, half in self.shared_bars.values()))
            high = max(high, *(middle + half for middle, half in self.shared_bars.values()))
        return (low, high) if np.isfinite(low) else None

    def _drawn_span(self, bands: bool) -> tuple[float, float]:
        parts = [np.empty(0)]
        for panel in self.panels:
            for curve in panel.curves:
                parts.append(curve.y)
                if bands and not self.shared_error:
                    parts += [curve.low, curve.high]
            for points in panel.points:
                parts += [points.y - points.sd, points.y + points.sd]
        values = np.concatenate(parts)
        values = values[np.isfinite(values)]
        return (float(values.min()), float(values.max())) if len(values) else (np.nan, np.nan)

    @property
    def bars_fit(self) -> bool:
        """Whether the bars of a shared error can be drawn.

        An error larger than all that is drawn would flatten the curves: its size is only said.
        """
        low, high = self._drawn_span(False)
        halves = [half for _, half in self.shared_bars.values()]
        return bool(halves) and max(halves) <= high - low

    @property
    def shared_error_size(self) -> str:
        """Size of a shared error in words, e.g. ``± 2.9 to 3.1 points``; empty without one."""
        halves = [half for _, half in self.shared_bars.values()]
        if not halves:
            return ""
        least, most = f"{min(halves):.1f}", f"{max(halves):.1f}"
        return f"± {most if least == most else f'{least} to {most}'} points"

    def pick(self, panel: int, x: float, y: float, reach: tuple[float, float]) -> Picked | None:
        """The drawn point nearest to a place.

        Parameters
        ----------
        panel : int
            Index of the panel.
        x, y : float
            The place, in the units of the axes.
        reach : (float, float)
            How far away a point may lie along each axis; distances are judged on this scale.

        Returns
        -------
        Picked or None
            None where nothing lies within reach.
        """
        best, found = 1.0, None
        for curve in self.panels[panel].curves:
            away = ((curve.x - x) / reach[0]) ** 2 + ((curve.y - y) / reach[1]) ** 2
            away = np.where(np.isfinite(away), away, np.inf)
            nearest = int(np.argmin(away)) if len(away) else 0
            if len(away) and away[nearest] <= best:
                best, found = float(away[nearest]), (curve, nearest)
        if found is None:
            return None
        curve, i = found
        setting = {
            **self.fixed,
            self.panel.column: self.panels[panel].value,
            self.colour.column: curve.value,
            self.moved: float(curve.at[i]),
        }
        x, y, low, high = (float(one[i]) for one in (curve.x, curve.y, curve.low, curve.high))
        return Picked(setting, x, y, low, high)

    def to_frame(self) -> pd.DataFrame:
        """Every drawn point as one table row; the data behind the figure."""
        parts = []
        for panel in self.panels:
            for curve in panel.curves:
                n = len(curve.x)
                parts.append(
                    pd.DataFrame(
                        {
                            self.panel.column: np.full(n, panel.value),
                            self.colour.column: np.full(n, curve.value),
                            "kind": "curve",
                            self.x.column: curve.x,
                            self.y.column: curve.y,
                            f"{self.y.column}_low": curve.low,
                            f"{self.y.column}_high": curve.high,
                            "inside_domain": curve.inside,
                            "interval_cut": curve.cut,
                        }
                    )
                )
            for points in panel.points:
                parts.append(
                    pd.DataFrame(
                        {
                            self.panel.column: panel.value,
                            self.colour.column: points.value,
                            "kind": points.kind,
                            self.x.column: points.x,
                            self.y.column: points.y,
                            f"{self.y.column}_low": points.y - points.sd,
                            f"{self.y.column}_high": points.y + points.sd,
                            "inside_domain": True,
                            "at_condition": points.same,
                            **{f"{name}_of_point": own for name, own in points.at.items()},
                        }
                    )
                )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def stretches(inside: np.ndarray) -> Iterator[tuple[slice, bool]]:
    """Cut a curve where it enters or leaves the domain.

    Yields
    ------
    part : slice
        Neighbouring stretches share a point, so that the line does not break.
    inside : bool
    """
    if len(inside) == 0:
        return
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts = [0, *edges]
    ends = [*edges, len(inside)]
    for start, end in zip(starts, ends, strict=True):
        # The step across the border belongs to the outside: it is not covered by data.
        first = start - 1 if start > 0 and not inside[start] else start
        last = end + 1 if end < len(inside) and not inside[start] else end
        yield slice(first, last), bool(inside[start])
