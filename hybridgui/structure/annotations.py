"""What is written over the picture: scale bar, legend of phases, colour bar, axes marker."""

from __future__ import annotations

import math
from itertools import pairwise

from vtkmodules.vtkCommonCore import vtkLookupTable, vtkPoints, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingAnnotation import vtkAxesActor
from vtkmodules.vtkRenderingCore import (
    vtkActor2D,
    vtkCamera,
    vtkPolyDataMapper2D,
    vtkRenderer,
    vtkTextActor,
)

from hybridgui.structure import lettering
from hybridgui.structure.camera import um_per_pixel
from hybridgui.structure.lengths import length_text, nice_length
from hybridgui.structure.phases import PHASE_SHORT, Looks, rgb

MARGIN = 16
"""Distance of the annotations from the border, in logical pixels."""


_LETTER = 7.5
"""Width of a letter in logical pixels, rather too large than too small."""
_THICK = 14
_WIDE = 1.25
"""Width over height from which there is room beside the structure."""


class _Rectangles:
    """Filled rectangles in pixels of the viewport."""

    def __init__(self, renderer: vtkRenderer):
        self._data = vtkPolyData()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._data)
        self.actor = vtkActor2D()
        self.actor.SetMapper(mapper)
        renderer.AddViewProp(self.actor)

    def draw(self, rectangles: list[tuple[float, float, float, float]]) -> None:
        """Each as (left, bottom, width, height)."""
        points, cells = vtkPoints(), vtkCellArray()
        for left, bottom, width, height in rectangles:
            first = points.GetNumberOfPoints()
            for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)):
                points.InsertNextPoint(left + x * width, bottom + y * height, 0)
            cells.InsertNextCell(4, [first + k for k in range(4)])
        self._data.SetPoints(points)
        self._data.SetPolys(cells)
        self._data.Modified()


class ScaleBar:
    """A bar of a round length in µm, right at every zoom of a parallel projection.

    In perspective it holds in the plane through the focal point.
    """

    def __init__(self, renderer: vtkRenderer):
        self._bar = _Rectangles(renderer)
        self._text = vtkTextActor()
        renderer.AddViewProp(self._text)
        self.length = 1.0
        self.pixels = 0.0

    def set_visible(self, visible: bool) -> None:
        """Show or hide."""
        self._bar.actor.SetVisibility(visible)
        self._text.SetVisibility(visible)

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Colour of bar and text."""
        self._bar.actor.GetProperty().SetColor(*colour)
        self._text.GetTextProperty().SetColor(*colour)

    def update(self, camera: vtkCamera, size: tuple[int, int], scale: float) -> None:
        """Fit the bar to the camera.

        Parameters
        ----------
        size : tuple of int
            Width and height of the viewport in pixels.
        scale : float
            Pixels per logical pixel.
        """
        um = um_per_pixel(camera, size[1])
        self.length = nice_length(min(160 * scale, 0.3 * size[0]) * um)
        self.pixels = self.length / um
        left = bottom = MARGIN * scale
        tick = max(1.0, round(1.5 * scale))
        height = 7 * scale
        self._bar.draw(
            [
                (left, bottom, self.pixels, tick),
                (left, bottom, tick, height),
                (left + self.pixels - tick, bottom, tick, height),
            ]
        )
        self._text.SetInput(length_text(self.length))
        style = self._text.GetTextProperty()
        lettering.dress(style, scale)
        style.SetJustificationToCentered()
        style.SetVerticalJustificationToBottom()
        self._text.SetPosition(left + self.pixels / 2, bottom + height + 1 * scale)


class Caption:
    """A line over the picture that names the structure; two where it is narrow."""

    def __init__(self, renderer: vtkRenderer):
        self._text = vtkTextActor()
        self._text.SetVisibility(False)
        self._words = ""
        self.lines = 0
        renderer.AddViewProp(self._text)

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Colour of the text."""
        self._text.GetTextProperty().SetColor(*colour)

    def set_text(self, text: str) -> None:
        """Say this, or nothing."""
        self._words = text
        self._text.SetVisibility(bool(text))
        self.lines = int(bool(text))

    def update(self, size: tuple[int, int], scale: float) -> None:
        """Centre the line at the top."""
        text = self._words
        needed = len(text) * _LETTER * scale
        if needed > size[0] - 2 * MARGIN * scale:
            parts = text.split(" · ")
            half = (len(parts) + 1) // 2
            text = "\n".join(" · ".join(p) for p in (parts[:half], parts[half:]) if p)
        self.lines = len(text.splitlines())
        self._text.SetInput(text)
        style = self._text.GetTextProperty()
        lettering.dress(style, scale)
        style.SetJustificationToCentered()
        style.SetVerticalJustificationToTop()
        self._text.SetPosition(size[0] / 2, size[1] - MARGIN * scale)


