"""Training, the inspector, and the maps over a dataset that is made up."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.learning.model import model_from_dict
from engine.maps.quantities import SIGMA_EFF, TAU_LIQUID
from hybridgui.learning.work import is_test_row
from tests.gui.conftest import said
from tests.gui.studies import fill


@pytest.fixture
def filled(window, idle):
    """A window whose study has a campaign with results."""
    fill(window.model.study)
    window.model._table = window.model.study.table()
    window.model.note_campaigns(window.model.law)
    return window


@pytest.fixture
def trained(filled, idle):
    """The same with plain models of the usual properties."""
    filled.show_stage("models")
    idle(filled)
    filled.model.set_parameter("models/method", "baseline")
    filled.pages["models"].train()
    idle(filled)
    return filled


def test_that_the_usual_columns_are_chosen(filled, idle):
    filled.show_stage("models")
    idle(filled)
    page = filled.pages["models"]
    assert page.inputs.checked() == [
        "pressure_MPa", "am_percent", "initial_porosity_percent",
    ]  # fmt: skip
    assert TAU_LIQUID in page.targets.checked() and len(page.targets.checked()) == 5
    assert page.train_button.isEnabled()
    for key in page.targets.checked():
        page.targets.set_checked(key, False)
    assert not page.train_button.isEnabled()
    assert page.train_button.toolTip() == "Choose at least one property to learn."


def test_that_an_equation_is_found_shown_and_copied(qtbot, filled, idle):
    filled.show_stage("models")
    idle(filled)
    model, page = filled.model, filled.pages["models"]
    model.set_parameter("models/targets", ["active_surface_published_percent"])
    model.set_parameter("models/inputs", ["porosity_percent", "am_percent"])
    qtbot.mouseClick(page.train_button, Qt.MouseButton.LeftButton)
    idle(filled)
    stored = model.study.models()
    assert list(stored) == ["active_surface_published_percent"]
    found = model_from_dict(stored["active_surface_published_percent"])
    assert found.method == "sisso" and found.metrics["test"]["r2"] > 0.99
    page.inspector.equation_view.copy("latex")
    assert QGuiApplication.clipboard().text() == found.latex
    assert page.inspector.accuracy_view.table.frame["name"].iat[0].startswith("This model")
    assert filled.model.stage_state("models")[0].name == "DONE"


def test_that_the_test_conditions_are_the_same_every_time(trained):
    page = trained.pages["models"]
    frame = page._data.frame
    mask = is_test_row(frame, trained.model.study.training_summary())
    assert mask.sum() == round(len(frame) / 5) or abs(mask.sum() - len(frame) / 5) <= 1
    trained.pages["models"].train()
    trained.model.jobs.running[-1].wait()
    assert np.array_equal(mask, is_test_row(frame, trained.model.study.training_summary()))


def test_that_predicted_curves_are_drawn_against_pressure(trained, idle):
    inspector = trained.pages["models"].inspector
    inspector.setCurrentWidget(inspector._response)
    idle(trained)
    data = inspector.curve_grid.data
    assert data.x.column == "pressure_MPa" and len(data.panels[0].curves) == 4
    assert all(len(plot.getPlotItem().listDataItems()) > 4 for plot in inspector.curve_grid.plots)


def test_that_more_results_make_the_models_out_of_date(trained):
    from tests.gui.studies import record_all, small_design

    model = trained.model
    assert model.stage_state("models")[0].name == "DONE"
    from engine.experiment.laws import law_from_dict

    more = model.study.add_campaign(small_design(law_from_dict(model.law), seed=1))
    record_all(model.study, more)
    model.note_campaigns(model.law)
    assert model.stage_state("models")[0].name == "OUTDATED"
    assert "train the models again" in model.next_step().text


def test_that_training_that_cannot_work_says_why_and_keeps_the_models(trained, idle):
    before = trained.model.study.models()
    model = trained.model
    model.set_parameter("models/inputs", ["initial_thickness_um"])
    page = trained.pages["models"]
    assert not page.inputs.checked() and not page.train_button.isEnabled()
    assert model.study.models() == before


def test_that_the_maps_show_every_view(trained, idle):
    trained.show_stage("maps")
    page = trained.pages["maps"]
    idle(trained)
    assert page.stack.currentWidget() is page.tabs
    data = page.curve_grid.data
    assert data.y.column == TAU_LIQUID and len(data.panels) >= 2
    page.tabs.setCurrentIndex(1)
    idle(trained)
    matrix = page.matrix_view.data
    assert SIGMA_EFF in [one.column for one in matrix.outputs]
    row = [one.column for one in matrix.outputs].index(TAU_LIQUID)
    assert matrix.signs[row, 0] > 0  # the made-up tortuosity rises with pressure
    page.tabs.setCurrentIndex(2)
    assert len(page.profiler_view._cells) == 3 * len(page.outputs.checked())
    assert trained.model.stage_state("maps")[0].name == "DONE"


def test_that_dragging_an_input_moves_every_response_and_can_be_undone(qtbot, trained, idle):
    trained.show_stage("maps")
    idle(trained)
    page = trained.pages["maps"]
    page.tabs.setCurrentIndex(2)
    before = {k: v.text() for k, v in page.profiler_view._values.items()}
    start = dict(page._setting)
    cell = next(iter(page.profiler_view._cells.values()))
    cell.dragged.emit(130.0)
    qtbot.waitUntil(lambda: page._setting["pressure_MPa"] == 130.0)
    after = {k: v.text() for k, v in page.profiler_view._values.items()}
    assert after[TAU_LIQUID] != before[TAU_LIQUID] and after[SIGMA_EFF] != before[SIGMA_EFF]
    assert page._fields["pressure_MPa"].value() == pytest.approx(130)
    trained.model.undo_stack.undo()
    assert page._setting == pytest.approx(start)


@pytest.mark.parametrize("suffix", ["png", "svg", "csv"])
def test_that_a_figure_is_exported(trained, idle, files, tmp_path, suffix):
    trained.show_stage("maps")
    idle(trained)
    path = tmp_path / f"figure_6.{suffix}"
    files.will_choose(path)
    trained.pages["maps"].export_figure()
    idle(trained)
    assert path.stat().st_size > 1000
    assert said(trained)[-1] == f"Wrote figure_6.{suffix}."


def test_that_choices_of_the_maps_are_remembered(trained, idle, tmp_path, answers):
    model = trained.model
    trained.show_stage("maps")
    idle(trained)
    model.set_parameter("maps/figure", "9")
    path = tmp_path / "kept.study"
    model.save_as(path)
    answers.will()
    trained.new_study()
    trained.open_study(path)
    trained.show_stage("maps")
    idle(trained)
    page = trained.pages["maps"]
    assert page.figure_choice.current == "9"
    assert page.curve_grid.data.y.column == "active_surface_published_percent"
