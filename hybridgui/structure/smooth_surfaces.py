"""Smooth surfaces between the phases, by surface nets over all labels in one pass."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersCore import vtkSurfaceNets3D

from hybridgui.structure.phases import OUTSIDE, PHASES
from hybridgui.structure.voxel_faces import PAIRS, InterfaceMesh
from hybridgui.structure.vtk_arrays import image_data

ITERATIONS = 20


def smooth_surfaces(
    labels: np.ndarray,
    spacing: tuple[float, float, float],
    iterations: int = ITERATIONS,
) -> dict[tuple[int, int], InterfaceMesh]:
    """Surfaces between the phases, relaxed within half a voxel or so of the true faces.

    One pass over all labels shares the surface between two phases; a pass per phase would
    lay two surfaces onto each other, which flicker. A layer of "outside" around the box
    closes the cuts at its faces.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    spacing : tuple of three floats, µm
        Along (z, y, x).
    iterations : int
        Rounds of smoothing.

    Returns
    -------
    dict of InterfaceMesh
        As of `voxel_faces`, without owners.
    """
    # Surface nets takes 0 for the background: the labels are raised by one.
    padded = np.pad(labels + np.uint8(1), 1)
    dz, dy, dx = spacing
    image = image_data(padded, spacing, origin=(-dx / 2, -dy / 2, -dz / 2))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    for number, phase in enumerate(PHASES):
        nets.SetValue(number, phase + 1)
    nets.SetBackgroundLabel(0)
    nets.SetNumberOfIterations(iterations)
    nets.SetOutputMeshTypeToTriangles()
    nets.SetDataCaching(True)  # so that the second pass only moves the points
    nets.SmoothingOff()
    nets.Update()
    if not nets.GetOutput().GetNumberOfCells():
        return {}
    lattice = _points(nets)
    nets.SmoothingOn()
    nets.Update()
    output = nets.GetOutput()
    points = _points(nets)
    # Smoothing pulls the outermost points inwards: put them back onto the faces of the box.
    for column, axis in enumerate((2, 1, 0)):
        edge, length = spacing[axis], labels.shape[axis] * spacing[axis]
        points[lattice[:, column] < 0.25 * edge, column] = 0
        points[lattice[:, column] > length - 0.25 * edge, column] = length
    cells = vtk_to_numpy(output.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    sides = vtk_to_numpy(output.GetCellData().GetArray("BoundaryLabels")).astype(np.int16)
    sides = np.where(sides == 0, OUTSIDE, sides - 1)
    code = sides.min(axis=1) * (OUTSIDE + 1) + sides.max(axis=1)
    meshes = {}
    for pair in PAIRS:
        chosen = cells[code == pair[0] * (OUTSIDE + 1) + pair[1]]
        if chosen.size:
            used, renumbered = np.unique(chosen, return_inverse=True)
            meshes[pair] = InterfaceMesh(points[used], renumbered.reshape(-1, 3).astype(np.int32))
    return meshes


def _points(nets: vtkSurfaceNets3D) -> np.ndarray:
    return vtk_to_numpy(nets.GetOutput().GetPoints().GetData()).astype(np.float32)
