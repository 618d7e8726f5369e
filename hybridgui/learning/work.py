"""Engine work of the models page; runs in a thread, touches no widget."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from engine.campaign.regenerate import structure_at
from engine.errors import InputError
from engine.learning.classification import LimitClassifier, train_classifier
from engine.learning.comparison import Comparison, compare_methods
from engine.learning.inspection import (
    Response,
    ResponseMap,
    fitted_points,
    response,
    response_map,
)
from engine.learning.metrics import fold_numbers
from engine.learning.model import PropertyModel, model_from_dict
from engine.learning.sensitivity import Sensitivity, sobol_indices
from engine.learning.table import input_columns
from engine.learning.table_files import read_table_file
from engine.learning.training import train
from engine.maps.curve_data import CurveSet
from engine.maps.curves import curve_set, levels
from engine.maps.sources import (
    conductivities_of,
    default_inputs,
    default_targets,
    read_sources,
    same_law,
)
from engine.structure.condition import Condition
from engine.study import Study
from hybridgui.bridge import Job
from hybridgui.campaign.columns import INPUTS, numeric_properties
from hybridgui.structure.work import columns_to_json

# Every fifth condition is kept for testing, as in the paper (80/20).
_TEST_FOLDS = 5
_SEED = 0
_DERIVED_INPUTS = ("porosity_percent", "thickness_um")


@dataclass(frozen=True)
class LearningData:
    """What can be learned from: the dataset, and the usual choice of columns.

    Attributes
    ----------
    input_choices, target_choices : list of str
        Columns on offer, the usual ones first.
    origins : tuple of int
        Campaign of each row; empty for a table of a file.
    source : str
        See `read_data`.
    units, stated : dict
        Units and options of the search that a SISSO problem states.
    """

    frame: pd.DataFrame
    inputs: list[str]
    targets: list[str]
    notes: tuple[str, ...] = ()
    origins: tuple[int, ...] = ()
    input_choices: list[str] = field(default_factory=list)
    target_choices: list[str] = field(default_factory=list)
    source: str = ""
    units: dict[str, str] = field(default_factory=dict)
    stated: dict[str, Any] = field(default_factory=dict)

    def split(self, validation: int | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """Rows to learn from, and those of the campaign that is kept for validation."""
        mask = np.array(self.origins) == validation
        if validation is None or not mask.any() or mask.all():
            return self.frame, None
        return self.frame[~mask].reset_index(drop=True), self.frame[mask].reset_index(drop=True)

    def campaigns(self) -> dict[int, int]:
        """Rows of each campaign."""
        return {one: self.origins.count(one) for one in dict.fromkeys(self.origins)}


@dataclass(frozen=True)
class BestSoFar:
    """The best equation of a target while the search goes on."""

    target: str
    equation: str
    terms: int
    rmse: float


@dataclass(frozen=True)
class Trained:
    """What a training gave."""

    models: dict[str, PropertyModel]
    summary: dict[str, Any]
    statements: list[str] = field(default_factory=list)


def read_data(job: Job, study: Study, source: str = "") -> LearningData:
    """Gather the dataset to learn from.

    Parameters
    ----------
    source : str
        Empty for what the maps stand on, ``campaign:N`` for one campaign, ``file:PATH`` for a
        table or a SISSO problem.
    """
    kind, _, name = source.partition(":")
    try:
        if kind == "file":
            return _of_file(name)
        if kind == "campaign" and int(name) not in [one.id for one in study.campaigns()]:
            raise InputError(f"The study has no campaign {name}: choose another dataset.")
    except InputError as error:
        return LearningData(pd.DataFrame(), [], [], (str(error),), source=source)
    if kind == "campaign":
        frame = study.dataset(int(name))
        notes: tuple[str, ...] = ()
        origins = (int(name),) * len(frame)
        bulk = conductivities_of(study.campaign(int(name)))
    else:
        sources = read_sources(study, models={})
        frame, notes, origins = sources.dataset, sources.notes, sources.origins
        bulk = sources.responses.constants.conductivities
    if frame.empty:
        return LearningData(frame, [], [], notes, source=source)
    inputs: list[str] = []
    try:
        inputs = default_inputs(frame)
    except InputError as error:
        notes = (*notes, str(error))
    targets = default_targets(frame, bulk)
    offered = [
        one
        for one in (*INPUTS, *_DERIVED_INPUTS)
        if one in frame and frame[one].notna().all() and frame[one].nunique() > 1
    ]
    return LearningData(
        frame, inputs, targets, notes, origins,
        _first(offered, inputs), _first(numeric_properties(frame), targets), source,
    )  # fmt: skip


def _of_file(path: str) -> LearningData:
    """Table of a file; where it states no columns, the usual ones it has."""
    table = read_table_file(path)
    numbers = table.number_columns()
    if len(numbers) < 2:
        raise InputError(
            f"{Path(path).name} has fewer than two columns of numbers that vary: it needs an "
            "input and a property."
        )
    inputs = list(table.inputs)
    if not inputs:
        with contextlib.suppress(InputError):
            inputs = [one for one in default_inputs(table.frame) if one in numbers]
    targets = list(table.targets) or [t for t in default_targets(table.frame) if t in numbers]
    stated = {} if table.options is None else vars(table.options)
    return LearningData(
        table.frame, inputs, targets, table.notes, (),
        _first([n for n in numbers if n not in targets], inputs),
        _first([n for n in numbers if n not in inputs], targets),
        f"file:{path}", table.units, stated,
    )  # fmt: skip


def _first(names: list[str], usual: list[str]) -> list[str]:
    """The usual names first, the others after."""
    return [*usual, *(name for name in names if name not in usual)]


def test_rows(frame: pd.DataFrame, inputs: list[str]) -> list[int]:
    """Every fifth condition, dealt at random but always alike."""
    folds = fold_numbers(frame[inputs].to_numpy(float), _TEST_FOLDS, seed=_SEED)
    return [int(row) for row in np.flatnonzero(folds == 0)]


def run_training(
    job: Job,
    frame: pd.DataFrame,
    inputs: list[str],
    targets: list[str],
    method: str,
    options: dict[str, Any],
    keep_test: bool,
    validation: pd.DataFrame | None = None,
    validation_campaign: int | None = None,
    units: dict[str, str] | None = None,
    source: str = "",
) -> Trained:
    """Train one model for every target."""
    input_columns(frame, inputs)  # says which row is wrong, before rows are dealt
    kept = test_rows(frame, inputs) if keep_test else []

    def on_model(target: str, ranked: Any) -> None:
        model = ranked.model
        job.send(BestSoFar(target, model.text(4), len(model.terms), float(ranked.train_rmse)))

    result = train(
        frame,
        inputs,
        targets,
        method=method,
        test_rows=kept or None,
        validation=validation,
        progress=job.engine_progress,
        on_model=on_model,
        units=units,
        **options,
    )
    summary = {
        "inputs": list(inputs),
        "targets": list(targets),
        "method": method,
        "options": {n: list(v) if isinstance(v, tuple) else v for n, v in options.items()},
        "rows": len(frame),
        "test_points": [[float(frame[name].iloc[row]) for name in inputs] for row in kept],
        "validation_campaign": validation_campaign,
        "dataset": source,
        "features_screened": int(result.features_screened),
        "seconds": float(result.seconds),
    }
    models = {target: model.learned_from(source) for target, model in result.models.items()}
    return Trained(models, summary, list(result.statements))


def is_test_row(frame: pd.DataFrame, summary: dict[str, Any] | None) -> np.ndarray:
    """Which rows of a dataset were kept from the training, shape (n,), bool."""
    mask = np.zeros(len(frame), dtype=bool)
    points = (summary or {}).get("test_points") or []
    names = (summary or {}).get("inputs") or []
    if not points or any(name not in frame for name in names):
        return mask
    values = frame[names].to_numpy(float)
    for point in points:
        mask |= np.isclose(values, np.asarray(point), rtol=1e-9).all(axis=1)
    return mask


def inspect_response(
    job: Job, model: PropertyModel, across: str, up: str, held: dict[str, float], shares: bool
) -> tuple[Response | ResponseMap, Sensitivity | None]:
    """Curve or map of a model, and its Sobol indices where they are not known yet."""
    found = response_map(model, across, up, held) if up else response(model, across, held)
    return found, sobol_indices(model, samples=1024) if shares else None


def compare(
    job: Job,
    model: PropertyModel,
    tables: dict[str, pd.DataFrame],
    test: np.ndarray,
    options: dict[str, Any],
) -> tuple[Comparison, dict[str, pd.DataFrame]]:
    """Train the other methods on the rows of a model; return them with their points."""
    frame, validation = tables["train"], tables.get("validation")
    rows = [int(row) for row in np.flatnonzero(test)]
    found = compare_methods(
        model, frame, model.inputs, rows or None, validation, options=options,
        progress=job.engine_progress,
    )  # fmt: skip
    points = {n: fitted_points(m, frame, test, validation) for n, m in found.models.items()}
    return found, points


def plain_form(
    job: Job,
    model: PropertyModel,
    tables: dict[str, pd.DataFrame],
    test: np.ndarray,
    units: dict[str, str],
) -> PropertyModel:
    """The best plain form on the rows of a model."""
    rows = [int(row) for row in np.flatnonzero(test)]
    found = train(
        tables["train"], list(model.inputs), [model.target], method="baseline",
        test_rows=rows or None, validation=tables.get("validation"),
        progress=job.engine_progress, units=units,
    )  # fmt: skip
    return found.models[model.target]


def training_rows(
    frame: pd.DataFrame, inputs: list[str], targets: list[str], keep_test: bool
) -> list[int]:
    """Conditions that each property would be trained on: those with a value, not for testing."""
    kept = np.zeros(len(frame), dtype=bool)
    if keep_test and inputs:
        with contextlib.suppress(InputError):  # too few to keep any; said when it is trained
            kept[test_rows(frame, inputs)] = True
    values = frame[targets].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    return [int(n) for n in (np.isfinite(values) & ~kept[:, None]).sum(axis=0)]


def find_border(
    job: Job,
    frame: pd.DataFrame,
    inputs: list[str],
    limits: dict[str, list[float | None]],
) -> LimitClassifier:
    """Seek a formula that tells which conditions meet the limits."""
    job.engine_progress.report(0.05, "building features")
    return train_classifier(
        frame, inputs, {n: (ends[0], ends[1]) for n, ends in limits.items()},
        rung=2, progress=job.engine_progress,
    )  # fmt: skip


def recorded_structure(
    job: Job, study: Study, values: dict[str, Any]
) -> tuple[Condition, dict[str, Any]]:
    """Condition and record of the structure behind a row of the dataset."""
    condition, result = structure_at(study, values)
    campaign = study.campaign(result.campaign)
    record = {
        "source": "generated",
        "condition": condition.to_dict(),
        "conductivities": conductivities_of(campaign).to_dict(),
        "seed": int(result.seed),
        "voxels_sha256": result.voxels_sha256,
        "report": {},
        "properties": {},
        "columns": columns_to_json(
            {n: v for n, v in result.properties.items() if isinstance(v, (int, float))}
        ),
    }
    # A pressure goes through the law of the study, which may be another one than the campaign's.
    if not same_law(study.law(), campaign.design.get("law")):
        condition = replace(condition, pressure=None, gap=None)
    return condition, record


def response_curves(job: Job, study: Study, model_data: dict[str, Any]) -> CurveSet:
    """Predicted curves of one model against the pressure, with the campaign's points."""
    model = model_from_dict(model_data)
    sources = read_sources(study, models={model.target: model})
    moved = sources.responses.settings
    if "pressure_MPa" not in moved:
        raise InputError("The campaign varied no pressure, so there is no curve against it.")
    rest = [name for name in moved if name != "pressure_MPa"]
    fillers = [
        name
        for name in ("initial_porosity_percent", "am_percent", "initial_thickness_um")
        if name not in rest
    ]
    colour = "am_percent" if "am_percent" in rest else (rest + fillers)[0]
    panel = next(name for name in rest + fillers if name != colour)
    responses, dataset = sources.responses, sources.dataset
    middle = responses.base.get(panel)
    return curve_set(
        responses,
        model.target,
        panel=panel,
        panel_values=levels(panel, responses, dataset) if panel in rest else [middle or 0.0],
        colour=colour,
        colour_values=levels(colour, responses, dataset) if colour in rest else None,
        points=sources.dataset,
        cross_pressures=(),
        name=f"{model.target}_against_pressure",
    )
