import numpy as np
import pytest

from engine.errors import InputError
from engine.structure.condition import Condition, Recipe
from engine.structure.generate import generate
from engine.structure.particle_import import (
    ImportedParticles,
    cut_slices,
    estimate_fractions,
    read_particles,
    voxelise_particles,
)
from engine.structure.particle_table import looks_like_particles
from engine.structure.particles import Particles, write_particles
from engine.structure.stack import AM, CBD

DUMP = """ITEM: TIMESTEP
0
ITEM: NUMBER OF ATOMS
1
ITEM: BOX BOUNDS pp pp ff
0 1
0 1
0 1
ITEM: ATOMS id type x y z radius
1 1 0.5 0.5 0.5 0.1
ITEM: TIMESTEP
100
ITEM: NUMBER OF ATOMS
3
ITEM: BOX BOUNDS pp pp ff
-1.0e-5 1.0e-5
-1.0e-5 1.0e-5
0.0 3.0e-5
ITEM: ATOMS id type x y z radius vx
1 1 0 0 5e-6 4e-6 0
2 2 0 0 10e-6 2e-6 0
3 1 9.5e-6 0 20e-6 3e-6 0
"""


def test_that_the_last_snapshot_of_a_lammps_dump_is_voxelised(tmp_path):
    (tmp_path / "dump.lammps").write_text(DUMP)
    imported, notes = read_particles(tmp_path / "dump.lammps", "m", types={1: "am", 2: "cbd"})
    assert "2 snapshots; the last was read." in notes
    assert imported.box == pytest.approx((30.0, 20.0, 20.0))
    assert imported.periodic
    assert imported.particles.centres[0] == pytest.approx([5.0, 10.0, 10.0])
    stack = voxelise_particles(imported, 0.5)
    assert stack.shape == (60, 40, 40)
    volumes = np.bincount(stack.labels.ravel()) * 0.125
    assert volumes[AM] == pytest.approx(4 / 3 * np.pi * (64 + 27), rel=0.03)
    assert 20 < volumes[CBD] < 4 / 3 * np.pi * 8  # a part of it lies inside the large particle
    assert stack.labels[40, 20, 0] == AM  # the third one comes round the periodic face


def test_that_without_periodic_faces_parts_beyond_the_box_are_cut_off(tmp_path):
    (tmp_path / "dump").write_text(DUMP.replace("pp pp ff", "ff ff ff"))
    imported, _ = read_particles(tmp_path / "dump", "m")
    stack = voxelise_particles(imported, 0.5)
    assert stack.labels[40, 20, 0] == 0
    assert stack.labels[40, 20, -1] == AM


def test_that_scaled_coordinates_are_understood(tmp_path):
    text = DUMP.replace("x y z radius vx", "xs ys zs diameter vx").replace(
        "3 1 9.5e-6 0 20e-6 3e-6 0", "3 1 0.75 0.5 0.5 6e-6 0"
    )
    (tmp_path / "dump").write_text(text)
    imported, _ = read_particles(tmp_path / "dump", "m")
    assert imported.particles.centres[2] == pytest.approx([15.0, 10.0, 15.0])
    assert imported.particles.radii[2] == pytest.approx(3.0)


def test_that_an_exported_particle_list_gives_back_the_active_material(tmp_path):
    structure = generate(Condition(Recipe(1.0), 0.45, 30.0, box=(30.0, 30.0), voxel_size=0.5), 1)
    write_particles(tmp_path / "p.csv", structure.particles)
    imported, notes = read_particles(tmp_path / "p.csv")
    assert np.array_equal(imported.particles.radii, structure.particles.radii)
    assert "no box" in notes[0]
    shift = imported.particles.centres - structure.particles.centres
    assert np.abs(shift - shift[0]).max() < 1e-9


