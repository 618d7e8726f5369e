"""The form of the structure page: what goes in, and at once what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import InputError
from engine.experiment.calibration import GapCalibration
from engine.properties.conductivities import Conductivities
from engine.structure.condition import Condition
from engine.structure.options import GENERATOR_OPTIONS
from hybridgui.experiment.words import coating_plain
from hybridgui.structure.derived_values import DerivedValues
from hybridgui.structure.material_presets import OWN, SIZE_OPTIONS, MaterialPresets
from hybridgui.structure.options_form import option_label
from hybridgui.structure.recipe_fields import RecipeFields
from hybridgui.structure.recipe_plan import PREFIX, Plan, RecipeReader
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice
from hybridgui.widgets.form import Choice, NumberField

_FROM_SHEET = {
    "am_percent": "active material",
    "initial_porosity_percent": "initial porosity",
    "initial_thickness_um": "initial thickness",
    "driver": "pressing",
    "porosity_percent": "porosity",
    "thickness_um": "thickness",
}


class RecipeForm(QWidget):
    """Inputs of a structure, kept in the study as parameters that can be undone.

    Signals
    -------
    changed : the plan is another one
    """

    changed = Signal()

    def __init__(self, model: StudyModel, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = model
        self._reader = RecipeReader(model)
        self._plan = Plan(None)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        self._build(layout)
        self._connect()
        model.parameterChanged.connect(self._on_parameter_changed)
        model.lawChanged.connect(self.refresh)
        model.tableChanged.connect(self.refresh)
        model.studyOpened.connect(self.refresh)

    # -- what it asks for -----------------------------------------------------------------------
    @property
    def plan(self) -> Plan:
        """Condition, warnings or problem of the inputs as they stand."""
        return self._plan

    @property
    def seed(self) -> int:
        """Seed of the structure."""
        return int(self._value("seed"))

    @property
    def conductivities(self) -> Conductivities:
        """Bulk values of the phases."""
        return Conductivities.of(self._value("conductivities"))

    def field(self, name: str) -> QWidget:
        """Field of a parameter, by its name."""
        return self._fields[name]

    def law(self):
        """The law in use: the study's own, or the published one."""
        return self._reader.law()

    @property
    def calibration(self) -> GapCalibration:
        """What links gap and pressure."""
        return self.law().calibration

    def set_condition(
        self, condition: Condition, seed: int, conductivities: Mapping[str, float] | None = None
    ) -> None:
        """Show the inputs of a condition, with the conductivities if given (one step to undo)."""
        values: dict[str, Any] = {
            "protocol": condition.protocol,
            "am_percent": 100 * condition.recipe.am_fraction,
            "box_y_um": condition.box[0],
            "box_x_um": condition.box[1],
            "voxel_size_um": condition.voxel_size,
            "seed": int(seed),
            "options": dict(condition.options),
            "amount_by": "thickness",
            "cbd_parts": "one",
            "law": "study",
        }
        if conductivities is not None:
            values["conductivities"] = dict(conductivities)
        usual = "resolved" if condition.protocol == "published" else "total"
        values["porosity_kind"] = (
            "" if condition.porosity_kind == usual else condition.porosity_kind
        )
        if condition.protocol == "physical":
            values["am_density"] = condition.recipe.am_density
            values["cbd_density"] = condition.recipe.cbd_density
            values["cbd_nanoporosity_percent"] = 100 * condition.recipe.cbd_nanoporosity
        if condition.coating is not None:
            values["initial_porosity_percent"] = 100 * condition.coating.initial_porosity
            values["initial_thickness_um"] = condition.coating.initial_thickness
        if condition.pressure is not None:
            values["driver"] = ["pressure", condition.pressure]
        else:
            values["law"] = "none"
            values["porosity_percent"] = 100 * condition.porosity
            values["thickness_um"] = condition.thickness
        self._set_all(values, "Show condition")

    # -- parts ------------------------------------------------------------------------------------
    def _build(self, layout: QVBoxLayout) -> None:
        inputs = self._inputs = RecipeFields(self._make_presets)
        self._fields = inputs.fields
        self.origin, self.new_seed = inputs.origin, inputs.new_seed
        self.more, self.options = inputs.more, inputs.options
        inputs.new_seed.clicked.connect(lambda *_: self._on_new_seed())
        layout.addWidget(inputs.before)
        layout.addWidget(inputs.after)
        self._derived = DerivedValues()
        layout.addWidget(self._derived)
        self.notice = Notice("warning")
        layout.addWidget(self.notice)
        layout.addWidget(inputs.sample)
        layout.addWidget(inputs.more)

    def _make_presets(self, choice: Choice) -> MaterialPresets:
        self.presets = MaterialPresets(
            self._model, choice, self._material_values, self._on_material
        )
        return self.presets

    def _connect(self) -> None:
        for name, field in self._fields.items():
            if name in ("pressure_MPa", "gap_um"):
                driver = name.split("_")[0]
                field.edited.connect(lambda v, d=driver: self._on_driver(d, v))
            elif name == "material":
                field.edited.connect(self._on_material)
            elif name in ("am_density", "specific_capacity"):
                field.edited.connect(lambda v, n=name: self._on_own_material(n, v))
            else:
                field.edited.connect(lambda v, n=name: self._set(n, v))
        self.options.edited.connect(self._on_option)
        self._inputs.conductivities.edited.connect(
            lambda values, words: self._set(
                "conductivities", values, f"Change conductivity: {words}"
            )
        )

    # -- parameters -----------------------------------------------------------------------------
    def _value(self, name: str) -> Any:
        return self._reader.value(name)

    def _set(self, name: str, value: Any, text: str = "") -> None:
        field = self._fields.get(name)
        words = field.accessibleName().lower() if field is not None else name.replace("_", " ")
        self._model.set_parameter(PREFIX + name, value, text or f"Change {words or name}")

    def _options(self) -> dict[str, Any]:
        return dict(self._value("options"))

    def _on_driver(self, driver: str, value: float) -> None:
        self._set("driver", [driver, value], f"Change {driver}")

    def _material_values(self) -> tuple[float, float, dict[str, Any]]:
        return self._value("am_density"), self._value("specific_capacity"), self._options()

    def _on_material(self, name: str) -> None:
        preset = self.presets.get(name)
        values: dict[str, Any] = {"material": name}
        if preset is not None:
            sizes = {n: self._options()[n] for n in self._options() if n not in SIZE_OPTIONS}
            values |= {
                "am_density": preset.density,
                "specific_capacity": preset.specific_capacity,
                "options": sizes | preset.changed_options,
            }
        self._set_all(values, "Change material")

    def _on_own_material(self, name: str, value: float) -> None:
        self._set_all({name: value, "material": OWN}, "Change material")

    def _set_all(self, values: dict[str, Any], text: str) -> None:
        """Change several parameters in one step."""
        self._model.undo_stack.beginMacro(text)
        try:
            for name, value in values.items():
                self._set(name, value, text)
        finally:
            self._model.undo_stack.endMacro()

    def _on_option(self, name: str, value: Any) -> None:
        options = self._options()
        if options.get(name, GENERATOR_OPTIONS[name][0]) == value:
            return
        if value == GENERATOR_OPTIONS[name][0]:
            options.pop(name, None)
        else:
            options[name] = value
        values: dict[str, Any] = {"options": options}
        if name in SIZE_OPTIONS:
            values["material"] = OWN  # no longer the sizes of the preset
        self._set_all(values, f"Change {option_label(name).lower()}")

    def _on_new_seed(self) -> None:
        self._set("seed", self.seed + 1, "New seed")

    def _on_parameter_changed(self, key: str, value: Any) -> None:
        if key.startswith(PREFIX):
            self.refresh()

    # -- showing ----------------------------------------------------------------------------------
    def refresh(self) -> None:
        """Show the parameters, and what follows from them."""
        if not self._model.is_open:
            return
        for name, field in self._fields.items():
            if name == "material":
                self.presets.show_material(self._value(name))
            elif name not in ("pressure_MPa", "gap_um"):
                field.show_value(self._value(name))
        self._inputs.conductivities.show_values(self._value("conductivities"))
        published = self._value("protocol") == "published"
        self.options.show_options(self._options(), published=published)
        self._show_driver()
        self._show_origin()
        given = self._value("law") == "none"
        by = self._value("amount_by")
        parts = self._value("cbd_parts") == "parts" and not published
        for group, name, shown in (
            (self._inputs.before, "carbon_percent", parts),
            (self._inputs.before, "initial_porosity_percent", not given),
            (self._inputs.before, "initial_thickness_um", not given and by == "thickness"),
            (self._inputs.before, "loading_mg_cm2", by == "loading"),
            (self._inputs.before, "capacity_mAh_cm2", by == "capacity"),
            (self._inputs.after, "pressure_MPa", not given),
            (self._inputs.after, "gap_um", not given and self._gap_has_meaning()),
            (self._inputs.after, "porosity_percent", given),
            (self._inputs.after, "thickness_um", given and by == "thickness"),
            (self._inputs.more_group, "cbd_density", not parts),
            (self._inputs.more_group, "carbon_density", parts),
            (self._inputs.more_group, "binder_density", parts),
        ):
            group.set_row_visible(self._fields[name], shown)
        for name in ("am_density", "cbd_density", "cbd_nanoporosity_percent", "cbd_parts"):
            self._fields[name].setEnabled(not published)
        self._plan = self._reader.plan()
        self._show_derived()
        self.changed.emit()

    def _gap_has_meaning(self) -> bool:
        """Whether the law in use links pressures to a gap of the calender they were measured on.

        A law in the pressure from a sheet beyond the gap calibration was measured on a machine
        whose gaps nobody knows: the published ones would mislead. A gap that is set stays shown.
        """
        table, fitted = self._model.table, self._value("law") == "study"
        if table is None or table.has_gap or not fitted or self._model.law is None:
            return True
        return self._value("driver") == "gap" or self.law().uses_gap

    def _show_driver(self) -> None:
        driver, value = self._value("driver")
        calibration = self.calibration
        try:
            if driver == "pressure":
                pressure, gap = value, float(calibration.gap(value))
            else:
                pressure, gap = float(calibration.pressure(value)), value
        except InputError as error:
            pressure = gap = None
            reason = str(error)
        else:
            reason = ""
        for name, field, follows in (
            ("pressure", self._inputs.pressure, pressure),
            ("gap", self._inputs.gap, gap),
        ):
            _show_or_dash(field, value if name == driver else _rounded(follows), reason)

    def _show_origin(self) -> None:
        """Say which inputs come from the sheet and not from the user."""
        words = [_FROM_SHEET[name] for name in self._reader.taken_from_sheet()]
        listed = " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
        coating = coating_plain(self._reader.of_sheet().get("coating", ""))
        self.origin.setText(f"From the sheet, coating {coating}: {listed}." if words else "")
        self._inputs.before.set_row_visible(self.origin, bool(words))

    def _show_derived(self) -> None:
        plan = self._plan
        law = "" if self._value("law") == "none" else self.law().kind
        binder = self._reader.binder if plan.condition is not None else None
        self._derived.show_condition(plan.condition, law, self._value("specific_capacity"), binder)
        if plan.problem:
            self.notice.set_text(plan.problem, "error")
        else:
            said = list(plan.warnings)
            if self._model.law is None and self._value("law") == "study":
                said.insert(0, "This study has no law yet: the published one is used.")
            self.notice.set_sentences(said, "warning")

    def derived(self) -> dict[str, str]:
        """The derived values as shown, by their names."""
        return self._derived.texts


def _rounded(value: float | None) -> float | None:
    """Three digits: what follows from a calibration is known no better."""
    return None if value is None else float(f"{value:.3g}")


def _show_or_dash(field: NumberField, value: float | None, reason: str) -> None:
    """Show a value, or a dash where there is none; the tooltip says why."""
    field.setSpecialValueText("–" if value is None else "")
    field.show_value(field.minimum() if value is None else value)
    usual = field.property("usualTip")
    if usual is None:
        usual = field.toolTip()
        field.setProperty("usualTip", usual)
    field.setToolTip(reason if value is None else usual)
