"""What a user says about a lab file before it is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.experiment.calibration import PUBLISHED_CALIBRATION, GapCalibration


@dataclass(frozen=True)
class ReadOptions:
    """What the user has said about a file; everything left None is found.

    Attributes
    ----------
    sheet : str, optional
    header_row : int, optional
        As the user sees it, from 1; 0 says that there is no header.
    mapping : dict of role to column
        Columns by header text, by letters, or by index from 0.
    units : dict of role to unit
        Overrule the header, e.g. ``{"porosity": "%", "initial_thickness": "mm"}``.
    delimiter, encoding, decimal : str, optional
        Of a text table.
    calibration : GapCalibration
    corrections : dict of (row, column) to str
        Cells mended in place: row as the user sees it (from 1), column index from 0.
    leave_out : frozenset of int
        Rows to leave out, as the user sees them.
    group_replicates : bool
        Average rows of equal conditions.
    fill_down : bool
        A row that leaves AM, initial porosity and initial thickness blank repeats the coating
        of the row above.
    densities : (float, float), optional
        Skeletal densities of AM and CBD, g/cm³: with them, a porosity that the sheet does not
        give is derived from thickness and mass loading.
    contact_length : float, optional
        mm; turns a line load (N/mm) in the column of the pressure into a pressure.
    roll_width : float, optional
        mm, of the electrode under the rolls; with it a force (kN) becomes a line load.
    """

    sheet: str | None = None
    header_row: int | None = None
    mapping: Mapping[str, str | int] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    calibration: GapCalibration = PUBLISHED_CALIBRATION
    corrections: Mapping[tuple[int, int], str] = field(default_factory=dict)
    leave_out: frozenset[int] = frozenset()
    group_replicates: bool = True
    fill_down: bool = False
    densities: tuple[float, float] | None = None
    contact_length: float | None = None
    roll_width: float | None = None

    def replace(self, **changes: object) -> ReadOptions:
        """Copy with some fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]
