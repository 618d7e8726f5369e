"""Engine work of the campaign page; runs in a thread, touches no widget."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from engine.campaign.design import Design
from engine.campaign.estimate import Estimate, estimate
from engine.campaign.events import CampaignFinished, StructureDone
from engine.campaign.runner import run_campaign
from engine.errors import Cancelled
from engine.kernels import kernels_compiled
from engine.study import Study
from hybridgui.bridge import Job


@dataclass(frozen=True)
class DesignPreview:
    """What a design comes to, before it is started."""

    design: Design
    warnings: list[str]


def preview(job: Job, design: Design) -> DesignPreview:
    """Calender every condition of a design by its law; raises where one is impossible."""
    return DesignPreview(design, design.warnings())


def time_pilot(job: Job, design: Design, workers: int, folder: Path) -> Estimate:
    """Time a few structures of a design."""
    job.note_compiling(not kernels_compiled(design.kernels))
    return estimate(design, workers, folder, job.engine_progress)


def run(job: Job, study: Study, design: Design | None, campaign: int | None, workers: int):
    """Run a new or an unfinished campaign, sending every event to the window."""
    if campaign is None:
        job.engine_progress.report(0.0, "preparing the conditions")
        campaign = study.add_campaign(design)
    kernels = Design.from_dict(study.campaign(campaign).design).kernels
    job.set_pace("", None)
    job.note_compiling(not kernels_compiled(kernels))
    last = None
    events = run_campaign(
        study, campaign, workers=workers, progress=job.engine_progress, pause=job.pause
    )
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, StructureDone):
                job.note_compiling(False)
                rate = event.structures_per_second
                job.set_pace(f"{rate:.3g} per s" if rate else "", event.seconds_left)
            job.send(event)
            last = event
    if isinstance(last, CampaignFinished) and last.cancelled:
        raise Cancelled("stopped at the user's request")
    return last


def export(job: Job, study: Study, path: Path, structures: bool) -> int:
    """Write the dataset as .csv, .xlsx or .parquet; returns the number of rows."""
    from engine.campaign.export import export_dataset

    job.engine_progress.report(0.0, path.name)
    return export_dataset(study, path, structures=structures)
