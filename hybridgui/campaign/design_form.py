"""The design editor: lists of what is varied, repeats, protocol, seed, workers."""

from __future__ import annotations

import os
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QMenu, QPushButton, QVBoxLayout, QWidget

from engine.campaign.design import (
    PUBLISHED_OUTPUTS,
    AdaptiveRepeats,
    Design,
    computed_columns,
)
from engine.campaign.variables import variable_info
from engine.errors import InputError
from engine.experiment.laws import published_law
from engine.experiment.starting_values import starting_design
from engine.properties.catalogue import CATALOGUE
from engine.properties.conductivities import Conductivities
from hybridgui.campaign.columns import settled_columns, tip
from hybridgui.campaign.more_variables import MoreVariables, caption
from hybridgui.campaign.number_list import read_numbers
from hybridgui.campaign.paste_dialog import PasteDialog
from hybridgui.errors import DetailsDialog
from hybridgui.properties.conductivity_fields import ConductivityFields
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Fold, Notice, button, label
from hybridgui.widgets.check_list import CheckList
from hybridgui.widgets.form import Choice, FormGroup, IntegerField, NumberField, NumberListField

SMALL: dict[str, Any] = {
    "sampling": "grid",
    "samples": 64,
    "standard_error_percent": 0.0,
    "minimum_repeats": 3,
    "precision_of": list(PUBLISHED_OUTPUTS),
    "law": "study",
    "pressing": "pressure",
    "pressure_MPa": [40.0, 80.0, 120.0],
    "gap_um": [10.0, 30.0, 60.0],
    "am_percent": [94.0, 95.0],
    "initial_porosity_percent": [44.0, 46.0, 48.0],
    "initial_thickness_um": [140.0],
    "repeats": 2,
    "protocol": "physical",
    "voxel_size_um": 1.0,
    "box_um": 50.0,
    "seed": 0,
    "properties": "published",
    "resolution_check": False,
    "conductivities": {},
    "more": {},
}
_PUBLISHED: dict[str, Any] = {
    "sampling": "grid",
    "law": "published",
    "standard_error_percent": 0.0,
    "pressing": "gap",
    "am_percent": [93.0, 94.0, 95.0, 96.0],
    "initial_porosity_percent": [float(v) for v in range(40, 51)],
    "initial_thickness_um": [100.0],
    "repeats": 10,
    "protocol": "published",
    "voxel_size_um": 1.0,
    "box_um": 50.0,
    "seed": 0,
    "resolution_check": False,
    "conductivities": {},
}
PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "small": ("Small example, 18 conditions × 2", SMALL),
    "training": (
        "As published, training: 440 conditions × 10",
        {**_PUBLISHED, "gap_um": [float(v) for v in range(1, 92, 10)]},
    ),
    "validation": (
        "As published, validation: 440 conditions × 10",
        {**_PUBLISHED, "gap_um": [float(v) for v in range(5, 96, 10)]},
    ),
}

_FROM_SHEET = {
    "pressure_MPa": "pressure",
    "gap_um": "roll gap",
    "am_percent": "AM",
    "initial_porosity_percent": "initial porosity",
}


