"""Lines along which ions or electrons flow, as tubes coloured by the local flux."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkPlane, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkTubeFilter
from vtkmodules.vtkFiltersFlowPaths import vtkStreamTracer
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from hybridgui.structure.fields import Field
from hybridgui.structure.vtk_arrays import image_data

MOST_LINES = 500
_SPEED = "speed"


def flow_vectors(potential: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Direction and strength of the flow at each voxel, from a potential between two plates.

    Parameters
    ----------
    potential : ndarray of float, shape (nz, ny, nx)
        1 at the plate before the first slice, 0 at the one behind the last; not a number where
        nothing flows.
    spacing : tuple of three floats, µm

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx, 3)
        Components along (x, y, z), relative to the mean drop of the potential.
    """
    vectors = np.zeros((*potential.shape, 3), np.float32)
    scale = potential.shape[0] * spacing[0]
    for column, axis in enumerate((2, 1, 0)):
        drop = -np.diff(potential, axis=axis) / spacing[axis]
        drop = np.nan_to_num(drop)
        ends = [[slice(None)] * 3 for _ in range(2)]
        ends[0][axis], ends[1][axis] = slice(0, 1), slice(-1, None)
        if axis == 0:
            first = (1 - potential[tuple(ends[0])]) / (spacing[0] / 2)
            last = potential[tuple(ends[1])] / (spacing[0] / 2)
        else:
            first = last = np.zeros_like(potential[tuple(ends[0])])
        faces = np.concatenate((np.nan_to_num(first), drop, np.nan_to_num(last)), axis=axis)
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        vectors[..., column] = scale * (faces[tuple(low)] + faces[tuple(high)]) / 2
    vectors[~np.isfinite(potential)] = 0
    return vectors


def seed_voxels(vectors: np.ndarray, count: int) -> np.ndarray:
    """Voxels of the first slice where lines begin: more where more flows in.

    Returns
    -------
    ndarray of int, shape (n, 2)
        (y, x), the same ones each time.
    """
    inflow = np.clip(vectors[0, ..., 2], 0, None)
    if not inflow.any():
        return np.zeros((0, 2), int)
    # Evenly spread over the cumulated inflow: every line stands for the same current.
    total = np.cumsum(inflow.ravel())
    marks = (np.arange(count) + 0.5) / count * total[-1]
    places = np.unique(np.searchsorted(total, marks))
    return np.stack(np.unravel_index(places, inflow.shape), axis=1)


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

    def trace(
        self,
        potential: np.ndarray,
        spacing: tuple[float, float, float],
        field: Field,
        colours,
        lines: int = MOST_LINES,
    ) -> None:
        """Draw lines from the first slice to the last.

        Parameters
        ----------
        potential : ndarray, shape (nz, ny, nx)
            See `flow_vectors`.
        field : Field
            Colours the lines; on the same voxels.
        colours : vtkLookupTable
        """
        self.clear()
        vectors = flow_vectors(potential, spacing)
        seeds = seed_voxels(vectors, lines)
        if not len(seeds):
            return
        dz, dy, dx = spacing
        image = image_data(vectors, spacing, name="flow")
        image.GetPointData().SetActiveVectors("flow")
        speed = numpy_to_vtk(np.nan_to_num(field.values).astype(np.float32).ravel(), deep=True)
        speed.SetName(_SPEED)
        image.GetPointData().AddArray(speed)
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
        tubes.SetNumberOfSides(7)
        tubes.CappingOn()
        tubes.Update()
        self.count = tracer.GetOutput().GetNumberOfCells()
        self._mapper.SetInputData(tubes.GetOutput())
        self._mapper.SetLookupTable(colours)
        self._mapper.ScalarVisibilityOn()
        self._actor.SetVisibility(self.count > 0)

    def set_clip(self, planes: list[vtkPlane]) -> None:
        """Show only what lies on the positive side of every plane."""
        self._mapper.RemoveAllClippingPlanes()
        for plane in planes:
            self._mapper.AddClippingPlane(plane)

    def set_lighting(self, on: bool) -> None:
        """Light the tubes, or show plain colours."""
        self._actor.GetProperty().SetLighting(on)
