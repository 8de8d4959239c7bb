"""Images."""

from __future__ import annotations

from trackio._stored_forms import as_array, is_array, is_figure, is_pillow_image
from trackio.media.file import Media, is_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import numpy as np
    import PIL.Image


class Image(Media):
    """An image with a caption.

    `value` is a path, which is copied as it is; an image of Pillow; a figure of Matplotlib; or an array or
    tensor of the shape (height, width), (height, width, 1), (height, width, 3) or (height, width, 4), also
    with the channels first if it is a tensor of PyTorch: `uint8` in 0–255, floats in 0–1 (in 0–255 if one is
    above 1), or truth values. They are stored as PNG in the mode RGBA.
    `mode`, `grouping`, `classes`, `file_type` and `normalize` are accepted; `boxes` and `masks` are a warning.

    Raises `ValueError` for a file that is not there, another type and another shape.
    Source: the peer's `trackio.Image`, which takes arrays of `uint8` only.
    """

    TYPE = "trackio.image"

    def __init__(
        self,
        value: "str | Path | np.ndarray | PIL.Image.Image",
        caption: str | None = None,
        *,
        mode: str | None = None,
        grouping: int | None = None,
        classes: Any = None,
        boxes: dict[str, Any] | None = None,
        masks: dict[str, Any] | None = None,
        file_type: str | None = None,
        normalize: bool = True,
    ) -> None:
        super().__init__(value, caption)
        if boxes or masks:
            import warnings

            warnings.warn("boxes and masks of images are not stored; draw them into the image", RuntimeWarning, stacklevel=2)
        if is_path(value) or is_pillow_image(value) or is_figure(value) and hasattr(value, "savefig"):
            return
        if not is_array(value):
            raise ValueError(f"an image is a path, an array or an image of Pillow, not `{type(value).__name__}`")
        self._value = _pixels(value)

    def _extension(self) -> str:
        return super()._extension() if is_path(self._value) else "png"

    def _write(self, path: str) -> None:
        if is_path(self._value):
            super()._write(path)
        elif is_pillow_image(self._value):
            self._value.convert("RGBA").save(path, format="PNG")
        elif is_array(self._value):
            _write_pixels(self._value, path)
        else:
            self._value.savefig(path, format="png", bbox_inches="tight")


def _pixels(value: Any) -> Any:
    """An array of `uint8` that Pillow takes."""
    array = as_array(value)
    # Tensors of PyTorch have their channels first.
    if hasattr(value, "detach") and array.ndim == 3 and array.shape[0] in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or array.ndim == 3 and array.shape[2] not in (3, 4):
        raise ValueError(f"an image has the shape (height, width[, 1, 3 or 4 channels]), not `{array.shape}`")
    if array.dtype.kind == "f":
        scale = 1.0 if array.size and array.max() > 1.0 else 255.0
        # NaN is black; half a step up, so that 1.0 is 255 and each level has the same width.
        array = (array.astype("float64") * scale + 0.5).clip(0, 255)
        array[array != array] = 0
    elif array.dtype.kind == "b":
        array = array * 255
    elif array.dtype.name != "uint8":
        raise ValueError(f"pixels are `uint8`, floats or truth values, not `{array.dtype}`; convert them first")
    return array.astype("uint8")


def _write_pixels(array: Any, path: str) -> None:
    try:
        from PIL.Image import fromarray
    except ImportError:
        return _write_png(array, path)
    fromarray(array).convert("RGBA").save(path, format="PNG")


def _write_png(array: Any, path: str) -> None:
    """Writes an array as a PNG file in the mode RGBA where Pillow is not installed."""
    import struct
    import zlib

    import numpy

    height, width = array.shape[:2]
    rows = numpy.full((height, width, 4), 255, dtype="uint8")
    rows[:, :, : 4 if array.ndim == 3 and array.shape[2] == 4 else 3] = array if array.ndim == 3 else array[:, :, None]
    # Each row begins with the number of its filter: none.
    lines = numpy.zeros((height, 1 + width * 4), dtype="uint8")
    lines[:, 1:] = rows.reshape(height, width * 4)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        file.write(chunk(b"IDAT", zlib.compress(lines.tobytes())) + chunk(b"IEND", b""))
