"""Studies with made-up results, for tests that need a dataset and no structures."""

from __future__ import annotations

import math

from engine.campaign.design import Design
from engine.experiment.diagnostics import assess
from engine.experiment.laws import make_law
from engine.experiment.reader import read_table
from engine.study import StructureRecord, Study
from hybridgui.resources import sample_sheet


def fit_sample(study: Study):
    """Put the sample sheet and a law into a study; return the law."""
    table = read_table(sample_sheet())
    law = make_law("kawakita").fit(table)
    study.set_table(table)
    study.set_law(law.to_dict(), assess(law, table).to_dict())
    return law


def small_design(law, **changes) -> Design:
    """A grid of 4 x 3 x 3 conditions, two repeats."""
    fields = {
        "variables": {
            "pressure_MPa": (20.0, 60.0, 100.0, 140.0),
            "am_percent": (94.0, 95.0, 96.0),
            "initial_porosity_percent": (42.0, 45.0, 48.0),
            "initial_thickness_um": (140.0,),
        },
        "law": law.to_dict(),
        "repeats": 2,
    }
    return Design(**(fields | changes))


def made_up(values: dict, repeat: int) -> dict[str, float]:
    """Properties by a smooth formula, with a little spread between repeats."""
    porosity = values["porosity_percent"] / 100
    wobble = 1 + 0.01 * (-1) ** repeat
    factor = porosity**-1.5 * (1 + 0.02 * (96 - values["am_percent"])) * wobble
    solid = 1.7 + 0.8 * porosity
    return {
        "tortuosity_factor_electrolyte": factor,
        "tortuosity_electrolyte": math.sqrt(factor),
        "tortuosity_factor_solid": solid,
        "tortuosity_solid": math.sqrt(solid),
        "effective_conductivity_ionic_S_per_m": 1.119 * porosity / factor,
        "current_collector_coverage_am_percent": 20 + 0.1 * values["am_percent"] + 3 * porosity,
        "current_collector_coverage_cbd_percent": (100 - values["am_percent"]) * 4 * wobble,
        "active_surface_published_percent": 100 * porosity / (1 - porosity) * wobble,
    }


def record_all(study: Study, campaign: int, *, failing: tuple[int, ...] = (), leave: int = 0):
    """Record results for what is pending; some conditions fail, `leave` stay pending."""
    conditions = {c.number: c for c in study.conditions(campaign)}
    tasks = study.pending(campaign)
    for task in tasks[: len(tasks) - leave]:
        failed = task.number in failing
        values = conditions[task.number].values
        study.record(
            StructureRecord(
                campaign,
                task.number,
                task.repeat,
                task.seed,
                "failed" if failed else "done",
                None if failed else "0" * 64,
                {} if failed else made_up(values, task.repeat),
                "The packing did not reach its target." if failed else None,
                0.1,
                "Traceback (most recent call last):\n  …\nPackingError" if failed else "",
            )
        )


def fill(study: Study, **how) -> int:
    """Sample sheet, law, and a campaign with results; return the campaign."""
    law = fit_sample(study)
    campaign = study.add_campaign(small_design(law))
    record_all(study, campaign, **how)
    return campaign
