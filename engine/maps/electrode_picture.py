"""A slice through an electrode as a journal figure: three phases, scale bar, legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.maps.canvas import INK, NORMAL, SMALL, new_figure, settle
from engine.maps.palette import AM, CBD, ELECTROLYTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.structure.stack import VoxelStack

_PHASES = (
    (1, AM, "active material"),
    (2, CBD, "carbon-binder domain"),
    (0, ELECTROLYTE, "electrolyte"),
)
_LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_HIGHEST, _WIDTH = 3.2, 6.4


def draw_electrode(stack: VoxelStack) -> Figure:
    """Draw the x-z slice through the middle, collector below, and a slice in plane beside it.

    Parameters
    ----------
    stack : VoxelStack

    Returns
    -------
    Figure
        Voxels stand on each other at their true proportions.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    nz, ny, _ = stack.shape
    dz, dy, dx = stack.spacing
    across = stack.labels[:, ny // 2, :]
    plane = stack.labels[nz // 2]
    colours = ListedColormap([colour for _, colour, _ in sorted(_PHASES)])
    sizes = [_extent(across, dx, dz), _extent(plane, dx, dy)]
    longest, highest = (max(size[i] for size in sizes) for i in (0, 1))
    height = min(_HIGHEST, 0.5 * _WIDTH * highest / longest)
    figure = new_figure(_WIDTH, height + 0.75)
    titles = (
        "Cross-section (collector below)",
        f"In plane ({0.5 * stack.thickness:.0f} µm above the collector)",
    )
    axes = figure.subplots(1, 2)
    for part, image, (along, up), title in zip(axes, (across, plane), sizes, titles, strict=True):
        part.imshow(
            image,
            cmap=colours,
            vmin=0,
            vmax=2,
            origin="lower",
            interpolation="nearest",
            extent=(0, along, 0, up),
            aspect="equal",
        )
        part.set_axis_off()
        part.set_anchor("S")
        part.set_xlim(0, longest)  # both at one scale
        part.set_ylim(0, highest)
        part.text(0.5 * along, 1.02 * up, title, ha="center", fontsize=SMALL, color=INK)
        _scale_bar(part, along, up)
    figure.legend(
        [Patch(color=colour) for _, colour, _ in _PHASES],
        [
            f"{words} {100 * share:.1f} %"
            for (_, _, words), share in zip(_PHASES, _shares(stack), strict=True)
        ],
        loc="outside lower center",
        ncols=3,
        fontsize=SMALL,
        frameon=False,
        labelcolor=INK,
    )
    settle(figure)
    return figure


def _extent(image: np.ndarray, along: float, up: float) -> tuple[float, float]:
    return image.shape[1] * along, image.shape[0] * up


def _shares(stack: VoxelStack) -> list[float]:
    """Volume shares in the order of the legend."""
    counts = np.bincount(stack.labels.ravel(), minlength=3) / stack.labels.size
    return [float(counts[label]) for label, _, _ in _PHASES]


def _scale_bar(axes: object, along: float, up: float) -> None:
    """A bar of a round length, on a plate of its own so that it is seen on every phase."""
    from matplotlib.patches import Rectangle

    length = max((one for one in _LENGTHS if one <= 0.3 * along), default=_LENGTHS[0])
    left, bottom, thick = 0.04 * along, 0.04 * along, 0.018 * along
    plate = Rectangle(
        (left - 0.02 * along, bottom - 0.02 * along),
        length + 0.04 * along,
        thick + 0.12 * along,
        facecolor="white",
        alpha=0.85,
        linewidth=0,
        zorder=3,
    )
    axes.add_patch(plate)  # type: ignore[attr-defined]
    axes.add_patch(  # type: ignore[attr-defined]
        Rectangle((left, bottom), length, thick, facecolor=INK, linewidth=0, zorder=4)
    )
    axes.text(  # type: ignore[attr-defined]
        left + 0.5 * length,
        bottom + 1.5 * thick,
        f"{length} µm",
        ha="center",
        va="bottom",
        fontsize=NORMAL - 1,
        color=INK,
        zorder=4,
    )
