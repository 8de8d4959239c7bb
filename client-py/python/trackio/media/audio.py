"""Sounds."""

from __future__ import annotations

from trackio._stored_forms import as_array, is_array
from trackio.media.file import Media, is_path, run_ffmpeg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Literal

    import numpy as np

_FORMATS = ("wav", "mp3")
_LOUDEST = 32767


class Audio(Media):
    """A sound with a caption.

    `value` is a path, which is copied as it is, or samples: an array or a list of the shape (samples,) or
    (samples, channels). `sample_rate` is in Hz and needed for samples. `format` is `wav` (the default) or
    `mp3`, which needs the program `ffmpeg`. Samples are stored with 16 bits: floats are scaled so that the
    loudest is full, integers of another width are scaled to it.

    Raises `ValueError` for a file that is not there, a shape, `sample_rate` or `format` that cannot be used,
    and `TypeError` for another type of samples. Source: the peer's `trackio.Audio`.
    """

    TYPE = "trackio.audio"

    def __init__(
        self,
        value: "str | Path | np.ndarray",
        caption: str | None = None,
        sample_rate: int | None = None,
        format: "Literal['wav', 'mp3'] | None" = None,
    ) -> None:
        super().__init__(value, caption)
        self._sample_rate = sample_rate
        self._format = format
        if is_path(value):
            return
        self._format = format = format or "wav"
        if format not in _FORMATS:
            raise ValueError(f"format `{format}` is not one of `wav`, `mp3`")
        if sample_rate is None:
            raise ValueError("samples need a `sample_rate` in Hz")
        if not isinstance(sample_rate, int) or sample_rate <= 0:
            raise ValueError(f"`sample_rate` is a whole number above 0, not `{sample_rate!r}`")
        if not is_array(value) and not isinstance(value, (list, tuple)):
            raise TypeError(f"a sound is a path, an array or a list of samples, not `{type(value).__name__}`")

    def _extension(self) -> str:
        return super()._extension() if is_path(self._value) else str(self._format)

    def _write(self, path: str) -> None:
        if is_path(self._value):
            return super()._write(path)
        samples, channels = _samples_of_array(self._value) if is_array(self._value) else _samples_of_list(self._value)
        assert self._sample_rate is not None
        if self._format == "wav":
            import wave

            with wave.open(path, "wb") as file:
                file.setnchannels(channels)
                file.setsampwidth(2)
                file.setframerate(self._sample_rate)
                file.writeframes(samples)
        else:
            layout = ["-f", "s16le", "-ar", str(self._sample_rate), "-ac", str(channels), "-i", "pipe:0"]
            run_ffmpeg([*layout, path], [samples], "a sound as `mp3`")


def _samples_of_array(value: Any) -> tuple[bytes, int]:
    """Samples of 16 bits, little-endian, channels interleaved; and the number of channels."""
    import numpy

    array = as_array(value)
    if array.ndim not in (1, 2):
        raise ValueError(f"samples have the shape (samples,) or (samples, channels), not `{array.shape}`")
    kind = array.dtype
    if kind.kind == "f":
        array = numpy.nan_to_num(array)
        loudest = float(numpy.abs(array).max()) if array.size else 0.0
        if loudest > 0.0:
            array = array / loudest
        array = (array * float(_LOUDEST)).clip(-_LOUDEST - 1, _LOUDEST)
    elif kind == numpy.int32:
        array = array // 65_536
    elif kind == numpy.uint16:
        array = array.astype(numpy.int32) - 32_768
    elif kind == numpy.uint8:
        array = array.astype(numpy.int32) * 257 - 32_768
    elif kind == numpy.int8:
        array = array.astype(numpy.int32) * 256
    elif kind != numpy.int16:
        raise TypeError(f"samples are floats or integers of 8, 16 or 32 bits, not `{kind}`; convert them first")
    return numpy.ascontiguousarray(array, dtype="<i2").tobytes(), 1 if array.ndim == 1 else array.shape[1]


def _samples_of_list(value: Any) -> tuple[bytes, int]:
    """The same from a list of numbers, or of a list of numbers for each instant, without NumPy."""
    import struct
    from math import isfinite

    rows = [list(row) if isinstance(row, (list, tuple)) else [row] for row in value]
    channels = len(rows[0]) if rows else 1
    if any(len(row) != channels for row in rows):
        raise ValueError("samples have the shape (samples,) or (samples, channels): each has as many channels")
    numbers = [number for row in rows for number in row]
    if any(isinstance(number, float) for number in numbers):
        floats = [float(number) if isfinite(number) else 0.0 for number in numbers]
        loudest = max(map(abs, floats)) or 1.0
        numbers = [int(number / loudest * _LOUDEST) for number in floats]
    if any(not -_LOUDEST - 1 <= number <= _LOUDEST for number in numbers):
        raise ValueError("whole numbers are samples of 16 bits, from -32768 to 32767")
    return struct.pack(f"<{len(numbers)}h", *numbers), channels
