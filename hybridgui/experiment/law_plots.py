"""Porosity against pressure, parity and residuals of one law: a point chosen in one shows in all."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.maps.scope import LEVEL
from hybridgui.experiment.words import coating_shown
from hybridgui.experiment.work import LawPreview
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Segmented, follow_theme, label
from hybridgui.widgets.flow import FlowLayout
from hybridgui.widgets.form import Choice
from hybridgui.widgets.plot import Legend, Plot, category_mark


class LawPlots(QWidget):
    """Three linked plots.

    Signals
    -------
    conditionChosen : position of a condition in the table, clicked in any of the plots
    """

    conditionChosen = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, GRID, 0, 0)
        outer.setSpacing(GRID)
        choices = QWidget()
        flow = FlowLayout(choices)
        self.which = Choice([("all", "All coatings")])
        self.which.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        self.which.edited.connect(self.show_family)
        flow.addWidget(self.which)
        self._mode = Segmented([("fitted", "Fitted"), ("left_out", "Predicted when left out")])
        self._mode.setToolTip("Whether the law that predicts a point has seen its coating")
        self._mode.chosen.connect(lambda _: self._draw())
        flow.addWidget(self._mode)
        outer.addWidget(choices)
        grid = QGridLayout()
        grid.setSpacing(GRID)
        self.curves, self.parity, self.residuals = Plot(), Plot(), Plot()
        for plot, name in (
            (self.curves, "porosity_against_pressure"),
            (self.parity, "parity"),
            (self.residuals, "residuals"),
        ):
            plot.name = name
            plot.setMinimumSize(220, 150)
            # A plot asks for far more height than it needs: all three are to be seen whole.
            plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
            plot.pointChosen.connect(self.choose)
        grid.addWidget(self.curves, 0, 0, 2, 1)
        grid.addWidget(self.parity, 0, 1)
        grid.addWidget(self.residuals, 1, 1)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        outer.addLayout(grid, 1)
        self._legend = Legend(horizontal=True)
        outer.addWidget(self._legend)
        self._caption = label("", "small", wrap=True)
        outer.addWidget(self._caption)
        self._preview: LawPreview | None = None
        self._table: Any = None
        self._family = "all"
        self._row = -1
        follow_theme(self, self._draw)

    @property
    def caption(self) -> str:
        """What stands under the plots."""
        return self._caption.text()

    def show_law(self, preview: LawPreview, table: Any) -> None:
        """Show a fitted law; the family and the point chosen stay."""
        fresh = self._table is not table
        self._preview, self._table = preview, table
        if fresh:
            self._family, self._row = "all", -1
            names = zip(table.family_numbers, table.family_names(), strict=True)
            self.which.set_choices(
                [("all", "All coatings"), *((str(family), name) for family, name in names)]
            )
            self.which.show_value("all")
        self._draw()

    def show_family(self, key: str) -> None:
        """Show one coating family (its number as text), or "all"."""
        self._family = key
        self.which.show_value(key)
        self._draw()

    def choose(self, row: int) -> None:
        """Mark a condition in all plots."""
        self._row = int(row)
        self._draw()
        self.conditionChosen.emit(self._row)

    def _draw(self) -> None:
        preview, table = self._preview, self._table
        if preview is None:
            return
        assessment = preview.assessment
        left_out = self._mode.current == "left_out"
        predicted = 100 * (assessment.grouped_predictions if left_out else assessment.fitted)
        measured = 100 * assessment.porosity
        word = "predicted without its coating" if left_out else "fitted"
        for plot in (self.curves, self.parity, self.residuals):
            plot.clear_data()
        self.curves.set_axes("Calender pressure P (MPa)", "Porosity ε_cal (%)")
        self.parity.set_axes(f"{word.capitalize()} (%)", "Measured ε_cal (%)")
        self.residuals.set_axes("Calender pressure P (MPa)", "Measured − law (points)")
        families = np.unique(table.families)
        colours = theme().category_colours(len(families))
        known = np.isfinite(predicted)
        ends = np.concatenate([measured, predicted[known]])
        pad = 0.06 * (float(np.ptp(ends)) or 1.0)
        span = float(ends.min()) - pad, float(ends.max()) + pad
        self.parity.draw_diagonal(*span)
        reach = float(table.pressure.max()) * 1.05
        self.residuals.draw_line([0, reach], [0, 0], theme().tokens.muted, dashed=True)
        many = len(table) > 2000
        entries = []
        shown = zip(preview.curves, families, colours, strict=True)
        for index, (curve, family, colour) in enumerate(shown):
            if self._family not in ("all", str(family)):
                continue
            if self._family != "all" and curve.low is not None:
                self.curves.draw_band(curve.pressure, 100 * curve.low, 100 * curve.high, colour)
            self.curves.draw_line(curve.pressure, 100 * curve.porosity, colour)
            rows = np.flatnonzero(table.families == family)[:: 20 if many else 1]
            symbol, kind = category_mark(index)
            self._draw_family(rows, measured, predicted, colour, symbol, word)
            if len(families) <= 12:
                entries.append((coating_shown(curve.name), colour, kind))
        if self._row_is_shown():
            self._mark(self._row, measured, predicted)
        interval = assessment.interval(LEVEL)
        if self._family != "all" and interval is not None:
            entries.append(
                (f"{100 * interval[1]:.0f} % interval, coating not measured",
                 theme().tokens.muted, "band")
            )  # fmt: skip
        self._legend.show_entries("", entries)
        self.parity.set_limits(span, span)
        self.curves.set_limits()
        self.residuals.set_limits()
        self._caption.setText(self._tell(measured, predicted, word, interval))

    def _draw_family(self, rows, measured, predicted, colour: str, symbol: str, word: str) -> None:
        table = self._table
        tips = [
            f"Row {table.rows[r]}: {table.pressure[r]:.1f} MPa, measured {measured[r]:.2f} %, "
            f"{word} {predicted[r]:.2f} %"
            for r in rows
        ]
        pressure = table.pressure[rows]
        look: dict[str, Any] = {"keys": list(rows), "tips": tips, "symbol": symbol}
        if table.porosity_sd is not None:
            self.curves.draw_errors(pressure, measured[rows], 100 * table.porosity_sd[rows], colour)
        self.curves.draw_points(pressure, measured[rows], colour, **look)
        fine = np.isfinite(predicted[rows])
        rows, tips = rows[fine], [t for t, ok in zip(tips, fine, strict=True) if ok]
        look |= {"keys": list(rows), "tips": tips}
        self.parity.draw_points(predicted[rows], measured[rows], colour, **look)
        self.residuals.draw_points(
            table.pressure[rows], measured[rows] - predicted[rows], colour, **look
        )

    def _row_is_shown(self) -> bool:
        table, row = self._table, self._row
        if not 0 <= row < len(table):
            return False
        return self._family in ("all", str(table.families[row]))

    def _mark(self, row: int, measured, predicted) -> None:
        colour = theme().tokens.text
        pressure = self._table.pressure[row]
        self.curves.draw_points([pressure], [measured[row]], colour, size=16, hollow=True)
        if np.isfinite(predicted[row]):
            self.parity.draw_points([predicted[row]], [measured[row]], colour, size=16, hollow=True)
            apart = measured[row] - predicted[row]
            self.residuals.draw_points([pressure], [apart], colour, size=16, hollow=True)

    def _tell(self, measured, predicted, word: str, interval) -> str:
        row = self._row
        if self._row_is_shown():
            table = self._table
            coating = table.row_names()[row]
            if not np.isfinite(predicted[row]):
                return f"Row {table.rows[row]}, {coating}: cannot be predicted without it."
            return (
                f"Row {table.rows[row]}, {coating}, {table.pressure[row]:.1f} MPa: measured "
                f"{measured[row]:.2f} %, {word} {predicted[row]:.2f} %, difference "
                f"{measured[row] - predicted[row]:+.2f} points.".replace("-", "−")
            )
        if interval is None:
            return "With these coatings no prediction interval can be given. Click a point to find it in all plots."
        means = self._preview.law.extra_means_ if self._preview is not None else {}
        at = ", ".join(f"{name} {mean:.4g}" for name, mean in means.items())
        most = ", the most that this number of coatings supports" if interval[1] < LEVEL else ""
        curves = f" Curves at the mean {at}." if at else ""
        return (
            curves.strip()
            + " " * bool(curves)
            + (
                f"In {100 * interval[1]:.0f} % of cases a coating that was not measured lies within "
                f"± {100 * interval[0]:.1f} points{most}. "
                "Click a point to find it in all plots."
            )
        )
