"""The fields of a structure's recipe, grouped as they stand; what they hold is the form's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from hybridgui.properties.conductivity_fields import ConductivityFields
from hybridgui.structure.options_form import OptionsForm
from hybridgui.widgets.basics import Fold, button, label
from hybridgui.widgets.form import Choice, FormGroup, IntegerField, NumberField, beside


class RecipeFields:
    """Widgets without a study: groups to be laid out, and every field by its parameter.

    Parameters
    ----------
    presets : callable
        Makes what stands under the choice of a material, given that choice.

    Attributes
    ----------
    fields : dict of str to QWidget
    before, after, sample, more_group : FormGroup
        Before calendering, calendering, the box, and what few ask for.
    more : Fold
        Holds `more_group`, `conductivities` and `options`.
    """

    def __init__(self, presets: Callable[[Choice], QWidget]):
        self.fields: dict[str, Any] = {}
        self._build_recipe(presets)
        self._build_calendering()
        self._build_sample()
        self._build_more()

    def _build_recipe(self, presets: Callable[[Choice], QWidget]) -> None:
        group = FormGroup("Before calendering")
        self._add(
            group,
            "material",
            "Material",
            Choice(
                tip="Sets density, specific capacity and particle sizes; all can be changed "
                "under More options.",
            ),
        )
        group.add_wide(presets(self.fields["material"]))
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
        self.before = group

    def _build_calendering(self) -> None:
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
        self.pressure = group.add("Pressure", pressure)
        self.gap = group.add("Roll gap", gap)
        self.fields["pressure_MPa"], self.fields["gap_um"] = pressure, gap
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
        self.after = group

    def _build_sample(self) -> None:
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
        self.fields["box_x_um"], self.fields["box_y_um"] = x, y
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
        self.fields["seed"] = seed
        self.new_seed = button("New", tip="Take the next seed.")
        group.add("Seed", beside(seed, self.new_seed))
        self.sample = group

    def _build_more(self) -> None:
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
        self.more_group = group
        self._add(
            group,
            "cbd_nanoporosity_percent",
            "Nanoporosity",
            NumberField(0, 95, 47, "%", step=1, tip="Share of nanopores in the CBD's volume."),
        )
        for name in ("material", "law", "protocol", "porosity_kind", "amount_by", "cbd_parts"):
            self.fields[name].setMinimumContentsLength(6)  # large fonts need the room
        self.more.body.addWidget(group)
        self.conductivities = ConductivityFields()
        self.more.body.addWidget(self.conductivities)
        self.options = OptionsForm()
        self.more.body.addWidget(self.options)

    def _add(self, group: FormGroup, name: str, text: str, field: QWidget) -> None:
        self.fields[name] = group.add(text, field, field.toolTip())
