"""wandb's files of offline runs (`run-<id>.wandb`), read without wandb: its records, in the order they were written.

A file is a head of 7 bytes and a log in the form of LevelDB: blocks of 32,768 bytes, in them fragments with a
checksum (CRC-32 of kind and data, 4 bytes), a length (2 bytes) and a kind (1 byte) before their data. The fragments of a
record together are a message `Record` of protocol buffers. Source: wandb's `wandb_internal.proto`, and LevelDB's
`log_format.md`.
"""

from __future__ import annotations

import json
import struct
import warnings
from zlib import crc32

from trackio._protobuf import fields, signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any, BinaryIO

# Fields of `Record` that say something of the run; a record has one of them, or none.
HISTORY, SUMMARY, CONFIG, STATS, ALERT, METRIC, RUN, EXIT, ENVIRONMENT = 2, 3, 5, 7, 10, 12, 17, 18, 26
_OF_THE_RUN = frozenset((HISTORY, SUMMARY, CONFIG, STATS, ALERT, METRIC, RUN, EXIT, ENVIRONMENT))
_NUMBER = 1
# Fields of the messages in them.
_ITEM, _UPDATE, _REMOVE = 1, 1, 2
_KEY, _NESTED_KEY, _BOOLEAN, _INTEGER, _DOUBLE, _TEXT, _JSON, _VALUE_JSON = 1, 2, 4, 5, 6, 7, 8, 16
_SECONDS, _NANOSECONDS = 1, 2
_STATS_ITEM = 3

_MAGIC = b":W&B\xe1\xbe"
_FILE_HEAD_BYTES, _BLOCK_BYTES = 7, 32_768
_FRAGMENT = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


def records(path: "Path") -> "Iterator[tuple[int, int, int, bytes]]":
    """Each record of a file: where it ends, its number, the field that says what it is, and that field's message.

    A last record that was cut off, as when its writer died or still writes, ends the file; a damaged one does so with
    a warning. `ValueError` for another kind of file.
    """
    with path.open("rb") as file:
        if not file.read(_FILE_HEAD_BYTES).startswith(_MAGIC):
            raise ValueError(f"`{path}` is no file of wandb's")
        for position, data in _data(path, file):
            try:
                found = list(fields(data))
            except (IndexError, ValueError):
                _warn_damaged(path, position)
                return
            number = next((signed(value) for field, value in found if field == _NUMBER), 0)
            for field, value in found:
                if field in _OF_THE_RUN:
                    yield position, number, field, value


def _data(path: "Path", file: "BinaryIO") -> "Iterator[tuple[int, bytes]]":
    # Blocks are counted from the beginning of the file, its head included.
    position, parts = _FILE_HEAD_BYTES, b""
    block = b"\0" * _FILE_HEAD_BYTES + file.read(_BLOCK_BYTES - _FILE_HEAD_BYTES)
    at = _FILE_HEAD_BYTES
    while True:
        if len(block) - at < _FRAGMENT.size:
            # What is left of a whole block is filled up; a shorter block is the last one.
            if len(block) < _BLOCK_BYTES:
                return
            position += len(block) - at
            block, at = file.read(_BLOCK_BYTES), 0
            continue
        checksum, length, kind = _FRAGMENT.unpack_from(block, at)
        if kind == length == checksum == 0:  # room that was made and not used
            return
        end = at + _FRAGMENT.size + length
        if end > len(block):
            if len(block) == _BLOCK_BYTES:  # no fragment reaches into the next block
                _warn_damaged(path, position)
            return
        if kind not in (_FULL, _FIRST, _MIDDLE, _LAST) or crc32(block[at + _FRAGMENT.size - 1 : end]) != checksum:
            _warn_damaged(path, position)
            return
        data = block[at + _FRAGMENT.size : end]
        parts = data if kind in (_FULL, _FIRST) else parts + data
        position += end - at
        at = end
        if kind in (_FULL, _LAST):
            yield position, parts


def _warn_damaged(path: "Path", position: int) -> None:
    warnings.warn(f"`{path}` is damaged near byte {position}; what follows is not imported", RuntimeWarning, stacklevel=2)


def text(message: bytes, field: int) -> str | None:
    """The newest text of a field; `None` where it is absent or empty."""
    found = None
    for number, value in fields(message):
        if number == field and isinstance(value, bytes):
            found = value.decode("utf-8", "replace")
    return found or None


def texts(message: bytes, field: int) -> list[str]:
    """All texts of a field."""
    return [value.decode("utf-8", "replace") for number, value in fields(message) if number == field]


def message(outer: bytes, field: int) -> bytes:
    """The message in a field; empty where it is absent."""
    return next((value for number, value in fields(outer) if number == field and isinstance(value, bytes)), b"")


def whole_number(outer: bytes, field: int) -> int:
    """The integer in a field; 0 where it is absent."""
    return next((signed(value) for number, value in fields(outer) if number == field), 0)


def seconds(timestamp: bytes) -> float | None:
    """A message `Timestamp` as seconds since 1970; `None` for an empty one."""
    return whole_number(timestamp, _SECONDS) + whole_number(timestamp, _NANOSECONDS) / 1e9 if timestamp else None


def row(history: bytes) -> dict[str, Any]:
    """The names and values of a row, nested as they were logged."""
    values: dict[str, Any] = {}
    for number, item in fields(history):
        if number == _ITEM:
            _put(values, *_item(item))
    return values


def change(values: dict[str, Any], record: bytes) -> None:
    """Takes a change of the config or of the summary into its values so far."""
    for number, item in fields(record):
        keys, value = _item(item) if number in (_UPDATE, _REMOVE) else ([], None)
        if number == _UPDATE:
            _put(values, keys, value)
        elif number == _REMOVE:
            _remove(values, keys)


def sample(stats: bytes) -> dict[str, Any]:
    """The names and values of a sample of the machine."""
    values: dict[str, Any] = {}
    for number, item in fields(stats):
        if number == _STATS_ITEM:
            _put(values, *_item(item))
    return values


def _item(item: bytes) -> tuple[list[str], Any]:
    keys: list[str] = []
    value: Any = None
    for field, found in fields(item):
        if field in (_KEY, _NESTED_KEY):
            keys.append(found.decode("utf-8", "replace"))
        elif field in (_VALUE_JSON, _JSON):
            value = json.loads(found) if found else None
        elif field == _TEXT:
            value = found.decode("utf-8", "replace")
        elif field == _BOOLEAN:
            value = bool(found)
        elif field == _INTEGER:
            value = (found >> 1) ^ -(found & 1)
        elif field == _DOUBLE:
            (value,) = struct.unpack("<d", found)
    return keys, value


def _put(values: dict[str, Any], keys: list[str], value: Any) -> None:
    if not keys:
        return
    for key in keys[:-1]:
        if not isinstance(values.get(key), dict):
            values[key] = {}
        values = values[key]
    values[keys[-1]] = value


def _remove(values: dict[str, Any], keys: list[str]) -> None:
    for key in keys[:-1]:
        values = values.get(key, {}) if isinstance(values, dict) else {}
    if keys and isinstance(values, dict):
        values.pop(keys[-1], None)
