"""Import, fit, and what the page says about the law."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.experiment.laws import law_from_dict
from hybridgui.experiment.read_options import options_from_dict, options_to_dict
from tests.gui.conftest import said

GOOD = (
    "AM (%);porosity before (%);thickness before (µm);gap (µm);porosity after (%)\n"
    "94;48,7;138;1;25,56\n94;48,7;138;44;28,44\n94;48,7;138;100;36,13\n"
    "94;46,1;178;1;22,78\n94;46,1;178;44;22,94\n94;46,1;178;100;30,07\n"
    "95;47,5;170;1;23,05\n95;47,5;170;44;26,5\n95;47,5;170;100;32,97\n"
    "96;42;180;5;26,24\n96;42;180;44;28,8\n96;42;180;100;32,09\n"
)


@pytest.fixture
def page(window):
    window.show_stage("experiment")
    return window.pages["experiment"]


def open_sheet(window, idle, tmp_path, text, name="lab.csv"):
    """Drop a sheet; return the dialog, or None where it was refused."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    window.pages["experiment"].dialog = None
    window.open_file(path)
    idle(window)
    return window.pages["experiment"].dialog


def test_that_the_sample_is_one_click_away(qtbot, window, page, idle):
    assert page.stack.currentWidget() is page._empty
    qtbot.mouseClick(page.sample_button, Qt.MouseButton.LeftButton)
    idle(window)
    assert len(window.model.table) == 14
    assert page.table_view.frame_model.rowCount() == 14
    assert window.model.next_step().text.startswith("Fit a calendering law")


def test_that_a_fit_shows_both_numbers_as_large(qtbot, window, page, idle):
    page.import_sample()
    idle(window)
    qtbot.mouseClick(page.fit_button, Qt.MouseButton.LeftButton)
    idle(window)
    view = page.fit_view
    assert page.tabs.currentWidget() is view
    assert view.fit_card.number == "0.970" and view.new_card.number == "± 3.9 points"
    sizes = {card._number.font().pointSizeF() for card in (view.fit_card, view.new_card)}
    assert len(sizes) == 1
    assert "cannot be told apart" in view.notice.text
    assert law_from_dict(window.model.law).kind == "polynomial"


def test_that_another_law_is_fitted_and_undo_brings_the_first_back(window, page, idle):
    page.import_sample()
    idle(window)
    page.fit_law()
    idle(window)
    window.model.set_parameter("experiment/law_kind", "kawakita")
    assert page.law_choice.current == "kawakita" and page.physical_box.isChecked()
    page.fit_law()
    idle(window)
    assert window.model.law["kind"] == "kawakita"
    window.model.undo_stack.undo()
    assert window.model.law["kind"] == "polynomial"
    assert page.fit_view.fit_card.number == "0.970"


def test_that_the_published_law_needs_no_sheet(window, page, idle):
    window.model.set_parameter("experiment/law_kind", "published")
    assert page.fit_button.isEnabled()
    page.fit_law()
    idle(window)
    assert window.model.law["kind"] == "published" and page.tabs.isTabEnabled(2)
    assert page.tabs.currentWidget() is page.curves_view


def test_that_a_good_sheet_is_confirmed_and_imported(qtbot, window, page, idle, tmp_path):
    dialog = open_sheet(window, idle, tmp_path, GOOD)
    assert dialog.isVisible() and not dialog.preview.obstacle
    assert window.model.table is None  # nothing counts before it is accepted
    qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
    assert len(window.model.table) == 12 and window.model.table.family_count == 4


def test_that_a_bad_cell_is_mended_in_place(qtbot, window, page, idle, tmp_path):
    dialog = open_sheet(window, idle, tmp_path, GOOD.replace(";44;22,94", ";abc;22,94"))
    assert "'abc' is not a number" in dialog.preview.obstacle
    assert not dialog.import_button.isEnabled()
    assert "abc" in dialog.import_button.toolTip()
    index = dialog.view.currentIndex()  # the dialog opens on the first problem
    assert index.data() == "abc"
    dialog._model.setData(index, "44")
    qtbot.waitUntil(lambda: not dialog.preview.obstacle)
    dialog._on_import()
    assert len(window.model.table) == 12


