import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.learning.metrics import assess, content_order, fold_numbers


def test_that_errors_are_those_of_the_textbook():
    found = assess(np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 2.0, 4.0, 4.0]))
    assert found["rmse"] == pytest.approx(np.sqrt(5 / 4))
    assert found["max_error"] == 2
    assert found["r2"] == pytest.approx(1 - 5 / 14)
    assert found["rows"] == 4


def test_that_metrics_without_meaning_are_none():
    assert assess(np.ones(3), np.ones(3))["r2"] is None
    assert assess(np.zeros(0), np.zeros(0))["rmse"] is None
    assert assess(np.ones(2), np.array([1.0, np.inf]))["rmse"] is None


@given(st.integers(4, 40), st.integers(2, 6), st.integers(0, 1000))
@settings(deadline=None)
def test_that_folds_follow_the_rows_when_these_are_shuffled(rows, folds, seed):
    stream = np.random.default_rng(seed)
    table = stream.integers(0, 5, (rows, 3)).astype(float)
    table += [0, 10, 20]  # columns that can be told apart
    table[0] += 0.5  # at least two different rows
    order = stream.permutation(rows)
    numbers = fold_numbers(table, folds)
    np.testing.assert_array_equal(fold_numbers(table[order], folds), numbers[order])
    np.testing.assert_array_equal(fold_numbers(table[:, [2, 0, 1]], folds), numbers)
    for row in range(rows):
        same = (table == table[row]).all(axis=1)
        assert len(set(numbers[same])) == 1


def test_that_groups_are_never_torn_and_folds_are_balanced():
    groups = np.repeat(np.arange(10), 3)
    table = np.random.default_rng(0).normal(size=(30, 2))
    numbers = fold_numbers(table, 5, groups)
    assert np.array_equal(np.bincount(numbers), [6] * 5)
    assert all(len(set(numbers[groups == g])) == 1 for g in range(10))
    with pytest.raises(InputError):
        fold_numbers(table, 5, np.zeros(30))


def test_that_the_order_of_content_ignores_the_arrangement():
    table = np.random.default_rng(1).integers(0, 9, (20, 3)).astype(float)
    order = np.random.default_rng(2).permutation(20)
    np.testing.assert_array_equal(
        table[content_order(table)], table[order][content_order(table[order])]
    )
