"""The classes of values, under wandb's module name."""

from __future__ import annotations

from trackio._unsupported import Classes
from trackio.histogram import Histogram
from trackio.media import Audio, Html, Image, Object3D, Video
from trackio.table import Table

__all__ = ["Audio", "Classes", "Histogram", "Html", "Image", "Object3D", "Table", "Video"]
