"""`report`: a study as one self-contained page."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.console import Console


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("report", help="write a study as one self-contained HTML page")
    parser.add_argument("study", metavar="STUDY")
    parser.add_argument("--out", required=True, metavar="report.html")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Write the page."""
    from engine.maps.report import write_report
    from engine.study import Study

    with Study.open(args.study) as study:
        write_report(study, args.out, progress=console.progress())
    return {"out": args.out}
