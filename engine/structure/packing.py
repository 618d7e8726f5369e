"""Packing without gross overlap: start at random, then push overlapping spheres apart.

The spheres repel with a force in proportion to their overlap; FIRE (Bitzek et al. 2006,
DOI 10.1103/PhysRevLett.97.170201) brings that energy down until the largest overlap is small.
Periodic in y and x; flat walls in z, into which a particle may sink by a chosen depth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.compiled import kernel
from engine.progress import Progress, silent
from engine.structure.neighbours import PairList, nearest, wrap
from engine.structure.random_stream import uniform
from engine.structure.stages import Stage

TRIES = 30
MOST_STEPS = 20_000
AT_A_TIME = 400_000  # particle steps between two looks at the cancel button
_PLACED_AT_A_TIME = 4000
SLOWEST, FIRST_STEP, LARGEST_STEP = 1e-3, 0.1, 0.6
DONE, REBUILD, OUT_OF_STEPS, JAMMED = 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class Packing:
    """Spheres between two walls, and how well they fit.

    Attributes
    ----------
    positions : ndarray, shape (n, 3), µm
        Centres along (z, y, x).
    radii : ndarray, shape (n,), µm
        Not increasing.
    box : ndarray, shape (3,), µm
    largest_overlap, mean_overlap : float
        Of all overlapping pairs, each as a share of the sum of the two radii.
    coordination : ndarray of int, shape (n,)
        Touching neighbours of each particle (gap under 1 % of the sum of radii).
    steps : int
        Relaxation steps that were taken.
    relaxed : bool
        Whether the overlap asked for was reached.
    shapes : ndarray, shape (n, 4), or None
        Of spheroids, see `engine.structure.spheroids`; None for spheres.
    """

    positions: np.ndarray
    radii: np.ndarray
    box: np.ndarray
    largest_overlap: float
    mean_overlap: float
    coordination: np.ndarray
    steps: int
    relaxed: bool
    shapes: np.ndarray | None = None


def wall_limits(
    radii: np.ndarray, height: float, embedding: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest z (µm) of each centre between walls at 0 and `height`.

    A particle sinks into the lower (upper) wall by ``embedding[0]`` (``[1]``) µm, but never by
    more than half its radius.
    """
    low = radii - np.minimum(embedding[0], 0.5 * radii)
    high = height - radii + np.minimum(embedding[1], 0.5 * radii)
    return low, np.maximum(low, high)


@kernel
def _room_at(z, y, x, r, box, radii, positions, levels, cells, widest, starts, heads, nexts):
    """How far a sphere would reach into one that is placed (negative), or 0.

    Spheres of similar size share a cell list (a level), so that a small sphere need not look
    through all small ones within reach of the largest.
    """
    room = 0.0  # no more than touching is of use
    for level in range(levels):
        nz, ny, nx = cells[level, 0], cells[level, 1], cells[level, 2]
        reach = r + widest[level]
        k0 = min(max(math.floor((z - reach) / box[0] * nz), 0), nz - 1)
        k1 = min(max(math.floor((z + reach) / box[0] * nz), 0), nz - 1)
        j0 = math.floor((y - reach) / box[1] * ny)
        j1 = math.floor((y + reach) / box[1] * ny)
        if j1 - j0 >= ny:
            j0, j1 = 0, ny - 1
        l0 = math.floor((x - reach) / box[2] * nx)
        l1 = math.floor((x + reach) / box[2] * nx)
        if l1 - l0 >= nx:
            l0, l1 = 0, nx - 1
        for k in range(k0, k1 + 1):
            for j in range(j0, j1 + 1):
                for l in range(l0, l1 + 1):  # noqa: E741
                    other = heads[starts[level] + (k * ny + j % ny) * nx + l % nx]
                    while other >= 0:
                        dz = z - positions[other, 0]
                        dy = nearest(y - positions[other, 1], box[1])
                        dx = nearest(x - positions[other, 2], box[2])
                        touch = r + radii[other]
                        d2 = dz * dz + dy * dy + dx * dx
                        if d2 < touch * touch:
                            room = min(room, math.sqrt(d2) - touch)
                        other = nexts[other]
    return room


