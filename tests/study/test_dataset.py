"""From structures to the dataset."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.study import Study
from engine.study.dataset import COUNTS, LEADING, by_condition, mean, spread
from engine.study.records import ConditionRecord
from tests.study.examples import SmallDesign, failure, result


def conditions(design=None) -> list[ConditionRecord]:
    points = (design or SmallDesign()).conditions()
    return [
        ConditionRecord(1, number, point.values, point.condition, ())
        for number, point in enumerate(points)
    ]


def test_that_a_row_holds_means_and_spreads_in_the_agreed_columns():
    results = [
        result(0, 0, tortuosity_factor_solid=2.0, tortuosity_solid=2**0.5, a_percent=10.0),
        result(0, 1, tortuosity_factor_solid=4.0, tortuosity_solid=2.0, a_percent=14.0),
    ]
    frame = by_condition(conditions(), results)
    assert list(frame.columns) == [
        *LEADING,
        *COUNTS,
        "tortuosity_factor_solid",
        "tortuosity_factor_solid_sd",
        "tortuosity_solid",
        "tortuosity_solid_sd",
        "a_percent",
        "a_percent_sd",
    ]
    (row,) = frame.to_dict("records")
    assert (row["am_percent"], row["repeats"], row["not_percolating"]) == (94.0, 2, 0)
    assert row["tortuosity_factor_solid"] == 3.0
    assert row["tortuosity_factor_solid_sd"] == pytest.approx(2**0.5)
    # the root of the mean factor, not the mean of the roots
    assert row["tortuosity_solid"] == pytest.approx(3**0.5)
    assert row["tortuosity_solid_sd"] == pytest.approx(np.std([2**0.5, 2.0], ddof=1))
    assert row["a_percent"] == 12.0


def test_that_blocked_structures_are_counted_and_left_out_of_the_mean():
    blocked = {"tortuosity_factor_electrolyte": math.inf, "tortuosity_electrolyte": math.inf}
    results = [
        result(0, 0, tortuosity_factor_electrolyte=9.0, tortuosity_electrolyte=3.0, k=1.0),
        result(0, 1, **blocked, k=0.0),
        result(1, 0, **blocked, k=0.0),
    ]
    first, second = by_condition(conditions(), results).to_dict("records")
    assert first["not_percolating"] == 1 and first["repeats"] == 2
    assert first["tortuosity_factor_electrolyte"] == 9.0
    assert first["tortuosity_electrolyte"] == 3.0
    assert math.isnan(first["tortuosity_factor_electrolyte_sd"])
    assert first["k"] == 0.5  # a conductivity of 0 is a value like others
    assert math.isnan(second["tortuosity_factor_electrolyte"]) and second["not_percolating"] == 1


def test_that_am_paths_that_do_not_percolate_are_not_counted():
    results = [result(0, 0, tortuosity_factor_am=math.inf, tortuosity_factor_electrolyte=4.0)]
    (row,) = by_condition(conditions(), results).to_dict("records")
    assert row["not_percolating"] == 0 and math.isnan(row["tortuosity_factor_am"])


def test_that_ions_that_pass_the_open_cbd_are_not_counted_as_blocked():
    sigma = "effective_conductivity_ionic_S_per_m"
    blocked, closed = math.inf, {"tortuosity_factor_electrolyte": math.inf}
    results = [
        result(0, 0, **closed, **{sigma: 0.02}),  # through the nanopores of the CBD
        result(0, 1, **closed, **{sigma: 0.0}),
        result(0, 2, **closed),
        result(0, 3, tortuosity_factor_solid=blocked, **{sigma: 0.02}),
        result(0, 4, tortuosity_factor_electrolyte=4.0, **{sigma: math.nan}),
    ]
    (row,) = by_condition(conditions(), results).to_dict("records")
    assert row["repeats"] == 5 and row["not_percolating"] == 3


def test_that_times_have_a_mean_and_no_spread():
    frame = by_condition(conditions(), [result(0, 0, a_seconds=1.0), result(0, 1, a_seconds=2.0)])
    assert frame["a_seconds"].tolist() == [1.5]
    assert "a_seconds_sd" not in frame


def test_that_a_gap_nobody_knows_is_nan():
    condition = conditions()[0]
    unknown = ConditionRecord(
        1, 0, condition.values | {"gap_um": None}, condition.condition, condition.warnings
    )
    frame = by_condition([unknown], [result(0, 0, a=1.0)])
    assert frame["gap_um"].dtype == float and frame["gap_um"].isna().all()


def test_that_failed_structures_and_empty_conditions_give_no_rows():
    failed = failure(1, 0, "broken")
    frame = by_condition(conditions(), [result(0, 0, a=1.0), failed])
    assert frame["am_percent"].tolist() == [94.0]
    assert by_condition(conditions(), [failed]).empty


@settings(max_examples=30)
@given(st.permutations(range(8)), st.lists(st.floats(-1e9, 1e9), min_size=8, max_size=8))
def test_that_the_order_of_arrival_does_not_change_a_bit(order, values):
    results = [result(0, repeat, a=value) for repeat, value in enumerate(values)]
    expected = by_condition(conditions(), results)
    shuffled = by_condition(conditions(), [results[place] for place in order])
    pd.testing.assert_frame_equal(shuffled, expected, check_exact=True)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_that_mean_and_spread_agree_with_numpy(values):
    assert mean(values) == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)
    assert spread(values) == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-6)
    assert mean([*values, math.inf, math.nan]) == mean(values)


def test_that_rows_are_sorted_and_varied_options_become_columns():
    design = SmallDesign(
        (95.0, 94.0, 94.0), extra={"cbd_weight": (0.5, 0.5, 0.1), "same": ("a", "a", "a")}
    )
    results = [result(number, 0, a=float(number)) for number in range(3)]
    frame = by_condition(conditions(design), results)
    assert frame["am_percent"].tolist() == [94.0, 94.0, 95.0]
    assert frame["cbd_weight"].tolist() == [0.1, 0.5, 0.5]
    assert frame["a"].tolist() == [2.0, 1.0, 0.0]
    assert "same" not in frame


def test_that_several_campaigns_are_told_apart(tmp_path):
    with Study.create(tmp_path / "a.study") as study:
        study.add_campaign(SmallDesign())
        study.add_campaign(SmallDesign((94.0,), seeds=(5,)))
        study.record(result(0, 0, a=1.0))
        assert "campaign" not in study.dataset(1)
        study.record(result(0, 0, campaign=2, a=2.0))
        frame = study.dataset()
        assert frame["campaign"].tolist() == [1, 2] and frame["a"].tolist() == [1.0, 2.0]
        structures = study.structures()
        assert structures["seed"].tolist() == [11, 5]
        assert structures["voxels_sha256"].tolist() == ["ab" * 32] * 2
