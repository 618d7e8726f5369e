"""Whether the kernels of this version were compiled on this computer before."""

from __future__ import annotations

import os
from pathlib import Path


def kernels_compiled() -> bool:
    """Return whether an earlier run left compiled kernels, so that work begins at once.

    Without them generation and properties compile for up to a minute before they move.
    """
    cache = os.environ.get("NUMBA_CACHE_DIR")
    if cache:
        # numba names a folder after the package and a hash of its path
        return any(Path(cache).glob("properties_*/*.nbi"))
    return any((Path(__file__).parent / "properties" / "__pycache__").glob("*.nbi"))
