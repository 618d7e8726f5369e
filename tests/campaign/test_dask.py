"""Campaigns on a Dask cluster of real processes on this computer."""

import os
import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from engine.campaign import dask_pool
from engine.campaign.events import StructureDone, StructureFailed
from engine.campaign.runner import run_campaign
from engine.campaign.worker import run_structure
from engine.errors import InputError
from engine.progress import Progress
from engine.study import Study
from tests.campaign import fakes
from tests.campaign.examples import exported, run_whole, small_design

ROOT = Path(__file__).resolve().parents[2]


def test_that_missing_dask_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'hybridgui\[dask\]'"):
        run_whole(tmp_path / "a.study", small_design(), dask="tcp://127.0.0.1:1")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers with one thread each; its address."""
    pytest.importorskip("distributed", reason="Dask is not installed (extra 'dask')")
    folder = tmp_path_factory.mktemp("dask")
    # the program may be installed for the workers, these tests never are
    environment = os.environ | {fakes.FOLDER: str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
        cwd=folder,  # where the program cannot be imported
        stderr=subprocess.PIPE,
        text=True,
    )
    address = None
    for line in scheduler.stderr:
        found = re.search(r"Scheduler at:\s+(tcp://\S+)", line)
        if found:
            address = found.group(1)
            break
    assert address is not None
    # whoever writes is never blocked by a full pipe
    threading.Thread(target=scheduler.stderr.read, daemon=True).start()
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address]
    workers = [
        subprocess.Popen(
            [*worker, "--nthreads", "1", "--no-dashboard"],
            cwd=folder,
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield address
    for process in (*workers, scheduler):
        process.terminate()
        process.wait(30)


BARE_WORKER = """
    import importlib.util
    import sys

    # a worker for which the program is not installed
    sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in getattr(f, "__module__", "")]
    sys.path[:] = [place for place in sys.path if place != sys.argv[2]]
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    assert importlib.util.find_spec("engine") is None
    import cloudpickle

    with open(sys.argv[1], "rb") as file:
        run, payload = cloudpickle.load(file)
    print(run(payload, sys.argv[2]))
"""


def test_that_a_worker_without_the_program_finds_it_where_the_command_runs(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")
    from engine.campaign.seeds import structure_seed

    payload = cloudpickle.dumps([(structure_seed, (0, {"gap_um": 1.0}, 2), {})])
    (tmp_path / "task").write_bytes(cloudpickle.dumps((dask_pool._bridge(), payload)))
    (tmp_path / "worker.py").write_text(textwrap.dedent(BARE_WORKER))
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    found = subprocess.run(
        [sys.executable, "worker.py", "task", str(ROOT)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout == f"[{structure_seed(0, {'gap_um': 1.0}, 2)}]\n"


def test_that_a_cluster_is_used_with_all_its_workers(tmp_path, cluster):
    there = run_whole(tmp_path / "there.study", small_design(), dask=cluster)
    workers = {event.worker for event in there if isinstance(event, StructureDone)}
    assert len(workers) == 2 and os.getpid() not in workers


@pytest.mark.parametrize("work", [fakes.calm, run_structure], ids=["fake", "real"])
def test_that_the_exported_files_are_equal_byte_for_byte_wherever_they_were_made(
    tmp_path, cluster, work
):
    design = small_design(repeats=2)
    run_whole(tmp_path / "one.study", design, work, workers=1)
    run_whole(tmp_path / "two.study", design, work, workers=2)
    run_whole(tmp_path / "cluster.study", design, work, dask=cluster)
    for structures in (False, True):
        one, two, far = (
            exported(tmp_path / f"{name}.study", structures) for name in ("one", "two", "cluster")
        )
        assert one.count(b"\n") == (9 if structures else 5)
        assert one == two == far


def test_that_a_structure_that_raises_on_a_cluster_is_marked_failed(tmp_path, cluster):
    events = run_whole(tmp_path / "a.study", small_design(), fakes.refusing, dask=cluster)
    assert (events[-1].done, events[-1].failed) == (11, 1)


def test_that_a_structure_that_kills_its_workers_is_given_up(tmp_path, cluster):
    events = run_whole(tmp_path / "a.study", small_design(repeats=1), fakes.deadly, dask=cluster)
    (failed,) = (event for event in events if isinstance(event, StructureFailed))
    assert (failed.number, failed.repeat) == (1, 0)
    assert (events[-1].done, events[-1].failed) == (3, 1)


def test_that_cancelling_on_a_cluster_returns_at_once_and_resumes(tmp_path, cluster):
    path, progress = tmp_path / "a.study", Progress()
    with Study.create(path) as study:
        campaign = study.add_campaign(small_design(repeats=20))
        run = run_campaign(study, campaign, dask=cluster, progress=progress, work=fakes.calm)
        for event in run:
            if isinstance(event, StructureDone) and event.done == 4:
                progress.cancel()
        assert event.cancelled and event.pending > 0
    assert run_whole(path, small_design(repeats=20), dask=cluster)[-1].done == 80


def test_that_a_silent_address_is_said(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(dask_pool, "_TIMEOUT_SECONDS", 1.0)
    with pytest.raises(InputError, match="No Dask scheduler answers"):
        run_whole(tmp_path / "a.study", small_design(), dask="tcp://127.0.0.1:9")
