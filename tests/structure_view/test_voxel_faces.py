"""Meshes of the faces between phases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hybridgui.structure.phases import OUTSIDE
from hybridgui.structure.voxel_faces import estimate_faces, voxel_faces
from tests.structure_view.naive import count_faces

volumes = arrays(
    np.uint8,
    st.tuples(*[st.integers(1, 5)] * 3),
    elements=st.integers(0, 2),
)


@settings(max_examples=60, deadline=None)
@given(volumes)
def test_that_every_face_between_unlike_voxels_is_there_once(labels):
    meshes = voxel_faces(labels, (1.0, 1.0, 1.0))
    assert {pair: len(m.cells) for pair, m in meshes.items()} == count_faces(labels)
    inner = sum(len(m.cells) for pair, m in meshes.items() if OUTSIDE not in pair)
    assert estimate_faces(labels) == inner


def test_that_faces_of_a_large_stack_are_estimated_from_some_of_its_slices(monkeypatch):
    from hybridgui.structure import voxel_faces as module

    labels = np.random.default_rng(5).integers(0, 3, (60, 40, 40)).astype(np.uint8)
    exact = estimate_faces(labels)
    monkeypatch.setattr(module, "_COUNTED", labels.size // 7)
    assert estimate_faces(labels) == pytest.approx(exact, rel=0.02)
    assert estimate_faces(labels) != exact


@settings(max_examples=40, deadline=None)
@given(volumes)
def test_that_each_face_lies_between_its_two_owners(labels):
    spacing = (0.5, 1.0, 2.0)
    for (first, second), mesh in voxel_faces(labels, spacing).items():
        corners = mesh.points[mesh.cells].astype(float)
        centres = corners.mean(axis=1)
        for side, phase in enumerate((first, second)):
            owner = mesh.owners[:, side]
            if phase == OUTSIDE:
                assert (owner == -1).all()
                continue
            assert (labels.ravel()[owner] == phase).all()
            place = np.stack(np.unravel_index(owner, labels.shape), axis=1)[:, ::-1]
            edge = np.array(spacing[::-1])
            apart = np.abs(centres / edge - (place + 0.5))
            assert np.allclose(np.sort(apart, axis=1), [0, 0, 0.5], atol=1e-5)
        # a rectangle of the right size: its diagonals have one middle
        assert np.allclose(corners[:, 0] + corners[:, 2], corners[:, 1] + corners[:, 3])


def test_that_the_outside_closes_the_box():
    labels = np.zeros((2, 3, 4), np.uint8)
    mesh = voxel_faces(labels, (1.0, 1.0, 1.0))[0, OUTSIDE]
    assert len(mesh.cells) == 2 * (2 * 3 + 2 * 4 + 3 * 4)
    assert mesh.points.min(axis=0) == pytest.approx([0, 0, 0])
    assert mesh.points.max(axis=0) == pytest.approx([4, 3, 2])
