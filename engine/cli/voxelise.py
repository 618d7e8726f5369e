"""`voxelise`: particles of another program, written as a stack."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.cli.console import Console
from engine.cli.outputs import output_file
from engine.cli.quantities import number, pairs
from engine.errors import InputError


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser(
        "voxelise", help="turn particles of another program (LAMMPS dump, list) into a stack"
    )
    parser.add_argument("particles", metavar="FILE", help="LAMMPS dump, or one particle a line")
    parser.add_argument("--voxel-size", required=True, metavar="0.5", help="µm")
    parser.add_argument("--out", required=True, metavar="s.tif", help=".tif, .npy, .vti or .raw")
    parser.add_argument(
        "--unit", default="um", help="length unit of the file: um, nm, mm, cm, m, angstrom"
    )
    parser.add_argument(
        "--columns", nargs="+", default=[], action="extend", metavar="role=column",
        help="x=px y=py z=pz radius=size, where the names do not say it",
    )  # fmt: skip
    parser.add_argument(
        "--radius", metavar="2.5", help="of all particles instead of the file's own, in its unit"
    )
    parser.add_argument(
        "--types", nargs="+", default=[], action="extend", metavar="type=phase",
        help="1=am 2=cbd 3=none (left out); without it all are active material",
    )  # fmt: skip
    parser.add_argument(
        "--box", nargs=6, metavar=("x0", "x1", "y0", "y1", "z0", "z1"),
        help="corners in the file's unit; the collector lies at z0",
    )  # fmt: skip
    parser.add_argument(
        "--periodic",
        choices=["yes", "no"],
        help="whether x and y go on (default: as the file says)",
    )
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Read, cut and write."""
    from engine import __version__
    from engine.structure.particle_import import read_particles, voxelise_particles
    from engine.structure.stack_io import WRITABLE, write_stack

    out = Path(args.out)
    if out.suffix:
        output_file(args.out, "--out")
    if out.suffix.lower() not in ("", *WRITABLE):
        raise InputError(f"--out '{out.name}': use one of {', '.join(WRITABLE)}, or a folder.")
    types: dict[int, str] = {}
    for kind, phase in pairs(args.types, "--types").items():
        if not kind.lstrip("-").isdigit():
            raise InputError(f"--types {kind}={phase}: the type must be a whole number.")
        if phase not in ("am", "cbd", "none"):
            raise InputError(f"--types {kind}={phase}: a type is am, cbd or none.")
        types[int(kind)] = phase
    bounds = None
    if args.box:
        edges = [number(text, "--box") for text in args.box]
        bounds = [edges[4:6], edges[2:4], edges[0:2]]
    size = number(args.voxel_size, "--voxel-size")
    imported, notes = read_particles(
        args.particles,
        args.unit,
        number(args.radius, "--radius") if args.radius else None,
        types or None,
        pairs(args.columns, "--columns"),
        bounds,
        None if args.periodic is None else args.periodic == "yes",
    )
    console.warn(notes)
    stack = voxelise_particles(imported, size, console.progress())
    name = Path(args.particles).name
    write_stack(out, stack, description=f"HybridGUI {__version__}, voxelised from {name}")
    z, y, x = imported.box
    return {
        "particles": len(imported.particles),
        "box_um": {"x": x, "y": y, "z": z},
        "periodic": imported.periodic,
        "shape": list(stack.shape),
        "voxel_size_um": size,
        "phase_fractions": stack.phase_fractions,
        "voxels_sha256": stack.sha256,
        "notes": notes,
    }
