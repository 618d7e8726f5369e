"""Colouring by fields, and the options of the view."""

import numpy as np
import pytest

from engine.structure.stack import AM, CBD, ELECTROLYTE, VoxelStack
from hybridgui.structure.fields import MISSING, Field
from hybridgui.structure.work import Electrode, transport_fields

SECONDS = 240_000


@pytest.fixture
def shown(page):
    """The page with a straight pore through the solid."""
    labels = np.full((8, 6, 6), AM, np.uint8)
    labels[:, 2:4, :3] = ELECTROLYTE
    labels[:, 5] = CBD
    page.show_electrode(Electrode(VoxelStack(labels), "imported", "pore"))
    return page


def colour_by(qtbot, page, key):
    """Choose a colouring, and wait for its field."""
    page.panel.toolbar.colours.show_value(key)
    page.panel.toolbar.colours.edited.emit(key)
    qtbot.waitUntil(lambda: not page.busy and not page.model.jobs.running, timeout=SECONDS)


def test_that_the_potential_of_a_straight_pore_falls_evenly(qtbot, shown):
    colour_by(qtbot, shown, "potential-electrolyte")
    field = shown.panel.field
    pore = shown.electrode.stack.labels == ELECTROLYTE
    z = (np.indices(pore.shape)[0][pore] + 0.5) / 8
    assert field.values[pore] == pytest.approx(1 - z, abs=1e-3)
    assert np.isnan(field.values[~pore]).all()
    looks = shown.panel.scene.looks
    assert looks[ELECTROLYTE].visible and not looks[AM].visible and not looks[CBD].visible
    pixel = shown.tabs.slices.panes["z"].image.pixelColor(0, 2)  # in the pore, above its middle row
    expected = field.rgb(np.array([field.values[4, 3, 0]]))[0]
    assert (pixel.red(), pixel.green(), pixel.blue()) == tuple(expected)
    assert "Potential" in shown.panel.describe((4, 3, 0))


def test_that_colouring_by_phase_brings_everything_back(qtbot, shown):
    shown.panel.set_look(CBD, opacity=0.5)
    colour_by(qtbot, shown, "flux-electrolyte")
    assert shown.panel.scene.looks[CBD].opacity == 1.0
    colour_by(qtbot, shown, "phase")
    looks = shown.panel.scene.looks
    assert looks[AM].visible and not looks[ELECTROLYTE].visible
    assert looks[CBD].opacity == 0.5
    assert shown.panel.field is None


def test_that_one_solve_gives_potential_and_flux(qtbot, shown, model):
    started = []
    model.jobs.started.connect(started.append)
    colour_by(qtbot, shown, "flux-solid")
    colour_by(qtbot, shown, "potential-solid")
    assert len(started) == 1
    assert shown.panel.field.title.startswith("Potential")


def test_that_flow_lines_follow_a_potential_that_is_known_without_another_solve(
    qtbot, shown, monkeypatch
):
    from hybridgui.structure import colouring

    solved = []
    monkeypatch.setattr(
        colouring,
        "transport_fields",
        lambda stack, phase: solved.append(phase) or transport_fields(stack, phase),
    )
    colour_by(qtbot, shown, "flux-electrolyte")
    assert shown.panel.scene.lines.count == 0
    colour_by(qtbot, shown, "lines-electrolyte")
    assert shown.panel.scene.lines.count == 6  # one for each voxel of the pore
    assert shown.panel.field.title.startswith("Flux")
    assert solved == ["electrolyte"]
    colour_by(qtbot, shown, "lines-solid")
    assert shown.panel.scene.lines.count == 30
    assert solved == ["electrolyte", "solid"]


