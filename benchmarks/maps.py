"""How fast maps answer, and whether recommendations keep their word.

    python benchmarks/maps.py                       time of every map for a moved slider
    python benchmarks/maps.py --coverage 40         recommendations against a known truth
    python benchmarks/maps.py --structures 3        models against freshly generated structures

Coverage against a known truth: a lab measures some coatings, fits a law, runs a campaign and
gets a recommendation with 80 % intervals; then the electrode is really made, with the true law
and the scatter of the process. The share of made electrodes inside the intervals is printed.
Coverage by structures: a campaign with one part of the conditions, models, then structures at
settings that no model has seen.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.campaign.design import Design
from engine.campaign.events import StructureDone
from engine.campaign.runner import run_campaign
from engine.experiment.calibration import PUBLISHED_CALIBRATION
from engine.experiment.diagnostics import assess
from engine.experiment.laws import make_law, published_law
from engine.experiment.table import CalenderingTable
from engine.learning.training import train
from engine.maps.curves import PAPER_FIGURES, paper_figure
from engine.maps.decide import LEVEL, recommend
from engine.maps.interdependence import from_models
from engine.maps.law_doubt import LawDoubt
from engine.maps.profiler import profile
from engine.maps.quantities import (
    ACTIVE_SURFACE,
    COVERAGE_CBD,
    PAPER_INPUTS,
    PAPER_TARGETS,
    SIGMA_EFF,
    TAU_LIQUID,
    TAU_SOLID,
)
from engine.maps.responses import PUBLISHED_LAW_ERROR, LawError, RecipeConstants, Responses
from engine.maps.targets import Target
from engine.maps.trade_off import judge, survey, trade_off
from engine.maps.uncertainty import Scatter
from engine.maps.verify import verify
from engine.study import Study

METHODS = ("baseline", "sisso", "gp", "dnn")
SISSO = {"rung": 2, "terms": 3, "sis": 200}


# -- speed ----------------------------------------------------------------------------------------
def truth(am: np.ndarray, porosity: np.ndarray) -> dict[str, np.ndarray]:
    """Properties of an electrode of AM share and porosity (0..1), smooth and of usual size."""
    tau_f = porosity**-1.6 * (1 + 8 * (0.97 - am))
    return {
        TAU_LIQUID: np.sqrt(tau_f),
        TAU_SOLID: (1 - porosity) ** -0.9,
        "current_collector_coverage_am_percent": 60 * (1 - porosity) * am,
        COVERAGE_CBD: 400 * (1 - porosity) * (1 - am),
        ACTIVE_SURFACE: 100 * porosity / (1 - porosity),
    }


def campaign_table(law: object, seed: int = 0) -> pd.DataFrame:
    """The published training design, its properties taken from `truth` with scatter."""
    rng = np.random.default_rng(seed)
    axes = np.meshgrid(
        np.arange(1.0, 92.0, 10.0), [93.0, 94.0, 95.0, 96.0], np.arange(40.0, 51.0), indexing="ij"
    )
    gap, am, before = (axis.ravel() for axis in axes)
    porosity = law.predict(am / 100, before / 100, np.full(len(am), 100.0), gap=gap)  # type: ignore[attr-defined]
    values = truth(am / 100, porosity)
    table = pd.DataFrame(
        {
            "pressure_MPa": PUBLISHED_CALIBRATION.pressure(gap),
            "am_percent": am,
            "initial_porosity_percent": before,
            **{k: v * (1 + 0.01 * rng.standard_normal(len(v))) for k, v in values.items()},
        }
    )
    return table


def timed(work: Callable[[], object], count: int = 40) -> tuple[float, float, float]:
    """Median and 95 % quantile of the wall time, and that of the CPU time, ms."""
    work()
    wall, cpu = np.empty(count), np.empty(count)
    for k in range(count):
        began, own = time.perf_counter(), time.process_time()
        work()
        wall[k], cpu[k] = time.perf_counter() - began, time.process_time() - own
    return tuple(
        1e3 * float(v) for v in (np.median(wall), np.quantile(wall, 0.95), np.quantile(cpu, 0.95))
    )  # type: ignore[return-value]


def naive_prediction(model: object, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Value and upper bound by the plain formulas: member by member, a solve for each row."""
    from scipy.linalg import cho_factor, solve_triangular

    predictor, table = model.predictor, frame[list(model.inputs)].to_numpy(float)  # type: ignore[attr-defined]
    if hasattr(predictor, "members"):
        shown = table.copy()
        shown[:, predictor.logarithmic] = np.log(shown[:, predictor.logarithmic])
        each = []
        for layers in predictor.members:
            v = (shown - predictor.centre) / predictor.scale
            for weights, bias in layers[:-1]:
                v = np.tanh(v @ weights + bias)
            each.append((v @ layers[-1][0] + layers[-1][1])[:, 0])
        each = predictor.level + predictor.spread * np.array(each)
        value, deviation = each.mean(axis=0), each.std(axis=0, ddof=1)
    else:
        known, new = predictor.inputs, (table - predictor.centre) / predictor.scale

        def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            square = (((a[:, None] - b[None]) / predictor.lengths) ** 2).sum(axis=-1)
            return predictor.signal * np.exp(-0.5 * square)

        factor = cho_factor(kernel(known, known) + predictor.noise * np.eye(len(known)), lower=True)
        cross = solve_triangular(factor[0], kernel(new, known).T, lower=True)
        goal = solve_triangular(factor[0], predictor.goal, lower=True)
        value = predictor.level + predictor.spread * cross.T @ goal
        left = predictor.signal + predictor.noise - (cross**2).sum(axis=0)
        deviation = predictor.spread * np.sqrt(np.maximum(left, predictor.noise))
    floor = model.residuals["floor"]  # type: ignore[attr-defined]
    return value, value + model.half_width() * np.sqrt(deviation**2 + floor**2)  # type: ignore[attr-defined]


