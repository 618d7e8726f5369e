"""Intervals of formulas that are wide where errors are, and narrow elsewhere."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.learning.model import model_from_dict
from engine.learning.spread import Spread
from engine.learning.training import train


def growing(rows, seed):
    """A line whose scatter grows sixfold along it."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 6, rows)
    return pd.DataFrame({"x": x, "y": 2 * x + 0.2 * x * rng.standard_normal(rows)})


@pytest.fixture(scope="module")
def model():
    return train(growing(800, 1), ["x"], ["y"], "baseline")["y"]


def test_that_intervals_hold_as_often_at_both_ends(model):
    fresh = growing(20_000, 2)
    low, high = model.interval(fresh, level=0.8)
    held = (low <= fresh.y) & (fresh.y <= high)
    for first, last in ((1.2, 2.5), (2.5, 4.5), (4.5, 5.8)):
        part = (fresh.x > first) & (fresh.x < last)
        assert held[part].mean() == pytest.approx(0.8, abs=0.08)
    # One width for all would hold nearly always below and two times in three above.
    flat = np.abs(fresh.y - model.predict(fresh)) <= np.quantile(high - low, 0.5) / 2
    assert flat[fresh.x < 2.5].mean() > 0.95 and flat[fresh.x > 4.5].mean() < 0.7


def test_that_widths_survive_the_file_and_follow_the_prediction(model):
    again = model_from_dict(json.loads(json.dumps(model.to_dict())))
    ends = pd.DataFrame({"x": [1.5, 5.5]})
    np.testing.assert_array_equal(again.interval(ends), model.interval(ends))
    low, high = model.interval(ends)
    assert 2.5 < np.divide(*(high - low)[::-1]) < 5.5


@given(st.integers(0, 1000), st.integers(60, 300), st.floats(0.01, 100))
def test_that_the_spread_scales_with_the_errors_and_is_nowhere_zero(seed, rows, factor):
    rng = np.random.default_rng(seed)
    predicted, errors = rng.normal(size=rows), np.abs(rng.normal(size=rows))
    errors[: rows // 2] = 0.0
    one, more = (Spread.of_residuals(predicted, f * errors) for f in (1.0, factor))
    asked = np.linspace(-9, 9, 50)
    assert (one.at(asked) > 0).all()
    np.testing.assert_allclose(more.at(asked), factor * one.at(asked))
    assert one.at(asked).max() <= errors.max()


@pytest.mark.parametrize(
    ("predicted", "errors"),
    [(np.arange(59.0), np.ones(59)), (np.zeros(90), np.ones(90)), (np.arange(90.0), np.zeros(90))],
)
def test_that_too_few_rows_or_no_errors_give_one_width(predicted, errors):
    assert Spread.of_residuals(predicted, errors) is None


@pytest.mark.parametrize(
    "damage", [{"size": [1.0]}, {"size": [1.0, -1.0]}, {"predicted": [2.0, 1.0]}, {"size": "x"}]
)
def test_that_a_damaged_spread_is_refused(model, damage):
    data = json.loads(json.dumps(model.to_dict()))
    data["residuals"]["spread"] = {"predicted": [1.0, 2.0], "size": [1.0, 1.0], **damage}
    with pytest.raises(InputError, match="spread of errors"):
        model_from_dict(data)
