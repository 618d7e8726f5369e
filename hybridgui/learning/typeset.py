"""Equations set as in print, by matplotlib's mathtext, in the colours of the theme."""

from __future__ import annotations

import io
import re
from functools import lru_cache

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QPixmap

from engine.maps.quantities import quantity
from engine.maps.symbols import to_mathtext


@lru_cache(maxsize=256)
def _png(source: str, points: float, colour: str, scale: float) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.01, 0.01))
    FigureCanvasAgg(figure)
    figure.text(0, 0, f"${source}$", fontsize=points, color=colour)
    buffer = io.BytesIO()
    figure.savefig(
        buffer,
        dpi=72 * scale,
        transparent=True,
        bbox_inches="tight",
        pad_inches=0.03,
        format="png",
    )
    return buffer.getvalue()


def typeset(source: str, points: float, colour: str, ratio: float) -> QPixmap | None:
    """Set a formula; None where mathtext does not know something in it.

    Parameters
    ----------
    source : str
        LaTeX, without dollar signs.
    points : float
        Font size.
    colour : str
    ratio : float
        Device pixels per logical pixel.
    """
    # Points to logical pixels (96 per inch), drawn at twice that for sharp edges.
    scale = ratio * 96 / 72
    try:
        data = _png(readable(source), points, colour, scale)
    except (ValueError, RuntimeError):
        return None
    pixmap = QPixmap()
    if not pixmap.loadFromData(QByteArray(data)):
        return None
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def readable(source: str) -> str:
    r"""Write columns by their symbols: ``\mathrm{pressure\_MPa}`` becomes ``P``."""

    def symbol(match: re.Match[str]) -> str:
        column = match[1].replace(r"\_", "_")
        found = quantity(column).symbol
        return to_mathtext(found).replace("$", "") if found else match[0]

    text = re.sub(r"\\(?:mathrm|text|mathit|operatorname)\{([A-Za-z0-9_\\]+)\}", symbol, source)
    # mathtext has no sized delimiters around nothing, and no \operatorname.
    text = text.replace(r"\cdot", r"\,").replace(r"\operatorname", r"\mathrm")
    return text.replace(r"\frac", r"\dfrac")
