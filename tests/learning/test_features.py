import numpy as np
import pytest

from engine.errors import InputError
from engine.learning.features import FeatureSpace, Rules
from engine.learning.intervals import is_safe
from engine.learning.operators import DEFAULT_OPERATORS, parse_operators
from engine.learning.printing import to_text
from engine.learning.units import PLAIN, make_unit
from tests.learning import naive

PRESSURE = make_unit({"MPa": 1})


def columns(rows=25, seed=0):
    stream = np.random.default_rng(seed)
    return {
        "p": stream.uniform(0.5, 3.0, rows),
        "w": stream.uniform(1.0, 2.0, rows),
        "e": stream.uniform(0.3, 1.7, rows),
    }


def space_of(table, units, operators=DEFAULT_OPERATORS, rungs=1, **rules):
    data = np.column_stack(list(table.values()))
    space = FeatureSpace.of_columns(
        data, tuple(table), list(units), Rules(parse_operators(operators), **rules)
    )
    for _ in range(rungs):
        space = space.grown()
    return space


@pytest.mark.parametrize("operators", [DEFAULT_OPERATORS, ("+", "-", "/"), ("*", "|-|", "exp")])
def test_that_a_rung_holds_every_feature_of_the_naive_twin_once_up_to_sign(operators):
    table, units = columns(), (PRESSURE, PLAIN, PLAIN)
    space = space_of(table, units, operators)
    features = [(e, u) for e, u in zip_columns(table, units)]
    expected = [t.evaluate(table) for t, _ in naive.grow(features, operators, table)]

    def keys(rows):
        signed = np.asarray(rows) * np.sign(np.asarray(rows)[:, :1])
        return {
            (
                *tuple(np.round(row / np.linalg.norm(row), 8)),
                round(float(np.log(np.linalg.norm(row))), 7),
            )
            for row in signed
        }

    assert keys(space.values) == keys(expected)
    assert len(space) == len(keys(space.values))


def zip_columns(table, units):
    from engine.learning.expression import column

    return [(column(name), unit) for name, unit in zip(table, units, strict=True)]


def test_that_expressions_evaluate_to_the_stored_values():
    table = columns()
    space = space_of(table, (PRESSURE, PLAIN, PLAIN), rungs=2)
    for tree, values in list(zip(space.expressions, space.values, strict=True))[::7]:
        np.testing.assert_allclose(tree.evaluate(table), values, rtol=1e-11)


def test_that_only_equal_units_are_added():
    texts = {to_text(e) for e in space_of(columns(), (PRESSURE, PLAIN, PLAIN)).expressions}
    assert "w + e" in texts
    assert not {"p + w", "p - w", "p + e"} & texts
    assert "log(p)" in texts  # over the default reference of one unit


def test_that_a_declared_reference_stands_inside_the_logarithm():
    space = space_of(columns(), (PRESSURE, PLAIN, PLAIN), ("log",), references={"MPa": 2.0})
    texts = {to_text(e) for e in space.expressions}
    assert "log(p/2)" in texts
    assert "log(w)" in texts


def test_that_columns_of_equal_value_are_one_feature():
    table = columns()
    table["copy"] = -table["w"]
    assert len(space_of(table, (PRESSURE, PLAIN, PLAIN, PLAIN), ("^2",))) == 7  # copy**2 is w**2


def test_that_every_feature_of_a_safe_space_is_finite_in_the_whole_box():
    table = columns()
    table["p"] -= 1.6  # changes sign
    box = {name: (v.min(), v.max()) for name, v in table.items()}
    space = space_of(table, (PLAIN, PLAIN, PLAIN), rungs=2, box=box)
    probes = {n: np.random.default_rng(1).uniform(*ends, 5000) for n, ends in box.items()}
    for tree in space.expressions[::5]:
        assert np.all(np.isfinite(tree.evaluate(probes)))
        assert is_safe(tree, box), to_text(tree)
    unsafe = space_of(table, (PLAIN, PLAIN, PLAIN), rungs=1)
    assert "1/p" in {to_text(e) for e in unsafe.expressions}
    assert "1/p" not in {to_text(e) for e in space.expressions}


def test_that_complexity_is_limited():
    space = space_of(columns(), (PRESSURE, PLAIN, PLAIN), rungs=2, complexity=2)
    assert space.complexity.max() == 2
    assert all(e.complexity <= 2 for e in space.expressions)


def test_that_too_large_a_space_is_refused_before_it_is_built():
    with pytest.raises(InputError, match="fewer inputs"):
        space_of(columns(), (PRESSURE, PLAIN, PLAIN), rungs=2, memory=10_000)


def test_that_an_unknown_operator_is_named():
    with pytest.raises(InputError, match="'tanh' is unknown"):
        parse_operators(["+", "tanh"])
