"""How the kernels of a structure are compiled: kept on disk, and free of the interpreter.

Numba would also make an entry for calls from C, which nothing uses, and which takes a third of the
time of a short kernel. The entry for calls from Python stays, also of kernels that only kernels
call: without it such a call would end the process.
"""

from __future__ import annotations

from numba import njit

# Numba knows the option, its stubs do not.
kernel = njit(cache=True, nogil=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
