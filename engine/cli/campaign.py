"""`campaign`: generate and characterise every condition of a design."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from engine.cli.console import Console
from engine.errors import InputError


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("campaign", help="run a design of conditions into a study")
    parser.add_argument(
        "study", metavar="STUDY", help="created when absent; a known design resumes"
    )
    parser.add_argument("--design", required=True, metavar="design.toml")
    parser.add_argument("--workers", default="2", metavar="2", help="processes (default 2)")
    parser.add_argument("--dask", metavar="tcp://host:port", help="run on a Dask cluster instead")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Create or resume the campaign and run what is pending."""
    from engine.campaign.design import Design
    from engine.campaign.runner import run_campaign
    from engine.study import Study

    if not args.workers.isdigit() or int(args.workers) < 1:
        raise InputError(f"--workers '{args.workers}' is not a whole number of 1 or more.")
    design = Design.from_toml(args.design)
    try:
        points = design.conditions()  # refuses an impossible design before a study is touched
    except InputError as error:
        raise InputError(f"{Path(args.design).name}: {error}") from None
    warnings = design.warnings()
    console.warn(warnings)
    path = Path(args.study)
    began = time.perf_counter()
    with Study.open(path) if path.exists() else Study.create(path) as study:
        campaign = study.add_campaign(design)
        progress = console.progress()
        done_before = study.campaign(campaign).done
        for event in run_campaign(
            study, campaign, workers=int(args.workers), dask=args.dask, progress=progress
        ):
            if type(event).__name__ == "StructureFailed":
                console.say(f"failed: {event}")
        record = study.campaign(campaign)
    seconds = time.perf_counter() - began
    console.status = 1 if record.failed else 0
    return {
        "conditions": len(points),
        "structures": record.structures,
        "done": record.done,
        "failed": record.failed,
        "seconds": seconds,
        "structures_per_second": (record.done - done_before) / seconds,
        "warnings": warnings,
    }
