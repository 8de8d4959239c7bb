"""Hugging Face Jobs of the stand-in for the Hub: each job is recorded, runs when it is asked for, and has printed two lines."""

import json
from typing import TYPE_CHECKING, Any

from support.hub_repository import Refusal

if TYPE_CHECKING:
    from support.hub import Hub
    from support.hub_wire import Answer, Request

_CREATED = "2026-01-02T03:04:05.678Z"
HARDWARE = [
    {
        "name": "t4-small", "prettyName": "Nvidia T4 - small", "cpu": "4 vCPU", "ram": "15 GB", "ephemeralStorage": "50 GB",
        "accelerator": {"type": "gpu", "model": "T4", "quantity": "1", "vram": "16 GB", "manufacturer": "Nvidia"},
        "unitCostMicroUSD": 6667, "unitCostUSD": 0.006667, "unitLabel": "minute",
    }
]  # fmt: skip


def _answer(body: Any, **more: Any) -> "Answer":
    from support.hub_wire import Answer

    return Answer(body, **more)


def _owner(hub: "Hub", request: "Request", namespace: str) -> None:
    if hub.role_of(request.token) != "write":
        raise Refusal(401, "Invalid username or password.")
    if namespace != hub.owner:
        raise Refusal(403, "You don't have the rights to run jobs there")


def _found(hub: "Hub", request: "Request", namespace: str, job: str) -> dict[str, Any]:
    _owner(hub, request, namespace)
    if job not in hub.jobs:
        raise Refusal(404, "Job not found")
    return hub.jobs[job]


def run(hub: "Hub", request: "Request", namespace: str) -> "Answer":
    """Records a job; it runs at once."""
    _owner(hub, request, namespace)
    said = request.json
    assert isinstance(said["command"], list) and said["arguments"] == [] and isinstance(said["environment"], dict), said
    assert ("dockerImage" in said) != ("spaceId" in said) and isinstance(said["flavor"], str), said
    job = f"{len(hub.jobs) + 1:024x}"
    told = {name: value for name, value in said.items() if name not in ("secrets", "timeoutSeconds")}
    hub.jobs[job] = {
        **told, "id": job, "createdAt": _CREATED, "startedAt": _CREATED, "finishedAt": None, "secrets": {},
        "status": {"stage": "RUNNING", "message": None}, "owner": {"id": "1", "name": namespace, "type": "user"},
        "durations": {"schedulingSecs": 3, "runningSecs": 60, "totalSecs": 63},
    }  # fmt: skip
    return _answer(hub.jobs[job])


def listed(hub: "Hub", request: "Request", namespace: str) -> "Answer":
    """The jobs, a page at a time, in the stages that are asked for."""
    from urllib.parse import parse_qs, urlsplit

    _owner(hub, request, namespace)
    asked = parse_qs(urlsplit(request.target).query)
    jobs = [job for job in reversed(hub.jobs.values()) if job["status"]["stage"] in asked.get("stage", [job["status"]["stage"]])]
    first = int(request.query.get("cursor", 0))
    headers = {}
    if first + hub.page_size < len(jobs):
        stages = "".join(f"&stage={stage}" for stage in asked.get("stage", []))
        headers["Link"] = f'<{hub.address}{request.path}?cursor={first + hub.page_size}{stages}>; rel="next"'
    return _answer(jobs[first : first + hub.page_size], headers=headers)


def inspect(hub: "Hub", request: "Request", namespace: str, job: str) -> "Answer":
    """One job."""
    return _answer(_found(hub, request, namespace, job))


def logs(hub: "Hub", request: "Request", namespace: str, job: str) -> "Answer":
    """What it printed; who reads it once has seen it end."""
    found = _found(hub, request, namespace, job)
    texts = ["===== Job started at 2026-01-02 03:04:05 =====", "one", "größe"][-int(request.query.get("tail", 3)) :]
    lines = [f"data: {json.dumps({'data': text, 'timestamp': _CREATED})}\n\n" for text in texts]
    if found["status"]["stage"] == "RUNNING":
        found["status"] = {"stage": "COMPLETED", "message": None}
    return _answer((": keep-alive\n\n" + "".join(lines)).encode(), headers={"Content-Type": "text/event-stream"})


def cancel(hub: "Hub", request: "Request", namespace: str, job: str) -> "Answer":
    """Ends it."""
    _found(hub, request, namespace, job)["status"] = {"stage": "CANCELED", "message": None}
    return _answer({})


def hardware(hub: "Hub", request: "Request") -> "Answer":
    """Machines and prices."""
    return _answer(HARDWARE)


def schedule(hub: "Hub", request: "Request", namespace: str) -> "Answer":
    """Records a job by the clock."""
    _owner(hub, request, namespace)
    said = request.json
    assert isinstance(said["jobSpec"]["command"], list) and isinstance(said["schedule"], str), said
    job = f"{len(hub.scheduled) + 1:024x}"
    spec = {name: value for name, value in said["jobSpec"].items() if name != "secrets"}
    hub.scheduled[job] = {
        "id": job, "createdAt": _CREATED, "schedule": said["schedule"], "suspend": said.get("suspend", False),
        "concurrency": said.get("concurrency", False), "jobSpec": spec, "owner": {"id": "1", "name": namespace, "type": "user"},
        "status": {"lastJob": None, "nextJobRunAt": _CREATED},
    }  # fmt: skip
    return _answer(hub.scheduled[job])


def scheduled(hub: "Hub", request: "Request", namespace: str) -> "Answer":
    """All jobs by the clock."""
    _owner(hub, request, namespace)
    return _answer(list(hub.scheduled.values()))


def change(hub: "Hub", request: "Request", namespace: str, job: str, what: str = "") -> "Answer":
    """Tells, removes, suspends or resumes one."""
    _owner(hub, request, namespace)
    if job not in hub.scheduled:
        raise Refusal(404, "Scheduled job not found")
    if request.method == "DELETE":
        return _answer(hub.scheduled.pop(job))
    if what:
        hub.scheduled[job]["suspend"] = what == "suspend"
    return _answer(hub.scheduled[job])


NAMED = r"(?P<namespace>[\w.-]+)"
JOB = NAMED + r"/(?P<job>\w+)"
ROUTES = [
    ("GET", r"/api/jobs/hardware", hardware),
    ("POST", rf"/api/jobs/{NAMED}", run),
    ("GET", rf"/api/jobs/{NAMED}", listed),
    ("GET", rf"/api/jobs/{JOB}", inspect),
    ("GET", rf"/api/jobs/{JOB}/logs", logs),
    ("POST", rf"/api/jobs/{JOB}/cancel", cancel),
    ("POST", rf"/api/scheduled-jobs/{NAMED}", schedule),
    ("GET", rf"/api/scheduled-jobs/{NAMED}", scheduled),
    ("GET", rf"/api/scheduled-jobs/{JOB}", change),
    ("DELETE", rf"/api/scheduled-jobs/{JOB}", change),
    ("POST", rf"/api/scheduled-jobs/{JOB}/(?P<what>suspend|resume)", change),
]
