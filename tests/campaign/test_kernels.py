"""Compiling beforehand: what counts as compiled, and who compiles."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from engine import kernels
from engine.campaign.design import Design
from engine.errors import Cancelled
from engine.progress import Progress
from engine.study.lock import lock_file
from tests.campaign.examples import PATIENCE_SECONDS, until


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch):
    """Parts that are compiled, in this process and without doing anything."""
    done = []

    class Here:
        workers = 2

        def __init__(self, workers=2):
            pass

        def close(self):
            pass

    class Stream:
        def __init__(self, pool, function, tasks, in_hand):
            self.parts = [part for (part,) in tasks]

        def get(self, seconds):
            if not self.parts:
                return ("end", None)
            done.append(self.parts.pop(0))
            return ("result", done[-1])

        def stop(self):
            pass

        def join(self, seconds):
            pass

    monkeypatch.setattr("engine.campaign.pool.LocalPool", Here)
    monkeypatch.setattr("engine.campaign.pool.ResultStream", Stream)
    return done


def test_that_parts_are_compiled_once_and_only_those_that_are_missing(cache, compiled):
    assert not kernels.kernels_compiled()
    kernels.compile_kernels(("transport", "published"))
    assert compiled == ["transport", "published"]
    assert kernels.kernels_compiled(("published", "transport"))
    assert not kernels.kernels_compiled()
    kernels.compile_kernels()
    assert sorted(compiled) == sorted(kernels.ALL)
    kernels.compile_kernels()
    assert len(compiled) == len(kernels.ALL)


def test_that_another_numba_or_processor_asks_for_compiling_again(cache, compiled, monkeypatch):
    kernels.compile_kernels()
    with monkeypatch.context() as changed:
        changed.setattr(kernels.importlib.metadata, "version", lambda name: "0.0")
        assert not kernels.kernels_compiled()
    with monkeypatch.context() as changed:
        changed.setattr("llvmlite.binding.get_host_cpu_name", lambda: "abacus")
        assert not kernels.kernels_compiled()
    assert kernels.kernels_compiled()


def test_that_other_sources_or_another_place_ask_for_compiling_again(
    cache, compiled, monkeypatch, tmp_path
):
    copies = [tmp_path / name / "engine" for name in ("a", "b")]
    for copy in copies:
        for room in ("structure", "properties"):
            (copy / room).mkdir(parents=True)
            (copy / room / "one.py").write_text("x = 1")
    monkeypatch.setattr(kernels, "__file__", str(copies[0] / "kernels.py"))
    kernels.compile_kernels()
    assert kernels.kernels_compiled()
    monkeypatch.setattr(kernels, "__file__", str(copies[1] / "kernels.py"))
    assert not kernels.kernels_compiled()
    monkeypatch.setattr(kernels, "__file__", str(copies[0] / "kernels.py"))
    assert kernels.kernels_compiled()
    (copies[0] / "properties" / "one.py").write_text("x = 22")
    assert not kernels.kernels_compiled()


def test_that_a_file_system_without_locks_does_not_keep_anybody_waiting(
    cache, compiled, monkeypatch
):
    def lock(descriptor):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("engine.study.lock.lock_file", lock)
    kernels.compile_kernels(("surfaces",))
    assert compiled == []


def test_that_a_compilation_that_breaks_is_left_to_the_first_call(
    cache, compiled, monkeypatch, caplog
):
    import engine.campaign.pool as pool

    monkeypatch.setattr(pool.ResultStream, "get", lambda self, s: ("broken", OSError("no room")))
    kernels.compile_kernels(("surfaces",))
    assert not kernels.kernels_compiled(("surfaces",))
    assert "no room" in caplog.text


def test_that_an_interrupted_compilation_stops_its_workers(cache, compiled, monkeypatch):
    import engine.campaign.pool as pool

    stopped = []

    def get(self, seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(pool.ResultStream, "get", get)
    monkeypatch.setattr(pool.ResultStream, "stop", lambda self: stopped.append(True))
    with pytest.raises(KeyboardInterrupt):
        kernels.compile_kernels(("surfaces",))
    assert stopped == [True]


def test_that_a_compilation_elsewhere_is_waited_for_and_not_done_twice(cache, compiled):
    cache.mkdir()
    descriptor = os.open(cache / "compiling-lock", os.O_RDWR | os.O_CREAT)
    lock_file(descriptor)
    waiting = threading.Event()
    progress = Progress(lambda fraction, stage: waiting.set())
    thread = threading.Thread(target=kernels.compile_kernels, args=(("surfaces",), None, progress))
    thread.start()
    assert waiting.wait(30)
    kernels._stamp("surfaces").write_text(kernels._fingerprint())
    thread.join(30)
    os.close(descriptor)
    assert not thread.is_alive()
    assert compiled == []


def test_that_waiting_for_a_compilation_elsewhere_can_be_cancelled(cache, compiled):
    cache.mkdir()
    descriptor = os.open(cache / "compiling-lock", os.O_RDWR | os.O_CREAT)
    lock_file(descriptor)
    progress = Progress(lambda fraction, stage: progress.cancel())
    with pytest.raises(Cancelled):
        kernels.compile_kernels(("surfaces",), None, progress)
    os.close(descriptor)


def test_that_a_folder_that_takes_no_files_leaves_compiling_to_the_first_call(
    tmp_path, monkeypatch, compiled
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    kernels.compile_kernels()
    assert compiled == []


def test_that_a_design_names_what_its_structures_need():
    published = Design.published_training()
    always = {"levels", "percolation", "transport", "published", "surfaces"}
    assert set(published.kernels) == always | {"conduction"}
    few = Design.published_training(properties="outputs")
    assert set(few.kernels) == always
    both = Design.published_training(
        variables=published.variables | {"protocol": ("published", "physical")}, properties="all"
    )
    assert set(both.kernels) == set(kernels.ALL) - {"contrast", "front"}


def test_that_the_parts_leave_no_kernel_of_a_structure_to_compile():
    """In another process, where nothing else has called a kernel."""
    script = """
