"""The paper's curves (Figures 4-9, S7, S8) as data.

Whatever draws them, the window or matplotlib, gets the same frozen objects and computes
nothing. Source of the figures: J. Power Sources 480 (2020) 229103,
DOI 10.1016/j.jpowsour.2020.229103.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.maps.curve_data import Curve, CurveSet, Panel
from engine.maps.curve_points import PointTable
from engine.maps.digits import lower_first
from engine.maps.evaluation import floats
from engine.maps.palette import series_colours
from engine.maps.quantities import (
    ACTIVE_SURFACE,
    COVERAGE_AM,
    COVERAGE_CBD,
    POROSITY,
    SIGMA_EFF,
    TAU_LIQUID,
    TAU_SOLID,
    least_possible,
    most_possible,
    quantity,
)
from engine.maps.responses import Responses, setting_range

if TYPE_CHECKING:
    from engine.experiment.table import CalenderingTable

CROSS_PRESSURES = (40.0, 80.0, 120.0, 160.0)
"""MPa; where the paper marks the porosity after calendering."""

PANEL_VALUES = (42.0, 44.0, 46.0, 48.0)
"""Initial porosity (%) of the paper's four panels."""

_MOST_LEVELS = 12

_PAPER_PANELS = {"initial_porosity_percent": PANEL_VALUES}

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
    defaults: dict[str, object] = {
        "x": x,
        "points": dataset if show_points else None,
        "levels_of": dataset,
        "name": name,
    }
    return curve_set(responses, output, **{**defaults, **choices})  # type: ignore[arg-type]


def study_curves(
    responses: Responses,
    what: str,
    dataset: pd.DataFrame | None = None,
    *,
    show_points: bool = False,
    **choices: object,
) -> CurveSet:
    """Curves of one of the paper's figures, or of any other output.

    Parameters
    ----------
    responses : Responses
    what : str
        ``4`` … ``S8``, or a column.
    dataset : DataFrame, optional
        Campaign results: their levels become panels and series.
    show_points : bool
        Lay the campaign points under the curves.
    **choices
        Passed on to `curve_set`.
    """
    if what in PAPER_FIGURES:
        return paper_figure(responses, what, dataset=dataset, show_points=show_points, **choices)
    points = dataset if show_points else None
    return curve_set(
        responses,
        what,
        points=points,
        levels_of=dataset,
        name=what,
        **choices,  # type: ignore[arg-type]
    )