class PhaseLegend:
    """A swatch and a name for each phase that is shown."""

    def __init__(self, renderer: vtkRenderer):
        self._renderer = renderer
        self._entries = {phase: (_Rectangles(renderer), vtkTextActor()) for phase in PHASE_SHORT}
        for _, text in self._entries.values():
            renderer.AddViewProp(text)
        self._visible = True
        self.lines = 0

    def set_visible(self, visible: bool) -> None:
        """Show or hide."""
        self._visible = visible

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Colour of the text."""
        for _, text in self._entries.values():
            text.GetTextProperty().SetColor(*colour)

    def update(
        self, looks: Looks, size: tuple[int, int], scale: float, lines_above: int = 0
    ) -> None:
        """Lay the legend out at the top left; phases that are left out are not shown."""
        self.lines = 0
        top = size[1] - (MARGIN + 24 * lines_above) * scale
        for phase, (swatch, text) in self._entries.items():
            look = looks.get(phase)
            shown = self._visible and look is not None and look.visible and look.opacity > 0
            swatch.actor.SetVisibility(shown)
            text.SetVisibility(shown)
            if not shown:
                continue
            self.lines += 1
            edge = 12 * scale
            swatch.draw([(MARGIN * scale, top - edge, edge, edge)])
            swatch.actor.GetProperty().SetColor(*rgb(looks[phase].colour))
            text.SetInput(PHASE_SHORT[phase])
            style = text.GetTextProperty()
            lettering.dress(style, scale)
            style.SetVerticalJustificationToCentered()
            text.SetPosition(MARGIN * scale + edge + 7 * scale, top - edge / 2)
            top -= 20 * scale


class ColourBar:
    """Legend of a field: what it is, its unit, its values; at the right border."""

    STEPS = 64
    LABELS = 5

    def __init__(self, renderer: vtkRenderer):
        self._strips = vtkPolyData()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._strips)
        self._bar = vtkActor2D()
        self._bar.SetMapper(mapper)
        self._title = vtkTextActor()
        self._labels = [vtkTextActor() for _ in range(self.LABELS)]
        self._visible, self._there = True, False
        for actor in (self._bar, self._title, *self._labels):
            renderer.AddViewProp(actor)
        self._refresh()

    def set_visible(self, visible: bool) -> None:
        """Show the bar where there is a field, or not at all."""
        self._visible = visible
        self._refresh()

    def _refresh(self) -> None:
        for actor in (self._bar, self._title, *self._labels):
            actor.SetVisibility(self._visible and self._there)

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Colour of the texts."""
        for text in (self._title, *self._labels):
            text.GetTextProperty().SetColor(*colour)

    def show(self, colours: vtkLookupTable | None, title: str = "") -> None:
        """Show the colours of a field, or nothing."""
        self._there = colours is not None
        self._refresh()
        if colours is None:
            return
        low, high = colours.GetRange()
        shades = vtkUnsignedCharArray()
        shades.SetNumberOfComponents(3)
        rgb_now = [0.0, 0.0, 0.0]
        for step in range(self.STEPS):
            colours.GetColor(low + (step + 0.5) / self.STEPS * (high - low), rgb_now)
            shades.InsertNextTuple3(*(round(255 * c) for c in rgb_now))
        self._strips.GetCellData().SetScalars(shades)
        self._title.SetInput(title)
        for number, text in enumerate(self._labels):
            text.SetInput(_short(low + number / (self.LABELS - 1) * (high - low), high - low))

    def update(self, size: tuple[int, int], scale: float, lines_above: int = 0) -> None:
        """Stand at the right border, or lie at the top left of a tall picture.

        Parameters
        ----------
        lines_above : int
            Lines of text at the top left that are to be left free.
        """
        for text in (self._title, *self._labels):
            lettering.dress(text.GetTextProperty(), scale, 0.92)
        if size[0] < _WIDE * size[1]:
            self._lie(size, scale, lines_above)
        else:
            self._stand(size, scale)
        self._strips.Modified()

    def _stand(self, size: tuple[int, int], scale: float) -> None:
        width, height = size
        tall = min(220 * scale, 0.5 * height)
        clear = (AxesMarker.SIZE + 12) * scale  # of the arrows below
        right = width - MARGIN * scale
        left, bottom = right - _THICK * scale, max((height - tall) / 2, min(clear, 0.4 * height))
        ends = [bottom + step / self.STEPS * tall for step in range(self.STEPS + 1)]
        self._fill([(left, low, right, high) for low, high in pairwise(ends)])
        for text in (self._title, *self._labels):
            text.GetTextProperty().SetJustificationToRight()
            text.GetTextProperty().SetVerticalJustificationToCentered()
        self._title.GetTextProperty().SetVerticalJustificationToBottom()
        self._title.SetPosition(right, bottom + tall + 12 * scale)
        for number, text in enumerate(self._labels):
            text.SetPosition(left - 6 * scale, bottom + number / (self.LABELS - 1) * tall)

    def _lie(self, size: tuple[int, int], scale: float, lines_above: int) -> None:
        width, height = size
        left, long = MARGIN * scale, min(190 * scale, 0.45 * width)
        top = height - (MARGIN + 20 * lines_above) * scale
        high = top - 22 * scale
        low = high - 0.8 * _THICK * scale
        ends = [left + step / self.STEPS * long for step in range(self.STEPS + 1)]
        self._fill([(first, low, last, high) for first, last in pairwise(ends)])
        self._title.GetTextProperty().SetJustificationToLeft()
        self._title.GetTextProperty().SetVerticalJustificationToTop()
        self._title.SetPosition(left, top)
        last = self.LABELS - 1
        for number, text in enumerate(self._labels):
            style = text.GetTextProperty()
            style.SetVerticalJustificationToTop()
            if number == 0:
                style.SetJustificationToLeft()
            elif number == last:
                style.SetJustificationToRight()
            else:
                style.SetJustificationToCentered()
            shown = number in (0, last // 2, last)  # there is no room for more
            text.SetVisibility(shown and self._visible and self._there)
            text.SetPosition(left + number / last * long, low - 5 * scale)

    def _fill(self, strips: list[tuple[float, float, float, float]]) -> None:
        """One strip a shade, each as (left, bottom, right, top)."""
        points, cells = vtkPoints(), vtkCellArray()
        for number, (left, bottom, right, top) in enumerate(strips):
            for x, y in ((left, bottom), (right, bottom), (right, top), (left, top)):
                points.InsertNextPoint(x, y, 0)
            cells.InsertNextCell(4, [4 * number + k for k in range(4)])
        self._strips.SetPoints(points)
        self._strips.SetPolys(cells)


def _short(value: float, span: float) -> str:
    """A value with digits fit for the span of the bar."""
    if value == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(span))) if span > 0 else 2
    return f"{value:.{min(decimals, 6)}f}"


