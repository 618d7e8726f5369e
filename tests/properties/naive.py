"""Slow, readable twins of the kernels in `engine.properties`."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve


def effective_conductivity(sigma, edges=(1.0, 1.0, 1.0), periodic=False, percolating=None):
    """Direct sparse solution, flow along the first axis; sigma 0 is a wall.

    Voxels that are not joined to both ends must be walls already, or `percolating` be given.
    """
    sigma = np.asarray(sigma, dtype=float)
    if percolating is not None:
        sigma = np.where(percolating, sigma, 0.0)
    nz, ny, nx = sigma.shape
    conducting = [tuple(index) for index in np.argwhere(sigma > 0)]
    number = {index: row for row, index in enumerate(conducting)}
    if not number:
        return 0.0
    rows, columns, values = [], [], []
    right = np.zeros(len(number))
    diagonal = np.zeros(len(number))
    scale = [1 / edge**2 for edge in edges]
    for index, row in number.items():
        for axis, step in itertools.product(range(3), (-1, 1)):
            other = list(index)
            other[axis] += step
            if axis == 0 and not 0 <= other[0] < nz:
                conductance = 2 * sigma[index] * scale[0]
                diagonal[row] += conductance
                right[row] += conductance * (other[0] < 0)
                continue
            if axis > 0 and periodic:
                other[axis] %= sigma.shape[axis]
            column = number.get(tuple(other))
            if column is None or column == row:
                continue
            a, b = sigma[index], sigma[tuple(other)]
            conductance = 2 * a * b / (a + b) * scale[axis]
            diagonal[row] += conductance
            rows.append(row)
            columns.append(column)
            values.append(-conductance)
    rows += range(len(number))
    columns += range(len(number))
    values += list(diagonal)
    matrix = sparse.coo_matrix((values, (rows, columns))).tocsc()
    u = spsolve(matrix, right)
    inlet = sum(2 * sigma[i] * (1 - u[number[i]]) for i in conducting if i[0] == 0)
    return float(inlet * nz / (ny * nx))


def components(phase, periodic=(False, False, False)):
    """Flood fill from each voxel in turn."""
    labels = np.zeros(phase.shape, dtype=int)
    count = 0
    for start in map(tuple, np.argwhere(phase)):
        if labels[start]:
            continue
        count += 1
        labels[start] = count
        front = [start]
        while front:
            here = front.pop()
            for axis, step in itertools.product(range(3), (-1, 1)):
                there = list(here)
                there[axis] += step
                if periodic[axis]:
                    there[axis] %= phase.shape[axis]
                if not 0 <= there[axis] < phase.shape[axis]:
                    continue
                there = tuple(there)
                if phase[there] and not labels[there]:
                    labels[there] = count
                    front.append(there)
    return labels


def percolating(phase, periodic=(False, False, False)):
    """Voxels joined to both ends of the first axis."""
    labels = components(phase, periodic)
    through = (set(labels[0].ravel()) & set(labels[-1].ravel())) - {0}
    return np.isin(labels, sorted(through))


def active_surface_published(labels):
    """Pore voxels with solid among 26 neighbours over solid voxels, %."""
    touching = 0
    for index in np.argwhere(labels == 0):
        low = np.maximum(index - 1, 0)
        block = labels[low[0] : index[0] + 2, low[1] : index[1] + 2, low[2] : index[2] + 2]
        touching += bool(block.any())
    return 100 * touching / np.count_nonzero(labels)


def crossings(labels, pair, direction):
    """Crossings of lines along a direction from one phase to another, end steps 1.5-fold."""
    shape = np.array(labels.shape)
    step = np.array(direction)

    def inside(point):
        return np.all(point >= 0) and np.all(point < shape)

    total = 0.0
    for start in np.argwhere(np.ones(labels.shape, bool)):
        end = start + step
        if not inside(end):
            continue
        if {int(labels[tuple(start)]), int(labels[tuple(end)])} == set(pair):
            total += 1 + 0.5 * (not inside(start - step)) + 0.5 * (not inside(end + step))
    return total


def local_thickness(phase, edges):
    """Try the ball of every voxel on every voxel."""
    points = np.argwhere(np.ones(phase.shape, bool)) * np.array(edges)
    inside = phase.ravel()
    result = np.zeros(phase.size)
    outside = points[~inside]
    for centre in points[inside]:
        radius = np.sqrt(((outside - centre) ** 2).sum(axis=1)).min()
        covered = np.sqrt(((points - centre) ** 2).sum(axis=1)) < radius - 1e-5
        half = np.mean(edges) / 2
        size = 2 * max(radius - half, half)
        result[covered & inside] = np.maximum(result[covered & inside], size)
    return result.reshape(phase.shape)
