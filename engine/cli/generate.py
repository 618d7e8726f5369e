"""`generate`: one electrode structure, written as a stack."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

from engine import __version__
from engine.cli.compilation import compilation_clock
from engine.cli.conditions import (
    add_condition_arguments,
    condition_from_arguments,
    specific_capacity,
)
from engine.cli.console import Console
from engine.cli.outputs import output_file
from engine.errors import InputError


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("generate", help="generate one structure from a recipe")
    add_condition_arguments(parser)
    parser.add_argument("--seed", default="0", metavar="0", help="whole number, 0 or more")
    parser.add_argument("--out", required=True, metavar="s.tif", help=".tif, .npy, .vti or .raw")
    parser.add_argument("--particles", metavar="p.csv", help="file for the list of particles")
    parser.add_argument(
        "--resolution-check",
        action="store_true",
        help="properties at this voxel size, at half of it, and extrapolated to zero",
    )
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Generate, write and report."""
    from engine.properties.resolution import refuse_published
    from engine.structure.generate import generate
    from engine.structure.loading import derive
    from engine.structure.particles import write_particles
    from engine.structure.stack_io import WRITABLE, write_stack

    if not args.seed.isdigit():
        raise InputError(f"--seed '{args.seed}' is not a whole number of 0 or more.")
    out = Path(args.out)
    if out.suffix:
        output_file(args.out, "--out")
    if out.suffix.lower() not in ("", *WRITABLE):
        raise InputError(f"--out '{out.name}': use one of {', '.join(WRITABLE)}, or a folder.")
    particles = output_file(args.particles, "--particles") if args.particles else None
    condition, warnings = condition_from_arguments(args)
    if args.resolution_check:
        refuse_published(condition.protocol)
    console.warn(warnings)
    began = time.perf_counter()
    with compilation_clock() as compiling:
        structure = generate(condition, int(args.seed), progress=console.progress())
    seconds = time.perf_counter() - began - compiling.seconds
    stack = structure.stack
    write_stack(
        out,
        stack,
        description=f"HybridGUI {__version__}, {condition.protocol} protocol, seed {args.seed}",
    )
    if particles:
        write_particles(particles, structure.particles)
    report = dict(structure.report)
    generator_warnings = list(report.pop("warnings", []))
    console.warn(generator_warnings)
    warnings = [*warnings, *generator_warnings]
    fractions = stack.phase_fractions
    follows = derive(condition, specific_capacity(args))
    result = {
        "porosity": condition.porosity,
        "porosity_kind": condition.porosity_kind,
        "porosity_resolved": fractions["electrolyte"],
        "phase_fractions": fractions,
        "particles": len(structure.particles.radii),
        "max_relative_overlap": report.pop("max_relative_overlap", None),
        "thickness_um": condition.thickness,
        "press_density_g_per_cm3": follows.press_density,
        "areal_loading_mg_per_cm2": follows.areal_loading,
        "areal_capacity_mAh_per_cm2": follows.areal_capacity or None,
        "shape": list(stack.shape),
        "voxel_size_um": condition.voxel_size,
        "seed": int(args.seed),
        "protocol": condition.protocol,
        "voxels_sha256": stack.sha256,
        "seconds": seconds,
        "warnings": warnings,
    }
    result |= {key: value for key, value in report.items() if key not in result}
    if args.resolution_check:
        result["resolution_check"] = _resolution(structure, console)
    return result


def _resolution(structure: Any, console: Console) -> dict[str, Any]:
    """Properties at two voxel sizes and at none, by column; None where undefined."""
    from engine.properties.characterize import characterize
    from engine.properties.resolution import EXTRAPOLATED, resolution_check

    columns = characterize(structure.stack).flat()
    found = {name: columns[name] for name in EXTRAPOLATED} | resolution_check(
        structure.condition, structure.seed, columns, console.progress()
    )
    return {name: value if math.isfinite(value) else None for name, value in found.items()}
