"""SISSO as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from engine.errors import InputError
from engine.learning.operators import DEFAULT_OPERATORS
from engine.learning.sisso_search import RankedModel, SissoOptions, search
from engine.learning.symbolic import SymbolicModel
from engine.learning.units import parse_unit, unit_of_column
from engine.learning.workers import resolve_threads
from engine.progress import Progress


class SISSO(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Sure independence screening and sparsifying operator, with exact L0.

    Parameters
    ----------
    rung : int, 0..3, default=2
        How many times operators are applied on top of one another.
    terms : int, 1..4, default=2
        Number of terms of the model.
    sis : int, default=200
        Features selected in each round.
    complexity : int, default=10
        Largest number of operators in a feature.
    operators : sequence of str, default=the twelve of the published study
        Among ``+ - * / |-| exp exp- log ^-1 ^2 ^3 ^6 sqrt cbrt abs sin cos``.
    residuals : int, default=1
        Models whose residuals are carried into the next round.
    bounds : tuple of two floats, default=(1e-3, 1e5)
        Range for the largest absolute value of a feature.
    units : mapping of str to str, or sequence of str, optional
        Unit of the columns; by default the suffix of their names, where they have names.
    references : mapping of str to float, optional
        Reference of a unit symbol, over which exp and log take a quantity; 1 by default.
    strict_units : bool, default=False
        Let exp, log, sin and cos take a quantity only where `references` has its unit.
    safe : bool, default=True
        Offer only features proven finite over the range of the training data.
    threads : int, optional
        All cores by default.
    memory : int, default=1_200_000_000
        Most bytes that the explicit feature space may take.

    Attributes
    ----------
    models_ : list of SymbolicModel
        One for each target.
    equations_ : list of str
    front_ : list over targets of dict
        Number of terms -> list of `RankedModel`, best first.
    candidates_ : int
        Distinct expressions compared in each round.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where `X` has column names.

    Notes
    -----
    The method is that of R. Ouyang et al., Phys. Rev. Materials 2 (2018) 083802,
    DOI 10.1103/PhysRevMaterials.2.083802.

    Examples
    --------
    >>> import numpy as np
    >>> from engine.learning.sisso import SISSO
    >>> X = np.random.default_rng(0).uniform(1, 2, (50, 2))
    >>> model = SISSO(rung=1, terms=1).fit(X, 3 * X[:, 0] / X[:, 1] + 1)
    >>> model.models_[0].text(3)
    '1 + 3*(x0/x1)'
    """

    def __init__(
        self,
        rung: int = 2,
        terms: int = 2,
        sis: int = 200,
        complexity: int = 10,
        operators: Sequence[str] = DEFAULT_OPERATORS,
        residuals: int = 1,
        bounds: tuple[float, float] = (1e-3, 1e5),
        units: Mapping[str, str] | Sequence[str] | None = None,
        references: Mapping[str, float] | None = None,
        strict_units: bool = False,
        safe: bool = True,
        threads: int | None = None,
        memory: int = 1_200_000_000,
    ):
        self.rung = rung
        self.terms = terms
        self.sis = sis
        self.complexity = complexity
        self.operators = operators
        self.residuals = residuals
        self.bounds = bounds
        self.units = units
        self.references = references
        self.strict_units = strict_units
        self.safe = safe
        self.threads = threads
        self.memory = memory

    def fit(self, X: Any, y: Any, progress: Progress | None = None) -> SISSO:
        """Search models.

        Parameters
        ----------
        X : array-like of shape (rows, columns)
        y : array-like of shape (rows,) or (rows, targets)
        progress : Progress, optional
            Reports, and stops the search when cancelled.

        Returns
        -------
        self

        Raises
        ------
        InputError
            A ValueError with one sentence, if a parameter or the data allow no search.
        Cancelled
        """
        X, y = validate_data(
            self, X, y, dtype=float, multi_output=True, y_numeric=True, ensure_min_samples=2
        )
        options = SissoOptions(
            rung=self.rung,
            terms=self.terms,
            sis=self.sis,
            complexity=self.complexity,
            operators=tuple(self.operators),
            residuals=self.residuals,
            bounds=(float(self.bounds[0]), float(self.bounds[1])),
            references=dict(self.references or {}),
            strict_units=self.strict_units,
            safe=self.safe,
            keep=max(10, self.residuals),
            threads=self.threads,
            memory=self.memory,
        )
        names = self._names()
        goals = np.asarray(y, dtype=float).reshape(X.shape[0], -1)
        self._single = np.ndim(y) == 1
        varying = np.flatnonzero(np.ptp(X, axis=0) > 0)
        box = {names[k]: (float(X[:, k].min()), float(X[:, k].max())) for k in varying}
        units = self._units(names)
        self.models_ = [SymbolicModel(float(g.mean()), (), ()) for g in goals.T]
        self.front_: list[dict[int, list[RankedModel]]] = [{} for _ in self.models_]
        self.candidates_ = 0
        changing = np.flatnonzero(np.ptp(goals, axis=0) > 0)
        if varying.size and changing.size and X.shape[0] > 2:
            result = search(
                X[:, varying],
                goals[:, changing],
                [names[k] for k in varying],
                [units[k] for k in varying],
                options,
                box=box,
                threads=resolve_threads(self.threads),
                progress=progress,
            )
            self.candidates_ = result.candidates
            for place, found in zip(changing, result.models, strict=True):
                self.front_[place] = found
                if found:
                    self.models_[place] = found[max(found)][0].model
        self.equations_ = [model.text() for model in self.models_]
        return self

    def _names(self) -> list[str]:
        if hasattr(self, "feature_names_in_"):
            return [str(name) for name in self.feature_names_in_]
        return [f"x{k}" for k in range(self.n_features_in_)]

    def _units(self, names: list[str]) -> list[Any]:
        if self.units is None:
            return [unit_of_column(name) for name in names]
        if isinstance(self.units, Mapping):
            return [
                parse_unit(self.units[n]) if n in self.units else unit_of_column(n) for n in names
            ]
        if len(self.units) != len(names):
            raise InputError(f"SISSO: {len(self.units)} units are given for {len(names)} columns.")
        return [parse_unit(text) for text in self.units]

    def predict(self, X: Any) -> np.ndarray:
        """Predict.

        Parameters
        ----------
        X : array-like of shape (rows, columns)

        Returns
        -------
        ndarray of shape (rows,) or (rows, targets)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, reset=False)
        columns = {name: X[:, k] for k, name in enumerate(self._names())}
        predicted = np.column_stack([m.predict(columns, X.shape[0]) for m in self.models_])
        return predicted[:, 0] if self._single else predicted
