import math

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.learning import printing
from engine.learning.expression import apply, column, number
from engine.learning.model import column_letters
from tests.learning.spreadsheet import evaluate_formula

NAMES = ("pressure_MPa", "am_percent", "CC/AM", "lambda")
leaves = st.sampled_from([*(column(n) for n in NAMES), number(2.5), number(-1.25e-7)])
positive = st.sampled_from([column(n) for n in NAMES])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda op, x: apply(op, x),
            st.sampled_from(("^2", "^3", "cbrt", "abs", "neg", "sin", "cos")),
            inner,
        ),
        st.builds(
            lambda op, x: apply(op, x),
            st.sampled_from(("log", "sqrt", "^-1", "exp-", "^6")),
            positive,
        ),
        st.builds(
            lambda op, x, y: apply(op, x, y), st.sampled_from(("+", "-", "*", "|-|")), inner, inner
        ),
        st.builds(lambda x, y: apply("/", x, y), inner, positive),
        st.builds(lambda x: apply("^", x, number(-0.37)), positive),
    ),
    max_leaves=10,
)
boxes = st.tuples(*[st.floats(0.2, 4.0) for _ in NAMES])


def reference(tree, point):
    """Value of the tree; points where a part of it is huge are of no interest."""
    columns = {n: np.array([v]) for n, v in zip(NAMES, point, strict=True)}
    assume(all(np.all(np.abs(node.evaluate(columns)) < 1e5) for node in tree.walk()))
    return float(np.ravel(tree.evaluate(columns))[0])


def close(found, expected):
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)


@given(trees, boxes)
@settings(max_examples=150, deadline=None)
def test_that_python_and_text_give_the_numbers_of_the_tree(tree, point):
    names = printing.identifiers(NAMES)
    scope = {"np": np} | {names[n]: v for n, v in zip(NAMES, point, strict=True)}
    assert close(float(eval(printing.to_python(tree, names), scope)), reference(tree, point))
    text = printing.to_text(tree)
    for name in NAMES:
        text = text.replace(f"[{name}]", names[name])
    scope |= {f: getattr(np, f) for f in ("exp", "log", "sqrt", "cbrt", "abs", "sin", "cos")}
    assert close(
        float(eval(text.replace("lambda", "x_lambda").replace("x_x_", "x_"), scope)),
        reference(tree, point),
    )


@given(trees, boxes)
@settings(max_examples=150, deadline=None)
def test_that_an_excel_formula_gives_the_numbers_of_the_tree(tree, point):
    cells = {n: f"{column_letters(k)}2" for k, n in enumerate(NAMES)}
    formula = printing.to_excel(tree, cells)
    values = {cells[n]: v for n, v in zip(NAMES, point, strict=True)}
    assert close(evaluate_formula(formula, values), reference(tree, point))


@given(trees, boxes)
@settings(max_examples=40, deadline=None)
def test_that_sympy_gives_the_numbers_of_the_tree(tree, point):
    symbols = {n: sympy.Symbol(f"s{k}", positive=True) for k, n in enumerate(NAMES)}
    found = printing.to_sympy(tree, symbols)
    numbers = {symbols[n]: sympy.Float(v, 17) for n, v in zip(NAMES, point, strict=True)}
    assert close(float(found.evalf(30, subs=numbers)), reference(tree, point))


@given(trees, boxes)
@settings(max_examples=150, deadline=None)
def test_that_matlab_gives_the_numbers_of_the_tree(tree, point):
    # MATLAB's operators have Python's precedence once the element-wise dots are taken away.
    names = printing.identifiers(NAMES)
    text = printing.to_matlab(tree, names)
    assert "*" not in text.replace(".*", "")
    assert "^" not in text.replace(".^", "")
    text = text.replace(".^", "**").replace(".*", "*").replace("./", "/")
    scope = {names[n]: v for n, v in zip(NAMES, point, strict=True)}
    scope |= {f: getattr(np, f) for f in ("exp", "log", "sqrt", "abs", "sin", "cos")}
    scope["nthroot"] = lambda x, n: np.cbrt(x)
    assert close(float(eval(text, scope)), reference(tree, point))


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (
            apply("/", column("x"), apply("log", column("y_b"))),
            r"\frac{\mathrm{x}}{\ln\left(\mathrm{y\_b}\right)}",
        ),
        (apply("^2", apply("+", column("x"), number(1.0))), r"\left(\mathrm{x} + 1\right)^{2}"),
        (apply("cbrt", number(1.5e-7)), r"\sqrt[3]{1.5 \cdot 10^{-7}}"),
    ],
)
def test_that_latex_reads_as_expected(tree, text):
    assert printing.to_latex(tree) == text


def test_that_names_become_distinct_identifiers():
    names = printing.identifiers(["CC/AM", "CC_AM", "1st", "lambda", "ε"])
    assert len(set(names.values())) == 5
    assert all(n.isidentifier() and n.isascii() for n in names.values())


def test_that_columns_go_on_after_z():
    assert [column_letters(k) for k in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
