"""How far a law may be trusted."""

import json

import numpy as np
import pytest

from engine.errors import InputError
from engine.experiment.diagnostics import LawAssessment, assess, find_confounded
from engine.experiment.laws import make_law, published_law
from tests.experiment import naive
from tests.experiment.tables import design_table, sample_table, table_of


@pytest.fixture(scope="module")
def polynomial():
    table = sample_table()
    return assess(make_law("polynomial").fit(table), table)


def test_that_the_sample_fits_well_and_predicts_a_new_coating_badly(polynomial):
    assert polynomial.r2 == pytest.approx(0.970, abs=5e-4)
    assert polynomial.rmse == pytest.approx(0.0068, abs=5e-5)
    assert polynomial.grouped_cv_r2 == pytest.approx(-0.004, abs=1e-3)
    assert polynomial.grouped_cv_rmse == pytest.approx(0.039, abs=1e-3)
    assert "no better than quoting the mean" in polynomial.warnings[0]
    assert "3.9 porosity points" in polynomial.meaning


def test_that_families_are_left_out_whole(polynomial):
    table = sample_table()
    expected = naive.leave_one_family_out(make_law("polynomial"), table)
    np.testing.assert_allclose(polynomial.grouped_predictions, expected, rtol=1e-9)


def test_that_confounded_inputs_are_named(polynomial):
    assert polynomial.confounded == ["AM", "eps_init", "t0"]
    assert any(
        text.startswith("AM, initial porosity and thickness move together in this sheet")
        for text in polynomial.warnings
    )


def test_that_inputs_of_a_well_spread_design_are_not_confounded():
    table = table_of(published_law(), families=12)
    assert find_confounded(table) == []
    assessment = assess(make_law("polynomial").fit(table), table)
    assert assessment.grouped_cv_r2 == pytest.approx(1.0, abs=1e-9)


def test_that_two_inputs_that_move_together_are_named_alone():
    table = design_table(lambda am, e0, t0, g, p: e0 - 0.0005 * p, families=12)
    together = table.__class__(
        table.am, 0.3 + 2 * (table.am - 0.88), table.initial_thickness, table.gap, table.pressure,
        table.porosity,
    )  # fmt: skip
    assert find_confounded(together) == ["AM", "eps_init"]


def test_that_the_interval_claims_no_more_than_the_families_support(polynomial):
    half, level = polynomial.interval()
    assert level == 0.8
    errors = np.abs(polynomial.porosity - polynomial.grouped_predictions)
    assert half == errors.max()
    assert polynomial.interval(0.99) == (half, 0.8)
    narrower, lower = polynomial.interval(0.5)
    assert lower == 0.5 and narrower < half
    with pytest.raises(InputError):
        polynomial.interval(0.0)


