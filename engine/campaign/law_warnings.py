"""What a law says of many conditions, each thing said once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.experiment.laws.base import ASKED_ABOVE

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def said_once(warnings: Iterable[Iterable[str]], of: int) -> list[str]:
    """Every different thing that is said, with the conditions it meets.

    Parameters
    ----------
    warnings : iterable of iterable of str
        What the law says of each condition.
    of : int
        Number of conditions.

    Returns
    -------
    list of str
        Sentences that differ in their numbers only are one, e.g. ``"AM 91 and 92 % is outside
        the measured 94-96 %: the law extrapolates. (6 of 9 conditions)"``. Of what is advised
        the more urgent is kept, with the conditions it is meant for.

    Examples
    --------
    >>> said_once([["AM 91 % is low."], ["AM 92 % is low."], []], of=3)
    ['AM 91 and 92 % is low. (2 of 3 conditions)']
    """
    groups: dict[str, list[str]] = {}
    for texts in warnings:
        for text in texts:
            # What stands behind the colon is the advice.
            groups.setdefault(_NUMBER.sub("#", text.partition(": ")[0]), []).append(text)
    said = []
    for texts in groups.values():
        urgent = [text for text in texts if ASKED_ABOVE in text] or texts
        said.append(f"{_merged(urgent)} ({len(urgent)} of {of} conditions)")
    return said


def _merged(texts: list[str]) -> str:
    """One sentence of many that differ in their numbers."""
    found = [_NUMBER.findall(text) for text in texts]
    if len({len(numbers) for numbers in found}) > 1:
        return texts[0]
    values = [sorted(set(column), key=float) for column in zip(*found, strict=True)]
    words = iter(
        v[0] if len(v) == 1 else f"{v[0]} and {v[1]}" if len(v) == 2 else f"{v[0]} to {v[-1]}"
        for v in values
    )
    return _NUMBER.sub(lambda _: next(words), texts[0])
