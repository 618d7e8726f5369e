import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from engine.errors import Cancelled, InputError
from engine.experiment.calibration import PUBLISHED_CALIBRATION
from engine.experiment.laws import make_law
from engine.experiment.rolls import Rolls
from engine.experiment.table import CalenderingTable
from engine.maps import pareto
from engine.maps.curves import paper_figure
from engine.maps.decide import Recommendation, recommend
from engine.maps.digits import with_uncertainty
from engine.maps.interdependence import from_models
from engine.maps.law_doubt import LawDoubt
from engine.maps.methods import methods_paragraph
from engine.maps.pareto import non_dominated
from engine.maps.profiler import profile
from engine.maps.quantities import QUANTITIES, least_possible
from engine.maps.responses import LawError, Responses
from engine.maps.sources import Sources, read_sources
from engine.maps.targets import Desirability, Target
from engine.maps.trade_off import candidates, judge, survey, trade_off
from engine.maps.uncertainty import Draws, Propagation, Scatter, Sensitivity
from engine.progress import Progress
from engine.properties.catalogue import CATALOGUE
from engine.structure.condition import Condition, Recipe
from tests.experiment.tables import design_table
from tests.maps import naive
from tests.maps.examples import Quadratic, graded, published_points, published_responses
from tests.maps.studies import make_study

SIGMA = "effective_conductivity_ionic_S_per_m"
TAU = "tortuosity_electrolyte"
CBD = "current_collector_coverage_cbd_percent"
ENERGY = "energy_density_Wh_per_L"
TARGETS = (
    Target(SIGMA, "up"),
    Target(ENERGY, "up"),
    Target(TAU, most=4.0),
    Target(CBD, least=15.0),
)
COARSE = {"gap_um": 12, "am_percent": 5, "initial_porosity_percent": 6}


@pytest.fixture(scope="module")
def responses():
    return published_responses()


@pytest.fixture(scope="module")
def found(responses):
    return trade_off(responses, TARGETS, steps=COARSE)


@pytest.fixture(scope="module")
def recommendation(responses, found):
    return recommend(responses, TARGETS, found, draws=64)


numbers = st.one_of(
    st.integers(-3, 3).map(float), st.sampled_from([np.inf, -np.inf, np.nan]), st.floats(-2, 2)
)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda m: st.tuples(
            hnp.arrays(float, st.tuples(st.integers(0, 30), st.just(m)), elements=numbers),
            st.lists(st.booleans(), min_size=m, max_size=m),
        )
    )
)
def test_that_the_non_dominated_set_is_the_one_of_brute_force(case):
    values, upward = case
    found = non_dominated(values, ["up" if up else "down" for up in upward])
    assert np.flatnonzero(found).tolist() == naive.non_dominated(values, upward)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 400), st.integers(2, 5), st.sampled_from([3, 8, 99]))
