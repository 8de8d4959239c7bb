"""The commands of our own that follow a run, complete in shells and find what is wrong with an installation."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from support.directory import PROGRAM, DataDirectory
from support.interpreters import peer_python
from support.server import Server
from support.terminal import run_in_terminal

# Logs a step whenever a file `step-N` appears, so that a test decides how far it is.
BY_HAND = """
import os, sys, time, trackio
trackio.init(project="digits", name="slow", config={"total_steps": 4})
for step in range(4):
    while not os.path.exists(f"step-{step}"):
        time.sleep(0.01)
    trackio.log({"train/loss": 4.0 - step}, step=step)
trackio.finish()
"""
FINISHED = """
import trackio
trackio.init(project="digits", name="done", config={"total_steps": 60})
for step in range(60):
    trackio.log({"train/loss": float("nan") if step > 50 else 1 / (step + 1)}, step=step)
trackio.finish()
"""


def start(directory: DataDirectory, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROGRAM, *map(str, arguments), "--dir", str(directory.path)], env=directory.environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def go_to(directory: DataDirectory, step: int) -> None:
    for each in range(step + 1):
        (directory.folder / f"step-{each}").touch()


def test_wait_returns_when_a_condition_holds(directory: DataDirectory):
    # The command is there first: a run may begin a moment after somebody asks for it.
    waiting = start(directory, "wait", "--project", "digits", "--until", "step>=2,finding:any", "--timeout", "50", "--json")
    directory.start(BY_HAND)
    go_to(directory, 0)
    directory.wait_for_state("digits", "running")
    assert waiting.poll() is None
    go_to(directory, 2)
    status, output, _ = ended(waiting)
    answer = json.loads(output)
    assert (status, answer["met"], answer["timed_out"]) == (0, ["step>=2"], False)
    assert answer["status"]["step"] >= 2 and answer["status"]["run"] == "slow"

    # The time is over first.
    done = directory.paceline("wait", "--project", "digits", "--until", "step>=100", "--timeout", "0.3", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["timed_out"] is True

    # Without a condition it is the end that is waited for; a condition that cannot hold any more ends it, too.
    to_the_end, never = start(directory, "wait", "--project", "digits"), start(
        directory, "wait", "--project", "digits", "--run", "slow", "--until", "step>=100")
    go_to(directory, 3)
    status, output, _ = ended(to_the_end)
    assert status == 0 and output.startswith("slow: ")
    assert ended(never)[0] == 1

    wrong = directory.paceline("wait", "--project", "digits", "--until", "loss=>1")
    assert wrong.returncode == 2 and "means nothing" in wrong.stderr
    assert directory.paceline("wait", "--project", "digits", "--timeout", "-1").returncode == 2


def test_wait_at_a_server(directory: DataDirectory):
    server = Server(directory)
    try:
        directory.start(BY_HAND)
        address = ("--server", f"http://127.0.0.1:{server.port}")
        waiting = start(directory, "wait", "--project", "digits", "--until", "loss<=3", "--json", *address)
        go_to(directory, 1)
        status, output, errors = ended(waiting)
        assert status == 0, errors
        assert json.loads(output)["met"] == ["loss<=3"]
        go_to(directory, 3)
        status, output, _ = ended(start(directory, "wait", "--project", "digits", *address))
        assert status == 0 and "slow: " in output
        status, output, _ = ended(start(directory, "status", "--project", "digits", "--json", *address))
        assert status == 0 and json.loads(output)["state"] == "finished"
    finally:
        server.stop()


def test_watch_ends_with_the_run(directory: DataDirectory):
    watching = start(directory, "watch", "--project", "digits", "--every", "0.05")
    directory.start(BY_HAND)
    go_to(directory, 3)
    status, output, _ = ended(watching)
    lines = output.splitlines()
    assert status == 0 and lines and "\x1b" not in output
    assert lines == [line for place, line in enumerate(lines) if not place or line != lines[place - 1]]
    assert lines[-1].startswith("slow: ")


def test_watch_draws_on_a_terminal(directory: DataDirectory):
    directory.run(FINISHED)
    command = [str(PROGRAM), "watch", "--project", "digits", "--dir", str(directory.path)]
    status, shown = run_in_terminal(command, directory.environment(TERM="xterm", COLUMNS="80"))
    assert status == 0
    plain = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", shown)
    assert "digits / done finished" in plain and re.search(r"train/loss  [▁-█]+", plain) and "98 %" in plain
    assert "\x1b[32m" in shown or "\x1b[2m" in shown
    _, shown = run_in_terminal(command, directory.environment(TERM="xterm", NO_COLOR="1"))
    assert not re.search(r"\x1b\[[0-9;]*m", shown)


def test_findings_are_told_with_a_hint(directory: DataDirectory):
    directory.run(FINISHED)
    answer = directory.answer("findings", "--project", "digits")
    assert answer["run"] == "done" and answer["findings"][0]["code"] == "loss_nan" and answer["findings"][0]["hint"]
    text = directory.paceline("findings", "--project", "digits")
    assert text.returncode == 0 and "(loss_nan" in text.stdout
    assert directory.paceline("findings", "--project", "digits", "--check").returncode == 1
    directory.run("import trackio\ntrackio.init(project='well')\ntrackio.log({'loss': 1.0})\ntrackio.finish()")
    well = directory.paceline("findings", "--project", "well", "--check")
    assert well.returncode == 0 and "nothing is wrong" in well.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "elvish", "powershell"])
def test_completions_are_scripts_of_the_shell(directory: DataDirectory, shell: str):
    done = subprocess.run([PROGRAM, "completions", shell], capture_output=True, text=True, timeout=30, check=True)
    assert "paceline" in done.stdout and "trackio" in done.stdout
    if program := shutil.which(shell):
        script = directory.folder / "completions"
        script.write_text(done.stdout)
        subprocess.run([program, "-n", str(script)], check=True, timeout=30)


def test_a_wait_that_no_clock_can_tell_has_no_limit(directory: DataDirectory):
    directory.run(FINISHED)
    done = directory.paceline("wait", "--project", "digits", "--timeout", "1e19", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["timed_out"] is False, done.stderr


def test_the_doctor_finds_a_clash_with_the_peers_package(directory: DataDirectory):
    done = doctor(directory, "--python", peer_python())
    look = done["python"]
    assert not look["healthy"] and "not Paceline's" in look["message"] and "pip uninstall trackio" in look["cure"]


def test_the_doctor_finds_both_packages_beside_each_other(directory: DataDirectory):
    """Whoever installs the peer's package beside ours has files of both under one name."""
    environment = directory.folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=60)
    packages = next(environment.glob("lib/python*/site-packages"))
    (packages / "trackio").mkdir()
    (packages / "trackio/__init__.py").write_text("__version__ = '0.43.0+paceline.0.1.0'\n")
    python = environment / "bin/python"
    assert doctor(directory, "--python", python)["python"]["healthy"]
    of_peer = packages / "trackio-0.43.0.dist-info"
    of_peer.mkdir()
    (of_peer / "RECORD").write_text("trackio/__init__.py,sha256=x,1\n")
    look = doctor(directory, "--python", python)["python"]
    assert not look["healthy"] and "installed too" in look["message"] and "--force-reinstall" in look["cure"]


