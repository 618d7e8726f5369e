import dataclasses

import numpy as np
import pytest

from engine.errors import InputError
from engine.structure.condition import Condition, Recipe
from engine.structure.generate import generate
from engine.structure.published import (
    DRAWINGS,
    FREQUENCIES,
    RADII,
    add_cbd,
    place_spheres,
    slice_heights,
)
from engine.structure.random_stream import new_stream
from tests.structure import naive


def published_condition(am, initial_porosity, gap):
    """Condition of the published campaign (law: DOI 10.1016/j.jpowsour.2020.229103)."""
    porosity = (
        0.843501332857 * am
        - 0.723464511643 * initial_porosity
        - 0.001324143727 * 100
        - 0.003060811370 * gap
        + 5.836202e-6 * gap**2
        + 0.007198782820 * initial_porosity * gap
    )
    thickness = 100 * (1 - (initial_porosity - porosity))
    return Condition(Recipe.published(am), porosity, thickness, "resolved", "published")


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_that_spheres_are_placed_as_the_naive_twin_places_them(drawing):
    shape = (19, 17, 18)
    labels, particles, _ = place_spheres(shape, 1.0, 0.45, seed=4, drawing=drawing)
    cumulative = np.cumsum(FREQUENCIES / FREQUENCIES.sum())
    expected, spheres = naive.published_spheres(
        new_stream(4, 0), shape, RADII, cumulative, 0.7, round(0.45 * labels.size), drawing
    )
    assert np.array_equal(labels, expected)
    assert np.array_equal(particles.centres, spheres[:, :3])
    assert np.array_equal(particles.radii, spheres[:, 3])


def test_that_slices_of_the_padded_drawing_lie_evenly_and_alike_at_both_ends():
    heights = slice_heights(83, 1.0)
    assert np.diff(heights) == pytest.approx(113 / 112)
    assert heights[0] == pytest.approx(15 / 112)
    assert heights[0] == pytest.approx(83 - heights[-1])
    assert slice_heights(166, 0.5)[0] == pytest.approx(30 / 225)


def test_that_the_two_drawings_share_their_target_but_not_their_collector():
    covered = {}
    for drawing in DRAWINGS:
        options = {"sphere_drawing": drawing}
        asked = dataclasses.replace(published_condition(0.94, 0.44, 41), options=options)
        stacks = [generate(asked, seed).stack for seed in range(6)]
        covered[drawing] = np.mean([np.mean(stack.labels[0] == 1) for stack in stacks])
        share = np.mean([stack.phase_fractions["am"] for stack in stacks])
        assert share == pytest.approx(asked.volume_fractions[1], abs=0.002)
    assert 0.02 < covered["padded"] - covered["plain"] < 0.08


def test_that_an_unknown_drawing_is_refused():
    with pytest.raises(InputError, match="not one of padded, plain"):
        place_spheres((20, 20, 20), 1.0, 0.4, seed=0, drawing="fine")


def test_that_cbd_is_added_as_the_naive_twin_adds_it():
    labels, _, _ = place_spheres((16, 15, 14), 1.0, 0.3, seed=1)
    expected = naive.published_cbd(new_stream(1, 1), labels, round(0.2 * labels.size))
    add_cbd(labels, 0.2, seed=1)
    assert np.array_equal(labels, expected)


def test_that_no_two_centres_are_nearer_than_the_contact_allows():
    _, particles, overlap = place_spheres((40, 30, 30), 1.0, 0.5, seed=0)
    gaps = np.linalg.norm(particles.centres[:, None] - particles.centres[None], axis=2)
    sums = particles.radii[:, None] + particles.radii[None]
    np.fill_diagonal(gaps, np.inf)
    assert (gaps / sums).min() >= 0.7
    assert (gaps / sums).min() < 0.71  # and the rule is what limits
    assert overlap == pytest.approx(1 - (gaps / sums).min())


def test_that_radii_come_with_the_published_frequencies():
    _, particles, _ = place_spheres((80, 60, 60), 1.0, 0.12, seed=2)  # dilute: nothing is refused
    share = np.array([np.mean(particles.radii == r) for r in RADII])
    assert set(particles.radii) <= set(RADII)
    assert np.abs(share - FREQUENCIES / FREQUENCIES.sum()).max() < 0.04


@pytest.mark.parametrize(
    ("am", "initial_porosity", "gap", "nz", "coverage_am", "coverage_cbd", "active"),
    [(0.93, 0.48, 1, 83, 34.1, 24.3, 43.2), (0.96, 0.40, 91, 102, 32.9, 12.0, 70.9)],
)
def test_that_means_agree_with_published_structures(
    am, initial_porosity, gap, nz, coverage_am, coverage_cbd, active
):
    condition = published_condition(am, initial_porosity, gap)
    stacks = [generate(condition, seed).stack for seed in range(10)]
    assert stacks[0].shape == (nz, 50, 50)
    floor = np.array([np.bincount(s.labels[0].ravel(), minlength=3) for s in stacks]) / 25
    assert abs(floor.mean(axis=0)[1] - coverage_am) < 4
    assert abs(floor.mean(axis=0)[2] - coverage_cbd) < 2.5
    solid = np.array([1 - s.phase_fractions["electrolyte"] for s in stacks])
    # nearly every pore voxel touches solid, so the published surface is near eps/(1-eps)
    assert abs(np.mean(100 * (1 - solid) / solid) - active) < 2


def test_that_cbd_is_exact_and_am_stops_at_its_target():
    condition = published_condition(0.94, 0.45, 31)
    structure = generate(condition, 5)
    counts = np.bincount(structure.stack.labels.ravel(), minlength=3)
    size = structure.stack.labels.size
    _, am, cbd = condition.volume_fractions
    assert counts[2] == round(cbd * size)
    assert 0 <= counts[1] - round(am * size) < 4 / 3 * np.pi * 4.5**3


def test_that_a_density_out_of_reach_is_refused():
    with pytest.raises(InputError, match=r"at random fills .* not the 90.0 %"):
        place_spheres((20, 20, 20), 1.0, 0.90, seed=0)


def test_that_a_box_smaller_than_a_sphere_is_refused():
    with pytest.raises(InputError, match="smaller than the largest"):
        place_spheres((50, 3, 50), 1.0, 0.4, seed=0)
