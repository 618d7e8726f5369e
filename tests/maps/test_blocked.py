"""What is said where calendering closed the pores."""

import math

import pandas as pd
import pytest

from engine.maps import report_data
from engine.maps.blocked import blocked_note
from engine.maps.sources import read_sources
from engine.study.condition_words import condition_words
from tests.maps import studies


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
    assert "(8 of 8)" in note and "stay away" in note


def test_that_nothing_is_said_where_every_structure_is_open():
    assert blocked_note(made_up(blocked_at=())) == ""
    assert blocked_note(pd.DataFrame({"pressure_MPa": [1.0, 2.0]})) == ""


def test_that_few_blocked_structures_are_said_without_alarm():
    frame = made_up(blocked_at=())
    frame["repeats"] = 4
    frame.loc[11, "not_percolating"] = 1
    note = blocked_note(frame)
    assert "1 of 12 conditions (150 MPa, AM 96 %, initial porosity 48 %)" in note
    assert "some structures (1 of 4)" in note and "stay away" not in note


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
