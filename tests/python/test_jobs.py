"""Jobs of this machine: Hugging Face's own client drives them, they outlive the server, and each ends with a sentence."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support.directory import PROGRAM
from support.disks import mounted
from support.interpreters import ROOT
from support.jobs import NAMESPACE, JobServer, job_folder, supervisors
from support.processes import command_of, kill_foreign, process_ids
from support.waiting import wait_until


@pytest.fixture
def server(directory):
    """A server that runs jobs."""
    directory.path.mkdir()
    server = JobServer(directory)
    yield server
    server.stop()


def python(script: str) -> str:
    """A command as the official client's caller gives it, in JSON."""
    return json.dumps(["python3", "-c", script])


def said(found):
    """What the job itself printed."""
    return [line for line in found["log"] if not line.startswith(("=====", "note:"))]


def test_the_official_client_runs_a_command(server):
    found = server.official("run", python("import sys; print('one'); print('two', file=sys.stderr); print('gr\\xf6\\xdfe\\u2028a\\x85b')"))
    assert (found["stage"], found["message"], found["owner"]) == ("COMPLETED", None, NAMESPACE)
    assert sorted(said(found)) == sorted(["one", "two", "größe\u2028a\x85b"]) and found["followed"] == found["log"]
    assert found["tail"] == found["log"][-2:] and found["log"][-1] == "===== Job finished: status=COMPLETED ====="
    listed = [found["listed"], found["of its stage"], found["of its name"]]
    assert listed == [[found["id"]]] * 3 and found["running"] == []
    assert all(found["times"]) and re.fullmatch(r"[0-9a-f]{24}", found["id"])
    assert found["labels"]["name"].startswith("python-3-12-") and found["flavor"] == "cpu-basic"
    assert found["durations"]["total_secs"] >= found["durations"]["running_secs"] >= 0
    assert found["url"].endswith(f"/jobs/{NAMESPACE}/{found['id']}")


def test_a_script_that_fails_says_what_and_where(server):
    found = server.official("run", python("print('begin'); raise ValueError('bad rows')"))
    assert found["stage"] == "ERROR"
    assert found["message"] == (
        f"it ended with exit code 1: `ValueError: bad rows`; `paceline jobs logs {found['id']}` has all it said"
    )
    assert found["log"][-2] == f"===== {found['message']}"
    for command, part in [
        (["no-such-program"], "`no-such-program` is no program of this machine"),
        (["python3", "-c", "import no_such_module"], "no module `no_such_module`"),
        (["sh", "-c", "kill -SEGV $$"], "signal 11"),
        (["python3", "-c", "raise MemoryError"], "gradient_checkpointing"),
    ]:
        ended = server.ended(server.submit(*command))
        assert ended["status"]["stage"] == "ERROR" and part in ended["status"]["message"], ended["status"]


def test_secrets_are_seen_by_the_job_alone(server, directory):
    found = server.official("secrets")
    assert said(found) == ["seen [redacted] None [redacted]"], "the job has its secrets, its log has not"
    assert found["secrets"] == {"HF_TOKEN": None} and found["labels"] == {"team": "ml", "name": "look"}
    assert found["environment"] == {"PLAIN": "seen", "API_KEY": "[redacted]"} and found["flavor"] == "t4-small"
    assert "secrets, which are not kept" in found["again"]
    for file in directory.folder.rglob("*"):
        for secret in (b"hf_of_the_job_alone", b"abcdefgh12345678"):
            assert not file.is_file() or secret not in file.read_bytes(), file
    for file in (directory.path / ".paceline" / "jobs").rglob("*"):
        assert file.is_symlink() or file.stat().st_mode & 0o077 == 0, file


