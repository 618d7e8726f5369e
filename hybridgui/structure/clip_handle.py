"""The handle of the clip plane: a ball that slides it, an arrow head that tilts it."""

from __future__ import annotations

import numpy as np
from vtkmodules.vtkCommonTransforms import vtkTransform
from vtkmodules.vtkFiltersSources import vtkArrowSource, vtkSphereSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

LENGTH = 56
"""Length of the arrow in logical pixels."""
REACH = 14
"""How near the pointer must be to take hold, in logical pixels."""


class ClipHandle:
    """Drawn over everything in the renderer of the annotations, always of one size."""

    def __init__(self, renderer: vtkRenderer):
        self._actors = []
        arrow = vtkArrowSource()
        arrow.SetTipLength(0.32)
        arrow.SetTipRadius(0.12)
        arrow.SetShaftRadius(0.035)
        arrow.SetTipResolution(24)
        ball = vtkSphereSource()
        ball.SetRadius(0.13)
        ball.SetThetaResolution(24)
        ball.SetPhiResolution(16)
        for source in (arrow, ball):
            mapper = vtkPolyDataMapper()
            mapper.SetInputConnection(source.GetOutputPort())
            actor = vtkActor()
            actor.SetMapper(mapper)
            actor.GetProperty().SetAmbient(0.45)
            actor.GetProperty().SetDiffuse(0.55)
            actor.SetVisibility(False)
            renderer.AddActor(actor)
            self._actors.append(actor)
        self._origin: np.ndarray | None = None
        self._normal = np.array((0.0, 0.0, 1.0))
        self._length = 1.0
        self._visible = True

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Colour of ball and arrow."""
        for actor in self._actors:
            actor.GetProperty().SetColor(*colour)

    def set_visible(self, visible: bool) -> None:
        """Show or hide, for instance in pictures that are saved."""
        self._visible = visible
        self._refresh()

    def place(self, origin: np.ndarray | None, normal: np.ndarray | None = None) -> None:
        """Stand on the plane, or vanish with None."""
        self._origin = None if origin is None else np.asarray(origin, float)
        if normal is not None:
            self._normal = np.asarray(normal, float)
        self._refresh()

    def update(self, um_per_pixel: float, scale: float) -> None:
        """Keep the size on the screen."""
        self._length = LENGTH * scale * um_per_pixel
        self._refresh()

    @property
    def points(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Places of ball and arrow head in µm, while the handle is there."""
        if self._origin is None:
            return None
        return self._origin, self._origin + self._length * self._normal

    def _refresh(self) -> None:
        shown = self._visible and self._origin is not None
        for actor in self._actors:
            actor.SetVisibility(shown)
        if not shown:
            return
        axis = np.cross((1.0, 0.0, 0.0), self._normal)
        angle = np.degrees(np.arccos(np.clip(self._normal[0], -1, 1)))
        if np.linalg.norm(axis) < 1e-9:
            axis = np.array((0.0, 0.0, 1.0))
        place = vtkTransform()
        place.Translate(*self._origin)
        place.RotateWXYZ(float(angle), *axis)
        place.Scale(self._length, self._length, self._length)
        for actor in self._actors:
            actor.SetUserTransform(place)
