"""What a campaign will cost, before it starts."""

import shutil
import threading
from types import SimpleNamespace

import psutil
import pytest

from engine.campaign.estimate import estimate
from engine.errors import Cancelled, InputError
from engine.progress import Progress
from engine.study import Study
from tests.campaign import fakes
from tests.campaign.examples import PATIENCE_SECONDS, run_whole, small_design, until


def test_that_the_estimate_follows_structures_and_workers(tmp_path):
    one = estimate(small_design(), workers=1, work=fakes.calm)
    # every fake claims 1 ms for a structure of some voxels: 12 structures, one worker
    assert one.structures == 12 and one.pilot_structures == 2
    assert one.seconds == pytest.approx(0.012, rel=0.1)
    assert one.seconds_low <= one.seconds <= one.seconds_high
    assert one.memory == one.memory_per_worker > 10**7
    two = estimate(small_design(repeats=6), workers=2, work=fakes.calm)
    assert two.seconds == pytest.approx(one.seconds, rel=0.1)
    assert two.memory == 2 * two.memory_per_worker
    assert any("conditions)" in warning for warning in two.warnings)


def test_that_the_file_size_is_right_within_a_factor_of_two(tmp_path):
    design = small_design(repeats=150)
    path = tmp_path / "a.study"
    Study.create(path).close()
    empty = path.stat().st_size
    run_whole(path, design)
    grown = path.stat().st_size - empty
    assert 0.5 < estimate(design, workers=1, work=fakes.calm).file_bytes / grown < 2


def test_that_what_does_not_fit_is_said_before(tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**7))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    warnings = estimate(small_design(), 1, folder=tmp_path, work=fakes.calm).warnings
    assert "GB of memory" in warnings[0] and "disk has" in warnings[1]


def test_that_a_pilot_without_success_says_why():
    with pytest.raises(InputError, match="do not fit"):
        estimate(small_design(), workers=1, work=fakes.refusing_all)


def test_that_a_pilot_can_be_cancelled(tmp_path, monkeypatch):
    monkeypatch.setenv(fakes.FOLDER, str(tmp_path))
    progress = Progress()
    outcome = []

    def run():
        try:
            estimate(small_design(), workers=2, progress=progress, work=fakes.endless)
        except Cancelled:
            outcome.append("cancelled")

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: list(tmp_path.glob("pid*")))
    progress.cancel()
    thread.join(PATIENCE_SECONDS)
    # the structures in hand would never end
    assert outcome == ["cancelled"]


def test_that_the_first_structure_of_a_worker_is_never_what_is_timed(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.campaign.estimate._PATIENCE_SECONDS", 0.0)
    found = estimate(small_design(), 2, tmp_path, work=fakes.compiling)
    assert found.pilot_structures >= 1
    assert found.seconds < 1.0
