"""The published protocol: spheres placed one by one at random, then CBD voxel by voxel.

Made to compare with Duquesnoy et al., J. Power Sources 480 (2020) 229103
(DOI 10.1016/j.jpowsour.2020.229103); `engine.structure.physical` is the protocol for real work.
Its coarse voxels are kept on purpose: pixel indices start at 1 and a disc is centred on the
rounded-down coordinate. At which heights the slices lie decides the coverage of the collector:
two readings of the original's drawing are kept (`DRAWINGS`, see docs/protocols.md).
"""

from __future__ import annotations

import math

import numpy as np

from engine.compiled import kernel
from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure.packing import measure
from engine.structure.particles import Particles
from engine.structure.random_stream import below, new_stream, uniform
from engine.structure.sizes import SizeDistribution, histogram
from engine.structure.stack import AM, CBD

RADII = np.arange(0.75, 4.01, 0.25)
"""Radii of the published spheres, µm: measured diameters up to 9 µm, halved, on a 0.25 µm grid."""

FREQUENCIES = np.array(
    [0.01604, 0.0615, 0.10963, 0.14171, 0.13636, 0.12567, 0.07219,
     0.08021, 0.04813, 0.04011, 0.01337, 0.0508, 0.01872, 0.08556]
)  # fmt: skip
"""How often each radius is drawn, by number (DOI 10.5281/zenodo.3901459)."""

CONTACT = 0.7
"""Least distance of two centres, as a share of the sum of their radii."""

DRAWINGS = ("padded", "plain")
"""How spheres become voxels. Padded: slices as they lie in a box with a rim of 15 µm, and what
passes a face drawn once more at the opposite one. Plain: slice k at height k, periodic."""

RIM = 15.0
"""Width of the rim of the padded drawing, µm."""

_TRIES_AT_A_TIME = 200_000
_PATIENCE = 20  # tries per voxel (4 million at least) that must add 0.2 % of the target


@kernel
def _wrapped(index, count):
    """Return `index` brought into 0..count-1; a loop because it nearly always turns not once."""
    while index < 0:
        index += count
    while index >= count:
        index -= count
    return index


@kernel
def _note_taken(taken, owner, number, z, y, x, excluded):
    """Lower `taken` in the voxels near sphere `number`; `excluded` is its contact share of radius.

    ``taken[v]`` is the least, over spheres, of the distance to the farthest point of voxel v
    less `excluded`: a centre in v is refused for certain if its own share of radius is more.
    ``owner[v]`` is the sphere of that least distance, the likeliest to refuse the others.
    """
    nz, ny, nx = taken.shape
    reach = excluded + 1
    for k in range(max(int(z - reach), 0), min(int(z + reach) + 1, nz)):
        dz = abs(k + 0.5 - z) + 0.5
        for j in range(max(int(y - reach), 0), min(int(y + reach) + 1, ny)):
            dy = abs(j + 0.5 - y) + 0.5
            for i in range(max(int(x - reach), 0), min(int(x + reach) + 1, nx)):
                dx = abs(i + 0.5 - x) + 0.5
                limit = taken[k, j, i] + excluded
                d2 = dz * dz + dy * dy + dx * dx
                if limit > 0 and d2 < limit * limit:
                    taken[k, j, i] = math.sqrt(d2) - excluded
                    owner[k, j, i] = number


@kernel
def _draw_sphere(labels, z, y, x, r):
    """Mark one sphere's voxels as AM, wrapped on every face; return how many were new.

    Coordinates are in voxels and 1-based: slice k holds the disc of pixels (j, i) with
    ``(j - floor(y))² + (i - floor(x))² <= floor(sqrt(r² - (k - z)²))²``.
    """
    nz, ny, nx = labels.shape
    row = math.floor(y)
    column = math.floor(x)
    new = 0
    for k in range(math.ceil(z - r), math.floor(z + r) + 1):
        rest = r * r - (k - z) * (k - z)
        if rest < 0:
            continue
        reach = math.floor(math.sqrt(rest))
        kk = _wrapped(k - 1, nz)
        for dy in range(-reach, reach + 1):
            jj = _wrapped(row + dy - 1, ny)
            for dx in range(-reach, reach + 1):
                if dy * dy + dx * dx <= reach * reach:
                    ii = _wrapped(column + dx - 1, nx)
                    if labels[kk, jj, ii] != AM:
                        labels[kk, jj, ii] = AM
                        new += 1
    return new


