"""Names of methods and efforts as the page shows them, and the options behind them."""

from __future__ import annotations

from typing import Any

from engine.learning.effort import estimate
from engine.learning.fitting import repeats_search
from engine.learning.sisso_search import SissoOptions
from hybridgui.widgets.numbers import duration, rounded

FOLDS = 5  # of the cross-validation of `train`
METHOD_NAMES = {
    "sisso": "Equation (SISSO)",
    "baseline": "Plain form (baselines)",
    "gp": "Gaussian process",
    "dnn": "Neural network (DNN)",
}
METHOD_HINTS = {
    "sisso": "Searches millions of expressions for a short equation of a few terms.",
    "baseline": "The best of the plain forms: straight line, quadratic in ln P, Bruggeman.",
    "gp": "Smooth interpolation with an uncertainty; no equation.",
    "dnn": "An ensemble of small networks with its own spread; no equation.",
}
METHOD_SHORT = {"sisso": "SISSO", "baseline": "Plain", "gp": "GP", "dnn": "DNN"}
EFFORTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "quick": (
        "Quick",
        "Seconds: two rounds of combination, two terms.",
        {"rung": 2, "terms": 2, "sis": 100},
    ),
    "thorough": (
        "Thorough",
        "Two rounds of combination, three terms, a wide selection.",
        {"rung": 2, "terms": 3, "sis": 500},
    ),
    "published": (
        "As published",
        "Three rounds, three terms, 800 features a round: tens of millions of candidates. "
        "Needs the published number of conditions to be worth it.",
        {"rung": 3, "terms": 3, "sis": 800},
    ),
}
NETWORK_EFFORTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "quick": ("Quick", "One network per fold.", {"repeats": 1, "epochs": 800}),
    "thorough": ("Thorough", "Two networks per fold.", {"repeats": 2, "epochs": 3000}),
    "published": ("Wide", "Four networks per fold.", {"repeats": 4, "epochs": 3000}),
}


def efforts(method: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Efforts that a method offers; empty where there is nothing to choose."""
    return {"sisso": EFFORTS, "dnn": NETWORK_EFFORTS}.get(method, {})


def r2_text(value: float) -> str:
    """Write an R², and say it where it is below zero: worse than the mean."""
    if value == value and value < 0:
        return f"below 0 ({rounded(value, 2)})" if value > -100 else "far below 0"
    return rounded(value, 3)


def work_words(
    method: str, options: dict[str, Any], counts: list[int], inputs: int, targets: int
) -> str:
    """What a training works on and about how long it takes; conditions of each property given."""
    least, rows = min(counts), max(counts)
    text = f"{rows if least == rows else f'{least} to {rows}'} conditions to learn from"
    if method != "sisso" or not inputs or not targets:
        return text
    settings = SissoOptions(**options)
    found = estimate(inputs, targets, rows, settings)
    whole = estimate(inputs, targets, rows, settings, FOLDS)
    again = repeats_search(whole, settings)
    if again:
        found = whole
    folds = (
        f", the whole search repeated in {FOLDS} folds"
        if again
        else "; cross-validation of the coefficients only"
    )
    # A search of a moment is longer by what it compiles once, which this estimate leaves out.
    first = " (some seconds more the first time)" if found.seconds < 10 else ""
    return (
        f"{text}; about {_count(found.candidates)} candidate expressions for each term, "
        f"{_count(found.subsets)} models to compare{folds}: {duration(found.seconds)} or so{first}."
    )


def _count(value: float) -> str:
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if value >= size:
            return (
                f"{value / size:.2g} {word}"
                if value < 99.5 * size
                else f"{value / size:.0f} {word}"
            )
    return f"{value:.0f}"
