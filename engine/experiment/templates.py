"""Mappings that are remembered: a lab's sheet is matched once and recognised ever after."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.experiment.calibration import GapCalibration
from engine.experiment.headers import ROLES, fold
from engine.experiment.layout import HEADER_ROWS
from engine.experiment.preview import SheetPreview
from engine.experiment.read_options import ReadOptions
from engine.experiment.spreadsheet_marks import column_index, column_letters
from engine.experiment.workbook import Sheet, Workbook

_FORMAT = "hybridgui-sheet-templates"
_MOST_TEMPLATES = 500


@dataclass(frozen=True)
class SheetTemplate:
    """How one kind of sheet is read.

    Attributes
    ----------
    name : str
    signature : tuple of str
        Header texts of its columns in their order, folded to plain words.
    mapping : dict of role to str
        Columns by letters.
    units : dict of role to unit
        Chosen by the user; others come from the headers.
    calibration : GapCalibration, optional
    decimal : str, optional
    group_replicates : bool
    densities : (float, float), optional
        g/cm³; this and the next see `engine.experiment.read_options.ReadOptions`.
    contact_length, roll_width : float, optional
        mm.
    """

    name: str
    signature: tuple[str, ...]
    mapping: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)
    calibration: GapCalibration | None = None
    decimal: str | None = None
    group_replicates: bool = True
    densities: tuple[float, float] | None = None
    contact_length: float | None = None
    roll_width: float | None = None

    def options(self, sheet: str, header_row: int) -> ReadOptions:
        """Options that read a sheet as this template says.

        Parameters
        ----------
        sheet : str
        header_row : int
            As the user sees it, from 1.
        """
        options = ReadOptions(
            sheet=sheet,
            header_row=header_row,
            mapping={role: column_index(letters) for role, letters in self.mapping.items()},
            units=dict(self.units),
            decimal=self.decimal,
            group_replicates=self.group_replicates,
            densities=self.densities,
            contact_length=self.contact_length,
            roll_width=self.roll_width,
        )
        return (
            options if self.calibration is None else options.replace(calibration=self.calibration)
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `from_dict` gives the template back exactly."""
        return {
            "name": self.name,
            "signature": list(self.signature),
            "mapping": dict(self.mapping),
            "units": dict(self.units),
            "calibration": self.calibration.to_dict() if self.calibration else None,
            "decimal": self.decimal,
            "group_replicates": self.group_replicates,
            "densities": list(self.densities) if self.densities else None,
            "contact_length": self.contact_length,
            "roll_width": self.roll_width,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SheetTemplate:
        """Rebuild a template from `to_dict`.

        Raises
        ------
        InputError
            If the data are no template.
        """
        try:
            mapping = {str(role): str(column) for role, column in data["mapping"].items()}
            if not set(mapping) <= set(ROLES):
                raise InputError("A remembered sheet names a role that does not exist.")
            calibration, densities = data.get("calibration"), data.get("densities")
            return cls(
                str(data["name"]),
                tuple(str(text) for text in data["signature"]),
                mapping,
                {str(role): str(unit) for role, unit in (data.get("units") or {}).items()},
                GapCalibration.from_dict(calibration) if calibration else None,
                data["decimal"] if data.get("decimal") in (".", ",") else None,
                bool(data.get("group_replicates", True)),
                (float(densities[0]), float(densities[1])) if densities else None,
                *(
                    float(data[n]) if data.get(n) else None
                    for n in ("contact_length", "roll_width")
                ),
            )
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"A remembered sheet is damaged ({error!r}).") from error


def signature_of(sheet: Sheet, row: int) -> tuple[str, ...]:
    """Signature of a header row (from 0): its texts as plain words, blanks kept in place."""
    if not 0 <= row < len(sheet.rows):
        return ()
    texts = [fold(value) if isinstance(value, str) else "" for value in sheet.rows[row]]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def template_from_preview(preview: SheetPreview, name: str) -> SheetTemplate:
    """Remember how a sheet was read.

    Parameters
    ----------
    preview : SheetPreview
    name : str

    Raises
    ------
    InputError
        If the sheet has no header by which it could be recognised.
    """
    signature = signature_of(preview.sheet, preview.layout.header_row)
    if sum(map(bool, signature)) < 2:
        raise InputError("A sheet without header texts cannot be recognised again.")
    options = preview.options
    return SheetTemplate(
        name,
        signature,
        {role: column_letters(index) for role, index in preview.layout.roles.items()},
        dict(options.units),
        options.calibration,
        options.decimal,
        options.group_replicates,
        options.densities,
        options.contact_length,
        options.roll_width,
    )


def recognise(
    workbook: Workbook, templates: Sequence[SheetTemplate]
) -> tuple[SheetTemplate, ReadOptions] | None:
    """Find a sheet that was matched before.

    Parameters
    ----------
    workbook : Workbook
    templates : sequence of SheetTemplate
        The latest last; it wins.

    Returns
    -------
    (template, options) or None
        Options that read the sheet as remembered.
    """
    known = {template.signature: template for template in templates}
    for name in workbook.sheet_names:
        try:
            sheet = workbook.sheet(name)
        except InputError:
            continue
        for row in range(min(HEADER_ROWS, len(sheet.rows))):
            template = known.get(signature_of(sheet, row))
            if template is not None:
                return template, template.options(name, row + 1)
    return None


def remember(
    templates: Sequence[SheetTemplate], template: SheetTemplate
) -> tuple[SheetTemplate, ...]:
    """Templates with one more; it replaces the one of the same headers."""
    others = [t for t in templates if t.signature != template.signature]
    return tuple([*others, template][-_MOST_TEMPLATES:])


def load_templates(path: str | os.PathLike[str]) -> tuple[SheetTemplate, ...]:
    """Templates of a JSON file; none if there is no such file yet.

    Raises
    ------
    InputError
        If the file holds something else.
    """
    path = Path(path)
    if not path.exists():
        return ()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != _FORMAT or data["version"] != 1:
            raise InputError(f"{path.name} holds no remembered sheets of this program.")
        return tuple(SheetTemplate.from_dict(item) for item in data["templates"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path.name} holds no remembered sheets ({error}).") from error


def save_templates(path: str | os.PathLike[str], templates: Sequence[SheetTemplate]) -> None:
    """Write templates as JSON; the old file stays whole if writing fails.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    path = Path(path)
    data = {"format": _FORMAT, "version": 1, "templates": [t.to_dict() for t in templates]}
    beside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error}).") from error
