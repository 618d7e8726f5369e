"""`report`: a study as one self-contained page."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.console import Console
from engine.cli.outputs import output_file
from engine.cli.tables import add_campaign, check_campaign


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("report", help="write a study as one self-contained HTML page")
    parser.add_argument("study", metavar="STUDY")
    add_campaign(parser)
    parser.add_argument("--out", required=True, metavar="report.html")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Write the page."""
    from engine.maps.report import write_report
    from engine.study import Study

    out = output_file(args.out, "--out")
    with Study.open(args.study) as study:
        check_campaign(study, args.campaign)
        write_report(study, out, console.progress(), campaign=args.campaign)
    return {"out": args.out}
