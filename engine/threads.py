"""Linear algebra on one thread: for speed where it is small, and for bits that never change.

The threads of a linear algebra library wait for one another in a busy loop. Where another
program holds a core, a product of a tenth of a millisecond then takes tens of milliseconds.
They also sum in another order with another number of threads: a worker has one, the window
several, and both must give the same numbers.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

_lock = threading.Lock()
_inside: list[Any] = []


@lru_cache(maxsize=1)
def _libraries(modules: int) -> Any:
    # Looking for them takes milliseconds, and only an import can bring another one.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _release_control() -> None:
    """Let the calling thread set limits.

    threadpoolctl gives OpenBLAS to the first thread that limits it, and from then on silently
    ignores what any other asks; here whoever holds `_lock` decides.
    """
    from threadpoolctl import OpenBLASController

    release = getattr(OpenBLASController, "clear_controlling_thread", None)  # since 3.8
    if release is not None:
        release(force=True)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numpy's products on the calling thread, for work too small to be worth sharing.

    The limit holds for the process: the first to enter sets it and the last to leave lifts it,
    so that threads can overlap.
    """
    with _lock:
        if _inside:
            _inside.append(_inside[0])
        else:
            _release_control()
            _inside.append(_libraries(len(sys.modules)).limit(limits=1))
    try:
        yield
    finally:
        with _lock:
            limit = _inside.pop()
            if not _inside:
                _release_control()
                limit.restore_original_limits()
                _release_control()
