import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from engine.campaign.design import Design
from engine.errors import InputError
from engine.maps import interdependence
from engine.maps.interdependence import TURNING_SHARE, from_data, from_models, sobol_indices
from engine.maps.matrix_drawing import draw_interdependence
from engine.maps.quantities import (
    ACTIVE_SURFACE,
    COVERAGE_AM,
    PAPER_INPUTS,
    SIGMA_EFF,
    TAU_LIQUID,
    TAU_SOLID,
)
from engine.properties.characterize import characterize
from engine.structure.generate import generate
from tests.maps import naive
from tests.maps.examples import graded, published_points, published_responses

TAU_F = "tortuosity_factor_electrolyte"
# Rows: outputs; columns: pressure, AM, initial porosity. Signs of the paper's Figure 10,
# DOI 10.1016/j.jpowsour.2020.229103; None where the paper sees hardly any effect.
FIGURE_10 = {
    "porosity_percent": (-1, 1, -1),
    "tortuosity_electrolyte": (1, -1, 1),
    "tortuosity_solid": (-1, 1, -1),
    "effective_conductivity_ionic_S_per_m": (-1, 1, -1),
    "current_collector_coverage_am_percent": (1, 1, 1),
    "current_collector_coverage_cbd_percent": (1, -1, None),
    "active_surface_published_percent": (-1, 1, -1),
}
WANTED = {
    "tortuosity_electrolyte": "down",
    "tortuosity_solid": "down",
    "effective_conductivity_ionic_S_per_m": "up",
    "current_collector_coverage_am_percent": "up",
    "current_collector_coverage_cbd_percent": "up",
    "active_surface_published_percent": "up",
    "porosity_percent": "",
}
PEARSON = {
    "tortuosity_electrolyte": (0.594, -0.415, 0.460),
    "tortuosity_factor_electrolyte": (0.545, -0.373, 0.436),
    "tortuosity_factor_solid": (-0.707, 0.179, -0.463),
    "current_collector_coverage_am_percent": (0.497, 0.593, 0.305),
    "current_collector_coverage_cbd_percent": (0.259, -0.919, 0.192),
    "active_surface_published_percent": (-0.677, 0.346, -0.453),
}


def assert_figure_10(matrix):
    assert tuple(one.column for one in matrix.inputs) == PAPER_INPUTS
    for i, output in enumerate(matrix.outputs):
        for j, sign in enumerate(FIGURE_10[output.column]):
            if sign is None:
                assert abs(matrix.strength[i, j]) < 0.5
            else:
                assert matrix.signs[i, j] == sign, (output.column, matrix.inputs[j].column)
        assert output.direction == WANTED[output.column]
    assert not matrix.turning.any()


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_that_the_published_points_show_the_signs_of_figure_10(method):
    assert_figure_10(from_data(published_points(), list(FIGURE_10), method=method))


def test_that_models_of_the_published_points_show_the_signs_of_figure_10():
    assert_figure_10(from_models(published_responses(), list(FIGURE_10)))


def test_that_the_published_correlations_are_reproduced():
    matrix = from_data(published_points(), list(PEARSON))
    assert matrix.rows == 440
    assert np.allclose(matrix.strength, list(PEARSON.values()), atol=6e-4)


def test_that_pearson_and_spearman_agree_with_scipy():
    points = published_points()
    for method, reference in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        matrix = from_data(points, [TAU_F], method=method)
        for j, name in enumerate(PAPER_INPUTS):
            assert matrix.strength[0, j] == pytest.approx(
                reference(points[name], points[TAU_F]).statistic, abs=1e-12
            )


def test_that_partial_rank_correlation_sees_an_input_hidden_behind_a_stronger_one():
    rng = np.random.default_rng(1)
    strong = rng.uniform(size=400)
    hidden = strong + 0.3 * rng.uniform(size=400)
    frame = pd.DataFrame({"strong": strong, "hidden": hidden, "y": 3 * strong - hidden})
    plain = from_data(frame, ["y"], ["strong", "hidden"], "spearman")
    partial = from_data(frame, ["y"], ["strong", "hidden"], "partial_rank")
    assert plain.signs[0, 1] == 1  # it only rides on the strong one
    assert partial.signs[0, 1] == -1