def test_that_the_interval_holds_its_level_on_new_families():
    # New coatings err by an offset of their own that no input explains.
    inside = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        offsets = dict(enumerate(random.normal(0, 0.02, 11)))

        def porosity(am, e0, t0, gap, p, offsets=offsets, random=random):
            families = np.repeat(np.arange(len(am) // 5), 5)
            own = np.array([offsets[f] for f in families])
            return 0.5 * e0 + 0.1 - 0.0004 * p + own + random.normal(0, 0.003, len(am))

        table = design_table(porosity, families=10, seed=seed)
        law = make_law("polynomial", terms=["1", "eps_init", "P"])
        seen = table.take(table.families < 9)
        half, level = assess(law.fit(seen), seen).interval(0.8)
        assert level == 0.8
        new = table.take(table.families == 9)
        inside.append(np.mean(np.abs(new.porosity - law.predict_table(new)) <= half))
    assert 0.70 <= np.mean(inside) <= 0.97


def test_that_no_error_is_claimed_where_no_family_can_be_left_out():
    table = sample_table().take(sample_table().families == 1)
    assessment = assess(make_law("exponential").fit(table), table)
    assert assessment.grouped_cv_rmse is None and assessment.grouped_cv_r2 is None
    assert assessment.interval() is None
    assert "cannot be judged" in assessment.warnings[0]
    json.dumps(assessment.to_dict(), allow_nan=False)


def test_that_the_published_law_is_judged_by_refitting_its_terms():
    table = sample_table()
    published = assess(published_law(), table)
    assert published.grouped_cv_rmse == pytest.approx(0.0395, abs=1e-4)
    assert published.r2 == pytest.approx(0.969, abs=5e-4)
    assert any("given, not fitted" in text for text in published.warnings)


def test_that_coefficients_carry_their_spread_over_families(polynomial):
    law = make_law("polynomial").fit(sample_table())
    for name, (low, high) in polynomial.coefficient_ranges.items():
        assert low <= high
        assert 0 < law.standard_errors_[name] < np.inf
    low, high = polynomial.coefficient_ranges["t0"]
    assert high - low > law.standard_errors_["t0"]


def test_that_standard_errors_are_those_of_repeated_experiments():
    truth = make_law("kawakita", depends_on=["eps_init"]).fit(sample_table())
    found, claimed = [], []
    for seed in range(40):
        noise = np.random.default_rng(seed)
        table = design_table(
            lambda am, e0, t0, g, p, noise=noise: (
                truth.predict(am, e0, t0, gap=g) + noise.normal(0, 0.004, len(am))
            ),
        )
        law = make_law("kawakita", depends_on=["eps_init"]).fit(table)
        found.append(list(law.coefficients_.values()))
        claimed.append(list(law.standard_errors_.values()))
    ratio = np.mean(claimed, axis=0) / np.std(found, axis=0)
    assert (ratio > 0.6).all() and (ratio < 1.7).all()


def test_that_a_law_that_turns_is_reported_and_one_that_cannot_is_not(polynomial):
    (said,) = [text for text in polynomial.warnings if "rise again at high pressure below" in text]
    assert "MPa at worst, at 35 %)" in said
    assert not any("given, not fitted" in text for text in polynomial.warnings)
    table = sample_table()
    for law in (make_law("kawakita"), make_law("polynomial", physical=True)):
        said = assess(law.fit(table), table).warnings
        assert not any("rise again" in text for text in said)


def test_that_an_assessment_survives_json(polynomial):
    data = json.loads(json.dumps(polynomial.to_dict(), allow_nan=False))
    again = LawAssessment.from_dict(data)
    assert again.to_dict() == polynomial.to_dict()
    assert again.interval() == polynomial.interval()
    with pytest.raises(InputError, match="damaged"):
        LawAssessment.from_dict({"kind": "polynomial"})


def test_that_a_measured_coating_has_a_narrower_interval_than_a_new_one(polynomial):
    half, level = polynomial.known_interval()
    assert level == 0.9 and half < 0.5 * polynomial.interval()[0]
    errors = np.abs(polynomial.porosity - polynomial.condition_predictions)
    assert np.mean(errors <= half) >= 0.9
    assert polynomial.known_interval(0.999)[1] == 14 / 15
    assert polynomial.condition_cv_rmse == pytest.approx(np.sqrt(np.mean(errors**2)))


def test_that_a_table_of_thousands_of_conditions_is_judged_in_a_few_folds():
    table = design_table(
        lambda am, e0, t0, g, p: 0.6 * e0 + 0.0008 * g, families=600, gaps=(1, 20, 40, 60, 80)
    )
    fits = []

    class Counted(type(make_law("polynomial"))):
        def fit(self, table, progress=None):
            fits.append(len(table))
            return super().fit(table, progress)

    assessment = assess(Counted().fit(table), table)
    assert assessment.grouped_cv_r2 == pytest.approx(1.0)
    assert len(fits) <= 11


def test_that_the_error_on_a_new_coating_says_what_it_is():
    table = sample_table()
    assessment = assess(make_law("kawakita").fit(table), table)
    assert "porosity points (RMSE, each coating left out in turn)" in assessment.meaning
