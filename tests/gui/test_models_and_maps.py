"""Training, the inspector, and the maps over a dataset that is made up."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication

import hybridgui.maps.work
from engine.errors import InputError
from engine.experiment.laws import law_from_dict, published_law
from engine.learning.classification import LimitClassifier
from engine.learning.model import model_from_dict
from engine.maps.electrode import CellAssumptions
from engine.maps.quantities import SIGMA_EFF, TAU_LIQUID
from engine.maps.report_decision import RECOMMENDATION_SETTING
from hybridgui import dialogs
from hybridgui.learning.equation_view import TermBar
from hybridgui.learning.work import is_test_row
from tests.gui.conftest import said
from tests.gui.studies import fill, record_all, small_design


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
    assert page.form.inputs.checked() == [
        "pressure_MPa", "am_percent", "initial_porosity_percent",
    ]  # fmt: skip
    assert TAU_LIQUID in page.form.targets.checked() and len(page.form.targets.checked()) == 5
    assert page.train_button.isEnabled()
    for key in page.form.targets.checked():
        page.form.targets.set_checked(key, False)
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
    bars = page.inspector.equation_view.findChildren(TermBar)
    assert bars and all(bar._low <= 0 <= bar._high <= bar._reach for bar in bars)
    page.inspector.equation_view.copy("latex")
    assert QGuiApplication.clipboard().text() == found.latex
    assert page.inspector.accuracy_view.table.frame["name"].iat[0].startswith("This model")
    assert filled.model.stage_state("models")[0].name == "DONE"


def test_that_the_test_conditions_are_the_same_every_time(trained):
    page = trained.pages["models"]
    frame = page.data.frame
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
    assert data.x.column == "pressure_MPa" and len(data.panels[0].curves) == 3
    assert [panel.value for panel in data.panels] == [42.0, 45.0, 48.0]
    assert all(len(plot.drawing.strokes.lines) >= 3 for plot in inspector.curve_grid.plots)


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
    assert not page.form.inputs.checked() and not page.train_button.isEnabled()
    assert model.study.models() == before


def test_that_the_maps_show_every_view(trained, idle):
    trained.show_stage("maps")
    page = trained.pages["maps"]
    idle(trained)
    assert page.stack.currentWidget().isAncestorOf(page.tabs)
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
    assert trained.model.stage_state("maps")[1] == "Ready to read"


def test_that_dragging_an_input_moves_every_response_and_can_be_undone(qtbot, trained, idle):
    trained.show_stage("maps")
    idle(trained)
    page = trained.pages["maps"]
    page.tabs.setCurrentIndex(2)
    before = {k: v.text for k, v in page.profiler_view._values.items()}
    start = dict(page._setting)
    cell = next(iter(page.profiler_view._cells.values()))
    cell.dragged.emit(130.0)
    qtbot.waitUntil(lambda: page._setting["pressure_MPa"] == 130.0)
    after = {k: v.text for k, v in page.profiler_view._values.items()}
    assert after[TAU_LIQUID] != before[TAU_LIQUID] and after[SIGMA_EFF] != before[SIGMA_EFF]
    assert page._profiler_group.fields["pressure_MPa"].value() == pytest.approx(130)
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


@pytest.fixture
def deciding(trained, idle):
    """The tab where a setting is recommended."""
    trained.show_stage("maps")
    idle(trained)
    page = trained.pages["maps"]
    page.tabs.setCurrentWidget(page.decide_view)
    trained.model.set_parameter(
        "maps/goals",
        [
            {"output": SIGMA_EFF, "direction": "up", "least": None, "most": None},
            {
                "output": "current_collector_coverage_cbd_percent",
                "direction": "",
                "least": 15.0,
                "most": None,
            },
        ],
    )
    return page


def test_that_a_setting_is_recommended_with_its_uncertainty(qtbot, trained, deciding, idle):
    qtbot.mouseClick(deciding.recommend_button, Qt.MouseButton.LeftButton)
    idle(trained)
    view = deciding.decide_view
    best = view.decision.recommendation
    assert best.predicted["current_collector_coverage_cbd_percent"][0] >= 15
    assert "<b>Set the roll gap to" in view._sentence.text()
    assert "chance of" in view._sentence.text() and len(view.table.frame) == 2
    assert trained.model.study.get_setting("maps.recommendation")["setting"] == best.setting
    view.show_button.click()
    assert trained.stage == "structure"
    taken = trained.model.parameter("structure/am_percent")
    assert taken == pytest.approx(best.setting["am_percent"], abs=1e-3)


def test_that_wishes_that_cannot_be_met_are_said(trained, deciding, idle):
    least = deciding.goals.row(SIGMA_EFF).least
    least.setText("99")
    least.editingFinished.emit()
    deciding.recommend()
    idle(trained)
    assert deciding.decide_view.decision is None and len(said(trained)) >= 1
    least.setText("a lot")
    deciding.recommend()
    assert said(trained)[-1].startswith("'a lot' is not a number")


def test_that_a_setting_weighed_under_an_earlier_cell_is_not_called_a_recommendation(
    trained, deciding, idle
):
    idle(trained)
    deciding.recommend()
    cell = {**vars(CellAssumptions()), "voltage": 3.5}
    trained.model.set_parameter("maps/cell", cell)
    idle(trained)
    assert deciding.decide_view.decision is None
    assert trained.model.study.get_setting("maps.recommendation") is None
    assert said(trained)[-1].endswith("recommend a setting again.")


def test_that_next_experiments_are_shown_and_come_as_a_sheet_to_fill_in(
    trained, deciding, idle, files, tmp_path, monkeypatch
):
    import pandas as pd

    deciding.recommend()
    idle(trained)
    path = tmp_path / "next.xlsx"
    files.will_choose(path)
    seen = []
    monkeypatch.setattr(
        dialogs, "run", lambda dialog: bool(seen.append(dialog.table.frame)) or not busy()
    )

    def busy():  # while the question stands, nothing is shown as running
        return bool(trained.model.jobs.running)

    deciding.decide_view.plan_button.click()
    idle(trained)
    assert len(seen[0]) == 6 and {"AM (%)", "Expected porosity (%)"} <= {*seen[0]}
    frame = pd.read_excel(path, engine="openpyxl")
    assert (frame["Note"] == "to measure").sum() == 6 and "Porosity (%)" in frame
    assert len(frame) == 6 + len(trained.model.table)


def test_that_a_sum_that_is_multiplied_stands_in_brackets(qtbot, window):
    import pandas as pd
    from PySide6.QtWidgets import QLabel

    from engine.learning.training import train
    from hybridgui.learning.equation_view import EquationView

    steps = np.linspace(1.0, 9.0, 30)
    frame = pd.DataFrame({"pressure_MPa": steps, "am_percent": 90 + 5 * np.sin(steps)})
    frame["tortuosity_solid"] = 3 * (frame["pressure_MPa"] + frame["am_percent"])
    model = train(
        frame, ["pressure_MPa", "am_percent"], ["tortuosity_solid"],
        rung=1, terms=1, sis=20, units={"pressure_MPa": "", "am_percent": ""},
    )["tortuosity_solid"]  # fmt: skip
    assert model.symbolic.terms[0].op == "+"
    view = EquationView()
    qtbot.addWidget(view)
    view.show_model(model, frame)
    texts = [found.accessibleName() for found in view.findChildren(QLabel)]
    assert any(text.startswith("(") and text.endswith(")") for text in texts if text)
    view.close()
    view.deleteLater()


def test_that_residuals_are_drawn_against_every_input_and_lead_to_the_structure(trained, idle):
    page = trained.pages["models"]
    view = page.inspector.accuracy_view.points_view
    assert set(view.points["part"]) == {"train", "test"} and len(view.points) == 36
    for key in [view.choice.itemData(k) for k in range(view.choice.count())]:
        view.choice.show_value(key)
        view._draw()
        low, high = view.plot.getPlotItem().getViewBox().viewRange()[1]
        values = view.points["actual" if key == "parity" else "residual"]
        assert low <= values.min() and high >= values.max()
        assert high - low < 3 * np.ptp(values)
    assert not view.structure_button.isEnabled()
    view.plot.pointChosen.emit(7)
    assert view.structure_button.isEnabled() and "computed" in view._detail.text()
    asked = []
    trained.model.electrodeRequested.connect(lambda _, record: asked.append(record))
    view.structure_button.click()
    idle(trained)
    row = page.data.frame.iloc[int(view.points["row"].iloc[7])]
    condition = asked[0]["condition"]
    assert condition["recipe"]["am_fraction"] == pytest.approx(row["am_percent"] / 100)
    assert condition["pressure"] == pytest.approx(row["pressure_MPa"])
    assert trained.pages["structure"].electrode.structure.seed == asked[0]["seed"]


def test_that_a_curve_a_map_and_the_shares_of_the_inputs_are_shown(qtbot, trained, idle):
    view = trained.pages["models"].inspector.response_view
    trained.pages["models"].inspector.setCurrentWidget(view)
    idle(trained)
    assert view.shown.name == "pressure_MPa" and np.all(view.shown.low < view.shown.y)
    assert view.bars._found.total.sum() > 0.9
    before = view.shown.y
    view._fields["am_percent"].edited.emit(94.0)
    qtbot.waitUntil(lambda: not np.allclose(view.shown.y, before))
    view.up.show_value("am_percent")
    view.up.edited.emit("am_percent")
    idle(trained)
    assert view.shown.value.shape == (61, 61) and view.map_plot.isVisibleTo(view)
    assert set(view._fields) == {"initial_porosity_percent"}


def test_that_methods_stand_side_by_side_and_one_is_taken(trained, idle):
    page = trained.pages["models"]
    trained.model.set_parameter("models/effort", "quick")
    view = page.inspector.compare_view
    page.inspector.setCurrentWidget(view)
    view.train_button.click()
    idle(trained)
    assert set(view.table.frame["name"]) >= {"sisso", "dnn", "gp", "linear", "quadratic"}
    target = page.chosen().target
    view.table.selectRow(list(view.table.frame["name"]).index("gp"))
    view.use_button.click()
    assert page._models[target].method == "gp"


def test_that_a_runner_up_is_offered_and_taken(filled, idle):
    filled.show_stage("models")
    idle(filled)
    model, page = filled.model, filled.pages["models"]
    model.set_parameter("models/targets", ["active_surface_published_percent"])
    page.train()
    idle(filled)
    view = page.inspector.front_view
    assert len(view.table.frame) == 2
    view.all_box.click()
    assert list(view.table.frame["note"]).count("runner-up 1") == 2
    row = list(view.table.frame["note"]).index("runner-up 1")
    view.table.selectRow(row)
    view.use_button.click()
    chosen = page.chosen()
    assert chosen.equation == chosen.with_size(1, 1).equation != chosen.with_size(1).equation
    assert chosen.metrics["cross_validation"]["rmse"] > 0 and chosen.half_width() > 0
    assert any("coefficients again" in said for said in chosen.statements)


def test_that_limits_give_a_border_with_its_error_and_its_map(trained, idle):
    page = trained.pages["models"]
    view = page.inspector.limits_view
    page.inspector.setCurrentWidget(view)
    assert not view.find_button.isEnabled()
    trained.model.set_parameter("models/limits", {"active_surface_published_percent": [36.0, None]})
    page.requests.show_limits()
    view.find_button.click()
    idle(trained)
    assert "left out in turn" in view._error.text()
    assert view._map.decision.min() < 0 < view._map.decision.max()
    kept = trained.model.study.classifier()
    assert kept == view.classifier.to_dict()
    trained.model.studyOpened.emit()  # as after opening the study again
    idle(trained)
    page._read()
    idle(trained)
    assert view.classifier.equation == LimitClassifier.from_dict(kept).equation
    view._fields["active_surface_published_percent"][0].setText("900")
    view.find_button.click()
    idle(trained)
    assert "No conditions meet the limits" in view.notice.text and view.classifier is None


def test_that_the_wizard_trains_and_shows_the_equations(filled, idle, qtbot):
    filled.show_stage("models")
    idle(filled)
    page = filled.pages["models"]
    page.open_wizard()
    wizard = page.wizard
    wizard.next_button.click()
    for key in wizard.targets.checked()[1:]:
        wizard.targets.set_checked(key, False)
    wizard.next_button.click()
    assert "candidate expressions" in page.form.work_text("sisso", "quick")
    wizard.next_button.click()
    idle(filled)
    qtbot.waitUntil(lambda: wizard._job is None)
    assert "1 model trained" in wizard._end.text
    assert len(wizard._live.table.frame) == 1 and wizard._live.table.frame["terms"].iat[0] >= 1
    wizard.next_button.click()
    assert len(filled.model.study.models()) == 1
    qtbot.waitUntil(lambda: page.wizard is None)


def test_that_any_input_can_be_axis_panel_or_colour(trained, idle):
    trained.show_stage("maps")
    idle(trained)
    page = trained.pages["maps"]
    form = page._curve_group
    form.roles["panel"].edited.emit("am_percent")  # the colours take over what the panels had
    idle(trained)
    data = page.curve_grid.data
    assert (data.panel.column, data.colour.column) == ("am_percent", "initial_porosity_percent")
    assert [panel.value for panel in data.panels] == [94.0, 95.0, 96.0]
    form.roles["axis"].edited.emit("initial_porosity_percent")
    idle(trained)
    data = page.curve_grid.data
    assert (data.x.column, data.colour.column) == ("initial_porosity_percent", "pressure_MPa")
    form.roles["axis"].edited.emit("gap_um")
    idle(trained)
    assert page.curve_grid.data.x.column == "gap_um"
    assert page.curve_grid.data.colour.column == "initial_porosity_percent"
    form.reset_button.click()
    idle(trained)
    assert page.curve_grid.data.panel.column == "initial_porosity_percent"
    assert not form.reset_button.isEnabled()


def test_that_a_figure_over_the_porosity_stands_over_it_whatever_stood_before(trained, idle):
    trained.show_stage("maps")
    idle(trained)
    page = trained.pages["maps"]
    page._curve_group.roles["axis"].edited.emit("gap_um")
    page._curve_group.figure_choice.edited.emit("7")
    idle(trained)
    assert page.curve_grid.data.x.column == "porosity_percent"


def test_that_a_clicked_point_of_a_curve_becomes_an_electrode(trained, idle, monkeypatch):
    trained.show_stage("maps")
    idle(trained)
    page = trained.pages["maps"]
    asked = []
    trained.model.electrodeRequested.connect(lambda condition, _: asked.append(condition))
    monkeypatch.setattr(trained.pages["structure"], "generate", lambda: None)
    curve = page.curve_grid.data.panels[1].curves[2]
    page.curve_grid.pick(1, QPointF(float(curve.x[30]), float(curve.y[30])))
    assert page.curve_bar.setting["am_percent"] == 96.0
    assert page.curve_bar.setting["initial_porosity_percent"] == 45.0
    assert page.curve_bar.setting["pressure_MPa"] == pytest.approx(float(curve.x[30]))
    page.curve_bar.button.click()
    idle(trained)
    assert trained.stage == "structure" and len(asked) == 1
    plan = trained.pages["structure"].form.plan
    assert plan.condition.recipe.am_fraction == pytest.approx(0.96)
    assert plan.condition.porosity == pytest.approx(asked[0].porosity, abs=1e-9)
    assert plan.condition.protocol == page._sources.template.protocol


def test_that_a_recommendation_of_earlier_targets_is_marked(trained, deciding, idle):
    deciding.recommend()
    idle(trained)
    notice = deciding.decide_view.earlier_notice
    assert notice.isHidden()
    least = deciding.goals.row(SIGMA_EFF).least
    least.setText("5")
    least.editingFinished.emit()
    deciding.recommend()  # no setting gives so much: what is shown stays, marked
    idle(trained)
    assert any("No setting keeps" in one for one in said(trained))
    assert deciding.decide_view.decision is not None
    assert not notice.isHidden() and "earlier targets" in notice.text
    least.setText("")
    least.editingFinished.emit()
    assert notice.isHidden()
    deciding.recommend()
    idle(trained)
    assert not any("No setting keeps" in one for one in said(trained))
    # A law fitted anew changes no model; that the recommendation follows the other is said.
    trained.model.set_law(published_law().to_dict(), None)
    idle(trained)
    assert "earlier calendering law" in notice.text and not notice.isHidden()


def test_that_a_recommendation_that_names_no_results_is_of_an_earlier_version(
    trained, deciding, idle
):
    deciding.recommend()
    idle(trained)
    study = trained.model.study
    study.set_setting(
        RECOMMENDATION_SETTING, {**study.get_setting(RECOMMENDATION_SETTING), "stands_on": ""}
    )
    deciding._deciding.show_sources(deciding._sources)
    idle(trained)
    assert "by an earlier version" in deciding.decide_view.earlier_notice.text


def test_that_a_recommendation_is_shown_again_with_its_study(
    trained, deciding, idle, tmp_path, monkeypatch
):
    monkeypatch.setattr("hybridgui.maps.deciding._FRESH", 1)
    deciding.recommend()
    idle(trained)
    deciding._deciding.verify()
    idle(trained)
    before = deciding.decide_view.decision.recommendation
    asked, checked = (
        table.frame for table in (deciding.decide_view.table, deciding.decide_view.check_view.table)
    )
    # What was wanted, and how sure it is, stays beside the check.
    assert {"wanted", "range"} <= {*asked} and {"expected", "width", "agrees"} <= {*checked}
    path = tmp_path / "kept.study"
    trained.model.save_as(path)
    trained.new_study()
    trained.open_study(path)
    trained.show_stage("maps")
    idle(trained)
    page = trained.pages["maps"]
    view = page.decide_view
    assert view.decision.recommendation == before and view.earlier_notice.isHidden()
    assert view.table.frame.equals(asked) and view.check_view.table.frame.equals(checked)
    assert view.verify_button.isEnabled()
    assert before.made in view._made.text() and view.trade_off.found is view.decision.found
    # Other models: what is shown says so, and nothing can be done with it.
    study = trained.model.study
    data = next(iter(study.models().values()))
    data["residuals"]["scores"] = [2 * score for score in data["residuals"]["scores"]]
    trained.model.add_models({data["target"]: data}, {})
    idle(trained)
    assert view.decision.recommendation == before
    assert before.made in view.earlier_notice.text and "changed since" in view.earlier_notice.text
    # All settings are judged by the present models; the earlier choice is not among them.
    assert view.decision.found is None and view.trade_off.found.feasible.any()
    assert not view.trade_off._drawing.strokes.marks
    for one in (view.verify_button, view.plan_button, view.bpx_button, view.show_button):
        assert not one.isEnabled() and "earlier results" in one.toolTip()
    page.recommend()
    idle(trained)
    assert view.earlier_notice.isHidden() and view.verify_button.isEnabled()


def test_that_a_limit_that_cannot_be_is_marked_at_its_field(trained, deciding):
    row = deciding.goals.row("current_collector_coverage_cbd_percent")
    for least, most, reason in (
        ("a lot", "", "is not a number"),
        ("30", "20", "exclude each other"),
        ("120", "", "no electrode has more than 100 %"),
    ):
        row.least.setText(least)
        row.most.setText(most)
        assert reason in row.problem.text() and not row.problem.isHidden()
    row.least.setText("12")
    row.most.setText("")
    assert row.problem.isHidden() and row.least.problem == ""


def test_that_a_point_of_the_trade_off_shows_its_setting(trained, deciding, idle):
    deciding.recommend()
    idle(trained)
    view = deciding.decide_view.trade_off
    view.form_choice.chosen.emit("table")
    found = deciding.decide_view.decision.found
    assert view.found is found and len(view.front_table.frame) == found.front.sum()
    view.front_table.rowChosen.emit(0)
    assert view.setting_bar.setting["am_percent"] == pytest.approx(
        float(found.settings["am_percent"].iloc[view.rows[0]])
    )


def test_that_a_moved_limit_is_followed_at_once_and_asks_no_model(
    trained, deciding, idle, monkeypatch
):
    idle(trained)
    view, asked = deciding.decide_view.trade_off, []
    plain = hybridgui.maps.work.survey
    monkeypatch.setattr(
        "hybridgui.maps.work.survey", lambda *a, **k: asked.append(a) or plain(*a, **k)
    )
    everything = view.found.feasible.sum()
    assert view.isVisible() and everything == len(view.found.values)
    least = deciding.goals.row(SIGMA_EFF).least
    middle = float(view.found.values[SIGMA_EFF].median())
    least.setText(f"{middle:.4g}")
    least.edited.emit()
    idle(trained)
    kept = view.found.values[SIGMA_EFF] >= float(f"{middle:.4g}")
    assert (view.found.feasible == kept.to_numpy()).all() and 0 < kept.sum() < everything
    assert f"{kept.sum():,} of {everything:,}" in view.count.text()
    assert [x for x, _ in view._drawing.strokes.rules] == [float(f"{middle:.4g}")]
    assert [y for y, _ in view._drawing.strokes.levels] == [15.0]
    least.setText("9000")
    least.edited.emit()
    idle(trained)
    assert not view.found.feasible.any() and not view.nothing.isHidden()
    assert not asked and deciding.decide_view.decision is None


def test_that_the_plot_of_a_recommendation_comes_back_with_its_targets(trained, deciding, idle):
    deciding.recommend()
    idle(trained)
    view = deciding.decide_view
    least = deciding.goals.row(SIGMA_EFF).least
    for text, own in (("0.01", False), ("", True)):
        least.setText(text)
        least.edited.emit()
        idle(trained)
        assert (view.trade_off.found is view.decision.found) == own
        assert view.earlier_notice.isHidden() == own
        assert view.trade_off._drawing.strokes.marks  # the star stays where it is


def test_that_what_is_not_to_be_moved_stays(trained, deciding, idle):
    field = deciding._goals_group._fixed["am_percent"]
    field.setText("94.6")
    field.editingFinished.emit()
    deciding.recommend()
    idle(trained)
    best = deciding.decide_view.decision.recommendation
    assert best.setting["am_percent"] == pytest.approx(94.6) and best.fixed == {"am_percent": 94.6}


def test_that_a_lab_that_sets_the_pressure_can_hold_it(trained, deciding, idle):
    form = deciding._goals_group
    assert "gap_um" in form._fixed and "pressure_MPa" not in form._fixed
    form.turns_choice.edited.emit("pressure_MPa")
    form._fixed["pressure_MPa"].setText("80")
    form._fixed["pressure_MPa"].editingFinished.emit()
    deciding.recommend()
    idle(trained)
    assert deciding.decide_view.decision.recommendation.setting["pressure_MPa"] == 80.0
    assert trained.model.stage_state("maps")[0].name == "DONE"
    # What is held stays held where the lab turns to its gap, as the gap that gives it.
    form.turns_choice.edited.emit("gap_um")
    assert set(form.fixed()) == {"gap_um"}
    gap = form.fixed()["gap_um"]
    calibration = deciding._sources.responses.calibration
    assert calibration.pressure(gap) == pytest.approx(80, abs=0.5)
    form._fixed["gap_um"].setText("5000")
    assert "5000 µm is not between" in form._fixed_problem.text()
    assert not form._fixed_problem.isHidden()
    with pytest.raises(InputError, match="5000 µm is not between"):
        form.fixed()


def test_that_the_cell_is_kept_for_the_report(trained, deciding, idle):
    before = deciding._sources.responses.cell.specific_capacity
    field = deciding._goals_group._cell["specific_capacity"]
    field.setValue(before + 20)
    idle(trained)
    assert deciding._sources.responses.cell.specific_capacity == before + 20
    from engine.maps.sources import read_sources

    assert read_sources(trained.model.study).responses.cell.specific_capacity == before + 20


def test_that_the_recommended_electrode_is_put_into_a_bpx_file(
    trained, deciding, idle, files, answers, tmp_path
):
    bpx = pytest.importorskip("bpx")
    from tests.maps.test_bpx_export import full_example

    template, path = tmp_path / "cell.json", tmp_path / "new.json"
    template.write_text(json.dumps(full_example()), encoding="utf-8")
    deciding.recommend()
    idle(trained)
    answers.will("stay", "choose")
    deciding.decide_view.bpx_button.click()
    assert said(trained)[-1] == "No BPX file was written."
    assert answers.questions == ["Write the electrode into the BPX file of a whole cell?"]
    files.will_choose("")
    deciding.decide_view.bpx_button.click()
    assert said(trained)[-1] == "No BPX file was written." and not path.exists()
    answers.will("choose")
    files.will_choose(template, path)
    deciding.decide_view.bpx_button.click()
    idle(trained)
    merged = bpx.parse_bpx_file(path)
    best = deciding.decide_view.decision.recommendation
    thickness = merged.parameterisation.positive_electrode.thickness
    assert thickness == pytest.approx(1e-6 * best.setting["thickness_um"])
    assert "stays as it was in the cell's file" in said(trained)[-1]
    answers.will("alone")
    files.will_choose(tmp_path / "block.json")
    deciding.decide_view.bpx_button.click()
    idle(trained)
    block = json.loads((tmp_path / "block.json").read_text(encoding="utf-8"))
    (own,) = block["Parameterisation"].values()
    assert own["Thickness [m]"] == pytest.approx(thickness)
    assert said(trained)[-1].endswith("conductivity (no model gives it).")


def test_that_the_problem_of_a_model_is_written_for_the_reference_programs(
    trained, idle, files, tmp_path
):
    from engine.learning.sisso_files import read_problem

    page = trained.pages["models"]
    files.will_choose(tmp_path / "SISSO.in")
    page.write_sisso_problem()
    problem = read_problem(tmp_path)
    points = page.inspector.accuracy_view.points_view.points
    values = points.loc[points["part"] == "train", "actual"]
    assert np.array_equal(problem.frame[problem.target], values)
    assert set(problem.inputs) == set(page.chosen().inputs)


def test_that_the_recommendation_speaks_of_what_the_calender_is_set_by(trained, deciding, idle):
    form, view = deciding._goals_group, deciding.decide_view
    assert form.turns_choice.current == "gap_um"  # as the sample sheet
    assert form._scatter["pressure"].isHidden() and not form._scatter["gap"].isHidden()
    form.turns_choice.edited.emit("pressure_MPa")
    assert form.turns_choice.current == "pressure_MPa" and form._scatter["gap"].isHidden()
    deciding.recommend()
    idle(trained)
    assert "Set the calender pressure to" in view.decision.recommendation.sentence
    view.trade_off.form_choice.chosen.emit("table")
    assert next(iter(view.trade_off.front_table.frame)) == "pressure_MPa"
    trained.model.undo_stack.undo()  # back to what the sheet says
    idle(trained)
    assert form.turns_choice.current == "gap_um"
    assert "earlier targets" in view.earlier_notice.text and not view.earlier_notice.isHidden()


def test_that_the_maps_can_be_held_to_one_campaign(trained, idle):
    trained.show_stage("maps")
    idle(trained)
    page, study = trained.pages["maps"], trained.model.study
    assert page._campaign_group.isHidden()  # there is one campaign only
    law = law_from_dict(study.law())
    record_all(study, study.add_campaign(small_design(law, variables={
        "pressure_MPa": (20.0, 60.0, 100.0, 140.0), "am_percent": (95.0, 96.0),
        "initial_porosity_percent": (42.0, 45.0, 48.0), "initial_thickness_um": (140.0,),
    })))  # fmt: skip
    trained.model.note_campaigns(trained.model.law)
    idle(trained)
    assert not page._campaign_group.isHidden() and page.campaign_choice.count() == 3
    kept = study.models()
    page.campaign_choice.edited.emit("2")
    idle(trained)
    assert page._sources.campaign == 2
    assert page._sources.responses.ranges["am_percent"] == (95.0, 96.0)
    assert study.models() == kept  # models of one campaign are for the maps alone
    trained.model.undo_stack.undo()
    idle(trained)
    assert page._sources.campaign is None
    assert page._sources.responses.ranges["am_percent"] == (94.0, 96.0)
