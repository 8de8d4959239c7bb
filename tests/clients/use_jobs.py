"""Does with Hugging Face's own client what its users do with jobs, against the server that HF_ENDPOINT names.

    python use_jobs.py JOB [ARGUMENT]…

`JOB` is one of the functions below; what it finds is printed as JSON.
"""

import json
import sys
from dataclasses import asdict
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

api = HfApi()


def run(command: str, **how: Any) -> dict[str, Any]:
    """Runs a command, given as a list in JSON, waits for its end, and tells everything that can be asked of it."""
    return told(api.run_job(image="python:3.12", command=json.loads(command), **how).id)


def uv(script: str, arguments: str = "[]", dependencies: str = "[]") -> dict[str, Any]:
    """The same for a script that `uv` runs."""
    job = api.run_uv_job(script, script_args=json.loads(arguments), dependencies=json.loads(dependencies), timeout="5m")
    return told(job.id)


def told(job_id: str) -> dict[str, Any]:
    """Its end, its log followed to the end, the last line of it, and that it is listed."""
    followed = list(api.fetch_job_logs(job_id=job_id, follow=True))
    job = api.wait_for_job(job_id=job_id, timeout=120)
    return {
        **shown(job), "followed": followed, "log": list(api.fetch_job_logs(job_id=job_id)),
        "tail": list(api.fetch_job_logs(job_id=job_id, tail=2)),
        "listed": [one.id for one in api.list_jobs()], "of its stage": [one.id for one in api.list_jobs(status=job.status.stage)],
        "of its name": [one.id for one in api.list_jobs(labels={"name": job.labels["name"]})],
        "running": [one.id for one in api.list_jobs(status="RUNNING")],
    }  # fmt: skip


def secrets() -> dict[str, Any]:
    """A job that prints its environment and its secrets."""
    script = "import os; print(os.environ['PLAIN'], os.environ['HF_TOKEN'], os.environ.get('TRACKIO_WRITE_TOKEN'), os.environ['API_KEY'])"
    job = api.run_job(
        image="python:3.12", command=["python3", "-c", script], secrets={"HF_TOKEN": "hf_of_the_job_alone"},
        env={"PLAIN": "seen", "API_KEY": "abcdefgh12345678"}, flavor="t4-small", timeout="1.5h", labels={"team": "ml"}, name="look",
    )  # fmt: skip
    return {**told(job.id), "again": status(lambda: api.rerun_job(job_id=job.id))}


def cancel(command: str) -> dict[str, Any]:
    """Cancels a command as soon as it has printed something."""
    job = api.run_job(image="python:3.12", command=json.loads(command))
    log = api.fetch_job_logs(job_id=job.id, follow=True)
    first = next(line for line in log if not line.startswith("note:"))
    running = [one.id for one in api.list_jobs(status="RUNNING")]
    api.cancel_job(job_id=job.id)
    return {"first": first, "was running": running == [job.id], **told(job.id)}


def inspect(job_id: str) -> dict[str, Any]:
    """A job at its end, and all that there are."""
    return {**shown(api.wait_for_job(job_id=job_id, timeout=120)), "listed": [one.id for one in api.list_jobs()]}


def start(command: str) -> dict[str, Any]:
    """Starts a command and leaves."""
    return shown(api.run_job(image="python:3.12", command=json.loads(command)))


def rest(file: str) -> dict[str, Any]:
    """What can be asked beside jobs, and what is not here."""
    hardware = api.list_jobs_hardware()
    volume = {"volumes": [api_volume()]}
    return {
        "name": api.whoami()["name"], "hardware": [asdict(one) for one in hardware],
        "missing": status(lambda: api.inspect_job(job_id="0" * 24)),
        "local file": status(lambda: api.run_uv_job(file)),
        "volumes": status(lambda: api.run_job(image="x", command=["true"], **volume)),
        "scheduled": status(lambda: api.create_scheduled_job(image="x", command=["true"], schedule="@hourly")),
        "foreign": [one.id for one in api.list_jobs(namespace="somebody")],
    }  # fmt: skip


def wire() -> dict[str, Any]:
    """Everything that is asked of Hugging Face, once."""
    command = ["python", "-c", "print('größe')"]
    job = api.run_job(
        image="python:3.12", command=command, env={"SEED": "1"}, secrets={"HF_TOKEN": "hf_given"}, flavor="t4-small", timeout="1.5h",
        labels={"team": "ml"},
    )  # fmt: skip
    api.run_job(image="hf.co/spaces/alice/tools", command=["ls"])
    api.run_uv_job("https://host.example/sft.py", script_args=["--epochs", "1"], dependencies=["trl", "peft"], python="3.12")
    api.inspect_job(job_id=job.id)
    lines = [list(api.fetch_job_logs(job_id=job.id)), list(api.fetch_job_logs(job_id=job.id, tail=2))]
    api.cancel_job(job_id=job.id)
    nightly = api.create_scheduled_job(
        image="python:3.12", command=["python", "-c", "print(1)"], schedule="0 3 * * *", suspend=True, concurrency=True, flavor="t4-small"
    )
    api.create_scheduled_uv_job("https://host.example/evaluate.py", schedule="@daily", dependencies=["trl"])
    assert [one.suspend for one in api.list_scheduled_jobs()] == [True, False]
    api.resume_scheduled_job(scheduled_job_id=nightly.id)
    api.inspect_scheduled_job(scheduled_job_id=nightly.id)
    api.suspend_scheduled_job(scheduled_job_id=nightly.id)
    api.delete_scheduled_job(scheduled_job_id=nightly.id)
    listed = [len(list(api.list_jobs())), len(list(api.list_jobs(status="RUNNING")))]
    return {"lines": lines, "listed": listed, "hardware": [asdict(one) for one in api.list_jobs_hardware()]}


def api_volume() -> Any:
    """A volume as its users write it."""
    from huggingface_hub import Volume

    return Volume(type="dataset", source="alice/rows", mount_path="/data")


def shown(job: Any) -> dict[str, Any]:
    """What is looked at of a job."""
    durations = asdict(job.durations) if job.durations else {}
    return {
        "id": job.id, "stage": job.status.stage, "message": job.status.message, "image": job.docker_image, "flavor": job.flavor,
        "command": job.command, "environment": job.environment, "secrets": job.secrets, "labels": job.labels, "owner": job.owner.name,
        "url": job.url, "times": [job.created_at, job.started_at, job.finished_at], "durations": durations,
    }  # fmt: skip


def status(call: Any) -> str:
    """Status of the refusal that a call ends with, and what it says."""
    try:
        call()
    except HfHubHTTPError as error:
        return f"{error.response.status_code} {error.response.text}"
    return "done"


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:]), default=str))
