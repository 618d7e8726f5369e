"""One electrode in three dimensions, apart from any window or widget."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import vtkmodules.vtkRenderingFreeType
import vtkmodules.vtkRenderingOpenGL2
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401  (the three register the drawing parts)
from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

from engine.progress import Progress
from engine.structure.stack import VoxelStack
from hybridgui.structure.annotations import AxesMarker, Caption, ColourBar, PhaseLegend, ScaleBar
from hybridgui.structure.backdrop import LIGHT
from hybridgui.structure.camera import VIEWS, fit_camera, um_per_pixel
from hybridgui.structure.clip_handle import ClipHandle
from hybridgui.structure.cut_face import CutFace
from hybridgui.structure.fields import MISSING, Field
from hybridgui.structure.phases import Looks, PhaseLook, default_looks, rgb
from hybridgui.structure.slice_planes import SlicePlanes, first_on_planes
from hybridgui.structure.smooth_surfaces import ITERATIONS, smooth_surfaces
from hybridgui.structure.streamlines import Streamlines
from hybridgui.structure.surface_actors import SurfaceActors
from hybridgui.structure.surroundings import Surroundings
from hybridgui.structure.volume_actor import VolumeActor
from hybridgui.structure.voxel_faces import estimate_faces, voxel_faces
from hybridgui.structure.voxel_ray import Pick, first_voxel

MODES = ("voxels", "smooth", "volume")
Bounds = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]

_CAPTION_SHARE = 0.16
_QUICK_TO_SMOOTH = 400_000
"""Voxels whose surfaces are smoothed while one waits."""
_BLEND_OVER = (0x0302, 0x0303, 1, 0x0303)  # source alpha, one minus it; one, one minus it


class StructureScene:
    """Renderers and actors that show one `VoxelStack`.

    World coordinates are µm: x to the right, y to the back, z up, the current collector at
    z = 0. `renderers` are to be added to a render window; `update` is to be called before
    each rendering.
    """

    def __init__(self) -> None:
        # Drawn over nothing (black of no opacity): the background is laid under the picture
        # afterwards, since ambient occlusion would flatten its gradient.
        self.renderer = vtkRenderer()
        self.renderer.SetLayer(0)
        self.renderer.SetBackground(0, 0, 0)
        self.renderer.SetBackgroundAlpha(0.0)
        self._overlay = vtkRenderer()
        self._overlay.SetLayer(1)
        self._overlay.InteractiveOff()
        self._overlay.AddObserver("StartEvent", self._on_overlay_start)
        self._marker = AxesMarker()
        self.renderers = (
            self.renderer,
            self._overlay,
            self._marker.renderer,
        )
        self._light()
        self._surfaces = SurfaceActors(self.renderer)
        self._volume = VolumeActor(self.renderer)
        self._cut = CutFace(self.renderer)
        self._planes = SlicePlanes(self.renderer)
        self._lines = Streamlines(self.renderer)
        self._surroundings = Surroundings(self.renderer)
        self._scale_bar = ScaleBar(self._overlay)
        self._legend = PhaseLegend(self._overlay)
        self._colour_bar = ColourBar(self._overlay)
        self._caption = Caption(self._overlay)
        # Drawn in the layer above, with the same camera, so that nothing hides it.
        self._overlay.SetActiveCamera(self.renderer.GetActiveCamera())
        self._handle = ClipHandle(self._overlay)
        self._looks = default_looks()
        self._stack: VoxelStack | None = None
        self._mode = "voxels"
        self._stride = 1
        self._faces = 0
        self.still_stride = 1
        self._crop: Bounds | None = None
        self._plane: vtkPlane | None = None
        self._slices: tuple[int, int, int] | None = None
        self._field: Field | None = None
        self._field_colours: vtkLookupTable | None = None
        self._lighting = True
        self._samples = 96
        self._meshes: dict = {}
        self._shown: tuple = ()
        self._viewport = (0.0, 0.0, 1.0, 1.0)
        self.camera.ParallelProjectionOn()
        self.set_ink(LIGHT.ink)

    # -- what is shown ----------------------------------------------------------------------
    @property
    def stack(self) -> VoxelStack | None:
        """The structure that is shown."""
        return self._stack

    @property
    def camera(self):
        """Camera of the structure; scenes that are compared share one."""
        return self.renderer.GetActiveCamera()

    @property
    def looks(self) -> Looks:
        """How each phase is drawn."""
        return dict(self._looks)

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return self._mode

    @property
    def crop(self) -> Bounds | None:
        """Voxel bounds (first, past the last) along (z, y, x), or None for the whole."""
        return self._crop

    @property
    def clip(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Origin and normal of the clip plane, or None."""
        if self._plane is None:
            return None
        return np.array(self._plane.GetOrigin()), np.array(self._plane.GetNormal())

    @property
    def slices(self) -> tuple[int, int, int] | None:
        """Voxel (z, y, x) through which three planes are shown in place of the bodies."""
        return self._slices

    @property
    def handle(self) -> ClipHandle:
        """Handle of the clip plane."""
        return self._handle

    @property
    def stride(self) -> int:
        """Every how many-th voxel is drawn."""
        return self._stride

    @property
    def drawn_cells(self) -> int:
        """Polygons in the picture; a measure of how long it takes to draw."""
        return 0 if self._mode == "volume" else self._surfaces.cells

    def faces_estimate(self, stride: int) -> float:
        """Roughly how many polygons every `stride`-th voxel gives."""
        return self._faces / stride**2

    @property
    def scale_bar(self) -> ScaleBar:
        """The scale bar as it was last drawn."""
        return self._scale_bar

    @property
    def lines(self) -> Streamlines:
        """The lines of flow."""
        return self._lines

    @property
    def um_per_pixel(self) -> float:
        """Size of a pixel in the plane through the focal point, µm."""
        return um_per_pixel(self.camera, self._size()[1])

    @property
    def size(self) -> tuple[float, float, float]:
        """Extent of the structure along (x, y, z), µm."""
        if self._stack is None:
            return (1.0, 1.0, 1.0)
        shape, spacing = self._stack.shape, self._stack.spacing
        return tuple(shape[k] * spacing[k] for k in (2, 1, 0))  # type: ignore[return-value]

    def set_stack(self, stack: VoxelStack | None, stride: int = 1) -> None:
        """Show another structure; looks, mode and camera stay.

        Parameters
        ----------
        stride : int
            Every how many-th voxel is drawn, even when nothing moves.
        """
        self._stack = stack
        self._faces = 0 if stack is None else estimate_faces(stack.labels)
        self.still_stride = self._stride = max(1, int(stride))
        self._meshes.clear()
        self._crop = None
        self._slices = None
        self._field = None
        self._lines.clear()
        self._colour_bar.show(None)
        self._rebuild()

    def set_mode(self, mode: str) -> None:
        """Show true voxels, smooth surfaces or a volume rendering."""
        if mode not in MODES:
            raise ValueError(f"mode must be one of {MODES}, not {mode!r}")
        self._mode = mode
        self._rebuild()

    def smoothing(self) -> Callable[[Progress], Callable[[], None]] | None:
        """The long part of showing smooth surfaces, or None where it was done or is short.

        Returns
        -------
        callable or None
            To be called with a Progress off the GUI thread. What it returns is to be called on
            it, and makes `set_mode` quick; that does nothing if another structure is shown by then.
        """
        key = ("smooth", self._stride, self._crop)
        if self._stack is None or key in self._meshes:
            return None
        stack = self._stack
        labels, spacing, corner, _ = self._visible_part()
        if labels.size < _QUICK_TO_SMOOTH:
            return None

        def work(progress: Progress) -> Callable[[], None]:
            meshes = _moved(smooth_surfaces(labels, spacing, ITERATIONS, progress), corner)
            return lambda: self._remember(key, meshes) if self._stack is stack else None

        return work

    def set_stride(self, stride: int) -> None:
        """Draw every `stride`-th voxel only: a coarser picture of large stacks."""
        if stride != self._stride:
            self._stride = max(1, int(stride))
            self._rebuild()

    def set_volume_coarseness(self, factor: float) -> None:
        """Draw volumes with steps so many times larger: quicker, and grainier."""
        self._volume.set_coarse(factor)

    def set_still_stride(self, stride: int) -> None:
        """Draw every `stride`-th voxel while nothing moves."""
        self.still_stride = max(1, int(stride))
        self.set_stride(self.still_stride)

    def set_crop(self, crop: Bounds | None) -> None:
        """Show only a box of voxels: (first, past the last) along (z, y, x)."""
        if self._stack is not None and crop is not None:
            crop = tuple(  # type: ignore[assignment]
                (max(0, min(low, n - 1)), max(low + 1, min(high, n)))
                for (low, high), n in zip(crop, self._stack.shape, strict=True)
            )
            if crop == tuple((0, n) for n in self._stack.shape):
                crop = None
        if crop != self._crop:
            self._crop = crop
            self._rebuild()

    def set_clip(
        self,
        origin: tuple[float, float, float] | None,
        normal: tuple[float, float, float] = (0.0, 1.0, 0.0),
    ) -> None:
        """Cut by a plane and keep the side its normal points to; None ends the cut."""
        if origin is None:
            self._plane = None
        else:
            length = float(np.linalg.norm(normal))
            if not length > 0:
                raise ValueError("the normal of a clip plane must not be zero")
            self._plane = vtkPlane()
            self._plane.SetOrigin(*origin)
            self._plane.SetNormal(*(n / length for n in normal))
        self._handle.place(
            None if origin is None else np.array(self._plane.GetOrigin()),
            None if origin is None else np.array(self._plane.GetNormal()),
        )
        self._apply_clip()
        self._apply_looks()

    def set_slices(self, position: tuple[int, int, int] | None) -> None:
        """Show three planes through a voxel (z, y, x) in place of the bodies; None ends it."""
        if position is not None and self._stack is not None:
            position = tuple(  # type: ignore[assignment]
                min(max(0, int(p)), n - 1) for p, n in zip(position, self._stack.shape, strict=True)
            )
        if position == self._slices:
            return
        self._slices = position
        self._apply_looks()

    def set_look(self, phase: int, **changes) -> None:
        """Change colour, visibility or opacity of a phase."""
        self._looks[phase] = replace(self._looks[phase], **changes)
        self._apply_looks()

    def set_looks(self, looks: dict[int, PhaseLook]) -> None:
        """Change how all phases are drawn."""
        self._looks = dict(looks)
        self._apply_looks()

    def set_field(self, field: Field | None) -> None:
        """Colour the structure by a field, or by phase again with None."""
        self._field = field
        self._field_colours = None
        if field is not None:
            self._field_colours = field_colours(field)
        self._lines.clear()
        if field is not None and field.tubes is not None:
            self._lines.show(field.tubes, self._field_colours)
        has_bar = field is not None and not field.is_category
        self._colour_bar.show(
            self._field_colours if has_bar else None, field.title if has_bar else ""
        )
        self._apply_looks()

    # -- surroundings -----------------------------------------------------------------------
    def set_ink(self, colour: str) -> None:
        """Colour of all that is written over the picture."""
        ink = rgb(colour)
        parts = (self._scale_bar, self._legend, self._colour_bar, self._caption, self._marker)
        self._handle.set_colour(ink)
        self._planes.set_colour(ink)
        for part in parts:
            part.set_colour(ink)
        self._surroundings.set_ink(ink)

    def set_caption(self, text: str) -> None:
        """Write a line over the structure."""
        self._caption.set_text(text)

    def set_slabs(self, visible: bool) -> None:
        """Show current collector and separator."""
        self._surroundings.set_slabs(visible)

    def set_outline(self, visible: bool) -> None:
        """Show the edges of the box."""
        self._surroundings.set_outline(visible)

    def set_annotations(
        self, scale_bar: bool = True, legend: bool = True, axes: bool = True
    ) -> None:
        """Choose what is written over the picture."""
        self._scale_bar.set_visible(scale_bar)
        self._legend.set_visible(legend)
        self._colour_bar.set_visible(legend)
        self._marker.set_visible(axes)

    def set_lighting(self, on: bool) -> None:
        """Light the structure, or show the plain colours of the phases."""
        self._lighting = on
        self._surfaces.set_lighting(on)
        self._surroundings.set_lighting(on)
        self._lines.set_lighting(on)

    def set_occlusion(self, on: bool, samples: int = 96) -> None:
        """Darken hollows (screen-space ambient occlusion).

        Parameters
        ----------
        samples : int
            Places looked at around each pixel: fewer are quicker, and grainier.
        """
        self._samples = samples
        self.renderer.SetUseSSAO(on)
        if on:
            self.renderer.SetSSAORadius(0.12 * max(self.size))
            self.renderer.SetSSAOBias(0.004 * max(self.size))
            self.renderer.SetSSAOKernelSize(samples)
            self.renderer.SetSSAOBlur(True)

    def set_viewport(self, left: float, bottom: float, right: float, top: float) -> None:
        """Part of the window that the scene fills (0..1)."""
        self._viewport = (left, bottom, right, top)
        for renderer in (self.renderer, self._overlay):
            renderer.SetViewport(left, bottom, right, top)

    # -- camera -----------------------------------------------------------------------------
    def look_from(self, view: str = "corner") -> None:
        """Turn the camera to a named view (see `hybridgui.structure.camera.VIEWS`) and fit."""
        if view not in VIEWS:
            raise ValueError(f"view must be one of {tuple(VIEWS)}, not {view!r}")
        width, height = self._size()
        x, y, z = self.size
        slab = self._surroundings.slab_height
        if self._caption.lines:  # room for the caption, above and for balance below
            height = round(height * (1 - _CAPTION_SHARE))
            fit_camera(self.camera, (0, x, 0, y, -slab, z + slab), view, width / max(height, 1))
            self.camera.SetParallelScale(self.camera.GetParallelScale() / (1 - _CAPTION_SHARE))
            return
        fit_camera(self.camera, (0, x, 0, y, -slab, z + slab), view, width / max(height, 1))

    def update(self, scale: float = 1.0) -> None:
        """Fit annotations and clipping range to camera and window; call before rendering."""
        size = self._size()
        self._scale_bar.update(self.camera, size, scale)
        self._caption.update(size, scale)
        on_lines = self._field is not None and self._field.tubes is not None
        looks = self._looks if self._field is None or on_lines else {}
        self._legend.update(looks, size, scale, self._caption.lines)
        self._colour_bar.update(size, scale, self._legend.lines + self._caption.lines)
        self._handle.update(um_per_pixel(self.camera, size[1]), scale)
        self._overlay.SetActiveCamera(self.camera)
        window = self.renderer.GetVTKWindow()
        if window is not None:
            self._marker.update(self.camera, self._viewport, window.GetSize(), scale)
        self._overlay.ResetCameraClippingRange()
        near, far = self.camera.GetClippingRange()
        self.renderer.ResetCameraClippingRange()
        own = self.camera.GetClippingRange()
        if self._handle.points is not None:
            self.camera.SetClippingRange(min(near, own[0]), max(far, own[1]))

    def to_pixel(self, point: np.ndarray) -> tuple[float, float]:
        """Pixel of the window, counted from its lower left corner, of a point in µm."""
        self.renderer.SetWorldPoint(*point, 1)
        self.renderer.WorldToDisplay()
        x, y, _ = self.renderer.GetDisplayPoint()
        return x, y

    def pick(self, x: float, y: float) -> Pick | None:
        """Visible voxel at a pixel of the window, counted from its lower left corner."""
        if self._stack is None:
            return None
        ends = []
        for depth in (0.0, 1.0):
            self.renderer.SetDisplayPoint(x, y, depth)
            self.renderer.DisplayToWorld()
            px, py, pz, w = self.renderer.GetWorldPoint()
            ends.append(np.array((px, py, pz)) / (w or 1.0))
        if self._slices is not None:
            return first_on_planes(self._stack, self._slices, *ends)
        visible = [p for p, look in self._looks.items() if look.visible and look.opacity > 0]
        planes = None
        if self._plane is not None:
            planes = [(np.array(self._plane.GetOrigin()), np.array(self._plane.GetNormal()))]
        return first_voxel(
            self._stack.labels, self._stack.spacing, *ends, visible, self._crop, planes
        )

    def close(self) -> None:
        """Let go of all data; the scene is not used afterwards."""
        self._surfaces.clear()
        self._volume.clear()
        self._meshes.clear()
        self._stack = None
        self._overlay.RemoveAllObservers()
        for renderer in self.renderers:
            renderer.RemoveAllViewProps()
            renderer.RemoveAllLights()

    # -- making of --------------------------------------------------------------------------
    def _visible_part(self) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...], tuple]:
        """Labels as cropped and thinned, their spacing, the place of their corner, the slices."""
        assert self._stack is not None
        crop = self._crop or tuple((0, n) for n in self._stack.shape)
        step = self._stride
        cut = tuple(
            slice(low + min(step // 2, (high - low - 1) // 2), high, step) for low, high in crop
        )
        labels = np.ascontiguousarray(self._stack.labels[cut])
        # The thinned voxels fill the very box that was asked for.
        spacing = tuple(
            (high - low) * edge / n
            for (low, high), edge, n in zip(crop, self._stack.spacing, labels.shape, strict=True)
        )
        corner = tuple(crop[k][0] * self._stack.spacing[k] for k in (2, 1, 0))
        return labels, spacing, corner, cut

    def _rebuild(self) -> None:
        if self._stack is None:
            self._surfaces.clear()
            self._volume.clear()
            self._cut.cut(np.zeros((1, 1, 1), np.uint8), (1, 1, 1), (0, 0, 0), None)
            self._place_surroundings()
            return
        labels, spacing, corner, _ = self._visible_part()
        if self._mode == "volume":
            self._surfaces.clear()
            self._volume.set_labels(labels, spacing, corner)
        else:
            self._volume.clear()
            key = (self._mode, self._stride, self._crop)
            if key not in self._meshes:
                make = voxel_faces if self._mode == "voxels" else smooth_surfaces
                self._remember(key, _moved(make(labels, spacing), corner))
            self._surfaces.set_meshes(self._meshes[key], smooth=self._mode == "smooth")
            self._surfaces.set_lighting(self._lighting)
        self._place_surroundings()
        self._apply_clip()
        self._apply_looks()

    def _remember(self, key: tuple, meshes: dict) -> None:
        """Keep a few meshes, so that moving with less detail and back is quick."""
        while len(self._meshes) >= 4:
            self._meshes.pop(next(iter(self._meshes)))
        self._meshes[key] = meshes

    def _apply_clip(self) -> None:
        planes = [self._plane] if self._plane is not None else []
        self._surfaces.set_clip(planes)
        self._volume.set_clip(planes)
        self._lines.set_clip(planes)
        if self._stack is None:
            return
        labels, spacing, corner, _ = self._visible_part()
        plane = self._plane if self._mode != "volume" else None
        self._cut.cut(labels, spacing, corner, plane)

    def _apply_looks(self) -> None:
        self._planes.show(self._stack, self._slices, self._looks, self._field)
        looks = self._looks
        if self._slices is not None:  # the planes stand in place of the bodies
            looks = {phase: replace(look, visible=False) for phase, look in looks.items()}
        self._surfaces.set_looks(looks)
        self._volume.set_looks(looks)
        on_surfaces = self._field is not None and self._field.tubes is None
        if not on_surfaces or self._stack is None:
            self._surfaces.set_field(None, None, looks)
            self._cut.set_looks(looks)
            return
        values = self._field.values[self._visible_part()[3]]
        self._surfaces.set_field(values, self._field_colours, looks)
        self._cut.set_field(values, self._field_colours, looks)

    def _place_surroundings(self) -> None:
        self._surroundings.place(self.size, self._stack is not None)
        self.set_occlusion(bool(self.renderer.GetUseSSAO()), self._samples)

    def _on_overlay_start(self, *_) -> None:
        """Blend texts as usual: drawing a volume leaves another rule behind."""
        window = self._overlay.GetVTKWindow()
        state = window.GetState() if window is not None else None
        if state is not None:
            state.ResetGLBlendFuncState()
            state.vtkglBlendFuncSeparate(*_BLEND_OVER)

    def _light(self) -> None:
        """Lamps that move with the camera: key left, fill right, one above, one in front."""
        self.renderer.AutomaticLightCreationOff()
        for across, up, strength in ((-38, 22, 0.5), (62, 10, 0.5), (0, 80, 0.35), (0, 0, 0.52)):
            lamp = vtkLight()
            lamp.SetLightTypeToCameraLight()
            a, u = math.radians(across), math.radians(up)
            lamp.SetPosition(math.sin(a) * math.cos(u), math.sin(u), math.cos(a) * math.cos(u))
            lamp.SetFocalPoint(0, 0, 0)
            lamp.SetIntensity(strength)
            self.renderer.AddLight(lamp)

    def _size(self) -> tuple[int, int]:
        width, height = self.renderer.GetSize()
        return (width, height) if width > 0 and height > 0 else (300, 300)


def _moved(meshes: dict, corner: tuple[float, ...]) -> dict:
    """The meshes, shifted in place to where the box of voxels begins."""
    for mesh in meshes.values():
        mesh.points[:] += np.array(corner, dtype=np.float32)
    return meshes


def field_colours(field: Field) -> vtkLookupTable:
    """The colours of a field for VTK."""
    shades = field.shades()
    table = vtkLookupTable()
    table.SetNumberOfTableValues(len(shades))
    for number, shade in enumerate(shades):
        table.SetTableValue(number, *(float(c) for c in shade), 1.0)
    table.SetRange(*field.limits)
    table.SetNanColor(*(c / 255 for c in MISSING), 1.0)
    table.Build()
    return table
