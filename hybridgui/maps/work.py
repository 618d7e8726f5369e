"""Engine work of the maps page; runs in a thread, touches no widget."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.maps.bpx_export import from_responses, write_bpx
from engine.maps.canvas import FORMATS, save
from engine.maps.curve_data import CurveSet
from engine.maps.curves import study_curves
from engine.maps.decide import Recommendation, recommend
from engine.maps.default_models import default_models
from engine.maps.drawing import draw_curves
from engine.maps.figures import MATRIX_OUTPUTS, make_maps
from engine.maps.interdependence import MODEL_METHODS, Interdependence, from_data, from_models
from engine.maps.lab_record import LabRecord
from engine.maps.matrix_drawing import draw_interdependence
from engine.maps.next_experiments import NextExperiments, next_experiments
from engine.maps.provenance import provenance_lines, write_csv
from engine.maps.report import write_report
from engine.maps.responses import Responses
from engine.maps.sources import Sources, read_sources
from engine.maps.standing import why_outdated
from engine.maps.targets import Target
from engine.maps.trade_off import Survey, TradeOff, judge, survey, trade_off
from engine.maps.uncertainty import Scatter
from engine.maps.verify import Verification, verify
from engine.study import Study
from hybridgui.bridge import Job


@dataclass(frozen=True)
class CurveChoice:
    """What the user wants to see of the curves.

    `figure` names one of the paper's, or a column; `fixed` holds the inputs that are neither
    axis nor panel nor colour.
    """

    figure: str
    axis: str = "pressure_MPa"
    panel: str = "initial_porosity_percent"
    colour: str = "am_percent"
    bands: bool = True
    points: bool = False
    measured: bool = False
    labels: bool = True
    fixed: tuple[tuple[str, float], ...] = ()


def gather(job: Job, study: Study, campaign: int | None = None) -> Sources:
    """Read law, models and dataset of the study, or of one of its campaigns."""
    models = None if campaign is None else default_models(study, job.engine_progress, campaign)
    return read_sources(study, models=models, campaign=campaign)


def curves(job: Job, sources: Sources, choice: CurveChoice) -> CurveSet:
    """Compute the curves of one property."""
    return study_curves(
        sources.responses,
        choice.figure,
        sources.dataset,
        x=choice.axis,
        panel=choice.panel,
        colour=choice.colour,
        fixed=dict(choice.fixed),
        show_points=choice.points,
        measured=sources.table if choice.measured else None,
        bands=choice.bands,
    )


def matrix(job: Job, sources: Sources, method: str) -> Interdependence:
    """Compute the interdependence matrix, from the models or from the data."""
    if method in MODEL_METHODS:
        outputs = [name for name in MATRIX_OUTPUTS if sources.responses.gives(name)]
        return from_models(sources.responses, outputs, method=method)
    outputs = [name for name in MATRIX_OUTPUTS if name in sources.dataset]
    return from_data(sources.dataset, outputs, method=method)


def export_figure(
    job: Job, data: Any, path: Path, colours: str, sources: Sources | None = None
) -> list[Path]:
    """Write a figure as .png, .svg or .pdf, or the numbers behind it as .csv."""
    if path.suffix.lower() == ".csv":
        write_csv(data.to_frame(), path, [] if sources is None else provenance_lines(sources))
        return [path]
    if isinstance(data, CurveSet):
        figure = draw_curves(data)
    else:
        figure = draw_interdependence(data, colours=colours)
    return save(figure, path.with_suffix(""), (path.suffix.lower().lstrip("."),))


def export_all(job: Job, study: Study, folder: Path, campaign: int | None) -> list[Path]:
    """Write every figure of the study as PNG, SVG and PDF, with its numbers."""
    return make_maps(study, folder, job.engine_progress, formats=FORMATS, campaign=campaign)


def report(
    job: Job, study: Study, path: Path, campaign: int | None, record: LabRecord | None = None
) -> Path:
    """Write the report of the study."""
    return write_report(study, path, job.engine_progress, campaign=campaign, record=record)


@dataclass(frozen=True)
class Decision:
    """What `decide` found: every setting judged, and the one that is recommended.

    `found` is None for a recommendation that stands on other models than the present ones.
    """

    found: TradeOff | None
    recommendation: Recommendation


@dataclass(frozen=True)
class Kept:
    """What a study keeps: a decision, how it was verified, and why it is an earlier one."""

    decision: Decision
    verification: Verification | None
    outdated: str  # empty where it answers the present models


def kept_decision(
    job: Job, sources: Sources, stored: dict[str, Any], checked: dict[str, Any] | None
) -> Kept | None:
    """Rebuild the recommendation that a study keeps; None where it is of other campaigns."""
    best = Recommendation.from_dict(stored)
    if best.campaign != sources.campaign:
        return None
    outdated = why_outdated(best.stands_on, sources.responses)
    found = None
    if not outdated:
        try:
            found = trade_off(
                sources.responses, best.targets, fixed=best.fixed, inside_only=best.inside_only
            )
        except InputError:
            outdated = "its targets cannot be judged any more"
    verification = None
    if checked is not None:
        with contextlib.suppress(InputError):  # of an older form: it can be made again
            verification = Verification.from_dict(checked)
    return Kept(Decision(found, best), verification, outdated)


@dataclass(frozen=True, eq=False)
class Wishes:
    """What is asked of all settings at once: which are good, without choosing any."""

    responses: Responses
    targets: tuple[Target, ...]
    fixed: dict[str, float]
    inside_only: bool

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Wishes)
            and self.asks_the_models_as(other)
            and self.targets == other.targets
            and self.inside_only == other.inside_only
        )

    @property
    def outputs(self) -> list[str]:
        """Responses that something is wanted of."""
        return [target.output for target in self.targets]

    def asks_the_models_as(self, other: Wishes) -> bool:
        """Whether both need the same values: limits and directions may differ."""
        return (
            self.responses is other.responses
            and self.outputs == other.outputs
            and self.fixed == other.fixed
        )


@dataclass(frozen=True)
class Weighed:
    """Settings judged by some wishes, and what is known of them whatever is wished."""

    wishes: Wishes
    known: Survey
    found: TradeOff


def weigh(job: Job, wishes: Wishes, before: Weighed | None = None) -> Weighed:
    """Judge a grid of settings; the models are asked only where other values are needed."""
    if before is not None and before.wishes.asks_the_models_as(wishes):
        known = before.known
    else:
        asked = wishes.responses.asked(wishes.outputs)
        known = survey(asked, wishes.outputs, fixed=wishes.fixed)
    return Weighed(wishes, known, judge(known, wishes.targets, inside_only=wishes.inside_only))


def decide(
    job: Job,
    sources: Sources,
    targets: tuple[Target, ...],
    robust: bool,
    scatter: Scatter,
    fixed: dict[str, float],
    inside_only: bool = False,
) -> Decision:
    """Judge a grid of settings by the wishes, and recommend one."""
    progress = job.engine_progress
    progress.report(0.0, "judging settings")
    found = trade_off(sources.responses, targets, fixed=fixed, inside_only=inside_only)
    best = recommend(
        sources.responses,
        targets,
        found,
        scatter=scatter,
        robust=robust,
        fixed=fixed,
        inside_only=inside_only,
        others=sources.others,
        progress=progress,
    )
    return Decision(found, replace(best, campaign=sources.campaign))


def check(job: Job, sources: Sources, setting: dict[str, float], repeats: int) -> Verification:
    """Generate fresh structures at a setting and compare them with the models."""
    if sources.template is None:
        raise InputError("Checking a setting needs a campaign: run one first.")
    return verify(
        sources.responses,
        setting,
        sources.template,
        repeats=repeats,
        trained_repeats=sources.repeats,
        made_with=sources.made_with,
        progress=job.engine_progress,
    )


def plan(job: Job, sources: Sources, found: TradeOff) -> NextExperiments:
    """Choose the next experiments among what can be made and keeps the limits."""
    job.engine_progress.report(0.0, "choosing conditions")
    conditions = found.settings[found.feasible].reset_index(drop=True)
    return next_experiments(sources.responses, conditions, sources.table, count=6, coatings=3)


def bpx(
    job: Job,
    sources: Sources,
    setting: dict[str, float],
    template: Path | None,
    path: Path,
    verification: Verification | None = None,
) -> str:
    """Merge the electrode of a setting into a BPX file, or write its block alone.

    Returns what fresh structures gave, what the file kept or lacks and what is doubtful, in words.
    """
    written = write_bpx(template, from_responses(sources.responses, setting, verification), path)
    told = [f"Wrote {path.name}", *written.told]
    if written.unset and template is not None:
        told.append("What is not set stays as it was in the cell's file")
    return ". ".join(told) + "."
