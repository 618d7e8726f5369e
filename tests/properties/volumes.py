"""Small volumes for the tests of this room."""

from __future__ import annotations

import numpy as np


def spheres(shape, count, radii, seed):
    """Boolean volume of overlapping spheres at random places."""
    random = np.random.default_rng(seed)
    z, y, x = (np.arange(n) + 0.5 for n in shape)
    volume = np.zeros(shape, dtype=bool)
    for _ in range(count):
        c = random.uniform(0, shape)
        r = random.uniform(*radii)
        volume |= (
            (z - c[0])[:, None, None] ** 2
            + (y - c[1])[None, :, None] ** 2
            + (x - c[2])[None, None, :] ** 2
        ) < r * r
    return volume


def electrode(shape=(24, 20, 22), count=28, radii=(2.5, 4.5), cbd=0.25, seed=0):
    """Three phases: spheres of AM, single CBD voxels in a share of the rest."""
    labels = spheres(shape, count, radii, seed).astype(np.uint8)
    random = np.random.default_rng(seed + 1)
    labels[(labels == 0) & (random.random(shape) < cbd)] = 2
    return labels
