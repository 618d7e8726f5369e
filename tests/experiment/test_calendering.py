"""From a law to a condition."""

import dataclasses

import pytest

from engine.errors import InputError
from engine.experiment.calendering import calendered_condition, pressing_path
from engine.experiment.laws import make_law, published_law
from engine.structure.condition import Coating, Recipe
from tests.experiment.tables import sample_table


def test_that_the_published_protocol_gives_the_published_box():
    # AM 93 %, initial porosity 48 %, gap 1 µm: z is 82.5 µm in DOI 10.5281/zenodo.3901441.
    condition, warnings = calendered_condition(
        published_law(), Recipe.published(0.93), Coating(0.48, 100.0), gap=1.0, protocol="published"
    )
    assert condition.thickness == pytest.approx(82.5, abs=0.05)
    assert condition.porosity_kind == "resolved"
    assert condition.pressure == pytest.approx(174.2, abs=0.05)
    assert any("AM 93 %" in text for text in warnings)


def test_that_the_physical_protocol_conserves_the_solid():
    law = make_law("kawakita").fit(sample_table())
    condition, _ = calendered_condition(law, Recipe(0.95), Coating(0.46, 150.0), pressure=80.0)
    assert condition.porosity_kind == "total" and condition.protocol == "physical"
    before, after = 150.0 * (1 - 0.46), condition.thickness * (1 - condition.porosity)
    assert after == pytest.approx(before, rel=1e-12)
    assert condition.gap == pytest.approx(float(law.calibration.gap(80.0)))


def test_that_fields_of_the_condition_pass_through():
    condition, _ = calendered_condition(
        published_law(), Recipe(0.95), Coating(0.46, 100.0), gap=40.0, porosity_kind="resolved",
        box=(20.0, 30.0), voxel_size=0.5,
    )  # fmt: skip
    assert condition.porosity_kind == "resolved"
    assert condition.shape[1:] == (40, 60)


def test_that_gap_and_pressure_give_the_same_condition():
    law = published_law()
    recipe, coating = Recipe(0.95), Coating(0.46, 150.0)
    by_gap, _ = calendered_condition(law, recipe, coating, gap=30.0)
    by_pressure, _ = calendered_condition(law, recipe, coating, pressure=by_gap.pressure)
    assert by_pressure.porosity == pytest.approx(by_gap.porosity, rel=1e-12)
    assert by_pressure.gap == pytest.approx(30.0)


def test_that_a_porosity_that_no_electrode_has_is_refused():
    with pytest.raises(InputError, match="which no electrode has"):
        calendered_condition(published_law(), Recipe(0.9), Coating(0.6, 900.0), gap=1.0)
    with pytest.raises(InputError, match="Protocol 'other'"):
        calendered_condition(
            published_law(), Recipe(0.95), Coating(0.46, 100.0), gap=1.0, protocol="other"
        )


def test_that_a_path_of_pressing_follows_the_law_in_whole_voxels():
    law = make_law("kawakita").fit(sample_table())
    coating = Coating(0.46, 100.0)
    target, _ = calendered_condition(law, Recipe(0.95), coating, pressure=120.0, box=(40.0, 40.0))
    path = pressing_path(law, target, 6)
    assert path[0].pressure is None and path[-1].pressure == pytest.approx(120.0)
    pressures = [condition.pressure for condition in path[1:]]
    assert pressures == sorted(pressures)
    solid = [condition.thickness * (1 - condition.porosity) for condition in path]
    assert solid == pytest.approx([solid[0]] * len(path), rel=1e-9)
    for condition in path[1:]:
        asked = float(law.predict(0.95, 0.46, 100.0, pressure=condition.pressure))
        height = 100.0 * (1 - 0.46) / (1 - asked)
        # one voxel at most between the law and the height that can be drawn
        assert abs(condition.thickness - height) <= condition.voxel_size


def test_that_a_path_of_pressing_needs_a_pressure():
    law = make_law("kawakita").fit(sample_table())
    target, _ = calendered_condition(law, Recipe(0.95), Coating(0.46, 100.0), pressure=120.0)
    with pytest.raises(InputError, match="a coating and a pressure"):
        pressing_path(law, dataclasses.replace(target, pressure=None), 6)
