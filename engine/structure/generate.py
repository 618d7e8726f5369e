"""From a condition and a seed to a structure: the same bits always."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil

from engine import __version__
from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure import physical, published
from engine.structure.condition import Condition
from engine.structure.options import resolve_options
from engine.structure.particles import Particles
from engine.structure.sizes import measured
from engine.structure.stack import PHASE_NAMES, VoxelStack
from engine.structure.stages import Stage

BYTES_PER_VOXEL = 24
"""Memory at the busiest moment of generation: distances, labels and the lists of the CBD rule."""


@dataclass(frozen=True, eq=False)
class Structure:
    """A generated electrode.

    Attributes
    ----------
    stack : VoxelStack
    particles : Particles
    condition : Condition
    seed : int
    report : dict
        What was realised against what was asked for; JSON values only.
    """

    stack: VoxelStack
    particles: Particles
    condition: Condition
    seed: int
    report: dict[str, Any] = field(default_factory=dict)


def generate(condition: Condition, seed: int, progress: Progress | None = None) -> Structure:
    """Generate one structure.

    Parameters
    ----------
    condition : Condition
    seed : int
        Non-negative; condition and seed together give the same voxels on every worker.
    progress : Progress, optional

    Returns
    -------
    Structure

    Raises
    ------
    InputError
        If the condition cannot be built, with the reason.
    Cancelled
        If `progress` was cancelled.
    """
    check_seed(seed)
    progress = progress or silent()
    options = resolve_options(condition)
    refuse_what_memory_cannot_hold(condition)
    started = time.perf_counter()
    if condition.protocol == "published":
        labels, particles, report = _published(condition, options, seed, progress)
    else:
        labels, particles, report = physical.build(condition, options, seed, progress)
    unused = [name for name in condition.options if name not in options]
    if unused:
        report["warnings"].append(
            f"The {condition.protocol} protocol does not use the options {', '.join(unused)}."
        )
    return as_structure(condition, seed, options, labels, particles, report, started)


def check_seed(seed: int) -> None:
    """Refuse a seed that is not a whole number of 0 or more."""
    if seed < 0 or seed != int(seed):
        raise InputError(f"Seed {seed} is not a whole number of 0 or more.")


def as_structure(
    condition: Condition,
    seed: int,
    options: dict[str, Any],
    labels: np.ndarray,
    particles: Particles,
    report: dict[str, Any],
    began: float,
) -> Structure:
    """Gather what a protocol built; `began` is the `time.perf_counter` of its start."""
    stack = VoxelStack(labels, (condition.voxel_size,) * 3)
    common = {
        "phase_fractions": stack.phase_fractions,
        "phase_targets": dict(zip(PHASE_NAMES, condition.volume_fractions, strict=True)),
        "options": options,
        "program_version": __version__,
        "seconds": time.perf_counter() - began,
    }
    return Structure(stack, particles, condition, int(seed), report | common)


def _published(
    condition: Condition, options: dict[str, Any], seed: int, progress: Progress
) -> tuple[np.ndarray, Particles, dict[str, Any]]:
    began = time.perf_counter()
    _, am, cbd = condition.volume_fractions
    box = (condition.thickness, *condition.box)
    labels, particles, overlap = published.place_spheres(
        box, condition.voxel_size, am, seed, Stage(progress, 0.0, 0.8),
        drawing=options["sphere_drawing"],
    )  # fmt: skip
    placed = time.perf_counter()
    published.add_cbd(labels, cbd, seed, Stage(progress, 0.8, 1.0))
    seconds = {"packing": placed - began, "cbd": time.perf_counter() - placed}
    height = labels.shape[0] * condition.voxel_size
    report = {
        "particles": len(particles),
        # spheres may overlap by design: centres come as near as 0.7 of the sum of radii
        "max_relative_overlap": overlap,
        "mass_error": height / condition.thickness - 1,
        "sizes_asked": published.size_distribution().summary(),
        "sizes_realised": measured(2 * particles.radii).summary(),
        "seconds_per_stage": seconds,
        "warnings": [],
    }
    return labels, particles, report


def refuse_what_memory_cannot_hold(condition: Condition) -> None:
    """Say so before the work: an allocation that is too large may end the whole program."""
    voxels = float(np.prod([float(edge) for edge in condition.shape]))
    needed = BYTES_PER_VOXEL * voxels
    free = float(psutil.virtual_memory().available)
    if needed > 0.9 * free or voxels > 2**31 - 1:
        raise InputError(
            f"{voxels / 1e6:.0f} million voxels need about {needed / 1e9:.1f} GB of memory, but "
            f"{free / 1e9:.1f} GB are free: give a smaller box or larger voxels."
        )
