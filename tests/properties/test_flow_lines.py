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


def test_that_the_current_is_the_same_through_every_slice():
    mask = np.random.default_rng(2).random((12, 9, 9)) < 0.75
    potential = potential_of(mask)
    vectors = flow_vectors(potential, (1.0, 1.0, 1.0))
    assert (vectors[~np.isfinite(potential)] == 0).all()
    drop = np.nan_to_num(-np.diff(potential, axis=0)).sum(axis=(1, 2))
    assert drop == pytest.approx(np.full(11, drop[0]), rel=1e-3)


def test_that_lines_begin_where_the_current_enters():
    vectors = np.zeros((3, 4, 4, 3), np.float32)
    vectors[0, 1, 2, 2] = 3.0
    vectors[0, 3, 0, 2] = 1.0
    assert seed_voxels(vectors, 100).tolist() == [[1, 2], [3, 0]]
    assert len(seed_voxels(np.zeros((3, 4, 4, 3)), 100)) == 0
