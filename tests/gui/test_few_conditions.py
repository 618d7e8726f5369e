"""Learning from a small campaign: what is chosen, said and offered."""

import dataclasses
import math

import pytest

from engine.learning.model import model_from_dict
from engine.learning.reliability import doubt
from engine.maps.quantities import TAU_LIQUID
from engine.maps.quantities import TAU_SOLID as SOLID
from hybridgui.learning.work import training_rows
from tests.gui import studies


@pytest.fixture
def small(window, idle, monkeypatch):
    """Twelve conditions whose electrolyte is blocked at the highest pressure."""
    open_ones = studies.made_up

    def blocked(values, repeat):
        found = open_ones(values, repeat)
        if values["pressure_MPa"] > 120:
            found |= dict.fromkeys(
                ("tortuosity_factor_electrolyte", "tortuosity_electrolyte"), math.inf
            )
            found["effective_conductivity_ionic_S_per_m"] = 0.0
        return found

    monkeypatch.setattr(studies, "made_up", blocked)
    study = window.model.study
    law = studies.fit_sample(study)
    variables = studies.small_design(law).variables | {"initial_porosity_percent": (45.0,)}
    studies.record_all(study, study.add_campaign(studies.small_design(law, variables=variables)))
    window.model._table = study.table()
    window.model.note_campaigns(window.model.law)
    window.show_stage("models")
    idle(window)
    return window


def test_that_few_conditions_make_the_plain_form_usual_and_a_search_warned_of(small):
    form = small.pages["models"].form
    assert form.method.current == "baseline" and form.few_notice.isHidden()
    small.model.set_parameter("models/method", "sisso")
    assert form.method.current == "sisso"
    assert form.few_notice.text == "9 conditions are few for SISSO: a plain form is safer."


def test_that_only_conditions_with_a_value_and_not_for_testing_are_counted(small):
    form = small.pages["models"].form
    frame, inputs = form.data.frame, form.inputs.checked()
    counts = training_rows(frame, inputs, [SOLID, TAU_LIQUID], True)
    small.model.set_parameter("models/targets", [SOLID, TAU_LIQUID])
    assert counts[0] == 9 and counts[1] < 9
    assert form.work_text("baseline").startswith(f"{counts[1]} to 9 conditions to learn from")
    assert training_rows(frame, inputs, [TAU_LIQUID], False) == [9]


def test_that_a_doubtful_model_is_marked_and_replaced_by_the_plain_form(small, idle):
    page, model = small.pages["models"], small.model
    model.set_parameter("models/targets", [SOLID])
    model.set_parameter("models/keep_test", False)
    page.train()
    idle(small)
    good = model_from_dict(model.study.models()[SOLID])
    assert not doubt(good) and page._doubt.isHidden()
    own = good.metrics["cross_validation"]
    poor = good.metrics | {"cross_validation": own | {"r2": 0.11, "rmse": 50 * own["rmse"]}}
    doubtful = dataclasses.replace(good, method="sisso", metrics=poor)
    model.study.add_model(SOLID, doubtful.to_dict())
    model.note_models()
    assert list(page.models_view.frame["reliable"]) == ["no"]
    assert "0.11" in page.doubt_notice.text and not page.plain_button.isHidden()
    small.show_stage("maps")
    idle(small)
    notice = small.pages["maps"]._source_notice.text
    assert "Do not rely on" in notice and "was blocked in half" in notice
    small.show_stage("models")
    page.plain_button.click()
    idle(small)
    kept = model_from_dict(model.study.models()[SOLID])
    assert kept.method == "baseline" and doubt(kept) == ""
    assert page._doubt.isHidden() and list(page.models_view.frame["reliable"]) == ["yes"]


def test_that_the_focus_stays_with_a_button_that_cannot_be_pressed_for_a_while(small, idle):
    page = small.pages["models"]
    button = page.train_button
    button.setFocus()
    page.train()
    assert not button.isEnabled() and small.focusWidget() is None
    idle(small)
    assert button.isEnabled() and small.focusWidget() is button


def test_that_the_focus_is_not_taken_from_where_the_user_went(small, idle):
    page = small.pages["models"]
    page.train_button.setFocus()
    page.train()
    page.form.method.setFocus()
    idle(small)
    assert small.focusWidget() is page.form.method
