"""The recommended setting, how sure it is, and the trade-off it stands on."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from engine.maps.decide import Recommendation
from engine.maps.digits import three, unbroken
from engine.maps.quantities import quantity
from engine.maps.scope import LEVEL
from engine.maps.targets import Target
from engine.maps.trade_off import TradeOff
from engine.maps.verify import Verification
from hybridgui.maps.check_view import CheckView
from hybridgui.maps.trade_off_view import TradeOffView
from hybridgui.maps.work import Decision
from hybridgui.theme import GRID
from hybridgui.widgets.basics import (
    Card,
    EmptyState,
    Notice,
    button,
    enable,
    label,
)
from hybridgui.widgets.flow import FlowLayout
from hybridgui.widgets.numbers import number, percent
from hybridgui.widgets.plot import rich
from hybridgui.widgets.table import Column, DataTable

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

    def _build(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.earlier_notice = Notice("warning")
        column.addWidget(self.earlier_notice)
        self._card = card = Card("Recommended")
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
        self.trade_off = TradeOffView()
        self.trade_off.electrodeAsked.connect(self.electrodeAsked)
        column.addWidget(self.trade_off, 1)
        # Without a plot the room that is left stays below, not within notices.
        column.addSpacerItem(
            QSpacerItem(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding)
        )
        return content

    @property
    def decision(self) -> Decision | None:
        """What is shown."""
        return self._decision

    def show_decision(self, decision: Decision | None) -> None:
        """Show a decision with the trade-off it stands on, or the empty state."""
        self._decision = decision
        for one in (self._card, self.table):
            one.setVisible(decision is not None)
        self.check_view.show_verification(None)
        if decision is None:
            self.notice.set_text("")
            self.show_trade_off(None)
            return
        best = decision.recommendation
        self._sentence.setText(_emphasised(rich(unbroken(best.sentence))))
        self._sure.setText(_how_sure(best))
        self._sure.setVisible(bool(self._sure.text()))
        self.notice.set_sentences(list(best.notes), folded=True)
        self._made.setText(_made(best))
        self._made.setToolTip(_models(best))
        self._show_table()
        self.show_trade_off(decision.found, best.variable)
        self._scroll.verticalScrollBar().setValue(0)

    def show_trade_off(self, found: TradeOff | None, variable: str = "") -> None:
        """Show settings as they are judged at this moment, recommended or not."""
        decision = self._decision
        current = decision is not None and decision.found is not None
        best = decision.recommendation if decision is not None and current else None
        self.trade_off.show_trade_off(found, variable, best)
        self._empty.setVisible(decision is None and found is None)
        self._result.setVisible(decision is not None or found is not None)

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

    def show_verification(self, verification: Verification, *, arrived: bool = False) -> None:
        """Show what fresh structures gave, below what was recommended.

        Where it `arrived` just now, it is scrolled to.
        """
        if self._decision is not None:
            self.check_view.show_verification(verification)
            if arrived:  # once it has its place
                QTimer.singleShot(0, self, self._scroll_to_check)

    def _scroll_to_check(self) -> None:
        content = self._scroll.widget()
        content.layout().activate()
        self._result.layout().activate()
        self._scroll.ensureWidgetVisible(self.check_view, 0, 2 * GRID)

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
        self.trade_off.setting_bar.set_obstacle(electrode)


def _emphasised(sentence: str) -> str:
    """The sentence with the setting itself in bold."""
    return re.sub(r"(Set the .+?)(?=; with a chance|\. Expected)", r"<b>\1</b>", sentence, count=1)


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
    parts.append("" if target.least is None else f"≥ {target.least:g}{unit}")
    parts.append("" if target.most is None else f"≤ {target.most:g}{unit}")
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
