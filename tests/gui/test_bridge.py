"""Jobs: off the GUI thread and back, with every way to end."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QThread

from engine.errors import InputError
from hybridgui.bridge import JobCentre


@pytest.fixture
def centre(qapp):
    found = JobCentre()
    yield found
    assert found.cancel_all()


def run(qtbot, centre, work, **options):
    """Start work and wait for its end; return what the signals carried."""
    heard = {}
    job = centre.start(
        "Work",
        work,
        finished=lambda result: heard.setdefault("finished", result),
        failed=lambda sentence, details: heard.setdefault("failed", (sentence, details)),
        cancelled=lambda: heard.setdefault("cancelled", True),
        **options,
    )
    with qtbot.waitSignal(job.ended, timeout=5000):
        pass
    return heard


def test_that_work_runs_in_another_thread_and_its_result_arrives_in_this_one(qtbot, centre):
    here = threading.get_ident()
    arrived = []
    job = centre.start(
        "Work",
        lambda job: threading.get_ident(),
        finished=lambda there: arrived.append((there, QThread.currentThread().isMainThread())),
    )
    qtbot.waitSignal(job.ended, timeout=5000).wait()
    [(there, in_gui)] = arrived
    assert there != here and in_gui


def test_that_an_input_error_arrives_as_its_sentence_without_details(qtbot, centre):
    def work(job):
        raise InputError("Row 7 is wrong.")

    assert run(qtbot, centre, work) == {"failed": ("Row 7 is wrong.", "")}


def test_that_an_unexpected_error_arrives_with_its_traceback(qtbot, centre):
    def work(job):
        return 1 / 0

    sentence, details = run(qtbot, centre, work)["failed"]
    assert "division by zero" in sentence and "Traceback" in details


def test_that_cancel_stops_at_the_next_report(qtbot, centre):
    reached = threading.Event()

    def work(job):
        reached.set()
        while True:
            job.engine_progress.report(0.1, "working")

    heard = []
    job = centre.start("Work", work, cancelled=lambda: heard.append("cancelled"))
    with qtbot.waitSignal(job.ended, timeout=5000):
        assert reached.wait(5)
        job.cancel()
    assert heard == ["cancelled"] and not centre.running


def test_that_progress_tells_fraction_and_stage(qtbot, centre):
    told = []
    heard = threading.Event()

    def work(job):
        assert heard.wait(5)
        job.engine_progress.report(1.0, "last part")

    job = centre.start("Work", work)
    job.progress.connect(lambda *what: told.append(what[:2]))
    heard.set()
    qtbot.waitSignal(job.ended, timeout=5000).wait()
    assert told == [(1.0, "last part")]


def test_that_events_keep_their_order(qtbot, centre):
    got = []

    def work(job):
        for number in range(200):
            job.send(number)

    job = centre.start("Work", work, event=got.append)
    qtbot.waitSignal(job.ended, timeout=5000).wait()
    assert got == list(range(200))


def test_that_a_pause_is_seen_by_the_work_and_ends_with_cancel(qtbot, centre):
    def work(job):
        while not job.pause.is_set():
            job.engine_progress.report(0.0)
        while job.pause.is_set():
            pass
        job.engine_progress.report(0.5)

    heard = []
    job = centre.start("Work", work, pausable=True, cancelled=lambda: heard.append(1))
    job.set_paused(True)
    assert job.paused
    with qtbot.waitSignal(job.ended, timeout=5000):
        job.cancel()
    assert heard == [1]


def test_that_a_quiet_job_is_not_among_the_running_but_is_waited_for(qtbot, centre):
    go = threading.Event()
    job = centre.start("Preview", lambda job: go.wait(5), quiet=True)
    assert centre.running == [] and centre.quiet == [job]
    go.set()
    assert centre.cancel_all(5)
    qtbot.waitUntil(lambda: not centre.quiet)


def test_that_all_jobs_share_one_deadline_when_they_are_stopped(centre, monkeypatch):
    from hybridgui import bridge

    clock = [100.0]
    waited = []

    def wait(job, seconds):
        waited.append(seconds)
        clock[0] += 20.0
        return True

    go = threading.Event()
    for number in range(3):
        centre.start("Deaf", lambda job: go.wait(5), quiet=number == 2)
    with monkeypatch.context() as patch:
        patch.setattr(bridge.Job, "wait", wait)
        patch.setattr(bridge.time, "monotonic", lambda: clock[0])
        centre.cancel_all(30.0)
    assert waited == [30.0, 10.0, 0.0]
    go.set()


def test_that_the_newest_job_of_a_stage_is_found(qtbot, centre):
    go = threading.Event()
    first = centre.start("A", lambda job: go.wait(5), stage="models")
    second = centre.start("B", lambda job: go.wait(5), stage="maps")
    assert centre.running_in("models") is first and centre.running_in("maps") is second
    assert centre.running_in("campaign") is None
    go.set()
    qtbot.waitUntil(lambda: not centre.running)


def test_that_a_new_stage_is_said_at_once_and_no_time_left_while_kernels_compile(qtbot, centre):
    heard = []

    def work(job):
        job.progress.connect(lambda *report: heard.append(report))
        job.note_compiling(True)
        job._started -= 100
        job.engine_progress.report(0.5, "one")
        job.engine_progress.report(0.5, "another")
        job.note_compiling(False)
        job.set_pace("", None)
        job.engine_progress.report(0.5, "third")
        job.set_pace("2 per s", 7.0)
        job.engine_progress.report(0.5, "fourth")

    run(qtbot, centre, work)
    assert [stage for _, stage, _ in heard] == ["one", "another", "third", "fourth"]
    assert all(left != left for _, _, left in heard[:3])
    assert heard[3][2] == 7.0
