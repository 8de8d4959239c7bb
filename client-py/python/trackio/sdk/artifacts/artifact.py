"""The class `Artifact` under wandb's module name."""

from __future__ import annotations

from trackio.artifact import Artifact

__all__ = ["Artifact"]
