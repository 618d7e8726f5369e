"""The surfaces of the three phases as actors, coloured by phase or by a field."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkScalarsToColors
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from hybridgui.structure.phases import OUTSIDE, Looks, interface_look, rgb
from hybridgui.structure.voxel_faces import InterfaceMesh
from hybridgui.structure.vtk_arrays import poly_data

Pair = tuple[int, int]
FIELD_NAME = "field"


class SurfaceActors:
    """One actor for each pair of neighbours among the three phases and the outside.

    Colours, opacities and visibility are properties of actors, so that changing them
    builds no mesh anew.
    """

    def __init__(self, renderer: vtkRenderer):
        self._renderer = renderer
        self._actors: dict[Pair, vtkActor] = {}
        self._meshes: dict[Pair, InterfaceMesh] = {}
        self._lighting = True

    @property
    def cells(self) -> int:
        """Number of polygons that are drawn now."""
        return sum(
            self._meshes[pair].cells.shape[0]
            for pair, actor in self._actors.items()
            if actor.GetVisibility()
        )

    def set_meshes(self, meshes: dict[Pair, InterfaceMesh], *, smooth: bool) -> None:
        """Replace all surfaces; `smooth` shades them as curved."""
        self.clear()
        self._meshes = meshes
        for pair, mesh in meshes.items():
            mapper = vtkPolyDataMapper()
            data = poly_data(mesh)
            if smooth:
                normals = vtkPolyDataNormals()
                normals.SetInputData(data)
                normals.SetSplitting(pair[1] == OUTSIDE)  # keeps the edges of the box sharp
                normals.SetFeatureAngle(50)
                normals.ConsistencyOff()
                normals.Update()
                data = normals.GetOutput()
            mapper.SetInputData(data)
            mapper.ScalarVisibilityOff()
            mapper.StaticOn()
            actor = vtkActor()
            actor.SetMapper(mapper)
            material = actor.GetProperty()
            if not smooth:
                material.SetInterpolationToFlat()
            material.SetAmbient(0.24)
            material.SetDiffuse(0.76)
            material.SetSpecular(0.12 if smooth else 0.04)
            material.SetSpecularPower(24)
            material.SetLighting(self._lighting)
            self._actors[pair] = actor
            self._renderer.AddActor(actor)

    def clear(self) -> None:
        """Remove all surfaces."""
        for actor in self._actors.values():
            self._renderer.RemoveActor(actor)
            actor.GetMapper().RemoveAllInputs()
        self._actors.clear()
        self._meshes = {}

    def set_looks(self, looks: Looks) -> None:
        """Colour and show each surface by the phases at its sides."""
        for (first, second), actor in self._actors.items():
            look = interface_look(first, second, looks)
            actor.SetVisibility(look is not None)
            if look is not None:
                phase, opacity = look
                actor.GetProperty().SetColor(*rgb(looks[phase].colour))
                actor.GetProperty().SetOpacity(opacity)

    def set_lighting(self, on: bool) -> None:
        """Light the surfaces, or show the plain colours."""
        self._lighting = on
        for actor in self._actors.values():
            actor.GetProperty().SetLighting(on)

    def set_clip(self, planes: list[vtkPlane]) -> None:
        """Show only what lies on the positive side of every plane."""
        for actor in self._actors.values():
            mapper = actor.GetMapper()
            mapper.RemoveAllClippingPlanes()
            for plane in planes:
                mapper.AddClippingPlane(plane)

    def set_field(
        self,
        values: np.ndarray | None,
        colours: vtkScalarsToColors | None,
        looks: Looks,
    ) -> None:
        """Colour the surfaces by a value per voxel, or by phase again with None.

        Parameters
        ----------
        values : ndarray of float, shape (nz, ny, nx)
            Not a number where the field has no value.
        colours : vtkScalarsToColors
            Maps a value to a colour; its own range is used.
        """
        for pair, actor in self._actors.items():
            mapper = actor.GetMapper()
            owners = self._meshes[pair].owners
            if values is None or colours is None or owners is None:
                mapper.ScalarVisibilityOff()
                continue
            look = interface_look(*pair, looks)
            side = pair.index(look[0]) if look is not None else 0
            flat = values.ravel()
            chosen = owners[:, side]
            face_values = np.where(chosen >= 0, flat[chosen], np.nan)
            # A field of one phase is also shown on the surface of its neighbour.
            other = owners[:, 1 - side]
            missing = np.isnan(face_values) & (other >= 0)
            face_values[missing] = flat[other[missing]]
            array = numpy_to_vtk(face_values.astype(np.float32), deep=True)
            array.SetName(FIELD_NAME)
            mapper.GetInput().GetCellData().SetScalars(array)
            mapper.SetScalarModeToUseCellData()
            mapper.SetLookupTable(colours)
            mapper.UseLookupTableScalarRangeOn()
            mapper.ScalarVisibilityOn()
