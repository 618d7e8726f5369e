"""Small matrix products on one thread.

The threads of a linear algebra library wait for one another in a busy loop. Where another
program holds a core, a product of a tenth of a millisecond then takes tens of milliseconds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_lock = threading.Lock()
_inside: list[Any] = []


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numpy's products on the calling thread, for work too small to be worth sharing.

    The limit holds for the process: the first to enter sets it and the last to leave lifts it,
    so that threads can overlap.
    """
    with _lock:
        _inside.append(_inside[0] if _inside else _libraries().limit(limits=1))
    try:
        yield
    finally:
        with _lock:
            limit = _inside.pop()
            if not _inside:
                limit.restore_original_limits()
