import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Cancelled, InputError
from engine.progress import Progress
from engine.structure.cbd import RULES, add_cbd, bridges, film_to_finger
from engine.structure.random_stream import new_stream, uniforms
from engine.structure.stack import AM, CBD
from engine.structure.voxelise import exact_particles, surface_distances
from tests.structure import naive

CENTRES = np.array([[8.0, 8.0, 8.0], [8.0, 8.0, 18.5], [18.0, 15.0, 5.0]])
RADII = np.array([5.0, 5.0, 4.0])


def three_particles(edge=1.0):
    shape = (int(26 / edge),) + (int(24 / edge),) * 2
    near, _ = surface_distances(CENTRES, RADII, shape, edge, 2.0)
    return exact_particles(near, int(np.count_nonzero(near <= 0)))[0]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 1.0])
def test_that_each_rule_deposits_exactly_what_is_asked_and_only_in_pores(rule, share):
    labels = three_particles()
    before = labels.copy()
    count = int(share * np.count_nonzero(labels == 0))
    add_cbd(labels, count, 3, 1.0, CENTRES, RADII, rule)
    assert np.count_nonzero(labels == CBD) == count
    assert np.array_equal(labels == AM, before == AM)


def _naive_film(labels, count, seed, weight, wetted):
    """Roulette over all pore voxels, their weights found anew for every deposit."""
    labels = labels.copy()
    state = new_stream(seed, 2)
    for _ in range(count):
        spots, weights = [], []
        for spot in zip(*np.nonzero(labels == 0), strict=True):
            am, cbd = naive.solid_faces(labels, spot, wetted)
            w = (weight * cbd + (1 - weight) * am) / 6
            if w > 0:
                spots.append(spot)
                weights.append(w)
        total = np.cumsum(weights)
        labels[spots[np.searchsorted(total, uniforms(state, 1)[0] * total[-1])]] = CBD
    return labels


def _texture(labels, wetted):
    """Mean numbers of AM and of CBD faces of a CBD voxel."""
    faces = [naive.solid_faces(labels, spot, wetted)
             for spot in zip(*np.nonzero(labels == CBD), strict=True)]  # fmt: skip
    return np.mean(faces, axis=0)


@pytest.mark.parametrize("weight", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("wetted", [False, True])
def test_that_the_class_roulette_has_the_statistics_of_the_naive_one(weight, wetted):
    near, _ = surface_distances(np.array([[4.0, 4.0, 4.0]]), np.array([2.6]), (8, 8, 8), 1.0, 2.0)
    start, _ = exact_particles(near, int(np.count_nonzero(near <= 0)))
    fast, slow = [], []
    for seed in range(8):
        labels = start.copy()
        film_to_finger(labels, 40, seed, weight, wetted=wetted)
        fast.append(_texture(labels, wetted))
        slow.append(_texture(_naive_film(start, 40, seed + 100, weight, wetted), wetted))
    spread = np.std(slow, axis=0) + np.std(fast, axis=0)
    difference = np.abs(np.mean(fast, axis=0) - np.mean(slow, axis=0))
    assert (difference < 3 * spread / np.sqrt(8) + 0.02).all()


def test_that_the_weight_leads_from_film_to_finger():
    touching = []
    for weight in (0.0, 0.5, 1.0):
        labels = three_particles()
        film_to_finger(labels, 1500, 1, weight, wetted=False)
        touching.append(_texture(labels, False))
    am, cbd = np.array(touching).T
    assert (np.diff(am) < 0).all()
    assert (np.diff(cbd) > 0).all()


def test_that_a_wetted_collector_carries_cbd():
    covered = {}
    for wetted in (False, True):
        labels = three_particles()
        film_to_finger(labels, 1500, 1, 0.5, wetted=wetted)
        covered[wetted] = np.mean(labels[0] == CBD)
    assert covered[True] > covered[False] + 0.1


@pytest.mark.parametrize("rule", ["film_finger", "bridges", "clusters"])
def test_that_a_gradient_moves_cbd_towards_the_separator(rule):
    profiles = []
    for gradient in (-0.8, 0.8):
        rng = np.random.default_rng(0)
        centres = rng.random((60, 3)) * [60, 24, 24]
        radii = np.full(60, 3.0)
        near, _ = surface_distances(centres, radii, (60, 24, 24), 1.0, 2.0)
        labels, _ = exact_particles(near, 10_000)
        add_cbd(labels, 3000, 0, 1.0, centres, radii, rule, gradient=gradient, wetted=False)
        height = np.nonzero(labels == CBD)[0]
        profiles.append(height.mean())
    assert profiles[1] > profiles[0] + 5


def test_that_bridges_fill_the_narrowest_gaps_first():
    labels = three_particles(0.5)
    bridges(labels, 400, CENTRES, RADII, 0.5, wetted=False)
    first, second = surface_distances(CENTRES, RADII, labels.shape, 0.5, 30.0)
    gap = first + second
    pores = labels != AM
    assert gap[labels == CBD].max() <= gap[pores & (labels == 0)].min() + 1e-6
    z = np.nonzero(labels == CBD)[0]
    assert abs(z.mean() * 0.5 + 0.25 - 8) < 0.3  # the neck between the two equal spheres


def test_that_bridges_around_a_lone_particle_still_meet_the_count():
    near, _ = surface_distances(CENTRES[:1], RADII[:1], (16, 16, 16), 1.0, 2.0)
    labels, _ = exact_particles(near, int(np.count_nonzero(near <= 0)))
    bridges(labels, 2500, CENTRES[:1], RADII[:1], 1.0, wetted=False)
    assert np.count_nonzero(labels == CBD) == 2500


def test_that_clusters_are_round_and_as_large_as_asked():
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[0] = AM
    add_cbd(labels, 100, 0, 1.0, CENTRES, RADII, "clusters", cluster_radius=2.9)
    z = np.nonzero(labels == CBD)[0]
    assert np.ptp(z) <= 3  # half balls of radius 2 voxels on the flat particle
    assert len(z) == 100


@given(seed=st.integers(0, 10_000), rule=st.sampled_from(RULES), thin=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_that_thin_boxes_do_no_harm(seed, rule, thin):
    labels = np.zeros((6, thin, 5), np.uint8)
    labels[2, 0, 1:3] = AM
    count = int(np.random.default_rng(seed).integers(0, labels.size - 2))
    add_cbd(labels, count, seed, 1.0, np.array([[2.5, 0.5, 2.0]]), np.array([0.8]), rule)
    assert np.count_nonzero(labels == CBD) == count


def test_that_too_much_cbd_and_unknown_rules_are_refused():
    labels = three_particles()
    with pytest.raises(InputError, match="do not fit"):
        add_cbd(labels, labels.size, 0, 1.0, CENTRES, RADII)
    with pytest.raises(InputError, match="not one of film_finger"):
        add_cbd(labels, 10, 0, 1.0, CENTRES, RADII, "magic")


@pytest.mark.parametrize("rule", RULES)
def test_that_deposition_can_be_cancelled(rule):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        add_cbd(three_particles(), 100, 0, 1.0, CENTRES, RADII, rule, progress=progress)
