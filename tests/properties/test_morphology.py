"""Sizes, connectivity, correlation, triple-phase lines, representativity, resolution."""

import itertools
import math

import numpy as np
import pytest

from engine.errors import InputError
from engine.progress import Cancelled, Progress
from engine.properties.connectivity import connectivity
from engine.properties.correlation import (
    correlation_length,
    radial_distribution,
    two_point_correlation,
)
from engine.properties.profiles import slice_profile
from engine.properties.representative import phase_fraction, representative_check
from engine.properties.resolution import extrapolate
from engine.properties.sizes import local_thickness, size_distribution
from engine.properties.triple_phase import triple_phase_length
from engine.structure.stack import VoxelStack
from tests.properties import naive
from tests.properties.volumes import electrode, spheres


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("edges", [(1.0, 1.0, 1.0), (0.5, 1.0, 0.8)])
def test_that_local_thickness_agrees_with_every_ball_tried(seed, edges):
    phase = spheres((9, 10, 8), 6, (1.5, 3.5), seed)
    assert np.allclose(local_thickness(phase, edges), naive.local_thickness(phase, edges))


def test_that_a_slab_and_a_ball_have_their_own_thickness():
    slab = np.zeros((20, 12, 12), bool)
    slab[5:12] = True
    assert np.all(local_thickness(slab, 0.5)[slab] == 3.5)
    z, y, x = np.ogrid[:31, :31, :31]
    ball = (z - 15) ** 2 + (y - 15) ** 2 + (x - 15) ** 2 < 10.2**2
    sizes = size_distribution(ball)
    assert sizes.d50 == pytest.approx(20.4, rel=0.05)
    assert sizes.share.sum() == pytest.approx(1)


def test_that_a_full_and_an_empty_phase_have_no_size():
    for phase in (np.ones((4, 4, 4), bool), np.zeros((4, 4, 4), bool)):
        sizes = size_distribution(phase)
        assert math.isnan(sizes.mean) and sizes.share.size == 0


def test_that_local_thickness_can_be_cancelled():
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        local_thickness(spheres((9, 9, 9), 4, (2, 3), 0), progress=progress)


def test_that_connected_shares_are_counted_by_what_they_touch():
    phase = np.zeros((8, 5, 5), bool)
    phase[:, 0, 0] = True  # 8 through
    phase[:3, 2, 2] = True  # 3 at the collector
    phase[6:, 4, 4] = True  # 2 at the separator
    phase[3:5, 2, 4] = True  # 2 nowhere
    found = connectivity(phase)
    assert found.components == 4
    assert found.largest == pytest.approx(8 / 15)
    assert found.to_first == pytest.approx(11 / 15)
    assert found.to_last == pytest.approx(10 / 15)
    assert found.isolated == pytest.approx(2 / 15)
    # Along x: a column of one voxel at x = 0, and those at x = 4.
    sideways = connectivity(phase, "x")
    assert sideways.to_first == pytest.approx(8 / 15)
    assert sideways.to_last == pytest.approx(4 / 15)


def test_that_an_absent_phase_is_connected_to_nothing():
    found = connectivity(np.zeros((3, 3, 3), bool))
    assert found.components == 0 and math.isnan(found.largest)


def test_that_slice_profiles_add_up_to_one():
    profile = slice_profile(VoxelStack(electrode(), (0.5, 1, 1)))
    assert np.allclose(sum(profile.share.values()), 1)
    assert profile.height[0] == 0.25 and profile.height.size == 24


def test_that_two_point_correlation_starts_at_the_fraction_and_ends_at_its_square():
    phase = np.random.default_rng(0).random((60, 60, 60)) < 0.3
    found = two_point_correlation(phase, (0.5, 1, 2))
    for axis, edge in enumerate((0.5, 1, 2)):
        assert found.probability[axis][0] == phase.mean()
        assert found.probability[axis][1:] == pytest.approx(phase.mean() ** 2, rel=0.02)
        assert found.distance[axis][1] == edge
    # Uncorrelated voxels: a triangle of half a voxel on each axis.
    assert correlation_length(found) == pytest.approx((0.5 + 1 + 2) / 3, rel=0.6)


def test_that_layers_show_their_period_across_and_none_along():
    phase = np.zeros((40, 10, 10), bool)
    phase[np.arange(40) % 10 < 5] = True
    found = two_point_correlation(phase)
    assert found.probability[0][5] == 0
    assert found.probability[0][10] == pytest.approx(0.5)
    assert np.all(found.probability[1] == 0.5)


