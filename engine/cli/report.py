"""`report`: a study as one self-contained page."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from engine.cli.console import Console
from engine.cli.outputs import output_file
from engine.cli.tables import add_campaign, check_campaign, used_models

_FIELDS = (
    ("operator", "who stands for the record"),
    ("sample", "as on the label of the coating"),
    ("project", "name or number"),
    ("remarks", "anything else"),
)


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("report", help="write a study as one self-contained HTML page or PDF")
    parser.add_argument("study", metavar="STUDY")
    add_campaign(parser)
    for name, meaning in _FIELDS:
        parser.add_argument(f"--{name}", metavar="TEXT", help=f"{meaning}; kept in the study")
    parser.add_argument("--out", required=True, metavar="report.html")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Write the page."""
    from engine.maps.lab_record import LabRecord
    from engine.maps.report import write_report
    from engine.study import Study

    out = output_file(args.out, "--out")
    with Study.open(args.study) as study:
        check_campaign(study, args.campaign)
        given = {
            name: getattr(args, name) for name, _ in _FIELDS if getattr(args, name) is not None
        }
        record = replace(LabRecord.of(study), **given)
        if given:
            record.keep(study)
        write_report(study, out, console.progress(), campaign=args.campaign, record=record)
        models = used_models(study, args.campaign, console)
    return {"out": args.out, "models": models}
