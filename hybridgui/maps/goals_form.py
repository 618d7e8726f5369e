"""What is wanted of the electrode: a direction and limits for each response."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from engine.errors import InputError
from engine.maps.quantities import quantity
from engine.maps.targets import Target
from hybridgui.theme import GRID
from hybridgui.widgets.basics import clear_layout, label
from hybridgui.widgets.flow import FlowLayout
from hybridgui.widgets.form import Choice
from hybridgui.widgets.plot import rich

_WISHES = [("", "–"), ("up", "Higher"), ("down", "Lower")]


class LimitField(QLineEdit):
    """A number or nothing."""

    edited = Signal()

    def __init__(self, placeholder: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(self.fontMetrics().averageCharWidth() * 6 + 22)
        self.editingFinished.connect(self.edited)

    def show_value(self, value: float | None) -> None:
        """Show a number, or nothing."""
        self.setText("" if value is None else f"{value:g}")

    def value(self) -> float | None:
        """The number; InputError where the text is none."""
        text = self.text().strip().replace(",", ".")
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            raise InputError(f"'{self.text()}' is not a number: give a limit or nothing.") from None


class GoalsForm(QWidget):
    """One row a response.

    Signals
    -------
    edited : the goals as a list of dicts, as the user left them
    """

    edited = Signal(list)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._flow = FlowLayout(self, across=2 * GRID, down=4)
        self._rows: dict[str, tuple[Choice, LimitField, LimitField]] = {}

    def show_outputs(self, outputs: list[str]) -> None:
        """Lay out a row for each response."""
        if list(self._rows) == outputs:
            return
        clear_layout(self._flow)
        self._rows = {}
        for output in outputs:
            self._flow.addWidget(self._row(output))

    def _row(self, output: str) -> QWidget:
        found = quantity(output)
        unit = "" if found.unit == "–" else f" ({found.unit})"
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(GRID)
        caption = label(f"{rich(found.symbol or found.label)}{unit}")
        caption.setTextFormat(Qt.TextFormat.RichText)
        caption.setToolTip(found.label)
        caption.setFixedWidth(caption.fontMetrics().averageCharWidth() * 14)
        wish = Choice(_WISHES, tip=f"Wanted: {found.label}")
        wish.setFixedWidth(wish.fontMetrics().averageCharWidth() * 8 + 56)
        wish.setAccessibleName(f"Wanted: {found.label}")
        least, most = LimitField("≥ any"), LimitField("≤ any")
        least.setToolTip(f"{found.label}, at least")
        most.setToolTip(f"{found.label}, at most")
        for widget in (least, most):
            widget.setAccessibleName(widget.toolTip())
        for widget in (caption, wish, least, most):
            inside.addWidget(widget)
        wish.edited.connect(lambda _: self._announce())
        least.edited.connect(self._announce)
        most.edited.connect(self._announce)
        self._rows[output] = (wish, least, most)
        return row

    def show_goals(self, goals: list[dict[str, Any]]) -> None:
        """Show goals without announcing them."""
        by_output = {goal.get("output"): goal for goal in goals}
        for output, (wish, least, most) in self._rows.items():
            goal = by_output.get(output, {})
            wish.show_value(goal.get("direction", ""))
            least.show_value(goal.get("least"))
            most.show_value(goal.get("most"))

    def goals(self) -> list[dict[str, Any]]:
        """The goals as JSON values; InputError where a limit is no number."""
        found = []
        for output, (wish, least, most) in self._rows.items():
            goal = {
                "output": output,
                "direction": wish.current,
                "least": least.value(),
                "most": most.value(),
            }
            if goal["direction"] or goal["least"] is not None or goal["most"] is not None:
                found.append(goal)
        return found

    def targets(self) -> tuple[Target, ...]:
        """The goals for the engine; InputError where there is none or one cannot be."""
        found = tuple(Target(**goal) for goal in self.goals())
        if not found:
            raise InputError("Choose what is wanted of at least one response.")
        return found

    def _announce(self) -> None:
        try:
            self.edited.emit(self.goals())
        except InputError:
            return
