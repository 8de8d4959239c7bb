"""Errors of configs under wandb's module name."""

from __future__ import annotations

from trackio.errors import ConfigError

__all__ = ["ConfigError"]
