"""What a lab begins with lies inside its own sheet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment.starting_values import middle_coating, starting_design, starting_structure
from engine.experiment.table import CalenderingTable
from tests.experiment.tables import noisy_tables, sample_table


def table_in_pressure(pressures, am=0.95, names=()):
    n = len(pressures)
    return CalenderingTable(
        np.broadcast_to(am, n), [0.45] * n, [80.0] * n, [np.nan] * n, pressures, [0.3] * n,
        driver="pressure", coatings=names,
    )  # fmt: skip


def test_that_the_sample_begins_with_a_coating_that_was_measured():
    table = sample_table()
    start = starting_structure(table)
    assert (start["am_percent"], start["initial_porosity_percent"]) == (94, 46.1)
    assert start["initial_thickness_um"] == 178 and start["driver"][0] == "gap"
    assert start["driver"][1] == table.gap[table.families == middle_coating(table)].max() == 100
    kept = start["thickness_um"] * (1 - start["porosity_percent"] / 100)
    assert kept == pytest.approx(178 * (1 - 0.461), rel=1e-3)


def test_that_the_sample_gives_a_campaign_over_its_ranges():
    design = starting_design(sample_table())
    assert design["pressing"] == "gap" and design["gap_um"] == [1, 25, 100]
    assert design["am_percent"] == [94, 95, 96]
    assert design["initial_porosity_percent"] == [42, 45, 48.5]
    assert design["initial_thickness_um"] == [138]


def test_that_a_lab_that_sets_pressures_begins_with_pressures():
    table = table_in_pressure([0, 100, 250, 480, 620.4], names=("NMC-95",) * 5)
    start, design = starting_structure(table), starting_design(table)
    assert start["coating"] == "NMC-95" and start["driver"] == ["pressure", 100]
    assert design["pressure_MPa"] == [100, 250, 480, 620] and "gap_um" not in design
    assert design["am_percent"] == [95] and design["initial_porosity_percent"] == [45]


def test_that_two_compositions_are_both_taken():
    table = table_in_pressure([50, 100, 50, 100], am=[0.925, 0.925, 0.9675, 0.9675])
    assert starting_design(table)["am_percent"] == [92.5, 96.75]


@given(noisy_tables(), st.floats(0.0, 0.003))
def test_that_every_value_lies_inside_the_sheet(table, scatter):
    design = starting_design(table)
    for name, values, scale in (
        ("am_percent", table.am, 100),
        ("initial_porosity_percent", table.initial_porosity, 100),
        ("initial_thickness_um", table.initial_thickness, 1),
        ("gap_um", table.gap, 1),
    ):
        low, high = scale * values.min(), scale * values.max()
        room = 0.006 * high  # values are shown rounded
        assert all(low - room <= v <= high + room for v in design[name]), name
        assert design[name] == sorted(set(design[name])) and 1 <= len(design[name]) <= 5
