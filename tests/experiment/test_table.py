"""Calendering tables: families, replicates, storage."""

import json

import numpy as np
import pytest
from hypothesis import given, settings

from engine.errors import InputError
from engine.experiment.coatings import find_families
from engine.experiment.reader import porosity_from_loading, read_table
from engine.experiment.replicates import average_replicates
from engine.experiment.table import CalenderingTable, join_tables
from tests.experiment.sheets import ENGLISH, SAMPLE, excel, measured
from tests.experiment.tables import noisy_tables, sample_table


def test_that_the_sample_has_four_families_of_its_coatings():
    table = sample_table()
    assert table.families.tolist() == [0] * 3 + [1] * 4 + [2] * 3 + [3] * 4
    assert table.family_name(1) == "AM 94 %, ε_init 46.1 %"


def test_that_the_sample_names_its_source_and_licence():
    import openpyxl

    book = openpyxl.load_workbook(SAMPLE)
    notes = " ".join(str(cell.value) for row in book["Notes"].rows for cell in row)
    for words in ("10.5281/zenodo.3901441", "CC BY-NC-SA 4.0", "10.1016/j.jpowsour.2020.229103"):
        assert words in notes
    assert book["Measurements"].freeze_panes == "A2"


def test_that_the_sample_holds_the_published_measurements():
    from tests.shared_data import shared_file

    published = read_table(shared_file("calendering_nmc111_14_conditions.csv"))

    def rows(table):
        columns = [table.am, table.initial_porosity, table.initial_thickness, table.gap,
                   table.porosity, table.porosity_sd]  # fmt: skip
        return sorted(np.round(np.column_stack(columns), 9).tolist())

    assert rows(sample_table()) == rows(published)


def test_that_electrodes_of_one_coating_are_one_family():
    random = np.random.default_rng(3)
    am = np.repeat([0.94, 0.94, 0.96], 10)
    porosity = np.repeat([0.49, 0.45, 0.42], 10) + random.uniform(-0.003, 0.003, 30)
    thickness = np.repeat([138.0, 178.0, 180.0], 10) * random.uniform(0.985, 1.015, 30)
    families = find_families(am, porosity, thickness)
    assert families.tolist() == [0] * 10 + [1] * 10 + [2] * 10


def test_that_replicates_become_one_condition_with_mean_and_deviation(tmp_path):
    random = np.random.default_rng(1)
    rows = [[*r[:4], r[4] + d] for r in measured() for d in random.normal(0, 0.5, 4)]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows])))
    assert len(table) == 14 and table.rows_used == 56
    values = np.array(rows)[:, 4].reshape(14, 4) / 100
    np.testing.assert_allclose(table.porosity, values.mean(axis=1))
    np.testing.assert_allclose(table.porosity_sd, values.std(axis=1, ddof=1))
    assert any("56 rows are replicates of 14 conditions" in note for note in table.notes)


def test_that_rows_of_another_roll_temperature_are_no_replicates(tmp_path):
    header = [*ENGLISH, "Roll temperature (°C)", "Mass (g)"]
    rows = [[*r, t, m] for r in measured() for t, m in ((25, 1.0), (80, 2.0), (80, 4.0))]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [header, *rows])))
    assert len(table) == 28
    assert table.extra["Roll temperature (°C)"].tolist() == [25.0, 80.0] * 14
    assert table.extra["Mass (g)"].tolist() == [1.0, 3.0] * 14


def test_that_simulated_rows_are_kept_apart_from_measured_ones(tmp_path):
    header = [*ENGLISH, "Source"]
    rows = [[*r, origin] for r in measured() for origin in ("measured", "simulated")]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [header, *rows])))
    assert len(table) == 28
    assert table.origin == ("measured", "simulated") * 14


def test_that_porosity_is_derived_from_thickness_loading_and_densities(tmp_path):
    header = [
        "AM (%)",
        "Initial thickness (µm)",
        "Thickness after (µm)",
        "Loading (mg/cm²)",
        "Gap (µm)",
    ]
    rows = [[94, t, t - d, 30 + t / 10, g] for t, d, g in
            ((150, 20, 40), (150, 30, 20), (150, 35, 10), (170, 10, 60), (170, 25, 20))]  # fmt: skip
    path = excel(tmp_path / "a.xlsx", ("S", [header, *rows]))
    with pytest.raises(InputError, match="initial porosity"):
        read_table(path)
    table = read_table(path, densities=(4.65, 1.8))
    # 45 mg/cm² in 150 µm: 3 g/cm³ of coating over a solid of 1 / (0.94/4.65 + 0.06/1.8) g/cm³.
    solid = 1 / (0.94 / 4.65 + 0.06 / 1.8)
    assert table.initial_porosity[0] == pytest.approx(1 - 3.0 / solid)
    assert table.porosity[0] == pytest.approx(1 - 45 / 13.0 / solid)
    assert sum("was derived" in note for note in table.notes) == 2


