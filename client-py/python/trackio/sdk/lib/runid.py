"""Ids of runs, under wandb's module name."""

from __future__ import annotations

from trackio.util import generate_id

__all__ = ["generate_id"]
