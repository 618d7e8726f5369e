"""What the inspector shows of a model, checked against the model itself."""

import numpy as np
import pytest

from engine.errors import InputError
from engine.learning.comparison import compare_methods
from engine.learning.inspection import fitted_points, middle, response, response_map
from engine.learning.metrics import in_plain_words
from engine.learning.training import train
from tests.learning.problems import INPUTS, smooth

QUICK = {"rung": 1, "sis": 10, "terms": 1, "threads": 1, "epochs": 100, "repeats": 1}


@pytest.fixture(scope="module")
def model():
    return train(smooth(50), INPUTS, ["y"], "gp", test_rows=range(12))["y"]


def test_that_every_row_is_compared_once_in_its_part(model):
    frame, other = smooth(50), smooth(20, seed=8)
    frame.loc[3, "y"] = np.inf
    mask = np.arange(50) < 12
    points = fitted_points(model, frame, mask, other)
    assert points.groupby("part").size().to_dict() == {"train": 38, "test": 11, "validation": 20}
    np.testing.assert_allclose(points.residual, points.actual - points.predicted)
    last = points.iloc[-1]
    assert last.actual == other.y.iloc[-1] and last.row == 19
    assert last.am_fraction == other.am_fraction.iloc[-1]


def test_that_a_table_without_the_target_is_named(model):
    with pytest.raises(InputError, match="no column 'y'"):
        fitted_points(model, smooth(5).drop(columns="y"))


def test_that_a_response_is_the_model_along_a_line(model):
    held = middle(model) | {"am_fraction": 0.93}
    found = response(model, "pressure_MPa", held, count=7)
    table = {n: np.full(7, held[n]) for n in INPUTS} | {"pressure_MPa": found.x}
    np.testing.assert_array_equal(found.y, model.predict(table))
    np.testing.assert_array_equal((found.low, found.high), model.interval(table))
    assert found.x[[0, -1]] == pytest.approx(model.domain["pressure_MPa"])


def test_that_a_map_holds_the_responses_as_its_rows(model):
    found = response_map(model, "pressure_MPa", "initial_porosity", count=5)
    for k, porosity in enumerate(found.y):
        row = response(model, "pressure_MPa", {"initial_porosity": porosity}, count=5)
        np.testing.assert_allclose(found.value[k], row.y)
        np.testing.assert_allclose(found.high[k] - found.low[k], row.high - row.low)


def test_that_a_map_needs_two_different_inputs(model):
    with pytest.raises(InputError, match="both axes"):
        response_map(model, "pressure_MPa", "pressure_MPa")
    with pytest.raises(InputError, match="'nonsense' is no input"):
        response(model, "nonsense")


def test_that_methods_are_compared_on_the_same_rows():
    frame = smooth(50)
    options = {**QUICK, "folds": 3}
    first = train(frame, INPUTS, ["y"], "sisso", test_rows=range(12), **options)["y"]
    found = compare_methods(first, frame, INPUTS, range(12), options=options)
    assert list(found.models) == ["sisso", "dnn", "gp", "linear", "quadratic"]
    assert found.models["sisso"] is first
    table = found.to_frame().set_index("name")
    alone = train(frame, INPUTS, ["y"], "gp", test_rows=range(12), **options)["y"]
    assert table.loc["gp", "r2_test"] == alone.metrics["test"]["r2"]
    assert table.loc["linear", "rmse_test"] == first.baselines["linear"]["test"]["rmse"]
    assert found.best == table.rmse_test.idxmin()
    plain = found.models["quadratic"]
    error = plain.predict(frame[:12]) - frame.y[:12]
    assert np.sqrt(np.mean(error**2)) == pytest.approx(table.loc["quadratic", "rmse_test"])


def test_that_an_r2_below_zero_is_said_plainly():
    said = in_plain_words({"test": {"r2": -3.21, "rows": 4}, "train": {"r2": 0.9, "rows": 20}})
    assert len(said) == 1
    assert "R² on the 4 test rows is -3.2, below zero" in said[0] and "chance" in said[0]
    assert in_plain_words({"cross_validation": {"r2": -0.1, "rows": 30}})[0].count("chance") == 0
    assert "so few" in in_plain_words({"test": {"r2": 0.9, "rows": 5}})[0]
    assert in_plain_words({"test": {"r2": 0.9, "rows": 88}, "validation": None}) == []


def test_that_a_model_worse_than_the_mean_comes_with_that_sentence():
    frame = smooth(30)
    frame["y"] = np.where(np.arange(30) < 5, -1.0, 1.0) * frame.pressure_MPa
    model = train(frame, INPUTS, ["y"], "baseline", test_rows=range(5))["y"]
    assert model.metrics["test"]["r2"] < 0
    assert any("below zero" in s for s in model.statements)
