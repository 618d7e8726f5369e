"""How fast structures are generated, and how near the published protocol is to what was published.

    python benchmarks/structure.py speed          the goals of both protocols, one core
    python benchmarks/structure.py growth         time against box volume
    python benchmarks/structure.py porespy        packing against PoreSpy (skipped where absent)
    python benchmarks/structure.py path           one electrode pressed in eleven steps
    python benchmarks/structure.py spheroids      flakes and needles
    python benchmarks/structure.py differences    what of each property depends on the protocol
    python benchmarks/structure.py published [folder of published_structures_440.csv] [conditions]
                                              [padded|plain]

The published values (DOI 10.5281/zenodo.3901441) are not part of this project; without a folder
the reference data beside the checkout is looked for.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from engine.structure.condition import Condition, Recipe
from engine.structure.generate import generate
from engine.structure.stack import VoxelStack


def published_condition(am: float, initial_porosity: float, gap: float) -> Condition:
    """Condition of the published campaign (DOI 10.1016/j.jpowsour.2020.229103)."""
    porosity = (
        0.843501332857 * am
        - 0.723464511643 * initial_porosity
        - 0.1324143727
        - 0.003060811370 * gap
        + 5.836202e-6 * gap**2
        + 0.007198782820 * initial_porosity * gap
    )
    thickness = 100 * (1 - (initial_porosity - porosity))
    return Condition(Recipe.published(am), porosity, thickness, "resolved", "published")


def physical_condition(am: float, cbd: float, voxel: float = 0.5, **more) -> Condition:
    """Condition of given voxel shares, box 50 x 50 x 80 µm."""
    recipe = Recipe(am * 4.65 / (am * 4.65 + cbd * 1.8 * 0.53))
    box = more.pop("box", (50.0, 50.0))
    thickness = more.pop("thickness", 80.0)
    return Condition(
        recipe, 1 - am - cbd, thickness, "resolved", box=box, voxel_size=voxel, options=more
    )


def best_of(work, repeats: int = 7) -> float:
    """Least processor time of several runs, s, after one that compiles."""
    work(0)
    times = []
    for seed in range(repeats):
        began = time.process_time()
        work(seed)
        times.append(time.process_time() - began)
    return min(times)


def speed() -> None:
    """Goals: published under 0.03 s; physical at 0.5 µm under 1 s; packing of 0.65 under 1 s."""
    print("published protocol, 50 x 50 x z µm at 1 µm (goal 0.03 s, 0.2-0.3 s by brute force)")
    for am, porosity, gap in ((0.93, 0.48, 1), (0.96, 0.40, 91), (0.93, 0.44, 91), (0.96, 0.5, 1)):
        condition = published_condition(am, porosity, gap)
        seconds = best_of(lambda seed, c=condition: generate(c, seed))
        print(f"  AM {am:.2f} eps_init {porosity:.2f} gap {gap:2d}  {seconds:.4f} s")
    print("physical protocol, AM 0.60 and CBD 0.08, 50 x 50 x 80 µm at 0.5 µm (goal 1 s)")
    for rule in ("film_finger", "bridges", "clusters", "published"):
        condition = physical_condition(0.60, 0.08, cbd_rule=rule)
        seconds = best_of(lambda seed, c=condition: generate(c, seed), 3)
        print(f"  {rule:12s} {seconds:.3f} s")
    print("physical protocol at 1 µm without CBD: packing (goal 0.65 in 1 s, overlap under 5 %)")
    for am in (0.50, 0.58, 0.62, 0.65, 0.67, 0.69):
        condition = physical_condition(am, 1e-6, 1.0)
        seconds = best_of(lambda seed, c=condition: generate(c, seed), 3)
        report = generate(condition, 0).report
        print(
            f"  AM {am:.2f}  {seconds:.3f} s, largest overlap "
            f"{100 * report['max_relative_overlap']:.2f} %, mean "
            f"{100 * report['mean_relative_overlap']:.3f} %, coordination "
            f"{report['coordination']:.1f}"
        )


def growth() -> None:
    """Time against box volume, AM 0.60 and CBD 0.08 at 1 µm; it should be linear."""
    generate(physical_condition(0.6, 0.08, 1.0), 0)
    for edge in (50.0, 100.0, 200.0, 400.0):
        condition = physical_condition(0.6, 0.08, 1.0, box=(edge, edge), thickness=100.0)
        began = time.process_time()
        structure = generate(condition, 0)
        seconds = time.process_time() - began
        print(
            f"  {edge:3.0f} x {edge:3.0f} x 100 µm: {structure.report['particles']:6d} particles, "
            f"{seconds:6.2f} s, {1e6 * seconds / (edge * edge * 100):.2f} s per million µm³"
        )


def porespy() -> None:
    """The same solid fraction and equal spheres by PoreSpy's packing, where it is installed."""
    try:
        import porespy
    except ImportError:
        print("PoreSpy is not installed here: skipped.")
        return
    from engine.structure.packing import place_at_random, relax
    from engine.structure.random_stream import new_stream

    radius, shape = 5, (100, 100, 100)
    porespy.generators.pseudo_gravity_packing((40, 40, 40), r=radius, clearance=0)  # compiles
    began = time.process_time()
    image = porespy.generators.pseudo_gravity_packing(shape, r=radius, clearance=0)
    theirs = time.process_time() - began
    share = float(image.mean())
    radii = np.full(round(share * 1e6 / (4 / 3 * np.pi * radius**3)), float(radius))
    box = np.array(shape, dtype=float)
    relax(place_at_random(new_stream(0), radii, box, (0, 0)), radii, box, (0.0, 0.0), 0.001)
    began = time.process_time()
    packing = relax(
        place_at_random(new_stream(0), radii, box, (0, 0)), radii, box, (0.0, 0.0), 0.001
    )
    ours = time.process_time() - began
    print(f"  solid fraction {share:.3f}: PoreSpy {theirs:.2f} s, here {ours:.3f} s "
          f"({theirs / ours:.0f} times), largest overlap "
          f"{100 * packing.largest_overlap:.2f} %")  # fmt: skip


