"""Calendering laws as estimators: ``make_law("kawakita").fit(table).predict(...)``.

`base` holds the contract; `polynomial`, `compaction` the forms; `store` reads and writes.
"""

from __future__ import annotations

from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.laws.compaction import ExponentialLaw, HeckelLaw, KawakitaLaw
from engine.experiment.laws.polynomial import PolynomialLaw, PublishedLaw
from engine.experiment.laws.store import (
    LAW_KINDS,
    law_from_dict,
    load_law,
    make_law,
    published_law,
    save_law,
)
from engine.experiment.laws.terms import PUBLISHED_TERMS

__all__ = [
    "LAW_KINDS",
    "PUBLISHED_TERMS",
    "CalenderingLaw",
    "ExponentialLaw",
    "HeckelLaw",
    "KawakitaLaw",
    "PolynomialLaw",
    "PublishedLaw",
    "law_from_dict",
    "load_law",
    "make_law",
    "published_law",
    "save_law",
]
