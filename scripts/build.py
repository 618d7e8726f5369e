"""Make the one-folder build and try it as a stranger would.

    python scripts/build.py [--skip-build]

The build is copied to another folder and started with an empty PATH: its self-test, a campaign
on two workers, and the window for a moment, empty and with a study. A frozen program that starts itself again could
multiply without end, so every start is limited: number of processes, time, and a watcher that
ends all processes of the build when there are too many. Needs: pip install -e '.[build]'
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
MOST_PROCESSES = 24

DESIGN = """
[design]
gap_um = [1, 45]
am_percent = [94, 96]
initial_porosity_percent = [46]
initial_thickness_um = [100]
repeats = 2
seed = 1
protocol = "published"
[law]
kind = "published"
"""


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return the running processes whose executable lies in `folder`."""
    found = []
    for process in psutil.process_iter(["exe"]):
        exe = process.info["exe"]
        if exe and Path(exe).is_relative_to(folder):
            found.append(process)
    return found


def limited(home: Path):
    """Return the call that, in the child, drops root and limits the number of processes."""

    def limit() -> None:
        os.setsid()
        if os.getuid() == 0:  # the limit on processes does not bind root
            nobody = pwd.getpwnam("nobody")
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
        resource.setrlimit(resource.RLIMIT_NPROC, (200, 200))

    return limit


def start(folder: Path, home: Path, *arguments: str, timeout: float) -> tuple[int | None, str]:
    """Start the build, watched; return its status (None at the time limit) and its stdout."""
    environment = {"PATH": "", "HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    child = subprocess.Popen(
        [str(folder / "HybridGUI"), *arguments],
        cwd=home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=(home / "stderr.txt").open("wb"),
        preexec_fn=limited(home),
    )
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            if len(processes_of(folder)) > MOST_PROCESSES:
                for process in processes_of(folder):
                    process.kill()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        out, _ = child.communicate(timeout=timeout)
        return child.returncode, out.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        return None, ""
    finally:
        done.set()
        watcher.join()


def left_behind(folder: Path, seconds: float = 20) -> list[psutil.Process]:
    """Return the build's processes that are still there after `seconds`."""
    _, alive = psutil.wait_procs(processes_of(folder), timeout=seconds)
    return alive


def main() -> int:
    """Build, try, and return 0 when everything held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skip-build", action="store_true", help="try the build that is there")
    args = parser.parse_args()
    if not args.skip_build:
        command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "pyinstaller.spec"]
        subprocess.run(command, cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory(prefix="hybridgui-build-") as elsewhere:
        os.chmod(elsewhere, 0o777)
        folder, home = Path(elsewhere) / "app", Path(elsewhere) / "home"
        shutil.copytree(ROOT / "dist" / "HybridGUI", folder, symlinks=True)
        home.mkdir()
        home.chmod(0o777)
        (home / "design.toml").write_text(DESIGN, encoding="utf-8")
        results = {}
        status, out = start(folder, home, "self-test", "--json", timeout=400)
        results["self-test"] = status == 0 and json.loads(out)["passed"]
        print((home / "stderr.txt").read_text("utf-8", "replace"), out, sep="\n")
        status, out = start(
            folder, home, "campaign", "try.study", "--design", "design.toml", "--json", timeout=400
        )
        results["campaign"] = status == 0 and json.loads(out)["done"] == 8
        print((home / "stderr.txt").read_text("utf-8", "replace"), out, sep="\n")
        status, _ = start(folder, home, "-m", "unknown.module", timeout=60)
        results["guard"] = status == 3
        status, _ = start(folder, home, timeout=40)  # stays open until it is ended
        results["window stays open"] = status is None
        status, _ = start(folder, home, "try.study", timeout=40)  # as by a double click on it
        results["window with a study stays open"] = status is None
        print((home / "stderr.txt").read_text("utf-8", "replace"))
        leftovers = left_behind(folder)
        results["nothing left behind"] = not leftovers
        for process in leftovers:
            process.kill()
    for name, held in results.items():
        print(f"{name}: {'held' if held else 'FAILED'}")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
