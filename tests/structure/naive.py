"""Slow, readable twins of the kernels of `engine.structure`."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar

from engine.structure.random_stream import uniforms


def published_spheres(state, shape, radii, cumulative, contact, target, drawing="plain"):
    """Place and draw as the published protocol does, every distance checked; lengths in voxels."""
    labels = np.zeros(shape, dtype=np.uint8)
    placed: list[tuple[float, float, float, float]] = []
    while np.count_nonzero(labels) < target:
        draw, *place = uniforms(state, 4)
        r = radii[np.searchsorted(cumulative, draw, side="right")]
        centre = [r + (edge - r) * u for edge, u in zip(shape, place, strict=True)]
        if any(math.dist(centre, other[:3]) < contact * (r + other[3]) for other in placed):
            continue
        placed.append((*centre, r))
        z, y, x = centre
        if drawing == "padded":
            _draw_padded(labels, z, y, x, r)
            continue
        for k in range(math.ceil(z - r), math.floor(z + r) + 1):
            reach = math.floor(math.sqrt(max(r * r - (k - z) ** 2, 0.0)))
            for j in range(math.floor(y) - reach, math.floor(y) + reach + 1):
                for i in range(math.floor(x) - reach, math.floor(x) + reach + 1):
                    if (j - math.floor(y)) ** 2 + (i - math.floor(x)) ** 2 <= reach**2:
                        labels[(k - 1) % shape[0], (j - 1) % shape[1], (i - 1) % shape[2]] = 1
    return labels, np.array(placed)


def _draw_padded(labels, z, y, x, r):
    """Draw into a box with a rim of 15 voxels, an image for each upper face, and cut the rim off."""
    nz, ny, nx = labels.shape
    wide = np.zeros((nz + 30, ny + 30, nx + 30), dtype=bool)
    heights = -15 + np.arange(nz + 30) * (nz + 30) / (nz + 29)
    rows, columns = np.mgrid[-14 : ny + 16, -14 : nx + 16]  # 1-based: pixel 1 is the box's first
    images = [(0, 0, 0)]
    images += [
        tuple(-edge * (a == axis) for a in range(3))
        for axis, (place, edge) in enumerate(zip((z, y, x), labels.shape, strict=True))
        if place + r > edge
    ]
    for dz, dy, dx in images:
        far2 = (rows - math.floor(y + dy)) ** 2 + (columns - math.floor(x + dx)) ** 2
        for k, height in enumerate(heights):
            rest = r * r - (height - z - dz) ** 2
            if rest >= 0:
                wide[k] |= far2 <= math.floor(math.sqrt(rest)) ** 2
    labels[wide[15:-15, 15:-15, 15:-15]] = 1


def published_cbd(state, labels, target):
    """Deposit CBD voxel by voxel by the published rule."""
    labels = labels.copy()
    added = 0
    while added < target:
        spot = np.unravel_index(int(uniforms(state, 1)[0] * labels.size), labels.shape)
        if labels[spot]:
            continue
        near = labels[tuple(slice(max(i - 1, 0), i + 2) for i in spot)]
        am, cbd = (near == 1).any(), (near == 2).any()
        if not (am or cbd):
            continue
        if (am and cbd) or uniforms(state, 1)[0] < 0.5:
            labels[spot] = 2
            added += 1
    return labels


def periodic_distance(a, b, box):
    """Distance of two points, periodic in y and x."""
    difference = np.abs(np.asarray(a) - np.asarray(b))
    for axis in (1, 2):
        difference[axis] = min(difference[axis], box[axis] - difference[axis])
    return float(np.linalg.norm(difference))


def pairs(positions, radii, box, skin):
    """Every pair with a gap under `skin`, by looking at all of them."""
    return {
        (i, j)
        for i in range(len(radii))
        for j in range(i + 1, len(radii))
        if periodic_distance(positions[i], positions[j], box) < radii[i] + radii[j] + skin
    }


def overlaps(positions, radii, box):
    """Relative overlaps of all overlapping pairs."""
    return [
        1 - periodic_distance(positions[i], positions[j], box) / (radii[i] + radii[j])
        for i, j in pairs(positions, radii, box, 0.0)
    ]


def surface_distances(positions, radii, shape, edge, reach, floor):
    """Distances of voxel centres to the two nearest surfaces, periodic images included."""
    _, ny, nx = shape
    first = np.full(shape, np.inf)
    second = np.full(shape, np.inf)
    for spot in np.ndindex(shape):
        centre = (np.array(spot) + 0.5) * edge
        found = [
            math.dist(centre, np.add(p, (0, a * ny * edge, b * nx * edge))) - r
            for p, r in zip(positions, radii, strict=True)
            for a in (-2, -1, 0, 1, 2)
            for b in (-2, -1, 0, 1, 2)
        ]
        if floor and min(found, default=np.inf) >= 0:
            found.append(centre[0])
        found = sorted([s for s in found if s < reach] + [np.inf, np.inf])
        first[spot], second[spot] = found[:2]
    return first, second


def solid_faces(labels, spot, wetted):
    """Number of AM and CBD voxels across the six faces, periodic in y and x."""
    am = cbd = 0
    for axis in range(3):
        for step in (-1, 1):
            other = list(spot)
            other[axis] += step
            if axis == 0 and other[0] < 0:
                am += wetted
            elif axis == 0 and other[0] >= labels.shape[0]:
                continue
            else:
                other[axis] %= labels.shape[axis]
                am += labels[tuple(other)] == 1
                cbd += labels[tuple(other)] == 2
    return am, cbd


def shape_matrix(radius, shape):
    """Matrix of a spheroid: squared half lengths on its axes."""
    aspect, *axis = shape
    axis = np.array(axis)
    along, across = radius * aspect ** (2 / 3), radius * aspect ** (-1 / 3)
    return across**2 * np.eye(3) + (along**2 - across**2) * np.outer(axis, axis)


def touching_scale(r, a, b):
    """Factor by which two ellipsoids must be scaled to touch, from the contact function."""

    def value(weight):
        return weight * (1 - weight) * r @ np.linalg.solve((1 - weight) * a + weight * b, r)

    found = minimize_scalar(lambda w: -value(w), bounds=(0, 1), options={"xatol": 1e-10})
    return math.sqrt(value(found.x))
