"""The trade-off drawn: every condition of the grid, the non-dominated ones, the choice."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InputError
from engine.maps.canvas import INK, NORMAL, SMALL, dress, new_figure, settle, write_notes
from engine.maps.palette import AM
from engine.maps.quantities import quantity
from engine.maps.symbols import to_mathtext

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.maps.decide import Recommendation
    from engine.maps.trade_off import TradeOff

_MOST_POINTS = 4000
LEFT_OUT = "blocked or not measured"


def draw_trade_off(
    found: TradeOff,
    recommendation: Recommendation | None = None,
    *,
    x: str | None = None,
    y: str | None = None,
) -> Figure:
    """Draw two outputs of a trade-off against each other.

    Parameters
    ----------
    found : TradeOff
    recommendation : Recommendation, optional
        Marked with its interval.
    x, y : str, optional
        Columns; the two objectives most in conflict otherwise.

    Raises
    ------
    InputError
        If there are not two outputs to show.
    """
    from matplotlib.collections import PathCollection

    names = [*found.telling_pair, *(target.output for target in found.targets)]
    x = x or next((name for name in names if name != y), None)
    y = y or next((name for name in names if name != x), None)
    if x is None or y is None:
        raise InputError("A trade-off plot needs two targets: add one.")
    figure = new_figure(4.6, 3.5)
    axes = figure.subplots()
    dress(axes)
    across, up = (found.values[name].to_numpy(float) for name in (x, y))
    step = max(1, len(across) // _MOST_POINTS)
    for rows, colour, label, size in (
        (~found.feasible & ~found.left_out, "#C9C9C9", "breaks a limit", 3),
        (found.left_out, "#E3C7A0", LEFT_OUT, 3),
        (found.feasible & ~found.front, "#8FB8D8", "keeps all limits", 4),
    ):
        some = np.flatnonzero(rows)[::step]
        if len(some):
            axes.scatter(
                across[some],
                up[some],
                s=size,
                color=colour,
                linewidths=0,
                label=label,
                zorder=2,
                rasterized=True,
            )
    front = np.flatnonzero(found.front)
    axes.scatter(
        across[front],
        up[front],
        s=9,
        color="#0072B2",
        linewidths=0,
        label="non-dominated",
        zorder=3,
        rasterized=len(front) > 1000,
    )
    if recommendation is not None and {x, y} <= set(recommendation.predicted):
        (px, lx, hx), (py, ly, hy) = (recommendation.predicted[name] for name in (x, y))
        axes.errorbar(
            [px],
            [py],
            xerr=[[max(px - lx, 0)], [max(hx - px, 0)]],
            yerr=[[max(py - ly, 0)], [max(hy - py, 0)]],
            fmt="D",
            color=AM,
            markersize=6,
            elinewidth=1.0,
            capsize=2,
            label="recommended, 80 % interval",
            zorder=5,
        )
    for target in found.targets:
        for limit in (target.least, target.most):
            if limit is None:
                continue
            if target.output == x:
                axes.axvline(limit, color=INK, linewidth=0.8, linestyle=":")
            if target.output == y:
                axes.axhline(limit, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlabel(quantity(x).mathtext, fontsize=NORMAL, color=INK)
    axes.set_ylabel(quantity(y).mathtext, fontsize=NORMAL, color=INK)
    legend = figure.legend(
        loc="outside upper center",
        ncols=2,
        fontsize=SMALL,
        frameon=False,
        labelcolor=INK,
    )
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):
            handle.set_sizes([16])
    wishes = "; ".join(target.sentence for target in found.targets)
    lines = textwrap.wrap(f"Wanted: {wishes}.", 84)  # before the indices are set, which are long
    write_notes(figure, [to_mathtext(line) for line in lines], width=1000)
    settle(figure)
    return figure
