import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator

from engine.errors import Cancelled, InputError
from engine.learning.sisso import SISSO
from engine.progress import Progress
from tests.learning.problems import INPUTS, smooth

# Skipped by scikit-learn unless scipy was imported in its array mode: run by the test below.
_ALONE = "check_array_api_input"
_CHECKS = [
    (estimator, check)
    for estimator, check in estimator_checks_generator(SISSO(rung=1, terms=1, sis=10, threads=1))
    if check.func.__name__ != _ALONE
]


@pytest.mark.parametrize(
    ("estimator", "check"), _CHECKS, ids=[check.func.__name__ for _, check in _CHECKS]
)
def test_that_the_conventions_of_scikit_learn_are_kept(estimator, check):
    check(estimator)


def test_that_arrays_of_other_libraries_are_taken_as_scikit_learn_asks():
    program = (
        "from sklearn.utils.estimator_checks import estimator_checks_generator\n"
        "from engine.learning.sisso import SISSO\n"
        "chosen = [pair for pair in estimator_checks_generator(SISSO(rung=1, terms=1, sis=10,"
        f" threads=1)) if pair[1].func.__name__ == '{_ALONE}']\n"
        "for estimator, check in chosen: check(estimator)\n"
        "print(len(chosen), 'checked')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip() == "1 checked", done.stderr


def test_that_the_estimator_and_the_training_find_the_same_model():
    from engine.learning.training import train

    frame = smooth(50)
    options = {"rung": 2, "terms": 2, "sis": 40, "threads": 1}
    estimator = SISSO(**options).fit(frame[INPUTS], frame[["y", "tortuosity"]])
    result = train(frame, INPUTS, ["y", "tortuosity"], cross_validation="none", **options)
    for k, target in enumerate(["y", "tortuosity"]):
        np.testing.assert_allclose(
            estimator.predict(frame[INPUTS])[:, k], result[target].predict(frame), rtol=1e-9
        )
    assert estimator.candidates_ == result.features_screened


def test_that_it_works_inside_the_tools_of_scikit_learn():
    frame = smooth(40)
    base = SISSO(rung=1, terms=2, sis=10, threads=1)
    assert cross_val_score(base, frame[INPUTS], frame.y, cv=3).min() > 0.9
    chosen = GridSearchCV(base, {"terms": [1, 2]}, cv=3).fit(frame[INPUTS], frame.y)
    assert chosen.best_params_ == {"terms": 2}
    assert clone(base).get_params() == base.get_params()


def test_that_units_can_be_declared():
    frame = pd.DataFrame(smooth(40)[INPUTS].to_numpy(), columns=["a", "b", "c"])
    y = frame.a + frame.b
    free = SISSO(rung=1, terms=1, operators=("+", "*"), threads=1).fit(frame, y)
    bound = SISSO(rung=1, terms=1, operators=("+", "*"), units=["MPa", "", ""], threads=1)
    assert free.score(frame, y) == pytest.approx(1)
    assert bound.fit(frame, y).score(frame, y) < 1 - 1e-9
    assert "a + b" not in bound.equations_[0]
    with pytest.raises(InputError, match="2 units"):
        SISSO(units=["MPa", ""]).fit(frame, y)


def test_that_a_search_can_be_cancelled():
    progress = Progress()
    progress.cancel()
    frame = smooth(40)
    with pytest.raises(Cancelled):
        SISSO(rung=2, threads=1).fit(frame[INPUTS], frame.y, progress=progress)
