"""`train`: equations or a network from a dataset."""

from __future__ import annotations

import argparse
import json
import math
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.console import Console
from engine.cli.outputs import output_folder
from engine.cli.tables import (
    add_campaign,
    is_study,
    mixed_settings,
    read_dataset,
)
from engine.errors import InputError
from engine.learning.table_files import TableFile, read_csv

if TYPE_CHECKING:
    from engine.learning.model import PropertyModel


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("train", help="learn models from a study or a table")
    parser.add_argument(
        "table",
        metavar="STUDY|TABLE.csv|TABLE.xlsx|SISSO.in",
        help="a SISSO.in with train.dat beside it names inputs, target and settings itself",
    )
    add_campaign(parser)
    parser.add_argument("--inputs", metavar="A,B,C", help="columns")
    parser.add_argument("--targets", metavar="Y,Z", help="columns")
    parser.add_argument(
        "--limits",
        nargs="+",
        metavar="Y>=LOW",
        help="in place of --targets: a formula that tells which rows meet these limits "
        '("tau>=2" "coverage<=40")',
    )
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
    parser.add_argument(
        "--sisso-files",
        metavar="FOLDER",
        help="also write SISSO.in and train.dat for the reference programs, a folder a target",
    )
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


def read_limits(words: list[str]) -> dict[str, tuple[float | None, float | None]]:
    """Read limits such as ``tau>=2``; a column may have one of each kind."""
    found: dict[str, list[float | None]] = {}
    for word in words:
        match = re.fullmatch(r"\s*(.+?)\s*(>=|<=)\s*(\S+)\s*", word)
        if match is None:
            raise InputError(
                f"--limits {word} is not of the form COLUMN>=NUMBER or COLUMN<=NUMBER."
            )
        name, sign, text = match.groups()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"--limits {word}: '{text}' is not a number.")
        ends, place = found.setdefault(name, [None, None]), int(sign == "<=")
        if ends[place] is not None:
            raise InputError(f"--limits gives '{name}' two limits of one kind: keep one.")
        ends[place] = value
    return {name: (low, high) for name, (low, high) in found.items()}


def classify(args: argparse.Namespace, frame: Any, console: Console) -> dict[str, Any]:
    """Find a border between the rows that meet the limits and the others, and report."""
    from engine.learning.classification import train_classifier

    if args.inputs is None:
        raise InputError("Name the input columns with --inputs.")
    if args.targets or args.method != "sisso":
        raise InputError("--limits stands in place of --targets and --method: leave those out.")
    unused = [n for n in ("sis", "complexity", "threads", "test_rows", "validation", "sisso_files")
              if getattr(args, n) is not None]  # fmt: skip
    console.warn(f"--{n.replace('_', '-')} has no effect with --limits." for n in unused)
    folder = output_folder(args.models, "--models") if args.models else None
    started = time.perf_counter()
    found = train_classifier(
        frame,
        columns(args.inputs, "--inputs"),
        read_limits(args.limits),
        terms=2 if args.terms is None else args.terms,
        rung=2 if args.rung is None else args.rung,
        operators=split_operators(args.operators),
        progress=console.progress(),
    )
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found.to_dict(), allow_nan=False, ensure_ascii=False, indent=1)
        (folder / "limits.json").write_text(text + "\n", encoding="utf-8")
    if is_study(args.table):
        from engine.study import Study

        with Study.open(args.table) as study:
            study.set_classifier(found.to_dict())
    speak(found.statements, console)
    return {
        "equation": found.equation,
        "latex": found.latex,
        "terms": len(found.features),
        **found.metrics,
        "limits": found.limits,
        "domain": found.domain,
        "statements": list(found.statements),
        "seconds": time.perf_counter() - started,
    }


def split_operators(words: list[str] | None) -> list[str] | None:
    """Operators given apart or with commas between them."""
    return None if words is None else [op for word in words for op in word.split(",") if op]


def write_sisso_files(
    place: Path,
    table: Any,
    inputs: list[str],
    targets: list[str],
    options: dict[str, Any],
    console: Console,
) -> None:
    """Write the problem of every target for the reference programs, each in a folder."""
    from engine.learning.sisso_files import write_problem
    from engine.learning.sisso_search import SissoOptions

    units = options.pop("units", None)
    if "operators" in options:
        options["operators"] = tuple(options["operators"])
    for target in targets:
        notes = write_problem(place / target, table, inputs, target, SissoOptions(**options), units)
        console.warn(f"{target}: {note}" for note in notes)


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Train, keep the models where asked, and report."""
    from engine.learning.training import train

    folder = output_folder(args.models, "--models") if args.models else None
    written = output_folder(args.sisso_files, "--sisso-files") if args.sisso_files else None
    stated: dict[str, Any] = {}
    if Path(args.table).name.lower() == "sisso.in":
        from engine.learning.sisso_files import read_problem

        problem = read_problem(Path(args.table).parent)
        console.warn(problem.notes)
        frame = problem.frame.reset_index(drop=True)
        if args.inputs is None:
            args.inputs = ",".join(problem.inputs)
        if args.targets is None and not args.limits:
            args.targets = problem.target
        if args.method == "sisso":
            stated = {**vars(problem.options), "units": problem.units}
    else:
        frame = read_dataset(args.table, args.campaign)
    console.warn(mixed_settings(frame))
    if args.limits:
        return classify(args, frame, console)
    if args.inputs is None or args.targets is None:
        numbers = ", ".join(TableFile(frame).number_columns())
        raise InputError(
            "Name columns with --inputs and --targets (or --limits in their place). "
            f"{Path(args.table).name} has these that hold numbers and vary: {numbers or 'none'}."
        )
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
        options["operators"] = split_operators(options["operators"])
    options = {**stated, **options}
    inputs, targets = columns(args.inputs, "--inputs"), columns(args.targets, "--targets")
    test_rows = read_test_rows(args.test_rows) if args.test_rows else None
    result = train(
        frame,
        inputs,
        targets,
        method=args.method,
        test_rows=test_rows,
        validation=read_csv(args.validation) if args.validation else None,
        progress=console.progress(),
        **options,
    )
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for target, model in result.models.items():
            model.save(folder / f"{target}.json")
    if written is not None:
        kept = frame.drop(index=test_rows or [])
        made = dict(options) if args.method == "sisso" else {}
        write_sisso_files(written, kept.reset_index(drop=True), inputs, targets, made, console)
    if is_study(args.table):
        from engine.study import Study

        origin = "" if args.campaign is None else f"campaign:{args.campaign}"
        with Study.open(args.table) as study:
            study.add_models(
                {
                    name: model.learned_from(origin).to_dict()
                    for name, model in result.models.items()
                }
            )
    for target, model in result.models.items():
        speak(model.statements, console, f"{target}: ")
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


# Statements that say how a model was made, and give no reason to doubt it.
_REMARK = re.compile(
    r"Cross-validation repeats the |\d+ networks of \d|The plain model chosen is the "
)


def speak(statements: Iterable[str], console: Console, about: str = "") -> None:
    """Write the statements about a model as notes or warnings."""
    for statement in statements:
        say = console.note if _REMARK.match(statement) else console.warn
        say([f"{about}{statement}"])


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a copy of `entry` that lacks `names`."""
    return {name: value for name, value in entry.items() if name not in names}
