"""Curves in panels, as the paper's figures: one plot a panel, axes linked, legend outside."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.maps.curve_data import CurveSet, Picked
from hybridgui.maps.curve_plot import CurvePlot
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, follow_theme
from hybridgui.widgets.plot import Legend, paint_together

_REACH = 24
"""How far from a curve a click may be, px."""
_FILLED, _ROOM = 0.6, 0.06
"""Share of the range that moved curves must fill, and the room left when it is set anew."""
_NOTES = 3
"""Notes in view; the others stand in the tooltip."""
Span = tuple[float, float] | None


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
        self._plots: list[CurvePlot] = []
        self._count = 0
        self._shown = ""
        self._limits: tuple[Span, Span] = (None, None)
        self._data: CurveSet | None = None
        self._bands = True
        self._labels = True
        self._ring: tuple[int, Picked] | None = None
        follow_theme(self, self._draw)

    @property
    def plots(self) -> list[CurvePlot]:
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
            self._shown = ""
            return
        colours = theme().series_colours(len(panels[0].curves)) if panels else []
        across, up = _limits(data, self._bands)
        what = f"{data.x.column} {data.y.column} {len(panels)}"
        if what == self._shown:
            # While an input is moved the eye follows the curves: the scale stays where it can.
            across, up = _steady(self._limits[0], across), _steady(self._limits[1], up)
        changed = what != self._shown or (across, up) != self._limits
        self._shown, self._limits = what, (across, up)
        for index, (plot, panel) in enumerate(zip(self._plots, panels, strict=False)):
            bar = data.shared_bars.get(index) if self._bands and data.bars_fit else None
            plot.show_panel(
                data,
                panel,
                colours,
                bands=self._bands,
                labels=self._labels,
                bar=bar,
                reach=(_length(across), _length(up)),
            )
            if changed:
                plot.set_limits(across, up)
        self._draw_ring()
        entries = [
            (curve.label, colour, "line")
            for curve, colour in zip(panels[0].curves, colours, strict=True)
        ]
        muted = theme().tokens.muted
        if self._bands and data.shared_error_size:
            text = f"error of the law {data.shared_error_size}, all curves together"
            entries.append((text, muted, "bar"))
        elif self._bands and not data.shared_error:
            entries.append((f"{100 * data.level:.0f} % interval", muted, "band"))
        if any(len(c.cross_x) for p in panels for c in p.curves):
            entries.append(("ε_cal (%) there", muted, "cross"))
        kinds = {(some.kind, bool(same)) for p in panels for some in p.points for same in some.same}
        for kind, same, sign in (
            ("campaign", True, "dot"),
            ("campaign", False, "ring"),
            ("measured", True, "diamond"),
            ("measured", False, "hollow diamond"),
        ):
            if (kind, same) in kinds:
                entries.append((kind if same else f"{kind}, near the curve's setting", muted, sign))
        if not all(bool(c.inside.all()) for p in panels for c in p.curves):
            entries.append(("extrapolated", muted, "dash"))
        self.legend.show_entries("", entries)
        self._notes.set_text("\n".join(data.notes[:_NOTES]))
        self._notes.setToolTip("\n".join(data.notes))
        paint_together(self.plots)

    def _provide(self, count: int) -> None:
        if count == self._count:
            return
        self._count = count
        # Three stand in a row: in two columns they would leave a void.
        columns = min(count, 3 if count == 3 else 2)
        while len(self._plots) < count:
            plot = CurvePlot()
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
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
            self._grid.setColumnMinimumWidth(column, 0)


def _steady(before: Span, now: Span) -> Span:
    """The range before while the data fit it and fill most of it, else a new one with room."""
    if before is None or now is None:
        return now
    fits = before[0] <= now[0] and now[1] <= before[1]
    if fits and now[1] - now[0] >= _FILLED * (before[1] - before[0]):
        return before
    room = _ROOM * (now[1] - now[0])
    return now[0] - room, now[1] + room


def _length(span: Span) -> float:
    return (span[1] - span[0] if span is not None else 0.0) or 1.0


def _limits(data: CurveSet, bands: bool) -> tuple[Span, Span]:
    """Ranges that hold every panel, so that panels can be compared at a glance."""
    across = [curve.x for panel in data.panels for curve in panel.curves]
    across += [points.x for panel in data.panels for points in panel.points]
    values = np.concatenate(across) if across else np.empty(0)
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if len(values) else None, data.y_span(bands)
