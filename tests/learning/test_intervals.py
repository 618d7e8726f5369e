import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.learning.expression import apply, column, number
from engine.learning.intervals import cut_box, enclose, is_safe, sign_in_box

BOX = {"p": (5.0, 180.0), "w": (0.93, 0.96)}
P, W = column("p"), column("w")
trees = st.recursive(
    st.sampled_from([P, W]),
    lambda inner: st.one_of(
        st.builds(
            lambda op, x: apply(op, x),
            st.sampled_from(("log", "^-1", "^2", "^3", "sqrt", "cbrt", "abs", "exp-", "sin")),
            inner,
        ),
        st.builds(
            lambda op, x, y: apply(op, x, y),
            st.sampled_from(("+", "-", "*", "/", "|-|")),
            inner,
            inner,
        ),
    ),
    max_leaves=6,
)


@given(trees, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_that_an_enclosure_holds_every_value(tree, s, t):
    cells = cut_box(BOX, ("p", "w"), 1)
    bounds = enclose(tree, cells)
    low, high = np.asarray(bounds.low).ravel()[0], np.asarray(bounds.high).ravel()[0]
    point = {"p": np.array([5 + 175 * s]), "w": np.array([0.93 + 0.03 * t])}
    value = tree.evaluate(point)[0]
    if np.isfinite(low) and np.isfinite(high):
        slack = 1e-9 * max(1.0, abs(low), abs(high))
        assert low - slack <= value <= high + slack


@given(trees, st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_that_a_safe_tree_is_finite_everywhere(tree, seed):
    if is_safe(tree, BOX):
        stream = np.random.default_rng(seed)
        points = {n: stream.uniform(*ends, 400) for n, ends in BOX.items()}
        assert np.all(np.isfinite(tree.evaluate(points)))


@pytest.mark.parametrize(
    ("tree", "safe"),
    [
        (apply("^-1", apply("log", P)), True),
        (apply("^-1", apply("-", P, number(100.0))), False),
        (apply("/", W, apply("-", apply("log", P), number(1.0))), True),
        (apply("/", W, apply("-", apply("log", P), number(2.0))), False),
        (apply("log", apply("-", P, number(5.5))), False),
        (apply("sqrt", apply("|-|", P, number(50.0))), True),
        (apply("sqrt", apply("-", P, number(50.0))), False),
        (apply("exp", apply("^3", P)), False),
        # Interval arithmetic alone cannot see that p - p/2 is positive; cutting the box can.
        (apply("^-1", apply("-", P, apply("/", P, number(2.0)))), True),
    ],
)
def test_that_poles_inside_the_box_and_only_those_are_found(tree, safe):
    assert is_safe(tree, BOX) is safe


def test_that_a_pole_outside_the_box_does_not_count():
    pole_at_one = apply("^-1", apply("log", P))
    assert is_safe(pole_at_one, BOX)
    assert not is_safe(pole_at_one, {"p": (0.5, 180.0)})


def test_that_the_sign_of_a_narrow_difference_is_proven():
    tree = apply("-", apply("^2", P), apply("*", P, number(4.9)))
    assert sign_in_box(tree, BOX) == 1
    assert sign_in_box(apply("-", apply("*", P, number(4.9)), apply("^2", P)), BOX) == -1
