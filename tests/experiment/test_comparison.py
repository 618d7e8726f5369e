"""Laws side by side, terms chosen, laws of other kinds, laws in print."""

import math
import re

import numpy as np
import pytest

from engine.errors import Cancelled, InputError
from engine.experiment.comparison import compare_laws
from engine.experiment.diagnostics import assess
from engine.experiment.laws import law_from_dict, make_law
from engine.experiment.laws.printing import extra_cells, print_law
from engine.experiment.laws.stepwise import candidate_terms, choose_terms
from engine.progress import Progress
from tests.experiment.tables import design_table, sample_table, table_of

POINTS = [(0.94, 0.48, 140.0, 30.0), (0.955, 0.43, 175.0, 2.0), (0.96, 0.42, 180.0, 99.0)]


@pytest.fixture(scope="module")
def comparison():
    return compare_laws(sample_table())


def test_that_a_law_that_predicts_new_coatings_is_recommended_over_one_that_fits(comparison):
    by_name = {entry.name: entry for entry in comparison.entries}
    published = by_name["Polynomial, published terms"]
    assert comparison.recommended.assessment.r2 < published.assessment.r2
    assert comparison.recommended.assessment.grouped_cv_rmse < published.assessment.grouped_cv_rmse
    assert comparison.recommended.falls and not published.falls
    assert comparison.recommended.name in comparison.reason
    assert comparison.for_known_coatings.assessment.condition_cv_rmse < 0.012


def test_that_the_comparison_is_sorted_by_the_error_on_new_coatings(comparison):
    errors = [entry.assessment.grouped_cv_rmse for entry in comparison.entries]
    assert errors == sorted(errors)
    assert len(comparison.to_dict()["laws"]) == len(errors)


def test_that_a_comparison_can_be_cancelled():
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        compare_laws(sample_table(), progress=progress)


def test_that_laws_that_a_table_cannot_carry_are_listed_with_the_reason():
    table = sample_table().take(sample_table().families == 1)
    result = compare_laws(table)
    refused = dict(result.refused)
    assert "6 coefficients and needs at least 7" in refused["Polynomial, published terms"]
    assert "cannot carry" in refused["Kawakita, by initial porosity"]
    assert "no law can be tried on a coating that it has not seen" in result.reason


def test_that_the_true_terms_are_chosen():
    random = np.random.default_rng(2)
    table = design_table(
        lambda am, e0, t0, g, p: (
            0.05 + 0.6 * e0 - 0.0006 * t0 * 0 + 0.0009 * g + random.normal(0, 5e-4, len(am))
        ),
        families=10,
    )
    choice = choose_terms(
        table, "bic", ["1", "AM", "eps_init", "t0", "gap", "gap²", "eps_init*gap"]
    )
    assert choice.terms == ("1", "eps_init", "gap")
    assert choice.value == min(value for _, value in choice.steps)


def test_that_choosing_terms_is_part_of_the_error_on_a_left_out_family():
    table = sample_table()
    chosen = make_law("polynomial", terms=None, select="bic").fit(table)
    fixed = make_law("polynomial", terms=chosen.chosen_terms).fit(table)
    np.testing.assert_allclose(chosen.predict_table(table), fixed.predict_table(table))
    # The same terms, but one error knows that they were chosen with the left-out family in view.
    assert assess(chosen, table).grouped_cv_rmse > 2 * assess(fixed, table).grouped_cv_rmse


def test_that_a_law_with_chosen_terms_survives_json():
    law = make_law("polynomial", terms=None, select="aicc").fit(sample_table())
    again = law_from_dict(law.to_dict())
    assert again.chosen_terms == law.chosen_terms
    assert again.to_dict() == law.to_dict()


def test_that_unknown_criteria_are_refused():
    with pytest.raises(InputError, match="'r2'"):
        choose_terms(sample_table(), "r2")
    with pytest.raises(InputError, match="'r2'"):
        make_law("polynomial", select="r2")


