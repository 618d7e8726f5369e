"""What a report says of a study, before it becomes a page: texts, tables, figures."""

from __future__ import annotations

import datetime
import math
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from engine import __version__
from engine.maps.blocked import blocked_note
from engine.maps.decide import Recommendation
from engine.maps.default_models import default_models
from engine.maps.digits import lower_first, three, with_decimals
from engine.maps.figures import collect_figures
from engine.maps.lab_record import LabRecord
from engine.maps.law_plot import draw_law
from engine.maps.measured import measured_beside_predicted
from engine.maps.methods import methods_paragraph
from engine.maps.provenance import provenance_lines
from engine.maps.quantities import quantity
from engine.maps.report_decision import (
    VERIFICATION_SETTING,
    electrode_of,
    recommended,
    stored_recommendation,
    trade_off_of,
    verified,
)
from engine.maps.report_grid import Digits, Grid
from engine.maps.report_words import (
    METRICS,
    design_name,
    design_values,
    equation,
    in_words,
    law_name,
    law_symbol,
    legend,
    metrics_rows,
)
from engine.maps.responses import SETTINGS
from engine.maps.scope import LEVEL
from engine.maps.sources import Sources, conductivities_of, read_sources
from engine.maps.standing import METHOD_WORDS
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.maps.verify import Verification
    from engine.structure.materials import Material
    from engine.study import Study

PACKAGES = ("numpy", "scipy", "numba", "pandas", "scikit-learn", "sympy", "matplotlib", "joblib")


def collect(
    study: Study,
    progress: Progress | None = None,
    *,
    recommendation: Recommendation | None = None,
    verification: Verification | None = None,
    campaign: int | None = None,
    record: LabRecord | None = None,
) -> dict[str, Any]:
    """Everything that a report shows, by the names of the page's parts.

    Parameters are those of `engine.maps.report.write_report`. Figures are data or drawn
    figures, tables are `Grid`.
    """
    progress = progress or Progress()
    progress.report(0.0, "Reading the study")
    models = None
    if any(record.done for record in study.campaigns()):
        models = default_models(study, progress, campaign)
    sources = read_sources(study, models=models, campaign=campaign)
    figures, missing = collect_figures(sources) if sources.responses.models else ([], [])
    stored = stored_recommendation(study)
    checked = verification.to_dict() if verification else None
    if stored is None or stored.campaign == campaign:  # else it stands on other results
        recommendation = recommendation or stored
        checked = checked or study.get_setting(VERIFICATION_SETTING)
    picturing = Progress(
        lambda done, _stage: progress.report(0.5 + 0.5 * done, "Picturing the electrode")
    )
    methods, citations = methods_paragraph(sources, decided=recommendation is not None)
    return {
        "name": study.path.stem,
        "version": __version__,
        "date": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        "record": (record or LabRecord.of(study)).lines(),
        "first": _first(sources),
        "recommendation": None if recommendation is None else recommended(recommendation, sources),
        "trade_off": trade_off_of(sources, recommendation),
        "electrode": electrode_of(sources, recommendation, checked, picturing),
        "verification": None if checked is None else verified(checked),
        "measurements": _measurements(sources, study.material()),
        "beside": _beside(sources),
        "law": _law(sources),
        "campaigns": _campaigns(study, campaign),
        "models": [_model(model) for model in sources.responses.models.values()],
        "symbols": _symbols(sources),
        "figures": figures,
        "missing": missing,
        "methods": methods,
        "citations": citations,
        "versions": _versions(study),
        "provenance": provenance_lines(sources),
    }


def _first(sources: Sources) -> list[str]:
    """What a reader must know before anything else: how far the law may be trusted."""
    sentences = []
    assessment, error = sources.assessment, sources.responses.law_error
    if sources.responses.law is None:
        sentences.append("This study has no calendering law: pressures stand for nothing here.")
    elif assessment is not None:
        sentences.append(assessment.meaning)
        sentences += [text for text in assessment.warnings if text != assessment.meaning][:2]
    elif error is not None:
        sentences.append(
            "For a coating that was not measured, expect errors of about "
            f"{100 * error.sd:.1f} porosity points of the calendering law (RMSE)."
        )
    else:
        sentences.append(
            "The calendering law was not assessed on measurements of this study: how far its "
            "porosities may be trusted is unknown."
        )
    return [in_words(text) for text in (*sentences, *sources.notes)]


