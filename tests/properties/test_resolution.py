"""Resolution check: from two voxel sizes to none, in engine, campaign and shell."""

import dataclasses
import json
import math

import pytest

from engine.campaign.design import Design
from engine.campaign.design_file import read_design
from engine.campaign.worker import compute, run_structure
from engine.cli import main
from engine.errors import InputError
from engine.properties import characterize
from engine.properties.catalogue import CATALOGUE
from engine.properties.resolution import EXTRAPOLATED, RANGE, VALUE, resolution_check
from engine.structure.condition import Condition, Recipe
from engine.structure.generate import generate
from engine.study import Study
from engine.study.records import StructureTask
from tests.campaign.examples import small_design

COARSE = Condition(Recipe(0.94), 0.5, 24.0, box=(20.0, 20.0), voxel_size=2.0)


def test_that_a_resolution_check_draws_the_line_through_both_voxel_sizes():
    columns = characterize(generate(COARSE, 5).stack).flat()
    fine = characterize(generate(dataclasses.replace(COARSE, voxel_size=1.0), 5).stack).flat()
    found = resolution_check(COARSE, 5, columns)
    assert set(found) == {head + name for head in (VALUE, RANGE) for name in EXTRAPOLATED}
    assert set(found) <= set(CATALOGUE)
    for name in EXTRAPOLATED:
        least = 1.0 if name.startswith("tortuosity_factor") else 0.0
        line = 2 * fine[name] - columns[name]
        assert found[VALUE + name] == pytest.approx(max(line, least))
        assert found[RANGE + name] == pytest.approx(abs(fine[name] - columns[name]) / 2)


def test_that_what_does_not_percolate_has_no_extrapolated_value():
    columns = characterize(generate(COARSE, 5).stack).flat()
    found = resolution_check(COARSE, 5, columns | {"tortuosity_factor_am": math.inf})
    assert math.isnan(found[VALUE + "tortuosity_factor_am"])
    assert math.isnan(found[RANGE + "tortuosity_factor_am"])


def test_that_the_published_protocol_is_refused():
    published = dataclasses.replace(COARSE, protocol="published")
    with pytest.raises(InputError, match="physical protocol"):
        resolution_check(published, 1, {})
    with pytest.raises(InputError, match=r"resolution check needs the physical protocol"):
        small_design(resolution_check=True)


def test_that_a_worker_checks_the_resolution_when_the_design_asks(tmp_path):
    design = small_design(
        1, variables={"protocol": "physical", "voxel_size_um": 2.0}, resolution_check=True
    )
    point = design.conditions()[0]
    task = StructureTask(0, 0, 0, point.seeds[0], point.condition)
    outcome = run_structure(task, design.parts)
    plain, sha256 = compute(task, "published")
    assert outcome.error is None
    assert outcome.voxels_sha256 == sha256
    assert {name: outcome.properties[name] for name in EXTRAPOLATED} == {
        name: plain[name] for name in EXTRAPOLATED
    }
    assert VALUE + "tortuosity_factor_electrolyte" in outcome.properties
    with Study.create(tmp_path / "a.study") as study:
        study.add_campaign(design)
        assert Design.from_dict(study.campaigns()[0].design) == design


def test_that_a_design_without_the_check_keeps_the_key_it_had():
    design = small_design()
    assert "resolution_check" not in design.to_dict()
    assert Design.from_dict(design.to_dict()) == design


@pytest.mark.parametrize(("text", "said"), [("true", None), ("1", "true or false")])
def test_that_a_design_file_asks_for_the_check(tmp_path, text, said):
    path = tmp_path / "design.toml"
    path.write_text(
        "[design]\ngap_um = 50\nam_percent = 94\ninitial_porosity_percent = 46\n"
        f"resolution_check = {text}\n"
    )
    if said is None:
        assert read_design(path).parts == "published+resolution"
    else:
        with pytest.raises(InputError, match=said):
            read_design(path)


def test_that_the_generate_verb_reports_the_check(tmp_path, capsys):
    words = "generate --am 94 --porosity 0.5 --thickness 24 --box 20 20 --voxel-size 2 --seed 5"
    code = main([*words.split(), "--out", str(tmp_path / "s.npy"), "--resolution-check", "--json"])
    assert code == 0
    found = json.loads(capsys.readouterr().out)["resolution_check"]
    columns = characterize(generate(COARSE, 5).stack).flat()
    for name, value in resolution_check(COARSE, 5, columns).items():
        assert found[name] == (pytest.approx(value) if math.isfinite(value) else None)