import sys
import numpy as np
from engine import kernels
from engine.campaign.design import Design
from engine.campaign.worker import compute
from engine.properties.transport import solve
from engine.study.records import StructureTask

def known():
    return {
        (name, attribute, str(signature))
        for name, module in list(sys.modules.items())
        if name.startswith("engine.")
        for attribute, kernel in vars(module).items()
        if hasattr(kernel, "py_func")
        for signature in kernel.signatures
    }

for part in kernels.ALL:
    kernels.compile_part(part)
before = known()
for protocol in ("published", "physical"):
    variables = {"gap_um": [31.0], "am_percent": [95.0], "initial_porosity_percent": [45.0],
                 "initial_thickness_um": [60.0], "protocol": [protocol], "box_um": [[30.0, 30.0]]}
    point = Design(variables, Design.published_training().law, repeats=1).conditions()[0]
    compute(StructureTask(0, 0, 0, 1, point.condition), "all")
labels = np.random.default_rng(1).choice(3, (12, 10, 14), p=(0.2, 0.6, 0.2)).astype(np.uint8)
solve(labels, (0.0, 1.0, 1e4), spacing=(1.0, 0.4, 0.4), tolerance=5e-4, flux_tolerance=0.5)
solve(labels, (0.0, 1.0, 1e5), tolerance=5e-4, flux_tolerance=0.5)
late = known() - before
sys.exit(repr(late) if late or not before else 0)
"""
    folder = Path(kernels.__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr


def test_that_a_cancelled_compilation_leaves_no_process_and_no_note(cache):
    """With real workers, which are cancelled as soon as there are some."""
    children = psutil.Process().children
    before = {child.pid for child in children(recursive=True)}

    def workers():
        found = [child for child in children(recursive=True) if child.pid not in before]
        return [child for child in found if "popen_loky" in " ".join(child.cmdline())]

    progress, outcome = Progress(), []

    def run():
        try:
            kernels.compile_kernels(("transport", "conduction"), None, progress)
        except Cancelled:
            outcome.append("cancelled")

    thread = threading.Thread(target=run)
    thread.start()
    until(workers)
    progress.cancel()
    thread.join(PATIENCE_SECONDS)
    assert outcome == ["cancelled"]
    assert workers() == []
    assert not kernels.kernels_compiled(("transport",))
