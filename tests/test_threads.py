"""Work kept on one thread."""

import subprocess
import sys
from collections.abc import Callable
from threading import Thread

import scipy.linalg  # noqa: F401  (it brings a library of its own)
from threadpoolctl import threadpool_info

from engine.threads import one_thread


def counts() -> list[int]:
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


def test_that_a_limit_on_threads_ends_with_the_last_who_asked_for_it():
    before = counts()
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    assert set(counts()) == {1}
    first.__exit__(None, None, None)  # not the last to enter: threads overlap in any order
    assert set(counts()) == {1}
    second.__exit__(None, None, None)
    assert counts() == before


def elsewhere(work: Callable[[], object]) -> object:
    """What `work` gives in a thread of its own."""
    found: list[object] = []
    thread = Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def counts_inside() -> set[int]:
    with one_thread():
        return set(counts())


def test_that_every_thread_can_limit_and_not_only_the_first():
    before = counts()
    with one_thread():
        pass
    assert elsewhere(counts_inside) == {1}
    assert counts() == before


def test_that_a_limit_may_be_lifted_by_another_thread_than_set_it():
    before = counts()
    first, second = one_thread(), one_thread()
    first.__enter__()
    elsewhere(second.__enter__)
    first.__exit__(None, None, None)
    assert set(counts()) == {1}
    elsewhere(lambda: second.__exit__(None, None, None))
    assert counts() == before


_LATER = """
import numpy
from engine.threads import one_thread
from threadpoolctl import threadpool_info

with one_thread():
    pass
import scipy.linalg

with one_thread():
    pools = [one for one in threadpool_info() if one["user_api"] == "blas"]
    print(len(pools), {one["num_threads"] for one in pools})
"""


def test_that_a_library_loaded_later_is_limited_too():
    found = subprocess.run([sys.executable, "-c", _LATER], capture_output=True, text=True)
    assert found.stdout.split() in (["1", "{1}"], ["2", "{1}"]), found.stderr
