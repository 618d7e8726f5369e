"""Pictures of known structures, compared with the pixels they must have."""

import numpy as np
import pytest

from engine.structure.stack import AM, CBD, ELECTROLYTE, VoxelStack
from hybridgui.structure.backdrop import WHITE
from hybridgui.structure.fields import Field
from hybridgui.structure.lengths import nice_length
from hybridgui.structure.phases import DEFAULT_COLOURS, rgb


def colour(phase):
    """Colour of a phase as in a picture."""
    return np.array([round(255 * c) for c in rgb(DEFAULT_COLOURS[phase])])


def plain(scene, stack, view="y"):
    """Show a stack in plain colours and nothing else."""
    scene.set_stack(stack)
    scene.set_lighting(False)
    scene.set_slabs(False)
    scene.set_outline(False)
    scene.set_annotations(False, False, False)
    scene.look_from(view)


def pixel_of(scene, x, y, z, height):
    """Row and column in the picture of a point in µm."""
    scene.renderer.SetWorldPoint(x, y, z, 1)
    scene.renderer.WorldToDisplay()
    column, row, _ = scene.renderer.GetDisplayPoint()
    return round(height - 1 - row), round(column)


@pytest.mark.parametrize("mode", ["voxels", "smooth"])
def test_that_each_phase_has_its_colour_at_its_height(canvas, scene, layers, mode):
    plain(scene, layers)
    scene.set_mode(mode)
    scene.set_look(ELECTROLYTE, visible=True)
    picture = canvas.image(WHITE).astype(int)
    for z, phase in ((1.0, AM), (2.9, AM), (3.6, CBD), (5.2, CBD), (6.0, ELECTROLYTE)):
        row, column = pixel_of(scene, 6.0, 0.0, z, 300)
        assert np.abs(picture[row, column] - colour(phase)).max() <= 2, (z, phase)


def test_that_the_borders_between_layers_lie_at_their_height(canvas, scene, layers):
    plain(scene, layers)
    scene.set_look(ELECTROLYTE, visible=True)
    picture = canvas.image(WHITE).astype(int)
    column = pixel_of(scene, 6.0, 0.0, 4.0, 300)[1]
    is_am = np.abs(picture[:, column] - colour(AM)).max(axis=1) < 40
    is_cbd = np.abs(picture[:, column] - colour(CBD)).max(axis=1) < 40
    pixels_per_um = 1 / scene.um_per_pixel
    assert is_am.sum() == pytest.approx(3.2 * pixels_per_um, abs=1.5)
    assert is_cbd.sum() == pytest.approx(2.4 * pixels_per_um, abs=1.5)


def test_that_the_collector_is_at_the_bottom_and_the_separator_on_top(canvas, scene):
    labels = np.full((6, 4, 4), CBD, np.uint8)
    labels[0] = AM
    plain(scene, VoxelStack(labels))
    bottom = canvas.image(WHITE)[pixel_of(scene, 2, 0, 0.5, 300)]
    assert np.abs(bottom.astype(int) - colour(AM)).max() <= 2
    scene.set_slabs(True)
    scene.look_from("y")
    picture = canvas.image(WHITE).astype(int)
    below = picture[pixel_of(scene, 2, 0, -0.1, 300)]
    above = picture[pixel_of(scene, 2, 0, 6.1, 300)]
    assert np.ptp(below) < 20 and below.mean() < 200  # grey metal
    assert above[0] >= above[2] and above.mean() > 215  # pale


def test_that_x_runs_to_the_right_and_y_to_the_back(canvas, scene):
    labels = np.zeros((2, 6, 6), np.uint8)
    labels[:, :3, 3:] = AM  # front right
    labels[:, 3:, :3] = CBD  # back left
    plain(scene, VoxelStack(labels), "z")
    picture = canvas.image(WHITE).astype(int)
    for x, y, phase in ((4.5, 1.5, AM), (1.5, 4.5, CBD)):
        row, column = pixel_of(scene, x, y, 2, 300)
        assert np.abs(picture[row, column] - colour(phase)).max() <= 2
    front = pixel_of(scene, 3, 0, 2, 300)[0]
    back = pixel_of(scene, 3, 6, 2, 300)[0]
    assert front > back  # seen from above, the front is below in the picture


def test_that_a_hidden_phase_shows_what_lies_behind(canvas, scene):
    labels = np.full((4, 4, 4), ELECTROLYTE, np.uint8)
    labels[:, 2:] = AM
    plain(scene, VoxelStack(labels))
    row, column = pixel_of(scene, 2, 0, 2, 300)
    assert np.abs(canvas.image(WHITE)[row, column].astype(int) - colour(AM)).max() <= 2
    scene.set_look(AM, visible=False)
    assert (canvas.image(WHITE)[row, column] == 255).all()
    scene.set_look(ELECTROLYTE, visible=True)
    seen = canvas.image(WHITE)[row, column].astype(int)
    assert np.abs(seen - colour(ELECTROLYTE)).max() <= 2


