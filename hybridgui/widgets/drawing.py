"""Bands, lines, marks and words of a plot, drawn by one item.

A scene with an item for each of them spends most of its time on bookkeeping; what a moved input
redraws must be painted within milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF, QTransform

from hybridgui.theme import with_opacity

_ARM = 3.2
"""Half the width of a cross, px."""
_MARGIN = 4.0
"""Between a word and the edge that its anchor counts from, px."""


@dataclass(frozen=True)
class Word:
    """A short text at a place of the data; the anchor is the share of it left of and above it."""

    x: float
    y: float
    text: str
    anchor: tuple[float, float] = (0.5, 0.5)


@dataclass
class Strokes:
    """What one `Drawing` shows, in the units of the axes.

    Attributes
    ----------
    bands : list of (outline, colour with its opacity)
    lines : list of (polyline, colour, dashed)
    bars : list of (x, low, high, colour)
        Error bars.
    dots : list of (points, colour, size in px)
        Many small ones of a kind.
    marks : list of (x, y, size in px, "o", "d" or "star", colour of the edge, colour inside)
    crosses : list of (x, y, colour)
    words : list of Word
    rules : list of (x, colour)
        Dashed lines over the whole height.
    levels : list of (y, colour)
        Dashed lines over the whole width.
    """

    bands: list[tuple[QPolygonF, QColor]] = field(default_factory=list)
    lines: list[tuple[QPolygonF, QColor, bool]] = field(default_factory=list)
    bars: list[tuple[float, float, float, QColor]] = field(default_factory=list)
    dots: list[tuple[QPolygonF, QColor, float]] = field(default_factory=list)
    marks: list[tuple[float, float, float, str, QColor, QColor]] = field(default_factory=list)
    crosses: list[tuple[float, float, QColor]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    rules: list[tuple[float, QColor]] = field(default_factory=list)
    levels: list[tuple[float, QColor]] = field(default_factory=list)

    def add_band(
        self, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str, opacity: float
    ) -> None:
        """Add the area between two curves, where both are finite; each of shape (n,)."""
        fine = np.isfinite(low) & np.isfinite(high)
        if fine.sum() < 2:
            return
        if not fine.all():
            x, low, high = x[fine], low[fine], high[fine]
        outline = polygon(np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]]))
        self.bands.append((outline, with_opacity(colour, opacity)))

    def add_line(self, x: np.ndarray, y: np.ndarray, colour: str, *, dashed: bool = False) -> None:
        """Add a line, with gaps where y is not finite; each of shape (n,)."""
        hue = QColor(colour)
        for part in _finite_parts(y):
            self.lines.append((polygon(x[part], y[part]), hue, dashed))

    def add_dots(self, x: np.ndarray, y: np.ndarray, colour: str, size: float) -> None:
        """Add many dots of one kind at finite places; each of shape (n,)."""
        self.dots.append((polygon(x, y), QColor(colour), size))


def star(radius: float) -> QPolygonF:
    """A star around the origin with five points, one of them up."""
    turns = np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2, 0.4, 1.0) * radius
    return polygon(reach * np.sin(turns), -reach * np.cos(turns))


def polygon(x: np.ndarray, y: np.ndarray) -> QPolygonF:
    """Points of two arrays of shape (n,)."""
    found = pg.functions.create_qpolygonf(len(x))
    memory = pg.functions.ndarray_from_qpolygonf(found)
    memory[:, 0], memory[:, 1] = x, y
    return found


def _finite_parts(values: np.ndarray) -> Iterator[slice]:
    """Where at least two finite values follow one another."""
    fine = np.isfinite(values)
    if fine.all():
        if len(values) > 1:
            yield slice(0, len(values))
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fine, [False]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start > 1:
            yield slice(start, end)


class Drawing(pg.UIGraphicsItem):
    """Draws `Strokes` in a plot; sizes, widths and type are in pixels whatever the scale.

    Parameters
    ----------
    width : float
        Of the lines, px.
    """

    def __init__(self, width: float) -> None:
        super().__init__()
        self._width = width
        self._strokes = Strokes()
        self._font = QFont()
        self._ink = QColor()

    @property
    def strokes(self) -> Strokes:
        """What is drawn."""
        return self._strokes

    def set_type(self, font: QFont, colour: str) -> None:
        """Choose the type and the colour of words."""
        self._font, self._ink = font, QColor(colour)

    def show_strokes(self, strokes: Strokes) -> None:
        """Draw these from now on."""
        self._strokes = strokes
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw areas under marks, marks under lines, and words over all."""
        shown = self._strokes
        # A picture of twice the size has lines and type of twice the size.
        options = self._exportOpts if isinstance(self._exportOpts, dict) else {}
        scale = float(options.get("resolutionScale", 1.0))
        # All is drawn in pixels: a drawing program, too, is to find lines of one width.
        to_screen = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for outline, colour in shown.bands:
            painter.setBrush(colour)
            painter.drawPolygon(to_screen.map(outline))
        self._draw_bars(painter, to_screen, shown.bars, scale)
        self._draw_dots(painter, to_screen, shown.dots, scale)
        self._draw_rules(painter, to_screen, shown, scale)
        self._draw_marks(painter, to_screen, shown.marks, scale)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(QColor(), self._width * scale)
        for line, colour, dashed in shown.lines:
            pen.setColor(colour)
            pen.setStyle(Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.drawPolyline(to_screen.map(line))
        self._draw_crosses(painter, to_screen, shown.crosses, scale)
        self._draw_words(painter, to_screen, shown.words, scale)
        painter.setTransform(to_screen)

    def _draw_bars(
        self, painter: QPainter, to_screen: QTransform, bars: Sequence, scale: float
    ) -> None:
        pen = QPen(QColor(), scale)
        for x, low, high, colour in bars:
            pen.setColor(colour)
            painter.setPen(pen)
            painter.drawLine(to_screen.map(QPointF(x, low)), to_screen.map(QPointF(x, high)))

    def _draw_marks(
        self, painter: QPainter, to_screen: QTransform, marks: Sequence, scale: float
    ) -> None:
        for x, y, size, sign, edge, inside in marks:
            middle, half = to_screen.map(QPointF(x, y)), 0.5 * size * scale
            painter.setPen(QPen(edge, 1.5 * scale))
            painter.setBrush(inside)
            if sign == "o":
                painter.drawEllipse(middle, half, half)
            elif sign == "star":
                painter.drawPolygon(star(half).translated(middle))
            else:
                arms = (QPointF(0, -half), QPointF(half, 0), QPointF(0, half), QPointF(-half, 0))
                painter.drawPolygon(QPolygonF([middle + arm for arm in arms]))

    def _draw_dots(
        self, painter: QPainter, to_screen: QTransform, dots: Sequence, scale: float
    ) -> None:
        for places, colour, size in dots:
            pen = QPen(colour, size * scale)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPoints(to_screen.map(places))

    def _draw_rules(
        self, painter: QPainter, to_screen: QTransform, shown: Strokes, scale: float
    ) -> None:
        if not shown.rules and not shown.levels:
            return
        room, pen = self.viewRect(), QPen(QColor(), scale, Qt.PenStyle.DashLine)
        ends = [(QPointF(x, room.top()), QPointF(x, room.bottom()), c) for x, c in shown.rules]
        ends += [(QPointF(room.left(), y), QPointF(room.right(), y), c) for y, c in shown.levels]
        for start, end, colour in ends:
            pen.setColor(colour)
            painter.setPen(pen)
            painter.drawLine(to_screen.map(start), to_screen.map(end))

    def _draw_crosses(
        self, painter: QPainter, to_screen: QTransform, crosses: Sequence, scale: float
    ) -> None:
        arm, pen = _ARM * scale, QPen(QColor(), self._width * scale)
        falling, rising = QPointF(arm, arm), QPointF(arm, -arm)
        for x, y, colour in crosses:
            pen.setColor(colour)
            painter.setPen(pen)
            middle = to_screen.map(QPointF(x, y))
            painter.drawLine(middle - falling, middle + falling)
            painter.drawLine(middle - rising, middle + rising)

    def _draw_words(
        self, painter: QPainter, to_screen: QTransform, words: Sequence[Word], scale: float
    ) -> None:
        if not words:
            return
        font = QFont(self._font)
        font.setPointSizeF(font.pointSizeF() * scale)
        painter.setFont(font)
        painter.setPen(self._ink)
        metrics, margin = QFontMetricsF(font, painter.device()), _MARGIN * scale
        for word in words:
            place = to_screen.map(QPointF(word.x, word.y))
            wide = metrics.horizontalAdvance(word.text) + 2 * margin
            high = metrics.height() + 2 * margin
            corner = QPointF(place.x() - word.anchor[0] * wide, place.y() - word.anchor[1] * high)
            painter.drawText(
                QPointF(corner.x() + margin, corner.y() + margin + metrics.ascent()), word.text
            )
