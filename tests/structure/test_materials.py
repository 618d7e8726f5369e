"""The active material of a study: kept, and used wherever nothing else was given."""

import dataclasses

import pytest

from engine.campaign.design_file import read_design
from engine.errors import InputError
from engine.maps.sources import CELL_SETTING, kept_cell, read_sources
from engine.structure.condition import Recipe
from engine.structure.materials import MATERIALS, Material, material_named_in
from engine.study import Study
from tests.maps.studies import make_study

DESIGN = """
[design]
gap_um = [10, 60]
am_percent = [94, 96]
initial_porosity_percent = [46]
repeats = 1
"""


def test_that_a_material_comes_back_from_a_study_and_sets_capacity_and_voltage(tmp_path):
    with Study.create(tmp_path / "a.study") as study:
        assert study.material() is None and kept_cell(study).specific_capacity == 163
        study.set_material(MATERIALS["LFP"])
        assert study.material() == MATERIALS["LFP"]
        cell = kept_cell(study)
        assert (cell.specific_capacity, cell.voltage) == (170, 3.2)
        # What the user gives for the cell stands before what the material says.
        study.set_setting(CELL_SETTING, {"specific_capacity": 150.0})
        assert kept_cell(study).specific_capacity == 150 and kept_cell(study).voltage == 3.2
        assert read_sources(study).responses.constants.am_density == 3.6
        study.set_material(None)
        assert study.material() is None


def test_that_maps_take_the_density_that_the_campaign_was_made_with(tmp_path):
    with make_study(tmp_path / "a.study") as study:
        study.set_material(MATERIALS["LFP"])
        responses = read_sources(study).responses
        assert responses.constants.am_density == Recipe(0.95).am_density
        assert responses.cell.specific_capacity == 170


def test_that_a_stored_material_that_is_none_is_refused_in_words():
    with pytest.raises(InputError, match="stored material cannot be read"):
        Material.from_dict({"name": "X"})
    newer = MATERIALS["LCO"].to_dict() | {"colour": "black"}
    assert Material.from_dict(newer) == MATERIALS["LCO"]


def test_that_a_design_takes_density_and_sizes_of_a_material_unless_they_are_given(tmp_path):
    path = tmp_path / "d.toml"
    path.write_text(DESIGN + 'material = "nmc811"\nd90 = 20\n', encoding="utf-8")
    condition = read_design(path).conditions()[0].condition
    assert condition.recipe.am_density == 4.78
    assert condition.options["size_distribution"] == "lognormal"
    assert condition.options["d50"] == 10.44 and condition.options["d90"] == 20
    path.write_text(DESIGN, encoding="utf-8")
    plain = read_design(path)
    path.write_text(DESIGN + 'material = "NMC111"\n', encoding="utf-8")
    assert read_design(path).conditions() == plain.conditions()
    for more, reason in (
        ('material = "wood"', "'wood' is no known material"),
        ('material = "LFP"\nprotocol = "published"', "leave out 'material'"),
        ("material = 3", "'material' must be text"),
    ):
        path.write_text(DESIGN + more, encoding="utf-8")
        with pytest.raises(InputError, match=reason):
            read_design(path)


def test_that_the_name_of_a_file_may_tell_the_material():
    assert material_named_in("Line 2 NMC-811, March.xlsx") == "NMC811"
    assert material_named_in("nmc111 against nmc622.csv") == ""
    assert material_named_in("trial.csv") == ""
    assert MATERIALS["NMC111"].variables == {}
    other = dataclasses.replace(MATERIALS["NMC111"], density=4.6)
    assert other.variables == {"am_density": 4.6}


@pytest.mark.parametrize(
    ("name", "mentioned"),
    [
        ("electrical_conductivity.csv", ""),
        ("final coatings.xlsx", ""),
        ("NMC 8110.csv", ""),
        ("NMC - 811.csv", "NMC811"),
        ("LCO_coatings.xlsx", "LCO"),
        ("line2_nmc_622_v3.xlsx", "NMC622"),
        ("2026-LFP.csv", "LFP"),
        ("lfp2.csv", "LFP"),
    ],
)
def test_that_a_material_is_only_read_off_a_name_that_stands_alone(name, mentioned):
    assert material_named_in(name) == mentioned
