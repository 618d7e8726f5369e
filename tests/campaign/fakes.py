"""Work for pool processes that takes no kernels, some of it going wrong on purpose.

What a fake does to a structure can be steered by files in the folder that the environment
variable names, because pool processes share nothing else with a test.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
from pathlib import Path

from engine.campaign import worker
from engine.campaign.worker import Outcome
from engine.errors import InputError
from engine.study import StructureTask

FOLDER = "HYBRIDGUI_TEST_FOLDER"


def properties(task: StructureTask) -> dict[str, float]:
    """Numbers that depend on condition and seed only."""
    noise = (task.seed % 1000) / 1000
    return {
        "tortuosity_factor_electrolyte": 4 + 10 * task.condition.recipe.am_fraction + noise,
        "current_collector_coverage_am_percent": 30 + 100 * noise,
        "properties_seconds": 0.001 * os.getpid(),
    }


def outcome(task: StructureTask, error: str | None = None, final: bool = False) -> Outcome:
    """Return what a worker would return."""
    return Outcome(
        number=task.number,
        repeat=task.repeat,
        properties={} if error else properties(task),
        voxels_sha256=None if error else f"{task.seed:064d}",
        error=error,
        details="",
        final=final,
        seconds=0.001,
        process=os.getpid(),
        memory=worker.resident_memory(),
    )


def calm(task: StructureTask, parts: str) -> Outcome:
    """Nothing goes wrong."""
    return outcome(task)


_compiled = False


def compiling(task: StructureTask, parts: str) -> Outcome:
    """The first structure of each process takes much longer than the others."""
    global _compiled
    found = dataclasses.replace(outcome(task), seconds=0.001 if _compiled else 100.0)
    _compiled = True
    return found


def _tries(task: StructureTask) -> int:
    """Count the tries of a structure, in a file."""
    path = Path(os.environ[FOLDER]) / f"{task.number}-{task.repeat}"
    with path.open("ab") as file:
        file.write(b"x")
    return path.stat().st_size


def _is_marked(task: StructureTask) -> bool:
    return (task.number, task.repeat) == (1, 0)


def _run_really(task: StructureTask, parts: str, error: Exception) -> Outcome:
    """Run the real worker with a `compute` that raises for one structure."""
    _tries(task)

    def compute(
        task: StructureTask, parts: str, conductivities: None
    ) -> tuple[dict[str, float], str]:
        if _is_marked(task):
            raise error
        return properties(task), f"{task.seed:064d}"

    real = worker.compute
    worker.compute = compute
    try:
        return worker.run_structure(task, parts)
    finally:
        worker.compute = real


def raising(task: StructureTask, parts: str) -> Outcome:
    """One structure raises each time."""
    return _run_really(task, parts, ZeroDivisionError("no paths"))


def refusing(task: StructureTask, parts: str) -> Outcome:
    """One structure is impossible: a second try is pointless."""
    error = InputError("The spheres do not fit: lower the AM fraction.")
    return _run_really(task, parts, error)


def refusing_all(task: StructureTask, parts: str) -> Outcome:
    """Every structure is impossible."""
    return outcome(task, "The spheres do not fit.", final=True)


def stumbling(task: StructureTask, parts: str) -> Outcome:
    """One structure raises the first time only."""
    if _is_marked(task) and _tries(task) == 1:
        return outcome(task, error="OSError: just once")
    return outcome(task)


def dying_once(task: StructureTask, parts: str) -> Outcome:
    """The process that has one structure in hand is killed, the first time."""
    if _is_marked(task) and _tries(task) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome(task)


def deadly(task: StructureTask, parts: str) -> Outcome:
    """One structure kills its process each time."""
    if _is_marked(task):
        _tries(task)
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome(task)


def deadly_always(task: StructureTask, parts: str) -> Outcome:
    """No structure survives."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")


def hanging(task: StructureTask, parts: str) -> Outcome:
    """One structure never ends."""
    if _is_marked(task):
        _tries(task)
        threading.Event().wait()
    return outcome(task)


def endless(task: StructureTask, parts: str) -> Outcome:
    """From the second condition on, no structure ends; each leaves its process id."""
    if task.number > 0:
        (Path(os.environ[FOLDER]) / f"pid{os.getpid()}").touch()
        threading.Event().wait()
    return outcome(task)


def of_another_version(task: StructureTask, parts: str) -> Outcome:
    """The worker has another version of the program."""
    return dataclasses.replace(outcome(task), version="0.0.0")
