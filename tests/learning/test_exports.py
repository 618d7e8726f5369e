"""Every form in which a model leaves the program gives the model's own numbers."""

import json
import re

import numpy as np
import pytest
import sympy

from engine.learning.expression import apply, column, number
from engine.learning.model import PropertyModel, model_from_dict
from engine.learning.symbolic import SymbolicModel
from engine.learning.training import train
from tests.learning.latex_reader import evaluate_latex
from tests.learning.problems import INPUTS, smooth

P, AM, E0 = (column(name) for name in INPUTS)


def _every_operator():
    """One model that uses every operator the printer knows."""
    terms = (
        apply("/", apply("log", P), apply("+", AM, apply("^3", E0))),
        apply("cbrt", apply("-", E0, AM)),
        apply("*", apply("|-|", AM, E0), apply("exp-", E0)),
        apply("exp", apply("neg", apply("^2", AM))),
        apply("^-1", apply("sqrt", apply("^6", E0))),
        apply(
            "-", apply("sin", AM), apply("-", apply("cos", E0), apply("abs", apply("-", E0, AM)))
        ),
        apply("^", P, number(-0.3712)),
        apply("/", E0, apply("/", P, apply("*", AM, number(1.5e-7)))),
    )
    coefficients = (-0.1234567890123456, 2.0, -1.0, 3.25e-7, -4.1e-3, 1.0, 123456.789, -2.2e-5)
    domain = {INPUTS[0]: (50.0, 400.0), INPUTS[1]: (0.90, 0.98), INPUTS[2]: (0.35, 0.55)}
    return PropertyModel(
        "CC/AM", tuple(INPUTS), "sisso", SymbolicModel(-7.5e-3, coefficients, terms), domain
    )


@pytest.fixture(scope="module")
def models():
    frame = smooth(60, seed=5)
    searched = {"rung": 2, "sis": 30, "terms": 3, "threads": 1, "folds": 0}
    found = {"every operator": _every_operator()}
    for name, operators in {
        "usual operators": None,
        "roots and differences": ("+", "-", "*", "/", "|-|", "cbrt", "sqrt", "exp-"),
    }.items():
        more = {"operators": operators} if operators else {}
        found[name] = train(frame, INPUTS, ["tortuosity"], **searched, **more)["tortuosity"]
    found["plain"] = train(frame, INPUTS, ["y"], "baseline", folds=0)["y"]
    return found


NAMES = ("every operator", "usual operators", "roots and differences", "plain")


@pytest.fixture(params=NAMES)
def model(request, models):
    return models[request.param]


@pytest.fixture
def box(model):
    """Random inputs of the box, with its corners."""
    stream = np.random.default_rng(11)
    low = np.array([model.domain[n][0] for n in model.inputs])
    high = np.array([model.domain[n][1] for n in model.inputs])
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * len(low))).reshape(len(low), -1).T
    unit = np.concatenate([corners, stream.uniform(size=(50, len(low)))])
    return {n: (low + unit * (high - low))[:, k] for k, n in enumerate(model.inputs)}


def _agree(found, model, box):
    np.testing.assert_allclose(found, model.predict(box), rtol=1e-9, atol=1e-12)


def test_that_text_gives_the_numbers_of_the_model(model, box):
    right = model.export("text").partition(" = ")[2]
    scope = {f: getattr(np, f) for f in ("exp", "log", "sqrt", "cbrt", "abs", "sin", "cos")}
    _agree(eval(right, scope | box), model, box)


def test_that_latex_gives_the_numbers_of_the_model(model, box):
    right = model.export("latex").partition(" = ")[2]
    _agree(evaluate_latex(right, box), model, box)


def test_that_python_gives_the_numbers_of_the_model(model, box):
    scope = {}
    exec(model.export("python"), scope)
    function = next(v for k, v in scope.items() if callable(v) and k != "np")
    _agree(function(*(box[n] for n in model.inputs)), model, box)


def test_that_sympy_gives_the_numbers_of_the_model(model, box):
    found = sympy.sympify(model.export("sympy"))
    symbols = [sympy.Symbol(name, real=True) for name in model.inputs]
    function = sympy.lambdify(symbols, found, "numpy")
    _agree(function(*(box[n] for n in model.inputs)), model, box)


def test_that_matlab_gives_the_numbers_of_the_model(model, box):
    # The file is one assignment in operators that Python has too, once the dots are away.
    source = model.export("matlab")
    head, body = re.match(r"function y = \w+\((.*?)\)\n.*?y = (.*);\nend\n$", source, re.S).groups()
    body = body.replace(".^", "**").replace(".*", "*").replace("./", "/")
    scope = {f: getattr(np, f) for f in ("exp", "log", "sqrt", "abs", "sin", "cos")}
    scope["nthroot"] = lambda x, n: np.sign(x) * np.abs(x) ** (1 / n)
    scope |= dict(zip(head.split(", "), (box[n] for n in model.inputs), strict=True))
    _agree(eval(body, scope), model, box)


def test_that_a_spreadsheet_gives_the_numbers_of_the_model(model, box):
    formulas = pytest.importorskip("formulas", reason="the spreadsheet engine is not installed")
    cells = {n: f"{letter}2" for n, letter in zip(model.inputs, "ABC", strict=True)}
    for formula in (model.export("excel"), fifteen_digits(model.export("excel"))):
        compiled = formulas.Parser().ast(formula)[1].compile()
        columns = {cell: box[n] for n, cell in cells.items()}
        found = compiled(*(columns[name] for name in compiled.inputs))
        _agree(np.asarray(found, float), model, box)


def fifteen_digits(formula):
    """Return a formula as Excel keeps it: numbers are cut to 15 digits on entry."""
    pattern = r"(?<![A-Z\d.])\d+\.?\d*(?:E[+-]?\d+)?(?![\d.])"
    return re.sub(pattern, lambda number: f"{float(number[0]):.15G}", formula)


def test_that_excel_takes_the_formula(model):
    # Excel's own limits: 8,192 characters, 64 levels of brackets.
    formula = model.export("excel")
    depth = np.cumsum([(c == "(") - (c == ")") for c in formula])
    assert len(formula) <= 8192 and depth.max() <= 64 and depth[-1] == 0


def test_that_json_gives_the_model_with_units_domain_and_error(models, box, model):
    data = json.loads(json.dumps(model.to_dict(), allow_nan=False))
    _agree(model_from_dict(data).predict(box), model, box)
    assert data["units"]["pressure_MPa"] == "MPa"
    assert set(data["domain"]) == set(model.inputs)
    if model is not models["every operator"]:
        assert data["metrics"]["train"]["rmse"] > 0
