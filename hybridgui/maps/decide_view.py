"""The recommended setting, how sure it is, and the trade-off it stands on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.maps.quantities import quantity
from engine.maps.verify import Verification
from hybridgui.maps.goals_form import GoalsForm
from hybridgui.maps.work import Decision
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import (
    Card,
    EmptyState,
    Notice,
    button,
    enable,
    follow_theme,
    label,
)
from hybridgui.widgets.form import Choice
from hybridgui.widgets.numbers import number, percent
from hybridgui.widgets.plot import PlotPanel, rich
from hybridgui.widgets.table import Column, DataTable

_MOST_POINTS = 3000
_SOURCES = {
    "law": "the calendering law",
    "models": "the models",
    "process": "the scatter of the process",
}


class DecideView(QWidget):
    """Shows a `Decision`.

    Signals
    -------
    verifyAsked, planAsked, showAsked : the user wants fresh structures, next experiments, or
        to look at the electrode in 3D
    """

    verifyAsked = Signal()
    planAsked = Signal()
    showAsked = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2 * GRID, 0, 0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setObjectName("plain")
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        content.setObjectName("plain")
        scroll.setWidget(content)
        outer.addWidget(scroll)
        self._scroll = scroll
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        card = Card("What is wanted")
        self.goals = GoalsForm()
        card.body.addWidget(self.goals)
        column.addWidget(card)
        self._empty = EmptyState(
            "ph.target",
            "Say what you want of the electrode",
            "Give directions and limits above: every setting of pressure, composition and "
            "initial porosity is judged, and the best is recommended with its uncertainty.",
        )
        column.addWidget(self._empty, 1)
        self._result = self._build()
        self._result.hide()
        column.addWidget(self._result, 1)
        self._decision: Decision | None = None
        follow_theme(self, self._draw)

    def _build(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        card = Card("Recommended")
        self._sentence = label("", "", wrap=True, selectable=True)
        self._sentence.setTextFormat(Qt.TextFormat.RichText)
        card.body.addWidget(self._sentence)
        self._sure = label("", "muted", wrap=True)
        card.body.addWidget(self._sure)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.verify_button = button("Check by fresh structures", self.verifyAsked.emit)
        self.plan_button = button("Next experiments…", self.planAsked.emit)
        self.show_button = button("See it in 3D", self.showAsked.emit)
        for one in (self.verify_button, self.plan_button, self.show_button):
            row.addWidget(one)
        row.addStretch(1)
        card.body.addLayout(row)
        column.addWidget(card)
        self.notice = Notice("warning")
        column.addWidget(self.notice)
        self.table = DataTable()
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self.table)
        self._check = label("", "", wrap=True, selectable=True)
        column.addWidget(self._check)
        row = QHBoxLayout()
        row.addWidget(label("Trade-off", "heading"))
        self.x_choice, self.y_choice = Choice(), Choice()
        row.addStretch(1)
        for choice in (self.y_choice, self.x_choice):
            choice.setMinimumContentsLength(12)
            choice.edited.connect(lambda _: self._draw())
        row.addWidget(self.y_choice)
        row.addWidget(label("against", "muted"))
        row.addWidget(self.x_choice)
        column.addLayout(row)
        self._panel = PlotPanel()
        self._panel.plot.name = "trade_off"
        self._panel.setMinimumHeight(260)
        column.addWidget(self._panel, 1)
        return content

    @property
    def decision(self) -> Decision | None:
        """What is shown."""
        return self._decision

    def show_decision(self, decision: Decision | None) -> None:
        """Show a decision, or the empty state."""
        self._decision = decision
        self._empty.setVisible(decision is None)
        self._result.setVisible(decision is not None)
        if decision is None:
            return
        best = decision.recommendation
        self._sentence.setText(rich(best.sentence))
        self._sure.setText(self._how_sure())
        self.notice.set_sentences(list(best.notes)[:3])
        self._check.setText("")
        self._check.hide()
        self._show_table(None)
        names = [(t.output, quantity(t.output).short.replace("_", " ")) for t in best.targets]
        self.x_choice.set_choices(names)
        self.y_choice.set_choices(names)
        if len(names) > 1 and self.x_choice.current == self.y_choice.current:
            self.y_choice.show_value(names[1][0])
        self._draw()
        QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(self.table))

    def _how_sure(self) -> str:
        assert self._decision is not None
        best = self._decision.recommendation
        parts = []
        if any(t.least is not None or t.most is not None for t in best.targets):
            parts.append(f"All limits are kept with a chance of {percent(best.probability, 0)}.")
        shares = sorted(best.budget.items(), key=lambda item: -item[1])
        told = ", ".join(f"{_SOURCES[name]} {percent(share, 0)}" for name, share in shares)
        parts.append(f"What makes it unsure: {told}.")
        if not best.robust:
            parts.append("The choice itself does not take the uncertainty into account.")
        return " ".join(parts)

    def _show_table(self, verification: Verification | None) -> None:
        assert self._decision is not None
        best = self._decision.recommendation
        checks = {} if verification is None else {c.output: c for c in verification.checks}
        rows = []
        for target in best.targets:
            value, low, high = best.predicted[target.output]
            check = checks.get(target.output)
            rows.append(
                {
                    "name": quantity(target.output).label,
                    "wanted": target.sentence.split(" ", 1)[1],
                    "value": f"{number(value, 3)} {_unit(target.output)}".strip(),
                    "range": f"{number(low, 3)} to {number(high, 3)}",
                    "computed": ""
                    if check is None
                    else f"{number(check.computed, 3)} ± {number(check.sd, 2)}",
                    "agrees": "" if check is None else ("inside" if check.agrees else "OUTSIDE"),
                }
            )
        columns = [
            Column("name", "Response"),
            Column("wanted", "Wanted"),
            Column("value", "Expected"),
            Column("range", "80 % interval"),
        ]
        if checks:
            columns += [Column("computed", "Fresh structures"), Column("agrees", "Interval")]
        self.table.show_frame(pd.DataFrame(rows), columns)
        self.table.fit_columns()
        height = self.table.horizontalHeader().sizeHint().height()
        section = self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(height + len(rows) * section + 16)

    def show_verification(self, verification: Verification) -> None:
        """Show what fresh structures gave, beside what was predicted."""
        if self._decision is None:
            return
        self._show_table(verification)
        self._check.setText(verification.sentence)
        self._check.show()

    def set_obstacles(self, verify: str, plan: str) -> None:
        """Say why fresh structures or experiments cannot be had; empty texts allow them."""
        enable(self.verify_button, verify, "Generate structures here and compare them")
        enable(self.plan_button, plan, "Which conditions to measure to make this surer")
        enable(self.show_button, verify, "Take this setting to the structure page")

    def _draw(self) -> None:
        decision = self._decision
        if decision is None:
            return
        x, y = self.x_choice.current, self.y_choice.current
        plot = self._panel.plot
        plot.clear_data()
        found, best = decision.found, decision.recommendation
        if not x or not y:
            return
        plot.set_axes(quantity(x).short, quantity(y).short)
        across, up = (found.values[name].to_numpy(float) for name in (x, y))
        t = theme().tokens
        keeps, front = theme().category_colours(2)
        entries: list[tuple[str, str, str]] = []
        for rows, colour, text, size in (
            (~found.feasible, t.border_strong, "breaks a limit", 4),
            (found.feasible & ~found.front, keeps, "keeps all limits", 4),
            (found.front, front, "none is better in all", 6),
        ):
            some = np.flatnonzero(rows & np.isfinite(across) & np.isfinite(up))
            some = some[:: max(1, len(some) // _MOST_POINTS)]
            if len(some):
                plot.draw_points(across[some], up[some], colour, size=size)
                entries.append((text, colour, "dot"))
        here = [best.predicted.get(name, (math.nan,) * 3)[0] for name in (x, y)]
        plot.draw_points([here[0]], [here[1]], t.text, symbol="star", size=16)
        entries.append(("recommended", t.text, "dot"))
        self._panel.legend.show_entries("Settings", entries)
        plot.set_limits()


def _unit(output: str) -> str:
    unit = quantity(output).unit
    return "" if unit == "–" else unit


def goals_by_default(outputs: list[str]) -> list[dict[str, Any]]:
    """The paper's directions for the usual responses, as a start."""
    usual = ("effective_conductivity_ionic_S_per_m", "active_surface_published_percent")
    chosen = [o for o in usual if o in outputs]
    chosen = chosen or [o for o in outputs if quantity(o).direction][:2]
    return [
        {"output": o, "direction": quantity(o).direction, "least": None, "most": None}
        for o in chosen
    ]
