"""Files that the structure page writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure.stack import VoxelStack
from engine.structure.stages import Stage
from hybridgui.structure.phases import PHASE_SHORT, PHASES
from hybridgui.structure.work import Electrode

STACK_FILTERS = "TIFF stack (*.tif);;NumPy array (*.npy);;VTK image (*.vti);;Raw voxels (*.raw)"
SURFACE_FILTERS = "STL surfaces, one file a phase (*.stl);;PLY surfaces, one file a phase (*.ply)"
PICTURE_FILTERS = "PNG picture (*.png);;JPEG picture (*.jpg);;TIFF picture (*.tif)"


def write_electrode(path: Path, electrode: Electrode, compressed: bool = False) -> None:
    """Write the voxels; recipe, seed and hash are kept in the file where the format allows."""
    from engine.structure.stack_io import write_stack

    keep = ("source", "condition", "seed", "voxels_sha256", "file")
    origin = {name: electrode.record[name] for name in keep if name in electrode.record}
    write_stack(path, electrode.stack, description=json.dumps(origin), compressed=compressed)


def write_surfaces(
    path: Path,
    stack: VoxelStack,
    phases: tuple[int, ...] = PHASES,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the closed smooth surface of each phase as ``name_AM.stl`` and so on, in µm.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    from vtkmodules.vtkIOGeometry import vtkSTLWriter
    from vtkmodules.vtkIOPLY import vtkPLYWriter

    from hybridgui.structure.smooth_surfaces import ITERATIONS, phase_surface, smooth_surfaces
    from hybridgui.structure.vtk_arrays import poly_data

    path = Path(path)
    written = []
    progress = progress or silent()
    whole = Stage(progress, 0.0, 0.6)
    meshes = smooth_surfaces(stack.labels, stack.spacing, ITERATIONS, whole)
    for place, phase in enumerate(phases):
        progress.report(0.6 + 0.4 * place / len(phases), f"Writing the {PHASE_SHORT[phase]}")
        if not any(phase in pair for pair in meshes):
            continue
        writer = vtkPLYWriter() if path.suffix.lower() == ".ply" else vtkSTLWriter()
        target = path.with_name(f"{path.stem}_{PHASE_SHORT[phase]}{path.suffix}")
        writer.SetFileName(str(target))
        writer.SetFileTypeToBinary()
        writer.SetInputData(poly_data(phase_surface(meshes, phase)))
        if not writer.Write() or not target.exists():
            raise InputError(f"Cannot write {target}: choose a folder that you may write to.")
        written.append(target)
    return written


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """Write a picture; the suffix chooses the format.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    from PIL import Image

    picture = Image.fromarray(pixels)
    if Path(path).suffix.lower() in (".jpg", ".jpeg") and picture.mode == "RGBA":
        picture = picture.convert("RGB")
    try:
        picture.save(path)
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot write {path}: {error}.") from None
