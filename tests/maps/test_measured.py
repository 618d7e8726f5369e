"""Measured properties beside predictions of the same quantity."""

import dataclasses

import numpy as np
import pytest

from engine.maps.measured import measured_beside_predicted, same_quantity
from engine.maps.quantities import SIGMA_EFF, TAU_LIQUID
from tests.experiment.tables import sample_table
from tests.maps.examples import published_responses


@pytest.mark.parametrize(
    ("header", "columns", "scale"),
    [
        ("Ionic conductivity (mS/cm)", (SIGMA_EFF,), 0.1),
        ("Elektronische Leitfähigkeit [S/m]", ("effective_conductivity_electronic_S_per_m",), 1.0),
        ("Conductivity (S/m)", (), 1.0),
        ("Ionic conductivity", (), 1.0),
        ("Tortuosity factor", ("tortuosity_factor_electrolyte",), 1.0),
        ("Tortuosität (EIS)", (TAU_LIQUID, "tortuosity_factor_electrolyte"), 1.0),
        ("MacMullin number", ("macmullin_number",), 1.0),
        ("Adhesion (N/m)", (), 1.0),
        ("Roll temperature (°C)", (), 1.0),
    ],
)
def test_that_only_the_same_quantity_in_a_known_unit_is_compared(header, columns, scale):
    found = same_quantity(header)
    assert found[0] == columns
    if columns:
        assert found[1] == scale


def test_that_measured_values_stand_beside_the_predictions_at_their_conditions():
    table = sample_table()
    tau = np.full(len(table), np.nan)
    tau[2:5] = [9.0, 10.0, 11.0]
    table = dataclasses.replace(table, extra={**table.extra, "Tortuosity factor": tau})
    responses = published_responses()
    frame = measured_beside_predicted(table, responses)
    assert frame["measured"].tolist() == [9.0, 10.0, 11.0]
    assert frame["pressure_MPa"].to_numpy() == pytest.approx(table.pressure[2:5])
    settings = frame[["am_percent", "initial_porosity_percent", "pressure_MPa"]].copy()
    settings["initial_thickness_um"] = table.initial_thickness[2:5]
    tau = responses.evaluate(settings, [TAU_LIQUID]).values[TAU_LIQUID]
    assert frame["predicted"].to_numpy() == pytest.approx(tau.to_numpy() ** 2)


def test_that_a_sheet_without_measured_properties_gives_an_empty_table():
    assert measured_beside_predicted(sample_table(), published_responses()).empty
