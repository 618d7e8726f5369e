import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Cancelled
from engine.progress import Progress
from engine.structure.neighbours import PairList
from engine.structure.packing import measure, place_at_random, relax, wall_limits
from engine.structure.random_stream import new_stream, uniforms
from engine.structure.sizes import draw_diameters, log_normal, measured, nmc111, particle_count
from tests.structure import naive


def packed(share, box, sizes=None, seed=0, embedding=(1.0, 0.0), tolerance=0.01):
    sizes = sizes or nmc111()
    box = np.array(box, dtype=float)
    state = new_stream(seed)
    volume = share * box.prod()
    radii = draw_diameters(sizes, volume, uniforms(state, particle_count(sizes, volume))) / 2
    start = place_at_random(state, radii, box, embedding)
    return relax(start, radii, box, embedding, tolerance)


@given(
    count=st.integers(1, 60), seed=st.integers(0, 10_000), skin=st.floats(0.01, 2.0),
    box=st.tuples(st.floats(3, 30), st.floats(9, 30), st.floats(9, 30)),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_that_the_cell_list_finds_each_near_pair_once(count, seed, skin, box):
    rng = np.random.default_rng(seed)
    box = np.array(box)
    radii = np.sort(rng.uniform(0.1, 2.0, count))[::-1].copy()
    positions = rng.random((count, 3)) * box
    pairs = PairList(radii, box, skin)
    pairs.rebuild(positions)
    found = list(zip(pairs.first[: pairs.count].tolist(), pairs.second[: pairs.count].tolist(),
                     strict=True))  # fmt: skip
    assert len(found) == len(set(found))
    assert set(found) == naive.pairs(positions, radii, box, skin)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.6, 0.65])
def test_that_dense_packings_keep_hardly_any_overlap(share):
    packing = packed(share, (60, 40, 40))
    assert packing.relaxed
    assert packing.largest_overlap < 0.05
    assert packing.mean_overlap < 0.005
    overlaps = naive.overlaps(packing.positions, packing.radii, packing.box)
    assert packing.largest_overlap == pytest.approx(max(overlaps, default=0.0))
    assert packing.mean_overlap == pytest.approx(np.mean(overlaps or [0.0]))


def test_that_no_particle_passes_a_wall_farther_than_its_embedding():
    packing = packed(0.6, (40, 30, 30), embedding=(1.0, 0.5))
    low, high = wall_limits(packing.radii, 40.0, (1.0, 0.5))
    slack = 0.021 * packing.radii  # the overlap that the tolerance leaves
    assert (packing.positions[:, 0] >= low - slack).all()
    assert (packing.positions[:, 0] <= high + slack).all()
    sunk = packing.radii - packing.positions[:, 0]
    assert sunk.max() > 0.9  # and some do touch the foil
    assert (packing.positions[:, 1:] >= 0).all() and (packing.positions[:, 1:] < 30).all()


def test_that_a_lateral_shift_of_the_start_only_shifts_the_packing():
    box = np.array([30.0, 24.0, 24.0])
    radii = np.sort(np.random.default_rng(0).uniform(1, 3, 80))[::-1].copy()
    start = place_at_random(new_stream(1), radii, box, (0.0, 0.0))
    one = relax(start, radii, box, (0.0, 0.0))
    moved = start + np.array([0, 12.0, 5.0])
    other = relax(moved, radii, box, (0.0, 0.0))
    assert other.largest_overlap == pytest.approx(one.largest_overlap, abs=2e-3)
    assert other.coordination.mean() == pytest.approx(one.coordination.mean(), abs=0.2)


def test_that_spheres_that_cannot_be_packed_are_reported_as_jammed():
    packing = packed(0.72, (30, 25, 25), measured([5.0, 5.2]))
    assert not packing.relaxed
    assert packing.largest_overlap > 0.02


def test_that_two_spheres_are_pushed_apart_across_a_periodic_face():
    box = np.array([20.0, 20.0, 20.0])
    radii = np.array([3.0, 2.0])
    start = np.array([[10.0, 10.0, 19.5], [10.0, 10.0, 0.5]])
    packing = relax(start, radii, box, (0.0, 0.0), tolerance=0.001)
    assert naive.periodic_distance(*packing.positions, box) >= 5.0 * 0.999


def test_that_relaxation_can_be_cancelled():
    progress = Progress()
    progress.cancel()
    radii = np.full(4000, 2.0)
    start = np.random.default_rng(0).random((4000, 3)) * 50
    with pytest.raises(Cancelled):
        relax(start, radii, np.array([50.0, 50.0, 50.0]), (0.0, 0.0), progress=progress)


def test_that_coordination_counts_touching_neighbours():
    # a row of five touching spheres, periodic in x: two neighbours each
    radii = np.full(5, 2.0)
    centres = np.array([[10.0, 10.0, 2.0 + 4 * i] for i in range(5)])
    packing = measure(centres, radii, np.array([20.0, 20.0, 20.0]), (0.0, 0.0))
    assert packing.coordination.tolist() == [2] * 5
    assert packing.largest_overlap == pytest.approx(0, abs=1e-12)


def test_that_wide_size_distributions_pack_too():
    packing = packed(0.66, (40, 30, 30), log_normal(1.2, 3.0, 8.0, "volume"))
    assert packing.relaxed and packing.largest_overlap < 0.05
