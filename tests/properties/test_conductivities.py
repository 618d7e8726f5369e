"""Bulk conductivities that are not the defaults: in properties, verb, design, campaign and maps."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from engine.campaign.design import Design
from engine.campaign.design_file import read_design
from engine.campaign.export import provenance
from engine.campaign.regenerate import structure_at
from engine.campaign.worker import compute, run_structure
from engine.cli import main
from engine.errors import InputError
from engine.maps.bpx_export import from_properties, from_responses
from engine.maps.electrode import RecipeConstants
from engine.maps.methods import methods_paragraph
from engine.maps.provenance import provenance_lines
from engine.maps.quantities import SIGMA_EFF
from engine.maps.report_data import _campaigns
from engine.maps.responses import Responses
from engine.maps.sources import conductivities_of, default_targets, read_sources
from engine.properties import Conductivities, characterize
from engine.structure.stack import AM, CBD, ELECTROLYTE, VoxelStack
from engine.study import StructureTask, Study
from tests.campaign.examples import run_whole, small_design
from tests.maps.examples import published_law

OPEN = Conductivities(electrolyte=1.2, cbd_ionic=0.36)
DESIGN = """
[design]
gap_um = 50
am_percent = 94
initial_porosity_percent = 46
"""


def blocked() -> VoxelStack:
    """Six slices of electrolyte, three of CBD across the whole area, one of AM beside it."""
    labels = np.full((9, 6, 5), ELECTROLYTE, np.uint8)
    labels[3:6] = CBD
    return VoxelStack(labels)


@pytest.fixture
def stack_file(tmp_path):
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, blocked().labels)
    return path


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "design.toml"
        path.write_text(DESIGN + text)
        return read_design(path)

    return read


@pytest.mark.parametrize("parts", ["outputs", "published"])
def test_that_ions_through_the_nanopores_open_what_the_cbd_blocks(parts):
    shut = characterize(blocked(), parts)
    opened = characterize(blocked(), parts, conductivities=OPEN)
    assert shut.ionic_conductivity == 0
    # layers in series: total thickness over the sum of thickness over conductivity
    assert opened.ionic_conductivity == pytest.approx(9 / (6 / 1.2 + 3 / 0.36), rel=5e-4)
    # tortuosity is of the free electrolyte's geometry, whatever the CBD conducts
    assert opened.flat()["tortuosity_factor_electrolyte"] == np.inf


def test_that_electronic_layers_in_series_take_both_bulk_values():
    labels = np.full((10, 4, 4), AM, np.uint8)
    labels[6:] = CBD
    bulk = Conductivities(am=2.0, cbd=10.0)
    found = characterize(VoxelStack(labels), conductivities=bulk).electronic_conductivity
    assert found == pytest.approx(10 / (6 / 2 + 4 / 10), rel=5e-4)
    nothing = characterize(VoxelStack(labels), conductivities=Conductivities(am=0, cbd=0))
    assert nothing.electronic_conductivity == 0


def test_that_the_electrolyte_scales_the_ionic_conductivity_alone():
    labels = np.random.default_rng(3).choice(3, (9, 8, 7), p=(0.6, 0.3, 0.1)).astype(np.uint8)
    usual = characterize(VoxelStack(labels)).flat()
    other = characterize(VoxelStack(labels), conductivities=Conductivities(2.238)).flat()
    usual.pop("seconds"), other.pop("seconds")
    assert other.pop(SIGMA_EFF) == pytest.approx(2 * usual.pop(SIGMA_EFF), rel=1e-12)
    assert other == usual


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "much", True, None])
def test_that_what_is_no_conductivity_is_refused(value):
    with pytest.raises(InputError, match="zero or a positive number"):
        Conductivities.of({"cbd": value})


def test_that_the_verb_takes_conductivities(stack_file, capsys):
    words = ["characterize", str(stack_file), "--voxel-size", "1", "--json"]
    words += ["--conductivity", "electrolyte=1,2", "--conductivity", "cbd_ionic=0.36"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    expected = characterize(blocked(), conductivities=OPEN).ionic_conductivity
    assert result["effective_conductivity_S_per_m"]["ionic"] == expected > 0
    assert "conductivities" not in result


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["binder=1"], "'binder' is unknown: name electrolyte, am, cbd or cbd_ionic"),
        (["cbd=-2"], "cbd = -2.0 S/m must be zero or a positive"),
        (["cbd=high"], "--conductivity cbd 'high' is not a number"),
        (["cbd"], "not of the form name=value"),
        (["electrolyte=0"], "electrolyte must be above zero"),
        (["am=1", "am=2"], "gives 'am' twice"),
    ],
)
def test_that_the_verb_names_what_is_wrong_with_a_conductivity(stack_file, capsys, words, said):
    assert main(["characterize", str(stack_file), "--conductivity", *words]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and "\n" not in error


def test_that_a_design_file_sets_any_of_them(read):
    design = read("[conductivities]\nelectrolyte = 1.2\ncbd_ionic = 0.36\n")
    assert design.conductivities == OPEN
    assert Design.from_dict(json.loads(json.dumps(design.to_dict()))) == design


def test_that_an_older_design_means_the_defaults(read):
    design = read("")
    stored = design.to_dict()
    assert "conductivities" not in stored
    assert Design.from_dict(stored).conductivities == Conductivities()
    # said or left unsaid, the defaults are one design
    same = read("[conductivities]\nelectrolyte = 1.119\ncbd = 100\n")
    assert same.key == design.key and same.asked == design.asked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[conductivities]\ncarbon = 3\n", r"\[conductivities\]: Conductivity 'carbon' is unknown"),
        ("[conductivities]\nam = 'x'\n", r"\[conductivities\]: Conductivity am = x"),
        ("[conductivity]\nam = 1\n", "conductivities"),
        ("[[conductivities]]\nam = 1\n", "must be a table"),
    ],
)
def test_that_a_wrong_table_of_conductivities_is_named(read, text, said):
    with pytest.raises(InputError, match=said):
        read(text)


def test_that_kernels_for_the_nanopores_are_compiled_beforehand():
    shut = small_design(properties="outputs")
    opened = dataclasses.replace(shut, conductivities=OPEN)
    assert "conduction" not in shut.kernels and "conduction" in opened.kernels


def test_that_designs_that_differ_in_conductivities_alone_are_two_campaigns(tmp_path):
    usual = small_design(repeats=1)
    other = dataclasses.replace(usual, conductivities=OPEN)
    path = tmp_path / "a.study"
    for design in (usual, other, usual):
        run_whole(path, design, run_structure)
    with Study.open(path) as study:
        assert len(study.campaigns()) == 2
        frame = study.structures()
        first, second = (part for _, part in frame.groupby("campaign"))
        # the same voxels, other conductivities, and a column that tells them apart
        assert list(first["voxels_sha256"]) == list(second["voxels_sha256"])
        assert (second[SIGMA_EFF].to_numpy() > 1.2 / 1.119 * first[SIGMA_EFF].to_numpy()).all()
        assert set(second["bulk_conductivity_cbd_ionic_S_per_m"]) == {0.36}
        assert set(first["bulk_conductivity_cbd_ionic_S_per_m"]) == {0.0}
        assert "bulk_conductivity_am_S_per_m" not in frame
        assert not [name for name in study.dataset(1) if name.startswith("bulk_")]
        rows = study.dataset()
        for _, row in rows.iterrows():
            assert structure_at(study, dict(row))[1].campaign == row["campaign"]
        task = study.conditions(2)[0]
        point = other.conditions()[0]
        again, _ = compute(
            StructureTask(2, 0, 0, point.seeds[0], task.condition), other.parts, OPEN
        )
        stored = next(r for r in study.results(2) if (r.number, r.repeat) == (0, 0))
        assert again[SIGMA_EFF] == stored.properties[SIGMA_EFF]
        # where the numbers come from, in exports and report
        kept = [one["bulk conductivities (S/m)"] for one in provenance(study)["campaigns"]]
        assert kept == [Conductivities().to_dict(), OPEN.to_dict()]
        grids = [str(one["design"]) for one in _campaigns(study, None)]
        assert "electrolyte 1.119, AM" in grids[0] and "CBD 0.36 S/m" in grids[1]
        sources = read_sources(study)
        assert sources.responses.constants.conductivities == OPEN
        assert any("conductivity" in note for note in sources.notes)
        assert any(OPEN.in_words in line for line in provenance_lines(sources))
        told, _ = methods_paragraph(sources)
        assert "free electrolyte (1.2 S/m) and the nanopores of the CBD (0.36 S/m)" in told
        assert conductivities_of(study.campaign(1)) == Conductivities()


class Constant:
    """A model that always says the same."""

    inputs = ("pressure_MPa", "am_percent", "initial_porosity_percent")

    def __init__(self, target, value):
        self.target, self.value = target, value
        self.domain = {
            "pressure_MPa": (20.0, 120.0),
            "am_percent": (93.0, 96.0),
            "initial_porosity_percent": (40.0, 50.0),
        }

    def predict(self, frame):
        return np.full(len(frame), self.value)

    def interval(self, frame):
        return self.predict(frame) * 0.9, self.predict(frame) * 1.1


def responses(bulk, **models) -> Responses:
    return Responses(
        models={name: Constant(name, value) for name, value in models.items()},
        law=published_law(),
        base={"initial_thickness_um": 100.0},
        constants=dataclasses.replace(RecipeConstants.published(), conductivities=bulk),
    )


SETTING = {
    "pressure_MPa": 60.0,
    "am_percent": 94.0,
    "initial_porosity_percent": 46.0,
    "initial_thickness_um": 100.0,
}


def test_that_maps_take_the_electrolyte_of_the_campaign():
    table = pd.DataFrame([SETTING])
    wanted = [SIGMA_EFF, "macmullin_number"]
    one, two = (
        responses(Conductivities(value), tortuosity_electrolyte=2.0).evaluate(table, wanted).values
        for value in (1.119, 2.238)
    )
    assert two[SIGMA_EFF][0] == pytest.approx(2 * one[SIGMA_EFF][0])
    assert two["macmullin_number"][0] == one["macmullin_number"][0]
    assert one[SIGMA_EFF][0] * one["macmullin_number"][0] == pytest.approx(1.119)


def test_that_with_an_open_cbd_the_conductivity_follows_from_no_tortuosity():
    without = responses(OPEN, tortuosity_electrolyte=2.0)
    assert not without.gives(SIGMA_EFF) and not without.gives("macmullin_number")
    assert without.gives("tortuosity_factor_electrolyte")
    found = responses(OPEN, tortuosity_electrolyte=2.0, **{SIGMA_EFF: 0.15})
    part = found.evaluate(pd.DataFrame([SETTING]), ["macmullin_number"])
    assert part.values["macmullin_number"][0] == pytest.approx(1.2 / 0.15)
    assert part.low["macmullin_number"][0] == pytest.approx(1.2 / 0.165)
    assert found.models_of(["macmullin_number"]) == [SIGMA_EFF]
    frame = pd.DataFrame({SIGMA_EFF: [0.1, 0.2, 0.3, 0.4]})
    assert default_targets(frame, OPEN) == [SIGMA_EFF] and default_targets(frame) == []


def test_that_a_cell_model_gets_the_transport_that_the_nanopores_take_part_in():
    constants = RecipeConstants(cbd_nanoporosity=0.5, conductivities=OPEN)
    flat = {
        "phase_fraction_electrolyte": 0.2,
        "phase_fraction_am": 0.6,
        "tortuosity_factor_electrolyte": np.inf,
        SIGMA_EFF: 0.12,
    }
    found = from_properties(flat, 80.0, constants=constants)
    assert found.transport_efficiency == pytest.approx(0.12 / 1.2)
    assert found.porosity == pytest.approx(0.2 + 0.5 * 0.2)
    with pytest.raises(InputError, match="missing"):
        from_properties({**flat, SIGMA_EFF: None}, 80.0, constants=constants)
    model = responses(OPEN, tortuosity_electrolyte=2.0, **{SIGMA_EFF: 0.12})
    assert from_responses(model, SETTING).transport_efficiency == pytest.approx(0.1)
