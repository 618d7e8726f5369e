"""What a running campaign says: one small typed event for each thing that happened."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CampaignStarted:
    """The campaign runs; `pending` structures of `structures` are still to be made."""

    campaign: int
    conditions: int
    structures: int
    done: int
    failed: int
    pending: int
    workers: int


@dataclass(frozen=True)
class StructureDone:
    """One structure was generated, characterised and recorded.

    Attributes
    ----------
    campaign, number, repeat, seed : int
        `number` is the condition, from 0.
    properties : dict of str to float
    seconds : float
        In the worker.
    done, failed, total : int
        Of the campaign so far; `total` shrinks where adaptive repeats are saved.
    structures_per_second : float
        Over the last minute.
    seconds_left : float or None
        Estimate; None before there is one.
    worker : int
        Its process id.
    worker_memory : int
        Resident memory of that process, bytes.
    """

    campaign: int
    number: int
    repeat: int
    seed: int
    properties: dict[str, float] = field(repr=False)
    seconds: float
    done: int
    failed: int
    total: int
    structures_per_second: float
    seconds_left: float | None
    worker: int
    worker_memory: int


@dataclass(frozen=True)
class StructureFailed:
    """One structure was given up, after a second try where that could help.

    `details` is the traceback, for copying; empty where `error` says all.
    """

    campaign: int
    number: int
    repeat: int
    seed: int
    error: str
    details: str
    done: int
    failed: int
    total: int

    def __str__(self) -> str:
        return f"condition {self.number}, repeat {self.repeat}, seed {self.seed}: {self.error}"


@dataclass(frozen=True)
class WorkersRestarted:
    """The pool was started anew; the structures it had in hand are tried again."""

    campaign: int
    reason: str
    retried: int


@dataclass(frozen=True)
class CampaignPaused:
    """No new structure is started; those in hand are finished and recorded."""

    campaign: int


@dataclass(frozen=True)
class CampaignResumed:
    """Structures are started again."""

    campaign: int


@dataclass(frozen=True)
class CampaignFinished:
    """Nothing more comes.

    `cancelled` says that it was stopped on request; what was in hand is not recorded and
    comes back on resuming. `seconds` and `structures_per_second` are of this run.
    """

    campaign: int
    done: int
    failed: int
    pending: int
    cancelled: bool
    seconds: float
    structures_per_second: float


CampaignEvent = (
    CampaignStarted
    | StructureDone
    | StructureFailed
    | WorkersRestarted
    | CampaignPaused
    | CampaignResumed
    | CampaignFinished
)
