"""The structure page, driven as a person drives it."""

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from engine.structure.condition import Condition, Recipe
from engine.structure.stack import AM, CBD, ELECTROLYTE, VoxelStack
from engine.structure.stack_io import read_stack, write_stack
from hybridgui import dialogs
from hybridgui.structure.work import Electrode

SECONDS = 240_000


def idle(page):
    """Whether nothing is being made or read."""
    return not page.busy and not page.model.jobs.running


def described(page):
    """Whether an electrode is shown with its properties."""
    return page.electrode is not None and bool(page.electrode.properties)


def generate(qtbot, page):
    """Press the button, and wait for the electrode."""
    before = page.electrode
    qtbot.mouseClick(page.generate_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: idle(page) and page.electrode is not before, timeout=SECONDS)


def type_number(qtbot, field, text):
    """Replace what stands in a field, and press Enter."""
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def picture(page):
    """The picture in the view as an array (height, width, 4)."""
    image = page.panel.view.draw_now()
    buffer = np.frombuffer(image.constBits(), np.uint8)
    return buffer.reshape(image.height(), image.width(), 4).astype(int)


@pytest.fixture
def shown(page, layers):
    """The page with a known stack on it."""
    page.show_electrode(Electrode(layers, "imported", "layers", record={"source": "imported"}))
    QApplication.processEvents()
    return page


def test_that_an_electrode_is_generated_and_described(qtbot, page, said):
    assert page.stack.currentWidget() is page.empty
    assert page.foot.compute.isHidden()  # the study was open before the page was made
    generate(qtbot, page)
    electrode = page.electrode
    assert page.stack.currentWidget() is page.content
    assert electrode.stack.shape[1:] == (16, 18)
    assert float(page.foot.summary.text("tortuosity_solid")) == pytest.approx(
        electrode.properties["tortuosity_solid"], abs=1e-3
    )
    rows = {row.column: row for row in page.tabs.table.rows}
    shares = electrode.stack.phase_fractions
    assert rows["phase_fraction_am"].text == f"{100 * shares['am']:.2f}"
    assert rows["phase_fraction_am"].definition
    assert picture(page)[..., 3].max() == 255
    assert page.tabs.profile.shares["am"].mean() == pytest.approx(100 * shares["am"])
    assert not [m for m in said if m[0] == "error"]


def test_that_a_gap_that_no_calibration_gives_is_a_dash_with_its_reason(qtbot, page):
    pressure, gap = page.form.field("pressure_MPa"), page.form.field("gap_um")
    usual = gap.toolTip()
    pressure.setValue(1500)
    assert gap.text() == "–" and "calibration covers" in gap.toolTip()
    assert pressure.value() == 1500
    pressure.setValue(120)
    assert gap.text() == "14.6 µm" and gap.toolTip() == usual


def test_that_pressure_and_gap_follow_each_other(qtbot, page):
    pressure, gap = page.form.field("pressure_MPa"), page.form.field("gap_um")
    type_number(qtbot, gap, "51")
    expected = 185.53059 * np.exp(-51 / 38.122) - 6.51726
    assert pressure.value() == float(f"{expected:.3g}")
    assert page.form.plan.condition.gap == 51
    type_number(qtbot, pressure, "100")
    assert page.form.plan.condition.pressure == 100
    assert gap.value() == float(f"{-38.122 * np.log(106.51726 / 185.53059):.3g}")


def test_that_derived_values_follow_the_recipe(qtbot, page):
    type_number(qtbot, page.form.field("initial_thickness_um"), "150")
    type_number(qtbot, page.form.field("am_percent"), "95")
    derived = page.form.derived()
    condition = page.form.plan.condition
    assert derived["Porosity after calendering"] == f"{100 * condition.porosity:.1f} %"
    thickness = 150 * (1 - (0.46 - condition.porosity))  # the published protocol's rule
    assert derived["Thickness after calendering"] == f"{thickness:.1f} µm"


@pytest.mark.parametrize("law", ["published", "none"])
def test_that_the_coating_can_be_given_by_loading_or_by_capacity(qtbot, page, model, law):
    form = page.form
    model.set_parameter("structure/protocol", "physical")
    model.set_parameter("structure/law", law)
    model.set_parameter("structure/amount_by", "loading")
    type_number(qtbot, form.field("loading_mg_cm2"), "18.5")
    assert form.derived()["Loading"] == "18.5 mg/cm²"
    assert form.field("initial_thickness_um").isHidden() and form.field("thickness_um").isHidden()
    model.set_parameter("structure/amount_by", "capacity")
    type_number(qtbot, form.field("capacity_mAh_cm2"), "2.5")
    assert form.derived()["Areal capacity"] == "2.50 mAh/cm²"
    model.set_parameter("structure/amount_by", "thickness")
    assert not form.field("thickness_um" if law == "none" else "initial_thickness_um").isHidden()


def test_that_carbon_black_and_binder_can_be_given_apart(qtbot, page, model):
    form = page.form
    model.set_parameter("structure/protocol", "physical")
    model.set_parameter("structure/cbd_parts", "parts")
    type_number(qtbot, form.field("carbon_percent"), "4")
    type_number(qtbot, form.field("binder_density"), "1.2")
    assert form.derived()["Binder"] == "2.0 %"
    recipe = form.plan.condition.recipe
    assert recipe.am_fraction == pytest.approx(0.94)
    assert recipe.cbd_density == pytest.approx(6 / (4 / 1.8 + 2 / 1.2))
    type_number(qtbot, form.field("carbon_percent"), "7")
    assert "101 % together" in form.notice.text
    assert not page.generate_button.isEnabled()


