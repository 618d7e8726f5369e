"""What is wanted of the electrode: a direction and limits for each response."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.maps.quantities import quantity
from engine.maps.targets import Target
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, clear_layout, label, set_icon
from hybridgui.widgets.form import Choice, mark_invalid

_WISHES = [("", "–"), ("up", "Higher"), ("down", "Lower")]


class LimitField(QLineEdit):
    """A number or nothing; what is wrong with it is marked while it is typed.

    Signals
    -------
    edited : the user is done with it, whether it can be read or not
    checked : what is wrong may have changed
    """

    edited = Signal()
    checked = Signal()

    def __init__(self, placeholder: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(self.fontMetrics().averageCharWidth() * 6 + 22)
        self.editingFinished.connect(self.edited)
        self.textChanged.connect(lambda _: self.check())
        self._reach = (-math.inf, math.inf)
        self._name = self._unit = self._tip = ""
        self.problem = ""

    def set_reach(self, low: float, high: float, name: str = "", unit: str = "") -> None:
        """Accept only numbers between two bounds, given in words in the tooltip."""
        self._reach = low, high
        self._name, self._unit = name, "" if unit == "–" else f" {unit}"
        self._tip = f"{name}: free, or held at a value of {low:.4g} to {high:.4g}{self._unit}"
        self.check()

    def set_tip(self, tip: str) -> None:
        """Tooltip where nothing is wrong."""
        self._tip = tip
        self.check()

    def show_value(self, value: float | None) -> None:
        """Show a number, or nothing."""
        self.setText("" if value is None else f"{value:g}")

    def value(self) -> float | None:
        """The number; InputError where the text is none, or out of bounds."""
        text = self.text().strip().replace(",", ".")
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"'{self.text()}' is not a number: give a limit or nothing.")
        low, high = self._reach
        slack = 1e-6 * max(abs(low), abs(high)) if math.isfinite(low + high) else 0.0
        if not low - slack <= value <= high + slack:
            raise InputError(
                f"{self._name}: {value:g}{self._unit} is not between {low:.4g} and "
                f"{high:.4g}{self._unit}."
            )
        return value

    def check(self) -> None:
        """Mark what is typed where it cannot be read."""
        try:
            self.value()
        except InputError as error:
            self.mark(str(error))
        else:
            self.mark("")

    def mark(self, problem: str) -> None:
        """Mark the field and give the reason as its tooltip; empty is well."""
        if problem != self.problem:
            self.problem = problem
            mark_invalid(self, bool(problem))
        self.setToolTip(problem or self._tip)
        self.checked.emit()


class _GoalRow(QWidget):
    """One response by its full name: which way, and between which limits."""

    def __init__(self, output: str, parent: QWidget | None = None):
        super().__init__(parent)
        found = quantity(output)
        unit = "" if found.unit == "–" else f" ({found.unit})"
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        caption = label(f"{found.label}{unit}", wrap=True)
        head.addWidget(caption, 1)
        self.remove = button("", link=True)
        set_icon(self.remove, "ph.x", "muted")
        self.remove.setToolTip(f"Ask nothing of it: {found.label}")
        self.remove.setAccessibleName(self.remove.toolTip())
        head.addWidget(self.remove)
        column.addLayout(head)
        line = QHBoxLayout()
        line.setSpacing(GRID)
        self.wish = Choice(_WISHES, tip=f"Wanted: {found.label}")
        self.wish.setMinimumContentsLength(3)
        self.wish.setAccessibleName(f"Wanted: {found.label}")
        self.least, self.most = LimitField("≥ any"), LimitField("≤ any")
        self._output = output
        for field, words in ((self.least, "at least"), (self.most, "at most")):
            field.set_tip(f"{found.label}, {words}")
            field.setAccessibleName(field.toolTip())
            field.checked.connect(self._on_checked)
        line.addWidget(self.wish, 1)
        line.addWidget(self.least)
        line.addWidget(self.most)
        column.addLayout(line)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        column.addWidget(self.problem)

    def _on_checked(self) -> None:
        """Say under the fields what is wrong with the limits."""
        told = self.least.problem or self.most.problem
        if not told:
            try:
                goal = self.goal(self._output)
                if goal["least"] is not None or goal["most"] is not None:
                    Target(**goal)
            except InputError as error:
                told = str(error)
        self.problem.setText(told)
        self.problem.setVisible(bool(told))

    def show_goal(self, goal: dict[str, Any]) -> None:
        """Show a goal; an empty one clears the fields."""
        self.wish.show_value(goal.get("direction", ""))
        self.least.show_value(goal.get("least"))
        self.most.show_value(goal.get("most"))

    def goal(self, output: str) -> dict[str, Any]:
        """The goal as a JSON value; InputError where a limit is no number."""
        return {
            "output": output,
            "direction": self.wish.current,
            "least": self.least.value(),
            "most": self.most.value(),
        }


class GoalsForm(QWidget):
    """One row for each response that something is wanted of, and a way to add others.

    Signals
    -------
    edited : the goals as a list of dicts, as the user left them
    """

    edited = Signal(list)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)
        self._list = QVBoxLayout()
        self._list.setSpacing(GRID)
        self._column.addLayout(self._list)
        self.add_choice = Choice(tip="Ask something of another response")
        self.add_choice.setAccessibleName("Add a response")
        self.add_choice.edited.connect(self._on_added)
        self._column.addWidget(self.add_choice)
        self._rows: dict[str, _GoalRow] = {}

    def show_outputs(self, outputs: list[str]) -> None:
        """Make a row for each response; only those with a goal are seen."""
        if list(self._rows) == outputs:
            return
        clear_layout(self._list)
        self._rows = {}
        for output in outputs:
            self._rows[output] = row = _GoalRow(output)
            row.wish.edited.connect(lambda _: self._announce())
            row.least.edited.connect(self._announce)
            row.most.edited.connect(self._announce)
            row.remove.clicked.connect(lambda _=False, output=output: self._on_removed(output))
            self._list.addWidget(row)

    def row(self, output: str) -> _GoalRow:
        """The fields of one response."""
        return self._rows[output]

    def show_goals(self, goals: list[dict[str, Any]]) -> None:
        """Show goals without announcing them."""
        by_output = {goal.get("output"): goal for goal in goals}
        for output, row in self._rows.items():
            row.show_goal(by_output.get(output, {}))
            row.setVisible(output in by_output)
        rest = [(o, quantity(o).label) for o in self._rows if o not in by_output]
        self.add_choice.set_choices([("", "Add a response…"), *rest])
        self.add_choice.show_value("")
        self.add_choice.setVisible(bool(rest))

    def goals(self) -> list[dict[str, Any]]:
        """The goals as JSON values; InputError where a limit is no number."""
        return [row.goal(output) for output, row in self._rows.items() if not row.isHidden()]

    def targets(self) -> tuple[Target, ...]:
        """The goals for the engine; InputError where there is none or one cannot be."""
        found = tuple(Target(**goal) for goal in self.goals())
        if not found:
            raise InputError("Choose what is wanted of at least one response.")
        return found

    def _on_added(self, output: str) -> None:
        if not output:
            return
        row = self._rows[output]
        row.show_goal({"direction": quantity(output).direction})
        row.show()
        self._announce()

    def _on_removed(self, output: str) -> None:
        self._rows[output].hide()
        self._announce()

    def _announce(self) -> None:
        try:
            self.edited.emit(self.goals())
        except InputError:
            return
