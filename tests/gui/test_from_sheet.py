"""From a lab's sheet to structure and campaign with nothing typed in between."""

import threading

import pytest
from PySide6.QtCore import Qt

from engine.study import Study
from hybridgui import dialogs
from tests.experiment.sheets import excel
from tests.gui.studies import fill, fit_sample, record_all

HEADER = ["Probe", "Aktivmaterial (Gew.-%)", "Anfangsporosität (%)", "Anfangsdicke (µm)",
          "Druck (MPa)", "Porosität nach dem Kalandrieren (%)"]  # fmt: skip
COATINGS = [("NMC-92 Köln", 92, 50, 62), ("NMC-94", 94, 48, 70), ("NMC-96 Ähre", 96, 45, 81)]


def sheet(folder):
    rows = [
        [name, am, before, start, pressure, round(before - 22 * pressure / (pressure + 250), 2)]
        for name, am, before, start in COATINGS
        for pressure in (100, 250, 400, 620)
    ]
    return excel(folder / "lab.xlsx", ("Messung", [HEADER, *rows]))


@pytest.fixture
def imported(window, idle, tmp_path):
    page = window.pages["experiment"]
    page.import_sheet(sheet(tmp_path))
    idle(window)
    page.dialog._on_import()
    idle(window)
    return window


def test_that_pressures_beyond_the_gap_calibration_need_no_expertise(imported, idle):
    page = imported.pages["experiment"]
    assert page.law_choice.current in ("kawakita", "exponential", "heckel")
    assert page._hint.text().startswith("Pressures of this sheet (100-620 MPa) reach beyond")
    page.fit_law()
    idle(imported)
    assert imported.model.law["kind"] == page.law_choice.current


def test_that_a_sheet_with_gaps_brings_the_usual_law_back(imported, idle):
    page = imported.pages["experiment"]
    page.import_sample()
    idle(imported)
    assert page.law_choice.current == "polynomial"
    assert page._hint.text().startswith("AM, initial porosity")


def test_that_coatings_are_called_by_the_names_of_the_sheet(imported, idle):
    page = imported.pages["experiment"]
    frame = page.table_view.frame
    assert list(frame["coating"].unique()) == [name for name, *_ in COATINGS]
    page.fit_law()
    idle(imported)
    which = page.curves_view.which
    shown = [which.itemText(i) for i in range(which.count())]
    assert shown == ["All coatings", *(name for name, *_ in COATINGS)]


def test_that_no_roll_gap_is_shown_where_the_sheet_knows_none(imported, idle):
    form = imported.pages["structure"].form
    assert not form.field("gap_um").isHidden()  # the published law is in use
    imported.pages["experiment"].fit_law()
    idle(imported)
    assert form.field("gap_um").isHidden() and not form.field("pressure_MPa").isHidden()
    imported.pages["experiment"].import_sample()
    idle(imported)
    assert not form.field("gap_um").isHidden()


def test_that_the_structure_begins_with_the_middle_coating_of_the_sheet(imported, idle):
    imported.pages["experiment"].fit_law()
    idle(imported)
    form = imported.pages["structure"].form
    condition = form.plan.condition
    assert condition is not None, form.plan.problem
    assert condition.coating.initial_thickness == 70 and condition.pressure == 100
    assert condition.recipe.am_fraction == 0.94
    assert form.origin.text() == (
        "From the sheet, coating NMC-94: active material, initial porosity, initial thickness and "
        "pressing."
    )
    imported.model.set_parameter("structure/initial_thickness_um", 55.0)
    assert form.plan.condition.coating.initial_thickness == 55
    assert "initial thickness" not in form.origin.text()
    imported.model.undo_stack.undo()
    assert form.plan.condition.coating.initial_thickness == 70


def test_that_the_campaign_spreads_over_the_ranges_of_the_sheet(imported, idle):
    imported.pages["experiment"].fit_law()
    idle(imported)
    form = imported.pages["campaign"].form
    variables = form.design().variables
    assert variables["pressure_MPa"] == (100, 250, 400, 620)
    assert variables["am_percent"] == (92, 94, 96)
    assert variables["initial_porosity_percent"] == (45, 48, 50)
    assert variables["initial_thickness_um"] == (62,)
    assert form.origin.text().startswith(
        "From the ranges of the sheet: pressure, AM and initial porosity. Initial thickness: that"
    )
    form.use_preset("small")
    assert form.design().variables["initial_thickness_um"] == (140,)
    assert not form.origin.isVisibleTo(form)
    form.use_sheet()
    assert form.design().variables["initial_thickness_um"] == (62,)


