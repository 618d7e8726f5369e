import dataclasses

import numpy as np
import pytest

from engine.errors import Cancelled, InputError
from engine.progress import Progress
from engine.structure.active_material import voxel_targets
from engine.structure.calendering_path import path_conditions, press
from engine.structure.condition import Coating, Condition, Recipe
from engine.structure.loading import derive
from engine.structure.stack import AM, CBD

COATING = Coating(0.47, 60.0)


def conditions(porosities=(0.42, 0.36, 0.30), **fields):
    return path_conditions(Recipe(0.94), COATING, porosities, box=(36.0, 36.0), **fields)


@pytest.fixture(scope="module")
def path():
    return press(conditions(), 3)


def test_that_every_step_holds_the_same_solid_and_meets_its_targets(path):
    counts = [np.bincount(s.stack.labels.ravel(), minlength=3) for s in path]
    assert {(count[AM], count[CBD]) for count in counts} == {voxel_targets(path[0].condition)}
    loadings = [derive(s.condition).areal_loading for s in path]
    assert loadings == pytest.approx([loadings[0]] * len(path))
    assert [s.condition.shape[0] for s in path] == sorted(
        (s.condition.shape[0] for s in path), reverse=True
    )


def test_that_overlap_stays_small_and_contacts_grow(path):
    assert all(s.report["max_relative_overlap"] < 0.02 for s in path)
    coordination = [s.report["coordination"] for s in path]
    assert coordination == sorted(coordination)
    assert coordination[-1] > coordination[0] + 1


def test_that_particles_keep_their_identity(path):
    radii = np.array([s.particles.radii for s in path])
    assert np.abs(radii / radii[0] - 1).max() < 0.01
    heights = np.array([s.stack.thickness for s in path])
    centres = np.stack([s.particles.centres for s in path])
    relative = centres[:, :, 0] / heights[:, None]
    # pressed affinely and then pushed a little: nobody changes places with a far neighbour
    assert np.abs(np.diff(relative, axis=0)).max() < 0.12
    sideways = np.abs(np.diff(centres[:, :, 1:], axis=0))
    assert np.median(np.minimum(sideways, 36 - sideways)) < 0.5


def test_that_most_cbd_moves_with_its_particle(path):
    assert all(s.report["cbd_carried_share"] > 0.6 for s in path[1:])
    assert "cbd_carried_share" not in path[0].report


def test_that_a_path_is_the_same_every_time(path):
    again = press(conditions(), 3)
    assert [s.stack.sha256 for s in again] == [s.stack.sha256 for s in path]
    assert press(conditions(), 4)[-1].stack.sha256 != path[-1].stack.sha256


def test_that_heights_are_whole_voxels():
    for condition in conditions(voxel_size=0.7):
        assert condition.thickness / 0.7 == pytest.approx(condition.shape[0])


def test_that_pressing_beyond_the_densest_packing_is_refused_with_the_limit():
    with pytest.raises(InputError, match=r"cannot be pressed to 1\d\.\d % .* jam at about \d\d %"):
        press(conditions((0.35, 0.25, 0.15)), 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"voxel_size": 0.5}, "equal in all but"),
        ({"thickness": 70.0}, "different amounts of solid"),
        ({"protocol": "published", "porosity_kind": "resolved"}, "physical protocol"),
    ],
)
def test_that_conditions_of_another_electrode_are_refused(change, reason):
    first, *rest = conditions()
    wrong = dataclasses.replace(rest[0], **change)
    with pytest.raises(InputError, match=reason):
        press([first, wrong], 0)


def test_that_an_electrode_cannot_be_pressed_thicker():
    with pytest.raises(InputError, match="thinner and thinner"):
        press(conditions()[::-1], 0)
    with pytest.raises(InputError, match="not below"):
        conditions((0.5,))
    with pytest.raises(InputError, match="at least one"):
        press([], 0)


def test_that_pressing_can_be_cancelled():
    seen: list[str] = []
    progress = Progress()

    def stop_when_pressing(fraction, stage):
        seen.append(stage)
        if stage == "pressing":
            progress.cancel()

    progress._on_report = stop_when_pressing
    with pytest.raises(Cancelled):
        press(conditions(), 3, progress)
    assert "pressing" in seen


def test_that_a_single_condition_is_an_ordinary_structure():
    from engine.structure.generate import generate

    asked = Condition(Recipe(0.94), 0.4, 40.0, box=(30.0, 30.0))
    assert press([asked], 5)[0].stack.sha256 == generate(asked, 5).stack.sha256
