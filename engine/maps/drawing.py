"""Figure data drawn as journal figures with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.maps.canvas import (
    DOUBLE_COLUMN,
    FAINT,
    INK,
    NORMAL,
    SMALL,
    dress,
    new_figure,
    settle,
    write_notes,
)
from engine.maps.curves import Curve, CurveSet, Panel, stretches
from engine.maps.interdependence import METHODS, Interdependence
from engine.maps.palette import SIGN_COLOURS
from engine.maps.quantities import POROSITY, Quantity, quantity
from engine.maps.symbols import to_mathtext

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CROSS_LABEL_SIZE = 5.5
_LABEL_GAP = 1.05  # least distance of two cross labels, in heights of their type


_MARKERS = {"campaign": "o", "measured": "D"}
_DASHES = (0, (3.5, 1.8))


def draw_curves(data: CurveSet, *, labels: bool = True, bands: bool = True) -> Figure:
    """Draw a figure of curves: its panels on shared axes, legend below, notes at the foot.

    Parameters
    ----------
    data : CurveSet
    labels : bool
        Write the porosity after calendering at each cross.
    bands : bool
        Fill between the bounds of the models' interval.
    """
    count = len(data.panels)
    # Three stand in a row: in two columns they would leave a void.
    columns = min(count, 3 if count == 3 else 2)
    rows = -(-count // columns)
    figure = new_figure(DOUBLE_COLUMN, 0.9 + 2.45 * rows + 0.13 * len(data.notes))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for index, axes in enumerate(grid.flat):
        if index >= count:
            axes.set_visible(False)
            continue
        panel = data.panels[index]
        dress(axes)
        axes.set_title(to_mathtext(panel.title), fontsize=NORMAL, color=INK, pad=3)
        shared = data.y.column == POROSITY
        _draw_panel(axes, panel, bands and not shared)
        if bands and shared:
            _draw_shared_error(axes, panel)
    for axes in grid[-1]:
        axes.set_xlabel(data.x.mathtext, fontsize=NORMAL, color=INK)
    for axes in grid[:, 0]:
        axes.set_ylabel(_two_lines(data.y), fontsize=NORMAL, color=INK)
    grid.flat[0].margins(x=0.02, y=0.06)
    _legend(figure, data)
    write_notes(figure, _notes(data))
    settle(figure)  # before labels are placed
    if labels:
        for axes, panel in zip(grid.flat, data.panels, strict=False):
            _label_crosses(axes, panel, ends_only=data.x.column == POROSITY)
    return figure


def _draw_panel(axes: Any, panel: Panel, bands: bool) -> None:
    for curve in panel.curves:
        if bands and np.isfinite(curve.low).any():
            axes.fill_between(
                curve.x, curve.low, curve.high, color=curve.colour, alpha=0.2, linewidth=0
            )
        for part in curve.cut_stretches() if bands else ():
            for bound in (curve.low, curve.high):
                axes.plot(
                    curve.x[part],
                    bound[part],
                    color=curve.colour,
                    linewidth=0.7,
                    linestyle=_DASHES,
                    zorder=2,
                )
    for points in panel.points:
        lab = points.kind == "measured"
        for rows, face in ((points.same, points.colour), (~points.same, "white")):
            if rows.any():
                axes.errorbar(
                    points.x[rows],
                    points.y[rows],
                    yerr=points.sd[rows] if points.sd.any() else None,
                    fmt=_MARKERS[points.kind],
                    markersize=4.0 if lab else 2.8,
                    markerfacecolor=face,
                    markeredgewidth=0.7,
                    elinewidth=0.6,
                    color=points.colour,
                    zorder=3.5 if lab else 2.5,
                )
    for curve in panel.curves:
        for part, inside in stretches(curve.inside):
            axes.plot(
                curve.x[part],
                curve.y[part],
                color=curve.colour,
                linewidth=1.3,
                linestyle="-" if inside else _DASHES,
                zorder=3,
            )
        axes.plot(
            curve.cross_x,
            curve.cross_y,
            linestyle="none",
            marker="x",
            markersize=3.6,
            markeredgewidth=0.9,
            color=curve.colour,
            zorder=4,
        )


def _draw_shared_error(axes: Any, panel: Panel) -> None:
    """One bar for an error that all curves share: the law's moves them together.

    A band around each would bury the curves and hide that they rise and fall as one.
    """
    curve, half = panel.curves[-1], _shared_error(panel)
    middle = len(curve.x) // 2
    if not np.isfinite(half):
        return
    axes.errorbar(
        [0.965],
        [curve.y[middle]],
        yerr=[half],
        color="#555555",
        elinewidth=1.0,
        capsize=2.5,
        capthick=1.0,
        transform=axes.get_yaxis_transform(),
        zorder=2,
    )


def _shared_error(panel: Panel) -> float:
    """Half of the interval that the bar of a panel stands for: amid its last curve."""
    curve = panel.curves[-1]
    middle = len(curve.x) // 2
    return 0.5 * float(curve.high[middle] - curve.low[middle])


def _label_crosses(axes: Any, panel: Panel, ends_only: bool) -> None:
    """Write the labels beside their crosses, pushed apart where they would overlap.

    Where the axis itself is the porosity the labels repeat it and the curves run along one
    diagonal: only the first and the last curve are labelled then.
    """
    height = _CROSS_LABEL_SIZE / 72 * axes.figure.dpi * _LABEL_GAP
    count = max((len(curve.cross_labels) for curve in panel.curves), default=0)
    # A plain backing and no outlined type: outlines make a vector file five times larger.
    backing = {"facecolor": "white", "alpha": 0.65, "linewidth": 0, "pad": 0.3}
    last: dict[float, np.ndarray] = {}
    for index in range(count):
        curves = [curve for curve in panel.curves if index < len(curve.cross_labels)]
        if ends_only:
            curves = curves[:: max(len(curves) - 1, 1)]
        anchors = np.array(
            [axes.transData.transform((c.cross_x[index], c.cross_y[index])) for c in curves]
        )
        wanted = anchors[:, 1] + 0.75 * height * np.array([_side(axes, c, index) for c in curves])
        if ends_only:  # on either side of the bundle
            top = anchors[:, 1] >= anchors[:, 1].mean()
            groups = [np.array([member]) for member in range(len(curves))]
            wanted = anchors[:, 1] + np.where(top, 1.0, -1.0) * height
        else:
            groups = _neighbours(anchors, width=4.2 * height)
            for group in groups:
                _off_the_bundle(axes, anchors, wanted, group, height)
        for group in groups:
            for member, y in zip(group, spread_apart(wanted[group], height), strict=True):
                curve = curves[member]
                shift = np.abs(anchors[member] - last.get(curve.value, np.full(2, -np.inf)))
                if ends_only and shift[0] < 3.4 * height and shift[1] < height:
                    continue  # too close to the one before; the axis says the same
                last[curve.value] = anchors[member]
                left = ends_only and y > anchors[member, 1]
                axes.annotate(
                    curve.cross_labels[index],
                    (curve.cross_x[index], curve.cross_y[index]),
                    xytext=(-3 if left else 3, (y - anchors[member, 1]) * 72 / axes.figure.dpi),
                    textcoords="offset points",
                    fontsize=_CROSS_LABEL_SIZE,
                    va="center",
                    ha="right" if left else "left",
                    color=_darker(curve),
                    bbox=backing,
                    zorder=5,
                )


def _off_the_bundle(
    axes: Any, anchors: np.ndarray, wanted: np.ndarray, group: np.ndarray, height: float
) -> None:
    """Move labels of curves closer than their type above or below all of them, in their order.

    Beside their crosses they would cover the neighbouring curves and one another. They stand on
    the side from which the curves bend away, or on the other where the axes end.
    """
    heights = anchors[group, 1]
    if len(group) < 2 or np.diff(np.sort(heights)).min() > 1.6 * height:
        return
    frame = axes.get_window_extent()
    above = float(np.median(wanted[group] - heights)) > 0
    need = (len(group) + 0.2) * height
    if above and heights.max() + need > frame.y1:
        above = False
    elif not above and heights.min() - need < frame.y0:
        above = True
    rank = np.argsort(np.argsort(heights, kind="stable"))
    wanted[group] = (
        heights.max() + (0.8 + rank) * height
        if above
        else heights.min() - (0.8 + rank[::-1].max() - rank) * height
    )


def _side(axes: Any, curve: Curve, index: int) -> float:
    """1 to write above the curve, -1 below: the side from which it bends away to the right."""
    here = axes.transData.transform((curve.cross_x[index], curve.cross_y[index]))
    later = int(np.argmin(np.abs(curve.x - curve.cross_x[index])))
    later = min(later + max(len(curve.x) // 20, 1), len(curve.x) - 1)
    there = axes.transData.transform((curve.x[later], curve.y[later]))
    return -1.0 if (there[1] - here[1]) * (there[0] - here[0]) > 0 else 1.0


def _darker(curve: Curve) -> str:
    """The curve's colour, darkened where it would be hard to read as small type on white."""
    red, green, blue = (int(curve.colour[i : i + 2], 16) for i in (1, 3, 5))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    scale = min(1.0, 105 / max(light, 1.0))
    return "#{:02X}{:02X}{:02X}".format(*(round(part * scale) for part in (red, green, blue)))


