"""How fast a campaign of the published protocol runs, and where the time goes.

    python benchmarks/campaign.py                        rates with one and two workers
    python benchmarks/campaign.py --cold                 first result with nothing compiled
    python benchmarks/campaign.py --growth 8800          memory of the parent over many results
    python benchmarks/campaign.py --full training.study --against published_structures_440.csv
                                                         the whole training design, compared

The paper (DOI 10.1016/j.jpowsour.2020.229103) took 7 days for 8,800 structures on six cores:
0.0146 structures per second.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.campaign.design import Design
from engine.campaign.events import StructureDone
from engine.campaign.runner import run_campaign
from engine.campaign.worker import Outcome, run_structure
from engine.study import StructureTask, Study

PAPER_PER_SECOND = 8800 / (7 * 24 * 3600)
# our column -> column of the published table
OUTPUTS = {
    "tortuosity_factor_electrolyte": "tliq",
    "tortuosity_factor_solid": "tsol",
    "current_collector_coverage_am_percent": "CC/AM",
    "current_collector_coverage_cbd_percent": "CC/CBD",
    "active_surface_published_percent": "Active_Surface",
}


def sample(structures: int, properties: str) -> Design:
    """A part of the training design, spread over its gaps, compositions and porosities."""
    porosities = [40.0, 43.0, 47.0, 50.0]
    gaps = [1.0, 31.0, 61.0, 91.0]
    return Design.published_training(
        variables={
            "gap_um": gaps,
            "am_percent": [93.0, 96.0],
            "initial_porosity_percent": porosities,
            "protocol": "published",
        },
        repeats=max(1, round(structures / 32)),
        properties=properties,
    )


def run(
    path: Path, design: Design, workers: int, work: Callable = run_structure, watch: int = 0
) -> dict[str, float]:
    """Run a campaign; return rates, times and memory."""
    began = time.perf_counter()
    first = warm = busy = 0.0
    counted = 0
    began_cpu = time.process_time()
    computed: dict[int, float] = {}
    memory: dict[int, int] = {}
    parent: list[int] = []
    with Study.open(path) if path.exists() else Study.create(path) as study:
        campaign = study.add_campaign(design)
        for event in run_campaign(study, campaign, workers, work=work):
            if not isinstance(event, StructureDone):
                print(event, file=sys.stderr)
                continue
            now = time.perf_counter()
            first = first or now - began
            memory[event.worker] = max(memory.get(event.worker, 0), event.worker_memory)
            # warm when every worker has loaded its kernels
            if len(memory) >= workers and not warm:
                warm = now
            elif warm:
                counted += 1
                busy += event.seconds
            computed[event.worker] = _cpu_seconds(event.worker) or computed.get(event.worker, 0.0)
            if watch and event.done % watch == 0:
                parent.append(psutil.Process().memory_info().rss)
        last = time.perf_counter()
        frame = study.structures(campaign)
        structures = len(frame)
    rate = counted / (last - warm) if counted else float("nan")
    return {
        "per_second": rate,
        "workers_busy_percent": 100 * busy / (workers * (last - warm)) if counted else float("nan"),
        "worker_cpu_seconds_per_structure": sum(computed.values()) / max(1, structures),
        "parent_cpu_seconds_per_structure": (time.process_time() - began_cpu) / max(1, structures),
        "first_seconds": first,
        "wall_seconds": last - began,
        "generation_seconds": frame.get("generation_seconds", pd.Series([np.nan])).median(),
        "properties_seconds": frame.get("properties_seconds", pd.Series([np.nan])).median(),
        "worker_MB": max(memory.values(), default=0) / 2**20,
        "parent_growth_MB": (parent[-1] - parent[0]) / 2**20 if len(parent) > 1 else float("nan"),
        "file_MB": path.stat().st_size / 2**20,
    }


def _cpu_seconds(process: int) -> float:
    try:
        times = psutil.Process(process).cpu_times()
    except psutil.Error:  # it ended since
        return 0.0
    return times.user + times.system


def instant(task: StructureTask, parts: str) -> Outcome:
    """A structure that costs nothing, to look at the runner alone."""
    numbers = {f"{place}_a_property_with_a_name": task.seed / 3e9 + place for place in range(27)}
    return Outcome(
        task.number,
        task.repeat,
        numbers,
        f"{task.seed:064d}",
        None,
        "",
        False,
        1e-3,
        os.getpid(),
        1,
    )


def rates(structures: int, properties: str) -> None:
    """Compare one worker with two."""
    results = {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            results[workers] = run(
                Path(folder) / "a.study", sample(structures, properties), workers
            )
        print(
            f"{workers} worker(s): "
            + ", ".join(f"{k} {v:.3g}" for k, v in results[workers].items())
        )
    two = results[2]["per_second"]
    print(f"two workers over one: {two / results[1]['per_second']:.2f}")
    cpu = [results[n]["worker_cpu_seconds_per_structure"] for n in (1, 2)]
    print(f"CPU time of a structure with two workers over one: {cpu[1] / cpu[0]:.2f}")
    print(f"against the paper's six cores: {two / PAPER_PER_SECOND:.0f} times")
    print(f"8,800 structures on two workers: {8800 / two / 60:.1f} min")


def cold(properties: str) -> None:
    """Time the first result where no kernel is compiled, and again where all are."""
    design = Design.published_training(repeats=1, properties=properties)
    # Kernels of the parent do not count: it compiles none.
    for state in ("nothing compiled", "compiled"):
        with tempfile.TemporaryDirectory() as folder, Study.create(Path(folder) / "a") as study:
            children = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.perf_counter()
            first = 0.0
            for event in run_campaign(study, study.add_campaign(design), 2):
                if isinstance(event, StructureDone):
                    first = time.perf_counter() - began
                    break
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        print(f"{state}: first result after {first:.1f} s, {cpu:.1f} s CPU in two workers")


def growth(structures: int) -> None:
    """Watch the parent over many results that cost nothing."""
    repeats = max(1, structures // 440)
    with tempfile.TemporaryDirectory() as folder:
        design = Design.published_training(repeats=repeats)
        result = run(Path(folder) / "a.study", design, 2, instant, watch=500)
    print(f"runner alone: {result['per_second']:.0f} structures/s, ", end="")
    print(f"parent grew {result['parent_growth_MB']:.1f} MB over {440 * repeats} results, ", end="")
    print(f"study {result['file_MB']:.1f} MB")


def compare(study_path: Path, table: Path, plot: Path | None) -> None:
    """Compare condition means with the published ones."""
    published = pd.read_csv(table)
    with Study.open(study_path, read_only=True) as study:
        ours = study.dataset()
    keys = ["gap_um", "am_percent", "initial_porosity_percent"]
    both = ours.merge(published, left_on=keys, right_on=["Gap", "AM", "porous"])
    print(
        f"{len(both)} conditions, {ours['repeats'].min()}-{ours['repeats'].max()} repeats, ", end=""
    )
    print(f"{int(ours['not_percolating'].sum())} structures that do not percolate")
    for mine, theirs in OUTPUTS.items():
        x, y = both[theirs], both[mine]
        r2 = 1 - ((y - x) ** 2).sum() / ((x - x.mean()) ** 2).sum()
        correlation = np.corrcoef(x, y)[0, 1] ** 2
        bias = 100 * (y / x - 1).mean()
        print(
            f"{mine}: R² {r2:.4f}, squared correlation {correlation:.4f}, mean bias {bias:+.1f} %"
        )
    if plot is not None:
        draw(both, plot)


def draw(both: pd.DataFrame, plot: Path) -> None:
    """Draw published against computed means, one panel for each output."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(17, 3.9), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (mine, theirs) in zip(figure.subplots(1, 5), OUTPUTS.items(), strict=True):
        points = axes.scatter(both[theirs], both[mine], c=both["pressure_MPa"], s=8)
        ends = [
            min(both[theirs].min(), both[mine].min()),
            max(both[theirs].max(), both[mine].max()),
        ]
        axes.plot(ends, ends, color="0.5", linewidth=1)
        axes.set(
            title=textwrap.fill(mine.replace("_", " "), 26), xlabel="published", ylabel="computed"
        )
    figure.colorbar(points, label="pressure (MPa)")
    figure.savefig(plot, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--structures", type=int, default=192, help="for the rates (default 192)")
    parser.add_argument("--cold", action="store_true", help="time the first result, uncompiled")
    parser.add_argument("--growth", type=int, metavar="N", help="watch memory over N results")
    parser.add_argument("--full", type=Path, metavar="STUDY", help="run the whole training design")
    parser.add_argument(
        "--repeats", type=int, default=10, help="of the whole design (default 10, as published)"
    )
    parser.add_argument(
        "--properties",
        choices=["outputs", "published"],
        default="published",
        help="the paper's five outputs, or (default) conduction and areas as well",
    )
    parser.add_argument("--against", type=Path, metavar="CSV", help="published table to compare")
    parser.add_argument("--plot", type=Path, metavar="PNG")
    args = parser.parse_args()
    if args.cold:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["NUMBA_CACHE_DIR"] = folder
            cold(args.properties)
        return
    if args.growth:
        growth(args.growth)
    if args.full:
        design = Design.published_training(repeats=args.repeats, properties=args.properties)
        result = run(args.full, design, 2)
        print("full design: " + ", ".join(f"{k} {v:.3g}" for k, v in result.items()))
        if args.against:
            compare(args.full, args.against, args.plot)
    if not args.growth and not args.full:
        rates(args.structures, args.properties)


if __name__ == "__main__":
    main()
