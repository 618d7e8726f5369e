"""`campaign`: generate and characterise every condition of a design."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.compilation import SENTENCE
from engine.cli.console import Console
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.campaign.design import Design


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("campaign", help="run a design of conditions into a study")
    parser.add_argument(
        "study", metavar="STUDY", help="created when absent; a known design resumes"
    )
    parser.add_argument("--design", required=True, metavar="design.toml")
    parser.add_argument("--workers", default="2", metavar="2", help="processes (default 2)")
    parser.add_argument("--dask", metavar="tcp://host:port", help="run on a Dask cluster instead")
    parser.add_argument(
        "--rerun-failed", action="store_true", help="try the structures that failed again, too"
    )
    parser.add_argument(
        "--estimate",
        action="store_true",
        help="time a few structures, say what all would take, and run nothing",
    )
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Create or resume the campaign and run what is pending."""
    from engine.campaign.design_file import read_design
    from engine.campaign.events import StructureFailed
    from engine.campaign.regenerate import changes_in
    from engine.campaign.runner import run_campaign
    from engine.kernels import kernels_compiled
    from engine.study import Study

    if not args.workers.isdigit() or int(args.workers) < 1:
        raise InputError(f"--workers '{args.workers}' is not a whole number of 1 or more.")
    design = read_design(Path(args.design))
    try:
        points = design.conditions()  # refuses an impossible design before a study is touched
    except InputError as error:
        raise InputError(f"{Path(args.design).name}: {error}") from None
    warnings = design.warnings()
    console.warn(warnings)
    path, workers = Path(args.study), int(args.workers)
    if args.estimate:
        if args.dask or args.rerun_failed:
            raise InputError("--estimate times this computer: leave --dask and --rerun-failed out.")
        return _estimate(design, workers, path, console)
    began = time.perf_counter()
    with Study.open(path) if path.exists() else Study.create(path) as study:
        changes = changes_in(study)
        console.warn(changes)
        warnings = [*warnings, *changes]
        campaign = study.add_campaign(design)
        if args.rerun_failed:
            console.say(f"{study.retry_failed(campaign)} failed structures are tried again.")
        if not args.dask and not kernels_compiled(design.kernels):
            console.say(SENTENCE)  # by the workers, out of sight
        progress = console.progress()
        done_before = study.campaign(campaign).done
        events = run_campaign(study, campaign, workers=workers, dask=args.dask, progress=progress)
        try:
            for event in events:
                if isinstance(event, StructureFailed):
                    console.say(f"failed: {event}")
                    if args.traceback and event.details:
                        console.say(event.details.rstrip())
        except KeyboardInterrupt:
            kept = study.campaign(campaign)
            console.on_stop = (
                f"{kept.done} of {kept.structures} structures are kept in {path.name}; the same "
                "command goes on from there."
            )
            raise
        record = study.campaign(campaign)
    seconds = time.perf_counter() - began
    if record.failed:
        console.status = 1
        console.say(f"{record.failed} structures failed: --rerun-failed tries them again.")
    return {
        "campaign": campaign,
        "conditions": len(points),
        "structures": record.structures,
        "done": record.done,
        "failed": record.failed,
        "spared": record.spared,
        "seconds": seconds,
        "structures_per_second": (record.done - done_before) / seconds,
        "warnings": warnings,
    }


def _estimate(design: Design, workers: int, path: Path, console: Console) -> dict[str, Any]:
    """Time a pilot; the study is neither made nor opened."""
    from engine.campaign.estimate import estimate

    folder = path.resolve().parent
    found = estimate(design, workers, folder if folder.is_dir() else None, console.progress())
    console.warn(warning for warning in found.warnings if warning not in design.warnings())
    return {
        "conditions": design.count,
        "structures": found.structures,
        "seconds": found.seconds,
        "seconds_low": found.seconds_low,
        "seconds_high": found.seconds_high,
        "memory_MB": found.memory / 2**20,
        "memory_per_worker_MB": found.memory_per_worker / 2**20,
        "file_MB": found.file_bytes / 2**20,
        "pilot_structures": found.pilot_structures,
        "pilot_seconds": found.pilot_seconds,
        "warnings": found.warnings,
    }
