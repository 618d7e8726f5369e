"""The tables of a study file, their version, and the steps from older versions."""

from __future__ import annotations

import sqlite3

# "HGst" in ASCII: tells a study from any other SQLite file (SQLite's PRAGMA application_id).
APPLICATION_ID = 0x48477374
SCHEMA_VERSION = 3

# `structure` has row ids on purpose: in a table without them a row above a quarter of a page
# takes a page of its own, which makes the file four times as large.
_VERSION_1 = """
CREATE TABLE document (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE campaign (
    id INTEGER PRIMARY KEY,
    design TEXT NOT NULL,
    design_key TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    program_version TEXT NOT NULL
);
CREATE TABLE condition (
    campaign INTEGER NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    point TEXT NOT NULL,
    condition TEXT NOT NULL,
    warnings TEXT NOT NULL,
    PRIMARY KEY (campaign, number)
) WITHOUT ROWID;
CREATE TABLE structure (
    campaign INTEGER NOT NULL,
    condition INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'done', 'failed')),
    voxels_sha256 TEXT,
    properties TEXT,
    error TEXT,
    seconds REAL,
    finished TEXT,
    PRIMARY KEY (campaign, condition, repeat),
    FOREIGN KEY (campaign, condition) REFERENCES condition (campaign, number) ON DELETE CASCADE
);
CREATE INDEX structure_by_status ON structure (campaign, status);
CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    method TEXT NOT NULL,
    model TEXT NOT NULL,
    created TEXT NOT NULL,
    UNIQUE (target, method)
);
CREATE TABLE stack (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    created TEXT NOT NULL,
    shape TEXT NOT NULL,
    spacing TEXT NOT NULL,
    voxels_sha256 TEXT NOT NULL,
    properties TEXT
);
CREATE TABLE stack_slab (
    stack INTEGER NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    voxels BLOB NOT NULL,
    PRIMARY KEY (stack, number)
);
"""

# version -> the SQL that leads to the next version
MIGRATIONS: dict[int, str] = {
    # structures that adaptive repeats made unnecessary: neither done nor still to do
    1: "ALTER TABLE campaign ADD COLUMN spared INTEGER NOT NULL DEFAULT 0",
    # the traceback of a structure that failed
    2: "ALTER TABLE structure ADD COLUMN details TEXT",
}


def _run(connection: sqlite3.Connection, script: str) -> None:
    # executescript() would commit first, and the steps must be one transaction
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)


def lay_out(connection: sqlite3.Connection) -> None:
    """Create the tables of the newest version in an empty database, inside a transaction."""
    _run(connection, _VERSION_1)
    for version in range(1, SCHEMA_VERSION):
        _run(connection, MIGRATIONS[version])
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a study of an older version to the newest, inside the caller's transaction."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for step in range(version, SCHEMA_VERSION):
        _run(connection, MIGRATIONS[step])
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
