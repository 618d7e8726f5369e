"""What a study says about its campaigns: small frozen records, and the SQL that makes them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Protocol

from engine import __version__
from engine.errors import InputError
from engine.structure.condition import Condition
from engine.study.database import Database, damaged
from engine.study.typed_json import canonical, dumps, dumps_properties, loads, loads_properties

DONE, FAILED, PENDING = "done", "failed", "pending"


class PointLike(Protocol):
    """One condition of a design, as a study stores it."""

    @property
    def values(self) -> dict[str, Any]: ...
    @property
    def condition(self) -> Condition: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...
    @property
    def seeds(self) -> tuple[int, ...]: ...


class DesignLike(Protocol):
    """What a study needs to know of a design (see `engine.campaign.design.Design`)."""

    @property
    def key(self) -> str: ...
    def to_dict(self) -> dict[str, Any]: ...
    def conditions(self) -> Any: ...


@dataclass(frozen=True)
class CampaignRecord:
    """One campaign: its design (JSON form) and how far it is.

    `pending` counts the structures that are still to be made; `spared` those that adaptive
    repeats made unnecessary.
    """

    id: int
    design: dict[str, Any]
    created: str
    program_version: str
    conditions: int
    done: int
    failed: int
    pending: int
    spared: int = 0

    @property
    def structures(self) -> int:
        """All structures of the design but those spared."""
        return self.done + self.failed + self.pending


@dataclass(frozen=True)
class ConditionRecord:
    """One condition of a campaign; `values` by export column (µm, MPa, %)."""

    campaign: int
    number: int
    values: dict[str, Any]
    condition: Condition
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class StructureTask:
    """One structure to generate: condition `number`, `repeat` from 0, and its seed."""

    campaign: int
    number: int
    repeat: int
    seed: int
    condition: Condition


@dataclass(frozen=True)
class StructureRecord:
    """One structure that was tried.

    Attributes
    ----------
    properties : dict
        Column -> number; infinite where a phase does not percolate. Empty where it failed.
    seconds : float
        Generation and characterisation together.
    error : str or None
        Why it failed.
    details : str
        The traceback, where the error was not foreseen.
    """

    campaign: int
    number: int
    repeat: int
    seed: int
    status: str
    voxels_sha256: str | None
    properties: dict[str, float]
    error: str | None
    seconds: float | None
    details: str = ""


def now() -> str:
    """Return the present time, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_campaign(database: Database, design: DesignLike) -> int:
    """Store a design with all its conditions and seeds; an equal one keeps its id."""
    found = database.rows("SELECT id FROM campaign WHERE design_key = ?", (design.key,))
    if found:
        return int(found[0][0])
    points = list(design.conditions())
    with database.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO campaign (design, design_key, created, program_version)"
            " VALUES (?, ?, ?, ?)",
            (canonical(design.to_dict()), design.key, now(), __version__),
        )
        identifier = int(cursor.lastrowid or 0)
        connection.executemany(
            "INSERT INTO condition VALUES (?, ?, ?, ?, ?)",
            (
                (
                    identifier,
                    number,
                    dumps(point.values),
                    dumps(point.condition.to_dict()),
                    dumps(list(point.warnings)),
                )
                for number, point in enumerate(points)
            ),
        )
        connection.executemany(
            "INSERT INTO structure (campaign, condition, repeat, seed) VALUES (?, ?, ?, ?)",
            (
                (identifier, number, repeat, seed)
                for number, point in enumerate(points)
                for repeat, seed in enumerate(point.seeds)
            ),
        )
    return identifier


def campaigns(database: Database) -> list[CampaignRecord]:
    """Return all campaigns, oldest first."""
    rows = database.rows(
        "SELECT id, design, created, program_version,"
        " (SELECT count(*) FROM condition WHERE campaign = id),"
        " (SELECT count(*) FROM structure WHERE campaign = id AND status = 'done'),"
        " (SELECT count(*) FROM structure WHERE campaign = id AND status = 'failed'),"
        " (SELECT count(*) FROM structure WHERE campaign = id AND status = 'pending') - spared,"
        " spared FROM campaign ORDER BY id"
    )
    return [CampaignRecord(row[0], loads(row[1]), *row[2:]) for row in rows]


