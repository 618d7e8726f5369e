"""Which structure comes next."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.campaign.design import AdaptiveRepeats
from engine.campaign.scheduler import Scheduler, precise_enough, spread_order
from engine.structure.condition import Condition, Recipe
from engine.study import StructureTask

CONDITION = Condition(Recipe(0.94), 0.33, 20.0)


def tasks(conditions: int, repeats: int) -> list[StructureTask]:
    return [
        StructureTask(1, number, repeat, 5, CONDITION)
        for number in range(conditions)
        for repeat in range(repeats)
    ]


@given(st.integers(1, 300))
def test_that_the_order_of_conditions_is_a_permutation(count):
    assert sorted(spread_order(count)) == list(range(count))


def test_that_every_beginning_of_the_order_is_spread_over_the_range():
    order = spread_order(440)
    for taken in (8, 32, 128):
        beginning = sorted(order[:taken])
        gaps = [b - a for a, b in itertools.pairwise(beginning)]
        assert max(gaps) <= 3 * 440 / taken
        assert beginning[0] < 440 / 4 and beginning[-1] > 440 * 3 / 5


@given(st.integers(1, 12), st.integers(1, 4))
def test_that_each_task_is_handed_out_once_first_repeats_first(conditions, repeats):
    scheduler = Scheduler(tasks(conditions, repeats))
    given_out = list(scheduler.tasks())
    assert len(given_out) == len({(t.number, t.repeat) for t in given_out}) == conditions * repeats
    assert [t.repeat for t in given_out] == sorted(t.repeat for t in given_out)
    assert scheduler.waiting == 0 and scheduler.remaining == conditions * repeats


def test_that_a_stopped_scheduler_hands_out_nothing():
    scheduler = Scheduler(tasks(2, 2))
    stream = scheduler.tasks()
    next(stream)
    scheduler.stop()
    assert list(stream) == []
    scheduler.go_on()
    assert len(list(scheduler.tasks())) == 3


def test_that_suspects_are_tried_alone_and_given_up_when_alone():
    scheduler = Scheduler(tasks(3, 1))
    stream = scheduler.tasks()
    next(stream), next(stream)
    retried, given_up = scheduler.pool_died()
    assert len(retried) == 2 and given_up == [] and scheduler.suspects == 2
    first = next(scheduler.tasks(suspects=True))
    assert scheduler.pool_died() == ([], [first])
    second = next(scheduler.tasks(suspects=True))
    scheduler.known(second.number, second.repeat, {})
    assert scheduler.suspects == 0 and scheduler.waiting == 1


def test_that_only_one_suspect_is_in_hand_at_a_time():
    scheduler = Scheduler(tasks(4, 1))
    stream = scheduler.tasks()
    next(stream), next(stream), next(stream)
    scheduler.pool_died()
    assert len(list(scheduler.tasks(suspects=True))) == 1
    assert scheduler.suspects == 2


def test_that_a_structure_alone_in_hand_still_gets_its_second_try():
    scheduler = Scheduler(tasks(1, 1))
    next(scheduler.tasks())
    retried, given_up = scheduler.pool_died()
    assert len(retried) == 1 and given_up == []


@pytest.mark.parametrize(
    ("values", "enough"),
    [
        ([10.0, 10.0, 10.0], True),
        ([10.0, 11.0, 12.0], False),
        ([10.0, 10.01, 10.02], True),
        ([-10.0, -10.01, -10.02], True),
        ([10.0, 10.01, 10.02, math.inf], True),
        ([math.inf, math.inf], True),
        ([math.nan], True),
        ([10.0, math.inf], False),
        ([0.0, 0.0], True),
    ],
)
def test_that_precision_is_the_standard_error_of_the_mean(values, enough):
    assert precise_enough({"a": values}, AdaptiveRepeats(1.0, 3, ("a",))) is enough


def test_that_more_repeats_come_only_where_the_spread_asks_for_them():
    scheduler = Scheduler(tasks(2, 6), AdaptiveRepeats(1.0, 2, ("a",)))
    handed_out = []
    while scheduler.waiting:
        for task in list(scheduler.tasks()):
            handed_out.append((task.number, task.repeat))
            noise = task.repeat % 2 if task.number == 1 else 0
            scheduler.known(task.number, task.repeat, {"a": 10.0 + noise})
    assert sorted(handed_out) == [(0, 0), (0, 1), *((1, repeat) for repeat in range(6))]


def test_that_a_failed_repeat_is_made_up_for_by_the_next():
    scheduler = Scheduler(tasks(1, 6), AdaptiveRepeats(10.0, 2, ("a",)))
    values = iter([{"a": 1.0}, None, {"a": 1.01}])
    given_out = []
    while scheduler.waiting:
        for task in list(scheduler.tasks()):
            given_out.append(task.repeat)
            scheduler.known(task.number, task.repeat, next(values))
    assert given_out == [0, 1, 2]
