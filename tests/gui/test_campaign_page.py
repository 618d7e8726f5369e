"""The design editor, the grid, the dataset; running is in the journey."""

from __future__ import annotations

import dataclasses
import math
import threading

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton

from engine.campaign.design import PUBLISHED_OUTPUTS, AdaptiveRepeats, Design
from engine.campaign.estimate import Estimate
from engine.campaign.variables import known_names, read_variables, variable_info
from engine.errors import InputError
from engine.experiment.laws import published_law
from engine.properties import Conductivities
from hybridgui.campaign.design_form import PRESETS
from hybridgui.campaign.more_variables import GROUPS, first_values, read_values, show_values
from hybridgui.errors import DetailsDialog
from hybridgui.stages import StageState
from tests.gui.conftest import said
from tests.gui.studies import fill, fit_sample, record_all, small_design

POINT = {"gap_um": 1.0, "am_percent": 94.0, "initial_porosity_percent": 44.0}


@pytest.fixture
def page(window):
    fit_sample(window.model.study)
    window.model.lawChanged.emit()
    window.show_stage("campaign")
    return window.pages["campaign"]


def show(window):
    window.model.note_campaigns(window.model.law)


def test_that_the_form_makes_the_design_it_shows(window, page):
    window.model.set_parameter("campaign/pressing", "gap")
    window.model.set_parameter("campaign/gap_um", [1.0, 11.0])
    window.model.set_parameter("campaign/am_percent", [94.0])
    window.model.set_parameter("campaign/initial_porosity_percent", [42.0, 44.0, 46.0])
    window.model.set_parameter("campaign/repeats", 5)
    design = page.form.design()
    assert design.count == 6 and design.structures == 30
    assert design.variables["gap_um"] == (1.0, 11.0) and "pressure_MPa" not in design.variables


def test_that_conditions_can_be_spread_in_other_ways(qtbot, window, page, idle):
    window.model.set_parameter("campaign/sampling", "sobol")
    window.model.set_parameter("campaign/samples", 16)
    design = page.form.design()
    assert design.count == 16 and design.variables["initial_porosity_percent"] == (44.0, 48.0)
    assert page.form.samples.isVisibleTo(page.form)
    window.model.set_parameter("campaign/sampling", "list")
    window.model.set_parameter("campaign/am_percent", [94.0, 95.0, 96.0])
    points = page.form.design().points()
    assert [(p["pressure_MPa"], p["am_percent"]) for p in points] == [
        (40.0, 94.0), (80.0, 95.0), (120.0, 96.0),
    ]  # fmt: skip
    window.model.set_parameter("campaign/am_percent", [94.0, 95.0])
    qtbot.waitUntil(lambda: "lists of one length" in page.start_button.toolTip(), timeout=10000)
    idle(window)


def test_that_repeats_can_stop_when_the_mean_is_known(window, page):
    window.model.set_parameter("campaign/repeats", 10)
    window.model.set_parameter("campaign/standard_error_percent", 2.0)
    adaptive = page.form.design().adaptive
    assert adaptive == AdaptiveRepeats(2.0)
    page.form.least.edited.emit(5)
    page.form.precise.set_checked("tortuosity_factor_solid", False)
    page.form.precise.set_checked("active_surface_percent")
    adaptive = page.form.design().adaptive
    assert adaptive.minimum == 5
    wanted = {*PUBLISHED_OUTPUTS, "active_surface_percent"} - {"tortuosity_factor_solid"}
    assert set(adaptive.columns) == wanted
    for name in wanted:
        page.form.precise.set_checked(name, False)
    with pytest.raises(InputError, match="tick at least one"):
        page.form.design()


def test_that_a_published_design_says_which_law_it_takes(window, page):
    own = window.model.law
    assert page.form.design().law == own and own["kind"] in page.form.law.currentText().lower()
    page.form.use_preset("training")
    assert page.form.design() == dataclasses.replace(
        page.form.design(), law=published_law().to_dict()
    )
    assert page.form.law.current == "published"
    page.form.law.edited.emit("study")
    assert page.form.design().law == own


def test_that_all_properties_and_a_resolution_check_can_be_asked_for(window, page):
    form = page.form
    assert form.design().parts == "published"
    form.properties.edited.emit("all")
    form.resolution.click()
    assert form.design().parts == "all+resolution"
    window.model.set_parameter("campaign/protocol", "published")
    assert form.design().parts == "all"
    assert not form.resolution.isEnabled() and "physical protocol" in form.resolution.toolTip()


