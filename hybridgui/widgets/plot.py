"""A plot like a journal's figure: named axes, thin grid, legend outside, crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from pyqtgraph.exporters import ImageExporter
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QLineF,
    QPointF,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QWheelEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import (
    QGraphicsItem,
    QHBoxLayout,
    QLabel,
    QLayout,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.maps.symbols import to_html
from hybridgui.theme import CATEGORY_COLOURS, GRID, theme, with_opacity
from hybridgui.widgets.basics import clear_layout, follow_theme, label
from hybridgui.widgets.drawing import star
from hybridgui.widgets.flow import FlowLayout

LINE_WIDTH = 1.5
BAND_OPACITY = 0.2


rich = to_html
"""Set the indices of symbols low where HTML is shown."""


def tip_html(text: str) -> str:
    """Lines of a tooltip, with the indices of symbols set low."""
    return f"<p>{rich(text)}</p>".replace("\n", "<br>") if text else ""


def tick_text(symbol: str) -> str:
    """Write a symbol where no HTML can stand: without the underscore, lower where letters allow."""
    return symbol.replace("_init", "ᵢₙᵢₜ").replace("_", " ")


_BEYOND = 16
"""How far the type of a tick may reach beyond the end of its axis, px."""


_MARKS = (("o", "dot"), ("s", "square"), ("t1", "triangle"))


def category_mark(index: int) -> tuple[str, str]:
    """Symbol of the points of one category, and the kind of its legend entry.

    It changes where the colours begin anew, so that no two of 18 categories look alike.
    """
    return _MARKS[index // len(CATEGORY_COLOURS) % len(_MARKS)]


class Swatch(QWidget):
    """The sign of one legend entry: a line, a dot or a band, drawn as in the plot."""

    def __init__(self, colour: str, kind: str = "line", parent: QWidget | None = None):
        super().__init__(parent)
        self._colour, self._kind = colour, kind
        self.setFixedSize(QSize(20, 12))

    def paintEvent(self, event) -> None:
        """Draw the sign."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(self._colour)
        middle = QRectF(self.rect()).center()
        if self._kind == "band":
            painter.fillRect(self.rect(), with_opacity(self._colour, BAND_OPACITY))
        elif self._kind == "dot":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(middle, 4, 4)
        elif self._kind in ("square", "triangle"):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            corners = ((-4, -4), (4, -4), (4, 4), (-4, 4))
            if self._kind == "triangle":
                corners = ((0, -5), (5, 4), (-5, 4))
            painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
        elif self._kind == "ring":
            painter.setPen(QPen(colour, 1.5))
            painter.drawEllipse(middle, 4, 4)
        elif self._kind in ("diamond", "hollow diamond"):
            painter.setPen(QPen(colour, 1.5))
            if self._kind == "diamond":
                painter.setBrush(colour)
            arms = (QPointF(0, -5), QPointF(5, 0), QPointF(0, 5), QPointF(-5, 0))
            painter.drawPolygon(QPolygonF([middle + arm for arm in arms]))
        elif self._kind == "star":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(star(6).translated(middle))
        elif self._kind == "bar":
            painter.setPen(QPen(colour, 1.5))
            for ends in ((0, -5, 0, 5), (-3, -5, 3, -5), (-3, 5, 3, 5)):
                painter.drawLine(QLineF(*ends).translated(middle))
        elif self._kind == "cross":
            painter.setPen(QPen(colour, 1.5))
            painter.drawLine(middle + QPointF(-4, -4), middle + QPointF(4, 4))
            painter.drawLine(middle + QPointF(-4, 4), middle + QPointF(4, -4))
        else:
            style = Qt.PenStyle.DashLine if self._kind == "dash" else Qt.PenStyle.SolidLine
            painter.setPen(QPen(colour, 2, style))
            painter.drawLine(QPointF(0, middle.y()), QPointF(self.width(), middle.y()))
        painter.end()


class Legend(QWidget):
    """Legend outside the data, at the right or under the plot."""

    def __init__(self, parent: QWidget | None = None, *, horizontal: bool = False):
        super().__init__(parent)
        self._horizontal = horizontal
        self._shown: tuple | None = None
        self._layout: QLayout
        if horizontal:
            self._layout = FlowLayout(self)
        else:
            column = QVBoxLayout(self)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            self._layout = column

    def show_entries(self, title: str, entries: Sequence[tuple[str, str, str]]) -> None:
        """Show entries of (text, colour, kind)."""
        if self._shown == (title, tuple(entries)):
            return
        self._shown = title, tuple(entries)
        clear_layout(self._layout)
        if title:
            head = label(rich(title), "small")
            head.setTextFormat(Qt.TextFormat.RichText)
            self._layout.addWidget(head)
        for text, colour, kind in entries:
            row = QWidget()
            inside = QHBoxLayout(row)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.setSpacing(6)
            inside.addWidget(Swatch(colour, kind))
            caption = QLabel(rich(text))
            caption.setTextFormat(Qt.TextFormat.RichText)
            caption.setProperty("role", "small")
            inside.addWidget(caption, 1)
            self._layout.addWidget(row)
        if isinstance(self._layout, QVBoxLayout):
            self._layout.addStretch(1)


