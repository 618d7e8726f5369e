"""Stacks as .npy, .vti, .raw and folders of slices.

Each reader returns the values as stored, shape (nz, ny, nx), the spacing along (z, y, x) in µm
where the file declares one (else None), and notes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

from engine.errors import InputError
from engine.structure.stack import VoxelStack
from engine.structure.tiff_file import Spacing, read_tiff, single_image

Read = tuple[np.ndarray, "Spacing | None", list[str]]


def read_npy(path: Path, shape: Sequence[int] | None = None) -> Read:
    """Read a numpy array; a description beside it (``name.npy.json``) gives the voxel size."""
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(f"{path.name} is not a readable .npy array ({error}).") from None
    if values.ndim == 2 and shape is not None and shape[0] == 1:
        values = values[None]
    if values.ndim == 2 and values.size:
        raise InputError(single_image(path.name, values.shape))
    if values.ndim != 3 or values.size == 0:
        raise InputError(
            f"{path.name} has the shape {values.shape}: a stack has three axes (z, y, x)."
        )
    spacing = _spacing_of(_description_beside(path))
    return np.ascontiguousarray(values), spacing, []


def write_npy(path: Path, stack: VoxelStack) -> None:
    """Write labels as .npy, with a description beside it that holds the voxel size."""
    np.save(path, stack.labels)
    _describe_beside(path, stack, None)


def read_raw(path: Path, shape: Sequence[int] | None, dtype: str | None) -> Read:
    """Read bare voxels, z slowest, of a declared shape and type."""
    described = _description_beside(path)
    shape = shape or described.get("shape")
    if shape is None:
        raise InputError(
            f"{path.name} holds bare voxels: give its shape as three numbers of voxels (z, y, x)."
        )
    try:
        kind = np.dtype(dtype or described.get("dtype", "uint8"))
    except TypeError:
        raise InputError(f"'{dtype}' is not a voxel type: use uint8, uint16 or int32.") from None
    shape = tuple(int(n) for n in shape)
    needed = int(np.prod(shape)) * kind.itemsize
    if len(shape) != 3 or min(shape) < 1 or needed != path.stat().st_size:
        raise InputError(
            f"{path.name} has {path.stat().st_size} bytes, but {' x '.join(map(str, shape))} "
            f"voxels of {kind} need {needed}: check shape and type."
        )
    return np.fromfile(path, kind).reshape(shape), _spacing_of(described), []


def write_raw(path: Path, stack: VoxelStack, description: str | None = None) -> None:
    """Write bare uint8 labels, z slowest, and a description beside it."""
    stack.labels.tofile(path)
    _describe_beside(path, stack, description)


def _describe_beside(path: Path, stack: VoxelStack, description: str | None) -> None:
    data = {
        "shape": list(stack.shape),
        "axes": "zyx",
        "dtype": "uint8",
        "voxel_size_um": list(stack.spacing),
        "labels": {"electrolyte": 0, "am": 1, "cbd": 2},
    }
    if description:
        data["description"] = description
    path.with_name(path.name + ".json").write_text(json.dumps(data, indent=1), encoding="utf-8")


def _description_beside(path: Path) -> dict:
    beside = path.with_name(path.name + ".json")
    if not beside.is_file():
        return {}
    try:
        data = json.loads(beside.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        raise InputError(f"{beside.name} is not readable: mend or delete it.") from None
    return data if isinstance(data, dict) else {}


def _spacing_of(described: dict) -> Spacing | None:
    try:
        z, y, x = (float(edge) for edge in described["voxel_size_um"])
    except (KeyError, TypeError, ValueError):
        return None
    return (z, y, x) if min(z, y, x) > 0 else None


def read_folder(path: Path) -> Read:
    """Read a folder of 2D TIFF slices, sorted by the numbers in their names."""
    files = [file for file in path.iterdir() if file.suffix.lower() in (".tif", ".tiff")]
    if not files:
        raise InputError(f"The folder {path.name} holds no .tif slices: choose another one.")

    def in_order(file: Path) -> list:
        parts = re.split(r"(\d+)", file.name)
        return [int(part) if part.isdigit() else part for part in parts]

    files.sort(key=in_order)
    if len(files) == 1 and not (path / "stack.json").is_file():
        return read_tiff(files[0])
    slices: list[np.ndarray] = []
    for file in files:
        try:
            with tifffile.TiffFile(file) as tiff:
                page = tiff.asarray()
        except Exception as error:  # whatever a damaged slice makes the reader raise
            raise InputError(f"The slice {file.name} cannot be read ({error}).") from None
        if page.ndim != 2 or (slices and page.shape != slices[0].shape):
            raise InputError(
                f"The slice {file.name} has the shape {page.shape}: all slices must be 2D images "
                "of one size."
            )
        slices.append(page)
    spacing = _spacing_of(_description_beside(path / "stack"))
    note = f"{len(files)} slices were read in the order of their names."
    return np.stack(slices), spacing, [note]


def write_folder(
    path: Path, stack: VoxelStack, description: str | None = None, compressed: bool = False
) -> None:
    """Write one TIFF per slice, numbered from the collector, and ``stack.json``."""
    path.mkdir(exist_ok=True)
    if any(file.suffix.lower() in (".tif", ".tiff") for file in path.iterdir()):
        raise InputError(f"The folder {path.name} already holds slices: choose an empty one.")
    digits = len(str(len(stack.labels) - 1))
    for number, page in enumerate(stack.labels):
        tifffile.imwrite(
            path / f"slice_{number:0{digits}d}.tif",
            page,
            imagej=True,
            resolution=(1 / stack.spacing[2], 1 / stack.spacing[1]),
            metadata={"unit": "um", "spacing": stack.spacing[0]},
            compression="zlib" if compressed else None,
        )
    _describe_beside(path / "stack", stack, description)


def write_vti(path: Path, stack: VoxelStack, description: str | None = None) -> None:
    """Write a VTK image: labels on cells, so that ParaView shows true voxels; µm."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkIOXML import vtkXMLImageDataWriter

    nz, ny, nx = stack.shape
    image = vtkImageData()
    image.SetDimensions(nx + 1, ny + 1, nz + 1)
    image.SetSpacing(*stack.spacing[::-1])
    values = numpy_to_vtk(stack.labels.ravel(), deep=True)
    values.SetName("label")
    image.GetCellData().SetScalars(values)
    writer = vtkXMLImageDataWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(image)
    if not path.parent.is_dir() or not writer.Write():
        raise InputError(f"Cannot write {path}: check that the folder exists and is writable.")


