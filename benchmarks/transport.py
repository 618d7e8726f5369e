"""How fast and how exact transport is, against TauFactor in the same run.

    python benchmarks/transport.py                          small structures, everything for one
    python benchmarks/transport.py --cathode FILE.tiff      a 256³ volume (pores are label 0)
    python benchmarks/transport.py --accuracy 500           worst error over published structures
    python benchmarks/transport.py --growth                 time and memory per voxel, 64³ to 400³
    python benchmarks/transport.py --packing                160 x 100 x 100, against PoreSpy

Times are CPU seconds of this process unless they say wall. Kernels are compiled before the clock
starts, on both sides.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.experiment.calendering import calendered_condition
from engine.experiment.laws import published_law
from engine.properties import Conductivities, characterize, solve
from engine.structure.condition import Coating, Recipe
from engine.structure.generate import generate
from engine.structure.stack import VoxelStack


def timed(call: Callable[[], Any], rounds: int = 1) -> tuple[float, float, Any]:
    """CPU and wall seconds (best of `rounds`), and the result."""
    best = (np.inf, np.inf)
    for _ in range(rounds):
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        result = call()
        best = min(best, (time.process_time() - cpu, time.perf_counter() - wall))
    return (*best, result)


def published_stack(am: float, initial_porosity: float, gap: float, seed: int) -> VoxelStack:
    """One structure of the published protocol; fractions and µm."""
    condition, _ = calendered_condition(
        published_law(),
        Recipe.published(am),
        Coating(initial_porosity, 100.0),
        gap=gap,
        protocol="published",
    )
    return generate(condition, seed).stack


def taufactor(mask: np.ndarray, threads: int, criterion: float = 1e-3) -> Any:
    """TauFactor's own call, as its users make it."""
    import torch
    from taufactor import Solver

    torch.set_num_threads(threads)
    solver = Solver(mask.astype(np.float32), device="cpu")
    solver.solve(verbose=False, conv_crit=criterion, iter_limit=100_000)
    return solver


def warm_up() -> None:
    """Compile all kernels, in both float widths, and import TauFactor."""
    stack = published_stack(0.94, 0.49, 81.0, 0)
    characterize(stack)
    solve(stack.labels == 0, tolerance=1e-6)
    solve(stack.labels == 0, threads=2)
    taufactor(stack.labels > 0, 2)


def small() -> None:
    """Electrolyte and solid of one published structure, and everything for it."""
    stack = published_stack(0.94, 0.49, 1.0, 1)
    ours = theirs = 0.0
    print(f"published structure {stack.shape}, AM 94 %, initial porosity 49 %, gap 1 µm")
    for name, mask in (("electrolyte", stack.labels == 0), ("solid", stack.labels > 0)):
        cpu, _, result = timed(lambda mask=mask: solve(mask), 7)
        exact = solve(mask, tolerance=1e-8).tortuosity_factor
        peer_cpu, peer_wall, peer = timed(lambda mask=mask: taufactor(mask, 2), 2)
        ours, theirs = ours + cpu, theirs + peer_cpu
        print(
            f"  {name:12s} {1e3 * cpu:7.1f} ms, {result.iterations} steps, "
            f"tau_f {result.tortuosity_factor:.4f} "
            f"({100 * (result.tortuosity_factor / exact - 1):+.4f} %) | "
            f"TauFactor {peer_cpu:.2f} s CPU ({peer_wall:.2f} s wall), {peer.iter} sweeps, "
            f"{peer.tau[0]:.4f} ({100 * (peer.tau[0] / exact - 1):+.4f} %)"
        )
    print(f"  core time: {theirs / ours:.0f} times less than TauFactor (goal 20)")
    cpu, _, properties = timed(lambda: characterize(stack), 7)
    print(f"  everything published, electronic conduction included: {1e3 * cpu:.0f} ms")
    print(f"  {properties.flat()}")


def cathode(path: Path) -> None:
    """The pores of a tomographic cathode along its first axis."""
    import tifffile

    pores = tifffile.imread(path) == 0
    print(f"{path.name} {pores.shape}, pores {pores.mean():.4f}")
    exact = solve(pores, tolerance=1e-6).tortuosity_factor
    ours = {}
    for threads in (1, 2):
        cpu, wall, result = timed(lambda t=threads: solve(pores, threads=t), 3)
        ours[threads] = wall
        print(
            f"  {threads} thread(s): {wall:.2f} s wall, {cpu:.2f} s CPU, {result.iterations} steps, "
            f"tau_f {result.tortuosity_factor:.5f} "
            f"({100 * (result.tortuosity_factor / exact - 1):+.4f} % of the solve at 1e-6)"
        )
    cpu, wall, peer = timed(lambda: taufactor(pores, 2))
    print(f"  TauFactor, 2 threads: {wall:.1f} s wall, {cpu:.1f} s CPU, tau_f {peer.tau[0]:.5f}")
    print(
        f"  ratio to TauFactor on two threads, wall: {wall / ours[2]:.0f} on two threads "
        f"(goal 80), {wall / ours[1]:.0f} on one (goal 50)"
    )


