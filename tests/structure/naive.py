"""Slow, readable twins of the kernels of `engine.structure`."""

from __future__ import annotations

import math

import numpy as np

from engine.structure.random_stream import uniforms


def published_spheres(state, shape, radii, cumulative, contact, target):
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
        for k in range(math.ceil(z - r), math.floor(z + r) + 1):
            reach = math.floor(math.sqrt(max(r * r - (k - z) ** 2, 0.0)))
            for j in range(math.floor(y) - reach, math.floor(y) + reach + 1):
                for i in range(math.floor(x) - reach, math.floor(x) + reach + 1):
                    if (j - math.floor(y)) ** 2 + (i - math.floor(x)) ** 2 <= reach**2:
                        labels[(k - 1) % shape[0], (j - 1) % shape[1], (i - 1) % shape[2]] = 1
    return labels, np.array(placed)


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