def test_that_many_members_are_those_of_brute_force(seed, rows, columns, levels):
    """More of them than are compared one by one, equal rows among them."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, levels, (rows, columns)).astype(float)
    values[:, -1] = -values[:, :-1].sum(axis=1) - rng.integers(0, 2, rows)
    found = pareto.non_dominated(values, ["up"] * columns)
    assert np.flatnonzero(found).tolist() == naive.non_dominated(values, [True] * columns)


def test_that_sets_of_bits_find_the_same_members_as_comparing_one_by_one(monkeypatch):
    values = np.abs(np.random.default_rng(5).normal(size=(1500, 4)))
    values = (values / np.linalg.norm(values, axis=1, keepdims=True)).round(2)  # of a ball
    found = pareto.non_dominated(values, ["up"] * 4)
    monkeypatch.setattr(pareto, "FEW", len(values))
    plain = pareto.non_dominated(values, ["up"] * 4)
    assert 256 < found.sum() < len(values) and np.array_equal(found, plain)


def test_that_the_front_of_a_fine_grid_is_the_one_of_brute_force(found):
    values = found.values.loc[found.feasible, [SIGMA, ENERGY]].to_numpy()
    expected = np.flatnonzero(found.feasible)[naive.non_dominated(values, [True, True])]
    assert np.flatnonzero(found.front).tolist() == expected.tolist()
    assert 3 < found.front.sum() < found.feasible.sum()


def test_that_objectives_without_a_direction_each_are_refused():
    with pytest.raises(InputError, match="one direction"):
        non_dominated(np.zeros((3, 2)), ["up"])
    with pytest.raises(InputError, match="'sideways'"):
        non_dominated(np.zeros((3, 1)), ["sideways"])


def test_that_feasible_settings_keep_every_limit_and_the_others_break_one(found):
    kept = (found.values[TAU] <= 4) & (found.values[CBD] >= 15)
    assert (found.feasible == kept.to_numpy()).all()
    assert 0 < found.feasible.sum() < len(kept)
    assert (found.desirability[~found.feasible] == 0).all()


def test_that_a_moved_limit_needs_no_model(responses, found):
    everything = survey(responses, steps=COARSE)
    moved = (*TARGETS[:2], Target(TAU, most=3.0))
    again = judge(everything, moved)
    fresh = trade_off(responses, moved, steps=COARSE)
    assert (again.feasible == fresh.feasible).all() and (again.front == fresh.front).all()
    assert np.allclose(again.desirability, fresh.desirability)
    assert again.feasible.sum() != found.feasible.sum()
    with pytest.raises(InputError, match="was not computed"):
        judge(everything, [Target("mean_pore_um", "up")])


def test_that_settings_outside_the_domains_can_be_refused(responses):
    # At 100 µm nothing lies inside the domain of the published law.
    strict = trade_off(responses, TARGETS, steps=COARSE, inside_only=True)
    assert not strict.feasible.any() and "extrapolate" in strict.notes[0]


def test_that_a_moved_slider_asks_the_models_for_few_points(responses, monkeypatch):
    """What keeps an answer within 50 ms; `benchmarks/maps.py` takes the time."""
    everything = survey(responses)
    assert len(everything.settings) > 5_000
    asked = []
    plain = Quadratic.predict
    monkeypatch.setattr(
        Quadratic, "predict", lambda model, frame: asked.append(len(frame)) or plain(model, frame)
    )
    for answer, most in (
        (lambda: paper_figure(responses, "7"), 4_000),
        (lambda: profile(responses), 2_000),
        (lambda: from_models(responses), 20_000),
        (lambda: judge(everything, TARGETS), 0),
    ):
        asked.clear()
        answer()
        assert sum(asked) <= most and bool(asked) == (most > 0)


def test_that_the_trade_off_table_starts_with_the_most_desirable(found):
    table = found.table()
    assert len(table) == found.front.sum()
    assert table["desirability"].is_monotonic_decreasing
    assert table["desirability"][0] == found.desirability.max()
    assert {"gap_um", "pressure_MPa", "porosity_percent", SIGMA, ENERGY} <= {*table.columns}


@given(
    hnp.arrays(float, (8, 2), elements=st.floats(0, 1)),
    st.floats(0.1, 10),
    st.integers(0, 7),
)
def test_that_a_better_value_is_never_less_desirable(values, weight, row):
    targets = (Target("a", "up", weight=weight), Target("b", "down", most=0.9))
    frame = pd.DataFrame(values, columns=["a", "b"])
    wish = Desirability.over(targets, frame)
    before = wish(frame)
    assert ((before >= 0) & (before <= 1)).all()
    better = frame.copy()
    better.loc[row, "a"] += 0.1
    better.loc[row, "b"] -= 0.1
    assert wish(better)[row] >= before[row] - 1e-12


def test_that_desirability_is_the_weighted_geometric_mean():
    frame = pd.DataFrame({"a": [0.0, 5.0, 10.0], "b": [4.0, 2.0, 0.0], "c": [1.0, 1.0, 9.0]})
    wish = Desirability.over(
        (Target("a", "up", weight=3), Target("b", "down"), Target("c", most=5)), frame
    )
    # Scaled over the rows that keep the limit, the first two.
    assert wish.scales[:2] == ((0.0, 5.0), (4.0, 2.0))
    assert wish(pd.DataFrame({"a": [4.0], "b": [3.0], "c": [0.0]}))[0] == pytest.approx(
        0.8**0.75 * 0.5**0.25
    )
    assert wish(frame)[2] == 0


def test_that_impossible_targets_are_refused_in_words():
    with pytest.raises(InputError, match="exclude each other"):
        Target(TAU, least=5, most=4)
    with pytest.raises(InputError, match="direction or a limit"):
        Target(TAU)
    with pytest.raises(InputError, match="at least one target"):
        Desirability.over((), pd.DataFrame())


def test_that_the_hardest_limit_is_named_when_nothing_keeps_all(responses):
    none = trade_off(responses, [Target(SIGMA, "up"), Target(TAU, most=1.05)], steps=COARSE)
    assert not none.feasible.any()
    assert "τ_liq at most 1.05" in none.notes[0]
    with pytest.raises(InputError, match="loosen a limit"):
        recommend(responses, none.targets, none)


def test_that_the_grid_stands_on_what_a_lab_can_set(responses):
    grid = candidates(responses)
    assert (grid["gap_um"] == grid["gap_um"].round()).all()
    assert grid["gap_um"].min() == 1 and grid["gap_um"].max() == 91
    assert sorted(set(grid["am_percent"])) == [93, 93.5, 94, 94.5, 95, 95.5, 96]
    # Of a range as measurements give it, the multiples inside.
    odd = {"initial_porosity_percent": (41.27, 44.27), "initial_thickness_um": (81.3, 139.98)}
    lab = dataclasses.replace(responses, ranges={**responses.ranges, **odd})
    grid = candidates(lab, steps={"gap_um": 3})
    assert sorted(set(grid["initial_porosity_percent"])) == [41.5, 42, 42.5, 43, 43.5, 44]
    thick = np.unique(grid["initial_thickness_um"])
    assert (thick == thick.round()).all() and thick[0] == 82 and thick[-1] == 139
    assert len(thick) == 11


def test_that_a_range_of_hardly_a_step_is_divided_finer(responses):
    narrow = {"am_percent": (94.13, 94.62), "initial_porosity_percent": (44.27, 44.31)}
    lab = dataclasses.replace(responses, ranges={**responses.ranges, **narrow})
    grid = candidates(lab, steps={"gap_um": 3})
    assert np.allclose(np.unique(grid["am_percent"]), [94.2, 94.3, 94.4, 94.5, 94.6])
    assert np.allclose(
        np.unique(grid["initial_porosity_percent"]), [44.27, 44.28, 44.29, 44.3, 44.31]
    )


def test_that_the_grid_obeys_ranges_and_fixed_settings(responses):
    grid = candidates(
        responses,
        ranges={"gap_um": (20, 40)},
        fixed={"am_percent": 95, "initial_thickness_um": 100},
    )
    assert grid["gap_um"].between(20, 40).all()
    assert (grid["am_percent"] == 95).all() and (grid["initial_thickness_um"] == 100).all()
    with pytest.raises(InputError, match="90 to 95 %"):
        candidates(responses, ranges={"am_percent": (90, 95)})


def test_that_the_lab_variable_is_the_pressure_where_no_calibration_is_known(responses):
    assert responses.lab_variable == "gap_um"
    assert Responses(responses.models).lab_variable == "pressure_MPa"


def test_that_the_recommendation_keeps_the_limits_and_says_all_it_must(recommendation, found):
    row = recommendation.predicted
    assert row[TAU][0] <= 4 and row[CBD][0] >= 15
    assert recommendation.probability > 0.5
    assert recommendation.variable == "gap_um"
    assert recommendation.setting["pressure_MPa"] == pytest.approx(
        float(PUBLISHED_CALIBRATION.pressure(recommendation.setting["gap_um"]))
    )
    low, high = recommendation.best_range
    assert low <= recommendation.setting["gap_um"] <= high
    for name, (value, low, high) in row.items():
        assert low < value < high, name
    for words in (
        "roll gap to",
        "µm",
        "tortuosity, electrolyte",
        "All limits are kept",
        "% initial porosity",
    ):
        assert words in recommendation.sentence


def test_that_the_law_is_named_first_when_it_dominates(recommendation):
    assert recommendation.dominant == "law"
    assert recommendation.budget["law"] > 0.5
    assert sum(recommendation.budget.values()) == pytest.approx(1)
    # Beside each response stand its own shares; the budget is their mean.
    shares = recommendation.shares
    assert set(shares) == {target.output for target in TARGETS}
    for source, share in recommendation.budget.items():
        assert share == pytest.approx(np.mean([one[source] for one in shares.values()]))
    assert recommendation.sentence.startswith("Most of the uncertainty")
    assert "calendering law, which errs by 3.9 points" in recommendation.sentence


def test_that_a_perfect_law_leaves_the_lead_to_others(responses, found):
    sure = dataclasses.replace(responses, law_error=LawError(1e-6, 1e-6, 0.8))
    other = recommend(sure, TARGETS, found, draws=64)
    assert other.dominant != "law"
    assert "calendering law" not in other.sentence


def test_that_a_law_that_was_never_assessed_is_said(responses, found):
    unknown = dataclasses.replace(responses, law_error=None)
    notes = recommend(unknown, TARGETS, found, draws=32).notes
    assert any("never assessed" in note for note in notes)


def test_that_the_robust_choice_keeps_the_limits_more_often(responses, found, recommendation):
    nominal = recommend(responses, TARGETS, found, robust=False, draws=64)
    assert nominal.desirability <= recommendation.desirability
    assert nominal.probability < recommendation.probability


def test_that_the_robust_choice_is_the_one_of_brute_force(responses, found, recommendation):
    propagation = Propagation(responses, [target.output for target in TARGETS], Scatter())
    draws = propagation.draws(64)
    best, where = -1.0, None
    for row in np.flatnonzero(found.feasible):
        score = found.scale(propagation.evaluate(found.settings.iloc[[row]], draws)).mean()
        if score > best:
            best, where = score, row
    for name in ("gap_um", "am_percent", "initial_porosity_percent"):
        assert recommendation.setting[name] == found.settings[name][where]


def test_that_a_recommendation_survives_as_json(recommendation):
    text = json.dumps(recommendation.to_dict())
    assert Recommendation.from_dict(json.loads(text)) == recommendation


def test_that_recommending_can_be_cancelled(responses, found):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        recommend(responses, TARGETS, found, progress=progress)


def test_that_draws_without_any_source_give_the_prediction_itself(responses, found):
    propagation = Propagation(responses, [SIGMA, TAU], Scatter())
    rows = found.settings.iloc[[3, 40, 77]]
    drawn = propagation.evaluate(rows, propagation.draws(8, sources=()))
    expected = responses.evaluate(rows, [SIGMA, TAU], intervals=False).values
    assert np.allclose(drawn, np.repeat(expected.to_numpy(), 8, axis=0), rtol=1e-9)


def test_that_each_source_spreads_what_it_should(responses, found):
    row = found.settings[(found.settings["gap_um"] > 30) & (found.settings["gap_um"] < 50)]
    row = row.iloc[[5]]
    outputs = ["porosity_percent", TAU]
    propagation = Propagation(responses, outputs, Scatter(gap=2.0, initial_porosity=0.0))
    law = propagation.evaluate(row, propagation.draws(512, ("law",)))
    assert law["porosity_percent"].std() == pytest.approx(3.9, rel=0.1)
    # Less porosity is more tortuous, whatever made it so.
    assert stats.spearmanr(law["porosity_percent"], law[TAU]).statistic < -0.99
    models = propagation.evaluate(row, propagation.draws(512, ("models",)))
    assert models["porosity_percent"].std() < 1e-9
    low, high = responses.models[TAU].interval(row)
    assert models[TAU].std() == pytest.approx(0.5 * (high - low)[0] / 1.645, rel=0.05)
    process = propagation.evaluate(row, propagation.draws(512, ("process",)))
    gap = float(row["gap_um"].iloc[0])
    slope = responses.evaluate(
        pd.concat([row[["am_percent", "initial_porosity_percent"]]] * 2).assign(
            gap_um=[gap - 1, gap + 1]
        ),
        ["porosity_percent"],
    ).values["porosity_percent"]
    expected = abs(slope[1] - slope[0]) / 2 * 2.0
    assert process["porosity_percent"].std() == pytest.approx(expected, rel=0.05)


def test_that_composition_and_porosity_explain_the_models(responses):
    for model in responses.models.values():
        assert Sensitivity(responses, model).r2_ > 0.95


def test_that_the_carried_law_error_matches_structures_of_that_porosity(responses):
    # At equal AM, published structures that differ in porosity show what a shift must do.
    points = published_points()
    points = points[points["am_percent"] == 94]
    sensitivity = Sensitivity(responses, responses.models[TAU])
    porosity, tau = points["porosity_percent"].to_numpy(), points[TAU].to_numpy()
    am = np.full(len(points), 94.0)
    factor = sensitivity.factor(am, porosity, porosity - porosity[0])
    assert np.median(np.abs(factor * tau[0] / tau - 1)) < 0.05


def test_that_draws_are_the_same_every_time_and_standard_normal():
    first, second = (Draws.make(["a", "b"], 256) for _ in range(2))
    assert (first.law == second.law).all() and (first.models["b"] == second.models["b"]).all()
    assert abs(first.law.mean()) < 0.02 and first.law.std() == pytest.approx(1, abs=0.03)
    assert not Draws.make(["a"], 16, ("law",)).process.any()


def test_that_numbers_carry_the_digits_their_uncertainty_justifies():
    assert with_uncertainty(3.3141, 3.27, 3.35) == "3.31 (3.27 to 3.35)"
    assert with_uncertainty(1328.4, 1273.2, 1439.0) == "1328 (1273 to 1439)"
    assert with_uncertainty(0.032, 1.88e-5, 0.056) == "0.032 (below 0.001 to 0.056)"
    assert with_uncertainty(0.05, 0.0, 0.14, "S/m") == "0.05 S/m (0.00 to 0.14)"
    assert with_uncertainty(0.08412, np.nan, np.nan) == "0.0841"


def test_that_the_drawn_error_of_a_law_keeps_what_its_interval_claims():
    wide = LawError(sd=0.02, half_width=0.06, level=0.8)
    drawn = wide.spread * np.random.default_rng(0).standard_normal(200_000)
    assert (np.abs(drawn) <= wide.half_width).mean() == pytest.approx(wide.level, abs=0.005)
    assert LawError(sd=0.05, half_width=0.01, level=0.8).spread == 0.05


def test_that_what_is_not_to_be_moved_stays_where_it_is_and_no_better_place_is_named(responses):
    targets = [Target("effective_conductivity_ionic_S_per_m", "up")]
    best = recommend(responses, targets, fixed={"gap_um": 40.0, "am_percent": 94.25}, draws=16)
    assert best.setting["gap_um"] == pytest.approx(40.0)
    assert best.setting["am_percent"] == pytest.approx(94.25)
    assert best.best_range == (best.setting["gap_um"],) * 2
    assert not any("keeps the limits" in note for note in best.notes)  # there are none


def test_that_a_lab_that_sets_pressures_is_told_a_pressure_and_no_gap_of_another_machine(responses):
    lab = dataclasses.replace(responses, turns="pressure_MPa", gap_known=False)
    found = trade_off(lab, TARGETS, steps={**COARSE, "pressure_MPa": 12})
    one = recommend(lab, TARGETS, found, draws=32)
    assert one.variable == "pressure_MPa" and "gap_um" not in one.setting
    assert one.sentence.count("Set the calender pressure to") == 1
    assert f"{one.setting['pressure_MPa']:.0f} MPa for a coating" in one.sentence
    assert "gap" not in one.sentence
    low, high = one.best_range
    assert low <= one.setting["pressure_MPa"] <= high and high > low
    assert one.scatter.sentence(one.variable).startswith("pressure ± 5 % of it,")
    # One that sets a line load is told that beside it.
    loads = dataclasses.replace(lab, rolls=Rolls(3.0))
    told = recommend(loads, TARGETS, found, draws=32)
    assert f"MPa ({Rolls(3.0).in_words(told.setting['pressure_MPa'])}) for a" in told.sentence


def test_that_where_both_are_known_the_chosen_one_leads_and_scatters(responses):
    lab = dataclasses.replace(responses, turns="pressure_MPa")
    assert lab.has_gap and lab.lab_variable == "pressure_MPa"
    assert "pressure_MPa" in candidates(lab, steps=COARSE)
    chosen = lab.complete(pd.DataFrame({"pressure_MPa": [80.0], "am_percent": [95.0],
                                        "initial_porosity_percent": [45.0]}))  # fmt: skip
    outputs = ["porosity_percent"]
    for scatter, moved in ((Scatter(gap=0, pressure_share=0.1), True), (Scatter(10, 0.0), False)):
        scatter = dataclasses.replace(scatter, initial_porosity=0)
        one = Propagation(lab, outputs, scatter)
        spread = one.evaluate(chosen, one.draws(32, ("process",)))["porosity_percent"].std()
        assert (spread > 0.05) == moved
    assert dataclasses.replace(lab, turns="gap_um").lab_variable == "gap_um"


def test_that_drawn_errors_leave_no_way_shorter_than_straight_and_no_negative_share(responses):

    class Wide:
        def __init__(self, model):
            self.target, self.inputs, self.domain = model.target, model.inputs, model.domain
            self.predict = model.predict

        def interval(self, frame):
            value = self.predict(frame)
            return value - 50, value + 50

    wide = {name: Wide(model) for name, model in responses.models.items()}
    lab = dataclasses.replace(responses, models=wide)
    outputs = [TAU, SIGMA, CBD]
    one = Propagation(lab, outputs, Scatter())
    chosen = lab.complete(pd.DataFrame({"gap_um": [40.0], "am_percent": [95.0],
                                        "initial_porosity_percent": [45.0]}))  # fmt: skip
    drawn = one.evaluate(chosen, one.draws(64))
    assert drawn[TAU].min() == 1 and drawn[CBD].min() == 0 and drawn[TAU].max() > 10
    assert drawn[SIGMA].max() <= 0.48 * lab.constants.sigma_bulk  # no pores are added by pressing
    bounds = lab.evaluate(chosen, outputs)
    assert bounds.low[TAU].iloc[0] == 1 and bounds.low[CBD].iloc[0] == 0


def test_that_a_model_of_a_column_of_its_own_may_err_below_zero(responses):
    class Change:
        """A relative change, such as an imported table may hold."""

        target, inputs = "change_of_resistance_percent", ("pressure_MPa",)

        def predict(self, frame):
            return np.zeros(len(frame))

        def interval(self, frame):
            return self.predict(frame) - 5, self.predict(frame) + 5

    lab = dataclasses.replace(responses, models={**responses.models, Change.target: Change()})
    chosen = lab.complete(pd.DataFrame({"pressure_MPa": [80.0]}))
    assert lab.evaluate(chosen, [Change.target]).low[Change.target].iloc[0] == -5
    one = Propagation(lab, [Change.target], Scatter())
    drawn = one.evaluate(chosen, one.draws(64, ("models",)))[Change.target]
    assert drawn.min() < -3 and abs(drawn.mean()) < 0.3
    known = [name for name in CATALOGUE if name.startswith("tortuosity")]
    assert {least_possible(name) for name in known} == {1.0}
    assert {least_possible(name) for name in (*CATALOGUE, *QUANTITIES) if name not in known} == {0}


def test_that_pressures_scatter_both_ways_beyond_a_calibration_that_the_law_does_not_need():
    pressure = np.tile([50.0, 150.0, 250.0, 400.0], 3)
    before = np.repeat([0.42, 0.45, 0.48], 4)
    table = CalenderingTable(
        am=np.full(12, 0.95), initial_porosity=before, initial_thickness=np.full(12, 100.0),
        gap=np.full(12, np.nan), pressure=pressure, porosity=before - 0.3 * pressure / (200 + pressure),
        families=np.repeat(np.arange(3), 4), driver="pressure",
    )  # fmt: skip
    law = make_law("kawakita").fit(table)
    assert not law.uses_gap and law.calibration.pressure_max < 200  # the published one
    lab = Responses(models={}, law=law, turns="pressure_MPa", gap_known=False)
    chosen = lab.complete(pd.DataFrame({"pressure_MPa": [300.0], "am_percent": [95.0],
                                        "initial_porosity_percent": [45.0]}))  # fmt: skip
    one = Propagation(lab, ["porosity_percent"], Scatter(initial_porosity=0.0))
    drawn = one.evaluate(chosen, one.draws(64, ("process",)))["porosity_percent"]
    assert (drawn < chosen["porosity_percent"].iloc[0]).mean() == pytest.approx(0.5, abs=0.05)


class Crossing:
    """A tortuosity model that falls straight through 1 within its own domain."""

    target, inputs, method = TAU, ("pressure_MPa", "am_percent"), "baseline"

    def __init__(self, start=2.0, slope=-0.01, half_width=0.1):
        self.start, self.slope, self.half_width = start, slope, half_width
        self.domain = {"pressure_MPa": (10.0, 170.0), "am_percent": (93.0, 96.0)}

    def predict(self, frame):
        return self.start + self.slope * frame["pressure_MPa"].to_numpy(float)

    def interval(self, frame):
        value = self.predict(frame)
        return value - self.half_width, value + self.half_width


def test_that_settings_of_an_impossible_tortuosity_are_never_recommended(responses):
    lab = dataclasses.replace(responses, models={TAU: Crossing()}, ranges={}, turns="pressure_MPa")
    # The nearer tau comes to 0 the more would bulk / tau² promise.
    grid = pd.DataFrame({"pressure_MPa": np.linspace(10.0, 170.0, 17), "am_percent": 95.0})
    grid["initial_porosity_percent"], grid["initial_thickness_um"] = 45.0, 100.0
    found = judge(survey(lab, [SIGMA], grid), [Target(SIGMA, "up")])
    impossible = grid["pressure_MPa"].to_numpy() > 100
    assert impossible.any() and not found.feasible[impossible].any()
    assert found.feasible[~impossible].all()
    assert np.nanmax(found.values[SIGMA]) < lab.constants.sigma_bulk
    best = recommend(lab, found.targets, found, draws=32)
    value, low, high = best.predicted[SIGMA]
    assert best.setting["pressure_MPa"] <= 100 and low <= value <= high < lab.constants.sigma_bulk
    said = f"gives impossible values at {impossible.sum()} of 17 settings: these are left out."
    assert any(note.endswith(said) and "tortuosity" in note for note in best.notes)


def test_that_a_model_of_nothing_but_impossible_values_is_named(responses):
    lab = dataclasses.replace(responses, models={TAU: Crossing(start=0.5, slope=0.0)}, ranges={})
    with pytest.raises(InputError, match=r"tortuosity.*gives impossible values"):
        recommend(lab, [Target(SIGMA, "up")])


def test_that_drawn_values_stay_within_what_is_possible(responses):
    lab = dataclasses.replace(responses, models={TAU: Crossing()}, ranges={})
    frame = pd.DataFrame({"pressure_MPa": [50.0, 150.0, 170.0], "am_percent": 95.0,
                          "initial_porosity_percent": 45.0})  # fmt: skip
    result = lab.evaluate(frame, [TAU, SIGMA])
    assert list(result.possible[SIGMA]) == list(result.possible[TAU]) == [True, False, False]
    for part in (result.values, result.low, result.high):
        assert (part[TAU] >= 1).all() and (part[SIGMA] < lab.constants.sigma_bulk).all()
    told = [note for note in result.notes if "impossible values at 2 of 3" in note]
    assert len(told) == 1


def test_that_profiler_and_matrix_say_where_values_were_impossible(responses):
    lab = dataclasses.replace(responses, models={TAU: Crossing()}, ranges={})
    found = profile(lab, outputs=[SIGMA])
    trace = found.traces["pressure_MPa", SIGMA]
    assert (trace.x > 100).any() and not trace.inside[trace.x > 100].any()
    count = (trace.x > 100).sum()  # every other trace is taken at 90 MPa
    assert sum(f"impossible values at {count} of" in note for note in found.notes) == 1
    told = from_models(lab, [TAU, SIGMA]).notes
    assert len(told) == 1 and "tortuosity" in told[0] and "impossible values at" in told[0]
    sound = dataclasses.replace(responses, models={TAU: Crossing(slope=0.0)}, ranges={})
    assert not from_models(sound, [TAU, SIGMA]).notes
    assert not any("impossible" in note for note in profile(sound, outputs=[SIGMA]).notes)


class Unchecked(Crossing):
    """A model that was never cross-validated."""

    def interval(self, frame):
        return np.full(len(frame), np.nan), np.full(len(frame), np.nan)


def test_that_a_model_without_a_known_error_is_not_taken_for_exact(responses):
    changes = {"ranges": {}, "turns": "pressure_MPa"}
    for model, said in ((Unchecked(start=3.0), True), (Crossing(start=3.0), False)):
        lab = dataclasses.replace(responses, models={TAU: model}, **changes)
        notes = " ".join(Propagation(lab, [SIGMA], Scatter()).notes_)
        assert ("own error is not known for tortuosity" in notes) == said
        words = methods_paragraph(Sources(lab, pd.DataFrame(), None, None, None, 1))[0]
        assert ("not cross-validated" in words) == said
        assert ("come from cross-validation" in words) != said


def test_that_the_methods_count_the_structures_behind_transport():
    template = Condition(Recipe.published(0.94), 0.35, 90.0, protocol="published", box=(50.0, 50.0))
    dataset = pd.DataFrame({"repeats": [2, 2, 2, 3], "not_percolating": [0, 1, 2, np.nan]})
    for rows, blocked in ((dataset, True), (dataset.iloc[[0, 3]], False)):
        lab = Sources(Responses(models={}), rows, None, None, template, 2)
        words = methods_paragraph(lab)[0]
        assert f"{len(rows)} conditions were computed, each the mean of 2 or more" in words
        said = "in 2 of them structures had no path through a phase (3 structures)"
        assert (said in words) == blocked
        assert ("mean of the others, 1 or more; 1 of these has none left" in words) == blocked


def test_that_a_recommendation_at_the_edge_of_what_was_judged_says_so(responses):
    lab = dataclasses.replace(
        responses, models={TAU: Crossing(start=3.0)}, ranges={}, turns="pressure_MPa"
    )
    fixed = {"am_percent": 95.0}
    steps = {"pressure_MPa": 9, "initial_porosity_percent": 5}
    for target, edge in ((Target(TAU, "down"), True), (Target(TAU, least=2.2, most=2.6), False)):
        found = trade_off(lab, [target], fixed=fixed, steps=steps)
        best = recommend(lab, [target], found, robust=False, draws=16)
        said = "Calender pressure lies at the edge of the range that was asked for"
        assert (said in best.sentence) == edge


class TwoWorlds:
    """A law that is a straight line in AM, fitted to what it was given."""

    kind, driver = "line", "pressure"

    def refittable(self):
        return TwoWorlds()

    def fit(self, table):
        design = np.column_stack([table.am, np.ones(len(table))])
        self.line = np.linalg.lstsq(design, table.porosity)[0]
        return self

    def predict(self, am, before, start, *, pressure):
        return np.polyval(self.line, am)


def test_that_the_law_is_doubted_more_the_farther_from_the_measured_coatings():
    rng = np.random.default_rng(11)
    am = np.repeat([0.93, 0.935, 0.94, 0.945, 0.95], 3)
    table = CalenderingTable(
        am=am, initial_porosity=np.full(15, 0.45), initial_thickness=np.full(15, 100.0),
        gap=np.tile([5.0, 40.0, 80.0], 5), pressure=np.tile([150.0, 60.0, 16.0], 5),
        porosity=0.3 + 2 * (am - 0.94) + np.repeat(rng.normal(0, 0.01, 5), 3),
        families=np.repeat(np.arange(5), 3),
    )  # fmt: skip
    law = TwoWorlds().fit(table)
    doubt = LawDoubt.of(law, table)
    assert len(doubt.refits) == 5
    frame = pd.DataFrame({"am_percent": [94.0, 95.0, 97.0, 99.0, 200.0],
                          "initial_porosity_percent": 45.0, "initial_thickness_um": 100.0,
                          "pressure_MPa": 80.0})  # fmt: skip
    factor = doubt.factor(frame)
    assert factor[0] == 1 < 1.3 < factor[2] < factor[3]
    assert factor[-1] == pytest.approx(np.sqrt(13))  # bounded
    # The definition, by hand, at one place.
    said = np.array([np.polyval(one.line, 0.97) for one in doubt.refits])
    spread = np.sqrt(0.8 * ((said - said.mean()) ** 2).sum())
    assert factor[2] == pytest.approx(np.sqrt(0.5 * (1 + (spread / doubt.reference) ** 2)))
    assert LawDoubt.of(law, None) is None
    two = table.take(table.families < 2)
    assert LawDoubt.of(law, two) is None  # a line through one coating says nothing


def test_that_the_law_is_doubted_at_the_further_inputs_that_the_maps_hold():
    speed = "line speed (m/min)"

    def porosity(am, before, start, gap, pressure):
        return before - 0.001 * pressure + 0.01 * am

    table = design_table(porosity, extra=lambda am, gap: {speed: (1e4 * am + gap) % 11})
    rng = np.random.default_rng(3)
    off = np.repeat(rng.normal(0, 0.01, table.family_count), len(table) // table.family_count)
    table = dataclasses.replace(table, porosity=table.porosity + off)
    law = make_law("polynomial", terms=["eps_init", "P", speed]).fit(table)
    frame = pd.DataFrame({"am_percent": [95.0], "initial_porosity_percent": 45.0,
                          "initial_thickness_um": 100.0, "pressure_MPa": 60.0})  # fmt: skip
    usual, far = (LawDoubt.of(law, table, {speed: value}) for value in (5.0, 60.0))
    assert far.factor(frame)[0] > 1.3 * usual.factor(frame)[0]
    # By hand: what the refits say at this speed.
    said = np.array(
        [one.predict(0.95, 0.45, 100.0, pressure=60.0, extra={speed: 60.0}) for one in far.refits]
    )
    k = len(said)
    spread = np.sqrt((k - 1) / k * ((said - said.mean()) ** 2).sum())
    by_hand = np.sqrt(0.5 * (1 + min(max(spread / far.reference, 1), 5) ** 2))
    assert far.factor(frame)[0] == pytest.approx(by_hand)


def test_that_a_law_in_the_gap_is_not_asked_for_pressures_that_no_gap_gives(tmp_path):
    with make_study(tmp_path / "a.study") as study:
        table = study.table()
        assert read_sources(study).responses.law_doubt is not None
        measured = table.pressure.copy()
        measured[0] = 1.2 * PUBLISHED_CALIBRATION.pressure_max  # the sheet gives both
        study.set_table(dataclasses.replace(table, pressure=measured, driver="both"))
        assert read_sources(study).responses.law_doubt is None


def test_that_the_porosity_can_be_limited_and_a_recommendation_names_what_its_energy_counts():
    responses = published_responses()
    error = LawError(sd=0.01, half_width=0.013, level=0.8)
    responses = dataclasses.replace(responses, law_error=error)
    targets = [Target(ENERGY, "up"), Target("porosity_percent", least=34.0, most=38.0)]
    best = recommend(responses, targets, trade_off(responses, targets, steps=COARSE))
    value, low, high = best.predicted["porosity_percent"]
    assert 34 <= value <= 38 and low < value < high
    assert best.setting["porosity_percent"] == pytest.approx(value)
    assert 0 < best.probability < 1
    assert best.shares["porosity_percent"]["models"] < 1e-12
    assert "coating alone, without foils, separator and counter electrode" in best.sentence
    assert "163 mAh/g of AM and a mean voltage of 3.7 V" in best.sentence


def test_that_a_recommendation_names_a_model_that_predicts_only_roughly():
    for r2, words in ((0.97, ""), (0.63, "only roughly: R² 0.63"), (0.2, "is not reliable")):
        responses = graded(published_responses(), r2)
        sentence = recommend(responses, [Target(SIGMA, "up")], draws=8).sentence
        assert ("Check by fresh structures" in sentence) == bool(words)
        assert words in sentence
