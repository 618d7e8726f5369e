"""The input files of the reference SISSO program, so that both can run one same problem.

``SISSO.in`` holds ``keyword=value`` lines, with comments after ``!``; ``train.dat`` a table
separated by blanks whose first column names the sample and whose second is the target.

Source of the keywords: the input templates of SISSO 3 (R. Ouyang et al., Phys. Rev. Materials 2
(2018) 083802, DOI 10.1103/PhysRevMaterials.2.083802); those of version 2 are read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.learning.operators import CODES
from engine.learning.sisso_search import SissoOptions
from engine.learning.table import as_frame, input_columns, number_column
from engine.learning.units import PLAIN, units_of, write_unit

# Keyword of version 3 -> the one of version 2.
_OLDER = {
    "ops": "opset",
    "fcomplexity": "maxcomplexity",
    "funit": "dimclass",
    "fmax_min": "maxfval_lb",
    "fmax_max": "maxfval_ub",
    "nf_sis": "subs_sis",
}
# Operators in a feature of rung n at most: every rung doubles them and adds one.
_COMPLEXITY_OF_RUNG = {0: 0, 1: 1, 2: 3, 3: 7}


@dataclass(frozen=True)
class SissoProblem:
    """A problem as the two files state it.

    Attributes
    ----------
    frame : DataFrame
        Inputs and target, indexed by sample.
    inputs : tuple of str
    target : str
    units : dict of str to str
        One symbol for each class of columns that share a unit.
    options : SissoOptions
    notes : tuple of str
        What could not be carried over.
    """

    frame: pd.DataFrame
    inputs: tuple[str, ...]
    target: str
    units: dict[str, str]
    options: SissoOptions
    notes: tuple[str, ...]


def write_problem(
    folder: str | Path,
    table: Any,
    inputs: Sequence[str],
    target: str,
    options: SissoOptions | None = None,
    units: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Write ``SISSO.in`` and ``train.dat``.

    Parameters
    ----------
    folder : path
        Created where absent.
    table : DataFrame or mapping
    units : mapping of str to str, optional
        Unit of columns whose name does not tell.

    Returns
    -------
    tuple of str
        What the reference program will do differently.

    Raises
    ------
    InputError
        If a value is missing or not a number.
    """
    options = options or SissoOptions()
    frame = as_frame(table)
    columns = input_columns(frame, inputs)
    goal = number_column(frame, target, "target column")
    finite = np.isfinite(goal)
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)

    order, groups = _by_unit(list(inputs), units)
    header = ["sample", _word(target), *(_word(name) for name in order)]
    lines = [" ".join(header)]
    for row in np.flatnonzero(finite):
        numbers = [goal[row], *(columns[name][row] for name in order)]
        lines.append(" ".join([f"row{row}", *(repr(float(value)) for value in numbers)]))
    (place / "train.dat").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (place / "SISSO.in").write_text(
        _settings(options, int(finite.sum()), len(order), groups), encoding="utf-8"
    )
    return _differences(options, int((~finite).sum()))


def _word(name: str) -> str:
    """Name without blanks, which separate the columns."""
    return re.sub(r"\s+", "_", name)


def _by_unit(
    inputs: list[str], units: Mapping[str, str] | None
) -> tuple[list[str], list[tuple[int, int]]]:
    """Inputs with those of one unit together, and the 1-based ranges that share one."""
    of = dict(zip(inputs, units_of(inputs, units), strict=True))
    distinct = sorted({u for u in of.values() if u != PLAIN}, key=write_unit)
    order: list[str] = []
    groups = []
    for unit in distinct:
        members = [name for name in inputs if of[name] == unit]
        groups.append((len(order) + 1, len(order) + len(members)))
        order += members
    return order + [name for name in inputs if of[name] == PLAIN], groups


def _settings(
    options: SissoOptions, samples: int, features: int, groups: list[tuple[int, int]]
) -> str:
    complexity = min(options.complexity, _COMPLEXITY_OF_RUNG[options.rung])
    operators = "".join(f"({name})" for name in options.operators if name != "abs")
    lines = [
        "! written by HybridGUI for SISSO 3",
        "ptype=1",
        "ntask=1",
        "task_weighting=1",
        "scmt=.false.",
        f"desc_dim={options.terms}",
        f"nsample={samples}",
        "restart=0",
        f"nsf={features}",
        f"ops='{operators}'",
        f"fcomplexity={complexity}",
    ]
    if groups:
        lines.append("funit=" + "".join(f"({first}:{last})" for first, last in groups))
    lines += [
        f"fmax_min={options.bounds[0]:g}",
        f"fmax_max={options.bounds[1]:g}",
        f"nf_sis={options.sis}",
        "method_so='L0'",
        "nl1l0=1",
        "fit_intercept=.true.",
        "metric='RMSE'",
        f"nmodels={max(options.keep, options.residuals)}",
    ]
    return "\n".join(lines) + "\n"


