"""Porosity after calendering against pressure, with the measured points."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hybridgui.experiment.words import coating_plain, coating_shown
from hybridgui.experiment.work import FamilyCurve
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import follow_theme, label
from hybridgui.widgets.form import Choice
from hybridgui.widgets.plot import PlotPanel, category_mark


class CurvesView(QWidget):
    """One curve a coating."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        row = QHBoxLayout()
        row.addWidget(label("Show", "heading"))
        self.which = Choice([("all", "All coatings")])
        self.which.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        self.which.edited.connect(self._on_chosen)
        row.addWidget(self.which)
        row.addStretch(1)
        layout.addLayout(row)
        self._chosen = "all"
        self._panel = PlotPanel()
        self._panel.plot.name = "porosity_against_pressure"
        layout.addWidget(self._panel, 1)
        self._caption = label("", "small", wrap=True)
        layout.addWidget(self._caption)
        self._curves: list[FamilyCurve] = []
        self._table: Any = None
        self._level: float | None = None
        follow_theme(self, self._draw)

    @property
    def plot(self):
        """The plot."""
        return self._panel.plot

    def show_curves(self, curves: list[FamilyCurve], table: Any, level: float | None) -> None:
        """Show the law's curves and, where there is a sheet, its measurements."""
        self._curves, self._table, self._level = curves, table, level
        self.which.set_choices(
            [("all", "All coatings"), *((str(c.family), coating_plain(c.name)) for c in curves)]
        )
        self._chosen = "all"
        self.which.show_value("all")
        self._draw()

    def _on_chosen(self, key: str) -> None:
        self._chosen = key
        self._draw()

    def _draw(self) -> None:
        plot = self._panel.plot
        plot.clear_data()
        plot.set_axes("Calender pressure P (MPa)", "Porosity after calendering ε_cal (%)")
        colours = theme().category_colours(len(self._curves))
        entries = []
        for index, (curve, colour) in enumerate(zip(self._curves, colours, strict=True)):
            chosen = self._chosen == str(curve.family)
            if not chosen and self._chosen != "all":
                continue
            if chosen and curve.low is not None and curve.high is not None:
                plot.draw_band(curve.pressure, 100 * curve.low, 100 * curve.high, colour)
            plot.draw_line(curve.pressure, 100 * curve.porosity, colour)
            kind = category_mark(index)[1]  # a colour that comes again is told by its points
            entries.append((coating_shown(curve.name), colour, "line" if kind == "dot" else kind))
        table = self._table
        if table is not None:
            families = np.unique(table.families)
            shown = zip(families, theme().category_colours(len(families)), strict=True)
            for index, (family, colour) in enumerate(shown):
                if self._chosen not in ("all", str(family)):
                    continue
                rows = table.families == family
                if table.porosity_sd is not None:
                    plot.draw_errors(
                        table.pressure[rows],
                        100 * table.porosity[rows],
                        100 * table.porosity_sd[rows],
                        colour,
                    )
                plot.draw_points(
                    table.pressure[rows],
                    100 * table.porosity[rows],
                    colour,
                    symbol=category_mark(index)[0],
                    tips=[
                        f"Row {r}: {p:.1f} MPa, {100 * e:.2f} %"
                        for r, p, e in zip(
                            table.rows[rows],
                            table.pressure[rows],
                            table.porosity[rows],
                            strict=True,
                        )
                    ],
                )
            entries.append(("measured ± sd", theme().tokens.muted, "dot"))
        if self._level and self._chosen != "all":
            entries.append((f"{100 * self._level:.0f} % interval", theme().tokens.muted, "band"))
            self._caption.setText(
                f"Band: where a coating that was not measured should lie in "
                f"{100 * self._level:.0f} % of cases, the most that this number of coating "
                "families supports."
            )
        else:
            self._caption.setText("Choose a coating to see its prediction interval.")
        self._panel.legend.show_entries("Coating", entries)
        plot.set_limits()
