"""Figure data drawn as journal figures with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.maps.canvas import (
    DOUBLE_COLUMN,
    INK,
    NORMAL,
    SMALL,
    dress,
    new_figure,
    settle,
    write_notes,
)
from engine.maps.curve_data import Curve, CurveSet, Panel, stretches
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
        _draw_panel(axes, panel, bands and not data.shared_error)
    for axes in grid[-1]:
        axes.set_xlabel(data.x.mathtext, fontsize=NORMAL, color=INK)
    for axes in grid[:, 0]:
        axes.set_ylabel(_two_lines(data.y), fontsize=NORMAL, color=INK)
    grid.flat[0].margins(x=0.02)
    if (span := data.y_span(bands)) is not None:
        room = 0.06 * (span[1] - span[0]) or 0.5
        grid.flat[0].set_ylim(span[0] - room, span[1] + room)
    if bands and data.bars_fit:
        for index, bar in data.shared_bars.items():
            _draw_shared_error(grid.flat[index], bar)
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


def _draw_shared_error(axes: Any, bar: tuple[float, float]) -> None:
    """One bar for an error that all curves share."""
    axes.errorbar(
        [0.965],
        [bar[0]],
        yerr=[bar[1]],
        color="#555555",
        elinewidth=1.0,
        capsize=2.5,
        capthick=1.0,
        transform=axes.get_yaxis_transform(),
        zorder=2,
    )


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
    if not data.shared_error and any(np.isfinite(curve.low).any() for curve in every):
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
    if data.shared_error_size:
        drawn = "Bar" if data.bars_fit else "Not drawn, longer than the axes"
        farther = (
            ", more the farther from measured coatings" if " to " in data.shared_error_size else ""
        )
        notes.append(
            f"{drawn}: {100 * data.level:.0f} % interval of the law for a coating that was not "
            f"measured, {data.shared_error_size}{farther}; it moves all curves together."
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