def test_that_the_published_design_is_one_click_and_one_undo(window, page):
    count = window.model.undo_stack.count()
    page.form.use_preset("training")
    published = Design.published_training()
    assert page.form.design().law == published.law
    assert page.form.design().points() == [
        {**point, "voxel_size_um": 1.0, "box_um": (50.0, 50.0)} for point in published.points()
    ]
    assert window.model.undo_stack.count() == count + 1
    window.model.undo_stack.undo()
    assert page.form.design().count == 18
    assert set(PRESETS) == {"small", "training", "validation"}


def test_that_a_list_that_cannot_be_read_is_said_where_it_stands(qtbot, window, page, idle):
    field = page.form.fields["am_percent"]
    field.clear()
    qtbot.keyClicks(field, "94, x")
    idle(window)
    assert "'x' is not a number" in field.toolTip() and field.property("invalid")
    assert not page.start_button.isEnabled() and "'x'" in page.start_button.toolTip()
    assert "'x'" in page.form.notice.text
    field.clear()
    qtbot.keyClicks(field, "94, 96")
    field.editingFinished.emit()
    idle(window)
    assert page.start_button.isEnabled()
    assert window.model.parameter("campaign/am_percent") == [94.0, 96.0]


def test_that_the_size_and_the_warnings_are_told_before_starting(qtbot, window, page, idle):
    window.model.set_parameter("campaign/am_percent", [91.0])
    qtbot.waitUntil(lambda: "AM 91 %" in page.form.notice.text, timeout=10000)
    idle(window)
    assert page.form.summary.text().startswith("9 conditions × 2 = 18 structures")


def test_that_an_impossible_condition_is_refused_before_starting(qtbot, window, page, idle):
    window.model.set_parameter("campaign/am_percent", [40.0])
    qtbot.waitUntil(lambda: not page.start_button.isEnabled(), timeout=10000)
    idle(window)
    assert "AM" in page.start_button.toolTip()


def test_that_grid_dataset_and_failures_show_what_the_study_holds(window, page, idle, tmp_path):
    campaign = window.model.study.add_campaign(small_design(_law(window)))
    record_all(window.model.study, campaign, failing=(3,), leave=4)
    show(window)
    idle(window)
    cells = page.grid.cells
    assert len(cells) == 36 and sum(c.done for c in cells) == 66
    assert cells[3].failed == 2 and cells[3].done == 0
    assert page.tabs.tabText(2) == "Failures (2)"
    page.tabs.setCurrentIndex(2)
    assert (
        page.failures_view.frame["error"].tolist() == ["The packing did not reach its target."] * 2
    )
    assert not page.failures_tab.details_button.isEnabled()
    page.failures_view.selectRow(1)
    page.failures_tab.details_button.click()
    [dialog] = window.findChildren(DetailsDialog)
    assert "PackingError" in dialog.findChild(QPlainTextEdit).toPlainText()
    dialog.accept()
    dialog.deleteLater()
    page.failures_tab.copy_all()
    copied = QGuiApplication.clipboard().text()
    assert copied.count("did not reach") == 2 and copied.count("PackingError") == 1
    assert "2 structures:" in copied
    page.tabs.setCurrentIndex(1)
    assert len(page.dataset_view.frame) == 35
    assert page.resume_button.isVisible() and "4 structures left" in page.resume_button.text()


def test_that_the_grid_is_coloured_by_a_property(window, page, idle):
    campaign = window.model.study.add_campaign(small_design(_law(window)))
    record_all(window.model.study, campaign)
    show(window)
    page.conditions_tab.colour_choice.show_value("tortuosity_electrolyte")
    page.conditions_tab.colour()
    values = {cell.number: cell.value for cell in page.grid.cells}
    assert all(value == value for value in values.values())
    frame = window.model.study.dataset(campaign)
    assert sorted(values.values()) == pytest.approx(sorted(frame["tortuosity_electrolyte"]))
    cell = page.grid.cells[0]
    place = page.grid._rect(cell).center()
    assert page.grid._cell_at(QPointF(place)) is cell
    assert f"{cell.value:.3f}" in page.grid.describe(cell).replace("∞", "")


