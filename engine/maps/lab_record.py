"""What a lab record says beside the numbers: who, which sample, for what."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.study import Study

RECORD_SETTING = "report.record"
"""Setting of a study under which it is kept."""


@dataclass(frozen=True)
class LabRecord:
    """Head of a report; what is empty is left out."""

    operator: str = ""
    sample: str = ""
    project: str = ""
    remarks: str = ""

    @classmethod
    def of(cls, study: Study) -> LabRecord:
        """Return what a study keeps."""
        kept = study.get_setting(RECORD_SETTING)
        if not isinstance(kept, dict):
            return cls()
        return cls(**{one.name: str(kept.get(one.name) or "") for one in fields(cls)})

    def keep(self, study: Study) -> None:
        """Keep it in a study."""
        study.set_setting(RECORD_SETTING, asdict(self) if any(asdict(self).values()) else None)

    def lines(self) -> list[tuple[str, str]]:
        """Name and text of what is filled in, remarks last."""
        return [(name.capitalize(), text) for name, text in asdict(self).items() if text]
