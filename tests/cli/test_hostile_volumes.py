"""`characterize` on volumes that are no electrodes: clear values, no NaN, nothing negative."""

import numpy as np
import pytest

Z, Y, X = np.mgrid[:10, :8, :6]
ISLANDS = np.where((Z % 4 == 2) & (Y % 4 == 2) & (X % 4 == 2), 1 + (Z > 5), 0)
VOLUMES = {
    # volume; tortuosity factor of electrolyte, solid and AM ("inf" where nothing joins the ends)
    "empty": (np.zeros_like(Z), (1.0, None, None)),
    "full": (np.ones_like(Z), (None, 1.0, 1.0)),
    "all binder": (np.full_like(Z, 2), (None, 1.0, None)),
    "one voxel": (np.ones((1, 1, 1), int), (None, 1.0, 1.0)),
    "one slice": ((X + Y)[:1] % 2, (1.0, 1.0, 1.0)),
    "checkerboard": ((Z + Y + X) % 2, ("inf", "inf", "inf")),
    "one voxel across": ((Z + Y)[:, :, :1] % 2, ("inf", "inf", "inf")),
    "islands": (ISLANDS, (None, "inf", "inf")),
}


def numbers(value):
    """All numbers of a JSON value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, int | float) else []


@pytest.mark.parametrize("name", VOLUMES)
def test_that_hostile_volumes_get_clear_values(verb, tmp_path, name):
    volume, expected = VOLUMES[name]
    np.save(tmp_path / "v.npy", volume.astype(np.uint8))
    labels = ["electrolyte=0", "am=1", "cbd=2"]
    status, found, _ = verb(
        "characterize", tmp_path / "v.npy", "--voxel-size", 1, "--properties", "all",
        "--phases", *labels,
    )  # fmt: skip
    assert status == 0
    assert all(number >= 0 for number in numbers(found))  # false for NaN too
    for phase, value in zip(("electrolyte", "solid", "am"), expected, strict=True):
        given = found["tortuosity_factor"][phase]
        if name == "islands" and phase == "electrolyte":
            assert 1 < given < 1.2
        else:
            assert given == (pytest.approx(value) if isinstance(value, float) else value)


def test_that_bare_voxels_are_read_by_shape_and_type(verb, tmp_path):
    labels = ((X + Y) % 2).astype(">u2")
    labels.tofile(tmp_path / "v.raw")
    words = ["characterize", tmp_path / "v.raw", "--voxel-size", 1, "--dtype", ">u2", "--shape"]
    status, found, _ = verb(*words, *labels.shape)
    assert status == 0 and found["phase_fractions"]["am"] == pytest.approx(0.5)
    for shape, said in (((9, 8, 6), "check shape and type"), ((0, 8, 6), "whole number")):
        status, _, err = verb(*words, *shape)
        assert status == 2 and said in err