class DesignForm(QWidget):
    """Edits the design; every field is a parameter of the study, with undo.

    Signals
    -------
    designChanged : the design may be another one, or may have become readable or unreadable
    """

    designChanged = Signal()

    def __init__(self, model: StudyModel, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = model
        self._start: tuple[Any, dict[str, Any]] = (None, {})
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        self._build_conditions(layout)
        self._build_structures(layout)
        self.summary = label("", "muted", wrap=True)
        layout.addWidget(self.summary)
        self.estimate_button = button("Time a pilot…", link=True)
        layout.addWidget(self.estimate_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.notice = Notice("warning")
        layout.addWidget(self.notice)
        self.all_warnings = button("", self._on_all_warnings, link=True)
        self.all_warnings.hide()
        layout.addWidget(self.all_warnings, 0, Qt.AlignmentFlag.AlignLeft)
        self._warnings: list[str] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(300)
        self._soon.timeout.connect(self.designChanged)
        model.parameterChanged.connect(self._on_parameter_changed)
        model.tableChanged.connect(self.refresh)
        self.refresh()

    def _build_conditions(self, layout: QVBoxLayout) -> None:
        group = FormGroup("Conditions")
        self.presets = QPushButton("Start from a known design")
        self.presets.setProperty("menu", True)
        menu = QMenu(self.presets)
        for key, (text, _) in PRESETS.items():
            menu.addAction(text, lambda key=key: self.use_preset(key))
        self._sheet_action = menu.addAction("Ranges of the sheet", self.use_sheet)
        menu.addSeparator()
        menu.addAction("Paste a list of conditions…", self.paste)
        self.presets.setMenu(menu)
        group.add_wide(self.presets)
        self.law = Choice(
            [("study", "This study's"), ("published", "As published")],
            tip="The calendering law that turns pressing into porosity: the one in use on the "
            "Experiment page, or the one of the paper",
        )
        self._bind(group.add("Law", self.law), "law", "Law")
        self.sampling = Choice(
            [
                ("grid", "Grid"),
                ("latin_hypercube", "Latin hypercube"),
                ("sobol", "Sobol sequence"),
                ("list", "List"),
            ],
            tip="Grid: every combination.\nLatin hypercube, Sobol: points spread evenly between "
            "the least and the greatest value of each field.\nList: the first values together, "
            "then the second values, and so on.",
        )
        self._bind(group.add("Spread as", self.sampling), "sampling", "Spread as")
        self.samples = IntegerField(1, 100_000, 64, tip="Number of conditions")
        self._bind(group.add("Conditions", self.samples), "samples", "Number of conditions")
        self.pressing = Choice([("pressure", "Pressure"), ("gap", "Roll gap")])
        self._bind(group.add("Press by", self.pressing), "pressing", "Press by")
        self.fields: dict[str, NumberListField] = {}
        for name, text, unit in (
            ("pressure_MPa", "P (MPa)", "MPa"),
            ("gap_um", "Gap (µm)", "µm"),
            ("am_percent", "AM (%)", "%"),
            ("initial_porosity_percent", "Initial ε (%)", "%"),
            ("initial_thickness_um", "Initial t (µm)", "µm"),
        ):
            field = NumberListField(read_numbers, SMALL[name], unit)
            field.textEdited.connect(lambda _: self.designChanged.emit())
            self._bind(group.add(text, field), name, text)
            self.fields[name] = field
        self.origin = label("", "small", wrap=True)
        group.add_wide(self.origin)
        self._conditions = group
        layout.addWidget(group)
        self.more = MoreVariables()
        self.more.typed.connect(self.designChanged)
        self.more.edited.connect(self._on_more_edited)
        layout.addWidget(self.more)

    def _build_structures(self, layout: QVBoxLayout) -> None:
        group = FormGroup("Structures")
        self.repeats = IntegerField(1, 100_000, 2, tip="Structures per condition")
        self._bind(group.add("Repeats", self.repeats), "repeats", "Repeats")
        self.protocol = Choice(
            [("physical", "Physical"), ("published", "As published")],
            tip="Physical: conserves mass, particles without gross overlap.\n"
            "As published: the rules of the paper, for comparison.",
        )
        self._bind(group.add("Protocol", self.protocol), "protocol", "Protocol")
        layout.addWidget(group)
        more = Fold("More options")
        extra = FormGroup()
        self.voxel = NumberField(0.05, 10, 1, "µm", decimals=3, step=0.1, tip="Voxel size")
        self._bind(extra.add("Voxel size", self.voxel), "voxel_size_um", "Voxel size")
        self.box = NumberField(5, 1000, 50, "µm", decimals=1, step=10, tip="Edge along x and y")
        self._bind(extra.add("Box", self.box), "box_um", "Box")
        self.precision = NumberField(
            0,
            50,
            0,
            "%",
            decimals=2,
            step=0.5,
            tip="Stop repeating a condition when the standard error of each property "
            "ticked is below this; 0 makes all repeats",
        )
        self.precision.setSpecialValueText("off")
        self._bind(
            extra.add("Stop at ±", self.precision), "standard_error_percent", "Stop repeating at"
        )
        self.least = IntegerField(2, 1000, 3, tip="Repeats that every condition gets")
        self._bind(extra.add("At least", self.least), "minimum_repeats", "Least repeats")
        self._precise_label = label("Properties that must be that precise:", "small")
        extra.add_wide(self._precise_label)
        self.precise = CheckList(6)
        self.precise.setAccessibleName("Properties that must be this precise")
        self._bind(extra.add_wide(self.precise), "precision_of", "Properties to be precise")
        self.properties = Choice(
            [("outputs", "The paper's five"), ("published", "Usual"), ("all", "All")],
            tip="The paper's five: tortuosity of electrolyte and solid, collector coverage, active "
            "surface; more than twice as fast.\n"
            "Usual: also transport in the AM, electronic conduction, active area.\n"
            "All: also interfaces, sizes, connectivity, correlation and the other directions.",
        )
        self._bind(extra.add("Properties", self.properties), "properties", "Properties")
        self.resolution = QCheckBox("Resolution check")
        self.resolution.toggled.connect(self._on_resolution)
        extra.add_wide(self.resolution)
        self.seed = IntegerField(0, 2**31 - 1, 0, tip="Equal seeds give equal structures")
        self._bind(extra.add("Seed", self.seed), "seed", "Seed")
        cores = os.cpu_count() or 2
        self.workers = IntegerField(1, 256, min(2, cores), tip=f"This computer has {cores} cores")
        self.workers.edited.connect(
            lambda value: self._model.set_parameter("campaign/workers", value, "Change workers")
        )
        extra.add("Workers", self.workers)
        more.body.addWidget(extra)
        self.conductivities = ConductivityFields()
        self.conductivities.edited.connect(
            lambda values, words: self._model.set_parameter(
                "campaign/conductivities", values, f"Change conductivity: {words}"
            )
        )
        more.body.addWidget(self.conductivities)
        self._extra, self._structures = extra, group
        self._more = more
        layout.addWidget(more)

    def _bind(self, field: QWidget, name: str, text: str) -> None:
        field.edited.connect(
            lambda value: self._model.set_parameter(
                f"campaign/{name}", value, f"Change {text[0].lower()}{text[1:]}"
            )
        )

    def _on_resolution(self, on: bool) -> None:
        self._model.set_parameter("campaign/resolution_check", on, "Change resolution check")

    # -- values ------------------------------------------------------------------------------------
    def use_preset(self, key: str) -> None:
        """Fill the form from a known design, as one step of undo."""
        text, values = PRESETS[key]
        self._model.undo_stack.beginMacro(f"Use design: {text}")
        for name, value in {**values, "more": None}.items():
            self._model.set_parameter(f"campaign/{name}", value)
        self._model.undo_stack.endMacro()

    def paste(self) -> None:
        """Ask for a list of conditions and fill the form from it, as one step of undo."""
        if self._model.law is None:
            self._model.say("error", "A list of conditions needs a calendering law: fit one first.")
            return
        law = self._chosen_law()
        fixed = {
            "protocol": self.value("protocol"),
            "initial_thickness_um": self.value("initial_thickness_um")[0],
        }
        self.dialog = PasteDialog(law, fixed, self.window())
        self.dialog.accepted.connect(self._on_pasted)
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.open()

    def _on_pasted(self) -> None:
        design = self.dialog.design
        if design is None:
            return
        variables = dict(design.variables)
        more: dict[str, Any] = {}
        self._model.undo_stack.beginMacro("Paste a list of conditions")
        put = self._model.set_parameter
        put("campaign/sampling", "list")
        put("campaign/pressing", "pressure" if "pressure_MPa" in variables else "gap")
        for name, values in variables.items():
            if name in self.fields:
                put(f"campaign/{name}", list(values))
            elif name == "protocol" and len(set(values)) == 1:
                put("campaign/protocol", values[0])
            else:
                more[name] = [list(v) if isinstance(v, tuple) else v for v in values]
        put("campaign/more", more)
        self._model.undo_stack.endMacro()

    def _on_more_edited(self, name: str, values: list[Any] | None) -> None:
        more = {other: kept for other, kept in self.value("more").items() if other != name}
        text = f"Stop varying {caption(name)}"
        if values is not None:
            # a variable that is there keeps its place
            verb = "Change" if name in self.value("more") else "Vary"
            more = {**self.value("more"), name: values}
            text = f"{verb} {caption(name)}"
        self._model.set_parameter("campaign/more", more, text)

    def value(self, name: str) -> Any:
        """Value of a parameter of the design."""
        given = self._model.parameter(f"campaign/{name}")
        if given is not None:
            return given
        return self._of_material() if name == "more" else self._of_sheet().get(name, SMALL[name])

    def _of_material(self) -> dict[str, Any]:
        """Density and particle sizes of the study's active material, as further variables."""
        material = self._model.material if self._model.is_open else None
        if material is None or self.value("protocol") == "published":
            return {}
        return {name: [value] for name, value in material.variables.items()}

    def _of_sheet(self) -> dict[str, Any]:
        """Ranges of the study's sheet; empty without one."""
        table = self._model.table if self._model.is_open else None
        if self._start[0] is not table:
            self._start = table, {} if table is None else starting_design(table)
        return self._start[1]

    def use_sheet(self) -> None:
        """Spread the design over the ranges of the sheet again, as one step of undo."""
        self._model.undo_stack.beginMacro("Use the ranges of the sheet")
        for name in (*self._of_sheet(), "sampling"):
            self._model.set_parameter(f"campaign/{name}", None)
        self._model.undo_stack.endMacro()

    def _show_origin(self) -> None:
        """Say which ranges come from the sheet and not from the user."""
        sheet = self._of_sheet()
        left = [n for n in sheet if n in self.fields and not self._changed(n)]
        thinnest = "initial_thickness_um" in left
        words = [_FROM_SHEET[name] for name in left if name in _FROM_SHEET]
        listed = " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
        told = [f"From the ranges of the sheet: {listed}."] if words else []
        if thinnest:
            told.append("Initial thickness: that of its thinnest coating.")
        if not self._changed("more") and self._of_material():
            told.append(f"Density and particle sizes below are of {self._model.material.name}.")
        self.origin.setText(" ".join(told))
        self._conditions.set_row_visible(self.origin, bool(told))
        self._sheet_action.setEnabled(bool(sheet) and any(map(self._changed, sheet)))

    def _changed(self, name: str) -> bool:
        return self._model.parameter(f"campaign/{name}") is not None

    def _chosen_law(self) -> dict[str, Any]:
        """Return the law of the design; InputError where the study has none."""
        if self._model.law is None:
            raise InputError("A campaign needs a calendering law: fit one, or use the published.")
        return published_law().to_dict() if self.value("law") == "published" else self._model.law

    def design(self) -> Design:
        """Return the design as it stands.

        Raises
        ------
        InputError
            If a list cannot be read, or there is no law.
        """
        law = self._chosen_law()
        pressing = "pressure_MPa" if self.value("pressing") == "pressure" else "gap_um"
        sampling = self.value("sampling")
        sampled = sampling in ("latin_hypercube", "sobol")
        variables: dict[str, Any] = {}
        for name in (pressing, "am_percent", "initial_porosity_percent", "initial_thickness_um"):
            field = self.fields[name]
            try:
                values = field.values()
            except InputError as error:
                raise InputError(f"{field.accessibleName()}: {error}") from error
            if sampled and len(values) > 1:
                values = [min(values), max(values)]
            variables[name] = tuple(values)
        variables["protocol"] = (self.value("protocol"),)
        variables["voxel_size_um"] = (float(self.value("voxel_size_um")),)
        variables["box_um"] = ((float(self.value("box_um")),) * 2,)
        for name, values in self.more.values().items():
            ordered = sampled and not variable_info(name).choices and len(values) > 1
            variables[name] = (min(values), max(values)) if ordered else values
        repeats, error = int(self.value("repeats")), float(self.value("standard_error_percent"))
        adaptive = None
        if error > 0:
            if not self._precise_in():
                raise InputError("Stop at ±: tick at least one property that is to be precise.")
            adaptive = AdaptiveRepeats(
                error, min(int(self.value("minimum_repeats")), repeats), tuple(self._precise_in())
            )
        return Design(
            variables,
            law,
            repeats=repeats,
            seed=int(self.value("seed")),
            sampling=sampling,
            samples=int(self.value("samples")) if sampled else 0,
            properties=self.value("properties"),
            adaptive=adaptive,
            resolution_check=bool(self.value("resolution_check")) and self._can_be_refined,
            conductivities=Conductivities.of(self.value("conductivities")),
        )

    def _may_be_precise(self) -> list[str]:
        """Properties that a design as it stands computes and that repeats can settle."""
        refined = bool(self.value("resolution_check")) and self._can_be_refined
        return settled_columns(computed_columns(self.value("properties"), refined))

    def _precise_in(self) -> list[str]:
        """Properties that must reach the target, of those that are computed."""
        return [name for name in self._may_be_precise() if name in self.value("precision_of")]

    @property
    def _can_be_refined(self) -> bool:
        """Whether every structure follows the physical protocol."""
        return set(self.value("more").get("protocol", [self.value("protocol")])) == {"physical"}

    @property
    def worker_count(self) -> int:
        """Processes to run on."""
        return self.workers.value()

    def show_warnings(self, warnings: list[str]) -> None:
        """Show the first warning, and how to read the others."""
        self._warnings = warnings
        self.notice.set_text(warnings[0] if warnings else "", "warning")
        self._offer_all()

    def show_problem(self, sentence: str) -> None:
        """Show why the design cannot be started."""
        self._warnings = []
        self.notice.set_text(sentence, "error")
        self._offer_all()

    def _offer_all(self) -> None:
        more = len(self._warnings) - 1
        self.all_warnings.setVisible(more > 0)
        self.all_warnings.setText(f"And {more} more warning{'s' if more > 1 else ''}…")

    def _on_all_warnings(self) -> None:
        DetailsDialog(
            "Where the law is asked outside its data, its porosities are extrapolated.",
            "\n\n".join(self._warnings),
            self.window(),
        ).open()

    def show_law(self) -> None:
        """Offer the coefficients of the study's law as variables."""
        law = self._model.law if self._model.is_open else None
        kind = law["kind"].replace("_", " ").capitalize() if law else "Own"
        self.law.set_choices([("study", f"{kind} (own)"), ("published", "As published")])
        self.law.show_value(self.value("law"))
        law = self._chosen_law() if law else {}
        self.more.show_law(law.get("coefficients", {}), law.get("extra_means", {}))

    def refresh(self) -> None:
        """Show the parameters of the study."""
        self.show_law()
        pressing = self.value("pressing")
        self.pressing.show_value(pressing)
        for name, field in self.fields.items():
            field.show_value(self.value(name))
        for name, shown in (
            ("pressure_MPa", pressing == "pressure"),
            ("gap_um", pressing == "gap"),
        ):
            self._conditions.set_row_visible(self.fields[name], shown)
        self._show_origin()
        self.more.show_variables(self.value("more"))
        for field, name in ((self.voxel, "voxel_size_um"), (self.box, "box_um")):
            self._extra.set_row_visible(field, name not in self.more.fields)
        self._structures.set_row_visible(self.protocol, "protocol" not in self.more.fields)
        sampling = self.value("sampling")
        self.sampling.show_value(sampling)
        self.samples.show_value(self.value("samples"))
        self._conditions.set_row_visible(self.samples, sampling in ("latin_hypercube", "sobol"))
        error = float(self.value("standard_error_percent"))
        self.precision.show_value(error)
        self.least.show_value(self.value("minimum_repeats"))
        self.precise.show_entries(
            [(name, CATALOGUE[name].label, tip(name)) for name in self._may_be_precise()],
            self.value("precision_of"),
        )
        for field in (self.least, self._precise_label, self.precise):
            self._extra.set_row_visible(field, error > 0)
        self.repeats.show_value(self.value("repeats"))
        self.protocol.show_value(self.value("protocol"))
        self.voxel.show_value(self.value("voxel_size_um"))
        self.box.show_value(self.value("box_um"))
        self.seed.show_value(self.value("seed"))
        self.properties.show_value(self.value("properties"))
        self.conductivities.show_values(self.value("conductivities"))
        refinable = self._can_be_refined
        with QSignalBlocker(self.resolution):
            self.resolution.setChecked(refinable and bool(self.value("resolution_check")))
        self.resolution.setEnabled(refinable)
        self.resolution.setToolTip(
            "Makes each structure at half the voxel size as well and extrapolates its properties "
            "to voxel size zero, with their uncertainty. About ten times the time, eight times "
            "the memory."
            if refinable
            else "Needs the physical protocol: the published rules place other particles when the "
            "voxels are finer."
        )
        cores = os.cpu_count() or 2
        self.workers.show_value(self._model.parameter("campaign/workers", min(2, cores)))
        self._soon.start()

    def _on_parameter_changed(self, key: str, _value: Any) -> None:
        if key.startswith("campaign/"):
            self.refresh()
