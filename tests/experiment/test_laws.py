"""Calendering laws: what they fit, what they promise, how they are stored."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.experiment.calibration import PUBLISHED_CALIBRATION, GapCalibration
from engine.experiment.laws import (
    LAW_KINDS,
    PUBLISHED_TERMS,
    PolynomialLaw,
    law_from_dict,
    load_law,
    make_law,
    published_law,
    save_law,
)
from engine.experiment.laws.terms import parse_term
from tests.experiment import naive
from tests.experiment.tables import design_table, noisy_tables, sample_table, table_of

COMPACTION = ("kawakita", "exponential", "heckel")


def r2(law, table):
    residuals = table.porosity - law.predict_table(table)
    return 1 - np.sum(residuals**2) / np.sum((table.porosity - table.porosity.mean()) ** 2)


def test_that_the_published_terms_refitted_give_the_published_coefficients():
    law = make_law("polynomial").fit(sample_table())
    published = published_law().coefficients_
    assert tuple(law.coefficients_) == PUBLISHED_TERMS
    for name, value in published.items():
        assert law.coefficients_[name] == pytest.approx(value, rel=0.03)
    assert r2(law, sample_table()) == pytest.approx(0.970, abs=5e-4)


def test_that_the_published_law_is_the_published_formula():
    am, e0, t0, gap = 0.95, 0.47, 150.0, 33.0
    by_hand = (
        0.843501332857 * am - 0.723464511643 * e0 - 0.001324143727 * t0
        - 0.003060811370 * gap + 5.836202e-6 * gap**2 + 0.007198782820 * e0 * gap
    )  # fmt: skip
    assert published_law().predict(am, e0, t0, gap=gap) == pytest.approx(by_hand, rel=1e-12)
    assert r2(published_law(), sample_table()) == pytest.approx(0.969, abs=5e-4)


def test_that_least_squares_agrees_with_the_normal_equations():
    table = sample_table()
    law = make_law("polynomial").fit(table)
    rows = zip(table.am, table.initial_porosity, table.initial_thickness, table.gap, strict=True)
    expected = naive.least_squares(
        [[am, e0, t0, g, g * g, e0 * g] for am, e0, t0, g in rows], table.porosity
    )
    np.testing.assert_allclose(list(law.coefficients_.values()), expected, rtol=1e-6)


# Measured on the 14 conditions when the forms were compared by hand.
@pytest.mark.parametrize(
    ("kind", "depends_on", "expected"),
    [
        ("kawakita", (), -0.05), ("kawakita", ("eps_init",), 0.79),
        ("kawakita", ("eps_init", "AM"), 0.83), ("exponential", (), 0.73), ("heckel", (), 0.59),
    ],
)  # fmt: skip
def test_that_the_compaction_laws_fit_the_sample_as_well_as_they_should(kind, depends_on, expected):
    law = make_law(kind, depends_on=depends_on).fit(sample_table())
    assert r2(law, sample_table()) == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("kind", COMPACTION)
def test_that_a_compaction_law_is_its_formula(kind):
    law = make_law(kind).fit(sample_table())
    c = law.coefficients_
    for am, e0, pressure in ((0.95, 0.45, 60.0), (0.94, 0.48, 3.0), (0.96, 0.42, 170.0)):
        assert law.predict(am, e0, 150.0, pressure=pressure) == pytest.approx(
            naive.compaction(kind, c, am, e0, pressure), rel=1e-12
        )


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.floats(-0.5, 0.5), min_size=6, max_size=6).filter(lambda c: max(map(abs, c)) > 0.01)
)
def test_that_a_polynomial_fitted_to_its_own_data_gives_its_coefficients_back(shifts):
    law = published_law()
    for name, shift in zip(law.coefficients_, shifts, strict=True):
        law.coefficients_[name] *= 1 + 0.1 * shift
    found = make_law("polynomial").fit(table_of(law))
    for name, value in law.coefficients_.items():
        assert found.coefficients_[name] == pytest.approx(value, rel=1e-6)


TRUE_LAWS = {
    "kawakita": {"a0": (0.0, 0.05), "a1": (0.3, 0.6), "a2": (0.0, 0.05), "b": (0.01, 0.5)},
    "exponential": {"m0": (0.0, 0.1), "m1": (0.2, 0.4), "m2": (0.0, 0.1), "gamma": (5.0, 100.0)},
    "heckel": {"A0": (0.5, 1.0), "A1": (-0.2, 0.2), "A2": (0.4, 0.6), "K": (1e-3, 5e-3)},
}


@pytest.mark.parametrize("kind", COMPACTION)
@settings(max_examples=8, deadline=None)
@given(shares=st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_that_a_compaction_law_fitted_to_its_own_data_gives_its_parameters_back(kind, shares):
    law = make_law(kind, physical=False).fit(sample_table())
    for (name, (low, high)), share in zip(TRUE_LAWS[kind].items(), shares, strict=True):
        law.coefficients_[name] = low + share * (high - low)
    found = make_law(kind, physical=False).fit(table_of(law))
    for name, value in law.coefficients_.items():
        assert found.coefficients_[name] == pytest.approx(value, rel=1e-4, abs=1e-5)


PHYSICAL = [
    ("polynomial", {"physical": True}),
    ("polynomial", {"terms": ["1", "AM", "eps_init", "P", "eps_init*ln(P)"], "physical": True}),
    *[(kind, {}) for kind in COMPACTION],
]


@pytest.mark.parametrize(("kind", "params"), PHYSICAL)
@settings(max_examples=12, deadline=None)
@given(table=noisy_tables(), point=st.tuples(*[st.floats(0, 1)] * 3))
def test_that_a_physical_law_falls_with_pressure_and_stays_below_the_start(
    kind, params, table, point
):
    law = make_law(kind, **params).fit(table)
    am = 0.90 + 0.07 * point[0]
    e0 = 0.35 + 0.30 * point[1]
    t0 = 60.0 + 120.0 * point[2]
    pressure = np.linspace(PUBLISHED_CALIBRATION.pressure_min, table.pressure.max(), 200)
    curve = law.predict(am, e0, t0, pressure=pressure)
    assert (np.diff(curve) <= 1e-9).all()
    assert (curve <= e0 + 1e-12).all() and (curve >= 0).all()


def test_that_the_constrained_polynomial_is_the_free_one_where_that_is_physical():
    def porosity(am, e0, t0, gap, p):
        return 0.5 * e0 + 5e-4 * gap + 1e-6 * gap**2 + 1e-3 * e0 * gap

    table = design_table(porosity)
    free = make_law("polynomial").fit(table)
    constrained = make_law("polynomial", physical=True).fit(table)
    for name, value in free.coefficients_.items():
        assert constrained.coefficients_[name] == pytest.approx(value, rel=1e-6, abs=1e-9)


def test_that_constrained_least_squares_agrees_with_a_general_optimiser():
    from scipy.optimize import minimize

    from engine.experiment.laws.least_squares import constrained_least_squares

    random = np.random.default_rng(5)
    matrix, target = random.normal(size=(30, 4)), random.normal(size=30)
    constraints, bounds = random.normal(size=(12, 4)), random.normal(size=12) - 1.0
    found = constrained_least_squares(matrix, target, constraints, bounds)
    expected = minimize(
        lambda x: np.sum((matrix @ x - target) ** 2),
        np.zeros(4),
        constraints={"type": "ineq", "fun": lambda x: constraints @ x - bounds},
        tol=1e-14,
    )
    assert (constraints @ found >= bounds - 1e-9).all()
    assert not (constraints @ np.linalg.lstsq(matrix, target)[0] >= bounds).all()
    np.testing.assert_allclose(found, expected.x, atol=1e-5)


def test_that_contradictory_constraints_are_refused():
    from engine.experiment.laws.least_squares import constrained_least_squares

    with pytest.raises(InputError):
        constrained_least_squares(
            np.eye(1), np.zeros(1), np.array([[1.0], [-1.0]]), np.array([1.0, 1.0])
        )


def test_that_the_published_law_turns_where_it_was_found_to_turn():
    turns = published_law().turning_pressures(0.95, [0.40, 0.41, 0.42, 0.43], 100.0)
    np.testing.assert_allclose(turns[:3], [117, 139, 164], atol=1.5)
    assert math.isinf(turns[3])


def test_that_the_warnings_name_every_way_out_of_the_measured_region():
    law = published_law()
    inside = law.warnings(0.94, 0.487, 138.0, gap=44.0)
    assert inside == []
    said = " ".join(law.warnings(0.93, 0.40, 100.0, pressure=150.0))
    for words in (
        "AM 93 %", "94-96 %", "Initial porosity 40 %", "Initial thickness 100 µm",
        "rise above 117 MPa", "is above it",
    ):  # fmt: skip
        assert words in said


def test_that_a_porosity_above_the_initial_one_is_said():
    assert any(
        "above the initial 38 %" in text
        for text in published_law().warnings(0.96, 0.38, 100.0, gap=100.0)
    )


def test_that_a_coating_measured_only_in_parts_is_said():
    # Each value lies within its range, but no measured coating is thin with a low porosity.
    said = published_law().warnings(0.955, 0.43, 140.0, gap=44.0)
    assert any("not together" in text for text in said)


@pytest.mark.parametrize("kind", LAW_KINDS)
def test_that_a_law_survives_its_file(tmp_path, kind):
    law = make_law(kind).fit(sample_table())
    path = tmp_path / "law.json"
    save_law(law, path)
    again = load_law(path)
    assert again.to_dict() == law.to_dict()
    points = (0.95, np.array([0.42, 0.5]), 120.0)
    np.testing.assert_array_equal(
        again.predict(*points, pressure=80.0), law.predict(*points, pressure=80.0)
    )
    assert again.warnings(*points, pressure=80.0) == law.warnings(*points, pressure=80.0)


def test_that_the_word_published_loads_the_published_law():
    assert load_law("published").kind == "published"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "not a calendering law"),
        ({"version": 99}, "version 99"),
        ({"kind": "magic"}, "'magic' is not known"),
        ({"coefficients": {"AM": "x"}}, "damaged"),
        ({"coefficients": {"AM": float("nan")}}, "not a finite number"),
        ({"domain": {}}, "domain"),
        ({"params": {"colour": 1}}, "damaged"),
        ({"calibration": {"decay": -1}}, "Calibration"),
    ],
)
def test_that_a_damaged_law_is_refused(tmp_path, change, words):
    data = make_law("polynomial").fit(sample_table()).to_dict() | change
    path = tmp_path / "law.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InputError, match=words):
        load_law(path)


@pytest.mark.parametrize("content", [b"\x89PNG", b"[1, 2]", b"", b"[" * 100_000])
def test_that_a_file_that_is_no_law_is_refused(tmp_path, content):
    path = tmp_path / "law.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="law"):
        load_law(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_law(tmp_path / "none.json")


def test_that_a_stored_published_law_keeps_the_calibration_of_the_users_machine():
    own = GapCalibration(200.0, 40.0, -5.0, 0.0, 110.0)
    table = dataclasses.replace(sample_table(), calibration=own)
    law = published_law().fit(table)
    assert law.calibration == own and law.coefficients_ == published_law().coefficients_
    back = law_from_dict(law.to_dict())
    assert back.calibration == own
    assert back.domain_.pressure_range == pytest.approx(
        (float(own.pressure(100.0)), float(own.pressure(1.0)))
    )
    point = (0.95, 0.45, 150.0)
    at_60 = float(back.predict(*point, pressure=60.0))
    assert at_60 == pytest.approx(float(back.predict(*point, gap=own.gap(60.0))), abs=1e-12)
    assert published_law().calibration == PUBLISHED_CALIBRATION  # nobody else's changed


def test_that_an_unfitted_law_neither_predicts_nor_saves(tmp_path):
    with pytest.raises(InputError, match="not fitted"):
        make_law("kawakita").predict(0.95, 0.45, 100, pressure=50)
    with pytest.raises(InputError, match="not fitted"):
        save_law(make_law("kawakita"), tmp_path / "law.json")


def test_that_exactly_one_of_gap_and_pressure_must_be_given():
    law = published_law()
    for given_values in ({}, {"gap": 10, "pressure": 50}):
        with pytest.raises(InputError, match="either the roll gap"):
            law.predict(0.95, 0.45, 100, **given_values)


@pytest.mark.parametrize(
    "point",
    [(94, 0.45, 100), (0.94, 45, 100), (0.94, 0.45, 0), (0.94, 1.0, 100), (math.nan, 0.4, 9)],
)
def test_that_impossible_inputs_are_refused(point):
    with pytest.raises(InputError):
        published_law().predict(*point, gap=10)


def test_that_a_law_in_the_pressure_answers_beyond_the_gap_calibration():
    law = make_law("kawakita").fit(sample_table())
    assert 0 < law.predict(0.95, 0.45, 150, pressure=400.0) < 0.45
    with pytest.raises(InputError, match="calibration"):
        published_law().predict(0.95, 0.45, 150, pressure=400.0)


def test_that_arguments_broadcast():
    law = make_law("kawakita").fit(sample_table())
    grid = law.predict(
        np.array([0.94, 0.95])[:, None], 0.45, 150.0, pressure=np.array([1.0, 50.0, 100.0])
    )
    assert grid.shape == (2, 3)
    assert grid[1, 2] == law.predict(0.95, 0.45, 150.0, pressure=100.0)


def test_that_one_coating_carries_no_dependence_on_the_coating():
    table = design_table(lambda am, e0, t0, g, p: e0 * np.exp(-p / 400), families=1,
                         gaps=(1, 10, 20, 30, 50, 70, 90))  # fmt: skip
    law = make_law("exponential").fit(table)
    assert set(law.coefficients_) == {"m0", "gamma"}
    assert "eps_init, AM do not stand in the fitted law: 1 coating family" in law.notes_[0]
    with pytest.raises(InputError, match="cannot be told apart"):
        make_law("polynomial").fit(table)


def test_that_an_extra_column_can_be_an_input():
    def porosity(am, e0, t0, gap, p):
        return e0 - 0.001 * p + 0.002 * (am * 1000 % 7)

    table = design_table(porosity, extra=lambda am, gap: {"roll temperature (°C)": am * 1000 % 7})
    law = make_law("polynomial", terms=["eps_init", "P", "roll temperature (°C)"]).fit(table)
    assert law.coefficients_["roll temperature (°C)"] == pytest.approx(0.002)
    here = law.predict(0.95, 0.45, 100, pressure=50, extra={"roll temperature (°C)": 3.0})
    assert here == pytest.approx(0.45 - 0.05 + 0.006)
    said = law.warnings(0.95, 0.45, 100, pressure=50)
    assert any("measured mean" in text for text in said)
    with pytest.raises(InputError, match="not a complete number column"):
        law.refittable().fit(sample_table())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("gap^2", "gap²"), ("gap**2", "gap²"), ("gap*gap", "gap²"), (" eps_init * gap", "eps_init*gap"),
        ("am", "AM"), ("log(P)", "ln(P)"), ("1", "1"), ("t0^4", "t0^4"),
    ],
)  # fmt: skip
def test_that_terms_are_read_in_any_spelling(text, name):
    assert parse_term(text).name == name


@pytest.mark.parametrize("text", ["gap^0", "gap^9", "sin(gap)", "__import__('os')", "", "gap+1"])
def test_that_anything_else_is_no_term(text):
    with pytest.raises(InputError, match="Term"):
        parse_term(text)


@pytest.mark.parametrize("terms", [[], "AM", ["AM", "am"]])
def test_that_a_polynomial_needs_a_list_of_different_terms(terms):
    with pytest.raises(InputError):
        PolynomialLaw(terms)


def test_that_the_slopes_of_terms_are_their_derivatives():
    step = 1e-4
    terms = ("eps_init*gap", "gap²", "P", "AM*ln(P)", "t0", "P²", "gap^3*P")
    for term in map(parse_term, terms):
        values = []
        for pressure in (50.0 - step, 50.0 + step, 50.0):
            p = np.array([pressure])
            values.append(
                {"AM": np.array([0.95]), "eps_init": np.array([0.45]), "t0": np.array([120.0]),
                 "P": p, "gap": PUBLISHED_CALIBRATION.gap(p)}
            )  # fmt: skip
        rates = {
            "P": np.ones(1), "ln(P)": 1 / values[2]["P"],
            "gap": -PUBLISHED_CALIBRATION.decay / (values[2]["P"] - PUBLISHED_CALIBRATION.offset),
        }  # fmt: skip
        difference = (term.values(values[1]) - term.values(values[0])) / (2 * step)
        np.testing.assert_allclose(term.slope(values[2], rates), difference, rtol=1e-5, atol=1e-9)


def test_that_unknown_laws_and_parameters_are_refused():
    with pytest.raises(InputError, match="choose one of polynomial"):
        make_law("magic")
    with pytest.raises(InputError, match="does not take"):
        make_law("kawakita", colour="red")


@pytest.mark.parametrize(
    ("term", "unit"),
    [
        ("1", ""),
        ("AM", ""),
        ("ln(P)*eps_init", ""),
        ("t0", "1/µm"),
        ("gap^2", "1/µm²"),
        ("gap*t0", "1/µm²"),
        ("eps_init*P*gap", "1/(MPa·µm)"),
        ("speed", "1/(unit of speed)"),
    ],
)
def test_that_the_unit_of_a_coefficient_makes_its_term_a_fraction(term, unit):
    assert parse_term(term, ["speed"]).coefficient_unit == unit


def test_that_a_stored_law_names_the_units_of_its_coefficients():
    units = make_law("kawakita", depends_on=["t0"]).fit(sample_table()).to_dict()
    assert units["coefficient_units"] == {"a1": "1/µm", "b": "1/MPa"}
    assert published_law().to_dict()["coefficient_units"]["gap²"] == "1/µm²"
