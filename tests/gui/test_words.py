"""How numbers and lists are written and read."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from hybridgui.campaign.number_list import read_numbers
from hybridgui.widgets.numbers import duration, number, rounded, with_spread


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("93, 94, 95", [93, 94, 95]),
        ("40:50:2", [40, 42, 44, 46, 48, 50]),
        ("1 : 3", [1, 2, 3]),
        ("40 to 44 step 2", [40, 42, 44]),
        ("93,5; 94", [93.5, 94]),
        ("1 2 3", [1, 2, 3]),
        ("0.1:0.3:0.1, 7", [0.1, 0.2, 0.3, 7]),
    ],
)
def test_that_lists_are_read_as_people_type_them(text, values):
    assert read_numbers(text) == pytest.approx(values)


@pytest.mark.parametrize("text", ["", "  ", "abc", "94, x", "5:1", "1:2:0", "1:9999999:1"])
def test_that_what_is_no_list_is_refused_in_a_sentence(text):
    with pytest.raises(InputError, match=r"\.$"):
        read_numbers(text)


# A busy machine draws slowly; that says nothing about lists.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 4)), min_size=1, max_size=20))
def test_that_a_written_list_reads_back(values):
    assert read_numbers(", ".join(repr(v) for v in values)) == pytest.approx(values)


def test_that_digits_follow_the_spread():
    assert with_spread(3.3142, 0.0417) == "3.31 ± 0.04"
    assert with_spread(3.3142, 0.0123) == "3.314 ± 0.012"
    assert with_spread(1234.5, 56.0) == "1234 ± 56"
    assert with_spread(3.3142, float("nan")) == "3.314"


def test_that_numbers_that_are_none_are_said():
    assert number(None) == number(float("nan")) == "–"
    assert number(math.inf) == "∞"
    assert number(-0.00123, 3) == "−0.00123"
    assert rounded(-0.0004, 3) == "0.000"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "under 1 s"), (45, "45 s"), (200, "3 min"), (7800, "2 h 10 min"), (float("nan"), "–")],
)
def test_that_times_are_short(seconds, text):
    assert duration(seconds) == text


def test_that_indices_are_set_lower_and_names_of_coatings_stay():
    from hybridgui.widgets.plot import rich

    assert rich("τ_liq (–)") == "τ<sub>liq</sub> (–)"
    assert rich("AM 94 %, ε_init 49 %") == "AM 94 %, ε<sub>init</sub> 49 %"
    assert rich("NMC_94 <neu>") == "NMC_94 &lt;neu&gt;"


def test_that_settings_that_never_change_stand_behind_the_properties():
    import pandas as pd

    from hybridgui.campaign.columns import dataset_columns

    frame = pd.DataFrame(
        {
            "pressure_MPa": [20.0, 60.0],
            "initial_thickness_um": [100.0, 100.0],
            "repeats": [2, 2],
            "tortuosity_electrolyte": [2.0, 2.0],
        }
    )
    assert [column.key for column in dataset_columns(frame)] == [
        "pressure_MPa",
        "tortuosity_electrolyte",
        "initial_thickness_um",
        "repeats",
    ]


def test_that_settings_of_a_column_have_equal_decimals():
    import pandas as pd

    from hybridgui.campaign.columns import dataset_columns

    frame = pd.DataFrame(
        {
            "pressure_MPa": [20.0, 60.0],
            "porosity_percent": [33.8, 34.0],
            "gap_um": [9.0, 21.15],
            "initial_porosity_percent": [44.0, float("nan")],
            "tortuosity_electrolyte": [3.0, 3.12345],
        }
    )
    shown = {c.key: [c.text(v) for v in frame[c.key]] for c in dataset_columns(frame)}
    assert shown["pressure_MPa"] == ["20", "60"]
    assert shown["porosity_percent"] == ["33.8", "34.0"]
    assert shown["gap_um"] == ["9.00", "21.15"]
    assert shown["initial_porosity_percent"] == ["44", "–"]
    assert shown["tortuosity_electrolyte"] == ["3.000", "3.123"]


def test_that_ticks_write_indices_without_markup():
    from hybridgui.widgets.plot import tick_text

    assert [tick_text(s) for s in ("P", "ε_init", "τ_liq")] == ["P", "εᵢₙᵢₜ", "τ liq"]


@pytest.mark.parametrize(
    ("driver", "shown"), [("pressure", {"pressure_MPa"}), ("gap", {"gap_um", "pressure_MPa"})]
)
def test_that_a_gap_that_no_sheet_gave_is_not_shown_as_measured(driver, shown):
    import dataclasses

    from hybridgui.experiment.words import table_frame
    from tests.experiment.tables import sample_table

    table = dataclasses.replace(sample_table(), driver=driver)
    _, columns = table_frame(table)
    assert {c.key for c in columns} & {"gap_um", "pressure_MPa"} == shown
    tips = {c.key: c.tip for c in columns}
    assert ("from the roll gap" in tips["pressure_MPa"]) == (driver == "gap")


def test_that_a_column_is_written_with_one_number_of_decimals():
    from hybridgui.widgets.numbers import one_precision

    def written(*values):
        text = one_precision(values)
        return None if text is None else [text(v) for v in values]

    assert written(93.0, 94.5) == ["93.0", "94.5"]
    assert written(118.0, 117.4, math.nan) == ["118.0", "117.4", "–"]
    assert written(100.0, 250.0) == ["100", "250"]
    assert written(97.63333, 104.7) == ["97.6", "104.7"]
    assert written(0.0001, 5000.0) is None and written("a") is None
