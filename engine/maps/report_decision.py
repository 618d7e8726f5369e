"""What a report says of the recommendation: setting, expectation, doubt, check, and a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.maps.decide import Recommendation
from engine.maps.digits import (
    decimals,
    interval_decimals,
    lower_first,
    plain,
    three,
    with_decimals,
)
from engine.maps.electrode_picture import draw_electrode
from engine.maps.quantities import quantity
from engine.maps.report_grid import Digits, Grid
from engine.maps.scope import LEVEL
from engine.maps.sources import Sources
from engine.maps.standing import why_outdated
from engine.maps.trade_off import trade_off
from engine.maps.trade_off_plot import draw_trade_off
from engine.maps.uncertainty import SOURCES
from engine.maps.verify import FIRST_SEED, Check, condition_at
from engine.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

    from engine.study import Study

RECOMMENDATION_SETTING = "maps.recommendation"
VERIFICATION_SETTING = "maps.verification"
"""Settings of a study under which the window keeps what the report shows (`to_dict` forms)."""

_SETTINGS = (
    "gap_um",
    "pressure_MPa",
    "am_percent",
    "cbd_percent",
    "initial_porosity_percent",
    "initial_thickness_um",
    "porosity_percent",
    "thickness_um",
)


# A picture is worth about a minute: 500 x 500 x 400 voxels and no more.
MOST_VOXELS = 100_000_000


def recommended(one: Recommendation, sources: Sources) -> dict[str, Any]:
    """The recommendation as texts and tables."""
    why = why_outdated(one.stands_on, sources.responses)
    made = f"Made {one.made}" if one.made else ""
    if one.models:
        told = "; ".join(
            f"{lower_first(quantity(name).label)} – {words}" for name, words in one.models.items()
        )
        made += f"{' from' if made else 'From'} the models: {told}"
    return {
        "sentence": one.sentence,
        "made": f"{made}." if made else "",
        "outdated": (
            f"This recommendation is an earlier one: {why}. What follows in this report is of the "
            "present law, models and cell."
            if why
            else ""
        ),
        "wanted": "; ".join(target.sentence for target in one.targets),
        "scatter": one.scatter.sentence(one.variable),
        "robust": one.robust,
        "inside_only": one.inside_only,
        "fixed": ", ".join(
            f"{lower_first(quantity(name).label)} {value:g} {quantity(name).unit}"
            for name, value in one.fixed.items()
        ),
        "setting": _setting(one, sources),
        "predicted": Grid.of(
            ["Property", "Expected", f"Low ({_level()})", f"High ({_level()})", "Unit"],
            [
                [quantity(name).label, *map(Digits, three(*values)), quantity(name).unit]
                for name, values in one.predicted.items()
            ],
        ),
        "budget": _budget(one),
        "others": _others(one),
        "notes": one.notes,
    }


def _level() -> str:
    return f"{100 * LEVEL:.0f} %"


def _setting(one: Recommendation, sources: Sources) -> Grid:
    """Settings in the lab's order; the porosity as far as the law knows it."""
    error = sources.responses.law_error
    known: dict[str, int | None] = {
        "gap_um": 0,
        "pressure_MPa": 0,
        "thickness_um": 0,
        "porosity_percent": None if error is None else decimals(100 * error.sd),
    }
    known[one.variable] = None  # as it is set
    names = [one.variable, *(name for name in (*_SETTINGS, *one.setting) if name != one.variable)]
    rows = []
    for name in dict.fromkeys(names):
        value = one.setting.get(name, math.nan)
        if math.isfinite(value):
            text = with_decimals(value, known[name]) if name in known else plain(value)
            rows.append([quantity(name).label, Digits(text), quantity(name).unit])
    return Grid.of(["Setting", "Value", "Unit"], rows)


def _others(one: Recommendation) -> Grid | None:
    """What the other models of the study expect at the setting; None where there are none."""
    rows = []
    for name, values in one.others.items():
        expected, low, high = one.predicted[name]
        places = interval_decimals(expected, low, high)
        rows += [
            [
                quantity(name).label,
                words,
                Digits(with_decimals(value, places)),
                quantity(name).unit,
                "inside" if low <= value <= high else "outside",
            ]
            for words, value in values.items()
        ]
    head = ["Property", "Other model of the study", "It expects", "Unit", f"Interval ({_level()})"]
    return Grid.of(head, rows) if rows else None


