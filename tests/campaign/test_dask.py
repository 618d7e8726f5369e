"""Campaigns on a Dask cluster of real processes on this computer."""

import os
import re
import subprocess
import sys
import threading

import pandas as pd
import pytest

from engine.campaign import dask_pool
from engine.campaign.events import StructureDone, StructureFailed
from engine.campaign.runner import run_campaign
from engine.errors import InputError
from engine.progress import Progress
from engine.study import Study
from tests.campaign import fakes
from tests.campaign.examples import dataset, run_whole, small_design


def test_that_missing_dask_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'hybridgui\[dask\]'"):
        run_whole(tmp_path / "a.study", small_design(), dask="tcp://127.0.0.1:1")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers with one thread each; its address."""
    pytest.importorskip("distributed", reason="Dask is not installed (extra 'dask')")
    folder = tmp_path_factory.mktemp("dask")
    environment = os.environ | {fakes.FOLDER: str(folder)}
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


def test_that_a_cluster_gives_the_same_dataset_as_this_computer(tmp_path, cluster):
    there = run_whole(tmp_path / "there.study", small_design(), dask=cluster)
    run_whole(tmp_path / "here.study", small_design(), workers=1)
    workers = {event.worker for event in there if isinstance(event, StructureDone)}
    assert len(workers) == 2 and os.getpid() not in workers
    for structures in (False, True):
        pd.testing.assert_frame_equal(
            dataset(tmp_path / "there.study", structures),
            dataset(tmp_path / "here.study", structures),
            check_exact=True,
        )


def test_that_real_structures_are_the_same_on_a_cluster(tmp_path, cluster):
    from engine.campaign.worker import run_structure

    run_whole(tmp_path / "there.study", small_design(repeats=1), run_structure, dask=cluster)
    run_whole(tmp_path / "here.study", small_design(repeats=1), run_structure, workers=1)
    pd.testing.assert_frame_equal(
        dataset(tmp_path / "there.study", structures=True),
        dataset(tmp_path / "here.study", structures=True),
        check_exact=True,
    )


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
