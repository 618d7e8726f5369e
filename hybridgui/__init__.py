"""The window of HybridGUI: views of the engine, no numbers of their own."""

import ctypes
import sys


def _keep_constants_alive() -> None:
    """Give True, False and None reference counts that no number of calls can use up.

    PySide6 6.12.0 returns them from every call and signal without counting the reference.
    Before Python 3.12, which made them immortal, a program dies after some ten thousand calls
    with "deallocating None". The packaging asks for an earlier PySide6; this is for
    installations that have it all the same.
    """
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        for constant in (True, False, None):
            # The count is the first member of every object.
            ctypes.c_ssize_t.from_address(id(constant)).value += 1 << 40


_keep_constants_alive()
