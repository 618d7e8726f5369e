"""The recommended setting, how sure it is, and the trade-off it stands on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import (
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.maps.decide import Recommendation
from engine.maps.digits import three
from engine.maps.quantities import quantity
from engine.maps.scope import LEVEL
from engine.maps.targets import Target
from engine.maps.trade_off_plot import LEFT_OUT
from engine.maps.verify import Verification
from hybridgui.maps.check_view import CheckView
from hybridgui.maps.setting_bar import SettingBar
from hybridgui.maps.work import Decision
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import (
    Card,
    EmptyState,
    Notice,
    Segmented,
    button,
    enable,
    follow_theme,
    label,
)
from hybridgui.widgets.flow import FlowLayout
from hybridgui.widgets.form import Choice
from hybridgui.widgets.numbers import number, percent
from hybridgui.widgets.plot import PlotPanel, rich
from hybridgui.widgets.table import Column, DataTable

_MOST_POINTS = 3000
_REACH = 16
"""How far from a point a click may be, px."""
_SETTING_ORDER = (
    "gap_um",
    "pressure_MPa",
    "am_percent",
    "initial_porosity_percent",
    "initial_thickness_um",
    "porosity_percent",
)
_SOURCES = {
    "law": "the calendering law",
    "models": "the models",
    "process": "the scatter of the process",
}


class DecideView(QWidget):
    """Shows a `Decision`.

    Signals
    -------
    verifyAsked, planAsked, bpxAsked : the user wants fresh structures, next experiments, or
        the electrode in a cell model's file
    electrodeAsked : a setting whose electrode the user wants to see
    """

    verifyAsked = Signal()
    planAsked = Signal()
    bpxAsked = Signal()
    electrodeAsked = Signal(dict)

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
        column.setSpacing(GRID)
        self._empty = EmptyState(
            "ph.target",
            "Say what you want of the electrode",
            "Give directions and limits at the right: every setting of pressure, composition and "
            "initial porosity is judged, and the best is recommended with its uncertainty.",
        )
        column.addWidget(self._empty, 1)
        self._result = self._build()
        self._result.hide()
        column.addWidget(self._result, 1)
        self._decision: Decision | None = None
        self._marked: int | None = None
        self._rows = np.empty(0, dtype=int)
        follow_theme(self, self._draw)

    def _build(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.earlier_notice = Notice("warning")
        column.addWidget(self.earlier_notice)
        card = Card("Recommended")
        self._sentence = label("", "", wrap=True, selectable=True)
        self._sentence.setTextFormat(Qt.TextFormat.RichText)
        card.body.addWidget(self._sentence)
        self._sure = label("", "muted", wrap=True)
        card.body.addWidget(self._sure)
        self._made = label("", "small", wrap=True)
        card.body.addWidget(self._made)
        buttons = QWidget()
        row = FlowLayout(buttons)
        self.verify_button = button("Check by fresh structures", self.verifyAsked.emit)
        self.plan_button = button("Next experiments…", self.planAsked.emit)
        self.show_button = button("See it in 3D", self._on_show)
        self.bpx_button = button("To a cell model…", self.bpxAsked.emit)
        for one in (self.verify_button, self.plan_button, self.show_button, self.bpx_button):
            row.addWidget(one)
        card.body.addWidget(buttons)
        column.addWidget(card)
        self.notice = Notice("warning")
        column.addWidget(self.notice)
        self.table = DataTable()
        column.addWidget(self.table)
        self.check_view = CheckView()
        column.addWidget(self.check_view)
        self._trade = QWidget()
        column.addWidget(self._trade, 1)
        # Without a plot the room that is left stays below, not within notices.
        column.addSpacerItem(
            QSpacerItem(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding)
        )
        column = QVBoxLayout(self._trade)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        choices = QWidget()
        row = FlowLayout(choices, across=GRID)
        row.addWidget(label("Trade-off", "heading"))
        self.form_choice = Segmented([("plot", "Plot"), ("table", "Table")])
        self.form_choice.chosen.connect(lambda key: self._stack.setCurrentIndex(key == "table"))
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
        column.addWidget(choices)
        self._apart = label("", "small", wrap=True)
        column.addWidget(self._apart)
        self._panel = PlotPanel(legend="top")
        self._panel.plot.name = "trade_off"
        self._panel.plot.placeClicked.connect(self.pick)
        self.front_table = DataTable()
        self.front_table.rowChosen.connect(lambda row: self._mark(int(self._rows[row])))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._panel)
        self._stack.addWidget(self.front_table)
        self._stack.setMinimumHeight(180)
        self._stack.setToolTip("Click a point to see its setting and its electrode.")
        column.addWidget(self._stack, 1)
        self.setting_bar = SettingBar("")
        self.setting_bar.electrodeAsked.connect(self.electrodeAsked)
        column.addWidget(self.setting_bar)
        return content

    @property
    def decision(self) -> Decision | None:
        """What is shown."""
        return self._decision

    def show_decision(self, decision: Decision | None) -> None:
        """Show a decision, or the empty state."""
        self._decision, self._marked = decision, None
        self._empty.setVisible(decision is None)
        self._result.setVisible(decision is not None)
        self.setting_bar.hide()
        if decision is None:
            return
        best = decision.recommendation
        self._sentence.setText(rich(best.sentence))
        self._sure.setText(_how_sure(best))
        self._sure.setVisible(bool(self._sure.text()))
        self.notice.set_sentences(list(best.notes), folded=True)
        self.check_view.show_verification(None)
        self._made.setText(_made(best))
        self._made.setToolTip(_models(best))
        self._show_table()
        self._trade.setVisible(decision.found is not None)
        self._scroll.verticalScrollBar().setValue(0)
        if decision.found is None:
            return
        self._apart.setText(_APART if best.robust else "")
        self._apart.setVisible(best.robust)
        self._show_front()
        names = [(t.output, quantity(t.output).brief) for t in best.targets]
        before = [self.x_choice.itemData(k) for k in range(self.x_choice.count())]
        self.x_choice.set_choices(names)
        self.y_choice.set_choices(names)
        if before != [output for output, _ in names]:  # else the user's axes stay
            pair = decision.found.telling_pair
            self.x_choice.show_value(pair[0])
            self.y_choice.show_value(pair[-1])
        self._draw()

    def _order(self) -> tuple[str, ...]:
        """Settings in the order shown, what the lab sets first."""
        assert self._decision is not None
        first = self._decision.recommendation.variable
        return first, *(name for name in _SETTING_ORDER if name != first)

    def _show_front(self) -> None:
        """The non-dominated settings, most desirable first."""
        assert self._decision is not None
        found = self._decision.found
        assert found is not None
        rows = np.flatnonzero(found.front)
        self._rows = rows[np.argsort(-found.desirability[rows], kind="stable")]
        names = [n for n in self._order() if n in found.settings]
        varied = [n for n in names if found.settings[n].nunique() > 1]
        outputs = [name for name in found.values if name not in varied]
        frame = pd.concat(
            [found.settings[varied].iloc[self._rows], found.values[outputs].iloc[self._rows]],
            axis=1,
        )
        frame["desirability"] = found.desirability[self._rows]
        columns = [Column(name, quantity(name).short, tip=quantity(name).label) for name in frame]
        self.front_table.show_frame(frame.reset_index(drop=True), columns)
        self.front_table.fit_columns()

    def pick(self, place: QPointF) -> None:
        """Choose the setting drawn nearest to a place in the units of the plot."""
        decision = self._decision
        if decision is None or decision.found is None:
            return
        across, up = self._panel.plot.getPlotItem().getViewBox().viewPixelSize()
        values = decision.found.values
        x, y = (values[c.current].to_numpy(float) for c in (self.x_choice, self.y_choice))
        away = ((x - place.x()) / across) ** 2 + ((y - place.y()) / up) ** 2
        away = np.where(np.isfinite(away), away, np.inf)
        # Where points lie on each other, the one that nothing beats is meant.
        nearest = int(np.argmin(away - decision.found.front))
        if away[nearest] <= _REACH**2:
            self._mark(nearest)

    def _mark(self, row: int) -> None:
        assert self._decision is not None
        self._marked = row
        found = self._decision.found
        assert found is not None
        own = found.settings.iloc[row]
        setting = {n: float(own[n]) for n in self._order() if n in own and np.isfinite(own[n])}
        told = [
            f"{rich(quantity(name).symbol or quantity(name).label)} "
            f"{number(float(found.values[name].iloc[row]), 3)} {_unit(name)}".strip()
            for name in found.values
        ]
        self.setting_bar.show_setting(setting, ", ".join(told))
        self.setting_bar.show()
        self._draw_ring()

    def _draw_ring(self) -> None:
        place = None
        found = None if self._decision is None else self._decision.found
        if self._marked is not None and found is not None:
            values = found.values.iloc[self._marked]
            place = tuple(float(values[c.current]) for c in (self.x_choice, self.y_choice))
        self._panel.plot.show_ring(place)

    def _on_show(self) -> None:
        if self._decision is not None:
            self.electrodeAsked.emit(dict(self._decision.recommendation.setting))

    def _show_table(self) -> None:
        assert self._decision is not None
        best = self._decision.recommendation
        rows = []
        for target in best.targets:
            output = target.output
            row = {"name": quantity(output).brief, "wanted": _wish(target)}
            if output in best.predicted:
                middle, low, high = three(*best.predicted[output])
                row["value"] = f"{middle} {_unit(output)}".strip()
                row["range"] = f"{low} to {high}" if low != high else "–"
                row["why"] = _why(best.shares.get(output, {}))
            rows.append(row)
        tip = "From law, models and process together"
        columns = [
            Column("name", "Response"),
            Column("wanted", "Wanted"),
            Column("value", "Expected"),
            Column("range", f"{100 * LEVEL:.0f} % interval", tip=tip),
        ]
        if best.shares:
            tip = "Part of each source of error in the variance of this response"
            columns.append(Column("why", "Unsure by", tip=tip))
        self.table.show_frame(pd.DataFrame(rows).fillna(""), columns)
        self.table.fit_names()

    def show_verification(self, verification: Verification) -> None:
        """Show what fresh structures gave, below what was recommended."""
        if self._decision is not None:
            self.check_view.show_verification(verification)

    def mark_earlier(self, earlier: bool, outdated: str = "", law_changed: bool = False) -> None:
        """Say that the recommendation answers earlier targets or results, or is the present one.

        `outdated` says why it is of earlier results; `law_changed` that the study has a newer law
        than the campaign that models and maps follow.
        """
        text = ""
        if outdated and self._decision is not None:
            made = self._decision.recommendation.made
            text = (
                f"This is an earlier recommendation{f', of {made}' if made else ''}: {outdated}. "
                "Recommend a setting again."
            )
        elif earlier:
            text = (
                "This recommendation is for earlier targets: recommend a setting again. The "
                "buttons act on the setting shown."
            )
        elif law_changed and self._decision is not None:
            text = (
                "This recommendation follows the earlier calendering law that the campaign was "
                "generated with. Run a campaign with the present law, and train again."
            )
        self.earlier_notice.set_text(text)

    def set_obstacles(self, verify: str, plan: str, cell: str, electrode: str) -> None:
        """Say why fresh structures, experiments or a cell model cannot be had; empty allows.

        `electrode` says why the electrode of another setting cannot be generated.
        """
        enable(self.verify_button, verify, "Generate structures here and compare them")
        enable(self.plan_button, plan, "Which conditions to measure to make this surer")
        enable(self.show_button, verify, "Generate this electrode and look inside it")
        enable(self.bpx_button, cell, "Put this electrode into a BPX file")
        self.setting_bar.set_obstacle(electrode)

    def _draw(self) -> None:
        decision = self._decision
        if decision is None or decision.found is None:
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
        keeps, front, other = theme().category_colours(3)
        entries: list[tuple[str, str, str]] = []
        for rows, colour, text, size in (
            (~found.feasible & ~found.left_out, t.border_strong, "breaks a limit", 4),
            (found.left_out, other, LEFT_OUT, 4),
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
        entries.append(("recommended", t.text, "star"))
        self._panel.legend.show_entries("", entries)
        plot.set_limits()
        self._draw_ring()


_APART = (
    "Points show expected values, errors left aside. The star is best on average over the errors, so "
    "that points may lie above it on paper."
)


def _why(shares: dict[str, float]) -> str:
    """Sources of error of one response by weight, as far as they matter."""
    told = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {percent(share, 0)}" for name, share in told if share >= 0.095)


def _how_sure(best: Recommendation) -> str:
    """What the sentence and the column of each response's sources leave open."""
    parts = []
    if not best.shares:  # of an earlier version
        shares = sorted(best.budget.items(), key=lambda item: -item[1])
        told = ", ".join(f"{_SOURCES[name]} {percent(share, 0)}" for name, share in shares)
        parts.append(f"What makes it unsure, on average over the responses: {told}.")
    if best.others and "disagree by more" not in best.sentence:
        parts.append("The other models of the study agree within the intervals.")
    if not best.robust:
        parts.append("The choice itself does not take the uncertainty into account.")
    return " ".join(parts)


def _made(best: Recommendation) -> str:
    """When, and from how many models."""
    if not best.made:
        return ""
    count = len(best.models)
    return f"Made {best.made} from the calendering law and {count} model{'s' * (count != 1)}."


def _models(best: Recommendation) -> str:
    """The models, a line each, and what others expect."""
    told = [f"{quantity(name).label}: {words}" for name, words in best.models.items()]
    told += [
        f"{quantity(name).label}: {number(value, 3)} {_unit(name)} by another, {words}"
        for name, values in best.others.items()
        for words, value in values.items()
    ]
    return "\n".join(told)


def _wish(target: Target) -> str:
    """What is wanted of a response, short enough for a table."""
    unit = f" {_unit(target.output)}".rstrip()
    parts = [{"up": "higher", "down": "lower"}.get(target.direction, "")]
    parts.append("" if target.least is None else f"at least {target.least:g}{unit}")
    parts.append("" if target.most is None else f"at most {target.most:g}{unit}")
    return ", ".join(part for part in parts if part)


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
