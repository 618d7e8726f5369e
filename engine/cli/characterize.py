"""`characterize`: the properties of a stack."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from engine.cli.compilation import compile_beforehand
from engine.cli.console import Console
from engine.cli.quantities import number, pairs
from engine.errors import InputError
from engine.kernels import needed


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    parser = verbs.add_parser("characterize", help="compute the properties of a stack")
    parser.add_argument("stack", metavar="STACK", help="TIFF, folder of slices, .npy, .vti, .raw")
    parser.add_argument("--voxel-size", metavar="0.39", help="µm (default: the file's own)")
    parser.add_argument(
        "--phases", nargs="+", default=[], action="extend", metavar="phase=label",
        help="electrolyte=0 am=85 cbd=170 where the labels are not 0, 1, 2",
    )  # fmt: skip
    parser.add_argument(
        "--shape", nargs=3, metavar=("Z", "Y", "X"),
        help="voxels of a .raw file; 1 Y X makes a single image a stack of one slice",
    )  # fmt: skip
    parser.add_argument("--dtype", metavar="uint8", help="voxel type of a .raw file")
    parser.add_argument("--flow-axis", choices=["z", "y", "x"], default="z")
    parser.add_argument("--solver", choices=["multigrid", "taufactor"], default="multigrid")
    parser.add_argument(
        "--conductivity", nargs="+", default=[], action="extend", metavar="phase=S/m",
        help="bulk values: electrolyte=1.119 am=0.003 cbd=100 cbd_ionic=0 (the last lets ions "
        "through the nanopores of the CBD)",
    )  # fmt: skip
    parser.add_argument(
        "--properties", choices=["outputs", "published", "all"], default="published"
    )
    return parser


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Read the stack and compute."""
    from engine.properties.characterize import characterize
    from engine.properties.conductivities import Conductivities
    from engine.structure.stack import VoxelStack
    from engine.structure.stack_io import read_stack

    phases: dict[str, int] = {}
    for name, label in pairs(args.phases, "--phases").items():
        if not label.lstrip("-").isdigit():
            raise InputError(f"--phases {name}={label}: the label must be a whole number.")
        phases[name] = int(label)
    bulk = Conductivities.of(
        {
            name: number(value, f"--conductivity {name}")
            for name, value in pairs(args.conductivity, "--conductivity").items()
        }
    )
    for text in args.shape or ():
        if not text.isdigit() or int(text) < 1:
            raise InputError(f"--shape {text} is not a whole number of voxels of 1 or more.")
    stack, notes = read_stack(
        args.stack,
        voxel_size=number(args.voxel_size, "--voxel-size") if args.voxel_size else None,
        phases=phases or None,
        shape=[int(text) for text in args.shape] if args.shape else None,
        dtype=args.dtype,
    )
    console.warn(notes)
    if args.solver == "multigrid":
        compile_beforehand(needed((), args.properties, bulk.opens_cbd), console)
        # `seconds` leaves the loading of kernels out
        sample = np.arange(12**3, dtype=np.uint32).reshape(12, 12, 12) * 2654435761 >> 8
        characterize(
            VoxelStack((sample % 3).astype(np.uint8)), args.properties, conductivities=bulk
        )
    result = characterize(
        stack,
        parts=args.properties,
        flow_axis=args.flow_axis,
        solver=args.solver,
        conductivities=bulk,
        progress=console.progress(),
    )
    console.warn(result.warnings)
    return result.to_dict()
