"""Time and accuracy of symbolic regression on the published problem.

    python benchmarks/sisso.py                 the published search, all five properties
    python benchmarks/sisso.py --table         the accuracy table: SISSO, DNN, GP, baselines
    python benchmarks/sisso.py --full          the search with 5-fold cross-validation of all of it
    python benchmarks/sisso.py --sis 1600      a wider subspace
    python benchmarks/sisso.py --peer          against TorchSISSO on one same problem

The data are the 440 published points with their own split (DOI 10.5281/zenodo.3901441); they are
not part of this project: give their folder with --data. Published: 9,025 s for one property,
about 24 h for all five on nine processors (DOI 10.1016/j.jpowsour.2020.229103).
"""

from __future__ import annotations

import argparse
import math
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.learning.sisso_search import SissoOptions, search
from engine.learning.training import TrainingResult, train
from engine.learning.units import units_of

TARGETS = {
    "tortuosity_electrolyte": lambda f: np.sqrt(f.tliq),
    "tortuosity_solid": lambda f: np.sqrt(f.tsol),
    "coverage_am_percent": lambda f: f["CC/AM"],
    "coverage_cbd_percent": lambda f: f["CC/CBD"],
    "active_surface_percent": lambda f: f.Active_Surface,
}
FOUR = ["pressure_MPa", "am_percent", "cbd_percent", "initial_porosity_percent"]
THREE = [name for name in FOUR if name != "cbd_percent"]
PUBLISHED_RMSE = {1: 1.309, 2: 0.612, 3: 0.488}


def read(folder: Path) -> tuple[pd.DataFrame, list[int]]:
    """Table of the published points and the rows of the published test set."""
    raw = pd.read_csv(folder / "published_structures_440.csv")
    frame = pd.DataFrame(
        {
            "pressure_MPa": 185.53059 * np.exp(-raw.Gap / 38.122) - 6.51726,
            "am_percent": raw.AM,
            "cbd_percent": raw.CBD,
            "initial_porosity_percent": raw.porous,
            **{name: make(raw) for name, make in TARGETS.items()},
        }
    )
    split = pd.read_csv(folder / "published_split_test.dat", sep=r"\s+", skiprows=1, header=None)
    return frame, [int(row) for row in split[0]]


