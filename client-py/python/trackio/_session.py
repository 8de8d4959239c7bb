"""The current run of the process: `init`, `log`, `alert`, `finish`, and what happens when Python ends."""

from __future__ import annotations

import atexit
import os
import sys
import warnings

from trackio import context_vars
from trackio._alerts import AlertLevel, Webhook
from trackio._environment import DATA_DIRECTORY, git_commit, process_environment, program
from trackio._native import Recorder, redact_command
from trackio._run import Run, _failure_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from trackio.artifact import Artifact
    from trackio._destination import Destination

_current_run = context_vars.current_run
_open_runs: dict[str, Run] = {}
_resume_forms = {True: "auto", "true": "auto", False: "never", None: "never"}


def init(
    project: str | None = None,
    name: str | None = None,
    group: str | None = None,
    space_id: str | None = None,
    server_url: str | None = None,
    dataset_id: str | None = None,
    bucket_id: str | None = None,
    config: Any = None,
    resume: str | bool | None = "never",
    settings: Any = None,
    private: bool | None = None,
    embed: bool = True,
    auto_log_gpu: bool | None = None,
    gpu_log_interval: float = 10.0,
    auto_log_cpu: bool | None = None,
    cpu_log_interval: float = 10.0,
    webhook_url: str | None = None,
    webhook_min_level: AlertLevel | str | None = None,
    *,
    entity: str | None = None,
    dir: str | Path | None = None,
    id: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    reinit: bool | str | None = None,
    config_include_keys: Sequence[str] | None = None,
    config_exclude_keys: Sequence[str] | None = None,
    sync_tensorboard: bool | None = None,
    allow_val_change: bool | None = None,
    anonymous: Any = None,
    force: bool | None = None,
    fork_from: str | None = None,
    magic: Any = None,
    monitor_gym: bool | None = None,
    resume_from: str | None = None,
    save_code: bool | None = None,
    tensorboard: bool | None = None,
) -> Run:
    """Begins a run and makes it the current one; an open one is finished first, and goes on if it is logged into again.

    `project` is `TRACKIO_PROJECT`, `WANDB_PROJECT` or `huggingface` when it is absent; `name` is chosen when
    it is absent. `resume` is `never` (a new run), `allow` (the newest run of that name, else a new one) or
    `must`; `True` and `auto` are `allow`, and without `name` and `id` continue the run of this working directory
    that began so and did not finish. `config` is a dict, a namespace, any object with public attributes or
    the path of a YAML file. The machine is sampled every `cpu_log_interval` and `gpu_log_interval` seconds unless
    `auto_log_cpu` or `auto_log_gpu` is `False`.

    In a notebook the page of the run is shown below the cell unless `embed` is `False`.

    `id` names the run for good: with `resume`, the run of that id is continued. `notes`, `tags` (a list, or a text
    with commas), `group` and `job_type` describe it. With `mode="disabled"` nothing is recorded, with `offline`
    no server is used. `reinit` is `False` or `return_previous` (gives the open run, if there is one), `create_new`
    (leaves it open and current) or anything else (finishes it). `sync_tensorboard` records the scalars that
    writers of TensorBoard are given. What is absent is taken from `settings` and from WANDB_NAME, WANDB_RUN_ID,
    WANDB_RUN_GROUP, WANDB_JOB_TYPE, WANDB_NOTES, WANDB_TAGS, WANDB_ENTITY, WANDB_MODE and WANDB_RESUME.
    With `mode="shared"` the processes of a job (torchrun, accelerate, SLURM, MPI) log into one run: that of `id`, or
    that of the job. Each has its rank, which its rows carry as `_rank` from 1 on; rank 0 decides how the run stands
    and ends. Processes of a job that give the same `id` do so in any case; without, each has a run of its own.
    The parameters behind `sync_tensorboard`, and `dir`, are accepted and have no effect.

    With `server_url` (TRACKIO_SERVER_URL) the run is kept by that server instead of the data directory; its write
    token stands in the address as `?write_token=…` or in TRACKIO_WRITE_TOKEN. `space_id` (TRACKIO_SPACE_ID) is an
    existing Hugging Face Space that is such a server, and comes first.

    With `dataset_id` (TRACKIO_DATASET_ID) the project is synced to that Dataset of the Hugging Face Hub as Parquet: every
    few minutes, and once more at the end, which `finish` waits for, up to a minute (PACELINE_SYNC_PATIENCE). A Dataset that is
    not there is made, for nobody else to see unless `private` is `False`. The token is HF_TOKEN, or the one of `hf auth login`.

    Alerts of at least `webhook_min_level` (TRACKIO_WEBHOOK_MIN_LEVEL) are sent to `webhook_url` (TRACKIO_WEBHOOK_URL):
    as messages to Slack's and Discord's addresses, as JSON to others. The address is kept nowhere for good.

    Raises `ValueError` for a project name, address or `resume` that cannot be used, for a missing token, and for
    `must` without such a run. Trouble with disks and servers is a warning: rows wait in the journal or in memory.
    Source: the peer's `trackio.init`.
    """
    from trackio import _wandb_settings as wandb_settings

    chosen = wandb_settings.with_fallbacks(
        settings, project=project or os.environ.get("TRACKIO_PROJECT"), name=name, id=id, group=group,
        job_type=job_type, notes=notes, tags=tags, entity=entity, dir=dir, mode=mode,
        resume=None if resume in ("never", None) else _resume_forms.get(resume, resume),
    )  # fmt: skip
    config = wandb_settings.chosen_config(config, config_include_keys, config_exclude_keys)
    if (sweeps := sys.modules.get("trackio._sweeps")) is not None:
        config = sweeps.of_the_search(config, chosen)
    project, group = str(chosen["project"] or "huggingface"), chosen["group"]
    name, run_id = (None if chosen[key] in (None, "") else str(chosen[key]) for key in ("name", "id"))
    is_shared = str(chosen["mode"]).lower() == "shared"
    chosen["joins_steps"] = wandb_settings.is_called_wandb(sys._getframe(1))
    chosen["mode"] = mode = wandb_settings.mode_of(chosen["mode"])
    chosen["tags"] = wandb_settings.tags_of(chosen["tags"])
    chosen["notes"] = None if chosen["notes"] is None else str(chosen["notes"])
    chosen["resume"] = _resume_forms.get(chosen["resume"], chosen["resume"])
    is_auto = chosen["resume"] == "auto" and mode != "disabled" and name is None and run_id is None
    if chosen["resume"] == "auto":
        chosen["resume"] = "allow"
    current = _current_run.get()
    if current is not None and current._ended:
        current = None
    if current is not None and reinit in (False, "return_previous") and reinit is not None:
        return current
    chosen["webhook"] = webhook = Webhook.chosen(webhook_url, webhook_min_level)
    _check_config_keys(config)
    destination = None if mode != "online" else _destination(space_id, server_url, dataset_id, bucket_id)
    dataset = _dataset(dataset_id) if mode == "online" and destination is None else None
    if current is not None and reinit != "create_new":
        _displace(current)
        current = None
    if mode == "disabled":
        from trackio._disabled import DisabledRecorder

        silent: Any = DisabledRecorder(project, name, run_id)
        return _opened(Run(silent, project, group, config, None, {**chosen, "settings": settings}), current is None)
    rank = None
    if (is_shared or run_id is not None) and (share := _share_of(project, run_id, is_shared, settings)) is not None:
        rank, run_id = share
        # Another process may begin the run later than this one.
        chosen["resume"], is_auto = "allow" if rank > 0 else chosen["resume"], False
    if is_auto:
        from trackio import _auto_resume

        run_id = _auto_resume.unfinished_run(project)

    environment = process_environment()

    def begin(run_id: str | None, resume: str) -> Recorder:
        return Recorder(
            DATA_DIRECTORY,
            project,
            name=name,
            run_id=run_id,
            resume=resume,
            binary=program(),
            tags=chosen["tags"],
            notes=chosen["notes"],
            command=redact_command([webhook.hidden_in(str(argument)) for argument in sys.argv]) or None,
            git_commit=None if environment is None else git_commit(),
            cpu_interval_seconds=None if auto_log_cpu is False else float(cpu_log_interval),
            gpu_interval_seconds=None if auto_log_gpu is False else float(gpu_log_interval),
            server=None if destination is None else (destination.url, destination.token),
            is_space=destination is not None and destination.space_id is not None,
            rank=rank,
            environment=environment,
        )

    # An id that is there already is that run, whatever was said: its steps go on.
    recorder = begin(run_id, str(chosen["resume"] if run_id is None or chosen["resume"] != "never" else "allow"))
    run = _opened(Run(recorder, project, group, config, destination, {**chosen, "settings": settings}), current is None)
    run._begin = begin
    if dataset and not rank:
        from trackio._dataset import follow

        run._dataset = follow(project, dataset, private)
    if is_auto:
        _auto_resume.note_begin(run, project)
    note = wandb_settings.accepted_note(
        dir=dir, anonymous=anonymous, fork_from=fork_from, magic=magic, monitor_gym=monitor_gym, resume_from=resume_from,
        save_code=save_code, bucket_id=bucket_id, dataset_id=dataset_id if destination is not None else None,
    )  # fmt: skip
    if not rank and not wandb_settings.is_silent(settings):
        _announce(run, note)
    for problem in recorder.problems:
        _warn(
            f"run `{run.name}`: {problem}; rows wait in the journal below `{DATA_DIRECTORY}`, "
            "or in memory while it cannot be written"
        )
    if embed and "IPython" in sys.modules and not wandb_settings.is_silent(settings):
        from trackio._notebook import embed_run, is_notebook

        if is_notebook():
            embed_run(run)
    if _keeps_console(settings):
        from trackio._console import Console

        run._console = Console(recorder)
    if sync_tensorboard or tensorboard:
        from trackio._tensorboard import record_writers

        record_writers()
    return run


