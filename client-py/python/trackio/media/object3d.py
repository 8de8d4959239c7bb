"""Three-dimensional objects: models in files, and clouds of points."""

from __future__ import annotations

import os

from trackio._stored_forms import as_array, is_array
from trackio.media.file import Media, is_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import numpy as np

    from trackio._stored_forms import Place

_FORMATS = ("glb", "gltf", "obj", "ply", "splat", "stl")
# More points than a page can draw are thinned evenly.
_MOST_POINTS = 300_000
_LONGEST_PLY_HEADER_BYTES = 256 * 1024
_GLB_JSON_CHUNK = 0x4E4F534A
_PLAIN_COLOUR = (148, 163, 184)
# Colours of the categories 1 to 14, as the peer stores them.
_CATEGORY_COLOURS = (
    (31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189), (140, 86, 75), (227, 119, 194),
    (127, 127, 127), (188, 189, 34), (23, 190, 207), (57, 59, 121), (82, 84, 163), (107, 110, 207), (156, 158, 222),
)  # fmt: skip
_SPLAT_PROPERTIES = {"opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"}
_SPLAT_COLOURS = ({"f_dc_0", "f_dc_1", "f_dc_2"}, {"red", "green", "blue"})


class Object3D(Media):
    """A three-dimensional object with a caption.

    `path_or_array` is the path of a `glb`, `gltf`, `obj`, `ply`, `splat` or `stl` file that refers to no other
    file, or points of the shape (points, 3): x, y, z; (points, 4): and a category from 1 to 14; or (points, 6):
    and red, green, blue in 0–255. Points are stored as `ply`, at most 300,000 of them, thinned evenly.

    Attributes: `kind` (`mesh`, `point_cloud` or `gaussian_splat`), `original_point_count`,
    `rendered_point_count` (`None` where there are no points to count).

    Raises `ValueError` for a file, shape or value that cannot be used. Source: the peer's `trackio.Object3D`.
    """

    TYPE = "trackio.object3d"

    def __init__(self, path_or_array: "str | Path | np.ndarray", caption: str | None = None) -> None:
        super().__init__(path_or_array, caption)
        self.kind = "mesh"
        self.original_point_count: int | None = None
        self.rendered_point_count: int | None = None
        if is_path(path_or_array):
            self._format = self._extension()
            self._look_at_file(os.fspath(path_or_array))
        elif is_array(path_or_array):
            self._format = "ply"
            self.kind = "point_cloud"
            array = _checked_points(as_array(path_or_array))
            self.original_point_count = len(array)
            self._value = _thinned(array)
            self.rendered_point_count = len(self._value)
        else:
            kind = type(path_or_array).__name__
            raise ValueError(f"a three-dimensional object is a path or an array of points, not `{kind}`")

    @classmethod
    def from_file(cls, path: "str | Path", caption: str | None = None) -> "Object3D":
        """The object in a file."""
        return cls(path, caption=caption)

    @classmethod
    def from_numpy(cls, array: "np.ndarray", caption: str | None = None) -> "Object3D":
        """A cloud of points."""
        return cls(array, caption=caption)

    def _look_at_file(self, path: str) -> None:
        if self._format not in _FORMATS:
            formats = ", ".join(f"`{known}`" for known in _FORMATS)
            raise ValueError(f"format `{self._format}` of `{path}` is not one of {formats}")
        _check_refers_to_no_file(path, self._format)
        if self._format == "splat":
            self.kind = "gaussian_splat"
        elif self._format == "ply":
            self.kind, self.original_point_count = _kind_of_ply(path)
            self.rendered_point_count = self.original_point_count
            if self.kind == "point_cloud" and self.original_point_count is not None:
                self.rendered_point_count = min(self.original_point_count, _MOST_POINTS)

    def _extension(self) -> str:
        return super()._extension() if is_path(self._value) else "ply"

    def _write(self, path: str) -> None:
        if is_path(self._value):
            super()._write(path)
        else:
            _write_points(self._value, path)

    def _to_trackio(self, place: "Place") -> dict[str, Any]:
        stored = super()._to_trackio(place)
        stored |= {"format": self._format, "kind": self.kind}
        if self.original_point_count is not None:
            stored["original_point_count"] = self.original_point_count
        if self.rendered_point_count is not None:
            stored["rendered_point_count"] = self.rendered_point_count
        return stored


