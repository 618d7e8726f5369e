"""The dataset of a training: campaigns of the study, tables, and problems of SISSO programs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import Qt

from engine.learning.sisso_files import write_problem
from engine.learning.sisso_search import SissoOptions
from hybridgui.learning.dataset_choice import KEY
from tests.gui.studies import fill, fit_sample, record_all, small_design


@pytest.fixture
def page(window, idle):
    """The models page of a study without results."""
    window.show_stage("models")
    idle(window)
    return window.pages["models"]


def table(rows: int = 30) -> pd.DataFrame:
    """A law of two inputs of a foreign table, with a text column."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"speed": rng.uniform(1, 4, rows), "load": rng.uniform(2, 9, rows)})
    frame["wear"] = 3 * frame["load"] / frame["speed"] + 1
    frame["who"] = "operator A"
    return frame


def fill_thicker(study) -> None:
    """A second campaign: the same grid with a thicker coating."""
    law = fit_sample(study)
    design = small_design(law)
    variables = design.variables | {"initial_thickness_um": (160.0,)}
    record_all(study, study.add_campaign(small_design(law, variables=variables)))


def walk(page, window, idle, qtbot) -> None:
    """From the columns to the end of the training."""
    wizard = page.wizard
    wizard.next_button.click()
    wizard.next_button.click()
    idle(window)
    qtbot.waitUntil(lambda: wizard._job is None)
    assert "1 model trained" in wizard._end.text


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_that_a_table_of_other_columns_is_learned_from_without_a_campaign(
    window, page, idle, qtbot, files, tmp_path, suffix
):
    path = tmp_path / f"rig.{suffix}"
    table().to_csv(path, index=False) if suffix == "csv" else table().to_excel(path, index=False)
    page.open_wizard()
    wizard = page.wizard
    assert not wizard.next_button.isEnabled() and "run a campaign" in wizard.next_button.toolTip()
    files.will_choose(path)
    wizard.dataset.file_button.click()
    idle(window)
    assert wizard.dataset.choice.currentText() == f"rig.{suffix}"
    assert wizard._rows.text() == "30 rows" and len(wizard.table.frame) == 30
    wizard.next_button.click()
    assert "property" in wizard.next_button.toolTip()
    wizard.targets.set_checked("wear")
    for name in ("speed", "load", "wear"):
        wizard.inputs.set_checked(name)
    assert "'wear' is chosen as property and as input" in wizard.next_button.toolTip()
    wizard.inputs.set_checked("wear", False)
    walk(page, window, idle, qtbot)
    wizard.next_button.click()
    chosen = page.chosen()
    assert chosen.target == "wear" and chosen.metrics["test"]["r2"] == pytest.approx(1)
    assert window.model.study.training_summary()["dataset"] == f"file:{path}"
    window.show_stage("maps")  # a model of foreign inputs must not stop the maps
    idle(window)
    window.show_stage("models")
    idle(window)


def test_that_a_sisso_problem_brings_its_columns_and_settings(
    window, page, idle, qtbot, files, tmp_path
):
    options = SissoOptions(rung=1, terms=1, sis=10, operators=("+", "/"))
    write_problem(tmp_path, table(), ["speed", "load"], "wear", options)
    files.will_choose(tmp_path / "SISSO.in")
    page.open_wizard()
    wizard = page.wizard
    wizard.dataset.file_button.click()
    idle(window)
    wizard.next_button.click()
    assert wizard.targets.checked() == ["wear"] and len(wizard.inputs.checked()) == 2
    walk(page, window, idle, qtbot)
    wizard.next_button.click()
    stated = page.chosen().details["options"]
    assert stated["operators"] == ["+", "/"] and stated["rung"] == 1 and stated["terms"] == 1


def test_that_one_campaign_can_be_chosen(window, idle):
    fill(window.model.study)
    fill_thicker(window.model.study)
    window.model.note_campaigns(window.model.law)
    window.show_stage("models")
    idle(window)
    page = window.pages["models"]
    everything = len(page.data.frame)
    window.model.set_parameter(KEY, "campaign:2")
    idle(window)
    assert len(page.data.frame) == len(window.model.study.dataset(2)) == everything / 2
    assert page.form.dataset.choice.currentText().startswith("Campaign 2")
    assert len(page.form.targets.checked()) == 5 and page.train_button.isEnabled()
    window.model.undo_stack.undo()
    idle(window)
    assert len(page.data.frame) == everything


def test_that_a_table_that_is_gone_is_said(window, page, idle, tmp_path):
    window.model.set_parameter(KEY, f"file:{tmp_path / 'gone.csv'}")
    idle(window)
    assert "no file" in page.form.notice.text and not page.train_button.isEnabled()


def test_that_a_border_says_when_the_dataset_has_changed_since(window, idle):
    fill(window.model.study)
    window.model.note_campaigns(window.model.law)
    window.show_stage("models")
    idle(window)
    page = window.pages["models"]
    view = page.inspector.limits_view
    limits = {"active_surface_published_percent": [36.0, None]}
    window.model.set_parameter("models/limits", limits)
    page.show_limits()
    view.find_button.click()
    idle(window)
    assert view.classifier is not None and view.age.text == ""
    before = view.classifier.metrics["train"]["rows"]
    fill_thicker(window.model.study)
    window.model.note_campaigns(window.model.law)
    idle(window)
    assert f"found on {before} conditions; there are {2 * before} now" in view.age.text
    view.find_button.click()
    idle(window)
    assert view.age.text == ""


def test_that_tables_use_the_room_they_have(window, idle):
    fill(window.model.study)
    window.model.note_campaigns(window.model.law)
    window.resize(1280, 800)
    window.show_stage("models")
    idle(window)
    page = window.pages["models"]
    window.model.set_parameter("models/targets", ["active_surface_published_percent"])
    page.train()
    idle(window)
    view = page.models_view
    rows = view.verticalHeader().defaultSectionSize()
    assert view.height() < view.horizontalHeader().height() + 2 * rows + 8
    front = page.inspector.front_view
    page.inspector.setCurrentWidget(front)
    idle(window)
    assert front.table.horizontalHeader().length() == front.table.viewport().width()
    index = front.table.model().index(0, front.table.model().columnCount() - 1)
    assert index.data(Qt.ItemDataRole.ToolTipRole) == page.chosen().with_size(1).short_equation()