def levels(
    column: str,
    responses: Responses,
    dataset: pd.DataFrame | None = None,
    *,
    count: int = 4,
    wanted: Sequence[float] = (),
) -> list[float]:
    """Choose the values of a setting that become panels or series.

    The levels of the campaign where they are few; else the wanted values among them; else
    its levels thinned to `count`. Without levels (a sampled design, no campaign) the wanted
    values in range, else `count` even steps over the range.
    """
    low, high = setting_range(responses, column)
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    fitting = [float(value) for value in wanted if low - slack <= value <= high + slack]
    if dataset is not None and column in dataset:
        found = np.unique(np.round(dataset[column].to_numpy(float), 6))
        found = found[(found >= low - slack) & (found <= high + slack)]
        if 1 < len(found) <= _MOST_LEVELS:
            among = [value for value in fitting if np.abs(found - value).min() <= 1e-6]
            if len(found) > count and len(among) > 1:
                return among
            pick = np.unique(np.round(np.linspace(0, len(found) - 1, count)).astype(int))
            return [float(value) for value in found[pick]]
    if len(fitting) >= min(count, 2):
        return fitting
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
    measured: CalenderingTable | None = None,
    levels_of: pd.DataFrame | None = None,
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
        By default the paper's panels where they are in range, else levels of `levels_of`,
        else four steps over the range (see `levels`).
    x_range : tuple, optional
        Range of what is moved.
    fixed : mapping, optional
        Settings held constant; the base of `responses` otherwise.
    cross_pressures : sequence of float, MPa
    points : DataFrame, optional
        Campaign results to lie under the curves.
    measured : CalenderingTable, optional
        Measurements to lie under the curves, as far as the sheet holds the output.
    levels_of : DataFrame, optional
        Campaign results whose levels become panels and series.
    count : int
        Points a curve.
    bands : bool
        Compute the intervals; nan without.

    Raises
    ------
    InputError
        If two roles are given the same setting, what is moved has no range, or the output
        cannot be had.
    """
    responses = responses.asked([output])
    moved = x if x in responses.ranges or x == "gap_um" else "pressure_MPa"
    if len({moved, panel, colour}) < 3:
        raise InputError(
            "The axis, the panels and the colours must be three different inputs: "
            f"'{quantity(moved).label}' stands twice or more."
        )
    panel_list, colour_list = (
        sorted(levels(column, responses, levels_of, wanted=wanted) if given is None else given)
        for column, given, wanted in (
            (panel, panel_values, _PAPER_PANELS.get(panel, ())),
            (colour, colour_values, ()),
        )
    )
    low, high = setting_range(responses, moved) if x_range is None else x_range
    if high - low <= 1e-9 * max(abs(low), abs(high), 1.0):
        raise InputError(
            f"{quantity(moved).label} was not varied in the training data, so that nothing can be "
            "drawn over it: vary it in a campaign."
        )
    steps = np.linspace(low, high, count)
    marks = _marks(responses, moved, cross_pressures, low, high)
    along = np.concatenate([steps, marks])
    frame = {
        moved: np.tile(along, len(panel_list) * len(colour_list)),
        panel: np.repeat(panel_list, len(colour_list) * len(along)),
        colour: np.tile(np.repeat(colour_list, len(along)), len(panel_list)),
    }
    for column, constant in (fixed or {}).items():
        if column not in frame:
            frame[column] = np.full(len(frame[moved]), float(constant))
    result = responses.evaluate(frame, [output], intervals=bands)
    if x not in result.columns:
        raise InputError(f"'{quantity(x).label}' cannot be an axis: nothing gives it.")
    abscissa = floats(result.columns, x)
    value, low_end, high_end = result.answers[output]
    sound = result.inside & result.could[output]
    porosity = result.columns.get("porosity_percent")
    colours = series_colours(len(colour_list))
    held = {
        column: float(result.columns[column][0])
        for column in [*responses.settings, "initial_thickness_um"]
        if column in result.columns and column not in (moved, panel, colour)
    }
    if moved == "gap_um":
        held.pop("pressure_MPa", None)  # it moves with the gap
    drawn_levels = {panel: panel_list, colour: colour_list}
    made, said = PointTable.of_campaign(points, output, x, drawn_levels, held)
    lab, told = PointTable.of_measurements(measured, output, x, drawn_levels, held)
    tables = [made, lab]
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
                    y=value[line],
                    low=low_end[line],
                    high=high_end[line],
                    inside=sound[line],
                    cut=result.cut[output][line],
                    cross_x=abscissa[cross],
                    cross_y=value[cross],
                    cross_labels=()
                    if porosity is None
                    else tuple(f"{one:.1f}" for one in porosity[cross]),
                    at=steps,
                )
            )
        below = tuple(
            one
            for table in tables
            if table is not None
            for one in table.under(panel_value, colour_list, colours)
        )
        panels.append(Panel(float(panel_value), _label(panel, panel_value), tuple(curves), below))
    return CurveSet(
        name=name,
        title=f"{quantity(output).label} against {lower_first(quantity(x).label)}",
        x=quantity(x),
        y=quantity(output),
        panel=quantity(panel),
        colour=quantity(colour),
        panels=tuple(panels),
        fixed=held,
        notes=(*result.notes, *cut_notes(result.cut[output], output), *said, *told),
        level=responses.level_of(output),
        moved=moved,
    )


def cut_notes(cut: np.ndarray, output: str) -> list[str]:
    """Say why the bounds of a band are dashed; nothing where it is cut nowhere."""
    if not cut.any():
        return []
    least, most = least_possible(output), most_possible(output)
    unit = "" if quantity(output).unit == "–" else f" {quantity(output).unit}"
    ends = [f"below {least:g}{unit}"] if least > -np.inf else []
    ends += [f"above {most:g}{unit}"] if most < np.inf else []
    return [
        f"Where the bounds of a band are dashed the model reaches {' or '.join(ends)}, which cannot "
        "be: the band is cut there and looks surer than the model is."
    ]


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


def _label(column: str, value: float) -> str:
    one = quantity(column)
    unit = "" if one.unit == "–" else f" {one.unit}"
    return f"{one.symbol or one.label} {value:.4g}{unit}"
