"""What stands around a structure: collector, separator, edges of the box."""

from __future__ import annotations

from vtkmodules.vtkFiltersCore import vtkFeatureEdges
from vtkmodules.vtkFiltersSources import vtkCubeSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from hybridgui.structure.phases import rgb

_COLLECTOR = "#AEB4BB"
_SEPARATOR = "#E9E2CF"
_SHARE = 0.035
"""Height of the slabs as a share of the longest edge."""


class Surroundings:
    """Thin slabs for the current collector and the separator, and the edges of the box."""

    def __init__(self, renderer: vtkRenderer):
        self._collector, self._collector_source = _slab(renderer, _COLLECTOR, 1.0)
        self._separator, self._separator_source = _slab(renderer, _SEPARATOR, 0.45)
        self._outline, self._outline_source = _outline(renderer)
        self._size = (1.0, 1.0, 1.0)
        self._there = False
        self._slabs = self._edges = True

    @property
    def slab_height(self) -> float:
        """Height of each slab, µm; zero while they are hidden."""
        return _SHARE * max(self._size) if self._slabs else 0.0

    def place(self, size: tuple[float, float, float], there: bool) -> None:
        """Stand around a structure of this size (x, y, z in µm), or vanish."""
        self._size, self._there = size, there
        x, y, z = size
        height = _SHARE * max(size)
        self._collector_source.SetBounds(0, x, 0, y, -height, 0)
        self._separator_source.SetBounds(0, x, 0, y, z, z + height)
        self._outline_source.SetBounds(0, x, 0, y, 0, z)
        self._refresh()

    def set_slabs(self, visible: bool) -> None:
        """Show collector and separator."""
        self._slabs = visible
        self._refresh()

    def set_outline(self, visible: bool) -> None:
        """Show the edges of the box."""
        self._edges = visible
        self._refresh()

    def set_ink(self, colour: tuple[float, float, float]) -> None:
        """Colour of the edges."""
        self._outline.GetProperty().SetColor(*colour)

    def set_lighting(self, on: bool) -> None:
        """Light the slabs, or show plain colours."""
        for slab in (self._collector, self._separator):
            slab.GetProperty().SetLighting(on)

    def _refresh(self) -> None:
        for slab in (self._collector, self._separator):
            slab.SetVisibility(self._slabs and self._there)
        self._outline.SetVisibility(self._edges and self._there)


def _slab(renderer: vtkRenderer, colour: str, opacity: float) -> tuple[vtkActor, vtkCubeSource]:
    source = vtkCubeSource()
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(source.GetOutputPort())
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*rgb(colour))
    actor.GetProperty().SetOpacity(opacity)
    actor.GetProperty().SetAmbient(0.2)
    actor.GetProperty().SetDiffuse(0.8)
    renderer.AddActor(actor)
    return actor, source


def _outline(renderer: vtkRenderer) -> tuple[vtkActor, vtkCubeSource]:
    source = vtkCubeSource()
    edges = vtkFeatureEdges()
    edges.SetInputConnection(source.GetOutputPort())
    edges.ColoringOff()
    edges.BoundaryEdgesOn()
    edges.FeatureEdgesOff()
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(edges.GetOutputPort())
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetLighting(False)
    actor.GetProperty().SetLineWidth(1.0)
    actor.GetProperty().SetOpacity(0.35)
    renderer.AddActor(actor)
    return actor, source
