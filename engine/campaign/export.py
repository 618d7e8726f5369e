"""Write a study's dataset as .csv, .xlsx or .parquet; units stand in the column names."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from engine import __version__
from engine.errors import InputError
from engine.properties.conductivities import Conductivities
from engine.study import Study

FORMATS = (".csv", ".xlsx", ".parquet")


def export_dataset(
    study: Study, path: str | Path, structures: bool = False, campaign: int | None = None
) -> int:
    """Write the dataset of a study.

    Parameters
    ----------
    study : Study
    path : str or Path
        Its ending chooses the format: .csv (full precision, nothing but the table), .xlsx
        (with a sheet of provenance) or .parquet (provenance in its metadata).
    structures : bool
        One row a structure, with its seed and voxel hash, instead of one row a condition.
    campaign : int, optional
        Only that campaign.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    InputError
        If the ending is unknown, there are no results, or the file cannot be written.
    """
    path = Path(path)
    writers: dict[str, Callable[[pd.DataFrame, Path, Study], None]] = {
        ".csv": _write_csv,
        ".xlsx": _write_xlsx,
        ".parquet": _write_parquet,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        known = ", ".join(FORMATS)
        raise InputError(f"'{path.suffix}' is no format to export to: end the name in {known}.")
    frame = study.structures(campaign) if structures else study.dataset(campaign)
    if frame.empty:
        raise InputError(f"{study.path.name} holds no results yet: run a campaign first.")
    part = path.with_name(path.name + "-part")
    try:
        writer(frame, part, study)
        os.replace(part, path)
    except OSError as error:
        raise InputError(
            f"{path} could not be written ({error.strerror or error}): close it elsewhere, or "
            "choose another folder."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return len(frame)


def provenance(study: Study) -> dict[str, Any]:
    """Return where the numbers come from: program, campaigns, laws, protocols, seeds."""
    import numba
    import numpy as np

    return {
        "program": f"HybridGUI {__version__}",
        "study": study.path.name,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "means": "over repeats; tortuosity is the square root of the mean tortuosity factor; "
        "repeats that do not percolate are left out of the mean and counted",
        "campaigns": [
            {
                "campaign": record.id,
                "created": record.created,
                "made with version": record.program_version,
                "done": record.done,
                "failed": record.failed,
                "design seed": record.design["seed"],
                "protocol": record.design["variables"].get("protocol"),
                "bulk conductivities (S/m)": Conductivities.of(
                    record.design.get("conductivities")
                ).to_dict(),
                "law": record.design["law"],
                "design": {k: v for k, v in record.design.items() if k != "law"},
            }
            for record in study.campaigns()
        ],
    }


def _write_csv(frame: pd.DataFrame, path: Path, study: Study) -> None:
    # repr of a float gives it back bit for bit; "\n" on every system keeps files comparable
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _write_parquet(frame: pd.DataFrame, path: Path, study: Study) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = dict(table.schema.metadata or {})
    metadata[b"hybridgui"] = json.dumps(provenance(study)).encode()
    pq.write_table(table.replace_schema_metadata(metadata), path)


def _write_xlsx(frame: pd.DataFrame, path: Path, study: Study) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet: Any = book.active
    sheet.title = "dataset"
    for column, name in enumerate(frame.columns, start=1):
        _put(sheet, 1, column, name).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = min(40, len(name) + 2)
    for row, values in enumerate(frame.itertuples(index=False, name=None), start=2):
        for column, value in enumerate(values, start=1):
            _put(sheet, row, column, value)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    notes: Any = book.create_sheet("provenance")
    notes.column_dimensions["A"].width = 24
    notes.column_dimensions["B"].width = 100
    row = 1
    for name, value in provenance(study).items():
        entries = value if isinstance(value, list) else [{name: value}]
        for entry in entries:
            for key, content in entry.items():
                _put(notes, row, 1, key)
                text = content if isinstance(content, str) else json.dumps(content)
                _put(notes, row, 2, text)
                row += 1
    # given a file object, because the name ends in no .xlsx while it is being written
    with path.open("wb") as file:
        book.save(file)


def _put(sheet: Any, row: int, column: int, value: Any) -> Any:
    """Fill one cell; text stays text, whatever it begins with, and is never a formula."""
    if isinstance(value, str):
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        # 32,767 characters is the most that a cell holds
        cell = sheet.cell(row, column)
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:32767]
        cell.data_type = "s"
        return cell
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return sheet.cell(row, column)
    if isinstance(value, float) and math.isinf(value):
        return sheet.cell(row, column, "inf" if value > 0 else "-inf")
    return sheet.cell(row, column, value.item() if hasattr(value, "item") else value)
