"""An electrode condition as the positive-electrode block of a BPX file, for cell models.

BPX (Battery Parameter eXchange, https://bpxstandard.com) is a JSON format for the parameters
of physics-based cell models. A study knows the **structure** of one electrode; everything else
of a cell (chemistry, kinetics, the other electrode) comes from a BPX file of the user's, into
which the block is merged.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from engine import __version__
from engine.errors import InputError
from engine.learning.reliability import doubt
from engine.maps.quantities import SIGMA_EFF, TAU_LIQUID, quantity
from engine.maps.responses import RecipeConstants, Responses
from engine.maps.verify import Verification

POSITIVE = "Positive electrode"
TAU_FACTOR = "tortuosity_factor_electrolyte"
AREA_COLUMN = "active_area_per_volume_1_per_um"
ELECTRONIC_COLUMN = "effective_conductivity_electronic_S_per_m"

_PLAIN = (
    "Thickness [m]",
    "Porosity",
    "Transport efficiency",
    "Surface area per unit volume [m-1]",
    "Conductivity [S.m-1]",
)
_PARAMETER_OF = {
    TAU_FACTOR: "transport efficiency",
    SIGMA_EFF: "transport efficiency",
    AREA_COLUMN: "surface area per unit volume",
    ELECTRONIC_COLUMN: "conductivity",
}


@dataclass(frozen=True)
class ElectrodeParameters:
    """Effective parameters of one electrode, in SI units.

    Attributes
    ----------
    thickness : float, m
    porosity : float, 0..1
        Share of electrolyte that transport goes through.
    transport_efficiency : float
        ``eps/tau_f``: effective over bulk transport property of the electrolyte.
    area_per_volume : float or None, 1/m
        Active area per volume of the electrode; None where no model gives it.
    conductivity : float or None, S/m
        Effective electronic; None where no model gives it.
    am_share : float or None, 0..1
        Volume share of the active material.
    source : str
        The condition, in words.
    doubts : tuple of str
        Which parameters not to rely on, and why.
    computed : tuple of str
        Which parameters fresh structures gave.
    structures : int
        How many fresh structures.
    unset : tuple of str
        Which parameters are not known, and why.
    """

    thickness: float
    porosity: float
    transport_efficiency: float
    area_per_volume: float | None = None
    conductivity: float | None = None
    am_share: float | None = None
    source: str = ""
    doubts: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    structures: int = 0
    unset: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("thickness", "porosity", "transport_efficiency"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(
                    f"A cell model needs a {name.replace('_', ' ')} above 0, not {value:g}: choose "
                    "a condition whose electrolyte percolates."
                )
        if self.porosity >= 1 or self.transport_efficiency > self.porosity * (1 + 1e-9):
            raise InputError(
                f"Porosity {self.porosity:g} and transport efficiency "
                f"{self.transport_efficiency:g} do not fit: eps must be below 1 and tau_f not."
            )

    @property
    def told(self) -> tuple[str, ...]:
        """What of the block was computed, is not known or is doubtful: clauses without a period."""
        count = f"{self.structures} fresh structure{'s' * (self.structures != 1)}"
        clauses = (
            (f"Computed by {count}: ", self.computed),
            ("Not set: ", self.unset),
            ("Not to be relied on: ", self.doubts),
        )
        return tuple(head + ", ".join(names) for head, names in clauses if names)

    def block(self, *, equivalent_radius: bool = False) -> dict[str, float]:
        """The keys of a BPX electrode that these parameters set.

        Parameters
        ----------
        equivalent_radius : bool
            Set the particle radius to ``3*phi_AM/a`` too. BPX has no AM share of its own: a
            cell model takes it as ``a*R/3``, so that with the radius of another electrode the
            capacity would be wrong, with this one the length of diffusion is a mean one.

        Raises
        ------
        InputError
            If the radius is asked for and the area or the AM share is not known.
        """
        values = (
            self.thickness,
            self.porosity,
            self.transport_efficiency,
            self.area_per_volume,
            self.conductivity,
        )
        block = {
            key: float(value)
            for key, value in zip(_PLAIN, values, strict=True)
            if value is not None
        }
        if equivalent_radius:
            if not self.area_per_volume or not self.am_share:
                raise InputError(
                    "The equivalent particle radius needs the active area and the AM share: train "
                    "a model of the active area per volume."
                )
            block["Particle radius [m]"] = 3 * self.am_share / self.area_per_volume
        return block


def from_properties(
    flat: Mapping[str, float],
    thickness_um: float,
    source: str = "",
    constants: RecipeConstants | None = None,
) -> ElectrodeParameters:
    """Parameters of a computed structure or of a dataset row.

    Parameters
    ----------
    flat : mapping of column to number
        ``Properties.flat()`` or a row of the dataset.
    thickness_um : float, µm
    constants : RecipeConstants, optional
        Matter where ions go through the nanopores of the CBD: see `_ionic`.

    Raises
    ------
    InputError
        If the tortuosity factor or the phase fraction of the electrolyte is missing.
    """
    for name in ("phase_fraction_electrolyte", "tortuosity_factor_electrolyte"):
        if name not in flat or flat[name] is None:
            raise InputError(f"'{quantity(name).label}' is missing: compute the structure first.")
    share = float(flat["phase_fraction_electrolyte"])
    area = flat.get(AREA_COLUMN)
    constants = constants or RecipeConstants()
    porosity, efficiency = _ionic(constants, share, flat.get("phase_fraction_am"), flat)
    return ElectrodeParameters(
        thickness=1e-6 * float(thickness_um),
        porosity=porosity,
        transport_efficiency=efficiency,
        area_per_volume=None if area is None else 1e6 * float(area),
        conductivity=_maybe(flat.get(ELECTRONIC_COLUMN)),
        am_share=_maybe(flat.get("phase_fraction_am")),
        source=source,
    )


def _ionic(
    constants: RecipeConstants, share: float, am_share: Any, row: Mapping[str, float]
) -> tuple[float, float]:
    """Porosity that ions go through, and effective over bulk conductivity there.

    The free electrolyte alone, ``eps`` and ``eps/tau_f``; or, where the nanopores of the CBD
    conduct too, both together: their volume counts, and the efficiency is ``sigma_eff/sigma``.
    """
    if not constants.conductivities.opens_cbd:
        return share, share / float(row[TAU_FACTOR])
    for known, name in ((row.get(SIGMA_EFF), SIGMA_EFF), (am_share, "phase_fraction_am")):
        if known is None:
            raise InputError(f"'{quantity(name).label}' is missing: compute the structure first.")
    nanopores = constants.cbd_nanoporosity * (1 - share - float(am_share))
    return share + nanopores, float(row[SIGMA_EFF]) / constants.sigma_bulk


def from_responses(
    responses: Responses,
    setting: Mapping[str, float],
    verification: Verification | None = None,
) -> ElectrodeParameters:
    """Parameters at a setting: what fresh structures gave there, else what the models predict.

    Thickness and porosity are the law's. Area and conductivity are left out, and said, where
    neither fresh structures nor a model give a value that an electrode can have.

    Parameters
    ----------
    responses : Responses
    setting : mapping of column to number
        E.g. ``recommendation.setting``.
    verification : Verification, optional
        Of fresh structures at this setting.

    Raises
    ------
    InputError
        If there is no law, or neither a check nor a model of the electrolyte's tortuosity.
    """
    opens_cbd = responses.constants.conductivities.opens_cbd
    ionic = SIGMA_EFF if opens_cbd else TAU_FACTOR
    fresh = _fresh(verification)
    own = {
        name: value
        for name, value in setting.items()
        if name in {*responses.base, *responses.ranges, "pressure_MPa"}
    }
    if "pressure_MPa" not in own and "gap_um" in setting:
        own["gap_um"] = setting["gap_um"]
    wanted = ["porosity_percent", "thickness_um"]
    optional = (AREA_COLUMN, ELECTRONIC_COLUMN)
    wanted += [ionic] if ionic not in fresh else []
    wanted += [name for name in optional if name not in fresh and responses.gives(name)]
    result = responses.evaluate(pd.DataFrame([own]), wanted, intervals=False)
    could = {
        name: bool(result.possible[name].iloc[0]) and math.isfinite(result.values[name].iloc[0])
        for name in wanted
    }
    needed = {name: good for name, good in result.possible.items() if name not in optional}
    if broken := responses.impossible_notes(needed):
        raise InputError(
            f"{next(iter(broken.values()))[:-1]}: choose another setting or train it anew."
        )
    row = {name: float(result.values[name].iloc[0]) for name in wanted if could[name]} | fresh
    done = result.settings.iloc[0]
    electrolyte, am = responses.constants.shares(
        np.array([done["am_percent"] / 100]), np.array([done["porosity_percent"] / 100])
    )
    share, am_share = float(electrolyte[0]), float(am[0])
    porosity, efficiency = _ionic(responses.constants, share, am_share, row)
    parameters = (ionic, *optional)
    unset = [
        f"{_PARAMETER_OF[name]} ("
        + ("the model gives an impossible value here)" if name in could else "no model gives it)")
        for name in optional
        if name not in row
    ]
    return ElectrodeParameters(
        thickness=1e-6 * row["thickness_um"],
        porosity=porosity,
        transport_efficiency=efficiency,
        area_per_volume=1e6 * row[AREA_COLUMN] if AREA_COLUMN in row else None,
        conductivity=row.get(ELECTRONIC_COLUMN),
        am_share=am_share,
        source=(
            f"AM {done['am_percent']:.4g} %, initial porosity "
            f"{done['initial_porosity_percent']:.4g} %, initial thickness "
            f"{done['initial_thickness_um']:.4g} µm, {done['pressure_MPa']:.4g} MPa"
        ),
        doubts=_doubts(responses, [n for n in parameters if n in row and n not in fresh]),
        computed=tuple(_PARAMETER_OF[name] for name in parameters if name in fresh),
        structures=0 if verification is None else len(verification.seeds),
        unset=tuple(unset),
    )


def _fresh(verification: Verification | None) -> dict[str, float]:
    """What fresh structures gave, of the columns that a block needs."""
    if verification is None:
        return {}
    found = {check.output: check.computed for check in verification.checks}
    if TAU_LIQUID in found:
        found.setdefault(TAU_FACTOR, found[TAU_LIQUID] ** 2)
    found |= verification.means
    return {name: found[name] for name in _PARAMETER_OF if math.isfinite(found.get(name, math.nan))}


def _doubts(responses: Responses, columns: Iterable[str]) -> tuple[str, ...]:
    """The parameters whose model is not reliable."""
    told = []
    for column in columns:
        models = [responses.models[name] for name in responses.models_of([column])]
        reasons = [why for one in models if hasattr(one, "metrics") and (why := doubt(one))]
        if reasons:
            told.append(f"{_PARAMETER_OF[column]} ({'; '.join(reasons)})")
    return tuple(told)


def fitted(template: Mapping[str, Any], parameters: ElectrodeParameters) -> ElectrodeParameters:
    """The parameters that a BPX file can take: a blend of particles has no one active area.

    Raises
    ------
    InputError
        If the document has no positive electrode.
    """
    electrode = _electrode(template)
    if "Particle" not in electrode or parameters.area_per_volume is None:
        return parameters
    name = _PARAMETER_OF[AREA_COLUMN]
    return replace(
        parameters,
        area_per_volume=None,
        computed=tuple(one for one in parameters.computed if one != name),
        doubts=tuple(one for one in parameters.doubts if not one.startswith(name)),
        unset=(f"{name} (the file's electrode is a blend of particles)", *parameters.unset),
    )


def _electrode(document: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = document["Parameterisation"][POSITIVE]
    except (KeyError, TypeError):
        found = None
    if not isinstance(found, dict):
        raise InputError(
            f"This is not a full BPX file: it has no '{POSITIVE}' under 'Parameterisation'."
        )
    return found


def merge(
    template: Mapping[str, Any],
    parameters: ElectrodeParameters,
    *,
    equivalent_radius: bool = False,
) -> dict[str, Any]:
    """A full BPX document with the positive electrode replaced in part.

    Parameters
    ----------
    template : mapping
        A BPX document: chemistry, kinetics, the other electrode and the nominal capacity stay
        as they are.
    parameters : ElectrodeParameters
    equivalent_radius : bool
        See `ElectrodeParameters.block`.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the document has no positive electrode.
    """
    document = copy.deepcopy(dict(template))
    electrode = _electrode(document)
    parameters = fitted(document, parameters)
    electrode.update(parameters.block(equivalent_radius=equivalent_radius))
    header = document.setdefault("Header", {})
    described = str(header.get("Description", "")).strip()
    header["Description"] = f"{described} {_note(parameters)}".strip()
    return document


def block_alone(
    parameters: ElectrodeParameters, *, equivalent_radius: bool = False
) -> dict[str, Any]:
    """The keys that a structure sets, at their places in a BPX document and without the rest.

    No BPX file by itself: a cell has more than one electrode. It can be merged key by key into one.
    """
    return {
        "Header": {"Description": _note(parameters)},
        "Parameterisation": {POSITIVE: parameters.block(equivalent_radius=equivalent_radius)},
    }


def _note(parameters: ElectrodeParameters) -> str:
    """Where the block comes from, and what of it is doubtful."""
    note = f"Positive electrode: structure from HybridGUI {__version__}"
    if parameters.source:
        note += f" ({parameters.source})"
    return ". ".join([note, *parameters.told]) + "."


def write_bpx(
    template: str | Path | None,
    parameters: ElectrodeParameters,
    path: str | Path,
    *,
    equivalent_radius: bool = False,
) -> ElectrodeParameters:
    """Read a BPX file, set its positive electrode and write the result.

    Without a file the block of the electrode is written alone (`block_alone`). Where the `bpx`
    package is installed, the result is checked by it before anything is written.

    Returns
    -------
    ElectrodeParameters
        What the file took of them (`fitted`).

    Raises
    ------
    InputError
        If a file cannot be read or written, or the result is no valid BPX.
    """
    path = Path(path)
    if template is None:
        _write(block_alone(parameters, equivalent_radius=equivalent_radius), path)
        return parameters
    template = Path(template)
    try:
        document = json.loads(template.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{template} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{template} is not a JSON file: choose a BPX file.") from error
    if not isinstance(document, dict):
        raise InputError(f"{template} is not a BPX file: it holds no parameters.")
    merged = merge(document, parameters, equivalent_radius=equivalent_radius)
    _check(merged)
    _write(merged, path)
    return fitted(document, parameters)


def _write(document: dict[str, Any], path: Path) -> None:
    try:
        path.write_text(json.dumps(document, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"The BPX file cannot be written to {path}: {error.strerror}.") from error


def _check(document: dict[str, Any]) -> None:
    try:
        import bpx
    except ImportError:
        return
    try:
        bpx.parse_bpx_obj(copy.deepcopy(document))
    except Exception as error:
        # The package raises its own and pydantic's errors; all mean the same to the user.
        first = str(error).strip().splitlines()[0]
        raise InputError(f"The merged file is no valid BPX: {first}.") from error


def _maybe(value: Any) -> float | None:
    return None if value is None or not math.isfinite(float(value)) else float(value)
