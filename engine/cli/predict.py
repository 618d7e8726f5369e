"""`predict`: a trained model on a new table."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.console import Console
from engine.cli.outputs import output_file
from engine.cli.tables import read_csv


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("predict", help="apply a trained model to a table")
    parser.add_argument("model", metavar="MODEL.json")
    parser.add_argument("table", metavar="TABLE.csv")
    parser.add_argument("--intervals", action="store_true", help="add …_low and …_high")
    parser.add_argument("--out", required=True, metavar="predictions.csv")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Append the predictions as last columns and write the table."""
    from engine.learning.model import load_model

    out = output_file(args.out, "--out")
    model = load_model(args.model)
    frame = read_csv(args.table)
    console.warn(model.warnings(frame))
    added = {}
    if args.intervals:
        low, high = model.interval(frame)
        added[f"{model.target}_low"] = low
        added[f"{model.target}_high"] = high
    added[f"{model.target}_predicted"] = model.predict(frame)
    replaced = [name for name in added if name in frame]
    console.warn(f"Column '{name}' of the table was replaced." for name in replaced)
    frame = frame.drop(columns=replaced)
    frame.assign(**added).to_csv(out, index=False, lineterminator="\n")
    return {"rows": len(frame), "target": model.target, "out": args.out}
