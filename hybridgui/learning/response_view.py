"""How a model answers: curves and two-input maps with intervals, and what moves it most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.learning.inspection import Response, ResponseMap, middle
from engine.learning.model import PropertyModel
from engine.learning.sensitivity import Sensitivity
from engine.maps.quantities import quantity
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, clear_layout, follow_theme, label
from hybridgui.widgets.form import Choice, FormGroup, NumberField
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import Plot, PlotPanel, rich, tick_text

_NONE = ""
_WIDTH = "width"
_NAME_LETTERS = 20


class MapPlot(Plot):
    """A picture of values over two inputs, with lines of equal value."""

    def show_map(self, x: np.ndarray, y: np.ndarray, values: np.ndarray) -> None:
        """Draw values, shape (ny, nx)."""
        colours = pg.colormap.get("viridis", source="matplotlib")
        image = pg.ImageItem(values.T)
        image.setColorMap(colours)
        image.setRect(QRectF(x[0], y[0], x[-1] - x[0], y[-1] - y[0]))
        image.setZValue(-20)
        self.addItem(image)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        if high > low:
            step_x, step_y = (x[-1] - x[0]) / (x.size - 1), (y[-1] - y[0]) / (y.size - 1)
            for level in np.linspace(low, high, 8)[1:-1]:
                self._draw_level(values, level, (x[0], step_x), (y[0], step_y))
        self.set_limits((float(x[0]), float(x[-1])), (float(y[0]), float(y[-1])))

    def show_sides(self, x: np.ndarray, y: np.ndarray, values: np.ndarray, colour: QColor) -> None:
        """Tint where values are above zero, and draw the line where they are zero."""
        red, green, blue, alpha = colour.getRgb()
        picture = np.zeros((values.shape[1], values.shape[0], 4), dtype=np.uint8)
        picture[values.T > 0] = (red, green, blue, alpha)
        image = pg.ImageItem(picture, levels=None)
        image.setRect(QRectF(x[0], y[0], x[-1] - x[0], y[-1] - y[0]))
        image.setZValue(-20)
        self.addItem(image)
        step_x, step_y = (x[-1] - x[0]) / (x.size - 1), (y[-1] - y[0]) / (y.size - 1)
        for line in pg.isocurve(values.T, 0.0, connected=True):
            points = np.asarray(line, float) - 0.5
            xs, ys = x[0] + points[:, 0] * step_x, y[0] + points[:, 1] * step_y
            self.draw_line(xs, ys, theme().tokens.text, width=2)
        self.set_limits((float(x[0]), float(x[-1])), (float(y[0]), float(y[-1])))

    def _draw_level(self, values, level, across, up) -> None:
        lines = pg.isocurve(values.T, level, connected=True)
        for index, line in enumerate(lines):
            points = np.asarray(line, float) - 0.5
            xs, ys = across[0] + points[:, 0] * across[1], up[0] + points[:, 1] * up[1]
            self.draw_line(xs, ys, "#ffffff", width=1)
            if index == 0:
                at = len(xs) // 2
                self.draw_text(xs[at], ys[at], number(float(level), 3), "#ffffff", (0.5, 0.5))


class ShareBars(QWidget):
    """Sobol indices as bars: each input alone, and in all its combinations."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label("What moves it most", "heading"))
        self.panel = PlotPanel(legend="bottom")
        self.panel.plot.getPlotItem().getViewBox().setMouseEnabled(False, False)
        layout.addWidget(self.panel, 1)
        self._found: Sensitivity | None = None
        follow_theme(self, self._draw)

    def show_shares(self, found: Sensitivity | None) -> None:
        """Show indices."""
        self._found = found
        self._draw()

    def _draw(self) -> None:
        plot, found = self.panel.plot, self._found
        plot.clear_data()
        if found is None:
            return
        plot.set_axes("Share of the variance (–)", "")
        alone, whole = theme().category_colours(2)
        places = np.arange(len(found.inputs))[::-1].astype(float)
        for shift, values, colour in ((0.18, found.first, alone), (-0.18, found.total, whole)):
            bars = pg.BarGraphItem(
                x0=0, y=places + shift, height=0.32, width=np.clip(values, 0, None), brush=colour,
                pen=pg.mkPen(None),
            )  # fmt: skip
            plot.addItem(bars)
        names = [
            (place, tick_text(quantity(name).symbol or quantity(name).label))
            for place, name in zip(places, found.inputs, strict=True)
        ]
        plot.getAxis("left").setTicks([names])
        plot.set_limits((0.0, max(1.0, float(found.total.max()))), (-0.6, places[0] + 0.6))
        self.panel.legend.show_entries(
            "Sobol index", [("alone", alone, "dot"), ("with all combinations", whole, "dot")]
        )