def test_the_doctor_finds_a_directory_that_is_none(directory: DataDirectory):
    directory.path.write_text("a file")
    look = doctor(directory)["directory"]
    assert not look["healthy"] and "TRACKIO_DIR" in look["cure"]
    directory.path.unlink()
    assert doctor(directory)["directory"]["healthy"] and not directory.path.exists()


def test_the_doctor_finds_a_companion_of_another_version(directory: DataDirectory):
    old = directory.folder / "old" / "paceline"
    old.parent.mkdir()
    shutil.copy2(PROGRAM.resolve(), old)
    directory.path.mkdir()
    with subprocess.Popen(
        [old, "serve", "--port", "0", "--dir", str(directory.path)], env=directory.environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as server:
        assert "http" in server.stdout.readline()
        look = doctor(directory)["companion"]
        server.terminate()
        server.wait(20)
    assert not look["healthy"] and f"kill {server.pid}" in look["cure"]
    assert doctor(directory)["companion"]["healthy"]


def test_the_doctor_finds_a_damaged_project(directory: DataDirectory):
    directory.run("import trackio\ntrackio.init(project='digits')\ntrackio.log({'loss': 1.0})\ntrackio.finish()")
    assert doctor(directory)["projects"]["healthy"]
    (directory.path / "broken.db").write_bytes(b"this is no database, however long one looks at it" * 100)
    look = doctor(directory)["projects"]
    assert not look["healthy"] and "`broken`" in look["message"]
    # What SQLite would play into a copy in its place goes with it.
    assert all(f"`{name}`" in look["cure"] for name in ("broken.db", "broken.db-wal", "broken.db-journal", "media/broken"))


def test_the_doctor_takes_no_other_server_for_ours(directory: DataDirectory):
    directory.keeps_journals = True
    directory.run("""
import os, trackio
trackio.init(project="digits", name="far", server_url="http://127.0.0.1:1", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 1.0})
os._exit(0)
""", TRACKIO_WRITE_TOKEN="t", PACELINE_COMPANION="off")  # fmt: skip
    (directory.folder / "serve").write_text("import sys\nprint('on', flush=True)\nsys.stdin.read()\n")
    with subprocess.Popen(
        [sys.executable, "serve"], cwd=directory.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "on\n"
        look = doctor(directory)["journals"]
        other.communicate()
    assert not look["healthy"] and "1 journals hold rows" in look["message"], look


def doctor(directory: DataDirectory, *arguments: object) -> dict[str, dict[str, str]]:
    done = directory.paceline("doctor", "--json", *arguments)
    answer = json.loads(done.stdout)
    checks = {look["name"]: look for look in answer["checks"]}
    assert done.returncode == (0 if answer["healthy"] else 1), done.stderr
    assert answer["healthy"] == all(look["healthy"] for look in checks.values())
    assert all("cure" in look for look in checks.values() if not look["healthy"])
    return checks
