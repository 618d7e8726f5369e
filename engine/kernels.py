"""Compiling the numerical kernels once for a computer, on two cores, before they are needed.

Numba compiles a kernel when it is first called and keeps it on disk; all of them together take
most of a minute. A pool whose workers meet the first structure together would have each of them
compile every kernel, so here each takes parts of its own, and loads the others' from disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.progress import Progress, silent

if TYPE_CHECKING:
    from engine.campaign.pool import Pool

_log = logging.getLogger(__name__)
STAGE = "preparing the calculations for this computer, once"
_WORKERS = 2
_POLL_SECONDS = 0.05


def _structure(protocol: str) -> None:
    from engine.structure.condition import Condition, Recipe
    from engine.structure.generate import generate

    recipe = Recipe.published(0.94) if protocol == "published" else Recipe(0.94)
    generate(Condition(recipe, 0.4, 20.0, protocol=protocol, box=(20.0, 20.0)), seed=1)


def _labels() -> np.ndarray:
    """Return phases at random, enough of them that every level of the solvers is reached."""
    return np.random.default_rng(0).choice(3, (20, 20, 20), p=(0.2, 0.6, 0.2)).astype(np.uint8)


def _levels() -> None:
    """Coarse levels, without the finest: a graph of a row of nodes, longer than is solved directly."""
    from engine.properties.graph import Level
    from engine.properties.hierarchy import DIRECT, build_hierarchy, coarse_cycle

    nodes = 2 * DIRECT
    row = np.arange(nodes)
    links = (row[:-1].astype(np.int32), row[1:].astype(np.int32), np.ones(nodes - 1, np.float32))
    level = Level(*links, np.ones(nodes), (row & 1).astype(np.uint8), row)
    hierarchy, _ = build_hierarchy(level, 0.0, 0.0, np.float32)
    coarse_cycle(*hierarchy)


def _percolation() -> None:
    from engine.properties.percolation import percolating
    from engine.structure.stack import AM

    percolating(_labels() == AM)


def _transport() -> None:
    from engine.properties.transport import solve
    from engine.structure.stack import AM

    solve(_labels() == AM)


def _conduction() -> None:
    from engine.properties.transport import solve

    solve(_labels(), (0.0, 1.0, 1e4))


def _contrast() -> None:
    """Conduction in float64, for larger contrasts and for voxels that are no cubes."""
    from engine.properties.several_phases import SINGLE_BELOW
    from engine.properties.transport import solve

    solve(_labels(), (0.0, 1.0, 2 * SINGLE_BELOW))


def _surfaces() -> None:
    from engine.properties.interfaces import active_surface_published, interface_areas

    active_surface_published(_labels())
    interface_areas(_labels())


def _morphology() -> None:
    from engine.properties.connectivity import connectivity
    from engine.properties.sizes import size_distribution
    from engine.structure.stack import AM

    size_distribution(_labels() == AM)
    connectivity(_labels() == AM)


def _front() -> None:
    from engine.maps.pareto import FEW, non_dominated

    # Few rows are compared one by one, many rows of which none beats another as sets of bits.
    row = np.arange(2.0 * FEW)
    non_dominated(np.column_stack([row, row]), ["up", "down"])


# In the order in which workers take them, so that two have done most at about the same time.
# Transport and conduction share the coarse levels and begin with kernels of their own. No campaign
# waits for the last three.
_PARTS: dict[str, Callable[[], None]] = {
    "levels": _levels,
    "percolation": _percolation,
    "published": lambda: _structure("published"),
    "transport": _transport,
    "conduction": _conduction,
    "surfaces": _surfaces,
    "physical": lambda: _structure("physical"),
    "morphology": _morphology,
    "contrast": _contrast,
    "front": _front,
}
ALL = tuple(_PARTS)


def needed(protocols: Iterable[str], properties: str, opens_cbd: bool = False) -> tuple[str, ...]:
    """Return the parts that structures of some protocols with some properties need.

    Parameters
    ----------
    protocols : iterable of {"published", "physical"}
    properties : {"outputs", "published", "all"}
    opens_cbd : bool
        Whether ions go through the nanopores of the CBD (`Conductivities.opens_cbd`).
    """
    wanted = {"levels", "percolation", "transport", "surfaces", *protocols}
    if properties != "outputs" or opens_cbd:
        wanted.add("conduction")
    if properties == "all":
        wanted.add("morphology")
    return tuple(part for part in ALL if part in wanted)


def kernels_compiled(parts: Iterable[str] = ALL) -> bool:
    """Return whether an earlier run left these kernels compiled, so that work begins at once."""
    return not _missing(parts)


def compile_kernels(
    parts: Iterable[str] = ALL,
    pool: Pool | None = None,
    progress: Progress | None = None,
) -> None:
    """Compile what is not compiled yet; waits where another process does so already.

    Whatever keeps kernels from being compiled beforehand is left to their first real call.

    Parameters
    ----------
    parts : iterable of str
        Of `ALL`.
    pool : Pool, optional
        Workers to use, which then have their parts in memory; else a pool of two for this alone.
    progress : Progress, optional

    Raises
    ------
    Cancelled
        If `progress` was cancelled; what was compiled by then is kept.
    """
    parts, progress = tuple(parts), progress or silent()
    while _missing(parts):
        progress.report(0.0, STAGE)
        with _sole_compiler() as mine:
            if mine:
                _compile(_missing(parts), pool, progress)
            if mine is not False:
                return
        time.sleep(_POLL_SECONDS)


def compile_part(part: str) -> str:
    """Compile or load the kernels of one part in this process; return its name."""
    _PARTS[part]()
    return part


def _compile(parts: list[str], pool: Pool | None, progress: Progress) -> None:
    from engine.campaign.pool import LocalPool, ResultStream

    chosen = LocalPool(min(_WORKERS, len(parts))) if pool is None else pool
    stream = ResultStream(chosen, compile_part, ((part,) for part in parts), chosen.workers)
    done = 0
    try:
        while True:
            item = stream.get(_POLL_SECONDS)
            progress.stop_if_cancelled()
            if item is None:
                continue
            kind, part = item
            if kind == "broken":
                _log.warning("kernels could not be compiled beforehand: %s", part)
            if kind != "result":
                return
            with contextlib.suppress(OSError):
                _stamp(part).write_text(_fingerprint())
            done += 1
            progress.report(done / len(parts), STAGE)
    except BaseException:  # cancelled, or Ctrl-C: nobody waits for the rest
        stream.stop()
        raise
    finally:
        if pool is None:
            chosen.close()
        stream.join(5.0)


def folder() -> Path:
    """Where notes of what is compiled lie: beside the compiled code."""
    beside = Path(__file__).parent / "properties" / "__pycache__"
    return Path(os.environ.get("NUMBA_CACHE_DIR") or beside)


def _stamp(part: str) -> Path:
    # Like Numba, one for each Python and each place where the program lies.
    place = f"{sys.implementation.cache_tag} {Path(__file__).parent}"
    return folder() / f"compiled-{part}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def _missing(parts: Iterable[str]) -> list[str]:
    valid = _fingerprint()
    missing = []
    for part in parts:
        try:
            found = _stamp(part).read_text()
        except OSError:
            found = ""
        if found != valid:
            missing.append(part)
    return missing


def _fingerprint() -> str:
    """What compiled code depends on: the sources, Numba, and the processor."""
    import llvmlite.binding

    room = Path(__file__).parent
    sources = sorted([*room.glob("structure/*.py"), *room.glob("properties/*.py")])
    stats = [(source.name, source.stat().st_size, source.stat().st_mtime_ns) for source in sources]
    text = repr((importlib.metadata.version("numba"), llvmlite.binding.get_host_cpu_name(), stats))
    return hashlib.sha256(text.encode()).hexdigest()


@contextlib.contextmanager
def _sole_compiler() -> Iterator[bool | None]:
    """Hold the right to compile into this cache.

    Yields True with the right, False while another process has it, and None where the folder
    cannot be written or its files not be locked.
    """
    from engine.study.lock import lock_file

    try:
        folder().mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder() / "compiling-lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield None
        return
    try:
        try:
            lock_file(descriptor)
        except (BlockingIOError, PermissionError):
            yield False
        except OSError:  # a file system without locks: everybody compiles for himself
            yield None
        else:
            yield True
    finally:
        os.close(descriptor)
