"""How good the law is: R², the error on a new coating as large, and the parity plot."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from engine.experiment.diagnostics import LawAssessment
from hybridgui.experiment.words import coating_shown, warnings_and_choices
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, NumberCard, Segmented, follow_theme, label
from hybridgui.widgets.numbers import rounded
from hybridgui.widgets.plot import PlotPanel, category_mark


class FitView(QWidget):
    """Measured against fitted, with the two numbers that matter."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setObjectName("plain")
        content = QWidget()
        content.setObjectName("plain")
        scroll.setWidget(content)
        outer.addWidget(scroll)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(2 * GRID)
        cards = QHBoxLayout()
        cards.setSpacing(2 * GRID)
        self.fit_card = NumberCard("R² on the measured coatings")
        self.new_card = NumberCard("RMSE on a coating left out")
        cards.addWidget(self.fit_card, 2)
        cards.addWidget(self.new_card, 3)
        layout.addLayout(cards)
        self.notice = Notice("warning")
        layout.addWidget(self.notice)
        self.info = label("", "small", wrap=True)
        layout.addWidget(self.info)
        row = QHBoxLayout()
        row.addWidget(label("Measured against", "heading"))
        self._which = Segmented([("fitted", "fitted"), ("left_out", "predicted when left out")])
        self._which.chosen.connect(lambda _: self._draw())
        row.addWidget(self._which)
        row.addStretch(1)
        layout.addLayout(row)
        self._panel = PlotPanel()
        self._panel.plot.name = "measured_against_fitted"
        self._panel.setMinimumHeight(260)
        # the plot's own idea of its size would push it below the fold
        self._panel.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        layout.addWidget(self._panel, 1)
        self._assessment: LawAssessment | None = None
        self._rows: Any = None
        follow_theme(self, self._draw)

    @property
    def plot(self):
        """The parity plot."""
        return self._panel.plot

    def show_assessment(self, assessment: LawAssessment, rows: Any = None) -> None:
        """Show how a law does; `rows` are the rows of the sheet, for the tips."""
        self._assessment, self._rows = assessment, rows
        self.fit_card.show_number(
            rounded(assessment.r2, 3),
            f"Typical error {100 * assessment.rmse:.2f} porosity points on the "
            f"{assessment.conditions} conditions it was fitted to.",
        )
        if assessment.grouped_cv_rmse is None:
            error = "not known"
        else:
            error = f"± {100 * assessment.grouped_cv_rmse:.1f} points"
        skill = assessment.grouped_cv_r2
        caption = "RMSE on a coating left out"
        if skill is not None:
            caption += f" (R² {rounded(skill, 2)})"
        self.new_card.show_number(error, assessment.meaning, caption)
        others, told = warnings_and_choices(
            w for w in assessment.warnings if w != assessment.meaning
        )
        self.notice.set_sentences(others)
        self.info.setText(" ".join(told))
        self.info.setVisible(bool(told))
        self._draw()

    def _draw(self) -> None:
        assessment = self._assessment
        if assessment is None:
            return
        plot = self._panel.plot
        plot.clear_data()
        left_out = self._which.current == "left_out"
        predicted = assessment.grouped_predictions if left_out else assessment.fitted
        x_name = "predicted without its coating" if left_out else "fitted"
        plot.set_axes(f"Porosity {x_name} ε_cal (%)", "Porosity measured ε_cal (%)")
        measured = 100 * assessment.porosity
        shown = 100 * predicted
        known = np.isfinite(shown)
        values = np.concatenate([measured, shown[known]])
        low, high = float(values.min()), float(values.max())
        pad = 0.06 * (high - low or 1.0)
        plot.draw_diagonal(low - pad, high + pad)
        families = np.unique(assessment.families)
        colours = theme().category_colours(len(families))
        entries = []
        for index, (family, colour) in enumerate(zip(families, colours, strict=True)):
            symbol, kind = category_mark(index)
            rows = (assessment.families == family) & known
            name = assessment.family_names[index] if assessment.family_names else ""
            name = coating_shown(name) or f"Coating {index + 1}"
            tips = [
                f"{name}: measured {m:.2f} %, {x_name} {p:.2f} %"
                + (f"\nRow {r}" if r is not None else "")
                for m, p, r in zip(
                    measured[rows],
                    shown[rows],
                    self._rows[rows] if self._rows is not None else [None] * int(rows.sum()),
                    strict=True,
                )
            ]
            plot.draw_points(shown[rows], measured[rows], colour, symbol=symbol, tips=tips, size=9)
            entries.append((name, colour, kind))
        entries.append(("equal", theme().tokens.muted, "dash"))
        self._panel.legend.show_entries("Coating", entries)
        plot.set_limits((low - pad, high + pad), (low - pad, high + pad))