def accuracy(count: int) -> None:
    """Worst relative error of what `characterize` reports over published structures.

    Structures are drawn evenly over the published grid; every value is compared with its own solve
    at 1e-6.
    """
    random = np.random.default_rng(7)
    bulk = Conductivities()
    errors: dict[str, list[float]] = {"electrolyte": [], "solid": [], "am": [], "electronic": []}
    steps = dict.fromkeys(errors, 0)
    worst: tuple[float, str] = (0.0, "")
    cut = 0
    for n in range(count):
        am, porosity = random.integers(93, 97) / 100, random.integers(40, 51) / 100
        gap = float(random.choice(np.arange(1, 100, 5)))
        stack = published_stack(am, porosity, gap, n)
        labels = stack.labels
        reported = characterize(stack, conductivities=bulk)
        exact = {
            name: solve(mask, tolerance=1e-6).tortuosity_factor
            for name, mask in (
                ("electrolyte", labels == 0),
                ("solid", labels > 0),
                ("am", labels == 1),
            )
        }
        exact["electronic"] = solve(labels, bulk.electronic, tolerance=1e-6).effective_conductivity
        given = {name: result.tortuosity_factor for name, result in reported.transport.items()}
        given["electronic"] = reported.electronic_conductivity
        for name, found in errors.items():
            if given[name] == exact[name] or not np.isfinite(exact[name] * given[name]):
                if given[name] != exact[name]:
                    raise RuntimeError(f"{name}: {given[name]}, but {exact[name]} at 1e-6")
                cut += 1
                continue
            found.append(given[name] / exact[name] - 1)
            if name in reported.transport:
                steps[name] = max(steps[name], reported.transport[name].iterations)
            case = f"{name}, AM {am:.2f}, porosity {porosity:.2f}, gap {gap:.0f} µm, seed {n}"
            worst = max(worst, (abs(found[-1]), case))
    print(
        f"{count} published structures, as characterize() reports them, against their solve at "
        f"1e-6; {cut} values where nothing flows, in both"
    )
    for name, found in errors.items():
        line = (
            f"  {name:12s} median {100 * np.median(np.abs(found)):.4f} %, "
            f"largest {100 * np.max(np.abs(found)):.4f} %"
        )
        print(line + (f", at most {steps[name]} steps" if steps[name] else ""))
    print(f"  worst {100 * worst[0]:.4f} % (goal 0.5 %): {worst[1]}")


def spheres(shape: tuple[int, int, int], radius: float, share: float, seed: int) -> np.ndarray:
    """Overlapping periodic spheres up to a volume share."""
    random = np.random.default_rng(seed)
    volume = np.zeros(shape, bool)
    reach = int(radius) + 1
    z, y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1]
    ball = np.argwhere(z * z + y * y + x * x <= radius * radius) - reach
    while volume.mean() < share:
        for _ in range(max(1, int(0.02 * volume.size / len(ball)))):
            at = (ball + random.integers(0, shape)) % shape
            volume[tuple(at.T)] = True
    return volume


def growth() -> None:
    """Time and memory per voxel as the volume grows."""
    print("overlapping spheres of radius 6, solid share 0.6, both phases")
    first = None
    for edge in (64, 128, 256, 400):
        solid = spheres((edge,) * 3, 6.0, 0.6, edge)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        cpu, wall, result = timed(lambda v=solid: (solve(~v), solve(v)), 5 if edge < 200 else 2)
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        each, waited = cpu / 2 / solid.size, wall / 2 / solid.size
        first = first or (each, waited)
        print(
            f"  {edge}³: {1e9 * each:.0f} ns a voxel ({each / first[0]:.2f} times that of 64³), wall "
            f"{1e9 * waited:.0f} ns ({waited / first[1]:.2f}; two threads from 4 million voxels), "
            f"steps {[r.iterations for r in result]}, peak memory + {memory / solid.size:.1f} "
            "bytes a voxel"
        )


def packing() -> None:
    """Pores and solid of a packing, against PoreSpy where it is installed.

    PoreSpy's plates lie at the centres of the end voxels, and its D_eff counts one voxel less for
    that: what is left of the difference is how the flux enters the two end slices.
    """
    solid = spheres((160, 100, 100), 5.0, 0.6, 1)
    solve(solid[:12, :12, :12])
    print(f"overlapping spheres of radius 5, {solid.shape}")
    for name, mask in (("solid", solid), ("pore", ~solid)):
        cpu, _, result = timed(lambda mask=mask: solve(mask, flow_axis="z"), 5)
        own = result.effective_conductivity
        line = f"  {name}: {cpu:.3f} s CPU, D_eff {own:.5f}"
        try:
            from porespy.simulations import tortuosity_fd
        except ImportError:
            print(line + " | PoreSpy is not installed")
            continue
        peer_cpu, _, peer = timed(lambda mask=mask: tortuosity_fd(mask, 0))
        other = 1 / peer.formation_factor
        print(
            f"{line} | PoreSpy {peer_cpu:.1f} s CPU, {other:.5f} ({100 * (other / own - 1):+.2f} %), "
            f"{peer_cpu / cpu:.0f} times longer (goal 30)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cathode", type=Path)
    parser.add_argument("--accuracy", type=int, metavar="STRUCTURES")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--packing", action="store_true")
    options = parser.parse_args()
    if options.packing:
        packing()
        return
    warm_up()
    if options.cathode:
        cathode(options.cathode)
    if options.accuracy:
        accuracy(options.accuracy)
    if options.growth:
        growth()
    if not (options.cathode or options.accuracy or options.growth):
        small()


if __name__ == "__main__":
    main()
