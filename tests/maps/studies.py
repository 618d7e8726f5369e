"""Study files with a made-up campaign: quick to write, with known relations inside."""

from __future__ import annotations

import numpy as np

from engine.campaign.design import Design
from engine.experiment.diagnostics import assess
from engine.experiment.laws import make_law
from engine.experiment.table import CalenderingTable
from engine.study import Study
from engine.study.records import StructureRecord
from tests.maps.examples import PUBLISHED_CALIBRATION

GAPS = (5.0, 20.0, 40.0, 60.0, 80.0)
AMS = (94.0, 95.0, 96.0)
POROSITIES = (42.0, 44.0, 46.0, 48.0)


def made_up_table() -> CalenderingTable:
    """Five coatings at five gaps, after a law of the polynomial form with some scatter."""
    rng = np.random.default_rng(5)
    coatings = [(0.94, 0.47, 150), (0.95, 0.43, 160), (0.96, 0.45, 140), (0.94, 0.42, 145)]
    coatings += [(0.95, 0.49, 155)]
    am, before, start = np.repeat(np.array(coatings), len(GAPS), axis=0).T
    gap = np.tile(GAPS, len(coatings))
    porosity = 0.8 * am - 0.7 * before - 0.0013 * start - 0.003 * gap + 6e-6 * gap**2
    porosity = porosity + 0.0072 * before * gap + rng.normal(scale=0.004, size=len(am))
    return CalenderingTable(
        am=am,
        initial_porosity=before,
        initial_thickness=start,
        gap=gap,
        pressure=PUBLISHED_CALIBRATION.pressure(gap),
        porosity=porosity,
        families=np.repeat(np.arange(len(coatings)), len(GAPS)),
        source="made-up sheet",
    )


def properties_of(am: float, porosity: float, electrolyte: float, rng) -> dict[str, float]:
    """Smooth relations between a structure and its properties (fractions in), with scatter."""
    scatter = 1 + 0.01 * rng.standard_normal(5)
    tau_f = electrolyte**-1.5 * (1 + 8 * (0.97 - am)) * scatter[0]
    tau_f_solid = (1 - electrolyte) ** -0.8 * scatter[1]
    return {
        "phase_fraction_electrolyte": electrolyte,
        "tortuosity_factor_electrolyte": tau_f,
        "tortuosity_factor_solid": tau_f_solid,
        "tortuosity_electrolyte": np.sqrt(tau_f),
        "tortuosity_solid": np.sqrt(tau_f_solid),
        "effective_conductivity_ionic_S_per_m": 1.119 * electrolyte / tau_f,
        "current_collector_coverage_am_percent": 60 * (1 - porosity) * am * scatter[2],
        "current_collector_coverage_cbd_percent": 400 * (1 - porosity) * (1 - am) * scatter[3],
        "active_surface_published_percent": 100 * porosity / (1 - porosity) * scatter[4],
    }


def make_study(path, *, gaps=GAPS, ams=AMS, porosities=POROSITIES, protocol="published") -> Study:
    """A study with sheet, law, assessment and a finished campaign; open for writing."""
    table = made_up_table()
    law = make_law("polynomial").fit(table)
    design = Design(
        variables={
            "gap_um": list(gaps),
            "am_percent": list(ams),
            "initial_porosity_percent": list(porosities),
            "initial_thickness_um": [150.0],
            "protocol": [protocol],
        },
        law=law.to_dict(),
        repeats=2,
        name="made-up campaign",
    )
    study = Study.create(path)
    study.set_table(table)
    study.set_law(law.to_dict(), assess(law, table).to_dict())
    campaign = study.add_campaign(design)
    for task in study.pending(campaign):
        condition = task.condition
        electrolyte = condition.volume_fractions[0]
        values = properties_of(
            condition.recipe.am_fraction,
            condition.porosity,
            electrolyte,
            np.random.default_rng(task.seed % 2**32),
        )
        study.record(
            StructureRecord(
                campaign=campaign,
                number=task.number,
                repeat=task.repeat,
                seed=task.seed,
                status="done",
                voxels_sha256="0" * 64,
                properties={name: float(value) for name, value in values.items()},
                error=None,
                seconds=0.1,
            )
        )
    return study
