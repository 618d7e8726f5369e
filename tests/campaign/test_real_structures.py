"""Campaigns with the real generator and the real properties, as small as they get."""

import dataclasses
import os

import pytest

from engine.campaign.regenerate import changes_in, regenerate
from engine.campaign.worker import run_structure
from engine.errors import InputError
from engine.properties.characterize import characterize
from engine.structure.changes import changes_since
from engine.structure.condition import Condition, Recipe
from engine.structure.generate import generate
from engine.study import Study
from tests.campaign.examples import exported, run_whole, small_design


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A finished campaign of 4 conditions, 2 repeats, by one worker (that compiles alone)."""
    path = tmp_path_factory.mktemp("real") / "a.study"
    events = run_whole(path, small_design(repeats=2), run_structure, workers=1)
    assert events[-1].done == 8
    return path


@pytest.mark.parametrize("structures", [False, True])
def test_that_one_and_two_workers_export_the_same_file(path, tmp_path, structures):
    both = tmp_path / "both.study"
    run_whole(both, small_design(repeats=2), run_structure, workers=2)
    assert exported(both, structures) == exported(path, structures)


def test_that_every_structure_can_be_made_again_from_its_row(path):
    with Study.open(path, read_only=True) as study:
        frame = study.structures()
        conditions = study.conditions(1)
    assert frame["voxels_sha256"].nunique() == len(frame) == 8
    for row in frame.iloc[[0, 3, 7]].to_dict("records"):
        structure = generate(conditions[row["condition"]].condition, row["seed"])
        assert structure.stack.sha256 == row["voxels_sha256"]
        flat = characterize(structure.stack).flat()
        for name, value in flat.items():
            if name != "seconds":
                assert row[name] == value or (row[name] != row[name] and value != value), name


def test_that_a_structure_that_differs_from_its_record_is_said(path, tmp_path):
    with Study.open(path) as study:
        assert regenerate(study, 1, 2, 1).warning is None
        study.save_copy(tmp_path / "copy.study")
    with Study.open(tmp_path / "copy.study") as study:
        with study._database.transaction() as connection:
            connection.execute("UPDATE structure SET voxels_sha256 = 'other'")
        again = regenerate(study, 1, 2, 1)
        assert "differs from the recorded one" in again.warning
        with pytest.raises(InputError, match="no result"):
            regenerate(study, 1, 2, 9)


def made_with(version, path, place):
    """A copy of the study as an older version would have left it."""
    with Study.open(path) as study:
        study.save_copy(place)
    with Study.open(place) as study, study._database.transaction() as connection:
        connection.execute("UPDATE campaign SET program_version = ?", (version,))
        connection.execute("UPDATE structure SET voxels_sha256 = 'other'")
    return Study.open(place)


def test_that_an_older_study_says_what_differs_and_why(path, tmp_path):
    with Study.open(path) as study:
        assert changes_in(study) == []
    with made_with("0.1.0", path, tmp_path / "old.study") as study:
        [sentence] = changes_in(study)
        assert sentence.startswith("Campaign 1 was begun with version 0.1.0: since version 0.2.0")
        assert "padded box" in sentence and "new study" in sentence
        assert "padded box" in regenerate(study, 1, 2, 1).warning
    with made_with("0.2.0", path, tmp_path / "new.study") as study:
        assert changes_in(study) == []
        assert "another kind of computer" in regenerate(study, 1, 2, 1).warning


def test_that_the_plain_drawing_gives_the_voxels_of_the_first_version():
    # sha256 of the labels that version 0.1.0 built
    condition = Condition(
        Recipe(0.95), 0.4, 20.0, box=(20.0, 20.0), protocol="published", porosity_kind="resolved"
    )
    assert not changes_since("0.1.0", dataclasses.replace(condition, protocol="physical"))
    assert changes_since("0.1.0", condition)
    plain = dataclasses.replace(condition, options={"sphere_drawing": "plain"})
    assert not changes_since("0.1.0", plain)
    assert (
        generate(plain, 3).stack.sha256
        == "f34df5d7d1865e7c98bd03c53b23a59ec2797d30ad92eb1684cf1d675c7c3aba"
    )


def test_that_nothing_but_the_study_is_left_on_disk(path):
    assert {name for name in os.listdir(path.parent) if "study" in name} == {"a.study"}
