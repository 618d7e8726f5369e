import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from engine.errors import InputError
from engine.experiment.calibration import PUBLISHED_CALIBRATION
from engine.experiment.domain import Domain
from engine.experiment.laws import published_law
from engine.maps.curves import PAPER_FIGURES, curve_set, levels, paper_figure
from engine.maps.drawing import draw_curves
from engine.maps.palette import series_colours
from engine.maps.profiler import profile
from engine.maps.quantities import COVERAGE_AM, SIGMA_EFF, TAU_LIQUID, quantity
from engine.maps.responses import PUBLISHED_LAW_ERROR, CellAssumptions, RecipeConstants
from engine.structure.condition import Recipe
from tests.maps.examples import published_points, published_responses
from tests.maps.studies import made_up_table


@pytest.fixture(scope="module")
def responses():
    return published_responses()


@pytest.mark.parametrize("name", PAPER_FIGURES)
def test_that_every_figure_of_the_paper_has_four_panels_of_four_curves(responses, name):
    figure = paper_figure(responses, name)
    assert [panel.value for panel in figure.panels] == [42, 44, 46, 48]
    for panel in figure.panels:
        assert [curve.value for curve in panel.curves] == [93, 94, 95, 96]
        for curve in panel.curves:
            assert np.isfinite(curve.y).all() and (curve.low <= curve.y).all()
            assert len(curve.cross_labels) == len(curve.cross_x) == 4


def test_that_the_conductivity_is_bulk_times_porosity_over_tau_squared(responses):
    sigma, tau, porosity = (
        curve_set(responses, column).panels[0].curves[0].y
        for column in (SIGMA_EFF, TAU_LIQUID, "porosity_percent")
    )
    assert np.allclose(sigma, 1.119 * porosity / 100 / tau**2, rtol=1e-12)


def test_that_figure_7_stands_over_the_porosity_that_the_law_gives(responses):
    curve = paper_figure(responses, "7").panels[1].curves[2]
    law = published_law().predict(0.95, 0.44, 100.0, pressure=np.array([40.0, 80.0, 120.0, 160.0]))
    assert np.allclose(curve.cross_x, 100 * law)
    assert curve.cross_labels == tuple(f"{100 * value:.1f}" for value in law)
    over_pressure = paper_figure(responses, "S7").panels[1].curves[2]
    assert np.allclose(curve.y, over_pressure.y)


def test_that_extrapolated_stretches_are_marked_and_said(responses):
    figure = curve_set(responses, TAU_LIQUID, x_range=(5, 178), fixed={"initial_thickness_um": 100})
    assert any("Calender pressure" in note and "models" in note for note in figure.notes)
    curve = figure.panels[0].curves[1]
    assert not curve.inside[curve.x > 174.3].any()
    assert any("Initial thickness 100 µm" in note and "law" in note for note in figure.notes)


def test_that_curves_inside_every_domain_are_not_marked(responses):
    lenient = published_law()
    corners = np.array(list(itertools.product((0.93, 0.96), (0.40, 0.50), (100.0, 180.0))))
    ends = {"am": (0.93, 0.96), "initial_porosity": (0.4, 0.5), "initial_thickness": (100, 180)}
    lenient.domain_ = Domain(corners, ends)
    inside = dataclasses.replace(responses, law=lenient)
    figure = curve_set(inside, TAU_LIQUID, panel_values=[44, 46])
    assert not figure.notes
    assert all(curve.inside.all() for panel in figure.panels for curve in panel.curves)


def test_that_curves_above_the_turning_pressure_of_the_law_are_marked(responses):
    # Below 42 % the published polynomial lets the porosity rise again above about 139 MPa.
    lenient = published_law()
    ends = {"am": (0.95, 0.95), "initial_porosity": (0.41, 0.41), "initial_thickness": (100, 100)}
    lenient.domain_ = Domain(np.array([[0.95, 0.41, 100.0]]), ends)
    curve = (
        curve_set(dataclasses.replace(responses, law=lenient), TAU_LIQUID, panel_values=[41])
        .panels[0]
        .curves[2]
    )
    assert curve.value == 95
    assert not curve.inside[curve.x > 142].any()
    assert curve.inside[(curve.x > 20) & (curve.x < 136)].all()


