"""The import wizard's reading: problems in place, corrections, remembered mappings."""

import json

import numpy as np
import pytest

from engine.errors import InputError
from engine.experiment.blank_sheet import LANGUAGES, write_blank_sheet
from engine.experiment.calibration import GapCalibration
from engine.experiment.preview import ReadOptions, preview_sheet
from engine.experiment.reader import read_table, table_from_preview
from engine.experiment.templates import (
    SheetTemplate,
    load_templates,
    recognise,
    remember,
    save_templates,
    template_from_preview,
)
from engine.experiment.workbook import open_workbook
from tests.experiment.sheets import ENGLISH, SAMPLE, excel, fractions, measured, text_table


def bad_sheet(tmp_path):
    rows = [list(row) for row in measured()]
    rows[5][4], rows[8][3] = 142, "??"
    return excel(
        tmp_path / "a.xlsx", ("Notes", [["hello"]]), ("Trials", [ENGLISH, *rows, ["Note: x"]])
    )


def test_that_a_preview_shows_what_was_found(tmp_path):
    preview = preview_sheet(bad_sheet(tmp_path))
    assert preview.sheet_names == ("Notes", "Trials")
    assert preview.sheet.name == "Trials" and preview.header_row == 1
    assert [preview.role_of(c.index) for c in preview.columns] == [
        "am", "initial_porosity", "initial_thickness", "gap", "porosity",
    ]  # fmt: skip
    assert preview.cell_text(7, 4) == "142"
    assert preview.readings["porosity"].read_as == "%"
    assert preview.problem_cells == {
        (7, 4): "142 is not between 0 and 100 %", (10, 3): "'??' is not a number",
    }  # fmt: skip
    assert preview.left_out == [(16, "a note ('Note: x')")]
    assert preview.obstacle.startswith("Row 7, column 'Porosity (%)'")


def test_that_cells_are_mended_in_place_and_rows_left_out(tmp_path):
    path = bad_sheet(tmp_path)
    workbook = open_workbook(path)
    options = ReadOptions(
        corrections={(7, 4): str(measured()[5][4]).replace(".", ",")}, leave_out=frozenset({10})
    )
    preview = preview_sheet(workbook, options)
    assert preview.obstacle == "" and len(preview.used) == 13
    table = table_from_preview(preview)
    expected = np.delete(np.array(fractions())[:, 4], 8)
    np.testing.assert_allclose(table.porosity, expected)
    assert (10, "left out by the user") in table.left_out
    # The file itself and the other previews are untouched.
    assert preview_sheet(workbook).cell_text(7, 4) == "142"


def test_that_a_number_typed_over_a_shown_percent_is_a_percent(tmp_path):
    def show_percents(book):
        for cell in book["S"]["E"][1:]:
            cell.number_format = "0.0%"

    rows = fractions()
    rows[5][4] = 42.0
    header = ["AM", "eps_init", "t0 (µm)", "gap (µm)", "eps_cal"]
    path = excel(tmp_path / "a.xlsx", ("S", [header, *rows]), edit=show_percents)
    assert "4200 is not between" in preview_sheet(path).obstacle
    for typed in ("36.1", "36.1 %", "36,1%"):
        table = table_from_preview(preview_sheet(path, ReadOptions(corrections={(7, 4): typed})))
        assert table.porosity[5] == pytest.approx(0.361)


def test_that_units_chosen_by_hand_overrule_the_header(tmp_path):
    header = ["AM", "eps_init", "t0", "gap", "eps_cal"]
    rows = [[a, e, t / 1000, g / 1000, p] for a, e, t, g, p in fractions()]
    path = excel(tmp_path / "a.xlsx", ("S", [header, *rows]))
    assert "write its unit" in preview_sheet(path).obstacle
    options = ReadOptions(units={"initial_thickness": "mm", "gap": "mm"})
    table = table_from_preview(preview_sheet(path, options))
    np.testing.assert_allclose(table.initial_thickness, [row[2] for row in measured()])
    wrong = preview_sheet(path, ReadOptions(units={"initial_thickness": "mm", "gap": "bar"}))
    assert wrong.obstacle == "'bar' is no unit of length for column 'gap'."


def test_that_a_unit_of_another_kind_in_the_header_is_an_obstacle(tmp_path):
    path = excel(tmp_path / "a.xlsx", ("S", [[*ENGLISH[:4], "Result (MPa)"], *measured()]))
    preview = preview_sheet(path, ReadOptions(mapping={"porosity": "Result (MPa)"}))
    assert "MPa, which is no unit of fraction" in preview.obstacle


