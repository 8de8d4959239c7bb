"""The class `Artifact` under wandb's module names."""

from __future__ import annotations

from trackio.artifact import Artifact

__all__ = ["Artifact"]
