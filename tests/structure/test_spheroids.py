import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.structure import spheroids
from engine.structure.active_material import voxel_targets
from engine.structure.calendering_path import path_conditions, press
from engine.structure.condition import Coating, Condition, Recipe
from engine.structure.generate import generate
from engine.structure.neighbours import PairList
from engine.structure.packing import relax
from engine.structure.particles import write_particles
from engine.structure.random_stream import new_stream
from engine.structure.spheroids import (
    bounding_radii,
    draw_shapes,
    measure_spheroids,
    relax_spheroids,
    semi_axes,
)
from engine.structure.voxelise import particle_at, particle_of_voxel, surface_distances
from tests.structure import naive


def random_bodies(seed, count, spread=0.6, box=12.0):
    rng = np.random.default_rng(seed)
    radii = rng.uniform(0.5, 2.0, count)
    axes = rng.normal(size=(count, 3))
    axes /= np.linalg.norm(axes, axis=1)[:, None]
    shapes = np.column_stack([np.exp(rng.normal(0, spread, count)), axes])
    order = np.argsort(-bounding_radii(radii, shapes))
    return rng.random((count, 3)) * box, radii[order], shapes[order]


@given(seed=st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_that_the_contact_function_is_the_maximum_that_its_definition_says(seed):
    positions, radii, shapes = random_bodies(seed, 2)
    a, b = (naive.shape_matrix(r, s) for r, s in zip(radii, shapes, strict=True))
    forms = [m[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]].copy() for m in (a, b)]
    r = positions[0] - positions[1]
    for start in (0.05, 0.5, 0.95):
        square, _ = spheroids.contact(r, *forms, start, np.empty((4, 6)))
        assert np.sqrt(square) == pytest.approx(naive.touching_scale(r, a, b), rel=1e-6)


def test_that_spheroids_tip_to_tip_touch_where_their_half_lengths_add_up():
    radii = np.array([2.0, 1.0])
    shapes = np.array([[3.0, 0, 0, 1.0], [0.5, 0, 0, 1.0]])
    along, _ = semi_axes(radii, shapes)
    for scale in (0.8, 1.0, 1.1):
        centres = np.array([[10, 10, 10.0], [10, 10, 10 + scale * along.sum()]])
        packing = measure_spheroids(centres, radii, shapes, np.full(3, 30.0))
        assert packing.largest_overlap == pytest.approx(max(1 - scale, 0), abs=1e-9)


def _energy(positions, radii, shapes, box, embedding):
    """Energy of all overlaps, pair by pair and wall by wall."""
    total = 0.0
    for i in range(len(radii)):
        a = naive.shape_matrix(radii[i], shapes[i])
        for j in range(i):
            r = positions[i] - positions[j]
            r[1:] -= box[1:] * np.round(r[1:] / box[1:])
            scale = naive.touching_scale(r, a, naive.shape_matrix(radii[j], shapes[j]))
            total += 0.5 * ((radii[i] + radii[j]) * max(1 - scale, 0)) ** 2
        high = np.sqrt(a[0, 0])
        for sunk, z in zip(embedding, (positions[i, 0], box[0] - positions[i, 0]), strict=True):
            total += 0.5 * max(high - min(sunk, 0.5 * high) - z, 0) ** 2
    return total


