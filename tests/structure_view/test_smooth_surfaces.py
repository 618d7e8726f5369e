"""Smooth surfaces of the phases."""

import numpy as np
import pytest

from engine.structure.stack import AM, ELECTROLYTE
from hybridgui.structure.phases import OUTSIDE
from hybridgui.structure.smooth_surfaces import phase_surface, smooth_surfaces
from hybridgui.structure.voxel_faces import voxel_faces


def area(mesh):
    """Area of a triangle mesh."""
    a, b, c = (mesh.points[mesh.cells[:, k]].astype(float) for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


@pytest.fixture(scope="module")
def ball():
    z, y, x = np.indices((40, 40, 40)) + 0.5
    return (((z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2) < 15**2).astype(np.uint8)


def test_that_a_ball_comes_out_round(ball):
    mesh = smooth_surfaces(ball, (0.5, 0.5, 0.5))[ELECTROLYTE, AM]
    reach = np.linalg.norm(mesh.points - 10.0, axis=1)
    assert abs(reach.mean() - 7.5) < 0.15
    assert reach.std() < 0.12
    assert area(mesh) == pytest.approx(4 * np.pi * 7.5**2, rel=0.04)


def test_that_the_box_stays_sharp_and_full(noise):
    meshes = smooth_surfaces(noise.labels, noise.spacing)
    points = np.concatenate([m.points for pair, m in meshes.items() if OUTSIDE in pair])
    assert points.min(axis=0) == pytest.approx([0, 0, 0])
    assert points.max(axis=0) == pytest.approx([10, 6, 3.5])
    outer = sum(area(m) for pair, m in meshes.items() if OUTSIDE in pair)
    assert outer == pytest.approx(2 * (10 * 6 + 10 * 3.5 + 6 * 3.5), rel=2e-3)


def test_that_smooth_and_true_surfaces_separate_the_same_phases(noise):
    smooth = smooth_surfaces(noise.labels, noise.spacing)
    assert set(smooth) == set(voxel_faces(noise.labels, noise.spacing))


def test_that_phases_share_one_surface(ball):
    """Two coincident surfaces would flicker: the interface must exist once, not per phase."""
    meshes = smooth_surfaces(ball, (1.0, 1.0, 1.0))
    assert set(meshes) == {(ELECTROLYTE, AM), (ELECTROLYTE, OUTSIDE)}


def volume(mesh):
    """Volume that a closed, outward mesh encloses."""
    a, b, c = (mesh.points[mesh.cells[:, k]].astype(float) for k in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6


def test_that_the_surface_of_a_phase_is_closed_and_faces_outwards(ball):
    meshes = smooth_surfaces(ball, (0.5, 0.5, 0.5))
    inner, outer = phase_surface(meshes, AM), phase_surface(meshes, ELECTROLYTE)
    assert volume(inner) == pytest.approx(4 / 3 * np.pi * 7.5**3, rel=0.05)
    assert volume(inner) + volume(outer) == pytest.approx(20**3, rel=1e-5)
    edges = np.sort(inner.cells[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


def test_that_the_phases_fill_the_box_without_gaps(noise):
    meshes = smooth_surfaces(noise.labels, noise.spacing)
    total = sum(volume(phase_surface(meshes, phase)) for phase in (0, 1, 2))
    assert total == pytest.approx(10 * 6 * 3.5, rel=1e-4)


def test_that_triangles_know_the_voxels_at_their_sides(noise):
    for pair, mesh in smooth_surfaces(noise.labels, noise.spacing).items():
        for side, phase in enumerate(pair):
            owner = mesh.owners[:, side]
            if phase == OUTSIDE:
                assert (owner == -1).all()
            else:
                assert (noise.labels.ravel()[owner] == phase).all()
