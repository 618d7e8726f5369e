"""Network and Gaussian process against independent implementations."""

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from engine.errors import InputError
from engine.learning.gaussian_process import GaussianProcess, negative_log_likelihood
from engine.learning.network import Network, NetworkOptions, fit_networks


def points(rows=40, seed=0):
    stream = np.random.default_rng(seed)
    table = stream.uniform([50, 0.9, 0.3], [400, 0.98, 0.6], (rows, 3))
    goal = np.log(table[:, 0]) * table[:, 2] + stream.normal(0, 0.02, rows)
    return table, goal


def test_that_the_process_predicts_what_scikit_learn_predicts_with_its_kernel():
    table, goal = points()
    model = GaussianProcess.fit(table, goal)
    kernel = ConstantKernel(model.signal) * RBF(model.lengths) + WhiteKernel(model.noise)
    peer = GaussianProcessRegressor(kernel, optimizer=None, alpha=0.0)
    peer.fit((table - model.centre) / model.scale, (goal - model.level) / model.spread)
    fresh, _ = points(seed=5)
    mean, deviation = peer.predict((fresh - model.centre) / model.scale, return_std=True)
    np.testing.assert_allclose(model.predict(fresh), model.level + model.spread * mean, rtol=1e-6)
    np.testing.assert_allclose(model.deviation(fresh), model.spread * deviation, rtol=1e-5)


def test_that_the_gradient_of_the_likelihood_is_right():
    table, goal = points(15)
    z = (table - table.mean(axis=0)) / table.std(axis=0)
    squares = (z.T[:, :, None] - z.T[:, None, :]) ** 2
    y = (goal - goal.mean()) / goal.std()
    logs = np.array([0.2, 0.5, -0.1, 0.3, -3.0])
    error = check_grad(
        lambda p: negative_log_likelihood(p, squares, y)[0],
        lambda p: negative_log_likelihood(p, squares, y)[1],
        logs,
    )
    assert error < 1e-3 * np.linalg.norm(negative_log_likelihood(logs, squares, y)[1])


def test_that_the_kernel_chosen_is_no_worse_than_scikit_learns():
    table, goal = points(60)
    model = GaussianProcess.fit(table, goal)
    kernel = ConstantKernel(1.0) * RBF(np.ones(3), (1e-2, 1e3)) + WhiteKernel(1e-2)
    peer = GaussianProcessRegressor(kernel, n_restarts_optimizer=2, random_state=0)
    peer.fit(model.inputs, model.goal)
    squares = (model.inputs.T[:, :, None] - model.inputs.T[:, None, :]) ** 2
    logs = np.log([*model.lengths, model.signal, model.noise])
    own = -negative_log_likelihood(logs, squares, model.goal)[0]
    assert own > peer.log_marginal_likelihood_value_ - 0.05


def test_that_a_process_over_too_many_rows_is_refused():
    with pytest.raises(InputError, match="too large"):
        GaussianProcess.fit(np.zeros((5000, 2)), np.zeros(5000))


def test_that_held_out_predictions_come_from_members_that_have_not_seen_the_row():
    table, goal = points(40)
    folds = np.arange(40) % 4
    options = NetworkOptions(hidden=(8,), repeats=2, epochs=100)
    [network], held_out = fit_networks(
        table, goal[:, None], folds, np.array([True, False, False]), options, seed=3
    )
    each = network.each(table)
    assert each.shape == (8, 40)
    for fold in range(4):
        rows = folds == fold
        expected = each[2 * fold : 2 * fold + 2, rows].mean(axis=0)
        np.testing.assert_allclose(held_out[rows, 0], expected, rtol=1e-9)


def test_that_equal_seeds_give_equal_networks():
    table, goal = points(40)
    arguments = (table, goal[:, None], np.arange(40) % 2, np.zeros(3, bool))
    options = NetworkOptions(hidden=(8,), repeats=1, epochs=50)
    [one], _ = fit_networks(*arguments, options, seed=1)
    [two], _ = fit_networks(*arguments, options, seed=1)
    [three], _ = fit_networks(*arguments, options, seed=2)
    np.testing.assert_array_equal(one.predict(table), two.predict(table))
    assert np.any(one.predict(table) != three.predict(table))


def test_that_networks_trained_together_compute_their_common_layers_once_and_say_the_same(
    monkeypatch,
):
    table, goal = points(60)
    targets = np.column_stack([goal, goal**2])
    networks, _ = fit_networks(
        table, targets, np.arange(60) % 3, np.zeros(3, bool), NetworkOptions(epochs=40)
    )
    fresh, _ = points(5000, seed=3)  # more rows than are held at once
    computed = []
    plain = Network._hidden
    monkeypatch.setattr(
        Network, "_hidden", lambda one, part: computed.append(len(part)) or plain(one, part)
    )
    for count, calls in ((5000, 4), (700, 1), (1, 1), (0, 0)):
        rows = fresh[:count]
        computed.clear()
        shared = {}
        for network in networks:
            scaled = (rows - network.centre) / network.scale
            each = []
            for layers in network.members:  # the definition, layer by layer
                v = scaled
                for weights, bias in layers[:-1]:
                    v = np.tanh(v @ weights + bias)
                each.append(
                    network.level + network.spread * (v @ layers[-1][0] + layers[-1][1])[:, 0]
                )
            mean, deviation = network.with_deviation(rows, shared)
            np.testing.assert_allclose(mean, np.mean(each, axis=0), rtol=1e-12)
            np.testing.assert_allclose(deviation, np.std(each, axis=0, ddof=1), rtol=1e-7)
        assert len(computed) == calls  # two parts of each network where there are too many rows
        assert len(shared) == (0 < count < 5000)