def test_that_candidates_are_written_in_the_pressure_where_gaps_are_unknown():
    table = sample_table()
    blind = table.__class__(
        table.am, table.initial_porosity, table.initial_thickness, np.full(14, np.nan),
        table.pressure + 200, table.porosity, driver="pressure",
    )  # fmt: skip
    assert "gap" not in " ".join(candidate_terms(blind))
    with pytest.raises(InputError, match="choose a law in the pressure"):
        make_law("polynomial").fit(blind)
    assert make_law("polynomial", terms=None, select="bic").fit(blind).is_fitted


def test_that_the_gaussian_process_follows_the_data_and_knows_where_there_are_none():
    truth = make_law("kawakita", depends_on=["eps_init"]).fit(sample_table())
    table = table_of(truth, families=12)
    law = make_law("gaussian_process").fit(table)
    np.testing.assert_allclose(law.predict_table(table), table.porosity, atol=0.01)
    near = law.standard_deviation(*[c[0] for c in (table.am, table.initial_porosity,
                                                   table.initial_thickness)],
                                  pressure=table.pressure[0])  # fmt: skip
    far = law.standard_deviation(0.70, 0.30, 900.0, pressure=table.pressure[0])
    assert near < 0.5 * far
    base = make_law("exponential", depends_on=()).fit(table)
    assert law.predict(0.30, 0.6, 2000.0, pressure=50.0) == pytest.approx(
        float(base.predict(0.30, 0.6, 2000.0, pressure=50.0)), abs=1e-6
    )


def test_that_the_likelihood_of_the_gaussian_process_has_the_gradient_it_says():
    from engine.experiment.laws.gaussian_process import _negative_likelihood, _squared_distances

    random = np.random.default_rng(0)
    apart = _squared_distances(random.normal(size=(9, 4)))
    rest, at = random.normal(0, 0.02, 9), np.log([0.02, 1.0, 2.0, 0.005])
    _, gradient = _negative_likelihood(at, apart, rest)
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-5
        up, down = (_negative_likelihood(at + s * step, apart, rest)[0] for s in (1, -1))
        assert gradient[k] == pytest.approx((up - down) / 2e-5, rel=1e-5)


def test_that_the_symbolic_law_finds_a_simple_truth():
    table = design_table(lambda am, e0, t0, g, p: 0.30 + 0.4 * e0 - 0.03 * np.log(p), families=8)
    law = make_law("sisso").fit(table)
    np.testing.assert_allclose(law.predict_table(table), table.porosity, atol=2e-3)
    assert "pressure_MPa" in law.equation_
    assert "log(pressure_MPa)" in law.coefficients_
    assert law.coefficients_["log(pressure_MPa)"] == pytest.approx(-3.0, rel=0.05)


PRINTED = [
    ("polynomial", {}),
    ("polynomial", {"physical": True}),
    ("polynomial", {"terms": ["1", "eps_init", "P", "ln(P)", "gap²"]}),
    ("kawakita", {}),
    ("exponential", {"depends_on": ["AM", "eps_init"], "physical": False}),
    ("heckel", {}),
]


@pytest.mark.parametrize(("kind", "params"), PRINTED)
def test_that_a_law_in_python_gives_what_the_law_gives(kind, params):
    law = make_law(kind, **params).fit(sample_table())
    space: dict = {}
    exec(print_law(law, "python"), space)
    for am, e0, t0, gap in POINTS:
        pressure = float(law.calibration.pressure(gap))
        drivers = [gap] * law.uses_gap + [pressure] * law.uses_pressure
        assert space["porosity"](am, e0, t0, *drivers) == pytest.approx(
            float(law.predict(am, e0, t0, gap=gap)), abs=1e-7
        )


@pytest.mark.parametrize(("kind", "params"), PRINTED)
def test_that_a_law_in_excel_gives_what_the_law_gives(kind, params):
    law = make_law(kind, **params).fit(sample_table())
    formula = print_law(law, "excel")
    assert formula.startswith("=")
    for am, e0, t0, gap in POINTS:
        pressure = float(law.calibration.pressure(gap))
        both = law.uses_gap and law.uses_pressure
        cells = {"A2": am, "B2": e0, "C2": t0, "D2": gap if law.uses_gap else pressure}
        if both:
            cells["E2"] = pressure
        text = re.sub(r"[A-E]2", lambda m, c=cells: repr(float(c[m[0]])), formula[1:])
        functions = {"EXP": math.exp, "LN": math.log, "MAX": max, "MIN": min}
        value = eval(text.replace("^", "**"), {"__builtins__": {}}, functions)
        assert value == pytest.approx(float(law.predict(am, e0, t0, gap=gap)), abs=1e-7)


