"""The class `Run` under wandb's older module name."""

from __future__ import annotations

from trackio._run import Run

__all__ = ["Run"]
