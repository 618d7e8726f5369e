"""Three planes at right angles through the stack, each a picture of its voxels."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import vtkFeatureEdges
from vtkmodules.vtkFiltersSources import vtkPlaneSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkTexture

from engine.structure.stack import VoxelStack
from hybridgui.structure.fields import Field
from hybridgui.structure.phases import Looks, rgb
from hybridgui.structure.voxel_ray import Pick

Position = tuple[int, int, int]
HIDDEN = "#E4E7EB"
"""Paper that a hidden phase leaves bare."""
# Axes (z, y, x) of the picture of each plane: to the right, and up.
_RIGHT = {0: 2, 1: 2, 2: 1}
_UP = {0: 1, 1: 0, 2: 0}


class SlicePlanes:
    """Shows the cuts of the slice panes where they stand in space."""

    def __init__(self, renderer: vtkRenderer):
        self._sources, self._textures, self._actors, self._edges = [], [], [], []
        for _ in range(3):
            source, texture = vtkPlaneSource(), vtkTexture()
            texture.InterpolateOff()  # a voxel is a square
            mapper = vtkPolyDataMapper()
            mapper.SetInputConnection(source.GetOutputPort())
            actor = vtkActor()
            actor.SetMapper(mapper)
            actor.SetTexture(texture)
            actor.GetProperty().SetLighting(False)  # plain colours, as in the panes
            border = vtkFeatureEdges()
            border.SetInputConnection(source.GetOutputPort())
            border.ColoringOff()
            lines = vtkPolyDataMapper()
            lines.SetInputConnection(border.GetOutputPort())
            edge = vtkActor()
            edge.SetMapper(lines)
            edge.GetProperty().SetLighting(False)
            edge.GetProperty().SetLineWidth(1.5)
            for part in (actor, edge):
                part.SetVisibility(False)
                renderer.AddActor(part)
            self._sources.append(source)
            self._textures.append(texture)
            self._actors.append(actor)
            self._edges.append(edge)

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Colour of the borders."""
        for edge in self._edges:
            edge.GetProperty().SetColor(*colour)

    def show(
        self,
        stack: VoxelStack | None,
        position: Position | None,
        looks: Looks,
        field: Field | None = None,
    ) -> None:
        """Cut at a voxel (z, y, x), or vanish with None."""
        shown = stack is not None and position is not None
        for part in (*self._actors, *self._edges):
            part.SetVisibility(shown)
        if not shown:
            for texture in self._textures:
                texture.RemoveAllInputs()
            return
        assert stack is not None and position is not None
        colours = np.zeros((256, 3), np.uint8)
        for phase, look in looks.items():
            colours[phase] = [round(255 * c) for c in rgb(look.colour if look.visible else HIDDEN)]
        for axis in range(3):
            self._place(axis, stack, position[axis])
            labels = stack.labels.take(position[axis], axis=axis)
            pixels = colours[labels]
            if field is not None:
                values = field.values.take(position[axis], axis=axis)
                known = np.isfinite(values)
                pixels[~known] = pixels[~known].mean(axis=-1, keepdims=True) * 0.5 + 96
                pixels[known] = field.rgb(values[known])
            self._textures[axis].SetInputData(_image(pixels))

    def _place(self, axis: int, stack: VoxelStack, index: int) -> None:
        lengths = [n * edge for n, edge in zip(stack.shape, stack.spacing, strict=True)]
        corner = np.zeros(3)
        corner[2 - axis] = (index + 0.5) * stack.spacing[axis]
        right, up = corner.copy(), corner.copy()
        right[2 - _RIGHT[axis]] = lengths[_RIGHT[axis]]
        up[2 - _UP[axis]] = lengths[_UP[axis]]
        source = self._sources[axis]
        source.SetOrigin(*corner)
        source.SetPoint1(*right)
        source.SetPoint2(*up)


def _image(pixels: np.ndarray) -> vtkImageData:
    """A picture whose first row is at the bottom, from uint8 colours of shape (h, w, 3)."""
    height, width = pixels.shape[:2]
    image = vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(
        numpy_to_vtk(np.ascontiguousarray(pixels).reshape(-1, 3), deep=True)
    )
    return image


def first_on_planes(
    stack: VoxelStack, position: Position, start: np.ndarray, end: np.ndarray
) -> Pick | None:
    """First voxel of the three planes on the way from `start` to `end`, (x, y, z) in µm."""
    edge = np.array(stack.spacing, float)
    first = np.asarray(start, float)[::-1] / edge
    way = np.asarray(end, float)[::-1] / edge - first
    nearest: tuple[float, np.ndarray] | None = None
    for axis in range(3):
        if abs(way[axis]) < 1e-12:
            continue
        share = (position[axis] + 0.5 - first[axis]) / way[axis]
        place = first + share * way
        place[axis] = position[axis] + 0.5
        inside = bool(np.all((place >= 0) & (place < stack.shape)))
        if inside and 0 <= share <= 1 and (nearest is None or share < nearest[0]):
            nearest = share, place
    if nearest is None:
        return None
    voxel = np.floor(nearest[1]).astype(int)
    x, y, z = (float(c) for c in ((voxel + 0.5) * edge)[::-1])
    index = (int(voxel[0]), int(voxel[1]), int(voxel[2]))
    return Pick(index, (x, y, z), int(stack.labels[index]))
