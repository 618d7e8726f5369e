"""The window of HybridGUI: views of the engine, no numbers of their own."""

import ctypes
import sys


def _keep_true_alive() -> None:
    """Give `True` a reference count that no number of signals can use up.

    `Signal.emit` of PySide6 6.12.0 returns True without counting the reference. Before
    Python 3.12, which made True immortal, a program dies after some hundred signals with
    "bool_dealloc: deallocating True or False".
    """
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        # Py_IncRef counts by one; the count is the first member of every object.
        ctypes.c_ssize_t.from_address(id(True)).value += 1 << 40


_keep_true_alive()