@kernel
def _place_at_random(state, radii, box, low, high, level_of, cells, widest, starts, heads, nexts,
                     positions, begin, end):  # fmt: skip
    """Place spheres `begin` to `end`, in this order, each at the roomiest of its random places."""
    for i in range(begin, end):
        best = -np.inf
        bz = by = bx = 0.0
        for _ in range(TRIES):
            z = low[i] + (high[i] - low[i]) * uniform(state)
            y = box[1] * uniform(state)
            x = box[2] * uniform(state)
            room = _room_at(z, y, x, radii[i], box, radii, positions, level_of[i] + 1, cells,
                            widest, starts, heads, nexts)  # fmt: skip
            if room > best:
                best = room
                bz, by, bx = z, y, x
                if room == 0.0:
                    break
        positions[i, 0], positions[i, 1], positions[i, 2] = bz, by, bx
        level = level_of[i]
        nz, ny, nx = cells[level, 0], cells[level, 1], cells[level, 2]
        k = min(max(int(bz / box[0] * nz), 0), nz - 1)
        j = min(int(by / box[1] * ny), ny - 1)
        l = min(int(bx / box[2] * nx), nx - 1)  # noqa: E741
        cell = starts[level] + (k * ny + j) * nx + l
        nexts[i] = heads[cell]
        heads[cell] = i


@kernel
def _forces(positions, radii, box, low, high, first, second, count, forces):
    """Fill `forces`; return largest relative overlap, sum of overlaps and number of contacts."""
    forces[:] = 0.0
    largest = 0.0
    total = 0.0
    contacts = 0
    for pair in range(count):
        i = first[pair]
        j = second[pair]
        dz = positions[i, 0] - positions[j, 0]
        dy = nearest(positions[i, 1] - positions[j, 1], box[1])
        dx = nearest(positions[i, 2] - positions[j, 2], box[2])
        touch = radii[i] + radii[j]
        d2 = dz * dz + dy * dy + dx * dx
        if d2 >= touch * touch:
            continue
        d = math.sqrt(d2)
        overlap = touch - d
        largest = max(largest, overlap / touch)
        total += overlap
        contacts += 1
        push = overlap / d if d > 1e-12 else 0.0
        forces[i, 0] += push * dz
        forces[i, 1] += push * dy
        forces[i, 2] += push * dx
        forces[j, 0] -= push * dz
        forces[j, 1] -= push * dy
        forces[j, 2] -= push * dx
    for i in range(len(radii)):
        overlap = max(low[i] - positions[i, 0], positions[i, 0] - high[i])
        if overlap > 0:
            largest = max(largest, 0.5 * overlap / radii[i])
            total += overlap
            contacts += 1
            forces[i, 0] += overlap if positions[i, 0] < low[i] else -overlap
    return largest, total, contacts


@kernel
def steer(forces, velocities, slowest, fire):
    """Choose the next FIRE step, in ``fire[:4]`` (dt, mixing, downhill steps, steps).

    `forces` and `velocities` have shape (n, degrees of freedom); velocities are stopped when they
    lead uphill. Returns the share of the forces that is mixed into the velocities, or -1 where the
    root mean square of the forces is under `slowest`: balanced though overlapping, so that no
    step helps any more.
    """
    power = 0.0
    force2 = 0.0
    speed2 = 0.0
    for i in range(len(forces)):
        for axis in range(forces.shape[1]):
            power += forces[i, axis] * velocities[i, axis]
            force2 += forces[i, axis] * forces[i, axis]
            speed2 += velocities[i, axis] * velocities[i, axis]
    if math.sqrt(force2 / len(forces)) < slowest:
        return -1.0
    fire[3] += 1
    if power > 0:
        fire[2] += 1
        if fire[2] > 5:
            fire[0] = min(fire[0] * 1.1, LARGEST_STEP)
            fire[1] *= 0.99
    else:
        fire[0] *= 0.5
        fire[1] = 0.1
        fire[2] = 0
        velocities[:] = 0.0
        speed2 = 0.0
    return fire[1] * math.sqrt(speed2 / force2)