@pytest.mark.parametrize("pressed", ["gap_um", "pressure_MPa"])
def test_that_the_grid_runs_across_by_what_the_calender_is_set_to(window, page, pressed):
    values = (5.0, 30.0, 60.0)
    variables = {
        pressed: values,
        "am_percent": (94.0, 96.0),
        "initial_porosity_percent": (45.0,),
        "initial_thickness_um": (140.0,),
    }
    window.model.study.add_campaign(small_design(_law(window), variables=variables))
    show(window)
    assert page.grid._columns == list(values)


def test_that_the_dataset_is_copied_with_units_and_full_digits(window, page):
    campaign = window.model.study.add_campaign(small_design(_law(window)))
    record_all(window.model.study, campaign)
    show(window)
    page.tabs.setCurrentIndex(1)
    page.dataset_view.copy(everything=True)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 37 and "P (MPa)" in lines[0]
    frame = window.model.study.dataset(campaign).sort_values("pressure_MPa", kind="stable")
    assert repr(float(frame["tortuosity_electrolyte"].iloc[0])) in lines[1].split("\t")
    assert "np." not in "".join(lines)  # numbers as a spreadsheet takes them


def test_that_the_dataset_is_sorted_by_value_and_filtered(qtbot, window, page):
    campaign = window.model.study.add_campaign(small_design(_law(window)))
    record_all(window.model.study, campaign)
    show(window)
    page.tabs.setCurrentIndex(1)
    view = page.dataset_view
    column = next(
        c
        for c in range(view.model().columnCount())
        if view.model().headerData(c, _ACROSS) == "P (MPa)"
    )
    view.sortByColumn(column, _DESCENDING)
    assert [view.cell(0, column), view.cell(35, column)] == ["140", "20"]
    view.set_filter("no such number")
    assert view.model().rowCount() == 0
    view.set_filter("")
    assert view.model().rowCount() == 36


def test_that_a_campaign_is_removed_only_after_asking(window, page, answers):
    fill(window.model.study)
    show(window)
    answers.will("keep")
    page.remove_campaign()
    assert len(window.model.study.campaigns()) == 1
    answers.will("remove")
    page.remove_campaign()
    assert window.model.study.campaigns() == [] and page.stack.currentWidget() is page._empty


def test_that_export_without_results_says_what_is_missing(window, page):
    page.export_dataset()
    assert said(window) == ["There is no dataset yet: run a campaign first."]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_that_the_dataset_is_exported(window, page, idle, files, tmp_path, suffix):
    import pandas as pd

    fill(window.model.study)
    show(window)
    path = tmp_path / f"data.{suffix}"
    files.will_choose(path)
    page.export_dataset()
    idle(window)
    frame = (
        pd.read_csv(path, comment="#")
        if suffix == "csv"
        else pd.read_excel(path, engine="openpyxl")
    )
    assert len(frame) == 36 and "tortuosity_electrolyte" in frame


def _law(window):
    from engine.experiment.laws import law_from_dict

    return law_from_dict(window.model.law)


from PySide6.QtCore import Qt  # noqa: E402

_ACROSS, _DESCENDING = Qt.Orientation.Horizontal, Qt.SortOrder.DescendingOrder


def test_that_a_blocked_condition_is_told_from_one_not_run(window, page, idle):
    study = window.model.study
    campaign = study.add_campaign(small_design(_law(window)))
    record_all(study, campaign, failing=(3,), leave=1)
    for result in study.results(campaign):
        if result.number == 5:
            blocked = {**result.properties, "tortuosity_factor_solid": math.inf}
            study.record(dataclasses.replace(result, properties=blocked))
    show(window)
    page.conditions_tab.colour_choice.show_value("tortuosity_factor_solid")
    page.conditions_tab.colour()
    values = {cell.number: cell.value for cell in page.grid.cells}
    assert values[3] is None and math.isnan(values[5]) and math.isfinite(values[6])
    assert page.grid.blocked == 1 and page.conditions_tab.legend.isVisibleTo(page)
    assert "do not percolate" in page.grid.describe(page.grid.cells[5])
    page.grid.resize(600, 300)
    picture = page.grid.grab().toImage()
    at = {n: page.grid._rect(page.grid.cells[n]).toRect() for n in (3, 5, 6)}
    colours = {
        n: {picture.pixel(x, y) for x in range(r.left(), r.right()) for y in (r.center().y(),)}
        for n, r in at.items()
    }
    assert len(colours[5]) > len(colours[6])
    page.conditions_tab.colour_choice.show_value("progress")
    page.conditions_tab.colour()
    assert page.grid.blocked == 0 and not page.conditions_tab.legend.isVisibleTo(page)