def test_that_the_drawing_of_spheres_belongs_to_the_published_protocol(qtbot, page, model):
    options = page.form.options
    for protocol in ("published", "physical"):
        model.set_parameter("structure/protocol", protocol)
        shown = not options.field("sphere_drawing").parentWidget().isHidden()
        assert shown == (protocol == "published")
        assert options.field("cbd_rule").parentWidget().isHidden() == shown


def test_that_a_condition_shown_in_the_form_comes_back_whole(page, model):
    recipe = Recipe(0.95, am_density=4.2, cbd_density=1.6, cbd_nanoporosity=0.3)
    asked = Condition(recipe, 0.4, 60.0, "resolved", options={"cbd_rule": "bridges"})
    model.set_parameter("structure/amount_by", "loading")
    page.form.set_condition(asked, 3)
    assert page.form.plan.condition.key == asked.key
    assert page.form.seed == 3


def test_that_a_recipe_outside_the_measured_range_is_warned_of(qtbot, page):
    type_number(qtbot, page.form.field("initial_thickness_um"), "100")
    assert "outside" in page.form.notice.text
    type_number(qtbot, page.form.field("gap_um"), "127.5")
    assert page.form.plan.condition is None
    assert "127" in page.form.notice.text
    assert not page.generate_button.isEnabled()
    assert page.generate_button.toolTip() == page.form.plan.problem


def test_that_a_change_can_be_undone(qtbot, page, model):
    field = page.form.field("am_percent")
    before = field.value()
    type_number(qtbot, field, "96")
    assert page.form.plan.condition.recipe.am_fraction == pytest.approx(0.96)
    model.undo_stack.undo()
    assert field.value() == before
    assert page.form.plan.condition.recipe.am_fraction == pytest.approx(before / 100)


def test_that_generation_can_be_cancelled(qtbot, page, said):
    type_number(qtbot, page.form.field("box_x_um"), "60")
    type_number(qtbot, page.form.field("box_y_um"), "60")
    page.generate()
    assert page.generate_button.text() == "Cancel"
    qtbot.mouseClick(page.generate_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: idle(page), timeout=SECONDS)
    assert page.electrode is None
    assert page.generate_button.text() == "Generate"
    assert not said


def test_that_a_reopened_study_shows_the_same_electrode(qtbot, page, model, tmp_path):
    type_number(qtbot, page.form.field("seed"), "5")
    generate(qtbot, page)
    voxels, properties = page.electrode.stack.sha256, page.electrode.properties
    file = tmp_path / "kept.study"
    model.save_as(file)
    model.new()
    assert page.electrode is None
    assert page.stack.currentWidget() is page.empty
    model.open(file)
    qtbot.waitUntil(lambda: idle(page) and page.electrode is not None, timeout=SECONDS)
    assert page.electrode.stack.sha256 == voxels
    assert page.electrode.properties == pytest.approx(properties, nan_ok=True)
    assert page.form.seed == 5
    assert not page.electrode.notes


def test_that_a_structure_that_comes_out_otherwise_is_said(qtbot, page, model, tmp_path):
    generate(qtbot, page)
    record = dict(model.last_structure) | {"voxels_sha256": "0" * 64}
    model.set_last_structure(record)
    file = tmp_path / "kept.study"
    model.save_as(file)
    model.new()
    model.open(file)
    qtbot.waitUntil(lambda: idle(page) and page.electrode is not None, timeout=SECONDS)
    assert "differs from the one stored" in page.notice.text
    assert page.notice.isVisible()


def test_that_a_changed_recipe_marks_the_properties_as_old(qtbot, page):
    generate(qtbot, page)
    assert page.foot.hint.isHidden()
    type_number(qtbot, page.form.field("am_percent"), "95")
    assert "changed since" in page.foot.hint.text()


def test_that_hiding_a_phase_changes_the_picture(qtbot, shown):
    box = shown.panel.phases.boxes[AM]
    before = picture(shown)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert not shown.panel.scene.looks[AM].visible
    after = picture(shown)
    assert (before[..., 3] > 200).sum() > (after[..., 3] > 200).sum()


@pytest.mark.parametrize("mode", ["smooth", "volume", "voxels"])
def test_that_each_mode_draws(qtbot, shown, mode):
    segment = shown.panel.toolbar.modes.segment(mode)
    qtbot.mouseClick(segment, Qt.MouseButton.LeftButton)
    assert shown.panel.scene.mode == mode
    assert (picture(shown)[..., 3] > 30).mean() > 0.03


def test_that_the_mouse_turns_shifts_and_enlarges(qtbot, shown):
    view, camera = shown.panel.view, shown.panel.scene.camera
    start = camera.GetPosition()
    middle = view.rect().center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(view, middle + QPoint(40, 10))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle + QPoint(40, 10))
    turned = camera.GetPosition()
    assert np.linalg.norm(np.subtract(turned, start)) > 1
    focus = camera.GetFocalPoint()
    assert np.linalg.norm(np.subtract(turned, focus)) == pytest.approx(
        np.linalg.norm(np.subtract(start, focus))
    )
    qtbot.mousePress(view, Qt.MouseButton.RightButton, pos=middle)
    qtbot.mouseMove(view, middle + QPoint(30, 0))
    qtbot.mouseRelease(view, Qt.MouseButton.RightButton, pos=middle + QPoint(30, 0))
    assert np.linalg.norm(np.subtract(camera.GetFocalPoint(), focus)) > 0.1
    scale = camera.GetParallelScale()
    wheel(view, middle, 2)
    assert camera.GetParallelScale() < scale
    qtbot.mouseClick(shown.panel.toolbar.views["z"], Qt.MouseButton.LeftButton)
    assert camera.GetDirectionOfProjection() == pytest.approx((0, 0, -1))