class AxesMarker:
    """Small arrows x, y, z in the lower right corner that turn with the camera."""

    SIZE = 100

    def __init__(self) -> None:
        self.renderer = vtkRenderer()
        self.renderer.SetLayer(2)
        self.renderer.InteractiveOff()
        self._axes = vtkAxesActor()
        self._axes.SetShaftTypeToCylinder()
        self._axes.SetCylinderRadius(0.03)
        self._axes.SetConeRadius(0.28)
        self._axes.SetNormalizedTipLength(0.24, 0.24, 0.24)
        self._axes.SetNormalizedShaftLength(0.76, 0.76, 0.76)
        self.renderer.AddActor(self._axes)

    def set_visible(self, visible: bool) -> None:
        """Show or hide."""
        self.renderer.SetDraw(visible)

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Colour of arrows and letters: none of the phases' own."""
        for letter in "XYZ":
            caption = getattr(self._axes, f"Get{letter}AxisCaptionActor2D")()
            style = caption.GetCaptionTextProperty()
            style.SetColor(*colour)
            style.BoldOff()
            style.ItalicOff()
            style.ShadowOff()
            for part in ("Shaft", "Tip"):
                getattr(self._axes, f"Get{letter}Axis{part}Property")().SetColor(*colour)
        self._axes.SetXAxisLabelText("x")
        self._axes.SetYAxisLabelText("y")
        self._axes.SetZAxisLabelText("z")

    def update(
        self,
        camera: vtkCamera,
        viewport: tuple[float, float, float, float],
        window: tuple[int, int],
        scale: float,
    ) -> None:
        """Turn with `camera`, and stand in the corner of its viewport."""
        left, bottom, right, _ = viewport
        wide, high = self.SIZE * scale / max(window[0], 1), self.SIZE * scale / max(window[1], 1)
        self.renderer.SetViewport(max(left, right - wide), bottom, right, min(1.0, bottom + high))
        for letter in "XYZ":
            caption = getattr(self._axes, f"Get{letter}AxisCaptionActor2D")()
            caption.GetTextActor().SetTextScaleModeToNone()
            lettering.dress(caption.GetCaptionTextProperty(), scale)
        own = self.renderer.GetActiveCamera()
        own.ParallelProjectionOn()
        direction = camera.GetDirectionOfProjection()
        own.SetFocalPoint(0, 0, 0)
        own.SetPosition(*(-4 * d for d in direction))
        own.SetViewUp(*camera.GetViewUp())
        own.SetParallelScale(1.35)
        self.renderer.ResetCameraClippingRange()