@pytest.mark.parametrize(
    "text",
    ["1 2 3 0.5\n4 5 6 0.25\n", "x,y,z,radius\n1,2,3,0.5\n4,5,6,0.25\n",
     "z;diameter;x;y;colour\n3;1.0;1;2;9\n6;0.5;4;5;9\n", "# made by hand\n1\t2\t3\t.5\n4\t5\t6\t.25"],
)  # fmt: skip
def test_that_lists_are_read_in_several_forms(tmp_path, text):
    (tmp_path / "list.txt").write_text(text)
    imported, _ = read_particles(tmp_path / "list.txt")
    assert imported.particles.radii.tolist() == [0.5, 0.25]
    assert np.diff(imported.particles.centres, axis=0).tolist() == [[3.0, 3.0, 3.0]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("x y z radius\n1 2 three 4\n", "line 2"),
        ("x y z radius\n1 2 3\n", "line 2"),
        ("1 2 3\n", "3 columns without names"),
        ("x y z\n1 2 3\n", "no column radius"),
        ("a b z radius\n1 2 3 4\n", "no columns x, y, z"),
        ("1 2 3 -4\n", "must be positive"),
        ("1 2 3 nan\n", "not finite"),
        ("x y z radius\n", "no particles"),
        (DUMP.replace("BOX BOUNDS pp", "BOX BOUNDS xy xz yz pp"), "slanted"),
        (DUMP.replace("ITEM: BOX BOUNDS", "ITEM: NOTHING"), "no box bounds"),
        (DUMP.replace("-1.0e-5 1.0e-5", "high low"), "pairs of numbers"),
        (DUMP[: DUMP.rindex("3 1 9.5e-6")], "declares 3 particles .* lists 2: it was cut off"),
        (DUMP[: DUMP.rindex("1 1 0 0 5e-6")], "declares 3 particles .* lists 0"),
        (DUMP.replace("ATOMS\n3", "ATOMS\nthree"), "declares three particles"),
    ],
)
def test_that_what_cannot_be_understood_is_refused(tmp_path, text, reason):
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(InputError, match=reason):
        read_particles(tmp_path / "list.txt")


def test_that_wrong_arguments_are_refused(tmp_path):
    (tmp_path / "dump").write_text(DUMP)
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="Length unit"):
        read_particles(tmp_path / "dump", "furlong")
    with pytest.raises(InputError, match="of type 2"):
        read_particles(tmp_path / "dump", types={1: "am"})
    with pytest.raises(InputError, match="no text file"):
        read_particles(tmp_path / "binary")
    with pytest.raises(InputError, match="Cannot read"):
        read_particles(tmp_path / "absent")
    imported, _ = read_particles(tmp_path / "dump", "m")
    for size in (0, -1, 100):
        with pytest.raises(InputError, match="does not fit"):
            voxelise_particles(imported, size)
    with pytest.raises(InputError, match="million voxels"):
        voxelise_particles(imported, 1e-3)


def test_that_a_particle_list_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(InputError, match="Cannot write"):
        write_particles(tmp_path / "no" / "p.csv", Particles(np.zeros((1, 3)), np.ones(1)))


def test_that_columns_of_any_name_with_decimal_commas_are_read(tmp_path):
    (tmp_path / "de.csv").write_text(
        "px;py;pz;size;kind;made by\n1,5;2,5;3;1,0;1;a b\n4;4;4;2;3;c\n"
    )
    names = {"x": "px", "y": "py", "z": "pz", "diameter": "size", "type": "kind"}
    imported, _ = read_particles(
        tmp_path / "de.csv", "mm", types={1: "cbd", 3: "am"}, columns=names,
        bounds=[[0, 5], [1, 5], [1, 6]],
    )  # fmt: skip
    assert imported.box == pytest.approx((5000.0, 4000.0, 5000.0))
    assert imported.particles.centres[0] == pytest.approx([3000.0, 1500.0, 500.0])
    assert imported.particles.radii == pytest.approx([500.0, 1000.0])
    assert imported.phases.tolist() == [CBD, AM]
    for wrong, reason in (
        ({"x": "no"}, "no column 'no'"),
        ({"spin": "px"}, "nothing a column can mean"),
        ({"x": "made by"}, "line 2 has 'a b'"),
    ):
        with pytest.raises(InputError, match=reason):
            read_particles(tmp_path / "de.csv", columns=names | wrong)