def wheel(widget, place, steps):
    """Turn the wheel over a widget."""
    where = QPointF(place)
    event = QWheelEvent(
        where,
        QPointF(widget.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_that_enlarging_keeps_the_point_under_the_pointer(qtbot, shown):
    view = shown.panel.view
    shown.panel.view.look_from("y")
    view.draw_now()
    place = view.rect().center() + QPoint(12, 9)
    before = view.pick_at(QPointF(place))
    wheel(view, place, 5)
    view.draw_now()
    assert view.pick_at(QPointF(place)).index == before.index


def test_that_pointing_names_phase_and_place(qtbot, shown):
    view = shown.panel.view
    view.look_from("y")
    view.draw_now()
    qtbot.mouseMove(view, view.rect().center() + QPoint(0, 3))
    assert shown._pointed.text().startswith("CBD at x ")
    assert "µm" in shown._pointed.text()


def test_that_a_click_brings_the_slices_to_the_voxel(qtbot, shown):
    view = shown.panel.view
    view.look_from("y")
    view.draw_now()
    place = view.rect().center() + QPoint(20, 30)
    pick = view.pick_at(QPointF(place))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)
    assert shown.tabs.slices.position == pick.index
    assert "% electrolyte within 5 µm" in shown._pointed.text()


def test_that_the_cut_opens_the_electrode(qtbot, shown):
    shown.panel.set_look(ELECTROLYTE, visible=True)
    panel = shown.panel
    panel.view.look_from("y")
    whole = panel.view.pick_at(QPointF(panel.view.rect().center()))
    panel.view.draw_now()
    qtbot.mouseClick(panel.phases.cut, Qt.MouseButton.LeftButton)
    assert panel.cut.isVisible()
    panel.view.draw_now()
    opened = panel.view.pick_at(QPointF(panel.view.rect().center()))
    assert whole.index[1] == 0
    assert opened.index[1] == 5  # the middle of ten voxels
    panel.cut.place.setValue(850)
    panel.view.draw_now()
    assert panel.view.pick_at(QPointF(panel.view.rect().center())).index[1] == 8
    qtbot.mouseClick(panel.phases.cut, Qt.MouseButton.LeftButton)
    panel.view.draw_now()
    assert panel.view.pick_at(QPointF(panel.view.rect().center())).index[1] == 0


def test_that_slices_show_the_labels_in_their_place(qtbot, shown, layers):
    shown.tabs.slices.set_position((2, 4, 7))
    image = shown.tabs.slices.panes["y"].image
    assert (image.width(), image.height()) == (12, 10)
    colours = shown.panel.colours
    for z, phase in ((0, AM), (3, AM), (4, CBD), (6, CBD), (7, ELECTROLYTE), (9, ELECTROLYTE)):
        assert image.pixelColor(5, 9 - z).name() == colours[phase].lower()
    assert shown.tabs.slices.title("z") == "z = 2 µm · 3/10"
    assert shown.tabs.slices.panes["z"].image.pixelColor(0, 0).name() == colours[AM].lower()


def test_that_the_wheel_scrolls_slices(qtbot, shown):
    shown.tabs.slices.set_position((2, 4, 7))
    pane = shown.tabs.slices.panes["z"]
    wheel(pane, pane.rect().center(), 3)
    assert shown.tabs.slices.position == (5, 4, 7)
    assert shown.tabs.slices.sliders["z"].value() == 5
    wheel(pane, pane.rect().center(), 99)
    assert shown.tabs.slices.position == (9, 4, 7)


def test_that_a_click_in_one_slice_moves_the_others(qtbot, shown):
    shown.tabs.slices.set_position((2, 4, 7))
    pane = shown.tabs.slices.panes["z"]
    place = pane.place_of((2, 8, 1)).toPoint()
    qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=place)
    assert shown.tabs.slices.position == (2, 8, 1)
    assert shown.tabs.slices.sliders["x"].value() == 1


def test_that_the_table_copies_full_precision(qtbot, page):
    generate(qtbot, page)
    page.tabs.table.copy(everything=True)
    lines = QApplication.clipboard().text().splitlines()
    cells = {line.split("\t")[0]: line.split("\t") for line in lines}
    value = page.electrode.properties["tortuosity_factor_solid"]
    assert float(cells["Tortuosity factor, solid (AM and CBD)"][2]) == value
    assert cells["Volume fraction, AM"][3] == "%"
    share = 100 * page.electrode.properties["phase_fraction_am"]
    assert float(cells["Volume fraction, AM"][2]) == share


@pytest.mark.parametrize("suffix", [".tif", ".npy", ".vti"])
def test_that_exported_voxels_come_back_unchanged(qtbot, shown, layers, tmp_path, suffix, said):
    file = tmp_path / f"out{suffix}"
    shown.export_button.write_stack(file)
    qtbot.waitUntil(lambda: idle(shown) and bool(said), timeout=SECONDS)
    back, _ = read_stack(file)
    assert (back.labels == layers.labels).all()
    assert back.spacing == pytest.approx(layers.spacing)
    assert said == [("success", f"Wrote out{suffix}.")]


def test_that_a_tiff_carries_scale_and_unit_for_fiji(qtbot, shown, tmp_path, said, monkeypatch):
    file = tmp_path / "fiji.tif"
    monkeypatch.setattr(dialogs, "ask_save", lambda *args: str(file))
    shown.export_button.ask_stack()
    qtbot.waitUntil(lambda: idle(shown) and bool(said), timeout=SECONDS)
    with tifffile.TiffFile(file) as tiff:
        assert tiff.is_imagej
        assert tiff.imagej_metadata["spacing"] == pytest.approx(0.8)
        assert tiff.imagej_metadata["unit"] in ("um", "µm", "\\u00B5m")
        assert tiff.asarray().dtype == np.uint8


