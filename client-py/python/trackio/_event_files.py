"""TensorBoard's event files, read without TensorFlow: scalars, in the order they were written.

A file is a chain of records: the length (8 bytes, little endian), its masked CRC-32C, the data, their masked
CRC-32C. The data are a message `Event` of protocol buffers. Source: TensorFlow's `record_writer.h` and the
definitions `event.proto`, `summary.proto` and `tensor.proto`.
"""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

from trackio._protobuf import fields, signed, varint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

# Fields of the messages, by their numbers.
_WALL_TIME, _STEP, _SUMMARY = 1, 2, 5
_VALUE = 1
_TAG, _SIMPLE_VALUE, _TENSOR, _METADATA = 1, 2, 8, 9
_PLUGIN, _PLUGIN_NAME = 1, 1
_TYPE, _CONTENT = 1, 4
# Field of a tensor that holds its elements, and the form of one of them in its raw content, by its type.
_ELEMENTS = {1: (5, "<f"), 2: (6, "<d"), 3: (7, "<i"), 9: (10, "<q"), 19: (13, "<e")}
_SCALARS = b"scalars"
# A longer record cannot be one.
_LONGEST_RECORD = 1 << 31
_MASK = 0xA282EAD8


def event_files(folder: Path) -> "Iterator[tuple[str, list[Path]]]":
    """The event files below a folder, by their own folder relative to it, in the order they were begun."""
    if folder.is_file():
        yield "", [folder]
        return
    by_folder: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*tfevents*")):
        if file.is_file():
            relative = file.parent.relative_to(folder).as_posix()
            by_folder.setdefault("" if relative == "." else relative, []).append(file)
    yield from sorted(by_folder.items())


class Reading:
    """How many bytes of event files were read so far."""

    def __init__(self) -> None:
        self.position = 0


def scalars(files: list[Path], reading: Reading) -> "Iterator[tuple[float, int, str, float]]":
    """Each scalar of the files of a folder: seconds since 1970, step, tag, value.

    A last record that was cut off, as when its writer died, ends a file; a damaged one does so with a warning.
    """
    # A tag says only once what it is.
    plugins: dict[bytes, bytes] = {}
    for file in files:
        before = reading.position
        yield from _scalars_of_file(file, plugins, reading)
        # What a damaged file has left is passed too.
        reading.position = before + file.stat().st_size


def _scalars_of_file(path: Path, plugins: dict[bytes, bytes], reading: Reading) -> "Iterator[tuple[float, int, str, float]]":
    before = reading.position
    with path.open("rb") as file:
        for position, data, checksum in _records(path, file):
            reading.position = before + position
            try:
                found = list(_scalars_of_event(data, plugins))
            except (IndexError, struct.error, ValueError):
                found = None
            # Images and graphs are not summed only to be left out.
            if found is None or found and _masked(data) != checksum:
                _warn_damaged(path, position)
                return
            yield from found


def _records(path: Path, file: "BinaryIO") -> "Iterator[tuple[int, bytes, int]]":
    position = 0
    while len(head := file.read(12)) == 12:
        length, checksum = struct.unpack("<QI", head)
        if _masked(head[:8]) != checksum or length > _LONGEST_RECORD:
            _warn_damaged(path, position)
            return
        body = file.read(length + 4)
        if len(body) < length + 4:
            return
        yield position, body[:-4], struct.unpack("<I", body[-4:])[0]
        position += 16 + length


def _warn_damaged(path: Path, position: int) -> None:
    warnings.warn(f"`{path}` is damaged at byte {position}; what follows is not imported", RuntimeWarning, stacklevel=2)


def _scalars_of_event(event: bytes, plugins: dict[bytes, bytes]) -> "Iterator[tuple[float, int, str, float]]":
    seconds, step, summary = 0.0, 0, None
    for field, value in fields(event):
        if field == _WALL_TIME:
            (seconds,) = struct.unpack("<d", value)
        elif field == _STEP:
            step = signed(value)
        elif field == _SUMMARY:
            summary = value
    for field, value in fields(summary or b""):
        if field == _VALUE:
            tag, number = _tag_and_number(value, plugins)
            if number is not None:
                yield seconds, step, tag.decode("utf-8", "replace"), number


def _tag_and_number(value: bytes, plugins: dict[bytes, bytes]) -> tuple[bytes, float | None]:
    parts: dict[int, Any] = dict(fields(value))
    tag = parts.get(_TAG, b"")
    if _METADATA in parts:
        plugin = dict(fields(parts[_METADATA])).get(_PLUGIN, b"")
        plugins[tag] = dict(fields(plugin)).get(_PLUGIN_NAME, b"")
    if _SIMPLE_VALUE in parts:
        return tag, struct.unpack("<f", parts[_SIMPLE_VALUE])[0]
    if _TENSOR in parts and plugins.get(tag) == _SCALARS:
        return tag, _only_element(parts[_TENSOR])
    return tag, None


def _only_element(tensor: bytes) -> float | None:
    """The number of a tensor that has one element; `None` for others."""
    parts: dict[int, Any] = dict(fields(tensor))
    place, form = _ELEMENTS.get(parts.get(_TYPE, 0), (0, ""))
    if not place:
        return None
    if content := parts.get(_CONTENT, b""):
        return float(struct.unpack(form, content)[0]) if len(content) == struct.calcsize(form) else None
    element = parts.get(place)
    if element is None:
        return None
    if form in ("<f", "<d"):
        return struct.unpack(form, element)[0] if len(element) == struct.calcsize(form) else None
    if isinstance(element, bytes):  # packed
        element, end = varint(element, 0)
    if form == "<e":
        return struct.unpack("<e", element.to_bytes(2, "little"))[0]
    return float(signed(element))


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ 0x82F63B78 if byte & 1 else byte >> 1
        table.append(byte)
    return table


_TABLE = _crc_table()


def _masked(data: bytes) -> int:
    """CRC-32C of the data, turned and shifted as the files have it."""
    crc, table = 0xFFFFFFFF, _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF
