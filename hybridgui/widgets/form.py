"""Fields with their unit inside, in groups."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QPaintEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from hybridgui.theme import GRID
from hybridgui.widgets.basics import label


def mark_invalid(field: QWidget, invalid: bool) -> None:
    """Give a field the border of one that cannot be read, or take it away."""
    field.setProperty("invalid", invalid)
    field.style().unpolish(field)
    field.style().polish(field)


class NumberField(QDoubleSpinBox):
    """A number with its unit. Trailing zeros are not shown; the wheel does not change it.

    A number out of range can be typed, is marked, and is refused with its reason: the field goes
    back to the value before. Qt alone would swallow the last digit, and make 500 of 5000.

    Signals
    -------
    edited : the new value, when the user changed it (not when the program did)
    """

    edited = Signal(float)

    def __init__(
        self,
        low: float,
        high: float,
        value: float,
        unit: str = "",
        *,
        decimals: int = 2,
        step: float = 1.0,
        tip: str = "",
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self.setLocale(QLocale.c())
        self.setDecimals(decimals)
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setSuffix(f" {unit}" if unit else "")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        self.setMinimumWidth(112)
        self._unit = f" {unit}" if unit else ""
        self._tip = f"{tip}\n{low:g} to {high:g}{self._unit}".strip()
        self.setToolTip(self._tip)
        self.problem = ""
        self.lineEdit().textEdited.connect(lambda text: self._mark(self._out_of_range(text)))
        self._quiet = False
        self.setValue(value)
        self.valueChanged.connect(self._on_value_changed)

    def show_value(self, value: float | None) -> None:
        """Set the value without announcing it."""
        if value is None or not math.isfinite(value) or value == self.value():
            return
        self._quiet = True
        try:
            self.setValue(value)
        finally:
            self._quiet = False

    def textFromValue(self, value: float) -> str:
        """Show as many decimals as the value has."""
        text = f"{value:.{self.decimals()}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def valueFromText(self, text: str) -> float:
        """Accept a decimal comma as well as a point."""
        return super().valueFromText(text.replace(",", "."))

    def validate(self, text: str, position: int):
        """Accept a decimal comma as well as a point, and numbers out of range until they are done."""
        found = super().validate(text.replace(",", "."), position)
        if found[0] == QValidator.State.Invalid and self._out_of_range(text):
            return QValidator.State.Intermediate, text, position
        return found

    def _typed(self, text: str) -> float | None:
        """The number in a text with or without the unit; None where there is none."""
        try:
            value = float(text.removesuffix(self.suffix()).strip().replace(",", "."))
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def _out_of_range(self, text: str) -> str:
        """Why a number cannot be taken; empty where it can, and where there is none."""
        value = self._typed(text)
        if value is None or self.minimum() <= value <= self.maximum():
            return ""
        if value > self.maximum():
            return f"{value:g}{self._unit} is above {self.maximum():g}{self._unit}."
        return f"{value:g}{self._unit} is below {self.minimum():g}{self._unit}."

    def _mark(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            mark_invalid(self, bool(problem))
        self.setToolTip(problem or self._tip)

    def fixup(self, text: str) -> str:
        """Refuse a number out of range, and say so where it was typed."""
        problem = self._out_of_range(text)
        if problem and self.isVisible():
            kept = f"{self.textFromValue(self.value())}{self._unit}"
            place = self.mapToGlobal(self.rect().bottomLeft())
            QToolTip.showText(place, f"{problem} {kept} is kept.", self)
        self._mark("")
        return super().fixup(text)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the form scroll instead of changing a number by accident."""
        event.ignore()

    def _on_value_changed(self, value: float) -> None:
        if not self._quiet:
            self.edited.emit(value)


