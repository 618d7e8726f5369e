"""Finding the voxel under the pointer."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridgui.structure.voxel_ray import first_voxel
from tests.structure_view.naive import voxel_on_ray

coordinate = st.floats(-20, 20).map(lambda v: round(v, 3) + 0.00037)
points = st.tuples(coordinate, coordinate, coordinate)


@settings(max_examples=40, deadline=None)
@given(points, points, st.sets(st.integers(0, 2)))
def test_that_the_walk_finds_what_dense_sampling_finds(start, end, visible):
    labels = np.random.default_rng(1).integers(0, 3, (6, 7, 8)).astype(np.uint8)
    spacing = (1.0, 1.3, 0.8)
    found = first_voxel(labels, spacing, np.array(start), np.array(end), visible)
    slow = voxel_on_ray(labels, spacing, start, end, visible, steps=3000)
    if slow is None:
        if found is not None:  # a corner may be cut between two samples
            assert int(labels[found.index]) in visible
        return
    assert found is not None
    assert found.phase == labels[found.index]
    centre = np.array(found.position)
    expected = (np.array(slow[::-1]) + 0.5) * spacing[::-1]
    along = np.array(end) - np.array(start)
    # the walk may only be earlier, by a corner that sampling misses
    assert np.dot(centre - expected, along) <= 1e-6 + 2 * np.linalg.norm(along)


def test_that_a_straight_look_finds_the_first_solid():
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[2, 3, 1] = 1
    labels[2, 4, 1] = 2
    look = dict(start=np.array([1.5, 99.0, 2.5]), end=np.array([1.5, -99.0, 2.5]))
    found = first_voxel(labels, (1, 1, 1), **look, visible={1, 2})
    assert (found.index, found.phase, found.position) == ((2, 4, 1), 2, (1.5, 4.5, 2.5))
    assert first_voxel(labels, (1, 1, 1), **look, visible={1}).index == (2, 3, 1)


def test_that_crop_and_plane_hide_voxels():
    labels = np.ones((4, 4, 4), np.uint8)
    look = dict(start=np.array([-9.0, 1.5, 1.5]), end=np.array([9.0, 1.5, 1.5]), visible={1})
    assert first_voxel(labels, (1, 1, 1), **look).index == (1, 1, 0)
    cropped = first_voxel(labels, (1, 1, 1), **look, crop=((0, 4), (0, 4), (2, 4)))
    assert cropped.index == (1, 1, 2)
    plane = (np.array([3.0, 0, 0]), np.array([1.0, 0, 0]))
    assert first_voxel(labels, (1, 1, 1), **look, planes=[plane]).index == (1, 1, 3)
    away = (np.array([9.5, 0, 0]), np.array([1.0, 0, 0]))
    assert first_voxel(labels, (1, 1, 1), **look, planes=[away]) is None
