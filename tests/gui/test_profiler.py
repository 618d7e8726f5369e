"""The profiler under a hand: pressed and dragged as one does, on scales that stay."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from engine.maps.profiler import Profile, Trace
from engine.maps.quantities import TAU_LIQUID, TAU_SOLID, quantity
from hybridgui.maps.profiler_view import ProfilerView
from tests.gui.conftest import settle

NO_KEY = Qt.KeyboardModifier.NoModifier
INPUTS, OUTPUTS = ("pressure_MPa", "am_percent"), (TAU_LIQUID, TAU_SOLID)


def profile(pressure=50.0, height=1.0, inside=True, notes=()):
    """Straight traces of a made-up electrode: tortuosities that rise with all there is."""
    traces, values = {}, {}
    for output in OUTPUTS:
        for name, at, span in (("pressure_MPa", pressure, 100.0), ("am_percent", 95.0, 100.0)):
            x = np.linspace(0, span, 11)
            y = height * (2 + x / span)
            good = np.full(11, inside)
            trace = Trace(quantity(name), quantity(output), x, y, y - 0.1, y + 0.1, good, at)
            traces[name, output] = trace
        values[output] = (height * (2 + pressure / 100), 1.9, 3.1)
    return Profile({"pressure_MPa": pressure, "am_percent": 95.0}, traces, values, inside, notes)


@pytest.fixture
def view(qtbot, window):
    """A profiler of two inputs and two responses; the window gives the theme."""
    found = ProfilerView()
    qtbot.addWidget(found)
    found.resize(700, 520)
    found.show()
    qtbot.waitExposed(found)
    found.show_profile(profile(), INPUTS, OUTPUTS)
    settle()
    return found


def span(cell):
    """Vertical range of a cell."""
    return tuple(cell.getPlotItem().getViewBox().viewRange()[1])


def place(cell, x):
    """Pixel of the cell over a value of its input."""
    box = cell.getPlotItem().getViewBox()
    return cell.mapFromScene(box.mapViewToScene(QPointF(x, sum(span(cell)) / 2)))


def test_that_pressing_or_dragging_anywhere_in_a_plot_moves_its_input(qtbot, view):
    cell = view._cells["pressure_MPa", TAU_SOLID]
    moved = []
    view.settingChanged.connect(lambda name, value: moved.append((name, value)))
    qtbot.mousePress(cell.viewport(), Qt.MouseButton.LeftButton, pos=place(cell, 20))
    qtbot.waitUntil(lambda: len(moved) == 1)
    # QTest moves no pressed mouse: the event is made as a hand makes it.
    held = Qt.MouseButton.LeftButton
    spot = QPointF(place(cell, 70))
    move = QMouseEvent(QEvent.Type.MouseMove, spot, spot, Qt.MouseButton.NoButton, held, NO_KEY)
    QApplication.sendEvent(cell.viewport(), move)
    qtbot.waitUntil(lambda: len(moved) == 2)
    qtbot.mouseRelease(cell.viewport(), Qt.MouseButton.LeftButton, pos=place(cell, 70))
    assert [name for name, _ in moved] == ["pressure_MPa"] * 2
    assert [value for _, value in moved] == pytest.approx([20, 70], abs=1)


def test_that_no_drag_leaves_the_range_of_an_input(qtbot, view):
    cell = view._cells["am_percent", TAU_LIQUID]
    with qtbot.waitSignal(view.settingChanged) as said:
        qtbot.mousePress(cell.viewport(), Qt.MouseButton.LeftButton, pos=place(cell, 130))
    assert said.args == ["am_percent", 100.0]


def test_that_the_scale_stays_under_the_hand_grows_and_is_set_anew_after(qtbot, view):
    cell = view._cells["pressure_MPa", TAU_SOLID]
    start = span(cell)
    qtbot.mousePress(cell.viewport(), Qt.MouseButton.LeftButton, pos=place(cell, 50))
    view.show_profile(profile(height=0.3), INPUTS, OUTPUTS)
    lower = span(cell)
    assert lower[0] < start[0] and lower[1] >= start[1] - 1e-9  # grown, not moved
    view.show_profile(profile(height=0.31), INPUTS, OUTPUTS)
    assert span(cell) == lower
    qtbot.mouseRelease(cell.viewport(), Qt.MouseButton.LeftButton, pos=place(cell, 50))
    assert span(cell)[1] < start[1]


def test_that_extrapolated_traces_are_dashed(view):
    for inside in (True, False):
        view.show_profile(profile(inside=inside), INPUTS, OUTPUTS)
        lines = view._cells["pressure_MPa", TAU_SOLID].drawing.strokes.lines
        assert [dashed for _, _, dashed in lines] == [not inside]


def test_that_a_warning_takes_no_room_from_the_traces(view):
    cell = view._cells["pressure_MPa", TAU_SOLID]
    before = cell.height()
    for notes in (("Outside.",), ("A longer sentence " * 12,), ()):
        view.show_profile(profile(notes=notes), INPUTS, OUTPUTS)
        settle()
        assert cell.height() == before
        assert view.foot.notice.isVisible() == bool(notes)
    assert view.foot.notice.toolTip() == ""


def test_that_every_row_has_as_much_room_for_its_traces(view):
    rooms = [
        view._cells["pressure_MPa", output].getPlotItem().getViewBox().height()
        for output in OUTPUTS
    ]
    assert rooms[0] == pytest.approx(rooms[1], abs=6)


def test_that_other_responses_end_a_drag(qtbot, view):
    cell = view._cells["pressure_MPa", TAU_SOLID]
    qtbot.mousePress(cell.viewport(), Qt.MouseButton.LeftButton, pos=place(cell, 50))
    view.show_profile(profile(), INPUTS, OUTPUTS[:1])  # an undo, say: the pressed plot is gone
    cell = view._cells["pressure_MPa", OUTPUTS[0]]
    start = span(cell)
    view.show_profile(profile(height=0.3), INPUTS, OUTPUTS[:1])
    assert span(cell)[1] < start[1]