def _differences(options: SissoOptions, left_out: int) -> tuple[str, ...]:
    notes = []
    if left_out:
        notes.append(f"{left_out} rows with an infinite or missing target were left out.")
    if options.safe:
        notes.append("The reference program does not look for poles between the rows.")
    if "abs" in options.operators:
        notes.append("The reference program has no operator abs: it was left out.")
    if not options.strict_units:
        notes.append("The reference program takes exp and log of plain numbers only.")
    return tuple(notes)


def read_problem(folder: str | Path) -> SissoProblem:
    """Read ``SISSO.in`` and ``train.dat``.

    Raises
    ------
    InputError
        If a file is absent, states a problem of another kind or does not fit the other.
    """
    place = Path(folder)
    keys = _read_keywords(place / "SISSO.in")
    notes: list[str] = []
    for key, wanted, said in (
        ("ptype", "1", "only regression (ptype=1) can be read"),
        ("ntask", "1", "only a single task (ntask=1) can be read"),
    ):
        if keys.get(key, wanted) != wanted:
            raise InputError(f"SISSO.in has {key}={keys[key]}: {said}.")
    try:
        frame = pd.read_csv(place / "train.dat", sep=r"\s+", index_col=0)
    except (OSError, ValueError) as error:
        raise InputError(f"{place / 'train.dat'} cannot be read as a table.") from error
    if frame.shape[1] < 2 or frame.empty:
        raise InputError("train.dat needs a sample, a target and at least one feature in a row.")
    for name in frame.columns:
        number_column(frame, str(name))
    features = _integer(keys, "nsf", frame.shape[1] - 1)
    if features > frame.shape[1] - 1:
        raise InputError(
            f"SISSO.in asks for {features} features, train.dat has {frame.shape[1] - 1}."
        )
    samples = _integer(keys, "nsample", len(frame))
    if samples > len(frame):
        raise InputError(f"SISSO.in asks for {samples} samples, train.dat has {len(frame)}.")
    inputs = tuple(str(name) for name in frame.columns[1 : features + 1])
    units = dict.fromkeys(inputs, "")
    for number, (first, last) in enumerate(
        re.findall(r"\((\d+):(\d+)\)", keys.get("funit", "")), start=1
    ):
        for k in range(int(first), int(last) + 1):
            if not 1 <= k <= len(inputs):
                raise InputError(f"SISSO.in gives a unit to feature {k} of {len(inputs)}.")
            units[inputs[k - 1]] = _symbol(number)
    complexity = _integer(keys, "fcomplexity", 10)
    rung = _integer(
        keys, "rung", next(r for r, c in _COMPLEXITY_OF_RUNG.items() if c >= min(complexity, 7))
    )
    operators = []
    for name in re.findall(r"\(([^()]+)\)", keys.get("ops", "")):
        if name in CODES:
            operators.append(name)
        else:
            notes.append(f"The operator ({name}) is not known here and was left out.")
    if keys.get("fit_intercept", ".true.").lower() not in (".true.", "t", "true"):
        notes.append("A model without an intercept is not offered here: one is fitted.")
    if keys.get("method_so", keys.get("method", "L0")).lower() != "l0":
        notes.append("The comparison of models is L0 here, without a step of L1 before it.")
    options = SissoOptions(
        rung=rung,
        terms=_integer(keys, "desc_dim", 2),
        sis=_integer(keys, "nf_sis", 20),
        complexity=complexity,
        operators=tuple(operators) or SissoOptions.operators,
        bounds=(_real(keys, "fmax_min", 1e-3), _real(keys, "fmax_max", 1e5)),
        strict_units=True,
        safe=False,
    )
    return SissoProblem(
        frame.iloc[:samples], inputs, str(frame.columns[0]), units, options, tuple(notes)
    )


def _symbol(number: int) -> str:
    """Unit symbol of the n-th class; letters, since a unit's name has no digits."""
    return "unit" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _read_keywords(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read.") from error
    keys = {}
    for line in text.splitlines():
        key, equals, value = line.partition("!")[0].partition("=")
        if equals:
            keys[key.strip().lower()] = value.strip().strip("'\"")
    for newer, older in _OLDER.items():
        if newer not in keys and older in keys:
            keys[newer] = keys[older]
    if not keys:
        raise InputError(f"{path} holds no keyword=value line.")
    return keys


def _integer(keys: Mapping[str, str], key: str, default: int) -> int:
    return int(_real(keys, key, default))


def _real(keys: Mapping[str, str], key: str, default: float) -> float:
    text = keys.get(key)
    if text is None:
        return float(default)
    try:
        return float(text.lower().replace("d", "e"))
    except ValueError as error:
        raise InputError(f"SISSO.in: {key}={text} is not a number.") from error
