import copy
import json

import pandas as pd
import pytest

from engine.errors import InputError
from engine.maps.bpx_export import (
    POSITIVE,
    ElectrodeParameters,
    from_properties,
    from_responses,
    merge,
    write_bpx,
)
from engine.maps.verify import Check
from tests.maps.examples import published_responses

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
    path = write_bpx(template, from_responses(responses, SETTING), tmp_path / "mine.json")
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


def test_that_an_area_is_not_put_into_a_blend_of_particles():
    blend = copy.deepcopy(full_example())
    blend["Parameterisation"][POSITIVE]["Particle"] = {"a": {}, "b": {}}
    with pytest.raises(InputError, match="blend"):
        merge(blend, ElectrodeParameters(8e-5, 0.3, 0.07, area_per_volume=3e5))


def test_that_what_fresh_structures_and_left_out_conditions_deny_is_said_in_the_file():
    responses = published_responses()
    for one in responses.models.values():
        one.metrics = {"cross_validation": {"r2": 0.97}}
    assert from_responses(responses, SETTING).doubts == ()
    outside = Check("tortuosity_electrolyte", 1.6, 1.5, 1.7, 2.4, 0.1)
    elsewhere = Check("tortuosity_solid", 1.6, 1.5, 1.7, 2.4, 0.1)
    assert from_responses(responses, SETTING, [elsewhere]).doubts == ()
    (told,) = from_responses(responses, SETTING, [outside]).doubts
    assert told == "transport efficiency (fresh structures lie outside the model's interval)"
    responses.models["tortuosity_electrolyte"].metrics = {"cross_validation": {"r2": 0.2}}
    parameters = from_responses(responses, SETTING)
    assert parameters.doubts == ("transport efficiency (R² on conditions left out is 0.2)",)
    described = merge(full_example(), parameters)["Header"]["Description"]
    assert described.endswith(
        ". Not to be relied on: transport efficiency (R² on conditions left out is 0.2)."
    )


def test_that_the_block_alone_merges_into_a_cell_as_the_export_does(tmp_path):
    parameters = from_responses(published_responses(), SETTING)
    path = write_bpx(None, parameters, tmp_path / "block.json")
    alone = json.loads(path.read_text(encoding="utf-8"))
    assert list(alone["Parameterisation"]) == [POSITIVE]
    assert "structure from HybridGUI" in alone["Header"]["Description"]
    whole = full_example()
    whole["Parameterisation"][POSITIVE] |= alone["Parameterisation"][POSITIVE]
    assert whole["Parameterisation"] == merge(full_example(), parameters)["Parameterisation"]
