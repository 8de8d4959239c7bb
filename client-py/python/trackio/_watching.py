"""Distributions of gradients and parameters of PyTorch modules, taken by hooks while they are trained."""

from __future__ import annotations

import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._run import Run
    from trackio._wandb_run import WandbRun

_BINS = 64


class _Watched:
    """The hooks of one module."""

    def __init__(self, run: "Run", module: Any, what: str, interval: int, prefix: str) -> None:
        self.module = module
        self._run = run
        self._interval = max(int(interval), 1)
        self._handles: list[Any] = []
        self._seen: dict[str, int] = {}
        if what in ("gradients", "all"):
            for name, parameter in module.named_parameters():
                if parameter.requires_grad:
                    self._handles.append(parameter.register_hook(self._gradient_hook(f"gradients/{prefix}{name}")))
        if what in ("parameters", "all"):
            self._handles.append(module.register_forward_hook(self._parameters_hook(prefix)))

    def _is_due(self, key: str) -> bool:
        count = self._seen[key] = self._seen.get(key, 0) + 1
        return count % self._interval == 0

    def _gradient_hook(self, key: str) -> Any:
        def hook(gradient: Any) -> None:
            if self._is_due(key):
                self._note({key: gradient})

        return hook

    def _parameters_hook(self, prefix: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            if self._is_due("parameters"):
                self._note({f"parameters/{prefix}{name}": value for name, value in module.named_parameters()})

        return hook

    def _note(self, tensors: dict[str, Any]) -> None:
        """Adds distributions to the row that is logged next; training goes on whatever happens here."""
        try:
            from trackio._stored_forms import as_array
            from trackio.histogram import Histogram

            histograms = {}
            for key, tensor in tensors.items():
                if getattr(tensor, "is_sparse", False):
                    tensor = tensor.coalesce().values()
                histograms[key] = Histogram(as_array(tensor), num_bins=_BINS)
        except Exception as error:  # of libraries
            warnings.warn(f"distributions of the watched module are left out: {error}", RuntimeWarning, stacklevel=2)
            return
        self._run._add_to_next_row(histograms)

    def remove(self) -> None:
        """Ends the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


def watch(run: "WandbRun", models: Any, what: str | None, interval: int, first_index: int | None) -> None:
    """Begins to watch modules for a run; what is no module of PyTorch is a warning."""
    if what is None or getattr(run, "disabled", False):
        return
    modules = list(models) if isinstance(models, (list, tuple)) else [models]
    for position, module in enumerate(modules):
        if not (hasattr(module, "named_parameters") and hasattr(module, "register_forward_hook")):
            kind = type(module).__name__
            warnings.warn(f"`watch` takes modules of PyTorch, not `{kind}`; it is not watched", RuntimeWarning, stacklevel=4)
            continue
        if any(watched.module is module for watched in run._watched):
            continue
        number = (first_index or 0) + position
        prefix = "" if number == 0 else f"graph_{number}."
        run._watched.append(_Watched(run, module, str(what), interval, prefix))  # type: ignore[arg-type]


def unwatch(run: "WandbRun", models: Any) -> None:
    """Ends watching `models`, or all modules of the run."""
    chosen = None if models is None else list(models) if isinstance(models, (list, tuple)) else [models]
    for watched in list(run._watched):
        if chosen is None or any(watched.module is module for module in chosen):
            watched.remove()
            run._watched.remove(watched)
