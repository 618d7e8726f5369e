import dataclasses

import numpy as np
import openpyxl
import pandas as pd
import pytest

from engine.errors import InputError
from engine.experiment.calibration import PUBLISHED_CALIBRATION
from engine.experiment.reader import read_table
from engine.experiment.rolls import Rolls
from engine.experiment.table import CalenderingTable
from engine.maps.next_experiments import next_experiments
from engine.maps.responses import Responses
from engine.maps.targets import Target
from engine.maps.trade_off import LAB_STEPS, trade_off
from tests.maps.examples import published_responses
from tests.shared_data import shared_file


@pytest.fixture(scope="module")
def feasible():
    targets = [Target("tortuosity_electrolyte", "down", most=3)]
    steps = {"gap_um": 16, "am_percent": 7, "initial_porosity_percent": 6}
    found = trade_off(published_responses(), targets, steps=steps)
    return found.settings[found.feasible]


@pytest.fixture(scope="module")
def measured():
    raw = pd.read_csv(shared_file("calendering_nmc111_14_conditions.csv"), sep=";")
    gap = raw["calender.gap.um"].to_numpy(float)
    _, families = np.unique(raw["thickness_before"] + raw["X.NMC"], return_inverse=True)
    return CalenderingTable(
        am=raw["X.NMC"].to_numpy(float),
        initial_porosity=raw["porosite_before"].to_numpy(float),
        initial_thickness=raw["thickness_before"].to_numpy(float),
        gap=gap,
        pressure=PUBLISHED_CALIBRATION.pressure(gap),
        porosity=raw["porosity"].to_numpy(float),
        families=families,
    )


def test_that_the_conditions_stand_in_the_feasible_region_and_differ(feasible, measured):
    plan = next_experiments(published_responses(), feasible, measured, count=6)
    keys = ["gap_um", "am_percent", "initial_porosity_percent"]
    assert len(plan.table.drop_duplicates(keys)) == 6
    merged = plan.table.round(6).merge(feasible[keys].round(6), on=keys, how="left", indicator=True)
    assert (merged["_merge"] == "both").all()


def test_that_each_measurement_lowers_the_uncertainty(feasible, measured):
    responses = published_responses()
    plans = [next_experiments(responses, feasible, measured, count=n) for n in (1, 3, 8)]
    after = [plan.sd_after for plan in plans]
    assert plans[0].sd_before > after[0] > after[1] > after[2] > 0
    then = plans[2].table["porosity_sd_then_percent"]
    assert (np.diff(then) <= 1e-9).all()
    assert (then <= plans[2].table["porosity_sd_percent"] + 1e-9).all()
    assert f"from {plans[2].sd_before:.1f} to {after[2]:.1f} points" in plans[2].sentence


def test_that_the_first_is_where_the_law_is_least_sure(feasible, measured):
    plan = next_experiments(published_responses(), feasible, measured, count=4)
    first = plan.table["porosity_sd_percent"]
    assert first[0] == first.max()


def test_that_what_was_measured_is_not_asked_for_again(measured):
    # Feasible: the measured conditions themselves, and one far from them.
    pool = pd.DataFrame(
        {
            "gap_um": [*measured.gap, 50.0],
            "pressure_MPa": [*measured.pressure, PUBLISHED_CALIBRATION.pressure(50.0)],
            "am_percent": [*(100 * measured.am), 93.0],
            "initial_porosity_percent": [*(100 * measured.initial_porosity), 40.0],
            "initial_thickness_um": [*measured.initial_thickness, 100.0],
        }
    )
    plan = next_experiments(published_responses(), pool, measured, count=1)
    assert plan.table["am_percent"][0] == 93.0


def test_that_the_sheet_has_a_column_to_fill_and_no_prediction_in_it(feasible, measured, tmp_path):
    plan = next_experiments(published_responses(), feasible, measured, count=3)
    path = plan.write(tmp_path / "next")
    sheet = pd.read_excel(path, sheet_name=0, engine="openpyxl")
    assert list(sheet)[:5] == [
        "AM (%)",
        "Initial porosity (%)",
        "Initial thickness (µm)",
        "Roll gap (µm)",
        "Porosity (%)",
    ]
    new, old = sheet[sheet["Note"] == "to measure"], sheet[sheet["Note"] == "measured"]
    assert new["Porosity (%)"].isna().all() and len(new) == 3
    assert np.allclose(old["Porosity (%)"], 100 * measured.porosity)
    expected = pd.read_excel(path, sheet_name="Expected", engine="openpyxl")
    assert "Expected porosity (%)" in expected
    assert all("_" not in heading and "(" in heading for heading in expected)


def test_that_a_filled_sheet_is_loaded_again(feasible, measured, tmp_path):
    plan = next_experiments(published_responses(), feasible, measured, count=3)
    path = plan.write(tmp_path / "next.xlsx")
    book = openpyxl.load_workbook(path)
    for row, value in zip((2, 3, 4), (31.5, 28.0, 26.25), strict=True):
        book.worksheets[0].cell(row, 5).value = value
    book.save(path)
    table = read_table(path)
    assert np.allclose(table.porosity[:3], [0.315, 0.28, 0.2625])
    assert np.allclose(100 * table.am[:3], plan.table["am_percent"])
    assert np.allclose(table.gap[:3], plan.table["gap_um"])
    # The measurements so far come along: the sheet replaces the one before.
    assert len(table) == 3 + len(measured)
    assert np.allclose(table.porosity[3:], measured.porosity)
    assert np.allclose(table.initial_thickness[3:], measured.initial_thickness)