class IntegerField(QSpinBox):
    """A whole number; the wheel does not change it."""

    edited = Signal(int)

    def __init__(
        self, low: int, high: int, value: int, unit: str = "", *, tip: str = "", parent=None
    ):
        super().__init__(parent)
        self.setRange(low, high)
        self.setSuffix(f" {unit}" if unit else "")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        self.setMinimumWidth(112)
        self.setToolTip(f"{tip}\n{low:,} to {high:,}".strip())
        self._quiet = False
        self.setValue(value)
        self.valueChanged.connect(lambda v: None if self._quiet else self.edited.emit(v))

    def show_value(self, value: int | None) -> None:
        """Set the value without announcing it."""
        if value is None:
            return
        self._quiet = True
        try:
            self.setValue(int(value))
        finally:
            self._quiet = False

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the form scroll instead of changing a number by accident."""
        event.ignore()


class Choice(QComboBox):
    """One of a few keyed choices; the wheel does not change it."""

    edited = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]] = (), *, tip: str = "", parent=None):
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(10)
        if tip:
            self.setToolTip(tip)
        else:
            self.currentTextChanged.connect(self.setToolTip)
        self.set_choices(choices)
        self.activated.connect(lambda _: self.edited.emit(self.current))

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Replace the choices; the choice taken stays where it can."""
        before = self.current
        blocked = self.blockSignals(True)
        self.clear()
        for key, text in choices:
            self.addItem(text, key)
        self.show_value(before)
        self.blockSignals(blocked)

    @property
    def current(self) -> str:
        """Key of the choice, empty where there is none."""
        data = self.currentData()
        return "" if data is None else str(data)

    def show_value(self, key: str | None) -> None:
        """Take a choice without announcing it."""
        index = self.findData(key)
        if index >= 0:
            self.setCurrentIndex(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box; a text that is too long ends in an ellipsis, not in half a letter."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        place = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, place.width()
        )
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the form scroll instead of changing the choice by accident."""
        event.ignore()


class NumberListField(QLineEdit):
    """A list of numbers: "93, 94, 95" or "40:50:2" (from : to : step).

    What is typed is read by a function of the engine, which raises `InputError`.

    Signals
    -------
    edited : the new list, only when it could be read
    """

    edited = Signal(list)

    def __init__(
        self,
        read: Callable[[str], list[float]],
        values: Sequence[float],
        unit: str = "",
        *,
        tip: str = "",
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self._read = read
        self._unit = unit
        self._tip = tip or "Numbers with commas, or from : to : step."
        self.problem = ""
        self._last: list[float] = list(values)
        self.show_value(values)
        self.textEdited.connect(lambda _: self._check())
        self.editingFinished.connect(self._on_finished)

    def show_value(self, values: Sequence[float]) -> None:
        """Set the list without announcing it."""
        self._last = [float(v) for v in values]
        self.setText(", ".join(f"{v:.10g}" for v in values))
        if not self.hasFocus():
            self.setCursorPosition(0)  # of a long list the beginning shows, not the end
        self._check()

    def values(self) -> list[float]:
        """The numbers typed; raises `InputError` where they cannot be read."""
        return self._read(self.text())

    def _check(self) -> None:
        try:
            self._read(self.text())
            self.problem = ""
        except ValueError as error:
            self.problem = str(error)
        mark_invalid(self, bool(self.problem))
        self.setToolTip(self.problem or self._tip)

    def _on_finished(self) -> None:
        self._check()
        if not self.problem:
            values = self.values()
            if values != self._last:
                self._last = values
                self.edited.emit(values)


class FormGroup(QWidget):
    """A heading and its fields, labels left, fields right aligned in one column."""

    def __init__(self, heading: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(GRID)
        if heading:
            outer.addWidget(label(heading, "heading"))
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(GRID)
        self._form.setVerticalSpacing(GRID)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        # A long label with a large font stands over its field instead of pushing it out.
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        outer.addLayout(self._form)

    @property
    def form(self) -> QFormLayout:
        """Layout of the fields."""
        return self._form

    def add(self, text: str, field: QWidget, tip: str = "") -> QWidget:
        """Add a field and return it; its label is its buddy and accessible name."""
        caption = label(text)
        caption.setBuddy(field)
        # As high as a field, or it would stand above the field's text.
        caption.setMinimumHeight(caption.fontMetrics().height() + 16)
        if tip:
            caption.setToolTip(tip)
        field.setAccessibleName(text)
        self._form.addRow(caption, field)
        return field

    def add_wide(self, field: QWidget) -> QWidget:
        """Add something that spans both columns and return it."""
        self._form.addRow(field)
        return field

    def set_row_visible(self, field: QWidget, visible: bool) -> None:
        """Show or hide a field with its label."""
        self._form.setRowVisible(field, visible)


def beside(*widgets: QWidget) -> QWidget:
    """Return a row of widgets."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID)
    for widget in widgets:
        layout.addWidget(widget)
    return row