def test_that_particles_are_offered_where_they_are_known(qtbot, page, model, shown):
    keys = [shown.panel.toolbar.colours.itemData(k) for k in range(20)]
    assert "particle" not in keys
    model.set_parameter("structure/protocol", "physical")
    page.generate()
    qtbot.waitUntil(lambda: not page.busy and not model.jobs.running, timeout=SECONDS)
    colour_by(qtbot, page, "particle")
    field = page.panel.field
    am = page.electrode.stack.labels == AM
    assert np.isfinite(field.values[am]).mean() > 0.95
    assert np.isnan(field.values[~am]).all()
    assert field.values[am].max() < len(page.electrode.structure.particles)


def test_that_another_electrode_is_coloured_by_phase_again(qtbot, shown, layers):
    colour_by(qtbot, shown, "height")
    shown.show_electrode(Electrode(layers, "imported", "layers"))
    assert shown.panel.field is None
    assert shown.panel.toolbar.colours.current == "phase"


def test_that_values_get_the_colours_of_their_scale():
    values = np.array([[[0.0, 1.0, 0.5, np.nan, -9, 9]]])
    field = Field(values, "t", "viridis", range=(0, 1))
    low, high, middle, missing, under, over = field.rgb(values)[0, 0]
    assert tuple(low) == tuple(under) == (68, 1, 84)
    assert tuple(high) == tuple(over) == (253, 231, 37)
    assert tuple(missing) == MISSING
    assert 100 < middle[1] < 180


def test_that_the_limits_leave_out_the_extremes():
    values = np.linspace(0, 1, 8000).reshape(20, 20, 20).copy()
    values[0, 0, 0] = 1e9
    low, high = Field(values, "t").limits
    assert low == pytest.approx(0.01, abs=2e-3) and high == pytest.approx(0.99, abs=2e-3)
    assert Field(np.full((2, 2, 2), np.nan), "t").limits == (0.0, 1.0)


@pytest.mark.parametrize("key", ["slabs", "outline", "scale_bar", "axes", "legend", "lighting"])
def test_that_each_option_changes_the_picture_and_back(qtbot, shown, key):
    def picture():
        image = shown.panel.view.draw_now()
        return np.frombuffer(image.constBits(), np.uint8).copy()

    before = picture()
    shown.panel.set_option(key, False)
    assert not shown.panel.menu.options[key].isChecked()
    assert (picture() != before).any()
    shown.panel.set_option(key, True)
    assert (picture() == before).all()


def test_that_perspective_draws_far_things_smaller(qtbot, shown):
    camera = shown.panel.scene.camera
    shown.panel.set_option("perspective", True)
    assert not camera.GetParallelProjection()
    shown.panel.set_option("perspective", False)
    assert camera.GetParallelProjection()


def test_that_a_view_can_be_kept_in_the_study(qtbot, shown, model, tmp_path):
    shown.panel.view.orbit(25, 10)
    position = shown.panel.scene.camera.GetPosition()
    assert shown.panel.keep_view() == "View 1"
    assert shown.panel.keep_view() == "View 2"
    shown.panel.look_from("z")
    model.save_as(tmp_path / "kept.study")
    model.new()
    model.open(tmp_path / "kept.study")
    shown.panel.show_kept_view("View 1")
    assert shown.panel.scene.camera.GetPosition() == pytest.approx(position)
    shown.panel.menu.fill_kept()
    texts = [action.text() for action in shown.panel.menu._kept_menu.actions()]
    assert texts[0] == "Keep this view" and "View 2" in texts


def test_that_a_phase_that_does_not_percolate_is_said_to_carry_no_flow(qtbot, page, layers, said):
    page.show_electrode(Electrode(layers, "imported", "layers", record={"source": "imported"}))
    page.colour_by("flux-electrolyte")
    qtbot.waitUntil(lambda: not page.busy and not page.model.jobs.running, timeout=60_000)
    assert said == [
        (
            "error",
            "The electrolyte does not connect the collector to the separator: nothing flows, "
            "and there is no potential to show.",
        )
    ]
    assert page.panel.toolbar.colours.current == "phase"