def test_that_random_points_have_a_radial_distribution_of_one():
    random = np.random.default_rng(1)
    box = (30.0, 40.0, 50.0)
    r, g = radial_distribution(random.uniform(0, box, (4000, 3)), box, 15.0, 10)
    assert np.allclose(g[1:], 1, atol=0.06)
    assert r[0] == pytest.approx(0.75)


def test_that_a_radial_distribution_sees_contact_across_the_sides():
    centres = np.array([[5.0, 0.5, 5.0], [5.0, 9.5, 5.0]])
    r, g = radial_distribution(centres, (10.0, 10.0, 10.0), 5.0, 10)
    assert r[np.argmax(g)] == pytest.approx(1.25)
    assert np.count_nonzero(g) == 1


def test_that_a_radial_distribution_beyond_half_the_box_is_refused():
    with pytest.raises(InputError, match="at most half"):
        radial_distribution(np.zeros((3, 3)), (9.0, 10.0, 10.0), 6.0)
    with pytest.raises(InputError, match="two particles"):
        radial_distribution(np.zeros((1, 3)), (9.0, 10.0, 10.0), 4.0)


def test_that_the_triple_line_of_three_sectors_is_counted():
    labels = np.zeros((6, 8, 8), np.uint8)
    labels[:, :4] = 1
    labels[:, 4:, :4] = 2
    # One straight line along z of 6 voxels, known to come out 1.5 times too short on the axis.
    assert triple_phase_length(labels, 0.5) == pytest.approx(6 * 0.5 / 1.5 / (labels.size * 0.125))
    assert triple_phase_length(np.minimum(labels, 1)) == 0


def test_that_a_triple_line_of_every_direction_has_its_true_length():
    # A ball of AM half sunk in CBD: the triple line is its waist, a circle, in many planes.
    random = np.random.default_rng(0)
    lengths = []
    for _ in range(30):
        n = random.normal(size=3)
        n /= np.linalg.norm(n)
        z, y, x = np.indices((40, 40, 40)) - 19.5
        labels = np.where(z * n[0] + y * n[1] + x * n[2] > 0, 2, 0).astype(np.uint8)
        labels[z * z + y * y + x * x < 14**2] = 1
        lengths.append(triple_phase_length(labels) * labels.size)
    assert np.mean(lengths) == pytest.approx(2 * math.pi * 14, rel=0.1)


def test_that_the_spread_shrinks_as_sub_volumes_grow():
    labels = (np.random.default_rng(0).random((24, 24, 24)) < 0.5).astype(np.uint8)
    check = representative_check(VoxelStack(labels, 2.0), phase_fraction(1), (4, 2, 1))
    assert np.allclose(check.edge, [12, 24, 48])
    assert list(check.count) == [64, 8, 1]
    assert check.mean == pytest.approx(labels.mean(), abs=1e-9)
    assert check.spread[0] == pytest.approx(0.5 / math.sqrt(216), rel=0.3)
    assert check.relative_spread[1] < check.relative_spread[0]
    assert math.isnan(check.spread[2])


def test_that_infinite_values_are_left_out_of_the_volume_check():
    values = itertools.cycle([1.0, math.inf])
    check = representative_check(
        VoxelStack(np.zeros((4, 4, 4), np.uint8)), lambda stack: next(values), (2,)
    )
    assert check.count[0] == 4 and check.mean[0] == 1
    with pytest.raises(InputError, match="cannot be cut"):
        representative_check(VoxelStack(np.zeros((4, 4, 4), np.uint8)), phase_fraction(0), (5,))


def test_that_a_first_order_law_is_extrapolated_exactly():
    found = extrapolate([1.0, 0.5, 0.25], [1.5 + 1.2 * h for h in (1.0, 0.5, 0.25)])
    assert found.value == pytest.approx(1.5)
    assert found.slope == pytest.approx(1.2)
    assert found.uncertainty == pytest.approx(0.15)


def test_that_a_packing_extrapolates_below_its_finest_value_with_an_honest_range():
    # Electrolyte of one packing at three voxel sizes; the coarse pair alone must cover the answer.
    fine = extrapolate([1.0, 0.5, 0.25], [2.67, 2.00, 1.75])
    coarse = extrapolate([1.0, 0.5], [2.67, 2.00])
    assert 1.4 < fine.value < 1.75
    assert abs(coarse.value - fine.value) <= coarse.uncertainty + fine.uncertainty
    assert extrapolate([1, 1, 0.5, 0.5], [3, 1, 1.6, 1.4]).value == pytest.approx(1.0)


def test_that_extrapolation_refuses_one_size_and_infinite_values():
    with pytest.raises(InputError, match="two different"):
        extrapolate([1.0, 1.0], [2.0, 2.1])
    with pytest.raises(InputError, match="percolate"):
        extrapolate([1.0, 0.5], [math.inf, 2.0])
