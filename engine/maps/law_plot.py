"""Measured against fitted porosity, and against what a law says of a family it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.maps.canvas import INK, NORMAL, SMALL, dress, new_figure, settle
from engine.maps.palette import series_colours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.experiment.diagnostics import LawAssessment


def draw_law(assessment: LawAssessment) -> Figure:
    """Two panels on equal axes: the fit, and each family predicted from the others.

    Side by side and of one size, so that the second is not overlooked.
    """
    figure = new_figure(5.6, 3.05)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    measured = 100 * assessment.porosity
    families = np.unique(assessment.families)
    colours = dict(zip(families, series_colours(len(families)), strict=True))
    columns = [100 * assessment.fitted, 100 * assessment.grouped_predictions]
    everything = np.concatenate([measured, *columns])
    everything = everything[np.isfinite(everything)]
    margin = 0.06 * max(float(np.ptp(everything)), 1.0)
    ends = float(everything.min()) - margin, float(everything.max()) + margin
    r2 = assessment.grouped_cv_r2
    rmse = assessment.grouped_cv_rmse
    titles = [
        f"Fitted: RMSE {100 * assessment.rmse:.2f} points"
        + ("" if assessment.r2 is None else f", R² {assessment.r2:.3f}"),
        "Family left out: cannot be judged"
        if rmse is None
        else f"Family left out: RMSE {100 * rmse:.2f} points"
        + ("" if r2 is None else f", R² {r2:.3f}"),
    ]
    for axes, predicted, title in zip((left, right), columns, titles, strict=True):
        dress(axes)
        axes.plot(ends, ends, color=INK, linewidth=0.7, zorder=1)
        for number, family in enumerate(families):
            rows = assessment.families == family
            axes.plot(
                measured[rows],
                predicted[rows],
                linestyle="none",
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=4,
                color=colours[family],
                label=_name(assessment, number),
            )
        axes.set_xlim(ends)
        axes.set_ylim(ends)
        axes.set_aspect("equal")
        axes.set_title(title, fontsize=SMALL + 0.5, color=INK, pad=3)
        axes.set_xlabel("Measured ε$_{\\mathrm{cal}}$ (%)", fontsize=NORMAL, color=INK)
    left.set_ylabel("Predicted ε$_{\\mathrm{cal}}$ (%)", fontsize=NORMAL, color=INK)
    if 1 < len(families) <= 8:
        handles, names = left.get_legend_handles_labels()
        figure.legend(
            handles,
            names,
            loc="outside lower center",
            ncols=2,
            fontsize=SMALL - 0.5,
            frameon=False,
            labelcolor=INK,
        )
    settle(figure)
    return figure


_MARKERS: tuple[Any, ...] = ("o", "s", "^", "D", "v", "P", "X", "*")


def _name(assessment: LawAssessment, number: int) -> str:
    names = assessment.family_names
    name = names[number] if number < len(names) else f"Coating {number + 1}"
    # A sheet may name its coatings in signs that mathematical text or the legend would take.
    return name.replace("$", r"\$").lstrip("_") or f"Coating {number + 1}"
