"""Stacks as TIFF with ImageJ's metadata, so that Fiji opens them at the right scale."""

from __future__ import annotations

import logging
import re
import struct
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from engine.errors import InputError
from engine.structure.stack import VoxelStack

MICROMETRES: dict[str, float] = {
    "um": 1.0, "µm": 1.0, "μm": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0,
    "micrometre": 1.0, "nm": 1e-3, "nanometer": 1e-3, "nanometre": 1e-3, "mm": 1e3,
    "millimeter": 1e3, "cm": 1e4, "centimeter": 1e4, "m": 1e6, "inch": 25400.0,
}  # fmt: skip
"""Length units that ImageJ and OME write, in µm."""

_RESOLUTION_UNITS = {2: MICROMETRES["inch"], 3: MICROMETRES["cm"]}  # TIFF 6.0, page 38
# Resolutions of screens and printers, 72 to 2400 dots an inch, are 10 µm and more.
_VOXELS = 1e-3, 10.0

Spacing = tuple[float, float, float]


class _Complaints(logging.Handler):
    """Collects the errors that tifffile logs where it goes on with what it could read."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.thread = threading.get_ident()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:
            self.found.append(record.getMessage())

    def __enter__(self) -> _Complaints:
        logging.getLogger("tifffile").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("tifffile").removeHandler(self)


def write_tiff(
    path: Path, stack: VoxelStack, description: str | None = None, compressed: bool = False
) -> None:
    """Write a stack as an ImageJ TIFF: uint8 labels 0/1/2, spacing and unit on all axes."""
    dz, dy, dx = stack.spacing
    metadata = {
        "axes": "ZYX",
        "spacing": dz,
        "unit": "um",
        "min": 0.0,
        "max": 2.0,
        "phase_labels": "0 electrolyte, 1 AM, 2 CBD",
    }
    if description:
        metadata["Info"] = description
    tifffile.imwrite(
        path,
        stack.labels,
        imagej=True,
        resolution=(1 / dx, 1 / dy),
        metadata=metadata,
        compression="zlib" if compressed else None,
    )


def read_tiff(
    path: Path, shape: Sequence[int] | None = None
) -> tuple[np.ndarray, Spacing | None, list[str]]:
    """Read the voxels of a multi-page TIFF and the voxel size that it declares.

    Parameters
    ----------
    shape : three ints along (z, y, x), optional
        (1, ny, nx) says that a single image is meant as a stack of one slice.

    Returns
    -------
    values : ndarray, shape (nz, ny, nx)
        As stored.
    spacing : tuple of three floats or None, µm
        Along (z, y, x); None where the file declares no length unit.
    notes : list of str

    Raises
    ------
    InputError
        If this is no TIFF, is damaged, or is not a three-dimensional stack of integers.
    """
    try:
        with _Complaints() as complaints, tifffile.TiffFile(path) as tiff:
            if len(tiff.series) == 0:
                raise InputError(f"{path.name} holds no image: choose a multi-page TIFF.")
            series = tiff.series[0]
            if len(tiff.pages) == 0 or complaints.found:  # the length walks the chain of slices
                reason = complaints.found[0] if complaints.found else "no slices"
                raise ValueError(reason.split("> ", 1)[-1])
            _refuse_what_is_no_stack(path.name, tiff, series, shape is not None and shape[0] == 1)
            notes = []
            if len(tiff.series) > 1:
                notes.append(f"{path.name} holds {len(tiff.series)} images; the first was read.")
            _refuse_truncated(path, series)
            values = series.asarray()
            spacing = _declared_spacing(tiff, notes)
    except InputError:
        raise
    except (tifffile.TiffFileError, struct.error, zlib.error, ValueError, KeyError, IndexError,
            TypeError, RuntimeError, OverflowError, EOFError) as error:  # fmt: skip
        if path.read_bytes()[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            raise InputError(
                f"{path.name} is damaged or cut short ({error}): export it again."
            ) from error
        raise InputError(
            f"{path.name} is not a TIFF file: choose a .tif, .npy, .vti or .raw stack."
        ) from None
    return np.ascontiguousarray(values.reshape((-1, *values.shape[-2:]))), spacing, notes


def single_image(name: str, shape: Sequence[int]) -> str:
    """What to do with a picture of which nothing says that it is a stack."""
    ny, nx = shape[-2:]
    return (
        f"{name} is a single 2D image of {nx} x {ny} pixels: choose a stack of slices, or give the "
        f"shape 1 {ny} {nx} if one slice is meant."
    )


def _refuse_what_is_no_stack(
    name: str, tiff: tifffile.TiffFile, series: Any, one_slice: bool
) -> None:
    page = series.keyframe
    axes = series.axes
    # A file that declares three axes is a stack, of however few slices.
    declared = [len(described.get("shape", ())) for described in tiff.shaped_metadata or ()]
    one_slice |= "phase_labels" in (tiff.imagej_metadata or {}) or declared == [3]
    if "S" in axes or page.samplesperpixel > 1:
        raise InputError(
            f"{name} is a colour image (RGB): save the segmented labels as an 8-bit stack."
        )
    if series.dtype is None or series.dtype.kind not in "biu":
        raise InputError(
            f"{name} holds decimal numbers ({series.dtype}), not labels: segment the image first "
            "and save it as an 8-bit or 16-bit stack."
        )
    many = [axis for axis, n in zip(axes, series.shape, strict=True) if n > 1 and axis not in "YX"]
    if len(many) > 1 or many in (["C"], ["T"]):
        raise InputError(
            f"{name} has the axes {axes} (channels or times): save one three-dimensional stack."
        )
    if not many and not one_slice:
        raise InputError(single_image(name, series.shape))


def _refuse_truncated(path: Path, series: Any) -> None:
    """Say so when the file ends before its voxels: the reader itself fills up with anything."""
    size = path.stat().st_size
    if series.dataoffset is not None:
        needed = series.dataoffset + series.nbytes
    else:
        needed = 0
        for page in series.pages:
            if page is None:
                raise InputError(f"{path.name} is damaged: slices are missing; export it again.")
            ends = zip(page.dataoffsets, page.databytecounts, strict=False)
            needed = max([needed, *(offset + count for offset, count in ends)])
    if needed > size:
        raise InputError(
            f"{path.name} is cut short: {needed} bytes of voxels were announced but the file has "
            f"{size}; copy or export it again."
        )


def _declared_spacing(tiff: tifffile.TiffFile, notes: list[str]) -> Spacing | None:
    if tiff.is_ome and tiff.ome_metadata:
        return _ome_spacing(tiff.ome_metadata, notes)
    imagej = tiff.imagej_metadata or {}
    unit = re.sub(r"\\u00[bB]5", "µ", str(imagej.get("unit", ""))).strip()
    scale = MICROMETRES.get(unit) or MICROMETRES.get(unit.lower())
    tags = tiff.pages[0].tags  # type: ignore[union-attr]
    spacing = float(imagej.get("spacing", 0) or 0)
    nameless = unit in ("", "pixel", "pixels")
    of_tag = False
    if scale is None and nameless and "ResolutionUnit" in tags:
        scale = _RESOLUTION_UNITS.get(int(tags["ResolutionUnit"].value))
        of_tag = scale is not None
    if scale is None or "XResolution" not in tags:
        if not nameless:
            notes.append(f"The length unit '{unit}' in the file is not known.")
        elif spacing > 0:
            notes.append("The file declares a spacing without a unit.")
        return None
    edges = []
    for axis in ("YResolution", "XResolution"):
        tag = tags.get(axis)
        per_unit = tag.value[0] / tag.value[1] if tag is not None and tag.value[1] else 0.0
        if per_unit <= 0:
            return None
        edges.append(_tidy(scale / per_unit))
    if of_tag and not _VOXELS[0] <= min(edges) <= max(edges) <= _VOXELS[1]:
        notes.append(
            f"The file's resolution would make voxels of {edges[1]:.4g} µm, as of a print: it was "
            "not used."
        )
        return None
    if "yunit" in imagej or "zunit" in imagej:
        notes.append("The file declares different units per axis; that of x was used for all.")
    if spacing <= 0:
        notes.append("The file declares no slice distance; that of the pixels in x was used.")
        return edges[1], edges[0], edges[1]
    return _tidy(spacing * scale), edges[0], edges[1]


def _tidy(length: float) -> float:
    """Undo the rounding of a TIFF rational (32-bit numerator and denominator)."""
    for digits in (6, 7, 8):
        rounded = float(f"{length:.{digits}g}")
        if abs(rounded - length) < 2e-9 * length:
            return rounded
    return length


def _ome_spacing(text: str, notes: list[str]) -> Spacing | None:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    for element in root.iter():
        if element.tag.rsplit("}", 1)[-1] != "Pixels":
            continue
        edges = []
        for axis in "ZYX":
            value = element.get(f"PhysicalSize{axis}")
            scale = MICROMETRES.get(element.get(f"PhysicalSize{axis}Unit", "µm"))
            try:
                edges.append(float(value) * scale if value and scale else 0.0)
            except ValueError:
                return None
        if edges[1] <= 0 or edges[2] <= 0:
            return None
        if edges[0] <= 0:
            notes.append("The file declares no slice distance; that of the pixels in x was used.")
            edges[0] = edges[2]
        return edges[0], edges[1], edges[2]
    return None
