"""Lines along which ions or electrons flow, as tubes coloured by the local flux."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLookupTable, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkPlane, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkTriangleFilter, vtkTubeFilter
from vtkmodules.vtkFiltersFlowPaths import vtkStreamTracer
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from engine.properties.flow_lines import flow_vectors, seed_voxels
from hybridgui.structure.voxel_faces import InterfaceMesh
from hybridgui.structure.vtk_arrays import image_data, poly_data

MOST_LINES = 500
_SIDES = 7  # of a tube
_SPEED = "speed"


class FlowTubes(NamedTuple):
    """Tubes along lines of flow, as triangles."""

    mesh: InterfaceMesh
    normals: np.ndarray  # (points, 3) float32
    speeds: np.ndarray  # (points,) float32
    lines: int


_NONE = FlowTubes(
    InterfaceMesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)),
    np.zeros((0, 3), np.float32),
    np.zeros(0, np.float32),
    0,
)


def flow_tubes(
    potential: np.ndarray,
    speed: np.ndarray,
    spacing: tuple[float, float, float],
    lines: int = MOST_LINES,
) -> FlowTubes:
    """Tubes along the flow from the first slice to the last.

    Takes seconds for large volumes. What VTK makes here stays in the calling thread: only arrays
    go to the window.

    Parameters
    ----------
    potential : ndarray, shape (nz, ny, nx)
        See `engine.properties.flow_lines.flow_vectors`.
    speed : ndarray, shape (nz, ny, nx)
        Colours the tubes.
    spacing : tuple of three floats, µm
    lines : int
        At most so many.
    """
    vectors = flow_vectors(potential, spacing)
    seeds = seed_voxels(vectors, lines)
    if not len(seeds):
        return _NONE
    dz, dy, dx = spacing
    image = image_data(vectors, spacing, name="flow")
    image.GetPointData().SetActiveVectors("flow")
    speeds = numpy_to_vtk(np.nan_to_num(speed).astype(np.float32).ravel(), deep=True)
    speeds.SetName(_SPEED)
    image.GetPointData().AddArray(speeds)
    points = vtkPoints()
    for y, x in seeds:
        points.InsertNextPoint((x + 0.5) * dx, (y + 0.5) * dy, 0.51 * dz)
    source = vtkPolyData()
    source.SetPoints(points)
    tracer = vtkStreamTracer()
    tracer.SetInputData(image)
    tracer.SetSourceData(source)
    tracer.SetIntegratorTypeToRungeKutta4()
    tracer.SetIntegrationDirectionToForward()
    tracer.SetIntegrationStepUnit(1)  # lengths, not cells
    tracer.SetInitialIntegrationStep(0.25 * min(spacing))
    tracer.SetMaximumPropagation(12 * potential.shape[0] * dz)
    tracer.SetMaximumNumberOfSteps(80 * potential.shape[0])
    tracer.SetTerminalSpeed(1e-6)
    tracer.SetComputeVorticity(False)
    tubes = vtkTubeFilter()
    tubes.SetInputConnection(tracer.GetOutputPort())
    tubes.SetRadius(0.22 * min(spacing) * max(1.0, potential.shape[0] / 80))
    tubes.SetNumberOfSides(_SIDES)
    tubes.CappingOn()
    triangles = vtkTriangleFilter()
    triangles.SetInputConnection(tubes.GetOutputPort())
    triangles.Update()
    made = triangles.GetOutput()
    if not made.GetNumberOfCells():
        return _NONE
    data = made.GetPointData()
    cells = vtk_to_numpy(made.GetPolys().GetConnectivityArray())
    return FlowTubes(
        InterfaceMesh(
            vtk_to_numpy(made.GetPoints().GetData()).astype(np.float32),
            cells.reshape(-1, 3).astype(np.int32),
        ),
        vtk_to_numpy(data.GetNormals()).astype(np.float32),
        vtk_to_numpy(data.GetArray(_SPEED)).astype(np.float32),
        tracer.GetOutput().GetNumberOfCells(),
    )


class Streamlines:
    """Tubes along the flow."""

    def __init__(self, renderer: vtkRenderer):
        self._mapper = vtkPolyDataMapper()
        self._mapper.SetScalarModeToUsePointFieldData()
        self._mapper.SelectColorArray(_SPEED)
        self._mapper.UseLookupTableScalarRangeOn()
        self._actor = vtkActor()
        self._actor.SetMapper(self._mapper)
        self._actor.GetProperty().SetAmbient(0.3)
        self._actor.GetProperty().SetDiffuse(0.7)
        self._actor.SetVisibility(False)
        renderer.AddActor(self._actor)
        self.count = 0

    def clear(self) -> None:
        """Show none."""
        self._actor.SetVisibility(False)
        self._mapper.RemoveAllInputs()
        self.count = 0

    def show(self, tubes: FlowTubes, colours: vtkLookupTable) -> None:
        """Draw tubes of `flow_tubes`."""
        self.count = tubes.lines
        self._actor.SetVisibility(self.count > 0)
        if not self.count:
            return
        drawn = poly_data(tubes.mesh)
        drawn.GetPointData().SetNormals(numpy_to_vtk(tubes.normals, deep=False))
        speeds = numpy_to_vtk(tubes.speeds, deep=False)
        speeds.SetName(_SPEED)
        drawn.GetPointData().AddArray(speeds)
        self._mapper.SetInputData(drawn)
        self._mapper.SetLookupTable(colours)
        self._mapper.ScalarVisibilityOn()

    def set_clip(self, planes: list[vtkPlane]) -> None:
        """Show only what lies on the positive side of every plane."""
        self._mapper.RemoveAllClippingPlanes()
        for plane in planes:
            self._mapper.AddClippingPlane(plane)

    def set_lighting(self, on: bool) -> None:
        """Light the tubes, or show plain colours."""
        self._actor.GetProperty().SetLighting(on)