def test_that_a_sheet_filled_in_part_is_loaded_without_the_blank_rows(feasible, measured, tmp_path):
    plan = next_experiments(published_responses(), feasible, measured, count=4)
    path = plan.write(tmp_path / "next.xlsx")
    book = openpyxl.load_workbook(path)
    book.worksheets[0].cell(3, 5).value = 28.0
    book.save(path)
    table = read_table(path)
    assert len(table) == 1 + len(measured) and len(table.left_out) == 3
    assert table.porosity[0] == pytest.approx(0.28)


def test_that_the_sheet_keeps_the_lab_s_names_and_columns(feasible, measured, tmp_path):
    numbers = np.asarray(measured.families)
    lab = dataclasses.replace(
        measured,
        coatings=[f"=Batch {k}" for k in numbers],
        extra={
            "Coating": np.array([f"E{i}" for i in range(len(measured))]),
            "Operator": np.array(["Öl"] * len(measured)),
        },
    )
    plan = next_experiments(published_responses(), feasible, lab, count=3)
    first = plan.table.copy()
    for name, value in (
        ("am_percent", 100 * lab.am[5]),
        ("initial_porosity_percent", 100 * lab.initial_porosity[5]),
        ("initial_thickness_um", lab.initial_thickness[5]),
    ):
        first.loc[0, name] = value
    plan = dataclasses.replace(plan, table=first)
    sheet = plan.sheet()
    assert sheet["Coating"][0] == lab.coatings[5] and sheet["Coating"][1:3].isna().all()
    path = plan.write(tmp_path / "next.xlsx")
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    assert not [cell for row in page.iter_rows() for cell in row if cell.data_type == "f"]
    page.cell(2, list(sheet).index("Porosity (%)") + 1).value = 28.0
    book.save(path)
    again = read_table(path)
    assert again.coatings == (lab.coatings[5], *lab.coatings)
    assert again.extra["Sample"][1:].tolist() == lab.extra["Coating"].tolist()
    assert again.extra["Operator"][1:].tolist() == lab.extra["Operator"].tolist()


def test_that_a_lab_can_ask_for_few_coatings(feasible, measured):
    plan = next_experiments(published_responses(), feasible, measured, count=7, coatings=2)
    coating = ["am_percent", "initial_porosity_percent", "initial_thickness_um"]
    assert len(plan.table) == 7
    assert len(plan.table.drop_duplicates(coating)) == 2
    free = next_experiments(published_responses(), feasible, measured, count=7)
    assert free.sd_after <= plan.sd_after


def test_that_without_law_or_region_a_plan_is_refused(feasible):
    responses = published_responses()
    with pytest.raises(InputError, match="calendering law first"):
        next_experiments(Responses(responses.models), feasible)
    with pytest.raises(InputError, match="No setting keeps the limits"):
        next_experiments(responses, feasible.iloc[:0])


def test_that_conditions_are_asked_for_in_steps_that_a_lab_can_set(feasible):
    plan = next_experiments(published_responses(), feasible, count=4)
    for name in ("gap_um", "am_percent", "initial_porosity_percent"):
        share = plan.table[name].to_numpy() / LAB_STEPS[name]
        assert np.allclose(share, np.round(share), atol=1e-6), name


def test_that_a_sheet_of_rounded_conditions_is_filled_in_and_loaded_again(measured, tmp_path):
    responses = published_responses()
    found = trade_off(responses, [Target("tortuosity_electrolyte", "down")], steps={"gap_um": 9})
    plan = next_experiments(responses, found.settings[found.feasible], measured, count=3)
    path = plan.write(tmp_path / "next.xlsx")
    book = openpyxl.load_workbook(path)
    for row, value in zip((2, 3, 4), (31.5, 28.0, 26.25), strict=True):
        book.worksheets[0].cell(row, 5).value = value
    book.save(path)
    table = read_table(path)
    for values, name in (
        (100 * table.am, "am_percent"),
        (100 * table.initial_porosity, "initial_porosity_percent"),
        (table.initial_thickness, "initial_thickness_um"),
        (table.gap, "gap_um"),
    ):
        assert np.allclose(values[:3], plan.table[name], atol=1e-9), name
    assert np.allclose(table.porosity[:3], [0.315, 0.28, 0.2625])


def test_that_a_lab_of_line_loads_fills_in_a_sheet_of_line_loads(feasible, measured, tmp_path):
    rolls = Rolls(3.0)
    lab = dataclasses.replace(measured, rolls=rolls, driver="pressure")
    responses = dataclasses.replace(published_responses(), turns="pressure_MPa", rolls=rolls)
    plan = next_experiments(responses, feasible, lab, count=3)
    path = plan.write(tmp_path / "next.xlsx")
    book = openpyxl.load_workbook(path)
    header = [cell.value for cell in book.worksheets[0][1]]
    assert "Line load at 3 mm contact (N/mm)" in header and "Pressure (MPa)" not in header
    load, porosity = header.index(rolls.heading) + 1, header.index("Porosity (%)") + 1
    for row in (2, 3, 4):
        book.worksheets[0].cell(row, porosity).value = 30.0
    book.worksheets[0].cell(2, load).value = 300.0
    book.save(path)
    table = read_table(path)
    assert table.rolls == rolls and len(table) == 3 + len(measured)
    assert table.pressure[0] == pytest.approx(100.0)
    np.testing.assert_allclose(table.pressure[1:3], plan.table["pressure_MPa"][1:], atol=2e-3)
    np.testing.assert_allclose(table.pressure[3:], measured.pressure, atol=1e-6)
    expected = plan.expected()
    np.testing.assert_allclose(expected[rolls.heading], 3 * plan.table["pressure_MPa"], atol=1e-3)
