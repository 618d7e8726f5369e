"""Direction and strength of the flow."""

import numpy as np
import pytest

from engine.properties.flow_lines import flow_vectors, seed_voxels
from engine.properties.transport import solve


def potential_of(mask, spacing=(1.0, 1.0, 1.0)):
    """Potential in the voxels of a mask, between two plates."""
    return solve(mask, spacing=spacing, fields=True, tolerance=1e-8).potential


def test_that_an_open_box_flows_straight_with_unit_strength():
    vectors = flow_vectors(potential_of(np.ones((6, 4, 5), bool)), (1.0, 1.0, 1.0))
    assert vectors == pytest.approx(np.broadcast_to((0, 0, 1), vectors.shape), abs=1e-4)


def test_that_the_strength_does_not_depend_on_the_voxel_size():
    spacing = (0.5, 2.0, 1.0)
    vectors = flow_vectors(potential_of(np.ones((6, 4, 5), bool), spacing), spacing)
    assert vectors[..., 2] == pytest.approx(np.ones((6, 4, 5)), abs=1e-4)


def test_that_the_flow_is_the_mean_over_the_faces_of_each_voxel():
    mask = np.random.default_rng(2).random((7, 6, 5)) < 0.75
    spacing = (1.0, 0.5, 2.0)
    potential = potential_of(mask, spacing)
    vectors = flow_vectors(potential, spacing)
    for z, y, x in np.ndindex(mask.shape):
        expected = np.zeros(3)
        for axis, column in enumerate((2, 1, 0)):
            if not np.isfinite(potential[z, y, x]):
                continue
            for step in (-1, 1):
                place = [z, y, x]
                place[axis] += step
                if 0 <= place[axis] < mask.shape[axis]:
                    other = potential[tuple(place)]
                    drop = (potential[z, y, x] - other) / spacing[axis]
                elif axis == 0:  # the plates, half a voxel away
                    other = 1.0 if step < 0 else 0.0
                    drop = (potential[z, y, x] - other) / (spacing[0] / 2)
                else:
                    drop = 0.0
                if np.isfinite(drop):
                    expected[column] += step * drop / 2 * mask.shape[0] * spacing[0]
        assert vectors[z, y, x] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_that_lines_begin_where_the_current_enters():
    vectors = np.zeros((3, 4, 4, 3), np.float32)
    vectors[0, 1, 2, 2] = 3.0
    vectors[0, 3, 0, 2] = 1.0
    assert seed_voxels(vectors, 100).tolist() == [[1, 2], [3, 0]]
    assert len(seed_voxels(np.zeros((3, 4, 4, 3)), 100)) == 0
