"""The form of the structure page: what goes in, and at once what follows from it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import InputError
from engine.experiment.calibration import GapCalibration
from engine.structure.condition import Condition
from engine.structure.options import GENERATOR_OPTIONS
from hybridgui.structure.derived_values import DerivedValues
from hybridgui.structure.material_presets import OWN, SIZE_OPTIONS, MaterialPresets
from hybridgui.structure.options_form import OptionsForm, option_label
from hybridgui.structure.recipe_plan import PREFIX, Plan, RecipeReader
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Fold, Notice, button, label
from hybridgui.widgets.form import Choice, FormGroup, IntegerField, NumberField, beside

_FROM_SHEET = {
    "am_percent": "active material",
    "initial_porosity_percent": "initial porosity",
    "initial_thickness_um": "initial thickness",
    "driver": "pressing",
    "porosity_percent": "porosity",
    "thickness_um": "thickness",
}


def changed_options(options: dict[str, Any]) -> dict[str, Any]:
    """Options that differ from the defaults."""
    return {n: v for n, v in options.items() if GENERATOR_OPTIONS[n].default != v}


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
        self._build_recipe(layout)
        self._build_calendering(layout)
        self._build_derived(layout)
        self._build_sample(layout)
        self._build_more(layout)
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

    def set_condition(self, condition: Condition, seed: int) -> None:
        """Show the inputs of a condition (one step to undo)."""
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
    def _build_recipe(self, layout: QVBoxLayout) -> None:
        group = FormGroup("Before calendering")
        self._fields: dict[str, Any] = {}
        self._add(
            group,
            "material",
            "Material",
            Choice(
                tip="Sets density, specific capacity and particle sizes; all can be changed "
                "under More options.",
            ),
        )
        self.presets = MaterialPresets(
            self._model, self._fields["material"], self._material_values, self._on_material
        )
        group.add_wide(self.presets)
        self._add(
            group,
            "am_percent",
            "Active material",
            NumberField(
                1,
                100,
                94,
                "%",
                step=0.5,
                tip="Mass fraction of active material; the rest is carbon black and binder.",
            ),
        )
        self._add(
            group,
            "carbon_percent",
            "Carbon black",
            NumberField(
                0, 99, 3, "%", step=0.5, tip="Mass fraction; what is left to 100 % is binder."
            ),
        )
        self._add(
            group,
            "initial_porosity_percent",
            "Initial porosity",
            NumberField(
                1,
                99,
                46,
                "%",
                step=1,
                tip="Porosity of the dried electrode, as a lab computes it from mass and "
                "thickness (pores inside the CBD included).",
            ),
        )
        self._add(
            group,
            "amount_by",
            "Coating by",
            Choice(
                [
                    ("thickness", "Thickness"),
                    ("loading", "Loading"),
                    ("capacity", "Areal capacity"),
                ],
                tip="What says how much coating there is; the others follow from it.",
            ),
        )
        self._add(
            group,
            "initial_thickness_um",
            "Initial thickness",
            NumberField(1, 2000, 100, "µm", step=5, tip="Of the coating, without the foil."),
        )
        self._add(
            group,
            "loading_mg_cm2",
            "Loading",
            NumberField(
                0.1, 500, 20, "mg/cm²", step=1, tip="Mass of the dry coating, binder included."
            ),
        )
        self._add(
            group,
            "capacity_mAh_cm2",
            "Areal capacity",
            NumberField(
                0.01,
                100,
                3,
                "mAh/cm²",
                step=0.1,
                tip="Of the active material in the coating, at the specific capacity under More "
                "options.",
            ),
        )
        self.origin = label("", "small", wrap=True)
        group.add_wide(self.origin)
        self._before = group
        layout.addWidget(group)

    def _build_calendering(self, layout: QVBoxLayout) -> None:
        group = FormGroup("Calendering")
        self._add(
            group,
            "law",
            "Law",
            Choice(
                [
                    ("study", "Law of this study"),
                    ("published", "Published law"),
                    ("none", "Porosity given"),
                ],
                tip="Where the porosity after calendering comes from.",
            ),
        )
        pressure = NumberField(
            0, 2000, 120, "MPa", step=5, tip="Calender pressure; sets the roll gap."
        )
        gap = NumberField(0, 500, 15, "µm", step=1, tip="Roll gap; sets the calender pressure.")
        self._pressure = group.add("Pressure", pressure)
        self._gap = group.add("Roll gap", gap)
        self._fields["pressure_MPa"], self._fields["gap_um"] = pressure, gap
        self._add(
            group,
            "porosity_percent",
            "Porosity",
            NumberField(1, 99, 33, "%", step=1, tip="Porosity after calendering."),
        )
        self._add(
            group,
            "thickness_um",
            "Thickness",
            NumberField(1, 5000, 80, "µm", step=5, tip="Thickness after calendering."),
        )
        self._after = group
        layout.addWidget(group)

    def _build_derived(self, layout: QVBoxLayout) -> None:
        self._derived = DerivedValues()
        layout.addWidget(self._derived)
        self.notice = Notice("warning")
        layout.addWidget(self.notice)

    def _build_sample(self, layout: QVBoxLayout) -> None:
        group = FormGroup("Sample")
        self._add(
            group,
            "protocol",
            "Protocol",
            Choice(
                [("physical", "Physical"), ("published", "As published")],
                tip="Physical: conserves the solid, packs without gross overlap. As published: "
                "the rules of Duquesnoy et al. 2020, for comparison.",
            ),
        )
        x = NumberField(2, 2000, 50, "µm", step=5, tip="Width of the box along x.")
        y = NumberField(2, 2000, 50, "µm", step=5, tip="Width of the box along y.")
        for field in (x, y):
            field.setMinimumWidth(76)
        self._fields["box_x_um"], self._fields["box_y_um"] = x, y
        group.add("Box x, y", beside(x, y))
        self._add(
            group,
            "voxel_size_um",
            "Voxel size",
            NumberField(
                0.05,
                20,
                1,
                "µm",
                decimals=3,
                step=0.1,
                tip="Edge of a voxel. Tortuosity depends on it: compare only at equal size.",
            ),
        )
        seed = IntegerField(
            0, 2_147_483_647, 0, tip="The same inputs and seed give the same voxels."
        )
        seed.setMinimumWidth(76)
        self._fields["seed"] = seed
        self.new_seed = button("New", self._on_new_seed, tip="Take the next seed.")
        group.add("Seed", beside(seed, self.new_seed))
        layout.addWidget(group)

    def _build_more(self, layout: QVBoxLayout) -> None:
        self.more = Fold("More options")
        group = FormGroup()
        self._add(
            group,
            "cbd_parts",
            "CBD is given",
            Choice(
                [("one", "As one"), ("parts", "Carbon, binder")],
                tip="Carbon black and binder apart: their densities are mixed by mass.",
            ),
        )
        self._add(
            group,
            "porosity_kind",
            "Porosity is",
            Choice(
                [
                    ("", "By protocol"),
                    ("total", "Total (lab)"),
                    ("resolved", "Resolved (voxels)"),
                ],
                tip="Total counts the nanopores inside the CBD, as a lab does; resolved is the "
                "share of electrolyte voxels.",
            ),
        )
        self._add(
            group,
            "am_density",
            "AM density",
            NumberField(0.5, 25, 4.65, "g/cm³", decimals=3, step=0.05, tip="4.65 is NMC111."),
        )
        self._add(
            group,
            "specific_capacity",
            "Specific capacity",
            NumberField(1, 4000, 163, "mAh/g", decimals=1, step=1, tip="Of the active material."),
        )
        self._add(
            group,
            "cbd_density",
            "CBD density",
            NumberField(
                0.2,
                5,
                1.8,
                "g/cm³",
                decimals=3,
                step=0.05,
                tip="Skeletal density of carbon black and binder, without pores.",
            ),
        )
        for name, text in (
            ("carbon_density", "Carbon density"),
            ("binder_density", "Binder density"),
        ):
            field = NumberField(
                0.2, 5, 1.8, "g/cm³", decimals=3, step=0.05, tip="Skeletal density, without pores."
            )
            self._add(group, name, text, field)
        self._more_group = group
        self._add(
            group,
            "cbd_nanoporosity_percent",
            "Nanoporosity",
            NumberField(0, 95, 47, "%", step=1, tip="Share of nanopores in the CBD's volume."),
        )
        for name in ("material", "law", "protocol", "porosity_kind", "amount_by", "cbd_parts"):
            self._fields[name].setMinimumContentsLength(6)  # large fonts need the room
        self.more.body.addWidget(group)
        self.options = OptionsForm()
        self.more.body.addWidget(self.options)
        layout.addWidget(self.more)

    def _add(self, group: FormGroup, name: str, text: str, field: QWidget) -> None:
        self._fields[name] = group.add(text, field, field.toolTip())

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
                "options": sizes | changed_options(preset.size_options),
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
        published = self._value("protocol") == "published"
        self.options.show_options(self._options(), published=published)
        self._show_driver()
        self._show_origin()
        given = self._value("law") == "none"
        by = self._value("amount_by")
        parts = self._value("cbd_parts") == "parts" and not published
        for group, name, shown in (
            (self._before, "carbon_percent", parts),
            (self._before, "initial_porosity_percent", not given),
            (self._before, "initial_thickness_um", not given and by == "thickness"),
            (self._before, "loading_mg_cm2", by == "loading"),
            (self._before, "capacity_mAh_cm2", by == "capacity"),
            (self._after, "pressure_MPa", not given),
            (self._after, "gap_um", not given),
            (self._after, "porosity_percent", given),
            (self._after, "thickness_um", given and by == "thickness"),
            (self._more_group, "cbd_density", not parts),
            (self._more_group, "carbon_density", parts),
            (self._more_group, "binder_density", parts),
        ):
            group.set_row_visible(self._fields[name], shown)
        for name in ("am_density", "cbd_density", "cbd_nanoporosity_percent", "cbd_parts"):
            self._fields[name].setEnabled(not published)
        self._plan = self._reader.plan()
        self._show_derived()
        self.changed.emit()

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
            ("pressure", self._pressure, pressure),
            ("gap", self._gap, gap),
        ):
            _show_or_dash(field, value if name == driver else _rounded(follows), reason)

    def _show_origin(self) -> None:
        """Say which inputs come from the sheet and not from the user."""
        words = [_FROM_SHEET[name] for name in self._reader.taken_from_sheet()]
        listed = " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
        coating = self._reader.of_sheet().get("coating", "")
        self.origin.setText(f"From the sheet, coating {coating}: {listed}." if words else "")
        self._before.set_row_visible(self.origin, bool(words))

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
