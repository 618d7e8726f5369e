"""One property by every method, on the same rows, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from engine.learning.model import PropertyModel
from engine.learning.symbolic import SymbolicModel
from engine.learning.training import part_of, train
from engine.progress import Progress

LABELS = {"sisso": "SISSO", "dnn": "DNN", "gp": "Gaussian process"}


@dataclass(frozen=True)
class Comparison:
    """Models of one target by method.

    Attributes
    ----------
    target : str
    models : dict of str to PropertyModel
        By method, with the plain forms under their own names.
    """

    target: str
    models: dict[str, PropertyModel] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """How a model is called in a table."""
        model = self.models[name]
        text = LABELS.get(name) or str(model.details.get("label", name))
        return text[:1].upper() + text[1:]

    def to_frame(self) -> pd.DataFrame:
        """One row a model: ``name``, ``label``, ``terms``, and r2 and rmse of each part of the data."""
        rows = []
        for name, model in self.models.items():
            row: dict[str, Any] = {"name": name, "label": self.label(name), "terms": model.terms}
            for part in ("train", "test", "validation", "cross_validation"):
                for metric in ("r2", "rmse"):
                    row[f"{metric}_{part}"] = (model.metrics.get(part) or {}).get(metric)
            rows.append(row)
        frame = pd.DataFrame(rows)
        numeric = [c for c in frame.columns if c not in ("name", "label")]
        return frame.astype(dict.fromkeys(numeric, float))

    @property
    def best(self) -> str:
        """Name of the model of smallest error: on validation, else test, else left-out rows."""
        frame = self.to_frame().set_index("name")
        for part in ("validation", "test", "cross_validation", "train"):
            errors = frame[f"rmse_{part}"].dropna()
            if len(errors):
                return str(errors.idxmin())
        return next(iter(self.models))


def plain_models(model: PropertyModel) -> dict[str, PropertyModel]:
    """The plain forms that were fitted beside a model, as models of their own."""
    found = {}
    for name, entry in model.baselines.items():
        metrics = {k: v for k, v in entry.items() if isinstance(v, dict) and k != "model"}
        found[name] = PropertyModel(
            target=model.target,
            inputs=model.inputs,
            method="baseline",
            predictor=SymbolicModel.from_dict(entry["model"]),
            domain=dict(model.domain),
            metrics=metrics,
            details={"label": entry.get("label", name)},
        )
    return found


def compare_methods(
    model: PropertyModel,
    frame: Any,
    inputs: Sequence[str],
    test_rows: Iterable[int] | None = None,
    validation: Any = None,
    methods: Sequence[str] = ("sisso", "dnn", "gp"),
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Train the other methods on the rows of a model, and put all side by side.

    Parameters
    ----------
    model : PropertyModel
        Kept as it is for its own method.
    frame, inputs, test_rows, validation
        As the model was trained with; see `engine.learning.training.train`.
    options : mapping, optional
        Fields of `SissoOptions` or `NetworkOptions`.

    Raises
    ------
    InputError
    Cancelled
    """
    wanted = [m for m in methods if m != model.method]
    rows = None if test_rows is None else list(test_rows)
    found: dict[str, PropertyModel] = {}
    for k, method in enumerate(wanted):
        part = part_of(progress, k / len(wanted), (k + 1) / len(wanted))
        result = train(
            frame, inputs, [model.target], method, rows, validation, part, **(options or {})
        )
        found[method] = result[model.target]
    if model.method in methods:
        found[model.method] = model
    models = {m: found[m] for m in methods if m in found} | plain_models(model)
    origin = model.details.get("dataset")
    if origin is not None:
        models = {name: one.learned_from(origin) for name, one in models.items()}
    return Comparison(model.target, models)
