"""The physical protocol: packed spheres, exact voxels, CBD by morphology."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.progress import Progress, silent
from engine.structure import sizes
from engine.structure.active_material import (
    PackedParticles,
    pack_particles,
    timed,
    voxel_targets,
)
from engine.structure.cbd import add_cbd
from engine.structure.condition import Condition
from engine.structure.particles import Particles
from engine.structure.stack import CBD, ELECTROLYTE
from engine.structure.stages import Stage
from engine.structure.voxelise import exact_particles


def build(
    condition: Condition, options: dict[str, Any], seed: int, progress: Progress | None = None
) -> tuple[np.ndarray, Particles, dict[str, Any]]:
    """Build one structure.

    Parameters
    ----------
    condition : Condition
    options : dict
        Complete, from `engine.structure.options.resolve_options`.
    seed : int
    progress : Progress, optional

    Returns
    -------
    labels : ndarray of uint8, shape (nz, ny, nx)
    particles : Particles
        Largest first.
    report : dict

    Raises
    ------
    InputError
        If the particles do not fit, with the densest packing that does.
    """
    progress = progress or silent()
    packed = pack_particles(condition, options, seed, Stage(progress, 0.0, 0.7))
    return finish(packed, condition, options, seed, Stage(progress, 0.7, 1.0))


def finish(
    packed: PackedParticles,
    condition: Condition,
    options: dict[str, Any],
    seed: int,
    progress: Progress,
    carried: np.ndarray | None = None,
) -> tuple[np.ndarray, Particles, dict[str, Any]]:
    """Cut packed particles into voxels, add CBD and report (returns as `build`).

    `carried` (flat voxel numbers, shape (m,)) is CBD that is there already: it stays where it
    finds a pore; the rest is deposited by the rule.
    """
    packing, seconds = packed.packing, packed.seconds
    am_voxels, cbd_voxels = voxel_targets(condition)
    with timed(seconds, "voxels"):
        progress.report(0.0, "cutting voxels")
        labels, moved = exact_particles(packed.nearest, am_voxels)
    with timed(seconds, "cbd"):
        kept = _keep(labels, carried, cbd_voxels) if carried is not None else 0
        add_cbd(
            labels, cbd_voxels - kept, seed, condition.voxel_size, packing.positions, packing.radii,
            options["cbd_rule"], options["cbd_weight"], options["cbd_cluster_radius"],
            options["cbd_gradient"], options["collector_wetting"], Stage(progress, 0.3, 1.0), packing.shapes,
        )  # fmt: skip
    progress.report(1.0, "structure finished")
    report = {
        "particles": len(packing.radii),
        "max_relative_overlap": packing.largest_overlap,
        "mean_relative_overlap": packing.mean_overlap,
        "coordination": float(packing.coordination.mean()),
        "coordination_histogram": np.bincount(packing.coordination).tolist(),
        "relaxation_steps": packing.steps,
        "trimmed_voxels": moved,
        "trimmed_share": moved / max(am_voxels, 1),
        "sizes_asked": packed.asked.summary(),
        "sizes_realised": sizes.measured(2 * packing.radii).summary(),
        "size_volume_left_out": packed.left_out,
        "mass_error": packing.box[0] / condition.thickness - 1,
        "seconds_per_stage": seconds,
        "warnings": [*packed.warnings, *_unused_by_the_rule(options)],
    }
    if packing.shapes is not None:
        report["aspect_ratio"] = float(np.median(packing.shapes[:, 0]))
        # 0 for axes at random, 1 for all axes along z, -0.5 for all in the plane
        report["axis_order"] = float(np.mean(1.5 * packing.shapes[:, 1] ** 2 - 0.5))
    if carried is not None:
        report["cbd_carried_share"] = kept / max(cbd_voxels, 1)
    return labels, Particles(packing.positions, packing.radii, packing.shapes), report


def _unused_by_the_rule(options: dict[str, Any]) -> list[str]:
    """Say where the published CBD rule leaves a choice without effect."""
    if options["cbd_rule"] != "published":
        return []
    unused = [name for name in ("cbd_gradient",) if options[name] != 0]
    unused += ["collector_wetting"] if not options["collector_wetting"] else []
    return [f"The published CBD rule does not use {name}: choose another rule." for name in unused]


def _keep(labels: np.ndarray, carried: np.ndarray, most: int) -> int:
    """Put carried CBD into the pores where it arrives, at most `most` voxels; return how many."""
    flat = labels.reshape(-1)
    arrived = np.unique(carried)
    arrived = arrived[flat[arrived] == ELECTROLYTE][:most]
    flat[arrived] = CBD
    return len(arrived)