def _checked_points(array: Any) -> Any:
    import numpy

    if array.ndim != 2 or array.shape[1] not in (3, 4, 6) or len(array) == 0:
        raise ValueError(f"points have the shape (points, 3), (points, 4) or (points, 6), not `{array.shape}`")
    largest = numpy.finfo(numpy.float32).max
    if array.dtype.kind not in "iuf" or not numpy.isfinite(array).all() or numpy.abs(array[:, :3]).max() > largest:
        raise ValueError("points are finite numbers of 32 bits")
    beside, width = array[:, 3:], array.shape[1]
    lowest, highest = (1, 14) if width == 4 else (0, 255)
    if width > 3 and not ((beside == numpy.floor(beside)) & (beside >= lowest) & (beside <= highest)).all():
        what = "categories" if width == 4 else "colours"
        raise ValueError(f"{what} of points are whole numbers from {lowest} to {highest}")
    return array


def _thinned(array: Any) -> Any:
    import numpy

    if len(array) <= _MOST_POINTS:
        return array
    return array[numpy.linspace(0, len(array) - 1, _MOST_POINTS, dtype=numpy.int64)]


def _write_points(array: Any, path: str) -> None:
    import numpy

    points = numpy.empty(len(array), dtype=[("place", "<f4", (3,)), ("colour", "u1", (3,)), ("category", "u1")])
    points["place"] = array[:, :3]
    points["category"] = array[:, 3] if array.shape[1] == 4 else 0
    if array.shape[1] == 4:
        points["colour"] = numpy.array(_CATEGORY_COLOURS, dtype="u1")[points["category"] - 1]
    else:
        points["colour"] = array[:, 3:] if array.shape[1] == 6 else _PLAIN_COLOUR
    properties = [f"float {name}" for name in ("x", "y", "z")]
    properties += [f"uchar {name}" for name in ("red", "green", "blue", "category")]
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    header += [*(f"property {text}" for text in properties), "end_header", ""]
    with open(path, "wb") as file:
        file.write("\n".join(header).encode())
        file.write(points.tobytes())


def _check_refers_to_no_file(path: str, format: str) -> None:
    """Only the file itself is stored, so what it refers to would be missing."""
    if format in ("gltf", "glb"):
        document = _gltf_document(path, format)
        parts = [part for name in ("buffers", "images") for part in _list_of(document, name, path)]
        places = [part.get("uri") for part in parts if isinstance(part, dict)]
        if any(place is not None and not (isinstance(place, str) and place.startswith("data:")) for place in places):
            raise ValueError(f"`{path}` refers to other files; embed them, or convert it to `glb`")
    elif format in ("obj", "ply"):
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.split()
                if format == "ply" and words == ["end_header"]:
                    return
                first_words = [word.lower() for word in words[:2]]
                if first_words[:1] == ["mtllib"] if format == "obj" else first_words == ["comment", "texturefile"]:
                    raise ValueError(f"`{path}` refers to other files, for its material; convert it to `glb`")


def _gltf_document(path: str, format: str) -> dict[str, Any]:
    import json
    import struct

    with open(path, "rb") as file:
        content = file.read()
    text: bytes | None = content
    if format == "glb":
        text, offset = None, 12
        while content[:4] == b"glTF" and text is None and offset + 8 <= len(content):
            length, kind = struct.unpack_from("<II", content, offset)
            if kind == _GLB_JSON_CHUNK:
                text = content[offset + 8 : offset + 8 + length].rstrip(b"\0 \t\r\n")
            offset += 8 + length
    try:
        document = None if text is None else json.loads(text.decode("utf-8"))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ValueError(f"`{path}` is no `{format}` file")
    return document


def _list_of(document: dict[str, Any], name: str, path: str) -> list[Any]:
    parts = document.get(name, [])
    if not isinstance(parts, list):
        raise ValueError(f"`{name}` of `{path}` is no list")
    return parts


def _kind_of_ply(path: str) -> tuple[str, int | None]:
    """The kind of object in a `ply` file, and the number of its points."""
    with open(path, "rb") as file:
        start = file.read(_LONGEST_PLY_HEADER_BYTES)
    header, end, _ = start.partition(b"end_header")
    if not start.startswith(b"ply") or not end:
        raise ValueError(f"`{path}` is no `ply` file")
    counts: dict[str, int] = {}
    properties = set()
    element = ""
    for words in (line.split() for line in header.decode("ascii", "replace").splitlines()):
        if len(words) >= 3 and words[0] == "element":
            element = words[1]
            if element in ("vertex", "face"):
                counts[element] = int(words[2]) if words[2].isdecimal() else -1
        elif len(words) >= 3 and words[0] == "property" and element == "vertex":
            properties.add(words[-1])
    if counts.get("vertex", 1) <= 0 or counts.get("face", 0) < 0:
        raise ValueError(f"the counts in the header of `{path}` cannot be right")
    if properties >= _SPLAT_PROPERTIES and any(properties >= colours for colours in _SPLAT_COLOURS):
        kind = "gaussian_splat"
    else:
        kind = "mesh" if counts.get("face", 0) > 0 else "point_cloud"
    return kind, counts.get("vertex")
