"""Which conditions meet the user's limits: a symbolic border, its error, and its map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.learning.classification import LimitClassifier, meets
from engine.learning.inspection import BorderMap
from engine.maps.quantities import quantity
from hybridgui.learning.response_view import MapPlot
from hybridgui.learning.typeset import typeset
from hybridgui.maps.goals_form import LimitField
from hybridgui.theme import GRID, theme, with_opacity
from hybridgui.widgets.basics import Notice, button, clear_layout, enable, follow_theme, label
from hybridgui.widgets.form import Choice
from hybridgui.widgets.numbers import number, percent
from hybridgui.widgets.plot import Legend, rich


class LimitsView(QWidget):
    """Limits at the left, the border and its map at the right.

    Signals
    -------
    edited : the limits as a dict of column to [low or None, high or None]
    asked : a border should be found for these limits
    mapAsked : (across, up) inputs of the map
    """

    edited = Signal(dict)
    asked = Signal(dict)
    mapAsked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 2 * GRID, 0, 0)
        outer.setSpacing(2 * GRID)
        left = QVBoxLayout()
        left.setSpacing(GRID)
        left.addWidget(
            label("Limits that an electrode has to meet; empty means any.", "muted", wrap=True)
        )
        scroll = QScrollArea()
        scroll.setObjectName("plain")
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        content.setObjectName("plain")
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        self._fields_grid = QGridLayout()
        self._fields_grid.setSpacing(GRID)
        inside.addLayout(self._fields_grid)
        inside.addStretch(1)
        scroll.setWidget(content)
        left.addWidget(scroll, 1)
        self.find_button = button("Find the border", self._on_find)
        left.addWidget(self.find_button)
        holder = QWidget()
        holder.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        holder.setFixedWidth(self.fontMetrics().averageCharWidth() * 38 + 40)
        outer.addWidget(holder)
        right = QVBoxLayout()
        right.setSpacing(GRID)
        self._formula = QLabel()
        self._formula.setWordWrap(True)
        right.addWidget(self._formula)
        self._error = label("", "", wrap=True, selectable=True)
        right.addWidget(self._error)
        self.age = Notice("warning")
        self.age.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        right.addWidget(self.age)
        self.notice = Notice("info")
        self.notice.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        right.addWidget(self.notice)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._axes = [Choice(), Choice()]
        for words, choice in zip(("Map over", "and"), self._axes, strict=True):
            row.addWidget(label(words, "muted"))
            choice.setAccessibleName(f"Input {words}")
            choice.edited.connect(lambda _: self._on_axes())
            row.addWidget(choice)
        row.addStretch(1)
        self.copy_button = button(
            "Copy", self._on_copy, tip="Copy the formula of the border as text"
        )
        row.addWidget(self.copy_button)
        self._axes_row = QWidget()
        self._axes_row.setLayout(row)
        row.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self._axes_row)
        self.plot = MapPlot()
        self.plot.name = "limits"
        right.addWidget(self.plot, 1000)
        self.legend = Legend(horizontal=True)
        right.addWidget(self.legend)
        right.addStretch(1)
        outer.addLayout(right, 1)
        self._fields: dict[str, tuple[LimitField, LimitField]] = {}
        self._classifier: LimitClassifier | None = None
        self._map: BorderMap | None = None
        self._frame = pd.DataFrame()
        self._busy = False
        follow_theme(self, self._draw)
        self.show_border(None)

    @property
    def classifier(self) -> LimitClassifier | None:
        """What is shown."""
        return self._classifier

    def show_columns(
        self, frame: pd.DataFrame, columns: list[str], limits: dict[str, list[float | None]]
    ) -> None:
        """Offer limits of these columns; the hints are the ranges of the dataset."""
        self._frame = frame
        if list(self._fields) != columns:
            clear_layout(self._fields_grid)
            self._fields = {}
            for place, name in enumerate(columns):
                self._add_row(place, name)
        for name, (least, most) in self._fields.items():
            low, high = limits.get(name, [None, None])
            least.show_value(low)
            most.show_value(high)
            values = frame[name].replace([np.inf, -np.inf], np.nan)
            least.setPlaceholderText(f"≥ {number(float(values.min()), 3)}")
            most.setPlaceholderText(f"≤ {number(float(values.max()), 3)}")
        self._refresh()

    def _add_row(self, place: int, name: str) -> None:
        found = quantity(name)
        unit = "" if found.unit == "–" else f" ({found.unit})"
        caption = label(f"{rich(found.symbol or found.label)}{unit}", wrap=True)
        caption.setTextFormat(Qt.TextFormat.RichText)
        caption.setToolTip(found.label)
        least, most = LimitField("≥ any"), LimitField("≤ any")
        for field, words in ((least, "at least"), (most, "at most")):
            field.setToolTip(f"{found.label}, {words}")
            field.setAccessibleName(field.toolTip())
            field.setFixedWidth(field.fontMetrics().averageCharWidth() * 9 + 22)
            field.edited.connect(self._on_edited)
        for column, widget in enumerate((caption, least, most)):
            self._fields_grid.addWidget(widget, place, column)
        self._fields_grid.setColumnStretch(0, 1)
        self._fields[name] = (least, most)

    def limits(self) -> dict[str, list[float | None]]:
        """The limits that are set; InputError where a text is no number."""
        found = {name: [low.value(), high.value()] for name, (low, high) in self._fields.items()}
        return {name: ends for name, ends in found.items() if ends != [None, None]}

    def show_busy(self, busy: bool) -> None:
        """Say that a border is being looked for."""
        self._busy = busy
        self._refresh()

    def show_problem(self, sentence: str) -> None:
        """Say why there is no border."""
        self.show_border(None)
        self.notice.set_text(sentence, "error")

    def show_border(self, classifier: LimitClassifier | None) -> None:
        """Show a border; its map follows with `show_map`."""
        self._classifier, self._map = classifier, None
        self.age.set_text("")
        for widget in (self._axes_row, self.plot, self.legend, self._formula, self._error):
            widget.setVisible(classifier is not None)
        if classifier is None:
            self.notice.set_text(
                "Set limits at the left: a formula of the inputs is sought that tells which "
                "conditions meet them, by symbolic classification.",
                "info",
            )
            return
        self.notice.set_sentences(list(classifier.statements), "info")
        self._error.setText(error_text(classifier))
        names = [(name, quantity(name).short) for name in classifier.domain]
        for place, choice in enumerate(self._axes):
            choice.set_choices(names)
            if not choice.current:
                choice.setCurrentIndex(min(place, len(names) - 1))
        if self._axes[0].current == self._axes[1].current and len(names) > 1:
            self._axes[1].setCurrentIndex(1 if self._axes[0].currentIndex() != 1 else 0)
        self._draw()
        self._on_axes()

    def show_age(self, classifier: LimitClassifier, frame: pd.DataFrame, current: bool) -> None:
        """Say whether the border was found on other rows than the present ones."""
        text = ""
        if not current:
            then, now = classifier.metrics["train"]["rows"], len(frame)
            rows = f"{then} conditions; there are {now} now" if then != now else "other values"
            text = (
                f"This border is older than the present dataset: it was found on {rows}. "
                "Find the border again to use them."
            )
        self.age.set_text(text)

    def show_map(self, found: BorderMap) -> None:
        """Show the border over two inputs."""
        self._map = found
        self._draw()

    def _on_axes(self) -> None:
        across, up = (choice.current for choice in self._axes)
        if across and up and across != up:
            self.mapAsked.emit(across, up)

    def _on_edited(self) -> None:
        try:
            self.edited.emit(self.limits())
        except InputError as error:
            self.notice.set_text(str(error), "error")
        self._refresh()

    def _on_find(self) -> None:
        try:
            self.asked.emit(self.limits())
        except InputError as error:
            self.notice.set_text(str(error), "error")

    def _on_copy(self) -> None:
        if self._classifier is not None:
            QGuiApplication.clipboard().setText(self._classifier.equation)

    def _refresh(self) -> None:
        reason = "Run a campaign first." if self._frame.empty else ""
        if self._busy:
            reason = "A border is being looked for."
        elif not reason:
            try:
                reason = "" if self.limits() else "Set at least one limit."
            except InputError as error:
                reason = str(error)
        enable(self.find_button, reason, "Seek a formula that tells which conditions meet them")

    def _draw(self) -> None:
        found, classifier = self._map, self._classifier
        self.plot.clear_data()
        if classifier is None:
            return
        points = self.font().pointSizeF() * 1.1
        colour, ratio = theme().tokens.text, self.devicePixelRatioF()
        picture = typeset(classifier.latex.replace(">", r"\;>\;"), points, colour, ratio)
        if picture is None:
            self._formula.setText(classifier.equation)
        else:
            self._formula.setPixmap(picture)
        self._formula.setToolTip(classifier.equation)
        if found is None:
            return
        plot = self.plot
        plot.set_axes(quantity(found.across).short, quantity(found.up).short)
        signs = theme().sign_colours
        good, bad = signs["direct"], signs["inverse"]
        plot.show_sides(found.x, found.y, found.decision, with_opacity(good, 0.18))
        member = meets(self._frame, {n: tuple(ends) for n, ends in classifier.limits.items()})
        for mask, mark, paint in ((member, "o", good), (~member, "x", bad)):
            rows = self._frame[mask]
            tips = [_row_tip(classifier, row) for row in rows.to_dict("records")]
            plot.draw_points(
                rows[found.across], rows[found.up], paint, symbol=mark, size=7, tips=tips
            )
        entries = [
            ("meets the limits", good, "dot"),
            ("does not", bad, "cross"),
            ("accepted by the formula", good, "band"),
            ("border", theme().tokens.text, "line"),
        ]
        held = ", ".join(
            f"{quantity(n).symbol or n} = {number(v, 3)} {quantity(n).unit}".replace(" –", "")
            for n, v in found.held.items()
        )
        self.legend.show_entries("", entries)
        plot.set_title(f"Border at {held}; points of all conditions" if held else "")


def _row_tip(classifier: LimitClassifier, row: dict[str, Any]) -> str:
    names = [*classifier.inputs, *classifier.limits]
    lines = []
    for name in dict.fromkeys(names):
        found = quantity(name)
        lines.append(f"{found.symbol or found.label} {number(float(row[name]))} {found.unit}")
    return "\n".join(lines)


def error_text(classifier: LimitClassifier) -> str:
    """Errors of a classifier in words."""
    metrics = classifier.metrics
    train, held = metrics["train"], metrics.get("cross_validation")
    text = f"Right for {percent(train['accuracy'])} of {train['rows']} conditions"
    if held is None:
        return text + "."
    return (
        f"{text}; left out in turn, {percent(held['accuracy'])} right: {held['missed']} that meet "
        f"the limits are refused, {held['false']} that do not are accepted."
    )
