"""The preconditioner: what it must be for conjugate gradients to be right, and its parts."""

import numpy as np
import pytest
from scipy import ndimage

from engine.progress import silent
from engine.properties import hierarchy, single_phase
from engine.properties.blocks import group_blocks, parts_of
from engine.properties.boxes import group_conductor
from engine.properties.checkerboard import layout_of
from engine.properties.conductor import Conductor
from engine.properties.conjugate_gradients import Monitor, minimise
from engine.properties.fluxes import dissipation
from engine.properties.graph import Level, pack
from engine.properties.hierarchy import build_hierarchy, coarse_cycle, invert
from engine.properties.percolation import percolating
from engine.properties.several_phases import SeveralPhases
from engine.properties.single_phase import BLOCK_OVERCORRECTION, SinglePhase
from engine.properties.sums import dot, ordered_sum
from engine.properties.transport import _classes, _pairs
from engine.properties.voxel_graph import VoxelGraph, voxel_graph
from tests.properties.volumes import electrode, spheres


def conductor(labels, table=None, wrap=False):
    """Problem with everything that does not percolate made wall."""
    cells, values = _classes(labels, table)
    cells = cells * percolating(cells > 0, 0, (False, wrap, wrap))
    return Conductor(cells, _pairs(values), np.ones(3), wrap)


def matrix_of(one, two, weight, plate):
    """Dense matrix of a list of links."""
    matrix = np.diag(plate.astype(float))
    for a, b, w in zip(one, two, weight, strict=True):
        matrix[a, a] += w
        matrix[b, b] += w
        matrix[a, b] -= w
        matrix[b, a] -= w
    return matrix


def test_that_a_small_matrix_is_inverted():
    random = np.random.default_rng(0)
    for n in (1, 2, 17, 60):
        root = random.normal(size=(n, n))
        matrix = root @ root.T + n * np.eye(n)
        assert np.allclose(invert(matrix.copy()) @ matrix, np.eye(n))


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("table", [None, (0, 1, 2), (0, 1, 1e4), (1e3, 1, 0)])
def test_that_groups_of_boxes_carry_the_summed_conductances(wrap, table):
    labels = electrode((8, 6, 10), 9, (1.5, 2.5), 0.3, 3)
    problem = conductor(labels > 0 if table is None else labels, table, wrap)
    base, code, level = group_conductor(problem, 1.0)
    fine = voxel_graph(*problem)
    at = np.stack(np.unravel_index(fine[6], problem.cells.shape), axis=-1)
    bit = (at & 1) @ (4, 2, 1)
    corner = tuple((at >> 1).T)
    group = base[corner] + (code[corner] >> (8 + 3 * bit) & 7)
    merge = np.zeros((level.plate.size, len(at)))
    merge[group, np.arange(len(at))] = 1
    assert np.all(merge.sum(axis=1) > 0)
    expected = merge @ matrix_of(*fine[:4]) @ merge.T
    found = matrix_of(level.one, level.two, level.weight, level.plate)
    assert np.allclose(found, expected, rtol=1e-5)
    assert np.array_equal(level.box[group], [pack(*place) for place in at >> 1])


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("shape", [(8, 6, 10), (3, 2, 13), (9, 4, 6)])
def test_that_parts_of_blocks_are_connected_and_carry_the_summed_conductances(shape, wrap):
    for seed, share in enumerate((0.3, 0.55, 0.8, 1.0)):
        labels = np.random.default_rng(seed).random(shape) < share
        cells = labels.astype(np.uint8)
        problem = Conductor(cells, _pairs(np.ones(1)), np.array([1.0, 0.5, 2.0]), wrap)
        parts, level = group_blocks(problem, 1.0)
        fine = voxel_graph(*problem)
        at = np.stack(np.unravel_index(fine[6], shape), axis=-1)
        block = np.ravel_multi_index(tuple((at >> 2).T), parts.blocks)
        bit = (at & 3) @ (16, 4, 1)
        merge = np.zeros((level.plate.size, len(at)))
        for n in range(parts.words.size):
            word = int(parts.words[n])
            inside = np.array([bool(word >> int(k) & 1) for k in bit])
            merge[n] = inside & (parts.first[block] <= n) & (n < parts.first[block + 1])
        assert np.all(merge.sum(axis=0) == 1) and np.all(merge.sum(axis=1) > 0)
        expected = merge @ matrix_of(*fine[:4]) @ merge.T
        found = matrix_of(level.one, level.two, level.weight, level.plate)
        assert np.allclose(found, expected, rtol=1e-5)
        # As many parts as a flood fill finds when blocks touch no other.
        count = 0
        for corner in np.ndindex(*parts.blocks):
            cut = tuple(slice(4 * c, 4 * c + 4) for c in corner)
            count += ndimage.label(labels[cut])[1]
        assert count == parts.words.size