@kernel
def _draw_image(labels, z, y, x, r, heights):
    """Mark one sphere's voxels as AM where they lie in the box; return how many were new.

    As `_draw_sphere`, but slice k lies at ``heights[k]`` and nothing is wrapped.
    """
    nz, ny, nx = labels.shape
    row = math.floor(y) - 1
    column = math.floor(x) - 1
    spacing = heights[1] - heights[0] if nz > 1 else 1.0
    first = max(math.floor((z - r - heights[0]) / spacing), 0)
    last = min(math.ceil((z + r - heights[0]) / spacing), nz - 1)
    new = 0
    for k in range(first, last + 1):
        rest = r * r - (heights[k] - z) * (heights[k] - z)
        if rest < 0:
            continue
        reach = math.floor(math.sqrt(rest))
        for j in range(max(row - reach, 0), min(row + reach, ny - 1) + 1):
            for i in range(max(column - reach, 0), min(column + reach, nx - 1) + 1):
                far2 = (j - row) * (j - row) + (i - column) * (i - column)
                if far2 <= reach * reach and labels[k, j, i] != AM:
                    labels[k, j, i] = AM
                    new += 1
    return new


@kernel
def _draw_padded(labels, z, y, x, r, heights, box):
    """Mark one sphere, and for each face that it passes its image at the opposite one.

    No centre is nearer than r to a lower face. A sphere that passes two faces has no image at
    the edge between them.
    """
    new = _draw_image(labels, z, y, x, r, heights)
    if z + r > box[0]:
        new += _draw_image(labels, z - box[0], y, x, r, heights)
    if y + r > box[1]:
        new += _draw_image(labels, z, y - box[1], x, r, heights)
    if x + r > box[2]:
        new += _draw_image(labels, z, y, x - box[2], r, heights)
    return new


def slice_heights(slices: int, voxel_size: float) -> np.ndarray:
    """Heights of the slices of the padded drawing, in voxels, shape (slices,).

    A box of n slices with a rim of m on either side is divided by n + 2 m points from -m to
    n + m, so that neighbours are (n + 2 m) / (n + 2 m - 1) apart and the first slice of the box
    lies a little above the collector, not one voxel above it.
    """
    rim = max(1, round(RIM / voxel_size))
    return np.linspace(-rim, slices + rim, slices + 2 * rim)[rim:-rim]


@kernel
def _place_spheres(state, labels, taken, owner, box, radii, cumulative, contact, cell, heads,
                   nexts, spheres, closest, progress, target, tries, heights):  # fmt: skip
    """Place spheres until `target` AM voxels stand, for at most `tries` tries.

    `heights` is empty for the plain drawing; `spheres` (m, 4) holds z, y, x, r in voxels; `heads`
    and `nexts` are the linked cells, `taken` and `owner` see `_note_taken`; `closest` (1,) is the least squared distance of two centres over the
    squared sum of their radii, up to 1; `progress` (2,) counts spheres and AM voxels. Returns
    early when `spheres`
    is full.
    """
    placed = progress[0]
    voxels = progress[1]
    for _ in range(tries):
        if voxels >= target or placed == len(spheres):
            break
        drawn = uniform(state)
        size = 0
        while cumulative[size] <= drawn:  # few sizes: quicker than halving
            size += 1
        r = radii[size]
        z = r + (box[0] - r) * uniform(state)
        y = r + (box[1] - r) * uniform(state)
        x = r + (box[2] - r) * uniform(state)
        kz, ky, kx = int(z), int(y), int(x)
        if taken[kz, ky, kx] < contact * r:
            continue
        likely = owner[kz, ky, kx]
        if likely >= 0:
            touch = r + spheres[likely, 3]
            dz = z - spheres[likely, 0]
            dy = y - spheres[likely, 1]
            dx = x - spheres[likely, 2]
            if dz * dz + dy * dy + dx * dx < contact * contact * touch * touch:
                continue
        reach = contact * (r + radii[-1])
        free = True
        nearest = closest[0]
        for az in range(
            max(int((z - reach) / cell), 0), min(int((z + reach) / cell) + 1, heads.shape[0])
        ):
            for ay in range(
                max(int((y - reach) / cell), 0), min(int((y + reach) / cell) + 1, heads.shape[1])
            ):
                for ax in range(
                    max(int((x - reach) / cell), 0),
                    min(int((x + reach) / cell) + 1, heads.shape[2]),
                ):
                    other = heads[az, ay, ax]
                    while other >= 0:
                        touch = r + spheres[other, 3]
                        dz = z - spheres[other, 0]
                        dy = y - spheres[other, 1]
                        dx = x - spheres[other, 2]
                        d2 = dz * dz + dy * dy + dx * dx
                        if d2 < contact * contact * touch * touch:
                            free = False
                            break
                        if d2 < nearest * touch * touch:
                            nearest = d2 / (touch * touch)
                        other = nexts[other]
                    if not free:
                        break
                if not free:
                    break
            if not free:
                break
        if not free:
            continue
        closest[0] = nearest
        spheres[placed, 0] = z
        spheres[placed, 1] = y
        spheres[placed, 2] = x
        spheres[placed, 3] = r
        cz, cy, cx = int(z / cell), int(y / cell), int(x / cell)
        nexts[placed] = heads[cz, cy, cx]
        heads[cz, cy, cx] = placed
        _note_taken(taken, owner, placed, z, y, x, contact * r)
        placed += 1
        if len(heights):
            voxels += _draw_padded(labels, z, y, x, r, heights, box)
        else:
            voxels += _draw_sphere(labels, z, y, x, r)
    progress[0] = placed
    progress[1] = voxels


