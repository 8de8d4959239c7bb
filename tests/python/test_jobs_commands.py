"""`paceline jobs`: on this machine, and by Hugging Face Jobs with the requests of Hugging Face's own client."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.directory import PROGRAM
from support.hub import Hub
from support.interpreters import ROOT, datasets_python
from support.jobs import supervisors
from support.waiting import wait_until


def jobs(directory, *arguments, status=0, **environment):
    """What the command prints; it ends with this status."""
    done = subprocess.run(
        [PROGRAM, "jobs", *map(str, arguments)], env=directory.environment(**environment), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, cwd=directory.folder, check=False,
    )  # fmt: skip
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout


def test_a_command_is_followed_to_its_end(directory):
    script = directory.folder / "say.sh"
    script.write_text("#!/bin/sh\necho one\necho two\n")
    script.chmod(0o755)
    printed = jobs(directory, "run", "--", "./say.sh")
    assert [line for line in printed.splitlines() if line in ("one", "two")] == ["one", "two"]
    jobs(directory, "run", "--", "sh", "-c", "exit 3", status=1)
    listed = json.loads(jobs(directory, "ps", "--all", "--json"))["jobs"]
    assert [one["job"]["status"]["stage"] for one in listed] == ["ERROR", "COMPLETED"]
    assert re.match(r"Job [0-9a-f]{24} failed, after \d seconds?: it ended with exit code 3", listed[0]["summary"])
    assert "No jobs run" in jobs(directory, "ps")
    missing = subprocess.run([PROGRAM, "jobs", "inspect", "0" * 24], env=directory.environment(), capture_output=True, text=True)
    assert missing.returncode == 1 and "there is no job" in missing.stderr and "ps --all" in missing.stderr


def test_a_job_goes_on_without_its_terminal(directory):
    gate = directory.folder / "gate"
    script = f"echo up; while ! test -e {gate}; do sleep 0.02; done; echo down"
    job = jobs(directory, "run", "-d", "-e", "MODE=x", "-s", "KEY", "--", "sh", "-c", script, KEY="a secret").strip()
    wait_until(lambda: "up" in jobs(directory, "logs", job), 30)
    assert job in jobs(directory, "ps") and "running" in jobs(directory, "inspect", job)
    told = json.loads(jobs(directory, "inspect", job, "--json"))["job"]
    assert (told["environment"], told["secrets"]) == ({"MODE": "x"}, {"KEY": None})
    gate.touch()
    assert "down" in jobs(directory, "logs", job, "--follow").splitlines()
    wait_until(lambda: not supervisors(directory), 20)
    assert jobs(directory, "logs", job, "--tail", 1).strip() == "===== Job finished: status=COMPLETED ====="
    again = jobs(directory, "run", "-d", "--", "sleep", "1000").strip()
    assert jobs(directory, "cancel", again).strip() == f"job {again} is CANCELED"


@pytest.mark.parametrize("has_uv", [True, False])
def test_a_script_is_run_with_what_it_names(directory, has_uv):
    script = directory.folder / "train.py"
    script.write_text("# /// script\n# dependencies = []\n# ///\nimport sys\nprint(open('rows.txt').read(), sys.argv[1:])\n")
    (directory.folder / "rows.txt").write_text("args")
    tools = directory.folder / "tools"
    tools.mkdir()
    (tools / "sh").symlink_to("/bin/sh")
    (tools / "python3").symlink_to(Path(sys.executable).resolve())
    if has_uv:
        (tools / "uv").symlink_to(datasets_python().with_name("uv").resolve())
    environment = {"PATH": str(tools), "UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
    printed = jobs(directory, "uv", "train.py", "--epochs", "3", **environment)
    assert "args ['--epochs', '3']" in printed.splitlines()
    assert ("has no `uv`" in printed) is not has_uv


def test_a_job_knows_its_run(directory):
    gate = directory.folder / "gate"
    script = f"""
