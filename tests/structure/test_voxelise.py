import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.structure.stack import AM
from engine.structure.voxelise import (
    exact_particles,
    particle_at,
    particle_of_voxel,
    smallest,
    surface_distances,
)
from tests.structure import naive


@given(
    count=st.integers(1, 4), seed=st.integers(0, 10_000), reach=st.floats(0.3, 4.0),
    edge=st.sampled_from([0.5, 1.0, 0.7]), floor=st.booleans(),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_that_distances_are_those_of_the_naive_twin(count, seed, reach, edge, floor):
    rng = np.random.default_rng(seed)
    shape = (5, 6, 7)
    positions = rng.random((count, 3)) * np.array(shape) * edge
    radii = rng.uniform(0.2, 2.0, count)
    first, second = surface_distances(positions, radii, shape, edge, reach, floor)
    expected, expected_second = naive.surface_distances(positions, radii, shape, edge, reach, floor)
    inner = expected_second < 0.95 * reach  # at the limit itself rounding decides
    assert np.allclose(second[inner], expected_second[inner], atol=1e-5)
    inner = expected < 0.95 * reach
    assert np.allclose(first[inner], expected[inner], atol=1e-5)
    assert (first[~np.isfinite(first)] > 0).all()


def test_that_a_sphere_of_many_voxels_has_its_volume_wherever_it_is():
    rng = np.random.default_rng(0)
    for centre in rng.random((8, 3)) * 40 + [5, 0, 0]:  # across periodic faces too
        near, _ = surface_distances(centre[None], np.array([5.0]), (100, 80, 80), 0.5, 1.0)
        voxels = np.count_nonzero(near <= 0)
        cut = 4 / 3 * np.pi * 125 / 0.125 if 5 <= centre[0] <= 45 else None
        if cut:
            assert voxels == pytest.approx(cut, rel=0.01)


@given(
    values=st.lists(st.integers(0, 5).map(float) | st.just(np.inf), min_size=1, max_size=40),
    count=st.integers(0, 45),
)
def test_that_exactly_the_smallest_values_are_marked_earliest_first(values, count):
    chosen = smallest(np.array(values), count)
    order = np.argsort(values, kind="stable")[:count]
    assert np.flatnonzero(chosen).tolist() == sorted(order.tolist())


def test_that_the_trim_takes_surface_voxels_only():
    near, _ = surface_distances(np.array([[10.0, 10, 10]]), np.array([6.0]), (40, 40, 40), 0.5, 2.0)
    inside = int(np.count_nonzero(near <= 0))
    labels, moved = exact_particles(near, inside - 60)
    assert moved == 60
    assert np.count_nonzero(labels == AM) == inside - 60
    assert np.abs(near[(labels == 0) & (near <= 0)]).max() < 0.1


def test_that_random_overlapping_spheres_fill_what_theory_says():
    rng = np.random.default_rng(5)
    box, edge, number, r = 40.0, 0.5, 500, 2.5
    shares = []
    for _ in range(6):
        # centres beyond both walls too, so that the whole box sees the same density
        height = box + 4 * r
        count = rng.poisson(number * height / box)
        centres = rng.random((count, 3)) * [height, box, box] - [2 * r, 0, 0]
        near, _ = surface_distances(centres, np.full(count, r), (80, 80, 80), edge, 0.5)
        shares.append(np.mean(near <= 0))
    density = number / box**3
    expected = 1 - np.exp(-density * 4 / 3 * np.pi * r**3)
    assert np.mean(shares) == pytest.approx(expected, abs=4 * np.std(shares) / np.sqrt(6) + 0.004)


def test_that_two_points_of_overlapping_spheres_correlate_as_theory_says():
    # probability that two points both lie in the void: exp(-n times the union of two spheres)
    rng = np.random.default_rng(6)
    box, edge, r = 48.0, 0.5, 2.0
    density = 0.02
    measured = np.zeros(5)
    for _ in range(4):
        height = box + 4 * r
        count = rng.poisson(density * height * box * box)
        centres = rng.random((count, 3)) * [height, box, box] - [2 * r, 0, 0]
        near, _ = surface_distances(centres, np.full(count, r), (96, 96, 96), edge, 0.5)
        void = near > 0
        for i, lag in enumerate((1, 2, 4, 6, 10)):
            measured[i] += np.mean(void & np.roll(void, lag, axis=2)) / 4
    lags = np.array([1, 2, 4, 6, 10]) * edge
    ball = 4 / 3 * np.pi * r**3
    lens = np.where(lags < 2 * r, np.pi / 12 * (4 * r + lags) * (2 * r - lags) ** 2, 0.0)
    assert measured == pytest.approx(np.exp(-density * (2 * ball - lens)), rel=0.03)


def test_that_every_voxel_of_a_particle_knows_its_number():
    positions = np.array([[6.0, 6.0, 6.0], [6.0, 14.0, 14.0], [14.0, 19.5, 2.0]])
    radii = np.array([4.0, 3.0, 2.5])
    near, _ = surface_distances(positions, radii, (40, 40, 40), 0.5, 1.5)
    labels, _ = exact_particles(near, int(np.count_nonzero(near <= 0)))
    owner = particle_of_voxel(labels, positions, radii, 0.5)
    assert set(np.unique(owner)) == {-1, 0, 1, 2}
    assert np.array_equal(owner >= 0, labels == AM)
    for n, r in enumerate(radii):
        assert np.count_nonzero(owner == n) * 0.125 == pytest.approx(4 / 3 * np.pi * r**3, rel=0.06)


def test_that_one_voxel_belongs_to_the_particle_that_the_whole_stack_says():
    rng = np.random.default_rng(11)
    shape, edge = (24, 30, 20), 0.5
    box = np.array(shape) * edge
    radii = np.concatenate([[4.0], rng.uniform(0.6, 1.6, 30)])  # one large, many small
    positions = rng.random((31, 3)) * box
    near, _ = surface_distances(positions, radii, shape, edge, 2.0)
    labels, _ = exact_particles(near, int(np.count_nonzero(near <= 0)) + 200)
    whole = particle_of_voxel(labels, positions, radii, edge)
    voxels = rng.integers(0, shape, (600, 3))
    owners = []
    for voxel in map(tuple, voxels):
        owner = particle_at(labels, voxel, positions, radii, edge)
        assert owner == whole[voxel]
        if labels[voxel] == AM:
            apart = (np.array(voxel) + 0.5) * edge - positions
            apart[:, 1:] -= np.round(apart[:, 1:] / box[1:]) * box[1:]
            assert owner == np.argmin(np.linalg.norm(apart, axis=1) - radii)
            owners.append(owner)
        else:
            assert owner == -1
    assert len(set(owners)) > 15  # most of them are not the large one


def test_that_a_voxel_across_the_face_belongs_to_a_particle_larger_than_the_box():
    positions, radii = np.array([[4.0, 1.0, 1.0], [9.0, 3.9, 3.9]]), np.array([3.0, 0.8])
    labels = np.full((24, 8, 8), AM, np.uint8)
    whole = particle_of_voxel(labels, positions, radii, 0.5)
    for voxel in np.ndindex(labels.shape):
        assert particle_at(labels, voxel, positions, radii, 0.5) == whole[voxel]