def largest_difference(responses: Responses) -> float:
    """Largest relative difference of values and bounds from `naive_prediction`."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {name: rng.uniform(*responses.ranges[name], 400) for name in responses.settings}
    )
    found = responses.evaluate(frame, list(responses.models))
    worst = 0.0
    for name, model in responses.models.items():
        for one, other in zip(
            (found.values, found.high), naive_prediction(model, frame), strict=True
        ):
            worst = max(worst, float(np.abs(one[name] / other - 1).max()))
    return worst


def speed(methods: Sequence[str]) -> None:
    """Print the time of each map."""
    law = published_law()
    table = campaign_table(law)
    rng = np.random.default_rng(0)
    for method in methods:
        options = SISSO if method == "sisso" else {}
        found = train(
            table, list(PAPER_INPUTS), list(PAPER_TARGETS), method=method, **options
        ).models
        responses = Responses(
            found,
            law=law,
            law_error=PUBLISHED_LAW_ERROR,
            constants=RecipeConstants.published(),
            base={"initial_thickness_um": 100.0},
        )
        known = survey(responses)

        def somewhere(responses: Responses = responses) -> dict[str, float]:
            return {name: rng.uniform(*responses.ranges[name]) for name in responses.settings}

        def targets() -> list[Target]:
            return [
                Target(SIGMA_EFF, "up"),
                Target(ACTIVE_SURFACE, "up"),
                Target(TAU_LIQUID, most=rng.uniform(2, 5)),
            ]

        maps: dict[str, Callable[[], object]] = {
            "profiler, all responses": lambda r=responses: profile(r, somewhere()),
            "trade-off, moved limit": lambda k=known: judge(k, targets()),
            "interdependence": lambda r=responses: from_models(r),
        }
        for name in PAPER_FIGURES:
            maps[f"figure {name}"] = lambda r=responses, name=name: paper_figure(r, name)
        print(f"{method}: wall median, wall p95, CPU p95 (ms)")
        for name, work in maps.items():
            print(f"  {name:26s}" + " ".join(f"{value:7.1f}" for value in timed(work)), flush=True)
        if method in ("gp", "dnn"):
            print(
                f"  largest difference from direct evaluation {largest_difference(responses):.1e}"
            )


# -- coverage against a known truth ---------------------------------------------------------------
class TrueLaw:
    """A law of the published form, and for each coating a deviation that the form misses."""

    kind = "truth"

    def __init__(self, seed: int, deviation: float):
        self._rng = np.random.default_rng(seed)
        self._deviation = deviation
        # A smooth random function of the coating: the deviation is the same for equal coatings.
        self._waves = self._rng.normal(size=(8, 3))
        self._phases = self._rng.uniform(0, 2 * np.pi, 8)

    def predict(self, am, before, start, *, gap):  # type: ignore[no-untyped-def]
        am, before, start, gap = np.broadcast_arrays(am, before, start, gap)
        base = 0.8 * am - 0.7 * before - 0.0013 * start
        base = base - 0.003 * gap + 6e-6 * gap**2 + 0.0072 * before * gap
        place = np.stack([(am - 0.945) / 0.015, (before - 0.45) / 0.05, (start - 125) / 30], -1)
        waves = np.cos(place @ self._waves.T + self._phases).sum(-1) * np.sqrt(2 / 8)
        return np.clip(base + self._deviation * waves, 0.05, before)


def measured(law: TrueLaw, families: int, rng: np.random.Generator) -> CalenderingTable:
    """A lab's sheet: some coatings at five gaps each."""
    gaps = np.array([5.0, 20.0, 40.0, 60.0, 80.0])
    coatings = np.column_stack(
        [
            rng.uniform(0.93, 0.96, families),
            rng.uniform(0.40, 0.50, families),
            rng.uniform(90, 160, families),
        ]
    )
    am, before, start = np.repeat(coatings, len(gaps), axis=0).T
    gap = np.tile(gaps, families)
    porosity = law.predict(am, before, start, gap=gap) + rng.normal(scale=0.004, size=len(gap))
    return CalenderingTable(
        am=am,
        initial_porosity=before,
        initial_thickness=start,
        gap=gap,
        pressure=PUBLISHED_CALIBRATION.pressure(gap),
        porosity=porosity,
        families=np.repeat(np.arange(families), len(gaps)),
        source="made-up sheet",
    )


