"""Roll gap to pressure and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.experiment.calibration import (
    PUBLISHED_CALIBRATION,
    GapCalibration,
    fit_calibration,
)


def test_that_the_published_calibration_gives_the_published_pressures():
    # Of DOI 10.1016/j.jpowsour.2020.229103: the formula, by hand, at three gaps.
    expected = [
        185.53059 - 6.51726,
        185.53059 * np.exp(-44 / 38.122) - 6.51726,
        185.53059 * np.exp(-100 / 38.122) - 6.51726,
    ]
    np.testing.assert_allclose(PUBLISHED_CALIBRATION.pressure([0, 44, 100]), expected)
    assert PUBLISHED_CALIBRATION.pressure_max == pytest.approx(179.013, abs=1e-3)


@given(st.floats(0, 127))
def test_that_a_gap_survives_the_way_to_pressure_and_back(gap):
    pressure = PUBLISHED_CALIBRATION.pressure(gap)
    assert PUBLISHED_CALIBRATION.gap(pressure) == pytest.approx(gap, abs=1e-7)


@given(
    st.floats(1, 1000), st.floats(5, 500), st.floats(0, 50), st.lists(st.floats(0, 1), min_size=1)
)
def test_that_any_calibration_can_be_inverted(amplitude, decay, offset, shares):
    calibration = GapCalibration(amplitude, decay, offset, 5.0, 80.0)
    gap = 5.0 + 75.0 * np.array(shares)
    np.testing.assert_allclose(calibration.gap(calibration.pressure(gap)), gap, atol=1e-4)


@pytest.mark.parametrize("gap", [-0.1, 127.1, np.nan, [10.0, 140.0]])
def test_that_a_gap_outside_is_refused(gap):
    with pytest.raises(InputError, match="0-127 µm"):
        PUBLISHED_CALIBRATION.pressure(gap)


@pytest.mark.parametrize("pressure", [0.0, 180.0, -1.0, np.nan])
def test_that_a_pressure_outside_is_refused(pressure):
    with pytest.raises(InputError, match="MPa that the gap calibration covers"):
        PUBLISHED_CALIBRATION.gap(pressure)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amplitude": -1}, {"decay": 0}, {"gap_max": 130}, {"gap_min": 50, "gap_max": 40},
        {"offset": float("nan")}, {"amplitude": "185"}, {"decay": True},
    ],
)  # fmt: skip
def test_that_an_impossible_calibration_is_refused(wrong):
    with pytest.raises(InputError, match="Calibration"):
        GapCalibration(**wrong)


def test_that_a_calibration_survives_json():
    calibration = GapCalibration(200.5, 40.1, -3.3, 1.0, 90.0)
    assert GapCalibration.from_dict(json.loads(json.dumps(calibration.to_dict()))) == calibration
    with pytest.raises(InputError, match="'slope' is not known"):
        GapCalibration.from_dict({"slope": 1.0})


@given(st.floats(50, 400), st.floats(15, 80), st.floats(-8, 20))
def test_that_a_calibration_is_found_from_its_own_pairs(amplitude, decay, offset):
    gap = np.array([0.0, 10.0, 25.0, 40.0, 60.0])
    pressure = amplitude * np.exp(-gap / decay) + offset
    found = (
        fit_calibration(gap[pressure > 0], pressure[pressure > 0])
        if np.sum(pressure > 0) >= 4
        else None
    )
    if found is not None:
        covered = gap[found.covers_gap(gap)]
        expected = amplitude * np.exp(-covered / decay) + offset
        np.testing.assert_allclose(found.pressure(covered), expected, atol=0.01 * pressure.max())


def test_that_pairs_that_follow_no_calibration_are_refused():
    with pytest.raises(InputError, match="four different gaps"):
        fit_calibration([0, 10, 20], [100, 50, 20])
    with pytest.raises(InputError, match="No calibration"):
        fit_calibration([0, 10, 20, 30, 40], [10, 90, 20, 100, 5])