def test_that_delimiter_encoding_and_decimal_mark_can_be_said_and_are_shown(tmp_path):
    path = text_table(tmp_path / "a.txt", [ENGLISH, *measured()], "|", ",", "utf-16")
    workbook = open_workbook(path)
    assert (workbook.delimiter, workbook.encoding) == ("|", "utf-16")
    assert workbook.sheet("a").decimal == ","
    said = open_workbook(path, delimiter="|", encoding="utf-16", decimal=",")
    assert said.sheet("a").rows == workbook.sheet("a").rows
    with pytest.raises(InputError, match="decimal mark"):
        open_workbook(path, decimal=";")


def test_that_the_preview_and_the_script_read_the_same_numbers():
    table, previewed = read_table(SAMPLE), table_from_preview(preview_sheet(SAMPLE))
    assert table.to_dict() == previewed.to_dict()


def test_that_the_first_row_after_a_chosen_header_is_data(tmp_path):
    rows = [["Old names", "b", "c", "d", "e"], ENGLISH, *measured()]
    preview = preview_sheet(excel(tmp_path / "a.xlsx", ("S", rows)), ReadOptions(header_row=2))
    assert preview.used[0] == 2
    with pytest.raises(InputError, match="no row 99"):
        preview_sheet(SAMPLE, ReadOptions(sheet="Measurements", header_row=99))


def test_that_a_sheet_once_matched_is_recognised_the_next_time(tmp_path):
    strange = ["A", "B", "C", "D", "E"]
    path = excel(tmp_path / "a.xlsx", ("S", [["Trial 1"], strange, *measured()[:9]]))
    roles = ("am", "initial_porosity", "initial_thickness", "gap", "porosity")
    calibration = GapCalibration(150.0, 40.0, -4.0, 0.0, 120.0)
    options = ReadOptions(
        header_row=2, mapping=dict(zip(roles, "ABCDE", strict=True)), calibration=calibration,
        units={"gap": "µm"}, group_replicates=False,
    )  # fmt: skip
    template = template_from_preview(preview_sheet(path, options), "Line 2")
    file = tmp_path / "settings" / "templates.json"
    save_templates(file, remember(load_templates(file), template))

    later = open_workbook(
        excel(
            tmp_path / "b.xlsx", ("Other", [["x"]]), ("T", [[], ["Trial 2"], strange, *measured()])
        )
    )
    found = recognise(later, load_templates(file))
    assert found is not None
    again, options = found
    assert again == template
    table = table_from_preview(preview_sheet(later, options))
    np.testing.assert_allclose(table.porosity, np.array(fractions())[:, 4])
    assert table.calibration == calibration
    assert recognise(open_workbook(SAMPLE), load_templates(file)) is None


def test_that_the_latest_mapping_of_the_same_headers_replaces_the_earlier():
    first = SheetTemplate("a", ("x", "y"), {"am": "A"})
    second = SheetTemplate("b", ("x", "y"), {"am": "B"})
    assert remember(remember((), first), second) == (second,)


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"format": "x", "version": 1}',
     '{"format": "hybridgui-sheet-templates", "version": 1, "templates": [{"name": 1}]}',
     json.dumps({"format": "hybridgui-sheet-templates", "version": 1,
                 "templates": [{"name": "a", "signature": [], "mapping": {"colour": "A"}}]})],
)  # fmt: skip
def test_that_damaged_templates_are_refused(tmp_path, content):
    path = tmp_path / "templates.json"
    path.write_text(content)
    with pytest.raises(InputError):
        load_templates(path)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("driver", ["gap", "pressure"])
def test_that_the_blank_sheet_imports_once_it_is_filled_in(tmp_path, language, driver):
    import openpyxl

    from engine.experiment.calibration import PUBLISHED_CALIBRATION

    path = tmp_path / "blank.xlsx"
    write_blank_sheet(path, language, driver)
    assert "no row below them" in preview_sheet(path).obstacle
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for r, (am, e0, t0, gap, e) in enumerate(measured(), 2):
        set_to = gap if driver == "gap" else float(PUBLISHED_CALIBRATION.pressure(gap))
        for c, value in enumerate((f"E{r}", am, e0, t0, set_to, e, 0.4, "=odd"), 1):
            sheet.cell(r, c).value = value
            if isinstance(value, str):
                sheet.cell(r, c).data_type = "s"
    book.save(path)
    table = read_table(path)
    assert len(table) == 14 and not table.notes
    np.testing.assert_allclose(table.gap, [row[3] for row in measured()], atol=1e-9)
    np.testing.assert_allclose(table.porosity_sd, 0.004)


def test_that_a_name_in_the_header_can_be_mended(tmp_path):
    path = excel(tmp_path / "a.xlsx", ("S", [[*ENGLISH[:4], "Result (%)"], *measured()]))
    assert "no column for the porosity (after calendering)" in preview_sheet(path).obstacle
    mended = preview_sheet(path, ReadOptions(corrections={(1, 4): "Porosity (%)"}))
    assert mended.obstacle == "" and mended.role_of(4) == "porosity"