def _opened(run: Run, becomes_current: bool) -> Run:
    """The run, known as open to the end of Python and to `trackio.log`."""
    _open_runs[run.id] = run
    _install_hooks()
    if becomes_current:
        destination = run._destination
        context_vars.current_run.set(run)
        context_vars.current_project.set(run.project)
        context_vars.current_server.set(None if destination is None else destination.source)
        context_vars.current_space_id.set(None if destination is None else destination.space_id)
        context_vars.current_server_write_token.set(None if destination is None else destination.write_token)
    return run


def log(
    metrics: dict[str, Any] | None = None,
    step: int | None = None,
    commit: bool | None = None,
    sync: bool | None = None,
    *,
    data: dict[str, Any] | None = None,
) -> None:
    """Records one row of the current run: it survives the death of this process from now on.

    `metrics` (or `data`) maps names to numbers, truth values, texts, lists, dicts, tensors and arrays of one
    element; NaN and the infinities are kept. `step` counts on from the last one when it is absent.
    `commit=False` holds the values for the next call of the same step; see `Run.log`. `sync` is accepted.

    Raises `RuntimeError` when no run was begun, and nothing else: values without a better form are stored as
    text, and trouble with disks is a warning, once per cause. Source: the peer's `trackio.log`.
    """
    run = _current_run._value
    if run is None:
        run = _require_run("log")
    run.log(metrics, step, commit, sync, data=data)


