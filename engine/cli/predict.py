"""`predict`: a trained model on a new table."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from engine.cli.console import Console
from engine.cli.outputs import output_file
from engine.learning.table_files import read_csv


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("predict", help="apply a trained model to a table")
    parser.add_argument("model", metavar="MODEL.json")
    parser.add_argument("table", metavar="TABLE.csv")
    parser.add_argument(
        "--intervals",
        action="store_true",
        help="add …_low and …_high: the band in which 90 %% of new rows should fall, if they lie "
        "within the range that the model was trained on",
    )
    parser.add_argument("--out", required=True, metavar="predictions.csv")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Append the predictions as last columns and write the table."""
    from engine.learning.model import load_model
    from engine.learning.table import name_rows

    out = output_file(args.out, "--out")
    model = load_model(args.model)
    frame = read_csv(args.table)
    outside = int(model.outside(frame).sum())
    with np.errstate(all="ignore"):
        value, low, high = model.prediction(frame)
    defined = np.isfinite(value)
    undefined = np.flatnonzero(~defined)
    warnings = model.warnings(frame)
    if undefined.size:
        warnings.append(
            f"'{model.target}' is undefined for {undefined.size} of {len(frame)} rows, whose cells "
            f"are left blank: row {name_rows(undefined)} (the header is row 1)."
        )
    added = {}
    level = model.residuals.get("level", 0.9) if model.residuals.get("scores") else None
    if args.intervals:
        added[f"{model.target}_low"] = np.where(defined, low, np.nan)
        added[f"{model.target}_high"] = np.where(defined, high, np.nan)
        if level is None:
            warnings.append("The model was not cross-validated: it has no intervals.")
        elif outside:
            warnings.append(
                f"The {100 * level:g} % intervals do not hold for the {outside} rows outside the "
                "range that the model was trained on."
            )
    added[f"{model.target}_predicted"] = np.where(defined, value, np.nan)
    replaced = [name for name in added if name in frame]
    warnings += [f"Column '{name}' of the table was replaced." for name in replaced]
    console.warn(warnings)
    frame = frame.drop(columns=replaced)
    frame.assign(**added).to_csv(out, index=False, lineterminator="\n")
    result = {
        "rows": len(frame),
        "rows_outside_domain": outside,
        "rows_undefined": undefined.size,
        "target": model.target,
        "out": args.out,
    }
    if args.intervals:
        result["level"] = level
    return result | {"warnings": warnings}
