import numpy as np
import pytest

from engine.learning.duplicates import classes_of_equal, first_of_each
from engine.learning.operators import DEFAULT_OPERATORS
from engine.learning.pools import Pool
from engine.learning.screening import Screening, values_of
from engine.learning.units import PLAIN, make_unit
from tests.learning import naive
from tests.learning.test_features import columns, space_of

PRESSURE = make_unit({"MPa": 1})
UNITS = (PRESSURE, PLAIN, PLAIN)


def run(screening, residuals, size, fold=None, **options):
    residuals = np.atleast_2d(residuals)
    fold = np.zeros(len(residuals), dtype=int) if fold is None else fold
    pools = [Pool(size) for _ in residuals]
    screening.run(residuals, fold, np.arange(len(residuals)), pools, **options)
    return pools


@pytest.mark.parametrize(
    ("operators", "rung"),
    [
        (DEFAULT_OPERATORS, 1),
        (DEFAULT_OPERATORS, 2),
        (("/", "-", "exp"), 2),
        (("|-|", "+", "log"), 2),
    ],
)
def test_that_screening_sees_exactly_the_space_of_the_naive_twin(operators, rung):
    table = columns(rows=20)
    space = space_of(table, UNITS, operators, rungs=rung - 1)
    [pool] = run(Screening(space), np.random.default_rng(0).normal(size=20), size=10**6)
    found = naive.distinct(values_of(space, pool.best))
    expected = naive.feature_values(table, UNITS, operators, rung)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_that_the_best_features_and_scores_are_those_of_the_naive_twin():
    table = columns(rows=20)
    space = space_of(table, UNITS, rungs=1)
    goal = np.random.default_rng(4).normal(size=20)
    [pool] = run(Screening(space), goal, size=50)
    everything = naive.feature_values(table, UNITS, DEFAULT_OPERATORS, 2)
    centred = (goal - goal.mean()) / np.linalg.norm(goal - goal.mean())
    expected = np.sort((everything @ centred) ** 2)[::-1][:50]
    np.testing.assert_allclose(pool.best.score, expected, rtol=1e-9)


def test_that_several_residuals_at_once_find_what_each_finds_alone():
    table = columns(rows=30)
    space = space_of(table, UNITS, rungs=1)
    goals = np.random.default_rng(5).normal(size=(7, 30))
    together = run(Screening(space), goals, size=40)
    for goal, pool in zip(goals, together, strict=True):
        [alone] = run(Screening(space), goal, size=40)
        np.testing.assert_array_equal(alone.best.left, pool.best.left)
        np.testing.assert_array_equal(alone.best.codes, pool.best.codes)
        np.testing.assert_array_equal(alone.best.score, pool.best.score)


def test_that_threads_change_nothing():
    table = columns(rows=30)
    space = space_of(table, UNITS, rungs=2)
    goal = np.random.default_rng(6).normal(size=30)
    [one] = run(Screening(space), goal, size=100, threads=1)
    [two] = run(Screening(space), goal, size=100, threads=2)
    for name in ("codes", "left", "right", "score"):
        np.testing.assert_array_equal(getattr(one.best, name), getattr(two.best, name))


def test_that_a_fold_scores_its_training_rows_only():
    table = columns(rows=30)
    space = space_of(table, UNITS, rungs=1)
    edges = np.array([0, 8, 19, 30])
    stream = np.random.default_rng(7)
    goal = stream.normal(size=30)
    residuals, fold = [], []
    for f in range(1, 4):
        residual = goal.copy()
        residual[edges[f - 1] : edges[f]] = 0
        residuals.append(residual)
        fold.append(f)
    pools = run(Screening(space, edges=edges), np.array(residuals), 30, np.array(fold))
    for f, pool in enumerate(pools, start=1):
        inside = np.ones(30, dtype=bool)
        inside[edges[f - 1] : edges[f]] = False
        values = values_of(space, pool.best)[:, inside]
        expected = [np.corrcoef(v, goal[inside])[0, 1] ** 2 for v in values]
        np.testing.assert_allclose(pool.best.score, expected, rtol=1e-9)
        assert np.all(np.diff(pool.best.score) <= 0)


def test_that_values_taken_before_are_not_offered_again():
    table = columns(rows=20)
    space = space_of(table, UNITS, rungs=1)
    screening = Screening(space)
    goal = np.random.default_rng(8).normal(size=20)
    [first] = run(screening, goal, size=30)
    second = Pool(30, taken=first.best)
    screening.run(goal[None], np.zeros(1, int), np.zeros(1, int), [second])
    both = np.concatenate([values_of(space, first.best), values_of(space, second.best)])
    assert naive.distinct(both).shape[0] == 60
    assert second.best.score[0] <= first.best.score[-1]


def test_that_classes_join_neighbours_and_part_others():
    first = np.array([1.0, 1.0 + 1e-12, 2.0, 1.0, 2.0])
    second = np.array([5.0, 5.0, 5.0, 6.0, 5.0 - 1e-12])
    classes = classes_of_equal(first, second)
    assert classes[0] == classes[1] != classes[3]
    assert classes[2] == classes[4] != classes[0]
    kept = first_of_each(classes, (np.array([2, 1, 0, 0, 0]),))
    np.testing.assert_array_equal(kept, [1, 2, 3])
    assert classes_of_equal(np.zeros(0), np.zeros(0)).size == 0
