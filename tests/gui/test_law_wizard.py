"""The law wizard, the import of awkward sheets, and what the page gives to other programs."""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.experiment.laws import law_from_dict, make_law
from engine.experiment.reader import read_table
from hybridgui.experiment.words import warnings_and_choices
from hybridgui.settings import templates_file
from tests.experiment.sheets import measured
from tests.gui.conftest import said
from tests.gui.test_experiment_page import GOOD, open_sheet


@pytest.fixture
def page(window):
    window.show_stage("experiment")
    return window.pages["experiment"]


@pytest.fixture
def wizard(window, page, idle):
    """The wizard on the sample."""
    page.import_sample()
    idle(window)
    page.choose_law()
    idle(window)
    yield page.law_dialog
    if shiboken6.isValid(page.law_dialog) and page.law_dialog.isVisible():
        page.law_dialog.reject()


def settled(qtbot, window, idle, dialog):
    """Wait for the fit that follows a change."""
    qtbot.waitUntil(lambda: not dialog._soon.isActive())
    idle(window)


def test_that_the_wizard_opens_on_the_law_of_the_page_and_tells_the_truth(wizard):
    assert wizard.form.spec() == ("polynomial", {"physical": False})
    assert wizard.fit_card.number == "0.970" and wizard.new_card.number == "± 3.9 points"
    assert "no better than quoting the mean" in wizard.new_card._meaning.text()
    assert "AM, initial porosity and thickness move together" in wizard.notice.text
    assert "80 %" in wizard.plots.caption


def test_that_every_change_refits_and_accepting_can_be_undone(qtbot, window, page, idle, wizard):
    wizard.form.kind_choice.show_value("kawakita")
    wizard.form._on_kind()
    assert not wizard.accept_button.isEnabled()
    settled(qtbot, window, idle, wizard)
    assert wizard.preview.law.kind == "kawakita" and wizard.preview.law.physical
    wizard.form.inputs_list.set_checked("AM", False)
    settled(qtbot, window, idle, wizard)
    assert wizard.preview.law.active_inputs == ("eps_init",)
    expected = make_law("kawakita", depends_on=("eps_init",)).fit(window.model.table)
    assert wizard.preview.law.coefficients_ == expected.coefficients_
    qtbot.mouseClick(wizard.accept_button, Qt.MouseButton.LeftButton)
    assert law_from_dict(window.model.law).coefficients_ == expected.coefficients_
    assert window.model.assessment["conditions"] == 14
    window.model.undo_stack.undo()
    assert window.model.law is None


def test_that_terms_are_chosen_by_hand_or_by_a_criterion(qtbot, window, idle, wizard):
    form = wizard.form
    form.terms_choice.show_value("hand")
    form._on_terms_choice()
    settled(qtbot, window, idle, wizard)
    assert wizard.fit_card.number == "0.970"  # the published terms are where one starts
    form.own_term.setText("gap^3")
    form.add_term()
    settled(qtbot, window, idle, wizard)
    assert wizard.preview.law.chosen_terms[-1] == "gap³"
    form.own_term.setText("moon*gap")
    form.add_term()
    assert "'moon' is not an input" in form._term_problem.text()
    for way in ("bic", "aicc"):
        form.terms_choice.show_value(way)
        form._on_terms_choice()
        settled(qtbot, window, idle, wizard)
        assert wizard.preview.law.select == way
        assert f"chosen by {way.upper()}" in wizard.info.text


def test_that_terms_that_cannot_be_told_apart_are_refused_in_words(qtbot, window, idle, wizard):
    wizard.form.show_spec(
        "polynomial", {"terms": ["1", "AM", "eps_init", "t0", "AM*eps_init", "AM*t0", "gap"]}
    )
    wizard.refit()
    idle(window)
    assert "cannot be told apart" in wizard._problem.text
    assert not wizard.accept_button.isEnabled() and wizard.accept_button.toolTip()


