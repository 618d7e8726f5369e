import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.structure.sizes import (
    draw_diameters,
    histogram,
    log_normal,
    measured,
    mixture,
    nmc111,
    particle_count,
)
from tests.shared_data import shared_file


def test_that_the_nmc111_histogram_counts_the_measured_particles():
    diameters = np.loadtxt(shared_file("nmc111_diameters_um.dat"))
    sizes = nmc111()
    for percent in (10, 25, 50, 75, 90):
        assert sizes.percentile(percent) == pytest.approx(
            np.percentile(diameters, percent), abs=0.2
        )
    assert sizes.mean_volume == pytest.approx(np.pi / 6 * (diameters**3).mean(), rel=0.01)


@given(
    d50=st.floats(0.5, 30), below=st.floats(1.2, 4), above=st.floats(1.2, 4),
    basis=st.sampled_from(["number", "volume"]),
)  # fmt: skip
def test_that_a_log_normal_meets_its_three_percentiles(d50, below, above, basis):
    sizes = log_normal(d50 / below, d50, d50 * above, basis)
    # ends at three standard deviations: a percent of the volume may lie beyond
    assert sizes.percentile(50, basis) == pytest.approx(d50, rel=0.02)
    assert sizes.percentile(10, basis) == pytest.approx(d50 / below, rel=0.02)
    assert sizes.percentile(90, basis) == pytest.approx(d50 * above, rel=0.02)


def test_that_number_and_volume_medians_of_a_log_normal_follow_hatch_and_choate():
    spread = np.log(2.0) / 1.28155
    sizes = log_normal(4.0, 8.0, 16.0, "volume")
    assert sizes.percentile(50, "number") == pytest.approx(8 * np.exp(-3 * spread**2), rel=0.06)


def test_that_a_mixture_holds_the_volume_share_of_each_mode():
    small, large = measured([1.0, 1.2]), measured([9.0, 11.0])
    both = mixture(large, small, 0.25)
    cut, left_out = both.truncated(5.0)
    assert left_out == pytest.approx(0.75, abs=1e-6)
    assert cut.percentile(99.99) == pytest.approx(1.2, abs=1e-3)


@given(fill=st.floats(5e3, 1e5), seed=st.integers(0, 1000))
def test_that_drawn_particles_have_the_volume_and_the_distribution(fill, seed):
    sizes = nmc111()
    count = particle_count(sizes, fill)
    drawn = draw_diameters(sizes, fill, np.random.default_rng(seed).random(count))
    assert np.pi / 6 * (drawn**3).sum() == pytest.approx(fill)
    assert (np.diff(drawn) <= 0).all()
    if count > 100:
        assert np.median(drawn) == pytest.approx(sizes.percentile(50), rel=0.08)


def test_that_listed_diameters_come_back_at_their_percentiles():
    values = np.linspace(2, 6, 401)
    assert measured(values).percentile(50) == pytest.approx(4.0)
    by_volume = measured(values, "volume")
    assert by_volume.percentile(50, "volume") == pytest.approx(4.0, abs=0.02)


@pytest.mark.parametrize(
    "build",
    [
        lambda: log_normal(5, 4, 8),
        lambda: log_normal(-1, 4, 8),
        lambda: log_normal(2, 4, 8, "mass"),
        lambda: histogram([1, 2, 3], [1]),
        lambda: histogram([1, 3, 2], [1, 1]),
        lambda: histogram([1, 2, 3], [0, 0]),
        lambda: measured([]),
        lambda: measured([1, -2]),
        lambda: mixture(nmc111(), nmc111(), 1.5),
        lambda: nmc111().truncated(3.0),
    ],
)
def test_that_impossible_distributions_are_refused(build):
    with pytest.raises(InputError):
        build()
