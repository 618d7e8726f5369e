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


@pytest.fixture
def model(qtbot, tmp_path, monkeypatch):
    """A study model with an untitled study, settings and data in a folder of the test."""
    from PySide6.QtCore import QSettings

    from hybridgui.settings import Settings
    from hybridgui.study_model import StudyModel

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "config")
    )
    model = StudyModel(Settings())
    model.new()
    yield model
    assert model.jobs.cancel_all()
    model.close(discard_untitled=True)


@pytest.fixture
def page(qtbot, model):
    """The structure page on screen, with a small box so that everything is quick."""
    from hybridgui.structure.page import StructurePage

    for name, value in {
        "box_x_um": 18.0,
        "box_y_um": 16.0,
        "initial_thickness_um": 12.0,
        "protocol": "published",
    }.items():
        model.set_parameter(f"structure/{name}", value)
    page = StructurePage(model)
    qtbot.addWidget(page, before_close_func=lambda page: page.shut_down())
    page.resize(1000, 620)
    page.show()
    page.activated()
    page.panel.view.oversampling = 1.0  # the processor draws here: keep it quick
    return page


@pytest.fixture
def said(model):
    """All messages to the user: (level, sentence)."""
    messages = []
    model.messageRaised.connect(lambda level, sentence, _: messages.append((level, sentence)))
    return messages
