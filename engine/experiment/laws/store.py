"""Laws by name, and laws in JSON files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.experiment.laws.base import FORMAT, VERSION, CalenderingLaw
from engine.experiment.laws.compaction import ExponentialLaw, HeckelLaw, KawakitaLaw
from engine.experiment.laws.gaussian_process import GaussianProcessLaw
from engine.experiment.laws.polynomial import PolynomialLaw, PublishedLaw
from engine.experiment.laws.symbolic import SissoLaw

_CLASSES: dict[str, type[CalenderingLaw]] = {
    law.kind: law
    for law in (
        PolynomialLaw,
        KawakitaLaw,
        ExponentialLaw,
        HeckelLaw,
        PublishedLaw,
        GaussianProcessLaw,
        SissoLaw,
    )
}

LAW_KINDS = tuple(_CLASSES)
"""Names of the laws, the default first."""

# A law is a few hundred numbers; anything far larger is another file.
_LARGEST_FILE = 50_000_000


def make_law(kind: str, **params: Any) -> CalenderingLaw:
    """Unfitted law of a kind.

    Parameters
    ----------
    kind : str
        One of `LAW_KINDS`.
    **params
        Parameters of that law's class.

    Raises
    ------
    InputError
        If the kind or a parameter is not known.
    """
    if kind not in _CLASSES:
        raise InputError(f"Law '{kind}' is not known: choose one of {', '.join(LAW_KINDS)}.")
    try:
        return _CLASSES[kind](**params)
    except TypeError as error:
        raise InputError(f"The law '{kind}' does not take these parameters ({error}).") from error


def published_law() -> PublishedLaw:
    """The law of DOI 10.1016/j.jpowsour.2020.229103, with its own coefficients."""
    return PublishedLaw()


def law_from_dict(data: Mapping[str, Any]) -> CalenderingLaw:
    """Rebuild a law from its `to_dict`.

    Raises
    ------
    InputError
        If the data are no law, of a newer version, or damaged.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise InputError("This is not a calendering law: fit one and save it first.")
    version = data.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise InputError(
            f"This law has version {version}, newer than this program's {VERSION}: update the "
            "program."
        )
    kind = data.get("kind")
    if kind not in _CLASSES:
        raise InputError(f"Law '{kind}' is not known: this program knows {', '.join(LAW_KINDS)}.")
    try:
        return _CLASSES[kind].from_dict(data)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(f"This calendering law is damaged ({error!r}).") from error


def load_law(path: str | os.PathLike[str]) -> CalenderingLaw:
    """Law from a JSON file, or the published one for the word ``published``.

    Raises
    ------
    InputError
        If there is no such file, or it holds no law.
    """
    if str(path) == PublishedLaw.kind:
        return published_law()
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise InputError(f"{path.name} is too large for a calendering law.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"The law file {path} cannot be read ({error.strerror or error})."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is not a law: it does not hold JSON text.") from error
    try:
        return law_from_dict(data)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from error


def save_law(law: CalenderingLaw, path: str | os.PathLike[str]) -> None:
    """Write a fitted law as JSON.

    Raises
    ------
    InputError
        If the law is not fitted, or the file cannot be written.
    """
    text = json.dumps(law.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"The law cannot be saved as {path} ({error.strerror or error})."
        ) from error
