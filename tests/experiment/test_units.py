"""Units and numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment.numbers import detect_decimal, parse_number
from engine.experiment.units import CHOICES, find_unit, split_header


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("Thickness (µm)", "Thickness", "um"), ("Dicke / µm", "Dicke", "um"),
        ("Dicke in mm", "Dicke", "mm"), ("gap_um", "gap", "um"), ("AM %", "AM", "%"),
        ("calender.gap.um", "calender.gap", "um"), ("%AM", "AM", "%"), ("X.NMC", "X.NMC", None),
        ("AM (wt.-%)", "AM", "wt%"), ("Druck [N/mm²]", "Druck", "n/mm2"),
        ("pressure_MPa", "pressure", "mpa"), ("Porosity (before) (%)", "Porosity (before)", "%"),
        ("S.to.L", "S.to.L", None), ("Dichte (g/cm³)", "Dichte", "g/cm3"),
        ("Thickness\n(μm)", "Thickness", "um"), ("t0", "t0", None), ("P", "P", None),
    ],
)  # fmt: skip
def test_that_a_header_splits_into_name_and_unit(header, name, unit):
    found_name, found = split_header(header)
    assert found_name == name
    assert (found.text if found else None) == unit


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("%", 0.01), ("Gew.-%", 0.01), ("µm", 1), ("mm", 1000), ("nm", 1e-3), ("bar", 0.1),
        ("N/mm²", 1), ("kN/cm^2", 10), ("MPa", 1), ("kN/m", 1), ("g/m²", 0.1), ("kg/m³", 1e-3),
        ("mg cm-2", 1), ("[-]", 1), ("psi", 0.006894757),
    ],
)  # fmt: skip
def test_that_units_convert_to_those_of_the_engine(unit, factor):
    assert find_unit(unit).factor == pytest.approx(factor)


@pytest.mark.parametrize("text", ["", "furlong", "AM", "%%", "1/2"])
def test_that_other_texts_are_no_units(text):
    assert find_unit(text) is None


@given(
    st.sampled_from([(k, u) for k, units in CHOICES.items() for u in units]), st.floats(1e-3, 1e4)
)
def test_that_every_unit_on_offer_survives_the_way_there_and_back(choice, value):
    kind, text = choice
    unit = find_unit(text)
    assert unit is not None and unit.kind == kind
    assert value * unit.factor / unit.factor == pytest.approx(value, rel=1e-12)
    assert split_header(f"Quantity ({text})")[1] == unit


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("0,487", ".", 0.487), ("0.487", ",", 0.487), ("1.234,5", ".", 1234.5),
        ("1,234.5", ",", 1234.5), ("1,234", ".", 1234.0), ("1,234", ",", 1.234),
        ("1.234", ",", 1234.0), ("1 234,5", ",", 1234.5), ("1'234.5", ".", 1234.5), ("−3", ".", -3.0),
        ("1,5E-3", ",", 0.0015), (" 12 ", ".", 12.0), (",5", ",", 0.5), ("5.", ".", 5.0),
    ],
)  # fmt: skip
def test_that_numbers_are_read_with_either_mark(text, decimal, value):
    assert parse_number(text, decimal)[0] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "1_0", "~5", "5 ± 1", "12abc", "", "1.2.3", "2020-05-01", "1e999", "٣", "0x1F"],
)
def test_that_texts_are_not_mistaken_for_numbers(text):
    assert parse_number(text) is None


@given(st.floats(-1e12, 1e12), st.sampled_from(".,"), st.integers(0, 6))
def test_that_a_written_number_is_read_back(value, mark, digits):
    text = f"{value:.{digits}f}"
    assert parse_number(text.replace(".", mark), mark)[0] == float(text)


@given(
    st.integers(-(10**12), 10**12), st.sampled_from([",", " ", "'", "\u202f"]), st.integers(1, 5)
)
def test_that_thousands_separators_are_read_back(value, separator, digits):
    text = f"{value + 0.5:,.{digits}f}".replace(",", separator)
    assert parse_number(text)[0] == float(f"{value + 0.5:.{digits}f}")


@pytest.mark.parametrize(
    ("texts", "likely", "mark"),
    [
        (["0,94", "138"], False, ","), (["0.94", "1,234"], True, "."), (["138,250"], True, ","),
        (["138,250"], False, "."), (["AM", "note, more"], True, "."), (["1.234,5"], False, ","),
    ],
)  # fmt: skip
def test_that_the_decimal_mark_is_found(texts, likely, mark):
    assert detect_decimal(texts, likely) == mark