@kernel
def _relax(positions, velocities, forces, reference, radii, masses, box, low, high, first, second,
           count, skin, tolerance, fire, steps):  # fmt: skip
    """Take up to `steps` FIRE steps; `fire` holds dt, mixing, downhill steps, steps, overlap."""
    for _ in range(steps):
        largest, total, contacts = _forces(
            positions, radii, box, low, high, first, second, count, forces
        )
        fire[4] = largest
        if largest <= tolerance:
            return DONE
        turn = steer(forces, velocities, SLOWEST * total / contacts, fire)
        if turn < 0:
            return JAMMED
        dt = fire[0]
        mixing = fire[1]
        farthest = 0.0
        for i in range(len(radii)):
            moved = 0.0
            for axis in range(3):
                v = (1 - mixing) * velocities[i, axis] + turn * forces[i, axis]
                v += dt * forces[i, axis] / masses[i]
                velocities[i, axis] = v
                positions[i, axis] += dt * v
                step = positions[i, axis] - reference[i, axis]
                moved += step * step
            farthest = max(farthest, moved)
        if 4 * farthest > skin * skin:
            return REBUILD
    return OUT_OF_STEPS


@kernel
def _measure(positions, radii, box, low, high, first, second, count, coordination):
    """Count touching neighbours; return largest and mean relative overlap and contacts."""
    coordination[:] = 0
    largest = 0.0
    total = 0.0
    overlapping = 0
    for pair in range(count):
        i = first[pair]
        j = second[pair]
        dz = positions[i, 0] - positions[j, 0]
        dy = nearest(positions[i, 1] - positions[j, 1], box[1])
        dx = nearest(positions[i, 2] - positions[j, 2], box[2])
        touch = radii[i] + radii[j]
        relative = 1 - math.sqrt(dz * dz + dy * dy + dx * dx) / touch
        if relative > -0.01:
            coordination[i] += 1
            coordination[j] += 1
        if relative > 0:
            largest = max(largest, relative)
            total += relative
            overlapping += 1
    return largest, total / max(overlapping, 1)


def place_at_random(
    state: np.ndarray,
    radii: np.ndarray,
    box: np.ndarray,
    embedding: tuple[float, float],
    progress: Progress | None = None,
) -> np.ndarray:
    """Random start of a packing: largest first, each at the roomiest of some random places.

    Parameters
    ----------
    state : ndarray of uint64, shape (4,)
        Stream of `engine.structure.random_stream`.
    radii : ndarray of float, shape (n,), µm
        Not increasing.
    box : ndarray of float, shape (3,), µm
    embedding : tuple of two floats, µm
        Into the lower and the upper wall.
    progress : Progress, optional

    Returns
    -------
    ndarray of float, shape (n, 3), µm
    """
    progress = progress or silent()
    low, high = wall_limits(radii, box[0], embedding)
    level_of = np.floor(np.log2(radii[0] / radii)).astype(np.int64)  # halves of the radius
    levels = int(level_of.max(initial=0)) + 1
    widest = radii[0] * 0.5 ** np.arange(levels)
    # cells as wide as the level's spheres, but no more of them than a few per sphere
    edges = np.maximum(2 * widest, (np.prod(box) / (4 * len(radii))) ** (1 / 3))
    cells = np.maximum((box / edges[:, None]).astype(np.int64), 1)
    starts = np.concatenate([[0], np.cumsum(cells.prod(axis=1))])
    heads = np.full(starts[-1], -1, dtype=np.int32)
    nexts = np.empty(len(radii), dtype=np.int32)
    positions = np.empty((len(radii), 3))
    for begin in range(0, len(radii), _PLACED_AT_A_TIME):
        progress.report(begin / len(radii), "placing particles")
        end = min(begin + _PLACED_AT_A_TIME, len(radii))
        _place_at_random(state, radii, box, low, high, level_of, cells, widest, starts, heads,
                         nexts, positions, begin, end)  # fmt: skip
    return positions