def path() -> None:
    """One electrode pressed from 47 to 28 % porosity; goal 0.3 s, overlap under 2 %."""
    from engine.structure.calendering_path import path_conditions, press
    from engine.structure.condition import Coating

    conditions = path_conditions(Recipe(0.94), Coating(0.47, 100.0), np.linspace(0.46, 0.28, 10))
    press(conditions, 0)
    began = time.process_time()
    steps = press(conditions, 0)
    print(f"  {len(steps)} steps in {time.process_time() - began:.2f} s")
    for step in steps:
        report = step.report
        print(f"  porosity {step.condition.porosity:.3f}, largest overlap "
              f"{100 * report['max_relative_overlap']:.2f} %, coordination "
              f"{report['coordination']:.2f}, CBD carried "
              f"{100 * report.get('cbd_carried_share', 1):.0f} %")  # fmt: skip


def spheroids() -> None:
    """Packing of flakes and needles, 50 x 50 x 80 µm, measured sizes, no CBD."""
    for aspect in (0.25, 0.5, 2.0):
        for am in (0.5, 0.6, 0.65):
            condition = physical_condition(am, 1e-6, 1.0, aspect_ratio=aspect)
            seconds = best_of(lambda seed, c=condition: generate(c, seed), 1)
            report = generate(condition, 0).report
            print(f"  aspect ratio {aspect:4.2f} AM {am:.2f}: {seconds:6.2f} s, largest overlap "
                  f"{100 * report['max_relative_overlap']:.2f} %")  # fmt: skip


def cut_exactly(condition: Condition, seed: int) -> VoxelStack:
    """The published placing and CBD, but spheres cut exactly: as many as the AM target needs."""
    from engine.structure import published as rules
    from engine.structure.active_material import voxel_targets
    from engine.structure.voxelise import exact_particles, surface_distances

    box = (condition.thickness, *condition.box)
    am, cbd = condition.volume_fractions[1:]
    _, spheres, _ = rules.place_spheres(box, condition.voxel_size, am, seed)
    target, _ = voxel_targets(condition)
    low, high = 1, len(spheres)
    while low < high:  # spheres are listed as they were placed
        count = (low + high) // 2
        distance, _ = surface_distances(
            spheres.centres[:count], spheres.radii[:count], condition.shape, condition.voxel_size, 3
        )
        low, high = (low, count) if np.count_nonzero(distance <= 0) >= target else (count + 1, high)
    distance, _ = surface_distances(
        spheres.centres[:low], spheres.radii[:low], condition.shape, condition.voxel_size, 3
    )
    labels, _ = exact_particles(distance, target)
    rules.add_cbd(labels, cbd, seed)
    return VoxelStack(labels, (condition.voxel_size,) * 3)


