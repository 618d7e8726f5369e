import json

import numpy as np
import pytest

from engine.structure.condition import Condition, Recipe
from engine.structure.generate import generate
from engine.structure.size_comparison import compare_sizes

PHYSICAL = Condition(Recipe(0.94), 0.4, 60.0, box=(50.0, 50.0))
PUBLISHED = Condition(Recipe.published(0.94), 0.4, 40.0, "resolved", "published", box=(40.0, 40.0))


@pytest.mark.parametrize("basis", ["number", "volume"])
def test_that_the_physical_protocol_realises_the_sizes_asked_for(basis):
    radii = generate(PHYSICAL, 0).particles.radii
    found = compare_sizes(PHYSICAL, radii, basis, bins=12)
    assert found.asked.sum() == pytest.approx(100)
    assert found.realised.sum() == pytest.approx(100)
    assert np.abs(found.asked - found.realised).max() < 6
    assert json.loads(json.dumps(found.to_dict()))["basis"] == basis


def test_that_random_placing_prefers_small_spheres_and_the_comparison_shows_it():
    structure = generate(PUBLISHED, 0)
    found = compare_sizes(PUBLISHED, structure.particles.radii)
    assert len(found.asked) == 14
    assert found.asked.sum() == pytest.approx(100)
    assert found.realised.sum() == pytest.approx(100)
    assert found.realised[0] > 2 * found.asked[0]
    assert found.realised[-1] < 0.5 * found.asked[-1]
    report = structure.report
    assert report["sizes_realised"]["d90_number_um"] < report["sizes_asked"]["d90_number_um"]


def test_that_the_sizes_asked_for_can_be_shown_before_anything_is_generated():
    found = compare_sizes(PHYSICAL)
    assert found.realised is None
    assert found.edges[0] < 1.1 and found.edges[-1] > 16
