"""Conditions pasted from a spreadsheet."""

import pytest

from engine.campaign.pasted import read_pasted
from engine.errors import InputError
from engine.experiment.laws import published_law

LAW = published_law().to_dict()
NAMES = "gap_um\tam_percent\tinitial_porosity_percent"


@pytest.mark.parametrize(
    "text",
    [
        f"{NAMES}\n1\t94,5\t46\n91\t95\t44,25\n",
        "gap_um;am_percent;initial_porosity_percent\n1;94.5;46\n91;95;44,25",
        "gap_um am_percent  initial_porosity_percent\n\n1  94.5 46\n91 95 44.25",
        "gap_um, am_percent, initial_porosity_percent\r\n1,94.5,46\r\n91, 95, 44.25",
    ],
)
def test_that_any_usual_separator_and_decimal_sign_is_read(text):
    design = read_pasted(text, LAW, repeats=2, variables={"protocol": "published"})
    assert design.count == 2 and design.structures == 4
    values = [point.values for point in design.conditions()]
    assert [value["gap_um"] for value in values] == [1.0, 91.0]
    assert [value["am_percent"] for value in values] == [94.5, 95.0]
    assert [value["initial_porosity_percent"] for value in values] == [46.0, 44.25]
    assert design.conditions()[0].condition.protocol == "published"


def test_that_a_pasted_column_goes_before_a_value_for_all_by_any_of_its_names():
    design = read_pasted(
        "gap_um am_percent porosity_percent thickness_um\n1 94 46 80\n9 94 46 90",
        LAW,
        variables={"initial_thickness_um": 100.0},
    )
    thickness = [point.values["initial_thickness_um"] for point in design.conditions()]
    assert thickness == [80.0, 90.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line of names"),
        (NAMES, "line of names"),
        (f"{NAMES}\n1\t94", "Row 1 .* 2 values for 3 columns"),
        (f"{NAMES}\n1\t94\tmuch", "'initial_porosity_percent' must be a number, not 'much'"),
        ("gap_um gap_um\n1 2", "names a column twice"),
        ("gap am_percent initial_porosity_percent\n1 2 3", "'gap' is not known"),
    ],
)
def test_that_what_is_wrong_in_a_pasted_list_is_named(text, words):
    with pytest.raises(InputError, match=words):
        read_pasted(text, LAW)
