"""What is said where calendering closed the pores."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from engine.maps import report_data
from engine.maps.blocked import Blockage, blocked_note
from engine.maps.decide import recommend
from engine.maps.sources import read_sources
from engine.maps.targets import Target
from engine.maps.trade_off import trade_off
from engine.study.condition_words import condition_words
from tests.maps import studies
from tests.maps.examples import published_responses


def made_up(blocked_at=(150.0,), count=2):
    rows = [
        {
            "pressure_MPa": pressure,
            "am_percent": am,
            "initial_porosity_percent": before,
            "repeats": 2,
            "not_percolating": count if pressure in blocked_at else 0,
            "tortuosity_factor_electrolyte": math.nan if pressure in blocked_at else 3.0,
            "tortuosity_factor_solid": 2.0,
        }
        for pressure in (10.0, 60.0, 150.0)
        for am in (94.0, 96.0)
        for before in (42.0, 48.0)
    ]
    return pd.DataFrame(rows)


def test_that_blocked_conditions_are_named_by_what_they_share():
    note = blocked_note(made_up())
    assert note.startswith("In 4 of 12 conditions (150 MPa) the electrolyte was blocked")
    assert "(8 of 8)" in note and "none of these settings is recommended" in note


def test_that_nothing_is_said_where_every_structure_is_open():
    assert blocked_note(made_up(blocked_at=())) == ""
    assert blocked_note(pd.DataFrame({"pressure_MPa": [1.0, 2.0]})) == ""


def test_that_few_blocked_structures_are_said_without_alarm():
    frame = made_up(blocked_at=())
    frame["repeats"] = 4
    frame.loc[11, "not_percolating"] = 1
    note = blocked_note(frame)
    assert "1 of 12 conditions (150 MPa, AM 96 %, initial porosity 48 %)" in note
    assert "some structures (1 of 4)" in note and "recommended" not in note


def test_that_conditions_are_named_by_what_singles_them_out_else_one_by_one():
    frame = made_up()
    assert condition_words(frame.iloc[[0]], frame) == "10 MPa, AM 94 %, initial porosity 42 %"
    assert condition_words(frame.iloc[4:], frame) == "60, 150 MPa"
    assert condition_words(frame, frame) == ""
    two = "10 MPa, AM 94 %, initial porosity 42 %; 60 MPa, AM 96 %, initial porosity 42 %"
    assert condition_words(frame.iloc[[0, 6]], frame) == two


@pytest.fixture
def blocked_study(tmp_path, monkeypatch):
    open_ones = studies.properties_of

    def blocked(am, porosity, electrolyte, rng):
        found = open_ones(am, porosity, electrolyte, rng)
        if porosity < 0.27:
            found |= dict.fromkeys(
                ("tortuosity_factor_electrolyte", "tortuosity_electrolyte"), math.inf
            )
            found["effective_conductivity_ionic_S_per_m"] = 0.0
        return found

    monkeypatch.setattr(studies, "properties_of", blocked)
    with studies.make_study(tmp_path / "blocked.study", ams=(94.0, 96.0)) as study:
        yield study


def test_that_maps_and_report_say_where_the_electrolyte_was_blocked(blocked_study):
    dataset = blocked_study.dataset(1)
    count = int((dataset["not_percolating"] > 0).sum())
    assert 0 < count < len(dataset)
    said = f"In {count} of {len(dataset)} conditions"
    assert any(note.startswith(said) for note in read_sources(blocked_study).notes)
    campaign = report_data._campaigns(blocked_study, None)[0]
    assert any(note.startswith(said) for note in campaign["notes"])


def points(shares, am=(94.0, 96.0), porosity=(25.0, 30.0, 35.0)):
    grid = [(a, e) for a in am for e in porosity]
    return pd.DataFrame(
        {
            "am_percent": [a for a, _ in grid],
            "porosity_percent": [e for _, e in grid],
            "repeats": 4,
            "not_percolating": shares,
        }
    )


def test_that_the_border_of_blocked_settings_lies_between_the_conditions():
    blockage = Blockage.of(points([4, 2, 0, 4, 0, 0]))
    asked = pd.DataFrame(
        {
            "am_percent": [94.0, 94.0, 96.0, 96.0, 94.0, 96.0],
            # all and half, none; at 96 % half is reached midway; the nearest counts beyond
            "porosity_percent": [29.9, 30.1, 27.4, 27.6, 20.0, 40.0],
        }
    )
    assert blockage.closed(asked).tolist() == [True, False, True, False, True, False]


def test_that_a_campaign_of_one_composition_and_one_porosity_is_judged_as_a_whole():
    one = points([4, 4, 4], am=(94.0,))
    assert Blockage.of(one).closed(one).tolist() == [True] * 3
    line = points([4, 0, 0], am=(94.0,))
    asked = pd.DataFrame({"am_percent": [94.0, 90.0], "porosity_percent": [27.0, 28.0]})
    assert Blockage.of(line).closed(asked).tolist() == [True, False]
    assert Blockage.of(points([1, 0, 0, 0, 0, 0])) is None
    single = points([3], am=(94.0,), porosity=(30.0,))
    assert Blockage.of(single).closed(asked).tolist() == [True, True]


def test_that_no_setting_is_recommended_where_the_way_is_blocked():
    steps = {"gap_um": 12, "am_percent": 4, "initial_porosity_percent": 4}
    wish = [Target("current_collector_coverage_am_percent", "up")]
    free = trade_off(published_responses(), wish, steps=steps)
    best = free.settings["porosity_percent"].to_numpy()[np.argmax(free.desirability)]
    # Everything at and below the porosity that would be best is blocked.
    border = float(best) + 2.0
    blockage = Blockage(
        np.array([[border - 0.01], [border + 0.01]]), np.array([1.0, 0.0]),
        ("porosity_percent",), "electrolyte",
    )  # fmt: skip
    responses = dataclasses.replace(published_responses(), blockage=blockage)
    found = trade_off(responses, wish, steps=steps)
    closed = found.settings["porosity_percent"].to_numpy() < border
    assert closed.any() and not found.feasible[closed].any() and not found.front[closed].any()
    assert found.feasible[~closed].all()
    choice = recommend(responses, wish, found, draws=16)
    assert choice.setting["porosity_percent"] > border
    assert any("no path through the electrolyte there" in note for note in choice.notes)
    # The law errs by several points: in many draws the way is closed after all.
    assert any("no path leads through the electrolyte" in note for note in choice.notes)
    assert choice.probability < 1
