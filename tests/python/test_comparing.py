"""`paceline compare`, `explain` and `get moment`, of a directory and of a server, and their addresses: one answer everywhere."""

import json
import subprocess
from typing import Any

import pytest

from support.directory import PROGRAM, DataDirectory
from support.server import Server

# Six runs whose accuracy falls with the learning rate; the loss of the last one leaps at step 30.
RUNS = """
import trackio
for number, rate in enumerate((1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3, 3.2e-3)):
    trackio.init(project="digits", name=f"run-{number}", config={"lr": rate, "batch": 8 + number % 2, "low": 1, "model": {"layers": 2}})
    for step in range(60):
        loss = 9.0 if number == 5 and step == 30 else 2 / (1 + step / 10) + step % 3 / 100
        trackio.log({"train/loss": loss, "val/accuracy": 0.9 - rate * 100 - 1 / (step + 2)}, step=step)
        if number == 5 and step == 30:
            trackio.alert("The loss leapt", f"to {loss}", level=trackio.AlertLevel.ERROR)
    trackio.finish()
"""
PROJECT = ("--project", "digits")
API = "/api/v1/projects/digits"
# Characters of a brief answer: 300 tokens of four.
BRIEF = 1_200


@pytest.fixture
def server(directory: DataDirectory):
    """A server of a directory in which the runs have ended."""
    directory.run(RUNS)
    server = Server(directory)
    yield server
    server.stop()


def asked(directory: DataDirectory, server: Server, *arguments: str) -> str:
    """What the command prints, which is the same of the directory and of the server."""
    local = directory.paceline(*arguments, *PROJECT)
    remote = subprocess.run(
        [PROGRAM, *arguments, *PROJECT, "--server", f"http://127.0.0.1:{server.port}"],
        env=directory.clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
    )
    assert (local.returncode, remote.returncode) == (0, 0), (local.stderr, remote.stderr)
    assert local.stdout == remote.stdout
    return local.stdout


def test_compare_ranks_the_runs_and_says_why(directory: DataDirectory, server: Server):
    brief = asked(directory, server, "compare", "--metric", "val/accuracy", "--json")
    answer = json.loads(brief)
    assert len(brief.strip()) <= BRIEF
    assert answer["summary"].startswith("`run-0` is best of 6 runs by `val/accuracy` (highest 0.87")
    assert "the higher `lr`, the lower `val/accuracy`" in answer["summary"]
    assert (answer["metric"], answer["goal"], answer["by"]) == ("val/accuracy", "maximize", "best")
    whole = json.loads(asked(directory, server, "compare", "--metric", "val/accuracy", "--detail", "full", "--json"))
    assert [run["run"] for run in whole["runs"]] == [f"run-{number}" for number in range(6)]
    assert [run["place"] for run in whole["runs"]] == [1, 2, 3, 4, 5, 6]
    assert whole["runs"][0]["config"] == {"batch": 8, "lr": 1e-4}, "what is the same in all is no reason"
    (first, *_) = whole["matters"]
    assert first["setting"] == "lr" and first["correlation"] == -1 and first["high"] < 0
    assert server.request("POST", f"{API}/compare", '{"metric": "val/accuracy"}').json == whole

    text = asked(directory, server, "compare", "--metric", "val/accuracy")
    lines = text.splitlines()
    assert lines[0] == answer["summary"] and lines[2].split() == ["run", "val/accuracy", "state", "lr", "batch"]
    assert lines[3].split()[:3] == ["1.", "run-0", "0.8736"] and any("lr" in line and "-1.00" in line for line in lines)

    turned = asked(directory, server, "compare", "--metric", "val/accuracy", "--goal", "minimize", "--by", "last",
                   "--run", "run-1", "--run", "run-4", "--json")
    assert [run["run"] for run in json.loads(turned)["runs"]] == ["run-4", "run-1"]
    usual = json.loads(asked(directory, server, "compare", "--json"))
    assert (usual["metric"], usual["by"]) == ("train/loss", "last")