def test_that_a_pressure_beyond_the_calibration_is_coloured_all_the_same(window, page):
    law = _law(window)
    design = small_design(law, variables={**small_design(law).variables, "pressure_MPa": (400.0,)})
    campaign = window.model.study.add_campaign(design)
    assert window.model.study.conditions(campaign)[0].values["gap_um"] is None
    record_all(window.model.study, campaign)
    show(window)
    page.conditions_tab.colour_choice.show_value("tortuosity_factor_solid")
    page.conditions_tab.colour()
    assert all(cell.value is not None for cell in page.grid.cells)


def test_that_a_paused_campaign_reads_paused(qtbot, window, page, idle):
    asked = threading.Event()
    job = window.model.start_job(
        "Campaign", lambda job: asked.wait(30), stage="campaign", pausable=True
    )
    state = window.rail.stage_button("campaign")
    assert state.state is StageState.RUNNING
    job.set_paused(True)
    assert state.state is StageState.PAUSED and "Paused" in state.accessibleName()
    assert page.pause_button.text() == "Resume"
    assert "paused" in window.model.next_step().text
    job.set_paused(False)
    assert state.state is StageState.RUNNING
    asked.set()
    idle(window)


def test_that_the_memory_of_the_workers_is_shown_while_they_work(qtbot, window, page, idle):
    asked = threading.Event()
    window.model.start_job("Campaign", lambda job: asked.wait(30), stage="campaign")
    page._memory = {11: 200 * 2**20, 12: 210 * 2**20}
    page._show_counts(2, 0, 18)
    assert page.conditions_tab.workers.text() == "2 workers, 410 MB"
    asked.set()
    idle(window)
    page._on_ended("info", "over")
    assert page.conditions_tab.workers.text() == ""


def test_that_reopening_offers_to_go_on(qtbot, window, page, idle, monkeypatch, tmp_path):
    study = window.model.study
    record_all(study, study.add_campaign(small_design(_law(window))), leave=4)
    show(window)
    path = tmp_path / "a.study"
    study.save_copy(path)
    resumed = []
    monkeypatch.setattr(page, "_run", lambda design, campaign: resumed.append(campaign))
    window.model.close(discard_untitled=True)
    window.model.open(path)
    (offer,) = (toast for toast in window.toasts.toasts if "unfinished" in toast.sentence)
    button = next(b for b in offer.findChildren(QPushButton) if b.text() == "Resume")
    button.click()
    assert resumed == [1] and window.stage == "campaign"


def test_that_any_parameter_can_be_varied(qtbot, window, page, idle):
    form = page.form
    form.more.add("cbd_rule")
    form.more.add("d50")
    form.more.add("box_um")
    assert form.more.fields["cbd_rule"].text() == "film_finger, bridges, clusters, published"
    window.model.set_parameter(
        "campaign/more",
        {"cbd_rule": ["bridges", "clusters"], "d50": [4.0, 5.5], "box_um": [[30.0, 30.0]]},
    )
    design = form.design()
    assert design.count == 18 * 4
    assert design.variables["cbd_rule"] == ("bridges", "clusters")
    assert design.variables["box_um"] == ((30.0, 30.0),)
    assert not form.box.isVisibleTo(form._more._content)
    field = form.more.fields["d50"]
    field.setFocus()
    field.clear()
    qtbot.keyClicks(field, "4, x")
    assert field.property("invalid") and "D50" in page.start_button.toolTip()
    field.clear()
    qtbot.keyClicks(field, "4:6")
    field.editingFinished.emit()
    assert window.model.parameter("campaign/more")["d50"] == [4.0, 5.0, 6.0]
    window.model.undo_stack.undo()
    assert form.more.fields["d50"].text() == "4, 5.5"
    form.more.edited.emit("d50", None)
    assert list(form.more.fields) == ["cbd_rule", "box_um"] and form.design().count == 36
    window.model.set_parameter("campaign/more", {"d50": [4.0, 5.0, 7.0]})
    window.model.set_parameter("campaign/sampling", "latin_hypercube")
    assert form.design().variables["d50"] == (4.0, 7.0)
    idle(window)


