"""The house's own rules: what may import what, and how the program starts and refuses to start."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_that_the_engine_imports_where_qt_and_vtk_are_absent():
    code = """
import importlib, pkgutil, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {'PySide6', 'shiboken6', 'pyqtgraph', 'vtk', 'vtkmodules', 'hybridgui'}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import engine
names = [m.name for m in pkgutil.walk_packages(engine.__path__, 'engine.')]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
    done = run("-c", code)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 30


def test_that_torch_is_not_imported_until_it_is_chosen():
    done = run("-c", "import sys, engine.properties.characterize; sys.exit('torch' in sys.modules)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ENGINE, ids=lambda p: str(p.relative_to(ROOT)))
def test_that_the_engine_prints_only_in_its_verbs(path):
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"print", "eval", "exec", "input"}
    ]
    assert not calls, f"{path.name} calls print, eval, exec or input in lines {calls}"


def test_that_main_stays_short():
    assert len((ROOT / "main.py").read_text("utf-8").splitlines()) <= 80


def test_that_a_lost_pool_process_never_starts_the_program():
    assert run("main.py", HYBRIDGUI_POOL_CHILD="1").returncode == 3
    assert run("main.py", "-m", "some.module").returncode == 3
    assert run("main.py", "-B", "-S", "-I", "-c", "import os").returncode == 3
    assert run("main.py", "--multiprocessing-fork", "12").returncode == 3


def test_that_exactly_one_sample_workbook_is_shipped():
    assert len(list((ROOT / "resources").glob("*.xlsx"))) == 1


def test_that_a_frozen_program_serves_exactly_the_pools_own_command_lines(monkeypatch):
    sys.path.insert(0, str(ROOT))
    import main

    served = []
    monkeypatch.setattr("runpy.run_module", lambda name, **kw: served.append((name, sys.argv)))
    monkeypatch.setattr(
        "joblib.externals.loky.backend.resource_tracker.main", lambda fd: served.append(fd)
    )
    monkeypatch.setattr(sys, "argv", ["program"])
    loky = "joblib.externals.loky.backend"
    with pytest.raises(SystemExit):
        main.serve_frozen_child(["-m", f"{loky}.popen_loky_posix", "--pipe", "7"])
    with pytest.raises(SystemExit):
        main.serve_frozen_child(
            ["-B", "-S", "-I", "-c", f"from {loky}.resource_tracker import main; main(11, 0)"]
        )
    main.serve_frozen_child(["-c", "import shutil; shutil.rmtree('x')"])
    main.serve_frozen_child(["-m", "http.server"])
    assert served == [
        (f"{loky}.popen_loky_posix", [f"{loky}.popen_loky_posix", "--pipe", "7"]),
        11,
    ]


def test_that_the_window_says_in_one_line_that_there_is_no_screen():
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux runs without a screen")
    done = run("main.py", DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "screen" in done.stderr


@pytest.mark.parametrize("file", ["resources/nmc111_calendering.xlsx", "resources"])
def test_that_a_file_dropped_on_the_program_opens_the_window(file):
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux can be without a screen, which tells that a window was asked for")
    done = run("main.py", str(ROOT / file), DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert done.returncode == 1 and "no screen to open the window on" in done.stderr


def test_that_a_file_that_is_not_there_is_named_in_one_sentence():
    done = run("main.py", "nowhere/lab.study")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: there is no file nowhere/lab.study: check the name, or give a verb (see `--help`)"
    ]
    assert "invalid choice: 'fitt'" in run("main.py", "fitt").stderr
