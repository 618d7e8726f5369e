import copy
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from engine.errors import InputError
from engine.maps.bpx_export import (
    AREA_COLUMN,
    ELECTRONIC_COLUMN,
    POSITIVE,
    TAU_FACTOR,
    ElectrodeParameters,
    from_properties,
    from_responses,
    merge,
    write_bpx,
)
from engine.maps.quantities import TAU_LIQUID
from engine.maps.verify import Check, Verification, condition_at
from tests.maps.examples import graded, published_responses
from tests.maps.test_verify import template

SETTING = {"gap_um": 40.0, "am_percent": 95.0, "initial_porosity_percent": 45.0}


def particle(ocp):
    return {
        "Minimum stoichiometry": 0.02,
        "Maximum stoichiometry": 0.95,
        "Maximum concentration [mol.m-3]": 40000,
        "Particle radius [m]": 4e-6,
        "Surface area per unit volume [m-1]": 400000,
        "Diffusivity [m2.s-1]": 3e-15,
        "OCP [V]": ocp,
        "Reaction rate constant [mol.m-2.s-1]": 1e-5,
    }


def full_example():
    """A whole cell with round numbers, valid by the standard."""
    electrode = {"Conductivity [S.m-1]": 1.0, "Thickness [m]": 7e-5, "Porosity": 0.3}
    return {
        "Header": {"BPX": "1.0.0", "Model": "DFN", "Title": "Round cell", "Description": "Test."},
        "Parameterisation": {
            "Cell": {
                "Electrode area [m2]": 0.02,
                "Number of electrode pairs connected in parallel to make a cell": 1,
                "Lower voltage cut-off [V]": 2.0,
                "Upper voltage cut-off [V]": 4.5,
                "Nominal cell capacity [A.h]": 1.0,
            },
            "Electrolyte": {
                "Cation transference number": 0.3,
                "Conductivity [S.m-1]": 1.119,
                "Diffusivity [m2.s-1]": 3e-10,
            },
            "Separator": {"Thickness [m]": 2e-5, "Porosity": 0.5, "Transport efficiency": 0.35},
            "Negative electrode": {
                **particle("0.9 - 0.8 * x"),
                **electrode,
                "Transport efficiency": 0.1,
            },
            POSITIVE: {**particle("4.3 - 0.9 * x"), **electrode, "Transport efficiency": 0.1},
        },
    }


def test_that_the_merged_file_is_loaded_by_the_bpx_package(tmp_path):
    bpx = pytest.importorskip("bpx")
    template = tmp_path / "cell.json"
    template.write_text(json.dumps(full_example()))
    responses = published_responses()
    path = tmp_path / "mine.json"
    write_bpx(template, from_responses(responses, SETTING), path)
    loaded = bpx.parse_bpx_file(str(path)).parameterisation
    row = responses.evaluate(
        pd.DataFrame([SETTING]),
        ["porosity_percent", "thickness_um", "tortuosity_factor_electrolyte"],
    ).values.iloc[0]
    positive = loaded.positive_electrode
    assert positive.porosity == pytest.approx(row["porosity_percent"] / 100)
    assert positive.thickness == pytest.approx(row["thickness_um"] * 1e-6)
    assert positive.transport_efficiency == pytest.approx(
        row["porosity_percent"] / 100 / row["tortuosity_factor_electrolyte"]
    )
    # What the study does not know stays as it was.
    assert positive.conductivity == 1.0 and positive.surface_area_per_unit_volume == 400000
    assert loaded.negative_electrode.porosity == 0.3
    text = path.read_text(encoding="utf-8")
    assert "Test. Positive electrode: structure from HybridGUI" in text
    assert json.loads(template.read_text()) == full_example()


def test_that_a_computed_structure_gives_its_area_per_metre_and_conductivity():
    flat = {
        "phase_fraction_electrolyte": 0.3,
        "phase_fraction_am": 0.55,
        "tortuosity_factor_electrolyte": 4.0,
        "active_area_per_volume_1_per_um": 0.35,
        "effective_conductivity_electronic_S_per_m": 2.5,
    }
    block = from_properties(flat, 86.8).block()
    assert block == {
        "Thickness [m]": pytest.approx(86.8e-6),
        "Porosity": 0.3,
        "Transport efficiency": pytest.approx(0.075),
        "Surface area per unit volume [m-1]": pytest.approx(3.5e5),
        "Conductivity [S.m-1]": 2.5,
    }


def test_that_the_equivalent_radius_keeps_the_share_of_active_material():
    parameters = ElectrodeParameters(8e-5, 0.3, 0.07, area_per_volume=3.5e5, am_share=0.55)
    merged = merge(full_example(), parameters, equivalent_radius=True)
    electrode = merged["Parameterisation"][POSITIVE]
    share = electrode["Surface area per unit volume [m-1]"] * electrode["Particle radius [m]"] / 3
    assert share == pytest.approx(0.55)
    with pytest.raises(InputError, match="active area"):
        ElectrodeParameters(8e-5, 0.3, 0.07).block(equivalent_radius=True)


def test_that_a_structure_that_does_not_percolate_is_refused():
    flat = {"phase_fraction_electrolyte": 0.1, "tortuosity_factor_electrolyte": float("inf")}
    with pytest.raises(InputError, match="percolates"):
        from_properties(flat, 80.0)