def test_that_models_of_one_thickness_are_marked_at_another(responses):
    figure = curve_set(responses, TAU_LIQUID, fixed={"initial_thickness_um": 150})
    assert any("Initial thickness 150 µm" in note and "models" in note for note in figure.notes)
    assert not figure.panels[0].curves[0].inside.any()


@pytest.mark.parametrize(
    ("x", "panel", "colour"),
    [
        ("am_percent", "initial_porosity_percent", "pressure_MPa"),
        ("initial_porosity_percent", "pressure_MPa", "am_percent"),
        ("gap_um", "am_percent", "initial_porosity_percent"),
    ],
)
def test_that_any_input_can_be_axis_panel_or_colour(responses, x, panel, colour):
    figure = curve_set(responses, TAU_LIQUID, x=x, panel=panel, colour=colour)
    assert (figure.x.column, figure.panel.column, figure.colour.column) == (x, panel, colour)
    curve = figure.panels[2].curves[1]
    frame = pd.DataFrame({x: curve.x, panel: figure.panels[2].value, colour: curve.value})
    expected = responses.evaluate(frame, [TAU_LIQUID]).values[TAU_LIQUID]
    assert np.allclose(curve.y, expected)
    assert len(curve.cross_x) == (4 if x == "gap_um" else 0)


def test_that_one_input_in_two_roles_is_refused(responses):
    with pytest.raises(InputError, match="three different inputs"):
        curve_set(responses, TAU_LIQUID, panel="am_percent", colour="am_percent")


def test_that_an_output_without_a_model_is_refused_in_words(responses):
    with pytest.raises(InputError, match="no trained model"):
        curve_set(responses, "triple_phase_length")


def test_that_campaign_points_lie_under_their_own_curves(responses):
    points = published_points()
    figure = paper_figure(responses, "6", dataset=points, show_points=True)
    for panel in figure.panels:
        for under in panel.points:
            rows = points[
                (points["am_percent"] == under.value)
                & (points["initial_porosity_percent"] == panel.value)
            ]
            assert len(under.x) == len(rows) == 10
            assert np.allclose(np.sort(under.y), np.sort(rows[TAU_LIQUID]))
    assert not paper_figure(responses, "6", dataset=points).panels[0].points


def test_that_the_table_behind_a_figure_holds_every_drawn_point(responses):
    figure = paper_figure(responses, "6", dataset=published_points(), show_points=True)
    frame = figure.to_frame()
    drawn = sum(len(curve.x) for panel in figure.panels for curve in panel.curves)
    assert (frame["kind"] == "curve").sum() == drawn
    assert (frame["kind"] == "campaign").sum() == 160
    assert {"pressure_MPa", TAU_LIQUID, f"{TAU_LIQUID}_low"} <= {*frame.columns}


def test_that_axes_name_symbol_and_unit():
    assert quantity(TAU_LIQUID).short == "τ_liq (–)"
    assert quantity("pressure_MPa").axis == "Calender pressure P (MPa)"
    assert quantity("porosity_percent").mathtext.endswith(r"ε$_{\mathrm{cal}}$ (%)")
    assert quantity("mean_pore_um").unit == "µm"


def test_that_levels_come_from_the_campaign_where_the_papers_are_out_of_range(responses):
    data = pd.DataFrame({"initial_porosity_percent": [45.0, 47.0, 49.0, 45.0]})
    found = levels("initial_porosity_percent", responses, data, wanted=(30, 32))
    assert found == [45, 47, 49]


def test_that_series_run_from_light_to_dark():
    def lightness(colour):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for count in range(1, 12):
        series = [lightness(colour) for colour in series_colours(count)]
        assert series == sorted(series, reverse=True) and len(series) == count


@pytest.mark.parametrize("kind", ["total", "resolved"])
def test_that_volume_shares_are_those_of_the_recipe(kind):
    constants = RecipeConstants(porosity_kind=kind)
    electrolyte, am = constants.shares(np.array([0.94]), np.array([0.33]))
    expected = Recipe(0.94).volume_fractions(0.33, kind)
    assert electrolyte[0] == pytest.approx(expected[0]) and am[0] == pytest.approx(expected[1])


