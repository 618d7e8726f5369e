"""How far a law may be trusted: what fits, what predicts, what cannot be told apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.table import CalenderingTable
from engine.progress import Progress, silent
from engine.threads import one_thread

# A sheet with more families than this is cross-validated in folds of several families.
_MOST_FOLDS = 40
# Refits to more rows than this are slow, and many folds add nothing there.
_MANY_ROWS = 2000
_FEW_FOLDS = 5
# An input that the others explain to this share (R²) is confounded with them.
_CONFOUNDED = 0.8
# Level asked for where the number of families supports it.
_USUAL_LEVEL = 0.9

_PREDICTIONS = ("fitted", "grouped_predictions", "condition_predictions", "porosity")

_COATING_INPUTS = (
    ("AM", "am"),
    ("eps_init", "initial_porosity"),
    ("t0", "initial_thickness"),
)
_SPOKEN = {"AM": "AM", "eps_init": "initial porosity", "t0": "thickness"}


@dataclass(frozen=True, eq=False)
class LawAssessment:
    """What a law does on a table, and what it does on families it has not seen.

    Attributes
    ----------
    kind : str
    conditions, coefficients : int
        Conditions fitted, and coefficients that they had to fix.
    r2, rmse : float
        Of the fit; R² is centred (share of the spread around the mean; None where all measured
        porosities are equal), RMSE in porosity 0..1.
    grouped_cv_r2, grouped_cv_rmse : float or None
        The same when each coating family is predicted by a law that never saw it; None where
        the other families cannot fix the coefficients.
    condition_cv_rmse : float or None
        When single conditions are left out: what to expect for a new pressure on a coating
        that was measured.
    fitted, grouped_predictions : ndarray, shape (n,), 0..1
        Porosities of the fit, and of the laws that did not see the row's family (nan where
        there is none).
    porosity : ndarray, shape (n,), 0..1
        Measured.
    families : ndarray of int, shape (n,)
    family_names : tuple of str
    coefficient_ranges : dict of str to (float, float)
        Lowest and highest value of each coefficient when families are left out in turn.
    condition_predictions : ndarray or None, shape (n,), 0..1
        Porosities of laws that did not see the row itself, but its family.
    confounded : list of str
        Inputs whose effects cannot be told apart in this table.
    warnings : list of str
        What to know before using the law, most important first.
    """

    kind: str
    conditions: int
    coefficients: int
    r2: float | None
    rmse: float
    grouped_cv_r2: float | None
    grouped_cv_rmse: float | None
    condition_cv_rmse: float | None
    fitted: NDArray[np.float64]
    grouped_predictions: NDArray[np.float64]
    porosity: NDArray[np.float64]
    families: NDArray[np.intp]
    family_names: tuple[str, ...] = ()
    coefficient_ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    condition_predictions: NDArray[np.float64] | None = None
    confounded: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Measured minus fitted porosity, shape (n,)."""
        return self.porosity - self.fitted

    @property
    def supported_level(self) -> float:
        """Highest level that the number of families supports, k/(k+1)."""
        k = len(np.unique(self.families[np.isfinite(self.grouped_predictions)]))
        return k / (k + 1) if k else 0.0

    def interval(self, level: float | None = None) -> tuple[float, float] | None:
        """Half width of the prediction interval for a coating that was not measured.

        Parameters
        ----------
        level : float, 0..1, optional
            Wanted share of new conditions inside; by default 0.9, or what the families support.

        Returns
        -------
        (half_width, level) or None
            Half width in porosity (0..1) and the level it stands for, never above the one
            that the number of families supports. None where no family could be left out.

        Notes
        -----
        Distribution-free: the errors of the left-out families, pooled with equal weight per
        family and one share 1/(k+1) kept for the family to come (Dunn, Wasserman, Ramdas
        2022, DOI 10.1080/01621459.2022.2060112). With four families no level above 80 % can
        be had. The final law has seen all families, so it is taken to err no more than the
        laws that were each denied one.
        """
        errors = np.abs(self.porosity - self.grouped_predictions)
        known = np.isfinite(errors)
        if not known.any():
            return None
        highest = self.supported_level
        level = min(_USUAL_LEVEL if level is None else float(level), highest)
        if not level > 0:
            raise InputError("The level of an interval must be above 0.")
        errors, families = errors[known], self.families[known]
        _, label, count = np.unique(families, return_inverse=True, return_counts=True)
        weight = highest / len(count) / count[label.ravel()]
        order = np.argsort(errors)
        reached = np.cumsum(weight[order])
        index = min(int(np.searchsorted(reached, level - 1e-12)), len(order) - 1)
        return float(errors[order][index]), level

    def known_interval(self, level: float | None = None) -> tuple[float, float] | None:
        """Half width of the prediction interval for a coating that *was* measured.

        Parameters
        ----------
        level : float, 0..1, optional
            By default 0.9, or n/(n+1) where the conditions support no more.

        Returns
        -------
        (half_width, level) or None
            Half width in porosity (0..1), from the errors on single left-out conditions, for
            another pressure within the measured range. None where none could be left out.
        """
        if self.condition_predictions is None:
            return None
        errors = np.sort(np.abs(self.porosity - self.condition_predictions))
        errors = errors[np.isfinite(errors)]
        if not len(errors):
            return None
        n = len(errors)
        level = min(_USUAL_LEVEL if level is None else float(level), n / (n + 1))
        if not level > 0:
            raise InputError("The level of an interval must be above 0.")
        rank = math.ceil(level * (n + 1) - 1e-9)
        return float(errors[min(rank, n) - 1]), level

    @property
    def meaning(self) -> str:
        """The leave-one-family-out error in one sentence for people."""
        if self.grouped_cv_rmse is None:
            return (
                "How well the law predicts a new coating cannot be judged: the measured coatings "
                "are too few to leave one out."
            )
        skill = self.grouped_cv_r2
        points = 100 * self.grouped_cv_rmse
        if skill is None or skill <= 0.1:
            return (
                f"For a coating that was not measured, expect errors of about {points:.1f} "
                "porosity points (RMSE, each coating left out in turn): no better than quoting the mean of the measured porosities."
            )
        return (
            f"For a coating that was not measured, expect errors of about {points:.1f} porosity "
            f"points (RMSE, each coating left out in turn); the law explains {100 * skill:.{int(skill > 0.99)}f} % of the differences there."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `from_dict` gives the assessment back exactly."""
        data: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in _PREDICTIONS:
            if data[name] is not None:
                data[name] = [None if math.isnan(x) else float(x) for x in data[name]]
        data["families"] = self.families.tolist()
        data["family_names"] = list(self.family_names)
        data["coefficient_ranges"] = {k: list(v) for k, v in self.coefficient_ranges.items()}
        data["confounded"] = list(self.confounded)
        data["warnings"] = list(self.warnings)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LawAssessment:
        """Rebuild an assessment from `to_dict`."""
        try:
            values = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
            values.setdefault("condition_predictions", None)
            for name in _PREDICTIONS:
                if values[name] is not None:
                    known = [math.nan if x is None else x for x in values[name]]
                    values[name] = np.array(known, float)
            values["families"] = np.array(values["families"], np.intp)
            values["family_names"] = tuple(values["family_names"])
            values["coefficient_ranges"] = {
                k: (float(a), float(b)) for k, (a, b) in values["coefficient_ranges"].items()
            }
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"The assessment of this law is damaged ({error!r}).") from error
        return cls(**values)


def r_squared(measured: NDArray[np.float64], predicted: NDArray[np.float64]) -> float | None:
    """Centred R²; None where the measured values do not differ.

    Parameters
    ----------
    measured, predicted : ndarray, shape (n,)
    """
    spread = float(np.sum((measured - measured.mean()) ** 2))
    if spread <= 1e-24:
        return None
    return 1 - float(np.sum((measured - predicted) ** 2)) / spread


def leave_out(
    law: CalenderingLaw,
    table: CalenderingTable,
    groups: NDArray[np.intp],
    progress: Progress | None = None,
) -> tuple[NDArray[np.float64], list[dict[str, float]]]:
    """Predict each group of rows by a law refitted without it.

    Parameters
    ----------
    law : CalenderingLaw
        Its form is refitted; the law itself is not touched.
    table : CalenderingTable
    groups : ndarray of int, shape (n,)
    progress : Progress, optional
        Asked before and within each refit whether to stop.

    Returns
    -------
    predictions : ndarray, shape (n,)
        nan where the rest of the table cannot fix the coefficients.
    coefficients : list of dict
        Of each refit that succeeded.

    Raises
    ------
    Cancelled
    """
    progress = progress or silent()
    predictions = np.full(len(table), np.nan)
    coefficients = []
    for group in np.unique(groups):
        progress.stop_if_cancelled()
        out = groups == group
        if out.all():
            continue
        try:
            refit = law.refittable().fit(table.take(~out), progress)
            predictions[out] = refit.predict_table(table.take(out))
        except InputError:
            continue
        coefficients.append(dict(refit.coefficients_))
    return predictions, coefficients


def find_confounded(table: CalenderingTable) -> list[str]:
    """Coating inputs whose effects cannot be told apart in a table.

    Parameters
    ----------
    table : CalenderingTable

    Returns
    -------
    list of str
        Of ``AM``, ``eps_init`` and ``t0``, those that vary and that the others explain to
        80 % or more over the coating families, or for which there are too few families.
    """
    families = table.family_numbers
    means = {}
    for name, attribute in _COATING_INPUTS:
        column = table.family_means(getattr(table, attribute))
        if np.ptp(column) > 1e-9 * np.abs(column).max():
            means[name] = (column - column.mean()) / column.std()
    names = list(means)
    if len(names) < 2:
        return []
    # A plane through as many points as it has parameters fits whatever the truth is.
    if len(families) <= len(names) + 1:
        return names
    confounded = []
    for name in names:
        others = np.column_stack([means[other] for other in names if other != name])
        rest = means[name] - others @ np.linalg.lstsq(others, means[name], rcond=None)[0]
        if 1 - float(rest @ rest) / len(families) >= _CONFOUNDED:
            confounded.append(name)
    return confounded


def assess(
    law: CalenderingLaw, table: CalenderingTable, progress: Progress | None = None
) -> LawAssessment:
    """Judge a fitted law on a table.

    Parameters
    ----------
    law : CalenderingLaw
        Fitted, as a rule to the same table.
    table : CalenderingTable
    progress : Progress, optional
        A stop that it asks for is heeded between two refits.

    Returns
    -------
    LawAssessment

    Raises
    ------
    Cancelled
    """
    with one_thread():
        return _assess(law, table, progress or silent())


def _assess(law: CalenderingLaw, table: CalenderingTable, progress: Progress) -> LawAssessment:
    fitted = law.predict_table(table)
    families = table.families
    most = _MOST_FOLDS if len(table) <= _MANY_ROWS else _FEW_FOLDS
    folds = families % most if table.family_count > most else families
    grouped, refits = leave_out(law, table, folds, progress)
    known = np.isfinite(grouped)
    complete = bool(known.all())
    residuals = table.porosity - fitted
    rows = np.arange(len(table)) % most
    single, _ = leave_out(law, table, rows, progress)
    confounded = find_confounded(table)
    ranges = {
        name: (min(c[name] for c in refits), max(c[name] for c in refits))
        for name in law.coefficients_
        if refits and all(name in c for c in refits)
    }
    assessment = LawAssessment(
        kind=law.kind,
        conditions=len(table),
        coefficients=law.coefficient_count,
        r2=r_squared(table.porosity, fitted),
        rmse=_rms(residuals),
        grouped_cv_r2=r_squared(table.porosity, grouped) if complete else None,
        grouped_cv_rmse=_rms(table.porosity - grouped) if complete else None,
        condition_cv_rmse=_rms(table.porosity - single) if np.isfinite(single).all() else None,
        condition_predictions=single,
        fitted=fitted,
        grouped_predictions=grouped,
        porosity=table.porosity.copy(),
        families=families.copy(),
        family_names=table.family_names(),
        coefficient_ranges=ranges,
        confounded=confounded,
    )
    assessment.warnings.extend(_warnings(law, table, assessment))
    return assessment


def _rms(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _warnings(law: CalenderingLaw, table: CalenderingTable, assessment: LawAssessment) -> list[str]:
    said = []
    k = table.family_count
    if assessment.grouped_cv_rmse is None or (assessment.grouped_cv_r2 or 0) < 0.5:
        said.append(assessment.meaning)
    if assessment.confounded:
        words = [_SPOKEN[name] for name in assessment.confounded]
        said.append(
            f"{', '.join(words[:-1])} and {words[-1]} move together in this sheet ({k} coating "
            f"famil{'y' if k == 1 else 'ies'}): their effects cannot be told apart."
        )
    if assessment.grouped_cv_rmse is not None and type(law.refittable()) is not type(law):
        said.append(
            "The coefficients of this law are given, not fitted: the error on a coating that was "
            "left out is that of its terms fitted to the other coatings."
        )
    said += law.notes_
    said += shape_warnings(law, table)
    over = table.porosity > table.initial_porosity
    if over.any():
        rows = ", ".join(str(row) for row in table.rows[over][:5])
        said.append(f"Porosity rises on calendering in row {rows}: check these measurements.")
    return said


def shape_warnings(law: CalenderingLaw, table: CalenderingTable) -> list[str]:
    """Where the law turns unphysical within the coatings of its domain.

    Parameters
    ----------
    law : CalenderingLaw
        Fitted.
    table : CalenderingTable
        Gives the compositions and thicknesses at which the law is tried.
    """
    middle = np.median(table.am), np.median(table.initial_thickness)
    low = min(0.35, float(table.initial_porosity.min()))
    high = max(0.60, float(table.initial_porosity.max()))
    porosities = np.linspace(low, high, 51)
    turns = law.turning_pressures(middle[0], porosities, middle[1])
    turning = np.isfinite(turns)
    if not turning.any():
        return []
    ends = 100 * porosities[turning][0], 100 * porosities[turning][-1]
    if turning.all():
        where = "at every initial porosity tried"
    elif turning[0]:
        where = f"below an initial porosity of {ends[1]:.0f} %"
    elif turning[-1]:
        where = f"above an initial porosity of {ends[0]:.0f} %"
    else:
        where = f"at initial porosities of {ends[0]:.0f} to {ends[1]:.0f} %"
    worst = int(np.nanargmin(np.where(turning, turns, np.inf)))
    return [
        f"The law lets the porosity rise again at high pressure {where} (above "
        f"{turns[worst]:.0f} MPa at worst, at {100 * porosities[worst]:.0f} %): use a law "
        "constrained to fall there."
    ]
