"""Structures that are known, and a canvas to draw them on."""

from __future__ import annotations

import numpy as np
import pytest

from engine.structure.stack import AM, CBD, ELECTROLYTE, VoxelStack


@pytest.fixture
def canvas():
    """A canvas of 400 x 300 pixels, closed after the test."""
    from hybridgui.structure.canvas import CannotDraw, Canvas

    try:
        canvas = Canvas(400, 300)
    except CannotDraw as reason:
        pytest.skip(f"no OpenGL here: {reason}")
    yield canvas
    canvas.close()


@pytest.fixture
def scene(canvas):
    """An empty scene on the canvas."""
    from hybridgui.structure.scene import StructureScene

    scene = StructureScene()
    canvas.set_scenes([scene])
    return scene


@pytest.fixture
def layers() -> VoxelStack:
    """From the collector up: 4 slices AM, 3 CBD, 3 electrolyte; 12 x 10 x 8 µm (x, y, z)."""
    labels = np.empty((10, 10, 12), np.uint8)
    labels[:4], labels[4:7], labels[7:] = AM, CBD, ELECTROLYTE
    return VoxelStack(labels, (0.8, 1.0, 1.0))


@pytest.fixture
def noise() -> VoxelStack:
    """Voxels at random, of three different edges."""
    labels = np.random.default_rng(7).integers(0, 3, (7, 6, 5)).astype(np.uint8)
    return VoxelStack(labels, (0.5, 1.0, 2.0))
