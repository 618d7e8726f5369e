"""The profiler: one trace per input and output; move an input and every response moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.maps.profiler import Profile, Trace
from engine.maps.quantities import quantity
from hybridgui.maps.setting_bar import SettingBar
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, Sentence, clear_layout, follow_theme, label
from hybridgui.widgets.drawing import Drawing, Strokes
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import BAND_OPACITY, LINE_WIDTH, Plot, paint_together, rich

_FILLED, _ROOM = 0.5, 0.1
"""Share of a row's range that the values must fill, and the room left when it is set anew."""

_SHOWN = ("pressure_MPa", "gap_um", "am_percent", "initial_porosity_percent")
_SHOWN += ("initial_thickness_um", "cbd_nanoporosity", "am_density", "cbd_density")


class TraceCell(Plot):
    """One small plot with a line that can be dragged."""

    dragged = Signal(float)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setMinimumSize(110, 74)
        self.getPlotItem().getViewBox().setMouseEnabled(False, False)
        self.drawing = Drawing(LINE_WIDTH)
        self._mark = pg.InfiniteLine(angle=90, movable=True)
        for item in (self.drawing, self._mark):
            self.addItem(item, ignoreBounds=True)
        self._shown: Any = None
        self._spans: tuple[tuple[float, float], ...] = ()
        self._mark.setZValue(40)
        self._mark.sigDragged.connect(lambda line: self.dragged.emit(float(line.value())))
        for side in ("left", "bottom"):
            self.getAxis(side).setTickDensity(0.35)
        self._colour()
        follow_theme(self, self._colour)

    def _colour(self) -> None:
        t = theme().tokens
        if self._shown is not None:
            self._draw(self._shown)
        self._mark.setPen(pg.mkPen(t.text, width=1, style=Qt.PenStyle.DashLine))
        self._mark.setHoverPen(pg.mkPen(t.accent, width=2))

    def show_trace(self, trace: Trace, span: tuple[float, float]) -> None:
        """Show a trace on a vertical range shared by its row."""
        across = float(trace.x[0]), float(trace.x[-1])
        # Along the input that is dragged only the mark moves.
        if self._shown is None or not _same(self._shown, trace):
            self._draw(trace)
        self._shown = trace
        self._mark.blockSignals(True)
        self._mark.setBounds(across)
        self._mark.setValue(trace.at)
        self._mark.blockSignals(False)
        if self._spans != (across, span):
            self._spans = across, span
            box = self.getPlotItem().getViewBox()
            box.setXRange(*across, padding=0.02)
            box.setYRange(*span, padding=0.05)

    def _draw(self, trace: Trace) -> None:
        colour, strokes = theme().category_colours(1)[0], Strokes()
        strokes.add_band(trace.x, trace.low, trace.high, colour, BAND_OPACITY)
        strokes.add_line(trace.x, trace.y, colour)
        self.drawing.show_strokes(strokes)

    def reset_view(self) -> None:
        """The ranges are those of the row and stay."""


def _same(one: Trace, other: Trace) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("x", "y", "low", "high")
    )


class ProfilerView(QWidget):
    """The grid of traces.

    Signals
    -------
    settingChanged : (input column, value) dragged to
    """

    settingChanged = Signal(str, float)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2 * GRID, 0, 0)
        outer.setSpacing(GRID)
        self.notice = Notice("warning")
        outer.addWidget(self.notice)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setObjectName("plain")
        content = QWidget()
        content.setObjectName("plain")
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        scroll.setWidget(content)
        outer.addWidget(scroll, 1)
        self.errors = label(
            "Intervals: of porosity the error of the law on a coating it has not seen; of the "
            "other responses the errors of their models alone, not those of the law. Decide "
            "joins both.",
            "small",
            wrap=True,
        )
        outer.addWidget(self.errors)
        self.bar = SettingBar("Drag a dashed line, or type at the right: every response moves.")
        outer.addWidget(self.bar)
        self._cells: dict[tuple[str, str], TraceCell] = {}
        self._values: dict[str, Sentence] = {}
        self._rows: dict[str, tuple[float, float]] = {}
        self._shape: tuple = ()
        self._pending: tuple[str, float] | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)  # when the places that wait in the queue have been taken
        self._soon.timeout.connect(self._announce)

    def show_profile(self, profile: Profile, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Show a profile; the plots are kept while inputs and outputs stay the same."""
        if self._shape != (tuple(inputs), tuple(outputs)):
            self._lay_out(inputs, outputs)
        for output in outputs:
            traces = [profile.traces[name, output] for name in inputs]
            parts = np.concatenate([p for t in traces for p in (t.y, t.low, t.high)])
            span = self._span(output, parts[np.isfinite(parts)])
            for name, trace in zip(inputs, traces, strict=True):
                self._cells[name, output].show_trace(trace, span)
            value, low, high = profile.values[output]
            found = quantity(output)
            unit = "" if found.unit == "–" else f" {found.unit}"
            text = f"<b>{number(value, 3)}</b>{unit}"
            if low == low and high == high:
                text += f"<br><small>{number(low, 3)} to {number(high, 3)}</small>"
            self._values[output].set_text(f"{rich(found.symbol or found.label)}<br>{text}")
        self.bar.show_setting({n: v for n, v in profile.at.items() if n in _SHOWN and v == v})
        self.notice.set_text("\n".join(profile.notes[:2]), "warning")
        self.notice.setToolTip("\n".join(profile.notes))
        porosity = profile.values.get("porosity_percent", (0.0, float("nan"), float("nan")))
        self.errors.setVisible(porosity[1] == porosity[1])
        paint_together(list(self._cells.values()))

    def _span(self, output: str, values: np.ndarray) -> tuple[float, float]:
        """Vertical range of a row: it stays while the values fit and fill most of it."""
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        before = self._rows.get(output, (low, high))
        fits = before[0] <= low and high <= before[1]
        if not fits or high - low < _FILLED * (before[1] - before[0]):
            room = _ROOM * (high - low)
            before = low - room, high + room
        self._rows[output] = before
        return before

    def _lay_out(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        clear_layout(self._grid)
        self._cells, self._values, self._rows = {}, {}, {}
        for row, output in enumerate(outputs):
            inside = QLabel()
            inside.setTextFormat(Qt.TextFormat.RichText)
            value = Sentence(inside)
            value.setToolTip(quantity(output).label)
            value.setMinimumWidth(96)
            self._values[output] = value
            self._grid.addWidget(value, row, 0)
            for column, name in enumerate(inputs):
                cell = TraceCell()
                last = row == len(outputs) - 1
                cell.set_axes(quantity(name).short if last else "", "")
                cell.getAxis("bottom").setStyle(showValues=last)
                left = cell.getAxis("left")
                left.setStyle(showValues=column == 0, autoExpandTextSpace=False)
                # Equal widths keep the traces of a column under one another.
                left.setWidth(cell.fontMetrics().averageCharWidth() * 7 if column == 0 else 8)
                cell.dragged.connect(lambda v, name=name: self._on_dragged(name, v))
                self._cells[name, output] = cell
                self._grid.addWidget(cell, row, 1 + column)
                self._grid.setColumnStretch(1 + column, 1)
            self._grid.setRowStretch(row, 1)
        self._shape = (tuple(inputs), tuple(outputs))

    def _on_dragged(self, name: str, value: float) -> None:
        # The latest place counts; those in between are skipped when drawing is slower.
        self._pending = (name, value)
        if not self._soon.isActive():
            self._soon.start()

    def _announce(self) -> None:
        if self._pending is not None:
            name, value = self._pending
            self._pending = None
            self.settingChanged.emit(name, value)
