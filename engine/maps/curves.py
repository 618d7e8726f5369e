"""The paper's curves (Figures 4-9, S7, S8) as data.

Whatever draws them, the window or matplotlib, gets the same frozen objects and computes
nothing. Source of the figures: J. Power Sources 480 (2020) 229103,
DOI 10.1016/j.jpowsour.2020.229103.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.maps.palette import series_colours
from engine.maps.quantities import (
    ACTIVE_SURFACE,
    COVERAGE_AM,
    COVERAGE_CBD,
    POROSITY,
    SIGMA_EFF,
    TAU_LIQUID,
    TAU_SOLID,
    Quantity,
    quantity,
)
from engine.maps.responses import Responses, setting_range

CROSS_PRESSURES = (40.0, 80.0, 120.0, 160.0)
"""MPa; where the paper marks the porosity after calendering."""

PANEL_VALUES = (42.0, 44.0, 46.0, 48.0)
"""Initial porosity (%) of the paper's four panels."""

PAPER_FIGURES: dict[str, tuple[str, str]] = {
    "4": (POROSITY, "pressure_MPa"),
    "5": (TAU_SOLID, "pressure_MPa"),
    "6": (TAU_LIQUID, "pressure_MPa"),
    "7": (SIGMA_EFF, POROSITY),
    "8": (COVERAGE_CBD, "pressure_MPa"),
    "9": (ACTIVE_SURFACE, "pressure_MPa"),
    "S7": (SIGMA_EFF, "pressure_MPa"),
    "S8": (COVERAGE_AM, "pressure_MPa"),
}
"""Figure: (what stands on the y axis, what on the x axis)."""


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


@dataclass(frozen=True)
class Points:
    """Campaign results under the curves of one colour: mean and spread over the repeats."""

    value: float
    colour: str
    x: np.ndarray
    y: np.ndarray
    sd: np.ndarray


@dataclass(frozen=True)
class Panel:
    """One plot of a figure: its panel value, curves and campaign points."""

    value: float
    title: str
    curves: tuple[Curve, ...]
    points: tuple[Points, ...] = ()


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
                        }
                    )
                )
            for points in panel.points:
                parts.append(
                    pd.DataFrame(
                        {
                            self.panel.column: panel.value,
                            self.colour.column: points.value,
                            "kind": "campaign",
                            self.x.column: points.x,
                            self.y.column: points.y,
                            f"{self.y.column}_low": points.y - points.sd,
                            f"{self.y.column}_high": points.y + points.sd,
                            "inside_domain": True,
                        }
                    )
                )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def paper_figure(
    responses: Responses,
    name: str,
    *,
    dataset: pd.DataFrame | None = None,
    show_points: bool = False,
    **choices: object,
) -> CurveSet:
    """One of the paper's figures for the study at hand.

    Parameters
    ----------
    responses : Responses
    name : {"4", "5", "6", "7", "8", "9", "S7", "S8"}
    dataset : DataFrame, optional
        Campaign results; its initial porosities and AM shares become panels and series
        where they lie in the models' range.
    show_points : bool
        Lay the campaign points under the curves.
    **choices
        Passed on to `curve_set`.

    Raises
    ------
    InputError
        If the figure does not exist or cannot be had from the models.
    """
    if name not in PAPER_FIGURES:
        raise InputError(
            f"There is no figure {name} of curves: choose one of {', '.join(PAPER_FIGURES)}."
        )
    output, x = PAPER_FIGURES[name]
    panel_values = levels(
        "initial_porosity_percent", responses, dataset, count=4, wanted=PANEL_VALUES
    )
    defaults: dict[str, object] = {
        "x": x,
        "panel_values": panel_values,
        "colour_values": levels("am_percent", responses, dataset, count=4),
        "points": dataset if show_points else None,
        "name": name,
    }
    return curve_set(responses, output, **{**defaults, **choices})  # type: ignore[arg-type]


def levels(
    column: str,
    responses: Responses,
    dataset: pd.DataFrame | None = None,
    *,
    count: int = 4,
    wanted: Sequence[float] = (),
) -> list[float]:
    """Choose the values of a setting that become panels or series.

    The wanted values where they lie in range; else the levels of the campaign, thinned to
    `count`; else `count` even steps over the range.
    """
    low, high = setting_range(responses, column)
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    fitting = [float(value) for value in wanted if low - slack <= value <= high + slack]
    if len(fitting) >= min(count, 2):
        return fitting
    if dataset is not None and column in dataset:
        found = np.unique(np.round(dataset[column].to_numpy(float), 6))
        found = found[(found >= low - slack) & (found <= high + slack)]
        if 1 < len(found) <= 12:
            pick = np.unique(np.round(np.linspace(0, len(found) - 1, count)).astype(int))
            return [float(value) for value in found[pick]]
    if high - low < slack:
        return [low]
    return [float(value) for value in np.linspace(low, high, count)]


