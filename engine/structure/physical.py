"""The physical protocol: packed spheres, exact voxels, CBD by morphology."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure import sizes
from engine.structure.cbd import add_cbd
from engine.structure.condition import Condition
from engine.structure.packing import Packing, place_at_random, relax
from engine.structure.particles import Particles
from engine.structure.random_stream import new_stream, uniforms
from engine.structure.sizes import SizeDistribution
from engine.structure.voxelise import exact_particles, surface_distances

LARGEST_OVERLAP, LARGEST_MEAN_OVERLAP = 0.05, 0.005
"""What a packing may keep of overlap, as shares of the sum of radii; more is refused."""

_WIDEST = 0.4  # of the lateral box: beyond half of it a pair could touch twice
_DENSEST = 0.74  # equal spheres in order; disordered ones never come near
_CLOSE_ENOUGH = 0.003  # share of AM voxels that the final trim may move
_STREAM = 0


def size_distribution(options: dict[str, Any]) -> SizeDistribution:
    """Build the size distribution that the options describe."""
    source = options["size_distribution"]
    basis = options["size_basis"]
    if source == "nmc111":
        return sizes.nmc111()
    if source == "histogram":
        return sizes.histogram(options["diameters"], options["counts"])
    if source == "list":
        return sizes.measured(options["diameters"], basis)
    first = sizes.log_normal(options["d10"], options["d50"], options["d90"], basis)
    if source == "lognormal":
        return first
    second = sizes.log_normal(
        options["second_d10"], options["second_d50"], options["second_d90"], basis
    )
    return sizes.mixture(first, second, options["second_share"])


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
    seconds: dict[str, float] = {}
    warnings: list[str] = []
    v = condition.voxel_size
    shape = condition.shape
    box = np.array(shape) * v
    am_voxels, cbd_voxels = voxel_targets(condition)
    volume = am_voxels * v**3
    embedding = (options["collector_embedding"], options["separator_embedding"])

    with _timed(seconds, "sizes"):
        asked = size_distribution(options)
        largest = min(_WIDEST * min(box[1:]), 0.9 * box[0])
        distribution, left_out = asked.truncated(largest)
        if left_out > 0:
            warnings.append(
                f"Particles larger than {largest:.3g} µm ({100 * left_out:.1f} % of the volume) do "
                "not fit into this box and were left out: give a larger box to keep them."
            )
        median = distribution.percentile(50)
        if median < 10 * v:
            warnings.append(
                f"{median / v:.1f} voxels per median diameter are coarse (10 or more are good): "
                "compare only with structures of equal voxel size."
            )
        state = new_stream(seed, _STREAM)
        count = sizes.particle_count(distribution, volume)
        radii = sizes.draw_diameters(distribution, volume, uniforms(state, count)) / 2
        if 2 * radii[0] > 0.5 * min(box[1:]):
            raise InputError(
                f"The box of {box[1]:g} x {box[2]:g} µm is too small for particles of "
                f"{2 * radii[0]:.3g} µm: give a larger box or smaller particles."
            )
    with _timed(seconds, "packing"):
        if am_voxels > _DENSEST * np.prod(shape):
            _refuse(condition, _DENSEST - 0.04)
        progress.report(0.02, "placing particles")
        positions = place_at_random(state, radii, box, embedding)
        packing, nearest = _pack_to_count(
            positions, radii, box, embedding, options["overlap_tolerance"], shape, v, am_voxels,
            condition, seconds, progress,
        )  # fmt: skip
    with _timed(seconds, "voxels"):
        progress.report(0.75, "cutting voxels")
        labels, moved = exact_particles(nearest, am_voxels)
    with _timed(seconds, "cbd"):
        progress.report(0.8, "adding carbon and binder")
        add_cbd(
            labels, cbd_voxels, seed, v, packing.positions, packing.radii, options["cbd_rule"],
            options["cbd_weight"], options["cbd_cluster_radius"], options["cbd_gradient"],
            options["collector_wetting"], progress,
        )  # fmt: skip
    diameters = 2 * packing.radii
    realised = sizes.measured(diameters)
    report = {
        "particles": len(radii),
        "max_relative_overlap": packing.largest_overlap,
        "mean_relative_overlap": packing.mean_overlap,
        "coordination": float(packing.coordination.mean()),
        "coordination_histogram": np.bincount(packing.coordination).tolist(),
        "relaxation_steps": packing.steps,
        "trimmed_voxels": moved,
        "trimmed_share": moved / max(am_voxels, 1),
        "sizes_asked": asked.summary(),
        "sizes_realised": realised.summary(),
        "size_volume_left_out": left_out,
        "mass_error": box[0] / condition.thickness - 1,
        "seconds_per_stage": seconds,
        "warnings": warnings,
    }
    return labels, Particles(packing.positions, packing.radii), report


def voxel_targets(condition: Condition) -> tuple[int, int]:
    """Exact numbers of AM and CBD voxels of a condition."""
    size = int(np.prod(condition.shape))
    _, am, cbd = condition.volume_fractions
    am_voxels = round(am * size)
    return am_voxels, min(round(cbd * size), size - am_voxels)


def _pack_to_count(positions, radii, box, embedding, tolerance, shape, v, target, condition,
                   seconds, progress):  # fmt: skip
    """Relax, and scale the radii until the particles cover the target in voxels within 0.3 %.

    Overlaps and what sinks into a wall are missing from the sum of the spheres' volumes.
    """
    for attempt in range(6):
        packing = relax(
            positions, radii, box, embedding, tolerance, progress,
            span=(0.05, 0.7) if attempt == 0 else (0.7, 0.75),
        )  # fmt: skip
        if not fits(packing):
            _refuse(condition, _densest(packing, embedding, condition, progress))
        began = time.perf_counter()
        nearest, _ = surface_distances(packing.positions, packing.radii, shape, v, 3 * v)
        inside = int(np.count_nonzero(nearest <= 0))
        seconds["voxels"] = seconds.get("voxels", 0.0) + time.perf_counter() - began
        if abs(inside - target) <= _CLOSE_ENOUGH * target:
            break
        positions = packing.positions
        radii = packing.radii * (target / max(inside, 1)) ** (1 / 3)
    return packing, nearest


def fits(packing: Packing) -> bool:
    """Whether a packing is free of gross overlap."""
    return packing.relaxed or (
        packing.largest_overlap <= LARGEST_OVERLAP and packing.mean_overlap <= LARGEST_MEAN_OVERLAP
    )


def _densest(
    packing: Packing, embedding: tuple[float, float], condition: Condition, progress: Progress
) -> float:
    """Share of the box that these particles can fill: shrink them until they come apart."""
    share = 4 / 3 * np.pi * (packing.radii**3).sum() / np.prod(packing.box)
    positions = packing.positions
    for step in range(1, 60):
        smaller = packing.radii * (1 - 0.01 * step) ** (1 / 3)
        progress.report(0.5, "looking for the densest packing")
        trial = relax(positions, smaller, packing.box, embedding, progress=progress,
                      span=(0.5, 0.5), stage="looking for the densest packing",
                      most_steps=3000)  # fmt: skip
        if fits(trial):
            return float(share * (1 - 0.01 * step))
        positions = trial.positions
    return float(share * 0.4)


def _refuse(condition: Condition, densest: float) -> None:
    """Say which density cannot be packed, the largest that can, and the porosity it means."""
    am = condition.volume_fractions[1]
    porosity = 1 - (1 - condition.porosity) * densest / am
    raise InputError(
        f"Active material cannot fill {100 * am:.1f} % of the box without gross overlap; about "
        f"{100 * densest:.0f} % is the most that packs with these particle sizes: raise the "
        f"porosity to {100 * porosity:.0f} % or more."
    )


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    before = sum(seconds.values())
    yield
    inner = sum(seconds.values()) - before  # what another stage noted meanwhile
    seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - began - inner
