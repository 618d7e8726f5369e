import json

import pytest

from engine.errors import InputError
from engine.structure.condition import Condition, Recipe
from engine.structure.options import (
    GENERATOR_OPTIONS,
    PUBLISHED_OPTIONS,
    check_option,
    resolve_options,
)


@pytest.mark.parametrize("name", list(GENERATOR_OPTIONS))
def test_that_each_default_is_allowed_and_survives_json(name):
    default, _, _, meaning = GENERATOR_OPTIONS[name]
    assert check_option(name, json.loads(json.dumps(default))) == default
    assert meaning


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("no_such_thing", 1, "no option of the generator"),
        ("cbd_weight", 1.2, "between 0 and 1"),
        ("cbd_weight", "much", "give a number"),
        ("cbd_weight", True, "give a number"),
        ("cbd_weight", float("nan"), "give a number"),
        ("cbd_rule", "magic", "use one of film_finger"),
        ("collector_wetting", "perhaps", "true or false"),
        ("diameters", [1, -2], "negative"),
    ],
)
def test_that_what_is_not_allowed_is_refused_with_the_reason(name, value, reason):
    with pytest.raises(InputError, match=reason):
        check_option(name, value)


def test_that_given_options_replace_defaults_and_texts_become_values():
    options = {"cbd_weight": "0.8", "collector_wetting": "no", "diameters": 3}
    resolved = resolve_options(Condition(Recipe(0.94), 0.4, 80, options=options))
    assert resolved["cbd_weight"] == 0.8
    assert resolved["collector_wetting"] is False
    assert resolved["diameters"] == [3.0]
    assert resolved["cbd_rule"] == "film_finger"
    assert set(resolved) == set(GENERATOR_OPTIONS) - set(PUBLISHED_OPTIONS)


def test_that_the_published_protocol_has_only_its_own_options():
    condition = Condition(
        Recipe.published(0.94), 0.33, 86, "resolved", "published", options={"cbd_weight": 0.3}
    )
    assert resolve_options(condition) == {"sphere_drawing": "padded"}