def relax(
    positions: np.ndarray,
    radii: np.ndarray,
    box: np.ndarray,
    embedding: tuple[float, float],
    tolerance: float = 0.02,
    progress: Progress | None = None,
    stage: str = "packing particles",
    most_steps: int = MOST_STEPS,
) -> Packing:
    """Push overlapping spheres apart.

    Parameters
    ----------
    positions : ndarray of float, shape (n, 3), µm
    radii : ndarray of float, shape (n,), µm
        Not increasing.
    box : ndarray of float, shape (3,), µm
    embedding : tuple of two floats, µm
        Into the lower and the upper wall.
    tolerance : float
        Largest overlap to leave, as a share of the sum of radii.
    progress : Progress, optional
    stage : str
        What this work is called on the progress bar.
    most_steps : int
        Give up after so many.

    Returns
    -------
    Packing
        With ``relaxed`` false where spheres jam before the tolerance is met.
    """
    progress = Stage(progress or silent(), 0.0, 1.0)
    positions = positions.copy()
    low, high = wall_limits(radii, box[0], embedding)
    np.clip(positions[:, 0], low, high, out=positions[:, 0])
    wrap(positions, box)
    skin = 0.3 * float(np.median(radii))
    pairs = PairList(radii, box, skin)
    pairs.rebuild(positions)
    velocities = np.zeros_like(positions)
    forces = np.empty_like(positions)
    reference = positions.copy()
    masses = 1 + (radii / radii.mean()) ** 2  # about in proportion to contacts: one time scale
    at_a_time = max(1, AT_A_TIME // max(len(radii), 1))

    def advance(fire: np.ndarray) -> int:
        return _relax(positions, velocities, forces, reference, radii, masses, box, low, high,
                      pairs.first, pairs.second, pairs.count, skin, tolerance, fire,
                      at_a_time)  # fmt: skip

    def rebuild() -> None:
        wrap(positions, box)
        reference[:] = positions
        pairs.rebuild(positions)

    steps, done = descend(advance, rebuild, tolerance, progress, stage, most_steps)
    wrap(positions, box)
    return measure(positions, radii, box, embedding, steps, done)


def descend(
    advance: Callable[[np.ndarray], int],
    rebuild: Callable[[], None],
    tolerance: float,
    progress: Progress,
    stage: str,
    most_steps: int,
) -> tuple[int, bool]:
    """Take FIRE steps until no overlap is above `tolerance`, the particles jam or steps run out.

    Parameters
    ----------
    advance : callable
        Takes some steps with dt, mixing, downhill steps, steps and overlap in one array, which it
        updates; returns DONE, REBUILD, OUT_OF_STEPS or JAMMED.
    rebuild : callable
        Finds the neighbours again.

    Returns
    -------
    steps : int
    done : bool
    """
    fire = np.array([FIRST_STEP, 0.1, 0, 0, np.inf])
    worst = 0.0
    while True:
        outcome = advance(fire)
        if outcome in (DONE, JAMMED) or fire[3] >= most_steps:
            return int(fire[3]), outcome == DONE
        worst = max(worst, fire[4])
        progress.report(_share_done(worst, fire[4], tolerance), stage)
        if outcome == REBUILD:
            rebuild()


def _share_done(worst: float, overlap: float, tolerance: float) -> float:
    """How far a relaxation is, 0..1, on the logarithm of the largest overlap."""
    if worst <= tolerance or overlap <= tolerance:
        return 1.0
    return math.log(worst / overlap) / math.log(worst / tolerance)


def measure(
    positions: np.ndarray,
    radii: np.ndarray,
    box: np.ndarray,
    embedding: tuple[float, float],
    steps: int = 0,
    relaxed: bool = True,
) -> Packing:
    """Measure overlaps and contacts of spheres as they stand (arguments as in `relax`)."""
    low, high = wall_limits(radii, box[0], embedding)
    pairs = PairList(radii, box, 0.02 * float(radii.max(initial=0)) + 1e-12)
    pairs.rebuild(positions)
    coordination = np.zeros(len(radii), dtype=np.int64)
    largest, mean = _measure(positions, radii, box, low, high, pairs.first, pairs.second,
                             pairs.count, coordination)  # fmt: skip
    return Packing(positions, radii, box, largest, mean, coordination, steps, relaxed)