def peak_memory() -> float:
    """Largest resident memory of this process so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def show(result: TrainingResult) -> None:
    """Errors of every size of every model."""
    print(
        f"{'property':28}{'terms':>6}{'train RMSE':>12}{'train R2':>10}{'test R2':>9}{'CV R2':>8}"
    )
    for target, model in result.models.items():
        for entry in model.front:
            m = entry["metrics"]
            held = m.get("cross_validation") or {"r2": math.nan}
            print(
                f"{target:28}{entry['terms']:6}{m['train']['rmse']:12.4f}"
                f"{m['train']['r2']:10.4f}{m['test']['r2']:9.4f}{held['r2']:8.4f}"
            )


def published(frame: pd.DataFrame, test: list[int], sis: int, full: bool, threads: int) -> None:
    """Run the published search for all five properties."""
    options = {
        "rung": 3,
        "terms": 3,
        "sis": sis,
        "complexity": 10,
        "threads": threads,
        "cross_validation": "full" if full else "refit",
    }
    # A small search first, so that compilation is timed on its own.
    begin = time.perf_counter()
    train(frame, THREE, list(TARGETS)[:2], test_rows=test, rung=2, terms=3, sis=20, threads=threads)
    print(
        f"compilation or loading of compiled code, and a small search: {time.perf_counter() - begin:.1f} s"
    )
    begin, cpu = time.perf_counter(), time.process_time()
    result = train(frame, FOUR, list(TARGETS), test_rows=test, **options)
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    subsets = math.comb(3 * sis, 3) * len(TARGETS) * (6 if full else 1)
    print(
        f"five properties, rung 3, {result.features_screened:,} candidates of distinct form, "
        f"subspace {sis}, {threads} threads{', 5-fold cross-validation of the whole search' * full}: "
        f"{wall:.1f} s ({cpu:.1f} s of processor time), {peak_memory():.2f} GB"
    )
    print(f"published: 9025 s for one property; ratio for five: {5 * 9025 / wall:.0f}")
    print(f"models of three terms compared: {subsets:.2e}\n")
    show(result)
    errors = {e["terms"]: e["train"]["rmse"] for e in result["active_surface_percent"].front}
    print("\nactive surface, train RMSE against the published one:")
    for terms, error in errors.items():
        print(f"  {terms} terms: {error:.4f} against {PUBLISHED_RMSE[terms]}")


def parts(frame: pd.DataFrame, test: list[int], threads: int) -> None:
    """Rates of the screening kernel and of the comparison of models, one property."""
    training = frame.drop(index=test)
    table = training[FOUR].to_numpy()
    box = {n: (float(training[n].min()), float(training[n].max())) for n in FOUR}
    for terms in (1, 3):
        options = SissoOptions(rung=3, terms=terms, sis=800)
        begin = time.perf_counter()
        found = search(
            table,
            training[list(TARGETS)].to_numpy(),
            FOUR,
            units_of(FOUR),
            options,
            box=box,
            threads=threads,
        )
        took = time.perf_counter() - begin
        print(
            f"{terms} rounds of screening against five residuals: {took:.1f} s, "
            f"{found.scored / took / 1e6:.1f} million candidates/s (comparison of models included)"
        )


def accuracy_table(frame: pd.DataFrame, test: list[int], threads: int) -> None:
    """R² on the published training and test rows for every method."""
    runs = {
        "SISSO": train(
            frame, FOUR, list(TARGETS), test_rows=test, threads=threads, cross_validation="refit"
        ),
        "DNN": train(frame, THREE, list(TARGETS), "dnn", test_rows=test),
        "GP": train(frame, THREE, list(TARGETS), "gp", test_rows=test),
    }
    names = [*runs, "quadratic", "linear"]
    print(f"{'R2 train / test':28}" + "".join(f"{name:>16}" for name in names))
    for target in TARGETS:
        cells = []
        for name in names:
            metrics = (
                runs[name][target].metrics if name in runs else runs["GP"][target].baselines[name]
            )
            cells.append(f"{metrics['train']['r2']:.4f} / {metrics['test']['r2']:.4f}")
        print(f"{target:28}" + "".join(f"{cell:>16}" for cell in cells))
    print("\nquadratic: ordinary least squares in ln P, AM, initial porosity and their products")
    for run in runs.values():
        for model in run.models.values():
            for sentence in model.statements:
                if "plain" in sentence:
                    print(f"{model.method}: {sentence}")


PEER = {"rung": 2, "terms": 3, "sis": 50}
OPERATORS = ("+", "-", "*", "/", "exp", "log", "^-1", "^2", "^3", "sqrt", "cbrt")
THEIR_NAMES = {
    **{"log": "ln", "^-1": "pow(-1)", "^2": "pow(2)", "^3": "pow(3)"},
    **{"sqrt": "pow(1/2)", "cbrt": "pow(1/3)"},
}


def peer_one(frame: pd.DataFrame, test: list[int], which: str, threads: int) -> None:
    """Run one of the two programs and print seconds, memory above the imports, and RMSE."""
    training = frame.drop(index=test).reset_index(drop=True)
    target = "active_surface_percent"
    if which == "ours":
        # The peer has neither bounds on values nor units nor a search for poles.
        options = {**PEER, "operators": OPERATORS, "threads": threads, "folds": 0}
        options |= {"bounds": (1e-30, 1e30), "safe": False}
        options["units"] = dict.fromkeys(THREE, "")
        train(training, THREE, [target], **{**options, "sis": 5})  # compiles or loads
        before, begin = peak_memory(), time.perf_counter()
        result = train(training, THREE, [target], **options)
        rmse = result[target].metrics["train"]["rmse"]
    else:
        from TorchSisso import SissoModel

        data = training[[target, *THREE]].copy()
        names = [THEIR_NAMES.get(op, op) for op in OPERATORS]
        SissoModel(data.copy(), operators=names, n_expansion=2, n_term=2, k=5).fit()
        before, begin = peak_memory(), time.perf_counter()
        # Its first level are the columns themselves, so that level 3 is rung 2.
        model = SissoModel(
            data,
            operators=names,
            n_expansion=PEER["rung"] + 1,
            n_term=PEER["terms"],
            k=PEER["sis"],
        )
        rmse = float(model.fit()[0])
    took = time.perf_counter() - begin
    print(f"RESULT {took:.3f} {peak_memory() - before:.4f} {peak_memory():.3f} {rmse:.5f}")


def peer(folder: Path, threads: int) -> None:
    """Compare time and memory with TorchSISSO, each in a process of its own."""
    found = {}
    for which in ("ours", "torch"):
        command = [sys.executable, __file__, "--data", str(folder), "--peer-one", which]
        command += ["--threads", str(threads)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        line = [text for text in run.stdout.splitlines() if text.startswith("RESULT")]
        if not line:
            tail = (run.stderr.strip().splitlines() or ["no answer"])[-1]
            print(f"{which} did not run ({tail}); TorchSISSO is 'pip install TorchSisso'")
            return
        found[which] = [float(part) for part in line[0].split()[1:]]
    print(f"active surface, 352 rows, 3 inputs, {PEER}, {len(OPERATORS)} operators, no units")
    print(f"{'':14}{'seconds':>9}{'GB above imports':>18}{'GB in all':>11}{'train RMSE':>12}")
    for which, name in (("ours", "this program"), ("torch", "TorchSISSO")):
        took, above, whole, rmse = found[which]
        print(f"{name:14}{took:9.2f}{above:18.3f}{whole:11.2f}{rmse:12.4f}")
    print(f"ratio of times {found['torch'][0] / found['ours'][0]:.1f}")


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--sis", type=int, default=800)
    parser.add_argument("--threads", type=int, default=2)
    for name in ("full", "table", "peer", "parts"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--peer-one", choices=["ours", "torch"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not (args.data / "published_structures_440.csv").is_file():
        sys.exit(f"The published data are not in {args.data}: give their folder with --data.")
    frame, test = read(args.data)
    if args.table:
        accuracy_table(frame, test, args.threads)
    elif args.peer:
        peer(args.data, args.threads)
    elif args.peer_one:
        peer_one(frame, test, args.peer_one, args.threads)
    elif args.parts:
        parts(frame, test, args.threads)
    else:
        published(frame, test, args.sis, args.full, args.threads)


if __name__ == "__main__":
    main()
