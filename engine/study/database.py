"""The SQLite file under a study: opening, checking, transactions, closing, copying."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.study import schema
from engine.study.lock import SUFFIX, WriterLock

_HEADER = b"SQLite format 3\x00"
_BUSY_SECONDS = 5.0
# Above this size the index-against-table part of the check would be felt at every opening.
_FULL_CHECK_BYTES = 256 * 2**20
# Folders whose locks or shared memory SQLite's write-ahead log cannot rely on.
_NETWORK_FILESYSTEMS = {
    "nfs",
    "nfs3",
    "nfs4",
    "cifs",
    "smbfs",
    "smb2",
    "smb3",
    "afpfs",
    "afs",
    "ncpfs",
    "9p",
    "webdav",
    "davfs",
    "vboxsf",
    "fuse.sshfs",
    "fuse.davfs",
    "fuse.davfs2",
    "fuse.rclone",
    "fuse.gvfsd-fuse",
}

# Files this process has open, by identity. Opening and closing such a file a second time
# would drop the POSIX locks SQLite holds on it (https://sqlite.org/howtocorrupt.html#_posix).
_open_here: dict[tuple[int, int], int] = {}
_open_here_lock = threading.Lock()


def is_network_folder(folder: Path) -> bool:
    """Whether a folder lies on a network or other foreign file system."""
    import psutil

    try:
        partitions = psutil.disk_partitions(all=True)
    except OSError:
        return False
    place = str(folder.resolve())
    mounts = [
        part
        for part in partitions
        if place == part.mountpoint
        or place.startswith(part.mountpoint.rstrip("/\\") + os.sep)
        or part.mountpoint == os.sep
    ]
    if not mounts:
        return place.startswith("\\\\")
    nearest = max(mounts, key=lambda part: len(part.mountpoint))
    return nearest.fstype.lower() in _NETWORK_FILESYSTEMS or "remote" in nearest.opts.split(",")


def beside(path: Path, suffix: str) -> Path:
    """Name of a file that SQLite or the writer lock keeps beside a study while it is open."""
    return path.with_name(path.name + suffix)


def damaged(path: Path, detail: str) -> InputError:
    """Return the error that says that a study is damaged."""
    detail = " ".join(detail.split())
    return InputError(
        f"{path.name} is damaged ({detail}): go back to a copy of it; nothing was changed."
    )


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    # a study may come from anybody: its schema must not run anything of its own
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _check_header(path: Path) -> int:
    """Return the schema version from the file's first 100 bytes, or refuse the file.

    Read without SQLite, so that a foreign or damaged file is not touched in any way. Offsets
    are those of https://sqlite.org/fileformat.html#the_database_header.
    """
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(_HEADER):
        raise InputError(f"{path.name} is not a study: choose a file made by this program.")
    version = int.from_bytes(head[60:64], "big")
    if int.from_bytes(head[68:72], "big") != schema.APPLICATION_ID:
        raise InputError(
            f"{path.name} is a database of another program, not a study: choose another file."
        )
    if version > schema.SCHEMA_VERSION:
        raise InputError(
            f"{path.name} was written by a newer version of this program (file version {version}, "
            f"known here {schema.SCHEMA_VERSION}): update the program to open it."
        )
    return version


def _check_integrity(path: Path) -> None:
    """Refuse a damaged file; leaves the folder as it was, whatever the outcome."""
    shared_memory = beside(path, "-shm")
    had_shared_memory = shared_memory.exists()
    check = "integrity_check" if path.stat().st_size <= _FULL_CHECK_BYTES else "quick_check"
    try:
        # "rw" only where an unfinished transaction must be rolled back before anything is read
        mode = "rw" if beside(path, "-journal").exists() else "ro"
        with contextlib.closing(_connect(path, mode)) as connection:
            report = connection.execute(f"PRAGMA {check}(3)").fetchall()
            if report != [("ok",)]:
                # the report names pages over several lines; its last one says what is wrong
                raise damaged(path, str(report[0][0]).strip().splitlines()[-1])
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise damaged(path, "structures without their condition")
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
            if "document" not in names:
                raise damaged(path, "its tables are missing")
    except sqlite3.OperationalError as error:
        raise _explain(path, error) from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error
    except UnicodeDecodeError as error:  # of SQLite's own words, which quote the file
        raise damaged(path, "its text is not readable") from error
    finally:
        if not had_shared_memory and not beside(path, SUFFIX).exists():
            shared_memory.unlink(missing_ok=True)


def _explain(path: Path, error: sqlite3.Error) -> InputError:
    """Turn an error of SQLite into a sentence that says what to do."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL") or name.startswith("SQLITE_IOERR"):
        return InputError(
            f"{path.name} could not be written: the disk is full or fails ({error}). Free some "
            "space and resume; everything recorded before is safe."
        )
    if name.startswith("SQLITE_READONLY") or name.startswith("SQLITE_CANTOPEN"):
        return InputError(
            f"{path.name} or its folder cannot be written ({error}): copy it to a folder of your "
            "own."
        )
    if name.startswith("SQLITE_BUSY") or name.startswith("SQLITE_LOCKED"):
        return InputError(f"{path.name} is in use by another program: try again when it is done.")
    if name.startswith("SQLITE_CORRUPT") or name.startswith("SQLITE_NOTADB"):
        return damaged(path, str(error))
    return InputError(f"{path.name} could not be used: {' '.join(str(error).split())}.")


