"""Sheets that nobody designed for us: they import rightly, or are refused in one sentence."""

from __future__ import annotations

import datetime
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.experiment.laws import make_law
from engine.experiment.old_excel import old_excel_marks
from engine.experiment.reader import read_table
from tests.experiment.sheets import (
    ENGLISH,
    FRENCH,
    GERMAN,
    Failed,
    compound_file,
    excel,
    fractions,
    measured,
    ods_cell,
    old_excel,
    open_document,
    text_table,
)


def assert_is_the_sample(table, n=14):
    """All 14 conditions, with the very numbers that were measured."""
    expected = np.array(fractions())
    assert len(table) == n
    got = np.column_stack(
        [table.am, table.initial_porosity, table.initial_thickness, table.gap, table.porosity]
    )
    np.testing.assert_allclose(got, expected[:n], rtol=1e-9)


def refused(path, *words, **options):
    """The one sentence with which a file is refused; every word must be in it."""
    with pytest.raises(InputError) as caught:
        read_table(path, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 400
    for word in words:
        assert word in sentence, sentence
    return sentence


@pytest.mark.parametrize("headers", [ENGLISH, FRENCH, GERMAN])
def test_that_headers_are_understood_in_three_languages(tmp_path, headers):
    path = excel(tmp_path / "a.xlsx", ("Tabelle1", [headers, *measured()]))
    assert_is_the_sample(read_table(path))


def test_that_merged_headers_qualify_the_columns_below_them(tmp_path):
    top = ["NMC111 trials, calendered in May", None, None, None, None]
    group = ["AM", "Before calendering", None, "Roll gap", "After calendering"]
    header = [None, "Porosity", "Thickness", None, "Porosity"]
    units = ["wt%", "%", "µm", "µm", "%"]

    def merge(book):
        sheet = book["Data"]
        for area in ("A1:E1", "B2:C2", "A2:A3", "D2:D3"):
            sheet.merge_cells(area)

    path = excel(
        tmp_path / "a.xlsx", ("Data", [top, group, header, units, *measured()]), edit=merge
    )
    assert_is_the_sample(read_table(path))


def test_that_headings_above_a_text_table_qualify_the_columns_below_them(tmp_path):
    group = ["", "Before", "", "", "After"]
    header = ["AM %", "Porosity %", "Thickness µm", "Gap µm", "Porosity %"]
    path = text_table(tmp_path / "a.csv", [group, header, *measured()], ";")
    assert_is_the_sample(read_table(path))


def test_that_merged_coating_cells_hold_for_all_their_rows(tmp_path):
    rows = [list(row) for row in measured()]
    for row in (1, 2, 4, 5, 6, 8, 9, 11, 12, 13):
        rows[row][:3] = [None, None, None]

    def merge(book):
        for first, last in ((2, 4), (5, 8), (9, 11), (12, 15)):
            for column in "ABC":
                book["S"].merge_cells(f"{column}{first}:{column}{last}")

    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows]), edit=merge)
    assert_is_the_sample(read_table(path))


@pytest.mark.parametrize(
    "units", [["wt%", "%", "µm", "µm", "%"], ["[-]", "[-]", "[mm]", "[um]", "[-]"]]
)
def test_that_a_units_row_below_the_header_is_recognised(tmp_path, units):
    header = ["AM", "Initial porosity", "Initial thickness", "Gap", "Porosity"]
    rows = measured() if units[0] == "wt%" else fractions()
    if units[2] == "[mm]":
        rows = [[a, e0, t0 / 1000, g, e] for a, e0, t0, g, e in rows]
    assert_is_the_sample(read_table(excel(tmp_path / "a.xlsx", ("S", [header, units, *rows]))))


def test_that_decimal_commas_are_read_from_a_text_table(tmp_path):
    path = text_table(tmp_path / "a.csv", [GERMAN, *fractions()], ";", ",", "cp1252")
    assert_is_the_sample(read_table(path))


def test_that_decimal_commas_are_read_from_text_cells(tmp_path):
    rows = [[str(v).replace(".", ",") for v in row] for row in measured()]
    assert_is_the_sample(read_table(excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows]))))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_that_the_encoding_of_a_text_table_is_found(tmp_path, encoding):
    path = text_table(tmp_path / "a.tsv", [FRENCH, *measured()], "\t", ",", encoding)
    assert_is_the_sample(read_table(path))