def test_that_a_bad_row_is_left_out_and_taken_back(qtbot, window, page, idle, tmp_path):
    dialog = open_sheet(window, idle, tmp_path, GOOD.replace("30,07", "142"))
    assert "142 is not between 0 and 100 %" in dialog.preview.obstacle
    qtbot.mouseClick(dialog.leave_out_button, Qt.MouseButton.LeftButton)
    assert not dialog.preview.obstacle and len(dialog.preview.used) == 11
    assert dialog.leave_out_button.text().startswith("Take back row")
    qtbot.mouseClick(dialog.leave_out_button, Qt.MouseButton.LeftButton)
    assert dialog.preview.obstacle
    dialog.reject()
    assert window.model.table is None


def test_that_columns_can_be_matched_by_hand(window, page, idle, tmp_path):
    text = GOOD.replace("porosity after (%)", "result").replace("gap (µm)", "setting")
    dialog = open_sheet(window, idle, tmp_path, text)
    assert dialog.preview.obstacle
    dialog.set_role(3, "gap")
    dialog.set_role(4, "porosity")
    dialog.set_unit("porosity", "%")
    assert not dialog.preview.obstacle
    dialog._on_import()
    assert window.model.table.porosity[0] == pytest.approx(0.2556)
    # and they are remembered when the columns are looked at again
    page.dialog = None
    page._on_columns()
    idle(window)
    assert page.dialog.preview.role_of(4) == "porosity" and not page.dialog.preview.obstacle
    page.dialog.reject()


def test_that_escape_changes_nothing(qtbot, window, page, idle, tmp_path):
    dialog = open_sheet(window, idle, tmp_path, GOOD)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible() and window.model.table is None
    assert window.model.undo_stack.count() == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [("empty.csv", ""), ("picture.xlsx", "\x89PNG not a sheet"), ("words.csv", "a;b\nc;d\n")],
)
def test_that_what_is_no_sheet_is_refused_and_nothing_changes(window, idle, tmp_path, name, text):
    dialog = open_sheet(window, idle, tmp_path, text, name)
    if dialog is None:
        assert len(said(window)) == 1 and name in said(window)[0]
    else:
        assert dialog.preview.obstacle and not dialog.import_button.isEnabled()
        dialog.reject()
    assert window.model.table is None and window.model.undo_stack.count() == 0


def test_that_too_few_rows_for_the_law_are_said(window, page, idle, tmp_path):
    few = "\n".join(GOOD.splitlines()[:5]) + "\n"
    dialog = open_sheet(window, idle, tmp_path, few)
    dialog._on_import()
    page.fit_law()
    idle(window)
    assert window.model.law is None
    assert any("needs at least 7 conditions" in sentence for sentence in said(window))


def test_that_reading_options_survive_the_file(window, page, idle, tmp_path):
    dialog = open_sheet(window, idle, tmp_path, GOOD.replace(";44;22,94", ";abc;22,94"))
    dialog.correct(6, 3, "44")
    dialog.leave_out(7)
    options = dialog.preview.options
    assert options_from_dict(options_to_dict(options)) == options
    assert options_from_dict({"sheet": 3}) is None and options_from_dict(None) is None
    dialog.reject()


def test_that_a_family_shows_its_interval(window, page, idle):
    page.import_sample()
    idle(window)
    page.fit_law()
    idle(window)
    view = page.curves_view
    view._on_chosen("1")
    assert "80 %" in view._caption.text()


def test_that_the_row_to_leave_out_follows_the_error_above_the_button(
    qtbot, window, page, idle, tmp_path
):
    bad = GOOD.replace(";44;22,94", ";abc;22,94").replace("32,97", "142")
    dialog = open_sheet(window, idle, tmp_path, bad)
    assert dialog.leave_out_button.text() == "Leave out row 6"
    dialog._go_to(10, 4)
    assert dialog._status.text.startswith("Row 10") and "row 10" in dialog.leave_out_button.text()
    dialog._go_to(6, 3)
    dialog._model.setData(dialog.view.currentIndex(), "44")
    qtbot.waitUntil(lambda: "142" in dialog.preview.obstacle)
    assert dialog.leave_out_button.text() == "Leave out row 10"
    qtbot.mouseClick(dialog.leave_out_button, Qt.MouseButton.LeftButton)
    assert [row + 1 for row in dialog.preview.used if row + 1 in (6, 10)] == [6]
    dialog.reject()