def test_that_recent_studies_stand_on_the_first_page_and_open_by_a_click(qtbot, window, tmp_path):
    kept, gone = tmp_path / "kept.study", tmp_path / "gone.study"
    for path in (gone, kept):
        Study.create(path).close()
        window.settings.add_recent_file(path)
    gone.unlink()
    recent = window.pages["experiment"].recent
    recent.refresh()
    assert [b.text() for b in recent.buttons] == ["kept.study", "gone.study"]
    assert recent.buttons[0].isEnabled() and not recent.buttons[1].isEnabled()
    assert "no longer there" in recent.buttons[1].toolTip()
    qtbot.mouseClick(recent.buttons[0], Qt.MouseButton.LeftButton)
    assert window.model.path == kept.resolve()


def test_that_an_unfinished_campaign_is_resumed_first_and_begun_anew_second(window, monkeypatch):
    page = window.pages["campaign"]
    law = fit_sample(window.model.study)
    window.model._table = window.model.study.table()
    window.model.lawChanged.emit()
    design = page.form.design()
    record_all(window.model.study, window.model.study.add_campaign(design), leave=5)
    window.model.note_campaigns(law.to_dict())
    page._on_design_changed()
    assert page.resume_button.property("primary") and not page.start_button.property("primary")
    assert page.start_button.text() == "Start anew…"
    started = []
    monkeypatch.setattr(page, "start", lambda: started.append(window.model.study.campaigns()))
    monkeypatch.setattr(dialogs, "ask", lambda *a, **k: "keep")
    page.start_button.click()
    assert not started and len(window.model.study.campaigns()) == 1
    monkeypatch.setattr(dialogs, "ask", lambda *a, **k: "remove")
    page.start_button.click()
    assert started == [[]] or started == [()]  # nothing was left of it
    assert page.start_button.property("primary") and page.start_button.text() == "Start campaign"


def test_that_a_campaign_that_is_done_is_begun_anew_only_on_purpose(window):
    page = window.pages["campaign"]
    law = fit_sample(window.model.study)
    window.model._table = window.model.study.table()
    window.model.lawChanged.emit()
    record_all(window.model.study, window.model.study.add_campaign(page.form.design()))
    window.model.note_campaigns(law.to_dict())
    page._on_design_changed()
    assert page.start_button.text() == "Start anew…" and page.resume_button.isHidden()
    assert not page.start_button.property("primary")
    window.model.set_parameter("campaign/seed", 7)
    page._on_design_changed()
    assert page.start_button.text() == "Start another campaign"
    assert page.start_button.property("primary")


def test_that_the_dataset_stands_in_the_order_of_what_was_pressed(window):
    page = window.pages["campaign"]
    fill(window.model.study)
    window.model.note_campaigns(window.model.law)
    page.tabs.setCurrentIndex(1)
    pressures = page.dataset_view.frame["pressure_MPa"].tolist()
    assert pressures == sorted(pressures)


def test_that_the_next_step_waits_for_what_runs_and_for_results(window, idle):
    model = window.model
    go = threading.Event()
    model.start_job("Fitting the law", lambda job: go.wait(10), stage="experiment")
    assert model.next_step().text == "Fitting the law…"
    go.set()
    idle(window)
    fill(model.study, failing=tuple(range(100)))
    model.note_campaigns(model.law)
    assert model.next_step().text == "Every structure failed: see why."


def test_that_the_material_is_asked_with_the_sheet_and_used_by_every_page(window, idle, tmp_path):
    page = window.pages["experiment"]
    path = sheet(tmp_path)
    named = path.rename(path.with_name("LFP line 2.xlsx"))
    page.import_sheet(named)
    idle(window)
    assert page.dialog.material.name == "LFP"  # the file says so
    page.dialog.material_choice.show_value("NMC811")
    page.dialog._on_import()
    idle(window)
    assert window.model.study.material().name == "NMC811"
    window.show_stage("structure")
    form = window.pages["structure"].form
    assert form.plan.condition.recipe.am_density == 4.78
    assert form.plan.condition.options["d50"] == 10.44
    page.fit_law()
    idle(window)
    window.show_stage("campaign")
    design = window.pages["campaign"].form.design()
    assert design.variables["am_density"] == (4.78,) and design.variables["d50"] == (10.44,)
    # Read again, the sheet keeps what was said; taken back, nothing was.
    page.import_sheet(named)
    idle(window)
    assert page.dialog.material.name == "NMC811"
    page.dialog.reject()
    while window.model.table is not None:
        window.model.undo_stack.undo()
    assert window.model.material is None
