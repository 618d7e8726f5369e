"""`export`: the dataset of a study as a table."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.console import Console
from engine.cli.outputs import output_file
from engine.cli.tables import add_campaign, check_campaign


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("export", help="write a study's dataset as .csv, .xlsx or .parquet")
    parser.add_argument("study", metavar="STUDY")
    parser.add_argument("--structures", action="store_true", help="one row a structure")
    add_campaign(parser)
    parser.add_argument("--out", required=True, metavar="data.csv")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Write the table."""
    from engine.campaign.export import export_dataset
    from engine.study import Study

    out = output_file(args.out, "--out")
    with Study.open(args.study, read_only=True) as study:
        check_campaign(study, args.campaign)
        rows = export_dataset(study, out, structures=args.structures, campaign=args.campaign)
    return {"rows": rows, "out": str(args.out)}
