"""`compile`: compile the kernels before they are needed, e.g. once on a cluster."""

from __future__ import annotations

import argparse
import time
from typing import Any

from engine.cli.console import Console


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    return verbs.add_parser(
        "compile", help="compile the kernels for this computer, so that first results come at once"
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Compile what is not compiled yet."""
    from engine import kernels

    began = time.perf_counter()
    already = kernels.kernels_compiled()
    kernels.compile_kernels(progress=console.progress())
    if not kernels.kernels_compiled():
        raise OSError(
            f"The kernels could not be compiled and kept in {kernels.folder()}: set "
            "NUMBA_CACHE_DIR to a folder that can be written."
        )
    return {
        "compiled": True,
        "already": already,
        "seconds": time.perf_counter() - began,
    }
