import numpy as np
import pytest

from engine.errors import InputError
from engine.structure.stack import VoxelStack
from engine.structure.stack_edit import crop, resample, turn


def random_stack():
    labels = np.random.default_rng(0).integers(0, 3, (6, 8, 10), dtype=np.uint8)
    return VoxelStack(labels, (0.5, 1.0, 2.0))


def test_that_a_crop_is_the_box_asked_for():
    stack = random_stack()
    part = crop(stack, z=(1, 4), x=(None, 7))
    assert np.array_equal(part.labels, stack.labels[1:4, :, :7])
    assert part.spacing == stack.spacing
    for wrong in ((3, 3), (-1, 2), (0, 7)):
        with pytest.raises(InputError, match="along z"):
            crop(stack, z=wrong)


@pytest.mark.parametrize(("up", "axis"), [("z", 0), ("y", 1), ("x", 2)])
def test_that_a_turn_brings_the_thickness_to_z(up, axis):
    stack = random_stack()
    turned = turn(stack, up, collector_last=True)
    assert turned.shape[0] == stack.shape[axis]
    assert turned.spacing[0] == stack.spacing[axis]
    assert np.array_equal(turned.labels[0], stack.labels.take(-1, axis=axis))
    with pytest.raises(InputError, match="not one of"):
        turn(stack, "w")


def test_that_refining_and_coarsening_again_gives_the_stack_back():
    stack = random_stack()
    fine = resample(stack, (0.25, 0.5, 0.5))
    assert fine.shape == (12, 16, 40)
    back = resample(fine, stack.spacing)
    assert np.array_equal(back.labels, stack.labels)
    assert back.spacing == pytest.approx(stack.spacing)


def test_that_resampling_keeps_the_size_of_the_electrode():
    cubes = resample(random_stack(), 0.7)
    assert np.array(cubes.shape) * cubes.spacing == pytest.approx([3.0, 8.0, 20.0])
    for wrong in (0, -1, float("nan"), 50, 1e-4):
        with pytest.raises(InputError, match="voxel size"):
            resample(random_stack(), wrong)