def test_that_a_point_chosen_in_one_plot_is_marked_in_all(wizard):
    plots = wizard.plots
    before = [len(p.getPlotItem().items) for p in (plots.curves, plots.parity, plots.residuals)]
    plots.residuals.pointChosen.emit(4)
    after = [len(p.getPlotItem().items) for p in (plots.curves, plots.parity, plots.residuals)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]
    row = wizard._table.rows[4]
    assert plots.caption.startswith(f"Row {row}, AM 94 %, ε_init 46.1 %")
    plots.show_family("0")  # another coating: its own band, and no mark of a hidden point
    assert "Row" not in plots.caption


def test_that_the_laws_are_compared_and_one_is_recommended_with_its_reason(window, idle, wizard):
    wizard.tabs.setCurrentWidget(wizard.comparison)
    idle(window)
    comparison = wizard.comparison.comparison
    assert comparison.recommended.name in wizard.comparison.notice.text
    assert "errs least" in wizard.comparison.notice.text
    assert "recommended" in set(wizard.comparison.table.frame["use"])
    wizard.comparison.look_button.click()
    assert wizard.preview.law is comparison.recommended.law
    assert wizard.form.spec()[0] == comparison.recommended.law.kind
    assert wizard.tabs.currentWidget() is wizard.plots


def test_that_the_law_is_asked_and_warns_outside_its_domain(wizard):
    domain = wizard.domain
    domain.am.setValue(94)
    domain.porosity.setValue(46.1)
    domain.thickness.setValue(178)
    domain.pressure.setValue(90)
    expected = 100 * float(wizard.preview.law.predict(0.94, 0.461, 178, pressure=90))
    assert domain.answer.text().startswith(f"{expected:.1f} ± ")
    assert "outside" not in domain.notice.text
    domain.am.setValue(90)
    assert "AM 90 % is outside the measured 94-96 %" in domain.notice.text
    domain.pressure.setValue(400)
    assert domain.answer.text() == "–" and "outside" in domain.notice.text


def test_that_the_law_is_printed_in_four_forms_and_copied(qtbot, page, wizard):
    text = wizard.text
    for form, sign in (
        ("text", "eps_cal = "), ("latex", r"\varepsilon"), ("excel", "=0"), ("python", "def "),
    ):  # fmt: skip
        text.form_choice.set_current(form)
        text._refresh()
        assert sign in text.text.toPlainText()
    text.copy()
    assert QGuiApplication.clipboard().text() == wizard.preview.printed["python"]
    qtbot.mouseClick(wizard.accept_button, Qt.MouseButton.LeftButton)
    page.copy_law("excel")
    assert QGuiApplication.clipboard().text().startswith("=")


def test_that_the_wizard_closed_in_the_middle_of_a_fit_changes_nothing(window, page, idle):
    page.import_sample()
    idle(window)
    page.choose_law()
    page.law_dialog.tabs.setCurrentIndex(3)
    page.law_dialog.reject()
    idle(window)
    assert window.model.law is None


# -- awkward sheets -----------------------------------------------------------------------------


def test_that_a_technician_needs_no_more_than_a_dozen_clicks(qtbot, window, page, idle, tmp_path):
    clicks = []

    def click(widget):
        assert widget.isEnabled(), widget.toolTip()
        clicks.append(widget)
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    bad = GOOD.replace(";44;22,94", ";4O;22,94")
    dialog = open_sheet(window, idle, tmp_path, bad)  # one drop
    index = dialog.view.currentIndex()
    assert index.data() == "4O"  # the cell to mend is chosen already
    clicks.append("a double click into the cell, and typing")
    dialog._model.setData(index, "44")
    qtbot.waitUntil(lambda: not dialog.preview.obstacle)
    click(dialog.import_button)
    click(page.wizard_button)
    idle(window)
    wizard = page.law_dialog
    click(wizard.accept_button)
    assert window.model.law is not None and len(window.model.table) == 12
    assert len(clicks) + 1 <= 12


