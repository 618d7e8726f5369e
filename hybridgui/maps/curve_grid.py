"""Curves in panels, as the paper's figures: one plot a panel, axes linked, legend outside."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.maps.curves import CurveSet, Panel, Picked
from engine.maps.drawing import stretches
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, follow_theme
from hybridgui.widgets.plot import Legend, Plot

_REACH = 24
"""How far from a curve a click may be, px."""


class CurveGrid(QWidget):
    """Draws a `CurveSet`.

    Signals
    -------
    picked : the `Picked` point of a curve that was clicked
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self.legend = Legend(horizontal=True)
        layout.addWidget(self.legend)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        layout.addLayout(self._grid, 1)
        self._notes = Notice("warning")
        layout.addWidget(self._notes)
        self._plots: list[Plot] = []
        self._data: CurveSet | None = None
        self._bands = True
        self._labels = True
        self._ring: tuple[int, Picked] | None = None
        follow_theme(self, self._draw)

    @property
    def plots(self) -> list[Plot]:
        """The panels on screen."""
        return [plot for plot in self._plots if not plot.isHidden()]

    @property
    def data(self) -> CurveSet | None:
        """What is drawn."""
        return self._data

    def show_curves(
        self, data: CurveSet | None, *, bands: bool = True, labels: bool = True
    ) -> None:
        """Draw a set of curves."""
        self._data, self._bands, self._labels = data, bands, labels
        self._ring = None
        self._draw()

    def pick(self, index: int, place: QPointF) -> None:
        """Choose the drawn point of a panel nearest to a place in the units of its axes."""
        if self._data is None:
            return
        box = self._plots[index].getPlotItem().getViewBox()
        across, up = box.viewPixelSize()
        found = self._data.pick(
            index, place.x(), place.y(), (_REACH * abs(across), _REACH * abs(up))
        )
        if found is not None:
            self._ring = index, found
            self._draw_ring()
            self.picked.emit(found)

    def _draw_ring(self) -> None:
        for plot in self._plots:
            plot.show_ring(None)
        if self._ring is not None:
            index, found = self._ring
            self._plots[index].show_ring((found.x, found.y))

    def _draw(self) -> None:
        data = self._data
        panels = data.panels if data is not None else ()
        self._provide(len(panels))
        if data is None:
            return
        colours = theme().series_colours(len(panels[0].curves)) if panels else []
        across, up = _limits(data, self._bands)
        for index, panel in enumerate(panels):
            self._draw_panel(self._plots[index], data, panel, colours)
            self._plots[index].set_limits(across, up)
        self._draw_ring()
        entries = [
            (curve.label, colour, "line")
            for curve, colour in zip(panels[0].curves, colours, strict=True)
        ]
        muted = theme().tokens.muted
        if self._bands:
            entries.append((f"{100 * data.level:.0f} % interval", muted, "band"))
        if any(len(c.cross_x) for p in panels for c in p.curves):
            entries.append(("ε_cal (%) there", muted, "cross"))
        if any(p.points for p in panels):
            entries.append(("campaign", muted, "dot"))
        if not all(bool(c.inside.all()) for p in panels for c in p.curves):
            entries.append(("extrapolated", muted, "dash"))
        self.legend.show_entries("", entries)
        self._notes.set_text("\n".join(data.notes[:2]))
        self._notes.setToolTip("\n".join(data.notes))

    def _provide(self, count: int) -> None:
        columns = 1 if count == 1 else 2
        while len(self._plots) < count:
            plot = Plot()
            plot.setMinimumSize(120, 130)
            if self._plots:
                plot.setXLink(self._plots[0])
                plot.setYLink(self._plots[0])
            index = len(self._plots)
            plot.placeClicked.connect(lambda place, index=index: self.pick(index, place))
            self._plots.append(plot)
        for index, plot in enumerate(self._plots):
            self._grid.removeWidget(plot)
            plot.setVisible(index < count)
            if index < count:
                self._grid.addWidget(plot, index // columns, index % columns)
        for row in range(len(self._plots)):
            self._grid.setRowStretch(row, int(row * columns < count))
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
            self._grid.setColumnMinimumWidth(column, 0)

    def _draw_panel(self, plot: Plot, data: CurveSet, panel: Panel, colours: list[str]) -> None:
        plot.clear_data()
        plot.name = f"figure_{data.name}" if data.name else "curves"
        plot.set_axes(data.x.axis, data.y.axis if len(data.panels) == 1 else data.y.short)
        plot.set_title(panel.title if len(data.panels) > 1 else "")
        for curve, colour in zip(panel.curves, colours, strict=True):
            if self._bands:
                plot.draw_band(curve.x, curve.low, curve.high, colour)
            for part, inside in stretches(curve.inside):
                plot.draw_line(curve.x[part], curve.y[part], colour, dashed=not inside)
        for points in panel.points:
            index = next((i for i, c in enumerate(panel.curves) if c.value == points.value), 0)
            plot.draw_errors(points.x, points.y, points.sd, colours[index])
            plot.draw_points(points.x, points.y, colours[index], size=7)
        for curve, colour in zip(panel.curves, colours, strict=True):
            if not len(curve.cross_x):
                continue
            plot.draw_points(curve.cross_x, curve.cross_y, colour, symbol="x", size=8)
        if self._labels:
            self._label_crosses(plot, panel)

    def _label_crosses(self, plot: Plot, panel: Panel) -> None:
        # Only the outer curves: four labels on one spot could not be read.
        marked = [i for i, curve in enumerate(panel.curves) if len(curve.cross_y)]
        if not marked:
            return
        order = sorted(marked, key=lambda i: float(np.mean(panel.curves[i].cross_y)))
        anchors = {order[0]: (0.5, -0.2), order[-1]: (0.5, 1.2)}
        for index, anchor in anchors.items():
            curve = panel.curves[index]
            for x, y, text in zip(curve.cross_x, curve.cross_y, curve.cross_labels, strict=False):
                # at the ends of a curve a centred label would leave the plot
                across = 0.0 if x <= curve.x[0] else 1.0 if x >= curve.x[-1] else anchor[0]
                plot.draw_text(float(x), float(y), text, theme().tokens.muted, (across, anchor[1]))


def _limits(
    data: CurveSet, bands: bool
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """Ranges that hold every panel, so that panels can be compared at a glance."""
    across: list[np.ndarray] = []
    up: list[np.ndarray] = []
    for panel in data.panels:
        for curve in panel.curves:
            across.append(curve.x)
            up += [curve.y, curve.low, curve.high] if bands else [curve.y]
        for points in panel.points:
            across.append(points.x)
            up.append(points.y)
    return _span(across), _span(up)


def _span(parts: list[np.ndarray]) -> tuple[float, float] | None:
    values = np.concatenate(parts) if parts else np.empty(0)
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if len(values) else None
