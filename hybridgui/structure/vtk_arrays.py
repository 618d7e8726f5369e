"""Numpy arrays as VTK data, without copies where VTK allows it."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData

from hybridgui.structure.voxel_faces import InterfaceMesh


def image_data(
    volume: np.ndarray,
    spacing: tuple[float, float, float],
    *,
    origin: tuple[float, float, float] | None = None,
    name: str = "labels",
) -> vtkImageData:
    """Image with one point in the centre of each voxel.

    Parameters
    ----------
    volume : ndarray, shape (nz, ny, nx) or (nz, ny, nx, components)
    spacing : tuple of three floats, µm
        Along (z, y, x).
    origin : tuple of three floats, µm, optional
        (x, y, z) of the centre of the first voxel; half a voxel by default.
    """
    nz, ny, nx = volume.shape[:3]
    dz, dy, dx = spacing
    image = vtkImageData()
    image.SetDimensions(nx, ny, nz)
    image.SetSpacing(dx, dy, dz)
    image.SetOrigin(*(origin if origin is not None else (dx / 2, dy / 2, dz / 2)))
    flat = np.ascontiguousarray(volume).reshape(nz * ny * nx, -1)
    array = numpy_to_vtk(flat if flat.shape[1] > 1 else flat[:, 0], deep=False)
    array.SetName(name)
    image.GetPointData().SetScalars(array)
    return image


def poly_data(mesh: InterfaceMesh) -> vtkPolyData:
    """The mesh as VTK's polygons."""
    data = vtkPolyData()
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(mesh.points), deep=False))
    cells = vtkCellArray()
    connectivity = np.ascontiguousarray(mesh.cells, dtype=np.int32).ravel()
    cells.SetData(mesh.cells.shape[1], numpy_to_vtk(connectivity, deep=False))
    data.SetPoints(points)
    data.SetPolys(cells)
    return data
