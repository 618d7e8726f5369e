"""What a choice of settings must survive: ties, blocked settings, and studies of other versions."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from engine.errors import InputError
from engine.maps.decide import Recommendation, recommend
from engine.maps.default_models import default_models
from engine.maps.targets import Target
from engine.maps.trade_off import Survey, judge, trade_off
from engine.maps.trade_off_plot import draw_trade_off
from tests.maps.examples import published_responses
from tests.maps.studies import make_study

SIGMA = "effective_conductivity_ionic_S_per_m"
TAU = "tortuosity_electrolyte"
ENERGY = "energy_density_Wh_per_L"
TARGETS = (Target(SIGMA, "up"), Target(ENERGY, "up"), Target(TAU, most=4.0))


@pytest.fixture(scope="module")
def responses():
    return published_responses()


@pytest.fixture(scope="module")
def found(responses):
    return trade_off(
        responses,
        TARGETS,
        steps={"gap_um": 8, "am_percent": 3, "initial_porosity_percent": 3},
    )


@pytest.mark.parametrize("robust", [False, True])
def test_that_where_all_are_equally_undesirable_a_feasible_setting_is_recommended(
    responses, found, robust
):
    # Two conflicting objectives, each setting the worst in one: every product is 0.
    nothing = np.zeros(len(found.desirability))
    others = np.arange(len(nothing)) > 0  # the first setting cannot be had
    scale = dataclasses.replace(found.scale, scales=((1e9, 2e9), (1e9, 2e9), (np.nan, np.nan)))
    feasible, front = found.feasible & others, found.front & others
    flat = dataclasses.replace(
        found, desirability=nothing, scale=scale, feasible=feasible, front=front
    )
    best = recommend(responses, TARGETS, flat, robust=robust, draws=16)
    names = [name for name in best.setting if name in found.settings]
    same = np.all([np.isclose(found.settings[name], best.setting[name]) for name in names], axis=0)
    assert (same & front).any()


def _survey(closed=None):
    values = pd.DataFrame({SIGMA: [0.1, 0.2, 0.3, 9.0], ENERGY: [400.0, 300.0, 200.0, 900.0]})
    settings = pd.DataFrame({"gap_um": [70.0, 80.0, 90.0, 100.0]})
    return Survey(settings, values, np.array([True, True, True, False]), closed=closed)


def test_that_blocked_settings_and_those_left_out_do_not_set_the_scale():
    last = np.array([False, False, False, True])
    for found in (
        judge(_survey(closed=last), TARGETS[:2]),
        judge(_survey(), TARGETS[:2], inside_only=True),
    ):
        assert found.scale.scales == ((0.1, 0.3), (200.0, 400.0))
        assert found.desirability.argmax() == 1
    assert judge(_survey(), TARGETS[:2]).scale.scales[0] == (0.1, 9.0)


def test_that_what_is_left_out_is_not_said_to_break_a_limit():
    last = np.array([False, False, False, True])
    found = judge(_survey(closed=last), (*TARGETS[:1], Target(ENERGY, "up", least=250.0)))
    assert found.left_out.tolist() == [False, False, False, True]
    assert found.feasible.tolist() == [True, True, False, False]
    texts = [one.get_text() for one in draw_trade_off(found).legends[0].get_texts()]
    assert "breaks a limit" in texts and "blocked or not measured" in texts


def test_that_drawn_chances_are_no_certainties(responses, found):
    sure = dataclasses.replace(found, targets=(*TARGETS[:2], Target(TAU, most=1e6)))
    best = recommend(responses, sure.targets, sure, draws=16)
    assert best.probability == 1.0
    assert "All limits are kept with a chance of more than 99 %." in best.sentence


def test_that_a_campaign_of_one_condition_is_said_to_be_too_small(tmp_path):
    with (
        make_study(tmp_path / "one.study", gaps=(40.0,), ams=(95.0,), porosities=(45.0,)) as study,
        pytest.raises(InputError, match="results of 1 condition, too few"),
    ):
        default_models(study)


def test_that_a_stored_limit_that_is_refused_today_is_still_read():
    share = "current_collector_coverage_cbd_percent"
    with pytest.raises(InputError, match="no limit"):
        Target(share, most=140.0)
    stored = {"output": share, "direction": "", "least": None, "most": 140.0, "weight": 1.0}
    read = Target.from_dict(stored)
    assert read.most == 140.0 and read.to_dict() == stored
    with pytest.raises(InputError, match="no limit"):
        read.check_limits()


def test_that_what_a_newer_version_adds_to_a_stored_decision_is_passed_over(responses, found):
    best = recommend(responses, TARGETS, found, draws=16)
    data = best.to_dict()
    newer = {**data, "colour": "green", "scatter": {**data["scatter"], "speed": 1.0}}
    newer["targets"] = [{**one, "mood": "good"} for one in data["targets"]]
    assert Recommendation.from_dict(newer) == best
    with pytest.raises(InputError, match="cannot be read"):
        Recommendation.from_dict({name: data[name] for name in data if name != "targets"})


def test_that_the_two_objectives_most_in_conflict_are_drawn_first():
    rising = np.arange(8.0)
    values = {SIGMA: rising, TAU: 9 - rising, ENERGY: -rising, "porosity_percent": 30 + rising}
    count = len(rising)
    one = Survey(pd.DataFrame({"gap_um": rising}), pd.DataFrame(values), np.ones(count, dtype=bool))
    # A lower tortuosity and a higher conductivity go together: energy is against both.
    wishes = (Target("porosity_percent", least=20.0), Target(SIGMA, "up"), Target(TAU, "down"),
              Target(ENERGY, "up"))  # fmt: skip
    assert judge(one, wishes).telling_pair == (SIGMA, ENERGY)
    assert judge(one, wishes[:3]).telling_pair == (SIGMA, TAU)
    assert judge(one, wishes[:2]).telling_pair == (SIGMA, "porosity_percent")
    assert judge(one, wishes[1:2]).telling_pair == (SIGMA,)
    # Where a response does not vary, nothing conflicts with it.
    flat = dataclasses.replace(one, values=one.values.assign(**{ENERGY: 300.0}))
    assert judge(flat, wishes[1:]).telling_pair == (SIGMA, TAU)
    figure = draw_trade_off(judge(one, wishes))
    assert "ionic" in figure.axes[0].get_xlabel() and "energy" in figure.axes[0].get_ylabel()