def _scrolls(widget: QWidget) -> bool:
    """Whether the widget stands in an area that is longer than what is seen of it."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    return above is not None and above.verticalScrollBar().maximum() > 0


class Plot(pg.PlotWidget):
    """One pair of axes.

    Signals
    -------
    pointChosen : key of a point that was clicked
    placeClicked : a place that was clicked, in the units of the axes
    """

    pointChosen = Signal(object)
    placeClicked = Signal(QPointF)

    def __init__(self, parent: QWidget | None = None):
        item = pg.PlotItem(enableMenu=False)
        super().__init__(parent, plotItem=item)
        self._texts = {"bottom": "", "left": ""}
        self._title = ""
        _adopt_controls(self, item)
        item.hideButtons()
        item.showGrid(x=True, y=True, alpha=0.12)
        item.getViewBox().setDefaultPadding(0.04)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        for side in ("bottom", "left"):
            # The axes name their units: a silent factor of a thousand would be a lie.
            self.getAxis(side).enableAutoSIPrefix(False)
            # Axes and grid change seldom, and everything over them is drawn often.
            self.getAxis(side).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        pen = pg.mkPen(theme().tokens.border_strong, width=1)
        self._vertical = pg.InfiniteLine(angle=90, pen=pen)
        self._horizontal = pg.InfiniteLine(angle=0, pen=pen)
        self._readout = pg.TextItem("", anchor=(0, 1))
        for one in (self._vertical, self._horizontal, self._readout):
            one.setZValue(50)
            one.hide()
            self.addItem(one, ignoreBounds=True)
        self._ring = pg.ScatterPlotItem(size=15, brush=pg.mkBrush(None))
        self._ring.setZValue(45)
        self._ring.hide()
        self.addItem(self._ring, ignoreBounds=True)
        self._limits: tuple[tuple[float, float] | None, tuple[float, float] | None] = (None, None)
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.getPlotItem().getViewBox().mouseDoubleClickEvent = self._on_double_click
        self.name = "figure"
        self._dress()
        follow_theme(self, self._dress)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom; in a page that scrolls only with Ctrl, or one could not scroll past the plot."""
        if _scrolls(self) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        super().wheelEvent(event)

    # -- what is drawn ----------------------------------------------------------------------------
    def set_axes(self, bottom: str, left: str, title: str = "") -> None:
        """Name the axes with symbol and unit; indices follow an underscore."""
        self._texts = {"bottom": bottom, "left": left}
        if title:
            self._title = title
        self._dress()

    def set_title(self, title: str) -> None:
        """Write a title over the axes; an empty one takes no room."""
        self._title = title
        if not title:
            self.getPlotItem().setTitle(None)
        self._dress()

    def clear_data(self) -> None:
        """Remove everything drawn."""
        for item in list(self.getPlotItem().items):
            if item not in (self._vertical, self._horizontal, self._readout, self._ring):
                self.removeItem(item)

    def show_ring(self, place: tuple[float, float] | None) -> None:
        """Mark one place with a ring; None takes the ring away."""
        if place is not None or len(self._ring.data):
            self._ring.setData(*([[v] for v in place] if place is not None else ([], [])))
            self._ring.setVisible(place is not None)

    def draw_line(
        self, x, y, colour: str, *, dashed: bool = False, width: float = LINE_WIDTH
    ) -> pg.PlotDataItem:
        """Draw a line; gaps where y is not finite."""
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        return self.plot(
            np.asarray(x, float),
            np.asarray(y, float),
            pen=pg.mkPen(colour, width=width, style=style),
            connect="finite",
        )

    def draw_band(self, x, low, high, colour: str) -> None:
        """Draw a band between two curves."""
        x, low, high = (np.asarray(v, float) for v in (x, low, high))
        fine = np.isfinite(low) & np.isfinite(high)
        if fine.sum() < 2:
            return
        empty = pg.mkPen(None)
        lower = pg.PlotDataItem(x[fine], low[fine], pen=empty)
        upper = pg.PlotDataItem(x[fine], high[fine], pen=empty)
        band = pg.FillBetweenItem(lower, upper, brush=with_opacity(colour, BAND_OPACITY))
        band.setZValue(-10)
        self.addItem(lower)
        self.addItem(upper)
        self.addItem(band)

    def draw_points(
        self,
        x,
        y,
        colour: str,
        *,
        symbol: str = "o",
        size: float = 8,
        keys: Sequence | None = None,
        tips: Sequence[str] | None = None,
        hollow: bool = False,
    ) -> pg.ScatterPlotItem:
        """Draw points; a click on one announces its key, hovering shows its tip."""
        ground = theme().tokens.surface
        item = pg.ScatterPlotItem(
            np.asarray(x, float),
            np.asarray(y, float),
            symbol=symbol,
            size=size,
            pen=pg.mkPen(colour if hollow or symbol in "x+" else ground, width=1.5),
            brush=pg.mkBrush(None) if hollow or symbol in "x+" else pg.mkBrush(colour),
            data=list(range(len(x))),
            hoverable=tips is not None,
            tip=None if tips is None else lambda x, y, data: tip_html(tips[data]),
            hoverSize=size + 3,
        )
        if keys is not None:
            item.sigClicked.connect(
                lambda _, points, *rest: self.pointChosen.emit(keys[points[0].data()])
            )
        self.addItem(item)
        return item

    def draw_errors(self, x, y, spread, colour: str) -> None:
        """Draw error bars of one spread each way."""
        x, y, spread = (np.asarray(v, float) for v in (x, y, spread))
        item = pg.ErrorBarItem(
            x=x, y=y, height=2 * np.nan_to_num(spread), beam=0, pen=pg.mkPen(colour, width=1)
        )
        item.setZValue(-1)
        self.addItem(item)

    def draw_text(self, x: float, y: float, text: str, colour: str, anchor=(0.5, 1.2)) -> None:
        """Write at a point of the data."""
        item = pg.TextItem(text, color=colour, anchor=anchor)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        item.setFont(font)
        item.setPos(x, y)
        self.addItem(item, ignoreBounds=True)

    def draw_diagonal(self, low: float, high: float) -> None:
        """Draw the line of equality."""
        pen = pg.mkPen(theme().tokens.muted, width=1, style=Qt.PenStyle.DashLine)
        self.addItem(pg.PlotDataItem([low, high], [low, high], pen=pen))

    def set_limits(
        self, x: tuple[float, float] | None = None, y: tuple[float, float] | None = None
    ) -> None:
        """Show this part of the data; None follows the data. A double click comes back here."""
        self._limits = (x, y)
        self.reset_view()

    def reset_view(self) -> None:
        """Show everything again."""
        x, y = self._limits
        box = self.getPlotItem().getViewBox()
        box.enableAutoRange(x=x is None, y=y is None)
        if x is not None:
            box.setXRange(*x, padding=0.02)
        if y is not None:
            box.setYRange(*y, padding=0.02)

    # -- export ---------------------------------------------------------------------------------------
    def export(self, path: str | Path) -> None:
        """Write the plot as .png (at twice the size) or .svg."""
        path = Path(path)
        if path.suffix.lower() == ".svg":
            self._draw_svg(path)
            return
        exporter = ImageExporter(self.getPlotItem())
        exporter.parameters()["width"] = 2 * max(200, self.width())
        exporter.export(str(path))

    def _draw_svg(self, path: Path) -> None:
        generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the other one cannot clip
        generator.setFileName(str(path))
        generator.setTitle(self.name)
        area = QRectF(QPointF(0, 0), QSizeF(self.viewport().size()))
        generator.setSize(area.size().toSize())
        generator.setViewBox(area)
        generator.setResolution(self.logicalDpiX())
        axes = [self.getAxis(side) for side in ("bottom", "left")]
        kept = [axis.cacheMode() for axis in axes]
        for axis in axes:
            axis.setCacheMode(QGraphicsItem.CacheMode.NoCache)  # or they would be pictures in it
        painter = QPainter(generator)
        try:
            painter.fillRect(area, self.backgroundBrush())
            self.scene().render(painter, area, area)
        finally:
            painter.end()
            for axis, mode in zip(axes, kept, strict=True):
                axis.setCacheMode(mode)

    # -- inside -----------------------------------------------------------------------------------------
    def _dress(self) -> None:
        t = theme().tokens
        self.setBackground(t.surface)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(t.border_strong, width=1))
            axis.setTextPen(t.muted)
            axis.setTickFont(font)
            # The last number may reach a little beyond the end of its axis.
            axis.setStyle(tickLength=-4, hideOverlappingLabels=_BEYOND)
            axis.setTickDensity(0.6)
            if self._texts[side]:
                size = f"{self.font().pointSizeF() * 0.9:.1f}pt"
                axis.setLabel(rich(self._texts[side]), color=t.text, **{"font-size": size})
        if self._title:
            size = f"{self.font().pointSizeF() * 0.95:.1f}pt"
            self.getPlotItem().setTitle(rich(self._title), color=t.text, size=size)
        pen = pg.mkPen(t.border_strong, width=1)
        self._vertical.setPen(pen)
        self._horizontal.setPen(pen)
        self._ring.setPen(pg.mkPen(t.text, width=2))
        self._readout.setColor(t.text)
        self._readout.fill = pg.mkBrush(with_opacity(t.surface, 0.85))

    def _on_moved(self, place: QPointF) -> None:
        box = self.getPlotItem().getViewBox()
        inside = box.sceneBoundingRect().contains(place)
        for one in (self._vertical, self._horizontal, self._readout):
            one.setVisible(inside)
        if not inside:
            return
        point = box.mapSceneToView(place)
        self._vertical.setPos(point.x())
        self._horizontal.setPos(point.y())
        (x0, x1), (y0, y1) = box.viewRange()
        right = point.x() > (x0 + x1) / 2
        high = point.y() > (y0 + y1) / 2
        self._readout.setAnchor((1 if right else 0, 0 if high else 1))
        self._readout.setText(f" {_short(point.x(), x1 - x0)}, {_short(point.y(), y1 - y0)} ")
        self._readout.setPos(point)

    def _on_clicked(self, event) -> None:
        box = self.getPlotItem().getViewBox()
        single = event.button() == Qt.MouseButton.LeftButton and not event.double()
        if single and box.sceneBoundingRect().contains(event.scenePos()):
            place = box.mapSceneToView(event.scenePos())
            self.placeClicked.emit(QPointF(place.x(), place.y()))

    def leaveEvent(self, event) -> None:
        """Take the crosshair away."""
        for one in (self._vertical, self._horizontal, self._readout):
            one.hide()
        super().leaveEvent(event)

    def _on_double_click(self, event) -> None:
        self.reset_view()
        event.accept()

    def _on_menu(self, position) -> None:
        menu = QMenu(self)
        menu.addAction("Reset view", self.reset_view)
        menu.addSeparator()
        menu.addAction("Export as PNG…", lambda: self._ask_export("png"))
        menu.addAction("Export as SVG…", lambda: self._ask_export("svg"))
        menu.exec(self.mapToGlobal(position))
        menu.deleteLater()

    def _ask_export(self, kind: str) -> None:
        from hybridgui import dialogs
        from hybridgui.settings import Settings

        path = dialogs.ask_save(
            self.window(),
            Settings(),
            "export",
            "Export figure",
            f"{kind.upper()} picture (*.{kind})",
            f"{self.name}.{kind}",
        )
        if path:
            self.export(path)