def log_system(metrics: dict[str, Any]) -> None:
    """Records values of the machine for the current run: a time axis, no step."""
    _require_run("log_system").log_system(metrics)


def alert(
    title: str,
    text: str | None = None,
    level: AlertLevel | str = AlertLevel.WARN,
    webhook_url: str | None = None,
    wait_duration: Any = None,
) -> None:
    """Raises an alert in the current run: one line to standard error, one row for everybody who watches.

    It is sent to `webhook_url`, or to that of `init`; see `Run.alert`. Within `wait_duration` (seconds, or a `timedelta`) an alert of the same title is left out.
    """
    _require_run("alert").alert(title, text, level, webhook_url, wait_duration)


def log_artifact(
    artifact_or_path: "Artifact | str | Path",
    name: str | None = None,
    type: str | None = None,
    aliases: list[str] | None = None,
    overwrite: bool = False,
) -> "Artifact":
    """Stores a version of an artifact as an output of the current run, and gives it; see `Run.log_artifact`.

    Raises `RuntimeError` when no run was begun, and what `Run.log_artifact` raises.
    Source: the peer's `trackio.log_artifact`.
    """
    return _require_run("log_artifact").log_artifact(artifact_or_path, name, type, aliases, overwrite)


def use_artifact(artifact_or_name: "Artifact | str", type: str | None = None) -> "Artifact":
    """Finds a version of an artifact, notes it as an input of the current run, and gives it; see `Run.use_artifact`.

    Raises `RuntimeError` when no run was begun, and what `Run.use_artifact` raises.
    Source: the peer's `trackio.use_artifact`.
    """
    return _require_run("use_artifact").use_artifact(artifact_or_name, type)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Ends the current run and waits until everything is committed, as long as there is progress.

    Without an open run it does nothing. `exit_code` other than 0 marks the run as failed.
    """
    run = context_vars.current_run.get()
    if run is not None:
        code = 0 if exit_code is None else int(exit_code)
        end(run, "finished" if code == 0 else "failed", code, None)


def end(run: Run, state: str, exit_code: int | None, failure: str | None, leaving: bool = False) -> None:
    """Ends a run in `state` and forgets it as the current one; `leaving` when Python itself is ending."""
    run._end(state, exit_code, failure, leaving)
    if context_vars.current_run.get() is run:
        context_vars.current_run.set(None)
        context_vars.current_project.set(None)


def forget_open(run: Run) -> None:
    """The run has ended, by whatever call: it is no longer one that the end of Python ends."""
    if _open_runs.get(run.id) is run:
        del _open_runs[run.id]


def _displace(run: Run) -> None:
    """Ends a run because another one begins; it goes on when it is logged into nevertheless."""
    ended, next_step = run._recorder, run._recorder.next_step()
    end(run, "finished", 0, None)
    if run._begin is not None:
        from trackio._displaced import DisplacedRecorder

        run._recorder = run.summary._recorder = DisplacedRecorder(run, ended, next_step)


def _destination(space_id: Any, server_url: Any, dataset_id: Any, bucket_id: Any) -> Destination | None:
    if not (space_id or server_url or os.environ.get("TRACKIO_SPACE_ID") or os.environ.get("TRACKIO_SERVER_URL")):
        return None
    from trackio._destination import find_destination

    return find_destination(space_id, server_url, dataset_id, bucket_id)


def _dataset(dataset_id: Any) -> str | None:
    if not (dataset_id or os.environ.get("TRACKIO_DATASET_ID")):
        return None
    from trackio._dataset import chosen_dataset

    return chosen_dataset(dataset_id)


def _keeps_console(settings: Any) -> bool:
    if settings is None and not (os.environ.get("PACELINE_CONSOLE") or os.environ.get("WANDB_CONSOLE")):
        return False
    from trackio._console import is_wanted

    return is_wanted(settings)


def _share_of(project: str, run_id: str | None, is_asked: bool, settings: Any) -> tuple[int, str] | None:
    from trackio._ranks import share_of

    return share_of(project, run_id, is_asked, settings)


def _require_run(function: str) -> Run:
    run = context_vars.current_run.get()
    if run is None:
        from trackio.errors import NoRunError

        raise NoRunError(f"no run is open: call `trackio.init(project=…)` before `trackio.{function}()`")
    return run


def _check_config_keys(config: Any) -> None:
    if isinstance(config, dict):
        for key in config:
            if isinstance(key, str) and key.startswith("_"):
                raise ValueError(f"config key `{key}` starts with `_`, which is kept for the tracker's own; rename it")


def _announce(run: Run, note: str | None) -> None:
    verb = "continues" if run.resumed else "begins"
    if run.url is None:
        ways = f"Watch it: trackio show --project {run.project!r}   Ask: trackio status --project {run.project!r}"
    else:
        ways = f"Watch it: {run.url}"
    print(f"* Run `{run.name}` {verb} in project `{run.project}`. {ways}", file=sys.stderr)
    if note is not None:
        print(note, file=sys.stderr)


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=3)


class _Ending:
    """What is known of why Python ends, when its exit handlers run."""

    process = 0
    exit_code: int | None = None
    failure: str | None = None


def _install_hooks() -> None:
    """Notes uncaught exceptions and `sys.exit`, and ends open runs when Python ends. Once per process."""
    if _Ending.process:
        return
    _Ending.process = os.getpid()
    atexit.register(_end_open_runs)
    before_exception, before_exit = sys.excepthook, sys.exit

    def note_exception(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        _Ending.exit_code = 130 if issubclass(kind, KeyboardInterrupt) else 1
        _Ending.failure = _failure_text(error)
        before_exception(kind, error, trace)

    def note_exit(status: Any = None, /) -> None:
        _Ending.exit_code = status if isinstance(status, int) else None if status is None else 1
        before_exit(status)

    sys.excepthook = note_exception
    sys.exit = note_exit  # type: ignore[assignment]


def _end_open_runs() -> None:
    # In a forked child the runs are its parent's.
    if _Ending.process != os.getpid():
        return
    failed = bool(_Ending.exit_code)
    for run in list(_open_runs.values()):
        # Without a known status the process only leaves: whoever watches it sees how.
        end(run, "failed" if failed else "finished", _Ending.exit_code or None, _Ending.failure, leaving=True)