def test_that_a_problem_in_the_list_brings_its_cell_into_view(qtbot, window, page, idle, tmp_path):
    lines = GOOD.splitlines()
    bad = "\n".join([*lines, *lines[1:] * 6, lines[1].replace("25,56", "abc")]) + "\n"
    dialog = open_sheet(window, idle, tmp_path, bad)
    row = dialog.preview.problems[0].row
    assert dialog._model.rowCount() == row
    dialog.problems_fold.set_open(True)
    dialog.view.scrollToTop()
    dialog.view.setCurrentIndex(dialog._model.index(1, 0))
    item = dialog.problems_list.item(0)
    place = dialog.problems_list.visualItemRect(item).center()
    qtbot.mouseClick(dialog.problems_list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    index = dialog.view.currentIndex()
    assert index.data() == "abc"
    assert dialog.view.viewport().rect().contains(dialog.view.visualRect(index))
    # what a column is stays in view above it
    assert dialog.choices_view.isVisible() and dialog.choices_view.verticalScrollBar().value() == 0
    dialog.reject()


def test_that_the_form_says_where_the_law_in_use_is_another_one(window, page, idle):
    page.import_sample()
    idle(window)
    assert page.fit_button.text() == "Fit law" and page.fit_button.property("primary")
    page.fit_law()
    idle(window)
    assert page.fit_button.text() == "Fit again" and page._other_law.isHidden()
    assert not page.fit_button.property("primary")
    page.choose_law()
    page.law_dialog.show_spec("polynomial", {"select": "bic", "physical": True})
    idle(window)
    page.law_dialog._on_accept()
    assert "Polynomial, terms by BIC" in page._other_law.text()
    assert page.fit_button.text() == "Replace the law in use"
    assert not page.fit_button.property("primary")
    window.model.undo_stack.undo()
    assert page.fit_button.text() == "Fit again" and page._other_law.isHidden()


LOADS = (
    "Beschichtung;AM (%);Linienlast (N/mm);Flächenbeladung (mg/cm²);Dicke vor Kalandrieren (µm);"
    "Dicke nach Kalandrieren (µm)\n"
    "A;93,0;100;21,5;97,6;87\nA;93,0;250;21,5;97,6;79,1\nA;93,0;500;21,5;97,6;73,4\n"
    "B;94,5;100;28,3;117,4;109,5\nB;94,5;250;28,3;118;101,3\nB;94,5;500;28,3;117,4;95,1\n"
)


def test_that_a_sheet_of_line_loads_asks_for_the_contact_and_is_shown_in_line_loads(
    window, page, idle, tmp_path
):
    dialog = open_sheet(window, idle, tmp_path, LOADS)
    assert dialog._kind(dialog.preview.columns[2], "") == "line_load"
    folds = dialog.conversions
    assert folds.rolls_fold.is_open and not folds.densities_fold.is_open
    folds.contact_length.show_value(3.0)
    folds.contact_length.edited.emit(3.0)
    assert dialog.preview.role_of(2) == "pressure" and folds.densities_fold.is_open
    assert dialog._kind(dialog.preview.columns[2], "pressure") == "line_load"
    folds.derive_box.click()
    assert not dialog.preview.obstacle
    dialog._on_import()
    idle(window)
    assert window.model.table.rolls.contact_length == 3.0
    headings = [c.heading for c in page.table_view.frame_model._columns]
    assert "Line load (N/mm)" in headings
    # The next sheet of the lab is read with the same rolls and densities.
    again = open_sheet(
        window, idle, tmp_path, LOADS.replace("AM (%)", "Aktivmaterial (%)"), "b.csv"
    )
    assert not again.preview.obstacle
    assert window.model.settings.last_folder("sheet") == str(tmp_path)
    again.reject()


def test_that_a_column_named_by_hand_can_be_a_line_load_or_a_force(window, page, idle, tmp_path):
    text = GOOD.replace("gap (µm)", "Wert X")
    dialog = open_sheet(window, idle, tmp_path, text)
    dialog.set_role(3, "line_load")
    assert dialog._options.units["pressure"] == "N/mm" and "contact length" in dialog._complaint()
    dialog.set_role(3, "force")
    assert dialog._options.units["pressure"] == "kN"
    dialog.set_role(3, "pressure")
    assert "pressure" not in dialog._options.units and not dialog.preview.obstacle
    dialog.reject()
