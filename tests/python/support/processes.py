"""What the system says of processes and their locks, read from `/proc`."""

import os
import re
import select
import signal
from pathlib import Path


def process_ids() -> list[int]:
    """Every process there is."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def command_of(pid: int) -> list[str]:
    """Arguments of a process; empty for one that is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def children_of(pid: int) -> dict[int, str]:
    """Children of a process with their state letter; `Z` is a zombie."""
    found = {}
    for child in process_ids():
        try:
            state, parent = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if int(parent) == pid:
            found[child] = state
    return found


def kill_foreign(pid: int, seconds: float = 10) -> None:
    """kill -9 of a process that is not our child; returns when it is gone, and its locks with it."""
    descriptor = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        assert select.select([descriptor], [], [], seconds)[0], f"process {pid} outlived kill -9 by {seconds} s"
    finally:
        os.close(descriptor)


def memory_bytes(pid: int, field: str = "VmRSS") -> int:
    """Resident memory of a process now (`VmRSS`), or its highest so far (`VmHWM`)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024


def locked_files(folder: Path) -> list[Path]:
    """Files below `folder` on which any process holds a lock of any kind."""
    locked = set(re.findall(r"[0-9a-f]+:[0-9a-f]+:(\d+)", Path("/proc/locks").read_text()))
    found = []
    for path in folder.rglob("*"):
        try:
            if path.is_file() and str(path.stat().st_ino) in locked:
                found.append(path)
        except OSError:
            pass  # it went away meanwhile
    return found
