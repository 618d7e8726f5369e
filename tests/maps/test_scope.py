"""How far maps go where models were trained on different conditions."""

import itertools

import pandas as pd
import pytest

from engine.experiment.laws import published_law
from engine.maps.curves import study_curves
from engine.maps.decide import recommend
from engine.maps.quantities import TAU_LIQUID, TAU_SOLID
from engine.maps.responses import Responses
from engine.maps.targets import Target
from engine.maps.trade_off import trade_off
from tests.maps.examples import Quadratic


@pytest.fixture(scope="module")
def responses():
    """Electrolyte known to 60 MPa only, as where higher pressures blocked it; solid to 150."""
    rows = list(
        itertools.product((10.0, 30.0, 60.0, 150.0), (94.0, 95.0, 96.0), (42.0, 45.0, 48.0))
    )
    frame = pd.DataFrame(rows, columns=["pressure_MPa", "am_percent", "initial_porosity_percent"])
    frame[TAU_LIQUID] = 1.5 + frame["pressure_MPa"] / 100
    frame[TAU_SOLID] = 2.5 - frame["pressure_MPa"] / 200
    models = {
        TAU_LIQUID: Quadratic(frame[frame["pressure_MPa"] < 100], TAU_LIQUID),
        TAU_SOLID: Quadratic(frame, TAU_SOLID),
    }
    return Responses(models, published_law(), base={"initial_thickness_um": 100.0})


@pytest.mark.parametrize(
    ("output", "reach"), [(TAU_LIQUID, 60), (TAU_SOLID, 150), ("porosity_percent", 150)]
)
def test_that_a_figure_goes_as_far_as_the_models_of_what_it_draws(responses, output, reach):
    curves = study_curves(responses, output, x="pressure_MPa", bands=False)
    assert curves.panels[0].curves[0].x[-1] == pytest.approx(reach)


def test_that_a_decision_goes_as_far_as_the_models_of_what_is_wanted(responses):
    solid, liquid = Target(TAU_SOLID, "down"), Target(TAU_LIQUID, "down")
    alone, both = trade_off(responses, [solid]), trade_off(responses, [solid, liquid])
    assert alone.settings["pressure_MPa"].max() == pytest.approx(150, abs=5)
    assert both.settings["pressure_MPa"].max() == pytest.approx(60, abs=5)
    best = recommend(responses, [solid], alone, draws=16, robust=False)
    assert best.setting["pressure_MPa"] == pytest.approx(150, abs=5)


def test_that_a_range_that_was_given_stays(responses):
    given = Responses(
        responses.models, responses.law, base=responses.base, ranges={"pressure_MPa": (20.0, 40.0)}
    )
    assert given.asked([TAU_SOLID]).ranges["pressure_MPa"] == (20.0, 40.0)
