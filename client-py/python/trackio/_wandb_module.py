"""This package under a second name, for libraries that insist on a module `wandb`.

`paceline shim wandb` makes the module that calls `stand_in`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def stand_in(name: str) -> None:
    """Makes `name` another name of this package, and `<name>.<module>` one of each of its modules.

    They are the same modules and not copies, so that there is one current run and one class of each name.
    """
    if name not in {finder.name for finder in sys.meta_path if isinstance(finder, _SameModules)}:
        sys.meta_path.insert(0, _SameModules(name))
    sys.modules[name] = sys.modules[__package__]


class _SameModules(Loader):
    """Finds and loads the modules below `name`: those of this package."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(self, fullname: str, path: Any = None, target: "ModuleType | None" = None) -> ModuleSpec | None:
        """What the import system asks; `None` for other packages and for modules that do not exist here."""
        if not fullname.startswith(f"{self.name}."):
            return None
        own = find_spec(self._own(fullname))
        return None if own is None else ModuleSpec(fullname, self, is_package=own.submodule_search_locations is not None)

    def create_module(self, spec: ModuleSpec) -> None:
        """Nothing: the module is there, or is made by the import of its own name."""

    def exec_module(self, module: "ModuleType") -> None:
        """Puts the module where the import system takes it from."""
        sys.modules[module.__name__] = import_module(self._own(module.__name__))

    def _own(self, fullname: str) -> str:
        return f"{__package__}{fullname.removeprefix(self.name)}"
