import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.learning.expression import (
    UNARY,
    Expression,
    apply,
    column,
    from_json,
    negate,
    number,
)

X = {"a": np.array([1.5, 2.5, 4.0]), "b": np.array([0.3, 5.0, -2.0])}
leaves = st.sampled_from([column("a"), column("b"), number(2.0), number(-0.5)])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda op, x: apply(op, x), st.sampled_from(UNARY), inner),
        st.builds(
            lambda op, x, y: apply(op, x, y),
            st.sampled_from(("+", "-", "*", "/", "|-|")),
            inner,
            inner,
        ),
    ),
    max_leaves=8,
)


@given(trees)
@settings(deadline=None)
def test_that_a_tree_survives_json(tree):
    assert from_json(json.loads(json.dumps(tree.to_json()))) == tree


@given(trees)
@settings(deadline=None)
def test_that_a_negated_tree_has_the_opposite_value_and_as_many_operators(tree):
    turned = negate(tree)
    if turned is not None:
        assert turned.complexity == tree.complexity
        values, opposite = np.broadcast_arrays(tree.evaluate(X), turned.evaluate(X))
        finite = np.isfinite(values)
        np.testing.assert_allclose(opposite[finite], -values[finite], rtol=1e-12)


def test_that_values_are_those_of_the_formula():
    tree = apply("+", apply("|-|", column("a"), column("b")), apply("^3", column("b")))
    np.testing.assert_allclose(tree.evaluate(X), abs(X["a"] - X["b"]) + X["b"] ** 3)
    assert apply("^6", column("a")).evaluate({"a": np.array([2.0])})[0] == 64
    assert apply("exp-", column("a")).evaluate({"a": np.array([0.0])})[0] == 1


def test_that_dividing_by_a_reference_is_not_an_operator():
    assert apply("log", apply("/", column("a"), number(100.0))).complexity == 1


@pytest.mark.parametrize(
    "data",
    [
        ["__import__", ["column", "a"]],
        ["+", ["column", "a"]],
        ["column", 3],
        ["number", float("nan")],
        "a + b",
        [],
        [["+"], ["column", "a"]],
    ],
)
def test_that_anything_but_a_tree_is_refused(data):
    with pytest.raises(InputError):
        from_json(data)


def test_that_a_bottomless_tree_is_refused():
    data = ["column", "a"]
    for _ in range(500):
        data = ["abs", data]
    with pytest.raises(InputError):
        from_json(data)


def test_that_renaming_reaches_every_leaf():
    tree = apply("*", column("a"), apply("log", column("b"))).renamed({"a": "x", "b": "y"})
    assert tree.columns == ("x", "y")
    assert isinstance(tree, Expression)
