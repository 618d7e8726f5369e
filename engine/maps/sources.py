"""What the maps of a study are made from: its law, its models, its dataset."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from engine.campaign.variables import INPUT_PREFIX
from engine.errors import InputError
from engine.maps.blocked import Blockage, blocked_note
from engine.maps.digits import lower_first
from engine.maps.law_doubt import LawDoubt
from engine.maps.quantities import PAPER_TARGETS, SIGMA_EFF, quantity
from engine.maps.responses import (
    PUBLISHED_LAW_ERROR,
    SETTINGS,
    CellAssumptions,
    LawError,
    RecipeConstants,
    Responses,
)
from engine.maps.scope import at_level
from engine.maps.second_opinions import others_of
from engine.properties.conductivities import Conductivities

if TYPE_CHECKING:
    from engine.experiment.diagnostics import LawAssessment
    from engine.experiment.table import CalenderingTable
    from engine.structure.condition import Condition
    from engine.structure.materials import Material
    from engine.study import CampaignRecord, Study

CELL_SETTING = "maps.cell"
"""Setting of a study under which the assumptions on the cell are kept."""

TURNS_SETTING = "maps.lab_variable"
"""Setting of a study under which a choice between roll gap and pressure is kept."""

_SAME_LAW = ("kind", "params", "coefficients", "calibration")


_OF_BULK_VALUES = (SIGMA_EFF, "effective_conductivity_electronic_S_per_m", "macmullin_number")
"""What follows from bulk conductivities, where a model learned it."""


@dataclass(frozen=True)
class Sources:
    """A study, as far as maps need it.

    Attributes
    ----------
    responses : Responses
    dataset : DataFrame
        One row a condition, of the campaigns that share the law of the newest one.
    table : CalenderingTable or None
        The measurements.
    assessment : LawAssessment or None
        Of the law that the maps use.
    template : Condition or None
        A condition of the newest campaign: box, voxel size, protocol, densities.
    repeats : int
        Least number of structures behind a row of the dataset.
    notes : tuple of str
        What does not fit together, where structures were blocked, and which models are poor.
    origins : tuple of int
        Campaign of each row of the dataset.
    campaign : int or None
        The one campaign that counts, None for all.
    made_with : str
        Oldest program version among the campaigns that count; empty without one.
    seeds : tuple of str
        Campaigns that count, with their seed, in words.
    others : dict of target to models
        Models beside those in use (`engine.maps.second_opinions`).
    """

    responses: Responses
    dataset: pd.DataFrame
    table: CalenderingTable | None
    assessment: LawAssessment | None
    template: Condition | None
    repeats: int
    notes: tuple[str, ...] = ()
    origins: tuple[int, ...] = ()
    campaign: int | None = None
    made_with: str = ""
    seeds: tuple[str, ...] = ()
    others: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


def read_sources(
    study: Study,
    *,
    models: Mapping[str, Any] | None = None,
    cell: CellAssumptions | None = None,
    campaign: int | None = None,
) -> Sources:
    """Gather law, models and dataset of a study.

    The law is the one that the newest campaign was generated with: its pressures are what the
    models learned. Campaigns generated with another law are left aside, and so is a law that
    was fitted since; both are said.

    Parameters
    ----------
    study : Study
    models : mapping of target to PropertyModel, optional
        Those of the study by default.
    cell : CellAssumptions, optional
        Those kept in the study by default.
    campaign : int, optional
        Let only this campaign count; its models are those of `default_models` for it.

    Raises
    ------
    InputError
        If a stored law or model is damaged, or the campaign has no results.
    """
    from engine.experiment.diagnostics import LawAssessment, assess
    from engine.experiment.laws import law_from_dict
    from engine.learning.model import model_from_dict

    notes: list[str] = []
    stored = study.law()
    finished = [record for record in study.campaigns() if record.done]
    campaigns = [record for record in finished if campaign in (None, record.id)]
    if campaign is not None and not campaigns:
        held = ", ".join(str(record.id) for record in finished) or "none"
        raise InputError(
            f"{study.path.name} has no campaign {campaign} with results; those with results: {held}."
        )
    if len(campaigns) < len(finished):
        notes.append(f"Only campaign {campaign} counts here, with models trained on it alone.")
    law_dict = stored
    dataset = pd.DataFrame()
    template = None
    origins: list[int] = []
    made_with = ""
    seeds: tuple[str, ...] = ()
    varied: Mapping[str, Any] = {}
    bulk = Conductivities()
    if campaigns:
        newest = campaigns[-1]
        varied = newest.design.get("variables", {})
        law_dict = newest.design.get("law") or stored
        alike = [one for one in campaigns if same_law(one.design.get("law"), law_dict)]
        alike = [one for one in alike if _kind(study, one.id) == _kind(study, newest.id)]
        bulk = conductivities_of(newest)
        alike = [one for one in alike if conductivities_of(one) == bulk]
        if len(alike) < len(campaigns):
            notes.append(
                f"{len(campaigns) - len(alike)} of {len(campaigns)} campaigns used another law, "
                "protocol or conductivity than the newest and are left aside here."
            )
        frames = [study.dataset(one.id) for one in alike]
        dataset = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
        origins = [
            one.id for one, rows in zip(alike, frames, strict=True) for _ in range(len(rows))
        ]
        made_with = alike[0].program_version
        seeds = tuple(
            f"campaign {one.id}: {one.done} structures, seed {one.design.get('seed', 0)}, made with "
            f"version {one.program_version}"
            for one in alike
        )
        template = study.conditions(newest.id)[0].condition
        if stored is not None and not same_law(stored, law_dict):
            notes.append(
                "The calendering law of the study is not the one that the newest campaign was "
                "generated with: the maps show the campaign's. Run the campaign again to use the "
                "new law."
            )
        if blocked := blocked_note(dataset):
            notes.append(blocked)
    law = None if law_dict is None else law_from_dict(law_dict)
    inputs, said = _held_inputs(dataset, varied, law)
    notes += said
    table = study.table()
    assessment = None
    if law is not None:
        kept = study.assessment()
        if kept is not None and same_law(stored, law_dict):
            assessment = LawAssessment.from_dict(kept)
        elif table is not None:
            assessment = assess(law, table)
    error = LawError.from_assessment(assessment)
    if error is None and law is not None and law.kind == "published":
        error = PUBLISHED_LAW_ERROR
    if models is None:
        models = {name: model_from_dict(data) for name, data in study.models().items()}
    if doubtful := _doubtful(models):
        notes.append(doubtful)
    if told := _other_conductivities(models, study, bulk):
        notes.append(told)
    repeats = int(dataset["repeats"].min()) if "repeats" in dataset and len(dataset) else 1
    return Sources(
        Responses(
            models={name: at_level(model) for name, model in models.items()},
            law=law,
            law_error=error,
            constants=constants_of(template, bulk, study.material()),
            cell=cell or kept_cell(study),
            base=_base(dataset, table),
            law_doubt=LawDoubt.of(law, table, inputs) if assessment is not None else None,
            blockage=Blockage.of(dataset),
            law_inputs=inputs,
            turns=study.get_setting(TURNS_SETTING) or _turned(table, varied),
            gap_known=not _gap_of_another_machine(table),
            rolls=None if table is None else table.rolls,
        ),
        dataset,
        table,
        assessment,
        template,
        max(repeats, 1),
        tuple(notes),
        tuple(origins),
        campaign,
        made_with,
        seeds,
        others_of(models, _readable(study.all_models())),
    )


def _doubtful(models: Mapping[str, Any]) -> str:
    """Name the models that do not predict what they have not seen, or only roughly."""
    from engine.learning.reliability import better_form, doubt, reliable

    judged = {name: model for name, model in models.items() if hasattr(model, "metrics")}
    told = {
        "Do not rely on what the models say of": [
            f"{quantity(name).brief} ({why})" for name, one in judged.items() if (why := doubt(one))
        ],
        "Only roughly predicted": [
            f"{quantity(name).brief} (R² {one.metrics['cross_validation']['r2']:.2f} left out)"
            for name, one in judged.items()
            if reliable(one) == "roughly"
        ],
        "A plain form errs less, take it on the page Models": [
            quantity(name).brief for name, one in judged.items() if better_form(one)
        ],
    }
    return " ".join(f"{what}: {'; '.join(names)}." for what, names in told.items() if names)


def _other_conductivities(models: Mapping[str, Any], study: Study, bulk: Conductivities) -> str:
    """Name models of a conductivity that learned from other bulk values than the maps assume."""
    made = {f"campaign:{one.id}": conductivities_of(one) for one in study.campaigns()}
    names = [
        lower_first(quantity(name).label)
        for name, model in models.items()
        if name in _OF_BULK_VALUES
        and made.get(str((getattr(model, "details", None) or {}).get("dataset")), bulk) != bulk
    ]
    return (
        f"Trained with other bulk conductivities than those of the newest campaign: "
        f"{' and '.join(names)}. Train again."
        if names
        else ""
    )


def _turned(table: CalenderingTable | None, varied: Mapping[str, Any]) -> str:
    """What the lab sets: what its sheet gives, else what the newest campaign was laid out in."""
    if table is not None:
        return "pressure_MPa" if table.driver == "pressure" else "gap_um"
    return "pressure_MPa" if "pressure_MPa" in varied else "gap_um"


def _readable(stored: Iterable[dict[str, Any]]) -> Iterator[Any]:
    """Models beside those in use: one that cannot be read is no reason to go without maps."""
    from engine.learning.model import model_from_dict

    for data in stored:
        with contextlib.suppress(InputError):
            yield model_from_dict(data)


def _gap_of_another_machine(table: CalenderingTable | None) -> bool:
    """Whether gaps would be those of the published calibration, which the sheet never used."""
    from engine.experiment.calibration import PUBLISHED_CALIBRATION

    return (
        table is not None
        and table.driver == "pressure"
        and table.calibration == PUBLISHED_CALIBRATION
    )


def kept_cell(study: Study) -> CellAssumptions:
    """What the study keeps of the cell; of its active material where nothing else was given.

    Raises
    ------
    InputError
        If the stored values cannot be read.
    """
    material = study.material()
    usual = (
        {}
        if material is None
        else {"specific_capacity": material.specific_capacity, "voltage": material.voltage}
    )
    data = study.get_setting(CELL_SETTING) or {}
    try:
        return CellAssumptions(**usual | {str(name): float(one) for name, one in data.items()})
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"The cell kept in the study cannot be read ({error}).") from error


def conductivities_of(campaign: CampaignRecord) -> Conductivities:
    """Bulk values that the properties of a campaign were computed with."""
    return Conductivities.of(campaign.design.get("conductivities"))


def constants_of(
    template: Condition | None, bulk: Conductivities, material: Material | None = None
) -> RecipeConstants:
    """Densities and conventions of a condition; without one the physical defaults.

    Of those the density of the active material is replaced where it is known.
    """
    if template is None:
        usual = RecipeConstants(conductivities=bulk)
        return usual if material is None else replace(usual, am_density=material.density)
    recipe = template.recipe
    return RecipeConstants(
        am_density=recipe.am_density,
        cbd_density=recipe.cbd_density,
        cbd_nanoporosity=recipe.cbd_nanoporosity,
        porosity_kind=template.porosity_kind,
        protocol=template.protocol,
        conductivities=bulk,
    )


def _kind(study: Study, campaign: int) -> tuple[Any, ...]:
    """What must agree for two campaigns to be one dataset."""
    condition = study.conditions(campaign)[0].condition
    return condition.protocol, condition.porosity_kind, condition.voxel_size


def same_law(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether two stored laws give the same porosities."""
    if one is None or other is None:
        return one is other
    return all(one.get(name) == other.get(name) for name in _SAME_LAW)


