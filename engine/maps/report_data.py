"""What a report says of a study, before it becomes a page: texts, tables, figures."""

from __future__ import annotations

import datetime
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from engine import __version__
from engine.errors import InputError
from engine.maps.blocked import blocked_note
from engine.maps.decide import Recommendation
from engine.maps.default_models import default_models
from engine.maps.figures import collect_figures
from engine.maps.lab_record import LabRecord
from engine.maps.law_plot import draw_law
from engine.maps.measured import measured_beside_predicted
from engine.maps.methods import methods_paragraph
from engine.maps.quantities import quantity
from engine.maps.sources import Sources, read_sources
from engine.maps.trade_off import trade_off
from engine.maps.trade_off_plot import draw_trade_off
from engine.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from engine.maps.verify import Verification
    from engine.study import Study

RECOMMENDATION_SETTING = "maps.recommendation"
VERIFICATION_SETTING = "maps.verification"
"""Settings of a study under which the window keeps what the report shows (`to_dict` forms)."""

PACKAGES = ("numpy", "scipy", "numba", "pandas", "scikit-learn", "sympy", "matplotlib", "joblib")


@dataclass(frozen=True)
class Grid:
    """A table of texts: titles, rows, and which columns are numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]

    @classmethod
    def of(cls, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Grid:
        """Make one; numbers are written with four digits and aligned right."""
        numeric = tuple(
            bool(rows)
            and all(isinstance(row[i], (int, float)) or row[i] in (None, "") for row in rows)
            for i in range(len(head))
        )
        texts = tuple(tuple(_text(cell) for cell in row) for row in rows)
        return cls(tuple(head), texts, numeric)


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
    stored = _stored_recommendation(study)
    checked = verification.to_dict() if verification else None
    if stored is None or stored.campaign == campaign:  # else it stands on other results
        recommendation = recommendation or stored
        checked = checked or study.get_setting(VERIFICATION_SETTING)
    methods, citations = methods_paragraph(sources, decided=recommendation is not None)
    return {
        "name": study.path.stem,
        "version": __version__,
        "date": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        "record": (record or LabRecord.of(study)).lines(),
        "first": _first(sources),
        "recommendation": None if recommendation is None else _recommended(recommendation),
        "trade_off": _trade_off(sources, recommendation),
        "verification": None if checked is None else _verified(checked),
        "measurements": _measurements(sources),
        "beside": _beside(sources),
        "law": _law(sources),
        "campaigns": _campaigns(study, campaign),
        "models": [_model(model) for model in sources.responses.models.values()],
        "figures": figures,
        "missing": missing,
        "methods": methods,
        "citations": citations,
        "versions": _versions(study),
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
            f"{100 * error.sd:.1f} porosity points of the calendering law."
        )
    else:
        sentences.append(
            "The calendering law was not assessed on measurements of this study: how far its "
            "porosities may be trusted is unknown."
        )
    return [*sentences, *sources.notes]


def _stored_recommendation(study: Study) -> Recommendation | None:
    data = study.get_setting(RECOMMENDATION_SETTING)
    return None if data is None else Recommendation.from_dict(data)


def _recommended(one: Recommendation) -> dict[str, Any]:
    names = [name for name in one.setting if math.isfinite(one.setting[name])]
    return {
        "sentence": one.sentence,
        "wanted": "; ".join(target.sentence for target in one.targets),
        "scatter": one.scatter.sentence(one.variable),
        "robust": one.robust,
        "fixed": ", ".join(
            f"{quantity(name).label} {value:g} {quantity(name).unit}"
            for name, value in one.fixed.items()
        ),
        "setting": Grid.of(
            ["Setting", "Value", "Unit"],
            [[quantity(name).label, one.setting[name], quantity(name).unit] for name in names],
        ),
        "predicted": Grid.of(
            ["Property", "Expected", "Low (80 %)", "High (80 %)", "Unit"],
            [
                [quantity(name).label, *three, quantity(name).unit]
                for name, three in one.predicted.items()
            ],
        ),
        "budget": Grid.of(
            ["Source of uncertainty", "Share (%)"],
            [[name, round(100 * share)] for name, share in one.budget.items()],
        ),
        "notes": one.notes,
    }


def _trade_off(sources: Sources, one: Recommendation | None) -> tuple[Figure, pd.DataFrame] | None:
    """The trade-off drawn, and the non-dominated settings behind it."""
    if one is None or len(one.targets) < 2:
        return None
    try:
        found = trade_off(sources.responses, one.targets, fixed=one.fixed)
        return draw_trade_off(found, one), found.table()
    except InputError:
        return None  # models or ranges changed since: the stored sentence still stands


def _verified(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sentence": data["sentence"],
        "table": Grid.of(
            ["Property", "Predicted", "Low", "High", "Computed", "Spread", "Unit", "Verdict"],
            [
                [
                    quantity(check["output"]).label,
                    *(check[key] for key in ("predicted", "low", "high", "computed", "sd")),
                    quantity(check["output"]).unit,
                    check.get("verdict", "inside" if check["agrees"] else "outside"),
                ]
                for check in data["checks"]
            ],
        ),
    }


def _measurements(sources: Sources) -> dict[str, Any] | None:
    table = sources.table
    if table is None:
        return None
    pressing = {
        "gap": ["Roll gap (µm)", "Pressure from the gap (MPa)"],
        "pressure": ["Pressure (MPa)"],  # a gap by the calibration of some machine was never set
        "both": ["Roll gap (µm)", "Pressure (MPa)"],
    }[table.driver]
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
        ),
        "table": Grid.of(head, rows),
        "notes": [*table.notes, *notes],
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
            [*row[:-1], "yes" if row[-1] else "no"]
            for row in part.drop(columns=["measured_as", "property", "unit"]).itertuples(
                index=False, name=None
            )
        ]
        found.append((f"{header}, beside {name}{of}", Grid.of(head, rows)))
    return found


def _law(sources: Sources) -> dict[str, Any] | None:
    law, assessment = sources.responses.law, sources.assessment
    if law is None:
        return None
    errors = getattr(law, "standard_errors_", {})
    quality = None
    if assessment is not None:
        interval = assessment.interval()
        points = [
            ("Error for a coating family left out (RMSE)", assessment.grouped_cv_rmse),
            ("Error for a single condition left out (RMSE)", assessment.condition_cv_rmse),
            ("Error of the fit (RMSE)", assessment.rmse),
        ]
        rows: list[list[Any]] = [
            [name, None if value is None else 100 * value, "points of porosity"]
            for name, value in points
        ]
        rows += [
            ["R² for a coating family left out", assessment.grouped_cv_r2, ""],
            ["R² of the fit", assessment.r2, ""],
        ]
        if interval is not None:
            rows.insert(
                1,
                [
                    f"Interval for a new coating at {100 * interval[1]:.0f} % (half width)",
                    100 * interval[0],
                    "points of porosity",
                ],
            )
        quality = Grid.of(["Quality", "Value", "Unit"], rows)
    return {
        "summary": (
            f"Form: {law.kind}. Porosities and AM stand as fractions, lengths in µm, pressures in "
            "MPa in the coefficients."
        ),
        "quality": quality,
        "plot": None if assessment is None else draw_law(assessment),
        "coefficients": Grid.of(
            ["Coefficient", "Value", "Standard error"],
            [[name, float(value), errors.get(name)] for name, value in law.coefficients_.items()],
        ),
        "warnings": [] if assessment is None else assessment.warnings,
    }


def _campaigns(study: Study, only: int | None) -> list[dict[str, Any]]:
    result = []
    for record in study.campaigns():
        if only not in (None, record.id):
            continue
        design = record.design
        rows = [
            [name, ", ".join(_text(value) for value in values)]
            for name, values in design.get("variables", {}).items()
        ]
        rows += [
            ["calendering law", str(design.get("law", {}).get("kind", ""))],
            ["repeats", str(design.get("repeats", ""))],
            ["seed", str(design.get("seed", ""))],
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
                    f"{record.created}, program version {record.program_version}."
                ),
                "design": Grid.of(["Design", "Values"], rows),
                "notes": notes,
            }
        )
    return result


_METHODS = {
    "sisso": "equation by SISSO",
    "dnn": "neural network",
    "gp": "Gaussian process",
    "baseline": "plain form",
}


def _model(model: Any) -> dict[str, Any]:
    one = quantity(model.target)
    parts = ("train", "cross_validation", "test", "validation")
    words = {"cross_validation": "cross-validation", "train": "training"}
    rows = []
    for label, metrics in [
        ("This model", model.metrics),
        *((entry.get("label", name), entry) for name, entry in model.baselines.items()),
    ]:
        for part in parts:
            found = metrics.get(part) or {}
            if found.get("rmse") is not None:
                rows.append([label, words.get(part, part), found.get("r2"), found["rmse"]])
    symbolic = getattr(model, "short_equation", None)
    return {
        "title": one.axis,
        "summary": (
            f"Method: {_METHODS.get(model.method, model.method)}; inputs: "
            f"{', '.join(quantity(name).label.lower() for name in model.inputs)}."
        ),
        "equation": f"{model.target} = {symbolic(5)}" if symbolic and symbolic(5) else None,
        "quality": Grid.of(["Model", "Rows", "R²", f"RMSE ({one.unit})"], rows),
        "statements": list(model.statements),
    }


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
    for target, model in study.models().items():
        seed = (model.get("details") or {}).get("seed")
        if seed is not None:
            rows.append([f"Seed of the model of {target}", str(seed)])
    return Grid.of(["What", "Version or seed"], rows)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "–"
        if math.isinf(value):
            return "∞" if value > 0 else "-∞"
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return " x ".join(_text(item) for item in value)
    return str(value)