def test_that_capacity_follows_from_the_coating_and_energy_density_from_pressing(responses):
    frame = pd.DataFrame({"pressure_MPa": [20.0, 160.0], "am_percent": 94.0})
    result = responses.evaluate(
        frame, ["areal_capacity_mAh_per_cm2", "energy_density_Wh_per_L", "porosity_percent"]
    )
    capacity = result.values["areal_capacity_mAh_per_cm2"]
    share = Recipe.published(0.94).volume_fractions(0.45, "resolved")[1]
    assert capacity[0] == capacity[1] == pytest.approx(share * 4.65 * 100e-4 * 163)
    after = result.values["porosity_percent"][1] / 100
    pressed = Recipe.published(0.94).volume_fractions(after, "resolved")[1]
    # Wh/L = mAh/g * V * g/cm³ * AM share
    energy = result.values["energy_density_Wh_per_L"]
    assert energy[1] == pytest.approx(163 * 3.7 * 4.65 * pressed)
    assert energy[1] > energy[0]


def test_that_energy_density_counts_the_layers_that_it_names(responses):
    cell = CellAssumptions(inactive_thickness=30.0, counter_capacity=450.0)
    stack = dataclasses.replace(responses, cell=cell)
    names = ["areal_capacity_mAh_per_cm2", "energy_density_Wh_per_L", "thickness_um"]
    frame = pd.DataFrame({"pressure_MPa": [60.0]})
    alone, whole = (one.evaluate(frame, names).values.iloc[0] for one in (responses, stack))
    counter = 1e4 * alone[names[0]] / 450  # µm
    coating = 1e4 * alone[names[0]] * 3.7 / alone[names[1]]
    assert 1e4 * alone[names[0]] * 3.7 / whole[names[1]] == pytest.approx(coating + 30 + counter)
    assert CellAssumptions().sentence(names) == (
        "Energy density counts the volume of the coating alone, without foils, separator and "
        "counter electrode, at 163 mAh/g of AM and a mean voltage of 3.7 V."
    )
    assert cell.sentence(names) == (
        "Energy density counts the volume of the coating with 30 µm of foils and separator and "
        "a counter electrode of 450 mAh/cm³, at 163 mAh/g of AM and a mean voltage of 3.7 V."
    )
    assert cell.sentence(names[:1]) == "Areal capacity is taken at 163 mAh/g of AM."
    assert cell.sentence(["tortuosity_solid"]) == ""
    with pytest.raises(InputError, match="counter electrode of -1"):
        CellAssumptions(counter_capacity=-1)


def test_that_the_profiler_traces_pass_through_the_setting(responses):
    at = {"pressure_MPa": 80.0, "am_percent": 95.0, "initial_porosity_percent": 44.0}
    found = profile(responses, at)
    for (name, output), trace in found.traces.items():
        assert trace.at == pytest.approx(at[name])
        assert trace.low.shape == trace.x.shape
        crossing = np.interp(trace.at, trace.x, trace.y)
        assert crossing == pytest.approx(found.values[output][0], rel=5e-3)
    assert found.at["gap_um"] == pytest.approx(PUBLISHED_CALIBRATION.gap(80.0))


def test_that_the_profiler_takes_a_roll_gap(responses):
    found = profile(responses, {"gap_um": 30.0})
    assert found.at["pressure_MPa"] == pytest.approx(PUBLISHED_CALIBRATION.pressure(30.0))


def test_that_the_profiler_traces_a_response_over_the_roll_gap(responses):
    found = profile(responses, {"gap_um": 30.0}, inputs=["gap_um", "am_percent"], count=9)
    trace = found.traces["gap_um", TAU_LIQUID]
    assert trace.at == pytest.approx(30.0) and len(trace.x) == 9
    settings = found.at | {"gap_um": trace.x[4]}
    del settings["pressure_MPa"], settings["porosity_percent"], settings["thickness_um"]
    (expected,) = responses.evaluate(pd.DataFrame([settings]), [TAU_LIQUID]).values[TAU_LIQUID]
    assert trace.y[4] == pytest.approx(expected) and np.ptp(trace.y) > 0.1


