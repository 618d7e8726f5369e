"""Engine work of the experiment page; runs in a thread, touches no widget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.experiment.diagnostics import LawAssessment, assess
from engine.experiment.laws import CalenderingLaw, law_from_dict, make_law
from engine.experiment.preview import ReadOptions, SheetPreview, preview_sheet
from engine.experiment.reader import read_table
from engine.experiment.table import CalenderingTable
from hybridgui.bridge import Job


@dataclass(frozen=True)
class FittedLaw:
    """A law with its assessment; None where there is no sheet to judge it by."""

    law: CalenderingLaw
    assessment: LawAssessment | None


@dataclass(frozen=True)
class FamilyCurve:
    """Porosity after calendering of one measured coating.

    Attributes
    ----------
    pressure, porosity : ndarray, shape (m,), MPa and 0..1
    low, high : ndarray or None
        Prediction band for a coating that was not measured.
    """

    family: int
    name: str
    pressure: np.ndarray
    porosity: np.ndarray
    low: np.ndarray | None
    high: np.ndarray | None


def open_sheet(job: Job, path: Path, options: ReadOptions | None) -> SheetPreview:
    """Read a spreadsheet as far as it goes."""
    job.engine_progress.report(0.0, path.name)
    return preview_sheet(path, options)


def read_sample(job: Job, path: Path) -> CalenderingTable:
    """Read a sheet that is known to be whole."""
    return read_table(path)


def fit(job: Job, table: Any, kind: str, physical: bool) -> FittedLaw:
    """Fit a law to a table and judge it."""
    from hybridgui.experiment.words import CAN_BE_PHYSICAL

    parameters = {"physical": physical} if kind in CAN_BE_PHYSICAL else {}
    law = make_law(kind, **parameters)
    job.engine_progress.report(0.1, "fitting")
    if table is None:
        return FittedLaw(law, None)
    law.fit(table)
    job.engine_progress.report(0.4, "leaving out one coating after the other")
    return FittedLaw(law, assess(law, table))


def family_curves(law_data: dict[str, Any], assessment: LawAssessment | None) -> list[FamilyCurve]:
    """Porosity against pressure for each coating in the law's domain."""
    law = law_from_dict(law_data)
    pressure = law.pressure_grid()
    interval = assessment.interval() if assessment is not None else None
    curves = []
    for family, (am, porosity, thickness) in enumerate(law.domain_.coatings):
        values = law.predict(am, porosity, thickness, pressure=pressure)
        half = interval[0] if interval else None
        if assessment is not None and family < len(assessment.family_names):
            name = assessment.family_names[family]
        else:
            name = (
                f"AM {100 * am:.4g} %, initial porosity {100 * porosity:.3g} %, {thickness:.4g} µm"
            )
        curves.append(
            FamilyCurve(
                family,
                name,
                pressure,
                values,
                None if half is None else values - half,
                None if half is None else values + half,
            )
        )
    return curves
