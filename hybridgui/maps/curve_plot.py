"""One panel of curves whose items stay: a moved input only gives them other numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.maps.curves import CurveSet, Panel, stretches
from hybridgui.theme import theme, with_opacity
from hybridgui.widgets.plot import BAND_OPACITY, LINE_WIDTH, Plot

_EMPTY = np.empty(0)
_ARM = 3.2
"""Half the width of a cross, px."""
_LABEL_SHARE = 0.85
"""Size of the type on the curves, as a share of the plot's."""


class _Crosses(pg.GraphicsObject):
    """Crosses of a fixed size on screen, each in the colour of its curve.

    A scatter item would render and look up a picture for each colour every time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._marks: list[tuple[QPointF, str]] = []
        self._bounds = QRectF()

    def show_marks(self, marks: list[tuple[QPointF, str]]) -> None:
        """Draw these places in these colours."""
        self.prepareGeometryChange()
        self._marks = marks
        self._bounds = QPolygonF([place for place, _ in marks]).boundingRect()
        self.update()

    def boundingRect(self) -> QRectF:
        """Places in data units, and the arms of the crosses beyond them."""
        across, up = self.pixelVectors()
        if across is None:
            return self._bounds
        x, y = _ARM * abs(across.x()), _ARM * abs(up.y())
        return self._bounds.adjusted(-x, -y, x, y)

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw with arms in pixels."""
        to_screen = painter.transform()
        scale = painter.device().devicePixelRatioF()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        arm = _ARM * scale
        for place, colour in self._marks:
            middle = to_screen.map(place)
            painter.setPen(QPen(QColor(colour), LINE_WIDTH * scale))
            for one in (QPointF(arm, arm), QPointF(arm, -arm)):
                painter.drawLine(middle - one, middle + one)
        painter.setTransform(to_screen)


class _CurveItems:
    """Band, solid and dashed line of one curve."""

    def __init__(self, plot: Plot):
        # Bare curves, and the band as one outline: cheaper to draw than a fill between two.
        self.band = pg.PlotCurveItem(pen=pg.mkPen(None), fillLevel="enclosed")
        self.band.setZValue(-10)
        self.solid = pg.PlotCurveItem(connect="finite")
        self.dashed = pg.PlotCurveItem(connect="finite")
        for item in (self.band, self.solid, self.dashed):
            plot.addItem(item, ignoreBounds=True)
        self._colour = ""

    def show(self, curve: Any, colour: str, bands: bool) -> None:
        """Draw a curve; dashed where it extrapolates."""
        if colour != self._colour:
            self._colour = colour
            self.solid.setPen(pg.mkPen(colour, width=LINE_WIDTH))
            self.dashed.setPen(pg.mkPen(colour, width=LINE_WIDTH, style=Qt.PenStyle.DashLine))
            self.band.setBrush(pg.mkBrush(with_opacity(colour, BAND_OPACITY)))
        out = ~curve.inside
        touching = np.zeros_like(out)
        for part, inside in stretches(curve.inside):
            touching[part] |= not inside
        self.solid.setData(curve.x, np.where(out, np.nan, curve.y))
        self.dashed.setData(curve.x, np.where(touching, curve.y, np.nan))
        fine = np.isfinite(curve.low) & np.isfinite(curve.high)
        if not bands or fine.sum() < 2:
            self.band.setData(_EMPTY, _EMPTY)
            return
        x, low, high = (part[fine] for part in (curve.x, curve.low, curve.high))
        self.band.setData(np.append(x, x[::-1]), np.append(low, high[::-1]))

    def clear(self) -> None:
        """Draw nothing."""
        for item in (self.band, self.solid, self.dashed):
            item.setData(_EMPTY, _EMPTY)