def _adopt_controls(plot: QWidget, item: pg.PlotItem) -> None:
    """Let a plot own the forms that pyqtgraph makes for its menus.

    They have no parent there: they would outlive the plot, and slow every change of the theme.
    """
    attic = QWidget(plot)
    attic.hide()
    for action in item.ctrlMenu.actions():
        for inner in action.menu().actions():
            inner.defaultWidget().setParent(attic)
    item.ctrlMenu.setParent(attic)


def _short(value: float, span: float) -> str:
    """Write a coordinate with digits fit for the span on screen."""
    decimals = max(0, 2 - int(np.floor(np.log10(span)))) if span > 0 else 3
    return f"{value:.{min(decimals, 8)}f}".replace("-", "−")


def paint_together(plots: Sequence[Plot]) -> None:
    """Have all that changed in some plots painted in one turn.

    Left alone, a scene has its view painted at once and apart from the others, and again where
    its range moved.
    """
    for plot in plots:
        plot.viewport().setUpdatesEnabled(False)
    for plot in plots:
        plot.scene().prepareForPaint()
        QCoreApplication.sendPostedEvents(plot.scene(), QEvent.Type.MetaCall)
    for plot in plots:
        plot.viewport().setUpdatesEnabled(True)


class PlotPanel(QWidget):
    """A plot and its legend outside the data."""

    def __init__(self, parent: QWidget | None = None, *, legend: str = "right"):
        super().__init__(parent)
        layout = QHBoxLayout(self) if legend == "right" else QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self.plot = Plot()
        self.legend = Legend(horizontal=legend != "right")
        if legend == "top":
            layout.addWidget(self.legend)
            layout.addWidget(self.plot, 1)
        else:
            layout.addWidget(self.plot, 1)
            layout.addWidget(self.legend)
