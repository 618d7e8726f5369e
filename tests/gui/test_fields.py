"""Fields of the forms."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hybridgui.maps.goals_form import LimitField
from hybridgui.widgets.form import NumberField


@pytest.fixture
def pressure(qtbot):
    field = NumberField(0, 500, 120, "MPa")
    qtbot.addWidget(field)
    field.show()
    return field


def typed(field, text):
    field.selectAll()
    QTest.keyClicks(field, text)


def test_that_a_number_out_of_range_is_marked_and_refused_with_its_last_digit(pressure):
    announced = []
    pressure.edited.connect(announced.append)
    typed(pressure, "5000")
    assert pressure.lineEdit().text() == "5000 MPa"
    assert pressure.problem == "5000 MPa is above 500 MPa." == pressure.toolTip()
    QTest.keyClick(pressure, Qt.Key.Key_Return)
    assert pressure.value() == 120 and pressure.text() == "120 MPa" and announced == []
    assert pressure.problem == "" and "0 to 500 MPa" in pressure.toolTip()


def test_that_numbers_within_range_are_taken_and_no_further_decimals(pressure):
    announced = []
    pressure.edited.connect(announced.append)
    typed(pressure, "45,5")
    QTest.keyClick(pressure, Qt.Key.Key_Return)
    typed(pressure, "20.127")  # two decimals are kept: the third is not taken
    QTest.keyClick(pressure, Qt.Key.Key_Return)
    typed(pressure, "abc")
    QTest.keyClick(pressure, Qt.Key.Key_Return)
    assert announced == [45.5, 20.12] and pressure.value() == 20.12


def test_that_a_limit_is_marked_while_it_cannot_be_read(qtbot):
    field = LimitField("free")
    qtbot.addWidget(field)
    field.set_reach(10, 170, "Calender pressure", "MPa")
    for text, reason in (
        ("x", "not a number"),
        ("nan", "not a number"),
        ("5000", "Calender pressure: 5000 MPa is not between 10 and 170 MPa."),
    ):
        field.setText(text)
        assert reason in field.toolTip() and field.property("invalid")
    for text, value in (("", None), ("80,5", 80.5), ("170", 170.0)):
        field.setText(text)
        assert field.value() == value and not field.property("invalid")
