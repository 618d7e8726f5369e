"""A study on disk: opening, refusing, sharing, copying, surviving."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.structure.stack import VoxelStack
from engine.study import Study, database, schema
from tests.study.examples import SmallDesign, folder_state, result

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path) -> Path:
    """A closed study with something in it."""
    path = tmp_path / "a.study"
    with Study.create(path) as study:
        study.add_campaign(SmallDesign(seeds=tuple(range(50))))
        study.set_setting("note", "x" * 20000)
        study.record(result(0, 0, tau=2.0))
    return path


def script(text: str, *args: object, **options: object) -> subprocess.Popen:
    """Start another program that uses the engine."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(text), *map(str, args)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


HOLD = """
    import sys
    from engine.study import Study
    study = Study.open(sys.argv[1])
    study.set_setting("from", "outside")
    print("open", flush=True)
    sys.stdin.read()
    study.close()
"""


def test_that_one_file_remains_after_closing(path):
    assert os.listdir(path.parent) == ["a.study"]


def test_that_a_study_in_use_keeps_a_write_ahead_log(path):
    with Study.open(path) as study:
        study.set_setting("a", 1)
        assert study._database.journal_mode == "wal"
        assert {"a.study-wal", "a.study-lock"} <= set(os.listdir(path.parent))
    assert os.listdir(path.parent) == ["a.study"]


def test_that_network_folders_get_a_rollback_journal(path, monkeypatch):
    monkeypatch.setattr(database, "is_network_folder", lambda folder: True)
    with Study.open(path) as study:
        study.set_setting("a", 1)
        assert study._database.journal_mode == "delete"
        assert "a.study-wal" not in os.listdir(path.parent)
    with Study.open(path) as study:
        assert study.get_setting("a") == 1


def test_that_the_nearest_mount_decides_what_is_a_network_folder(monkeypatch, tmp_path):
    import psutil

    class Partition:
        def __init__(self, mountpoint, fstype):
            self.mountpoint, self.fstype, self.opts = mountpoint, fstype, "rw"

    near = str(tmp_path)
    for inner, expected in (("nfs4", True), ("ext4", False)):
        mounts = [Partition("/", "ext4"), Partition(str(tmp_path.parent), "cifs")]
        mounts.append(Partition(near, inner))
        monkeypatch.setattr(psutil, "disk_partitions", lambda all, mounts=mounts: mounts)
        assert database.is_network_folder(tmp_path) is expected


def test_that_creating_refuses_an_existing_file_and_a_missing_folder(path):
    before = folder_state(path.parent)
    with pytest.raises(InputError, match="exists already"):
        Study.create(path)
    with pytest.raises(InputError, match="does not exist"):
        Study.create(path.parent / "nowhere" / "b.study")
    assert folder_state(path.parent) == before


def test_that_a_creation_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "_VERSION_1", "CREATE TABLE a (b); CREATE NONSENSE")
    with pytest.raises(InputError):
        Study.create(tmp_path / "a.study")
    assert os.listdir(tmp_path) == []


def flip_page(data: bytes) -> bytes:
    return data[:4096] + b"\xff" * 2048 + data[4096 + 2048 :]


def cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2]


def newer(data: bytes) -> bytes:
    return data[:60] + (schema.SCHEMA_VERSION + 1).to_bytes(4, "big") + data[64:]


def foreign(data: bytes) -> bytes:
    return data[:68] + b"\0\0\0\1" + data[72:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (flip_page, "damaged"),
        (cut_short, "damaged"),
        (newer, "newer version"),
        (foreign, "another program"),
        (lambda data: b"", "not a study"),
        (lambda data: b"P;eps\n1;2\n" * 100, "not a study"),
        (lambda data: data[:50], "not a study"),
    ],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_that_a_file_that_cannot_be_used_is_refused_and_left_alone(path, change, words, read_only):
    path.write_bytes(change(path.read_bytes()))
    before = folder_state(path.parent)
    with pytest.raises(InputError, match=words):
        Study.open(path, read_only=read_only)
    assert folder_state(path.parent) == before


@pytest.fixture(scope="module")
def full_study(tmp_path_factory) -> Path:
    """A closed study that holds something of everything."""
    path = tmp_path_factory.mktemp("full") / "a.study"
    with Study.create(path) as study:
        study.add_campaign(SmallDesign(seeds=tuple(range(5))))
        for repeat in range(5):
            study.record(result(0, repeat, tortuosity_factor_solid=2.0, a=0.5))
        study.set_law({"kind": "polynomial"}, {"r2": 0.9})
        study.add_model("a", {"method": "sisso"})
        study.add_stack(VoxelStack(np.ones((5, 6, 7), np.uint8)), "scan.tif")
        study.set_setting("page", [1, 2, 3])
    return path


