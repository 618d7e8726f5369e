"""The profiler: one trace per input and output; move an input and every response moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.maps.curve_data import stretches
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
_ROW = 74
"""Least height of a row, px."""
_GROWTH = 0.5
"""Room left where a range grows under the hand, so that it grows seldom."""

_SHOWN = ("pressure_MPa", "gap_um", "am_percent", "initial_porosity_percent")
_SHOWN += ("initial_thickness_um", "cbd_nanoporosity", "am_density", "cbd_density")


class TraceCell(Plot):
    """One small plot; pressing or dragging in it moves the input.

    Signals
    -------
    dragged : value of the input
    released : the hand let go
    """

    dragged = Signal(float)
    released = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setMinimumSize(110, _ROW)
        self.getPlotItem().getViewBox().setMouseEnabled(False, False)
        self.viewport().setCursor(Qt.CursorShape.SizeHorCursor)
        self.drawing = Drawing(LINE_WIDTH)
        self.addItem(self.drawing, ignoreBounds=True)
        self._shown: tuple[Trace, float] | None = None
        self._spans: tuple[tuple[float, float], ...] = ()
        for side in ("left", "bottom"):
            self.getAxis(side).setTickDensity(0.35)
        follow_theme(self, self._draw)

    def show_trace(self, trace: Trace, here: float, span: tuple[float, float]) -> None:
        """Show a trace and its value at the setting, on a vertical range shared by its row."""
        self._shown = trace, here
        self._draw()
        across = float(trace.x[0]), float(trace.x[-1])
        if self._spans != (across, span):
            self._spans = across, span
            box = self.getPlotItem().getViewBox()
            box.setXRange(*across, padding=0.02)
            box.setYRange(*span, padding=0.05)

    def _draw(self) -> None:
        if self._shown is None:
            return
        trace, here = self._shown
        colour, strokes = theme().category_colours(1)[0], Strokes()
        strokes.add_band(trace.x, trace.low, trace.high, colour, BAND_OPACITY)
        for part, inside in stretches(trace.inside):
            strokes.add_line(trace.x[part], trace.y[part], colour, dashed=not inside)
        ink = QColor(theme().tokens.text)
        strokes.rules.append((trace.at, ink))
        if here == here:
            strokes.marks.append((trace.at, here, 6, "o", ink, ink))
        self.drawing.show_strokes(strokes)

    def reset_view(self) -> None:
        """The ranges are those of the row and stay."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move the input to the place that was pressed."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the input along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Say that the hand let go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.released.emit()
        else:
            super().mouseReleaseEvent(event)

    def _drag(self, event: QMouseEvent) -> None:
        if self._shown is not None:
            place = self.mapToScene(event.position().toPoint())
            x = self.getPlotItem().getViewBox().mapSceneToView(place).x()
            low, high = self._shown[0].x[0], self._shown[0].x[-1]
            self.dragged.emit(float(min(max(x, low), high)))
        event.accept()


