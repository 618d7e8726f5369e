"""A campaign says each thing about its law once."""

from engine.campaign.law_warnings import said_once

RISE = "At initial porosity 38 % this law lets the porosity rise above 83 MPa, which calendering cannot do: "
STAY = RISE + "stay below it or use a law constrained to fall."
ABOVE = RISE + "the pressure asked for is above it; use a law constrained to fall."


def test_that_one_warning_in_two_wordings_is_said_once_and_the_urgent_one_stays():
    assert said_once([[ABOVE], [STAY], [STAY]], of=4) == [f"{ABOVE} (1 of 4 conditions)"]
    assert said_once([[STAY], [STAY]], of=4) == [f"{STAY} (2 of 4 conditions)"]


def test_that_sentences_with_other_numbers_are_one_with_their_range():
    texts = [
        [f"AM {v} % is outside the measured 94-96 %: the law extrapolates."] for v in (90, 91.5, 93)
    ]
    assert said_once(texts, of=9) == [
        "AM 90 to 93 % is outside the measured 94-96 %: the law extrapolates. (3 of 9 conditions)"
    ]
    assert said_once(texts[:2], of=9)[0].startswith(
        "AM 90 and 91.5 % is outside the measured 94-96"
    )


def test_that_different_warnings_stay_apart_in_their_order():
    found = said_once([["First 1.", "Second 1."], ["Second 1."]], of=2)
    assert found == ["First 1. (1 of 2 conditions)", "Second 1. (2 of 2 conditions)"]
    assert said_once([], of=3) == []


def test_that_numbers_with_an_exponent_are_whole():
    texts = [["The gap 1e-05 µm is small."], ["The gap 2.5e-03 µm is small."]]
    assert said_once(texts, of=2) == ["The gap 1e-05 and 2.5e-03 µm is small. (2 of 2 conditions)"]
