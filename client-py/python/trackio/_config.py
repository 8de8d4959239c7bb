"""The config of a run: a dict with attributes, recorded at every change."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


class Config(dict):
    """Values a run was started with.

    Reads and writes by item and by attribute (`config.lr`, `config["lr"]`). Every change is recorded at once,
    also after the first `log`. `update` takes a mapping, an `argparse.Namespace` or pairs.
    """

    def __init__(self, values: Any = None, on_change: Callable[["Config"], None] | None = None) -> None:
        super().__init__()
        object.__setattr__(self, "_on_change", None)
        if values is not None:
            dict.update(self, _items(values))
        object.__setattr__(self, "_on_change", on_change)

    def _changed(self) -> None:
        on_change = object.__getattribute__(self, "_on_change")
        if on_change is not None:
            on_change(self)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"config has no value `{name}`") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"config has no value `{name}`") from None

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._changed()

    def update(self, values: Any = None, /, *, allow_val_change: bool | None = None, **more: Any) -> None:
        """Takes in values; `allow_val_change` is accepted, since every change is allowed."""
        if values is not None:
            super().update(_items(values))
        super().update(more)
        self._changed()

    def setdefaults(self, values: Any) -> None:
        """Takes in the values whose keys are not there yet."""
        for key, value in dict(_items(values)).items():
            super().setdefault(key, value)
        self._changed()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """As `dict.setdefault`, recorded."""
        value = super().setdefault(key, default)
        self._changed()
        return value

    def pop(self, *arguments: Any) -> Any:
        """As `dict.pop`, recorded."""
        value = super().pop(*arguments)
        self._changed()
        return value

    def popitem(self) -> tuple[Any, Any]:
        """As `dict.popitem`, recorded."""
        item = super().popitem()
        self._changed()
        return item

    def clear(self) -> None:
        """As `dict.clear`, recorded."""
        super().clear()
        self._changed()

    def __ior__(self, other: Any) -> "Config":  # type: ignore[override,misc]
        self.update(other)
        return self

    def as_dict(self) -> dict[Any, Any]:
        """A plain copy."""
        return dict(self)

    def __reduce__(self) -> Any:
        return (Config, (dict(self),))


def _items(values: Any) -> Mapping[Any, Any] | Iterable[Any]:
    """What `dict.update` takes, from a mapping, a namespace or another object with public attributes."""
    if isinstance(values, Mapping) or hasattr(values, "keys"):
        return values
    if hasattr(values, "to_dict"):
        return values.to_dict()
    if hasattr(values, "__dict__"):
        return {key: value for key, value in vars(values).items() if not key.startswith("_")}
    return values