def test_an_answer_is_as_long_as_it_may_be_and_says_what_was_cut(directory: DataDirectory, server: Server):
    short = asked(directory, server, "compare", "--json", "--max-tokens", "180")
    assert len(short.strip()) <= 720 and json.loads(short)["left_out"]
    for path in ("compare?detail=brief&max_tokens=180", "compare?max_tokens=180"):
        body = server.request("POST", f"{API}/{path}", "{}").body
        assert len(body.decode()) <= 720 and json.loads(body) == json.loads(short)
    normal = json.loads(asked(directory, server, "compare", "--json", "--detail", "normal"))
    assert "left_out" not in normal and normal["runs"][0]["run_id"]
    for wrong in ("--max-tokens=3", "--detail=all"):
        assert directory.paceline("compare", *PROJECT, "--json", wrong).returncode == 2
    assert directory.paceline("compare", *PROJECT, "--max-tokens", "100").returncode == 2, "text has no such length"
    for wrong in ("max_tokens=3", "detail=all", "length=3"):
        refused = server.request("POST", f"{API}/compare?{wrong}", "{}")
        assert refused.status == 400 and refused.json["hint"], refused


def test_explain_tells_what_changed(directory: DataDirectory, server: Server):
    brief = asked(directory, server, "explain", "--from", "run-0", "--to", "run-3", "--json")
    answer = json.loads(brief)
    assert len(brief.strip()) <= BRIEF
    changed = {change["name"]: (change["from"], change["to"]) for change in answer["config"]}
    assert changed == {"batch": (8, 9), "lr": (1e-4, 8e-4)}
    assert (answer["from"]["run"], answer["to"]["run"]) == ("run-0", "run-3")
    assert "`lr` 1e-4 → 8e-4" in answer["summary"]
    whole = server.get(f"{API}/difference?from=run-0&to=run-3").json
    assert whole == json.loads(asked(directory, server, "explain", "--from", "run-0", "--to", "run-3", "--detail", "full", "--json"))
    assert whole["same_settings"] == 2 and [metric["key"] for metric in whole["metrics"]] == ["val/accuracy"]
    # Without names: from the run before the newest to the newest.
    newest = json.loads(asked(directory, server, "explain", "--json"))
    assert (newest["from"]["run"], newest["to"]["run"]) == ("run-4", "run-5")
    text = asked(directory, server, "explain", "--from", "run-0", "--to", "run-3")
    assert "Settings (2 are the same):" in text and "0.0001 → 0.0008" in text


def test_a_moment_tells_what_stands_out(directory: DataDirectory, server: Server):
    for named in (("--alert", "newest"), ("--alert", "LEAPT"), ("--step", "30")):
        brief = asked(directory, server, "get", "moment", "--run", "run-5", *named, "--json")
        answer: dict[str, Any] = json.loads(brief)
        assert len(brief.strip()) <= BRIEF
        assert answer["step"] == 30 and answer["summary"].startswith("At step 30 of `run-5` (±10) `train/loss` is 9, before 0.59")
        assert answer["metrics"][0]["key"] == "train/loss" and answer["metrics"][0]["at"] == 9
        assert answer["alerts"][0]["title"] == "The loss leapt"
    text = asked(directory, server, "get", "moment", "--run", "run-5", "--alert", "newest", "--window", "5")
    assert "alert error at step 30: The loss leapt: to 9.0" in text and "standard deviations" in text
    # The newest run, its newest row.
    assert json.loads(asked(directory, server, "get", "moment", "--json"))["step"] == 59
    whole = server.get(f"{API}/runs/run-5/moment?step=30").json
    assert (whole["from_step"], whole["to_step"], whole["metrics"][0]["at_step"]) == (20, 40, 30)
    for wrong in ("window=0", "step=many", "alert=nothing"):
        assert server.get(f"{API}/runs/run-5/moment?{wrong}").status == 400, wrong
    assert server.get(f"{API}/runs/run-5/moment?step={-2**63}&window=10000").status in (200, 400)


def test_what_is_not_there_is_said_with_a_way_out(directory: DataDirectory, server: Server):
    for arguments, word in (
        (("compare", "--metric", "val/acuracy"), "val/accuracy"),
        (("compare", "--run", "run-9"), "run-"),
        (("explain", "--from", "none"), "none"),
        (("get", "moment", "--run", "run-5", "--alert", "nothing"), "the newest is `The loss leapt`"),
        (("get", "moment", "--run", "run-0", "--alert", "newest"), "has raised no alert"),
    ):
        done = directory.paceline(*arguments, *PROJECT)
        assert done.returncode == 1 and word in done.stderr and done.stdout == "", (arguments, done.stderr)
    assert directory.paceline("get", "moment", *PROJECT, "--step", "1", "--alert", "x").returncode == 2
    assert server.request("POST", "/api/v1/projects/none/compare", "{}").status == 404
    assert server.request("POST", f"{API}/compare", '{"metrics": []}').status == 400