def test_that_a_translucent_phase_lets_the_next_one_through(canvas, scene):
    labels = np.full((4, 4, 4), ELECTROLYTE, np.uint8)
    labels[:, 2:] = AM
    plain(scene, VoxelStack(labels))
    scene.set_look(ELECTROLYTE, visible=True, opacity=0.5)
    row, column = pixel_of(scene, 2, 0, 2, 300)
    seen = canvas.image(WHITE)[row, column].astype(int)
    between = (colour(ELECTROLYTE) + colour(AM)) / 2
    assert np.abs(seen - between).max() <= 12


@pytest.mark.parametrize("mode", ["voxels", "smooth"])
def test_that_a_cut_shows_the_phases_inside(canvas, scene, mode):
    labels = np.full((8, 8, 8), ELECTROLYTE, np.uint8)
    labels[2:6, 2:6, 2:6] = AM
    labels[3:5, 3:5, 3:5] = CBD
    plain(scene, VoxelStack(labels))
    scene.set_mode(mode)
    scene.set_look(ELECTROLYTE, visible=True)
    scene.set_clip((0, 4, 0), (0, 2, 0))
    picture = canvas.image(WHITE).astype(int)
    for x, phase in ((1.0, ELECTROLYTE), (2.5, AM), (3.5, CBD), (5.5, AM)):
        row, column = pixel_of(scene, x, 4, 4, 300)
        assert np.abs(picture[row, column] - colour(phase)).max() <= 2, (x, phase)
    scene.set_clip(None)
    row, column = pixel_of(scene, 3.5, 0, 4, 300)
    assert np.abs(canvas.image(WHITE)[row, column] - colour(ELECTROLYTE)).max() <= 2


@pytest.mark.parametrize("mode", ["voxels", "smooth"])
def test_that_a_crop_shows_the_box_that_was_asked_for(canvas, scene, layers, mode):
    plain(scene, layers)
    scene.set_mode(mode)
    scene.set_crop(((0, 10), (5, 10), (3, 9)))
    picture = canvas.image(WHITE).astype(int)
    is_am = (np.abs(picture - colour(AM)).max(axis=2) < 40).any(axis=0)
    assert is_am.sum() * scene.um_per_pixel == pytest.approx(6.0, abs=3 * scene.um_per_pixel)
    assert scene.pick(*centre_of(scene, 4.5, 0, 1.0)).index == (1, 5, 4)


def test_that_the_whole_box_as_a_crop_is_no_crop(scene, layers):
    scene.set_stack(layers)
    scene.set_crop(((0, 99), (-4, 10), (0, 12)))
    assert scene.crop is None


def centre_of(scene, x, y, z):
    """Pixel of a point as Qt's pointer would have it in VTK's count (from below)."""
    scene.renderer.SetWorldPoint(x, y, z, 1)
    scene.renderer.WorldToDisplay()
    column, row, _ = scene.renderer.GetDisplayPoint()
    return column, row


def test_that_the_scale_bar_is_as_long_as_it_says_at_every_zoom(canvas, scene, layers):
    plain(scene, layers)
    scene.set_annotations(True, False, False)
    for zoom in (1.0, 2.7, 11.0, 0.3):
        scene.camera.Zoom(zoom)
        picture = canvas.image(WHITE)
        bar = scene.scale_bar
        ends = [centre_of(scene, x, 5, 4)[0] for x in (0.0, bar.length)]
        assert bar.pixels == pytest.approx(ends[1] - ends[0], abs=0.5)
        assert 40 < bar.pixels <= 161
        dark = (picture.max(axis=2) < 110)[300 - 17]
        drawn = np.flatnonzero(dark[: 16 + 170])
        assert drawn.size == pytest.approx(bar.pixels, abs=2)
        assert drawn[0] == pytest.approx(16, abs=1)


@pytest.mark.parametrize(
    ("longest", "length"), [(1.0, 1.0), (0.99, 0.5), (4.9, 2), (5, 5), (173, 100), (0.023, 0.02)]
)
def test_that_scale_bars_have_round_lengths(longest, length):
    assert nice_length(longest) == pytest.approx(length)


def test_that_pointing_at_a_voxel_names_it(canvas, scene, layers):
    plain(scene, layers)
    canvas.render()
    found = scene.pick(*centre_of(scene, 7.5, 0, 3.6))
    assert found.index == (4, 0, 7)
    assert found.phase == CBD
    assert found.position == pytest.approx((7.5, 0.5, 3.6))
    assert scene.pick(2, 2) is None


def test_that_a_field_colours_the_voxels(canvas, scene, layers):
    plain(scene, layers)
    scene.set_look(ELECTROLYTE, visible=True)
    values = np.indices(layers.shape)[2].astype(float)
    scene.set_field(Field(values, "x (voxels)", colours="viridis", range=(0, 11)))
    picture = canvas.image(WHITE).astype(int)
    left = picture[pixel_of(scene, 0.5, 0, 4, 300)]
    right = picture[pixel_of(scene, 11.5, 0, 4, 300)]
    assert np.abs(left - (68, 1, 84)).max() <= 6  # the ends of viridis
    assert np.abs(right - (253, 231, 37)).max() <= 6
    scene.set_field(None)
    row, column = pixel_of(scene, 0.5, 0, 1, 300)
    assert np.abs(canvas.image(WHITE)[row, column].astype(int) - colour(AM)).max() <= 2