def curve_set(
    responses: Responses,
    output: str,
    *,
    x: str = "pressure_MPa",
    panel: str = "initial_porosity_percent",
    colour: str = "am_percent",
    panel_values: Iterable[float] | None = None,
    colour_values: Iterable[float] | None = None,
    x_range: tuple[float, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    cross_pressures: Sequence[float] = CROSS_PRESSURES,
    points: pd.DataFrame | None = None,
    count: int = 81,
    bands: bool = True,
    name: str = "",
) -> CurveSet:
    """Curves of one output, in panels, coloured by a second setting, over a third.

    Parameters
    ----------
    responses : Responses
    output : str
        Column on the y axis.
    x : str
        Column on the x axis: any setting, the roll gap, or something that follows from the
        pressure (porosity after calendering); then the pressure is what is moved.
    panel, colour : str
        Settings; `panel`, `colour` and what is moved must differ.
    panel_values, colour_values : iterable of float, optional
        By default four steps over the range.
    x_range : tuple, optional
        Range of what is moved.
    fixed : mapping, optional
        Settings held constant; the base of `responses` otherwise.
    cross_pressures : sequence of float, MPa
    points : DataFrame, optional
        Campaign results to lie under the curves.
    count : int
        Points a curve.

    Raises
    ------
    InputError
        If two roles are given the same setting, what is moved has no range, or the output
        cannot be had.
    """
    moved = x if x in responses.ranges or x == "gap_um" else "pressure_MPa"
    if len({moved, panel, colour}) < 3:
        raise InputError(
            "The axis, the panels and the colours must be three different inputs: "
            f"'{quantity(moved).label}' stands twice or more."
        )
    panel_list = list(levels(panel, responses) if panel_values is None else panel_values)
    colour_list = sorted(levels(colour, responses) if colour_values is None else colour_values)
    low, high = setting_range(responses, moved) if x_range is None else x_range
    if high - low <= 1e-9 * max(abs(low), abs(high), 1.0):
        raise InputError(
            f"{quantity(moved).label} was not varied in the training data, so that nothing can be "
            "drawn over it: vary it in a campaign."
        )
    steps = np.linspace(low, high, count)
    marks = _marks(responses, moved, cross_pressures, low, high)
    along = np.concatenate([steps, marks])
    blocks = [
        pd.DataFrame({moved: along, panel: panel_value, colour: colour_value})
        for panel_value in panel_list
        for colour_value in colour_list
    ]
    frame = pd.concat(blocks, ignore_index=True)
    for column, value in (fixed or {}).items():
        if column not in (moved, panel, colour):
            frame[column] = value
    result = responses.evaluate(frame, [output], intervals=bands)
    if x not in result.settings:
        raise InputError(f"'{quantity(x).label}' cannot be an axis: nothing gives it.")
    abscissa = result.settings[x].to_numpy(float)
    porosity = result.settings.get("porosity_percent")
    colours = series_colours(len(colour_list))
    panels = []
    for i, panel_value in enumerate(panel_list):
        curves = []
        for j, colour_value in enumerate(colour_list):
            start = (i * len(colour_list) + j) * len(along)
            line = slice(start, start + count)
            cross = slice(start + count, start + len(along))
            curves.append(
                Curve(
                    value=float(colour_value),
                    label=_label(colour, colour_value),
                    colour=colours[j],
                    x=abscissa[line],
                    y=result.values[output].to_numpy()[line],
                    low=result.low[output].to_numpy()[line],
                    high=result.high[output].to_numpy()[line],
                    inside=result.inside[line],
                    cross_x=abscissa[cross],
                    cross_y=result.values[output].to_numpy()[cross],
                    cross_labels=()
                    if porosity is None
                    else tuple(f"{value:.1f}" for value in porosity.to_numpy()[cross]),
                )
            )
        below = _points(points, output, x, panel, panel_value, colour, colour_list, colours)
        panels.append(Panel(float(panel_value), _label(panel, panel_value), tuple(curves), below))
    held = {
        column: float(result.settings[column].iloc[0])
        for column in [*responses.settings, "initial_thickness_um"]
        if column in result.settings and column not in (moved, panel, colour)
    }
    return CurveSet(
        name=name,
        title=f"{quantity(output).label} against {_lower(quantity(x).label)}",
        x=quantity(x),
        y=quantity(output),
        panel=quantity(panel),
        colour=quantity(colour),
        panels=tuple(panels),
        fixed=held,
        notes=result.notes,
        level=responses.level_of(output),
    )


def _marks(
    responses: Responses, moved: str, pressures: Sequence[float], low: float, high: float
) -> np.ndarray:
    """Where the crosses stand on what is moved; none unless that is pressure or gap."""
    marks = np.asarray(pressures, dtype=float)
    if moved == "gap_um":
        marks = responses.complete(pd.DataFrame({"pressure_MPa": marks}))["gap_um"].to_numpy()
    elif moved != "pressure_MPa":
        return np.empty(0)
    return marks[(marks >= low) & (marks <= high)]


def _points(
    dataset: pd.DataFrame | None,
    output: str,
    x: str,
    panel: str,
    panel_value: float,
    colour: str,
    colour_values: Sequence[float],
    colours: Sequence[str],
) -> tuple[Points, ...]:
    if dataset is None or any(name not in dataset for name in (output, x, panel, colour)):
        return ()
    in_panel = dataset[np.isclose(dataset[panel].to_numpy(float), panel_value, atol=1e-6)]
    found = []
    for value, hue in zip(colour_values, colours, strict=True):
        rows = in_panel[np.isclose(in_panel[colour].to_numpy(float), value, atol=1e-6)]
        y = rows[output].to_numpy(float)
        finite = np.isfinite(y)
        if finite.any():
            sd = rows[f"{output}_sd"] if f"{output}_sd" in rows else pd.Series(0.0, rows.index)
            found.append(
                Points(
                    float(value),
                    hue,
                    rows[x].to_numpy(float)[finite],
                    y[finite],
                    np.nan_to_num(sd.to_numpy(float)[finite]),
                )
            )
    return tuple(found)


def _label(column: str, value: float) -> str:
    one = quantity(column)
    unit = "" if one.unit == "–" else f" {one.unit}"
    return f"{one.symbol or one.label} {value:.4g}{unit}"


def _lower(label: str) -> str:
    return label if label[:2].isupper() else label[0].lower() + label[1:]