class Database:
    """One SQLite connection, shared by the threads of this program under one lock.

    Parameters
    ----------
    path : Path
    create : bool
        Make a new file; refused where one exists.
    read_only : bool
        Never write; possible while another program writes.

    Raises
    ------
    InputError
        If the file is missing, foreign, damaged, too new, open elsewhere or not writable. Then
        nothing was changed on disk.
    """

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False):
        self.path = path
        self.read_only = read_only
        self._guard = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._writer: WriterLock | None = None
        if create:
            self._create()
        else:
            self._open()
        self._identity = _identity(path)
        with _open_here_lock:
            _open_here[self._identity] = _open_here.get(self._identity, 0) + 1

    def _create(self) -> None:
        if not self.path.parent.is_dir():
            raise InputError(f"The folder {self.path.parent} does not exist: choose another one.")
        if self.path.exists():
            raise InputError(f"{self.path} exists already: open it, or choose another name.")
        self._writer = WriterLock(self.path)
        try:
            self._connection = _connect(self.path, "rwc")
            with self.transaction() as connection:
                schema.lay_out(connection)
            self._choose_journal()
        except BaseException as error:
            self._abandon()
            for suffix in ("", "-journal", "-wal", "-shm"):
                beside(self.path, suffix).unlink(missing_ok=True)
            if isinstance(error, sqlite3.Error):
                raise _explain(self.path, error) from error
            raise

    def _open(self) -> None:
        if not self.path.exists():
            raise InputError(f"There is no study {self.path}: check the name.")
        if not self.path.is_file():
            raise InputError(f"{self.path} is not a file: choose a study.")
        with _open_here_lock:
            checked = _identity(self.path) in _open_here
        try:
            version = schema.SCHEMA_VERSION if checked else _check_header(self.path)
        except OSError as error:
            raise InputError(f"{self.path.name} cannot be read ({error.strerror}).") from error
        if not self.read_only:
            if not os.access(self.path, os.W_OK):
                raise InputError(
                    f"{self.path.name} is write-protected: open it read-only, or open a copy."
                )
            self._writer = WriterLock(self.path)
        try:
            if not checked:
                _check_integrity(self.path)
            self._connect_checked(version)
        except BaseException as error:
            self._abandon()
            if isinstance(error, sqlite3.Error):
                raise _explain(self.path, error) from error
            raise

    def _connect_checked(self, version: int) -> None:
        if not self.read_only:
            self._connection = _connect(self.path, "rw")
            if version < schema.SCHEMA_VERSION:
                with self.transaction() as connection:
                    schema.migrate(connection)
            self._choose_journal()
            return
        self._connection = _connect(self.path, "ro")
        if version < schema.SCHEMA_VERSION:
            # an old file that must not be written is read through a newer copy in memory
            copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._connection.backup(copy)
            self._connection.close()
            self._connection = copy
            copy.execute("BEGIN")
            schema.migrate(copy)
            copy.execute("COMMIT")

    def _choose_journal(self) -> None:
        """Write-ahead log where it is safe, SQLite's classic rollback journal elsewhere."""
        assert self._connection is not None
        wanted = "DELETE" if is_network_folder(self.path.parent) else "WAL"
        (mode,) = self._connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
        # With the log, NORMAL loses nothing when a program is killed; at a power cut it may lose
        # the last transactions, never consistency (https://sqlite.org/pragma.html).
        synchronous = "NORMAL" if mode == "wal" else "FULL"
        self._connection.execute(f"PRAGMA synchronous = {synchronous}")

    @property
    def journal_mode(self) -> str:
        """``wal`` or ``delete``: how SQLite keeps this file safe while it is open."""
        return str(self.rows("PRAGMA journal_mode")[0][0])

    def _abandon(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._connection is None

    def _require_open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise InputError(f"{self.path.name} is closed: open it again.")
        return self._connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything written inside is kept together or not at all.

        Raises
        ------
        InputError
            If the study is read-only or closed, or the disk is full.
        """
        with self._guard:
            connection = self._require_open()
            if self.read_only:
                raise InputError(f"{self.path.name} is open read-only: save a copy to change it.")
            if connection.in_transaction:  # called from inside another transaction: part of it
                yield connection
                return
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise _explain(self.path, error) from error

    def rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        with self._guard:
            try:
                return self._require_open().execute(query, parameters).fetchall()
            except sqlite3.Error as error:
                raise _explain(self.path, error) from error
            except UnicodeDecodeError as error:
                raise damaged(self.path, "its text is not readable") from error

    def copy_to(self, target: Path, overwrite: bool = False) -> None:
        """Write a consistent copy, also while the study is being written.

        Parameters
        ----------
        target : Path
        overwrite : bool
            Replace an existing file.

        Raises
        ------
        InputError
            If the target exists, is open elsewhere, or cannot be written; it is then unchanged.
        """
        if target.exists():
            if target.samefile(self.path):
                raise InputError(f"{target.name} is this study itself: choose another name.")
            if not overwrite:
                raise InputError(f"{target} exists already: choose another name.")
        if not target.parent.is_dir():
            raise InputError(f"The folder {target.parent} does not exist: choose another one.")
        part = beside(target, "-part")
        lock = WriterLock(target)
        try:
            part.unlink(missing_ok=True)
            with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as copy:
                with self._guard:
                    self._require_open().backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            for suffix in ("-wal", "-shm", "-journal"):  # of the file that is replaced
                beside(target, suffix).unlink(missing_ok=True)
            os.replace(part, target)
        except sqlite3.Error as error:
            raise _explain(target, error) from error
        except OSError as error:
            raise InputError(f"{target.name} could not be written ({error.strerror}).") from error
        finally:
            for suffix in ("", "-journal"):
                beside(part, suffix).unlink(missing_ok=True)
            lock.release()

    def close(self) -> None:
        """Fold the write-ahead log into the file, so that one file remains, and let go of it."""
        with self._guard:
            if self._connection is None:
                return
            if not self.read_only:
                # Both fail harmlessly where somebody still reads: the log then stays beside.
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("PRAGMA busy_timeout = 0")
                    self._connection.execute("PRAGMA journal_mode = DELETE")
            with _open_here_lock:
                _open_here[self._identity] -= 1
                if not _open_here[self._identity]:
                    del _open_here[self._identity]
            self._abandon()
