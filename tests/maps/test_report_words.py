"""Digits, symbols and words of a report."""

import doctest
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learning.training import train
from engine.maps import digits, report_words
from engine.maps.digits import decimals, three
from engine.maps.electrode_picture import draw_electrode
from engine.maps.report_grid import Digits, Grid
from engine.maps.report_words import equation, in_words, law_symbol, legend
from engine.properties.catalogue import CATALOGUE
from engine.structure.stack import VoxelStack


@pytest.mark.parametrize("module", [digits, report_words])
def test_that_the_examples_of_the_documentation_hold(module):
    assert doctest.testmod(module).failed == 0


@given(st.floats(1e-4, 1e4), st.floats(-1e4, 1e4))
def test_that_a_number_is_cut_below_its_uncertainty_and_not_above(uncertainty, value):
    places = decimals(uncertainty)
    step = 10.0**-places
    if 0 < places < 6:
        assert 0.025 * uncertainty < step <= 0.26 * uncertainty
    assert float(digits.with_decimals(value, places)) == pytest.approx(value, abs=0.5001 * step)


@given(st.floats(0.1, 100), st.floats(0.001, 50), st.floats(0.001, 50))
def test_that_a_value_and_its_bounds_end_at_one_decimal_place(value, below, above):
    texts = three(value, value - below, value + above)
    ends = {len(text.partition(".")[2]) for text in texts}
    assert len(ends) == 1


def test_that_the_numbers_of_a_column_end_at_one_place_and_whole_ones_stay_whole():
    grid = Grid.of(
        ["P", "gap", "name", "written"],
        [[174.23, 1.0, "a", Digits("3.10")], [6.947, 100.0, "b", Digits("below 0.1")],
         [None, 44.0, "", None]],
    )  # fmt: skip
    assert [row[0] for row in grid.rows] == ["174.2", "6.9", "–"]
    assert [row[1] for row in grid.rows] == ["1", "100", "44"]
    assert grid.numeric == (True, True, False, True)
    assert Grid.of(["a", "b"], [[1.0, None], [2.0, None]]).without_empty().head == ("a",)


def test_that_a_formula_stands_in_symbols_with_powers_and_no_names_of_columns():
    rng = np.random.default_rng(1)
    frame = {
        "pressure_MPa": rng.uniform(10, 170, 80),
        "am_percent": rng.uniform(93, 96, 80),
        "initial_porosity_percent": rng.uniform(40, 50, 80),
    }
    import pandas as pd

    table = pd.DataFrame(frame)
    table["tortuosity_solid"] = 1 + 1e-5 * table["initial_porosity_percent"] ** 2 / np.sqrt(
        table["pressure_MPa"]
    )
    model = train(table, list(frame), ["tortuosity_solid"], method="baseline").models
    text = equation(model["tortuosity_solid"])
    assert text.startswith("τ_sol = ") and "ε_init²" in text and "ln(P)" in text
    assert "·10⁻" in text and "**" not in text and "e-0" not in text
    assert not any(name in text for name in [*frame, "tortuosity_solid"])
    assert equation(SimpleNamespace(short_equation=lambda digits: None)) is None


def test_that_sentences_name_quantities_in_words_and_laws_in_symbols():
    for name in CATALOGUE:
        if name != "seconds":
            assert name not in in_words(f"Nothing is known of '{name}'.")
    assert in_words("below eps_init of 42 % eps_cal rises") == "Below ε_init of 42 % ε_cal rises"
    assert law_symbol("eps_init*gap") == "ε_init·g"
    symbols = [row[0] for row in legend(["pressure_MPa", "gap_um", "pressure_MPa", "own column"])]
    assert symbols == ["P", "g"]


def test_that_the_picture_of_an_electrode_shows_its_middle_slices_at_one_scale():
    rng = np.random.default_rng(2)
    stack = VoxelStack(rng.integers(0, 3, (30, 20, 24)).astype(np.uint8), (0.5, 1.0, 1.0))
    figure = draw_electrode(stack)
    across, plane = figure.axes
    assert np.array_equal(across.images[0].get_array(), stack.labels[:, 10, :])
    assert np.array_equal(plane.images[0].get_array(), stack.labels[15])
    assert list(across.images[0].get_extent()) == [0, 24, 0, 15]
    assert across.get_xlim() == plane.get_xlim() and across.get_ylim() == plane.get_ylim()
    texts = [text.get_text() for text in across.texts]
    assert "5 µm" in texts
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    share = 100 * stack.phase_fractions["am"]
    assert named[0] == f"active material {share:.1f} %"
