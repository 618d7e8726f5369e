"""Imported stacks inside a study: voxels in compressed slabs, with a hash to check them by."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.structure.stack import VoxelStack
from engine.study.database import Database, damaged
from engine.study.records import now
from engine.study.typed_json import dumps, loads

# SQLite holds at most 1e9 bytes in one value; small slabs also keep memory low.
_SLAB_BYTES = 16 * 2**20
# The fastest level already shrinks labels about tenfold.
_COMPRESSION_LEVEL = 1


@dataclass(frozen=True)
class StackRecord:
    """An imported stack without its voxels; `shape` (z, y, x), `spacing` in µm."""

    id: int
    name: str
    source: str
    created: str
    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    voxels_sha256: str
    properties: dict[str, Any] | None


def add(database: Database, stack: VoxelStack, name: str, source: str) -> int:
    """Store a stack; return its id."""
    nz, ny, nx = stack.shape
    slices = max(1, _SLAB_BYTES // (ny * nx))
    with database.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO stack (name, source, created, shape, spacing, voxels_sha256)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (name, source, now(), dumps(stack.shape), dumps(stack.spacing), stack.sha256),
        )
        identifier = int(cursor.lastrowid or 0)
        for number, start in enumerate(range(0, nz, slices)):
            slab = np.ascontiguousarray(stack.labels[start : start + slices])
            connection.execute(
                "INSERT INTO stack_slab VALUES (?, ?, ?)",
                (identifier, number, zlib.compress(slab.data, _COMPRESSION_LEVEL)),
            )
    return identifier


def records(database: Database) -> list[StackRecord]:
    """Return all imported stacks, oldest first."""
    rows = database.rows(
        "SELECT id, name, source, created, shape, spacing, voxels_sha256, properties"
        " FROM stack ORDER BY id"
    )
    return [
        StackRecord(
            id=row[0],
            name=row[1],
            source=row[2],
            created=row[3],
            shape=tuple(loads(row[4])),
            spacing=tuple(loads(row[5])),
            voxels_sha256=row[6],
            properties=loads(row[7]) if row[7] else None,
        )
        for row in rows
    ]


def load(database: Database, identifier: int) -> VoxelStack:
    """Give a stack back, checked against its hash."""
    record = next((entry for entry in records(database) if entry.id == identifier), None)
    if record is None:
        raise InputError(f"{database.path.name} holds no stack {identifier}.")
    try:
        labels = np.empty(record.shape, dtype=np.uint8)
    except (MemoryError, ValueError) as error:
        raise InputError(
            f"Stack '{record.name}' of {record.shape} voxels does not fit into memory."
        ) from error
    flat = labels.reshape(-1)
    filled = 0
    slabs = database.rows("SELECT number FROM stack_slab WHERE stack = ?", (identifier,))
    try:
        for (number,) in sorted(slabs):
            ((packed,),) = database.rows(
                "SELECT voxels FROM stack_slab WHERE stack = ? AND number = ?",
                (identifier, number),
            )
            # never more than there is room for, whatever the file claims
            unpacked = zlib.decompressobj().decompress(packed, flat.size - filled + 1)
            voxels = np.frombuffer(unpacked, dtype=np.uint8)
            flat[filled : filled + voxels.size] = voxels
            filled += voxels.size
        stack = VoxelStack(labels, record.spacing)
    except (zlib.error, ValueError) as error:
        raise damaged(database.path, f"stack '{record.name}': {error}") from error
    if filled != flat.size or stack.sha256 != record.voxels_sha256:
        raise damaged(database.path, f"the voxels of stack '{record.name}' are not as stored")
    return stack


def set_properties(database: Database, identifier: int, properties: dict[str, Any]) -> None:
    """Keep the properties computed for a stack."""
    with database.transaction() as connection:
        connection.execute(
            "UPDATE stack SET properties = ? WHERE id = ?", (dumps(properties), identifier)
        )


def remove(database: Database, identifier: int) -> None:
    """Remove a stack."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM stack WHERE id = ?", (identifier,))
