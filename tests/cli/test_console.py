"""What verbs say on stderr, when, and what they check before they begin."""

import types

import pytest

from engine.cli import console as speech
from engine.cli.compilation import SENTENCE, CompilationClock, compilation_clock
from engine.cli.console import Console
from engine.cli.outputs import output_file, output_folder
from engine.cli.train import speak
from engine.errors import InputError
from engine.learning.table_files import read_csv


@pytest.fixture
def clock(monkeypatch):
    """A clock of the console and of the compiler that a test sets."""
    now = types.SimpleNamespace(seconds=0.0)
    for module in ("engine.cli.console", "engine.cli.compilation"):
        stub = types.SimpleNamespace(
            monotonic=lambda: now.seconds, perf_counter=lambda: now.seconds
        )
        monkeypatch.setattr(f"{module}.time", stub)
    return now


def test_that_a_log_gets_a_line_of_progress_now_and_then(clock, capsys):
    progress = Console().progress()
    for second in range(0, 101):
        clock.seconds = second
        progress.report(second / 100, "making structures")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[4] == "progress: 50 % making structures · 50 s left"
    for second in range(101, 301):  # nothing moves: a sign of life a minute
        clock.seconds = second
        progress.report(1.0, "writing")
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert speech._LINE_AFTER == 10


def test_that_short_work_says_nothing_in_a_log(clock, capsys):
    progress = Console().progress()
    for second in range(10):
        clock.seconds = second
        progress.report(second / 10, "making structures")
    assert capsys.readouterr().err == ""


def test_that_compilation_is_announced_once_and_only_where_it_is_felt(clock, capsys):
    said = CompilationClock(Console())
    for _ in range(3):  # a kernel of 0.6 s that compiles another
        said.start()
        said.start()
        clock.seconds += 0.6
        said.stop()
        said.stop()
    assert said.seconds == pytest.approx(1.8)
    assert capsys.readouterr().err.splitlines() == [SENTENCE]


def test_that_the_compiler_tells_the_clock_about_its_work():
    from numba import njit

    @njit
    def doubled(x):
        return 2 * x

    with compilation_clock() as timed:
        assert doubled(2) == 4
        after_one = timed.seconds
        assert after_one > 0
        assert doubled(3) == 6
    doubled(0.5)
    assert timed.seconds == after_one


@pytest.mark.parametrize("place", ["/proc/mm", "/proc/mm/deeper", "taken/inside"])
def test_that_a_folder_that_cannot_be_made_is_refused(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("kept")
    with pytest.raises(InputError, match=f"--models {place} cannot be written"):
        output_folder(place, "--models")


def test_that_places_are_tried_without_a_trace(tmp_path):
    output_folder(str(tmp_path / "a" / "b"), "--models")
    output_file(str(tmp_path / "f.csv"), "--out")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"--out /proc/f\.csv cannot be written"):
        output_file("/proc/f.csv", "--out")


def test_that_a_column_that_stands_twice_is_refused(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("\ufeffa,pressure_MPa, pressure_MPa,b,\n1,2,3,4,\n", encoding="utf-8")
    with pytest.raises(InputError, match="the column 'pressure_MPa' more than once"):
        read_csv(table)
    table.write_text("a;b;b;a\n1;2;3;4\n")
    with pytest.raises(InputError, match="the columns 'a', 'b' more than once"):
        read_csv(table)


def test_that_remarks_are_notes_and_doubts_are_warnings(capsys):
    speak(
        [
            "Cross-validation repeats the whole search without each fold.",
            "5 networks of 32 + 16 hidden nodes; each has left one fold of the rows unseen.",
            "The plain model chosen is the mean.",
            "Cross-validation fits only the coefficients again.",
        ],
        Console(),
        "y: ",
    )
    heads = [line.split(": y: ")[0] for line in capsys.readouterr().err.splitlines()]
    assert heads == ["note", "note", "note", "warning"]


def test_that_a_stopped_campaign_says_what_is_kept(verb, small_study, monkeypatch):
    study, design, _ = small_study

    def stopped(*_, **__):
        yield object()
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.campaign.runner.run_campaign", stopped)
    status, result, err = verb("campaign", study, "--design", design)
    assert (status, result) == (1, None)
    assert "stopped: 36 of 36 structures are kept in small.study; the same command" in err


def test_that_a_complexity_without_operators_is_refused(verb, tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n" + "".join(f"{k},{k * k}\n" for k in range(1, 9)))
    words = ["train", tmp_path / "t.csv", "--inputs", "a", "--targets", "y", "--complexity", "0"]
    status, _, err = verb(*words)
    assert status == 2 and "complexity 0 is not a number from 1 to 100" in err
