"""Coatings keep the names that the lab's sheet gives them."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment.coatings import distinguishing_names, read_labels, unique_names
from engine.experiment.diagnostics import LawAssessment, assess
from engine.experiment.laws import make_law
from engine.experiment.reader import read_table
from engine.experiment.safe_sheets import write_table
from engine.experiment.table import CalenderingTable, join_tables
from tests.experiment.sheets import ENGLISH, GERMAN, excel, measured
from tests.experiment.tables import sample_table

NAMES = ["Müller-94 dünn", "M94", "M95", "Äußere 96"]
FAMILIES = [0] * 3 + [1] * 4 + [2] * 3 + [3] * 4


def sheet(path, header, names, headers=ENGLISH):
    rows = [[name, *row] for name, row in zip(names, measured(), strict=True)]
    return read_table(excel(path / "a.xlsx", ("S", [[header, *headers], *rows])))


@pytest.mark.parametrize(
    "header",
    ["Coating", "Coating name", "Sample", "Probe", "Proben-Nr.", "Probenbezeichnung", "Electrode",
     "Elektrode", "Name", "Batch", "Charge", "Recipe", "Rezeptur", "Échantillon", "Beschichtung"],
)  # fmt: skip
def test_that_a_column_of_names_names_the_coatings(tmp_path, header):
    table = sheet(tmp_path, header, [NAMES[f] for f in FAMILIES], GERMAN)
    assert table.family_names() == tuple(NAMES)
    assert table.row_names()[3] == "M94"
    assert table.families.tolist() == FAMILIES
    assert header not in table.extra


def test_that_samples_named_one_by_one_never_part_a_coating(tmp_path):
    numbers = [f"A{f + 1}-{i}" for i, f in enumerate(FAMILIES)]
    table = sheet(tmp_path, "Sample", numbers)
    assert table.families.tolist() == FAMILIES
    assert table.family_names() == ("A1", "A2", "A3", "A4")
    assert table.extra["Sample"].tolist() == numbers  # nothing of the sheet is lost


def test_that_running_numbers_are_no_names(tmp_path):
    table = sheet(tmp_path, "Sample", [f"P{i:02d}" for i in range(14)])
    assert table.families.tolist() == FAMILIES
    assert table.family_names() == (
        "AM 94 %, ε_init 48.7 %", "AM 94 %, ε_init 46.1 %", "AM 95 %, ε_init 47.5 %",
        "AM 96 %, ε_init 42 %",
    )  # fmt: skip


def test_that_replicates_of_a_sample_do_not_make_it_a_coating(tmp_path):
    # Each sample is one condition measured twice: cross-validation must leave out coatings.
    rows = [[f"S{i}", *row] for i, row in enumerate(measured()) for _ in range(2)]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [["Sample", *ENGLISH], *rows])))
    assert len(table) == 14 and table.families.tolist() == FAMILIES


def test_that_batches_of_one_recipe_stay_apart(tmp_path):
    names = [NAMES[f] + ("a" if i % 2 else "b") for i, f in enumerate(FAMILIES)]
    table = sheet(tmp_path, "Batch", names)
    assert table.family_count == 8
    assert set(table.family_names()) == set(names)


def test_that_a_name_written_once_holds_for_the_rows_of_its_coating(tmp_path):
    names = [NAMES[f] if i in (0, 3, 7, 10) else None for i, f in enumerate(FAMILIES)]
    table = sheet(tmp_path, "Coating", names)
    assert table.family_names() == tuple(NAMES)


def test_that_one_name_of_several_coatings_says_what_tells_them_apart(tmp_path):
    names = ["NMC111"] * 7 + ["NMC95"] * 3 + ["NMC96"] * 4
    table = sheet(tmp_path, "Sample", names)
    assert table.family_names() == (
        "NMC111, ε_init 48.7 %", "NMC111, ε_init 46.1 %", "NMC95", "NMC96",
    )  # fmt: skip


def test_that_the_material_of_all_rows_names_no_coating(tmp_path):
    assert sheet(tmp_path, "Sample", ["NMC111"] * 14).coatings == ("",) * 14


def test_that_electrodes_of_one_scattering_coating_are_joined_by_their_name():
    porosity = np.array([0.45, 0.462, 0.474, 0.52, 0.53])
    families, names = read_labels(
        ["A", "A", "A", "B", "B"], False, [0.94] * 5, porosity, [100.0] * 5
    )
    assert families.tolist() == [0, 0, 0, 1, 1] and names == ("A", "A", "A", "B", "B")


def test_that_names_survive_the_study_and_older_tables_still_load(tmp_path):
    table = sheet(tmp_path, "Coating", [NAMES[f] for f in FAMILIES])
    data = json.loads(json.dumps(table.to_dict()))
    again = CalenderingTable.from_dict(data)
    assert again.coatings == table.coatings and again.family_names() == tuple(NAMES)
    del data["coatings"]
    old = CalenderingTable.from_dict(data)
    assert old.families.tolist() == FAMILIES
    assert old.family_name(0) == "AM 94 %, ε_init 48.7 %"


def test_that_names_reach_what_is_said_of_a_law(tmp_path):
    table = sheet(tmp_path, "Coating", [NAMES[f] for f in FAMILIES])
    assessment = assess(make_law("kawakita").fit(table), table)
    again = LawAssessment.from_dict(json.loads(json.dumps(assessment.to_dict())))
    assert again.family_names == tuple(NAMES)


def test_that_joined_sheets_keep_their_names(tmp_path):
    named = sheet(tmp_path, "Coating", [NAMES[f] for f in FAMILIES])
    both = join_tables([named, sample_table().take(np.arange(3))])
    assert both.family_names()[1:] == tuple(NAMES[1:])
    assert both.coatings[14:] == ("",) * 3
    assert join_tables([named.take([0, 1]), named.take([4, 5])]).family_names() == tuple(NAMES[:2])


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
@pytest.mark.parametrize(
    "names", [NAMES, ["A", "A", "B", "1"], [""] * 4, ["=1+1", "x" * 60, "b", "c"]]
)
def test_that_an_exported_table_tells_the_same_coatings_apart(tmp_path, ending, names):
    table = sheet(tmp_path, "Coating", [names[f] or None for f in FAMILIES])
    write_table(table, tmp_path / f"b{ending}")
    again = read_table(tmp_path / f"b{ending}")
    assert again.families.tolist() == table.families.tolist()
    if names != ["=1+1", "x" * 60, "b", "c"] or ending == ".xlsx":
        assert again.family_names() == table.family_names()


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_that_electrodes_named_in_a_column_called_coating_are_exported(tmp_path, ending):
    table = sheet(tmp_path, "Coating", [NAMES[f] for f in FAMILIES])
    electrodes = np.array([f"E{i}" for i in range(len(table))])
    table = dataclasses.replace(table, extra={"Coating": electrodes})
    write_table(table, tmp_path / f"b{ending}")
    again = read_table(tmp_path / f"b{ending}")
    assert again.family_names() == table.family_names()
    assert again.families.tolist() == table.families.tolist()
    assert again.extra["Sample"].tolist() == electrodes.tolist()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "A", "B", "3", "x" * 60]),
            st.sampled_from([0.93, 0.94]),
            st.sampled_from([0.42, 0.48]),
            st.sampled_from([90.0, 140.0]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.booleans(),
)
def test_that_every_coating_has_a_name_of_its_own(rows, named):
    labels, am, porosity, thickness = zip(*rows, strict=True)
    families, coatings = read_labels(labels, named, am, porosity, thickness)
    n = len(rows)
    table = CalenderingTable(
        am, porosity, thickness, [50.0] * n, [40.0] * n, [0.3] * n,
        families=families, coatings=coatings,
    )  # fmt: skip
    names = table.family_names()
    assert len(set(names)) == table.family_count and all(names)
    assert sorted(set(families.tolist())) == list(range(table.family_count))


@given(st.lists(st.sampled_from(["A", "B", "A (2)", "A (3)", "A (2) (2)"]), max_size=8))
def test_that_numbered_names_never_meet_a_name_there_is(names):
    found = unique_names(names)
    assert len(set(found)) == len(names)
    assert set(names) <= set(found)
    assert all(
        one == name or one.startswith(f"{name} (") for one, name in zip(found, names, strict=True)
    )


def test_that_names_that_stand_twice_are_numbered_until_free():
    assert unique_names(["A", "A", "A (2)"]) == ("A", "A (3)", "A (2)")
    assert unique_names(["A", "B", "A", "A"]) == ("A", "B", "A (2)", "A (3)")


def test_that_a_coating_is_told_apart_by_as_little_as_needed():
    assert distinguishing_names([0.94, 0.96], [0.48, 0.42], [100, 100]) == ("AM 94 %", "AM 96 %")
    assert distinguishing_names([0.94], [0.48], [100]) == ("AM 94 %, ε_init 48 %, 100 µm",)