def differences(seeds: str = "10") -> None:
    """One rule after the other from the published protocol to the physical one.

    Equal composition, resolved porosity and thickness, 1 µm voxels; means over seeds.
    """
    from engine.properties.characterize import characterize
    from engine.structure.published import FREQUENCIES, RADII

    same_sizes = {
        "size_distribution": "histogram",
        "diameters": [*(2 * RADII - 0.25).tolist(), 8.25],
        "counts": FREQUENCIES.tolist(),
    }
    asked = published_condition(0.94, 0.46, 31)
    columns = {
        "tau_f liq": "tortuosity_factor_electrolyte",
        "tau_f sol": "tortuosity_factor_solid",
        "%CC-AM": "current_collector_coverage_am_percent",
        "%CC-CBD": "current_collector_coverage_cbd_percent",
        "surface": "active_surface_published_percent",
    }

    def packed(**options):
        condition = dataclasses.replace(asked, protocol="physical", options=options)
        return lambda seed: generate(condition, seed).stack

    print(" " * 33 + "".join(f"{name:>10s}" for name in columns))
    for name, make in {
        "published": lambda seed: generate(asked, seed).stack,
        "+ spheres cut exactly": lambda seed: cut_exactly(asked, seed),
        "+ packed without overlap": packed(**same_sizes, cbd_rule="published"),
        "+ particles above 8 µm": packed(cbd_rule="published"),
        "+ CBD film to finger": packed(),
        "  or CBD bridges": packed(cbd_rule="bridges"),
    }.items():
        found = [characterize(make(seed)).flat() for seed in range(int(seeds))]
        means = [np.mean([f[column] for f in found]) for column in columns.values()]
        print(f"  {name:31s}" + "".join(f"{mean:10.3f}" for mean in means), flush=True)


def published(folder: str | None = None, conditions: str = "40", drawing: str = "padded") -> None:
    """Means over ten seeds at conditions spread over the 440 published ones."""
    import pandas as pd

    from engine.properties.characterize import characterize

    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(folder or beside) / "published_structures_440.csv"
    if not path.is_file():
        print(f"{path} is not here: skipped.")
        return
    rows = pd.read_csv(path)
    rows = rows.iloc[np.linspace(0, len(rows) - 1, int(conditions)).astype(int)]
    columns = {
        "tliq": "tortuosity_factor_electrolyte", "tsol": "tortuosity_factor_solid",
        "CC/AM": "current_collector_coverage_am_percent",
        "CC/CBD": "current_collector_coverage_cbd_percent",
        "Active_Surface": "active_surface_published_percent",
    }  # fmt: skip
    ours = []
    for _, row in rows.iterrows():
        condition = published_condition(row.AM / 100, row.porous / 100, row.Gap)
        condition = dataclasses.replace(condition, options={"sphere_drawing": drawing})
        found = [characterize(generate(condition, seed).stack).flat() for seed in range(10)]
        ours.append({name: np.mean([f[key] for f in found]) for name, key in columns.items()})
        print(f"  {row.Gap:3.0f} {row.AM:3.0f} {row.porous:3.0f}  "
              + "  ".join(f"{name} {ours[-1][name]:.3f} ({row[name]:.3f})" for name in columns),
              flush=True)  # fmt: skip
    ours = pd.DataFrame(ours, index=rows.index)
    print("column           mean diff   median |rel|   largest |diff|  largest |rel|  Pearson")
    for name in columns:
        difference = ours[name] - rows[name]
        relative = (difference / rows[name]).abs()
        print(f"{name:15s} {difference.mean():9.3f} {100 * relative.median():11.2f} % "
              f"{difference.abs().max():13.3f} {100 * relative.max():11.2f} % "
              f"{np.corrcoef(ours[name], rows[name])[0, 1]:10.4f}")  # fmt: skip


if __name__ == "__main__":
    task, *rest = sys.argv[1:] or ["speed"]
    tasks = {work.__name__: work for work in
             (speed, growth, porespy, path, spheroids, differences, published)}  # fmt: skip
    tasks[task](*rest)
