"""The study model: parameters with undo, documents, stages, files."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.experiment.laws import published_law
from engine.experiment.reader import read_table
from engine.study import Study
from hybridgui.leftovers import remove_empty_leftovers
from hybridgui.resources import sample_sheet
from hybridgui.settings import data_folder
from hybridgui.stages import StageState
from hybridgui.study_model import StudyModel
from tests.gui.studies import fill, fit_sample


@pytest.fixture
def model(settings):
    found = StudyModel(settings)
    found.new()
    yield found
    if found.is_open:
        found.close(discard_untitled=True)


def state(model, key):
    return model.stage_state(key)[0]


def test_that_edits_of_one_field_become_one_step_of_undo(model):
    for value in (10.0, 11.0, 12.0):
        model.set_parameter("structure/pressure_MPa", value)
    model.set_parameter("structure/am_percent", 95.0)
    assert model.undo_stack.count() == 2
    model.undo_stack.undo()
    assert model.parameter("structure/am_percent") is None
    model.undo_stack.undo()
    assert model.parameter("structure/pressure_MPa") is None
    model.undo_stack.redo()
    assert model.parameter("structure/pressure_MPa") == 12.0


def test_that_a_field_set_to_what_it_is_makes_no_step(model):
    model.set_parameter("a", 1)
    model.set_parameter("a", 1)
    assert model.undo_stack.count() == 1


def test_that_replacing_the_sheet_can_be_undone(model):
    table = read_table(sample_sheet())
    model.set_table(table, {"path": "x.xlsx"})
    assert model.table is table and model.study.table() is not None
    model.undo_stack.undo()
    assert model.table is None and model.study.table() is None and model.sheet_source == {}
    model.undo_stack.redo()
    assert model.study.table().source == table.source


def test_that_replacing_the_law_can_be_undone(model):
    model.set_law(published_law().to_dict(), None)
    model.undo_stack.undo()
    assert model.law is None
    model.undo_stack.redo()
    assert model.law["kind"] == "published"


def test_that_parameters_are_in_the_file_after_closing(model, tmp_path):
    path = tmp_path / "a.study"
    model.set_parameter("campaign/repeats", 7)
    model.save_as(path)
    model.set_parameter("campaign/seed", 3)
    model.close()
    model.open(path)
    assert model.parameter("campaign/repeats") == 7 and model.parameter("campaign/seed") == 3


def test_that_saving_an_untitled_study_moves_it(model, tmp_path):
    before = model.path
    assert model.is_untitled and before.is_file()
    model.set_law(published_law().to_dict(), None)
    model.save_as(tmp_path / "named.study")
    assert not before.exists() and not model.is_untitled
    assert model.title == "named.study" and model.law["kind"] == "published"
    assert model.settings.recent_files == [tmp_path / "named.study"]


def test_that_an_empty_untitled_study_leaves_no_file(model):
    path = model.path
    model.close()
    assert not path.exists()


def test_that_an_untitled_study_with_content_stays_unless_discarded(model):
    path = model.path
    model.set_law(published_law().to_dict(), None)
    model.close()
    assert path.exists()
    model.open(path)
    assert model.is_untitled
    model.close(discard_untitled=True)
    assert not path.exists()


def test_that_a_file_that_cannot_be_opened_leaves_the_present_study_open(model, tmp_path):
    bad = tmp_path / "bad.study"
    bad.write_bytes(b"nonsense" * 100)
    before = model.path
    with pytest.raises(InputError, match="not a study"):
        model.open(bad)
    assert model.path == before and model.study.get_setting("x") is None
    assert bad.read_bytes() == b"nonsense" * 100


def test_that_a_study_open_elsewhere_is_refused_in_one_sentence(model, tmp_path):
    path = tmp_path / "shared.study"
    with Study.create(path), pytest.raises(InputError, match="already open"):
        model.open(path)
    model.open(path)
    assert model.path == path


def test_that_a_read_only_study_keeps_its_settings(model, tmp_path):
    path = tmp_path / "r.study"
    with Study.create(path) as study:
        fit_sample(study)
    stamp = path.read_bytes()
    model.open(path, read_only=True)
    model.set_parameter("a", 1)
    model.flush()
    assert model.read_only and "read-only" in model.title
    model.close()
    assert path.read_bytes() == stamp


def test_that_the_stages_follow_the_work(model):
    assert [state(model, k) for k in ("experiment", "structure", "campaign", "models")] == [
        StageState.READY, StageState.NOTHING, StageState.NOTHING, StageState.NOTHING,
    ]  # fmt: skip
    assert model.next_step().stage == "experiment"
    campaign = fill(model.study)
    model._table = model.study.table()
    model.note_campaigns(model.law)
    assert state(model, "experiment") is StageState.DONE
    assert state(model, "campaign") is StageState.DONE
    assert state(model, "models") is StageState.READY
    assert model.next_step().text == "Train models on the dataset."
    assert model.study.campaign(campaign).pending == 0


def test_that_nobody_on_the_campaign_page_is_sent_back_to_look_at_one_electrode(model):
    fill(model.study)
    campaign = model.study.campaigns()[-1].id
    model.study.remove_campaign(campaign)
    model.note_campaigns(model.law)
    assert model.next_step("experiment").stage == "structure"
    assert model.next_step("campaign").stage == "campaign"


def test_that_a_new_law_makes_the_campaign_out_of_date(model):
    fill(model.study)
    model.note_campaigns(model.law)
    assert state(model, "campaign") is StageState.DONE
    model.set_law(published_law().to_dict(), None)
    assert state(model, "campaign") is StageState.OUTDATED
    model.undo_stack.undo()
    assert state(model, "campaign") is StageState.DONE


def test_that_a_new_law_makes_models_and_maps_out_of_date(model):
    fill(model.study)
    model.note_campaigns(model.law)
    data = {"target": "porosity_percent"}
    model.add_models({"porosity_percent": data}, {})
    model.note_maps_used()
    assert state(model, "models") is state(model, "maps") is StageState.DONE
    model.set_law(published_law().to_dict(), None)
    for key in ("models", "maps"):
        assert model.stage_state(key) == (StageState.OUTDATED, "Law changed")
    model.undo_stack.undo()
    assert state(model, "models") is state(model, "maps") is StageState.DONE


def test_that_a_new_sheet_makes_the_law_out_of_date(model):
    table = read_table(sample_sheet())
    model.set_table(table)
    model.set_law(published_law().to_dict(), None)
    assert state(model, "experiment") is StageState.DONE
    model.set_table(table.take(range(10)))
    assert state(model, "experiment") is StageState.OUTDATED
    assert "again" in model.next_step().text


def test_that_leftovers_of_a_crash_are_removed_only_when_empty(model):
    full = data_folder() / "Untitled full.study"
    with Study.create(full) as study:
        study.set_law(published_law().to_dict())
    empty = data_folder() / "Untitled empty.study"
    Study.create(empty).close()
    remove_empty_leftovers()
    assert full.exists() and not empty.exists() and model.path.exists()


@pytest.mark.parametrize("fails", [False, True])
def test_that_an_answer_nobody_waits_for_is_dropped(qtbot, model, fails):
    def work(job):
        if fails:
            raise InputError("too late")
        return "too late"

    for wanted, answers in ((False, 0), (True, 1)):
        heard = []
        model.start_job(
            "Asking",
            work,
            stage="",
            wanted=lambda wanted=wanted: wanted,
            finished=lambda found, heard=heard: heard.append(found),
            failed=lambda sentence, _, heard=heard: heard.append(sentence),
        )
        qtbot.waitUntil(lambda: not model.jobs.running)
        assert len(heard) == answers
