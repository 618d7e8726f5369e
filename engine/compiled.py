"""How the kernels of a structure are compiled: kept on disk, and free of the interpreter.

Numba also makes an entry for calls from C, which nothing uses, and one for calls from Python, which
kernels do not need that only kernels call. Without them a short kernel compiles in half the time.
"""

from __future__ import annotations

from numba import njit

kernel = njit(cache=True, nogil=True, no_cfunc_wrapper=True)
"""Decorator of a kernel that Python may call."""

inner_kernel = njit(cache=True, nogil=True, no_cfunc_wrapper=True, no_cpython_wrapper=True)
"""Decorator of a kernel that only other kernels call."""