def _neighbours(anchors: np.ndarray, width: float) -> list[np.ndarray]:
    """Group labels that stand close enough in x to overlap."""
    order = np.argsort(anchors[:, 0], kind="stable")
    breaks = np.flatnonzero(np.diff(anchors[order, 0]) > width) + 1
    return np.split(order, breaks)


def spread_apart(places: np.ndarray, least: float) -> np.ndarray:
    """Move labels as little as possible until neighbours stand `least` apart.

    Parameters
    ----------
    places : ndarray, shape (n,)
        Wanted positions.
    least : float
        Least distance.

    Returns
    -------
    ndarray, shape (n,)
        The least-squares positions (isotonic regression on the slack), order kept.
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(places, kind="stable")
    ramp = least * np.arange(len(places))
    fitted = isotonic_regression(places[order] - ramp).x + ramp
    result = np.empty(len(places))
    result[order] = fitted
    return result


def _legend(figure: Figure, data: CurveSet) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    curves = data.panels[0].curves
    handles: list[Any] = [Line2D([], [], color=curve.colour, linewidth=1.5) for curve in curves]
    names = [to_mathtext(curve.label) for curve in curves]
    every = [curve for panel in data.panels for curve in panel.curves]
    if any(not curve.inside.all() for curve in every):
        handles.append(Line2D([], [], color="#555555", linewidth=1.3, linestyle=_DASHES))
        names.append("extrapolated")
    shared = data.y.column == POROSITY
    if not shared and any(np.isfinite(curve.low).any() for curve in every):
        handles.append(Patch(color="#555555", alpha=0.2, linewidth=0))
        names.append(f"{100 * data.level:.0f} % interval")
    if any(len(curve.cross_x) for curve in every):
        handles.append(Line2D([], [], color="#555555", marker="x", markersize=4, linestyle="none"))
        names.append(f"cross, label: {to_mathtext('ε_cal')} in %")
    shown = [points for panel in data.panels for points in panel.points]
    for kind in sorted({points.kind for points in shown}):
        some = [points for points in shown if points.kind == kind]
        spread = " ± sd" if any((one.sd > 0).any() for one in some) else ""
        for rows, inside, name in (
            (any(one.same.any() for one in some), "#555555", f"{kind}{spread}"),
            (any((~one.same).any() for one in some), "white", f"{kind}, near the curve's setting"),
        ):
            if rows:
                handles.append(
                    Line2D(
                        [],
                        [],
                        color="#555555",
                        marker=_MARKERS[kind],
                        markerfacecolor=inside,
                        markersize=3.5,
                        linestyle="none",
                    )
                )
                names.append(name)
    figure.legend(
        handles,
        names,
        loc="outside upper center",
        ncols=min(len(names), 8) if len(names) <= 7 else -(-len(names) // 2),
        fontsize=SMALL,
        frameon=False,
        handlelength=2.2,
        columnspacing=1.3,
        labelcolor=INK,
    )


def _notes(data: CurveSet) -> list[str]:
    notes = list(data.notes)
    if notes:
        notes[0] = f"Dashed: extrapolated. {notes[0]}"
    halves = [_shared_error(panel) for panel in data.panels]
    if data.y.column == POROSITY and np.isfinite(halves).all():
        reach = " to ".join(dict.fromkeys(f"{half:.1f}" for half in (min(halves), max(halves))))
        farther = ", more the farther from measured coatings" if " to " in reach else ""
        notes.append(
            f"Bar: {100 * data.level:.0f} % interval of the law for a coating that was not "
            f"measured, ± {reach} points{farther}; it moves all curves together."
        )
    held = [
        f"{quantity(name).label.lower()} {value:.4g} {quantity(name).unit}"
        for name, value in data.fixed.items()
    ]
    if held:
        notes.append(f"Held: {', '.join(held)}.")
    return notes


def _two_lines(one: Quantity) -> str:
    """Axis title with the label above the symbol and unit, so that it fits a small panel."""
    if len(one.label) < 16:
        return one.mathtext
    return f"{one.label}\n{to_mathtext(one.symbol)} ({one.unit})"


def draw_interdependence(data: Interdependence, *, colours: str = "safe") -> Figure:
    """Draw the interdependence matrix: circles by sign and strength, wanted direction last.

    Parameters
    ----------
    data : Interdependence
    colours : {"safe", "paper"}
        Blue and orange, or green and red as in the paper. A plus or minus sign stands in each
        circle in both, so that colour never carries the meaning alone.
    """
    from matplotlib.patches import Circle

    hues = SIGN_COLOURS[colours]
    rows, columns = len(data.outputs), len(data.inputs)
    cell = 0.62
    # Room for the longest name, at about 0.062 inches a letter of this size.
    names = max(len(one.label) + len(one.symbol) for one in data.outputs)
    figure = new_figure(0.5 + 0.062 * names + 1.1 * cell * (columns + 1), 1.75 + cell * rows)
    axes = figure.subplots()
    axes.set_xlim(-0.5, columns + 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_aspect("equal")
    for x in np.arange(-0.5, columns + 1):
        heavy = x == columns - 0.5
        axes.axvline(x, color=INK if heavy else FAINT, linewidth=0.9 if heavy else 0.6, zorder=0)
    for y in np.arange(-0.5, rows):
        axes.axhline(y, color=FAINT, linewidth=0.6, zorder=0)
    for i in range(rows):
        for j in range(columns):
            strength = float(data.strength[i, j])
            if not np.isfinite(strength):
                axes.text(j, i, "–", ha="center", va="center", fontsize=NORMAL, color="#777777")
                continue
            radius = 0.44 * np.sqrt(min(abs(strength), 1.0))
            hue = hues["direct"] if strength >= 0 else hues["inverse"]
            turning = bool(data.turning[i, j])
            axes.add_patch(
                Circle(
                    (j, i),
                    max(radius, 0.03),
                    facecolor=hue,
                    edgecolor=INK if turning else hue,
                    linewidth=1.1 if turning else 0.4,
                    linestyle=(0, (2, 1.2)) if turning else "-",
                    alpha=0.95,
                    zorder=2,
                )
            )
            _write_strength(axes, i, j, strength, radius, turning, hue)
        _write_wanted(axes, columns, i, data.wanted[i])
    axes.set_xticks(range(columns + 1))
    axes.set_xticklabels(
        [f"{_stacked(one.label)}\n{to_mathtext(one.symbol)}" for one in data.inputs]
        + ["Direction\nwanted"],
        fontsize=SMALL,
        color=INK,
    )
    axes.xaxis.tick_top()
    axes.set_yticks(range(rows))
    axes.set_yticklabels(
        [f"{one.label}  {to_mathtext(one.symbol)}" for one in data.outputs],
        fontsize=SMALL + 0.5,
        color=INK,
    )
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    _matrix_legend(figure, hues, bool(data.turning.any()))
    method = METHODS.get(data.method, data.method)
    basis = "settings" if data.interaction is not None else "rows"
    write_notes(figure, [f"Circle area: {method} ({data.rows} {basis}).", *data.notes], width=96)
    settle(figure)
    return figure


def _stacked(label: str) -> str:
    return label.replace(" ", "\n", 1)


def _write_strength(
    axes: Any, i: int, j: int, strength: float, radius: float, turning: bool, hue: str
) -> None:
    sign = "+" if strength >= 0 else "−"
    text = f"{sign}{abs(strength):.2f}".replace("0.", ".", 1)
    if turning:
        text = f"∩ {text}"
    inside = radius > 0.27
    red, green, blue = (int(hue[k : k + 2], 16) for k in (1, 3, 5))
    dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 140
    axes.text(
        j,
        i if inside else i + radius + 0.13,
        text,
        ha="center",
        va="center",
        fontsize=SMALL - 0.5,
        color=("white" if dark else INK) if inside else INK,
        zorder=3,
    )


def _write_wanted(axes: Any, column: int, row: int, direction: str) -> None:
    if direction not in ("up", "down"):
        axes.text(column, row, "–", ha="center", va="center", fontsize=NORMAL, color="#777777")
        return
    reach = 0.24 if direction == "down" else -0.24  # rows count downwards
    axes.annotate(
        "",
        (column, row + reach),
        (column, row - reach),
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.3, "mutation_scale": 11},
    )


def _matrix_legend(figure: Figure, hues: dict[str, str], turning: bool) -> None:
    from matplotlib.lines import Line2D

    def dot(colour: str, edge: str) -> Line2D:
        return Line2D(
            [],
            [],
            linestyle="none",
            marker="o",
            markersize=7,
            markerfacecolor=colour,
            markeredgecolor=edge,
        )

    handles = [dot(hues["direct"], hues["direct"]), dot(hues["inverse"], hues["inverse"])]
    names = ["direct (+)", "inverse (−)"]
    if turning:
        handles.append(dot("white", INK))
        names.append("∩ non-monotonic")
    figure.legend(
        handles,
        names,
        loc="outside upper right",
        ncols=3,
        fontsize=SMALL,
        frameon=False,
        labelcolor=INK,
    )
