"""Cutting: the plane, its handle, the box."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from engine.structure.stack import AM, CBD, ELECTROLYTE
from hybridgui.structure.backdrop import WHITE
from hybridgui.structure.cut_controls import CutControls
from hybridgui.structure.work import Electrode


@pytest.fixture
def controls(qtbot):
    """Controls of a cut through 20 x 10 x 40 µm."""
    controls = CutControls()
    qtbot.addWidget(controls)
    controls.show_size((20.0, 10.0, 40.0))
    return controls


@pytest.mark.parametrize(
    ("kind", "share", "origin", "normal"),
    [
        ("x", 0.25, (15, 5, 20), (-1, 0, 0)),
        ("y", 0.3, (10, 3, 20), (0, 1, 0)),
        ("z", 0.5, (10, 5, 20), (0, 0, -1)),
    ],
)
def test_that_the_slider_moves_the_plane_through_the_structure(
    controls, kind, share, origin, normal
):
    controls.kind.set_current(kind)
    controls.place.setValue(round(1000 * share))
    assert controls.plane[0] == pytest.approx(origin)
    assert controls.plane[1] == pytest.approx(normal)


def test_that_keeping_the_other_side_leaves_the_plane_in_its_place(controls):
    controls.kind.set_current("x")
    controls.place.setValue(250)
    before = controls.plane
    controls.flip.setChecked(True)
    assert controls.plane[0] == pytest.approx(before[0])
    assert controls.plane[1] == pytest.approx(np.negative(before[1]))


@pytest.mark.parametrize("flipped", [False, True])
def test_that_the_controls_follow_the_handle(controls, flipped):
    controls.flip.setChecked(flipped)
    normal = np.array((2.0, -1.0, 0.5))
    normal /= np.linalg.norm(normal)
    controls.take_plane((12.0, 6.0, 15.0), normal)
    assert controls.kind.current == "free"
    assert controls.plane[1] == pytest.approx(normal)
    place = np.dot(controls.plane[0], normal)
    assert place == pytest.approx(np.dot((12.0, 6.0, 15.0), normal), abs=0.05)


def test_that_sliding_the_handle_keeps_the_direction(controls):
    controls.kind.set_current("z")
    controls.take_plane((10.0, 5.0, 30.0), (0, 0, -1))
    assert controls.kind.current == "z"
    assert controls.plane[0][2] == pytest.approx(30, abs=0.05)


@pytest.fixture
def shown(qtbot, page, layers):
    """The page with the layers, cut across z, seen from the front."""
    page.show_electrode(Electrode(layers, "imported", "layers", record={"source": "imported"}))
    page.panel.set_look(ELECTROLYTE, visible=True)
    page.panel.phases.cut.setChecked(True)
    page.panel.cut.kind.segment("z").click()
    page.panel.look_from("y")
    page.panel.view.draw_now()
    return page


def drag(qtbot, view, start, end):
    """Press, move in steps, let go."""
    qtbot.mouseMove(view, start)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for share in (0.25, 0.5, 0.75, 1.0):
        qtbot.mouseMove(view, start + (end - start) * share)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    view.draw_now()


def test_that_dragging_the_ball_slides_the_plane(qtbot, shown):
    view, scene = shown.panel.view, shown.panel.scene
    ball = view._place_of(scene.handle.points[0]).toPoint()
    camera = scene.camera.GetPosition()
    um = scene.um_per_pixel * view.canvas.size[1] / view.height()
    drag(qtbot, view, ball, ball - QPoint(0, 40))
    assert scene.clip[0][2] == pytest.approx(4.0 + 40 * um, abs=0.1)
    assert scene.camera.GetPosition() == camera
    assert view.pick_at(QPointF(view._place_of(np.array((6.0, 0.0, 4.5))))).phase == CBD


def test_that_dragging_the_arrow_tilts_the_plane(qtbot, shown):
    view, scene = shown.panel.view, shown.panel.scene
    tip = view._place_of(scene.handle.points[1]).toPoint()
    drag(qtbot, view, tip, tip + QPoint(30, 0))
    assert shown.panel.cut.kind.current == "free"
    normal = scene.clip[1]
    assert normal[0] > 0.2 and abs(normal[1]) < 1e-6 and normal[2] < -0.5
    assert np.linalg.norm(normal) == pytest.approx(1)


def test_that_saved_pictures_show_no_handle(shown):
    view = shown.panel.view
    ball, tip = shown.panel.scene.handle.points
    place = view._place_of(0.15 * ball + 0.85 * tip)  # within the arrow head
    row, column = round(place.y()), round(place.x())
    picture = view.screenshot(view.width(), view.height(), WHITE)
    assert shown.panel.scene.handle.points is not None
    assert picture[row, column].max() > 90  # no dark arrow head there
    seen = view.image.pixelColor(
        round(column * view.image.width() / view.width()),
        round(row * view.image.height() / view.height()),
    )
    assert max(seen.red(), seen.green(), seen.blue()) < 90


def test_that_the_box_keeps_only_what_lies_inside(qtbot, shown):
    panel = shown.panel
    panel.cut.kind.segment("box").click()
    low, high = panel.cut.edges["z"]
    low.setValue(3.2)
    high.setValue(5.6)
    panel.cut.edges["y"][0].setValue(4)
    QApplication.processEvents()
    assert panel.scene.crop == ((4, 7), (4, 10), (0, 12))
    assert panel.scene.clip is None
    panel.view.draw_now()
    pick = panel.view.pick_at(panel.view._place_of(np.array((6.0, 4.0, 4.4))))
    assert (pick.phase, pick.index[1]) == (CBD, 4)
    assert panel.view.pick_at(panel.view._place_of(np.array((6.0, 4.0, 1.0)))) is None
    panel.phases.cut.setChecked(False)
    assert panel.scene.crop is None


def test_that_an_electrode_of_another_size_gets_a_whole_box(qtbot, shown, noise):
    shown.panel.cut.kind.segment("box").click()
    shown.panel.cut.edges["x"][1].setValue(5)
    assert shown.panel.scene.crop is not None
    shown.show_electrode(Electrode(noise, "imported", "noise", record={"source": "imported"}))
    assert np.allclose(shown.panel.cut.box, [(0, 10), (0, 6), (0, 3.5)])
    assert shown.panel.scene.crop is None


def test_that_cutting_across_the_view_faces_the_camera(qtbot, shown):
    shown.panel.look_from("x")
    shown.panel.cut.across_view.click()
    assert np.abs(shown.panel.scene.clip[1]) == pytest.approx((1, 0, 0), abs=1e-9)
    shown.panel.view.draw_now()
    pick = shown.panel.view.pick_at(shown.panel.view._place_of(np.array((6.0, 5.0, 1.0))))
    assert pick.phase == AM and pick.index[2] in (5, 6)