def conditions(database: Database, campaign: int) -> list[ConditionRecord]:
    """Return the conditions of a campaign by number."""
    rows = database.rows(
        "SELECT campaign, number, point, condition, warnings FROM condition"
        " WHERE campaign = ? ORDER BY number",
        (campaign,),
    )
    try:
        return [
            ConditionRecord(
                campaign,
                number,
                dict(loads(point)),
                Condition.from_dict(loads(condition)),
                tuple(loads(warnings)),
            )
            for campaign, number, point, condition, warnings in rows
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise damaged(database.path, "a condition cannot be read") from error


def pending(database: Database, campaign: int) -> list[StructureTask]:
    """Return what is still to be generated: first repeats first, then by condition."""
    by_number = {record.number: record.condition for record in conditions(database, campaign)}
    rows = database.rows(
        "SELECT condition, repeat, seed FROM structure"
        " WHERE campaign = ? AND status = 'pending' ORDER BY repeat, condition",
        (campaign,),
    )
    return [
        StructureTask(campaign, number, repeat, seed, by_number[number])
        for number, repeat, seed in rows
    ]


def record(database: Database, result: StructureRecord) -> None:
    """Keep one result or failure; it is safe on disk when this returns."""
    with database.transaction() as connection:
        cursor = connection.execute(
            "UPDATE structure SET status = ?, voxels_sha256 = ?, properties = ?, error = ?,"
            " seconds = ?, finished = ?, details = ? WHERE campaign = ? AND condition = ? AND repeat = ?",
            (
                result.status,
                result.voxels_sha256,
                dumps_properties(result.properties) if result.status == DONE else None,
                result.error,
                result.seconds,
                now(),
                result.details or None,
                result.campaign,
                result.number,
                result.repeat,
            ),
        )
        if cursor.rowcount != 1:
            raise InputError(
                f"Campaign {result.campaign} has no structure {result.number}/{result.repeat}: it "
                "was removed while it ran."
            )


def structures(
    database: Database, campaign: int | None = None, status: str | None = None
) -> list[StructureRecord]:
    """Return structures that were tried, by campaign, condition and repeat."""
    rows = database.rows(
        "SELECT campaign, condition, repeat, seed, status, voxels_sha256, properties, error,"
        " seconds, details FROM structure WHERE status <> 'pending' AND (?1 IS NULL OR campaign = ?1)"
        " AND (?2 IS NULL OR status = ?2) ORDER BY campaign, condition, repeat",
        (campaign, status),
    )
    return [
        StructureRecord(
            campaign=row[0],
            number=row[1],
            repeat=row[2],
            seed=row[3],
            status=row[4],
            voxels_sha256=row[5],
            properties=loads_properties(row[6]) if row[6] else {},
            error=row[7],
            seconds=row[8],
            details=row[9] or "",
        )
        for row in rows
    ]


def counts(database: Database, campaign: int) -> dict[int, tuple[int, int, int]]:
    """Return condition number -> (done, failed, pending)."""
    rows = database.rows(
        "SELECT condition, sum(status = 'done'), sum(status = 'failed'), sum(status = 'pending')"
        " FROM structure WHERE campaign = ? GROUP BY condition",
        (campaign,),
    )
    return {number: (done, failed, pending) for number, done, failed, pending in rows}


def spare(database: Database, campaign: int, structures: int) -> None:
    """Keep how many of the structures without a result are not needed."""
    with database.transaction() as connection:
        connection.execute("UPDATE campaign SET spared = ? WHERE id = ?", (structures, campaign))


def retry_failed(database: Database, campaign: int) -> int:
    """Make failed structures pending again; return how many."""
    with database.transaction() as connection:
        # what the failed ones give may ask for repeats that were spared
        connection.execute("UPDATE campaign SET spared = 0 WHERE id = ?", (campaign,))
        return connection.execute(
            "UPDATE structure SET status = 'pending', error = NULL, seconds = NULL,"
            " finished = NULL, details = NULL WHERE campaign = ? AND status = 'failed'",
            (campaign,),
        ).rowcount


def remove_campaign(database: Database, campaign: int) -> None:
    """Remove a campaign with all its structures."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM campaign WHERE id = ?", (campaign,))