@kernel
def _add_cbd(state, labels, target, tries):
    """Turn up to `target` pore voxels into CBD, for at most `tries` tries; return how many.

    A pore voxel drawn at random is taken for certain if it touches (26 neighbours) both AM and
    CBD, every second time if it touches one of them, never if it touches none.
    """
    nz, ny, nx = labels.shape
    flat = labels.ravel()
    size = nz * ny * nx
    added = 0
    for _ in range(tries):
        if added == target:
            break
        spot = below(state, size)
        if flat[spot] != 0:
            continue
        z = spot // (ny * nx)
        y = (spot // nx) % ny
        x = spot % nx
        am = False
        cbd = False
        for k in range(max(z - 1, 0), min(z + 2, nz)):
            for j in range(max(y - 1, 0), min(y + 2, ny)):
                for i in range(max(x - 1, 0), min(x + 2, nx)):
                    am |= labels[k, j, i] == AM
                    cbd |= labels[k, j, i] == CBD
        if not am and not cbd:
            continue
        if (am and cbd) or uniform(state) < 0.5:
            flat[spot] = CBD
            added += 1
    return added


def size_distribution() -> SizeDistribution:
    """Sizes that are drawn, each radius as a bin 0.5 µm of diameter wide.

    Dense structures hold smaller ones: a large sphere is refused more often than a small one.
    """
    return histogram(np.append(2 * RADII - 0.25, 2 * RADII[-1] + 0.25), FREQUENCIES)


def place_spheres(
    box: tuple[float, float, float],
    voxel_size: float,
    am_fraction: float,
    seed: int,
    progress: Progress | None = None,
    contact: float = CONTACT,
    drawing: str = "padded",
) -> tuple[np.ndarray, Particles, float]:
    """Place spheres at random until their voxels reach the AM target.

    Each try draws a new radius and a new centre, uniform in [r, L] on every axis; it stands if
    every earlier centre is at least `contact` times the sum of radii away (not periodic). Parts
    beyond a face come back at the opposite one.

    Parameters
    ----------
    box : tuple of three floats, µm
        Along (z, y, x); each is rounded half up to whole voxels.
    voxel_size : float, µm
    am_fraction : float, 0..1
        Share of voxels to be AM; passed by less than the last sphere's voxels.
    seed : int
    contact : float, 0..1
    drawing : {"padded", "plain"}
        See `DRAWINGS`.

    Returns
    -------
    labels : ndarray of uint8, shape (nz, ny, nx)
    particles : Particles
    largest_overlap : float
        Of two spheres, as a share of the sum of their radii (0..1 - `contact`).

    Raises
    ------
    InputError
        If the share cannot be reached by placing at random, or the box is too small.
    """
    progress = progress or silent()
    if drawing not in DRAWINGS:
        raise InputError(f"Drawing '{drawing}' is not one of {', '.join(DRAWINGS)}.")
    shape = tuple(max(1, int(edge / voxel_size + 0.5)) for edge in box)
    edges = np.array(shape, dtype=float)  # centres are drawn in the rounded box
    radii = RADII / voxel_size
    if edges.min() < radii[-1]:
        raise InputError(
            f"The box ({' x '.join(f'{edge:g}' for edge in box)} µm) is smaller than the largest "
            f"published sphere, {2 * RADII[-1]:g} µm across: give a larger one."
        )
    cumulative = np.cumsum(FREQUENCIES / FREQUENCIES.sum())
    cumulative[-1] = 1.0
    labels = np.zeros(shape, dtype=np.uint8)
    target = round(am_fraction * labels.size)
    cell = radii[-1]
    heads = np.full([int(edge / cell) + 1 for edge in edges], -1, dtype=np.int64)
    spheres = np.empty((1024, 4))
    nexts = np.empty(1024, dtype=np.int64)
    taken = np.full([edge + 1 for edge in shape], np.inf, dtype=np.float32)
    owner = np.full(taken.shape, -1, dtype=np.int32)
    heights = slice_heights(shape[0], voxel_size) if drawing == "padded" else np.empty(0)
    closest = np.ones(1)
    counts = np.zeros(2, dtype=np.int64)
    state = new_stream(seed, 0)
    patience = max(4_000_000, _PATIENCE * labels.size)
    tried, before = 0, 0
    while counts[1] < target:
        if tried >= patience:
            stuck = counts[1] - before < 0.002 * target
            tried, before = 0, int(counts[1])
        else:
            stuck = False
        if stuck:
            raise InputError(
                f"Placing spheres at random fills {100 * counts[1] / labels.size:.1f} % of the "
                f"box, not the {100 * am_fraction:.1f} % of active material asked for: raise the "
                "porosity or use the physical protocol."
            )
        progress.report(counts[1] / target, "placing particles")
        if counts[0] == len(spheres):
            spheres = np.concatenate([spheres, np.empty_like(spheres)])
            nexts = np.concatenate([nexts, np.empty_like(nexts)])
        _place_spheres(state, labels, taken, owner, edges, radii, cumulative, contact, cell,
                       heads, nexts, spheres, closest, counts, target, _TRIES_AT_A_TIME,
                       heights)  # fmt: skip
        tried += _TRIES_AT_A_TIME if counts[0] < len(spheres) else 0
    found = spheres[: counts[0]] * voxel_size
    particles = Particles(found[:, :3], found[:, 3])
    overlap = 1 - math.sqrt(closest[0])
    if overlap < 1 - contact - 0.01:  # loosely filled: two large ones may be closer than was seen
        overlap = _largest_overlap(particles)
    return labels, particles, overlap


def _largest_overlap(particles: Particles) -> float:
    """Largest overlap of two spheres, as a share of the sum of their radii; not periodic."""
    order = np.argsort(-particles.radii, kind="stable")
    centres, radii = particles.centres[order], particles.radii[order]
    box = centres.max(axis=0) + 4 * radii[0]  # so wide that no image is near
    return measure(centres, radii, box, (0.0, 0.0)).largest_overlap


def add_cbd(
    labels: np.ndarray, cbd_fraction: float, seed: int, progress: Progress | None = None
) -> None:
    """Turn exactly ``round(cbd_fraction * labels.size)`` pore voxels into CBD, in place.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    cbd_fraction : float, 0..1
    seed : int

    Raises
    ------
    InputError
        If there are fewer pore voxels than that, or no solid for the CBD to sit on.
    """
    add_cbd_voxels(labels, round(cbd_fraction * labels.size), seed, progress)


def add_cbd_voxels(
    labels: np.ndarray, count: int, seed: int, progress: Progress | None = None
) -> None:
    """Turn exactly `count` pore voxels into CBD, in place (as `add_cbd`)."""
    progress = progress or silent()
    free = labels.size - np.count_nonzero(labels)
    if count > free or (count and free == labels.size):
        raise InputError(
            f"{count} voxels of CBD do not fit beside the active material ({free} voxels are "
            "free): raise the porosity."
        )
    state = new_stream(seed, 1)
    added = 0
    while added < count:
        progress.report(added / count, "adding carbon and binder")
        added += _add_cbd(state, labels, count - added, _TRIES_AT_A_TIME)
