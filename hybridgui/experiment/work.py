"""Engine work of the experiment page; runs in a thread, touches no widget."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.experiment.coatings import distinguishing_names, unique_names
from engine.experiment.comparison import LawComparison, compare_laws, law_in_pressure
from engine.experiment.diagnostics import LawAssessment, assess
from engine.experiment.laws import CalenderingLaw, law_from_dict, make_law
from engine.experiment.laws.printing import FORMS, print_law
from engine.experiment.preview import ReadOptions, SheetPreview, preview_sheet
from engine.experiment.reader import read_table
from engine.experiment.table import CalenderingTable, join_tables
from engine.experiment.templates import load_templates, recognise
from engine.experiment.workbook import open_workbook
from engine.maps.scope import LEVEL
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


@dataclass(frozen=True)
class LawPreview:
    """What the law wizard shows of one fitted law.

    Attributes
    ----------
    printed : dict of str to str
        The law by form ("text", "latex", "excel", "python"); empty where it has no equation.
    no_equation : str
        Why not.
    """

    law: CalenderingLaw
    assessment: LawAssessment
    curves: list[FamilyCurve]
    printed: dict[str, str]
    no_equation: str = ""


@dataclass(frozen=True)
class Answer:
    """What a law says of one coating and pressure."""

    porosity: float
    half_width: float | None
    level: float | None
    warnings: list[str]


def open_sheet(
    job: Job,
    path: Path,
    options: ReadOptions | None,
    templates: Path | None = None,
    like: ReadOptions | None = None,
) -> tuple[SheetPreview, str]:
    """Read a spreadsheet as far as it goes; also the name of the sheet it was recognised by.

    `like` is how the sheet of the study was read: its rolls and densities are those of the lab.
    """
    job.engine_progress.report(0.0, path.name)
    if options is None and templates is not None:
        workbook = open_workbook(path)
        try:
            known = recognise(workbook, load_templates(templates))
        except InputError:
            known = None  # a damaged memory must not stand in the way of a good sheet
        if known is not None:
            template, options = known
            if options.decimal is not None:
                workbook = open_workbook(path, decimal=options.decimal)
            try:
                return preview_sheet(workbook, options), template.name
            except InputError:
                pass  # it only looked like the remembered one
        return _like_before(preview_sheet(workbook), like), ""
    return preview_sheet(path, options), ""


def _like_before(preview: SheetPreview, like: ReadOptions | None) -> SheetPreview:
    options = preview.options
    if like is None:
        return preview
    if preview.can_derive:
        options = options.replace(densities=like.densities)
    if preview.reads_load and not options.contact_length:
        options = options.replace(contact_length=like.contact_length, roll_width=like.roll_width)
    return preview if options == preview.options else preview_sheet(preview.workbook, options)


def read_sample(job: Job, path: Path) -> CalenderingTable:
    """Read a sheet that is known to be whole."""
    return read_table(path)


def added_table(before: Any, table: CalenderingTable, mode: str) -> CalenderingTable:
    """A sheet added to the measurements; `mode` "simulated" marks rows that have no source."""
    if mode == "simulated":
        origin = tuple("simulated" if o == "measured" else o for o in table.origin)
        table = dataclasses.replace(table, origin=origin)
    return join_tables([before, table])


def _law_of(kind: str, physical: bool) -> CalenderingLaw:
    from hybridgui.experiment.words import CAN_BE_PHYSICAL

    return make_law(kind, **({"physical": physical} if kind in CAN_BE_PHYSICAL else {}))


def fit(job: Job, table: Any, kind: str, physical: bool) -> FittedLaw:
    """Fit a law to a table and judge it."""
    law = _law_of(kind, physical)
    job.engine_progress.report(0.1, "fitting")
    if table is None:
        return FittedLaw(law, None)
    law.fit(table, job.engine_progress)
    job.engine_progress.report(0.4, "leaving out one coating after the other")
    return FittedLaw(law, assess(law, table, job.engine_progress))


def suggest_law(job: Job, table: Any) -> tuple[str, str]:
    """Kind of a law written in the pressure for a table without roll gaps, and why."""
    entry, why = law_in_pressure(table, job.engine_progress)
    return entry.law.kind, why


def is_law_of(law: Mapping[str, Any], kind: str, physical: bool) -> bool:
    """Whether a stored law is the one that `fit` gives for this kind and constraint."""
    if law["kind"] != kind:
        return False
    return law_from_dict(law).get_params() == _law_of(kind, physical).get_params()


def preview_law(job: Job, table: Any, kind: str, parameters: Mapping[str, Any]) -> LawPreview:
    """Fit a law with these parameters, judge it, draw it, print it."""
    law = make_law(kind, **parameters).fit(table, job.engine_progress)
    job.engine_progress.report(0.3, "leaving out one coating after the other")
    assessment = assess(law, table, job.engine_progress)
    job.engine_progress.stop_if_cancelled()
    return describe_law(law, assessment)


def describe_law(law: CalenderingLaw, assessment: LawAssessment) -> LawPreview:
    """Curves and printed forms of a fitted law."""
    printed: dict[str, str] = {}
    why = ""
    for form in FORMS:
        try:
            printed[form] = print_law(law, form)
        except InputError as error:
            # An Excel formula with an extra input has no cell for it until the user says one.
            why = why or str(error)
    return LawPreview(law, assessment, curves_of(law, assessment), printed, why)


def compare(job: Job, table: Any) -> LawComparison:
    """Fit every law worth comparing."""
    return compare_laws(table, progress=job.engine_progress)


def ask_law(
    law: CalenderingLaw,
    assessment: LawAssessment | None,
    am: float,
    initial_porosity: float,
    thickness: float,
    pressure: float,
    extra: Mapping[str, float] | None = None,
) -> Answer:
    """Porosity that a law gives for a coating (fractions, µm) at a pressure (MPa)."""
    point = (am, initial_porosity, thickness)
    porosity = float(law.predict(*point, pressure=pressure, extra=extra))
    interval = assessment.interval(LEVEL) if assessment is not None else None
    return Answer(
        porosity,
        interval[0] if interval else None,
        interval[1] if interval else None,
        law.warnings(*point, pressure=pressure, extra=extra),
    )


def family_curves(law_data: dict[str, Any], assessment: LawAssessment | None) -> list[FamilyCurve]:
    """Porosity against pressure for each coating in the domain of a stored law."""
    return curves_of(law_from_dict(law_data), assessment)


def curves_of(law: CalenderingLaw, assessment: LawAssessment | None) -> list[FamilyCurve]:
    """Porosity against pressure for each coating in a law's domain."""
    pressure = law.pressure_grid()
    interval = assessment.interval(LEVEL) if assessment is not None else None
    curves = []
    plain = unique_names(distinguishing_names(*law.domain_.coatings.T))
    for family, (am, porosity, thickness) in enumerate(law.domain_.coatings):
        values = law.predict(am, porosity, thickness, pressure=pressure)
        half = interval[0] if interval else None
        if assessment is not None and family < len(assessment.family_names):
            name = assessment.family_names[family]
        else:
            name = plain[family]
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