def test_that_the_legend_names_a_spread_only_where_one_is_drawn():
    table = made_up_table()
    spread = dataclasses.replace(table, porosity_sd=np.full(len(table), 0.004))
    for measured, name in ((table, "measured"), (spread, "measured ± sd")):
        figure = curve_set(
            published_responses(), "porosity_percent", measured=measured,
            panel_values=(42, 43, 45, 47, 49), fixed={"initial_thickness_um": 150.0},
        )  # fmt: skip
        (legend,) = draw_curves(figure).legends
        assert [t.get_text() for t in legend.texts if "measured" in t.get_text()] == [
            name,
            "measured, near the curve's setting",
        ]


def test_that_a_click_on_a_curve_over_the_gap_gives_the_setting_of_that_gap(responses):
    figure = curve_set(responses, TAU_LIQUID, x="gap_um")
    assert "pressure_MPa" not in figure.fixed
    curve = figure.panels[0].curves[0]
    found = figure.pick(0, curve.x[20], curve.y[20], (1.0, 1.0))
    whole = responses.complete(pd.DataFrame([found.setting]))
    assert whole["pressure_MPa"].iloc[0] == pytest.approx(
        PUBLISHED_CALIBRATION.pressure(curve.x[20])
    )


class Beyond:
    """A model of a coverage whose interval reaches beyond 100 % at high pressure."""

    target = COVERAGE_AM
    inputs = ("pressure_MPa",)

    def predict(self, frame):
        return 70 + 0.2 * frame["pressure_MPa"].to_numpy(float)

    def interval(self, frame):
        value = self.predict(frame)
        return value - 10, value + 10


def test_that_a_band_cut_at_what_is_possible_is_marked_and_said():
    responses = dataclasses.replace(published_responses(), models={COVERAGE_AM: Beyond()})
    figure = curve_set(responses, COVERAGE_AM, x_range=(20, 160))
    for panel in figure.panels:
        for curve in panel.curves:
            model = 70 + 0.2 * curve.x
            assert np.array_equal(curve.cut, model + 10 > 100 + 1e-7)
            assert np.all(curve.high[curve.cut] == 100)
            assert np.all(~curve.inside[model > 100 + 1e-7])  # impossible itself
            (part,) = curve.cut_stretches()
            assert np.all(curve.x[part] > 98)  # neighbouring stretches share a point
    assert any("above 100 %" in note and "cut there" in note for note in figure.notes)
    frame = figure.to_frame()
    assert frame["interval_cut"].sum() == sum(c.cut.sum() for p in figure.panels for c in p.curves)
    axes = draw_curves(figure).axes[0]
    dashed = [line for line in axes.lines if line.get_linestyle() == "--" and len(line.get_xdata())]
    assert len(dashed) >= 2 * len(figure.panels[0].curves)


def test_that_a_band_within_what_is_possible_has_no_mark(responses):
    figure = curve_set(responses, TAU_LIQUID)
    assert not any(curve.cut.any() for panel in figure.panels for curve in panel.curves)
    assert not any("cut there" in note for note in figure.notes)


def test_that_each_panel_has_its_own_bar_of_the_laws_error_where_it_is_known(responses):
    found = paper_figure(dataclasses.replace(responses, law_error=PUBLISHED_LAW_ERROR), "4")
    assert sorted(found.shared_bars) == [0, 1, 2, 3] and found.bars_fit
    assert [half for _, half in found.shared_bars.values()] == pytest.approx([8.79] * 4)
    first = found.panels[0]
    unknown = np.full(len(first.curves[-1].x), np.nan)
    last = dataclasses.replace(first.curves[-1], low=unknown, high=unknown)
    panels = (dataclasses.replace(first, curves=(*first.curves[:-1], last)), *found.panels[1:])
    part = dataclasses.replace(found, panels=panels)
    assert part.shared_bars == {i: found.shared_bars[i] for i in (1, 2, 3)}
    assert part.shared_error_size == found.shared_error_size