def test_that_the_separator_line_of_excel_is_obeyed(tmp_path):
    path = text_table(tmp_path / "a.csv", [["sep=|"], ENGLISH, *measured()], "|")
    table = read_table(path)
    assert_is_the_sample(table)
    assert table.rows[0] == 3


def test_that_percent_formatted_cells_are_the_percents_they_show(tmp_path):
    def show_percents(book):
        for row in book["S"].iter_rows(min_row=2):
            for cell in (row[0], row[1], row[4]):
                cell.number_format = "0.0%"

    header = ["AM (%)", "Initial porosity (%)", "t0 (µm)", "Gap (µm)", "porosity_percent"]
    path = excel(tmp_path / "a.xlsx", ("S", [header, *fractions()]), edit=show_percents)
    table = read_table(path)
    assert_is_the_sample(table)
    assert not table.notes


def test_that_percents_by_format_and_by_number_mix_in_one_column(tmp_path):
    rows = [list(row) for row in measured()]
    rows[3][1] /= 100

    def show_percent(book):
        book["S"]["B5"].number_format = "0.00%"

    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows]), edit=show_percent)
    assert_is_the_sample(read_table(path))


def test_that_an_impossible_percent_is_named_as_the_sheet_shows_it(tmp_path):
    rows = [list(row) for row in measured()]
    rows[5][4] = 142
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows]))
    assert refused(path) == "Row 7, column 'Porosity (%)': 142 is not between 0 and 100 %."


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (4, 142.0, ("Row 7", "Porosity", "142 is not between 0 and 100 %")),
        (1, -3.0, ("Row 7", "Initial porosity", "-3 is not between 0 and 100 %")),
        (1, 0.487, ("Row 7", "Initial porosity", "0.487 looks like a fraction")),
        (4, "broken", ("Row 7", "Porosity", "'broken' is not a number")),
        (3, 140.0, ("Row 7", "Roll gap", "140 µm is outside the 0-127 µm")),
        (2, 0.0, ("Row 7", "Initial thickness", "0 µm is not between 1 and 2000 µm")),
        (2, "138 kg", ("Row 7", "Initial thickness", "'138 kg' is in kg")),
        (3, datetime.date(2024, 5, 1), ("Row 7", "Roll gap", "2024-05-01 is a date")),
        (3, True, ("Row 7", "Roll gap", "TRUE is not a number")),
    ],
)
def test_that_a_data_row_with_an_impossible_cell_is_refused(tmp_path, column, value, words):
    rows = [list(row) for row in measured()]
    rows[5][column] = value
    refused(excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows])), *words)


@pytest.mark.parametrize("nothing", ["NaN", "nan", "NA", "n/a", "null", " N/A "])
def test_that_words_for_nothing_leave_the_row_out(tmp_path, nothing):
    rows = [list(row) for row in measured()]
    rows[5][4] = nothing
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows])))
    assert len(table) == len(rows) - 1
    assert table.left_out == ((7, "'Porosity (%)' is blank"),)
    rows = [[*row, 12.5] for row in measured()]
    rows[5][5] = nothing
    table = read_table(excel(tmp_path / "b.xlsx", ("S", [[*ENGLISH, "Line speed"], *rows])))
    assert np.isnan(table.extra["Line speed"][5]) and table.extra["Line speed"][4] == 12.5


def test_that_a_folder_is_named_even_where_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^\. is a folder"):
        read_table(".")


@pytest.mark.parametrize("wrong", [48.7, 1.42])
def test_that_a_percent_among_fractions_is_refused(tmp_path, wrong):
    rows = fractions()
    rows[5][1] = wrong
    header = ["AM", "eps_init", "t0 (µm)", "gap (µm)", "eps_cal"]
    path = excel(tmp_path / "a.xlsx", ("S", [header, *rows]))
    refused(path, "Row 7, column 'eps_init'", f"{wrong:g} is not between 0 and 1")


def test_that_several_bad_cells_are_counted(tmp_path):
    rows = [list(row) for row in measured()]
    rows[5][4], rows[7][4], rows[8][4] = "?", "?", "?"
    refused(excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows])), "Row 7", "and 2 more cells")


