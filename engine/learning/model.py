"""A trained model of one property, whatever the method: predict, explain, export, store."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.learning import printing
from engine.learning.gaussian_process import GaussianProcess
from engine.learning.network import Network
from engine.learning.spread import Spread
from engine.learning.symbolic import SymbolicModel
from engine.learning.table import input_columns
from engine.learning.units import label_of_column

FORMAT = "hybridgui property model"
VERSION = 2
"""2: the residuals of a formula may be scaled by their `Spread`."""
METHODS = ("sisso", "dnn", "gp", "baseline")
_KINDS = {"symbolic": SymbolicModel, "network": Network, "gaussian_process": GaussianProcess}
Predictor = SymbolicModel | Network | GaussianProcess


@dataclass(frozen=True)
class PropertyModel:
    """One target as a function of the inputs.

    Attributes
    ----------
    target : str
        Column name; its suffix is its unit.
    inputs : tuple of str
    method : {"sisso", "dnn", "gp", "baseline"}
    predictor : SymbolicModel, Network or GaussianProcess
    domain : dict of str to (float, float)
        Range of each input over the training rows; beyond it every prediction extrapolates.
    metrics : dict
        ``train``, ``test``, ``validation``, ``cross_validation`` -> r2, rmse, max_error, rows.
    baselines : dict
        Name -> label, equation and the same metrics, for the plain models beside this one.
    front : list of dict
        Best model of every size: ``terms``, ``complexity``, ``equation``, metrics, ``model``
        and ``alternatives`` (symbolic methods only).
    statements : tuple of str
        What the user must know about this model, in whole sentences.
    residuals : dict
        ``scores``: sorted absolute cross-validated residuals, in the unit of the target, over
        ``sqrt(deviation**2 + floor**2)`` with ``floor`` above 0, or over the ``spread`` (`Spread`)
        at the prediction; ``level`` by default.
    details : dict
        How it was made: options, seed, rows, candidates, seconds.
    """

    target: str
    inputs: tuple[str, ...]
    method: str
    predictor: Predictor
    domain: dict[str, tuple[float, float]]
    metrics: dict[str, Any] = field(default_factory=dict)
    baselines: dict[str, Any] = field(default_factory=dict)
    front: list[dict[str, Any]] = field(default_factory=list)
    statements: tuple[str, ...] = ()
    residuals: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    # --- prediction ---------------------------------------------------------------------

    def predict(self, table: Any) -> np.ndarray:
        """Predictions for the rows of a table.

        Parameters
        ----------
        table : DataFrame, or mapping of column name to array

        Returns
        -------
        ndarray of float, shape (n,), unit of the target

        Raises
        ------
        InputError
            If an input column is missing or holds something that is not a finite number.
        """
        return self.prediction(table, intervals=False)[0]

    def _matrix(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.column_stack([columns[name] for name in self.inputs])

    def interval(self, table: Any, level: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Prediction interval from cross-validated residuals.

        Parameters
        ----------
        level : float, 0..1, optional
            Share of new observations that should fall inside; the model's own by default. Where
            too few residuals support it, the largest residual is used.

        Returns
        -------
        low, high : ndarray of float, shape (n,)
            nan where the model has no residuals to go by.

        Notes
        -----
        Valid for rows like the training rows; outside `domain` nothing is promised.
        """
        return self.prediction(table, level)[1:]

    def prediction(
        self,
        table: Any,
        level: float | None = None,
        *,
        intervals: bool = True,
        shared: dict[Any, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`predict` and `interval` from one evaluation: value, low, high, each of shape (n,).

        Parameters
        ----------
        table, level
            See `predict` and `interval`.
        intervals : bool
            Without, low and high are nan.
        shared : dict, optional
            Empty at first; given to all models that are asked about one table, it lets those
            that were trained together compute once what they have in common.
        """
        columns = input_columns(table, self.inputs)
        if isinstance(self.predictor, SymbolicModel):
            rows = next(iter(columns.values())).size if columns else 1
            centre = self.predictor.predict(columns, rows)
            half: Any = self.half_width(level) if intervals else math.nan
            if "spread" in self.residuals:
                half = half * Spread.from_dict(self.residuals["spread"]).at(centre)
            return centre, centre - half, centre + half
        matrix = self._matrix(columns)
        if shared is not None:
            shared = shared.setdefault(self.inputs, {})
        floor = float(self.residuals.get("floor", 0.0))
        if not intervals or floor <= 0:
            centre = self.predictor.predict(matrix, shared)
            half = self.half_width(level) if intervals else math.nan
            return centre, centre - half, centre + half
        centre, deviation = self.predictor.with_deviation(matrix, shared)
        width = self.half_width(level) * np.sqrt(deviation**2 + floor**2)
        return centre, centre - width, centre + width

    def half_width(self, level: float | None = None) -> float:
        """Quantile of the residual scores, corrected for their finite number."""
        scores = self.residuals.get("scores") or []
        if not scores:
            return math.nan
        wanted = float(self.residuals.get("level", 0.9) if level is None else level)
        if not 0 < wanted < 1:
            raise InputError(f"The level {wanted:g} of an interval is not between 0 and 1.")
        rank = math.ceil((len(scores) + 1) * wanted - 1e-9)
        return float(scores[min(rank, len(scores)) - 1])

    def outside(self, table: Any) -> np.ndarray:
        """Which rows lie outside the training range of some input, shape (n,), bool."""
        columns = input_columns(table, self.inputs)
        beyond = np.zeros(next(iter(columns.values())).size, dtype=bool)
        for name, (low, high) in self.domain.items():
            slack = 1e-9 * max(abs(low), abs(high), 1e-300)
            beyond |= (columns[name] < low - slack) | (columns[name] > high + slack)
        return beyond

    def warnings(self, table: Any) -> list[str]:
        """Sentences about rows of a table that the model does not cover."""
        columns = input_columns(table, self.inputs)
        found = []
        for name, (low, high) in self.domain.items():
            slack = 1e-9 * max(abs(low), abs(high), 1e-300)
            beyond = (columns[name] < low - slack) | (columns[name] > high + slack)
            if beyond.any():
                found.append(
                    f"{int(beyond.sum())} of {beyond.size} rows lie outside the range of '{name}' "
                    f"that '{self.target}' was trained on ({low:g} to {high:g}): extrapolated."
                )
            found += _other_scale(name, columns[name], low, high)
        return found

    # --- forms --------------------------------------------------------------------------

    @property
    def symbolic(self) -> SymbolicModel | None:
        """The formula, or None for a network or a Gaussian process."""
        return self.predictor if isinstance(self.predictor, SymbolicModel) else None

    @property
    def terms(self) -> int | None:
        """Number of terms of the formula."""
        return len(self.symbolic.terms) if self.symbolic else None

    @property
    def equation(self) -> str | None:
        """``target = formula`` as text with all digits; `**` is the power."""
        return f"{self.target} = {self.symbolic.text()}" if self.symbolic else None

    @property
    def latex(self) -> str | None:
        """The equation in LaTeX."""
        if self.symbolic is None:
            return None
        return f"{printing.latex_name(self.target)} = {self.symbolic.latex()}"

    @property
    def excel(self) -> str | None:
        """Excel formula; the inputs stand in A2, B2, … in the order of `inputs`."""
        return self.export("excel") if self.symbolic else None

    def short_equation(self, digits: int = 4) -> str | None:
        """Right-hand side with few digits, for reading only."""
        return self.symbolic.text(digits) if self.symbolic else None

    def export(self, form: str, cells: Mapping[str, str] | None = None) -> str:
        """Write the formula in another language.

        Parameters
        ----------
        form : {"text", "latex", "excel", "python", "matlab", "sympy"}
        cells : mapping of str to str, optional
            Cell reference of each input for Excel; A2, B2, … by default.

        Raises
        ------
        InputError
            If the model has no formula or the form is unknown.
        """
        if self.symbolic is None:
            raise InputError(
                f"The {self.method} model of '{self.target}' has no formula to export: "
                "train with the method sisso or baseline."
            )
        tree = self.symbolic.tree()
        names = printing.identifiers(self.inputs)
        if form == "text":
            return str(self.equation)
        if form == "latex":
            return str(self.latex)
        if form == "excel":
            places = cells or {n: f"{column_letters(k)}2" for k, n in enumerate(self.inputs)}
            return "=" + printing.to_excel(tree, places)
        if form == "python":
            return self._python_source(printing.to_python(tree, names), names)
        if form == "matlab":
            return self._matlab_source(printing.to_matlab(tree, names), names)
        if form == "sympy":
            import sympy

            return str(sympy.srepr(printing.to_sympy(tree)))
        raise InputError(
            f"'{form}' is not a form of export: choose text, latex, excel, python, matlab or sympy."
        )

    def _python_source(self, body: str, names: Mapping[str, str]) -> str:
        ranges = "\n".join(
            f"    {names[n]} : {label_of_column(n) or 'number'}, {low:g} to {high:g}"
            for n, (low, high) in self.domain.items()
        )
        return (
            "import numpy as np\n\n\n"
            f"def {printing.identifier(self.target)}({', '.join(names[n] for n in self.inputs)}):\n"
            f'    """Return {self.target}; valid for\n\n{ranges}\n    """\n'
            f"    return {body}\n"
        )

    def _matlab_source(self, body: str, names: Mapping[str, str]) -> str:
        name = printing.identifier(self.target)
        arguments = ", ".join(names[n] for n in self.inputs)
        ranges = "".join(
            f"% {names[n]}: {label_of_column(n) or 'number'}, {low:g} to {high:g}\n"
            for n, (low, high) in self.domain.items()
        )
        return f"function y = {name}({arguments})\n{ranges}y = {body};\nend\n"

    def sympy(self) -> Any:
        """Sympy expression over real symbols named as the inputs."""
        if self.symbolic is None:
            raise InputError(f"The {self.method} model of '{self.target}' has no formula.")
        return printing.to_sympy(self.symbolic.tree())

    def term_sizes(self, table: Any) -> list[dict[str, Any]]:
        """Each term's part in the predictions over a table.

        Returns
        -------
        list of dict
            ``text``, ``latex``, ``coefficient``, ``mean``, ``low``, ``high`` and ``deviation`` of
            coefficient times term, in the unit of the target.
        """
        if self.symbolic is None:
            return []
        columns = input_columns(table, self.inputs)
        rows = next(iter(columns.values())).size
        parts = self.symbolic.contributions(columns, rows)
        return [
            {
                "text": printing.to_text(term),
                "latex": printing.to_latex(term),
                "coefficient": coefficient,
                "mean": float(part.mean()),
                "low": float(part.min()),
                "high": float(part.max()),
                "deviation": float(part.std()),
            }
            for term, coefficient, part in zip(
                self.symbolic.terms, self.symbolic.coefficients, parts, strict=True
            )
        ]

    def learned_from(self, dataset: str) -> PropertyModel:
        """Return the model with a note of what it was trained on, in ``details["dataset"]``.

        Parameters
        ----------
        dataset : str
            ``campaign:N``, ``file:PATH``, or empty for all campaigns of the study.
        """
        return dataclasses.replace(self, details={**self.details, "dataset": dataset})

    def with_size(self, terms: int, rank: int = 0) -> PropertyModel:
        """Return a model of another size from the front.

        Parameters
        ----------
        terms : int
        rank : int
            0 for the best of this size, 1, 2, … for its runners-up.

        Raises
        ------
        InputError
            If the front has no such model.
        """
        for entry in self.front:
            if rank:
                rivals = entry.get("alternatives", [])
                if entry["terms"] != terms or not 0 < rank <= len(rivals):
                    continue
                entry = rivals[rank - 1]
            elif entry["terms"] != terms:
                continue
            if "metrics" in entry:
                return dataclasses.replace(
                    self,
                    predictor=SymbolicModel.from_dict(entry["model"]),
                    metrics=entry["metrics"],
                    residuals=entry.get("residuals", {}),
                    statements=tuple(entry.get("statements", self.statements)),
                )
        which = f"runner-up {rank}" if rank else "model"
        raise InputError(f"'{self.target}' has no {which} of {terms} terms in its front.")

    # --- storage ------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `model_from_dict` gives back a model with identical predictions."""
        kind = next(name for name, cls in _KINDS.items() if isinstance(self.predictor, cls))
        return {
            "format": FORMAT,
            "version": VERSION,
            "target": self.target,
            "target_unit": label_of_column(self.target),
            "inputs": list(self.inputs),
            "units": {name: label_of_column(name) for name in self.inputs},
            "method": self.method,
            "kind": kind,
            "predictor": self.predictor.to_dict(),
            "equation": self.equation,
            "domain": {name: list(ends) for name, ends in self.domain.items()},
            "metrics": self.metrics,
            "baselines": self.baselines,
            "front": self.front,
            "statements": list(self.statements),
            "residuals": self.residuals,
            "details": self.details,
        }

    def save(self, path: str | Path) -> None:
        """Write the model as a JSON file."""
        text = json.dumps(self.to_dict(), allow_nan=False, ensure_ascii=False, indent=1)
        Path(path).write_text(text + "\n", encoding="utf-8")


def _other_scale(name: str, values: np.ndarray, low: float, high: float) -> list[str]:
    """Hint where a column holds fractions and the model was trained on percent, or reversed."""
    if label_of_column(name) not in ("%", "") or not values.size or values.min() <= 0:
        return []
    held = f"{values.min():g} to {values.max():g}"
    if values.max() <= 1 < low and low / 2 <= 100 * values.min() <= 100 * values.max() <= 2 * high:
        return [f"'{name}' looks like fractions ({held}), and the model takes percent: times 100."]
    if low > 0 and high <= 1 < values.min() and low / 2 <= values.min() / 100 <= 2 * high:
        return [f"'{name}' looks like percent ({held}), and the model takes fractions: over 100."]
    return []


def column_letters(index: int) -> str:
    """Spreadsheet column of a 0-based index: A, B, …, Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def model_from_dict(data: Any) -> PropertyModel:
    """Rebuild a model from `PropertyModel.to_dict`.

    Raises
    ------
    InputError
        If the data is no model, or of a newer version.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InputError("This is not a property model of this program.")
    if not isinstance(data.get("version"), int) or data["version"] > VERSION:
        raise InputError("The model was written by a newer version of this program: update it.")
    try:
        predictor = _KINDS[data["kind"]].from_dict(data["predictor"])  # type: ignore[attr-defined]
        inputs = tuple(str(name) for name in data["inputs"])
        domain = {str(k): (float(v[0]), float(v[1])) for k, v in data["domain"].items()}
        model = PropertyModel(
            target=str(data["target"]),
            inputs=inputs,
            method=str(data["method"]),
            predictor=predictor,
            domain=domain,
            metrics=dict(data["metrics"]),
            baselines=dict(data["baselines"]),
            front=list(data["front"]),
            statements=tuple(str(s) for s in data["statements"]),
            residuals=dict(data["residuals"]),
            details=dict(data["details"]),
        )
        if "spread" in model.residuals:
            Spread.from_dict(model.residuals["spread"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("The model file is damaged: a part is missing or of another kind.") from (
            error
        )
    _check_inputs(model)
    return model


def _check_inputs(model: PropertyModel) -> None:
    """Refuse a predictor that asks for other columns than the model declares."""
    if isinstance(model.predictor, SymbolicModel):
        needed = {name for term in model.predictor.terms for name in term.columns}
        fits = needed <= set(model.inputs)
    else:
        fits = model.predictor.centre.size == len(model.inputs)
    if not fits or not set(model.domain) <= set(model.inputs):
        raise InputError("The model file is damaged: its inputs do not fit its formula.")


def load_model(path: str | Path) -> PropertyModel:
    """Read a model file.

    Raises
    ------
    InputError
        If the file is absent, is not JSON or is no model.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The model file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"The model file {path} is not a JSON file.") from error
    try:
        return model_from_dict(data)
    except InputError as error:
        raise InputError(f"{Path(path).name}: {error}") from error
