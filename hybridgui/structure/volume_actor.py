"""Volume rendering: each phase a cloud of its own colour and density."""

from __future__ import annotations

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction, vtkPlane
from vtkmodules.vtkRenderingCore import (
    vtkColorTransferFunction,
    vtkRenderer,
    vtkVolume,
    vtkVolumeProperty,
)
from vtkmodules.vtkRenderingVolume import vtkGPUVolumeRayCastMapper

from hybridgui.structure.phases import PHASES, Looks, rgb
from hybridgui.structure.vtk_arrays import image_data


def blurred_indicators(labels: np.ndarray) -> np.ndarray:
    """One channel a phase: 255 inside, 0 outside, softened over one voxel.

    Returns
    -------
    ndarray of uint8, shape (nz, ny, nx, 3)
    """
    channels = np.empty((*labels.shape, len(PHASES)), dtype=np.uint8)
    for channel, phase in enumerate(PHASES):
        soft = (labels == phase).astype(np.uint16)
        for axis in range(3):
            grown = np.concatenate((soft.take([0], axis), soft, soft.take([-1], axis)), axis=axis)
            ends = [[slice(None)] * 3 for _ in range(3)]
            for k in range(3):
                ends[k][axis] = slice(k, k + labels.shape[axis])
            soft = grown[tuple(ends[0])] + 2 * grown[tuple(ends[1])] + grown[tuple(ends[2])]
        channels[..., channel] = soft * 255 // 64
    return channels


class VolumeActor:
    """The stack as a translucent volume with one transfer function a phase."""

    def __init__(self, renderer: vtkRenderer):
        self._renderer = renderer
        self._volume = vtkVolume()
        self._mapper = vtkGPUVolumeRayCastMapper()
        self._mapper.SetAutoAdjustSampleDistances(False)
        self._volume.SetMapper(self._mapper)
        self._shown = False
        self._edge = 1.0
        self._coarse = 1.0

    def set_labels(
        self,
        labels: np.ndarray,
        spacing: tuple[float, float, float],
        corner: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        """Replace the volume; `corner` is where it begins, (x, y, z) in µm."""
        origin = tuple(c + e / 2 for c, e in zip(corner, spacing[::-1], strict=True))
        self._image = image_data(blurred_indicators(labels), spacing, origin=origin, name="phases")
        self._mapper.SetInputData(self._image)
        self._edge = min(spacing)
        self.set_coarse(self._coarse)
        if not self._shown:
            self._renderer.AddVolume(self._volume)
            self._shown = True

    def clear(self) -> None:
        """Remove the volume."""
        if self._shown:
            self._renderer.RemoveVolume(self._volume)
            self._shown = False
        self._mapper.RemoveAllInputs()
        self._image = None

    def set_looks(self, looks: Looks) -> None:
        """Colour and density of each phase; hidden phases have none."""
        if not self._shown:
            return
        material = vtkVolumeProperty()
        material.IndependentComponentsOn()
        material.SetInterpolationTypeToLinear()
        for channel, phase in enumerate(PHASES):
            look = looks[phase]
            colour = vtkColorTransferFunction()
            colour.AddRGBPoint(0, *rgb(look.colour))
            colour.AddRGBPoint(255, *rgb(look.colour))
            density = vtkPiecewiseFunction()
            # Densest at the surface, so that one looks through a body but sees its edge.
            top = look.opacity**2 if look.visible else 0.0
            for value, share in ((0, 0), (60, 0), (128, 0.45), (190, 0.16), (255, 0.12)):
                density.AddPoint(value, share * top)
            material.SetColor(channel, colour)
            material.SetScalarOpacity(channel, density)
            material.SetScalarOpacityUnitDistance(channel, 2 * self._edge)
            material.SetComponentWeight(channel, 1.0)
        self._volume.SetProperty(material)

    def set_coarse(self, factor: float) -> None:
        """Look only every `factor` voxels along a ray, and along every so many-th ray."""
        self._coarse = factor
        self._mapper.SetSampleDistance(0.7 * factor * self._edge)
        self._mapper.SetImageSampleDistance(factor)

    def set_clip(self, planes: list[vtkPlane]) -> None:
        """Show only what lies on the positive side of every plane."""
        self._mapper.RemoveAllClippingPlanes()
        for plane in planes:
            self._mapper.AddClippingPlane(plane)