def test_that_a_column_in_percent_by_name_must_not_hold_fractions(tmp_path):
    header = ["am_percent", "initial_porosity_percent", "t0_um", "gap_um", "porosity_percent"]
    assert_is_the_sample(read_table(excel(tmp_path / "a.xlsx", ("S", [header, *measured()]))))
    path = excel(tmp_path / "b.xlsx", ("S", [header, *fractions()]))
    refused(path, "am_percent", "percent by its name")


def test_that_empty_columns_and_rows_between_are_passed_over(tmp_path):
    header = [None, *ENGLISH[:2], None, "Porosity", *ENGLISH[2:]]
    rows = [[None, *row[:2], None, None, *row[2:]] for row in measured()]
    table = read_table(
        excel(tmp_path / "a.xlsx", ("S", [[], [], header, *rows[:7], [], [], *rows[7:]]))
    )
    assert_is_the_sample(table)
    assert table.left_out == ((11, "blank"), (12, "blank"))
    assert table.rows.tolist() == [*range(4, 11), *range(13, 20)]


def test_that_notes_below_the_table_are_left_out_with_their_reason(tmp_path):
    notes = [
        [],
        ["Note: rolls cleaned before each trial"],
        ["Operator", "M. Dupont"],
        ["", "", "", "n =", 14],
    ]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *measured(), *notes])))
    assert_is_the_sample(table)
    assert [row for row, _ in table.left_out] == [16, 17, 18, 19]
    assert "rolls cleaned" in dict(table.left_out)[17]


def test_that_means_and_sums_below_the_table_are_left_out(tmp_path):
    mean = ["Mean", *np.mean(measured(), axis=0)]
    header = ["Sample", *ENGLISH]
    rows = [[f"E{i}", *row] for i, row in enumerate(measured())]
    table = read_table(
        excel(tmp_path / "a.xlsx", ("S", [header, *rows[:7], mean, *rows[7:], mean]))
    )
    assert_is_the_sample(table)
    assert [row for row, _ in table.left_out] == [9, 17]


def test_that_a_column_of_levels_is_not_taken_for_summary_rows(tmp_path):
    rows = [["max" if i % 2 else "min", *row] for i, row in enumerate(measured())]
    path = excel(tmp_path / "a.xlsx", ("S", [["Level", *ENGLISH], *rows]))
    assert_is_the_sample(read_table(path))


def test_that_a_data_row_with_a_blank_is_left_out_and_named(tmp_path):
    rows = [list(row) for row in measured()]
    rows[13][4] = None
    rows[12][3] = "-"
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows])))
    assert_is_the_sample(table, 12)
    assert table.left_out == (
        (14, "'Roll gap (µm)' is blank"), (15, "'Porosity (%)' is blank"),
    )  # fmt: skip


def test_that_too_few_rows_are_refused_by_the_law(tmp_path):
    rows = [list(row) for row in measured()]
    for row in rows[6:]:
        row[4] = None
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows]))
    with pytest.raises(
        InputError, match=r"6 coefficients and needs at least 7 .* gives 6 \(8 rows"
    ):
        make_law("polynomial").fit(read_table(path))


def test_that_the_rows_of_a_second_table_below_are_not_read(tmp_path):
    second = ["AM (%)", "Tortuosity", "Conductivity (S/m)", "Adhesion (N/m)", "Density (g/cm3)"]
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *measured(), [], second, [94, 3, 2, 1, 2.5]]))
    table = read_table(path)
    assert_is_the_sample(table)
    assert dict(table.left_out)[17].startswith("another table begins here")


def test_that_a_header_repeated_in_the_table_is_left_out(tmp_path):
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *measured()[:7], ENGLISH, *measured()[7:]]))
    assert_is_the_sample(read_table(path))


def test_that_dates_beside_the_table_are_kept_as_texts(tmp_path):
    rows = [[datetime.datetime(2024, 5, 1 + i), *row] for i, row in enumerate(measured())]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [["Date", *ENGLISH], *rows])))
    assert_is_the_sample(table)
    assert table.extra["Date"][1].startswith("2024-05-02")


