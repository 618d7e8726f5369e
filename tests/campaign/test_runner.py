"""Campaigns on real processes, and everything that can happen to them."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import psutil
import pytest
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from engine.campaign.design import AdaptiveRepeats
from engine.campaign.events import (
    CampaignFinished,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    StructureDone,
    StructureFailed,
    WorkersRestarted,
)
from engine.campaign.runner import run_campaign
from engine.errors import InputError
from engine.progress import Progress
from engine.study import Study
from tests.campaign import fakes
from tests.campaign.examples import (
    PATIENCE_SECONDS,
    dataset,
    exported,
    run_whole,
    small_design,
    until,
)

ROOT = Path(__file__).resolve().parents[2]


def workers_of(pid: int) -> list[psutil.Process]:
    """Pool processes of a program."""
    children = psutil.Process(pid).children(recursive=True)
    return [child for child in children if "popen_loky" in " ".join(child.cmdline())]


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder that pool processes write to."""
    place = tmp_path / "from workers"
    place.mkdir()
    monkeypatch.setenv(fakes.FOLDER, str(place))
    return place


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> pd.DataFrame:
    """The dataset of `small_design` when nothing goes wrong."""
    path = tmp_path_factory.mktemp("undisturbed") / "a.study"
    run_whole(path, small_design(), workers=1)
    return dataset(path, structures=True)


def test_that_a_campaign_reports_each_structure_once_and_ends(tmp_path, undisturbed):
    events = run_whole(tmp_path / "a.study", small_design())
    assert isinstance(events[0], CampaignStarted) and events[0].pending == 12
    assert isinstance(events[-1], CampaignFinished)
    assert (events[-1].done, events[-1].failed, events[-1].pending) == (12, 0, 0)
    done = of_kind(events, StructureDone)
    assert len(done) == len(events) - 2 == 12
    assert sorted((event.number, event.repeat) for event in done) == [
        (number, repeat) for number in range(4) for repeat in range(3)
    ]
    assert [event.done for event in done] == list(range(1, 13))
    assert all(event.worker != os.getpid() and event.worker_memory > 1e6 for event in done)
    pd.testing.assert_frame_equal(dataset(tmp_path / "a.study", structures=True), undisturbed)


def test_that_first_repeats_come_first(tmp_path):
    events = run_whole(tmp_path / "a.study", small_design(), workers=1)
    repeats = [event.repeat for event in of_kind(events, StructureDone)]
    assert repeats == sorted(repeats)


def test_that_a_finished_campaign_has_nothing_to_do(tmp_path):
    run_whole(tmp_path / "a.study", small_design(repeats=1))
    events = run_whole(tmp_path / "a.study", small_design(repeats=1))
    assert [type(event) for event in events] == [CampaignStarted, CampaignFinished]


@pytest.mark.parametrize("workers", [1, 2])
def test_that_a_cancelled_campaign_stops_at_once_and_resumes(tmp_path, undisturbed, workers):
    path = tmp_path / "a.study"
    progress = Progress()
    with Study.create(path) as study:
        run = run_campaign(
            study, study.add_campaign(small_design()), workers, progress=progress, work=fakes.calm
        )
        for event in run:
            if isinstance(event, StructureDone) and event.done == 4:
                progress.cancel()
        # nothing that was in hand is waited for
        assert event.cancelled and event.done == 4 and event.pending == 8
        assert workers_of(os.getpid()) == []
    events = run_whole(path, small_design(), workers=workers)
    assert events[0].done == 4 and events[-1].done == 12
    pd.testing.assert_frame_equal(dataset(path, structures=True), undisturbed)


