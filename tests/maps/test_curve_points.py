"""Which measured and campaign points lie under which curve."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from engine.maps.curve_points import PointTable
from engine.maps.curves import curve_set
from engine.maps.drawing import draw_curves
from engine.maps.quantities import TAU_LIQUID, TAU_SOLID
from tests.maps.examples import published_points, published_responses
from tests.maps.studies import made_up_table

PANELS, COLOURS = (42.0, 44.0, 46.0, 48.0), (94.0, 95.0, 96.0)


def drawn(figure):
    return [(p.value, o) for p in figure.panels for o in p.points]


def naive(table, panels, colours, thickness):
    """Each row's nearest curve: (panel, colour, same), None where none is near."""
    found = []
    for row in range(len(table)):
        same, near = True, True
        place = []
        for own, levels, alike, reach in (
            (100 * table.initial_porosity[row], panels, 0.5, 2.0),
            (100 * table.am[row], colours, 0.25, 1.0),
            (table.initial_thickness[row], (thickness,), 0.05 * thickness, 0.2 * thickness),
        ):
            level = min(levels, key=lambda one, own=own: abs(one - own))
            others = [abs(one - level) for one in levels if one != level]
            reach = min([reach, *(0.5 * step for step in others)])
            near &= abs(own - level) <= reach + 1e-9
            same &= abs(own - level) <= alike + 1e-9
            place.append(level)
        found.append((*place[:2], same) if near else None)
    return found


@pytest.mark.parametrize("panels", [PANELS, (46.0, 48.0), (45.0,)])
@pytest.mark.parametrize("thickness", [150.0, 125.0, 100.0])
def test_that_points_stand_under_the_curve_they_are_near_and_hollow_where_they_are_not_on_it(
    panels, thickness
):
    table = made_up_table()
    figure = curve_set(
        published_responses(), "porosity_percent", measured=table, panel_values=panels,
        colour_values=COLOURS, fixed={"initial_thickness_um": thickness},
    )  # fmt: skip
    expected = naive(table, panels, COLOURS, thickness)
    for row, place in enumerate(expected):
        here = [
            (panel, one.value, bool(one.same[i]))
            for panel, one in drawn(figure)
            for i in range(len(one.x))
            if np.isclose(one.x[i], table.pressure[row])
            and np.isclose(one.y[i], 100 * table.porosity[row])
        ]
        assert here == ([] if place is None else [place])
    left_out = sum(place is None for place in expected)
    assert sum(len(one.x) for _, one in drawn(figure)) == 25 - left_out
    notes = " ".join(figure.notes)
    assert (f"{left_out} of the 25 measured points" in notes) == (0 < left_out < 25)
    assert ("None of the 25 measured points is near a curve" in notes) == (left_out == 25)
    hollow = sum(place is not None and not place[2] for place in expected)
    assert (f"Hollow: {hollow} of {25 - left_out}" in notes) == (hollow > 0)


def test_that_the_notes_name_the_settings_that_differ():
    figure = curve_set(
        published_responses(), "porosity_percent", measured=made_up_table(), panel_values=PANELS,
        colour_values=COLOURS, fixed={"initial_thickness_um": 125.0},
    )  # fmt: skip
    hollow, far = figure.notes[-2:]
    assert "initial thickness 140 to 150 µm (curves: 125)" in hollow
    assert "initial porosity 45 to 47 % (curves: 42, 44, 46, 48)" in hollow
    assert "active material" not in hollow + far
    assert "initial thickness 155 to 160 µm (curves: 125)" in far and "porosity" not in far


def test_that_campaign_results_at_another_thickness_do_not_pass_for_those_of_the_curves():
    points = published_points().copy()
    points["initial_thickness_um"] = np.where(points["gap_um"] > 45, 100.0, 140.0)
    figure = curve_set(
        published_responses(), TAU_LIQUID, points=points, levels_of=points, panel_values=PANELS,
        fixed={"initial_thickness_um": 100.0},
    )  # fmt: skip
    shown = [one for _, one in drawn(figure)]
    assert sum(len(one.x) for one in shown) == 80
    assert all(np.all(one.at["initial_thickness_um"] == 100) for one in shown)
    assert "80 of the 160 campaign results are near no curve and left out" in figure.notes[-1]


def test_that_results_of_a_sampled_campaign_are_drawn_near_their_curves():
    rng = np.random.default_rng(3)
    points = pd.DataFrame(
        {
            "pressure_MPa": rng.uniform(20, 160, 60),
            "initial_porosity_percent": rng.uniform(42, 48, 60),
            "am_percent": rng.uniform(93, 96, 60),
            TAU_LIQUID: rng.uniform(2, 4, 60),
        }
    )
    levels = {"initial_porosity_percent": PANELS, "am_percent": (93.0, 94.0, 95.0, 96.0)}
    table, notes = PointTable.of_campaign(points, TAU_LIQUID, "pressure_MPa", levels, {})
    assert len(table.x) == 60 and not table.same.all()
    assert notes and notes[0].startswith("Hollow: ")
    assert np.abs(table.at["am_percent"] - table.colour).max() <= 0.5


def test_that_the_numbers_behind_a_figure_tell_the_settings_of_each_point():
    figure = curve_set(
        published_responses(), "porosity_percent", measured=made_up_table(), panel_values=PANELS,
        colour_values=COLOURS, fixed={"initial_thickness_um": 150.0},
    )  # fmt: skip
    frame = figure.to_frame()
    rows = frame[frame["kind"] == "measured"]
    assert len(rows) == 25
    away = np.abs(rows["initial_porosity_percent_of_point"] - rows["initial_porosity_percent"])
    assert ((away <= 0.5 + 1e-9) >= rows["at_condition"].astype(bool)).all()
    assert sorted(rows["initial_thickness_um_of_point"].unique()) == [140, 145, 150, 155, 160]


def test_that_the_legend_tells_points_on_a_curve_from_those_near_it():
    figure = curve_set(
        published_responses(), "porosity_percent", measured=made_up_table(), panel_values=PANELS,
        colour_values=COLOURS, fixed={"initial_thickness_um": 150.0},
    )  # fmt: skip
    (legend,) = draw_curves(figure).legends
    names = [text.get_text() for text in legend.texts]
    assert "measured" in names and "measured, near the curve's setting" in names


def test_that_only_what_a_sheet_says_without_doubt_is_drawn():
    table = dataclasses.replace(
        made_up_table(),
        extra={
            "Tortuosity factor by impedance (-)": np.linspace(3, 9, 25),
            "Ionic conductivity (mS/cm)": np.r_[np.linspace(0.5, 2, 24), np.nan],
        },
    )
    responses = published_responses()
    at = {"fixed": {"initial_thickness_um": 150.0}, "measured": table}
    assert drawn(curve_set(responses, "tortuosity_factor_electrolyte", **at))
    sigma = curve_set(responses, "effective_conductivity_ionic_S_per_m", **at)
    values = np.concatenate([one.y for _, one in drawn(sigma)])
    assert values.min() == pytest.approx(0.05) and values.max() <= 0.2
    count = len(values) + sum(int(n.split()[0]) for n in sigma.notes if "near no curve" in n)
    assert count == 24  # the last was not measured
    assert not drawn(curve_set(responses, TAU_SOLID, **at))
