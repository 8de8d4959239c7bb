"""What programs do with wandb's service and account, which need nothing here."""

from __future__ import annotations

from trackio import context_vars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._run import Run
    from trackio._wandb_settings import Settings


def login(
    anonymous: Any = None,
    key: str | None = None,
    relogin: bool | None = None,
    host: str | None = None,
    force: bool | None = None,
    timeout: int | None = None,
    verify: bool = False,
    referrer: str | None = None,
) -> bool:
    """`True`: local runs need no account, and the token of a server stands in its address or TRACKIO_WRITE_TOKEN."""
    return True


class Setup:
    """What `setup` gives: the settings."""

    def __init__(self, settings: "Settings") -> None:
        self.settings = settings



def setup(settings: Any = None) -> Setup:
    """Gives the settings; nothing has to be prepared."""
    from trackio._wandb_settings import Settings

    return Setup(settings if isinstance(settings, Settings) else Settings(**(settings or {})))


def teardown(exit_code: int | None = None) -> None:
    """Ends every run that is open."""
    from trackio._session import _open_runs, end

    code = 0 if exit_code is None else int(exit_code)
    for run in list(_open_runs.values()):
        end(run, "finished" if code == 0 else "failed", code, None)


def join(exit_code: int | None = None) -> None:
    """`finish`, in the form of older programs."""
    from trackio._session import finish

    finish(exit_code)


def require(requirement: Any = None, experiment: Any = None) -> None:
    """Nothing: no part has to be switched on."""


def ensure_configured() -> None:
    """Nothing: no part has to be configured."""


def attach(run_id: str | None = None, **settings: Any) -> "Run | None":
    """The current run."""
    return context_vars.current_run.get()


def _attach(run: "Run") -> "Run":
    """The run that `Run._attach_id` is of, which joined its process when it was unpickled."""
    return run