def test_the_official_client_runs_a_script_of_an_address(server, tmp_path):
    (tmp_path / "train.py").write_text("# /// script\n# dependencies = []\n# ///\nimport sys\nprint('args', sys.argv[1:])\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        found = server.official("uv", f"http://127.0.0.1:{web.server_port}/train.py", '["--epochs", "3"]')
        web.shutdown()
    assert (found["stage"], found["message"]) == ("COMPLETED", None), found
    assert "args ['--epochs', '3']" in found["log"] and found["command"][:2] == ["uv", "run"]
    assert found["followed"] == found["log"] and found["labels"]["name"].startswith("train-")


def test_a_script_of_the_command_line_can_be_run_again(server, directory):
    folder = directory.folder / "experiment"
    folder.mkdir()
    (folder / "train.py").write_text("# /// script\n# dependencies = []\n# ///\nprint('rows', open('rows.txt').read())\n")
    (folder / "rows.txt").write_text("1 2 3")
    run = [PROGRAM, "jobs", "uv", "--detach", "--memory", "1G", "--attempts", "2", "train.py"]
    job = subprocess.check_output(run, env=directory.environment(), cwd=folder, text=True).strip()
    assert server.ended(job)["status"]["stage"] == "COMPLETED" and "rows 1 2 3" in server.lines(job)
    (folder / "train.py").unlink()
    again = server.request("POST", f"/api/jobs/{NAMESPACE}/{job}/duplicate", token=server.token).json["id"]
    assert server.ended(again)["status"]["stage"] == "COMPLETED" and "rows 1 2 3" in server.lines(again)
    kept = [json.loads((job_folder(directory, one) / "spec.json").read_text()) for one in (job, again)]
    assert kept[0]["memory_bytes"] == kept[1]["memory_bytes"] == 1_000_000_000
    assert kept[0]["spec"]["attempts"] == kept[1]["spec"]["attempts"] == 2


def test_packages_are_told_apart_as_uv_does(monkeypatch):
    path = ROOT / "server" / "jobs" / "src" / "without_uv.py"
    spec = importlib.util.spec_from_file_location("without_uv", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    asked = []
    monkeypatch.setattr(module, "environment", lambda packages, _: asked.extend(packages) or sys.exit())
    monkeypatch.setattr(sys, "argv", ["uv", "run", "--with", "torch>=2.1,<3", "--with=trl[peft,vllm],datasets", "python"])
    with pytest.raises(SystemExit):
        module.main()
    assert asked == ["torch>=2.1,<3", "trl[peft,vllm]", "datasets"]


def test_many_jobs_are_listed_by_pages(server, directory):
    job = server.submit("true")
    server.ended(job)
    wait_until(lambda: not supervisors(directory), 20)
    first = job_folder(directory, job)
    ids = [job] + [f"{int(job, 16) - number:024x}" for number in range(1, 131)]
    for name in ids[1:]:
        shutil.copytree(first, first.with_name(name), symlinks=True)
        kept = json.loads((first / "spec.json").read_text())
        (first.with_name(name) / "spec.json").write_text(json.dumps({**kept, "id": name}))
    # By Hugging Face's client, which asks for page after page.
    assert server.official("inspect", job)["listed"] == ids
    told = lambda query: [one["job"]["id"] for one in server.get(f"/api/v1/jobs{query}").json["jobs"]]
    assert told("") == ids[:50] and told(f"?limit=2&before={ids[49]}") == ids[50:52] and told("?limit=500") == ids
    assert server.get("/api/v1/jobs?limit=0").status == 400


def test_cancel_ends_all_processes_of_a_job(server):
    # One is deaf, and one has a session of its own, as the workers of `torchrun` have.
    deaf = "trap '' TERM; sh -c 'trap \"\" TERM; echo up; while :; do sleep 4242.1 & wait; done'"
    found = server.official("cancel", json.dumps(["sh", "-c", f"setsid sleep 4242.1 & {deaf} & wait; sleep 4242.1"]))
    assert (found["stage"], found["first"], found["was running"]) == ("CANCELED", "up", True)
    assert not [pid for pid in process_ids() if command_of(pid) == ["sleep", "4242.1"]]
    # A job that has ended stays as it is.
    again = server.request("POST", f"/api/jobs/{NAMESPACE}/{found['id']}/cancel", token=server.token)
    assert (again.status, again.json["status"]["stage"]) == (200, "CANCELED")


def test_a_job_that_hangs_is_ended_when_its_time_is_over(server):
    ended = server.ended(server.submit("sh", "-c", "echo begin; sleep 1000", timeoutSeconds=1))
    assert ended["status"]["stage"] == "ERROR" and "after 1 second, the time it was given" in ended["status"]["message"]
    assert ended["timeoutSeconds"] == 1 and "--timeout" in ended["status"]["message"]


def test_a_job_may_be_tried_again(server, directory):
    script = "test -e tried && echo second || { touch tried; echo first; exit 3; }"
    job = server.submit("sh", "-c", script, attempts=2)
    assert server.ended(job)["status"] == {"stage": "COMPLETED", "message": None}
    assert [line for line in server.lines(job) if line in ("first", "second")] == ["first", "second"]


def test_too_much_memory_ends_a_job(directory):
    directory.path.mkdir()
    server = JobServer(directory, "--job-memory", "200M")
    try:
        script = "import os, time\nparts = [os.urandom(50_000_000) for _ in range(10)]\ntime.sleep(1000)"
        message = server.ended(server.submit("python3", "-c", script))["status"]["message"]
        assert re.match(r"it used 0\.\d GB of memory, more than the 0\.2 GB it may; ", message), message
        assert server.ended(server.submit("python3", "-c", "print(1)"))["status"]["stage"] == "COMPLETED"
    finally:
        server.stop()


def test_a_full_disk_ends_a_job_and_not_its_record(new_directory, tmp_path):
    disk = tmp_path / "disk"
    with mounted(disk, "size=24m"):
        directory = new_directory()
        directory.path = disk / "data"
        directory.path.mkdir()
        server = JobServer(directory)
        try:
            script = "import os\nwith open('checkpoint', 'wb', 0) as file:\n    while True: file.write(os.urandom(1 << 16))"
            ended = server.ended(server.submit("python3", "-c", script))
            assert ended["status"]["stage"] == "ERROR", ended
            assert "the disk is full" in ended["status"]["message"] and "save_total_limit" in ended["status"]["message"]
        finally:
            server.stop()


def test_a_server_may_go_and_come_while_jobs_run(directory):
    directory.path.mkdir()
    server = JobServer(directory)
    gate = directory.folder / "gate"
    script = f"import os, time\nprint('up')\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)\nprint('down'); raise SystemExit(4)"
    started = server.official("start", python(script))
    running, done = started["id"], server.submit("true")
    assert started["stage"] in ("SCHEDULING", "RUNNING") and started["command"] == ["python3", "-c", script]
    wait_until(lambda: "up" in server.lines(running), 30)
    server.ended(done)
    server.kill()
    gate.touch()
    wait_until(lambda: not supervisors(directory), 30)
    server = JobServer(directory)
    try:
        ended = server.job(running)
        assert ended["status"]["stage"] == "ERROR" and "exit code 4" in ended["status"]["message"]
        lines = server.lines(running)
        assert lines.index("up") < lines.index("down") < len(lines) - 1
        assert [server.job(done)["status"]["stage"], len(server.official("inspect", done)["id"])] == ["COMPLETED", 24]
    finally:
        server.stop()


def test_a_supervisor_that_is_killed_is_missed(server, directory):
    first = server.submit("sleep", "1000")
    wait_until(lambda: server.job(first)["status"]["stage"] == "RUNNING", 20)
    (supervisor,) = supervisors(directory)
    kill_foreign(supervisor)
    status = server.job(first)["status"]
    assert status["stage"] == "RUNNING" and "its supervisor was killed; its processes" in status["message"]
    group = int(re.search(r"group (\d+)", status["message"])[1])
    server.request("POST", f"/api/jobs/{NAMESPACE}/{first}/cancel", token=server.token)
    assert server.ended(first)["status"]["stage"] == "CANCELED"
    wait_until(lambda: not command_of(group), 20)
    second = server.submit("sleep", "1001")
    wait_until(lambda: server.job(second)["status"]["stage"] == "RUNNING", 20)
    (supervisor,) = supervisors(directory)
    process = json.loads((job_folder(directory, second) / "state.json").read_text())["process"]["pid"]
    kill_foreign(supervisor)
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: not command_of(process), 20)
    status = server.ended(second)["status"]
    assert status["stage"] == "ERROR" and "submit it again" in status["message"]


def test_what_a_machine_has_not_is_answered_with_a_sentence(server, tmp_path):
    script = tmp_path / "train.py"
    script.write_text("print(1)")
    found = server.official("rest", str(script))
    assert found["name"] == NAMESPACE and found["foreign"] == []
    (machine,) = found["hardware"]
    assert (machine["name"], machine["unit_cost_usd"]) == ("local", 0.0) and machine["cpu"] == f"{os.cpu_count()} vCPU"
    assert found["missing"].startswith("404 ") and "job_not_found" in found["missing"]
    for name, part in [("local file", "paceline jobs uv SCRIPT"), ("volumes", "no volumes"), ("scheduled", "cron")]:
        assert found[name].startswith("501 ") and part in found[name], found[name]


def test_jobs_are_started_only_where_they_are_meant_to_be(server, directory, new_directory):
    order = json.dumps({"command": ["true"]})
    address = f"/api/jobs/{NAMESPACE}"
    write = directory.answer("token", "create", "--scope", "write")["token"]
    job = server.submit("true")
    wait_until(lambda: server.request("GET", "/api/whoami-v2", token=write).status == 200, 5)
    for path in [address, f"{address}/{job}/cancel", f"{address}/{job}/duplicate"]:
        assert server.request("POST", path, order).status == 401
        refused = server.request("POST", path, order, write)
        assert (refused.status, refused.json["code"]) == (403, "forbidden_scope")
        foreign = server.request("POST", path, order, server.token, Origin="http://evil.example")
        assert (foreign.status, foreign.json["code"]) == (403, "forbidden_origin")
    assert server.get("/api/whoami-v2").status == 401
    for body, status in [(json.dumps({"command": []}), 400), ("[]", 400), (json.dumps({"command": "true"}), 400)]:
        assert server.request("POST", address, body, server.token).status == status
    assert server.request("POST", "/api/jobs/..%2f", order, server.token).status == 400
    again = server.request("POST", f"{address}/{job}/duplicate", token=server.token)
    assert again.status == 200 and again.json["id"] != job
    server.ended(job), server.ended(again.json["id"])

    other = new_directory()
    other.path.mkdir()
    from support.server import Server

    plain = Server(other)
    try:
        refused = plain.request("POST", address, order, plain.token)
        assert (refused.status, refused.json["code"]) == (403, "jobs_off") and "serve --jobs" in refused.json["hint"]
        assert plain.get(address).json == [] and not Path(other.path, ".paceline", "jobs").exists()
    finally:
        plain.stop()
