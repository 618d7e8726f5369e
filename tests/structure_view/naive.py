"""Slow, readable twins of what the view computes."""

from __future__ import annotations

from collections import Counter

import numpy as np


def count_faces(labels: np.ndarray) -> Counter:
    """Faces between unequal voxels, and at the faces of the box (label 3 is outside)."""
    counts: Counter = Counter()
    for place in np.ndindex(labels.shape):
        own = int(labels[place])
        for axis in range(3):
            for step in (-1, 1):
                there = list(place)
                there[axis] += step
                inside = 0 <= there[axis] < labels.shape[axis]
                other = int(labels[tuple(there)]) if inside else 3
                if own < other:
                    counts[own, other] += 1
    return counts


def voxel_on_ray(labels, spacing, start, end, visible, steps=20000):
    """First visible voxel among many points along a line; (z, y, x) or None."""
    for t in np.linspace(0, 1, steps):
        x, y, z = np.asarray(start) + t * (np.asarray(end) - np.asarray(start))
        place = tuple(int(np.floor(c / s)) for c, s in zip((z, y, x), spacing, strict=True))
        inside = all(0 <= p < n for p, n in zip(place, labels.shape, strict=True))
        if inside and int(labels[place]) in visible:
            return place
    return None
