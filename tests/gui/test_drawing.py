"""What maps are drawn with: one item for a panel, painted once for a change."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.maps.curve_data import Curve, CurveSet, Panel
from engine.maps.quantities import TAU_LIQUID, quantity
from hybridgui.maps.curve_grid import CurveGrid
from hybridgui.widgets.basics import Sentence, label
from hybridgui.widgets.drawing import Drawing, Strokes, Word
from hybridgui.widgets.plot import Plot
from tests.gui.conftest import settle

RED, BLUE = "#ff0000", "#0000ff"


class Counted(QObject):
    """Counts events of one kind."""

    def __init__(self, kind: QEvent.Type, *widgets: QWidget):
        super().__init__()
        self._kind, self.counts = kind, dict.fromkeys(map(id, widgets), 0)
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == self._kind:
            self.counts[id(watched)] += 1
        return False


@pytest.fixture
def plot(qtbot, window):
    """A plot over 0 to 10 both ways, with a drawing of its own; the window gives the theme."""
    found = Plot()
    qtbot.addWidget(found)
    found.resize(400, 300)
    found.set_limits((0.0, 10.0), (0.0, 10.0))
    found.drawing = Drawing(1.5)
    found.addItem(found.drawing, ignoreBounds=True)
    found.show()
    qtbot.waitExposed(found)
    settle()
    return found


def colour_at(plot: Plot, x: float, y: float, image: QImage | None = None) -> QColor:
    """Colour on screen at a place of the data."""
    box = plot.getPlotItem().getViewBox()
    place = plot.mapFromScene(box.mapViewToScene(QPointF(x, y)))
    image = plot.grab().toImage() if image is None else image
    return image.pixelColor(place)


def all_signs() -> Strokes:
    found = Strokes()
    x = np.linspace(0, 10, 11)
    found.add_band(x, np.full(11, 1.0), np.full(11, 3.0), RED, 0.2)
    y = np.full(11, 5.0)
    y[4:7] = np.nan
    found.add_line(x, y, BLUE)
    found.marks.append((2.0, 8.0, 9.0, "o", QColor(BLUE), QColor(RED)))
    found.crosses.append((8.0, 8.0, QColor(RED)))
    found.words.append(Word(5.0, 9.0, "34.9"))
    return found


def test_that_a_drawing_shows_bands_lines_marks_and_crosses_where_they_belong(plot, qtbot):
    ground = colour_at(plot, 5, 2)
    plot.drawing.show_strokes(all_signs())
    settle()
    image = plot.grab().toImage()
    band = colour_at(plot, 5.05, 2, image)
    assert band.red() == pytest.approx(0.8 * ground.red() + 0.2 * 255, abs=12)
    assert band.blue() == pytest.approx(0.8 * ground.blue(), abs=12)
    assert min(colour_at(plot, 5.05, 3.5, image).getRgb()) > 235  # above the band
    line = colour_at(plot, 1.05, 5, image)
    assert line.blue() > 200 and line.red() < 120
    assert min(colour_at(plot, 5.05, 5, image).getRgb()) > 235  # a gap where nothing is finite
    assert colour_at(plot, 2, 8, image).red() > 200 > 60 > colour_at(plot, 2, 8, image).blue()
    cross = colour_at(plot, 8, 8, image)
    assert cross.red() > 200 and cross.blue() < 120


def test_that_a_drawing_follows_the_view_and_keeps_its_widths(plot, qtbot):
    plot.drawing.show_strokes(all_signs())
    plot.set_limits((0.0, 1.0), (4.5, 5.5))  # ten times nearer
    settle()
    image = plot.grab().toImage()
    column = [colour_at(plot, 0.52, y, image).red() for y in np.linspace(4.6, 5.4, 161)]
    dark = np.flatnonzero(np.array(column) < 200)
    assert len(dark) and np.ptp(dark) * 0.8 / 160 * 260 < 5  # still a thin line, px
    assert plot.drawing.boundingRect().width() == pytest.approx(1.04, abs=0.01)


def test_that_an_exported_drawing_is_made_of_lines_and_words(plot, tmp_path):
    plot.drawing.show_strokes(all_signs())
    plot.export(tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<image" not in text and "34.9" in text
    assert 'fill-opacity="0.2' in text and RED in text and BLUE in text
    # The cross stands where the plot shows it.
    box = plot.getPlotItem().getViewBox()
    middle = box.mapViewToScene(QPointF(8, 8))
    ends = [
        [tuple(map(float, one.split(","))) for one in points.split()]
        for points in re.findall(r'<polyline[^>]* points="([^"]+)"', text)
    ]
    crosses = [np.mean(one, axis=0) for one in ends if len(one) == 2]
    near = [np.hypot(x - middle.x(), y - middle.y()) < 1 for x, y in crosses]
    assert sum(near) == 2
    plot.export(tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    assert image.width() == 800
    assert any(
        image.pixelColor(x, y).red() > 200 and image.pixelColor(x, y).green() < 60
        for x in range(500, 750)
        for y in range(50, 250)
    )


def curves(shift: float, height: float = 1.0) -> CurveSet:
    """Four panels of two curves."""
    x = np.linspace(20, 160, 81)
    panels = []
    for value in (42.0, 44.0, 46.0, 48.0):
        found = []
        for k, am in enumerate((94.0, 96.0)):
            y = 2 + k + height * (x / 160) + shift
            marks = np.array([40.0]), np.array([2.3 + k]), ("36.1",)
            band = y - 0.1, y + 0.1
            found.append(Curve(am, f"AM {am:g} %", RED, x, y, *band, x < 120, *marks, x))
        panels.append(Panel(value, f"{value:g} %", tuple(found)))
    return CurveSet(
        "6", "", quantity("pressure_MPa"), quantity(TAU_LIQUID),
        quantity("initial_porosity_percent"), quantity("am_percent"), tuple(panels),
    )  # fmt: skip


@pytest.fixture
def grid(qtbot, window):
    found = CurveGrid()
    qtbot.addWidget(found)
    found.resize(800, 600)
    found.show()
    found.show_curves(curves(0.0))
    settle()
    return found


@pytest.mark.parametrize("height", [1.0, 9.0], ids=["same range", "another range"])
def test_that_moved_curves_are_painted_once_a_panel(grid, qtbot, height):
    painted = Counted(QEvent.Type.Paint, *(plot.viewport() for plot in grid.plots))
    grid.show_curves(curves(0.1, height))
    qtbot.waitUntil(lambda: all(painted.counts.values()))
    settle()
    assert list(painted.counts.values()) == [1, 1, 1, 1]


def test_that_curves_are_dashed_where_they_extrapolate(grid):
    lines = grid.plots[0].drawing.strokes.lines
    assert [dashed for _, _, dashed in lines] == [False, True, False, True]
    assert lines[0][0].boundingRect().right() < 120 <= lines[1][0].boundingRect().right()
    # They meet: the step across the border is drawn, and drawn dashed.
    assert lines[0][0].last() == lines[1][0].first()


def test_that_a_clicked_place_of_a_curve_is_ringed_and_the_ring_goes_with_new_curves(grid, qtbot):
    with qtbot.waitSignal(grid.picked) as caught:
        grid.pick(1, QPointF(90.0, 2 + 90 / 160))
    assert caught.args[0].setting["am_percent"] == 94.0
    assert len(grid.plots[1]._ring.data) == 1 and len(grid.plots[0]._ring.data) == 0
    grid.show_curves(curves(0.2))
    assert len(grid.plots[1]._ring.data) == 0


def test_that_values_that_are_not_finite_leave_gaps_and_break_nothing(grid, qtbot):
    data = curves(0.0)
    curve = data.panels[0].curves[0]
    y = curve.y.copy()
    y[10:20], y[60] = np.nan, np.inf
    hollow = dataclasses.replace(
        curve, y=y, low=np.full(81, np.nan), cross_y=np.array([np.nan]), inside=np.full(81, True)
    )
    panel = dataclasses.replace(data.panels[0], curves=(hollow, data.panels[0].curves[1]))
    grid.show_curves(dataclasses.replace(data, panels=(panel, *data.panels[1:])))
    settle()
    strokes = grid.plots[0].drawing.strokes
    assert len(strokes.bands) == 1 and len(strokes.crosses) == 1
    assert [line.size() for line, _, _ in strokes.lines[:3]] == [10, 40, 20]


@pytest.fixture
def sentence(qtbot, window):
    """A sentence in a page, and what counts how often the page is laid out."""
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    found = Sentence(label("a pressure of 40 MPa", wrap=True))
    column.addWidget(found)
    column.addStretch(1)
    page.resize(300, 200)
    page.show()
    settle()
    yield found, Counted(QEvent.Type.LayoutRequest, page)


def test_that_a_sentence_that_needs_no_other_room_lays_nothing_out(sentence, qtbot):
    words, asked = sentence
    words.set_text("a pressure of 41 MPa")
    settle()
    assert words.text == "a pressure of 41 MPa" and set(asked.counts.values()) == {0}


def test_that_a_longer_sentence_gets_the_room_it_needs(sentence, qtbot):
    words, _ = sentence
    before = words.height()
    words.set_text("a pressure of 41 MPa, " * 12)
    settle()
    assert words.height() >= words.heightForWidth(words.width()) > 2 * before
    words.set_text("a pressure of 42 MPa")
    settle()
    assert words.height() == before


def test_that_a_sentence_changed_while_hidden_has_its_room_when_shown(sentence, qtbot):
    words, _ = sentence
    words.hide()
    settle()
    words.set_text("a pressure of 41 MPa, " * 12)
    words.show()
    settle()
    assert words.height() >= words.heightForWidth(words.width())


def test_that_no_two_of_many_coatings_look_alike():
    from hybridgui.theme import theme
    from hybridgui.widgets.plot import category_mark

    colours = theme().category_colours(18)
    looks = [(colour, *category_mark(i)) for i, colour in enumerate(colours)]
    assert len(set(looks)) == 18
    assert {category_mark(i) for i in range(6)} == {("o", "dot")}
