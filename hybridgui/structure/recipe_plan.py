"""What the parameters of the structure page ask for, judged by the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.errors import InputError
from engine.experiment.calendering import calendered_condition
from engine.experiment.laws import law_from_dict, published_law
from engine.experiment.starting_values import starting_structure
from engine.structure.condition import Coating, Condition, Recipe
from engine.structure.loading import recipe_of_parts, thickness_by
from hybridgui.study_model import StudyModel

PREFIX = "structure/"
DEFAULTS: dict[str, Any] = {
    "protocol": "physical",
    "law": "study",
    "am_percent": 94.0,
    "initial_porosity_percent": 46.0,
    "initial_thickness_um": 100.0,
    "driver": ["pressure", 120.0],
    "porosity_percent": 33.0,
    "thickness_um": 80.0,
    "porosity_kind": "",
    "amount_by": "thickness",
    "loading_mg_cm2": 20.0,
    "capacity_mAh_cm2": 3.0,
    "cbd_parts": "one",
    "carbon_percent": 3.0,
    "carbon_density": 1.8,
    "binder_density": 1.8,
    "box_x_um": 50.0,
    "box_y_um": 50.0,
    "voxel_size_um": 1.0,
    "seed": 0,
    "material": "NMC111",
    "specific_capacity": 163.0,
    "am_density": 4.65,
    "cbd_density": 1.8,
    "cbd_nanoporosity_percent": 47.0,
    "conductivities": {},
    "options": {},
}


@dataclass(frozen=True)
class Plan:
    """What the form asks for.

    Attributes
    ----------
    condition : Condition or None
        None where `problem` says why there is none.
    warnings : list of str
    problem : str
    """

    condition: Condition | None
    warnings: tuple[str, ...] = ()
    problem: str = ""


def press_problem(plan: Plan) -> str:
    """Why the electrode of a plan cannot be pressed step by step; empty where it can."""
    condition = plan.condition
    if condition is None:
        return plan.problem
    if condition.protocol != "physical":
        return "Only the physical protocol can press one and the same electrode."
    if condition.coating is None:
        return "Choose a calendering law: it gives the porosity at each pressure."
    if condition.porosity_kind != "total":
        return "Pressing needs the total porosity: see More options."
    return ""


class RecipeReader:
    """Reads the parameters of the structure page from the study."""

    def __init__(self, model: StudyModel):
        self._model = model

        self._start: tuple[Any, dict[str, Any]] = (None, {})

    def value(self, name: str) -> Any:
        """Value of a parameter; of sheet, material or default where the user gave none."""
        given = self._model.parameter(PREFIX + name)
        if given is not None:
            return given
        return (self.of_material() | self.of_sheet()).get(name, DEFAULTS[name])

    def of_material(self) -> dict[str, Any]:
        """What the study's active material says of the inputs; empty where it was not said."""
        material = self._model.material if self._model.is_open else None
        if material is None:
            return {}
        return {
            "material": material.name,
            "am_density": material.density,
            "specific_capacity": material.specific_capacity,
            "options": material.changed_options,
        }

    def of_sheet(self) -> dict[str, Any]:
        """What the study's sheet says of the inputs; empty without one."""
        table = self._model.table if self._model.is_open else None
        if self._start[0] is not table:
            self._start = table, {} if table is None else starting_structure(table)
        return self._start[1]

    def taken_from_sheet(self) -> tuple[str, ...]:
        """Inputs in use that the sheet gave and the user left as they were."""
        if self.value("law") == "none":
            names = ["am_percent", "porosity_percent", "thickness_um"]
        else:
            names = ["am_percent", "initial_porosity_percent", "initial_thickness_um", "driver"]
        if self.value("amount_by") != "thickness":
            names = [name for name in names if "thickness" not in name]
        sheet = self.of_sheet()
        return tuple(n for n in names if n in sheet and self._model.parameter(PREFIX + n) is None)

    def plan(self) -> Plan:
        """Read the parameters, and let the engine judge them."""
        v = self.value
        published = v("protocol") == "published"
        try:
            recipe = self._recipe()
            common: dict[str, Any] = {
                "box": (v("box_y_um"), v("box_x_um")),
                "voxel_size": v("voxel_size_um"),
                "options": dict(v("options")),
            }
            kind = v("porosity_kind") or ("resolved" if published else "total")
            if v("law") == "none":
                porosity = v("porosity_percent") / 100
                thickness = self._thickness("thickness_um", recipe, porosity, kind)
                return Plan(
                    Condition(
                        recipe,
                        porosity,
                        thickness,
                        porosity_kind=kind,
                        protocol=v("protocol"),
                        **common,
                    )
                )
            if v("porosity_kind"):
                common["porosity_kind"] = kind
            initial = v("initial_porosity_percent") / 100
            coating = Coating(
                initial, self._thickness("initial_thickness_um", recipe, initial, kind)
            )
            driver, value = v("driver")
            condition, warnings = calendered_condition(
                self.law(),
                recipe,
                coating,
                protocol=v("protocol"),
                **{driver: value},
                **common,
            )
            return Plan(condition, tuple(warnings))
        except InputError as error:
            return Plan(None, (), str(error))

    def _recipe(self) -> Recipe:
        v = self.value
        if v("protocol") == "published":
            return Recipe.published(v("am_percent") / 100)
        fields = {
            "am_density": v("am_density"),
            "cbd_nanoporosity": v("cbd_nanoporosity_percent") / 100,
        }
        if v("cbd_parts") == "one":
            return Recipe(v("am_percent") / 100, cbd_density=v("cbd_density"), **fields)
        return recipe_of_parts(
            v("am_percent"),
            v("carbon_percent"),
            self.binder_percent(),
            v("carbon_density"),
            v("binder_density"),
            **fields,
        )

    def binder_percent(self) -> float:
        """What active material and carbon black leave, % of mass."""
        left = 100 - self.value("am_percent") - self.value("carbon_percent")
        if left < -1e-9:
            raise InputError(
                f"Active material and carbon black are {100 - left:g} % together: they must leave "
                "room for the binder, 100 % in all."
            )
        return max(left, 0.0)

    def _thickness(self, name: str, recipe: Recipe, porosity: float, kind: str) -> float:
        """Thickness (µm) of the parameter `name`, or from loading or capacity."""
        v = self.value
        by = v("amount_by")
        amount = v({"loading": "loading_mg_cm2", "capacity": "capacity_mAh_cm2"}.get(by, name))
        return thickness_by(by, amount, recipe, porosity, kind, v("specific_capacity"))

    def law(self):
        """The law in use: the study's own, or the published one."""
        own = self._model.law
        if self.value("law") == "study" and own is not None:
            return law_from_dict(own)
        return published_law()

    @property
    def binder(self) -> float | None:
        """Binder (% of mass) where it is given apart from carbon black."""
        apart = self.value("cbd_parts") == "parts" and self.value("protocol") == "physical"
        return self.binder_percent() if apart else None
