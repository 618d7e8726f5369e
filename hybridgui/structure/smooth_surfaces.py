"""Smooth surfaces between the phases, by surface nets over all labels in one pass."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersCore import vtkSurfaceNets3D

from engine.progress import Progress, silent
from hybridgui.structure.phases import OUTSIDE, PHASES
from hybridgui.structure.voxel_faces import PAIRS, InterfaceMesh
from hybridgui.structure.vtk_arrays import image_data

ITERATIONS = 16


def smooth_surfaces(
    labels: np.ndarray,
    spacing: tuple[float, float, float],
    iterations: int = ITERATIONS,
    progress: Progress | None = None,
) -> dict[tuple[int, int], InterfaceMesh]:
    """Surfaces between the phases, relaxed within a voxel or so of the true faces.

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
    progress : Progress, optional

    Returns
    -------
    dict of InterfaceMesh
        As of `voxel_faces`; each triangle is turned so that its normal points from the first
        phase of the pair to the second.
    """
    progress = progress or silent()
    progress.report(0.0, "Finding the surfaces")
    # Surface nets takes 0 for the background: the labels are raised by one.
    padded = np.pad(labels + np.uint8(1), 1)
    image = image_data(padded, (1.0, 1.0, 1.0), origin=(-0.5, -0.5, -0.5))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    for number, phase in enumerate(PHASES):
        nets.SetValue(number, phase + 1)
    nets.SetBackgroundLabel(0)
    nets.SetNumberOfIterations(iterations)
    nets.SetOutputMeshTypeToTriangles()
    nets.SetTriangulationStrategyToGreedy()
    nets.SetDataCaching(True)  # so that the second pass only moves the points
    nets.SmoothingOff()
    nets.Update()
    if not nets.GetOutput().GetNumberOfCells():
        return {}
    lattice = _points(nets)
    progress.report(0.3, "Smoothing the surfaces")
    nets.SmoothingOn()
    nets.Update()
    points = _points(nets)
    # Smoothing pulls the outermost points inwards: put them back onto the faces of the box.
    for column, axis in enumerate((2, 1, 0)):
        length = labels.shape[axis]
        points[lattice[:, column] < 0.25, column] = 0
        points[lattice[:, column] > length - 0.25, column] = length
    output = nets.GetOutput()
    cells = vtk_to_numpy(output.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    sides = vtk_to_numpy(output.GetCellData().GetArray("BoundaryLabels")).astype(np.int16)
    sides = np.where(sides == 0, OUTSIDE, sides - 1)
    code = sides.min(axis=1) * (OUTSIDE + 1) + sides.max(axis=1)
    edges = np.array(spacing[::-1], dtype=np.float32)
    meshes = {}
    for place, pair in enumerate(PAIRS):
        progress.report(0.6 + 0.4 * place / len(PAIRS), "Turning the triangles")
        chosen = cells[code == pair[0] * (OUTSIDE + 1) + pair[1]]
        if not chosen.size:
            continue
        chosen, owners = _turned(chosen, lattice, padded, pair)
        used, renumbered = np.unique(chosen, return_inverse=True)
        meshes[pair] = InterfaceMesh(
            points[used] * edges, renumbered.reshape(-1, 3).astype(np.int32), owners
        )
    return meshes


def _turned(
    cells: np.ndarray, lattice: np.ndarray, padded: np.ndarray, pair: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Turn triangles so that they face the second phase; find the voxels on either side.

    Before smoothing each triangle is half a face between two voxels, so that the voxels lie
    half an edge before and behind its middle.
    """
    a, b, c = (lattice[cells[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    middle = (a + b + c) / 3
    front, behind = (
        np.floor(middle + sign * normal).astype(np.int64)[:, ::-1] + 1 for sign in (0.5, -0.5)
    )
    found = padded[tuple(front.T)].astype(np.int16) - 1
    right = np.where(found < 0, OUTSIDE, found) == pair[1]
    cells = np.where(right[:, None], cells, cells[:, ::-1])
    first = np.where(right[:, None], behind, front) - 1
    second = np.where(right[:, None], front, behind) - 1
    shape = tuple(n - 2 for n in padded.shape)
    owners = np.full((len(cells), 2), -1, dtype=np.int32)
    for side, place in enumerate((first, second)):
        inside = ((place >= 0) & (place < shape)).all(axis=1)
        owners[inside, side] = np.ravel_multi_index(tuple(place[inside].T), shape)
    return cells, owners


def phase_surface(meshes: dict[tuple[int, int], InterfaceMesh], phase: int) -> InterfaceMesh:
    """The closed surface of one phase, its triangles facing outwards.

    Raises
    ------
    ValueError
        If the phase has no surface.
    """
    points, cells, count = [], [], 0
    for pair, mesh in meshes.items():
        if phase in pair:
            turned = mesh.cells if pair[0] == phase else mesh.cells[:, ::-1]
            points.append(mesh.points)
            cells.append(turned + count)
            count += len(mesh.points)
    if not points:
        raise ValueError(f"phase {phase} has no surface")
    # The parts meet in points of the same place: join them, so that the surface is closed.
    merged, number = np.unique(np.concatenate(points), axis=0, return_inverse=True)
    return InterfaceMesh(merged, number.ravel()[np.concatenate(cells)].astype(np.int32))


def _points(nets: vtkSurfaceNets3D) -> np.ndarray:
    return vtk_to_numpy(nets.GetOutput().GetPoints().GetData()).astype(np.float32)