def test_that_cells_of_the_excel_formula_can_be_chosen():
    law = make_law("polynomial").fit(sample_table())
    assert "$F$7" in print_law(law, "excel", {"gap": "$F$7"})


def test_that_latex_is_balanced_and_names_the_field_symbols():
    for kind, params in PRINTED:
        latex = print_law(make_law(kind, **params).fit(sample_table()), "latex")
        assert latex.startswith(r"\varepsilon_\mathrm{cal} = ")
        assert latex.count("{") == latex.count("}") and latex.count(r"\left") == latex.count(
            r"\right"
        )


def test_that_a_law_without_a_closed_form_is_not_printed():
    law = make_law("gaussian_process").fit(sample_table())
    with pytest.raises(InputError, match="no equation"):
        print_law(law)
    with pytest.raises(InputError, match="Form 'word'"):
        print_law(law, "word")


HOSTILE = 'Temp"""\nraise SystemExit("ran")\n"""\\'


def test_that_no_name_of_a_column_becomes_code(monkeypatch):
    law = make_law("polynomial").fit(sample_table())
    am, e0, t0, gap = POINTS[0]
    expected = float(law.predict(am, e0, t0, gap=gap))
    monkeypatch.setattr(type(law), "extra_inputs", (HOSTILE,))
    space: dict = {}
    exec(print_law(law, "python"), space)
    (line,) = [x for x in print_law(law, "python").splitlines() if "SystemExit" in x]
    assert line.lstrip().startswith("# extra_0: ")
    assert space["porosity"](am, e0, t0, gap, 60.0) == pytest.approx(expected, abs=1e-7)


def test_that_many_extra_inputs_have_cells_of_a_sheet(monkeypatch):
    law = make_law("polynomial").fit(sample_table())
    monkeypatch.setattr(type(law), "extra_inputs", [f"input {i}" for i in range(24)])
    cells = list(extra_cells(law).values())
    assert cells[0] == "F2" and cells[20] == "Z2" and cells[21:] == ["AA2", "AB2", "AC2"]


def test_that_pressures_beyond_the_gap_calibration_get_a_law_in_the_pressure():
    from engine.experiment.comparison import law_in_pressure
    from engine.experiment.table import CalenderingTable

    pressure = np.tile([100.0, 250.0, 400.0, 620.0], 3)
    before = np.repeat([0.5, 0.48, 0.45], 4)
    table = CalenderingTable(
        np.repeat([0.92, 0.94, 0.96], 4), before, np.repeat([62.0, 70.0, 81.0], 4), [np.nan] * 12,
        pressure, 0.25 + (before - 0.25) * np.exp(-pressure / 180), driver="pressure",
    )  # fmt: skip
    entry, why = law_in_pressure(table)
    assert entry.law.kind == "exponential" and entry.falls  # the law that the numbers were made of
    assert entry.assessment.rmse < 1e-4
    assert why.startswith(
        "Pressures of this sheet (100-620 MPa) reach beyond the gap calibration ("
    )
    one, why = law_in_pressure(table.take(np.arange(4)))
    assert one.falls and "errs least on conditions left out" in why


@pytest.mark.parametrize("kind", ["gaussian_process", "sisso"])
def test_that_a_law_that_is_searched_for_stops_in_the_midst_of_its_fit(kind, monkeypatch):
    progress = Progress()
    asked = 0
    plain = Progress.stop_if_cancelled

    def stop(self):
        nonlocal asked
        asked += 1
        if asked == 3:  # the work has begun
            progress.cancel()
        plain(self)

    monkeypatch.setattr(Progress, "stop_if_cancelled", stop)
    with pytest.raises(Cancelled):
        make_law(kind).fit(sample_table(), progress)
    assert asked == 3