def _base(dataset: pd.DataFrame, table: Any) -> dict[str, float]:
    """Middle value of each setting in the campaign; of the measurements without one."""
    base = {}
    for name in SETTINGS:
        if name in dataset and dataset[name].notna().any():
            base[name] = float(np.median(dataset[name].dropna().to_numpy(float)))
    if not base and table is not None:
        base = {
            "am_percent": 100 * float(np.median(table.am)),
            "initial_porosity_percent": 100 * float(np.median(table.initial_porosity)),
            "initial_thickness_um": float(np.median(table.initial_thickness)),
            "pressure_MPa": float(np.median(table.pressure)),
        }
    return base


def _held_inputs(
    dataset: pd.DataFrame, designed: Mapping[str, Any], law: Any
) -> tuple[dict[str, float], list[str]]:
    """Further inputs of the law as the campaign had them, and a note on those that it varied."""
    held, notes = {}, []
    for name in getattr(law, "extra_inputs", ()):
        column = f"{INPUT_PREFIX}{name}"
        # A dataset has a column of what varies alone; what is constant stands in the design.
        values = np.asarray(dataset.get(column, designed.get(column, ())), dtype=float)
        values = values[np.isfinite(values)]
        if len(values) == 0:
            continue
        held[name] = float(np.median(values))
        if np.ptp(values) > 1e-9:
            notes.append(
                f"The campaign varied '{name}', which is no input of the maps: they hold it at "
                f"{held[name]:.4g}, and its effect widens the models' intervals."
            )
    return held, notes


