"""Two electrodes side by side, and one electrode while it is pressed."""

import itertools
import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from engine.structure.stack import ELECTROLYTE, VoxelStack
from hybridgui.structure.animation import has_video
from hybridgui.structure.animation_dialog import AnimationDialog
from hybridgui.structure.work import Electrode

SECONDS = 240_000


def idle(page):
    """Whether nothing is being made or read."""
    return not page.busy and not page.model.jobs.running


@pytest.fixture
def shown(page, layers):
    """The page with the layers on it."""
    page.show_electrode(
        Electrode(layers, "imported", "layers", properties={"phase_fraction_am": 0.4})
    )
    return page


def test_that_the_next_electrode_stands_beside_the_one_kept(qtbot, shown, noise):
    qtbot.mouseClick(shown.panel.phases.compare, Qt.MouseButton.LeftButton)
    assert len(shown.panel.scenes) == 1
    other = Electrode(noise, "imported", "noise", properties={"phase_fraction_am": 0.5})
    shown.show_electrode(other)
    first, second = shown.panel.scenes
    assert first.stack is not second.stack is noise
    assert first.camera is second.camera
    shown.panel.view.draw_now()
    width, height = shown.panel.view.canvas.size
    assert shown.panel.view.canvas.scene_at(width / 4, height / 2) is first
    shown.panel.view.orbit(30, 0)
    assert first.camera.GetPosition() == second.camera.GetPosition()
    model = shown.tabs.table.model()
    assert model.headerData(4, Qt.Orientation.Horizontal) == "Beside it"
    cells = [model.index(0, column).data() for column in range(6)]
    assert cells[2:] == ["50.00", "%", "40.00", "+25.0 %"]
    shown.panel.set_mode("smooth")
    shown.panel.set_look(ELECTROLYTE, visible=True)
    assert {scene.mode for scene in shown.panel.scenes} == {"smooth"}
    assert all(scene.looks[ELECTROLYTE].visible for scene in shown.panel.scenes)
    qtbot.mouseClick(shown.panel.phases.compare, Qt.MouseButton.LeftButton)
    assert [scene.stack for scene in shown.panel.scenes] == [noise]
    assert shown.tabs.table.model().columnCount() == 4


def test_that_up_to_four_electrodes_stand_side_by_side(qtbot, shown):
    shown.panel.phases.compare.setChecked(True)
    stacks = [shown.electrode.stack]
    for number in range(5):
        labels = np.random.default_rng(number).integers(0, 3, (5, 4, 4)).astype(np.uint8)
        stacks.append(VoxelStack(labels))
        shown._keep_beside()  # as after generating or importing
        shown.show_electrode(Electrode(stacks[-1], "imported", f"noise {number}"))
        kept = [scene.stack for scene in shown.panel.scenes]
        assert kept == [*stacks[: min(number + 1, 3)], stacks[-1]]
    assert len({scene.camera for scene in shown.panel.scenes}) == 1
    shown.panel.view.draw_now()
    captions = [scene._caption.lines for scene in shown.panel.scenes]
    assert captions == [1, 1, 1, 1]


def test_that_a_cut_opens_all_electrodes(qtbot, shown, noise):
    shown.panel.phases.compare.setChecked(True)
    shown.show_electrode(Electrode(noise, "imported", "noise"))
    shown.panel.phases.cut.setChecked(True)
    assert all(scene.clip is not None for scene in shown.panel.scenes)


@pytest.fixture
def pressed(qtbot, page, model):
    """The page with one electrode pressed step by step."""
    model.set_parameter("structure/protocol", "physical")
    model.set_parameter("structure/initial_thickness_um", 20.0)
    model.set_parameter("structure/initial_porosity_percent", 50.0)
    qtbot.mouseClick(page.press_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: idle(page) and page.path is not None, timeout=SECONDS)
    return page


def test_that_an_electrode_is_pressed_before_the_users_eyes(qtbot, pressed, model, tmp_path):
    path, bar = pressed.path, pressed.path_bar
    assert bar.isVisible()
    heights = [e.structure.condition.thickness for e in path.electrodes]
    assert len(heights) > 2 and heights == sorted(heights, reverse=True)
    assert path.pressures[0] == 0 and path.pressures[-1] == 120
    assert list(path.pressures) == sorted(path.pressures)
    assert pressed.electrode is path.electrodes[-1]
    counts = {len(e.structure.particles) for e in path.electrodes}
    assert len(counts) == 1  # the same particles all the way

    camera = pressed.panel.scene.camera
    place = camera.GetPosition(), camera.GetParallelScale()
    bar.slider.setValue(0)
    assert pressed.electrode is path.electrodes[0]
    assert pressed.panel.scene.stack is path.electrodes[0].stack
    assert (camera.GetPosition(), camera.GetParallelScale()) == place
    shown = float(pressed.foot.summary.text("tortuosity_solid"))
    assert shown == pytest.approx(path.electrodes[0].properties["tortuosity_solid"], abs=2e-3)
    assert bar.text.startswith("Not calendered · porosity 50.0 %")
    assert (
        pressed.tabs.path_plot.values[0] == path.electrodes[0].properties["tortuosity_electrolyte"]
    )
    assert pressed.foot.hint.isHidden()

    file = tmp_path / "pressed.study"
    model.save_as(file)
    model.new()
    assert pressed.path is None and not bar.isVisible()
    model.open(file)
    qtbot.waitUntil(lambda: idle(pressed) and pressed.path is not None, timeout=SECONDS)
    again = [e.stack.sha256 for e in pressed.path.electrodes]
    assert again == [e.stack.sha256 for e in path.electrodes]

    qtbot.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert pressed.path is None and not bar.isVisible()
    assert pressed.electrode is not None


