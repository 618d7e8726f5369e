"""What one worker does: a condition and a seed in, numbers and a hash out."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import __version__
from engine.errors import InputError
from engine.study.records import StructureTask

if TYPE_CHECKING:
    from engine.properties.conductivities import Conductivities

# Variables that numerical libraries read when they are imported: one thread per process.
SINGLE_THREAD = {
    name: "1"
    for name in (
        "NUMBA_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    )
}
# A `main()` reached with this mark is a pool process that lost its way: it ends at once.
POOL_MARK = "HYBRIDGUI_POOL_CHILD"
_PARENT_CHECK_SECONDS = 1.0
# mallopt(3): blocks up to 32 MiB (the largest allowed) come from the heap, and the heap gives
# nothing back below 256 MiB of free memory.
_MALLOC_OPTIONS = {-3: 32 << 20, -1: 256 << 20}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD


@dataclass(frozen=True)
class Outcome:
    """What came of one task; `error` is None where it succeeded.

    `final` failures are not worth a second try. `memory` is the worker's resident memory in
    bytes, `version` the program version it runs.
    """

    number: int
    repeat: int
    properties: dict[str, float]
    voxels_sha256: str | None
    error: str | None
    details: str
    final: bool
    seconds: float
    process: int
    memory: int
    version: str = __version__


def start_worker(parent: int) -> None:
    """Prepare a pool process: it leaves Ctrl-C to its parent and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def keep_freed_memory() -> None:
    """Let this process use the memory of one structure again for the next.

    The GNU C library gives the memory of large arrays back at once, and the system then hands it
    out anew page by page: a tenth of the time of a published structure. Elsewhere nothing is done.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    for option, value in _MALLOC_OPTIONS.items():
        mallopt(option, value)


def _end_with(parent: int) -> None:
    """Leave when the parent is gone, so that a killed program leaves no process behind."""
    import psutil

    try:
        process = psutil.Process(parent)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_PARENT_CHECK_SECONDS)
    except psutil.Error:
        pass
    os._exit(1)


def resident_memory() -> int:
    """Return the resident memory of this process, bytes."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def run_structure(
    task: StructureTask, parts: str, conductivities: Conductivities | None = None
) -> Outcome:
    """Generate and characterise one structure; never raises.

    Parameters
    ----------
    task : StructureTask
    parts : str
        As in `compute`.
    conductivities : Conductivities, optional
        Bulk values where they are not the defaults.

    Returns
    -------
    Outcome
        `properties` holds `Properties.flat` with ``generation_seconds`` and
        ``properties_seconds`` in place of its single time.
    """
    started = time.perf_counter()
    properties: dict[str, float] = {}
    sha256, error, details, final = None, None, "", False
    try:
        properties, sha256 = compute(task, parts, conductivities)
    except InputError as problem:
        error, final = str(problem), True
    except MemoryError:
        error = "There was not enough memory: use fewer workers, a smaller box or larger voxels."
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}".rstrip(": ")
        details = traceback.format_exc()
    return Outcome(
        number=task.number,
        repeat=task.repeat,
        properties=properties,
        voxels_sha256=sha256,
        error=error,
        details=details,
        final=final,
        seconds=time.perf_counter() - started,
        process=os.getpid(),
        memory=resident_memory(),
    )


def compute(
    task: StructureTask, parts: str, conductivities: Conductivities | None = None
) -> tuple[dict[str, float], str]:
    """Return the properties of one structure and the hash of its voxels.

    `parts` is ``published`` or ``all``, with ``+resolution`` behind it for a resolution check.
    """
    from engine.properties.characterize import characterize
    from engine.properties.resolution import resolution_check
    from engine.structure.generate import generate

    started = time.perf_counter()
    structure = generate(task.condition, task.seed)
    generated = time.perf_counter()
    parts, _, resolution = parts.partition("+")
    properties = characterize(structure.stack, parts, conductivities=conductivities).flat()
    properties.pop("seconds", None)
    if resolution:
        properties |= resolution_check(
            task.condition, task.seed, properties, conductivities=conductivities
        )
    properties["generation_seconds"] = generated - started
    properties["properties_seconds"] = time.perf_counter() - generated
    return properties, structure.stack.sha256