import os, time, trackio
trackio.init(project="digits", name="first", config={{"total_steps": 1200}})
for step in range(1, 851): trackio.log({{"train/loss": 2.41 - step * 1.2 / 850}}, step=step)
print("logged")
while not os.path.exists({str(gate)!r}): time.sleep(0.02)
trackio.finish()
"""
    job = jobs(directory, "run", "-d", "--", "python3", "-c", script).strip()
    wait_until(lambda: "logged" in jobs(directory, "logs", job).splitlines(), 60, lambda: jobs(directory, "logs", job))

    def told():
        report = json.loads(jobs(directory, "inspect", job, "--json"))
        return report if (report["run"] or {}).get("step") == 850 else None

    report = wait_until(told, 30, lambda: jobs(directory, "inspect", job))
    assert (report["run"]["project"], report["run"]["run"]) == ("digits", "first")
    assert re.search(r"running, .*, step 850 of 1,200, loss 1\.2\d* from 2\.4", report["summary"]), report["summary"]
    gate.touch()
    wait_until(lambda: "completed" in jobs(directory, "inspect", job), 60)


def requests_of(hub):
    """Every request but those that ask whose the token is: method, address, body and token."""
    beside = ("/api/whoami-v2", "/api/agent-harnesses")
    asked = [one for one in hub.requests if one.target not in beside]
    return [(one.method, one.target, one.json, one.headers.get("authorization")) for one in asked]


def test_our_requests_to_hugging_face_are_those_of_its_own_client(directory):
    with Hub(page_size=2) as theirs, Hub(page_size=2) as ours:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        done = subprocess.run(
            [datasets_python(), ROOT / "tests" / "clients" / "use_jobs.py", "wire"],
            env={**clean, **theirs.environment(), "HF_HOME": str(directory.folder / "hf")}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])

        def there(*arguments):
            command, *rest = arguments
            return jobs(directory, command, "--on", "hf", *rest, **ours.environment())

        job = there(
            "run", "-d", "--image", "python:3.12", "-e", "SEED=1", "-s", "HF_TOKEN=hf_given", "--flavor", "t4-small", "--timeout",
            "1.5h", "-l", "team=ml", "--", "python", "-c", "print('größe')",
        ).strip()  # fmt: skip
        there("run", "-d", "--image", "hf.co/spaces/alice/tools", "--", "ls")
        uv = ("--with", "trl", "--with", "peft", "--python", "3.12", "https://host.example/sft.py", "--epochs", "1")
        there("uv", "-d", *uv)
        assert "running, 60 seconds" in there("inspect", job)
        lines = [there("logs", job).splitlines(), there("logs", job, "--tail", 2).splitlines()]
        there("cancel", job)

        def by_the_clock(command, *rest):
            return jobs(directory, "scheduled", command, "--on", "hf", *rest, **ours.environment())

        when = ("--schedule", "0 3 * * *", "--suspended", "--concurrent", "--image", "python:3.12", "--flavor", "t4-small")
        nightly = by_the_clock("run", *when, "--", "python", "-c", "print(1)").strip()
        by_the_clock("uv", "--schedule", "@daily", "--with", "trl", "https://host.example/evaluate.py")
        assert [one["suspend"] for one in json.loads(by_the_clock("ps", "--json"))] == [True, False]
        assert by_the_clock("resume", nightly).strip() == f"job by the clock {nightly} is resumed"
        assert re.search(rf"{nightly}\s+0 3 \* \* \*\s+python -c print\(1\)", by_the_clock("inspect", nightly))
        by_the_clock("suspend", nightly), by_the_clock("delete", nightly)
        counts = [len(json.loads(there("ps", *more, "--json"))["jobs"]) for more in (["--all"], ["--status", "RUNNING"])]
        assert "T4" in there("hardware")
        assert ([lines[0][1:], lines[1]], counts) == (found["lines"], found["listed"])
        expected, sent = requests_of(theirs), requests_of(ours)
        # How it stands after that, which the other client leaves to its caller.
        after = sent.index(("POST", f"/api/jobs/alice/{job}/cancel", None, f"Bearer {ours.token}")) + 1
        assert sent.pop(after)[:2] == ("GET", f"/api/jobs/alice/{job}")
        assert sent == expected


def test_a_local_script_goes_to_hugging_face_with_its_job(directory):
    script = directory.folder / "my train.py"
    script.write_text("print('größe')\n")
    with Hub() as hub:
        printed = jobs(directory, "uv", "--on", "hf", "--with", "trl", script, "--name", "it's", **hub.environment())
        assert printed.splitlines()[-2:] == ["one", "größe"]
        (job,) = hub.jobs.values()
        assert job["command"][:2] == ["/bin/sh", "-lc"] and job["labels"]["name"].startswith("my-train-")
        carried = re.fullmatch(r'echo "(\S+)" \| base64 -d \| uv run --with trl - --name (.*)', job["command"][2])
        shown = subprocess.check_output(["sh", "-c", f"echo {carried[1]} | base64 -d; echo {carried[2]}"], text=True)
        assert shown == "print('größe')\nit's\n"


def test_a_refusal_of_hugging_face_says_what_to_do(directory):
    def refused(*arguments, **environment):
        done = subprocess.run(
            [PROGRAM, "jobs", *arguments, "--on", "hf"], env=directory.environment(HOME=str(directory.folder), **environment),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stdout
        return done.stderr

    with Hub() as hub:
        assert "/settings/tokens" in refused("ps", HF_ENDPOINT=hub.address)
        assert "`alice` has no job `1`" in refused("inspect", "1", **hub.environment())
        assert "may not do it" in refused("ps", "--namespace", "bob", **hub.environment())
        assert "has no job `1`" in refused("scheduled", "delete", "1", **hub.environment())
        hub.fail(r"GET /api/jobs/hardware", status=402)
        assert "paid plan" in refused("hardware", **hub.environment())
    assert "does not answer" in refused("hardware", HF_ENDPOINT="http://127.0.0.1:9", HF_TOKEN="hf_x")
