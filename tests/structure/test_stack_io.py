import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.errors import InputError
from engine.structure.stack import VoxelStack
from engine.structure.stack_io import read_stack, write_stack
from tests.shared_data import shared_file


def random_stack(shape=(7, 6, 5), spacing=(0.5, 0.390625, 0.33)):
    return VoxelStack(np.random.default_rng(0).integers(0, 3, shape, dtype=np.uint8), spacing)


@pytest.mark.parametrize("name", ["s.tif", "s.npy", "s.vti", "s.raw", "slices"])
@pytest.mark.parametrize("shape", [(7, 6, 5), (1, 4, 4), (12, 1, 2)])
def test_that_a_stack_comes_back_exactly_with_its_voxel_size(tmp_path, name, shape):
    stack = random_stack(shape)
    write_stack(tmp_path / name, stack, "a description")
    back, _ = read_stack(tmp_path / name)
    assert np.array_equal(back.labels, stack.labels)
    if name != "slices" or shape[0] > 1:
        assert back.spacing == stack.spacing


@given(
    labels=hnp.arrays(np.uint8, st.tuples(*[st.integers(2, 9)] * 3), elements=st.integers(0, 2)),
    spacing=st.tuples(*[st.floats(0.01, 50)] * 3),
    compressed=st.booleans(),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_that_any_stack_survives_a_tiff(tmp_path, labels, spacing, compressed):
    path = tmp_path / "any.tif"
    write_stack(path, VoxelStack(labels, spacing), compressed=compressed)
    back, notes = read_stack(path)
    assert np.array_equal(back.labels, labels)
    assert back.spacing == pytest.approx(spacing, rel=1e-6)
    assert notes == []


def test_that_imagej_finds_the_scale_of_all_three_axes(tmp_path):
    write_stack(tmp_path / "s.tif", random_stack(), "NMC111, seed 3")
    with tifffile.TiffFile(tmp_path / "s.tif") as tiff:
        assert tiff.is_imagej
        assert tiff.series[0].axes == "ZYX"
        assert tiff.series[0].dtype == np.uint8
        meta = tiff.imagej_metadata
        assert (meta["unit"], meta["spacing"], meta["slices"]) == ("um", 0.5, 7)
        assert meta["Info"] == "NMC111, seed 3"
        for tag, edge in (("XResolution", 0.33), ("YResolution", 0.390625)):
            numerator, denominator = tiff.pages[0].tags[tag].value
            assert denominator / numerator == pytest.approx(edge, rel=1e-6)
        assert tiff.pages[0].tags["ResolutionUnit"].value == 1  # the unit stands in the metadata


def test_that_grey_values_are_mapped_to_phases_and_the_option_sets_the_voxel_size(tmp_path):
    values = np.zeros((6, 5, 7), np.uint8)
    values[1], values[2] = 85, 170
    tifffile.imwrite(tmp_path / "grey.tif", values)
    stack, notes = read_stack(tmp_path / "grey.tif", 0.25, {"electrolyte": 0, "am": 85, "cbd": 170})
    assert np.array_equal(stack.labels, values // 85)
    assert stack.spacing == (0.25, 0.25, 0.25)
    assert notes == []


def test_that_several_values_can_be_one_phase(tmp_path):
    values = np.arange(120, dtype=np.uint16).reshape(6, 4, 5) % 4 * 300
    tifffile.imwrite(tmp_path / "many.tif", values)
    stack, _ = read_stack(
        tmp_path / "many.tif", 1, {"electrolyte": [0, 300], "am": 600, "cbd": 900}
    )
    assert np.array_equal(stack.labels, np.array([0, 0, 1, 2], np.uint8)[values // 300])


def test_that_a_file_without_a_scale_is_taken_at_one_micrometre_and_this_is_said(tmp_path):
    tifffile.imwrite(tmp_path / "bare.tif", np.zeros((6, 4, 5), np.uint8))
    stack, notes = read_stack(tmp_path / "bare.tif")
    assert stack.spacing == (1.0, 1.0, 1.0)
    assert "1 µm was taken" in notes[0]


@pytest.mark.parametrize(
    ("unit", "factor"), [("nm", 1e-3), ("micron", 1), ("mm", 1e3), ("cm", 1e4)]
)
def test_that_length_units_of_imagej_are_converted(tmp_path, unit, factor):
    tifffile.imwrite(
        tmp_path / "unit.tif", np.zeros((6, 4, 5), np.uint8), imagej=True,
        resolution=(1 / 4, 1 / 2), metadata={"axes": "ZYX", "spacing": 8, "unit": unit},
    )  # fmt: skip
    stack, _ = read_stack(tmp_path / "unit.tif")
    assert stack.spacing == pytest.approx((8 * factor, 2 * factor, 4 * factor))


def test_that_ome_tiff_gives_its_voxel_size(tmp_path):
    tifffile.imwrite(
        tmp_path / "o.ome.tif", np.zeros((6, 4, 5), np.uint8),
        metadata={"axes": "ZYX", "PhysicalSizeX": 400, "PhysicalSizeXUnit": "nm",
                  "PhysicalSizeY": 0.4, "PhysicalSizeZ": 0.5},
    )  # fmt: skip
    assert read_stack(tmp_path / "o.ome.tif")[0].spacing == pytest.approx((0.5, 0.4, 0.4))


def test_that_a_value_of_no_phase_is_named(tmp_path):
    values = np.zeros((6, 5, 7), np.uint8)
    values[1, 2, 3:5] = 7
    tifffile.imwrite(tmp_path / "odd.tif", values)
    with pytest.raises(InputError, match=r"odd\.tif: the value 7 \(7 in 2 voxels\)"):
        read_stack(tmp_path / "odd.tif")


def _write(path, data, **how):
    tifffile.imwrite(path, data, **how)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (np.zeros((20, 20), np.uint8), "single 2D image"),
        (np.zeros((20, 20, 3), np.uint8), "colour image"),
        (np.zeros((5, 20, 20, 3), np.uint8), "colour image"),
        (np.zeros((5, 20, 20), np.float32), "decimal numbers"),
    ],
)
def test_that_a_tiff_that_is_no_stack_is_refused_in_one_sentence(tmp_path, data, reason):
    tifffile.imwrite(tmp_path / "x.tif", data)
    with pytest.raises(InputError, match=reason) as refusal:
        read_stack(tmp_path / "x.tif")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("how", [{"imagej": True}, {"compression": "zlib"}, {"metadata": None}])
def test_that_a_truncated_tiff_is_refused(tmp_path, share, how):
    labels = np.random.default_rng(1).integers(0, 3, (30, 20, 10), dtype=np.uint8)
    whole = _write(tmp_path / "x.tif", labels, **how)
    (tmp_path / "x.tif").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=r"cut short|damaged|not a TIFF"):
        read_stack(tmp_path / "x.tif")


@pytest.mark.parametrize("name", ["x.tif", "x.npy", "x.vti", "x.raw", "x.txt"])
@pytest.mark.parametrize("content", [b"", b"hello, this is no stack at all", bytes(range(256))])
def test_that_a_file_of_something_else_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        read_stack(tmp_path / name)


def test_that_pickled_arrays_are_not_loaded(tmp_path):
    np.save(tmp_path / "x.npy", np.array([[[{}]]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="not a readable"):
        read_stack(tmp_path / "x.npy")


def test_that_a_raw_file_needs_a_shape_that_fits(tmp_path):
    stack = random_stack()
    stack.labels.tofile(tmp_path / "x.raw")
    with pytest.raises(InputError, match="give its shape"):
        read_stack(tmp_path / "x.raw")
    with pytest.raises(InputError, match="check shape and type"):
        read_stack(tmp_path / "x.raw", shape=(7, 6, 6))
    back, _ = read_stack(tmp_path / "x.raw", shape=(7, 6, 5))
    assert np.array_equal(back.labels, stack.labels)


def test_that_the_unknown_and_the_missing_are_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_stack(tmp_path / "none.tif")
    with pytest.raises(InputError, match="not a stack format"):
        write_stack(tmp_path / "s.png", random_stack())
    with pytest.raises(InputError, match="Cannot write"):
        write_stack(tmp_path / "absent" / "s.tif", random_stack())
    with pytest.raises(InputError, match="not one of electrolyte"):
        write_stack(tmp_path / "s.tif", random_stack())
        read_stack(tmp_path / "s.tif", phases={"pore": 0})


def test_that_a_tomography_volume_of_another_source_can_be_read():
    path = shared_file("nmc_electrode_256.tiff")
    stack, _ = read_stack(path, 0.390625, {"electrolyte": 0, "am": 85, "cbd": 170})
    assert stack.shape == (256, 256, 256)
    shares = [round(share, 4) for share in stack.phase_fractions.values()]
    assert shares == [0.4499, 0.4005, 0.1496]
    with pytest.raises(InputError, match="the values 85, 170"):
        read_stack(path)


@pytest.mark.parametrize(("unit", "length"), [("CENTIMETER", 1e4), ("INCH", 25400.0)])
def test_that_the_resolution_of_a_plain_tiff_is_its_voxel_size(tmp_path, unit, length):
    tifffile.imwrite(
        tmp_path / "r.tif", np.zeros((6, 4, 5), np.uint8),
        resolution=(length / 0.5, length / 0.25), resolutionunit=unit,
    )  # fmt: skip
    stack, notes = read_stack(tmp_path / "r.tif")
    assert stack.spacing == pytest.approx((0.5, 0.25, 0.5), rel=1e-6)
    assert notes == ["The file declares no slice distance; that of the pixels in x was used."]


def test_that_the_resolution_of_a_print_is_no_voxel_size(tmp_path):
    tifffile.imwrite(
        tmp_path / "p.tif", np.zeros((6, 4, 5), np.uint8), resolution=(72, 72), resolutionunit=2
    )
    stack, notes = read_stack(tmp_path / "p.tif")
    assert stack.spacing == (1.0, 1.0, 1.0)
    assert "352.8 µm, as of a print: it was not used" in notes[0]


def test_that_a_spacing_without_a_unit_is_said(tmp_path):
    tifffile.imwrite(
        tmp_path / "s.tif", np.zeros((6, 4, 5), np.uint8), imagej=True, resolution=(2, 2),
        metadata={"axes": "ZYX", "spacing": 0.5},
    )  # fmt: skip
    stack, notes = read_stack(tmp_path / "s.tif")
    assert stack.spacing == (1.0, 1.0, 1.0)
    assert notes[0] == "The file declares a spacing without a unit."


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_that_one_slice_is_a_stack_where_the_user_or_the_file_says_so(tmp_path, suffix):
    path, image = tmp_path / f"one{suffix}", np.zeros((4, 5), np.uint8)

    def write(values):
        np.save(path, values) if suffix == ".npy" else tifffile.imwrite(path, values)

    write(image)
    with pytest.raises(InputError, match=r"5 x 4 pixels: .*give the shape 1 4 5"):
        read_stack(path)
    stack, notes = read_stack(path, shape=(1, 4, 5))
    assert stack.shape == (1, 4, 5) and "one slice" in notes[-2]
    write(image[None])
    stack, notes = read_stack(path)
    assert stack.shape == (1, 4, 5) and "one slice" in notes[-2]
    with pytest.raises(InputError, match="not 2 x 4 x 5"):
        read_stack(path, shape=(2, 4, 5))


@pytest.mark.parametrize("size", [1e9, 1e-9, (1, 1, 2e3)])
def test_that_a_voxel_size_that_cannot_be_meant_is_refused(tmp_path, size):
    np.save(tmp_path / "v.npy", np.zeros((2, 4, 5), np.uint8))
    with pytest.raises(InputError, match=r"not between 0\.0001 and 1000 µm"):
        read_stack(tmp_path / "v.npy", size)
