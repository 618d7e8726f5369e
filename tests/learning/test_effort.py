import pytest

from engine.learning.effort import EFFORTS, estimate
from engine.learning.sisso_search import SissoOptions
from engine.learning.training import train
from tests.learning.problems import INPUTS, smooth


@pytest.mark.parametrize("rung", [1, 2, 3])
def test_that_the_estimate_is_of_the_right_size(rung):
    options = {"rung": rung, "terms": 1, "sis": 10}
    frame = smooth(30)
    result = train(frame, INPUTS, ["y"], threads=2, folds=0, **options)
    guess = estimate(3, 1, 30, SissoOptions(**options))
    assert guess.candidates / 3 < result.features_screened < guess.candidates * 3


def test_that_more_effort_is_estimated_to_take_longer():
    seconds = [estimate(3, 5, 352, SissoOptions(**e)).seconds for e in EFFORTS.values()]
    assert seconds == sorted(seconds)
    full = estimate(4, 5, 352, SissoOptions(), folds=5)
    assert full.seconds > 3 * estimate(4, 5, 352, SissoOptions()).seconds
    assert full.subsets > 6e10
