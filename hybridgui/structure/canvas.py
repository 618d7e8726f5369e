"""A render window that is never on the screen: it draws scenes into images.

One way of drawing serves the window, the tests and screenshots of any size. A native window
of VTK inside Qt would draw garbage without a screen, abort under Wayland, and flicker where
Qt draws over it; reading the picture back costs a few milliseconds.
"""

from __future__ import annotations

import os
import sys

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

from hybridgui.structure.backdrop import LIGHT, Backdrop, laid_over
from hybridgui.structure.scene import StructureScene

SOFTWARE_DRAWERS = ("llvmpipe", "softpipe", "swiftshader", "swrast")


class CannotDraw(RuntimeError):
    """Three-dimensional pictures are not possible on this computer."""


class Canvas:
    """Draws one to four scenes side by side into one image.

    Parameters
    ----------
    width, height : int
        Size of the image in pixels.

    Raises
    ------
    CannotDraw
        If no OpenGL 3.2 can be had, not even in software.
    """

    def __init__(self, width: int = 640, height: int = 480):
        if sys.platform == "linux" and not os.environ.get("DISPLAY"):
            # Without this VTK tries an X server first, and complains on the console.
            os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
        from vtkmodules.vtkRenderingCore import vtkRenderWindow

        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetSize(max(1, width), max(1, height))
        self._window.SetMultiSamples(0)
        self._window.SetAlphaBitPlanes(1)
        self._window.SetNumberOfLayers(3)
        self._window.SetSwapBuffers(0)
        self._scenes: list[StructureScene] = []
        self._scale = 1.0
        if not self._window.SupportsOpenGL():
            message = str(self._window.GetOpenGLSupportMessage() or "").strip()
            self._window.Finalize()
            raise CannotDraw(message or "OpenGL 3.2 is not available.")
        self._window.Initialize()
        capabilities = str(self._window.ReportCapabilities() or "").lower()
        self.software = any(name in capabilities for name in SOFTWARE_DRAWERS)
        if not self.software:  # there it takes four times as long, and stills are shrunk anyway
            self._window.SetMultiSamples(8)

    @property
    def scenes(self) -> tuple[StructureScene, ...]:
        """The scenes from left to right, top to bottom."""
        return tuple(self._scenes)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self._window.GetSize()
        return width, height

    def set_scenes(self, scenes: list[StructureScene]) -> None:
        """Show these scenes, with the camera of the first for all."""
        for scene in self._scenes:
            for renderer in scene.renderers:
                self._window.RemoveRenderer(renderer)
        self._scenes = list(scenes)
        columns = 1 if len(scenes) < 2 else 2
        rows = -(-len(scenes) // columns) if scenes else 1
        for number, scene in enumerate(self._scenes):
            row, column = divmod(number, columns)
            scene.set_viewport(
                column / columns, 1 - (row + 1) / rows, (column + 1) / columns, 1 - row / rows
            )
            if number:
                scene.renderer.SetActiveCamera(self._scenes[0].camera)
            for renderer in scene.renderers:
                self._window.AddRenderer(renderer)

    def set_size(self, width: int, height: int, scale: float = 1.0) -> None:
        """Size in pixels, and pixels per logical pixel (for texts and lines)."""
        self._scale = scale
        if (width, height) != self.size:
            self._window.SetSize(max(1, int(width)), max(1, int(height)))

    def scene_at(self, x: float, y: float) -> StructureScene | None:
        """Scene under a pixel, counted from the lower left corner."""
        return next((s for s in self._scenes if s.renderer.IsInViewport(int(x), int(y))), None)

    def render(self) -> None:
        """Draw all scenes."""
        for scene in self._scenes:
            scene.update(self._scale)
        self._window.Render()

    def pixels(self) -> np.ndarray:
        """Draw, and return the picture over nothing.

        Returns
        -------
        ndarray of uint8, shape (height, width, 4)
            Red, green, blue, each already multiplied by the fourth, opacity; first row on top.
        """
        self.render()
        width, height = self.size
        data = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, data, 0)
        return np.ascontiguousarray(vtk_to_numpy(data).reshape(height, width, 4)[::-1])

    def image(self, backdrop: Backdrop | None = LIGHT) -> np.ndarray:
        """Draw, and return the picture over a background.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3), or 4 without a background
            First row on top; colours are not multiplied by the opacity.
        """
        return laid_over(self.pixels(), backdrop)

    def screenshot(
        self,
        width: int,
        height: int,
        *,
        scale: float | None = None,
        backdrop: Backdrop | None = LIGHT,
        ink: str = LIGHT.ink,
        ink_of_window: str = LIGHT.ink,
    ) -> np.ndarray:
        """Picture of another size, as `image` returns it; no backdrop is transparent.

        Parameters
        ----------
        scale : float, optional
            Pixels per logical pixel; by default texts grow with the picture.
        """
        old_size, old_scale = self.size, self._scale
        if scale is None:
            scale = max(0.5, old_scale * height / max(old_size[1], 1))
        try:
            for scene in self._scenes:
                scene.set_ink(ink)
                scene.handle.set_visible(False)
            self.set_size(width, height, scale)
            return self.image(backdrop)
        finally:
            for scene in self._scenes:
                scene.set_ink(ink_of_window)
                scene.handle.set_visible(True)
            self.set_size(*old_size, old_scale)

    def close(self) -> None:
        """Give the graphics memory back; the canvas is not used afterwards."""
        scenes, self._scenes = self._scenes, []
        for scene in scenes:
            for renderer in scene.renderers:
                renderer.ReleaseGraphicsResources(self._window)
                self._window.RemoveRenderer(renderer)
            scene.close()
        self._window.Finalize()
