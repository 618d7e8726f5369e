"""What labs do in their sheets that is no mistake: it is read, or one says what is needed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import InputError
from engine.experiment.layout import HEADER_ROWS
from engine.experiment.reader import read_table
from tests.experiment.sheets import ENGLISH, excel, measured, text_table
from tests.experiment.test_hostile_sheets import assert_is_the_sample, refused

LOAD = [*ENGLISH[:3], "Linienlast (N/mm)", ENGLISH[4]]
FORCE = [*ENGLISH[:3], "Calender force (kN)", ENGLISH[4]]


def loads(factor=2.0):
    return [[*r[:3], 300.0 - factor * r[3], r[4]] for r in measured()]


def test_that_a_line_load_alone_is_named_with_what_makes_it_a_pressure(tmp_path):
    path = excel(tmp_path / "a.xlsx", ("S", [LOAD, *loads()]))
    refused(path, "'Linienlast (N/mm)' is a line load", "contact length", "--contact-length")
    table = read_table(path, contact_length=2.0)  # no column needs to be named
    np.testing.assert_allclose(table.pressure, [150.0 - r[3] for r in measured()])
    assert not table.extra


def test_that_a_force_needs_the_width_of_the_electrode_too(tmp_path):
    path = excel(tmp_path / "a.xlsx", ("S", [FORCE, *loads()]))
    refused(path, "is a force", "width of the electrode")
    refused(path, "(kN)", "width of the electrode", contact_length=2.0)
    table = read_table(path, contact_length=2.0, roll_width=100.0)
    np.testing.assert_allclose(table.pressure, [(300 - 2 * r[3]) * 5 for r in measured()])


def test_that_a_line_load_beside_a_gap_is_kept_and_nothing_more(tmp_path):
    rows = [[*r, 100.0] for r in measured()]
    path = excel(tmp_path / "a.xlsx", ("S", [[*ENGLISH, "Line load (N/mm)"], *rows]))
    table = read_table(path, contact_length=2.0)
    assert_is_the_sample(table)
    assert list(table.extra) == ["Line load (N/mm)"]


@pytest.mark.parametrize("header", ["Nip pressure, kPa", "Line pressure (kPa)"])
def test_that_a_nip_pressure_in_a_unit_of_pressure_is_a_pressure(tmp_path, header):
    rows = [[*r[:3], 1000 * (10.0 + r[3]), r[4]] for r in measured()]
    table = read_table(
        excel(tmp_path / "a.xlsx", ("S", [[*ENGLISH[:3], header, ENGLISH[4]], *rows]))
    )
    np.testing.assert_allclose(table.pressure, [10.0 + r[3] for r in measured()])


def test_that_porosities_are_derived_or_the_densities_asked_for(tmp_path):
    am, cbd = 4.65, 1.8
    header = ["AM (%)", "Initial thickness (µm)", "Grammage (g/m²)", "Gap (µm)",
              "Thickness after calendering (µm)"]  # fmt: skip
    rows = []
    for w, e0, t0, gap, e in measured():
        solid = (1 - e0 / 100) * t0 / (w / 100 / am + (1 - w / 100) / cbd)  # g/m²
        rows.append([w, t0, solid, gap, t0 * (100 - e0) / (100 - e)])
    path = excel(tmp_path / "a.xlsx", ("S", [header, *rows]))
    refused(path, "thickness and mass loading give it", "skeletal densities", "--densities")
    assert_is_the_sample(read_table(path, densities=(am, cbd)))


def test_that_a_coating_written_once_over_its_rows_is_repeated_on_request(tmp_path):
    rows, before = [], None
    for row in measured():
        rows.append(["", "", "", *row[3:]] if row[:3] == before else list(row))
        before = row[:3]
    blank = sum(row[0] == "" for row in rows)
    path = text_table(tmp_path / "a.csv", [ENGLISH, *rows])
    assert_is_the_sample(read_table(path, fill_down=True))
    table = read_table(path)
    assert len(table) == 14 - blank
    assert f"{blank} rows leave the coating blank" in table.notes[0]


def test_that_a_single_blank_of_the_coating_is_never_filled(tmp_path):
    rows = [list(row) for row in measured()]
    rows[1][1] = ""
    table = read_table(text_table(tmp_path / "a.csv", [ENGLISH, *rows]), fill_down=True)
    assert len(table) == 13 and table.left_out == ((3, "'Initial porosity (%)' is blank"),)


@pytest.mark.parametrize("mark", [" ± ", "±", " +/- "])
def test_that_a_spread_written_into_the_cell_is_the_standard_deviation(tmp_path, mark):
    rows = [[*r[:4], f"{r[4]:.12g}{mark}0.5 %"] for r in measured()]
    table = read_table(text_table(tmp_path / "a.csv", [ENGLISH, *rows]))
    assert_is_the_sample(table)
    np.testing.assert_allclose(table.porosity_sd, 0.005)
    plain = [[*r[:4], f"{r[4]:.12g}{mark}0.5"] for r in measured()]
    table = read_table(text_table(tmp_path / "b.csv", [ENGLISH, *plain]))
    np.testing.assert_allclose(table.porosity_sd, 0.005)
    assert "standard deviation" in table.notes[0]
    refused(text_table(tmp_path / "c.csv", [ENGLISH, *rows[:-1], [*rows[-1][:4], "30 ± x"]]),
            "'30 ± x' is not a number")  # fmt: skip


def test_that_the_old_letters_of_a_mac_are_read(tmp_path):
    text = "Matière active (%);Porosité initiale (%);Épaisseur initiale (µm);Entrefer (µm);"
    text += "Porosité finale (%)\r"
    text += "\r".join(";".join(f"{v:.12g}".replace(".", ",") for v in row) for row in measured())
    path = tmp_path / "mac.csv"
    path.write_bytes(text.encode("mac-roman"))
    assert_is_the_sample(read_table(path))
    path.write_bytes(text.replace("\r", "\r\n").encode("cp1252"))
    assert_is_the_sample(read_table(path))


def test_that_a_header_below_the_log_of_an_instrument_is_found(tmp_path):
    log = [[f"line {i} of the log"] for i in range(HEADER_ROWS - 50)]
    assert_is_the_sample(
        read_table(text_table(tmp_path / "a.csv", [*log, ENGLISH, *measured()], ";"))
    )


def test_that_a_thickness_with_the_foil_is_pointed_out(tmp_path):
    header = [*ENGLISH[:2], "Dicke vor Kalandrieren inkl. Folie (µm)", *ENGLISH[3:]]
    header[2] = header[2].replace("inkl.", "mit")
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [header, *measured()])))
    assert "includes the foil" in table.notes[0]
    with pytest.raises(InputError):
        read_table(tmp_path / "missing.xlsx")


def test_that_a_share_by_name_takes_its_unit_from_the_units_row(tmp_path):
    header = ["AM-Anteil", "Porosität vor", "Dicke vor", "Spalt", "Porosität nach"]
    units = ["Gew.-%", "%", "µm", "µm", "%"]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [header, units, *measured()])))
    assert table.am[0] == pytest.approx(measured()[0][0] / 100)
    assert not any("Anteil" in note for note in table.notes)


@pytest.mark.parametrize("merged", [True, False])
def test_that_a_header_one_row_higher_beside_merged_headings_is_read(tmp_path, merged):
    def edit(book):
        sheet = book.active
        for area in ("C3:D3", "F3:G3", *(["A3:A4"] if merged else [])):
            sheet.merge_cells(area)

    coatings = [
        ("Müller-92", 92, 51.3, 0.0624),
        (None, 94, 48.7, 0.0701),
        ("Öl 96", 96, 45.2, 0.0812),
    ]
    rows = [
        [name if gap == 5 else None, am, start, before, gap, start * 0.8, before - 15 + gap / 20]
        for name, am, before, start in coatings
        for gap in (5, 25, 60, 90)
    ]
    path = excel(
        tmp_path / "a.xlsx",
        (
            "Versuche",
            [
                ["Kalandrierversuche, März 2026"],
                [],
                [
                    "Probe",
                    "Rezept",
                    "vor dem Kalandrieren",
                    None,
                    "Walzenspalt",
                    "nach dem Kalandrieren",
                ],
                [None, "AM", "Dicke", "Porosität", None, "Dicke", "Porosität"],
                [None, "Gew.-%", "mm", "%", "µm", "mm", "%"],
                *rows,
                [],
                ["* Dicke ohne Folie (Al, 15 µm)"],
            ],
        ),
        edit=edit,
    )
    table = read_table(path)
    assert table.family_names() == ("Müller-92", "AM 94 %", "Öl 96")
    assert table.initial_thickness[0] == pytest.approx(62.4) and table.gap[1] == 25
    assert len(table) == 12 and table.left_out[-1][1].startswith("a note")
