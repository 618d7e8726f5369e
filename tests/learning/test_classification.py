import json

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.linear_model import LogisticRegression

from engine.errors import Cancelled, InputError
from engine.learning.classification import (
    LimitClassifier,
    border,
    meets,
    overlap_in_a_plane,
    overlap_on_a_line,
    placed_border,
    train_classifier,
)
from engine.progress import Progress
from tests.learning.octet import octet_binaries
from tests.learning.problems import INPUTS, smooth

SEVENTEEN = (
    *("+", "-", "|-|", "*", "/", "^-1", "abs", "exp", "exp-", "log", "sin", "cos"),
    *("^2", "^3", "^6", "sqrt", "cbrt"),
)


def test_that_the_known_descriptor_of_octet_binaries_is_found():
    # The tutorial of SISSO++ (DOI 10.21105/joss.03960): r_sigma + r_p(B) leaves 2 of 82
    # compounds in the overlap; with EA(A) * Z(B) beside it none.
    frame, units = octet_binaries()
    radii = {n: u for n, u in units.items()}
    options = {"operators": SEVENTEEN, "units": radii, "safe": False, "folds": 0, "rung": 1}
    limits = {"energy": (0.0, None)}
    one = train_classifier(frame, list(units), limits, terms=1, **options)
    two = train_classifier(frame, list(units), limits, terms=2, **options)
    assert one.metrics["overlap"] == 2
    assert "r_p_B + r_sigma" in one.equation
    assert two.metrics["overlap"] == 0
    assert two.metrics["train"]["accuracy"] == 1


def in_hull(point, cloud):
    """Whether a point is a convex combination of others, by linear programming."""
    conditions = np.vstack([cloud.T, np.ones(len(cloud))])
    return linprog(np.zeros(len(cloud)), A_eq=conditions, b_eq=[*point, 1.0]).status == 0


@pytest.mark.parametrize("seed", range(4))
def test_that_overlaps_are_those_of_plain_counting(seed):
    stream = np.random.default_rng(seed)
    member = np.arange(30) < 14
    points = stream.normal(size=(30, 2)) + member[:, None]
    count, width = overlap_on_a_line(points.T, member)
    for k in range(2):
        one, two = points[member, k], points[~member, k]
        low, high = max(one.min(), two.min()), min(one.max(), two.max())
        assert count[k] == sum(low <= v <= high for v in points[:, k])
        assert width[k] == pytest.approx((high - low) / min(np.ptp(one), np.ptp(two)))
    expected = sum(in_hull(p, points[~member]) for p in points[member])
    expected += sum(in_hull(p, points[member]) for p in points[~member])
    assert overlap_in_a_plane(points, member) == expected


def test_that_the_border_is_that_of_logistic_regression():
    stream = np.random.default_rng(3)
    member = np.arange(60) < 25
    points = stream.normal(size=(60, 2)) * [1, 100] + member[:, None] * [1, 120]
    weights, bias = border(points, member)
    z = (points - points.mean(axis=0)) / points.std(axis=0)
    peer = LogisticRegression(C=1e4 / 60, class_weight="balanced", tol=1e-10).fit(z, member)
    expected = peer.coef_[0] / points.std(axis=0)
    np.testing.assert_allclose(weights, expected, rtol=0.01)
    assert bias == pytest.approx(peer.intercept_[0] - expected @ points.mean(axis=0), rel=0.02)


def test_that_a_curved_border_is_found_and_holds_for_new_conditions():
    frame = smooth(120)
    limits = {"y": (2.2, 2.8), "tortuosity": (None, 6.9)}
    found = train_classifier(frame, INPUTS, limits, rung=1)
    fresh = smooth(500, seed=50)
    assert np.mean(found.predict(fresh) == meets(fresh, limits)) > 0.8
    assert found.metrics["cross_validation"]["rows"] == 120
    again = LimitClassifier.from_dict(json.loads(json.dumps(found.to_dict())))
    np.testing.assert_array_equal(again.decision(fresh), found.decision(fresh))
    assert again == found


def test_that_limits_count_infinite_and_missing_values_as_not_met():
    table = {"tau": [1.0, 2.0, np.inf, np.nan], "cover": [10.0, 30.0, 30.0, 30.0]}
    np.testing.assert_array_equal(meets(table, {"tau": (None, 3)}), [True, True, False, False])
    both = meets(table, {"tau": (None, 3), "cover": (20, None)})
    np.testing.assert_array_equal(both, [False, True, False, False])


def test_that_pure_chance_is_called_so():
    frame = smooth(60)
    frame["noise"] = np.random.default_rng(1).normal(size=60)
    found = train_classifier(frame, INPUTS, {"noise": (0.8, None)}, terms=1)
    assert found.metrics["cross_validation"]["accuracy"] < 0.85
    assert any("no better" in s for s in found.statements)


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        ({"y": (-99, 99)}, "All conditions"),
        ({"y": (99, None)}, "No conditions"),
        ({}, "at least one limit"),
        ({"absent": (1, 2)}, "no target column 'absent'"),
    ],
)
def test_that_limits_without_a_border_are_refused(limits, match):
    with pytest.raises(InputError, match=match):
        train_classifier(smooth(20), INPUTS, limits)


def test_that_a_damaged_classifier_is_refused():
    found = train_classifier(smooth(30), INPUTS, {"y": (2.4, None)}, terms=1)
    whole = found.to_dict()
    for key in ("format", "features", "weights", "domain"):
        with pytest.raises(InputError):
            LimitClassifier.from_dict({k: v for k, v in whole.items() if k != key})
    with pytest.raises(InputError, match="do not fit"):
        LimitClassifier.from_dict({**whole, "inputs": ["other"]})


def test_that_the_search_for_a_border_can_be_stopped_between_pairs():
    class Once(Progress):
        def report(self, fraction, stage=""):
            if stage == "comparing pairs of features":
                self.cancel()
            super().report(fraction, stage)

    stream = np.random.default_rng(2)
    table = {"a": stream.uniform(1, 2, 60), "b": stream.uniform(1, 2, 60)}
    table["y"] = table["a"] * table["b"] + stream.normal(0, 0.3, 60)
    with pytest.raises(Cancelled):
        train_classifier(table, ["a", "b"], {"y": (2.2, None)}, progress=Once())


@pytest.mark.parametrize("seed", range(3))
def test_that_classes_that_can_be_told_apart_by_a_feature_are_told_apart(seed):
    stream = np.random.default_rng(seed)
    values = np.concatenate([stream.normal(0, 1, 60), [3.0]])
    member = values > np.sort(values)[-25]
    weights, bias = placed_border(values[:, None], member)
    assert np.array_equal(values * weights[0] + bias > 0, member)
    plain = border(values[:, None], member)[0]
    assert weights == pytest.approx(plain)


def test_that_a_sum_in_the_border_stands_in_brackets():
    stream = np.random.default_rng(3)
    frame = {n: stream.uniform(1, 9, 80) for n in ("a_um", "b_um", "y")}
    frame["y"] = frame["a_um"] + frame["b_um"]
    found = train_classifier(frame, ["a_um", "b_um"], {"y": (10.0, None)}, terms=1, rung=1)
    assert found.features[0].op == "+"
    assert r"\left(" in found.latex and r"\right) > 0" in found.latex
