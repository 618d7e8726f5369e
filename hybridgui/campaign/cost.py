"""What a campaign will cost, in words, and the question before a long one."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.campaign.design import Design
from engine.campaign.estimate import Estimate
from hybridgui import dialogs
from hybridgui.widgets.numbers import duration

# Campaigns that take longer are begun only after asking.
_ASK_FROM_SECONDS = 120.0


def in_words(found: Estimate) -> str:
    """What a campaign takes."""
    span = f"{duration(found.seconds_low)} to {duration(found.seconds_high)}"
    return (
        f"about {duration(found.seconds)} ({span}), {found.memory / 2**20:,.0f} MB of memory, "
        f"{found.file_bytes / 2**20:,.1f} MB of file"
    )


def shortages(design: Design, found: Estimate) -> list[str]:
    """What will not fit on this computer."""
    return [warning for warning in found.warnings if warning not in design.warnings()]


def wants_to_start(window: QWidget, design: Design, found: Estimate) -> bool:
    """Whether to begin; the user is asked where it will take long or not fit."""
    short = shortages(design, found)
    if not short and found.seconds < _ASK_FROM_SECONDS:
        return True
    answer = dialogs.ask(
        window,
        f"Start {design.structures:,} structures?",
        "\n".join([f"They take {in_words(found)}.", *short]),
        [("start", "Start"), ("stay", "Cancel")],
        default="stay" if short else "start",
        escape="stay",
    )
    return answer == "start"
