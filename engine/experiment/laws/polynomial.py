"""The polynomial law, fitted by least squares, and the published one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.experiment.calibration import PUBLISHED_CALIBRATION, GapCalibration
from engine.experiment.domain import Domain
from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.laws.least_squares import constrained_least_squares, standard_errors
from engine.experiment.laws.stepwise import CRITERIA, choose_terms
from engine.experiment.laws.terms import PUBLISHED_TERMS, VARIABLES, Term, parse_term
from engine.experiment.table import CalenderingTable
from engine.progress import Progress

# Initial porosities in which a law asked to be physical must fall with the pressure.
_PHYSICAL_POROSITIES = (0.35, 0.65)
# Columns whose share of a new direction is below this cannot be told apart.
_RANK_TOLERANCE = 1e-9


class PolynomialLaw(CalenderingLaw):
    """Sum of chosen terms, without intercept unless the term ``"1"`` is chosen.

    Parameters
    ----------
    terms : sequence of str
        Terms in AM, eps_init (fractions), t0, gap (µm), P, ln(P) (MPa) and extra columns;
        by default the six published ones.
    physical : bool
        Fit under the constraint that the porosity falls with the pressure (for initial
        porosities of 35 to 65 % and over the whole calibration), and never give more than
        the initial porosity or less than 0.

    select : {None, "bic", "aicc"}
        Choose among the terms in `fit`, by stepwise search with this criterion; `terms` None
        then means all that `engine.experiment.laws.stepwise.candidate_terms` offers. Each
        refit of a cross-validation chooses anew, so that its error includes the choosing.

    Examples
    --------
    >>> law = PolynomialLaw(terms=("AM", "eps_init", "t0", "gap"))
    >>> law.coefficient_count
    4
    """

    kind = "polynomial"

    def __init__(
        self,
        terms: Sequence[str] | None = PUBLISHED_TERMS,
        physical: bool = False,
        select: str | None = None,
    ):
        super().__init__()
        if isinstance(terms, str) or (not terms and select is None):
            raise InputError("A polynomial law needs a list of at least one term.")
        if select is not None and select not in CRITERIA:
            raise InputError(f"Terms are selected by {' or '.join(CRITERIA)}, not '{select}'.")
        self._terms = _parsed(terms or ())
        self.terms = tuple(term.name for term in self._terms) or None
        if self.terms and len(set(self.terms)) < len(self.terms):
            raise InputError(f"A term stands twice in the law: {', '.join(self.terms)}.")
        self.physical = bool(physical)
        self.select = select

    @property
    def chosen_terms(self) -> tuple[str, ...]:
        """Terms of the fitted law; differs from `terms` where they were selected."""
        return tuple(term.name for term in self._terms)

    def _prepare(self, table: CalenderingTable) -> None:
        if self.select is None:
            return
        choice = choose_terms(table, self.select, self.terms)
        self._terms = _parsed(choice.terms)
        self.notes_.append(
            f"The terms {', '.join(choice.terms)} were chosen by {self.select.upper()} among "
            f"{choice.candidates}."
        )

    @property
    def _inputs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for term in self._terms for name, _ in term.factors))

    @property
    def uses_gap(self) -> bool:
        return "gap" in self._inputs

    @property
    def uses_pressure(self) -> bool:
        return "P" in self._inputs or "ln(P)" in self._inputs

    @property
    def extra_inputs(self) -> tuple[str, ...]:
        return tuple(name for name in self._inputs if name not in VARIABLES and name != "1")

    @property
    def coefficient_count(self) -> int:
        return len(self._terms)

    def _matrix(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.stack([term.values(v) for term in self._terms], axis=-1)

    def _fit(self, table: CalenderingTable, progress: Progress) -> None:
        v = {
            "AM": table.am,
            "eps_init": table.initial_porosity,
            "t0": table.initial_thickness,
            "gap": table.gap,
            "P": table.pressure,
            **{name: np.asarray(table.extra[name], float) for name in self.extra_inputs},
        }
        matrix = self._matrix(v)
        scale = np.linalg.norm(matrix, axis=0)
        if (scale == 0).any():
            zero = self.chosen_terms[int(np.argmin(scale))]
            raise InputError(f"The term '{zero}' is 0 in every condition: leave it out.")
        scaled = matrix / scale
        _refuse_confounded(scaled, self._terms, table.family_count)
        if self.physical:
            slopes = self._slopes(table) / scale
            slopes /= np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-300)
            solution = constrained_least_squares(
                scaled, table.porosity, -slopes, np.zeros(len(slopes))
            )
        else:
            solution = np.linalg.lstsq(scaled, table.porosity, rcond=None)[0]
        errors = standard_errors(scaled, table.porosity - scaled @ solution)
        self.coefficients_ = dict(zip(self.chosen_terms, (solution / scale).tolist(), strict=True))
        self.standard_errors_ = dict(zip(self.chosen_terms, (errors / scale).tolist(), strict=True))

    def _slopes(self, table: CalenderingTable) -> NDArray[np.float64]:
        """Derivative of each term with the pressure, over a grid of all that may be asked."""
        if self.uses_gap:
            low, high = self.calibration.pressure_min, self.calibration.pressure_max
        else:
            low, high = 0.0, 1.2 * float(table.pressure.max())
        pressure = np.linspace(low, high, 33)
        porosity = (
            min(_PHYSICAL_POROSITIES[0], table.initial_porosity.min()),
            float(table.initial_porosity.mean()),
            max(_PHYSICAL_POROSITIES[1], table.initial_porosity.max()),
        )
        am = (max(table.am.min() - 0.05, 0.01), min(table.am.max() + 0.05, 1.0))
        thickness = (0.4 * table.initial_thickness.min(), 1.6 * table.initial_thickness.max())
        extra = [
            (float(table.extra[name].min()), float(table.extra[name].max()))
            for name in self.extra_inputs
        ]
        axes = np.meshgrid(am, porosity, thickness, pressure, *extra, indexing="ij")
        grid = [axis.ravel() for axis in axes]
        v = dict(zip(("AM", "eps_init", "t0", "P", *self.extra_inputs), grid, strict=True))
        rates = {"P": np.ones_like(v["P"]), "ln(P)": 1 / np.maximum(v["P"], 1e-4)}
        if self.uses_gap:
            v["gap"] = self.calibration.gap(v["P"])
            rates["gap"] = -self.calibration.decay / (v["P"] - self.calibration.offset)
        return np.stack([term.slope(v, rates) for term in self._terms], axis=-1)

    @property
    def coefficient_units(self) -> dict[str, str]:
        units = {term.name: term.coefficient_unit for term in self._terms}
        return {name: unit for name, unit in units.items() if unit}

    def _porosity(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        porosity = self._matrix(v) @ np.array([self.coefficients_[t] for t in self.chosen_terms])
        if self.physical:
            porosity = np.clip(porosity, 0.0, v["eps_init"])
        return porosity

    def _state(self) -> dict[str, Any]:
        return {"terms": list(self.chosen_terms)}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._terms = _parsed(state["terms"])
        missing = [name for name in self.chosen_terms if name not in self.coefficients_]
        if missing or not self._terms:
            raise InputError(f"The law lacks its coefficient {', '.join(missing)}.")


def _parsed(terms: Sequence[str]) -> tuple[Term, ...]:
    # Factors that are no known input are extra columns; `fit` checks that they exist.
    extra = dict.fromkeys(
        factor.strip().rstrip("²³").split("^")[0].strip()
        for term in terms
        for factor in str(term).replace("**", "^").split("*")
    )
    return tuple(parse_term(term, tuple(extra)) for term in terms)


def _refuse_confounded(scaled: NDArray[np.float64], terms: Sequence[Term], families: int) -> None:
    """Refuse columns of which one is a sum of the others."""
    _, singular, directions = np.linalg.svd(scaled, full_matrices=False)
    if len(singular) == scaled.shape[1] and singular[-1] > _RANK_TOLERANCE * singular[0]:
        return
    involved = [t.name for t, w in zip(terms, np.abs(directions[-1]), strict=True) if w > 0.05]
    raise InputError(
        f"The effects of {', '.join(involved)} cannot be told apart in these measurements "
        f"({families} coating famil{'y' if families == 1 else 'ies'}): measure more coatings or "
        "leave terms out."
    )


_PUBLISHED_COEFFICIENTS = (
    0.843501332857, -0.723464511643, -0.001324143727, -0.003060811370, 5.836202e-6, 0.007198782820,
)  # fmt: skip
# AM, initial porosity, initial thickness (µm) of the four coatings behind the published law.
_PUBLISHED_COATINGS = (
    (0.94, 0.487, 138.0),
    (0.94, 0.461, 178.0),
    (0.95, 0.475, 170.0),
    (0.96, 0.42, 180.0),
)


class PublishedLaw(PolynomialLaw):
    """The law of DOI 10.1016/j.jpowsour.2020.229103 with its own coefficients.

    `fit` takes the gap calibration of the table and changes nothing else: the coefficients come
    from 14 conditions of NMC111 electrodes on one machine (DOI 10.5281/zenodo.3901441), and so
    does the domain. They are written in the roll gap; what pressure a gap stands for is the
    calibration's to say, and that is the user's own where there is one.
    """

    kind = "published"

    def __init__(self) -> None:
        super().__init__()
        self._publish(PUBLISHED_CALIBRATION)

    def _publish(self, calibration: GapCalibration) -> None:
        """Take the published coefficients and domain, with the gap calibration of a machine."""
        self.calibration = calibration
        self.coefficients_ = dict(zip(PUBLISHED_TERMS, _PUBLISHED_COEFFICIENTS, strict=True))
        coatings = np.array(_PUBLISHED_COATINGS)
        ends = [(float(c.min()), float(c.max())) for c in coatings.T]
        gaps = (1.0, 100.0)
        reached = np.clip(gaps, calibration.gap_min, calibration.gap_max)
        high, low = (float(p) for p in calibration.pressure(reached))
        names = ("am", "initial_porosity", "initial_thickness")
        self.domain_ = Domain(
            coatings, dict(zip(names, ends, strict=True)) | {"gap": gaps, "pressure": (low, high)}
        )

    @property
    def coefficient_count(self) -> int:
        return 0

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: Mapping[str, Any]) -> None:
        # Whatever a file says, the published law has the published coefficients; the
        # calibration is that of the user's machine.
        self._publish(self.calibration)

    def _fit(self, table: CalenderingTable, progress: Progress) -> None:
        raise NotImplementedError

    def fit(self, table: CalenderingTable, progress: Progress | None = None) -> PublishedLaw:
        """Return the law with the table's calibration; the table must give roll gaps."""
        if not table.has_gap:
            raise InputError(
                "The published law is written in the roll gap: give gaps, or pressures inside "
                "the calibration."
            )
        self._publish(table.calibration)
        return self

    def refittable(self) -> CalenderingLaw:
        """The published terms with free coefficients: what cross-validation must refit."""
        return PolynomialLaw()
