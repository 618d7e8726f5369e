import numpy as np
import pytest

from engine.errors import InputError
from engine.learning.expression import apply, column
from engine.learning.model import PropertyModel
from engine.learning.sensitivity import sobol_indices
from engine.learning.symbolic import SymbolicModel


def model_of(*terms, domain=None):
    domain = domain or {"a": (0.0, 1.0), "b": (0.0, 1.0), "c": (0.0, 1.0)}
    symbolic = SymbolicModel(5.0, tuple(c for c, _ in terms), tuple(t for _, t in terms))
    return PropertyModel("y", tuple(domain), "sisso", symbolic, domain)


A, B = column("a"), column("b")


def test_that_the_indices_of_a_sum_are_its_shares():
    found = sobol_indices(model_of((3.0, A), (4.0, B)))
    np.testing.assert_allclose(found.first, [9 / 25, 16 / 25, 0], atol=0.01)
    np.testing.assert_allclose(found.total, [9 / 25, 16 / 25, 0], atol=0.01)
    assert found.variance == pytest.approx(25 / 12, rel=0.01)


def test_that_an_interaction_counts_in_the_total_of_both():
    # (2a - 1)(2b - 1): no effect alone, all of it together.
    product = apply("*", A, B)
    found = sobol_indices(model_of((4.0, product), (-2.0, A), (-2.0, B)))
    np.testing.assert_allclose(found.first, 0, atol=0.02)
    np.testing.assert_allclose(found.total, [1, 1, 0], atol=0.03)
    assert np.all(found.error[:2] < 0.05)


def test_that_a_wider_range_weighs_more():
    found = sobol_indices(model_of((1.0, A), (1.0, B)), box={"a": (0.0, 3.0)})
    np.testing.assert_allclose(found.first[:2], [0.9, 0.1], atol=0.01)


def test_that_a_pole_in_the_box_is_refused():
    with pytest.raises(InputError, match="not finite"):
        sobol_indices(model_of((1.0, apply("log", A))), box={"a": (-1.0, 1.0)})