def test_that_a_sheet_once_confirmed_is_recognised_and_can_be_read_afresh(
    window, page, idle, tmp_path
):
    text = GOOD.replace("porosity after (%)", "result").replace("gap (µm)", "setting")
    dialog = open_sheet(window, idle, tmp_path, text, "first.csv")
    dialog.set_role(3, "gap")
    dialog.set_role(4, "porosity")
    dialog._on_import()
    assert templates_file().exists()
    dialog = open_sheet(window, idle, tmp_path, text, "second.csv")
    assert not dialog.preview.obstacle and "remembered from first.csv" in dialog._notes.text()
    assert dialog.reset_button.text() == "Read afresh"
    dialog._on_reset()
    assert dialog.preview.obstacle
    dialog.reject()


def test_that_nothing_is_remembered_unasked_and_a_damaged_memory_does_no_harm(
    window, page, idle, tmp_path
):
    dialog = open_sheet(window, idle, tmp_path, GOOD)
    dialog.remember_box.setChecked(False)
    dialog._on_import()
    assert not templates_file().exists()
    templates_file().write_text("{", encoding="utf-8")
    dialog = open_sheet(window, idle, tmp_path, GOOD)
    assert not dialog.preview.obstacle
    dialog._on_import()
    assert any("not remembered" in sentence for sentence in said(window))


def test_that_delimiter_and_decimal_mark_are_shown_and_can_be_overruled(
    window, page, idle, tmp_path
):
    text = GOOD.replace(";1;", ";1.000;").replace("gap (µm)", "pressure (kPa)")
    dialog = open_sheet(window, idle, tmp_path, text)
    assert dialog.delimiter_choice.current == ";" and dialog.decimal_choice.current == ","
    assert dialog.encoding_choice.current == "utf-8"
    assert dialog._thousands.text() == "thousands: point"
    assert dialog.preview.readings["pressure"].values[0] == pytest.approx(1.0)
    dialog._reopen(delimiter=",")
    assert dialog.preview.obstacle and "shell" not in dialog._status.text
    dialog._reopen(delimiter=";")
    assert not dialog.preview.obstacle
    dialog.reject()


def test_that_a_line_load_is_turned_into_a_pressure_in_the_dialog(window, page, idle, tmp_path):
    text = GOOD.replace("gap (µm)", "Linienlast (N/mm)")
    dialog = open_sheet(window, idle, tmp_path, text)
    assert "is a line load" in dialog._status.text and dialog.conversions.rolls_fold.is_open
    dialog.conversions.contact_length.setValue(0.5)
    assert not dialog.preview.obstacle
    dialog._on_import()
    assert window.model.table.pressure[1] == pytest.approx(88.0)


def test_that_a_porosity_is_derived_in_the_dialog(window, page, idle, tmp_path):
    lines = ["AM (%);initial thickness (µm);loading (mg/cm²);gap (µm);thickness after (µm)"]
    for w, e0, t0, gap, e in measured():
        solid = (1 - e0 / 100) * t0 / (w / 465 + (1 - w / 100) / 1.8) / 10
        lines.append(f"{w};{t0};{solid:.9f};{gap};{t0 * (100 - e0) / (100 - e):.9f}")
    dialog = open_sheet(window, idle, tmp_path, "\n".join(lines))
    assert "skeletal densities" in dialog._status.text and dialog.conversions.densities_fold.is_open
    dialog.conversions.derive_box.click()
    assert not dialog.preview.obstacle
    dialog._on_import()
    expected = [row[4] / 100 for row in measured()]
    np.testing.assert_allclose(window.model.table.porosity, expected, atol=1e-6)


def test_that_all_bad_rows_are_left_out_by_one_click_and_listed(window, page, idle, tmp_path):
    text = GOOD.replace("30,07", "142").replace("32,97", "<33")
    dialog = open_sheet(window, idle, tmp_path, text)
    assert dialog.problems_list.count() == 2
    assert "142 is not between 0 and 100 %" in dialog.problems_list.item(0).text()
    dialog.leave_all_button.click()
    assert not dialog.preview.obstacle and len(dialog.preview.used) == 10
    assert "left out by the user" in dialog.rows_list.item(0).text()
    dialog.reject()


