"""`maps`: the figures of a study as files."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.console import Console
from engine.cli.outputs import output_folder
from engine.cli.tables import add_campaign, check_campaign, used_models


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("maps", help="draw figures 4 to 10, S7 and S8 of a study")
    parser.add_argument("study", metavar="STUDY")
    add_campaign(parser)
    parser.add_argument("--out", required=True, metavar="FOLDER")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Draw; the default models are trained first where the study has none."""
    from engine.maps.figures import make_maps
    from engine.study import Study

    with Study.open(args.study) as study:
        check_campaign(study, args.campaign)
        folder = output_folder(args.out, "--out")
        files = make_maps(study, folder, console.progress(), campaign=args.campaign)
        models = used_models(study, args.campaign, console)
    return {"files": [str(path) for path in files], "out": args.out, "models": models}
