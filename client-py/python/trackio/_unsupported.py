"""Names that programs written for wandb import, and that nothing stands behind yet, as with the peer."""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Unsupported:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        raise NotImplementedError(f"`trackio.{name}` cannot be made yet; `trackio.Table` and `trackio.Html` take most of what it shows")


class ArtifactTTL(Enum):
    """How long an artifact is kept: always until somebody removes it."""

    INHERIT = 0


class Classes:
    """Names of the classes in an image: a list of dicts with `id` and `name`."""

    def __init__(self, class_set: Any) -> None:
        self.class_set = list(class_set)


class EvalTable(_Unsupported):
    """A table of an evaluation. Raises `NotImplementedError`."""


class Graph(_Unsupported):
    """The graph of a model. Raises `NotImplementedError`."""


class JoinedTable(_Unsupported):
    """Tables with a key in common. Raises `NotImplementedError`."""


class Molecule(_Unsupported):
    """A molecule. Raises `NotImplementedError`."""
