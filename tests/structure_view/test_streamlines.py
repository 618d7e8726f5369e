"""Lines of flow."""

import numpy as np

from engine.properties.transport import solve
from engine.structure.stack import AM, ELECTROLYTE, VoxelStack
from hybridgui.structure.backdrop import WHITE
from hybridgui.structure.fields import Field
from hybridgui.structure.streamlines import flow_tubes


def test_that_lines_run_through_the_pore_and_nowhere_else(canvas, scene):
    labels = np.full((10, 9, 9), AM, np.uint8)
    labels[:, 3:6, 3:6] = ELECTROLYTE
    stack = VoxelStack(labels)
    potential = solve(labels == ELECTROLYTE, fields=True, tolerance=1e-8).potential
    speed = np.ones(labels.shape)
    tubes = flow_tubes(potential, speed, stack.spacing)
    scene.set_stack(stack)
    scene.set_look(AM, visible=False)
    scene.set_slabs(False)
    scene.set_outline(False)
    scene.set_annotations(False, False, False)
    scene.set_field(Field(speed, "flux", "plasma", (0, 2), tubes))
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


def test_that_a_flow_that_enters_nowhere_has_no_lines():
    potential = np.full((4, 3, 3), np.nan, np.float32)
    assert flow_tubes(potential, potential, (1.0, 1.0, 1.0)).lines == 0