@pytest.mark.parametrize("seed", range(4))
def test_that_forces_and_torques_are_the_slope_of_the_energy(seed):
    box = np.array([7.0, 12.0, 12.0])
    positions, radii, shapes = random_bodies(seed, 5, box=7.0)
    along, across = semi_axes(radii, shapes)
    pairs = PairList(bounding_radii(radii, shapes), box, 0.1)
    pairs.rebuild(positions)
    embedding = np.array([0.4, 0.0])
    forces = np.empty((5, 6))
    spheroids._forces(positions, radii, shapes, along**2, across**2, box, embedding, pairs.first,
                      pairs.second, np.full(pairs.count, 0.5), pairs.count, np.empty((5, 6)),
                      forces)  # fmt: skip
    step = 1e-4
    for i in range(5):
        for axis in range(3):
            slope = []
            for sign in (1, -1):
                moved = positions.copy()
                moved[i, axis] += sign * step
                slope.append(_energy(moved, radii, shapes, box, embedding))
            expected = -(slope[0] - slope[1]) / (2 * step)
            assert forces[i, axis] == pytest.approx(expected, abs=5e-3)
            slope = []
            for sign in (1, -1):
                turned = shapes.copy()
                turned[i, 1 + axis] += sign * step
                turned[i, 1:] /= np.linalg.norm(turned[i, 1:])
                slope.append(_energy(positions, radii, turned, box, embedding))
            expected = -(slope[0] - slope[1]) / (2 * step) / radii[i]
            assert forces[i, 3 + axis] == pytest.approx(expected, abs=5e-3)


def test_that_spheroids_of_aspect_one_relax_as_spheres_do():
    rng = np.random.default_rng(0)
    box = np.array([20.0, 20.0, 20.0])
    radii = np.sort(rng.uniform(1, 2, 200))[::-1].copy()
    start = rng.random((200, 3)) * [16.0, 20.0, 20.0] + [2.0, 0.0, 0.0]
    shapes = np.tile([1.0, 1.0, 0.0, 0.0], (200, 1))
    spheres = relax(start, radii, box, (0.0, 0.0), 0.01)
    same = relax_spheroids(start, radii, shapes, box, (0.0, 0.0), 0.01)
    assert same.steps == spheres.steps
    assert same.positions == pytest.approx(spheres.positions, abs=1e-6)


@pytest.mark.parametrize(("aspect", "spread"), [(0.4, 0.0), (2.0, 0.2), (1.0, 0.3)])
def test_that_dense_structures_of_flakes_and_needles_keep_hardly_any_overlap(aspect, spread):
    options = {"aspect_ratio": aspect, "aspect_spread": spread, "size_distribution": "lognormal",
               "d10": 3.0, "d50": 4.0, "d90": 5.0}  # fmt: skip
    asked = Condition(Recipe(0.95), 0.33, 30.0, box=(30.0, 30.0), options=options)
    structure = generate(asked, 1)
    counts = np.bincount(structure.stack.labels.ravel(), minlength=3)
    assert tuple(counts[1:]) == voxel_targets(asked)
    report = structure.report
    assert report["max_relative_overlap"] < 0.05
    assert report["mean_relative_overlap"] < 0.005
    assert report["trimmed_share"] <= 0.01
    assert report["aspect_ratio"] == pytest.approx(aspect, rel=0.1)
    assert structure.stack.sha256 == generate(asked, 1).stack.sha256


def test_that_flakes_laid_flat_stay_flat_and_random_ones_random():
    order = {}
    for orientation in ("flat", "random"):
        options = {"aspect_ratio": 0.4, "orientation": orientation, "size_distribution":
                   "lognormal", "d10": 3.0, "d50": 4.0, "d90": 5.0}  # fmt: skip
        asked = Condition(Recipe(0.95), 0.5, 40.0, box=(30.0, 30.0), options=options)
        order[orientation] = generate(asked, 0).report["axis_order"]
    assert order["flat"] > 0.7
    assert abs(order["random"]) < 0.2


def test_that_drawn_shapes_have_the_aspect_ratios_and_unit_axes_asked_for():
    shapes = draw_shapes(new_stream(0), 5000, 2.0, 0.25, "random")
    assert np.median(shapes[:, 0]) == pytest.approx(2.0, rel=0.02)
    assert np.log(shapes[:, 0]).std() == pytest.approx(0.25, rel=0.15)
    assert np.linalg.norm(shapes[:, 1:], axis=1) == pytest.approx(np.ones(5000))
    assert np.abs((shapes[:, 1:] ** 2).mean(axis=0) - 1 / 3).max() < 0.02
    needles = draw_shapes(new_stream(0), 100, 3.0, 0.0, "flat")
    assert np.abs(needles[:, 1]).max() == 0  # in the plane of the collector


