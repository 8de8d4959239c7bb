"""The MCP tool `hf_jobs`: an agent runs a script, asks how it goes, reads what it printed and ends it."""

import pytest

from support.directory import PROGRAM
from support.jobs import JobServer
from test_mcp import answers, speak, url


@pytest.fixture
def server(directory):
    """A server that runs jobs, and lets tools change something."""
    directory.path.mkdir()
    server = JobServer(directory, "--mcp-allow-write")
    yield server
    server.stop()


def call(operation=None, **arguments):
    """A call of the tool."""
    return ["call", "hf_jobs", {**({"operation": operation} if operation else {}), "args": arguments}]


def outcome(server, *request, token=None, **arguments):
    """What came of it."""
    (answered,) = answers(url(server), call(*request, **arguments), token=token or server.token)
    return answered["data"]["outcome"]


def test_an_agent_runs_and_follows_a_job(server):
    script = "import sys\nprint('begin', sys.argv[1:])\n"
    done = outcome(server, "run", command=["python3", "-c", script, "a"], timeout="5m")
    assert (done["kind"], done["job"]["status"]["stage"]) == ("job", "COMPLETED")
    assert "begin ['a']" in done["logs"] and "completed" in done["summary"]
    line = outcome(server, "run", command="echo one two && exit 4")
    assert line["job"]["status"]["stage"] == "ERROR" and "exit code 4" in line["summary"]
    left = outcome(server, "run", command=["sleep", "1000"], detach=True, secrets={"KEY": "a long secret"}, env={"A": "b"})
    job = left["job"]["id"]
    assert (left["job"]["secret_names"], left["job"]["environment_variable_names"]) == (["KEY"], ["A"])
    running = outcome(server, "ps")
    assert [one["id"] for one in running["jobs"]] == [job]
    told = outcome(server, "inspect", job_id=job)
    assert told["kind"] == "inspections" and "no run has begun to log yet" in told["jobs"][0]["summary"]
    assert outcome(server, "cancel", job_id=job)["kind"] == "acknowledgement"
    assert server.ended(job)["status"]["stage"] == "CANCELED"
    logs = outcome(server, "logs", job_id=job, tail=1)
    assert (logs["kind"], logs["lines"]) == ("logs", ["===== Job finished: status=CANCELED ====="])
    many = outcome(server, "run", command="seq -f %0100.0f 2000")["job"]["id"]
    lines = outcome(server, "logs", job_id=many, tail=5000)["lines"]
    assert 60_000 < sum(map(len, lines)) <= 64 << 10 and "status=COMPLETED" in lines[-1], "as much as an answer holds"
    assert outcome(server, "inspect", job_id=[job] * 51)["kind"] == "error"
    everything = answers(url(server), call("ps", all=True), token=server.token)[0]["data"]
    assert (everything["total_results"], everything["results_shared"], everything["operation"]) == (4, 4, "ps")


def test_what_cannot_be_is_told_as_an_outcome(server):
    assert outcome(server)["kind"] == "usage" and outcome(server, "uv", help=True)["text"].startswith("uv {script")
    assert outcome(server, "scheduled run", command=["x"])["kind"] == "unavailable"
    for request, arguments, part in [
        ("inspect", {"job_id": "0" * 24}, "`ps` with `all: true`"), ("run", {}, "needs a `command`"),
        ("ps", {"status": "GONE"}, "one of `SCHEDULING`"), ("run", {"command": ["a"], "volumes": ["hf://x"]}, "no volumes"),
        ("run", {"command": ["a"], "timeout": "soon"}, "`soon` is no time"),
    ]:  # fmt: skip
        found = outcome(server, request, **arguments)
        assert found["kind"] == "error" and part in found["message"], found


def test_a_token_decides(server, directory):
    write = directory.answer("token", "create", "--scope", "write")["token"]
    refused = outcome(server, "run", command=["true"], token=write)
    assert refused["kind"] == "error" and "not to admin" in refused["message"]
    assert outcome(server, "ps", token=write)["kind"] == "jobs"


def test_on_standard_input_jobs_are_asked_for_by_themselves(directory):
    command = [str(PROGRAM), "mcp", "--dir", str(directory.path), "--allow-write"]
    (without,) = answers(command, call("run", command=["true"]))
    assert without["data"]["outcome"]["kind"] == "unavailable" and "--jobs" in without["data"]["outcome"]["hint"]
    (done,) = answers([*command, "--jobs"], call("run", command=["true"]))
    assert done["data"]["outcome"]["job"]["status"]["stage"] == "COMPLETED"


def test_it_is_offered_where_something_may_be_changed(directory, new_directory):
    directory.path.mkdir()
    server = JobServer(directory)
    try:
        names = [tool["name"] for tool in speak(url(server), ["tools"])["answers"][0]]
        assert "hf_jobs" not in names and "get_run_status" in names
    finally:
        server.stop()
