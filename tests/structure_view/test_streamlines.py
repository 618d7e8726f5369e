"""Lines of flow."""

import numpy as np
import pytest

from engine.properties.transport import solve
from engine.structure.stack import AM, ELECTROLYTE, VoxelStack
from hybridgui.structure.backdrop import WHITE
from hybridgui.structure.fields import Field
from hybridgui.structure.streamlines import flow_vectors, seed_voxels


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


def test_that_lines_run_through_the_pore_and_nowhere_else(canvas, scene):
    labels = np.full((10, 9, 9), AM, np.uint8)
    labels[:, 3:6, 3:6] = ELECTROLYTE
    stack = VoxelStack(labels)
    potential = potential_of(labels == ELECTROLYTE)
    scene.set_stack(stack)
    scene.set_look(AM, visible=False)
    scene.set_slabs(False)
    scene.set_outline(False)
    scene.set_annotations(False, False, False)
    scene.set_field(Field(np.ones(labels.shape), "flux", "plasma", (0, 2), potential))
    assert scene.lines.count == 9
    scene.look_from("y")
    picture = canvas.image(WHITE)
    drawn = (picture.min(axis=2) < 200).any(axis=0)
    columns = np.flatnonzero(drawn)
    middle = picture.shape[1] / 2
    width = (columns[-1] - columns[0]) * scene.um_per_pixel
    assert 1.5 < width < 3.2  # nine tubes within three voxels
    assert abs((columns[0] + columns[-1]) / 2 - middle) * scene.um_per_pixel < 2.2
    scene.set_field(None)
    assert scene.lines.count == 0
    assert (canvas.image(WHITE) == 255).all()