def clogged(kind):
    """Volumes whose ends hang together by few voxels."""
    random = np.random.default_rng(3)
    if kind == "noise":
        return random.random((14, 10, 12)) < 0.42
    if kind == "pores":
        return ~spheres((20, 14, 14), 50, (2, 4), 3)
    rooms = np.ones((16, 10, 10), bool)
    for z in range(2, 16, 3):
        rooms[z] = False
        rooms[z, random.integers(10, size=2), random.integers(10, size=2)] = True
    return rooms


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize(
    ("kind", "spacing"),
    [
        ("noise", (1, 1, 1)),
        ("noise", (1, 1, 9)),
        ("noise", (6, 1, 1)),
        ("pores", (1, 1, 1)),
        ("rooms", (1, 1, 1)),
    ],
)
def test_that_one_cycle_of_a_single_phase_is_symmetric_and_positive(kind, wrap, spacing):
    problem = conductor(clogged(kind), None, wrap)._replace(weights=np.array(spacing, float))
    one = SinglePhase(problem, np.float64, 1)
    red = np.flatnonzero(one._inverse)
    assert red.size > 200
    # The whole matrix: a direction that a weak link makes negative hides from random vectors.
    matrix = np.empty((red.size, red.size))
    for row, place in zip(matrix, red, strict=True):
        one._residual[:] = 0
        one._residual[place] = 1
        one.precondition()
        row[:] = one._z[red]
    assert np.allclose(matrix, matrix.T, rtol=0, atol=1e-12 * matrix.max())
    values = np.linalg.eigvalsh(matrix + matrix.T)
    assert values[0] > 1e-5 * values[-1]


@pytest.mark.parametrize("kind", ["noise", "pores", "rooms"])
def test_that_one_of_two_cycles_on_blocks_overshoots_less_than_twofold(kind, monkeypatch):
    monkeypatch.setattr(hierarchy, "DIRECT", 8)
    _, level = group_blocks(conductor(clogged(kind)), BLOCK_OVERCORRECTION)
    levels, place = build_hierarchy(level, 0.0)
    assert len(levels.repeat) > 2
    levels.repeat[0] = 1
    matrix = np.zeros((place.size, place.size))
    matrix[np.ix_(place, place)] = matrix_of(level.one, level.two, level.weight, level.plate)
    product = []
    for column in matrix:
        levels.b[: place.size] = column
        coarse_cycle(*levels)
        product.append(levels.x[: place.size].copy())
    values = np.linalg.eigvals(product).real
    # Two cycles C of a matrix A are 2 C - C A C: positive as long as C A stays below 2.
    assert values.min() > 0.02 and values.max() < 1.7