def read_vti(path: Path) -> Read:
    """Read a VTK image: the first integer scalars on cells, else on points."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkOutputWindow
    from vtkmodules.vtkIOXML import vtkXMLImageDataReader

    with open(path, "rb") as file:
        if b"ImageData" not in file.read(4096):
            raise InputError(f"{path.name} is not a VTK image (.vti): choose another file.")
    quiet = vtkOutputWindow.GetInstance()
    mode = quiet.GetDisplayMode()
    quiet.SetDisplayModeToNever()  # the reader would print; our message says what is wrong
    try:
        reader = vtkXMLImageDataReader()
        reader.SetFileName(str(path))
        reader.Update()
        failed = reader.GetErrorCode() != 0
    finally:
        quiet.SetDisplayMode(mode)
    image = reader.GetOutput()
    points = image.GetDimensions()
    for data, counts in (
        (image.GetCellData(), tuple(n - 1 for n in points)),
        (image.GetPointData(), points),
    ):
        for i in range(0 if failed else data.GetNumberOfArrays()):
            array = data.GetArray(i)
            if array is None or array.GetNumberOfComponents() != 1:
                continue
            values = vtk_to_numpy(array)
            if values.size == 0 or values.size != np.prod(counts):
                continue
            x, y, z = image.GetSpacing()
            return values.reshape(counts[::-1]).copy(), (z, y, x), []
    raise InputError(f"{path.name} holds no readable three-dimensional labels: export it again.")
