"""The trade-off: every setting judged by what is wanted at this moment."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.maps.decide import Recommendation
from engine.maps.quantities import quantity
from engine.maps.trade_off import TradeOff
from engine.maps.trade_off_plot import LEFT_OUT
from hybridgui.maps.setting_bar import SettingBar
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, Segmented, follow_theme, label
from hybridgui.widgets.drawing import Drawing, Strokes
from hybridgui.widgets.flow import FlowLayout
from hybridgui.widgets.form import Choice
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import LINE_WIDTH, PlotPanel, paint_together, rich
from hybridgui.widgets.table import Column, DataTable

_MOST_POINTS = 1500
_MOST_ROWS = 2000
_REACH = 16
"""How far from a point a click may be, px."""
_ORDER = (
    "gap_um",
    "pressure_MPa",
    "am_percent",
    "initial_porosity_percent",
    "initial_thickness_um",
    "porosity_percent",
)
_APART = (
    "Points show expected values, errors left aside. The star is best on average over the errors, so "
    "that points may lie above it on paper."
)


class TradeOffView(QWidget):
    """Two of the wanted responses against each other, or the settings that nothing beats.

    Signals
    -------
    electrodeAsked : a setting whose electrode the user wants to see
    """

    electrodeAsked = Signal(dict)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._found: TradeOff | None = None
        self._best: Recommendation | None = None
        self._variable = ""
        self._marked: int | None = None
        self._framed: tuple = ()
        self.rows = np.empty(0, dtype=int)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._build_choices())
        self.count = label("", "small", wrap=True)
        column.addWidget(self.count)
        self.nothing = Notice("warning")
        column.addWidget(self.nothing)
        self._panel = PlotPanel(legend="top")
        self.plot = self._panel.plot
        self.plot.name = "trade_off"
        self.plot.placeClicked.connect(self.pick)
        self._drawing = Drawing(LINE_WIDTH)
        self.plot.addItem(self._drawing, ignoreBounds=True)
        self.front_table = DataTable()
        self.front_table.rowChosen.connect(lambda row: self.mark(int(self.rows[row])))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._panel)
        self._stack.addWidget(self.front_table)
        self._stack.setMinimumHeight(180)
        self._stack.setToolTip("Click a point to see its setting and its electrode.")
        column.addWidget(self._stack, 1)
        self.setting_bar = SettingBar("")
        self.setting_bar.electrodeAsked.connect(self.electrodeAsked)
        self.setting_bar.hide()
        column.addWidget(self.setting_bar)
        follow_theme(self, self._draw)

    def _build_choices(self) -> QWidget:
        choices = QWidget()
        row = FlowLayout(choices, across=GRID)
        row.addWidget(label("Trade-off", "heading"))
        self.form_choice = Segmented([("plot", "Plot"), ("table", "Table")])
        self.form_choice.chosen.connect(self._on_form)
        row.addWidget(self.form_choice)
        self.x_choice, self.y_choice = Choice(), Choice()
        for choice, before in ((self.y_choice, ""), (self.x_choice, "against")):
            choice.setMinimumContentsLength(20)
            choice.edited.connect(lambda _: self._draw())
            if before:
                row.addWidget(label(before, "muted"))
            row.addWidget(choice)
        for index in range(row.count()):
            row.itemAt(index).widget().setFixedHeight(self.x_choice.sizeHint().height())
        return choices

    @property
    def found(self) -> TradeOff | None:
        """What is shown."""
        return self._found

    def show_trade_off(
        self, found: TradeOff | None, variable: str = "", best: Recommendation | None = None
    ) -> None:
        """Show settings as they are judged.

        Parameters
        ----------
        found : TradeOff or None
        variable : {"gap_um", "pressure_MPa"}
            What the lab sets, which comes first.
        best : Recommendation, optional
            What was chosen among settings of the same models.
        """
        before, self._found = self._found, found
        self._variable, self._best = variable, best
        self.setVisible(found is not None)
        if found is None or before is None or found.settings is not before.settings:
            self._marked = None  # another grid: the row is another setting
            self.setting_bar.hide()
        if found is None:
            return
        names = [(t.output, quantity(t.output).brief) for t in found.targets]
        if before is None or list(before.values) != list(found.values):  # else the axes stay
            self.x_choice.set_choices(names)
            self.y_choice.set_choices(names)
            pair = found.telling_pair
            self.x_choice.show_value(pair[0])
            self.y_choice.show_value(pair[-1])
        kept, total = int(found.feasible.sum()), len(found.feasible)
        limited = any(t.least is not None or t.most is not None for t in found.targets)
        told = f"{kept:,} of {total:,} settings keep all limits."
        if not limited and kept == total:
            told = f"{total:,} settings; no limit is set."
        self.count.setText(f"{told} {_APART}" if best is not None and best.robust else told)
        self.nothing.set_text("" if kept else found.notes[0])
        if self._stack.currentIndex():
            self._show_front()
        self._draw()

    def _on_form(self, key: str) -> None:
        if key == "table":
            self._show_front()
        self._stack.setCurrentIndex(int(key == "table"))

    def _order(self) -> tuple[str, ...]:
        """Settings in the order shown, what the lab sets first."""
        first = self._variable or _ORDER[0]
        return first, *(name for name in _ORDER if name != first)

    def _show_front(self) -> None:
        """The non-dominated settings, most desirable first."""
        found = self._found
        if found is None:
            return
        self.rows = found.best_first[:_MOST_ROWS]
        names = [n for n in self._order() if n in found.settings]
        varied = [n for n in names if found.settings[n].nunique() > 1]
        outputs = [name for name in found.values if name not in varied]
        frame = pd.concat(
            [found.settings[varied].iloc[self.rows], found.values[outputs].iloc[self.rows]], axis=1
        )
        frame["desirability"] = found.desirability[self.rows]
        columns = [Column(name, quantity(name).short, tip=quantity(name).label) for name in frame]
        self.front_table.show_frame(frame.reset_index(drop=True), columns)
        self.front_table.fit_columns()

    def pick(self, place: QPointF) -> None:
        """Choose the setting drawn nearest to a place in the units of the plot."""
        found = self._found
        if found is None:
            return
        across, up = self.plot.getPlotItem().getViewBox().viewPixelSize()
        x, y = (found.values[c.current].to_numpy(float) for c in (self.x_choice, self.y_choice))
        away = ((x - place.x()) / across) ** 2 + ((y - place.y()) / up) ** 2
        away = np.where(np.isfinite(away), away, np.inf)
        # Where points lie on each other, the one that nothing beats is meant.
        nearest = int(np.argmin(away - found.front))
        if away[nearest] <= _REACH**2:
            self.mark(nearest)

    def mark(self, row: int) -> None:
        """Ring the point of a setting and say what it is."""
        found = self._found
        assert found is not None
        self._marked = row
        own = found.settings.iloc[row]
        setting = {n: float(own[n]) for n in self._order() if n in own and np.isfinite(own[n])}
        told = []
        for name in found.values:
            one = quantity(name)
            unit = "" if one.unit == "–" else f" {one.unit}"
            value = number(float(found.values[name].iloc[row]), 3)
            told.append(f"{rich(one.symbol or one.label)} {value}{unit}")
        self.setting_bar.show_setting(setting, ", ".join(told))
        self.setting_bar.show()
        self._draw_ring()

    def _draw_ring(self) -> None:
        place = None
        if self._marked is not None and self._found is not None:
            values = self._found.values.iloc[self._marked]
            place = tuple(float(values[c.current]) for c in (self.x_choice, self.y_choice))
        self.plot.show_ring(place)

    def _draw(self) -> None:
        found, x, y = self._found, self.x_choice.current, self.y_choice.current
        if found is None or not x or not y:
            return
        across, up = (found.values[name].to_numpy(float) for name in (x, y))
        shown = np.isfinite(across) & np.isfinite(up)
        t = theme().tokens
        keeps, front, other = theme().category_colours(3)
        left_out = found.left_out
        strokes, entries = Strokes(), []
        for rows, colour, text, size in (
            (~found.feasible & ~left_out, t.border_strong, "breaks a limit", 4),
            (left_out, other, LEFT_OUT, 4),
            (found.feasible & ~found.front, keeps, "keeps all limits", 4),
            (found.front, front, "none is better in all", 6),
        ):
            some = np.flatnonzero(rows & shown)
            some = some[:: max(1, len(some) // _MOST_POINTS)]
            if len(some):
                strokes.add_dots(across[some], up[some], colour, size)
                entries.append((text, colour, "dot"))
        best = self._best.predicted if self._best is not None else {}
        here = [best.get(name, (math.nan,) * 3)[0] for name in (x, y)]
        if np.isfinite(here).all():
            ink = QColor(t.text)
            strokes.marks.append((here[0], here[1], 16, "star", QColor(t.surface), ink))
            entries.append(("recommended", t.text, "star"))
        for target in found.targets:
            ink = QColor(t.muted)
            for limit in (target.least, target.most):
                if limit is not None and target.output == x:
                    strokes.rules.append((limit, ink))
                if limit is not None and target.output == y:
                    strokes.levels.append((limit, ink))
        self._drawing.show_strokes(strokes)
        self._frame(x, y, across[shown], up[shown])
        self._panel.legend.show_entries("", entries)
        self._draw_ring()
        paint_together([self.plot])

    def _frame(self, x: str, y: str, across: np.ndarray, up: np.ndarray) -> None:
        """Name the axes and hold all settings: a moved limit changes neither."""
        ends = [float(end) for v in (across, up) if len(v) for end in (v.min(), v.max())]
        framed = x, y, theme().dark, *ends
        if framed == self._framed:
            return
        self._framed = framed
        self.plot.set_axes(quantity(x).short, quantity(y).short)
        if ends:
            self.plot.set_limits((ends[0], ends[1]), (ends[2], ends[3]))
