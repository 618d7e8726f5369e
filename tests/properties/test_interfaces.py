"""Areas against analytic bodies and naive counts."""

import math

import numpy as np
import pytest

from engine.properties.interfaces import (
    DIRECTIONS,
    _crossings,
    _frozen,
    active_surface_published,
    interface_areas,
)
from tests.properties import naive
from tests.properties.volumes import electrode


@pytest.mark.parametrize("seed", range(3))
def test_that_crossings_agree_with_lines_followed_one_by_one(seed):
    labels = electrode((6, 5, 7), 3, (1.5, 2.5), 0.3, seed)
    counts, _ = _crossings(_frozen(labels))
    for row, direction in zip(counts, DIRECTIONS, strict=True):
        for value, pair in zip(row, ((1, 0), (1, 2), (2, 0)), strict=True):
            assert value == naive.crossings(labels, pair, direction)


@pytest.mark.parametrize("radius", [8, 12, 20])
@pytest.mark.parametrize("edges", [(1.0, 1.0, 1.0), (0.5, 0.8, 0.6)])
def test_that_the_area_of_a_sphere_is_right_within_two_percent(radius, edges):
    shape = [int(2 * radius / e) + 5 for e in edges]
    z, y, x = (e * (np.arange(n) - n / 2 + 0.3) for e, n in zip(edges, shape, strict=True))
    ball = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2 <= radius**2
    areas = interface_areas(ball.astype(np.uint8), edges)
    volume = np.prod(shape) * np.prod(edges)
    assert areas.am_electrolyte * volume == pytest.approx(4 * math.pi * radius**2, rel=0.02)
    assert areas.am_cbd == areas.cbd_electrolyte == 0
    assert areas.active_surface_percent == 100


@pytest.mark.parametrize("axis", range(3))
def test_that_the_lateral_area_of_a_cylinder_is_right(axis):
    y, x = np.ogrid[:50, :50]
    disc = (y - 24.6) ** 2 + (x - 25.2) ** 2 <= 20**2
    cylinder = np.moveaxis(np.repeat(disc[None], 40, axis=0), 0, axis).astype(np.uint8)
    area = interface_areas(cylinder).am_electrolyte * cylinder.size
    assert area == pytest.approx(2 * math.pi * 20 * 40, rel=0.02)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("edges", [(1.0, 1.0, 1.0), (0.5, 0.8, 1.2)])
def test_that_a_plane_along_the_axes_is_right(axis, edges):
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[(slice(None),) * axis + (slice(0, 13),)] = 1
    area = interface_areas(labels, edges).am_electrolyte * labels.size
    assert area == pytest.approx(900 / edges[axis], rel=0.005)


@pytest.mark.parametrize("normal", [(1, 1, 0), (1, 1, 1), (3, 1, 0), (4, 2, 1)])
def test_that_an_oblique_plane_is_right_within_a_few_percent(normal):
    n = np.array(normal) / np.linalg.norm(normal)
    z, y, x = np.indices((60, 60, 60)) - 29.5
    inside = z * z + y * y + x * x < 28**2
    above = z * n[0] + y * n[1] + x * n[2] > 0.2
    # A disc: the AM-electrolyte part of a ball cut in two, CBD around it.
    labels = np.where(inside, above, 2).astype(np.uint8)
    area = interface_areas(labels).am_electrolyte * labels.size
    assert area == pytest.approx(math.pi * 28**2, rel=0.05)


def test_that_a_half_coated_slab_is_half_active():
    labels = np.zeros((30, 40, 40), np.uint8)
    labels[10:20] = 1
    labels[20:25] = 2
    areas = interface_areas(labels)
    assert areas.active_surface_percent == pytest.approx(50, rel=1e-3)
    assert areas.am_cbd == pytest.approx(areas.cbd_electrolyte)


def test_that_a_uniform_volume_has_no_interface():
    areas = interface_areas(np.ones((3, 4, 5), np.uint8))
    assert areas.am_electrolyte == 0
    assert math.isnan(areas.active_surface_percent)


@pytest.mark.parametrize("seed", range(3))
def test_that_the_published_active_surface_agrees_with_its_definition(seed):
    labels = electrode((7, 9, 8), 4, (1.5, 3), 0.1, seed)
    assert active_surface_published(labels) == naive.active_surface_published(labels)


def test_that_the_published_active_surface_counts_pores_not_faces():
    labels = np.zeros((5, 5, 5), np.uint8)
    labels[2, 2, 2] = 1
    assert active_surface_published(labels) == 2600
    assert math.isnan(active_surface_published(np.zeros((2, 2, 2), np.uint8)))
