"""The Study: the one document of the program, a single SQLite file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.structure.stack import VoxelStack
from engine.study import dataset as datasets
from engine.study import records, stacks
from engine.study.database import Database, damaged
from engine.study.records import (
    CampaignRecord,
    ConditionRecord,
    DesignLike,
    StructureRecord,
    StructureTask,
    now,
)
from engine.study.stacks import StackRecord
from engine.study.typed_json import dumps, loads

if TYPE_CHECKING:
    import pandas as pd

    from engine.experiment.table import CalenderingTable
    from engine.structure.materials import Material


class Study:
    """An open study file; may be used from several threads of one program.

    Every call that changes something is one transaction and is safe on disk when it returns:
    there is nothing to save, only copies to make. Use `create` or `open`, and `close` (or a
    ``with`` block).

    Attributes
    ----------
    path : Path
    read_only : bool

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with Study.create(folder / "nmc.study") as study:
    ...     study.set_setting("page", "maps")
    >>> with Study.open(folder / "nmc.study") as study:
    ...     study.get_setting("page")
    'maps'
    """

    def __init__(self, database: Database):
        self._database = database
        self.path = database.path
        self.read_only = database.read_only

    @classmethod
    def create(cls, path: str | Path) -> Study:
        """Make a new study; InputError where the file exists or cannot be written."""
        return cls(Database(Path(path), create=True))

    @classmethod
    def open(cls, path: str | Path, read_only: bool = False) -> Study:
        """Open a study, bringing one of an older version up to date.

        Raises
        ------
        InputError
            If the file is missing, no study, damaged, written by a newer version, open
            elsewhere, or write-protected (the last two only unless `read_only`). Nothing on
            disk is changed then.
        """
        return cls(Database(Path(path), read_only=read_only))

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._database.closed

    def close(self) -> None:
        """Close the file; one single file remains. May be called twice."""
        self._database.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def save_copy(self, path: str | Path, overwrite: bool = False) -> None:
        """Write a complete copy, also while a campaign is running."""
        self._database.copy_to(Path(path), overwrite)

    # settings and documents

    def _get(self, table: str, name: str) -> Any:
        rows = self._database.rows(f"SELECT value FROM {table} WHERE name = ?", (name,))
        if not rows:
            return None
        try:
            return loads(rows[0][0])
        except ValueError as error:
            raise damaged(self.path, f"'{name}' cannot be read") from error

    def _set(self, table: str, values: dict[str, Any]) -> None:
        with self._database.transaction() as connection:
            for name, value in values.items():
                if value is None:
                    connection.execute(f"DELETE FROM {table} WHERE name = ?", (name,))
                else:
                    connection.execute(
                        f"INSERT INTO {table} VALUES (?, ?)"
                        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                        (name, dumps(value)),
                    )

    def get_setting(self, name: str, default: Any = None) -> Any:
        """Return a setting (any JSON value), or `default`."""
        value = self._get("setting", name)
        return default if value is None else value

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a setting (any JSON value); None removes it."""
        self._set("setting", {name: value})

    # experiment

    def set_table(self, table: CalenderingTable | dict[str, Any] | None) -> None:
        """Keep the imported sheet."""
        if table is not None and not isinstance(table, dict):
            table = table.to_dict()
        self._set("document", {"table": table})

    def table(self) -> CalenderingTable | None:
        """Return the imported sheet, or None."""
        from engine.experiment.table import CalenderingTable

        data = self._get("document", "table")
        return None if data is None else CalenderingTable.from_dict(data)

    def set_material(self, material: Material | None) -> None:
        """Keep the active material of the lab's electrodes; None where it was not said."""
        self._set("document", {"material": None if material is None else material.to_dict()})

    def material(self) -> Material | None:
        """Return the active material, or None where it was not said."""
        from engine.structure.materials import Material

        data = self._get("document", "material")
        return None if data is None else Material.from_dict(data)

    def set_law(self, law: dict[str, Any] | None, assessment: dict[str, Any] | None = None) -> None:
        """Keep the calendering law and what is known of its quality (both as dicts)."""
        self._set("document", {"law": law, "assessment": assessment})

    def law(self) -> dict[str, Any] | None:
        """Return the law as a dict (`engine.experiment.laws.law_from_dict`), or None."""
        return self._get("document", "law")

    def assessment(self) -> dict[str, Any] | None:
        """Return the assessment that was stored with the law, or None."""
        return self._get("document", "assessment")

    # campaigns

    def add_campaign(self, design: DesignLike) -> int:
        """Store a design and return its campaign; an equal design gives the campaign it has."""
        return records.add_campaign(self._database, design)

    def campaigns(self) -> list[CampaignRecord]:
        """Return all campaigns, oldest first."""
        return records.campaigns(self._database)

    def campaign(self, campaign: int) -> CampaignRecord:
        """Return one campaign; InputError if there is none of that number."""
        for record in self.campaigns():
            if record.id == campaign:
                return record
        raise InputError(f"{self.path.name} holds no campaign {campaign}.")

    def remove_campaign(self, campaign: int) -> None:
        """Remove a campaign and its results."""
        records.remove_campaign(self._database, campaign)

    def conditions(self, campaign: int) -> list[ConditionRecord]:
        """Return the conditions of a campaign."""
        return records.conditions(self._database, campaign)

    def pending(self, campaign: int) -> list[StructureTask]:
        """Return the structures that still have no result, first repeats first."""
        return records.pending(self._database, campaign)

    def counts(self, campaign: int) -> dict[int, tuple[int, int, int]]:
        """Return condition number -> structures done, failed and pending."""
        return records.counts(self._database, campaign)

    def record(self, result: StructureRecord) -> None:
        """Keep the result of one structure."""
        records.record(self._database, result)

    def results(self, campaign: int | None = None) -> list[StructureRecord]:
        """Return every structure that was tried, by campaign, condition and repeat."""
        return records.structures(self._database, campaign)

    def failures(self, campaign: int | None = None) -> list[StructureRecord]:
        """Return the structures that failed, with their reasons."""
        return records.structures(self._database, campaign, records.FAILED)

    def spare(self, campaign: int, structures: int) -> None:
        """Keep how many of the structures without a result adaptive repeats do not need."""
        records.spare(self._database, campaign, structures)

    def retry_failed(self, campaign: int) -> int:
        """Make the failed structures pending again; return how many."""
        return records.retry_failed(self._database, campaign)

    def _all_conditions(self, campaign: int | None) -> list[ConditionRecord]:
        chosen = [campaign] if campaign is not None else [entry.id for entry in self.campaigns()]
        return [record for one in chosen for record in self.conditions(one)]

    def dataset(self, campaign: int | None = None) -> pd.DataFrame:
        """Return one row a condition, of one campaign or of all.

        See `engine.study.dataset.by_condition` for the columns.
        """
        return datasets.by_condition(self._all_conditions(campaign), self.results(campaign))

    def structures(self, campaign: int | None = None) -> pd.DataFrame:
        """Return one row a structure, with its seed and the hash of its voxels."""
        return datasets.by_structure(self._all_conditions(campaign), self.results(campaign))

    # models

    def add_model(self, target: str, model: dict[str, Any]) -> None:
        """Keep a model (`PropertyModel.to_dict`); it replaces one of equal target and method."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM model WHERE target = ? AND method = ?",
                (target, str(model.get("method", ""))),
            )
            connection.execute(
                "INSERT INTO model (target, method, model, created) VALUES (?, ?, ?, ?)",
                (target, str(model.get("method", "")), dumps(model), now()),
            )

    def add_models(
        self, models: Mapping[str, dict[str, Any]], summary: dict[str, Any] | None = None
    ) -> None:
        """Keep the models of one training by target, and its summary: all of them or nothing."""
        with self._database.transaction():
            for target, model in models.items():
                self.add_model(target, model)
            if summary is not None:
                self.set_training_summary(summary)

    def models(self, method: str | None = None) -> dict[str, dict[str, Any]]:
        """Return target -> model dict; where a target has several, that added last."""
        rows = self._database.rows("SELECT target, method, model FROM model ORDER BY id")
        return {
            target: loads(model)
            for target, stored_method, model in rows
            if method is None or stored_method == method
        }

    @property
    def has_models(self) -> bool:
        """Whether any model is stored; `models` would read them all."""
        return bool(self._database.rows("SELECT 1 FROM model LIMIT 1"))

    def all_models(self) -> list[dict[str, Any]]:
        """Return every model dict, by target and method."""
        rows = self._database.rows("SELECT model FROM model ORDER BY target, method")
        return [loads(model) for (model,) in rows]

    def remove_models(self, target: str | None = None) -> None:
        """Remove the models of a target, or all."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM model WHERE ? IS NULL OR target = ?", (target, target))

    def set_training_summary(self, summary: dict[str, Any] | None) -> None:
        """Keep what is known of the last training as a whole."""
        self._set("document", {"training": summary})

    def training_summary(self) -> dict[str, Any] | None:
        """Return what `set_training_summary` kept, or None."""
        return self._get("document", "training")

    def set_classifier(self, classifier: dict[str, Any] | None) -> None:
        """Keep the border of the user's limits (`LimitClassifier.to_dict`); None removes it."""
        self._set("document", {"classifier": classifier})

    def classifier(self) -> dict[str, Any] | None:
        """Return what `set_classifier` kept, or None."""
        return self._get("document", "classifier")

    # imported stacks

    def add_stack(self, stack: VoxelStack, name: str, source: str = "") -> int:
        """Keep an imported stack, compressed; return its id."""
        return stacks.add(self._database, stack, name, source)

    def stacks(self) -> list[StackRecord]:
        """Return the imported stacks without their voxels."""
        return stacks.records(self._database)

    def stack(self, identifier: int) -> VoxelStack:
        """Return an imported stack, checked against its hash."""
        return stacks.load(self._database, identifier)

    def set_stack_properties(self, identifier: int, properties: dict[str, Any]) -> None:
        """Keep the properties computed for an imported stack."""
        stacks.set_properties(self._database, identifier, properties)

    def remove_stack(self, identifier: int) -> None:
        """Remove an imported stack."""
        stacks.remove(self._database, identifier)