def wishes(rng: np.random.Generator) -> list[Target]:
    """Two or three random wishes."""
    names = rng.choice([SIGMA_EFF, TAU_SOLID, COVERAGE_CBD, ACTIVE_SURFACE, TAU_LIQUID], 3, False)
    down = (TAU_SOLID, TAU_LIQUID)
    return [Target(str(n), "down" if n in down else "up") for n in names[: rng.integers(2, 4)]]


def coverage(count: int, families: int, deviation: float, inside_only: bool) -> None:
    """Print how often made electrodes lie inside the intervals of their recommendation."""
    scatter = Scatter()
    inside: dict[str, list[bool]] = {}
    order: list[bool] = []
    relative: list[float] = []
    for seed in range(count):
        rng = np.random.default_rng(1000 + seed)
        law = TrueLaw(seed, deviation)
        table = measured(law, families, rng)
        fitted = make_law("polynomial").fit(table)
        error = LawError.from_assessment(assess(fitted, table))
        models = train(
            campaign_table(fitted, seed), list(PAPER_INPUTS), list(PAPER_TARGETS), method="baseline"
        ).models
        responses = Responses(
            models,
            law=fitted,
            law_error=error,
            law_doubt=LawDoubt.of(fitted, table),
            constants=RecipeConstants.published(),
            base={"initial_thickness_um": 100.0},
        )
        goals = wishes(rng)
        found = trade_off(responses, goals, inside_only=inside_only)
        if not found.feasible.any():
            continue  # the lab's sheet covers none of the campaign
        best = recommend(responses, goals, found, scatter=scatter)
        one = best.setting
        gap = np.clip(one["gap_um"] + scatter.gap * rng.standard_normal(), 0.0, 127.0)
        before = one["initial_porosity_percent"] + scatter.initial_porosity * rng.standard_normal()
        am = one["am_percent"] / 100
        porosity = law.predict(am, before / 100, 100.0, gap=gap)
        made = truth(np.asarray(am), np.asarray(porosity))
        made[SIGMA_EFF] = responses.constants.sigma_bulk * porosity / made[TAU_LIQUID] ** 2
        for goal in goals:
            value, low, high = best.predicted[goal.output]
            hit = bool(low <= made[goal.output] <= high)
            inside.setdefault(goal.output, []).append(hit)
            order.append(hit)
            relative.append((high - low) / abs(value))
    share = np.mean(order)
    error = np.sqrt(LEVEL * (1 - LEVEL) / count)
    print(
        f"{'within' if inside_only else 'beyond'} the sheet, {families} families, law off by {100 * deviation:.1f} points: {100 * share:.1f} % of "
        f"{len(order)} values inside ({100 * LEVEL:.0f} % claimed, ± {100 * error:.1f} for "
        f"{count} studies); intervals {100 * np.median(relative):.0f} % of the value wide"
    )
    for name, hits in inside.items():
        print(f"  {name:45s} {100 * np.mean(hits):5.1f} % of {len(hits)}")


