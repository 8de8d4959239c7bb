"""Names that programs written for wandb import, and that nothing stands behind yet, as with the peer."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Unsupported:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        raise NotImplementedError(f"`trackio.{name}` cannot be made yet; `trackio.Table` and `trackio.Html` take most of what it shows")


class ArtifactTTL(_Unsupported):
    """How long an artifact is kept. Raises `NotImplementedError`."""


class Classes(_Unsupported):
    """Names of classes in an image. Raises `NotImplementedError`."""


class EvalTable(_Unsupported):
    """A table of an evaluation. Raises `NotImplementedError`."""


class Graph(_Unsupported):
    """The graph of a model. Raises `NotImplementedError`."""


class JoinedTable(_Unsupported):
    """Tables with a key in common. Raises `NotImplementedError`."""


class Molecule(_Unsupported):
    """A molecule. Raises `NotImplementedError`."""


class Plotly(_Unsupported):
    """A figure of Plotly, which can be logged as it is. Raises `NotImplementedError`."""


class Settings(_Unsupported):
    """Settings of wandb's own. Raises `NotImplementedError`."""
