"""Rate and time left of a campaign, on a clock of the test's own."""

import pytest

from engine.campaign.pace import Pace


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def ticks(pace, clock, *events):
    for seconds, worker in events:
        clock.now = seconds
        pace.tick(worker)


def test_that_the_first_structure_of_each_worker_says_nothing_of_the_rest():
    clock = Clock()
    pace = Pace(2, clock)
    ticks(pace, clock, (240, 1))
    assert pace.per_second == 0 and pace.seconds_left(20) is None
    ticks(pace, clock, (241, 2), (242, 1), (243, 2))
    assert pace.seconds_left(20) is None  # two results are too few
    ticks(pace, clock, (244, 1))
    assert pace.per_second == pytest.approx(1.0)
    assert pace.seconds_left(20) == pytest.approx(20)
    assert pace.count == 5


def test_that_the_rate_forgets_what_is_older_than_a_minute():
    clock = Clock()
    pace = Pace(1, clock)
    ticks(pace, clock, *((10.0 * i, 1) for i in range(1, 10)))
    assert pace.per_second == pytest.approx(0.1)
    ticks(pace, clock, *((90 + 1.0 * i, 1) for i in range(1, 101)))
    assert pace.per_second == pytest.approx(1.0, rel=0.02)


def test_that_a_worker_started_again_does_not_take_the_estimate_away():
    clock = Clock()
    pace = Pace(1, clock)
    ticks(pace, clock, *((1.0 * i, 1) for i in range(1, 6)), (6.0, 77))
    assert pace.seconds_left(10) == pytest.approx(10)
