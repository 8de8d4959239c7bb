"""Videos."""

from __future__ import annotations

from trackio._stored_forms import as_array, is_array
from trackio.media.file import Media, is_path, run_ffmpeg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Literal

    import numpy as np

_DEFAULT_FRAMES_PER_SECOND = 24
_BITS_PER_PIXEL = 0.08
_FORMATS = ("gif", "mp4", "webm")


class Video(Media):
    """A video with a caption.

    `value` is a path, which is copied as it is, or an array of `uint8` in 0–255 of the shape
    (frames, channels, height, width) or (videos, frames, channels, height, width), whose videos are laid out
    as a grid. `fps` are frames per second, 24 by default. `format` is `gif` (the default), `mp4` or `webm`;
    they are written by the program `ffmpeg`, a `gif` by Pillow where there is no such program.

    Raises `ValueError` for a file that is not there and for another type, shape or `format`.
    Source: the peer's `trackio.Video`, which always needs `ffmpeg`.
    """

    TYPE = "trackio.video"

    def __init__(
        self,
        value: "str | Path | np.ndarray",
        caption: str | None = None,
        fps: int | None = None,
        format: "Literal['gif', 'mp4', 'webm'] | None" = None,
    ) -> None:
        super().__init__(value, caption)
        self._format = format
        self._fps = fps or _DEFAULT_FRAMES_PER_SECOND
        if is_path(value):
            return
        self._format = format = format or "gif"
        if format not in _FORMATS:
            raise ValueError(f"format `{format}` is not one of `gif`, `mp4`, `webm`")
        if not is_array(value):
            raise ValueError(f"a video is a path or an array, not `{type(value).__name__}`")
        self._value = as_array(value)
        if self._value.dtype.name != "uint8":
            raise ValueError(f"pixels are `uint8` in 0–255, not `{self._value.dtype}`; convert them first")

    def _extension(self) -> str:
        return super()._extension() if is_path(self._value) else str(self._format)

    def _write(self, path: str) -> None:
        if is_path(self._value):
            return super()._write(path)
        frames = _as_grid(self._value)
        if frames.shape[3] != 3:
            raise ValueError(f"a video has 3 channels, not `{frames.shape[3]}`")
        import shutil

        if self._format == "gif" and shutil.which("ffmpeg") is None:
            return _write_gif(frames, self._fps, path)
        _, height, width, _ = frames.shape
        source = ["-f", "rawvideo", "-s", f"{width}x{height}", "-pix_fmt", "rgb24", "-r", str(self._fps), "-i", "-", "-an"]
        if self._format == "gif":
            codec = ["-vf", "split[s0][s1];[s0]palettegen[p];[s1][p]paletteuse", "-loop", "0"]
        elif self._format == "mp4":
            codec = ["-vcodec", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
        else:
            bits_per_second = max(1, int(width * height * self._fps * _BITS_PER_PIXEL))
            codec = ["-vcodec", "libvpx-vp9", "-b:v", str(bits_per_second), "-pix_fmt", "yuv420p"]
        run_ffmpeg([*source, *codec, path], (frame.tobytes() for frame in frames), f"a video as `{self._format}`")


def _as_grid(array: Any) -> Any:
    """Frames of the shape (frames, height, width, channels); several videos side by side.

    Their number is filled up with black ones to a power of two; there are as many columns as rows, or twice as
    many.
    """
    import numpy

    if array.ndim == 4:
        array = array[numpy.newaxis]
    if array.ndim != 5:
        raise ValueError(f"a video has the shape ([videos,] frames, channels, height, width), not `{array.shape}`")
    videos, frames, channels, height, width = array.shape
    doublings = (videos - 1).bit_length()
    missing = (1 << doublings) - videos
    array = numpy.concatenate([array, numpy.zeros((missing, *array.shape[1:]), dtype=array.dtype)])
    rows = 1 << doublings // 2
    columns = (1 << doublings) // rows
    grid = array.reshape(rows, columns, frames, channels, height, width).transpose(2, 0, 4, 1, 5, 3)
    return numpy.ascontiguousarray(grid.reshape(frames, rows * height, columns * width, channels))


def _write_gif(frames: Any, frames_per_second: int, path: str) -> None:
    try:
        from PIL.Image import fromarray
    except ImportError:
        raise RuntimeError("a video as `gif` needs the program `ffmpeg` or the package `pillow`; install one") from None
    first, *others = [fromarray(frame) for frame in frames]
    first.save(path, format="GIF", save_all=True, append_images=others, duration=1000 / frames_per_second, loop=0)
