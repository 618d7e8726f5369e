"""The interdependence matrix drawn as a journal figure with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.maps.canvas import FAINT, INK, NORMAL, SMALL, new_figure, settle, text_width
from engine.maps.interdependence import METHODS, Interdependence
from engine.maps.palette import DOUBTED_OPACITY, SIGN_COLOURS
from engine.maps.symbols import to_mathtext

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL = 0.62
"""Side of a cell, inches."""
_LEGEND, _HEADING, _MARGIN, _LINE = 0.28, 0.52, 0.08, 0.13
"""Heights of legend, headings, margins and lines of notes, inches."""
_WEAK = "#B5BAC1"


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
    names = [_row_name(data, row) for row in range(rows)]
    figure = new_figure(1.0, 1.0)
    figure.set_layout_engine("none")  # of cells that are square, and names of any length
    # Type is up to a twentieth wider at other resolutions, where its hints fall elsewhere.
    lines = [line for name in names for line in name.split("\n")]
    left = 1.06 * max(text_width(figure, line, SMALL + 0.5) for line in lines) + 2 * _MARGIN
    width = left + _CELL * (columns + 1) + _MARGIN
    method = METHODS.get(data.method, data.method)
    basis = "settings" if data.interaction is not None else "rows"
    notes = _wrapped([f"Circle area: {method} ({data.rows:,} {basis}).", *data.notes], width)
    foot = _LINE * len(notes) + 2 * _MARGIN
    height = _LEGEND + _HEADING + _CELL * rows + foot
    figure.set_size_inches(width, height)
    axes = figure.add_axes(
        (left / width, foot / height, _CELL * (columns + 1) / width, _CELL * rows / height)
    )
    axes.set_xlim(-0.5, columns + 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    for x in np.arange(-0.5, columns + 1):
        heavy = x == columns - 0.5
        axes.axvline(x, color=INK if heavy else FAINT, linewidth=0.9 if heavy else 0.6, zorder=0)
    for y in np.arange(-0.5, rows + 0.5):
        axes.axhline(y, color=FAINT, linewidth=0.6, zorder=0)
    for i in range(rows):
        faint = DOUBTED_OPACITY if data.trusted(i) == "no" else 1.0
        for j in range(columns):
            strength = float(data.strength[i, j])
            if not np.isfinite(strength):
                axes.text(j, i, "–", ha="center", va="center", fontsize=NORMAL, color="#777777")
                continue
            radius = 0.44 * np.sqrt(min(abs(strength), 1.0))
            weak = data.signs[i, j] == 0
            hue = _WEAK if weak else hues["direct" if strength >= 0 else "inverse"]
            turning = bool(data.turning[i, j])
            axes.add_patch(
                Circle(
                    (j, i),
                    max(radius, 0.03),
                    facecolor=(hue, faint),
                    edgecolor=INK if turning else hue,
                    linewidth=1.1 if turning else 0.6,
                    linestyle=(0, (2, 1.2)) if turning else "-",
                    zorder=2,
                )
            )
            _write_strength(axes, i, j, strength, radius, turning, hue if faint == 1 else "#FFFFFF")
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
    axes.set_yticklabels(names, fontsize=SMALL + 0.5, color=INK)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    _matrix_legend(figure, hues, data)
    figure.text(
        _MARGIN / width,
        (foot - _MARGIN) / height,
        "\n".join(notes),
        va="top",
        fontsize=SMALL - 0.5,
        color="#555555",
        linespacing=1.3,
    )
    settle(figure)
    return figure


def _row_name(data: Interdependence, row: int) -> str:
    one = data.outputs[row]
    name = f"{one.label}  {to_mathtext(one.symbol)}"
    doubt = data.trust_words(row)
    return f"{name}\n({doubt})" if doubt else name


def _wrapped(notes: list[str], width: float) -> list[str]:
    import textwrap

    letters = int(width / 0.052)  # of 6.5 points, about
    return [line for note in notes for line in textwrap.wrap(note, letters)]


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


def _matrix_legend(figure: Figure, hues: dict[str, str], data: Interdependence) -> None:
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
    if ((data.signs == 0) & np.isfinite(data.strength)).any():
        handles.append(dot(_WEAK, _WEAK))
        names.append("weak")
    if data.turning.any():
        handles.append(dot("white", INK))
        names.append("∩ non-monotonic")
    width, height = figure.get_size_inches()
    figure.legend(
        handles,
        names,
        loc="upper right",
        bbox_to_anchor=(1 - _MARGIN / width, 1 - 0.5 * _MARGIN / height),
        ncols=len(names),
        fontsize=SMALL,
        frameon=False,
        labelcolor=INK,
        borderaxespad=0,
        borderpad=0.2,
        handletextpad=0.2,
        columnspacing=1.0,
    )
