"""The whole way in the window, as a person goes it: sheet to maps, saved, closed, found again."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from engine.study import Study
from hybridgui.stages import StageState
from tests.gui.conftest import said


def click(qtbot, widget) -> None:
    """Click a button that can be clicked."""
    assert widget.isEnabled(), widget.toolTip()
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def small(model) -> None:
    """A structure and a campaign of seconds: the recipe matters here, not the size."""
    values = {
        "structure/box_x_um": 16.0,
        "structure/box_y_um": 16.0,
        "structure/protocol": "published",
        "structure/initial_thickness_um": 40.0,
        "campaign/protocol": "published",
        "campaign/box_um": 16.0,
        "campaign/pressure_MPa": [10.0, 60.0, 120.0],
        "campaign/am_percent": [94.0, 96.0],
        "campaign/initial_porosity_percent": [42.0, 45.0, 48.0],
        "campaign/initial_thickness_um": [40.0],
        "campaign/repeats": 2,
        "campaign/workers": 2,
    }
    for key, value in values.items():
        model.set_parameter(key, value)


def test_that_the_whole_way_works_and_is_found_again(
    qtbot, make_window, idle, answers, files, tmp_path
):
    window = make_window()
    model = window.model
    small(model)

    # experiment
    click(qtbot, window.pages["experiment"].sample_button)
    idle(window)
    click(qtbot, window.pages["experiment"].fit_button)
    idle(window)
    assert window.pages["experiment"].fit_view.fit_card.number == "0.970"

    # structure
    window.rail._on_go()
    assert window.stage == "structure"
    structure = window.pages["structure"]
    idle(window)
    click(qtbot, structure.generate_button)
    idle(window, 120)
    first = structure.electrode
    assert first is not None, said(window)
    assert set(np.unique(first.stack.labels)) == {0, 1, 2}
    assert first.properties["tortuosity_factor_solid"] > 1
    picture = tmp_path / "electrode.tif"
    files.will_choose(picture)
    structure.export_button.ask_stack()
    idle(window)
    assert picture.stat().st_size > first.stack.labels.size

    # campaign
    window.rail._on_go()
    assert window.stage == "campaign"
    campaign = window.pages["campaign"]
    idle(window)
    click(qtbot, campaign.start_button)
    qtbot.waitUntil(lambda: sum(c.done for c in campaign.grid.cells) >= 2, timeout=120_000)
    assert window.rail.stage_button("campaign").state is StageState.RUNNING
    assert window.job_bar.job is not None and not window.job_bar._cancel.isHidden()
    click(qtbot, campaign.cancel_button)
    idle(window)
    record = model.study.campaigns()[0]
    assert 0 < record.done < 36 and record.pending
    assert any("resume it any time" in sentence for sentence in said(window))
    click(qtbot, campaign.resume_button)
    idle(window, 180)
    record = model.study.campaigns()[0]
    assert (record.done, record.failed, record.pending) == (36, 0, 0)
    data = tmp_path / "data.xlsx"
    files.will_choose(data)
    campaign.tabs.setCurrentIndex(1)
    click(qtbot, campaign.export_button)
    idle(window)
    assert data.is_file() and len(campaign.dataset_view.frame) == 18

    # models
    window.rail._on_go()
    assert window.stage == "models"
    models = window.pages["models"]
    idle(window)
    model.set_parameter("models/targets", ["active_surface_published_percent", "tortuosity_solid"])
    click(qtbot, models.train_button)
    idle(window, 120)
    trained = model.study.models()
    assert set(trained) == {"active_surface_published_percent", "tortuosity_solid"}
    assert trained["tortuosity_solid"]["equation"].startswith("tortuosity_solid = ")
    models.inspector.setCurrentWidget(models.inspector._response)
    idle(window)
    assert models.inspector.curve_grid.data.y.column in trained

    # maps
    window.rail._on_go()
    assert window.stage == "maps"
    idle(window)
    maps = window.pages["maps"]
    model.set_parameter("maps/figure", "9")
    idle(window)
    assert maps.curve_grid.data.y.column == "active_surface_published_percent"
    drawn = maps.curve_grid.data.panels[0].curves[0].y

    # save, close, open again
    path = tmp_path / "whole.study"
    files.will_choose(path)
    window.ask_save_as()
    law, table = model.law, model.table.to_dict()
    states = [model.stage_state(key) for key in window.pages]
    window.close()
    assert not window.isVisible()
    assert [p.name for p in tmp_path.glob("whole.study*")] == ["whole.study"]

    again = make_window(begin=False)
    again.begin(path)
    assert not answers.questions
    idle(again, 60)
    model = again.model
    assert model.law == law and model.table.to_dict() == table
    assert model.study.models() == trained
    assert [model.stage_state(key) for key in again.pages] == states
    assert len(model.dataset) == 18
    again.show_stage("structure")
    idle(again, 60)
    electrode = again.pages["structure"].electrode
    assert electrode.stack.sha256 == first.stack.sha256
    assert electrode.properties == first.properties
    again.show_stage("maps")
    idle(again)
    shown = again.pages["maps"].curve_grid.data
    assert shown.y.column == "active_surface_published_percent"
    np.testing.assert_array_equal(shown.panels[0].curves[0].y, drawn)
    assert again.pages["campaign"].form.value("repeats") == 2


def test_that_a_script_gives_the_dataset_that_the_window_gave(window, idle, tmp_path):
    from engine.campaign.runner import run_campaign
    from tests.gui.studies import fit_sample

    fit_sample(window.model.study)
    window.model.lawChanged.emit()
    small(window.model)
    window.model.set_parameter("campaign/pressure_MPa", [100.0])
    window.model.set_parameter("campaign/am_percent", [96.0])
    window.model.set_parameter("campaign/initial_porosity_percent", [42.0])
    page = window.pages["campaign"]
    design = page.form.design()
    page.start()
    idle(window, 120)
    with Study.create(tmp_path / "script.study") as study:
        campaign = study.add_campaign(design)
        for _ in run_campaign(study, campaign, workers=1):
            pass
        ours = study.structures(campaign)
    theirs = window.model.study.structures()
    columns = [name for name in ours.columns if "seconds" not in name]
    assert ours[columns].equals(theirs[columns])