def _measurements(sources: Sources, material: Material | None = None) -> dict[str, Any] | None:
    table = sources.table
    if table is None:
        return None
    pressing = {
        "gap": ["Roll gap (µm)", "Pressure from the gap (MPa)"],
        "pressure": ["Pressure (MPa)"],  # a gap by the calibration of some machine was never set
        "both": ["Roll gap (µm)", "Pressure (MPa)"],
    }[table.driver]
    rolls = table.rolls
    if rolls is not None:
        pressing.append(f"{rolls.name} ({rolls.unit})")
    head = ["AM (%)", "Initial porosity (%)", "Initial thickness (µm)", *pressing]
    head += ["Porosity after calendering (%)", "Sd (%)", "Coating"]
    rows = []
    names = table.row_names()
    for i in range(len(table)):
        spread = None if table.porosity_sd is None else 100 * float(table.porosity_sd[i])
        rows.append(
            [
                100 * float(table.am[i]),
                100 * float(table.initial_porosity[i]),
                float(table.initial_thickness[i]),
                *([] if table.driver == "pressure" else [float(table.gap[i])]),
                float(table.pressure[i]),
                *([] if rolls is None else [float(rolls.load(table.pressure[i]))]),
                100 * float(table.porosity[i]),
                spread,
                names[i],
            ]
        )
    notes = [f"Row {row} was left out: {reason}" for row, reason in table.left_out]
    return {
        "summary": (
            f"{len(table)} measured conditions of {table.family_count} coatings"
            + (f", from {table.source}." if table.source else ".")
            + ("" if material is None else f" Active material {material.in_words}.")
            + ("" if rolls is None else f" {rolls.sentence}")
        ),
        "table": Grid.of(head, rows),
        "notes": [in_words(note) for note in (*table.notes, *notes)],
    }


def _beside(sources: Sources) -> list[tuple[str, Grid]]:
    """Measured properties beside predictions: a title and a table for each pair."""
    if sources.table is None:
        return []
    frame = measured_beside_predicted(sources.table, sources.responses)
    found = []
    for (header, name, unit), part in frame.groupby(
        ["measured_as", "property", "unit"], sort=False
    ):
        of = "" if unit == "–" else f" in {unit}"
        head = ["AM (%)", "Initial porosity (%)", "Pressure (MPa)"]
        head += ["Measured", "Predicted", "From", "To", "Models know it"]
        rows = [
            [*row[:-4], *_beside_numbers(*row[-4:-1]), "yes" if row[-1] else "no"]
            for row in part.drop(columns=["measured_as", "property", "unit"]).itertuples(
                index=False, name=None
            )
        ]
        found.append((f"{header}, beside {name}{of}", Grid.of(head, rows)))
    return found


def _beside_numbers(predicted: float, low: float, high: float) -> list[str]:
    return [Digits(text) for text in three(predicted, low, high)]


def _symbols(sources: Sources) -> Grid:
    """Symbols of the settings and of what is predicted from them."""
    responses = sources.responses
    names = ["pressure_MPa", "gap_um" if responses.calibration is not None else "", *SETTINGS]
    names += ["porosity_percent", "thickness_um", *responses.models, *responses.outputs]
    return Grid.of(["Symbol", "Meaning", "Unit"], legend(name for name in names if name))


def _law(sources: Sources) -> dict[str, Any] | None:
    law, assessment = sources.responses.law, sources.assessment
    if law is None:
        return None
    errors = getattr(law, "standard_errors_", {})
    units = getattr(law, "coefficient_units", {})
    quality = None
    if assessment is not None:
        interval = assessment.interval(LEVEL)
        points = [
            (
                "Error for a coating that was not measured (RMSE)",
                assessment.grouped_cv_rmse,
            ),
            (
                "Error for another pressing of a measured coating (RMSE)",
                assessment.condition_cv_rmse,
            ),
            ("Error of the fit (RMSE)", assessment.rmse),
        ]
        rows: list[list[Any]] = [
            [name, _figure(None if value is None else 100 * value, 2), "points of porosity"]
            for name, value in points
        ]
        rows += [
            ["R² for a coating that was not measured", _figure(assessment.grouped_cv_r2, 3), ""],
            ["R² of the fit", _figure(assessment.r2, 3), ""],
        ]
        if interval is not None:
            rows.insert(
                1,
                [
                    f"{100 * interval[1]:.0f} % interval for a coating that was not measured (±)",
                    _figure(100 * interval[0], 2),
                    "points of porosity",
                ],
            )
        quality = Grid.of(["Quality", "Value", "Unit"], rows)
    return {
        "summary": (
            f"Form: {law_name(law.kind)}. Porosities and AM stand as fractions, lengths in µm, pressures in "
            "MPa in the coefficients."
        ),
        "quality": quality,
        "plot": None if assessment is None else draw_law(assessment),
        "coefficients": Grid.of(
            ["Coefficient of", "Value", "Standard error", "Unit"],
            [
                _coefficient(name, float(value), errors.get(name), units.get(name, ""))
                for name, value in law.coefficients_.items()
            ],
        ),
        "warnings": [] if assessment is None else [in_words(text) for text in assessment.warnings],
    }


