"""`self-test`: does this installation work, from imports to a pool of two."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__
from engine.cli.console import Console

HEAVY = (
    "scipy",
    "numba",
    "sklearn",
    "pandas",
    "openpyxl",
    "tifffile",
    "matplotlib",
    "sympy",
    "vtk",
)


def add_parser(verbs: Any) -> argparse.ArgumentParser:
    """Declare the arguments."""
    return verbs.add_parser(
        "self-test",
        help="check imports, kernels, pool, picture, TIFF and study of this installation",
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Run every check; one that fails does not stop the others."""
    checks: dict[str, Callable[[Path], str]] = {
        "imports": check_imports,
        "kernels": check_kernels,
        "pool": check_pool,
        "picture": check_picture,
        "tiff": check_tiff,
        "study": check_study,
    }
    progress = console.progress()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="hybridgui-") as folder:
        for index, (name, check) in enumerate(checks.items()):
            progress.report(index / len(checks), name)
            began = time.perf_counter()
            try:
                detail, passed = check(Path(folder)), True
            except Exception as error:  # each check reports its own failure
                detail, passed = f"{type(error).__name__}: {error}", False
                console.say(f"{name} failed: {detail}")
            results[name] = {
                "passed": passed,
                "detail": detail,
                "seconds": time.perf_counter() - began,
            }
    passed = all(result["passed"] for result in results.values())
    console.status = 0 if passed else 1
    return {"version": __version__, "passed": passed, "checks": results}


def check_imports(folder: Path) -> str:
    """Import the heavy packages that the verbs and the window use."""
    from importlib import import_module

    names = [*HEAVY[:-1], "vtkmodules.vtkRenderingOpenGL2"]
    for name in names:
        import_module(name)
    return f"{len(names)} packages"


def _condition() -> Any:
    from engine.structure.condition import Condition, Recipe

    return Condition(
        Recipe.published(0.94),
        porosity=0.33,
        thickness=20.0,
        porosity_kind="resolved",
        protocol="published",
        box=(20.0, 20.0),
    )


def structure_hash(seed: int) -> str:
    """Generate the self-test's structure and return its hash (also run by the pool)."""
    from engine.structure.generate import generate

    return generate(_condition(), seed).stack.sha256


def check_kernels(folder: Path) -> str:
    """Generate and characterise one small structure; a uniform block must give exactly 1."""
    from engine.properties.characterize import characterize
    from engine.structure.generate import generate
    from engine.structure.stack import VoxelStack

    block = characterize(VoxelStack(np.zeros((8, 6, 6), np.uint8))).flat()
    tau = block["tortuosity_factor_electrolyte"]
    if abs(tau - 1) > 1e-6:
        raise ArithmeticError(f"a uniform block has tortuosity factor {tau}, not 1")
    flat = characterize(generate(_condition(), 0).stack).flat()
    return f"tortuosity factor of the solid {flat['tortuosity_factor_solid']:.3f}"


def check_pool(folder: Path) -> str:
    """Generate in two processes and here; the voxels must be the same."""
    from engine.campaign.pool import map_in_pool

    here = [structure_hash(seed) for seed in (0, 1)]
    there = map_in_pool(structure_hash, [0, 1], workers=2)
    if here != there:
        raise ArithmeticError("a structure differs between processes")
    return "two workers, same voxels"


def check_picture(folder: Path) -> str:
    """Render a cube off-screen and look at its middle pixel."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  registers the OpenGL classes
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersSources import vtkCubeSource
    from vtkmodules.vtkRenderingCore import (
        vtkActor,
        vtkPolyDataMapper,
        vtkRenderer,
        vtkRenderWindow,
        vtkWindowToImageFilter,
    )

    cube, mapper, actor = vtkCubeSource(), vtkPolyDataMapper(), vtkActor()
    mapper.SetInputConnection(cube.GetOutputPort())
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(1.0, 0.0, 0.0)
    actor.GetProperty().LightingOff()
    renderer, window = vtkRenderer(), vtkRenderWindow()
    renderer.AddActor(actor)
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(64, 64)
    window.AddRenderer(renderer)
    window.Render()
    picture = vtkWindowToImageFilter()
    picture.SetInput(window)
    picture.Update()
    pixels = vtk_to_numpy(picture.GetOutput().GetPointData().GetScalars()).reshape(64, 64, -1)
    window.Finalize()
    if tuple(int(v) for v in pixels[32, 32, :3]) != (255, 0, 0):
        raise ArithmeticError(f"the middle pixel is {pixels[32, 32].tolist()}, not red")
    return "off-screen 3D"


def check_tiff(folder: Path) -> str:
    """Write a stack as TIFF and read it back."""
    from engine.structure.stack import VoxelStack
    from engine.structure.stack_io import read_stack, write_stack

    labels = np.random.default_rng(0).integers(0, 3, (5, 6, 7)).astype(np.uint8)
    write_stack(folder / "s.tif", VoxelStack(labels, (0.5, 0.5, 0.5)))
    again, _ = read_stack(folder / "s.tif")
    if again.spacing != (0.5, 0.5, 0.5) or not np.array_equal(again.labels, labels):
        raise ArithmeticError("a TIFF did not come back as it was written")
    return "labels and voxel size"


def check_study(folder: Path) -> str:
    """Write a study, close it, and read it back."""
    from engine.study import Study

    with Study.create(folder / "s.study") as study:
        study.set_setting("self_test", {"value": 0.1})
    with Study.open(folder / "s.study", read_only=True) as study:
        if study.get_setting("self_test") != {"value": 0.1}:
            raise ArithmeticError("a study did not come back as it was written")
    return "written and read"