def test_that_an_impossible_derived_porosity_is_refused(tmp_path):
    header = [
        "AM (%)",
        "Initial thickness (µm)",
        "Thickness after (µm)",
        "Loading (mg/cm²)",
        "Gap (µm)",
    ]
    path = excel(tmp_path / "a.xlsx", ("S", [header, [94, 100, 90, 90, 40]]))
    with pytest.raises(InputError, match="Row 2: thickness, loading and densities give"):
        read_table(path, densities=(4.65, 1.8))


def test_that_porosity_from_loading_conserves_the_solid():
    am, loading = np.array([0.94, 0.96]), np.array([30.0, 25.0])
    t0 = np.array([150.0, 130.0])
    before = porosity_from_loading(am, t0, loading)
    after = porosity_from_loading(am, 0.8 * t0, loading)
    np.testing.assert_allclose(t0 * (1 - before), 0.8 * t0 * (1 - after))


@settings(max_examples=20, deadline=None)
@given(noisy_tables())
def test_that_a_table_survives_json(table):
    data = json.loads(json.dumps(table.to_dict(), allow_nan=False))
    again = CalenderingTable.from_dict(data)
    assert again.to_dict() == table.to_dict()
    np.testing.assert_array_equal(again.porosity, table.porosity)
    np.testing.assert_array_equal(again.families, table.families)


@settings(max_examples=10, deadline=None)
@given(noisy_tables())
def test_that_averaging_twice_changes_nothing_more(table):
    doubled = table.take(np.repeat(np.arange(len(table)), 2))
    once = average_replicates(doubled)
    assert len(once) == len(table)
    np.testing.assert_allclose(once.porosity, table.porosity)
    np.testing.assert_allclose(once.porosity_sd, 0, atol=1e-12)
    assert average_replicates(once) is once


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "x"}, "not a calendering table"), ({"version": 2}, "version 2"),
        ({"porosity": [2.0]}, "not 1 as the others"), ({"porosity": "abc"}, "damaged"),
        ({"driver": "wind"}, "driver"), ({"calibration": {"decay": 0}}, "Calibration"),
    ],
)  # fmt: skip
def test_that_a_damaged_table_is_refused(change, words):
    data = {k: v for k, v in sample_table().to_dict().items()} | change
    with pytest.raises(InputError, match=words):
        CalenderingTable.from_dict(data)


@pytest.mark.parametrize(
    ("column", "value"),
    [("am", 94.0), ("porosity", 0.0), ("initial_porosity", np.nan), ("initial_thickness", -1.0),
     ("pressure", np.inf)],
)  # fmt: skip
def test_that_an_impossible_condition_is_refused(column, value):
    table = sample_table()
    arrays = {n: getattr(table, n).copy() for n in
              ("am", "initial_porosity", "initial_thickness", "gap", "pressure", "porosity")}  # fmt: skip
    arrays[column][3] = value
    with pytest.raises(InputError):
        CalenderingTable(**arrays)


def test_that_simulated_conditions_join_the_measured_ones(tmp_path):
    measurements = sample_table()
    header = [*ENGLISH, "Yield stress (MPa)"]
    rows = [[*r[:4], r[4] + 1, 80 + i] for i, r in enumerate(measured()[:5])]
    simulated = read_table(excel(tmp_path / "dem.xlsx", ("S", [[*header, "Source"],
                                                               *[[*r, "simulated"] for r in rows]])))  # fmt: skip
    both = join_tables([measurements, simulated])
    assert len(both) == 19 and both.family_count == 4
    assert both.origin == ("measured",) * 14 + ("simulated",) * 5
    assert np.isnan(both.extra["Yield stress (MPa)"][:14]).all()
    assert both.extra["Yield stress (MPa)"][14:].tolist() == [80, 81, 82, 83, 84]
    assert np.isfinite(both.porosity_sd[:14]).all() and np.isnan(both.porosity_sd[14:]).all()
    assert CalenderingTable.from_dict(both.to_dict()).to_dict() == both.to_dict()
    with pytest.raises(InputError, match="no table"):
        join_tables([])


def test_that_many_scattered_electrodes_are_told_into_their_coatings():
    random = np.random.default_rng(0)
    families = np.repeat(np.arange(4), 3000)
    am = np.array([0.94, 0.94, 0.95, 0.96])[families]
    porosity = np.array([0.487, 0.461, 0.475, 0.42])[families] + random.normal(0, 0.002, 12000)
    thickness = np.array([138.0, 178.0, 170.0, 180.0])[families] * random.normal(1, 0.005, 12000)
    assert (find_families(am, porosity, thickness) == families).all()


def test_that_only_rows_with_a_partner_count_as_replicates(tmp_path):
    rows = [[*r] for r in measured()]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows, *rows[:3]])))
    assert len(table) == 14
    assert any("6 rows are replicates of 3 conditions" in note for note in table.notes)