def _campaigns(study: Study, only: int | None) -> list[dict[str, Any]]:
    result = []
    for record in study.campaigns():
        if only not in (None, record.id):
            continue
        design = record.design
        rows = [
            [design_name(name), design_values(values)]
            for name, values in sorted(
                design.get("variables", {}).items(), key=lambda item: _rank(item[0])
            )
        ]
        rows += [
            ["Calendering law", law_name(str((design.get("law") or {}).get("kind", "")))],
            ["Structures for each condition", str(design.get("repeats", ""))],
            ["Seed", str(design.get("seed", ""))],
            ["Bulk conductivities", conductivities_of(record).in_words],
        ]
        failures = study.failures(record.id)
        reasons = sorted({str(one.error) for one in failures})
        notes = [f"Failed: {reason}" for reason in reasons[:10]]
        if record.done and (blocked := blocked_note(study.dataset(record.id))):
            notes.insert(0, blocked)
        result.append(
            {
                "title": design.get("name") or f"Campaign {record.id}",
                "summary": (
                    f"{record.conditions} conditions, {record.done} structures done, "
                    f"{record.failed} failed, {record.pending} not computed; started "
                    f"{_moment(record.created)}, program version {record.program_version}."
                ),
                "design": Grid.of(["Design", "Values"], rows),
                "notes": notes,
            }
        )
    return result


def _rank(name: str) -> int:
    """What a lab sets stands first in the table of a design."""
    first = ("gap_um", *SETTINGS)
    return first.index(name) if name in first else len(first)


def _model(model: Any) -> dict[str, Any]:
    one = quantity(model.target)
    unit = "" if one.unit == "–" else f" ({one.unit})"
    head = ["Model"]
    for words in METRICS.values():
        head += [f"R², {words}", f"RMSE, {words}{unit}"]
    rows = metrics_rows(model)
    for row in rows:
        row[1::2] = [_figure(value, 3) for value in row[1::2]]
    return {
        "title": one.axis,
        "summary": (
            f"Method: {METHOD_WORDS.get(model.method, model.method)}; inputs: "
            f"{', '.join(lower_first(quantity(name).label) for name in model.inputs)}."
        ),
        "equation": equation(model, 5),
        "quality": Grid.of(head, rows).without_empty(),
        "statements": [in_words(text) for text in model.statements],
    }


def _figure(value: float | None, places: int) -> Digits:
    """A number to a decimal place."""
    return Digits("–" if value is None else with_decimals(float(value), places))


def _coefficient(name: str, value: float, error: float | None, unit: str) -> list[Any]:
    """A coefficient to the digits that its standard error justifies."""
    places = None if error is None else _places(error)
    texts = [with_decimals(value, places), "–" if error is None else with_decimals(error, places)]
    return [law_symbol(name), *map(Digits, texts), law_symbol(unit)]


def _places(error: float) -> int | None:
    """Decimals of two digits of an error, also of a very small one."""
    if not math.isfinite(error) or error <= 0:
        return None
    return max(0, 1 - math.floor(math.log10(error)))


def _moment(created: str) -> str:
    """A stored time (UTC) for people, ``2026-01-31 14:05 UTC``."""
    return created.replace("T", " ").replace("Z", " UTC") if "T" in created else created


def _versions(study: Study) -> Grid:
    rows = [["HybridGUI", __version__], ["Python", platform.python_version()]]
    rows.append(["Platform", f"{platform.system()} {platform.machine()}"])
    for name in PACKAGES:
        try:
            rows.append([name, metadata.version(name)])
        except metadata.PackageNotFoundError:
            continue
    for record in study.campaigns():
        rows.append([f"Seed of campaign {record.id}", str(record.design.get("seed", ""))])
    seeds = {
        target: seed
        for target, model in study.models().items()
        if (seed := (model.get("details") or {}).get("seed")) is not None
    }
    if len(set(seeds.values())) == 1:
        rows.append(["Seed of the models", str(next(iter(seeds.values())))])
    else:
        for target, seed in seeds.items():
            rows.append([f"Seed of the model of {lower_first(quantity(target).label)}", str(seed)])
    return Grid.of(["What", "Version or seed"], rows)
