"""The seed of each structure: the same whatever the order, the worker or the neighbours."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.study.typed_json import canonical


def structure_seed(design_seed: int, point: Mapping[str, Any], repeat: int) -> int:
    """Return the seed of one repeat of one condition.

    It depends on the values of the condition, not on its number: adding conditions to a
    design leaves the seeds of the others as they are.

    Parameters
    ----------
    design_seed : int
        Of the whole design, 0 or more.
    point : mapping
        The values of the condition by variable name.
    repeat : int
        From 0.

    Returns
    -------
    int
        In 0..2**31 - 1: a plain number that ``generate --seed`` takes, that a spreadsheet
        shows in full and that any number field holds.
    """
    digest = hashlib.sha256(canonical(dict(point)).encode()).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    sequence = np.random.SeedSequence([design_seed, *words, repeat])
    return int(sequence.generate_state(1, np.uint32)[0] >> 1)