def test_that_a_file_without_a_positive_electrode_is_refused(tmp_path):
    parameters = ElectrodeParameters(8e-5, 0.3, 0.07)
    with pytest.raises(InputError, match="not a full BPX file"):
        merge({"Header": {}}, parameters)
    path = tmp_path / "notes.json"
    path.write_text("no json")
    with pytest.raises(InputError, match="not a JSON file"):
        write_bpx(path, parameters, tmp_path / "out.json")
    with pytest.raises(InputError, match="cannot be read"):
        write_bpx(tmp_path / "absent.json", parameters, tmp_path / "out.json")


def test_that_an_invalid_result_is_not_written(tmp_path):
    pytest.importorskip("bpx")
    broken = full_example()
    del broken["Parameterisation"]["Electrolyte"]
    template = tmp_path / "broken.json"
    template.write_text(json.dumps(broken))
    with pytest.raises(InputError, match="no valid BPX"):
        write_bpx(template, ElectrodeParameters(8e-5, 0.3, 0.07), tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


def test_that_an_area_is_left_out_of_a_blend_of_particles_and_this_is_said(tmp_path):
    blend = copy.deepcopy(full_example())
    electrode = blend["Parameterisation"][POSITIVE]
    electrode["Particle"] = {"a": {}, "b": {}}
    area = electrode["Surface area per unit volume [m-1]"]
    parameters = ElectrodeParameters(
        8e-5, 0.3, 0.07, area_per_volume=3e5, computed=("surface area per unit volume",)
    )
    merged = merge(blend, parameters)
    electrode = merged["Parameterisation"][POSITIVE]
    assert electrode["Surface area per unit volume [m-1]"] == area
    assert electrode["Transport efficiency"] == 0.07
    assert merged["Header"]["Description"].endswith(
        ". Not set: surface area per unit volume (the file's electrode is a blend of particles)."
    )


class Impossible:
    """A model of a property that is below zero wherever it is asked."""

    def __init__(self, target):
        self.target = target
        self.inputs = ["pressure_MPa"]
        self.domain = {"pressure_MPa": (0.0, 1e4)}

    def predict(self, frame):
        return np.full(len(frame), -0.01)

    def interval(self, frame):
        return self.predict(frame) - 1, self.predict(frame) + 1


def with_impossible_conductivity():
    responses = published_responses()
    model = Impossible(ELECTRONIC_COLUMN)
    return replace(responses, models={**responses.models, ELECTRONIC_COLUMN: model})


def checked(responses, *checks, **means):
    condition, _ = condition_at(responses, SETTING, template())
    return Verification(condition, checks, (1, 2, 3, 4), 0.8, means=means)


def test_that_an_impossible_conductivity_leaves_the_cell_file_its_own_in_words(tmp_path):
    cell, path = tmp_path / "cell.json", tmp_path / "mine.json"
    cell.write_text(json.dumps(full_example()))
    written = write_bpx(cell, from_responses(with_impossible_conductivity(), SETTING), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["Parameterisation"][POSITIVE]["Conductivity [S.m-1]"] == 1.0
    told = (
        "Not set: surface area per unit volume (no model gives it), "
        "conductivity (the model gives an impossible value here)"
    )
    assert written.told == (told,) and told in document["Header"]["Description"]


def test_that_what_fresh_structures_gave_is_written_instead_of_what_models_say():
    responses = graded(with_impossible_conductivity(), 0.2)
    law = from_responses(responses, SETTING)
    assert law.doubts == ("transport efficiency (R² on conditions left out is 0.2)",)
    fresh = checked(
        responses,
        Check(ELECTRONIC_COLUMN, 0.0028, 0.001, 0.004, 0.178, 0.01),
        Check(TAU_LIQUID, 1.6, 1.5, 1.7, 3.0, 0.1),
    )
    found = from_responses(responses, SETTING, fresh)
    assert found.conductivity == 0.178
    assert found.transport_efficiency == pytest.approx(law.porosity / 9)
    assert found.area_per_volume is None and found.doubts == ()
    assert found.told[0] == "Computed by 4 fresh structures: transport efficiency, conductivity"
    # Means of the structures themselves come first, and give what no model does.
    means = {TAU_FACTOR: 8.0, AREA_COLUMN: 0.35, ELECTRONIC_COLUMN: 0.2}
    found = from_responses(responses, SETTING, checked(responses, *fresh.checks, **means))
    assert (found.area_per_volume, found.conductivity) == (pytest.approx(3.5e5), 0.2)
    assert found.transport_efficiency == pytest.approx(law.porosity / 8) and not found.unset


def test_that_a_model_not_to_be_relied_on_is_named_in_the_file():
    responses = graded(published_responses(), 0.97)
    assert from_responses(responses, SETTING).doubts == ()
    responses = graded(responses, {TAU_LIQUID: 0.2})
    described = merge(full_example(), from_responses(responses, SETTING))["Header"]["Description"]
    assert described.endswith(
        ". Not to be relied on: transport efficiency (R² on conditions left out is 0.2)."
    )


def test_that_the_block_alone_merges_into_a_cell_as_the_export_does(tmp_path):
    parameters = from_responses(published_responses(), SETTING)
    path = tmp_path / "block.json"
    assert write_bpx(None, parameters, path) == parameters
    alone = json.loads(path.read_text(encoding="utf-8"))
    assert list(alone["Parameterisation"]) == [POSITIVE]
    assert "structure from HybridGUI" in alone["Header"]["Description"]
    whole = full_example()
    whole["Parameterisation"][POSITIVE] |= alone["Parameterisation"][POSITIVE]
    assert whole["Parameterisation"] == merge(full_example(), parameters)["Parameterisation"]
