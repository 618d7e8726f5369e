"""A sheet to draw on: matplotlib's objects in the house style, without any global state.

Figures are made with `matplotlib.figure.Figure` and an Agg canvas, never with pyplot, so that
they can be drawn in a worker thread and leave nothing behind.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
DOUBLE_COLUMN = 7.2
"""Width of a two-column journal figure, inches (183 mm)."""

INK = "#222222"
FAINT = "#D9D9D9"
SMALL, NORMAL = 7.0, 8.0

# Text measurement and file writing share caches and settings inside matplotlib.
_lock = threading.Lock()


def new_figure(width: float, height: float) -> Figure:
    """A white figure of the given size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Any) -> None:
    """Give axes the house style: thin grid behind the data, small ticks, no heavy frame."""
    axes.set_axisbelow(True)
    axes.grid(True, color=FAINT, linewidth=0.5)
    axes.tick_params(labelsize=SMALL, width=0.6, length=2.5, color=INK, labelcolor=INK)
    for side in axes.spines.values():
        side.set_linewidth(0.6)
        side.set_color(INK)


def text_width(figure: Figure, text: str, size: float) -> float:
    """Width of a line of type of a size in points, inches."""
    shown = figure.text(0, 0, text, fontsize=size)
    width = shown.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi  # type: ignore[attr-defined]
    shown.remove()
    return float(width)


def write_notes(figure: Figure, notes: Sequence[str], width: int = 132) -> None:
    """Write what the reader must know under the figure, wrapped."""
    import textwrap

    if not notes:
        return
    lines = [line for note in notes for line in textwrap.wrap(note, width)]
    figure.supxlabel(
        "\n".join(lines), x=0.01, ha="left", fontsize=SMALL - 0.5, color="#555555", linespacing=1.3
    )


def settle(figure: Figure) -> None:
    """Lay the figure out once and for all, so that drawing it again costs less."""
    # Axes of fixed aspect move again once they know their room: two passes settle them.
    for _ in range(2):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")


def save(
    figure: Figure, stem: str | Path, formats: Sequence[str] = ("png", "svg"), dpi: int = 300
) -> list[Path]:
    """Write a figure as one file per format; return the paths.

    Equal figures give equal files: no dates and no random identifiers go in.

    Raises
    ------
    InputError
        If a format is unknown or the file cannot be written.
    """
    import matplotlib

    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(f"Figures cannot be written as '{unknown[0]}': choose png, svg or pdf.")
    stem = Path(stem)
    paths = []
    with _lock, matplotlib.rc_context({"svg.hashsalt": stem.name, "pdf.fonttype": 42}):
        for name in formats:
            path = stem.with_name(f"{stem.name}.{name}")
            metadata: dict[str, Any] = {"Software": None} if name == "png" else {}
            if name == "svg":
                metadata = {"Date": None}
            if name == "pdf":
                metadata = {"CreationDate": None}
            try:
                figure.savefig(path, format=name, dpi=dpi, metadata=metadata)
            except OSError as error:
                raise InputError(
                    f"The figure cannot be written to {path}: {error.strerror}."
                ) from error
            paths.append(path)
    return paths


def to_bytes(figure: Figure, form: str = "svg", dpi: int = 150) -> bytes:
    """A figure as the content of a file, to be put into a page.

    Parameters
    ----------
    figure : Figure
    form : {"svg", "png", "pdf"}
    dpi : int
    """
    import io

    import matplotlib

    buffer = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if form == "svg" else {}
    with _lock, matplotlib.rc_context({"svg.hashsalt": "report"}):
        figure.savefig(buffer, format=form, dpi=dpi, metadata=metadata)
    return buffer.getvalue()
