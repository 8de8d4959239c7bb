"""The classes of values, one a module, under wandb's module names."""

from __future__ import annotations

import sys

from trackio import histogram, table
from trackio.media import audio, html, image, object3d, video

object_3d = object3d
# There are no files of these names: the modules themselves are found.
for _name in ("audio", "histogram", "html", "image", "object_3d", "table", "video"):
    sys.modules[f"{__name__}.{_name}"] = globals()[_name]

__all__ = ["audio", "histogram", "html", "image", "object_3d", "table", "video"]