def read_everything(path: Path) -> None:
    with Study.open(path) as study:
        study.campaigns(), study.dataset(), study.structures(), study.pending(1)
        study.law(), study.assessment(), study.models(), study.get_setting("page")
        for record in study.stacks():
            study.stack(record.id)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), width=st.integers(1, 40))
def test_that_damage_anywhere_ends_in_a_clear_sentence(tmp_path, full_study, place, value, width):
    path = tmp_path / "a.study"
    good = full_study.read_bytes()
    start = int(place * len(good))
    path.write_bytes(good[:start] + bytes([value]) * width + good[start + width :])
    try:
        read_everything(path)
    except InputError as error:
        assert "\n" not in str(error)
    assert os.listdir(tmp_path) == ["a.study"]


def test_that_a_missing_file_or_a_folder_is_no_study(tmp_path):
    with pytest.raises(InputError, match="no study"):
        Study.open(tmp_path / "b.study")
    with pytest.raises(InputError, match="not a file"):
        Study.open(tmp_path)
    assert os.listdir(tmp_path) == []


def test_that_a_study_of_an_older_version_is_brought_up_to_date(path, monkeypatch):
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    step = "ALTER TABLE model ADD COLUMN note TEXT; CREATE TABLE extra (a)"
    steps = schema.MIGRATIONS | {schema.SCHEMA_VERSION - 1: step}
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    before = folder_state(path.parent)
    with Study.open(path, read_only=True) as study:
        assert study._database.rows("SELECT * FROM extra") == []
        assert study.get_setting("note") == "x" * 20000
    assert folder_state(path.parent) == before
    with Study.open(path) as study:
        assert study._database.rows("SELECT note FROM model") == []
    with Study.open(path) as study:
        assert study._database.rows("PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]
    with Study.create(path.with_name("b.study")) as study:
        assert study._database.rows("SELECT * FROM extra") == []


def test_that_a_study_of_the_first_version_keeps_its_campaigns(path, tmp_path):
    old = tmp_path / "old.study"
    with Study.open(path) as study:
        study.save_copy(old)
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.execute("ALTER TABLE campaign DROP COLUMN spared")
        connection.execute("ALTER TABLE structure DROP COLUMN details")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    with Study.open(path) as study, Study.open(old) as migrated:
        assert migrated.campaigns() == study.campaigns()
        assert migrated.campaign(1).spared == 0
        assert migrated.results() == study.results()


def test_that_a_migration_that_fails_leaves_the_old_study(path, monkeypatch):
    step = "CREATE TABLE extra (a); CREATE NONSENSE"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
        patch.setattr(schema, "MIGRATIONS", {schema.SCHEMA_VERSION - 1: step})
        with pytest.raises(InputError):
            Study.open(path)
    assert os.listdir(path.parent) == ["a.study"]
    with Study.open(path) as study:
        assert study.campaign(1).done == 1
        assert study._database.rows("SELECT name FROM sqlite_schema WHERE name = 'extra'") == []


def test_that_a_second_program_is_told_who_has_the_study_open(path):
    with script(HOLD, path) as other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(InputError, match=rf"another program \(process {other.pid}\)"):
            Study.open(path)
        with Study.open(path, read_only=True) as reader:
            assert reader.get_setting("from") == "outside"
            with pytest.raises(InputError, match="read-only"):
                reader.set_setting("from", "here")
        other.communicate("")
    with Study.open(path) as study:
        assert study.get_setting("from") == "outside"
    assert os.listdir(path.parent) == ["a.study"]


def test_that_one_program_opens_a_study_for_writing_once(path):
    with Study.open(path) as study:
        with pytest.raises(InputError, match="already open in this program"):
            Study.open(path)
        with Study.open(path, read_only=True) as reader:
            study.set_setting("a", 1)
            assert reader.get_setting("a") == 1
        study.set_setting("a", 2)


def test_that_a_killed_program_blocks_nobody_and_loses_nothing(path):
    with script(HOLD, path) as other:
        assert other.stdout.readline() == "open\n"
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert "a.study-wal" in os.listdir(path.parent)
    with Study.open(path, read_only=True) as study:
        assert study.get_setting("from") == "outside"
    with Study.open(path) as study:
        assert study.get_setting("from") == "outside"
        assert study._database.rows("PRAGMA integrity_check") == [("ok",)]
    assert os.listdir(path.parent) == ["a.study"]


def test_that_a_damaged_file_left_by_a_killed_program_is_left_alone(path):
    with script(HOLD, path) as other:
        assert other.stdout.readline() == "open\n"
        other.send_signal(signal.SIGKILL)
        other.wait()
    os.remove(path.with_name("a.study-shm"))
    log = path.with_name("a.study-wal")
    path.write_bytes(path.read_bytes()[: 2 * 4096])
    before = folder_state(path.parent)
    with pytest.raises(InputError, match="damaged"):
        Study.open(path)
    after = folder_state(path.parent)
    assert after["a.study"] == before["a.study"] and after[log.name] == before[log.name]


AS_NOBODY = """
    import os, sys
    import psutil
    from engine.errors import InputError
    from engine.study import Study
    path = sys.argv[1]
    if os.geteuid() == 0:  # who may write everywhere
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    for action in (lambda: Study.open(path), lambda: Study.create(path + "2")):
        try:
            action().close()
            print("done")
        except InputError as error:
            print(error)
    with Study.open(path, read_only=True) as study:
        print(study.campaign(1).done)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "words"),
    [
        (0o444, 0o777, ["write-protected", "done", "1"]),
        (0o666, 0o555, ["takes no new files", "takes no new files", "1"]),
    ],
)
def test_that_a_write_protected_study_can_only_be_read(path, file_mode, folder_mode, words):
    # not below tmp_path, whose parents are closed to other users
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = folder / "a.study"
        shutil.copy(path, place)
        place.chmod(file_mode)
        folder.chmod(folder_mode)
        before = folder_state(folder)
        with script(AS_NOBODY, place) as other:
            lines = other.communicate()[0].splitlines()
        folder.chmod(0o755)
        assert folder_state(folder)["a.study"] == before["a.study"]
    assert len(lines) == len(words)
    for line, expected in zip(lines, words, strict=True):
        assert expected in line


def test_that_a_full_disk_is_said_and_what_was_recorded_is_kept(path):
    with Study.open(path) as study:
        pages = study._database.rows("PRAGMA page_count")[0][0]
        study._database.rows(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(InputError, match=r"disk is full.*[Ff]ree some space"):
            study.set_setting("big", "y" * 10**6)
        study.set_setting("note", "small")
        study._database.rows(f"PRAGMA max_page_count = {2 * pages + 1000}")
        study.set_setting("big", "y" * 10**6)
    with Study.open(path) as study:
        assert study.get_setting("note") == "small"


FULL = """
    import resource, sys
    from engine.errors import InputError
    from engine.study import Study
    study = Study.open(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    number = 0
    try:
        while True:
            study.set_setting(f"{number}", "z" * 10_000)
            number += 1
    except InputError as error:
        print(number, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits of POSIX")
def test_that_a_disk_that_fills_while_writing_costs_nothing_written_before(path):
    with script(FULL, path) as other:
        number, message = other.communicate()[0].split(" ", 1)
    assert "disk is full or fails" in message
    with Study.open(path) as study:
        assert int(number) > 5
        assert study.get_setting(str(int(number) - 1)) == "z" * 10_000
        assert study._database.rows("PRAGMA integrity_check") == [("ok",)]


def test_that_a_copy_made_while_writing_is_whole(path):
    stop = threading.Event()
    with Study.open(path) as study:

        def write():
            number = 0
            while not stop.is_set():
                with study._database.transaction():
                    study.set_setting("a", number)
                    study.set_setting("b", number)
                number += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(5):
                study.save_copy(path.with_name(f"copy{number}.study"))
        finally:
            stop.set()
            writer.join()
    for number in range(5):
        with Study.open(path.with_name(f"copy{number}.study")) as copy:
            assert copy.get_setting("a") == copy.get_setting("b")
            assert copy.campaign(1).done == 1
    assert len(os.listdir(path.parent)) == 6


def test_that_a_copy_replaces_only_what_it_may(path):
    target = path.with_name("b.study")
    with Study.open(path) as study:
        with pytest.raises(InputError, match="itself"):
            study.save_copy(path, overwrite=True)
        study.save_copy(target)
        with pytest.raises(InputError, match="exists already"):
            study.save_copy(target)
        with Study.open(target), pytest.raises(InputError, match="already open"):
            study.save_copy(target, overwrite=True)
        with pytest.raises(InputError, match="does not exist"):
            study.save_copy(path.parent / "nowhere" / "c.study")
        study.set_setting("a", 5)
        study.save_copy(target, overwrite=True)
    with Study.open(target) as copy:
        assert copy.get_setting("a") == 5
    assert sorted(os.listdir(path.parent)) == ["a.study", "b.study"]


def test_that_a_reader_open_while_the_writer_closes_does_no_harm(path):
    study = Study.open(path)
    study.set_setting("a", 1)
    with Study.open(path, read_only=True) as reader:
        study.close()
        assert reader.get_setting("a") == 1
    with Study.open(path) as study:
        assert study.get_setting("a") == 1
    assert os.listdir(path.parent) == ["a.study"]


def test_that_the_file_is_a_plain_sqlite_database(path):
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    finally:
        connection.close()
