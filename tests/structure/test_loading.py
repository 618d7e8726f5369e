import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.structure.condition import Condition, Recipe
from engine.structure.loading import (
    calendered_thickness,
    derive,
    mixed_cbd_density,
    press_density,
    recipe_of_parts,
    resolved_porosity,
    solid_density,
    thickness_by,
    thickness_from_capacity,
    thickness_from_loading,
    total_porosity,
)
from engine.structure.materials import MATERIALS, material
from engine.structure.options import check_option

recipes = st.builds(
    Recipe,
    st.floats(0.7, 1.0),
    am_density=st.floats(2, 6),
    cbd_density=st.floats(1, 2.3),
    cbd_nanoporosity=st.floats(0, 0.7),
)


def test_that_a_hand_calculation_is_met():
    # 94 % NMC (4.65) and 6 % CBD (1.8): solids of 4.2466 g/cm³; at 33 % porosity 2.8453 g/cm³
    condition = Condition(Recipe(0.94), 0.33, 80.0)
    derived = derive(condition, specific_capacity=160)
    assert solid_density(condition.recipe) == pytest.approx(1 / (0.94 / 4.65 + 0.06 / 1.8))
    assert derived.press_density == pytest.approx(2.8453, abs=5e-4)
    assert derived.areal_loading == pytest.approx(22.763, abs=5e-3)
    assert derived.areal_capacity == pytest.approx(22.763 * 0.94 * 0.16, abs=5e-3)


def test_that_nanopores_belong_to_the_total_porosity_only():
    # the example of a lab porosity of 33 % at 94 % AM: voxels 0.575 AM, 0.179 CBD, 0.246 pore
    shares = Recipe(0.94).volume_fractions(0.33, "total")
    assert shares == pytest.approx((0.246, 0.575, 0.179), abs=1e-3)


@given(recipe=recipes, porosity=st.floats(0.3, 0.7))
def test_that_total_and_resolved_porosity_convert_into_each_other(recipe, porosity):
    total = total_porosity(recipe, porosity, "resolved")
    assert total >= porosity
    assert resolved_porosity(recipe, total, "total") == pytest.approx(porosity, abs=1e-12)
    assert press_density(recipe, porosity, "resolved") == pytest.approx(
        press_density(recipe, total, "total")
    )


@given(recipe=recipes, porosity=st.floats(0.65, 0.8), loading=st.floats(1, 80))
def test_that_thickness_from_loading_gives_that_loading(recipe, porosity, loading):
    thickness = thickness_from_loading(recipe, porosity, loading)
    derived = derive(Condition(recipe, porosity, thickness), 150)
    assert derived.areal_loading == pytest.approx(loading)
    assert thickness_from_capacity(recipe, porosity, derived.areal_capacity, 150) == pytest.approx(
        thickness
    )


@given(recipe=recipes, before=st.floats(0.7, 0.8), after=st.floats(0.6, 0.7))
def test_that_calendering_conserves_the_loading(recipe, before, after):
    thickness = calendered_thickness(100, before, after)
    loading = [press_density(recipe, eps) * t for eps, t in ((before, 100), (after, thickness))]
    assert loading[0] == pytest.approx(loading[1])


def test_that_rounding_of_the_thickness_is_reported_as_a_mass_error():
    derived = derive(Condition(Recipe(0.94), 0.4, 80.4, voxel_size=1.0))
    assert derived.thickness_voxels == 80
    assert derived.mass_error == pytest.approx(80 / 80.4 - 1)


def test_that_carbon_and_binder_mix_by_volume():
    assert mixed_cbd_density(0.03, 0.03, 2.0, 1.0) == pytest.approx(0.06 / (0.03 / 2 + 0.03))


@pytest.mark.parametrize("wrong", [0, -3, float("nan")])
def test_that_impossible_loadings_are_refused(wrong):
    with pytest.raises(InputError, match="loading"):
        thickness_from_loading(Recipe(0.94), 0.4, wrong)
    with pytest.raises(InputError, match="capacity"):
        thickness_from_capacity(Recipe(0.94), 0.4, wrong, 160)


@pytest.mark.parametrize("name", list(MATERIALS))
def test_that_each_preset_can_be_used_and_names_its_sources(name):
    preset = material(name.lower())
    Recipe(0.94, am_density=preset.density)
    for option, value in preset.size_options.items():
        check_option(option, value)
    assert all((preset.density_source, preset.capacity_source, preset.size_source))


def test_that_crystal_densities_follow_from_lattice_constants():
    hexagonal = 3**0.5 / 2
    for name, mass, formulas, volume in [
        ("NMC622", 96.93, 3, hexagonal * 2.868**2 * 14.22),
        ("NMC811", 97.28, 3, hexagonal * 2.872**2 * 14.21),
        ("LFP", 157.76, 4, 10.33 * 6.01 * 4.69),
        ("LCO", 97.87, 3, hexagonal * 2.816**2 * 14.05),
        ("graphite", 12.011, 4, hexagonal * 2.461**2 * 6.708),
    ]:
        assert material(name).density == pytest.approx(
            mass * formulas / volume / 0.602214, abs=0.02
        )


def test_that_an_unknown_material_is_refused():
    with pytest.raises(InputError, match="NMC111"):
        material("unobtainium")


@given(am=st.floats(80, 99), carbon=st.floats(0, 10), binder=st.floats(0, 10))
def test_that_parts_give_shares_of_mass_and_the_density_of_their_mixture(am, carbon, binder):
    recipe = recipe_of_parts(am, carbon, binder, 1.9, 1.75, am_density=4.7)
    total = am + carbon + binder
    assert recipe.am_fraction == pytest.approx(am / total)
    assert recipe.am_density == 4.7
    if carbon + binder > 1e-3:
        volume = am / 4.7 + carbon / 1.9 + binder / 1.75
        assert solid_density(recipe) == pytest.approx(total / volume)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((94, -1, 3), "Carbon black of -1"),
        ((0, 3, 3), "no active material"),
        ((94, 3, float("nan")), "Binder of nan"),
        ((94, 3, 3, 0.0), "Carbon density 0"),
    ],
)
def test_that_impossible_parts_are_refused(parts, reason):
    with pytest.raises(InputError, match=reason):
        recipe_of_parts(*parts)


@pytest.mark.parametrize("kind", ["total", "resolved"])
def test_that_each_way_to_say_how_much_coating_there_is_gives_one_thickness(kind):
    recipe = Recipe(0.94)
    derived = derive(Condition(recipe, 0.4, 77.0, kind), 170)
    for by, amount in (
        ("thickness", 77.0), ("loading", derived.areal_loading), ("capacity", derived.areal_capacity),
    ):  # fmt: skip
        assert thickness_by(by, amount, recipe, 0.4, kind, 170) == pytest.approx(77.0)
    with pytest.raises(InputError, match="not one of thickness, loading, capacity"):
        thickness_by("area", 1.0, recipe, 0.4)
