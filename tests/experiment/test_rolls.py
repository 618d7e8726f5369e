"""Line loads and forces: recognised, turned into pressures, and spoken of in their own unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from engine.experiment.preview import ReadOptions, preview_sheet
from engine.experiment.reader import read_table
from engine.experiment.rolls import Rolls, stated_rolls
from engine.experiment.safe_sheets import write_table
from engine.experiment.table import CalenderingTable, join_tables
from engine.maps.report_data import collect
from engine.study import Study

GERMAN = """Beschichtung;Aktivmaterialanteil;Leitruß;Linienlast;Flächenbeladung;Schichtdicke vor Kalandrieren;Schichtdicke nach Kalandrieren
;Gew.-%;Gew.-%;N/mm;mg/cm²;µm;µm
K1;93,0;4,0;100;21,50;97,6;87,0
K1;93,0;4,0;500;21,72;96,0;73,4
K2;94,5;3,0;500;28,40;117,9;95,1
K2;94,5;3,0;500;28,17;118,4;96,1
"""
ROWS = "A,95,{0},45,90,35\nA,95,{1},45,90,31\nB,92,{0},48,85,36\nB,92,{1},48,85,33\n"


def _sheet(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "sheet.csv"
    path.write_bytes(text.encode(encoding))
    return path


def _loads(folder: Path, heading: str, *loads: float) -> Path:
    header = f"Coating,AM (%),{heading},Initial porosity (%),Initial thickness (um),Porosity (%)\n"
    return _sheet(folder, header + ROWS.format(*loads))


def test_that_a_sheet_of_line_loads_and_weights_says_what_it_lacks(tmp_path):
    path = _sheet(tmp_path, GERMAN, "cp1252")
    preview = preview_sheet(path)
    assert preview.layout.load_column is not None
    assert "contact length" in preview.obstacle and "skeletal densities" in preview.obstacle
    assert "no column for the initial porosity" not in preview.obstacle
    with_rolls = preview_sheet(path, ReadOptions(contact_length=3.0)).obstacle
    assert "contact length" not in with_rolls and "skeletal densities" in with_rolls


@pytest.mark.parametrize(
    ("heading", "loads", "rolls"),
    [
        ("Charge linéique (kN/m)", (200, 400), Rolls(2.0)),
        ("Line load [kN/m]", (200, 400), Rolls(2.0)),
        ("Effort linéique en N/mm", (200, 400), Rolls(2.0)),
        ("Walzkraft in kN", (20, 40), Rolls(2.0, 100.0)),
        ("Roller force (kN)", (20, 40), Rolls(2.0, 100.0)),
    ],
)
def test_that_loads_of_each_language_become_pressures_and_come_back(
    tmp_path, heading, loads, rolls
):
    path = _loads(tmp_path, heading, *loads)
    table = read_table(path, contact_length=rolls.contact_length, roll_width=rolls.width)
    assert table.rolls == rolls
    np.testing.assert_allclose(table.pressure, [100, 200, 100, 200])
    np.testing.assert_allclose(rolls.load(table.pressure), [*loads, *loads])
    # The exported sheet states the contact, so that it is read without being told.
    write_table(table, tmp_path / "again.xlsx")
    again = read_table(tmp_path / "again.xlsx")
    assert again.rolls == rolls
    np.testing.assert_allclose(again.pressure, table.pressure)
    assert CalenderingTable.from_dict(table.to_dict()).rolls == rolls


def test_that_a_sheet_in_megapascal_has_no_rolls(tmp_path):
    table = read_table(_loads(tmp_path, "Pressure (MPa)", 100, 200), contact_length=2.0)
    assert table.rolls is None
    other = read_table(_loads(tmp_path, "Line load (N/mm)", 200, 400), contact_length=2.0)
    assert join_tables([table, other]).rolls is None
    assert join_tables([other, other]).rolls == Rolls(2.0)


def test_that_a_load_is_said_beside_its_pressure():
    assert Rolls(3.0).in_words(287) == "line load 861 N/mm at 3 mm contact"
    assert Rolls(2.0, 100.0).in_words(100) == "force 20.0 kN at 2 mm contact and 100 mm width"
    for rolls in (Rolls(1 / 3), Rolls(2.5, 120.0)):
        length, width = stated_rolls(rolls.heading)
        assert length == pytest.approx(rolls.contact_length, rel=1e-5) and width == rolls.width
    assert stated_rolls("Line load (N/mm)") == (None, None)
    with pytest.raises(InputError, match="contact length"):
        Rolls(0.0)


def test_that_a_blank_porosity_is_derived_row_by_row(tmp_path):
    header = "AM (%),Pressure (MPa),Initial porosity (%),Initial thickness (um),Porosity (%),"
    header += "Mass loading (mg/cm²),Thickness after calendering (um),Note\n"
    rows = (
        "95,100,45,90,35,,,measured\n95,200,45,90,,20,70,to measure\n95,300,45,90,,,,to measure\n"
    )
    path = _sheet(tmp_path, header + rows)
    preview = preview_sheet(path)
    assert preview.can_derive
    assert "skeletal densities" in dict(preview.left_out)[3]
    table = read_table(path, densities=(4.7, 1.8))
    solid = 20 * (0.95 / 4.7 + 0.05 / 1.8)
    np.testing.assert_allclose(table.porosity, [0.35, 1 - 10 * solid / 70])
    assert [row for row, _ in table.left_out] == [4]
    assert set(table.extra["Note"]) == {"measured"}
    assert any("row 3 was derived" in note for note in table.notes)


def test_that_near_repeats_are_not_averaged_and_it_is_said_why(tmp_path):
    path = _sheet(tmp_path, GERMAN, "cp1252")
    table = read_table(path, contact_length=3.0, densities=(4.7, 1.8))
    assert len(table) == 4
    assert any(note.startswith("Rows 5 and 6 were not averaged") for note in table.notes)
    equal = read_table(_loads(tmp_path, "Pressure (MPa)", 100, 100))
    assert not any("not averaged" in note for note in equal.notes)


def test_that_a_report_states_the_contact_and_lists_the_loads(tmp_path):
    path = _loads(tmp_path, "Line load (N/mm)", 200, 400)
    table = read_table(path, contact_length=2.0)
    with Study.create(tmp_path / "loads.study") as study:
        study.set_table(table)
        assert study.table().rolls == Rolls(2.0)
        data = collect(study)
    assert data["measurements"]["summary"].endswith(Rolls(2.0).sentence)
    assert Rolls(2.0).sentence in data["methods"]
    assert "Line load (N/mm)" in str(data["measurements"]["table"])