class CurvePlot(Plot):
    """One panel of a `CurveSet`."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setMinimumSize(120, 130)
        self._curves: list[_CurveItems] = []
        self._errors: list[pg.ErrorBarItem] = []
        self._points = pg.ScatterPlotItem()
        self._crosses = _Crosses()
        for item in (self._points, self._crosses):
            self.addItem(item, ignoreBounds=True)
        self._labels: list[pg.TextItem] = []
        self._named: tuple[str, ...] = ()

    def show_panel(
        self, data: CurveSet, panel: Panel, colours: list[str], *, bands: bool, labels: bool
    ) -> None:
        """Draw the curves of a panel in the colours of the theme."""
        self.name = f"figure_{data.name}" if data.name else "curves"
        alone = len(data.panels) == 1
        named = (
            data.x.axis if len(data.panels) != 3 else data.x.short,  # three stand in a row
            data.y.axis if alone else data.y.short,
            "" if alone else panel.title,
        )
        if named != self._named:
            self._named = named
            self.set_axes(*named[:2])
            self.set_title(named[2])
        while len(self._curves) < len(panel.curves):
            self._curves.append(_CurveItems(self))
        for items, curve, colour in zip(self._curves, panel.curves, colours, strict=False):
            items.show(curve, colour, bands)
        for items in self._curves[len(panel.curves) :]:
            items.clear()
        self._show_points(panel, colours)
        self._show_crosses(panel, colours)
        self._show_labels(_outer_labels(panel) if labels else [])

    def _show_points(self, panel: Panel, colours: list[str]) -> None:
        hues = {curve.value: hue for curve, hue in zip(panel.curves, colours, strict=True)}
        while len(self._errors) < len(panel.points):
            item = pg.ErrorBarItem(beam=0)
            item.setZValue(-1)
            self.addItem(item, ignoreBounds=True)
            self._errors.append(item)
        for item, some in zip(self._errors, panel.points, strict=False):
            item.setData(
                x=some.x, y=some.y, height=2 * np.nan_to_num(some.sd), pen=hues[some.value]
            )
        for item in self._errors[len(panel.points) :]:
            item.setData(x=_EMPTY, y=_EMPTY, height=_EMPTY)
        spots = []
        for some in panel.points:
            lab = some.kind == "measured"
            spots += [
                {
                    "pos": (x, y),
                    "size": 9 if lab else 7,
                    "symbol": "d" if lab else "o",
                    "pen": pg.mkPen(hues[some.value] if lab else theme().tokens.surface, width=1.5),
                    "brush": pg.mkBrush(theme().tokens.surface if lab else hues[some.value]),
                }
                for x, y in zip(some.x, some.y, strict=True)
            ]
        self._points.setData(spots)

    def _show_crosses(self, panel: Panel, colours: list[str]) -> None:
        self._crosses.show_marks(
            [
                (QPointF(x, y), hue)
                for curve, hue in zip(panel.curves, colours, strict=True)
                for x, y in zip(curve.cross_x, curve.cross_y, strict=True)
                if np.isfinite(x) and np.isfinite(y)
            ]
        )

    def _show_labels(self, wanted: list[tuple[float, float, str, tuple[float, float]]]) -> None:
        colour = theme().tokens.muted
        while len(self._labels) < len(wanted):
            item = pg.TextItem("")
            font = self.font()
            font.setPointSizeF(font.pointSizeF() * _LABEL_SHARE)
            item.setFont(font)
            self.addItem(item, ignoreBounds=True)
            self._labels.append(item)
        for item, (x, y, text, anchor) in zip(self._labels, wanted, strict=False):
            if item.toPlainText() != text:
                item.setText(text)
            if item.color != pg.mkColor(colour):
                item.setColor(colour)
            item.setAnchor(anchor)
            item.setPos(x, y)
            item.show()
        for item in self._labels[len(wanted) :]:
            item.hide()


def _outer_labels(panel: Panel) -> list[tuple[float, float, str, tuple[float, float]]]:
    """Place, text and anchor of the labels of the outer curves.

    Only the outer ones: four labels on one spot could not be read.
    """
    marked = [curve for curve in panel.curves if len(curve.cross_y)]
    if not marked:
        return []
    order = sorted(marked, key=lambda curve: float(np.mean(curve.cross_y)))
    found = []
    for curve, above in ((order[0], False), (order[-1], True))[-len(order) :]:
        for x, y, text in zip(curve.cross_x, curve.cross_y, curve.cross_labels, strict=False):
            # at the ends of a curve a centred label would leave the plot
            across = 0.0 if x <= curve.x[0] else 1.0 if x >= curve.x[-1] else 0.5
            found.append((float(x), float(y), text, (across, 1.2 if above else -0.2)))
    return found
