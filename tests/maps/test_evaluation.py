"""One answer for frames and columns, and frames only for those who ask."""

import numpy as np
import pandas as pd
import pytest

from engine.errors import InputError
from engine.learning.table import input_columns
from engine.maps.quantities import SIGMA_EFF, TAU_LIQUID
from tests.maps.examples import published_responses

SETTINGS = {
    "pressure_MPa": np.array([20.0, 80.0, 150.0]),
    "am_percent": np.array([93.0, 94.5, 96.0]),
    "initial_porosity_percent": np.array([42.0, 45.0, 48.0]),
}


def test_that_columns_and_a_frame_of_them_give_the_same_answers():
    responses = published_responses()
    ours = responses.evaluate(SETTINGS, [TAU_LIQUID, SIGMA_EFF])
    theirs = responses.evaluate(pd.DataFrame(SETTINGS, index=[7, 3, 5]), [TAU_LIQUID, SIGMA_EFF])
    pd.testing.assert_frame_equal(ours.values, theirs.values)
    pd.testing.assert_frame_equal(ours.low, theirs.low)
    pd.testing.assert_frame_equal(ours.settings, theirs.settings)
    assert np.array_equal(ours.inside, theirs.inside) and ours.notes == theirs.notes
    assert ours.values[TAU_LIQUID].tolist() == ours.answers[TAU_LIQUID][0].tolist()


def test_that_settings_given_are_not_changed():
    given = {name: column.copy() for name, column in SETTINGS.items()}
    published_responses().evaluate(given, [TAU_LIQUID])
    assert given.keys() == SETTINGS.keys()
    assert all(np.array_equal(given[name], SETTINGS[name]) for name in SETTINGS)


@pytest.mark.parametrize("bad", [np.array([1.0, np.nan]), np.array(["1", "two"]), [1.0, np.inf]])
def test_that_columns_are_checked_as_a_frame_is(bad):
    with pytest.raises(InputError) as by_column:
        input_columns({"am_percent": bad}, ["am_percent"])
    with pytest.raises(InputError) as by_frame:
        input_columns(pd.DataFrame({"am_percent": bad}), ["am_percent"])
    assert str(by_column.value) == str(by_frame.value)
