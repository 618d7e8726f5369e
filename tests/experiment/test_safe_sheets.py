"""Sheets written for people hold no live formula made from a user's text."""

import csv
import zipfile

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.experiment.reader import read_table
from engine.experiment.safe_sheets import safe_text, write_table, write_text_table, write_workbook
from engine.experiment.table import CalenderingTable
from tests.experiment.tables import sample_table

ATTACKS = [
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1",
    " =1+1", "＝1+1", '=HYPERLINK("http://x")', "\x00=1", "\n=1",
]  # fmt: skip


def hostile_table():
    table = sample_table()
    texts = np.array([ATTACKS[i % len(ATTACKS)] for i in range(len(table))])
    arrays = {n: getattr(table, n) for n in
              ("am", "initial_porosity", "initial_thickness", "gap", "pressure", "porosity")}  # fmt: skip
    return CalenderingTable(
        **arrays, extra={"=Remark": texts}, source="=1+1", left_out=((3, "a note ('=1+1')"),),
        notes=("@x",),
    )  # fmt: skip


def test_that_a_workbook_holds_no_formula(tmp_path):
    path = tmp_path / "a.xlsx"
    write_table(hostile_table(), path)
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.rows for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert any(cell.value == "=1+1" and cell.quotePrefix for cell in cells)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if "worksheets" in name:
                assert b"<f" not in archive.read(name)


def test_that_a_text_table_holds_no_cell_that_begins_a_formula(tmp_path):
    path = tmp_path / "a.csv"
    write_table(hostile_table(), path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            for cell in row:
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝")), cell


@given(st.text(max_size=30))
def test_that_no_text_begins_a_formula(text):
    safe = safe_text(text).lstrip(" \u00a0")
    if safe[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"):
        float(safe.replace(",", ".").split(" ")[0].rstrip("%µmkNMPabrsgc³²/°C").replace("'", ""))


@pytest.mark.parametrize("text", ["-3.5", "+2", "-1e-3", "a=b", "", "Sample 1", "-0,5"])
def test_that_harmless_texts_stay_as_they_are(text):
    assert safe_text(text) == text


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_that_a_written_table_is_read_back(tmp_path, ending):
    table = sample_table()
    write_table(table, tmp_path / f"a{ending}")
    again = read_table(tmp_path / f"a{ending}")
    for name in ("am", "initial_porosity", "initial_thickness", "gap", "porosity", "porosity_sd"):
        np.testing.assert_allclose(getattr(again, name), getattr(table, name), rtol=1e-14)
    assert again.families.tolist() == table.families.tolist()
    np.testing.assert_array_equal(
        again.extra["Solid content (%)"], table.extra["Solid content (%)"]
    )


def test_that_numbers_keep_their_full_precision_and_blanks_stay_blank(tmp_path):
    path = tmp_path / "a.csv"
    write_text_table(path, ["a", "b", "c"], [[np.float64(0.1) + 0.2, float("nan"), None]])
    assert path.read_text(encoding="utf-8-sig").splitlines()[1] == "0.30000000000000004,,"


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_that_any_text_survives_a_workbook_as_text(tmp_path_factory, name, text):
    path = tmp_path_factory.mktemp("x") / "a.xlsx"
    write_workbook(path, {name: (["h"], [[text]])})
    value = openpyxl.load_workbook(path).worksheets[0]["A2"]
    assert value.data_type != "f"
    printable = "".join(c for c in text if c >= " ")
    assert "".join(c for c in str(value.value or "") if c >= " ") == printable


def test_that_a_place_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_table(sample_table(), tmp_path / "none" / "a.csv")
    with pytest.raises(InputError, match="cannot be written"):
        write_table(sample_table(), tmp_path / "none" / "a.xlsx")
    with pytest.raises(InputError, match=r"\.xlsx or \.csv"):
        write_table(sample_table(), tmp_path / "a.doc")
