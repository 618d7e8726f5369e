"""Animations of the view: what moves in each frame, and the files they are written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from hybridgui.structure import camera as cameras
from hybridgui.structure.backdrop import Backdrop

Frame = np.ndarray


def has_video() -> bool:
    """Whether MP4 can be written (the encoder is an optional package)."""
    import importlib.util

    return importlib.util.find_spec("imageio_ffmpeg") is not None


def spin(view: Any, frames: int, width: int, height: int, backdrop: Backdrop) -> Iterator[Frame]:
    """Walk once around the electrode; the camera ends where it began."""
    camera = view.scenes[0].camera
    state = cameras.camera_state(camera)
    try:
        for _ in range(frames):
            yield view.screenshot(width, height, backdrop, backdrop.ink)
            cameras.orbit(camera, 360 / frames, 0)
    finally:
        cameras.set_camera_state(camera, state)
        view.refresh()


def walk(
    show: Callable[[int], None],
    steps: int,
    back_to: int,
    view: Any,
    hold: int,
    width: int,
    height: int,
    backdrop: Backdrop,
) -> Iterator[Frame]:
    """Go through numbered states, `hold` frames each, and come back to one of them."""
    try:
        for step in range(steps):
            show(step)
            picture = view.screenshot(width, height, backdrop, backdrop.ink)
            for _ in range(hold):
                yield picture
    finally:
        show(back_to)
        view.refresh()


class AnimationWriter:
    """Collects frames into a GIF or MP4.

    Parameters
    ----------
    path : Path
        The suffix chooses the format: .gif or .mp4.
    rate : float
        Frames per second.

    Raises
    ------
    InputError
        If the format is unknown, or MP4 is asked for without its encoder.
    """

    def __init__(self, path: Path, rate: float):
        self._path, self._rate = Path(path), rate
        self._frames: list[Any] = []
        self._video: Any = None
        suffix = self._path.suffix.lower()
        if suffix not in (".gif", ".mp4"):
            raise InputError(f"'{suffix}' is no animation format: use .gif or .mp4.")
        if suffix == ".mp4" and not has_video():
            raise InputError("MP4 needs the package imageio-ffmpeg: install it, or save a GIF.")

    def add(self, frame: Frame) -> None:
        """Add a frame; uint8, shape (height, width, 3)."""
        if self._path.suffix.lower() == ".mp4":
            # The common encoders take even sizes only.
            frame = np.ascontiguousarray(
                frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]
            )
            if self._video is None:
                import imageio_ffmpeg

                size = (frame.shape[1], frame.shape[0])
                self._video = imageio_ffmpeg.write_frames(
                    str(self._path), size, fps=self._rate, quality=8, macro_block_size=2
                )
                self._video.send(None)
            self._video.send(frame.tobytes())
            return
        from PIL import Image

        picture = Image.fromarray(frame)
        # One palette for all frames keeps the colours of the phases from flickering.
        if not self._frames:
            self._palette = picture.quantize(255)
        self._frames.append(picture.quantize(palette=self._palette, dither=0))

    def close(self) -> None:
        """Write what is left.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        if self._video is not None:
            self._video.close()
        if self._frames:
            try:
                self._frames[0].save(
                    self._path,
                    save_all=True,
                    append_images=self._frames[1:],
                    duration=round(1000 / self._rate),
                    loop=0,
                )
            except OSError as error:
                raise InputError(f"Cannot write {self._path}: {error}.") from None

    def discard(self) -> None:
        """Leave no half-written file behind."""
        if self._video is not None:
            self._video.close()
        self._frames = []
        if self._path.suffix.lower() == ".mp4":
            self._path.unlink(missing_ok=True)
