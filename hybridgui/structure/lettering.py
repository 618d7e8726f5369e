"""The window's own font, as a file that VTK can draw with."""

from __future__ import annotations

from functools import lru_cache

from vtkmodules.vtkCommonCore import VTK_FONT_FILE
from vtkmodules.vtkRenderingCore import vtkTextProperty

_file = ""
_pixels = 13.0


@lru_cache(maxsize=8)
def font_file(family: str) -> str:
    """File of a family of fonts, or an empty text; slow at first: not for the GUI thread."""
    from matplotlib import font_manager

    try:
        return font_manager.findfont(family, fallback_to_default=False)
    except ValueError:
        return ""


def choose(file: str, pixels: float) -> None:
    """Write all annotations from now on with a font, in a size in logical pixels."""
    global _file, _pixels
    _file, _pixels = file, pixels


def dress(style: vtkTextProperty, scale: float, share: float = 1.0) -> None:
    """Give a text the font and a share of the size in force, at pixels per logical pixel."""
    if _file:
        style.SetFontFamily(VTK_FONT_FILE)
        style.SetFontFile(_file)
    else:
        style.SetFontFamilyToArial()
    style.SetFontSize(max(1, round(share * _pixels * scale)))
