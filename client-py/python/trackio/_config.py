"""The config of a run: a dict with attributes, recorded at every change."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_PLAIN = frozenset((float, int, str, bool, type(None)))
# Longer arrays are no values to choose by.
_LONGEST_LIST = 32


class Config(dict["Any", "Any"]):
    """Values a run was started with.

    Reads and writes by item and by attribute (`config.lr`, `config["lr"]`). Every change is recorded at once,
    also after the first `log`. `update` takes a mapping, an `argparse.Namespace` or pairs. As in wandb, names lose
    the dashes around them, and values have the form they are recorded in: tuples, sets and short arrays are lists,
    functions and classes their full names. `locked` are names whose values stay as they are: those of a sweep.
    """

    def __init__(
        self, values: Any = None, on_change: Callable[["Config"], None] | None = None, locked: Iterable[str] = ()
    ) -> None:
        super().__init__()
        object.__setattr__(self, "_on_change", None)
        object.__setattr__(self, "_locked", frozenset())
        if values is not None:
            self._take(values)
        object.__setattr__(self, "_on_change", on_change)
        if isinstance(values, Config):
            locked = (*locked, *object.__getattribute__(values, "_locked"))
        object.__setattr__(self, "_locked", frozenset(locked))

    def _take(self, values: Any) -> None:
        for key, value in dict(_items(values)).items():
            name = _name(key)
            if name in object.__getattribute__(self, "_locked"):
                if self.get(name) != recorded_form(value):
                    _warn_locked(name)
            else:
                super().__setitem__(name, recorded_form(value))

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
        self._take({key: value})
        self._changed()

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._changed()

    def update(self, values: Any = None, /, *, allow_val_change: bool | None = None, **more: Any) -> None:
        """Takes in values; `allow_val_change` is accepted, since every change is allowed."""
        if values is not None:
            self._take(values)
        self._take(more)
        self._changed()

    def setdefaults(self, values: Any) -> None:
        """Takes in the values whose keys are not there yet."""
        self._take({key: value for key, value in dict(_items(values)).items() if _name(key) not in self})
        self._changed()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """As `dict.setdefault`, recorded."""
        self.setdefaults({key: default})
        return self[_name(key)]

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

    def __ior__(self, other: Any) -> "Config":  # type: ignore[misc]
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


def _name(key: Any) -> Any:
    return key.strip("-") if isinstance(key, str) else key


def recorded_form(value: Any) -> Any:
    """The value in the form it is recorded in; objects without one of these forms are left as they are."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, dict):
        return {key: recorded_form(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [recorded_form(item) for item in value]
    if hasattr(value, "__qualname__") and callable(value):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "dtype") and hasattr(value, "shape") and hasattr(value, "tolist"):
        return _array_form(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(kind, "__members__") and hasattr(value, "name"):  # of an enumeration
        return value.name
    # What writes itself, as configurations of models and adapters do, is left to the recorder.
    if hasattr(kind, "__dataclass_fields__") and not hasattr(kind, "to_dict"):
        return {name: recorded_form(getattr(value, name, None)) for name in kind.__dataclass_fields__}
    return value


def _array_form(array: Any) -> Any:
    """One element as a number, few as a list; more are left to the recorder."""
    count = 1
    for length in array.shape:
        count *= int(length)
    if count == 1:
        return array.item()
    return array.tolist() if count <= _LONGEST_LIST else array


def _warn_locked(name: str) -> None:
    from trackio._terminal import termwarn

    termwarn(f"config `{name}` is the sweep's to choose; it stays as it is")