def test_that_the_indices_of_the_ishigami_function_are_the_known_ones():
    # a = 7, b = 0.1: first order .3139 .4424 0, total .5576 .4424 .2437
    # (Saltelli et al. 2000; Ishigami and Homma, DOI 10.1109/ISUMA.1990.151285).
    def ishigami(x):
        value = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2
        return (value + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]

    first, total, _, turning, _ = sobol_indices(ishigami, [(-np.pi, np.pi)] * 3)
    assert np.allclose(first[0], [0.3139, 0.4424, 0.0], atol=1e-4)
    assert np.allclose(total[0], [0.5576, 0.4424, 0.2437], atol=1e-4)
    assert turning[0].tolist() == [True, True, False]


@given(
    hnp.arrays(float, st.integers(1, 6), elements=st.floats(-10, 10, width=16)),
    st.floats(0.1, 100),
)
def test_that_strengths_of_a_linear_response_are_its_correlations(slopes, width):
    first, total, trend, turning, _ = sobol_indices(
        lambda x: (x @ slopes)[:, None], [(0.0, width)] * len(slopes)
    )
    if not (slopes != 0).any():
        assert not first.any()
        return
    assert np.allclose(first[0], slopes**2 / (slopes @ slopes), atol=1e-7)
    assert np.allclose(first, total, atol=1e-7)
    noticed = np.abs(slopes) > 1e-3 * np.abs(slopes).max()
    assert (np.sign(trend[0]) == np.sign(slopes))[noticed].all()
    assert not turning.any()


def test_that_a_constant_response_has_no_strength():
    first, total, _, turning, _ = sobol_indices(lambda x: np.full((len(x), 1), 3.3), [(0, 1)] * 2)
    assert not first.any() and not total.any() and not turning.any()


@given(
    hnp.arrays(
        float, st.integers(2, 12), elements=st.floats(-5, 5, width=16, allow_subnormal=False)
    ),
    st.floats(0, 3, width=16),
)
def test_that_turning_is_found_as_by_comparing_every_pair(effect, beyond):
    found = interdependence._turns(effect[None, :], beyond)[0]
    assert found == naive.turns(effect, TURNING_SHARE, beyond)


def test_that_a_relation_that_turns_is_marked_and_noise_is_not():
    rng = np.random.default_rng(3)
    x, z = rng.uniform(0, 10, 300), rng.uniform(0, 1, 300)
    noise = rng.normal(scale=0.5, size=300)
    frame = pd.DataFrame(
        {"x": x, "z": z, "up": x + noise, "turns": (x - 4) ** 2 + noise, "noise": noise}
    )
    matrix = from_data(frame, ["up", "turns", "noise"], ["x", "z"])
    assert matrix.turning.tolist() == [[False, False], [True, False], [False, False]]


def test_that_rows_that_do_not_percolate_are_left_out_and_said():
    points = published_points().copy()
    points.loc[:9, TAU_F] = np.inf
    matrix = from_data(points, [TAU_F])
    assert matrix.rows == 430
    assert "10 of 440 rows" in matrix.notes[0]
    assert np.isfinite(matrix.strength).all()


def test_that_inputs_that_do_not_vary_are_left_out():
    matrix = from_data(published_points(), [TAU_F])
    assert "initial_thickness_um" not in [one.column for one in matrix.inputs]
    with pytest.raises(InputError, match="No input varies"):
        from_data(published_points(), [TAU_F], ["initial_thickness_um"])


def test_that_a_missing_column_is_named():
    with pytest.raises(InputError, match="no column 'colour'"):
        from_data(published_points(), ["colour"])


def test_that_the_table_behind_the_figure_holds_every_pair():
    matrix = from_models(published_responses(), list(FIGURE_10))
    frame = matrix.to_frame()
    assert len(frame) == len(FIGURE_10) * 3
    row = frame.set_index(["output", "input"]).loc["tortuosity_electrolyte", "pressure_MPa"]
    assert row["relation"] == "direct" and row["direction_wanted"] == "down"