class Foot(QStackedWidget):
    """What stands under the traces: how to read them, or a warning about the setting.

    One height for both: the traces do not jump while the hand moves into what is extrapolated.
    """

    def __init__(self, words: str, parent: QWidget | None = None):
        super().__init__(parent)
        self._words = label(words, "small", wrap=True)
        self.notice = Notice("warning")
        self.notice.keep_room()
        for one in (self._words, self.notice):
            self.addWidget(one)

    def show_notes(self, notes: Sequence[str]) -> None:
        """Say these instead of how to read the traces."""
        shown = self.notice if notes else self._words
        self.notice.set_text("\n".join(notes[:1]), "warning")
        self.notice.setToolTip("\n".join(notes))
        if shown is not self.currentWidget():
            self.setCurrentWidget(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the height that the words need, and a notice of two lines."""
        super().resizeEvent(event)
        two = 2 * self.notice.fontMetrics().lineSpacing() + 2 * GRID + 2
        self.setFixedHeight(max(two, self._words.heightForWidth(self.width())))


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
        self._scroll = scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setObjectName("plain")
        content = QWidget()
        content.setObjectName("plain")
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        scroll.setWidget(content)
        outer.addWidget(scroll, 1)
        self.foot = Foot(
            "Intervals: of porosity the error of the law on a coating it has not seen; of the "
            "other responses the errors of their models alone, not those of the law. Decide "
            "joins both."
        )
        outer.addWidget(self.foot)
        self.bar = SettingBar("Drag in a plot, or type at the right: every response moves.")
        outer.addWidget(self.bar)
        self._cells: dict[tuple[str, str], TraceCell] = {}
        self._values: dict[str, Sentence] = {}
        self._rows: dict[str, tuple[float, float]] = {}
        self._shape: tuple = ()
        self._pending: tuple[str, float] | None = None
        self._held = False
        self._profile: tuple[Profile, Sequence[str], Sequence[str]] | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)  # when the places that wait in the queue have been taken
        self._soon.timeout.connect(self._announce)

    def show_profile(self, profile: Profile, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Show a profile; the plots are kept while inputs and outputs stay the same."""
        self._profile = profile, inputs, outputs
        if self._shape != (tuple(inputs), tuple(outputs)):
            self._lay_out(inputs, outputs)
        for output in outputs:
            traces = [profile.traces[name, output] for name in inputs]
            parts = np.concatenate([p for t in traces for p in (t.y, t.low, t.high)])
            span = self._span(output, parts[np.isfinite(parts)])
            value, low, high = profile.values[output]
            for name, trace in zip(inputs, traces, strict=True):
                self._cells[name, output].show_trace(trace, value, span)
            found = quantity(output)
            unit = "" if found.unit == "–" else f" {found.unit}"
            text = f"<b>{number(value, 3)}</b>{unit}"
            if low == low and high == high:
                text += f"<br><small>{number(low, 3)} to {number(high, 3)}</small>"
            self._values[output].set_text(f"{rich(found.symbol or found.label)}<br>{text}")
        self.bar.show_setting({n: v for n, v in profile.at.items() if n in _SHOWN and v == v})
        self.foot.show_notes(profile.notes)
        paint_together(list(self._cells.values()))

    def _span(self, output: str, values: np.ndarray) -> tuple[float, float]:
        """Vertical range of a row.

        It stays while the values fit and fill most of it. Under a hand that drags it only grows:
        the eye follows the traces, not the scale.
        """
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        before = self._rows.get(output, (low, high))
        fits = before[0] <= low and high <= before[1]
        if self._held and not fits:
            room = _GROWTH * (high - low)
            low = before[0] if before[0] <= low else low - room
            high = before[1] if high <= before[1] else high + room
            before = low, high
        elif not fits or (not self._held and high - low < _FILLED * (before[1] - before[0])):
            room = _ROOM * (high - low)
            before = low - room, high + room
        self._rows[output] = before
        return before

    def _lay_out(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        clear_layout(self._grid)
        self._cells, self._values, self._rows = {}, {}, {}
        self._held = False  # no plot that was pressed is left to say that the hand let go
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
                bottom = cell.getAxis("bottom")
                bottom.setStyle(showValues=last)
                bottom.setHeight(3 * cell.fontMetrics().height() if last else 1)
                left = cell.getAxis("left")
                left.setStyle(showValues=column == 0, autoExpandTextSpace=False)
                # Equal widths keep the traces of a column under one another.
                left.setWidth(cell.fontMetrics().averageCharWidth() * 7 if column == 0 else 8)
                cell.dragged.connect(lambda v, name=name: self._on_dragged(name, v))
                cell.released.connect(self._on_released)
                self._cells[name, output] = cell
                self._grid.addWidget(cell, row, 1 + column)
                self._grid.setColumnStretch(1 + column, 1)
        self._shape = (tuple(inputs), tuple(outputs))
        self._share_rows()

    def _share_rows(self) -> None:
        """Give the last row, under which the axes are named, as much room for its traces."""
        inputs, outputs = self._shape or ((), ())
        if not inputs or not outputs:
            return
        axis = 3 * self._cells[inputs[0], outputs[-1]].fontMetrics().height()
        gaps = (len(outputs) - 1) * self._grid.spacing()
        room = max(_ROW, (self._scroll.viewport().height() - gaps - axis) // len(outputs))
        for row, output in enumerate(outputs):
            below = axis if row == len(outputs) - 1 else 0
            self._grid.setRowStretch(row, room + below)
            for name in inputs:
                self._cells[name, output].setMinimumHeight(_ROW + below)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new height among the rows."""
        super().resizeEvent(event)
        self._share_rows()

    def _on_dragged(self, name: str, value: float) -> None:
        self._held = True
        # The latest place counts; those in between are skipped when drawing is slower.
        self._pending = (name, value)
        if not self._soon.isActive():
            self._soon.start()

    def _on_released(self) -> None:
        self._held = False
        if self._profile is not None:
            self.show_profile(*self._profile)

    def _announce(self) -> None:
        if self._pending is not None:
            name, value = self._pending
            self._pending = None
            self.settingChanged.emit(name, value)