def _budget(one: Recommendation) -> Grid:
    """Parts of the sources in the variance of each response, and on average."""
    head = ["Source of uncertainty", *(f"{source.capitalize()} (%)" for source in SOURCES)]
    rows = [
        [quantity(name).label, *(round(100 * shares[source]) for source in SOURCES)]
        for name, shares in one.shares.items()
    ]
    if len(rows) != 1:
        rows.append(["On average", *(round(100 * one.budget[source]) for source in SOURCES)])
    return Grid.of(head, rows)


def stored_recommendation(study: Study) -> Recommendation | None:
    """What the study keeps of a recommendation; InputError where it cannot be read."""
    data = study.get_setting(RECOMMENDATION_SETTING)
    return None if data is None else Recommendation.from_dict(data)


def trade_off_of(
    sources: Sources, one: Recommendation | None
) -> tuple[Drawing, pd.DataFrame] | None:
    """The trade-off drawn, and the non-dominated settings behind it."""
    if one is None or len(one.targets) < 2 or why_outdated(one.stands_on, sources.responses):
        return None
    try:
        found = trade_off(
            sources.responses, one.targets, fixed=one.fixed, inside_only=one.inside_only
        )
        return draw_trade_off(found, one), found.table()
    except InputError:
        return None  # models or ranges changed since: the stored sentence still stands


def electrode_of(
    sources: Sources,
    one: Recommendation | None,
    checked: Mapping[str, Any] | None,
    progress: Progress | None = None,
) -> tuple[Drawing | None, str] | None:
    """A slice through the recommended electrode and its caption; None where none can be made.

    It is the first of the structures that the recommendation was verified by, or would be. Where
    it takes too much memory, a sentence stands alone.
    """
    from engine.structure.generate import generate

    if one is None or sources.template is None or why_outdated(one.stands_on, sources.responses):
        return None
    seeds = (checked or {}).get("seeds") or [FIRST_SEED]
    try:
        condition, _ = condition_at(sources.responses, one.setting, sources.template)
        voxels = math.prod(condition.shape)
        if voxels > MOST_VOXELS:
            return None, (
                f"The recommended electrode is not pictured: its {voxels / 1e6:.0f} million voxels "
                "would take the report too long. The structure page generates it."
            )
        structure = generate(condition, int(seeds[0]), progress)
    except InputError:
        return None
    except MemoryError:
        return None, "The recommended electrode is not pictured: too little memory was free."
    stack = structure.stack
    box = " x ".join(f"{n * d:.0f}" for n, d in zip(stack.shape, stack.spacing, strict=True))
    caption = (
        f"The recommended electrode, generated by the {condition.protocol} protocol: "
        f"{box} µm (thickness first), voxels of {stack.voxel_size:g} µm, seed {seeds[0]}. "
        "One of many possible structures."
    )
    return draw_electrode(stack), caption


def verified(data: Mapping[str, Any]) -> dict[str, Any]:
    """The comparison with fresh structures as a sentence and a table."""
    rows = []
    for check in data["checks"]:
        predicted, low, high, computed, sd = (
            math.nan if check[key] is None else float(check[key])
            for key in ("predicted", "low", "high", "computed", "sd")
        )
        one, found = (
            quantity(check["output"]),
            Check(check["output"], predicted, low, high, computed, sd),
        )
        verdict = check.get("verdict", "inside" if check["agrees"] else "outside")
        verdict = "inside, but wide" if verdict == "inside" and found.wide else verdict
        value, start, end, mean, spread = found.texts
        reach = f"{start}\u00a0to\u00a0{end}" if math.isfinite(low + high) else "unknown"
        width, off = (plain(100 * share, 2) for share in (found.width, found.off))
        numbers = [Digits(value), reach, *map(Digits, (width, mean, spread, off))]
        rows.append([one.label, *numbers, one.unit, verdict])
    level = f"{100 * data['level']:.0f} % interval" if "level" in data else "Interval"
    head = ["Property", "Predicted", level, "± (% of computed)", "Computed", "± sd", "Off by (%)"]
    return {"sentence": data["sentence"], "table": Grid.of([*head, "Unit", "Verdict"], rows)}
