"""Which points lie in, or near, the hull of others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.experiment.hull import Hull, distinct_rows


def spread(seed, count, flat):
    """Points that fill space, a plane, a line or one spot."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0][: 3 - flat]
    return rng.uniform(-1, 1, (count, 3 - flat)) @ axes + rng.normal(size=3)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10_000),
    st.integers(1, 90),
    st.integers(0, 3),
    st.sampled_from([0.02, 0.1, 0.5]),
)
def test_that_facets_decide_as_the_nearest_point_does(seed, count, flat, reach):
    points = spread(seed, count, flat)
    hull = Hull(points)
    rng = np.random.default_rng(seed + 1)
    asked = points[rng.integers(0, count, 40)] + rng.normal(size=(40, 3)) * reach
    distance = hull.distance(asked)
    clear = np.abs(distance - reach) > 1e-4  # the least squares weigh to about that
    assert (hull.within(asked, reach) == (distance <= reach))[clear].all()


def test_that_a_mixture_is_within_and_a_point_over_a_face_is_as_far_as_it_is():
    cube = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    hull = Hull(cube)
    over = np.array([[0.5, 0.5, 1.3], [1.2, 1.2, 0.5], [0.2, 0.9, 0.4]])
    assert hull.distance(over) == pytest.approx([0.3, 0.2 * 2**0.5, 0], abs=1e-6)
    assert hull.within(over, 0.29).tolist() == [False, True, True]
    # Within every facet's reach, but round the edge: farther than either facet.
    assert not hull.within(np.array([[1.2, 1.2, 0.5]]), 0.25)[0]


@given(st.integers(0, 10_000), st.integers(0, 40))
def test_that_distinct_rows_are_those_of_numpy(seed, runs):
    rng = np.random.default_rng(seed)
    rows = np.repeat(rng.integers(0, 3, (runs, 2)).astype(float), rng.integers(1, 5, runs), axis=0)
    found, back = distinct_rows(rows)
    wanted, wanted_back = np.unique(rows, axis=0, return_inverse=True)
    assert np.array_equal(found, wanted) and np.array_equal(back, wanted_back.ravel())
