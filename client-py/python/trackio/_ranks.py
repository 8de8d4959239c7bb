"""Which of the processes of a job this is, and which run it shares with the others."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Rank, number of processes, number of those on this host: torchrun and accelerate, SLURM, Open MPI, other MPIs.
_VARIABLES = (
    ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    ("PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"),
)
_THIS_HOST = ("localhost", "127.0.0.1", "::1")
# Runs shared without an id that this process has begun; the others count them in the same order.
_begun = 0


def share_of(project: str, run_id: str | None, is_asked: bool, settings: Any) -> "tuple[int, str] | None":
    """The rank of this process in a shared run, and the id of that run; `None` for a run of its own.

    A run is shared when `mode="shared"` asks for it, and when it has an id and this is one of several processes of
    a job. `Settings` may hold `rank`, or wandb's `x_primary` and `x_label`, whose last number is the rank. Without
    an id the run is that of the job, where the job can be told; else there is a warning.
    """
    if run_id is None and not is_asked:
        return None
    values = settings if isinstance(settings, dict) else getattr(settings, "__dict__", {})
    place = _place()
    rank = _rank(values, None if place is None else place[0])
    if not is_asked and (rank is None or place is None or place[1] < 2):
        return None
    rank = rank or 0
    if run_id is None:
        run_id = _run_of_the_job(project)
    if run_id is None:
        if place is not None and place[1] > 1:
            import warnings

            text = "the processes of this job cannot be told to belong together, so each has a run of its own: give all of them the same `id`"
            warnings.warn(text, RuntimeWarning, stacklevel=3)
        return None
    return rank, run_id


def _rank(values: "dict[str, Any]", found: int | None) -> int | None:
    """The rank that settings give, else the one that was found, unless it contradicts `x_primary`."""
    if values.get("x_primary"):
        return 0
    label = str(values.get("x_label") or "")
    digits = label[len(label.rstrip("0123456789")) :]
    given = [values.get("rank"), found, digits or None]
    ranks = [int(rank) for rank in given if rank is not None and str(rank).isdigit()]
    if values.get("x_primary") is False:
        return next((rank for rank in ranks if rank > 0), 1)
    return ranks[0] if ranks else None


def _place() -> "tuple[int, int, bool] | None":
    """Rank, number of processes, and whether all of them are on this host; `None` outside such a job."""
    distributed: Any = sys.modules.get("torch.distributed")
    try:
        if distributed is not None and distributed.is_available() and distributed.is_initialized():
            local = os.environ.get("LOCAL_WORLD_SIZE")
            size = distributed.get_world_size()
            return distributed.get_rank(), size, _is_local(size, local)
    except Exception:  # torch half torn down
        pass
    for rank_name, size_name, local_name in _VARIABLES:
        try:
            rank, size = int(os.environ[rank_name]), int(os.environ[size_name])
        except (KeyError, ValueError):
            continue
        if 0 <= rank < 1 << 32:
            return rank, size, _is_local(size, os.environ.get(local_name))
    return None


def _is_local(size: int, local: str | None) -> bool:
    return local == str(size) or os.environ.get("MASTER_ADDR") in _THIS_HOST or os.environ.get("SLURM_JOB_NUM_NODES") == "1"


def _run_of_the_job(project: str) -> str | None:
    """An id that every process of the job finds by itself, another one for each run it begins."""
    global _begun
    job = _job()
    if job is None:
        return None
    import hashlib

    _begun += 1
    return hashlib.sha256(f"{project}\0{job}\0{_begun}".encode()).hexdigest()[:32]


def _job() -> str | None:
    place, read = _place(), os.environ.get
    if place is None:
        return None
    if place[2] and (parent := _parent()) is not None:
        return parent
    if read("SLURM_JOB_ID"):
        return f"slurm {read('SLURM_CLUSTER_NAME')} {read('SLURM_JOB_ID')} {read('SLURM_STEP_ID')}"
    # A port that was free at the start of the job tells jobs of one name apart.
    if read("TORCHELASTIC_RUN_ID", "none") != "none":
        return f"torch {read('TORCHELASTIC_RUN_ID')} {read('MASTER_ADDR')} {read('MASTER_PORT')}"
    return None


def _parent() -> str | None:
    """What started the processes of this host, by its id and start, which nothing else of this boot has."""
    parent = os.getppid()
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        with open(f"/proc/{parent}/stat", encoding="utf-8", errors="replace") as file:
            started = file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
    return f"parent {boot} {parent} {started}"
