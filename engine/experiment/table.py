"""The measured calendering conditions, as typed numbers: what laws are fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import InputError
from engine.experiment.calibration import PUBLISHED_CALIBRATION, GapCalibration
from engine.experiment.coatings import family_names, find_families, read_labels
from engine.experiment.rolls import Rolls

_ARRAYS = ("am", "initial_porosity", "initial_thickness", "gap", "pressure", "porosity")


@dataclass(frozen=True, eq=False)
class CalenderingTable:
    """Calendering conditions, one row each; every array has shape (n,).

    Attributes
    ----------
    am : ndarray, 0..1
        AM mass fraction of the dry electrode.
    initial_porosity : ndarray, 0..1
        Porosity before calendering (lab porosity, nanopores of the CBD included).
    initial_thickness : ndarray, µm
        Thickness before calendering.
    gap : ndarray, µm
        Roll gap; all nan where only pressures are known and the calibration does not reach.
    pressure : ndarray, MPa
    porosity : ndarray, 0..1
        Porosity after calendering.
    porosity_sd : ndarray or None, 0..1
        Standard deviation of `porosity` over replicates; nan where there was one only.
    families : ndarray of int
        Coating family of each row, numbered from 0.
    coatings : tuple of str
        Per row: what the sheet calls its coating; empty where it has no name for it.
    extra : dict of str to ndarray
        Further columns as read: numbers (nan where blank) or texts. Names end in their unit.
    source : str
        Where the table comes from, for people.
    left_out : tuple of (int, str)
        Rows of the sheet that were not used (numbered as the spreadsheet shows them), why.
    rows : ndarray of int
        Row of the sheet that each condition comes from (the first of its replicates).
    replicates : ndarray of int
        How many rows of the sheet each condition averages.
    origin : tuple of str
        Per row: "measured", or what the source column says (e.g. "simulated").
    calibration : GapCalibration
        Links `gap` and `pressure`.
    driver : {"gap", "pressure", "both"}
        Which of the two the sheet gave.
    notes : tuple of str
        What was assumed in reading, one sentence each.
    rolls : Rolls or None
        What turned the lab's line loads or forces into pressures; None where it gave neither.
    """

    am: NDArray[np.float64]
    initial_porosity: NDArray[np.float64]
    initial_thickness: NDArray[np.float64]
    gap: NDArray[np.float64]
    pressure: NDArray[np.float64]
    porosity: NDArray[np.float64]
    porosity_sd: NDArray[np.float64] | None = None
    families: NDArray[np.intp] = None  # type: ignore[assignment]
    coatings: tuple[str, ...] = ()
    extra: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    source: str = ""
    left_out: tuple[tuple[int, str], ...] = ()
    rows: NDArray[np.intp] = None  # type: ignore[assignment]
    replicates: NDArray[np.intp] = None  # type: ignore[assignment]
    origin: tuple[str, ...] = ()
    calibration: GapCalibration = PUBLISHED_CALIBRATION
    driver: str = "gap"
    notes: tuple[str, ...] = ()
    rolls: Rolls | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in _ARRAYS:
            put(self, name, np.array(getattr(self, name), dtype=float).ravel())
        n = len(self.porosity)
        if n == 0:
            raise InputError("The table holds no measured condition.")
        if self.porosity_sd is not None:
            put(self, "porosity_sd", np.array(self.porosity_sd, dtype=float).ravel())
        if self.families is None:
            families = find_families(self.am, self.initial_porosity, self.initial_thickness)
            put(self, "families", families)
        else:
            put(self, "families", np.array(self.families, dtype=np.intp).ravel())
        if self.rows is None:
            put(self, "rows", np.arange(1, n + 1))
        if self.replicates is None:
            put(self, "replicates", np.ones(n, np.intp))
        put(self, "rows", np.array(self.rows, dtype=np.intp).ravel())
        put(self, "replicates", np.array(self.replicates, dtype=np.intp).ravel())
        put(self, "origin", tuple(self.origin) or ("measured",) * n)
        put(self, "coatings", tuple(str(name) for name in self.coatings) or ("",) * n)
        extra = {str(name): np.array(values).ravel() for name, values in self.extra.items()}
        put(self, "extra", extra)
        put(self, "left_out", tuple((int(row), str(why)) for row, why in self.left_out))
        put(self, "notes", tuple(self.notes))
        if self.driver not in ("gap", "pressure", "both"):
            raise InputError(f"Table: driver '{self.driver}' is not gap, pressure or both.")
        self._check(n)

    def _check(self, n: int) -> None:
        columns: dict[str, Sequence[Any] | NDArray[Any]] = {
            name: getattr(self, name) for name in (*_ARRAYS, "families", "rows", "replicates")
        }
        columns |= {"origin": self.origin, "coatings": self.coatings, **self.extra}
        if self.porosity_sd is not None:
            columns["porosity_sd"] = self.porosity_sd
        for name, values in columns.items():
            if len(values) != n:
                raise InputError(
                    f"Table: '{name}' has {len(values)} values, not {n} as the others."
                )
        for name in ("am", "initial_porosity", "porosity"):
            values = getattr(self, name)
            highest = 1.0 if name == "am" else np.nextafter(1.0, 0.0)
            bad = ~((values > 0) & (values <= highest))
            if bad.any():
                row = int(np.flatnonzero(bad)[0])
                raise InputError(
                    f"Row {self.rows[row]}, {name}: {values[row]:g} is not between 0 and 1."
                )
        bad = ~((self.initial_thickness > 0) & np.isfinite(self.initial_thickness))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputError(f"Row {self.rows[row]}: the initial thickness must be above 0 µm.")
        if not (np.isfinite(self.pressure) & (self.pressure >= 0)).all():
            raise InputError("Table: every condition needs a pressure of 0 MPa or more.")
        if np.isnan(self.gap).any() and not np.isnan(self.gap).all():
            raise InputError("Table: gaps must be known for all conditions or for none.")

    def __len__(self) -> int:
        return len(self.porosity)

    @property
    def has_gap(self) -> bool:
        """Whether roll gaps are known."""
        return not bool(np.isnan(self.gap[0]))

    @property
    def family_count(self) -> int:
        """Number of coating families."""
        return len(np.unique(self.families))

    @property
    def rows_used(self) -> int:
        """Rows of the sheet that the conditions average."""
        return int(self.replicates.sum())

    @property
    def family_numbers(self) -> NDArray[np.intp]:
        """Numbers of the families, ascending, shape (k,)."""
        return np.unique(self.families)

    def family_means(self, values: ArrayLike) -> NDArray[np.float64]:
        """Mean of a column over each family.

        Parameters
        ----------
        values : array_like, shape (n,)

        Returns
        -------
        ndarray, shape (k,)
            In the order of `family_numbers`.
        """
        _, label, count = np.unique(self.families, return_inverse=True, return_counts=True)
        return np.asarray(np.bincount(label.ravel(), np.asarray(values, float)) / count)

    def family_names(self) -> tuple[str, ...]:
        """Short name of each family: the sheet's, or e.g. ``"AM 94 %, ε_init 48.7 %"``."""
        return family_names(
            self.families,
            self.coatings,
            self.family_means(self.am),
            self.family_means(self.initial_porosity),
            self.family_means(self.initial_thickness),
        )

    def family_name(self, family: int) -> str:
        """Short name of one family by its number."""
        return self.family_names()[int(np.searchsorted(self.family_numbers, family))]

    def row_names(self) -> tuple[str, ...]:
        """Name of the coating of each row, shape (n,)."""
        names = self.family_names()
        return tuple(names[k] for k in np.searchsorted(self.family_numbers, self.families))

    def numeric_extra(self) -> dict[str, NDArray[np.float64]]:
        """Extra columns that hold numbers in every row."""
        return {
            name: values.astype(float)
            for name, values in self.extra.items()
            if values.dtype.kind in "fiu" and np.isfinite(values.astype(float)).all()
        }

    def take(self, rows: ArrayLike) -> CalenderingTable:
        """Table of some conditions only.

        Parameters
        ----------
        rows : array_like of bool, shape (n,), or of int
            Conditions to keep; families keep their numbers.
        """
        keep = np.asarray(rows)
        if keep.dtype == bool:
            keep = np.flatnonzero(keep)
        changed: dict[str, Any] = {name: getattr(self, name)[keep] for name in _ARRAYS}
        for name in ("families", "rows", "replicates"):
            changed[name] = getattr(self, name)[keep]
        if self.porosity_sd is not None:
            changed["porosity_sd"] = self.porosity_sd[keep]
        return CalenderingTable(
            **changed,
            extra={name: values[keep] for name, values in self.extra.items()},
            origin=tuple(self.origin[i] for i in keep),
            coatings=tuple(self.coatings[i] for i in keep),
            source=self.source,
            left_out=self.left_out,
            calibration=self.calibration,
            driver=self.driver,
            notes=self.notes,
            rolls=self.rolls,
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form (typed numbers, not texts); `from_dict` gives the table back exactly."""
        data: dict[str, Any] = {"format": "hybridgui-table", "version": 1}
        for name in _ARRAYS:
            data[name] = _to_json(getattr(self, name))
        data["porosity_sd"] = None if self.porosity_sd is None else _to_json(self.porosity_sd)
        for name in ("families", "rows", "replicates"):
            data[name] = getattr(self, name).tolist()
        data["extra"] = {name: _to_json(values) for name, values in self.extra.items()}
        data["origin"] = list(self.origin)
        data["coatings"] = list(self.coatings)
        data["source"] = self.source
        data["left_out"] = [list(item) for item in self.left_out]
        data["calibration"] = self.calibration.to_dict()
        data["driver"] = self.driver
        data["notes"] = list(self.notes)
        if self.rolls is not None:
            data["rolls"] = self.rolls.to_dict()
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CalenderingTable:
        """Rebuild a table from `to_dict`.

        Raises
        ------
        InputError
            If the data are not those of a calendering table of a known version.
        """
        if data.get("format") != "hybridgui-table":
            raise InputError("This is not a calendering table.")
        if data.get("version") != 1:
            raise InputError(
                f"This calendering table has version {data.get('version')}; this program reads 1."
            )
        known = dict(data)
        try:
            for name in _ARRAYS:
                known[name] = _from_json(known[name])
            if known.get("porosity_sd") is not None:
                known["porosity_sd"] = _from_json(known["porosity_sd"])
            known["extra"] = {name: _from_json(v) for name, v in known["extra"].items()}
            known["calibration"] = GapCalibration.from_dict(known["calibration"])
            known["left_out"] = tuple((row, why) for row, why in known["left_out"])
            known.setdefault("coatings", ())  # not kept by earlier versions
            known["rolls"] = Rolls.from_dict(known["rolls"]) if known.get("rolls") else None
            return cls(**{name: known[name] for name in cls.__dataclass_fields__})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"The calendering table is damaged ({error}).") from error


def join_tables(tables: Sequence[CalenderingTable]) -> CalenderingTable:
    """One table of several, e.g. of measured conditions and of simulated ones.

    Parameters
    ----------
    tables : sequence of CalenderingTable
        `origin` of each keeps its rows apart. All must share one gap calibration.

    Returns
    -------
    CalenderingTable
        Coatings that agree in their values, or by name, are one family; extra columns that one table lacks are blank there.

    Raises
    ------
    InputError
        If there is no table, or the calibrations differ.
    """
    if not tables:
        raise InputError("There is no table to join.")
    if any(table.calibration != tables[0].calibration for table in tables):
        raise InputError("Tables of machines with different gap calibrations cannot be joined.")
    joined = {n: np.concatenate([getattr(t, n) for t in tables]) for n in _ARRAYS}
    if not all(t.has_gap for t in tables):
        joined["gap"] = np.full(len(joined["porosity"]), np.nan)
    deviations = [
        np.full(len(t), np.nan) if t.porosity_sd is None else t.porosity_sd for t in tables
    ]
    extra: dict[str, NDArray[Any]] = {}
    for name in dict.fromkeys(name for t in tables for name in t.extra):
        numeric = all(t.extra[name].dtype.kind in "fiu" for t in tables if name in t.extra)
        parts = [t.extra.get(name, np.full(len(t), np.nan if numeric else "")) for t in tables]
        extra[name] = np.concatenate(parts if numeric else [p.astype(str) for p in parts])
    drivers = {t.driver for t in tables}
    rolls = {t.rolls for t in tables}
    families, coatings = read_labels(
        [name for t in tables for name in t.coatings],
        False,
        joined["am"],
        joined["initial_porosity"],
        joined["initial_thickness"],
    )
    return CalenderingTable(
        **joined,
        families=families,
        coatings=coatings,
        porosity_sd=None
        if all(t.porosity_sd is None for t in tables)
        else np.concatenate(deviations),
        extra=extra,
        source=" + ".join(dict.fromkeys(t.source for t in tables if t.source)),
        left_out=tuple(item for t in tables for item in t.left_out),
        rows=np.concatenate([t.rows for t in tables]),
        replicates=np.concatenate([t.replicates for t in tables]),
        origin=tuple(o for t in tables for o in t.origin),
        calibration=tables[0].calibration,
        driver=drivers.pop() if len(drivers) == 1 else "both",
        notes=tuple(dict.fromkeys(note for t in tables for note in t.notes)),
        rolls=rolls.pop() if len(rolls) == 1 else None,
    )


def _to_json(values: NDArray[Any]) -> list[Any]:
    """Values for JSON, which knows no nan."""
    if values.dtype.kind == "f":
        return [None if np.isnan(v) else float(v) for v in values]
    return list(values.tolist())


def _from_json(values: Sequence[Any]) -> NDArray[Any]:
    if any(isinstance(v, str) for v in values):
        return np.array(["" if v is None else str(v) for v in values])
    if all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        return np.array(values)
    return np.array([np.nan if v is None else float(v) for v in values])
