import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Cancelled, InputError
from engine.learning.subset_search import best_subsets
from engine.progress import Progress
from tests.learning import naive


@given(st.integers(1, 5), st.integers(5, 11), st.integers(0, 10_000), st.sampled_from([1, 2]))
@settings(max_examples=40, deadline=None)
def test_that_the_best_subsets_are_those_of_brute_force(size, columns, seed, threads):
    stream = np.random.default_rng(seed)
    values = stream.normal(size=(columns, 25)) * stream.uniform(0.01, 100, (columns, 1))
    values += stream.normal(size=(columns, 1)) * 50
    target = values[0] - values[-1] + stream.normal(size=25)
    found = best_subsets(values, target, size, keep=4, threads=threads)
    expected = naive.subsets(values, target, size)[:4]
    assert [s.columns for s in found] == [chosen for _, chosen in expected]
    np.testing.assert_allclose([s.share for s in found], [share for share, _ in expected])


def test_that_seeds_change_only_the_time():
    stream = np.random.default_rng(1)
    values, target = stream.normal(size=(40, 50)), stream.normal(size=50)
    plain = best_subsets(values, target, 3, keep=10)
    seeded = best_subsets(values, target, 3, keep=10, seeds=[(0, 1), (5, 7), (3, 4)])
    assert plain == seeded


def test_that_collinear_columns_do_not_look_perfect():
    stream = np.random.default_rng(2)
    base = stream.normal(size=(6, 40))
    # Sums of others, up to rounding: the Gram matrix cannot tell them from perfect models.
    values = np.concatenate([base, base[:3] + base[3:], base[:3] * (1 + 1e-15)])
    target = stream.normal(size=40)
    for size in (2, 3):
        found = best_subsets(values, target, size, keep=1)[0]
        design = np.column_stack([values[list(found.columns)].T, np.ones(40)])
        left = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
        total = np.sum((target - target.mean()) ** 2)
        assert found.share == pytest.approx(1 - left @ left / total, rel=1e-9)
        best = max(share for share, chosen in naive.subsets(base, target, size))
        assert found.share >= best - 1e-12


def test_that_nearly_collinear_columns_are_still_compared():
    stream = np.random.default_rng(3)
    values = stream.normal(size=(8, 60))
    small = stream.normal(size=60)
    values[1] = values[0] + 1e-4 * small  # their difference is the law
    target = small + 0.01 * stream.normal(size=60)
    assert best_subsets(values, target, 2, keep=1)[0].columns == (0, 1)
    assert {0, 1} <= set(best_subsets(values, target, 3, keep=1)[0].columns)


def test_that_there_is_no_answer_without_enough_columns_or_rows():
    values = np.random.default_rng(4).normal(size=(3, 4))
    assert best_subsets(values, values[0], 4) == []
    assert best_subsets(values, values[0] + 1, 3) == []


def test_that_a_hopeless_search_is_refused():
    values = np.random.default_rng(5).normal(size=(10_000, 12))
    with pytest.raises(InputError, match="fewer terms"):
        best_subsets(values, values[0], 4)


def test_that_cancel_stops_the_search():
    stream = np.random.default_rng(6)
    values, target = stream.normal(size=(200, 30)), stream.normal(size=30)
    progress = Progress()
    progress.cancel()
    for threads in (1, 2):
        with pytest.raises(Cancelled):
            best_subsets(values, target, 3, threads=threads, progress=progress)
