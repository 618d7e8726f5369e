"""Everything at once: keys, columns, undefined and infinite numbers."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InputError
from engine.properties import Conductivities, characterize
from engine.properties.catalogue import CATALOGUE
from engine.properties.resolution import EXTRAPOLATED, RANGE, VALUE
from engine.structure.stack import VoxelStack
from tests.properties.volumes import electrode

CONTRACT = {
    "phase_fractions",
    "percolating_fractions",
    "tortuosity_factor",
    "tortuosity",
    "effective_conductivity_S_per_m",
    "current_collector_coverage_percent",
    "active_surface_published_percent",
    "active_surface_percent",
    "active_area_per_volume_1_per_um",
    "flux_imbalance",
    "seconds",
}


@pytest.fixture(scope="module")
def properties():
    return characterize(VoxelStack(electrode()))


def test_that_the_published_set_has_exactly_the_keys_of_the_contract(properties):
    data = properties.to_dict()
    assert set(data) == CONTRACT
    assert set(data["tortuosity_factor"]) == {"electrolyte", "solid", "am"}
    assert set(data["effective_conductivity_S_per_m"]) == {"ionic", "electronic"}
    json.dumps(data, allow_nan=False)


def test_that_every_column_is_explained_in_the_catalogue(properties):
    assert set(properties.flat()) <= set(CATALOGUE)
    every = set(characterize(VoxelStack(electrode()), "all").flat())
    every |= {head + name for head in (VALUE, RANGE) for name in EXTRAPOLATED}
    assert every == set(CATALOGUE)
    for entry in CATALOGUE.values():
        assert entry.label and entry.symbol and entry.definition
        assert entry.direction in ("up", "down", "")


def test_that_numbers_belong_together(properties):
    flat = properties.flat()
    assert flat["tortuosity_electrolyte"] ** 2 == pytest.approx(
        flat["tortuosity_factor_electrolyte"]
    )
    assert flat["effective_conductivity_ionic_S_per_m"] == pytest.approx(
        1.119 * flat["phase_fraction_electrolyte"] / flat["tortuosity_factor_electrolyte"]
    )
    labels = electrode()
    assert flat["current_collector_coverage_am_percent"] == pytest.approx(
        100 * (labels[0] == 1).mean()
    )


def test_that_coverage_stays_at_the_collector_when_the_flow_turns():
    stack = VoxelStack(electrode())
    turned = characterize(stack, flow_axis="x")
    assert turned.collector_coverage == characterize(stack).collector_coverage
    assert turned.transport["solid"].tortuosity_factor != pytest.approx(
        characterize(stack).transport["solid"].tortuosity_factor, rel=1e-3
    )


def test_that_absent_and_cut_phases_are_said():
    labels = np.zeros((6, 5, 4), np.uint8)
    labels[2:4] = 1
    data = characterize(VoxelStack(labels)).to_dict()
    assert data["tortuosity_factor"]["electrolyte"] == "inf"
    assert data["percolating_fractions"]["electrolyte"] == 0
    assert data["effective_conductivity_S_per_m"] == {"ionic": 0, "electronic": 0}
    # Without a flux there is none to be unbalanced.
    assert data["flux_imbalance"] == {"electrolyte": None, "solid": None, "am": None}
    empty = characterize(VoxelStack(np.zeros((3, 3, 3), np.uint8))).to_dict()
    assert empty["tortuosity_factor"] == {
        "electrolyte": pytest.approx(1),
        "solid": None,
        "am": None,
    }
    assert empty["effective_conductivity_S_per_m"]["electronic"] is None
    assert empty["active_surface_percent"] is None
    assert empty["active_surface_published_percent"] is None
    full = characterize(VoxelStack(np.ones((3, 3, 3), np.uint8))).to_dict()
    assert full["tortuosity_factor"]["electrolyte"] is None
    assert full["effective_conductivity_S_per_m"] == {
        "ionic": None,
        "electronic": pytest.approx(3e-3),
    }


def test_that_the_nanopores_of_the_cbd_may_carry_ions():
    labels = np.zeros((6, 4, 4), np.uint8)
    labels[3] = 2
    shut = characterize(VoxelStack(labels))
    open_ = characterize(VoxelStack(labels), conductivities=Conductivities(cbd_ionic=0.3))
    assert shut.ionic_conductivity == 0
    assert open_.ionic_conductivity == pytest.approx(6 / (5 / 1.119 + 1 / 0.3), rel=1e-4)
    assert math.isinf(open_.transport["electrolyte"].tortuosity_factor)


def test_that_unknown_parts_and_conductivities_are_refused():
    with pytest.raises(InputError, match="some"):
        characterize(VoxelStack(electrode()), parts="some")
    with pytest.raises(InputError, match="am = -1"):
        Conductivities(am=-1)


def test_that_all_adds_to_the_published_set_and_survives_json(properties):
    full = characterize(VoxelStack(electrode()), "all")
    data = full.to_dict()
    assert set(data) > CONTRACT
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    same, other = properties.flat(), full.flat()
    assert all(other[key] == same[key] for key in same if key != "seconds")
    assert len(data["slice_profile"]["am"]) == 24
    assert data["tortuosity_factor_electrolyte_along"]["z"] == same["tortuosity_factor_electrolyte"]


@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 6, 7), (7, 1, 5)])
def test_that_thin_and_single_phase_volumes_have_all_properties(label, shape):
    data = characterize(VoxelStack(np.full(shape, label, np.uint8)), "all").to_dict()
    json.dumps(data, allow_nan=False)
    assert data["interface_area_1_per_um"] == {
        "am_electrolyte": 0,
        "am_cbd": 0,
        "cbd_electrolyte": 0,
    }
    assert data["triple_phase_length_1_per_um2"] == 0


def test_that_transport_that_did_not_converge_is_warned_of(properties):
    stopped = replace(properties.transport["am"], converged=False, flux_imbalance=0.123)
    (said,) = replace(properties, transport=properties.transport | {"am": stopped}).warnings
    assert said.startswith("Transport in the AM stopped before its tolerance was reached")
    assert "12 %" in said


def test_that_only_undefined_and_infinite_numbers_are_warned_of(properties):
    assert properties.warnings == []
    wall = np.zeros((6, 5, 5), np.uint8)
    wall[2], wall[3] = 1, 2
    assert len(characterize(VoxelStack(wall)).warnings) == 3


def test_that_the_outputs_of_the_paper_are_the_same_numbers_without_the_rest():
    from engine.properties.parts import BEYOND_OUTPUTS

    stack = VoxelStack(np.random.default_rng(3).choice(3, (24, 20, 22)).astype(np.uint8))
    few, usual = (characterize(stack, parts).flat() for parts in ("outputs", "published"))
    assert set(usual) - set(few) == set(BEYOND_OUTPUTS)
    for name in set(few) - {"seconds"}:
        assert few[name] == usual[name], name
    nested = characterize(stack, "outputs").to_dict()
    assert "electronic" not in nested["effective_conductivity_S_per_m"]
    assert "active_surface_percent" not in nested