# -- coverage by structures -----------------------------------------------------------------------
def structures(seeds: int, settings: int = 12, repeats: int = 3) -> None:
    """Print how often fresh structures at unseen settings lie inside the models' intervals."""
    design = Design.published_training(repeats=repeats)
    variables = {
        **design.variables,
        "gap_um": (1.0, 21.0, 51.0, 91.0),
        "am_percent": (93.0, 94.5, 96.0),
        "initial_porosity_percent": (42.0, 44.0, 46.0, 48.0),
    }
    for seed in range(seeds):
        one = dataclasses.replace(design, variables=variables, seed=seed)
        with (
            tempfile.TemporaryDirectory() as folder,
            Study.create(Path(folder) / "a.study") as study,
        ):
            number = study.add_campaign(one)
            for event in run_campaign(study, number, workers=2):
                if not isinstance(event, StructureDone):
                    print(event, file=sys.stderr)
            table = study.dataset(number)
            template = study.conditions(number)[0].condition
        models = train(table, list(PAPER_INPUTS), list(PAPER_TARGETS), method="baseline").models
        responses = Responses(
            models,
            law=published_law(),
            law_error=PUBLISHED_LAW_ERROR,
            constants=RecipeConstants.published(),
            base={"initial_thickness_um": 100.0},
        )
        rng = np.random.default_rng(500 + seed)
        hits: list[bool] = []
        missed: dict[str, int] = {}
        for k in range(settings):
            setting = {name: rng.uniform(*responses.ranges[name]) for name in responses.settings}
            found = verify(
                responses,
                setting,
                template,
                repeats=repeats,
                trained_repeats=repeats,
                seed=20_000_000 + 1000 * seed + 10 * k,
            )
            hits += [check.agrees for check in found.checks if check.judged]
            for check in found.checks:
                missed[check.output] = missed.get(check.output, 0) + (check.verdict == "outside")
        print(
            f"seed {seed}: {100 * np.mean(hits):.1f} % of {len(hits)} outputs inside "
            f"({100 * found.level:.0f} % claimed); missed {missed}",
            flush=True,
        )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--coverage", type=int, metavar="STUDIES")
    parser.add_argument("--structures", type=int, metavar="SEEDS")
    args = parser.parse_args()
    if args.coverage:
        for inside_only in (True, False):
            for families in (4, 6, 10):
                coverage(args.coverage, families, 0.02, inside_only)
    if args.structures:
        structures(args.structures)
    if not (args.coverage or args.structures):
        speed(args.methods)


if __name__ == "__main__":
    main()