class ResponseView(QWidget):
    """Curve or map, the other inputs held, and the Sobol indices.

    Signals
    -------
    asked : (across, up or "", held values) the user wants to see this
    """

    asked = Signal(str, str, dict)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2 * GRID, 0, 0)
        outer.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(label("Along", "muted"))
        self.across = Choice()
        self.across.setMinimumContentsLength(_NAME_LETTERS)
        self.across.setAccessibleName("Input across")
        row.addWidget(self.across)
        row.addWidget(label("and up", "muted"))
        self.up = Choice()
        self.up.setMinimumContentsLength(_NAME_LETTERS)
        self.up.setAccessibleName("Input up")
        row.addWidget(self.up)
        self.what = Choice([("value", "Prediction"), (_WIDTH, "Half width of the interval")])
        self.what.setAccessibleName("Values of the map")
        self.what.setMinimumContentsLength(18)
        row.addWidget(self.what)
        row.addStretch(1)
        outer.addLayout(row)
        self.notice = Notice("info")
        outer.addWidget(self.notice)
        middle_row = QHBoxLayout()
        middle_row.setSpacing(2 * GRID)
        self.curve = PlotPanel(legend="bottom")
        self.map_plot = MapPlot()
        middle_row.addWidget(self.curve, 3)
        middle_row.addWidget(self.map_plot, 3)
        side = QVBoxLayout()
        side.setSpacing(GRID)
        self._held_title = label("Held at", "heading")
        side.addWidget(self._held_title)
        self._held_box = QVBoxLayout()
        side.addLayout(self._held_box)
        self.bars = ShareBars()
        side.addWidget(self.bars, 1)
        middle_row.addLayout(side, 2)
        outer.addLayout(middle_row, 1)
        self.map_plot.hide()
        self.across.edited.connect(lambda _: self._on_axes())
        self.up.edited.connect(lambda _: self._on_axes())
        self.what.edited.connect(lambda _: self._draw())
        self._model: PropertyModel | None = None
        self._held: dict[str, float] = {}
        self._shown: Response | ResponseMap | None = None
        self._fields: dict[str, NumberField] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(20)
        self._soon.timeout.connect(self.ask)
        follow_theme(self, self._draw)

    @property
    def shown(self) -> Response | ResponseMap | None:
        """What is drawn."""
        return self._shown

    def show_model(self, model: PropertyModel) -> None:
        """Take another model; `asked` says what to compute of it once somebody looks."""
        same = self._model is not None and self._model.inputs == model.inputs
        self._model = model
        if not same:
            self._held = middle(model)
            names = [(n, quantity(n).label) for n in model.domain]
            self.across.set_choices(names)
            if not self.across.current and names:
                self.across.setCurrentIndex(0)
            self.up.set_choices([(_NONE, "nothing (a curve)"), *names])
            self.up.show_value(_NONE)
            self._lay_out_held()
        self._shown = None
        self.bars.show_shares(None)
        self._draw()

    def ask(self) -> None:
        """Ask for what the choices say."""
        if self._model is None or not self.across.current:
            return
        up = self.up.current
        if up == self.across.current:
            self.notice.set_text("Choose two different inputs for a map.", "info")
            return
        self.notice.set_text("")
        self.asked.emit(self.across.current, up, dict(self._held))

    def show_response(
        self, found: Response | ResponseMap | None, shares: Sensitivity | None, problem: str = ""
    ) -> None:
        """Show what was computed, or why it was not."""
        self._shown = found
        self.notice.set_text(problem, "warning")
        if shares is not None:
            self.bars.show_shares(shares)
        self._draw()

    def _on_axes(self) -> None:
        self._lay_out_held()
        self.ask()

    def _lay_out_held(self) -> None:
        clear_layout(self._held_box)
        self._fields = {}
        model = self._model
        if model is None:
            return
        moved = (self.across.current, self.up.current)
        group = FormGroup()
        for name, (low, high) in model.domain.items():
            if name in moved:
                continue
            found = quantity(name)
            unit = "" if found.unit == "–" else found.unit
            decimals = 3 if high - low < 5 else 1
            field = NumberField(low, high, self._held[name], unit, decimals=decimals)
            field.setToolTip(f"{found.label}: {number(low)} to {number(high)} {unit}")
            field.edited.connect(lambda value, name=name: self._on_held(name, value))
            group.add(rich(found.symbol or found.label), field)
            field.setAccessibleName(f"{found.label} held at")
            self._fields[name] = field
        self._held_title.setVisible(bool(self._fields))
        self._held_box.addWidget(group)

    def _on_held(self, name: str, value: float) -> None:
        self._held[name] = float(value)
        self._soon.start()

    def _draw(self) -> None:
        found, model = self._shown, self._model
        flat = not isinstance(found, ResponseMap)
        self.curve.setVisible(flat)
        self.map_plot.setVisible(not flat)
        self.what.setVisible(not flat)
        self.curve.plot.clear_data()
        self.map_plot.clear_data()
        if found is None or model is None:
            return
        axis = quantity(model.target)
        if isinstance(found, Response):
            self._draw_curve(found, axis)
            return
        width = self.what.current == _WIDTH
        values = 0.5 * (found.high - found.low) if width else found.value
        what = "half width of the interval" if width else "prediction"
        self.map_plot.name = f"{model.target}_map"
        self.map_plot.set_axes(quantity(found.across).short, quantity(found.up).short)
        if not np.isfinite(values).any():
            self.notice.set_text("This model has no interval: it was not cross-validated.", "info")
            self.map_plot.set_title("")
            return
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        self.map_plot.set_title(f"{axis.short}, {what}: {number(low, 3)} to {number(high, 3)}")
        self.map_plot.show_map(found.x, found.y, values)

    def _draw_curve(self, found: Response, axis: Any) -> None:
        plot = self.curve.plot
        colour = theme().category_colours(1)[0]
        plot.name = f"{axis.column}_along_{found.name}"
        plot.set_axes(quantity(found.name).short, axis.short)
        plot.draw_line(found.x, found.y, colour)
        entries = [("prediction", colour, "line")]
        if np.isfinite(found.low).any():
            plot.draw_band(found.x, found.low, found.high, colour)
            level = float(self._model.residuals.get("level", 0.9))
            entries.append((f"{100 * level:.0f} % prediction interval", colour, "band"))
        plot.set_limits((float(found.x[0]), float(found.x[-1])), None)
        self.curve.legend.show_entries("", entries)