def test_that_cancelling_ends_structures_that_take_forever(tmp_path, folder):
    progress = Progress()
    with Study.create(tmp_path / "a.study") as study:
        run = run_campaign(
            study, study.add_campaign(small_design()), progress=progress, work=fakes.endless
        )
        events = []
        consumer = threading.Thread(target=lambda: events.extend(run))
        consumer.start()
        until(lambda: len(list(folder.glob("pid*"))) == 2)
        progress.cancel()
        consumer.join(PATIENCE_SECONDS)
        assert not consumer.is_alive()
        assert events[-1].cancelled
        pids = [int(path.name.removeprefix("pid")) for path in folder.glob("pid*")]
        assert not any(psutil.pid_exists(pid) for pid in pids)


def test_that_cancelling_before_the_first_result_is_a_clean_end(tmp_path):
    progress = Progress()
    progress.cancel()
    events = run_whole(tmp_path / "a.study", small_design(), progress=progress)
    assert events[-1].cancelled and events[-1].pending == 12


def test_that_closing_the_generator_ends_the_workers(tmp_path):
    with Study.create(tmp_path / "a.study") as study:
        run = run_campaign(study, study.add_campaign(small_design()), work=fakes.calm)
        next(event for event in run if isinstance(event, StructureDone))
        assert workers_of(os.getpid()) != []
        run.close()
        assert workers_of(os.getpid()) == []


def test_that_a_pause_starts_nothing_new_until_it_ends(tmp_path):
    pause = threading.Event()
    with Study.create(tmp_path / "a.study") as study:
        run = run_campaign(
            study, study.add_campaign(small_design(repeats=60)), pause=pause, work=fakes.calm
        )
        events = []
        for event in run:
            events.append(event)
            if isinstance(event, StructureDone) and event.done == 2:
                pause.set()
            if isinstance(event, CampaignPaused):
                resume = threading.Timer(0.3, pause.clear)
                resume.start()
        resume.join()
    paused = next(n for n, event in enumerate(events) if isinstance(event, CampaignPaused))
    resumed = next(n for n, event in enumerate(events) if isinstance(event, CampaignResumed))
    # what was in hand, at most two for each worker, and what a busy computer let through before
    assert 0 <= resumed - paused - 1 <= 60
    assert events[paused - 1].done == 2
    assert events[-1].done == 240


def test_that_a_pause_can_be_cancelled(tmp_path):
    pause, progress = threading.Event(), Progress()
    pause.set()
    with Study.create(tmp_path / "a.study") as study:
        run = run_campaign(
            study,
            study.add_campaign(small_design()),
            pause=pause,
            progress=progress,
            work=fakes.calm,
        )
        kinds = []
        for event in run:
            kinds.append(type(event))
            if isinstance(event, CampaignPaused):
                progress.cancel()
    assert kinds == [CampaignStarted, CampaignPaused, CampaignFinished]


def test_that_a_structure_that_raises_fails_after_a_second_try(tmp_path, folder):
    events = run_whole(tmp_path / "a.study", small_design(), fakes.raising)
    (failed,) = of_kind(events, StructureFailed)
    assert (failed.number, failed.repeat) == (1, 0)
    assert failed.error == "ZeroDivisionError: no paths"
    assert "Traceback" in failed.details and "no paths" in failed.details
    with Study.open(tmp_path / "a.study", read_only=True) as study:
        (kept,) = study.failures(1)
        assert kept.details == failed.details
        rows = study.structures(1).set_index(["condition", "repeat"])
    assert rows.loc[(1, 0), "traceback"] == failed.details
    assert rows["traceback"].isna().sum() == 11
    assert (events[-1].done, events[-1].failed) == (11, 1)
    assert (folder / "1-0").stat().st_size == 2
    assert (folder / "2-0").stat().st_size == 1


def test_that_an_impossible_structure_is_not_tried_twice(tmp_path, folder):
    events = run_whole(tmp_path / "a.study", small_design(), fakes.refusing)
    (failed,) = of_kind(events, StructureFailed)
    assert failed.error == "The spheres do not fit: lower the AM fraction."
    assert (folder / "1-0").stat().st_size == 1


