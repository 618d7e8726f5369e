"""One panel of curves, drawn anew at every step of a moved input."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from engine.maps.curve_data import CurveSet, Panel, stretches
from hybridgui.theme import theme
from hybridgui.widgets.drawing import Drawing, Strokes, Word
from hybridgui.widgets.plot import BAND_OPACITY, LINE_WIDTH, Plot

_BAR_PLACE = 0.96
"""Where the bar of an error that all curves share stands, as a share of the axis."""
_LABEL_SHARE = 0.85
"""Size of the type on the curves, as a share of the plot's."""


class CurvePlot(Plot):
    """One panel of a `CurveSet`."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setMinimumSize(120, 130)
        self.drawing = Drawing(LINE_WIDTH)
        self.addItem(self.drawing, ignoreBounds=True)
        self._named: tuple[str, ...] = ()

    def show_panel(
        self,
        data: CurveSet,
        panel: Panel,
        colours: list[str],
        *,
        bands: bool,
        labels: bool,
        bar: tuple[float, float] | None = None,
        reach: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        """Draw the curves of a panel, and the bar of all of them, on axes of lengths `reach`."""
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
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * _LABEL_SHARE)
        self.drawing.set_type(font, theme().tokens.muted)
        bands = bands and not data.shared_error
        strokes = panel_strokes(panel, colours, bands=bands, labels=labels, reach=reach)
        if bar is not None:
            middle, half = bar
            x = panel.curves[-1].x
            place = float(x.min() + _BAR_PLACE * np.ptp(x))
            strokes.bars.append((place, middle - half, middle + half, QColor(theme().tokens.muted)))
        self.drawing.show_strokes(strokes)


def panel_strokes(
    panel: Panel,
    colours: list[str],
    *,
    bands: bool,
    labels: bool,
    reach: tuple[float, float] = (1.0, 1.0),
) -> Strokes:
    """What stands in a panel with axes of lengths `reach`: a colour of the theme for each curve."""
    found = Strokes()
    ground = QColor(theme().tokens.surface)
    hues = {curve.value: hue for curve, hue in zip(panel.curves, colours, strict=True)}
    for some in panel.points:
        lab = some.kind == "measured"
        hue = QColor(hues[some.value])
        size, sign = (9, "d") if lab else (7, "o")
        for x, y, sd, same in zip(some.x, some.y, np.nan_to_num(some.sd), some.same, strict=True):
            if np.isfinite(x) and np.isfinite(y):
                edge, inside = (ground, hue) if same else (hue, ground)
                found.marks.append((x, y, size, sign, edge, inside))
                if sd > 0:
                    found.bars.append((x, y - sd, y + sd, hue))
    for curve, colour in zip(panel.curves, colours, strict=True):
        if bands:
            found.add_band(curve.x, curve.low, curve.high, colour, BAND_OPACITY)
            for part in curve.cut_stretches():
                for bound in (curve.low, curve.high):
                    found.add_line(curve.x[part], bound[part], colour, dashed=True)
        for part, inside in stretches(curve.inside):
            found.add_line(curve.x[part], curve.y[part], colour, dashed=not inside)
        hue = QColor(colour)
        for x, y in zip(curve.cross_x, curve.cross_y, strict=True):
            if np.isfinite(x) and np.isfinite(y):
                found.crosses.append((x, y, hue))
    found.words = _outer_labels(panel, reach) if labels else []
    return found


def _outer_labels(panel: Panel, reach: tuple[float, float]) -> list[Word]:
    """Labels of the outer curves, each on the side from which its curve bends away.

    Only the outer ones: four labels on one spot could not be read. `reach` is the length of the
    axes, on which slopes are judged.
    """
    marked = [curve for curve in panel.curves if len(curve.cross_y)]
    if not marked:
        return []
    order = sorted(marked, key=lambda curve: float(np.mean(curve.cross_y)))
    found = []
    for curve, above in ((order[0], False), (order[-1], True))[-len(order) :]:
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = np.gradient(curve.y, curve.x) * reach[0] / reach[1]
        for x, y, text in zip(curve.cross_x, curve.cross_y, curve.cross_labels, strict=False):
            if not (np.isfinite(x) and np.isfinite(y)):
                continue
            slope = float(slopes[np.argmin(np.abs(curve.x - x))])
            lean = float(np.clip(slope, -1, 1)) if np.isfinite(slope) else 0.0
            across = 0.5 + 0.5 * (lean if above else -lean)
            # at the ends of a curve a centred label would leave the plot
            across = 0.0 if x <= curve.x[0] else 1.0 if x >= curve.x[-1] else across
            found.append(Word(float(x), float(y), text, (across, 1.1 if above else -0.1)))
    return found
