"""Runs handed to another process: pickled here, and logged into there."""

from __future__ import annotations

from trackio import _session, context_vars
from trackio._config import Config
from trackio._environment import DATA_DIRECTORY, program
from trackio._native import Recorder
from trackio._run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def state_of(run: Run) -> dict[str, Any]:
    """What another process needs to log into the run."""
    return {
        "id": run.id,
        "name": run._recorded_name,
        "project": run.project,
        "group": run.group,
        "config": run.config.as_dict(),
        "destination": run._destination,
        "step": run._recorder.next_step(),
        "joins_steps": run._joins_steps,
        "mode": run.mode,
        "tags": run.tags,
        "notes": run.notes,
        "job_type": run.job_type or None,
        "entity": run._entity,
        "sweep_id": run.sweep_id,
        "rank": run._recorder.rank,
        "metrics": list(run._definitions or ()),
        "webhook": run._webhook,
    }


def joined_run(state: dict[str, Any]) -> Run:
    """The run of that state: the one that is open here, else one that joins it, current where there is none.

    It writes no start and no end, which are those of the process that began the run.
    """
    known = _session._open_runs.get(state["id"])
    if known is not None:
        return known
    destination = state["destination"]
    recorder: Any
    if state["mode"] == "disabled" or state["step"] is None:
        from trackio._disabled import DisabledRecorder

        recorder = DisabledRecorder(state["project"], state["name"], state["id"])
        if state["step"] is None:  # it had ended
            recorder.finish()
    else:
        recorder = Recorder(
            DATA_DIRECTORY,
            state["project"],
            name=state["name"],
            run_id=state["id"],
            binary=program(),
            server=None if destination is None else (destination.url, destination.token),
            is_space=destination is not None and destination.space_id is not None,
            rank=state["rank"],
            joins_at_step=state["step"],
        )
    about = {key: state[key] for key in ("mode", "tags", "notes", "job_type", "entity", "sweep_id", "webhook")}
    run = Run(recorder, state["project"], state["group"], None, destination, about, joined=True)
    for metric in state["metrics"]:
        run._take_definition(metric)
    run.config = Config(state["config"], on_change=run._record_config)
    if state["step"] is None:
        run._ended = True
        return run
    return _session._opened(run, context_vars.current_run.get() is None)
