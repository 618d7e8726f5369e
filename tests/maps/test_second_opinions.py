"""What other models of a study say of the recommended setting."""

import dataclasses

import numpy as np
import pytest

from engine.learning.training import train
from engine.maps.decide import Recommendation, recommend
from engine.maps.report_decision import recommended
from engine.maps.second_opinions import disagreement, others_of, second_opinions
from engine.maps.sources import read_sources
from engine.maps.targets import Target
from engine.maps.trade_off import trade_off
from tests.maps.studies import make_study

INPUTS = ["pressure_MPa", "am_percent", "initial_porosity_percent"]
TAU, SOLID, SIGMA = (
    "tortuosity_electrolyte", "tortuosity_solid", "effective_conductivity_ionic_S_per_m",
)  # fmt: skip
TARGETS = (Target(SIGMA, "up"), Target(SOLID, "down"))
STEPS = {"gap_um": 8, "am_percent": 3, "initial_porosity_percent": 3}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("opinions") / "a.study"
    with make_study(path, gaps=(5.0, 40.0, 80.0), porosities=(44.0, 46.0, 48.0)) as study:
        dataset = study.dataset()
        for method in ("gp", "baseline"):  # the last one is in use
            found = train(dataset, INPUTS, [TAU, SOLID], method=method).models
            study.add_models({name: one.to_dict() for name, one in found.items()})
        yield study


def test_that_every_other_model_of_the_same_data_is_asked_at_the_setting(study):
    sources = read_sources(study)
    assert {one.method for one in sources.responses.models.values()} == {"baseline"}
    assert sources.others[TAU][0].method == "gp"
    setting = dict(sources.responses.complete(sources.dataset[INPUTS].iloc[[4]]).iloc[0])
    found = second_opinions(sources.responses, sources.others, setting, [SIGMA, SOLID])
    gp = next(value for words, value in found[SOLID].items() if "Gaussian process" in words)
    by_hand = sources.others[SOLID][0].predict(sources.dataset[INPUTS].iloc[[4]])
    assert gp == pytest.approx(float(by_hand[0]))
    # The conductivity follows from the other model's tortuosity.
    tau = float(sources.others[TAU][0].predict(sources.dataset[INPUTS].iloc[[4]])[0])
    frame = sources.responses.complete(sources.dataset[INPUTS].iloc[[4]])
    share = float(sources.responses.electrolyte_share(frame)[0])
    sigma = next(value for words, value in found[SIGMA].items() if "Gaussian process" in words)
    assert sigma == pytest.approx(1.119 * share / tau**2)


def test_that_a_stored_model_that_cannot_be_read_is_passed_over(study, monkeypatch):
    stored = [*study.all_models(), {"format": "of a newer program"}]
    monkeypatch.setattr(study, "all_models", lambda: stored)
    assert [one.method for one in read_sources(study).others[TAU]][:1] == ["gp"]


def test_that_models_of_other_data_are_not_asked(study):
    models = read_sources(study).responses.models
    stored = [model.learned_from("file:else.csv") for model in models.values()]
    stored = [dataclasses.replace(one, method="dnn") for one in stored]
    found = others_of(models, stored)
    assert all(one.method == "baseline" for own in found.values() for one in own)


def test_that_a_disagreement_is_said_in_the_sentence_and_an_agreement_is_kept(study):
    sources = read_sources(study)
    found = trade_off(sources.responses, TARGETS, steps=STEPS)
    calm = recommend(sources.responses, TARGETS, found, others=sources.others, draws=32)
    assert set(calm.others) == {SIGMA, SOLID} and "disagree" not in calm.sentence
    assert Recommendation.from_dict(calm.to_dict()).others == calm.others
    table = recommended(calm, sources)["others"]
    assert {row[-1] for row in table.rows} == {"inside"}
    far = dataclasses.replace(sources.others[SOLID][0], predictor=_Always(2.9))
    others = {**sources.others, SOLID: (far,)}
    told = recommend(sources.responses, TARGETS, found, others=others, draws=32)
    assert "Other models disagree by more than the interval: tortuosity, solid" in told.sentence
    assert "2.9 by the Gaussian process" in told.sentence
    assert recommended(told, sources)["others"].rows[-1][-1] == "outside"
    assert recommend(sources.responses, TARGETS, found, draws=32).others == {}
    assert disagreement({}, {}) == ""


class _Always:
    """A predictor of one value."""

    def __init__(self, value):
        self._value = value

    def predict(self, matrix, *_):
        return np.full(len(np.atleast_2d(matrix)), self._value)
