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
_MARGIN = 1.14


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
