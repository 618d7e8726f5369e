"""What lies behind the picture of a structure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridgui.structure.phases import rgb


@dataclass(frozen=True)
class Backdrop:
    """Colours of the background at its top and bottom, and of what is written over it."""

    top: str
    bottom: str
    ink: str


LIGHT = Backdrop("#FFFFFF", "#DEE4EA", "#1F2933")
DARK = Backdrop("#2B3139", "#15181C", "#E6EAEE")
WHITE = Backdrop("#FFFFFF", "#FFFFFF", "#1F2933")


def laid_over(pixels: np.ndarray, backdrop: Backdrop | None) -> np.ndarray:
    """Lay a picture with opacity over a background.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 4)
        Colours multiplied by their opacity.
    backdrop : Backdrop or None
        None keeps the opacity and divides the colours by it, as image files want them.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3), or 4 without a background
    """
    opacity = pixels[..., 3:].astype(np.float32) / 255
    if backdrop is None:
        plain = pixels.copy()
        colours = pixels[..., :3] / np.maximum(opacity, 1 / 255)
        plain[..., :3] = np.minimum(np.rint(colours), 255)
        return plain
    height = pixels.shape[0]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    top, bottom = (np.array(rgb(c), np.float32) * 255 for c in (backdrop.top, backdrop.bottom))
    gradient = ((1 - down) * top + down * bottom)[:, None, :]
    over = pixels[..., :3] + (1 - opacity) * gradient
    return np.minimum(np.rint(over), 255).astype(np.uint8)