def default_inputs(dataset: pd.DataFrame) -> list[str]:
    """Inputs of the default models: the settings that the campaign varied.

    Raises
    ------
    InputError
        If the campaign varied none.
    """
    inputs = [name for name in SETTINGS if _varies(dataset, name)]
    extra = [
        name
        for name in ("cbd_nanoporosity", "cbd_nanoporosity_percent", "am_density", "cbd_density")
        if _varies(dataset, name)
    ]
    if not inputs:
        raise InputError(
            "The campaign varied no setting that maps can be drawn over: vary the pressure or gap, "
            "the AM share or the initial porosity."
        )
    return inputs + extra


def _varies(dataset: pd.DataFrame, name: str) -> bool:
    if name not in dataset:
        return False
    values = pd.to_numeric(dataset[name], errors="coerce")
    return bool(values.notna().all() and np.ptp(values.to_numpy(float)) > 1e-9)


def default_targets(dataset: pd.DataFrame, bulk: Conductivities | None = None) -> list[str]:
    """Targets of the default models: the paper's five, as far as the dataset has them.

    With ions in the CBD the conductivity follows from no tortuosity and gets a model of its own.
    """
    opened = (SIGMA_EFF,) if bulk is not None and bulk.opens_cbd else ()
    return [name for name in (*PAPER_TARGETS, *opened) if _varies_somewhere(dataset, name)]


def _varies_somewhere(dataset: pd.DataFrame, name: str) -> bool:
    if name not in dataset:
        return False
    values = pd.to_numeric(dataset[name], errors="coerce").to_numpy(float)
    values = values[np.isfinite(values)]
    return len(values) >= 4 and float(np.ptp(values)) > 1e-12
