"""When a model is said to be unreliable."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from engine.learning.reliability import better_form, doubt, plain_is_better, reliable
from engine.learning.training_set import prepare
from engine.maps.sources import _doubtful


def model(r2=0.9, rmse=0.1, plain=0.2, method="sisso"):
    own = {} if r2 is None else {"r2": r2, "rmse": rmse}
    baselines = {"linear": {"cross_validation": {"r2": 0.8, "rmse": plain}}}
    return SimpleNamespace(method=method, metrics={"cross_validation": own}, baselines=baselines)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (model(r2=0.11), "0.11"),
        (model(r2=-3.0), "worse than by their mean"),
        (model(r2=None), "never tested"),
    ],
)
def test_that_a_poor_model_is_doubted_with_the_reason(one, reason):
    assert reason in doubt(one)


@pytest.mark.parametrize(
    ("r2", "word"), [(None, "no"), (0.49, "no"), (0.61, "roughly"), (0.89, "roughly"), (0.9, "yes")]
)
def test_that_a_model_is_as_reliable_as_it_predicts_conditions_left_out(r2, word):
    assert reliable(model(r2=r2, plain=0.01)) == word


def test_that_a_good_model_is_not_doubted_for_a_better_plain_form_but_that_is_said():
    assert doubt(model(plain=0.05)) == ""
    assert "0.05 against 0.1" in better_form(model(plain=0.05))
    assert better_form(model(plain=0.095)) == ""
    assert better_form(model(plain=0.05, method="baseline")) == ""


def test_that_the_plain_form_is_offered_only_where_it_predicts_better():
    assert plain_is_better(model(r2=0.1, plain=0.05)) and plain_is_better(model(r2=None))
    assert not plain_is_better(model(r2=0.1, plain=0.2))
    assert not plain_is_better(model(r2=0.1, plain=0.05, method="baseline"))


def test_that_maps_name_the_responses_of_poor_models():
    said = _doubtful({"tortuosity_electrolyte": model(r2=0.11), "tortuosity_solid": model()})
    assert "Tortuosity, electrolyte (R² on conditions left out is 0.11)" in said
    assert "solid" not in said and _doubtful({"tortuosity_solid": model()}) == ""
    said = _doubtful({"tortuosity_solid": model(r2=0.61, plain=0.05)})
    assert "rely" not in said and "Only roughly predicted: Tortuosity, solid" in said
    assert "0.61" in said and "A plain form errs less" in said


def test_that_conditions_of_a_campaign_left_out_are_named_by_their_settings():
    frame = pd.DataFrame(
        {
            "pressure_MPa": [10.0, 60.0, 150.0, 10.0, 60.0, 150.0],
            "am_percent": [93.0, 93.0, 93.0, 95.0, 95.0, 95.0],
            "not_percolating": [0, 0, 1, 0, 0, 0],
            "tortuosity_factor_electrolyte": [2.0, 2.5, math.nan, 2.1, 2.6, 3.0],
        }
    )
    names = (["pressure_MPa", "am_percent"], ["tortuosity_factor_electrolyte"])
    said = prepare(frame, *names)[0].statements[0]
    assert said.startswith("1 of 6 conditions is left out") and "row" not in said
    assert "there: 150 MPa, AM 93 %." in said
    table = frame.drop(columns="not_percolating")
    assert "row 4 (the header is row 1)" in prepare(table, *names)[0].statements[0]
