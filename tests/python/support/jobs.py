"""A server that runs jobs, and Hugging Face's own client that drives it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from support.directory import DataDirectory
from support.interpreters import ROOT, datasets_python
from support.server import Server
from support.waiting import wait_until

NAMESPACE = "local"


class JobServer(Server):
    """`paceline serve --jobs`; `official` asks it with Hugging Face's client."""

    def __init__(self, directory: DataDirectory, *arguments: str, **environment: str) -> None:
        super().__init__(directory, "--jobs", *arguments, **environment)
        self._directory = directory

    def official(self, job: str, *arguments: str) -> Any:
        """What Hugging Face's client finds when it does a job of `use_jobs.py`."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        done = subprocess.run(
            [datasets_python(), ROOT / "tests" / "clients" / "use_jobs.py", job, *arguments],
            env={
                **clean, "HF_ENDPOINT": f"http://127.0.0.1:{self.port}", "HF_TOKEN": self.token,
                "HF_HOME": str(self._directory.folder / "hf"), "HF_HUB_DISABLE_XET": "1",
            },
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def submit(self, *command: str, **more: Any) -> str:
        """Starts a job by the wire and gives its id."""
        answer = self.request("POST", f"/api/jobs/{NAMESPACE}", json.dumps({"command": command, **more}), self.token)
        assert answer.status == 200, answer.json
        return answer.json["id"]

    def job(self, job_id: str) -> dict[str, Any]:
        """How it stands."""
        answer = self.get(f"/api/jobs/{NAMESPACE}/{job_id}")
        assert answer.status == 200, answer.json
        return answer.json

    def ended(self, job_id: str, seconds: float = 60) -> dict[str, Any]:
        """The job when it has ended."""
        ended = lambda: self.job(job_id)["status"]["stage"] not in ("SCHEDULING", "RUNNING")
        wait_until(ended, seconds, lambda: (self.job(job_id), self.lines(job_id)))
        return self.job(job_id)

    def lines(self, job_id: str) -> list[str]:
        """What it has printed so far."""
        path = job_folder(self._directory, job_id) / "output.jsonl"
        return [json.loads(line)["data"] for line in path.read_text().splitlines()]


def job_folder(directory: DataDirectory, job_id: str) -> Path:
    """Where the files of a job are."""
    return directory.path / ".paceline" / "jobs" / job_id


def supervisors(directory: DataDirectory) -> list[int]:
    """Processes that take care of jobs of the directory."""
    from support.processes import command_of, process_ids

    wanted = str(directory.path)
    return [pid for pid in process_ids() if command_of(pid)[1:2] == ["job-runner"] and wanted in command_of(pid)[2]]
