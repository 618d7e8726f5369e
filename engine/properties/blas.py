"""One BLAS thread while properties are computed, so that their last bits never change.

OpenBLAS sums in another order with another number of threads. Pool workers have one thread,
the window has several, and both must give the same numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
T = TypeVar("T")


@functools.cache
def _controller() -> ThreadpoolController:
    # looking for the loaded libraries takes milliseconds: once is enough
    return ThreadpoolController()


def one_blas_thread(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function that may call BLAS or LAPACK."""

    @functools.wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
