"""Stacks in and out of files: one function to read, one to write, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import InputError
from engine.structure.labels import Phases, map_labels
from engine.structure.stack import VoxelStack
from engine.structure.tiff_file import read_tiff, write_tiff
from engine.structure.volume_files import (
    read_folder,
    read_npy,
    read_raw,
    read_vti,
    write_folder,
    write_npy,
    write_raw,
    write_vti,
)

READABLE = (".tif", ".tiff", ".npy", ".vti", ".raw")
WRITABLE = READABLE
VOXEL_SIZES = 1e-4, 1e3
"""Edges of a voxel that can be meant, µm: from an atom to a coarse picture of a whole cell."""


def read_stack(
    path: str | Path,
    voxel_size: float | Sequence[float] | None = None,
    phases: Phases | None = None,
    shape: Sequence[int] | None = None,
    dtype: str | None = None,
) -> tuple[VoxelStack, list[str]]:
    """Read a segmented electrode.

    Parameters
    ----------
    path : str or Path
        Multi-page TIFF, folder of slices, .npy, .vti or .raw.
    voxel_size : float or three floats along (z, y, x), µm, optional
        Overrules the file's own; without both, 1 µm is taken and a note says so.
    phases : mapping, optional
        Phase name to value(s), e.g. ``{"electrolyte": 0, "am": 85, "cbd": 170}``; by default
        the labels 0, 1, 2.
    shape : three ints along (z, y, x), optional
        Of a .raw file without a description beside it. Of other files it is checked; (1, ny, nx)
        says that a single image is meant as a stack of one slice.
    dtype : str, optional
        Of the voxels of a .raw file, such as "uint8" or ">u2".

    Returns
    -------
    stack : VoxelStack
    notes : list of str
        What the reader had to assume, in plain sentences.

    Raises
    ------
    InputError
        If the file cannot be read as a segmented stack.
    """
    path = Path(path)
    values, spacing, notes = read_values(path, shape, dtype)
    labels = map_labels(values, phases, path.name)
    if voxel_size is not None:
        spacing = _given_spacing(voxel_size)
    elif spacing is None:
        spacing = (1.0, 1.0, 1.0)
        notes.append("The file declares no voxel size; 1 µm was taken.")
    return VoxelStack(labels, spacing), notes


def read_values(
    path: str | Path, shape: Sequence[int] | None = None, dtype: str | None = None
) -> tuple[np.ndarray, tuple[float, float, float] | None, list[str]]:
    """Read a volume as it is stored, before anybody says which value is which phase.

    Parameters are those of `read_stack`.

    Returns
    -------
    values : ndarray, shape (nz, ny, nx)
    spacing : tuple of three floats, µm, or None
        Along (z, y, x), where the file declares it.
    notes : list of str

    Raises
    ------
    InputError
        If the file cannot be read as a volume.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} does not exist: check the name of the stack.")
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            values, spacing, notes = read_folder(path)
        elif path.stat().st_size == 0:
            raise InputError(f"{path.name} is empty: choose another stack.")
        elif suffix == ".npy":
            values, spacing, notes = read_npy(path, shape)
        elif suffix == ".vti":
            values, spacing, notes = read_vti(path)
        elif suffix == ".raw":
            values, spacing, notes = read_raw(path, shape, dtype)
        else:
            values, spacing, notes = read_tiff(path, shape)
    except MemoryError:
        raise InputError(
            f"{path.name} does not fit into memory: crop it or use a machine with more."
        ) from None
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"Cannot read {path}: {reason}.") from None
    if shape is not None and tuple(int(n) for n in shape) != values.shape:
        raise InputError(
            f"{path.name} has {' x '.join(map(str, values.shape))} voxels (z, y, x), not "
            f"{' x '.join(map(str, shape))}: correct the shape."
        )
    if len(values) == 1:
        notes.append("The stack is one slice: what is computed along z says nothing of a coating.")
    return values, spacing, notes


def write_stack(
    path: str | Path,
    stack: VoxelStack,
    description: str | None = None,
    compressed: bool = False,
) -> None:
    """Write a stack; the suffix of `path` chooses the format, no suffix a folder of slices.

    Parameters
    ----------
    path : str or Path
        .tif, .tiff, .npy, .vti, .raw, or a folder for one TIFF per slice.
    stack : VoxelStack
    description : str, optional
        Kept in the file where the format allows (recipe, seed, program version).
    compressed : bool
        Lossless compression, for TIFF.

    Raises
    ------
    InputError
        If the format is not known or the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    try:
        if suffix in (".tif", ".tiff"):
            write_tiff(path, stack, description, compressed)
        elif suffix == ".npy":
            write_npy(path, stack)
        elif suffix == ".vti":
            write_vti(path, stack, description)
        elif suffix == ".raw":
            write_raw(path, stack, description)
        elif not suffix:
            write_folder(path, stack, description, compressed)
        else:
            raise InputError(
                f"'{path.suffix}' is not a stack format: use one of {', '.join(WRITABLE)}, or a "
                "folder."
            )
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror or error}.") from None


def _given_spacing(voxel_size: float | Sequence[float]) -> tuple[float, float, float]:
    edges = np.atleast_1d(np.asarray(voxel_size, dtype=float))
    if edges.size == 1:
        edges = np.repeat(edges, 3)
    if edges.size != 3 or not np.isfinite(edges).all() or edges.min() <= 0:
        raise InputError(f"Voxel size {voxel_size} is not one or three positive lengths in µm.")
    if edges.min() < VOXEL_SIZES[0] or edges.max() > VOXEL_SIZES[1]:
        raise InputError(
            f"Voxel size {voxel_size} µm is not between {VOXEL_SIZES[0]:g} and {VOXEL_SIZES[1]:g} "
            "µm: check its unit."
        )
    return float(edges[0]), float(edges[1]), float(edges[2])
