"""Sweeps in this process: a search over values of the config, one call of a function for each choice."""

from __future__ import annotations

import math
import random
from itertools import product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_sweeps: dict[str, dict[str, Any]] = {}
# Choices of the sweep whose function runs: `init` puts them in the config.
_chosen: dict[str, Any] = {}
_sweep_id: list[str | None] = [None]


def sweep(sweep: "dict[str, Any] | Callable[[], dict[str, Any]]", entity: str | None = None, project: str | None = None, prior_runs: Any = None) -> str:
    """Remembers a search; gives its id for `agent`.

    `sweep` is a dict in wandb's form: `method` (`grid`, or `random`, which stands for `bayes` too), `parameters`
    (names to `value`, `values`, or `min` and `max` with a `distribution`), `project`, `run_cap`.
    """
    from uuid import uuid4

    settings = dict(sweep() if callable(sweep) else sweep)
    settings["project"] = project or settings.get("project")
    name = uuid4().hex[:8]
    _sweeps[name] = settings
    return name


def agent(sweep_id: str, function: "Callable[[], Any] | None" = None, entity: str | None = None, project: str | None = None, count: int | None = None) -> None:
    """Calls `function` for each choice of a search, at most `count` times, and ends the runs it leaves open.

    A random search without `count` and `run_cap` ends after 100 choices. An error of the function marks its run
    as failed; the search goes on. Raises `ValueError` for a `sweep_id` this process does not know, and without
    a function.
    """
    from trackio import _session, context_vars
    from trackio._run import _failure_text
    from trackio._terminal import termwarn

    name = str(sweep_id).rsplit("/", 1)[-1]
    if name not in _sweeps:
        raise ValueError(f"sweep `{sweep_id}` was not made by `trackio.sweep()` in this process")
    if function is None:
        raise ValueError("`agent` needs a `function` to call for each choice")
    settings = _sweeps[name]
    limit = count if count is not None else settings.get("run_cap")
    for number, values in enumerate(_choices(settings, limit)):
        if limit is not None and number >= limit:
            break
        _chosen.clear()
        _chosen.update(values)
        _sweep_id[0] = name
        outcome: tuple[str, int, str | None] = ("finished", 0, None)
        try:
            function()
        except Exception as error:  # of the user's function, which goes on with the next choice
            outcome = ("failed", 1, _failure_text(error))
            termwarn(f"choice {number} of sweep `{name}` failed: {outcome[2]}")
        finally:
            _chosen.clear()
            _sweep_id[0] = None
        run = context_vars.current_run.get()
        if run is not None:
            _session.end(run, *outcome)


def controller(sweep_id: Any = None, entity: str | None = None, project: str | None = None) -> Any:
    """What `sweep` was given, as it is."""
    return _sweeps.get(str(sweep_id), {})


def of_the_search(config: Any, about: dict[str, Any]) -> Any:
    """The config of a run with the choice its function was called for; `about` gets the sweep and its project."""
    if _sweep_id[0] is None:
        return config
    from trackio._config import Config

    about["sweep_id"] = _sweep_id[0]
    about["project"] = about["project"] or _sweeps[_sweep_id[0]]["project"]
    return Config({**Config(config), **_chosen}, locked=_chosen)


def _choices(settings: dict[str, Any], limit: int | None) -> "Iterator[dict[str, Any]]":
    parameters = _flat(settings.get("parameters") or {})
    if str(settings.get("method", "random")) == "grid":
        lists = [_all_values(name, about) for name, about in parameters.items()]
        for values in product(*lists):
            yield _nested(dict(zip(parameters, values, strict=True)))
        return
    for _ in range(100 if limit is None else limit):
        yield _nested({name: _drawn(about) for name, about in parameters.items()})


def _flat(parameters: dict[str, Any], above: tuple[str, ...] = ()) -> dict[tuple[str, ...], dict[str, Any]]:
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for name, about in parameters.items():
        if isinstance(about, dict) and isinstance(about.get("parameters"), dict):
            found.update(_flat(about["parameters"], (*above, name)))
        else:
            found[(*above, name)] = about if isinstance(about, dict) else {"value": about}
    return found


def _nested(values: dict[tuple[str, ...], Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for path, value in values.items():
        place = result
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return result


def _all_values(name: tuple[str, ...], about: dict[str, Any]) -> list[Any]:
    if "values" in about:
        return list(about["values"])
    if "value" in about:
        return [about["value"]]
    if isinstance(about.get("min"), int) and isinstance(about.get("max"), int):
        return list(range(about["min"], about["max"] + 1, int(about.get("q", 1))))
    raise ValueError(f"parameter `{'.'.join(name)}` of a grid search needs `values`")


def _drawn(about: dict[str, Any]) -> Any:
    """One value, at random by its distribution."""
    if "value" in about:
        return about["value"]
    if "values" in about:
        return random.choices(list(about["values"]), about.get("probabilities"))[0]
    kind = str(about.get("distribution", ""))
    if "normal" in kind:
        value = random.gauss(float(about.get("mu", 0.0)), float(about.get("sigma", 1.0)))
        value = math.exp(value) if kind.startswith(("log_normal", "q_log_normal")) else value
    else:
        low, high = about["min"], about["max"]
        if kind == "int_uniform" or not kind and isinstance(low, int) and isinstance(high, int):
            return random.randint(low, high)
        if kind in ("log_uniform_values", "q_log_uniform_values", "inv_log_uniform_values"):
            value = math.exp(random.uniform(math.log(low), math.log(high)))
        elif kind in ("log_uniform", "q_log_uniform"):
            value = math.exp(random.uniform(low, high))
        else:
            value = random.uniform(low, high)
    step = about.get("q", 1 if kind.startswith("q_") else None)
    return value if step is None else round(value / step) * step
