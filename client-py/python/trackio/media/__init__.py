"""Values that are files: images, videos, sounds, pages and three-dimensional objects.

Each name is loaded when it is first asked for. The names with `Trackio` in front are the peer's.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio.media.audio import Audio
    from trackio.media.file import Media
    from trackio.media.html import Html
    from trackio.media.image import Image
    from trackio.media.object3d import Object3D
    from trackio.media.video import Video

_MODULES = {"Audio": "audio", "Html": "html", "Image": "image", "Media": "file", "Object3D": "object3d", "Video": "video"}

__all__ = ["Audio", "Html", "Image", "Media", "Object3D", "Video"]


def __getattr__(name: str) -> Any:
    own_name = name.removeprefix("Trackio")
    if own_name not in _MODULES:
        raise AttributeError(f"module `trackio.media` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(f"trackio.media.{_MODULES[own_name]}"), own_name)