def test_that_particles_outside_the_box_are_left_out_and_counted(tmp_path):
    (tmp_path / "list").write_text("5 5 5 1\n50 5 5 1\n10.5 5 5 1\n")
    bounds = [[0, 10]] * 3
    imported, notes = read_particles(tmp_path / "list", bounds=bounds)
    assert len(imported.particles) == 2  # the third reaches in
    assert "1 particles lie outside" in notes[-1]
    with pytest.raises(InputError, match="no particle lies inside"):
        read_particles(tmp_path / "list", bounds=[[100, 110]] * 3)
    with pytest.raises(InputError, match="empty box"):
        read_particles(tmp_path / "list", bounds=[[10, 10]] * 3)


def test_that_types_can_be_left_out_and_must_be_whole_numbers(tmp_path):
    (tmp_path / "list").write_text("x y z r type\n1 1 1 1 1\n5 5 5 1 2\n")
    imported, _ = read_particles(tmp_path / "list", types={1: "none", 2: "am"})
    assert len(imported.particles) == 1
    (tmp_path / "half").write_text("x y z r type\n1 1 1 1 1.5\n")
    with pytest.raises(InputError, match="whole numbers"):
        read_particles(tmp_path / "half", types={1: "am"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x,y,z,radius\n1e300,0,0,1\n0,0,0,1\n", "too large"),
        ("x,y,z,radius\n0,0,0,1e200\n", "too large"),
        ("x,y,z,radius\n0,0,0,1e-9\n", "does not fit"),
        ("x,y,z,radius\n0,0,0,0\n", "must be positive"),
        ("x y z radius\n1 2 inf 1\n", "not finite"),
        ("x,y,z,radius\n" + '"' * 7 + "\n", "does not fit the"),
    ],
)
def test_that_absurd_numbers_neither_hang_nor_fill_the_memory(tmp_path, text, reason):
    (tmp_path / "list").write_text(text)
    with pytest.raises(InputError, match=reason):
        voxelise_particles(read_particles(tmp_path / "list")[0], 0.5)


def test_that_a_particle_much_larger_than_the_box_is_refused(tmp_path):
    (tmp_path / "list").write_text("5 5 5 1e5\n")
    with pytest.raises(InputError, match="too large for the box"):
        read_particles(tmp_path / "list", bounds=[[0, 10]] * 3)


def test_that_slices_cut_apart_are_the_whole():
    rng = np.random.default_rng(8)
    particles = Particles(rng.uniform(0, 20, (60, 3)), rng.uniform(1, 3, 60))
    imported = ImportedParticles(particles, rng.integers(1, 3, 60), (20.0, 20.0, 20.0), True)
    whole = voxelise_particles(imported, 0.5).labels
    for k in range(0, 40, 7):
        assert (cut_slices(imported, 0.5, k, k + 1)[0] == whole[k]).all()
    fractions = estimate_fractions(imported)
    assert fractions["am"] == pytest.approx((whole == AM).mean(), abs=0.01)


def test_that_spheroids_written_by_this_program_come_back_as_spheroids(tmp_path):
    shapes = np.array([[0.4, 1.0, 0.0, 0.0], [2.0, 0.6, 0.0, 0.8]])
    particles = Particles(np.array([[5.0, 5, 5], [15, 12, 12]]), np.array([4.0, 3.0]), shapes)
    write_particles(tmp_path / "p.csv", particles)
    imported, _ = read_particles(tmp_path / "p.csv", bounds=[[0, 20]] * 3)
    assert np.array_equal(imported.particles.shapes, shapes)
    labels = voxelise_particles(imported, 0.25).labels
    volume = 4 / 3 * np.pi * (64 + 27)
    assert (labels == AM).sum() * 0.25**3 == pytest.approx(volume, rel=0.05)
    flake = (labels[:40] == AM).any(axis=(1, 2)).sum() * 0.25
    assert flake == pytest.approx(2 * 4 * 0.4 ** (2 / 3), abs=0.5)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (DUMP, True),
        ("particle,z_um,y_um,x_um,radius_um\n0,1,2,3,4\n", True),
        ("# DEM\nx y z d\n1 2 3 4\n", True),
        ("AM;Porosity;Thickness\n94;46;100\n", False),
        ("1 2 3 4\n", False),
        ("", False),
    ],
)
def test_that_a_list_is_told_from_a_sheet(tmp_path, text, answer):
    (tmp_path / "file.csv").write_text(text)
    assert looks_like_particles(tmp_path / "file.csv") is answer
    assert not looks_like_particles(tmp_path / "absent.csv")
