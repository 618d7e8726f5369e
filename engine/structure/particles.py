"""The particles of a structure: where they are and how large."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import InputError


@dataclass(frozen=True, eq=False)
class Particles:
    """Active-material particles.

    Attributes
    ----------
    centres : ndarray of float, shape (n, 3), µm
        Along (z, y, x); the origin is the corner of the box at the current collector.
    radii : ndarray of float, shape (n,), µm
        Of the sphere of equal volume.
    shapes : ndarray of float, shape (n, 4), or None
        Aspect ratio (length along the axis of symmetry over width) and that axis (z, y, x) of
        spheroids; None for spheres.
    """

    centres: np.ndarray
    radii: np.ndarray
    shapes: np.ndarray | None = None

    def __post_init__(self) -> None:
        centres = np.array(self.centres, dtype=float).reshape(-1, 3)
        radii = np.array(self.radii, dtype=float).ravel()
        if len(centres) != len(radii):
            raise ValueError(f"{len(centres)} centres but {len(radii)} radii")
        for array in (centres, radii):
            array.setflags(write=False)
        if self.shapes is not None:
            shapes = np.array(self.shapes, dtype=float)
            if shapes.shape != (len(radii), 4):
                raise ValueError(f"{len(radii)} particles but shapes of {shapes.shape}")
            shapes.setflags(write=False)
            object.__setattr__(self, "shapes", shapes)
        object.__setattr__(self, "centres", centres)
        object.__setattr__(self, "radii", radii)

    def __len__(self) -> int:
        return len(self.radii)

    @property
    def volume(self) -> float:
        """Sum of the particles' own volumes, µm³ (overlaps counted twice)."""
        return float(4 / 3 * np.pi * (self.radii**3).sum())


def write_particles(path: str | Path, particles: Particles) -> None:
    """Write the particle list as CSV: number, centre and radius of each, in µm.

    Spheroids have their aspect ratio and the axis of symmetry besides.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    header = ["particle", "z_um", "y_um", "x_um", "radius_um"]
    table = np.column_stack([particles.centres, particles.radii])
    if particles.shapes is not None:
        header += ["aspect_ratio", "axis_z", "axis_y", "axis_x"]
        table = np.column_stack([table, particles.shapes])
    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for number, row in enumerate(table.tolist()):
                writer.writerow([number, *map(repr, row)])
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror}.") from None
