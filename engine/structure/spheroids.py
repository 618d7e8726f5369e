"""Packing of spheroids: ellipsoids with one axis of symmetry, from flakes to needles.

Two spheroids overlap where the contact function of Perram and Wertheim (1985,
DOI 10.1016/0021-9991(85)90171-8) is under 1: its square root is the common factor by which both
must be scaled to just touch, so ``1 - sqrt(F)`` is the relative overlap, for spheres the share of
the sum of radii. Energy and FIRE as in `engine.structure.packing`, with rotations.

A shape is a row (aspect ratio, axis z, y, x): the length along the axis of symmetry over the
width, and the unit vector of that axis. The radius is that of the sphere of equal volume.
"""

from __future__ import annotations

import math

import numpy as np

from engine.compiled import kernel
from engine.progress import Progress, silent
from engine.structure.neighbours import PairList, nearest, wrap
from engine.structure.packing import (
    AT_A_TIME,
    DONE,
    JAMMED,
    OUT_OF_STEPS,
    REBUILD,
    SLOWEST,
    Packing,
    descend,
    steer,
)
from engine.structure.random_stream import uniforms
from engine.structure.stages import Stage

MOST_STEPS = 6000  # a step costs about ten times that of spheres


def semi_axes(radii: np.ndarray, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Half lengths along the axis of symmetry and across it, µm, each of shape (n,)."""
    aspect = shapes[:, 0]
    return radii * aspect ** (2 / 3), radii * aspect ** (-1 / 3)


def bounding_radii(radii: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Radius of the sphere around each spheroid, µm."""
    along, across = semi_axes(radii, shapes)
    return np.maximum(along, across)


def draw_shapes(
    state: np.ndarray, count: int, aspect_ratio: float, spread: float, orientation: str
) -> np.ndarray:
    """Draw shapes: log-normal aspect ratios, and axes.

    Parameters
    ----------
    state : ndarray of uint64, shape (4,)
        Stream of `engine.structure.random_stream`.
    count : int
    aspect_ratio : float
        Median; under 1 flakes, over 1 needles.
    spread : float
        Standard deviation of the logarithm, cut at two.
    orientation : {"random", "flat"}
        Flat: flakes lie on the collector, needles in its plane.

    Returns
    -------
    ndarray of float, shape (count, 4)
    """
    draws = uniforms(state, 4 * count).reshape(count, 4)
    # normal by Box and Muller
    normal = np.sqrt(-2 * np.log(1 - draws[:, 0])) * np.cos(2 * np.pi * draws[:, 1])
    aspect = aspect_ratio * np.exp(spread * np.clip(normal, -2, 2))
    turn = 2 * np.pi * draws[:, 2]
    if orientation == "flat":
        up = np.where(aspect < 1, 1.0, 0.0)
    else:
        up = 2 * draws[:, 3] - 1
    level = np.sqrt(1 - up**2)
    return np.stack([aspect, up, level * np.sin(turn), level * np.cos(turn)], axis=1)


@kernel
def _solve(g, r, k):
    """Solve the symmetric 3x3 system g k = r; g as (zz, yy, xx, zy, zx, yx)."""
    c0 = g[1] * g[2] - g[5] * g[5]
    c1 = g[4] * g[5] - g[3] * g[2]
    c2 = g[3] * g[5] - g[1] * g[4]
    inverse = 1.0 / (g[0] * c0 + g[3] * c1 + g[4] * c2)
    c4 = g[0] * g[2] - g[4] * g[4]
    c5 = g[3] * g[4] - g[0] * g[5]
    c8 = g[0] * g[1] - g[3] * g[3]
    k[0] = (c0 * r[0] + c1 * r[1] + c2 * r[2]) * inverse
    k[1] = (c1 * r[0] + c4 * r[1] + c5 * r[2]) * inverse
    k[2] = (c2 * r[0] + c5 * r[1] + c8 * r[2]) * inverse


@kernel
def _times(s, k, out):
    out[0] = s[0] * k[0] + s[3] * k[1] + s[4] * k[2]
    out[1] = s[3] * k[0] + s[1] * k[1] + s[5] * k[2]
    out[2] = s[4] * k[0] + s[5] * k[1] + s[2] * k[2]


@kernel
def _form(along2, across2, u, s):
    """Shape matrix across2 I + (along2 - across2) u u' as (zz, yy, xx, zy, zx, yx)."""
    e = along2 - across2
    s[0] = across2 + e * u[0] * u[0]
    s[1] = across2 + e * u[1] * u[1]
    s[2] = across2 + e * u[2] * u[2]
    s[3] = e * u[0] * u[1]
    s[4] = e * u[0] * u[2]
    s[5] = e * u[1] * u[2]


@kernel
def contact(r, a, b, weight, work):
    """Perram-Wertheim contact function of two spheroids.

    Parameters
    ----------
    r : ndarray, shape (3,)
        From one centre to the other.
    a, b : ndarray, shape (6,)
        Shape matrices from `_form`.
    weight : float, 0..1
        First guess of the maximum.
    work : ndarray, shape (4, 6)
        Scratch; its first row holds ``k = G^-1 r`` at the maximum afterwards.

    Returns
    -------
    squared scale, weight at the maximum
    """
    k, g, d, dk = work[0], work[1], work[2], work[3]
    for i in range(6):
        d[i] = b[i] - a[i]
    low, high = 0.0, 1.0
    q = 0.0
    for _ in range(30):
        for i in range(6):
            g[i] = a[i] + weight * d[i]
        _solve(g, r, k)
        q = r[0] * k[0] + r[1] * k[1] + r[2] * k[2]
        _times(d, k, dk)
        q1 = -(k[0] * dk[0] + k[1] * dk[1] + k[2] * dk[2])
        slope = (1 - 2 * weight) * q + weight * (1 - weight) * q1
        if slope > 0:
            low = weight
        else:
            high = weight
        t0, t1, t2 = dk[0], dk[1], dk[2]
        rhs = work[3, 3:6]
        rhs[0], rhs[1], rhs[2] = t0, t1, t2
        _solve(g, rhs, dk)
        q2 = 2 * (t0 * dk[0] + t1 * dk[1] + t2 * dk[2])
        curve = -2 * q + 2 * (1 - 2 * weight) * q1 + weight * (1 - weight) * q2
        step = -slope / curve if curve < 0 else 0.0
        new = weight + step
        if step == 0.0 or new <= low or new >= high:
            new = 0.5 * (low + high)
        moved = abs(new - weight)
        weight = new
        if moved < 1e-9:
            break
    return weight * (1 - weight) * q, weight


@kernel
def _forces(positions, radii, shapes, along2, across2, box, embedding, first, second, weights,
            count, forms, forces):  # fmt: skip
    """Fill `forces` (n, 6: on the centre, on the axis over the radius); return overlaps."""
    work = np.empty((4, 6))
    r = np.empty(3)
    forces[:] = 0.0
    largest = 0.0
    total = 0.0
    contacts = 0
    for i in range(len(radii)):
        _form(along2[i], across2[i], shapes[i, 1:], forms[i])
    for pair in range(count):
        i, j = first[pair], second[pair]
        r[0] = positions[i, 0] - positions[j, 0]
        r[1] = nearest(positions[i, 1] - positions[j, 1], box[1])
        r[2] = nearest(positions[i, 2] - positions[j, 2], box[2])
        d2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
        far = math.sqrt(max(along2[i], across2[i])) + math.sqrt(max(along2[j], across2[j]))
        if d2 >= far * far or d2 < 1e-20:
            continue
        square, weight = contact(r, forms[i], forms[j], weights[pair], work)
        weights[pair] = min(max(weight, 0.01), 0.99)
        if square >= 1:
            continue
        scale = math.sqrt(square)
        touch = radii[i] + radii[j]
        overlap = touch * (1 - scale)
        largest = max(largest, 1 - scale)
        total += overlap
        contacts += 1
        push = touch * overlap * weight * (1 - weight) / max(scale, 1e-3)
        k = work[0]
        for axis in range(3):
            forces[i, axis] += push * k[axis]
            forces[j, axis] -= push * k[axis]
        for body, share in ((i, 1 - weight), (j, weight)):
            u = shapes[body, 1:]
            ku = k[0] * u[0] + k[1] * u[1] + k[2] * u[2]
            turn = -push * share * (along2[body] - across2[body]) * ku / radii[body]
            for axis in range(3):
                forces[body, 3 + axis] += turn * k[axis]
    for i in range(len(radii)):
        high = math.sqrt(forms[i, 0])  # half of the height of the spheroid
        for side in range(2):
            sunk = min(embedding[side], 0.5 * high)
            grown = 1.0 if sunk < 0.5 * high else 0.5
            z = positions[i, 0] if side == 0 else box[0] - positions[i, 0]
            overlap = high - sunk - z
            if overlap > 0:
                largest = max(largest, 0.5 * overlap / high)
                total += overlap
                contacts += 1
                forces[i, 0] += overlap if side == 0 else -overlap
                turn = (along2[i] - across2[i]) * shapes[i, 1] / high * grown
                forces[i, 3] -= overlap * turn / radii[i]
        along = 0.0
        for axis in range(3):  # an axis only turns: no force along itself
            along += forces[i, 3 + axis] * shapes[i, 1 + axis]
        for axis in range(3):
            forces[i, 3 + axis] -= along * shapes[i, 1 + axis]
    return largest, total, contacts


@kernel
def _relax(positions, shapes, velocities, forces, forms, reference, radii, along2, across2, masses,
           box, embedding, first, second, weights, count, skin, tolerance, fire, steps):  # fmt: skip
    """Take up to `steps` FIRE steps; `fire` holds dt, mixing, downhill steps, steps, overlap."""
    n = len(radii)
    for _ in range(steps):
        largest, total, contacts = _forces(positions, radii, shapes, along2, across2, box,
                                           embedding, first, second, weights, count, forms,
                                           forces)  # fmt: skip
        fire[4] = largest
        if largest <= tolerance:
            return DONE
        turn = steer(forces, velocities, SLOWEST * total / contacts, fire)
        if turn < 0:
            return JAMMED
        dt = fire[0]
        mixing = fire[1]
        farthest = 0.0
        for i in range(n):
            moved = 0.0
            for axis in range(6):
                v = (1 - mixing) * velocities[i, axis] + turn * forces[i, axis]
                v += dt * forces[i, axis] / masses[i]
                velocities[i, axis] = v
            for axis in range(3):
                positions[i, axis] += dt * velocities[i, axis]
                step = positions[i, axis] - reference[i, axis]
                moved += step * step
            length = 0.0
            for axis in range(3):
                shapes[i, 1 + axis] += dt * velocities[i, 3 + axis] / radii[i]
                length += shapes[i, 1 + axis] ** 2
            length = math.sqrt(length)
            along = 0.0
            for axis in range(3):
                shapes[i, 1 + axis] /= length
                along += velocities[i, 3 + axis] * shapes[i, 1 + axis]
            for axis in range(3):
                velocities[i, 3 + axis] -= along * shapes[i, 1 + axis]
            farthest = max(farthest, moved)
        if 4 * farthest > skin * skin:
            return REBUILD
    return OUT_OF_STEPS


@kernel
def _measure(positions, radii, shapes, along2, across2, box, first, second, count, coordination):
    coordination[:] = 0
    work = np.empty((4, 6))
    a = np.empty(6)
    b = np.empty(6)
    r = np.empty(3)
    largest = 0.0
    total = 0.0
    overlapping = 0
    for pair in range(count):
        i, j = first[pair], second[pair]
        r[0] = positions[i, 0] - positions[j, 0]
        r[1] = nearest(positions[i, 1] - positions[j, 1], box[1])
        r[2] = nearest(positions[i, 2] - positions[j, 2], box[2])
        _form(along2[i], across2[i], shapes[i, 1:], a)
        _form(along2[j], across2[j], shapes[j, 1:], b)
        square, _ = contact(r, a, b, 0.5, work)
        relative = 1 - math.sqrt(max(square, 0.0))
        if relative > -0.01:
            coordination[i] += 1
            coordination[j] += 1
        if relative > 0:
            largest = max(largest, relative)
            total += relative
            overlapping += 1
    return largest, total / max(overlapping, 1)


def relax_spheroids(
    positions: np.ndarray,
    radii: np.ndarray,
    shapes: np.ndarray,
    box: np.ndarray,
    embedding: tuple[float, float],
    tolerance: float = 0.02,
    progress: Progress | None = None,
    stage: str = "packing particles",
    most_steps: int = MOST_STEPS,
) -> Packing:
    """Push overlapping spheroids apart and turn them out of each other's way.

    Parameters
    ----------
    positions : ndarray of float, shape (n, 3), µm
    radii : ndarray of float, shape (n,), µm
        Of equal volume; their bounding radii must not increase with the index.
    shapes : ndarray of float, shape (n, 4)
    box, embedding, tolerance, progress, stage, most_steps
        As in `engine.structure.packing.relax`.

    Returns
    -------
    Packing
        With `shapes`, their axes turned.
    """
    progress = Stage(progress or silent(), 0.0, 1.0)
    positions, shapes = positions.copy(), shapes.copy()
    along, across = semi_axes(radii, shapes)
    np.clip(positions[:, 0], 0.0, box[0], out=positions[:, 0])
    wrap(positions, box)
    outer = np.maximum(along, across)
    skin = 0.3 * float(np.median(radii))
    pairs = PairList(outer, box, skin)
    pairs.rebuild(positions)
    weights = np.full(pairs.count, 0.5)
    velocities = np.zeros((len(radii), 6))
    forces = np.empty_like(velocities)
    forms = np.empty_like(velocities)
    reference = positions.copy()
    masses = 1 + (radii / radii.mean()) ** 2
    sunk = np.array(embedding, dtype=float)
    at_a_time = max(1, AT_A_TIME // (20 * max(len(radii), 1)))

    def advance(fire: np.ndarray) -> int:
        return _relax(positions, shapes, velocities, forces, forms, reference, radii, along**2,
                      across**2, masses, box, sunk, pairs.first, pairs.second, weights,
                      pairs.count, skin, tolerance, fire, at_a_time)  # fmt: skip

    def rebuild() -> None:
        nonlocal weights
        wrap(positions, box)
        reference[:] = positions
        pairs.rebuild(positions)
        weights = np.full(pairs.count, 0.5)

    steps, done = descend(advance, rebuild, tolerance, progress, stage, most_steps)
    wrap(positions, box)
    return measure_spheroids(positions, radii, shapes, box, steps, done)


def measure_spheroids(
    positions: np.ndarray,
    radii: np.ndarray,
    shapes: np.ndarray,
    box: np.ndarray,
    steps: int = 0,
    relaxed: bool = True,
) -> Packing:
    """Measure overlaps and contacts of spheroids as they stand (arguments as in the relaxation)."""
    along, across = semi_axes(radii, shapes)
    pairs = PairList(np.maximum(along, across), box, 0.02 * float(radii.max(initial=0)) + 1e-12)
    pairs.rebuild(positions)
    coordination = np.zeros(len(radii), dtype=np.int64)
    largest, mean = _measure(positions, radii, shapes, along**2, across**2, box, pairs.first,
                             pairs.second, pairs.count, coordination)  # fmt: skip
    return Packing(positions, radii, box, largest, mean, coordination, steps, relaxed, shapes)
