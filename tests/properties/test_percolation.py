"""Connected components against a flood fill."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.properties.percolation import components, percolating
from tests.properties import naive


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(*[st.integers(1, 13)] * 3),
    share=st.floats(0, 1),
    periodic=st.tuples(*[st.booleans()] * 3),
)
def test_that_components_agree_with_a_flood_fill(seed, shape, share, periodic):
    phase = np.random.default_rng(seed).random(shape) < share
    labels = components(phase, periodic)
    expected = naive.components(phase, periodic)
    assert np.array_equal(labels > 0, phase)
    pairs = {(a, b) for a, b in zip(labels[phase], expected[phase], strict=True)}
    assert len(pairs) == len(np.unique(labels[phase])) == len(np.unique(expected[phase]))
    spanning = naive.percolating(phase, periodic)
    assert np.array_equal(percolating(phase, 0, periodic), spanning)


@pytest.mark.parametrize("axis", range(3))
def test_that_percolation_is_asked_along_one_axis(axis):
    phase = np.zeros((5, 6, 7), bool)
    phase[(slice(None),) * axis + (slice(None),) + (2,) * (2 - axis)] = True
    rod = np.zeros((5, 6, 7), bool)
    index = [2, 3, 4]
    index[axis] = slice(None)
    rod[tuple(index)] = True
    assert percolating(rod, axis).sum() == rod.sum()
    assert percolating(rod, (axis + 1) % 3).sum() == 0
