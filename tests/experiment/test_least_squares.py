"""The descents of curves against scipy's search, and stops within a law."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from engine.errors import Cancelled
from engine.experiment.diagnostics import assess
from engine.experiment.laws.least_squares import fit_from_starts
from engine.experiment.laws.store import make_law
from engine.progress import Progress
from tests.experiment.tables import sample_table


def decay(x, y):
    def model(theta):
        low, rate = theta[0], np.exp(theta[1])
        left = np.exp(-x / rate)
        return low + (1 - low) * left - y, np.column_stack([1 - left, (1 - low) * left * x / rate])

    return model


BOUNDS = (np.array([-np.inf, -3.0]), np.array([np.inf, 6.0]))


@pytest.mark.parametrize("seed", range(5))
def test_that_a_descent_ends_where_the_search_of_scipy_ends(seed):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 200, 15)
    y = 0.3 + 0.7 * np.exp(-x / 40) + rng.normal(0, 0.02, 15)
    model = decay(x, y)
    start = np.array([0.0, 1.0])
    theta, jacobian = fit_from_starts(model, [start], BOUNDS, lambda _: False)
    found = least_squares(lambda t: model(t)[0], start, bounds=BOUNDS, xtol=1e-14, ftol=1e-14)
    assert theta == pytest.approx(found.x, rel=1e-5)
    assert jacobian == pytest.approx(model(theta)[1])


def test_that_a_descent_stays_in_its_box():
    x = np.linspace(1, 200, 12)
    model = decay(x, 1 - 1e-4 * x)  # a straight line: the rate runs off
    theta, _ = fit_from_starts(model, [np.array([0.5, 1.0])], BOUNDS, lambda _: False)
    assert theta[1] == 6.0


@pytest.mark.parametrize("kind", ["exponential", "heckel", "kawakita"])
@pytest.mark.parametrize("shape", [0.005, 30.0])
def test_that_slopes_are_the_derivatives_of_the_curve(kind, shape):
    law = make_law(kind)
    level, porosity = np.array([0.1, 0.25, 0.3]), np.array([0.4, 0.45, 0.5])
    pressure = np.array([0.0, 0.02, 0.03]) / shape if shape < 1 else np.array([0.0, 20.0, 90.0])
    if kind != "exponential":
        pressure = np.minimum(pressure, 5 / shape)
    by_level, by_shape = law._slopes(level, shape, porosity, pressure)
    step = 1e-6
    numeric = [
        (law._curve(level + step, shape, porosity, pressure)
         - law._curve(level - step, shape, porosity, pressure)) / (2 * step),
        (law._curve(level, shape * (1 + step), porosity, pressure)
         - law._curve(level, shape * (1 - step), porosity, pressure)) / (2 * step * shape),
    ]  # fmt: skip
    assert by_level == pytest.approx(numeric[0], abs=1e-6)
    assert by_shape == pytest.approx(numeric[1], rel=1e-5, abs=1e-7)


def test_that_a_stop_is_heeded_within_a_law():
    table = sample_table()
    law = make_law("heckel").fit(table)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        assess(law, table, progress)
