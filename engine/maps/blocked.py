"""Conditions at which calendering closed the way through a phase, in words."""

from __future__ import annotations

import pandas as pd

from engine.study.condition_words import condition_words


def blocked_note(dataset: pd.DataFrame) -> str:
    """Say where at least half of the structures had no path through the electrolyte or solid.

    Such structures have no finite tortuosity, so that models never see them: what they tell
    would be lost without words.

    Parameters
    ----------
    dataset : DataFrame
        One row a condition, with the counts ``repeats`` and ``not_percolating``.

    Returns
    -------
    str
        Empty where no structure was blocked.
    """
    if not {"repeats", "not_percolating"} <= {*dataset}:
        return ""
    blocked = dataset["not_percolating"].fillna(0)
    if not blocked.any():
        return ""
    often = (2 * blocked >= dataset["repeats"]) & (blocked > 0)
    rows = dataset[often] if often.any() else dataset[blocked > 0]
    phase = _phase(dataset[blocked > 0])
    where = condition_words(rows, dataset)
    where = f" ({where})" if where else ""
    count = f"{int(blocked[rows.index].sum())} of {int(rows['repeats'].sum())}"
    if not often.any():
        return (
            f"In {len(rows)} of {len(dataset)} conditions{where} the {phase} was blocked in some "
            f"structures ({count}): its transport there is the mean of the open ones alone."
        )
    return (
        f"In {len(rows)} of {len(dataset)} conditions{where} the {phase} was blocked in half of "
        f"the structures or more ({count}): no path leads through. Models of its transport know "
        "the open structures only, so stay away from these settings."
    )


def _phase(rows: pd.DataFrame) -> str:
    """Which phase was blocked, as far as the means tell: none is finite where all were."""
    found = [
        name
        for name in ("electrolyte", "solid")
        if f"tortuosity_factor_{name}" in rows and rows[f"tortuosity_factor_{name}"].isna().any()
    ]
    return " or the ".join(found or ["electrolyte or the solid"])
