"""The models that maps train on their own where a study has none.

Each of the paper's five outputs gets a symbolic model of rung 2 (seconds rather than minutes;
three terms at most) over the settings that the campaign varied. Its cross-validated error is
compared with the plain baselines that training reports beside it. Where a baseline predicts
better by more than `MARGIN`, as the full quadratic in ln P, AM and initial porosity often does
for the collector coverage, the baseline is kept instead: maps should show what predicts best,
and a symbolic model is no end in itself. Both have an equation.

With few conditions (fewer than `LEAST_ROWS`) the search among thousands of features would fit
noise, so that only baselines are trained.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from engine.errors import InputError
from engine.learning.reliability import FEW_ROWS
from engine.maps.sources import default_inputs, default_targets, read_sources
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.study import Study

MARGIN = 0.02
LEAST_ROWS = FEW_ROWS
SISSO_OPTIONS: dict[str, Any] = {"rung": 2, "terms": 3, "sis": 200}

_REMEMBERED: dict[tuple[tuple[str, ...], bytes], dict[str, Any]] = {}
_MOST_REMEMBERED = 4
_LOCK = threading.Lock()  # maps, exports and report ask from threads of their own


def default_models(
    study: Study, progress: Progress | None = None, campaign: int | None = None
) -> dict[str, Any]:
    """Train and store the default models for outputs that have none.

    Parameters
    ----------
    study : Study
        Open for writing.
    progress : Progress, optional
    campaign : int, optional
        Give models of this campaign alone. Those of the study serve where they were trained on
        it; others are trained without being stored: a choice of what to look at changes no study.

    Returns
    -------
    dict of target to PropertyModel
        All models of the study afterwards; with a campaign, those of the campaign.

    Raises
    ------
    InputError
        If there is no dataset to train on.
    """
    from engine.learning.model import model_from_dict

    progress = progress or Progress()
    stored = study.models()
    sources = read_sources(study, models={}, campaign=campaign)
    if campaign is not None:
        only = [record.id for record in study.campaigns() if record.done] == [campaign]
        stored = {name: one for name, one in stored.items() if _of_campaign(one, campaign, only)}
    targets = default_targets(sources.dataset, sources.responses.constants.conductivities)
    missing = [name for name in targets if not _covered(name, stored)]
    if missing:
        origins = set(sources.origins)
        origin = f"campaign:{origins.pop()}" if len(origins) == 1 else ""
        trained = _trained_before(sources.dataset, missing, progress)
        added = {name: model.learned_from(origin).to_dict() for name, model in trained.items()}
        if not study.read_only and campaign is None:
            study.add_models(added)
        stored |= added
    if not stored and campaign is not None:
        raise InputError(f"Campaign {campaign} has too few results to learn from.")
    if not stored and len(sources.dataset):
        count = len(sources.dataset)
        raise InputError(
            f"{study.path.name} has results of {count} condition{'s' * (count != 1)}, too few to "
            "learn from: run a campaign of more."
        )
    if not stored:
        raise InputError(f"{study.path.name} has no dataset to learn from: run a campaign first.")
    return {name: model_from_dict(data) for name, data in stored.items()}


def train_defaults(
    dataset: pd.DataFrame, targets: list[str], progress: Progress | None = None
) -> dict[str, Any]:
    """Train the better of a quick symbolic model and the best baseline for each target.

    Parameters
    ----------
    dataset : DataFrame
        One row a condition.
    targets : list of str
    progress : Progress, optional

    Returns
    -------
    dict of target to PropertyModel
    """
    from engine.learning.training import train

    progress = progress or Progress()
    inputs = default_inputs(dataset)
    progress.report(0.0, "Training baselines")
    plain = train(dataset, inputs, targets, method="baseline").models
    if len(dataset) < LEAST_ROWS:
        progress.report(1.0, "Trained")
        return dict(plain)
    part = Progress(lambda fraction, stage: progress.report(0.1 + 0.9 * fraction, stage))
    learned = train(dataset, inputs, targets, method="sisso", progress=part, **SISSO_OPTIONS).models
    return {name: better(learned[name], plain[name]) for name in targets}


def better(learned: Any, plain: Any) -> Any:
    """The model of smaller cross-validated error; the learned one within the margin."""
    own, other = error_of(learned.metrics), error_of(plain.metrics)
    if own is None:
        return plain
    if other is None:
        return learned
    return plain if other < (1 - MARGIN) * own else learned


def error_of(metrics: Mapping[str, Any]) -> float | None:
    """Cross-validated RMSE of a model, None where it was not computed."""
    part = metrics.get("cross_validation") or {}
    value = part.get("rmse")
    return None if value is None else float(value)


def _trained_before(
    dataset: pd.DataFrame, targets: list[str], progress: Progress
) -> dict[str, Any]:
    """`train_defaults`, remembered: maps, exports and report of one campaign ask one by one."""
    columns = sorted(default_inputs(dataset)) + targets
    rows = pd.util.hash_pandas_object(dataset[columns], index=False).to_numpy()
    key = (tuple(columns), rows.tobytes())
    with _LOCK:
        found = _REMEMBERED.get(key)
    if found is None:
        found = train_defaults(dataset, targets, progress)
        with _LOCK:
            while len(_REMEMBERED) >= _MOST_REMEMBERED:
                _REMEMBERED.pop(next(iter(_REMEMBERED)))
            _REMEMBERED[key] = found
    return found


def _of_campaign(model: Mapping[str, Any], campaign: int, only: bool) -> bool:
    """Whether a stored model comes from this campaign and no other.

    All campaigns together are this one where no other has results (`only`); so much is taken
    for granted of models that do not say what they learned from.
    """
    origin = (model.get("details") or {}).get("dataset", "")
    return origin == f"campaign:{campaign}" or (only and origin == "")


def _covered(target: str, stored: Mapping[str, Any]) -> bool:
    """Whether a stored model gives a target, or its square or root."""
    if target in stored:
        return True
    if target.startswith("tortuosity_") and not target.startswith("tortuosity_factor_"):
        return target.replace("tortuosity_", "tortuosity_factor_", 1) in stored
    return False