def test_that_surfaces_are_written_one_file_a_phase(qtbot, shown, tmp_path, monkeypatch, said):
    import threading

    from hybridgui.structure import smooth_surfaces as smoothing

    monkeypatch.setattr(dialogs, "ask_save", lambda *args: str(tmp_path / "electrode.stl"))
    threads = []
    smooth = smoothing.smooth_surfaces

    def noted(*args):
        threads.append(threading.current_thread())
        return smooth(*args)

    monkeypatch.setattr(smoothing, "smooth_surfaces", noted)
    shown.export_button.ask_surfaces()
    qtbot.waitUntil(lambda: idle(shown) and bool(said), timeout=SECONDS)
    assert len(threads) == 1 and threads[0] is not threading.main_thread()
    names = sorted(f.name for f in tmp_path.glob("*.stl"))
    assert names == ["electrode_AM.stl", "electrode_CBD.stl", "electrode_Electrolyte.stl"]
    from vtkmodules.vtkFiltersCore import vtkMassProperties
    from vtkmodules.vtkIOGeometry import vtkSTLReader

    reader = vtkSTLReader()
    reader.SetFileName(str(tmp_path / "electrode_AM.stl"))
    mass = vtkMassProperties()
    mass.SetInputConnection(reader.GetOutputPort())
    assert mass.GetVolume() == pytest.approx(12 * 10 * 3.2, rel=0.05)


def test_that_a_picture_is_saved_in_the_size_asked_for(qtbot, shown, tmp_path, monkeypatch, said):
    from PIL import Image

    from hybridgui.structure.picture_dialog import PictureDialog

    file = tmp_path / "view.png"
    monkeypatch.setattr(dialogs, "ask_save", lambda *args: str(file))
    shown.ask_save_picture()
    dialog = shown.panel.findChild(PictureDialog)
    dialog.background.show_value("transparent")
    dialog.accept()
    with Image.open(file) as saved:
        view = shown.panel.view
        assert saved.size == (2 * view.width(), 2 * view.height())
        assert saved.mode == "RGBA"
        assert saved.getpixel((2, 2))[3] == 0


def test_that_a_picture_can_have_any_size(qtbot, shown):
    from hybridgui.structure.picture_dialog import PictureDialog

    dialog = PictureDialog(shown.panel.view)
    qtbot.addWidget(dialog)
    dialog.size_choice.show_value("other")
    dialog.size_choice.edited.emit("other")
    for field, pixels in zip(dialog.size_fields, (731, 489), strict=True):
        assert field.isEnabled()
        field.show_value(pixels)
    picture = dialog.draw(shown.panel.view)
    assert picture.shape == (489, 731, 3)


def import_file(qtbot, page, file):
    """Import a file up to the question what its values mean."""
    page.import_stack(file)
    qtbot.waitUntil(
        lambda: idle(page) and (page.importing.dialog is not None or not page.busy), timeout=SECONDS
    )
    return page.importing.dialog


def test_that_a_foreign_stack_is_mapped_and_imported(qtbot, page, model, tmp_path):
    labels = np.random.default_rng(3).integers(0, 3, (9, 8, 7)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "scan.tif", np.array([0, 85, 170], np.uint8)[labels])
    dialog = import_file(qtbot, page, tmp_path / "scan.tif")
    assert [c.current for c in dialog.choices.values()] == ["electrolyte", "am", "cbd"]
    type_number(qtbot, dialog.size_fields["Voxel size"], "0.39")
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: idle(page) and described(page),
        timeout=SECONDS,
    )
    assert (page.electrode.stack.labels == labels).all()
    assert page.electrode.stack.spacing == pytest.approx((0.39,) * 3)
    record = model.study.stacks()[0]
    assert record.name == "scan.tif"
    assert record.properties["phase_fractions"]["am"] == pytest.approx(np.mean(labels == AM))


def test_that_an_imported_stack_is_there_when_the_study_is_opened_again(
    qtbot, page, model, tmp_path
):
    write_stack(tmp_path / "in.npy", VoxelStack(np.tile(np.uint8([[[0, 1], [2, 1]]]), (6, 3, 3))))
    dialog = import_file(qtbot, page, tmp_path / "in.npy")
    dialog.accept()
    qtbot.waitUntil(
        lambda: idle(page) and described(page),
        timeout=SECONDS,
    )
    voxels, columns = page.electrode.stack.sha256, page.electrode.properties
    file = tmp_path / "kept.study"
    model.save_as(file)
    model.new()
    model.open(file)
    qtbot.waitUntil(lambda: idle(page) and page.electrode is not None, timeout=SECONDS)
    assert page.electrode.stack.sha256 == voxels
    assert page.electrode.title == "in.npy"
    assert page.electrode.properties == pytest.approx(columns, nan_ok=True)


def test_that_cancelling_an_import_changes_nothing(qtbot, page, model, tmp_path):
    np.save(tmp_path / "in.npy", np.ones((3, 3, 3), np.uint8))
    dialog = import_file(qtbot, page, tmp_path / "in.npy")
    dialog.reject()
    assert page.electrode is None
    assert not model.study.stacks()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.random.default_rng(0).normal(size=(4, 4, 4)), "segment"),
        (np.arange(64, dtype=np.uint8).reshape(4, 4, 4), "64 different values"),
        (np.zeros((4, 4), np.uint8), "single 2d image"),
    ],
)
def test_that_what_is_no_label_volume_is_refused_in_words(
    qtbot, page, tmp_path, content, words, said
):
    np.save(tmp_path / "bad.npy", content)
    page.import_stack(tmp_path / "bad.npy")
    qtbot.waitUntil(lambda: idle(page) and bool(said), timeout=SECONDS)
    (level, sentence) = said[0]
    assert level == "error" and words in sentence.lower() and "bad.npy" in sentence
    assert page.importing.dialog is None
    assert page.electrode is None


