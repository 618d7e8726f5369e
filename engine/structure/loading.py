"""What a lab weighs: loading, density, areal capacity; and thickness from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import InputError
from engine.structure.condition import Condition, Recipe

AMOUNTS = ("thickness", "loading", "capacity")
"""How much coating there is: µm, mg/cm² of coating, or mAh/cm²."""


@dataclass(frozen=True)
class Derived:
    """Quantities that follow from a condition.

    Attributes
    ----------
    porosity_total, porosity_resolved : float, 0..1
        With and without the nanopores in the CBD.
    electrolyte, am, cbd : float, 0..1
        Voxel shares asked for.
    solid_fraction : float, 0..1
        Skeletal volume of AM and CBD, 1 - `porosity_total`.
    press_density : float, g/cm³
        Mass of the dry coating over its volume.
    areal_loading, am_loading : float, mg/cm²
        Of the whole coating, and of its active material.
    areal_capacity : float, mAh/cm²
        Zero where no specific capacity was given.
    thickness, thickness_voxels : float, µm
        Asked for, and after rounding to whole voxels.
    mass_error : float
        Relative surplus of mass that the rounding of the thickness causes.
    voxels : int
        Of the whole box.
    """

    porosity_total: float
    porosity_resolved: float
    electrolyte: float
    am: float
    cbd: float
    solid_fraction: float
    press_density: float
    areal_loading: float
    am_loading: float
    areal_capacity: float
    thickness: float
    thickness_voxels: float
    mass_error: float
    voxels: int

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)


def solid_density(recipe: Recipe) -> float:
    """Density of the solids alone, nanopores left out, g/cm³."""
    am = recipe.am_fraction
    return 1 / (am / recipe.am_density + (1 - am) / recipe.cbd_density)


def total_porosity(recipe: Recipe, porosity: float, kind: str) -> float:
    """Lab porosity (nanopores included) of a porosity of either kind, 0..1."""
    if kind == "total":
        return porosity
    _, _, cbd = recipe.volume_fractions(porosity, kind)
    return porosity + cbd * recipe.cbd_nanoporosity


def resolved_porosity(recipe: Recipe, porosity: float, kind: str) -> float:
    """Share of electrolyte voxels of a porosity of either kind, 0..1."""
    return recipe.volume_fractions(porosity, kind)[0]


def press_density(recipe: Recipe, porosity: float, kind: str = "total") -> float:
    """Density of the dry coating, g/cm³."""
    return (1 - total_porosity(recipe, porosity, kind)) * solid_density(recipe)


def thickness_from_loading(
    recipe: Recipe, porosity: float, loading: float, kind: str = "total"
) -> float:
    """Thickness (µm) of a coating of `loading` mg/cm².

    Raises
    ------
    InputError
        If the loading is not positive.
    """
    if not 0 < loading < 1e4:
        raise InputError(f"Areal loading {loading:g} mg/cm² is not between 0 and 10000 mg/cm².")
    return 10 * loading / press_density(recipe, porosity, kind)


def thickness_from_capacity(
    recipe: Recipe,
    porosity: float,
    capacity: float,
    specific_capacity: float,
    kind: str = "total",
) -> float:
    """Thickness (µm) of a coating of `capacity` mAh/cm² at `specific_capacity` mAh/g of AM.

    Raises
    ------
    InputError
        If a capacity is not positive.
    """
    if not 0 < capacity < 1e3:
        raise InputError(f"Areal capacity {capacity:g} mAh/cm² is not between 0 and 1000 mAh/cm².")
    if not 0 < specific_capacity < 1e4:
        raise InputError(
            f"Specific capacity {specific_capacity:g} mAh/g is not between 0 and 10000."
        )
    loading = 1000 * capacity / (specific_capacity * recipe.am_fraction)
    return thickness_from_loading(recipe, porosity, loading, kind)


def calendered_thickness(
    initial_thickness: float, initial_porosity: float, porosity: float
) -> float:
    """Thickness (µm) after calendering that conserves the solid volume (total porosities)."""
    if porosity >= 1 or initial_porosity >= 1:
        raise InputError("A porosity of 100 % leaves no solid to conserve.")
    return initial_thickness * (1 - initial_porosity) / (1 - porosity)


def mixed_cbd_density(
    carbon: float, binder: float, carbon_density: float = 1.8, binder_density: float = 1.8
) -> float:
    """Skeletal density (g/cm³) of CBD from the mass fractions of carbon black and binder."""
    if carbon < 0 or binder < 0 or carbon + binder <= 0:
        raise InputError("Carbon and binder must be 0 or more, and not both 0.")
    return (carbon + binder) / (carbon / carbon_density + binder / binder_density)


def recipe_of_parts(
    am: float,
    carbon: float,
    binder: float,
    carbon_density: float = 1.8,
    binder_density: float = 1.8,
    **fields: float,
) -> Recipe:
    """Recipe of what was weighed: active material, carbon black and binder.

    Parameters
    ----------
    am, carbon, binder : float
        Masses, all in one unit (percent, g); only their ratios count.
    carbon_density, binder_density : float, g/cm³
        Skeletal; C65 and PVdF are about 1.8 each.
    **fields
        Further fields of `Recipe`: am_density, cbd_nanoporosity.

    Raises
    ------
    InputError
        If a mass or a density is impossible.
    """
    for name, mass in (("Active material", am), ("Carbon black", carbon), ("Binder", binder)):
        if not 0 <= mass < 1e6:
            raise InputError(
                f"{name} of {mass:g} in the recipe is less than nothing: the parts add up to 100 %."
            )
    if not am > 0:
        raise InputError("The recipe holds no active material: give its share, e.g. 94 %.")
    for name, density in (("Carbon", carbon_density), ("Binder", binder_density)):
        if not 0 < density < 30:
            raise InputError(f"{name} density {density:g} g/cm³ is not between 0 and 30.")
    if carbon + binder > 0:
        fields["cbd_density"] = mixed_cbd_density(carbon, binder, carbon_density, binder_density)
    return Recipe(am / (am + carbon + binder), **fields)


def thickness_by(
    by: str,
    amount: float,
    recipe: Recipe,
    porosity: float,
    kind: str = "total",
    specific_capacity: float = 0.0,
) -> float:
    """Thickness (µm) of a coating whose amount is given in one of `AMOUNTS`.

    Parameters
    ----------
    by : {"thickness", "loading", "capacity"}
    amount : float, µm, mg/cm² or mAh/cm²
    recipe : Recipe
    porosity : float, 0..1
        Of the coating that has this thickness.
    kind : {"total", "resolved"}
    specific_capacity : float, mAh/g
        Of the active material; needed for a capacity.
    """
    if by == "thickness":
        return amount
    if by == "loading":
        return thickness_from_loading(recipe, porosity, amount, kind)
    if by == "capacity":
        return thickness_from_capacity(recipe, porosity, amount, specific_capacity, kind)
    raise InputError(f"An amount by '{by}' is not one of {', '.join(AMOUNTS)}.")


def derive(condition: Condition, specific_capacity: float = 0.0) -> Derived:
    """Everything that follows from a condition.

    Parameters
    ----------
    condition : Condition
    specific_capacity : float, mAh/g
        Of the active material; 0 leaves the areal capacity at 0.
    """
    recipe = condition.recipe
    electrolyte, am, cbd = condition.volume_fractions
    total = total_porosity(recipe, condition.porosity, condition.porosity_kind)
    density = (1 - total) * solid_density(recipe)
    loading = density * condition.thickness / 10
    height = condition.shape[0] * condition.voxel_size
    nz, ny, nx = condition.shape
    return Derived(
        porosity_total=total,
        porosity_resolved=electrolyte,
        electrolyte=electrolyte,
        am=am,
        cbd=cbd,
        solid_fraction=1 - total,
        press_density=density,
        areal_loading=loading,
        am_loading=loading * recipe.am_fraction,
        areal_capacity=loading * recipe.am_fraction * specific_capacity / 1000,
        thickness=condition.thickness,
        thickness_voxels=height,
        mass_error=height / condition.thickness - 1,
        voxels=nz * ny * nx,
    )
