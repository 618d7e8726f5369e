"""Where the camera stands: named views that fit the structure into the picture."""

from __future__ import annotations

import math

import numpy as np
from vtkmodules.vtkRenderingCore import vtkCamera

# Direction from the structure to the camera, and what is up.
VIEWS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "corner": ((0.62, -1.0, 0.42), (0, 0, 1)),
    "opposite corner": ((-0.62, 1.0, 0.42), (0, 0, 1)),
    "x": ((1, 0, 0), (0, 0, 1)),
    "y": ((0, -1, 0), (0, 0, 1)),
    "z": ((0, 0, 1), (0, 1, 0)),
    "from below": ((0, 0, -1), (0, 1, 0)),
}
_MARGIN = 1.07


def fit_camera(
    camera: vtkCamera,
    bounds: tuple[float, float, float, float, float, float],
    view: str,
    aspect: float,
) -> None:
    """Aim at the middle of the bounds and show them whole.

    Parameters
    ----------
    bounds : six floats, µm
        (x low, x high, y low, y high, z low, z high).
    view : str
        A key of `VIEWS`.
    aspect : float
        Width over height of the picture.
    """
    towards, up = (np.array(v, dtype=float) for v in VIEWS[view])
    towards /= np.linalg.norm(towards)
    right = np.cross(up, towards)
    right /= np.linalg.norm(right)
    upward = np.cross(towards, right)
    low, high = np.array(bounds[::2]), np.array(bounds[1::2])
    centre = (low + high) / 2
    corners = np.array([[(low, high)[k >> axis & 1][axis] for axis in range(3)] for k in range(8)])
    half_width = np.abs((corners - centre) @ right).max()
    half_height = np.abs((corners - centre) @ upward).max()
    half = _MARGIN * max(half_height, half_width / max(aspect, 1e-6))
    reach = float(np.linalg.norm(high - low))
    distance = max(half / math.tan(math.radians(camera.GetViewAngle()) / 2), reach)
    camera.SetFocalPoint(*centre)
    camera.SetPosition(*(centre + distance * towards))
    camera.SetViewUp(*upward)
    camera.SetParallelScale(half)


def camera_state(camera: vtkCamera) -> dict:
    """Where the camera stands, as JSON values."""
    return {
        "position": list(camera.GetPosition()),
        "focal_point": list(camera.GetFocalPoint()),
        "view_up": list(camera.GetViewUp()),
        "parallel_scale": camera.GetParallelScale(),
        "parallel": bool(camera.GetParallelProjection()),
    }


def set_camera_state(camera: vtkCamera, state: dict) -> None:
    """Put the camera where `camera_state` found it."""
    camera.SetPosition(*state["position"])
    camera.SetFocalPoint(*state["focal_point"])
    camera.SetViewUp(*state["view_up"])
    camera.SetParallelScale(state["parallel_scale"])
    camera.SetParallelProjection(state["parallel"])


def orbit(camera: vtkCamera, across: float, up: float) -> None:
    """Walk around the focal point like around a table: z stays upright.

    Parameters
    ----------
    across, up : float, degrees
        To the right of the picture, and upwards; the poles stop the walk.
    """
    focus = np.array(camera.GetFocalPoint())
    towards = np.array(camera.GetPosition()) - focus
    distance = float(np.linalg.norm(towards))
    elevation = math.asin(float(np.clip(towards[2] / distance, -1, 1)))
    if math.hypot(towards[0], towards[1]) > 1e-6 * distance:
        azimuth = math.atan2(towards[1], towards[0])
    else:  # straight from above or below: what is up in the picture tells where one stands
        x, y, _ = camera.GetViewUp()
        sign = -1 if elevation > 0 else 1
        azimuth = math.atan2(sign * y, sign * x)
    azimuth -= math.radians(across)
    elevation = float(
        np.clip(elevation + math.radians(up), -math.pi / 2 + 1e-9, math.pi / 2 - 1e-9)
    )
    out = np.array((math.cos(azimuth), math.sin(azimuth), 0.0))
    z = np.array((0.0, 0.0, 1.0))
    camera.SetPosition(*(focus + distance * (math.cos(elevation) * out + math.sin(elevation) * z)))
    camera.SetViewUp(*(-math.sin(elevation) * out + math.cos(elevation) * z))


def pan(camera: vtkCamera, right: float, up: float) -> None:
    """Move the structure within the picture by so many µm."""
    towards = np.array(camera.GetDirectionOfProjection())
    upward = np.array(camera.GetViewUp())
    sideways = np.cross(towards, upward)
    sideways /= np.linalg.norm(sideways)
    shift = -(right * sideways + up * np.cross(sideways, towards))
    camera.SetFocalPoint(*(np.array(camera.GetFocalPoint()) + shift))
    camera.SetPosition(*(np.array(camera.GetPosition()) + shift))


def zoom_at(camera: vtkCamera, factor: float, right: float, up: float) -> None:
    """Enlarge by a factor and keep the point at (right, up) µm from the middle in its place."""
    before = camera.GetParallelScale()
    if camera.GetParallelProjection():
        camera.SetParallelScale(before / factor)
    else:
        camera.Dolly(factor)
    pan(camera, right * (1 / factor - 1), up * (1 / factor - 1))


def um_per_pixel(camera: vtkCamera, height: float) -> float:
    """Size of a pixel in µm, in the plane through the focal point, in a picture so high."""
    if camera.GetParallelProjection():
        return 2 * camera.GetParallelScale() / max(height, 1)
    angle = math.radians(camera.GetViewAngle())
    return 2 * camera.GetDistance() * math.tan(angle / 2) / max(height, 1)