def test_that_a_second_try_that_succeeds_leaves_no_trace(tmp_path, folder, undisturbed):
    events = run_whole(tmp_path / "a.study", small_design(), fakes.stumbling)
    assert of_kind(events, StructureFailed) == []
    pd.testing.assert_frame_equal(dataset(tmp_path / "a.study", structures=True), undisturbed)


def test_that_failed_structures_can_be_run_again_alone(tmp_path, folder, undisturbed):
    path = tmp_path / "a.study"
    run_whole(path, small_design(), fakes.raising)
    with Study.open(path) as study:
        assert study.retry_failed(1) == 1
    events = run_whole(path, small_design())
    assert len(of_kind(events, StructureDone)) == 1
    pd.testing.assert_frame_equal(dataset(path, structures=True), undisturbed)


def test_that_a_killed_worker_costs_only_time(tmp_path, folder, undisturbed):
    events = run_whole(tmp_path / "a.study", small_design(), fakes.dying_once)
    (restart,) = of_kind(events, WorkersRestarted)
    assert 1 <= restart.retried < 12
    assert of_kind(events, StructureFailed) == []
    pd.testing.assert_frame_equal(dataset(tmp_path / "a.study", structures=True), undisturbed)


def test_that_a_structure_that_kills_its_worker_twice_is_given_up(tmp_path, folder):
    events = run_whole(tmp_path / "a.study", small_design(), fakes.deadly)
    (failed,) = of_kind(events, StructureFailed)
    assert (failed.number, failed.repeat) == (1, 0)
    assert "two tries" in failed.error and "killed" in failed.error
    assert events[-1].done == 11
    assert (folder / "1-0").stat().st_size == 2


def test_that_workers_that_never_live_are_blamed_on_the_computer(tmp_path):
    with pytest.raises(InputError, match="worker processes end before"):
        run_whole(tmp_path / "a.study", small_design(), fakes.deadly_always)


def test_that_a_structure_that_hangs_is_given_up(tmp_path, folder):
    events = run_whole(tmp_path / "a.study", small_design(), fakes.hanging, time_limit=2.0)
    (failed,) = of_kind(events, StructureFailed)
    assert (failed.number, failed.repeat) == (1, 0)
    assert "no result within 2 s" in failed.error
    assert events[-1].done == 11
    assert (folder / "1-0").stat().st_size == 2
    assert workers_of(os.getpid()) == []


def test_that_a_worker_of_another_version_stops_the_campaign(tmp_path):
    with pytest.raises(InputError, match=r"version 0\.0\.0"):
        run_whole(tmp_path / "a.study", small_design(), fakes.of_another_version)


