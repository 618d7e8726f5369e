from fractions import Fraction

import pytest

from engine.errors import InputError
from engine.learning.units import (
    PLAIN,
    label_of_column,
    make_unit,
    multiply,
    parse_unit,
    raise_to,
    reference_of,
    unit_of_column,
    write_unit,
)


def test_that_the_suffix_of_a_name_gives_its_unit():
    assert unit_of_column("pressure_MPa") == make_unit({"MPa": 1})
    assert unit_of_column("active_area_per_volume_1_per_um") == make_unit({"um": -1})
    assert unit_of_column("am_percent") == PLAIN
    assert unit_of_column("AM") == PLAIN
    assert label_of_column("thickness_um") == "µm"


@pytest.mark.parametrize(
    ("text", "powers"),
    [("MPa", {"MPa": 1}), ("S/m", {"S": 1, "m": -1}), ("g/cm³", {"g": 1, "cm": -3}), ("%", {})],
)
def test_that_declared_units_are_read(text, powers):
    assert parse_unit(text) == make_unit(powers)


def test_that_nonsense_is_no_unit():
    with pytest.raises(InputError, match="MPa"):
        parse_unit("5 apples!")


def test_that_units_multiply_and_take_powers():
    pressure = make_unit({"MPa": 1})
    assert multiply(pressure, pressure, -1) == PLAIN
    assert raise_to(raise_to(pressure, Fraction(1, 3)), 3) == pressure
    assert write_unit(raise_to(pressure, Fraction(1, 2))) == "MPa^1/2"


def test_that_a_reference_follows_the_power_of_its_unit():
    assert reference_of(make_unit({"MPa": -2}), {"MPa": 10.0}) == pytest.approx(0.01)
