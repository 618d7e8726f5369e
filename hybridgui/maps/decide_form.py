"""What is wanted, what stays as it is, how much the process scatters, and the cell around it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.maps.electrode import ENERGY, CellAssumptions
from engine.maps.quantities import quantity
from engine.maps.responses import Responses, setting_range
from engine.maps.uncertainty import Scatter
from hybridgui.maps.goals_form import GoalsForm, LimitField
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Fold, clear_layout, label
from hybridgui.widgets.form import Choice, FormGroup, NumberField

_GAP, _PRESSURE = "gap_um", "pressure_MPa"
_WIDEST = 16_777_215
"""Largest width that Qt knows: as wide as the column."""
_SCATTER = (
    ("gap", "Roll gap ±", "µm", "Scatter of the roll gap, standard deviation"),
    ("pressure", "Pressure ±", "%", "Scatter of the pressure, in % of it, standard deviation"),
    (
        "initial_porosity",
        "Initial porosity ±",
        "points",
        "Scatter of the porosity before calendering, percentage points, standard deviation",
    ),
    (
        "am",
        "AM share ±",
        "points",
        "Scatter of the composition, percentage points, standard deviation",
    ),
)
_CELL = (
    ("specific_capacity", "Specific capacity", "mAh/g", 5000, "Reversible, per gram of AM"),
    ("voltage", "Mean voltage", "V", 10, "Of the discharge, against the counter electrode"),
    (
        "inactive_thickness",
        "Foils and separator",
        "µm",
        5000,
        "Counted in the volume of the energy density; 0 leaves them out. In a stack of coatings on both "
        "sides half of each foil belongs to one: about 30 µm with 15 µm of Al, 12 µm of Cu and 16 µm "
        "of separator",
    ),
    (
        "counter_capacity",
        "Counter electrode",
        "mAh/cm³",
        10_000,
        "Capacity of its coating per volume, any excess taken off, which makes it as thick as this "
        "electrode asks for; 0 leaves it out. Graphite of 1.5 g/cm³ with 10 % excess: about 450",
    ),
)


_USUAL = {
    "gap": Scatter().gap,
    "pressure": 100 * Scatter().pressure_share,
    "initial_porosity": Scatter().initial_porosity,
    "am": Scatter().am,
}


class DecideForm(QWidget):
    """Inputs of a recommendation.

    Signals
    -------
    edited : (name of a parameter without its prefix, value)
    """

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._responses: Responses | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(label("What is wanted", "heading"))
        self.goals = GoalsForm()
        self.goals.edited.connect(lambda goals: self.edited.emit("goals", goals))
        column.addWidget(self.goals)
        self._turns_group = FormGroup("Your calender is set by")
        self.turns_choice = Choice(
            [(name, quantity(name).label) for name in (_GAP, _PRESSURE)],
            tip="The recommendation, its scatter and the report speak of this first",
        )
        self.turns_choice.setAccessibleName("What the calender is set by")
        self.turns_choice.edited.connect(lambda name: self.edited.emit("lab_variable", name))
        self._turns_group.add_wide(self.turns_choice)
        column.addWidget(self._turns_group)
        self._fixed_group = FormGroup("Not to be moved")
        column.addWidget(self._fixed_group)
        self._fixed_problem = label("", "error", wrap=True)
        self._fixed_problem.hide()
        column.addWidget(self._fixed_problem)
        self._fixed: dict[str, LimitField] = {}
        group = FormGroup("Uncertainty")
        self.robust_box = QCheckBox("Robust choice")
        self.robust_box.setToolTip(
            "Choose the setting that is best on average over the errors of law, models and "
            "process, not the one that looks best on paper."
        )
        self.robust_box.clicked.connect(lambda on: self.edited.emit("robust", on))
        group.add_wide(self.robust_box)
        self.inside_box = QCheckBox("Only what was measured")
        self.inside_box.setToolTip(
            "Leave out settings where the calendering law or the models extrapolate: intervals "
            "hold within the data only."
        )
        self.inside_box.clicked.connect(lambda on: self.edited.emit("inside_only", on))
        group.add_wide(self.inside_box)
        self._scatter: dict[str, NumberField] = {}
        for name, text, unit, tip in _SCATTER:
            field = NumberField(0, 50, _USUAL[name], unit, step=0.5, tip=tip)
            field.edited.connect(lambda v, name=name: self.edited.emit(f"scatter_{name}", v))
            group.add(text, field, tip)
            self._scatter[name] = field
        self._scatter_group = group
        column.addWidget(group)
        fold = Fold("Cell, for capacity and energy")
        group = FormGroup()
        self._cell: dict[str, NumberField] = {}
        cell = CellAssumptions()
        for name, text, unit, most, tip in _CELL:
            low = 0.0 if name in ("inactive_thickness", "counter_capacity") else 0.01
            field = NumberField(low, most - 0.01, getattr(cell, name), unit, tip=tip)
            field.edited.connect(lambda _: self.edited.emit("cell", self._cell_values()))
            group.add(text, field, tip)
            self._cell[name] = field
        self.counted = label("", "small", wrap=True)
        fold.body.addWidget(group)
        fold.body.addWidget(self.counted)
        column.addWidget(fold)

    def show_sources(self, responses: Responses | None) -> None:
        """Offer the responses and settings at hand."""
        if responses is not None and responses is self._responses:
            return
        outputs = list(responses.outputs) if responses is not None else []
        self.goals.show_outputs(outputs)
        has_gap = responses is not None and responses.has_gap
        self._turns_group.setVisible(has_gap)
        if responses is not None:
            self.turns_choice.show_value(responses.lab_variable)
            turned = "gap" if responses.lab_variable == _GAP else "pressure"
            for name in ("gap", "pressure"):
                self._scatter_group.set_row_visible(self._scatter[name], name == turned)
        names = list(responses.settings) if responses is not None else []
        if responses is not None and responses.calibration is not None:
            # Gap and pressure are one setting: only what the lab turns is offered.
            names = [responses.lab_variable if name == _PRESSURE else name for name in names]
        self._responses = responses
        if list(self._fixed) == names:
            self._show_reach()
            return
        clear_layout(self._fixed_group.form)
        self._fixed = {}
        for name in names:
            one = quantity(name)
            field = LimitField("free")
            field.setMaximumWidth(_WIDEST)
            field.edited.connect(self._on_fixed)
            field.checked.connect(self._on_fixed_checked)
            self._fixed_group.add(f"{one.label} ({one.unit})", field)
            self._fixed[name] = field
        self._show_reach()

    def _show_reach(self) -> None:
        """Say within which bounds a setting can be held."""
        if self._responses is None:
            return
        asked = self._responses.asked(())
        for name, field in self._fixed.items():
            low, high = setting_range(asked, name)
            field.set_reach(low, high, quantity(name).label, quantity(name).unit)

    def show_values(self, values: dict[str, Any], goals: list[dict[str, Any]]) -> None:
        """Show the parameters as the study has them."""
        self.goals.show_goals(values.get("goals") or goals)
        fixed = self._in_lab_variable(values.get("fixed") or {})
        for name, line in self._fixed.items():
            line.show_value(fixed.get(name))
        self.robust_box.setChecked(bool(values.get("robust", True)))
        self.inside_box.setChecked(bool(values.get("inside_only", False)))
        for name, field in self._scatter.items():
            field.show_value(values.get(f"scatter_{name}", _USUAL[name]))
        cell = CellAssumptions() if self._responses is None else self._responses.cell
        for name, field in self._cell.items():
            field.show_value(getattr(cell, name))
        self.counted.setText(cell.sentence([ENERGY]))

    def scatter(self) -> dict[str, float]:
        """Standard deviations of the process."""
        values = {name: field.value() for name, field in self._scatter.items()}
        share = values.pop("pressure") / 100
        return values | {"pressure_share": share}

    def fixed(self) -> dict[str, float]:
        """Settings that are not to be moved; InputError where a value is no number."""
        values = {name: field.value() for name, field in self._fixed.items()}
        return {name: value for name, value in values.items() if value is not None}

    def _in_lab_variable(self, fixed: dict[str, float]) -> dict[str, float]:
        """Settings held, a gap as the pressure that it gives or the other way round."""
        held = next((name for name in (_GAP, _PRESSURE) if name in fixed), None)
        shown = next((name for name in (_GAP, _PRESSURE) if name in self._fixed), None)
        if held is None or shown in (None, held) or self._responses is None:
            return fixed
        rest = {name: value for name, value in fixed.items() if name != held}
        try:
            row = self._responses.complete(pd.DataFrame([{held: fixed[held]}]))
        except InputError:
            return rest
        value = float(row[shown].iloc[0])
        return rest | ({shown: round(value, 1)} if math.isfinite(value) else {})

    def _cell_values(self) -> dict[str, float]:
        return {name: field.value() for name, field in self._cell.items()}

    def _on_fixed_checked(self) -> None:
        told = next((field.problem for field in self._fixed.values() if field.problem), "")
        self._fixed_problem.setText(told)
        self._fixed_problem.setVisible(bool(told))

    def _on_fixed(self) -> None:
        try:
            self.edited.emit("fixed", self.fixed())
        except InputError:
            return  # it is said when a setting is asked for
