"""`fit`: a calendering law from a sheet of measurements."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.cli.console import Console
from engine.cli.outputs import output_file
from engine.cli.quantities import pairs
from engine.errors import InputError


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("fit", help="fit a calendering law to a sheet of measurements")
    parser.add_argument("sheet_file", metavar="SHEET", help=".xlsx, .xls, .ods, .csv or .tsv")
    parser.add_argument(
        "--sheet", metavar="NAME", help="sheet of the workbook (default: first fit)"
    )
    parser.add_argument(
        "--map", nargs="+", default=[], metavar="role=column", action="extend",
        help="roles: am, initial_porosity, initial_thickness, gap or pressure, porosity",
    )  # fmt: skip
    parser.add_argument(
        "--law",
        metavar="KIND",
        help="polynomial (default; for pressures outside the gap calibration the best law written "
        "in the pressure), kawakita, exponential, heckel, published, gaussian_process, sisso",
    )
    parser.add_argument(
        "--physical",
        action="store_true",
        help="constrain the law: porosity falls with pressure and never exceeds the initial one",
    )
    parser.add_argument(
        "--densities", nargs=2, type=float, metavar=("AM", "CBD"),
        help="skeletal densities, g/cm³: derive porosities from thickness and mass loading",
    )  # fmt: skip
    parser.add_argument(
        "--contact-length", type=float, metavar="MM",
        help="of the rolls: turns a line load (N/mm) into a pressure",
    )  # fmt: skip
    parser.add_argument(
        "--roll-width", type=float, metavar="MM",
        help="of the electrode: turns a force (kN) into a line load",
    )  # fmt: skip
    parser.add_argument(
        "--fill-down", action="store_true",
        help="rows that leave the coating blank repeat that of the row above",
    )  # fmt: skip
    parser.add_argument(
        "--material", metavar="NMC811",
        help="preset of the active material, kept in the study: its capacity, voltage and density",
    )  # fmt: skip
    parser.add_argument("--study", metavar="S", help="study that keeps the sheet and the law")
    parser.add_argument("--out", metavar="law.json", help="file for the law")
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Read, fit, assess, and keep the law where asked."""
    from engine.experiment.comparison import law_in_pressure
    from engine.experiment.diagnostics import assess
    from engine.experiment.laws import make_law, save_law
    from engine.experiment.reader import BEYOND_CALIBRATION, read_table
    from engine.structure.materials import material
    from engine.study import Study

    out = output_file(args.out, "--out") if args.out else None
    preset = None if args.material is None else material(args.material)
    if preset is not None and not args.study:
        raise InputError("--material is kept in a study: give one by --study.")
    table = read_table(
        args.sheet_file,
        sheet=args.sheet,
        mapping=pairs(args.map, "--map") or None,
        densities=tuple(args.densities) if args.densities else None,
        contact_length=args.contact_length,
        roll_width=args.roll_width,
        fill_down=args.fill_down,
    )
    for row, reason in table.left_out:
        console.say(f"row {row} left out: {reason}")
    if args.law is None and not table.has_gap:
        entry, why = law_in_pressure(table)
        law, assessment = entry.law, entry.assessment
        # Why the law was chosen says it already.
        notes = [*(note for note in table.notes if note != BEYOND_CALIBRATION), why]
    else:
        law = make_law(args.law or "polynomial", **({"physical": True} if args.physical else {}))
        law.fit(table)
        assessment, notes = assess(law, table), [*table.notes]
    warnings = list(dict.fromkeys([*notes, *assessment.warnings]))
    console.warn(warnings)
    if out:
        save_law(law, out)
    if args.study:
        path = Path(args.study)
        with Study.open(path) if path.exists() else Study.create(path) as study:
            study.set_table(table)
            if preset is not None:
                study.set_material(preset)
            study.set_law(law.to_dict(), assessment.to_dict())
    return {
        "law": law.kind,
        "coefficients": law.coefficients_,
        "r2": assessment.r2,
        "rmse": assessment.rmse,
        "grouped_cv_rmse": assessment.grouped_cv_rmse,
        "grouped_cv_r2": assessment.grouped_cv_r2,
        "coatings": list(table.family_names()),
        "rows_used": table.rows_used,
        "rows_left_out": [{"row": row, "reason": reason} for row, reason in table.left_out],
        "warnings": warnings,
    }
