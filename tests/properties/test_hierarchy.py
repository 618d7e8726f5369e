"""The preconditioner: what it must be for conjugate gradients to be right, and its parts."""

import numpy as np
import pytest

from engine.progress import silent
from engine.properties.boxes import BIT_COUNT, GROUP_COUNT, GROUP_OF, group_boxes, link_groups
from engine.properties.conductor import Conductor
from engine.properties.conjugate_gradients import Monitor, minimise
from engine.properties.graph import Level, pack
from engine.properties.hierarchy import build_hierarchy, coarse_cycle, invert
from engine.properties.percolation import percolating
from engine.properties.several_phases import SeveralPhases, voxel_graph
from engine.properties.single_phase import SinglePhase
from engine.properties.transport import _classes, _pairs
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
def test_that_groups_of_boxes_carry_the_summed_conductances(wrap):
    problem = conductor(spheres((8, 6, 10), 9, (1.5, 2.5), 3), wrap=wrap)
    cells = problem.cells
    base, code, box, _ = group_boxes(cells, GROUP_COUNT)
    one, two, weight, plate = link_groups(
        cells.shape, problem.weights, wrap, base, code, box.size,
        (GROUP_COUNT, GROUP_OF, BIT_COUNT), 1.0,
    )  # fmt: skip
    fine = voxel_graph(*problem)
    voxels = fine[6]
    at = np.stack(np.unravel_index(voxels, cells.shape), axis=-1)
    bit = (at & 1) @ (4, 2, 1)
    corner = tuple((at >> 1).T)
    group = base[corner] + GROUP_OF[code[corner], bit]
    merge = np.zeros((box.size, voxels.size))
    merge[group, np.arange(voxels.size)] = 1
    expected = merge @ matrix_of(*fine[:4]) @ merge.T
    assert np.allclose(matrix_of(one, two, weight, plate), expected)
    assert np.array_equal(box[group], [pack(*place) for place in at >> 1])


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


def test_that_both_storages_take_the_same_steps():
    problem = conductor(spheres((20, 16, 18), 40, (2, 4), 1))
    results = []
    for made in (SinglePhase(problem, np.float64, 1), SeveralPhases(problem)):
        outcome = minimise(made, 1e-7, 1e-4, silent())
        assert outcome.converged
        results.append(made.correction())
    assert np.allclose(results[0], results[1], atol=1e-5)


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
    # One step tells nothing about the rate.
    assert not monitor([1e-9], balanced, 1e-4)