def test_that_a_full_disk_stops_the_campaign_and_resuming_completes_it(tmp_path):
    path, design = tmp_path / "a.study", small_design(repeats=50)
    recorded = 0
    with Study.create(path) as study:
        campaign = study.add_campaign(design)
        pages = study._database.rows("PRAGMA page_count")[0][0]
        study._database.rows(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(InputError, match="disk is full"):
            for event in run_campaign(study, campaign, work=fakes.calm):
                recorded += isinstance(event, StructureDone)
        assert workers_of(os.getpid()) == []
    with Study.open(path, read_only=True) as study:
        assert 0 < study.campaign(1).done == recorded < 200
    run_whole(path, design)
    assert len(dataset(path, structures=True)) == 200


PARENT = """
    import sys
    from pathlib import Path
    from tests.campaign import fakes
    from tests.campaign.examples import PATIENCE_SECONDS, small_design, until
    from engine.campaign.runner import run_campaign
    from engine.study import Study

    if __name__ == "__main__":
        with Study.create(Path(sys.argv[1])) as study:
            for event in run_campaign(study, study.add_campaign(small_design()), work=fakes.endless):
                print(type(event).__name__, flush=True)
"""


@contextmanager
def program_at_work(path):
    """Another program whose campaign has its first structure done, and goes on."""
    program = path.with_name("parent.py")
    program.write_text(textwrap.dedent(PARENT))
    with subprocess.Popen(
        [sys.executable, str(program), str(path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout.readline() == "CampaignStarted\n"
        assert process.stdout.readline() == "StructureDone\n"
        yield process


def test_that_a_killed_program_loses_only_what_was_in_hand(tmp_path, folder, undisturbed):
    path = tmp_path / "a.study"
    with program_at_work(path) as parent:
        until(lambda: len(list(folder.glob("pid*"))) == 2)
        workers = workers_of(parent.pid)
        assert len(workers) == 2
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    until(lambda: not any(worker.is_running() for worker in workers))
    with Study.open(path) as study:
        assert study._database.rows("PRAGMA integrity_check") == [("ok",)]
        assert study.campaign(1).done >= 1
    events = run_whole(path, small_design())
    assert events[-1].done == 12
    pd.testing.assert_frame_equal(dataset(path, structures=True), undisturbed)


def test_that_other_users_of_joblib_do_not_disturb_a_campaign(tmp_path):
    events = []
    with Study.create(tmp_path / "a.study") as study:
        for event in run_campaign(study, study.add_campaign(small_design()), work=fakes.calm):
            events.append(event)
            if isinstance(event, StructureDone) and event.done in (1, 3):
                # another number of workers makes joblib restart the pool that it shares
                numbers = Parallel(n_jobs=1 + event.done)(delayed(abs)(-n) for n in range(3))
                assert numbers == [0, 1, 2]
    get_reusable_executor().shutdown(wait=True)
    assert events[-1].done == 12 and of_kind(events, WorkersRestarted) == []


def test_that_two_programs_cannot_run_one_study(tmp_path):
    with Study.create(tmp_path / "a.study") as study:
        run = run_campaign(study, study.add_campaign(small_design()), work=fakes.calm)
        next(run)
        with pytest.raises(InputError, match="already open"):
            run_whole(tmp_path / "a.study", small_design())
        run.close()


def test_that_exported_files_do_not_depend_on_the_number_of_workers(tmp_path):
    for workers in (1, 2):
        run_whole(tmp_path / f"{workers}.study", small_design(), workers=workers)
    for structures in (False, True):
        one, two = (exported(tmp_path / f"{n}.study", structures) for n in (1, 2))
        assert one == two


def test_that_the_pool_is_marked_and_runs_one_thread_each(tmp_path):
    environment = []
    with Study.create(tmp_path / "a.study") as study:
        run = run_campaign(study, study.add_campaign(small_design()), work=fakes.calm)
        for event in run:
            if isinstance(event, StructureDone) and not environment:
                environment = [worker.environ() for worker in workers_of(os.getpid())]
    assert len(environment) == 2
    for variables in environment:
        assert variables["HYBRIDGUI_POOL_CHILD"] == "1"
        assert variables["NUMBA_NUM_THREADS"] == "1"
    assert "HYBRIDGUI_POOL_CHILD" not in os.environ


@pytest.mark.parametrize("workers", [1, 2])
def test_that_adaptive_repeats_do_not_depend_on_workers_or_interruptions(tmp_path, workers):
    design = small_design(
        repeats=12,
        adaptive=AdaptiveRepeats(15.0, 3, ("current_collector_coverage_am_percent",)),
    )
    whole, broken = tmp_path / "whole.study", tmp_path / "broken.study"
    run_whole(whole, design, workers=workers)
    with Study.create(broken) as study:
        run = run_campaign(study, study.add_campaign(design), workers=1, work=fakes.calm)
        for event in run:
            if isinstance(event, StructureDone) and event.done == 14:
                run.close()
    run_whole(broken, design, workers=3 - workers)
    frame = dataset(whole)
    pd.testing.assert_frame_equal(dataset(broken), frame)
    assert frame["repeats"].between(3, 12).all() and frame["repeats"].nunique() > 1
    with Study.open(broken) as study:
        record = study.campaign(1)
        assert record.pending == 0 and record.done == frame["repeats"].sum()
        assert record.spared == 4 * 12 - record.done > 0
    error = frame["current_collector_coverage_am_percent_sd"] / frame["repeats"] ** 0.5
    reached = error <= 0.15 * frame["current_collector_coverage_am_percent"]
    assert (reached | (frame["repeats"] == 12)).all() and reached.any()


def test_that_a_study_can_be_copied_while_its_campaign_runs(tmp_path):
    with Study.create(tmp_path / "a.study") as study:
        for event in run_campaign(study, study.add_campaign(small_design()), work=fakes.calm):
            if isinstance(event, StructureDone) and event.done == 5:
                study.save_copy(tmp_path / "copy.study")
    with Study.open(tmp_path / "copy.study") as copy:
        assert copy.campaign(1).done == 5
    assert run_whole(tmp_path / "copy.study", small_design())[-1].done == 12
    pd.testing.assert_frame_equal(dataset(tmp_path / "copy.study"), dataset(tmp_path / "a.study"))


@pytest.mark.parametrize(
    "stage", ["started", "workers starting", "first result", "workers restarted", "last result"]
)
def test_that_cancelling_at_every_stage_loses_nothing(tmp_path, folder, undisturbed, stage):
    path, progress, pids = tmp_path / "a.study", Progress(), set()

    def reached(event) -> bool:
        match event:
            case CampaignStarted():
                return stage == "started"
            case WorkersRestarted():
                return stage == "workers restarted"
            case StructureDone():
                pids.add(event.worker)
                return (stage, event.done) in (("first result", 1), ("last result", 12))
        return False

    with Study.create(path) as study:
        campaign = study.add_campaign(small_design())
        work = fakes.dying_once if stage == "workers restarted" else fakes.calm
        late = threading.Timer(0.0, progress.cancel)
        asked = []
        for event in run_campaign(study, campaign, progress=progress, work=work):
            if reached(event):
                asked.append(time.monotonic())
                progress.cancel()
            if stage == "workers starting" and isinstance(event, CampaignStarted):
                # from another thread, as the window does it, while the processes come up
                asked.append(time.monotonic())
                late.start()
        assert isinstance(event, CampaignFinished)
        assert time.monotonic() - asked[0] < PATIENCE_SECONDS
        assert event.cancelled or event.pending == 0
        done = study.campaign(campaign).done
        assert done == event.done and done + event.pending == 12
    assert workers_of(os.getpid()) == []
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert run_whole(path, small_design())[-1].done == 12
    pd.testing.assert_frame_equal(dataset(path, structures=True), undisturbed)


def test_that_a_plain_copy_of_the_file_of_a_running_campaign_can_go_on(tmp_path):
    # what a file manager or a backup does: SQLite is not asked
    path, copies = tmp_path / "a.study", []
    with Study.create(path) as study:
        campaign = study.add_campaign(small_design(repeats=600))
        for event in run_campaign(study, campaign, work=fakes.calm):
            if isinstance(event, StructureDone) and event.done % 800 == 0:
                copies.append((event.done, tmp_path / f"copy {event.done}.study"))
                shutil.copyfile(path, copies[-1][1])
    assert len(copies) == 3
    for done, copy in copies:
        with Study.open(copy) as study:
            assert study._database.rows("PRAGMA integrity_check") == [("ok",)]
            assert sum(record.done for record in study.campaigns()) <= done
    run_whole(copies[-1][1], small_design(repeats=600))
    pd.testing.assert_frame_equal(dataset(copies[-1][1]), dataset(path))


def test_that_another_program_cannot_run_the_study_of_a_running_campaign(tmp_path, folder):
    path = tmp_path / "a.study"
    with program_at_work(path) as other:
        with pytest.raises(InputError, match=f"process {other.pid}"):
            run_whole(path, small_design())
        with Study.open(path, read_only=True) as study:
            assert study.campaign(1).done >= 1
        workers = workers_of(other.pid)
        other.kill()
        other.wait()
    until(lambda: not any(worker.is_running() for worker in workers))
    assert run_whole(path, small_design())[-1].done == 12