def test_that_a_stack_can_be_turned_over(qtbot, page, tmp_path):
    labels = np.ones((4, 3, 3), np.uint8)
    labels[0] = 2
    np.save(tmp_path / "in.npy", labels)
    dialog = import_file(qtbot, page, tmp_path / "in.npy")
    dialog.choices[1].show_value("am")
    dialog.choices[2].show_value("cbd")
    dialog.flip.setChecked(True)
    dialog.accept()
    assert (dialog.stack.labels == labels[::-1]).all()
    qtbot.waitUntil(lambda: idle(page) and page.electrode is not None, timeout=SECONDS)


def test_that_everything_but_the_view_works_without_opengl(qtbot, page, layers, monkeypatch):
    from hybridgui.structure import view
    from hybridgui.structure.canvas import CannotDraw

    def refuse(*args):
        raise CannotDraw("No OpenGL 3.2 here.")

    monkeypatch.setattr(view, "Canvas", refuse)
    page.show_electrode(Electrode(layers, "imported", "layers", record={"source": "imported"}))
    QApplication.processEvents()
    page.grab()
    assert "No OpenGL 3.2 here." in page.panel.view.problem
    assert not page.panel.toolbar.isEnabled()
    shown = page.tabs.slices.panes["z"].image
    assert not shown.isNull()
    generate(qtbot, page)
    assert page.electrode.properties


def test_that_the_page_follows_theme_and_palette(qtbot, shown, monkeypatch):
    from hybridgui.theme import DARK, PAPER_PHASE_COLOURS, Theme, theme

    monkeypatch.setattr(theme(), "_tokens", DARK)
    monkeypatch.setattr(Theme, "phase_colours", property(lambda _: PAPER_PHASE_COLOURS))
    theme().changed.emit()
    assert shown.panel.view.backdrop.top == "#2B3139"
    assert shown.panel.colours[AM] == PAPER_PHASE_COLOURS["am"]
    shown.tabs.slices.set_position((0, 0, 0))
    pixel = shown.tabs.slices.panes["z"].image.pixelColor(0, 0).name()
    assert pixel == PAPER_PHASE_COLOURS["am"].lower()


def test_that_nothing_is_left_when_pages_come_and_go(qtbot, model, layers):
    """`endurance.py` beside this file does the same with the whole window, as often as asked."""
    from PySide6.QtCore import QCoreApplication, QEvent

    from hybridgui.structure.page import StructurePage

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    before = len(QApplication.allWidgets())
    for _ in range(3):
        page = StructurePage(model)
        page.resize(700, 500)
        page.show()
        page.activated()
        page.show_electrode(Electrode(layers, "imported", "layers"))
        page.panel.set_mode("smooth")
        page.panel.phases.cut.setChecked(True)
        page.panel.view.oversampling = 1.0
        page.panel.view.draw_now()
        canvas = page.panel.view.canvas
        page.shut_down()
        assert not canvas.scenes
        page.close()
        page.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QApplication.processEvents()
    left = len(QApplication.allWidgets()) - before
    # Menus and lists that pop up belong to Qt itself, which lets go of them later.
    assert left < 15


def test_that_bare_voxels_are_asked_about_first(qtbot, page, tmp_path):
    from hybridgui.structure.raw_dialog import RawDialog

    labels = np.random.default_rng(5).integers(0, 3, (6, 5, 4)).astype(">u2")
    (tmp_path / "bare.raw").write_bytes(labels.tobytes())
    page.import_stack(tmp_path / "bare.raw")
    dialog = page.findChild(RawDialog)
    assert not dialog.accept_button.isEnabled() or dialog.shape != (6, 5, 4)
    dialog.kind.show_value(">u2")
    dialog.kind.edited.emit(">u2")
    for axis, count in zip("zyx", (6, 5, 4), strict=True):
        dialog.fields[axis].setValue(count)
    assert dialog.accept_button.isEnabled()
    dialog.accept()
    qtbot.waitUntil(lambda: idle(page) and page.importing.dialog is not None, timeout=SECONDS)
    page.importing.dialog.accept()
    qtbot.waitUntil(lambda: idle(page) and page.electrode is not None, timeout=SECONDS)
    assert (page.electrode.stack.labels == labels).all()


@pytest.mark.parametrize(
    ("size", "shape"), [(64**3, (64, 64, 64)), (80 * 50 * 50, (80, 50, 50)), (97, (97, 1, 1))]
)
def test_that_a_likely_shape_is_proposed(size, shape):
    from hybridgui.structure.raw_dialog import likely_shape

    assert likely_shape(size) == shape


def test_that_slices_in_a_folder_come_back(qtbot, shown, page, layers, tmp_path, said, monkeypatch):
    from PySide6.QtWidgets import QFileDialog

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    shown.export_button.ask_slices()
    qtbot.waitUntil(lambda: idle(shown) and bool(said), timeout=SECONDS)
    folder = tmp_path / "electrode"
    assert len(list(folder.glob("*.tif"))) == 10
    dialog = import_file(qtbot, page, folder)
    dialog.accept()
    assert (dialog.stack.labels == layers.labels).all()
    qtbot.waitUntil(lambda: idle(page) and page.electrode.source == "imported", timeout=SECONDS)


