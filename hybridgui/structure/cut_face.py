"""The flat face where a clip plane cuts the stack, coloured by the voxels it passes."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkFiltersCore import vtkPlaneCutter
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from hybridgui.structure.phases import PHASES, Looks, rgb

_VOXEL = "voxel"


class CutFace:
    """Closes the bodies that the clip plane opens, so that one does not look into shells."""

    def __init__(self, renderer: vtkRenderer):
        self._renderer = renderer
        self._mapper = vtkPolyDataMapper()
        self._actor = vtkActor()
        self._actor.SetMapper(self._mapper)
        # A section shows the plain colours, as the slices do.
        self._actor.GetProperty().SetLighting(False)
        self._actor.SetVisibility(False)
        renderer.AddActor(self._actor)
        self._labels = np.zeros(0, np.uint8)
        self._voxels = np.zeros(0, np.int64)

    def cut(
        self,
        labels: np.ndarray,
        spacing: tuple[float, float, float],
        origin: tuple[float, float, float],
        plane: vtkPlane | None,
    ) -> None:
        """Cut the box of voxels that begins at `origin` (x, y, z in µm) by the plane."""
        self._actor.SetVisibility(False)
        self._voxels = np.zeros(0, np.int64)
        if plane is None:
            return
        nz, ny, nx = labels.shape
        image = vtkImageData()
        image.SetDimensions(nx + 1, ny + 1, nz + 1)
        image.SetSpacing(*spacing[::-1])
        image.SetOrigin(*origin)
        numbers = numpy_to_vtk(np.arange(labels.size, dtype=np.int32), deep=True)
        numbers.SetName(_VOXEL)
        image.GetCellData().AddArray(numbers)
        cutter = vtkPlaneCutter()
        cutter.SetInputData(image)
        # A hair to the inner side, so that the face itself is not clipped away.
        own = vtkPlane()
        own.SetNormal(*plane.GetNormal())
        hair = 1e-3 * min(spacing)
        own.SetOrigin(
            *(o + hair * n for o, n in zip(plane.GetOrigin(), plane.GetNormal(), strict=True))
        )
        cutter.SetPlane(own)
        cutter.SetComputeNormals(False)
        cutter.SetInterpolateAttributes(True)
        cutter.SetBuildTree(False)
        cutter.Update()
        face = cutter.GetOutput()
        if face is None or not face.GetNumberOfCells():
            return
        self._voxels = vtk_to_numpy(face.GetCellData().GetArray(_VOXEL)).astype(np.int64)
        self._labels = labels.ravel()[self._voxels]
        self._mapper.SetInputData(face)
        self._actor.SetVisibility(True)

    def set_looks(self, looks: Looks) -> None:
        """Colour the face by phase; hidden phases are holes in it."""
        if not self._voxels.size:
            return
        table = np.zeros((len(PHASES), 4), np.uint8)
        for phase in PHASES:
            look = looks[phase]
            opacity = look.opacity if look.visible else 0.0
            table[phase] = [*(round(255 * c) for c in rgb(look.colour)), round(255 * opacity)]
        colours = numpy_to_vtk(table[self._labels], deep=True)
        self._mapper.GetInput().GetCellData().SetScalars(colours)
        self._mapper.SetScalarModeToUseCellData()
        self._mapper.SetColorModeToDirectScalars()
        self._mapper.ScalarVisibilityOn()

    def set_field(self, values: np.ndarray, colours: vtkLookupTable, looks: Looks) -> None:
        """Colour the face by a value per voxel (same shape as the labels that were cut)."""
        if not self._voxels.size:
            return
        self.set_looks(looks)
        chosen = values.ravel()[self._voxels]
        rgba = vtk_to_numpy(self._mapper.GetInput().GetCellData().GetScalars()).copy()
        known = np.isfinite(chosen) & (rgba[:, 3] > 0)
        mapped = colours.MapScalars(numpy_to_vtk(chosen[known].astype(np.float64), deep=True), 1, 0)
        rgba[known, :3] = vtk_to_numpy(mapped)[:, :3]
        self._mapper.GetInput().GetCellData().SetScalars(numpy_to_vtk(rgba, deep=True))