def test_that_properties_of_a_pressed_step_stay_when_the_slider_moves(qtbot, pressed, monkeypatch):
    from hybridgui.structure import page as pages

    go = threading.Event()

    def characterize(stack, bulk, parts):
        def work(job):
            go.wait(60)
            return {"pore_size_d50_um": 1.5}, {"pore_size_um": {}}

        return work

    monkeypatch.setattr(pages, "characterize_electrode", characterize)
    bar, last = pressed.path_bar, len(pressed.path.electrodes) - 1
    pressed.panel.phases.compare.setChecked(True)
    assert pressed.pinned == [pressed.electrode]
    tortuosity = pressed.electrode.properties["tortuosity_electrolyte"]
    pressed.compute_properties("all")
    bar.slider.setValue(0)  # while they are computed
    go.set()
    qtbot.waitUntil(lambda: idle(pressed), timeout=SECONDS)
    assert pressed.electrode is pressed.path.electrodes[0]
    assert "pore_size_d50_um" not in pressed.electrode.properties
    assert pressed.pinned[0].properties["pore_size_d50_um"] == 1.5
    bar.slider.setValue(last)
    assert pressed.electrode.properties["pore_size_d50_um"] == 1.5
    assert pressed.electrode.properties["tortuosity_electrolyte"] == tortuosity
    assert pressed.electrode.record["columns"]["pore_size_d50_um"] == 1.5
    pressed.panel.phases.compare.setChecked(False)
    pressed.compute_properties("all")
    qtbot.waitUntil(lambda: idle(pressed), timeout=SECONDS)
    bar.slider.setValue(1)
    bar.slider.setValue(last)
    assert pressed.electrode.properties["pore_size_d50_um"] == 1.5


def test_that_playing_goes_through_the_steps(qtbot, pressed):
    bar = pressed.path_bar
    bar._timer.setInterval(1)
    with qtbot.waitSignals([bar.moved] * len(pressed.path.electrodes), timeout=SECONDS):
        bar.play.click()
    qtbot.waitUntil(lambda: not bar.play.isChecked())
    assert bar.slider.value() == bar.slider.maximum()


def test_that_pressing_says_why_it_is_not_possible(page, model):
    assert "physical protocol" in page.press_button.toolTip()
    assert not page.press_button.isEnabled()
    model.set_parameter("structure/protocol", "physical")
    assert page.press_button.isEnabled()
    model.set_parameter("structure/law", "none")
    assert "law" in page.press_button.toolTip()


def frames_of(file):
    """All frames of a GIF."""
    with Image.open(file) as picture:
        frames = []
        for number in range(picture.n_frames):
            picture.seek(number)
            frames.append(np.array(picture.convert("RGB")).astype(int))
        return frames


@pytest.mark.parametrize("kind", ["spin", "cut"])
def test_that_an_animation_moves_and_leaves_the_view_as_it_was(qtbot, shown, tmp_path, kind):
    file = tmp_path / "moving.gif"
    shown.ask_save_animation()
    dialog = shown.findChild(AnimationDialog)
    dialog.kind.show_value(kind)
    dialog.size_choice.show_value("0.5")
    dialog.seconds.setValue(0.5)
    camera = shown.panel.scene.camera.GetPosition()
    with qtbot.waitSignal(dialog.accepted, timeout=SECONDS):
        dialog.begin(file)
    frames = frames_of(file)
    assert len(frames) == 6
    moved = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames[1:])]
    assert min(moved) > 0.2
    assert shown.panel.scene.camera.GetPosition() == pytest.approx(camera)
    assert shown.panel.scene.clip is None
    assert not shown.panel.phases.cut.isChecked()


def test_that_an_animation_can_be_cancelled(qtbot, shown, tmp_path):
    shown.ask_save_animation()
    dialog = shown.findChild(AnimationDialog)
    dialog.seconds.setValue(30)
    dialog.size_choice.show_value("0.5")
    dialog.begin(tmp_path / "never.gif")
    qtbot.waitUntil(lambda: dialog.progress.value() > 1, timeout=SECONDS)
    dialog.reject()
    assert not (tmp_path / "never.gif").exists()


@pytest.mark.skipif(not has_video(), reason="imageio-ffmpeg is not installed")
def test_that_a_video_is_written(qtbot, shown, tmp_path):
    shown.ask_save_animation()
    dialog = shown.findChild(AnimationDialog)
    dialog.seconds.setValue(0.5)
    dialog.size_choice.show_value("0.5")
    with qtbot.waitSignal(dialog.accepted, timeout=SECONDS):
        dialog.begin(tmp_path / "moving.mp4")
    import imageio_ffmpeg

    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "moving.mp4"))
    assert count == 12 and seconds == pytest.approx(0.5, abs=0.05)