def test_that_a_folder_can_be_dropped_and_files_are_left_to_the_window(page, tmp_path):
    from PySide6.QtCore import QMimeData, QUrl
    from PySide6.QtGui import QDragEnterEvent

    for place, taken in ((tmp_path, True), (tmp_path / "a.tif", False)):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(place))])
        event = QDragEnterEvent(
            QPoint(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        event.ignore()
        page.dragEnterEvent(event)
        assert event.isAccepted() == taken


def test_that_sizes_asked_for_and_realised_are_compared(qtbot, page, model):
    generate(qtbot, page)
    page.tabs.setCurrentWidget(page.tabs.sizes)
    assert page.tabs.sizes.choice.current == "particles"
    assert page.tabs.sizes._text.text() == f"{len(page.electrode.structure.particles):,} particles"
    page.compute_properties("all")
    qtbot.waitUntil(lambda: idle(page), timeout=SECONDS)
    assert "pore_size_d50_um" in page.electrode.properties
    page.tabs.sizes.choice.show_value("pore_size_um")
    page.tabs.sizes.choice.edited.emit("pore_size_um")
    assert page.tabs.sizes._text.text().startswith("D10 ")
    assert page.tabs.compute_all.isHidden()
    assert model.last_structure["columns"]["pore_size_d50_um"] > 0


def test_that_a_click_names_the_particle(qtbot, page, model):
    from hybridgui.structure.work import surroundings_of

    model.set_parameter("structure/protocol", "physical")
    generate(qtbot, page)
    stack, particles = page.electrode.stack, page.electrode.structure.particles
    largest = int(np.argmax(particles.radii))
    voxel = tuple(int(c) for c in particles.centres[largest] % stack.shape)
    assert stack.labels[voxel] == AM
    words = surroundings_of(page.electrode, voxel, 3.0)
    assert words.startswith(f"particle {largest + 1} of {len(particles)} · ")
    from engine.structure.voxelise import particle_of_voxel

    owners = particle_of_voxel(stack.labels, particles.centres, particles.radii, stack.voxel_size)
    others = np.argwhere((owners >= 0) & (owners != largest))
    for place in others[:: len(others) // 20]:
        voxel = tuple(int(i) for i in place)
        words = surroundings_of(page.electrode, voxel, 3.0)
        assert words.startswith(f"particle {owners[voxel] + 1} of {len(particles)} · ")


def test_that_flakes_are_named_and_coloured_by_their_shape(qapp):
    from types import SimpleNamespace

    from engine.structure.particles import Particles
    from engine.structure.voxelise import particle_of_voxel
    from hybridgui.bridge import Job
    from hybridgui.structure.colouring import field_work
    from hybridgui.structure.work import surroundings_of

    rng = np.random.default_rng(2)
    shapes = np.tile([0.25, 1.0, 0.0, 0.0], (20, 1))  # lying flat
    flakes = Particles(rng.random((20, 3)) * 10, rng.uniform(1, 2, 20), shapes)
    labels = np.full((20, 20, 20), AM, np.uint8)
    structure = SimpleNamespace(particles=flakes, condition=SimpleNamespace(protocol="physical"))
    electrode = Electrode(VoxelStack(labels, (0.5,) * 3), "generated", "flakes", structure)
    owners = particle_of_voxel(labels, flakes.centres, flakes.radii, 0.5, shapes)
    job = Job("Colouring", lambda job: None)
    field = field_work(electrode, "particle")(job)["particle"].values
    assert np.array_equal(np.nan_to_num(field, nan=-1), owners)
    for place in rng.integers(0, 20, (50, 3)):
        voxel = tuple(int(i) for i in place)
        named = surroundings_of(electrode, voxel, 1.0).partition(" of ")[0]
        assert named == f"particle {owners[voxel] + 1}" or owners[voxel] < 0


def test_that_an_electrode_is_built_again_only_when_somebody_looks(qtbot, page, model, tmp_path):
    generate(qtbot, page)
    model.save_as(tmp_path / "kept.study")
    model.new()
    page.hide()
    model.open(tmp_path / "kept.study")
    assert not model.jobs.running and page.electrode is None
    page.show()
    page.activated()
    qtbot.waitUntil(lambda: idle(page) and page.electrode is not None, timeout=SECONDS)


def test_that_the_planes_in_space_follow_the_slices_and_a_click(qtbot, shown):
    shown.panel.phases.cut.setChecked(True)
    shown.panel.cut.kind.segment("slices").click()
    shown.tabs.slices.set_position((2, 4, 7))
    assert shown.panel.scene.slices == (2, 4, 7)
    assert shown.panel.scene.clip is None and shown.panel.scene.crop is None
    shown.panel.look_from("y")
    shown.panel.view.draw_now()
    place = shown.panel.view._place_of(np.array((2.5, 4.5, 1.3))).toPoint()
    qtbot.mouseClick(shown.panel.view, Qt.MouseButton.LeftButton, pos=place)
    assert shown.tabs.slices.position == (1, 4, 2)
    assert shown.panel.scene.slices == (1, 4, 2)
    shown.panel.phases.cut.setChecked(False)
    assert shown.panel.scene.slices is None


def test_that_a_slice_can_be_enlarged_and_brought_back(qtbot, shown):
    QApplication.processEvents()
    before = shown.splitter.sizes()
    pane = shown.tabs.slices.panes["y"]
    area = pane.width() * pane.height()
    qtbot.mouseDClick(pane, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert shown.tabs.slices.alone == "y"
    assert pane.width() * pane.height() > 2 * area
    assert not shown.tabs.slices.panes["z"].isVisible()
    shown.tabs.slices.enlarge_buttons["y"].click()
    QApplication.processEvents()
    assert shown.tabs.slices.panes["z"].isVisible()
    assert shown.splitter.sizes() == before


def test_that_the_border_between_picture_and_slices_is_remembered(qtbot, shown, model):
    from hybridgui.structure.page import StructurePage

    QApplication.processEvents()
    shown.splitter.moveSplitter(300, 1)
    QApplication.processEvents()
    sizes = shown.splitter.sizes()
    again = StructurePage(model)
    qtbot.addWidget(again, before_close_func=lambda page: page.shut_down())
    again.resize(shown.size())
    again.show()
    again.show_electrode(shown.electrode)
    QApplication.processEvents()
    assert again.splitter.sizes() == sizes


def test_that_the_cuts_are_drawn_to_nearly_one_scale(qtbot, shown):
    QApplication.processEvents()
    scales = [
        pane._frame().width() / (pane._stack.shape[right] * pane._stack.spacing[right])
        for pane, right in ((shown.tabs.slices.panes["z"], 2), (shown.tabs.slices.panes["y"], 2))
    ]
    assert scales[0] == pytest.approx(scales[1], rel=0.3)


def test_that_large_surfaces_are_smoothed_off_the_gui_thread(qtbot, page, monkeypatch):
    import threading

    from hybridgui.structure import scene as scenes

    labels = np.random.default_rng(4).integers(0, 3, (12, 12, 12)).astype(np.uint8)
    page.show_electrode(Electrode(VoxelStack(labels), "imported", "noise"))
    threads = []
    smooth = scenes.smooth_surfaces

    def noted(*args):
        threads.append(threading.current_thread())
        return smooth(*args)

    monkeypatch.setattr(scenes, "smooth_surfaces", noted)
    monkeypatch.setattr(scenes, "_QUICK_TO_SMOOTH", 100)
    page.panel.set_mode("smooth")
    qtbot.waitUntil(lambda: page.panel.scene.mode == "smooth", timeout=SECONDS)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
    assert page.panel.scene.drawn_cells > 0


def test_that_smoothing_stops_when_it_is_cancelled(qtbot, page, monkeypatch):
    import threading

    from hybridgui.structure import scene as scenes

    labels = np.random.default_rng(4).integers(0, 3, (12, 12, 12)).astype(np.uint8)
    page.show_electrode(Electrode(VoxelStack(labels), "imported", "noise"))
    go, smooth, made = threading.Event(), scenes.smooth_surfaces, []

    def held(*args):
        go.wait(60)
        made.append(smooth(*args))
        return made[-1]

    monkeypatch.setattr(scenes, "smooth_surfaces", held)
    monkeypatch.setattr(scenes, "_QUICK_TO_SMOOTH", 100)
    page.panel.set_mode("smooth")
    (job,) = page.model.jobs.running
    with qtbot.waitSignal(job.cancelled, timeout=SECONDS):
        job.cancel()
        go.set()
    assert not made
    assert page.panel.scene.mode == "voxels" == page.panel.toolbar.modes.current


def test_that_a_preview_of_particles_can_be_dropped(tmp_path):
    from engine.errors import Cancelled
    from engine.progress import Progress
    from engine.structure.particle_table import read_table
    from hybridgui.structure.particle_dialog import preview_particles

    (tmp_path / "list.txt").write_text("x y z radius\n5 5 5 2\n9 9 9 2\n")
    table = read_table(tmp_path / "list.txt")
    heard = []
    preview_particles(table, {}, 0.5, Progress(lambda fraction, stage: heard.append(fraction)))
    assert len(heard) >= 3 and heard == sorted(heard)
    for step in heard[:-1]:  # asked at any report, it stops at the next
        asked = []
        progress = Progress(
            lambda fraction, _, step=step, asked=asked: fraction >= step and asked[0].cancel()
        )
        asked.append(progress)
        with pytest.raises(Cancelled):
            preview_particles(table, {}, 0.5, progress)


def test_that_particles_of_a_simulation_are_asked_about_and_cut_into_voxels(qtbot, page, tmp_path):
    rows = ["1 1 -5e-6 0 5e-6 3e-6", "2 2 5e-6 0 15e-6 2e-6", "3 7 0 0 10e-6 9e-6"]
    bounds = "-1e-5 1e-5\n-1e-5 1e-5\n0 2e-5\n"
    (tmp_path / "dem.dump").write_text(
        f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n3\nITEM: BOX BOUNDS pp pp ff\n{bounds}"
        "ITEM: ATOMS id type x y z radius\n" + "\n".join(rows)
    )
    page.import_particles(tmp_path / "dem.dump")
    qtbot.waitUntil(lambda: page.importing.particles is not None, timeout=SECONDS)
    dialog = page.importing.particles
    qtbot.waitUntil(lambda: dialog.preview is not None, timeout=SECONDS)
    assert dialog.unit.current == "m" and dialog.periodic.isChecked()
    assert [f.value() for f in dialog.edges["x"]] == [-10.0, 10.0]
    assert {kind: choice.current for kind, choice in dialog.types.items()} == {
        1: "am", 2: "cbd", 7: "cbd",
    }  # fmt: skip
    dialog.types[7].show_value("none")
    dialog.types[7].edited.emit("none")
    assert not dialog.accept_button.isEnabled()
    dialog.on_top.setChecked(True)
    qtbot.waitUntil(lambda: dialog.accept_button.isEnabled(), timeout=SECONDS)
    assert dialog.state.text().startswith("2 particles, 40 × 40 × 40 voxels")
    dialog.accept()
    qtbot.waitUntil(lambda: idle(page) and page.electrode is not None, timeout=SECONDS)
    stack = page.electrode.stack
    assert stack.voxel_size == 0.5 and page.electrode.source == "imported"
    assert stack.labels[29, 20, 10] == 1  # turned over: what lay at 5 µm lies 5 µm from the top
    assert stack.labels[9, 20, 30] == 2


def test_that_an_answer_that_cannot_be_is_refused_in_the_dialog(qtbot, page, tmp_path):
    (tmp_path / "list.txt").write_text("x y z d type\n5 5 5 2 1.5\n")
    page.import_particles(tmp_path / "list.txt")
    qtbot.waitUntil(lambda: page.importing.particles is not None, timeout=SECONDS)
    dialog = page.importing.particles
    assert "whole numbers" in dialog.accept_button.toolTip()
    dialog.type_column.show_value("")
    dialog.type_column.edited.emit("")
    qtbot.waitUntil(lambda: dialog.accept_button.isEnabled(), timeout=SECONDS)
    dialog.voxel.setValue(900.0)
    qtbot.waitUntil(lambda: "does not fit" in dialog.accept_button.toolTip(), timeout=SECONDS)
    dialog.reject()


def test_that_a_view_of_everything_shows_everything_at_another_size_too(qtbot, shown):
    panel = shown.panel
    panel.look_from("corner")
    panel.view.draw_now()

    def spread():
        x, y, z = panel.scene.size
        corners = [(a, b, c) for a in (0, x) for b in (0, y) for c in (0, z)]
        return [panel.view._place_of(np.array(corner)).x() for corner in corners]

    shown.splitter.setSizes([240, 600])
    QApplication.processEvents()
    panel.view.draw_now()
    assert min(spread()) > 0 and max(spread()) < panel.view.width()
    panel.view.zoom(4.0)
    scale = panel.scene.camera.GetParallelScale()
    shown.splitter.setSizes([420, 420])
    QApplication.processEvents()
    assert panel.scene.camera.GetParallelScale() == scale  # what the user chose stays


def test_that_the_resolution_is_checked_beside_the_other_properties(qtbot, page, model):
    model.set_parameter("structure/protocol", "physical")
    generate(qtbot, page)
    before = dict(page.electrode.properties)
    page.tabs.check_resolution.click()
    name = "extrapolated_tortuosity_factor_electrolyte"
    qtbot.waitUntil(lambda: idle(page) and name in page.electrode.properties, timeout=SECONDS)
    assert page.tabs.check_resolution.isHidden()
    assert {key: page.electrode.properties[key] for key in before} == before
    assert any(row.column == name and row.symbol for row in page.tabs.table.rows)


def test_that_likeness_is_drawn_beside_the_sizes(qtbot, page, model):
    model.set_parameter("structure/protocol", "physical")
    generate(qtbot, page)
    page.compute_properties("all")
    measured = "representative_volume"
    qtbot.waitUntil(
        lambda: idle(page) and measured in page.electrode.record["properties"], timeout=SECONDS
    )
    choice = page.tabs.sizes.choice
    for key, said in (
        ("radial_distribution", "random arrangement"),
        ("two_point_correlation", "Correlation length: Electrolyte"),
        ("representative_volume", "Sub-volumes of"),
    ):
        choice.show_value(key)
        choice.edited.emit(key)
        assert said in page.tabs.sizes._text.text()


def test_that_bulk_conductivities_change_the_properties_shown(qtbot, page, model):
    labels = np.full((9, 6, 5), ELECTROLYTE, np.uint8)
    labels[3:6] = CBD
    record = {"source": "made up"}
    page.show_electrode(Electrode(VoxelStack(labels), "pressed", "a wall", record=record))
    page.compute_properties()
    qtbot.waitUntil(lambda: idle(page) and described(page), timeout=SECONDS)
    name = "effective_conductivity_ionic_S_per_m"
    assert page.electrode.properties[name] == 0
    assert "nanopores" in page.foot.blocked.text() and not page.foot.blocked.isHidden()
    fields = page.form._inputs.conductivities.fields
    fields["cbd_ionic"].setValue(0.36)
    qtbot.waitUntil(lambda: idle(page) and page.electrode.properties[name] > 0, timeout=SECONDS)
    series = 9 / (6 / 1.119 + 3 / 0.36)
    assert page.electrode.properties[name] == pytest.approx(series, rel=1e-3)
    assert page.foot.summary.text(name) == f"{page.electrode.properties[name]:.4f}"
    assert page.foot.blocked.isHidden()
    assert page.electrode.record["conductivities"]["cbd_ionic"] == 0.36
    model.undo_stack.undo()
    qtbot.waitUntil(lambda: idle(page) and page.electrode.properties[name] == 0, timeout=SECONDS)
    assert fields["cbd_ionic"].value() == 0


def test_that_a_large_electrode_waits_until_its_properties_are_asked_for_again(
    qtbot, page, model, monkeypatch
):
    from hybridgui.structure import page as pages

    monkeypatch.setattr(pages, "_QUICK_VOXELS", 10)
    labels = np.zeros((6, 5, 4), np.uint8)
    page.show_electrode(Electrode(VoxelStack(labels), "pressed", "pores", record={}))
    page.compute_properties()
    qtbot.waitUntil(lambda: idle(page) and described(page), timeout=SECONDS)
    model.set_parameter("structure/conductivities", {"electrolyte": 2.0})
    assert not page.busy
    assert "bulk conductivities were changed" in page.foot.hint.text()
    assert not page.foot.compute.isHidden()
    qtbot.mouseClick(page.foot.compute, Qt.MouseButton.LeftButton)
    name = "effective_conductivity_ionic_S_per_m"
    qtbot.waitUntil(
        lambda: idle(page) and page.electrode.properties[name] == pytest.approx(2.0),
        timeout=SECONDS,
    )
    assert page.foot.hint.isHidden() and page.foot.compute.isHidden()
