"""The design of a campaign: which structures to generate."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.campaign import sampling
from engine.campaign.law_warnings import said_once
from engine.campaign.seeds import structure_seed
from engine.campaign.variables import (
    INPUT_PREFIX,
    LAW_PREFIX,
    condition_fields,
    law_coefficients,
    law_inputs,
    read_variables,
    recipe_of,
    refuse_twins,
    unknown_key,
)
from engine.errors import InputError
from engine.kernels import needed
from engine.properties.conductivities import Conductivities
from engine.properties.parts import BEYOND_OUTPUTS, PARTS
from engine.properties.resolution import refuse_published
from engine.structure.condition import Coating, Condition
from engine.study.typed_json import canonical

RESOLUTION = "+resolution"
MOST_STRUCTURES = 1_000_000
# The five outputs of DOI 10.1016/j.jpowsour.2020.229103.
PUBLISHED_OUTPUTS = (
    "tortuosity_factor_electrolyte",
    "tortuosity_factor_solid",
    "current_collector_coverage_am_percent",
    "current_collector_coverage_cbd_percent",
    "active_surface_published_percent",
)


def computed_columns(properties: str, resolution_check: bool = False) -> list[str]:
    """Return the columns that structures get with some choice of properties."""
    from engine.properties.catalogue import CATALOGUE
    from engine.properties.resolution import RANGE, VALUE

    # the catalogue has the published properties first, up to the time they took
    names = list(CATALOGUE)
    published = names.index("seconds")
    extrapolated = {name for name in names if name.startswith((VALUE, RANGE))}
    left_out = {"seconds", *(BEYOND_OUTPUTS if properties == "outputs" else ())}
    return [
        name
        for place, name in enumerate(names)
        if name not in left_out
        and (place < published or properties == "all" or name in extrapolated)
        and (resolution_check or name not in extrapolated)
    ]


@dataclass(frozen=True)
class AdaptiveRepeats:
    """Stop repeating a condition when its means are known well enough.

    Attributes
    ----------
    standard_error_percent : float
        Target: standard error of every mean, in % of the mean.
    minimum : int
        Repeats that every condition gets, at least 2.
    columns : tuple of str
        Properties that must reach the target.
    """

    standard_error_percent: float
    minimum: int = 3
    columns: tuple[str, ...] = PUBLISHED_OUTPUTS


@dataclass(frozen=True)
class DesignPoint:
    """One condition of a design.

    Attributes
    ----------
    values : dict
        By column of the dataset: µm, MPa, %; then every other variable of the design.
    condition : Condition
    warnings : tuple of str
        Where the law was asked outside its data.
    seeds : tuple of int
        One for each repeat.
    """

    values: dict[str, Any]
    condition: Condition
    warnings: tuple[str, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Design:
    """All that determines a campaign; equal designs give equal structures.

    Attributes
    ----------
    variables : dict of str to tuple
        Name with unit -> values; `engine.campaign.variables` lists the names.
    law : dict
        The calendering law (`CalenderingLaw.to_dict`).
    repeats : int
        Structures per condition; the most, if `adaptive` is given.
    seed : int
        Of the whole design.
    sampling : {"grid", "list", "latin_hypercube", "sobol"}
    samples : int
        Number of conditions of the last two; unused otherwise.
    properties : {"outputs", "published", "all"}
        What to compute of each structure.
    adaptive : AdaptiveRepeats, optional
    resolution_check : bool
        Whether each structure is made at half its voxel size as well, and its properties
        extrapolated to voxel size zero (`engine.properties.resolution`).
    conductivities : Conductivities
        Bulk values of the phases, S/m.
    name : str
        For people; does not count in comparing designs.

    Raises
    ------
    InputError
        Naming the key that is wrong.
    """

    variables: dict[str, tuple[Any, ...]]
    law: dict[str, Any]
    repeats: int = 3
    seed: int = 0
    sampling: str = "grid"
    samples: int = 0
    properties: str = "published"
    adaptive: AdaptiveRepeats | None = None
    resolution_check: bool = False
    conductivities: Conductivities = field(default_factory=Conductivities)
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        where = self.name or "Design"
        if self.sampling not in sampling.SAMPLINGS:
            known = ", ".join(sampling.SAMPLINGS)
            raise InputError(f"{where}: 'sampling' must be one of {known}, not {self.sampling!r}.")
        if self.properties not in PARTS:
            known = f"{', '.join(PARTS[:-1])} or {PARTS[-1]}"
            raise InputError(f"{where}: 'properties' must be {known}, not {self.properties!r}.")
        if self.properties == "outputs" and self.resolution_check:
            raise InputError(
                f"{where}: a resolution check needs the surfaces as well: set 'properties' to "
                "published or all."
            )
        variables = read_variables(self.variables, where)
        if self.sampling == "grid":
            refuse_twins(variables, where)
        object.__setattr__(self, "variables", variables)
        _whole("repeats", self.repeats, 1, 100_000, where)
        _whole("seed", self.seed, 0, 2**63 - 1, where)
        if self.sampling in ("latin_hypercube", "sobol"):
            _whole("samples", self.samples, 1, MOST_STRUCTURES, where)
        elif self.samples:
            raise InputError(f"{where}: 'samples' is for latin_hypercube and sobol; leave it out.")
        if not isinstance(self.resolution_check, bool):
            raise InputError(
                f"{where}: 'resolution_check' must be true or false, not {self.resolution_check!r}."
            )
        if self.resolution_check:
            for protocol in variables["protocol"]:
                try:
                    refuse_published(protocol)
                except InputError as error:
                    raise InputError(f"{where}: {error}") from error
        if self.adaptive is not None:
            _check_adaptive(self.adaptive, self.repeats, where)
        if self.structures > MOST_STRUCTURES:
            raise InputError(
                f"{where}: {self.structures} structures are more than {MOST_STRUCTURES}; vary "
                "fewer values or lower 'repeats'."
            )

    @classmethod
    def published_training(cls, **changes: Any) -> Design:
        """The 440 conditions x 10 of the paper (DOI 10.1016/j.jpowsour.2020.229103)."""
        return cls._published(range(1, 92, 10), "Published training design", changes)

    @classmethod
    def published_validation(cls, **changes: Any) -> Design:
        """The 440 conditions x 10 that the paper holds back for validation."""
        return cls._published(range(5, 96, 10), "Published validation design", changes)

    @classmethod
    def _published(cls, gaps: range, name: str, changes: dict[str, Any]) -> Design:
        from engine.experiment.laws import published_law

        fields: dict[str, Any] = {
            "variables": {
                "gap_um": [float(gap) for gap in gaps],
                "am_percent": [93.0, 94.0, 95.0, 96.0],
                "initial_porosity_percent": [float(value) for value in range(40, 51)],
                "initial_thickness_um": [100.0],
                "protocol": ["published"],
            },
            "law": published_law().to_dict(),
            "repeats": 10,
            "name": name,
        }
        return cls(**(fields | changes))

    @property
    def parts(self) -> str:
        """What the workers compute: see `engine.campaign.worker.compute`."""
        return self.properties + (RESOLUTION if self.resolution_check else "")

    @property
    def asked(self) -> tuple[Any, ...]:
        """What a worker is told beside its task: see `engine.campaign.worker.run_structure`."""
        usual = self.conductivities == Conductivities()
        return (self.parts,) if usual else (self.parts, self.conductivities)

    @property
    def kernels(self) -> tuple[str, ...]:
        """What has to be compiled before the first structure: see `engine.kernels`."""
        opens_cbd = self.conductivities.opens_cbd
        return needed(self.variables["protocol"], self.properties, opens_cbd)

    @property
    def count(self) -> int:
        """Number of conditions."""
        if self.sampling in ("latin_hypercube", "sobol"):
            return self.samples
        lengths = [len(values) for values in self.variables.values()]
        if self.sampling == "list":
            return max(lengths)
        product = 1
        for length in lengths:
            product *= length
        return product

    @property
    def structures(self) -> int:
        """Number of structures; the most, where repeats are adaptive."""
        return self.count * self.repeats

    @property
    def key(self) -> str:
        """Hash that is equal for equal designs."""
        content = self.to_dict()
        del content["name"]
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    def points(self) -> list[dict[str, Any]]:
        """Return the values of the variables, condition by condition."""
        if self.sampling == "grid":
            return sampling.grid(self.variables)
        if self.sampling == "list":
            return sampling.listed(self.variables)
        return sampling.sampled(self.variables, self.sampling, self.samples, self.seed)

    def conditions(self) -> list[DesignPoint]:
        """Return every condition, calendered by the law.

        Raises
        ------
        InputError
            If the law or the generator refuses a condition, naming it.
        """
        return list(self._conditions)

    @functools.cached_property
    def _conditions(self) -> tuple[DesignPoint, ...]:
        from engine.experiment.laws import law_from_dict

        def law_with(changes: Mapping[str, float]) -> Any:
            law = law_from_dict(self.law)
            for name, value in changes.items():
                if name not in law.coefficients_:
                    raise unknown_key(
                        LAW_PREFIX + name,
                        [LAW_PREFIX + known for known in law.coefficients_],
                        self.name or "Design",
                    )
                law.coefficients_[name] = value
            return law

        laws: dict[tuple[tuple[str, float], ...], Any] = {}
        points = []
        for point in self.points():
            changes = law_coefficients(point)
            key = tuple(changes.items())
            if key not in laws:
                laws[key] = law_with(changes)
            points.append(self._point(laws[key], point))
        return tuple(points)

    def _point(self, law: Any, point: Mapping[str, Any]) -> DesignPoint:
        from engine.experiment.calendering import calendered_condition
        from engine.structure.options import resolve_options

        try:
            coating = Coating(
                point["initial_porosity_percent"] / 100, point["initial_thickness_um"]
            )
            condition, warnings = calendered_condition(
                law,
                recipe_of(point),
                coating,
                pressure=point.get("pressure_MPa"),
                gap=point.get("gap_um"),
                protocol=point["protocol"],
                extra=law_inputs(point),
                **condition_fields(point),
            )
            resolve_options(condition)
        except InputError as error:
            raise InputError(f"{self._name_of(point)}: {error}") from error
        return DesignPoint(
            _columns(point, condition, law) | self._bulk_columns,
            condition,
            tuple(warnings),
            tuple(structure_seed(self.seed, point, repeat) for repeat in range(self.repeats)),
        )

    @property
    def _bulk_columns(self) -> dict[str, float]:
        """Conductivities as columns; none at the defaults, which datasets fill in."""
        usual = self.conductivities == Conductivities()
        return {} if usual else self.conductivities.columns()

    def _name_of(self, point: Mapping[str, Any]) -> str:
        varied = [name for name, values in self.variables.items() if len(values) > 1]
        named = varied or ["gap_um" if "gap_um" in point else "pressure_MPa"]
        return "Condition " + ", ".join(f"{name} = {point[name]}" for name in named)

    def warnings(self) -> list[str]:
        """Return every different warning of the law, with the number of conditions it meets."""
        return said_once((point.warnings for point in self.conditions()), self.count)

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `from_dict` gives the design back exactly."""
        # a design at the defaults stays equal to those stored before there was a choice
        asked: dict[str, Any] = {"resolution_check": True} if self.resolution_check else {}
        if self.conductivities != Conductivities():
            asked["conductivities"] = self.conductivities.to_dict()
        return asked | {
            "variables": {
                name: [list(v) if isinstance(v, tuple) else v for v in values]
                for name, values in self.variables.items()
            },
            "law": self.law,
            "repeats": self.repeats,
            "seed": self.seed,
            "sampling": self.sampling,
            "samples": self.samples,
            "properties": self.properties,
            "adaptive": dataclasses.asdict(self.adaptive) if self.adaptive else None,
            "name": self.name,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Design:
        """Rebuild a design from `to_dict`."""
        adaptive = data.get("adaptive")
        if adaptive is not None:
            adaptive = AdaptiveRepeats(**(adaptive | {"columns": tuple(adaptive["columns"])}))
        conductivities = Conductivities.of(data.get("conductivities"))
        return cls(**(dict(data) | {"adaptive": adaptive, "conductivities": conductivities}))


def _whole(name: str, value: Any, low: int, high: int, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{where}: '{name}' must be a whole number from {low}, not {value!r}.")


def _check_adaptive(adaptive: AdaptiveRepeats, repeats: int, where: str) -> None:
    target = adaptive.standard_error_percent
    if isinstance(target, bool) or not isinstance(target, int | float) or not 0 < target <= 100:
        raise InputError(
            f"{where}: 'standard_error_percent' must be above 0 and at most 100, not {target!r}."
        )
    _whole("minimum_repeats", adaptive.minimum, 2, repeats, where)
    if not adaptive.columns:
        raise InputError(f"{where}: 'precision_of' is empty; name at least one property.")


def _columns(point: Mapping[str, Any], condition: Condition, law: Any) -> dict[str, Any]:
    """Return the values of a condition by column of the dataset."""
    from engine.structure.options import resolve_options

    gap, pressure = condition.gap, condition.pressure
    calibration = law.calibration
    if gap is None and pressure is not None and bool(calibration.covers_pressure(pressure)):
        gap = float(calibration.gap(pressure))
    if pressure is None and gap is not None and bool(calibration.covers_gap(gap)):
        pressure = float(calibration.pressure(gap))
    # ten digits: the noise of the last bits helps nobody who reads a table
    columns: dict[str, Any] = {
        "gap_um": None if gap is None else round(gap, 10),
        "pressure_MPa": None if pressure is None else round(pressure, 10),
        "am_percent": point["am_percent"],
        "initial_porosity_percent": point["initial_porosity_percent"],
        "initial_thickness_um": point["initial_thickness_um"],
        "porosity_percent": round(100 * condition.porosity, 10),
        "thickness_um": round(condition.thickness, 10),
    }
    # what a design leaves at its default stands too: another design of the study may vary it
    columns |= {
        "protocol": condition.protocol,
        "porosity_kind": condition.porosity_kind,
        "box_um": " x ".join(f"{edge:g}" for edge in condition.box),
        "voxel_size_um": condition.voxel_size,
    }
    settings = dataclasses.asdict(condition.recipe) | resolve_options(condition)
    settings.pop("am_fraction")
    settings |= {INPUT_PREFIX + name: law.extra_means_[name] for name in law.extra_inputs}
    settings |= {INPUT_PREFIX + name: value for name, value in law_inputs(point).items()}
    columns |= {k: v for k, v in settings.items() if isinstance(v, str | int | float)}
    return {name: value for name, value in point.items() if name not in columns} | columns
