"""When a model is said to be unreliable."""

from types import SimpleNamespace

import pytest

from engine.learning.reliability import doubt, plain_is_better
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
        (model(plain=0.05), "a plain form errs less"),
    ],
)
def test_that_a_poor_model_is_doubted_with_the_reason(one, reason):
    assert reason in doubt(one)


def test_that_a_good_model_is_not_doubted_for_a_hardly_better_plain_form():
    assert doubt(model(plain=0.095)) == ""


def test_that_the_plain_form_is_offered_only_where_it_predicts_better():
    assert plain_is_better(model(r2=0.1, plain=0.05)) and plain_is_better(model(r2=None))
    assert not plain_is_better(model(r2=0.1, plain=0.2))
    assert not plain_is_better(model(r2=0.1, plain=0.05, method="baseline"))


def test_that_maps_name_the_responses_of_poor_models():
    said = _doubtful({"tortuosity_electrolyte": model(r2=0.11), "tortuosity_solid": model()})
    assert "Tortuosity of the electrolyte (R² on conditions left out is 0.11)" in said
    assert "solid" not in said and _doubtful({"tortuosity_solid": model()}) == ""
