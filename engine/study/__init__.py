"""The study file: everything a user works on, in one SQLite document."""

from engine.study.records import (
    CampaignRecord,
    ConditionRecord,
    StructureRecord,
    StructureTask,
)
from engine.study.stacks import StackRecord
from engine.study.study import Study

__all__ = [
    "CampaignRecord",
    "ConditionRecord",
    "StackRecord",
    "StructureRecord",
    "StructureTask",
    "Study",
]