def test_that_simulated_rows_are_added_and_kept_apart(qtbot, window, page, idle, tmp_path):
    open_sheet(window, idle, tmp_path, GOOD)._on_import()
    dialog = open_sheet(window, idle, tmp_path, GOOD.replace("25,56", "26"), "dem.csv")
    assert dialog.mode == "replace"
    dialog.mode_choice.show_value("simulated")
    dialog._on_import()
    table = window.model.table
    assert len(table) == 24 and table.origin.count("simulated") == 12
    assert table.family_count == 4
    assert "origin" in page.table_view.frame
    page.choose_law()
    wizard = page.law_dialog
    idle(window)
    assert wizard.preview.assessment.conditions == 24
    wizard._on_rows("measured")
    settled(qtbot, window, idle, wizard)
    assert wizard.preview.assessment.conditions == 12
    wizard.reject()
    window.model.undo_stack.undo()
    assert len(window.model.table) == 12


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_that_a_blank_sheet_is_saved_from_the_menu(window, page, files, tmp_path, language):
    path = tmp_path / "blank.xlsx"
    files.will_choose(path)
    page.save_blank_sheet(language, "pressure")
    assert openpyxl.load_workbook(path).active.max_column == 8
    texts = [a.text() for a in window.menuBar().actions()[0].menu().actions()]
    assert "Save blank sheet" in texts and "Export measurements…" in texts


def test_that_exported_measurements_hold_no_live_formula(window, page, idle, files, tmp_path):
    head, *rows = GOOD.splitlines()
    text = "\n".join([head + ";=remark", *(row + ";=1+1" for row in rows)])
    open_sheet(window, idle, tmp_path, text)._on_import()
    path = tmp_path / "out.xlsx"
    files.will_choose(path)
    page.export_measurements()
    cells = [c for row in openpyxl.load_workbook(path)["Measurements"].rows for c in row]
    assert not any(cell.data_type == "f" for cell in cells)
    np.testing.assert_allclose(read_table(path).porosity, window.model.table.porosity)


def test_that_the_wizard_opens_on_a_law_that_works_without_a_gap(window, page, idle, tmp_path):
    head = "AM (%);porosity before (%);thickness before (µm);pressure (MPa);porosity after (%)"
    rows = [
        f"{am};{before};{thick};{p};{before * (0.5 + 0.4 * np.exp(-p / 300)):.2f}"
        for am, before, thick in ((94, 48.7, 138), (95, 47.5, 170), (96, 42.0, 180))
        for p in (900, 1200, 1500, 2000)
    ]
    dialog = open_sheet(window, idle, tmp_path, "\n".join([head, *rows]) + "\n")
    dialog._on_import()
    assert not window.model.table.has_gap
    page.choose_law()
    idle(window)
    assert not page.law_dialog._problem.text and page.law_dialog.accept_button.isEnabled()
    # a column that is empty throughout is not shown
    shown = [c.key for c in page.table_view.frame_model._columns]
    assert "gap_um" not in shown and shown[0] == "row"
    page.law_dialog.reject()


def test_that_the_plots_and_the_table_of_laws_stand_whole_in_the_wizard(qtbot, wizard):
    room = wizard._room
    qtbot.waitUntil(lambda: room.viewport().height() > 100)
    assert room.verticalScrollBar().maximum() == 0, [
        (wizard.tabs.tabText(i), wizard.tabs.widget(i).minimumSizeHint().height())
        for i in range(wizard.tabs.count())
    ]


def test_that_terms_are_written_as_people_write_them():
    told = ["The terms 1, ln(P), eps_init*t0 were chosen by BIC among 13.", "AM, eps_init move."]
    warnings, choices = warnings_and_choices(told)
    assert choices == ["The terms constant, ln(P), ε_init × t₀ were chosen by BIC among 13."]
    assert warnings == ["AM, initial porosity move."]
