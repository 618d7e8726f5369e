"""The particles of one condition: drawn, packed, and scaled to the volume asked for."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure import sizes
from engine.structure.condition import Condition
from engine.structure.packing import Packing, measure, place_at_random, relax
from engine.structure.random_stream import new_stream, uniforms
from engine.structure.sizes import SizeDistribution
from engine.structure.spheroids import (
    bounding_radii,
    draw_shapes,
    measure_spheroids,
    relax_spheroids,
)
from engine.structure.stages import Stage
from engine.structure.voxelise import surface_distances

LARGEST_OVERLAP, LARGEST_MEAN_OVERLAP = 0.05, 0.005
"""What a packing may keep of overlap, as shares of the sum of radii; more is refused."""

MOST_PARTICLES = 2_000_000

_WIDEST = 0.4  # of the lateral box: beyond half of it a pair could touch twice
_DENSEST = 0.74  # equal spheres in order; disordered ones never come near
_CLOSE_ENOUGH = 0.003  # share of AM voxels that the final trim may move
_STREAM = 0


@dataclass(frozen=True, eq=False)
class PackedParticles:
    """Particles that cover the AM voxels of a condition, up to a trim of surface voxels.

    Attributes
    ----------
    packing : Packing
    nearest : ndarray of float32, shape (nz, ny, nx), µm
        Distance of each voxel to the nearest particle surface, negative inside.
    asked : SizeDistribution
    left_out : float, 0..1
        Volume share of the distribution that is too large for the box.
    warnings : list of str
    seconds : dict
        By stage.
    """

    packing: Packing
    nearest: np.ndarray
    asked: SizeDistribution
    left_out: float
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


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


def embedding_of(options: dict[str, Any]) -> tuple[float, float]:
    """How deep particles sink into the collector and the separator face, µm."""
    return options["collector_embedding"], options["separator_embedding"]


def voxel_targets(condition: Condition) -> tuple[int, int]:
    """Exact numbers of AM and CBD voxels of a condition."""
    size = math.prod(condition.shape)
    _, am, cbd = condition.volume_fractions
    am_voxels = round(am * size)
    return am_voxels, min(round(cbd * size), size - am_voxels)


def pack_particles(
    condition: Condition, options: dict[str, Any], seed: int, progress: Progress | None = None
) -> PackedParticles:
    """Draw and pack the particles of a condition.

    Parameters
    ----------
    condition : Condition
    options : dict
        Complete, from `engine.structure.options.resolve_options`.
    seed : int
    progress : Progress, optional

    Returns
    -------
    PackedParticles

    Raises
    ------
    InputError
        If the particles do not fit, with the densest packing that does.
    """
    progress = progress or silent()
    packed = _try_to_pack(condition, options, seed, progress)
    if packed is not None:
        return packed
    # the nearest porosity, in whole percents, that does pack with this very seed
    am = condition.volume_fractions[1]
    percent = math.floor(100 * condition.porosity)
    search = Stage(progress, 1.0, 1.0)
    while percent < 99:
        percent += 1
        search.report(1.0, "looking for the densest packing")
        looser = dataclasses.replace(condition, porosity=percent / 100)
        if _try_to_pack(looser, options, seed, search) is not None:
            break
    raise InputError(
        f"Active material cannot fill {100 * am:.1f} % of the box without gross overlap; about "
        f"{100 * looser.volume_fractions[1]:.1f} % is the most that packs with these particle "
        f"sizes: raise the porosity to {percent} % or more."
    )


def _try_to_pack(
    condition: Condition, options: dict[str, Any], seed: int, progress: Progress
) -> PackedParticles | None:
    """Pack, or return None where the particles jam before they fit."""
    seconds: dict[str, float] = {}
    warnings: list[str] = []
    v = condition.voxel_size
    box = np.array(condition.shape) * v
    target, _ = voxel_targets(condition)
    if target > _DENSEST * math.prod(condition.shape):
        return None
    with timed(seconds, "sizes"):
        asked = size_distribution(options)
        distribution, left_out = _that_fits(asked, box, _elongation(options), warnings)
        median = distribution.percentile(50)
        if median < 10 * v:
            warnings.append(
                f"{median / v:.1f} voxels per median diameter are coarse (10 or more are good): "
                "compare only with structures of equal voxel size."
            )
        state = new_stream(seed, _STREAM)
        radii = _draw_radii(distribution, target * v**3, box, state)
    with timed(seconds, "packing"):
        embedding = embedding_of(options)
        positions = place_at_random(state, radii, box, embedding, Stage(progress, 0.0, 0.1))
        shapes = None
        if options["aspect_ratio"] != 1 or options["aspect_spread"] > 0:
            shapes = draw_shapes(state, len(radii), options["aspect_ratio"],
                                 options["aspect_spread"], options["orientation"])  # fmt: skip
            outer = bounding_radii(radii, shapes)
            _refuse_too_long(2 * outer.max(), box)
            order = np.argsort(-outer, kind="stable")
            positions, radii, shapes = positions[order], radii[order], shapes[order]
        found = pack_to_count(positions, radii, shapes, box, embedding,
                              options["overlap_tolerance"], condition,
                              Stage(progress, 0.1, 1.0), seconds)  # fmt: skip
    if found is None:
        return None
    return PackedParticles(*found, asked, left_out, warnings, seconds)


def _elongation(options: dict[str, Any]) -> float:
    """Longest length of a particle over its equal-volume diameter."""
    spread = math.exp(2 * options["aspect_spread"])  # aspect ratios are cut at two deviations
    extremes = options["aspect_ratio"] / spread, options["aspect_ratio"] * spread
    return max(max(aspect ** (2 / 3), aspect ** (-1 / 3)) for aspect in extremes)


def _that_fits(
    asked: SizeDistribution, box: np.ndarray, elongation: float, warnings: list[str]
) -> tuple[SizeDistribution, float]:
    largest = min(_WIDEST * min(box[1:]), 0.9 * box[0]) / elongation
    distribution, left_out = asked.truncated(largest)
    if left_out > 0:
        warnings.append(
            f"Particles larger than {largest:.3g} µm ({100 * left_out:.1f} % of the volume) do not "
            "fit into this box and were left out: give a larger box to keep them."
        )
    return distribution, left_out


def _draw_radii(
    distribution: SizeDistribution, volume: float, box: np.ndarray, state: np.ndarray
) -> np.ndarray:
    count = sizes.particle_count(distribution, volume)
    if count > MOST_PARTICLES:
        raise InputError(
            f"This box would hold {count / 1e6:.1f} million particles, more than the "
            f"{MOST_PARTICLES / 1e6:g} million that can be packed in reasonable time: give a "
            "smaller box or larger particles."
        )
    radii = sizes.draw_diameters(distribution, volume, uniforms(state, count)) / 2
    _refuse_too_long(2 * radii[0], box)
    return radii


def _refuse_too_long(length: float, box: np.ndarray) -> None:
    """A particle longer than half of a periodic edge could touch a neighbour twice."""
    if length > 0.5 * min(box[1:]):
        raise InputError(
            f"The box of {box[1]:g} x {box[2]:g} µm is too small for particles of {length:.3g} µm: "
            "give a larger box or smaller particles."
        )


def pack_to_count(
    positions: np.ndarray,
    radii: np.ndarray,
    shapes: np.ndarray | None,
    box: np.ndarray,
    embedding: tuple[float, float],
    tolerance: float,
    condition: Condition,
    progress: Progress,
    seconds: dict[str, float],
) -> tuple[Packing, np.ndarray] | None:
    """Relax, and scale the radii until they cover the AM voxels of `condition` within 0.3 %.

    Overlaps and what sinks into a wall are missing from the sum of the spheres' volumes.

    Returns
    -------
    packing : Packing
    nearest : ndarray of float32, shape (nz, ny, nx), µm
        Or None instead of both where the spheres jam.
    """
    target, _ = voxel_targets(condition)
    v = condition.voxel_size
    for attempt in range(6):
        part = (0.0, 0.9) if attempt == 0 else (0.88 + 0.02 * attempt, 0.9 + 0.02 * attempt)
        packing = push_apart(
            positions, radii, shapes, box, embedding, tolerance, Stage(progress, *part)
        )
        if not fits(packing):
            return None
        with timed(seconds, "voxels"):
            nearest, _ = surface_distances(
                packing.positions, packing.radii, condition.shape, v, 3 * v, shapes=packing.shapes
            )
            inside = int(np.count_nonzero(nearest <= 0))
        if abs(inside - target) <= _CLOSE_ENOUGH * target:
            return packing, nearest
        positions, shapes = packing.positions, packing.shapes
        radii = packing.radii * (target / max(inside, 1)) ** (1 / 3)
    # few or coarse voxels jump with every move: shift all surfaces by the little that is missing
    shift = float(np.partition(nearest.ravel(), target - 1)[target - 1])
    radii = np.maximum(packing.radii + shift, 0.5 * packing.radii)
    if packing.shapes is None:
        packing = measure(packing.positions, radii, box, embedding, packing.steps, packing.relaxed)
    else:
        packing = measure_spheroids(
            packing.positions, radii, packing.shapes, box, packing.steps, packing.relaxed
        )
    if (
        max(packing.largest_overlap / LARGEST_OVERLAP, packing.mean_overlap / LARGEST_MEAN_OVERLAP)
        > 1
    ):
        return None
    return packing, nearest - np.float32(shift)


def push_apart(
    positions: np.ndarray,
    radii: np.ndarray,
    shapes: np.ndarray | None,
    box: np.ndarray,
    embedding: tuple[float, float],
    tolerance: float,
    progress: Progress,
    stage: str = "packing particles",
) -> Packing:
    """Relax spheres, or spheroids where there are shapes."""
    if shapes is None:
        return relax(positions, radii, box, embedding, tolerance, progress, stage)
    return relax_spheroids(positions, radii, shapes, box, embedding, tolerance, progress, stage)


def fits(packing: Packing) -> bool:
    """Whether a packing is free of gross overlap."""
    return packing.relaxed or (
        packing.largest_overlap <= LARGEST_OVERLAP and packing.mean_overlap <= LARGEST_MEAN_OVERLAP
    )


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Add the time of a block to its stage, without what inner blocks noted for theirs."""
    began = time.perf_counter()
    before = sum(seconds.values())
    yield
    inner = sum(seconds.values()) - before
    seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - began - inner