def test_that_structures_of_our_own_show_the_signs_of_figure_10():
    design = Design.published_training(repeats=1)
    variables = {
        **design.variables,
        "gap_um": (1.0, 31.0, 91.0),
        "am_percent": (93.0, 96.0),
        "initial_porosity_percent": (42.0, 45.0, 48.0),
        "box_um": ((40.0, 40.0),),
    }
    rows = []
    for point in dataclasses.replace(design, variables=variables).conditions():
        structure = generate(point.condition, point.seeds[0])
        settings = {name: point.values[name] for name in (*PAPER_INPUTS, "porosity_percent")}
        rows.append(settings | characterize(structure.stack).flat())
    assert_figure_10(from_data(pd.DataFrame(rows), list(FIGURE_10), method="spearman"))


def test_that_partial_ranks_of_models_have_the_signs_of_the_paper_and_their_definition():
    responses = published_responses()
    matrix = from_models(responses, list(FIGURE_10), method="partial_rank_models")
    for signs, expected in zip(matrix.signs, FIGURE_10.values(), strict=True):
        assert all(b is None or a == b for a, b in zip(signs, expected, strict=True))
    assert matrix.method == "partial_rank_models" and matrix.rows == 1024
    # The definition: from the inverse of the correlation matrix of the ranks.
    low, high = np.array([responses.ranges[name] for name in PAPER_INPUTS]).T
    points = low + (high - low) * np.random.default_rng(3).random((20_000, 3))
    frame = pd.DataFrame(points, columns=PAPER_INPUTS)
    values = responses.evaluate(frame, list(FIGURE_10), intervals=False).values
    for i, output in enumerate(FIGURE_10):
        ranks = stats.rankdata(np.column_stack([points, values[output]]), axis=0)
        inverse = np.linalg.inv(np.corrcoef(ranks.T))
        expected = -inverse[3, :3] / np.sqrt(np.diag(inverse)[:3] * inverse[3, 3])
        np.testing.assert_allclose(matrix.strength[i], expected, atol=0.02)


def test_that_a_relation_of_models_that_turns_is_marked_whatever_the_measure():
    responses = published_responses()

    class Hill:
        target, inputs = "tortuosity_solid", PAPER_INPUTS

        @property
        def domain(self):
            return {name: responses.ranges[name] for name in PAPER_INPUTS}

        def predict(self, frame):
            low, high = self.domain["am_percent"]
            return 2 - ((frame["am_percent"].to_numpy() - low) / (high - low) - 0.4) ** 2

        def interval(self, frame):
            return self.predict(frame), self.predict(frame)

    turned = dataclasses.replace(responses, models={**responses.models, Hill.target: Hill()})
    for method in interdependence.MODEL_METHODS:
        matrix = from_models(turned, [Hill.target], method=method)
        assert matrix.turning.tolist() == [[False, True, False]], method
    with pytest.raises(InputError, match="partial_rank_models"):
        from_models(turned, [Hill.target], method="pearson")


def test_that_rows_of_models_that_do_not_predict_are_marked_in_words():
    grades = {TAU_LIQUID: 0.3, TAU_SOLID: 0.7, ACTIVE_SURFACE: 0.97}
    responses = graded(published_responses(), grades)
    # The conductivity follows from the tortuosity of the electrolyte, its doubt too.
    outputs = [TAU_LIQUID, SIGMA_EFF, TAU_SOLID, ACTIVE_SURFACE, COVERAGE_AM]
    found = from_models(responses, outputs)
    assert found.trust == ("no", "no", "roughly", "yes", "")
    assert found.doubts[0] == "R² on conditions left out is 0.3"
    assert [found.trust_words(row) for row in range(5)] == [
        "do not rely on the model", "do not rely on the model", "roughly predicted", "", "",
    ]  # fmt: skip
    frame = found.to_frame()
    assert set(frame.loc[frame["output"] == SIGMA_EFF, "model_reliable"]) == {"no"}
    (axes,) = draw_interdependence(found).axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert [("do not rely" in name, "roughly" in name) for name in names] == [
        (True, False), (True, False), (False, True), (False, False), (False, False),
    ]  # fmt: skip
    assert not any(from_data(published_points(), outputs).trust)
