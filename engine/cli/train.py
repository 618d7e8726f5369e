"""`train`: equations or a network from a dataset."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.console import Console
from engine.cli.outputs import output_folder
from engine.cli.tables import (
    add_campaign,
    is_study,
    mixed_settings,
    read_csv,
    read_dataset,
)
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.learning.model import PropertyModel


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("train", help="learn models from a study or a table")
    parser.add_argument("table", metavar="STUDY|TABLE.csv")
    add_campaign(parser)
    parser.add_argument("--inputs", required=True, metavar="A,B,C", help="columns")
    parser.add_argument("--targets", required=True, metavar="Y,Z", help="columns")
    parser.add_argument("--method", choices=["sisso", "dnn", "gp", "baseline"], default="sisso")
    for name, kind in (("rung", int), ("terms", int), ("sis", int), ("complexity", int)):
        parser.add_argument(f"--{name}", type=kind)
    parser.add_argument(
        "--operators", nargs="+", metavar="OP", help="default: the twelve usual ones"
    )
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--test-rows", metavar="FILE", help="one 0-based row a line")
    parser.add_argument(
        "--validation", metavar="TABLE.csv", help="a second table, never trained on"
    )
    parser.add_argument("--models", metavar="FOLDER", help="folder for one <target>.json each")
    return parser


def columns(text: str, option: str) -> list[str]:
    """Split a list of column names at its commas."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"{option} names no column.")
    if len(set(names)) < len(names):
        raise InputError(f"{option} names a column twice.")
    return names


def read_test_rows(path: str) -> list[int]:
    """Read one 0-based row number a line."""
    file = Path(path)
    if not file.is_file():
        raise InputError(f"There is no file {file}: check --test-rows.")
    rows = []
    for line, text in enumerate(file.read_text("utf-8-sig").splitlines(), start=1):
        if not text.strip():
            continue
        if not text.strip().isdigit():
            raise InputError(f"Line {line} of {file.name}: '{text.strip()}' is not a row number.")
        rows.append(int(text))
    if not rows:
        raise InputError(f"{file.name} names no row.")
    return rows


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Train, keep the models where asked, and report."""
    from engine.learning.training import train

    folder = output_folder(args.models, "--models") if args.models else None
    frame = read_dataset(args.table, args.campaign)
    console.warn(mixed_settings(frame))
    options = {
        name: getattr(args, name)
        for name in ("rung", "terms", "sis", "complexity", "operators", "threads")
        if getattr(args, name) is not None
    }
    if options.get("threads", 1) < 1:
        raise InputError(f"--threads {args.threads} is not a whole number of 1 or more.")
    if args.method != "sisso":
        for name in set(options) - {"threads"}:
            console.warn([f"--{name} has no effect with --method {args.method}."])
            options.pop(name)
    if "operators" in options:
        options["operators"] = [op for word in options["operators"] for op in word.split(",") if op]
    inputs, targets = columns(args.inputs, "--inputs"), columns(args.targets, "--targets")
    result = train(
        frame,
        inputs,
        targets,
        method=args.method,
        test_rows=read_test_rows(args.test_rows) if args.test_rows else None,
        validation=read_csv(args.validation) if args.validation else None,
        progress=console.progress(),
        **options,
    )
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for target, model in result.models.items():
            model.save(folder / f"{target}.json")
    if is_study(args.table):
        from engine.study import Study

        with Study.open(args.table) as study:
            for target, model in result.models.items():
                study.add_model(target, model.to_dict())
    for target, model in result.models.items():
        console.warn(f"{target}: {statement}" for statement in model.statements)
    return {
        "targets": {target: report_on(model) for target, model in result.models.items()},
        "features_screened": result.features_screened,
        "seconds": result.seconds,
    }


def report_on(model: PropertyModel) -> dict[str, Any]:
    """Return what ``--json`` says of one model."""
    accuracy = {name: model.metrics.get(name) for name in ("train", "test", "validation")}
    return {
        "equation": model.equation,
        "latex": model.latex,
        "excel": model.excel,
        "terms": model.terms,
        "front": [without(entry, "model", "residuals", "alternatives") for entry in model.front],
        **accuracy,
        "cross_validation": model.metrics.get("cross_validation"),
        "baselines": {name: without(plain, "model") for name, plain in model.baselines.items()},
        "domain": model.domain,
        "statements": list(model.statements),
    }


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a copy of `entry` that lacks `names`."""
    return {name: value for name, value in entry.items() if name not in names}