@pytest.mark.parametrize("name", [n for names in GROUPS.values() for n in names])
def test_that_every_variable_on_offer_is_read_as_it_is_written(name):
    info = variable_info(name)
    assert info.meaning and name in known_names()
    values = first_values(info) or [[1.0, 2.5], [2.0, 4.0]]
    text = show_values(name, values)
    again = read_values(name, text)
    assert show_values(name, again) == text
    assert read_variables({**POINT, name: again}, "here")[name]


def test_that_every_parameter_is_on_offer_somewhere():
    offered = {n for names in GROUPS.values() for n in names}
    # the same quantity as a fraction
    assert set(known_names()) - offered - {"cbd_nanoporosity"} == {
        "gap_um", "pressure_MPa", "am_percent", "initial_porosity_percent",
        "initial_thickness_um",
    }  # fmt: skip


def test_that_a_pasted_list_fills_the_form_in_one_step(qtbot, window, page, idle):
    before = page.form.design()
    QGuiApplication.clipboard().setText(
        "gap_um\tam_percent\tinitial_porosity_percent\td50\n1,25\t94\t42\t4\n31\t95\t46\t5"
    )
    page.form.paste()
    dialog = page.form.dialog
    assert dialog.use.text() == "Use 2 conditions"
    dialog.text.setPlainText("gap_um am_percent\n1 94")
    assert not dialog.use.isEnabled() and "initial_porosity_percent" in dialog.notice.text
    dialog.text.setPlainText(QGuiApplication.clipboard().text())
    dialog.accept()
    design = page.form.design()
    assert [(p["gap_um"], p["am_percent"], p["d50"]) for p in design.points()] == [
        (1.25, 94.0, 4.0), (31.0, 95.0, 5.0),
    ]  # fmt: skip
    window.model.undo_stack.undo()
    assert page.form.design() == before
    QGuiApplication.clipboard().clear()
    idle(window)


def test_that_a_large_design_is_timed_and_asked_for_before_it_starts(
    qtbot, window, page, idle, answers, monkeypatch
):
    begun = []
    monkeypatch.setattr(page, "_run", lambda design, campaign: begun.append(design))
    monkeypatch.setattr(
        "hybridgui.campaign.page.time_pilot",
        lambda job, design, workers, folder: Estimate(
            design.structures, 900.0, 800.0, 1000.0, 2**28, 2**29, 2**23, 4, 3.0, ("Too little.",)
        ),
    )
    page.form.use_preset("training")
    answers.will("stay")
    page.start()
    qtbot.waitUntil(lambda: bool(answers.questions), timeout=10000)
    assert answers.questions == ["Start 4,400 structures?"] and begun == []
    assert "512 MB of memory" in page.form.summary.text()
    answers.will("start")
    page.start()
    assert len(begun) == 1
    page.form.use_preset("small")
    page.start()
    assert len(begun) == 2
    idle(window)


def test_that_the_coefficients_of_the_law_can_be_varied(window, page, idle):
    law = _law(window).to_dict()
    page.form.show_law()
    offered = [action.text() for action in page.form.more._law_menu.actions()]
    name = next(iter(law["coefficients"]))
    assert offered == [f"Law, {known}" for known in law["coefficients"]]
    page.form.more.add(f"law.{name}")
    fitted = law["coefficients"][name]
    shown = float(page.form.more.fields[f"law.{name}"].text())
    assert shown == pytest.approx(fitted, rel=1e-9)
    changed = [fitted, fitted * 1.01]
    window.model.set_parameter("campaign/more", {f"law.{name}": changed})
    design = page.form.design()
    assert design.count == 36
    first, second = design.conditions()[:2]
    assert first.condition.porosity != second.condition.porosity
    idle(window)


def test_that_bulk_conductivities_are_part_of_the_design_and_can_be_undone(window, page):
    form = page.form
    before = form.design()
    form._more.set_open(True)
    fields = form.conductivities.fields
    fields["cbd_ionic"].setValue(0.36)
    fields["electrolyte"].setValue(1.2)
    design = form.design()
    assert design.conductivities == Conductivities(electrolyte=1.2, cbd_ionic=0.36)
    assert design.key != before.key
    window.model.undo_stack.undo()
    assert fields["electrolyte"].value() == 1.119 and fields["cbd_ionic"].value() == 0.36
    window.model.undo_stack.undo()
    assert form.design() == before and fields["cbd_ionic"].value() == 0
    fields["am"].setValue(1e-7)
    assert form.design().conductivities.am == 1e-7
    form.use_preset("training")
    assert form.design().conductivities == Conductivities()