def store_results(path, results):
    """Give formulas their stored results, as Excel does."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for place, (kind, value) in results.items():
        start = sheet.index(f'<c r="{place}"')
        end = sheet.index("</c>", start)
        cell = sheet[start:end].replace("<v></v>", "").replace("<v />", "").replace("<v/>", "")
        cell = cell.replace(f'<c r="{place}"', f'<c r="{place}" t="{kind}"')
        sheet = sheet[:start] + cell + f"<v>{value}</v>" + sheet[end:]
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_that_formulas_are_read_by_their_stored_results(tmp_path):
    rows = [list(row) for row in measured()]
    value = rows[5][4]
    rows[5][4] = "=100*(1-F7)"
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows]))
    store_results(path, {"E7": ("n", repr(value))})
    assert_is_the_sample(read_table(path))


def test_that_a_formula_that_was_never_computed_is_refused(tmp_path):
    rows = [list(row) for row in measured()]
    rows[5][4] = "=100*(1-F7)"
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows]))
    refused(path, "Row 7, column 'Porosity (%)'", "formula", "save it again")


def test_that_a_division_by_zero_is_refused(tmp_path):
    rows = [list(row) for row in measured()]
    rows[5][4] = "=1/0"
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *rows]))
    store_results(path, {"E7": ("e", "#DIV/0!")})
    refused(path, "Row 7, column 'Porosity (%)'", "#DIV/0!")


def test_that_a_division_by_zero_beside_the_table_does_no_harm(tmp_path):
    rows = [[*row, "=1/0"] for row in measured()]
    path = excel(tmp_path / "a.xlsx", ("S", [[*ENGLISH, "Compaction"], *rows]))
    store_results(path, {f"F{i}": ("e", "#DIV/0!") for i in range(2, 16)})
    assert_is_the_sample(read_table(path))


@pytest.mark.parametrize("header", ["Porosity after", "Porosity after (%)"])
def test_that_two_columns_for_one_role_are_ambiguous_until_one_is_named(tmp_path, header):
    rows = [[*row, row[4] + 1] for row in measured()]
    names = [*ENGLISH[:4], "Porosity after (%)", header]
    path = excel(tmp_path / "a.xlsx", ("S", [names, *rows]))
    refused(path, "E ('Porosity after (%)')", "F (", "--map porosity=E")
    assert_is_the_sample(read_table(path, mapping={"porosity": "E"}))


def test_that_duplicated_names_are_refused_by_name_and_found_by_letter(tmp_path):
    rows = [[*row, 7.0] for row in measured()]
    path = excel(tmp_path / "a.xlsx", ("S", [[*ENGLISH, "Porosity (%)"], *rows]))
    refused(path, "several columns named 'Porosity (%)'", mapping={"porosity": "Porosity (%)"})
    assert_is_the_sample(read_table(path, mapping={"porosity": "E"}))


def test_that_duplicated_names_of_other_columns_are_all_kept(tmp_path):
    rows = [[*row, "a", "b"] for row in measured()]
    path = excel(tmp_path / "a.xlsx", ("S", [[*ENGLISH, "Remark", "Remark"], *rows]))
    assert list(read_table(path).extra) == ["Remark", "Remark (column G)"]


def test_that_a_hundred_thousand_rows_are_read(tmp_path):
    rows = [[94.0, 48.0, 138.0, i % 100, 30 + (i % 997) / 1000] for i in range(100_000)]
    path = text_table(tmp_path / "a.csv", [ENGLISH, *rows], ";")
    table = read_table(path, group_replicates=False)
    assert len(table) == 100_000
    assert table.porosity[-1] == pytest.approx(rows[-1][4] / 100)


def test_that_a_sheet_with_a_stray_cell_far_away_is_refused(tmp_path):
    def stray(book):
        book["S"]["XFD1048576"] = "x"

    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *measured()]), edit=stray)
    refused(path, "row 1048576 and column XFD", "stray cells")


def test_that_repeated_cells_of_an_ods_are_not_expanded_without_end(tmp_path):
    path = open_document(tmp_path / "a.ods", [[ods_cell(1.0, repeat=2_000_000_000)]])
    refused(path, "more than a lab sheet holds")


def test_that_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *measured()]))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * 50_000_000)
    refused(path, "unpacks to 50 MB")


def test_that_a_zip_with_a_false_size_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    bomb = zlib.compress(b" " * 5_000_000, 9)[2:-4]
    name = b"xl/worksheets/sheet1.xml"
    sizes = struct.pack("<III", 12345, len(bomb), 100)
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes
    local += struct.pack("<HH", len(name), 0) + name
    central = b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
    central += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(bomb), 0)
    path.write_bytes(local + bomb + central + end)
    refused(path, "damaged")


def test_that_a_declaration_of_xml_entities_is_refused(tmp_path):
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *measured()]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    laugh = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    parts["xl/worksheets/sheet1.xml"] = laugh + parts["xl/worksheets/sheet1.xml"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    refused(path, "declares XML entities")


def test_that_a_file_protected_by_a_password_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(compound_file({"EncryptedPackage": b"x" * 600, "EncryptionInfo": b"y" * 300}))
    refused(path, "a.xlsx is protected by a password")


def test_that_an_ods_protected_by_a_password_is_refused(tmp_path):
    path = open_document(tmp_path / "a.ods", [[ods_cell("AM")]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["META-INF/manifest.xml"] = parts["META-INF/manifest.xml"].replace(
        b'media-type="text/xml"/>', b'media-type="text/xml"><manifest:encryption-data/>'
        b"</manifest:file-entry>"
    )  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    refused(path, "protected by a password")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ("is no spreadsheet", "PNG image")),
        (b"%PDF-1.7 ...", ("PDF document",)),
        (b"<html><table><tr><td>AM</td></tr></table></html>", ("web page",)),
        (b"SQLite format 3\x00" + b"\x00" * 100, ("study file",)),
        (b"PK\x03\x04 not a zip at all", ("damaged",)),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x07" * 3000, ("damaged",)),
        (b"", ("is empty",)),
        (b" \r\n\r\n", ("is empty",)),
        (bytes(range(256)) * 20, ("not a text table",)),
    ],
)
def test_that_a_file_that_is_no_sheet_is_refused_by_what_it_is(tmp_path, content, words):
    path = tmp_path / "measurements.xlsx"
    path.write_bytes(content)
    refused(path, "measurements.xlsx", *words)


def test_that_a_text_table_named_xls_is_read_by_its_content(tmp_path):
    path = text_table(tmp_path / "a.xls", [ENGLISH, *measured()], "\t")
    assert_is_the_sample(read_table(path))


def test_that_an_old_excel_file_is_read(tmp_path):
    assert_is_the_sample(read_table(old_excel(tmp_path / "a.xls", [ENGLISH, *measured()])))


@pytest.mark.parametrize("row", [4, 5])
def test_that_a_failed_formula_in_an_old_excel_file_is_named(tmp_path, row):
    rows = [ENGLISH, *map(list, measured())]
    rows[row][4] = Failed("#DIV/0!")
    path = old_excel(tmp_path / "a.xls", rows)
    refused(path, f"Row {row + 1}, column 'Porosity (%)'", "#DIV/0!")


def test_that_failed_formulas_are_found_in_a_file_of_many_sectors(tmp_path):
    rows = [["a", "b"], *([1.0, 2.0] for _ in range(6_000))]
    rows[5_001][1] = Failed("#VALUE!")
    data = old_excel(tmp_path / "a.xls", rows).read_bytes()
    assert old_excel_marks(data)["Data"]().broken == {(5_001, 1): "#VALUE!"}


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_that_a_damaged_old_excel_file_has_no_marks_rather_than_an_error(tmp_path_factory, data):
    rows = [["a", "b"], [1.0, Failed("#N/A")], [2.0, 3.0]]
    raw = bytearray(old_excel(tmp_path_factory.mktemp("x") / "a.xls", rows).read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=12)):
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    for marks in old_excel_marks(bytes(raw[:cut])).values():
        marks()


@pytest.mark.parametrize("place", [30, 31, 32, 33])
@pytest.mark.parametrize("value", [5, 8, 32, 63, 64, 255])
def test_that_sectors_of_an_impossible_size_are_not_taken_at_their_word(tmp_path, place, value):
    path = old_excel(tmp_path / "a.xls", [ENGLISH, *measured()])
    raw = bytearray(path.read_bytes())
    raw[place] = value
    assert old_excel_marks(bytes(raw)) == {}


def test_that_tables_of_sectors_named_again_and_again_do_not_grow(tmp_path):
    raw = bytearray(old_excel(tmp_path / "a.xls", [ENGLISH, *measured()]).read_bytes())
    first = raw[76:80]
    raw += bytes(first) * 127 + struct.pack("<I", len(raw) // 512 - 1)  # a list that names itself
    struct.pack_into("<I", raw, 68, len(raw) // 512 - 2)
    tracemalloc.start()
    try:
        assert "Data" in old_excel_marks(bytes(raw))
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_that_an_open_document_is_read_with_its_percents(tmp_path):
    rows = [[ods_cell(h) for h in GERMAN]]
    for am, e0, t0, gap, e in fractions():
        rows.append(
            [ods_cell(am, True), ods_cell(e0, True), ods_cell(t0), ods_cell(float(gap)),
             ods_cell(e, True)]
        )  # fmt: skip
    table = read_table(open_document(tmp_path / "a.ods", rows))
    assert_is_the_sample(table)
    assert not table.notes


def test_that_cells_that_begin_with_an_equals_sign_are_never_computed(tmp_path):
    rows = [[*row, "=cmd|' /C calc'!A0"] for row in measured()]

    def as_text(book):
        for cell in book["S"]["F"]:
            cell.data_type = "s"

    path = excel(tmp_path / "a.xlsx", ("S", [[*ENGLISH, "=Remark"], *rows]), edit=as_text)
    table = read_table(path)
    assert_is_the_sample(table)
    assert set(table.extra["=Remark"]) == {"=cmd|' /C calc'!A0"}
    csv = text_table(tmp_path / "b.csv", [ENGLISH, *measured()[:8], [94, 48, 138, "=1+1", 30]])
    refused(csv, "Row 10, column 'Roll gap (µm)'", "'=1+1' is a formula as text")


def test_that_the_first_sheet_with_all_roles_is_taken(tmp_path):
    path = excel(
        tmp_path / "a.xlsx",
        ("Read me", [["Calendering of NMC111"], ["Operator", "M. Dupont"]]),
        ("Slurry", [["AM (%)", "Solid content (%)"], [94, 60]]),
        ("Trials", [ENGLISH, *measured()]),
        ("Copy", [ENGLISH, *measured()[:3]]),
    )
    table = read_table(path)
    assert_is_the_sample(table)
    assert table.source == "a.xlsx, sheet 'Trials'"
    assert len(read_table(path, sheet="Copy")) == 3
    refused(path, "has no sheet 'copi'", "Trials", sheet="copi")


def test_that_a_hidden_sheet_comes_last(tmp_path):
    def hide(book):
        book["Old"].sheet_state = "hidden"

    path = excel(
        tmp_path / "a.xlsx",
        ("Old", [ENGLISH, *measured()[:5]]),
        ("New", [ENGLISH, *measured()]),
        edit=hide,
    )
    assert_is_the_sample(read_table(path))


def test_that_a_missing_role_is_named(tmp_path):
    header = ["AM (%)", "Porosity (%)", "Thickness (µm)", "Gap (µm)"]
    rows = [[r[0], r[4], r[2], r[3]] for r in measured()]
    path = excel(tmp_path / "a.xlsx", ("S", [header, *rows]))
    refused(path, "Sheet 'S'", "initial porosity", "initial thickness", "does not say", "--map")


def test_that_an_empty_sheet_is_refused(tmp_path):
    refused(excel(tmp_path / "a.xlsx", ("S", [])), "Sheet 'S' of a.xlsx is empty")


def test_that_a_sheet_with_headers_alone_is_refused(tmp_path):
    refused(excel(tmp_path / "a.xlsx", ("S", [ENGLISH])), "no row below them")


def test_that_a_sheet_turned_on_its_side_is_refused_with_what_to_do(tmp_path):
    sideways = [
        [h, *column] for h, column in zip(ENGLISH, zip(*measured(), strict=True), strict=True)
    ]
    path = excel(tmp_path / "a.xlsx", ("S", sideways))
    refused(path, "turn the table so that each condition is a row")


def test_that_a_folder_and_a_missing_file_are_refused(tmp_path):
    refused(tmp_path, "is a folder")
    refused(tmp_path / "none.xlsx", "cannot be read")


def test_that_an_unknown_role_or_column_is_refused(tmp_path):
    path = excel(tmp_path / "a.xlsx", ("S", [ENGLISH, *measured()]))
    refused(path, "'colour' is no role", mapping={"colour": "A"})
    refused(path, "has no column 'Poros'", "Porosity (%)", mapping={"porosity": "Poros"})
    refused(path, "named for two roles", mapping={"porosity": "E", "gap": "E"})


def test_that_a_table_without_headers_is_read_by_letters(tmp_path):
    path = text_table(tmp_path / "a.csv", measured(), ";", ",")
    refused(path, "no header row")
    roles = dict(zip(("am", "initial_porosity", "initial_thickness", "gap", "porosity"), "ABCDE",
                     strict=True))  # fmt: skip
    assert_is_the_sample(read_table(path, mapping=roles, header_row=0))
    assert_is_the_sample(read_table(path, mapping=roles))


def test_that_pressure_stands_in_for_the_gap_in_any_unit(tmp_path):
    from engine.experiment.calibration import PUBLISHED_CALIBRATION

    pressure = PUBLISHED_CALIBRATION.pressure([row[3] for row in measured()])
    header = [*ENGLISH[:3], "Kalanderdruck (bar)", ENGLISH[4]]
    rows = [[*r[:3], float(10 * p), r[4]] for r, p in zip(measured(), pressure, strict=True)]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [header, *rows])))
    np.testing.assert_allclose(table.gap, [row[3] for row in measured()], atol=1e-9)
    assert table.driver == "pressure"


def test_that_a_line_load_is_not_taken_for_a_pressure(tmp_path):
    header = [*ENGLISH[:3], "Liniendruck (N/mm)", ENGLISH[4]]
    refused(excel(tmp_path / "a.xlsx", ("S", [header, *measured()])), "roll gap or pressure")


def test_that_a_line_load_becomes_a_pressure_over_the_contact_of_the_rolls(tmp_path):
    header = [*ENGLISH[:3], "Linienlast (kN/m)", ENGLISH[4]]
    rows = [[*r[:3], 300.0 - 2 * r[3], r[4]] for r in measured()]
    path = excel(tmp_path / "a.xlsx", ("S", [header, *rows]))
    refused(path, "is a line load", "contact length", mapping={"pressure": "D"})
    table = read_table(path, mapping={"pressure": "D"}, contact_length=2.0)
    np.testing.assert_allclose(table.pressure, [150.0 - r[3] for r in measured()])
    force = excel(tmp_path / "b.xlsx", ("S", [[*header[:3], "Kraft (kN)", header[4]], *rows]))
    refused(force, "is a force", mapping={"pressure": "D"}, contact_length=2.0)
    table = read_table(force, mapping={"pressure": "D"}, contact_length=2.0, roll_width=100.0)
    np.testing.assert_allclose(table.pressure, [(300 - 2 * r[3]) * 1000 / 200 for r in measured()])


def test_that_a_sheet_with_gaps_and_pressures_brings_its_own_calibration(tmp_path):
    header = [*ENGLISH, "Pressure (MPa)"]
    rows = [[*r, float(300 * np.exp(-r[3] / 50) - 10)] for r in measured()]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [header, *rows])))
    assert_is_the_sample(table)
    assert table.driver == "both"
    np.testing.assert_allclose(table.calibration.pressure(44), 300 * np.exp(-0.88) - 10, rtol=0.01)
    assert "P = 300" in table.notes[0]


def test_that_pressures_beyond_the_calibration_leave_laws_in_the_pressure(tmp_path):
    header = [*ENGLISH[:3], "Pressure (MPa)", ENGLISH[4]]
    rows = [[*r[:3], 400.0 - r[3], r[4]] for r in measured()]
    table = read_table(excel(tmp_path / "a.xlsx", ("S", [header, *rows])))
    assert not table.has_gap and "outside the gap calibration" in table.notes[0]
    assert make_law("exponential").fit(table).is_fitted
    with pytest.raises(InputError, match="choose a law in the pressure"):
        make_law("polynomial").fit(table)


def test_that_what_a_sheet_lacks_is_named_in_words(tmp_path):
    path = text_table(tmp_path / "a.csv", [["a", "b"], [1.0, 2.0], [3.0, 4.0]], ",")
    refused(
        path,
        "missing: AM mass fraction, initial porosity before",
        "roll gap or pressure",
        "name them in",
    )
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert "initial_porosity" not in str(caught.value)
