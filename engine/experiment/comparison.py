"""Laws side by side on one table, and which to take for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.experiment.diagnostics import LawAssessment, assess
from engine.experiment.extra_columns import process_settings
from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.laws.store import make_law
from engine.experiment.table import CalenderingTable
from engine.progress import Progress

# Laws whose errors are closer than this are alike: the one with fewer coefficients wins.
_ALIKE = 1.05
_MOST_FOR_GAUSSIAN = 300
_COMPACTION_LAWS = (
    ("exponential", "Exponential"), ("heckel", "Heckel"), ("kawakita", "Kawakita"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class LawEntry:
    """One law of a comparison.

    Attributes
    ----------
    name : str
        For people, e.g. ``"Exponential"``.
    law : CalenderingLaw
        Fitted.
    assessment : LawAssessment
    falls : bool
        Whether the porosity only falls with the pressure over the measured coatings, and never
        exceeds its initial value there.
    """

    name: str
    law: CalenderingLaw
    assessment: LawAssessment
    falls: bool

    def row(self) -> dict[str, Any]:
        """Numbers for a table, as JSON values."""
        a = self.assessment
        return {
            "name": self.name,
            "kind": self.law.kind,
            "coefficients": a.coefficients,
            "r2": a.r2,
            "rmse": a.rmse,
            "grouped_cv_r2": a.grouped_cv_r2,
            "grouped_cv_rmse": a.grouped_cv_rmse,
            "condition_cv_rmse": a.condition_cv_rmse,
            "falls_with_pressure": self.falls,
        }


@dataclass(frozen=True, eq=False)
class LawComparison:
    """Laws side by side.

    Attributes
    ----------
    entries : tuple of LawEntry
        Best for a new coating first.
    refused : tuple of (str, str)
        Laws that this table cannot carry, and why.
    recommended : LawEntry
        For any coating, the ones not yet measured included.
    reason : str
        Why, in one or two sentences.
    for_known_coatings : LawEntry
        For other pressures on coatings that were measured.
    """

    entries: tuple[LawEntry, ...]
    refused: tuple[tuple[str, str], ...]
    recommended: LawEntry
    reason: str
    for_known_coatings: LawEntry

    def to_dict(self) -> dict[str, Any]:
        """JSON form, for tables; laws are stored by themselves."""
        return {
            "laws": [entry.row() for entry in self.entries],
            "refused": [{"name": name, "reason": why} for name, why in self.refused],
            "recommended": self.recommended.name,
            "reason": self.reason,
            "for_known_coatings": self.for_known_coatings.name,
        }


def candidate_laws(table: CalenderingTable) -> list[tuple[str, CalenderingLaw]]:
    """Laws worth comparing on a table, unfitted.

    Parameters
    ----------
    table : CalenderingTable

    Returns
    -------
    list of (name, law)
    """
    laws: list[tuple[str, CalenderingLaw]] = []
    settings = process_settings(table)
    if table.has_gap:
        laws += [
            ("Polynomial, published terms", make_law("polynomial")),
            ("Polynomial, published terms, falling", make_law("polynomial", physical=True)),
        ]
    for physical, word in ((False, ""), (True, ", falling")):
        law = make_law("polynomial", terms=None, select="bic", physical=physical)
        laws.append((f"Polynomial, terms by BIC{word}", law))
    for kind, name in _COMPACTION_LAWS:
        laws.append((f"{name}, one for all coatings", make_law(kind, depends_on=())))
        laws.append((f"{name}, by initial porosity", make_law(kind, depends_on=("eps_init",))))
        laws.append((f"{name}, by initial porosity and AM", make_law(kind)))
        if settings:
            depends_on = ("eps_init", "AM", *settings)
            words = ", ".join(settings)
            laws.append((f"{name}, by these and {words}", make_law(kind, depends_on=depends_on)))
    if len(table) <= _MOST_FOR_GAUSSIAN:
        laws.append(("Gaussian process", make_law("gaussian_process")))
    return laws


def compare_laws(
    table: CalenderingTable,
    laws: Sequence[tuple[str, CalenderingLaw]] | None = None,
    progress: Progress | None = None,
) -> LawComparison:
    """Fit laws to one table and recommend one.

    Parameters
    ----------
    table : CalenderingTable
    laws : sequence of (name, law), optional
        Unfitted; by default `candidate_laws`.
    progress : Progress, optional

    Returns
    -------
    LawComparison

    Raises
    ------
    InputError
        If no law can be fitted.
    Cancelled

    Notes
    -----
    The recommended law errs least on left-out coating families among the laws that fall with
    the pressure; of laws that err alike, the one with fewer coefficients is taken. Where no
    family can be left out, the error on left-out conditions decides.
    """
    progress = progress or Progress()
    laws = candidate_laws(table) if laws is None else list(laws)
    entries: list[LawEntry] = []
    refused: list[tuple[str, str]] = []
    for i, (name, law) in enumerate(laws):
        progress.report(i / len(laws), name)
        try:
            law.fit(table, progress)
            assessment = assess(law, table, progress)
        except InputError as error:
            refused.append((name, str(error)))
            continue
        if getattr(law, "dropped_", ()):
            # Without the inputs it is another law of this comparison.
            refused.append((name, law.notes_[0]))
            continue
        entries.append(LawEntry(name, law, assessment, _falls(law)))
    progress.report(1.0, "compared")
    if not entries:
        why = f": {refused[0][1]}" if refused else "."
        raise InputError(f"No law can be fitted to {table.source or 'this table'}{why}")
    entries.sort(key=_new_error)
    falling = [entry for entry in entries if entry.falls] or entries
    recommended = _simplest_of_best(falling, _new_error)
    known = _simplest_of_best(falling, _known_error)
    return LawComparison(
        tuple(entries),
        tuple(refused),
        recommended,
        _reason(table, entries, recommended, known),
        known,
    )


def law_in_pressure(
    table: CalenderingTable, progress: Progress | None = None
) -> tuple[LawEntry, str]:
    """Compaction law to begin with where the usual law cannot be fitted.

    The usual one, the polynomial in the published terms, is written in the roll gap, which is
    not known where pressures lie outside the gap calibration.

    Parameters
    ----------
    table : CalenderingTable
    progress : Progress, optional

    Returns
    -------
    entry : LawEntry
        Fitted under the constraint that the porosity falls with the pressure; of the laws of
        the field the one that errs least on a coating left out.
    why : str
        One sentence for people.

    Raises
    ------
    InputError
        If no law can be fitted.
    Cancelled
    """
    progress = progress or Progress()
    entries: list[LawEntry] = []
    refused = ""
    for i, (kind, name) in enumerate(_COMPACTION_LAWS):
        progress.report(i / len(_COMPACTION_LAWS), name)
        try:
            law = make_law(kind, physical=True).fit(table, progress)
            entries.append(LawEntry(name, law, assess(law, table, progress), _falls(law)))
        except InputError as error:
            refused = refused or str(error)
    progress.report(1.0, "compared")
    if not entries:
        raise InputError(f"No law can be fitted to {table.source or 'this table'}: {refused}")
    best = _simplest_of_best([e for e in entries if e.falls] or entries, _new_error)
    missed = best.assessment.grouped_cv_rmse
    judged = (
        f"errs least on a coating left out (± {100 * missed:.1f} points)"
        if missed is not None
        else "errs least on conditions left out"
    )
    if len(entries) == 1:
        judged = "can be fitted to it"
    low, high = float(table.pressure.min()), float(table.pressure.max())
    within = table.calibration
    return best, (
        f"Pressures of this sheet ({low:.3g}-{high:.3g} MPa) reach beyond the gap calibration "
        f"({within.pressure_min:.3g}-{within.pressure_max:.3g} MPa), so the published polynomial, written in the roll gap, does not apply; {best.name} is taken: "
        f"of the laws written in the pressure it {judged}."
    )


def _new_error(entry: LawEntry) -> float:
    error = entry.assessment.grouped_cv_rmse
    # Laws that cannot be judged on a new coating come after all that can.
    return 1.0 + _known_error(entry) if error is None else error


def _known_error(entry: LawEntry) -> float:
    error = entry.assessment.condition_cv_rmse
    return 10.0 + entry.assessment.rmse if error is None else error


def _simplest_of_best(entries: Sequence[LawEntry], error: Any) -> LawEntry:
    least = min(error(entry) for entry in entries)
    alike = [entry for entry in entries if error(entry) <= _ALIKE * least]
    return min(alike, key=lambda entry: (entry.assessment.coefficients, error(entry)))


def _falls(law: CalenderingLaw) -> bool:
    """Whether a law falls with the pressure over its coatings and around them."""
    am, porosity, thickness = law.domain_.coatings.T
    spread = np.linspace(min(0.40, porosity.min()), max(0.50, porosity.max()), 21)
    turns = np.append(
        law.turning_pressures(am, porosity, thickness),
        law.turning_pressures(am.mean(), spread, thickness.mean()),
    )
    if np.isfinite(turns).any():
        return False
    grid = law.pressure_grid(31)
    curves = law.predict(am[:, None], porosity[:, None], thickness[:, None], pressure=grid)
    return bool((curves <= porosity[:, None] + 1e-9).all())


def _reason(
    table: CalenderingTable,
    entries: Sequence[LawEntry],
    recommended: LawEntry,
    known: LawEntry,
) -> str:
    k = table.family_count
    best = recommended.assessment
    if best.grouped_cv_rmse is None:
        said = (
            f"{recommended.name}: with {k} coating famil{'y' if k == 1 else 'ies'} no law can be "
            "tried on a coating that it has not seen, so the error on single left-out conditions "
            "decides."
        )
    else:
        said = (
            f"{recommended.name}: of the laws that fall with the pressure it errs least on a "
            f"coating that it has not seen ({100 * best.grouped_cv_rmse:.1f} porosity points), "
            f"with {best.coefficients} coefficients. {len(entries)} laws were compared on {k} "
            "coatings, so take this error as a lower bound."
        )
    if not recommended.falls:
        said += " No law compared falls with the pressure everywhere."
    if known is not recommended and known.assessment.condition_cv_rmse is not None:
        said += (
            f" For other pressures on the coatings that were measured, {known.name} errs less "
            f"({100 * known.assessment.condition_cv_rmse:.1f} points)."
        )
    return said
