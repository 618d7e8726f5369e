"""The five stages of the work, and what each one's state means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class StageState(Enum):
    """State of a stage: the text that stands under its name in the rail."""

    NOTHING = "Nothing yet"
    READY = "Ready to start"
    RUNNING = "Running"
    PAUSED = "Paused"
    DONE = "Done"
    OUTDATED = "Out of date"


@dataclass(frozen=True)
class Stage:
    """One page of the window."""

    key: str
    title: str
    purpose: str
    icon: str


STAGES = (
    Stage(
        "experiment",
        "Experiment",
        "Measured calendering conditions, and the law that describes them.",
        "ph.flask",
    ),
    Stage(
        "structure",
        "Structure",
        "Generate one electrode and look inside it.",
        "ph.cube",
    ),
    Stage(
        "campaign",
        "Campaign",
        "Generate and characterise many electrodes over a grid of conditions.",
        "ph.grid-four",
    ),
    Stage(
        "models",
        "Models",
        "Learn how each property follows from the process.",
        "ph.math-operations",
    ),
    Stage(
        "maps",
        "Maps",
        "See what to expect at every pressure and composition, and decide.",
        "ph.chart-line",
    ),
)
STAGE_KEYS = tuple(stage.key for stage in STAGES)


@dataclass(frozen=True)
class Advice:
    """The one line that says what to do next, and where."""

    text: str
    stage: str
