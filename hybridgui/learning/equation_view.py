"""The equation of a model, set as in print, with the part that each term plays."""

from __future__ import annotations

import pandas as pd
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.learning.model import PropertyModel
from engine.learning.printing import to_latex, to_text
from engine.maps.quantities import quantity
from hybridgui.learning.typeset import typeset
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Card, clear_layout, follow_theme, label, line
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import rich

_FORMS = (
    ("LaTeX", "latex"),
    ("Excel formula", "excel"),
    ("Python function", "python"),
    ("MATLAB function", "matlab"),
    ("Plain text", "text"),
)


class TermBar(QWidget):
    """How far one term moves the prediction below and above its mean over the data."""

    def __init__(self, low: float, high: float, reach: float, *, positive: bool):
        super().__init__()
        self._positive = positive
        self._low, self._high, self._reach = low, high, reach or 1.0
        self.setFixedSize(160, 16)

    def paintEvent(self, event) -> None:
        """Draw the span on an axis through zero."""
        t = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, half = self.width() / 2, self.width() / 2 - 2
        painter.setPen(QColor(t.border_strong))
        painter.drawLine(int(middle), 0, int(middle), self.height())
        left = middle + half * self._low / self._reach
        right = middle + half * self._high / self._reach
        painter.setPen(Qt.PenStyle.NoPen)
        signs = theme().sign_colours
        painter.setBrush(QColor(signs["direct" if self._positive else "inverse"]))
        painter.drawRoundedRect(QRectF(left, 3, max(right - left, 3), 10), 3, 3)
        painter.end()


class EquationView(QWidget):
    """Equation, terms, statements, and copies for other programs."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2 * GRID, 0, 0)
        outer.setSpacing(GRID)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setObjectName("plain")
        content = QWidget()
        content.setObjectName("plain")
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2 * GRID)
        scroll.setWidget(content)
        outer.addWidget(scroll, 1)
        row = QHBoxLayout()
        self.copy_button = QPushButton("Copy equation as")
        self.copy_button.setProperty("menu", True)
        menu = QMenu(self.copy_button)
        for text, form in _FORMS:
            menu.addAction(text, lambda form=form: self.copy(form))
        self.copy_button.setMenu(menu)
        row.addWidget(self.copy_button)
        self._copied = label("", "muted")
        row.addWidget(self._copied)
        row.addStretch(1)
        outer.addLayout(row)
        self._model: PropertyModel | None = None
        self._frame: pd.DataFrame | None = None
        follow_theme(self, self._draw)

    def show_model(self, model: PropertyModel, frame: pd.DataFrame) -> None:
        """Show a model; `frame` is the data over which its terms are measured."""
        self._model, self._frame = model, frame
        self._copied.setText("")
        self._draw()

    def copy(self, form: str) -> None:
        """Put the equation on the clipboard in one of the forms of `PropertyModel.export`."""
        if self._model is None:
            return
        QGuiApplication.clipboard().setText(self._model.export(form))
        self._copied.setText("Copied")

    def _draw(self) -> None:
        model = self._model
        clear_layout(self._column)
        if model is None:
            return
        self.copy_button.setVisible(model.symbolic is not None)
        if model.symbolic is not None:
            self._column.addWidget(self._equation_card(model))
        else:
            card = Card()
            card.body.addWidget(
                label(
                    "This model has no equation. Its predictions and their intervals are used by "
                    "the maps like those of any other.",
                    wrap=True,
                )
            )
            self._column.addWidget(card)
        if model.statements:
            card = Card("What to know about this model")
            for statement in dict.fromkeys(model.statements):
                text = in_words(statement, (model.target, *model.inputs))
                card.body.addWidget(label(text, wrap=True, selectable=True))
            self._column.addWidget(card)
        card = Card("Valid for")
        for name, (low, high) in model.domain.items():
            found = quantity(name)
            text = (
                f"{found.label} {rich(found.symbol)} {number(low)} to {number(high)} {found.unit}"
            )
            shown = label(text, "")
            shown.setTextFormat(Qt.TextFormat.RichText)
            card.body.addWidget(shown)
        self._column.addWidget(card)
        self._column.addStretch(1)

    def _equation_card(self, model: PropertyModel) -> Card:
        card = Card()
        found = quantity(model.target)
        unit = "" if found.unit == "–" else f" ({found.unit})"
        intercept = number(float(model.symbolic.intercept))
        head = label(f"<b>{rich(found.symbol or found.label)}</b>{unit} = {intercept}")
        head.setTextFormat(Qt.TextFormat.RichText)
        card.body.addWidget(head)
        try:
            sizes = model.term_sizes(self._frame)
        except InputError:  # the data that it was trained on are not at hand
            sizes = []
        # From its mean: what a term adds everywhere is no more than a part of the intercept.
        spans = [(s["low"] - s["mean"], s["high"] - s["mean"]) for s in sizes]
        reach = max((max(-low, high) for low, high in spans), default=1.0)
        for index, term in enumerate(model.symbolic.terms):
            text, latex = to_text(term), to_latex(term)
            if term.op in ("+", "-"):  # a sum that is multiplied needs its brackets
                text, latex = f"({text})", rf"\left({latex}\right)"
            coefficient = float(model.symbolic.coefficients[index])
            span = spans[index] if spans else None
            card.body.addWidget(self._term(coefficient, text, latex, span, reach))
        if sizes:
            card.body.addWidget(line())
            card.body.addWidget(
                label(
                    "Bars: how far each term moves the prediction from its mean over the data.",
                    "small",
                )
            )
        return card

    def _term(
        self,
        coefficient: float,
        text: str,
        latex: str,
        span: tuple[float, float] | None,
        reach: float,
    ) -> QWidget:
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(GRID)
        sign = "−" if coefficient < 0 else "+"
        inside.addWidget(label(f"{sign} {number(abs(coefficient))}", selectable=True))
        inside.addWidget(label("×", "muted"))
        inside.addWidget(self._formula(text, latex), 1)
        if span is not None:
            words = f"{number(span[0], 3)} to {number(span[1], 3)}"
            bar = TermBar(*span, reach, positive=coefficient >= 0)
            bar.setToolTip(words)
            inside.addWidget(label(words, "small"))
            inside.addWidget(bar)
        return row

    def _formula(self, text: str, latex: str) -> QLabel:
        shown = QLabel()
        points = self.font().pointSizeF() * 1.1
        picture = typeset(latex, points, theme().tokens.text, self.devicePixelRatioF())
        if picture is None:
            shown.setText(text)
            shown.setFont(theme().monospace())
            shown.setWordWrap(True)
        else:
            shown.setPixmap(picture)
        shown.setToolTip(text)
        shown.setAccessibleName(text)
        return shown


def in_words(statement: str, columns: tuple[str, ...]) -> str:
    """Write columns that a statement quotes by their names."""
    for column in columns:
        statement = statement.replace(f"'{column}'", quantity(column).label.lower())
    return statement