@pytest.mark.parametrize(
    ("table", "wrap"),
    [((0, 1, 1), False), ((0, 1, 1), True), ((1, 3, 9), False), ((0, 1e-3, 1e3), False)],
)
def test_that_the_cycle_is_symmetric_and_positive(table, wrap):
    problem = conductor(electrode((12, 11, 10), 14, (2, 3), 0.3, 4), table, wrap)
    one, two, weight, plate, colour, box, _, _, _ = voxel_graph(*problem)
    levels, place = build_hierarchy(
        Level(one, two, weight, plate, colour, box), problem.strength, problem.rigid
    )
    assert len(levels.repeat) > 1
    size = place.size
    random = np.random.default_rng(0)

    def cycle(b):
        levels.b[:size] = b
        coarse_cycle(*levels)
        return levels.x[:size].copy()

    vectors = random.normal(size=(6, size))
    images = np.array([cycle(b) for b in vectors])
    gram = images @ vectors.T
    assert np.allclose(gram, gram.T, rtol=1e-9, atol=1e-9 * np.abs(gram).max())
    assert np.all(np.linalg.eigvalsh(gram + gram.T) > 0)
    # And it is a good approximate inverse: A M has its spectrum near 1.
    renumbered = np.zeros((size, size))
    renumbered[np.ix_(place, place)] = matrix_of(one, two, weight, plate)
    product = np.array([cycle(column) for column in renumbered])
    values = np.linalg.eigvals(product).real
    assert values.min() > 0 and values.max() < 2


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("table", [None, (0, 1, 3), (0, 1, 1e4), (1e4, 1, 0)])
def test_that_all_storages_find_the_same_dissipation(wrap, table):
    labels = electrode((20, 16, 18), 30, (2, 4), 0.3, 1)
    problem = conductor(labels > 0 if table is None else labels, table, wrap)
    made = [
        SeveralPhases(problem, np.float64, 1),
        SeveralPhases(problem, np.float64, 2),
        VoxelGraph(problem),
    ]
    if table is None:
        made.append(SinglePhase(problem, np.float64, 1))
    results = []
    for one in made:
        outcome = minimise(one, 1e-9, 1e-4, silent())
        assert outcome.converged
        results.append(one.correction())
        one.close()
    assert np.array_equal(results[0], results[1])
    energy, _ = dissipation(*problem, results[0])
    for result in results[2:]:
        assert dissipation(*problem, result)[0] == pytest.approx(energy, rel=1e-7)


def test_that_a_checkerboard_has_as_many_parts_as_voxels():
    board = np.indices((12, 10, 9)).sum(axis=0) % 2 == 0
    parts = parts_of(board.astype(np.uint8))
    assert parts.words.size == board.sum()
    assert all(int(word).bit_count() == 1 for word in parts.words)
    assert np.array_equal(np.diff(parts.first[:2]), [32])


@pytest.mark.parametrize("size", [0, 1, 255, 256, 1000])
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_that_sums_keep_the_order_in_which_they_are_written(real, size):
    one, two = np.random.default_rng(size).normal(size=(2, size)).astype(real)
    assert ordered_sum(one) == ordered_sum.py_func(one)
    assert dot(one, two) == dot.py_func(one, two)
    assert dot(one, two) == pytest.approx((one * two).astype(float).sum(), rel=1e-9)


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("kind", "table"),
    [(SinglePhase, None), (SeveralPhases, (0, 1, 3)), (SeveralPhases, (0, 1, 1e4))],
)
def test_that_results_do_not_depend_on_how_slices_are_taken(kind, table, real, monkeypatch):
    labels = electrode((33, 12, 14), 40, (2, 4), 0.3, 1)
    problem = conductor(labels > 0 if table is None else labels, table)

    def taken(slices, threads=1):
        monkeypatch.setattr(single_phase, "IN_CACHE", slices * one_slice)
        made = kind(problem, real, threads)
        outcome = minimise(made, 1e-5, 1e-2, silent())
        correction = made.correction()
        made.close()
        return *outcome, correction.tobytes()

    one_slice = layout_of(labels.shape).slice
    expected = taken(33)  # each kernel through all of them
    assert expected[0] > 2
    for slices in (0, 2, 5, 32):
        assert taken(slices) == expected
    for threads in (2, 3):
        assert taken(33, threads) == expected


def monitor(drops, sums, squared):
    """Feed a monitor and return what it said of the last step."""
    watch = Monitor(1e-4, 1e-2, 1.0, 1.0)
    for drop in drops:
        said = watch.settled(drop, np.array(sums), squared)
    return said


def test_that_no_single_sign_of_convergence_is_enough():
    balanced, leaking = [0.0, 0.0], [0.3, -0.3]
    assert monitor([0.1, 1e-3, 1e-6], balanced, 1e-4)
    # Fluxes agree and the residual is small, but the dissipation still falls.
    assert not monitor([0.1, 0.05, 0.03], balanced, 1e-4)
    # The dissipation is settled, but flux is lost on the way.
    assert not monitor([0.1, 1e-3, 1e-6], leaking, 1e-4)
    # Everything agrees but the residual has hardly moved.
    assert not monitor([0.1, 1e-3, 1e-6], balanced, 0.5)
    # Two steps tell nothing about the rate: the first gains more than the others.
    assert not monitor([0.5, 1e-3], balanced, 1e-4)
    assert monitor([1e-9], balanced, 1e-4)
