"""What was logged, read back, under wandb's module names."""

from __future__ import annotations

from trackio.apis import public
from trackio.apis.public import Api

__all__ = ["Api", "public"]