@pytest.mark.parametrize("aspect", [0.3, 1.0, 3.0])
def test_that_a_voxelised_spheroid_has_its_volume_and_its_extent(aspect):
    axis = np.array([0.6, 0.0, 0.8])
    shapes = np.array([[aspect, *axis]])
    centre, radius = np.array([[15.0, 2.0, 15.0]]), np.array([4.0])  # across a periodic face
    near, _ = surface_distances(centre, radius, (60, 60, 60), 0.5, 2.0, shapes=shapes)
    inside = near <= 0
    assert inside.sum() * 0.125 == pytest.approx(4 / 3 * np.pi * 64, rel=0.02)
    matrix = naive.shape_matrix(4.0, shapes[0])
    height = np.ptp(np.nonzero(inside.any(axis=(1, 2)))[0]) + 1
    assert height * 0.5 == pytest.approx(2 * np.sqrt(matrix[0, 0]), abs=0.6)
    labels = inside.astype(np.uint8)
    owner = particle_of_voxel(labels, centre, radius, 0.5, shapes)
    assert np.array_equal(owner == 0, inside)


def test_that_one_voxel_of_a_packing_of_flakes_belongs_to_the_flake_the_whole_stack_says():
    rng = np.random.default_rng(5)
    positions, radii, shapes = random_bodies(5, 25)
    shapes[:, 0] = 0.3
    shape = (24, 24, 24)
    near, _ = surface_distances(positions, radii, shape, 0.5, 2.0, shapes=shapes)
    labels = (near <= 0).astype(np.uint8)
    whole = particle_of_voxel(labels, positions, radii, 0.5, shapes)
    as_spheres = particle_of_voxel(labels, positions, radii, 0.5)
    assert np.count_nonzero(whole != as_spheres) > 100
    for voxel in map(tuple, rng.integers(0, shape, (600, 3))):
        assert particle_at(labels, voxel, positions, radii, 0.5, shapes) == whole[voxel]


def test_that_the_distance_of_a_sphere_is_exact_as_a_spheroid_too():
    centre, radius = np.array([[8.0, 8.0, 8.0]]), np.array([3.0])
    plain, _ = surface_distances(centre, radius, (32, 32, 32), 0.5, 2.0)
    shapes = np.array([[1.0, 0.0, 0.0, 1.0]])
    same, _ = surface_distances(centre, radius, (32, 32, 32), 0.5, 2.0, shapes=shapes)
    finite = np.isfinite(plain) & np.isfinite(same)
    assert np.allclose(plain[finite], same[finite], atol=1e-5)
    assert finite.sum() > 2000


def test_that_an_electrode_of_flakes_can_be_pressed_and_its_particles_listed(tmp_path):
    options = {"aspect_ratio": 0.5, "size_distribution": "lognormal",
               "d10": 3.0, "d50": 4.0, "d90": 5.0, "cbd_rule": "bridges"}  # fmt: skip
    conditions = path_conditions(
        Recipe(0.95), Coating(0.5, 30.0), [0.4], box=(25.0, 25.0), options=options
    )
    path = press(conditions, 0)
    assert path[1].report["max_relative_overlap"] < 0.05
    assert np.array_equal(path[0].particles.shapes[:, 0], path[1].particles.shapes[:, 0])
    write_particles(tmp_path / "p.csv", path[1].particles)
    header, first = (tmp_path / "p.csv").read_text().splitlines()[:2]
    assert header == "particle,z_um,y_um,x_um,radius_um,aspect_ratio,axis_z,axis_y,axis_x"
    assert [float(word) for word in first.split(",")[5:]] == path[1].particles.shapes[0].tolist()


def test_that_needles_that_this_box_cannot_hold_are_refused():
    asked = Condition(Recipe(0.95), 0.5, 40.0, box=(20.0, 20.0), options={"aspect_ratio": 5.0})
    with pytest.raises(InputError, match="the most that this box can hold"):
        generate(asked, 0)