def test_that_a_volume_is_a_cloud_in_the_colours_of_the_phases(canvas, scene):
    labels = np.full((8, 8, 8), ELECTROLYTE, np.uint8)
    labels[:, :, 4:] = AM
    plain(scene, VoxelStack(labels))
    scene.set_mode("volume")
    picture = canvas.image(WHITE).astype(int)
    red = picture[pixel_of(scene, 6, 4, 4, 300)]
    assert red[0] > red[1] > red[2] and red[2] < 200
    assert (picture[pixel_of(scene, 1.5, 4, 4, 300)] > 250).all()


def test_that_a_screenshot_has_its_size_and_a_clear_background(canvas, scene, layers):
    plain(scene, layers)
    picture = canvas.screenshot(1000, 700, backdrop=None)
    assert picture.shape == (700, 1000, 4)
    assert (picture[3, 3] == 0).all()
    assert picture[350, 500, 3] == 255
    assert canvas.size == (400, 300)
    whole = canvas.screenshot(1000, 700, backdrop=WHITE)
    assert (whole[3, 3] == 255).all()


def test_that_occlusion_darkens_hollows_and_keeps_the_background_clear(canvas, scene):
    labels = np.full((16, 16, 16), AM, np.uint8)
    labels[6:10, :8, 6:10] = ELECTROLYTE  # a square hole in the front
    scene.set_stack(VoxelStack(labels))
    scene.set_slabs(False)
    scene.set_annotations(False, False, False)
    scene.look_from("y")
    hole = pixel_of(scene, 6.4, 8, 6.4, 300)  # in a corner of its floor
    before = canvas.image(WHITE)[hole].astype(int).sum()
    scene.set_occlusion(True)
    picture = canvas.image(WHITE)
    assert picture[hole].astype(int).sum() < 0.97 * before
    assert (picture[3, 3] == 255).all()


def test_that_two_scenes_share_one_camera(canvas, scene, layers, noise):
    from hybridgui.structure.scene import StructureScene

    other = StructureScene()
    scene.set_stack(layers)
    other.set_stack(noise)
    canvas.set_scenes([scene, other])
    scene.look_from("corner")
    canvas.render()
    assert other.camera is scene.camera
    assert canvas.scene_at(100, 150) is scene
    assert canvas.scene_at(300, 150) is other


def test_that_thinned_voxels_fill_the_same_box(canvas, scene, layers):
    plain(scene, layers)
    whole = canvas.image(WHITE).astype(int)
    scene.set_stride(2)
    thin = canvas.image(WHITE).astype(int)
    drawn = [(p.min(axis=2) < 250) for p in (whole, thin)]
    columns = [np.flatnonzero(d.any(axis=0)) for d in drawn]
    assert columns[0][0] == columns[1][0] and columns[0][-1] == columns[1][-1]


def test_that_three_planes_stand_where_the_slices_are(canvas, scene, noise):
    plain(scene, noise, "x")
    scene.set_slices((2, 3, 1))
    picture = canvas.image(WHITE).astype(int)
    for z in range(7):
        for y in (0, 1, 5):  # not where the plane across y stands in the line of sight
            row, column = pixel_of(scene, 3.0, y + 0.5, 0.5 * z + 0.35, 300)
            phase = int(noise.labels[z, y, 1])
            wanted = colour(phase) if phase != ELECTROLYTE else (228, 231, 235)
            assert np.abs(picture[row, column] - wanted).max() <= 2, (z, y)
    scene.set_slices(None)
    assert scene.slices is None


def test_that_the_planes_are_pointed_at_where_they_stand(canvas, scene, layers):
    plain(scene, layers)
    scene.set_slices((5, 4, 6))
    scene.look_from("y")
    canvas.render()
    found = scene.pick(*centre_of(scene, 2.5, 4.5, 1.3))
    assert found.index == (1, 4, 2) and found.phase == AM
    scene.look_from("z")
    canvas.render()
    assert scene.pick(*centre_of(scene, 2.5, 8.5, 4.4)).index == (5, 8, 2)


def test_that_planes_follow_a_field(canvas, scene, layers):
    plain(scene, layers, "z")
    scene.set_slices((5, 4, 6))
    values = np.where(np.indices(layers.shape)[2] < 6, 0.0, 1.0)
    scene.set_field(Field(values, "side (–)", "viridis", range=(0, 1)))
    picture = canvas.image(WHITE).astype(int)
    left = picture[pixel_of(scene, 2.5, 8.5, 4.4, 300)]
    right = picture[pixel_of(scene, 9.5, 8.5, 4.4, 300)]
    assert np.abs(left - (68, 1, 84)).max() <= 6
    assert np.abs(right - (253, 231, 37)).max() <= 6
