"""What a run is: its rows and their times, its name, its config, its continuation, and what is kept out of it."""

import json
import secrets
import signal
from datetime import datetime

import pytest

from support.waiting import wait_until
from support.trainer import LOG_UNTIL_STOPPED


def test_finish_returns_when_the_rows_are_committed(directory):
    directory.run("""
import sqlite3, sys, trackio
for run in range(5):
    trackio.init(project="p", name=f"r{run}")
    for step in range(2000):
        trackio.log({"loss": 1 / (step + 1)})
    trackio.finish()
    connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    rows = connection.execute("SELECT count(*) FROM metrics WHERE run_name = ?", [f"r{run}"]).fetchone()
    states = connection.execute("SELECT state FROM paceline_runs WHERE run_name = ?", [f"r{run}"]).fetchall()
    connection.close()
    assert (rows, states) == ((2000,), [("finished",)]), (rows, states)
""", directory.file("p"))


def test_timestamps_are_those_of_the_calls(directory):
    trainer = directory.run("""
import json, sys, time, trackio
trackio.init(project="p", name="r")
calls = []
for step in range(100):
    before = time.time()
    trackio.log({"loss": 1.0})
    calls.append((before, time.time()))
    time.sleep(0.002)
trackio.finish()
print(json.dumps(calls))
""")
    calls = json.loads(trainer.output)
    times = [datetime.fromisoformat(row.timestamp).timestamp() for row in directory.rows("p")]
    assert len(times) == len(calls) == 100
    for time, (before, after) in zip(times, calls, strict=True):
        assert before - 1e-3 <= time <= after + 1e-3
    assert all(first < second for first, second in zip(times, times[1:], strict=False))


def test_a_second_init_ends_the_first_run(directory):
    directory.run("""
import trackio
first = trackio.init(project="p", name="first")
trackio.log({"a": 1})
second = trackio.init(project="p", name="second")
trackio.log({"b": 1})
print(trackio.Api().run("p/first").status()["state"])
trackio.finish()
second.log({"late": 1})
""")
    trainer = directory.trainers[-1]
    assert trainer.output.split()[-1] == "finished"
    assert [(row.run_name, row.metrics) for row in directory.rows("p")] == [("first", {"a": 1}), ("second", {"b": 1})]
    assert "run `second` has ended" in trainer.errors
    assert states_of_runs(directory) == {"first": "finished", "second": "finished"}


def test_runs_of_one_process_that_are_logged_into_in_turn(directory):
    trainer = directory.run("""
import threading, time, trackio
runs = [trackio.init(project="p", name=f"trial-{number}", config={"number": number}) for number in range(4)]
def train(run, offset):
    for step in range(50):
        run.log({"loss": offset + 1 / (step + 1)})
    run.summary["done"] = offset
threads = [threading.Thread(target=train, args=(run, number)) for number, run in enumerate(runs)]
for thread in threads: thread.start()
for thread in threads: thread.join()
states = lambda: [trackio.Api().run(f"p/trial-{number}").status()["state"] for number in range(4)]
deadline = time.monotonic() + 60
while "finished" in states() and time.monotonic() < deadline: pass  # What was logged is stored a moment later.
print(states())
runs[1].alert("diverges")
runs[1].config["late"] = True
runs[1].log({"picture": trackio.Table(columns=["a"], data=[[1]])}, step=60)
for run in runs[:3]: run.finish(exit_code=run is runs[2])
trackio.finish()
runs[0].log({"loss": 1.0})
""")
    assert trainer.output.split("\n")[-2] == str(["running"] * 4)
    assert trainer.errors.count("has ended") == 1
    for number in range(4):
        rows = [row for row in directory.rows("p") if row.run_name == f"trial-{number}"]
        assert [row.step for row in rows] == [*range(50), *([60] if number == 1 else [])]
        assert [row.metrics["loss"] for row in rows[:50]] == [number + 1 / (step + 1) for step in range(50)]
        assert json.loads(directory.run_record("p", f"trial-{number}")["summary"])["done"] == number
    assert states_of_runs(directory) == {
        "trial-0": "finished", "trial-1": "finished", "trial-2": "failed", "trial-3": "finished",
    }
    configs = dict(directory.select("p", "SELECT run_name, config FROM configs"))
    assert [json.loads(configs[f"trial-{number}"])["number"] for number in range(4)] == [0, 1, 2, 3]
    assert json.loads(configs["trial-1"])["late"] is True
    assert directory.select("p", "SELECT run_name, title FROM alerts") == [("trial-1", "diverges")]


def states_of_runs(directory):
    """The state of each run, by its name."""
    return {run["run"]: run["state"] for run in directory.answer("list", "runs", "--project", "p")["details"]}


def test_two_runs_are_alive_at_once(directory):
    stop = directory.folder / "stop"
    trainers = {name: directory.start(LOG_UNTIL_STOPPED, name, stop) for name in ("left", "right")}

    def states():
        runs = directory.answer("list", "runs", "--project", "p")["details"] if directory.file("p").exists() else []
        return {run["run"]: run["state"] for run in runs if run["rows"] > 100}

    wait_until(lambda: states() == {"left": "running", "right": "running"}, 20, states)
    stop.touch()
    for name, trainer in trainers.items():
        trainer.expect_exit(0)
        rows = [row.step for row in directory.rows("p") if row.run_name == name]
        assert rows == list(range(int(trainer.output)))
        assert directory.status("p", name)["state"] == "finished"


def test_threads_log_into_the_current_run(directory):
    directory.run("""
import threading, trackio
trackio.init(project="p", name="r")
def work(thread):
    for number in range(1000):
        trackio.log({"thread": thread, "number": number})
threads = [threading.Thread(target=work, args=[thread]) for thread in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
trackio.finish()
""")
    rows = directory.rows("p")
    assert sorted(row.step for row in rows) == list(range(4000)), "each row has a step of its own"
    for thread in range(4):
        assert [row.metrics["number"] for row in rows if row.metrics["thread"] == thread] == list(range(1000))


LOG_THREE = """
import sys, trackio
run = trackio.init(project="p", name="r", resume=sys.argv[1])
for _ in range(3):
    trackio.log({"loss": 1.0})
trackio.finish()
print(run.id, run.resumed)
"""


def test_resume(directory):
    first = directory.run(LOG_THREE, "allow").output.split()
    assert first[1] == "False", "there is nothing to continue yet"
    second = directory.run(LOG_THREE, "must").output.split()
    third = directory.run(LOG_THREE, "allow").output.split()
    assert second == third == [first[0], "True"]
    assert [(row.run_id, row.step) for row in directory.rows("p")] == [(first[0], step) for step in range(9)]
    fresh = directory.run(LOG_THREE, "never").output.split()
    assert fresh[0] != first[0] and fresh[1] == "False"
    assert [row.step for row in directory.rows("p") if row.run_id == fresh[0]] == [0, 1, 2]


def test_must_without_such_a_run_is_refused(directory):
    trainer = directory.start(LOG_THREE.replace('"r"', '"nowhere"'), "must")
    assert trainer.wait() == 1
    assert "ValueError" in trainer.errors and "`nowhere`" in trainer.errors
    assert directory.rows("p") == []
    trainer = directory.start(LOG_THREE, "perhaps")
    assert trainer.wait() == 1
    assert "ValueError" in trainer.errors and "`perhaps`" in trainer.errors and "`allow`" in trainer.errors


def test_a_run_goes_on_after_a_kill(directory):
    trainer = directory.start("""
import sys, time, trackio
trackio.init(project="p", name="r")
for step in range(5000):
    trackio.log({"loss": 1.0})
print("logged", flush=True)
time.sleep(600)
""")
    wait_until(lambda: "logged" in trainer.output, 30, lambda: trainer.errors)
    trainer.kill()
    # At once: the rows of the killed process may still be on their way to the tables.
    directory.run(LOG_THREE, "must")
    rows = directory.rows("p")
    assert [row.step for row in rows] == list(range(5003))
    assert len({row.run_id for row in rows}) == 1
    assert directory.status("p")["state"] == "finished"
    assert [run["run"] for run in directory.answer("list", "runs", "--project", "p")["details"]] == ["r"]


def test_chosen_names_are_unique(directory):
    script = "import trackio\nprint(trackio.init(project='p').name)\ntrackio.log({'loss': 1.0})\ntrackio.finish()"
    trainers = [directory.start(script) for _ in range(16)]
    for trainer in trainers:
        trainer.expect_exit(0, 60)
    names = {trainer.output.strip() for trainer in trainers}
    assert len(names) == 16 and "" not in names
    assert {row.run_name for row in directory.rows("p")} == names


def test_config_summary_alerts_and_samples_arrive(directory):
    directory.run("""
import argparse, trackio
run = trackio.init(project="p", name="r", config={"lr": 1e-3, "nested": {"layers": [1, 2]}}, group="g")
trackio.log({"loss": 2.0, "accuracy": 0.25})
trackio.log_system({"gpu/temperature": 61.5})
trackio.alert("Loss rises", text="by far", level=trackio.AlertLevel.ERROR)
run.config.late = "known after the first row"
run.config["lr"] = 2e-3
trackio.config.update(argparse.Namespace(seed=7))
run.summary["best"] = 0.75
trackio.log({"loss": 1.0})
trackio.finish()
""")
    (config,) = directory.select("p", "SELECT run_name, config FROM configs")
    values = {key: value for key, value in json.loads(config[1]).items() if not key.startswith("_")}
    assert values == {"lr": 2e-3, "nested": {"layers": [1, 2]}, "late": "known after the first row", "seed": 7}
    assert json.loads(config[1])["_Group"] == "g"
    assert json.loads(directory.run_record("p")["summary"]) == {"best": 0.75}
    alerts = directory.select("p", "SELECT run_name, title, text, level, step FROM alerts")
    assert alerts == [("r", "Loss rises", "by far", "error", 0)]
    samples = [row.metrics for row in directory.rows("p", "system_metrics")]
    assert {"gpu/temperature": 61.5} in samples
    assert directory.status("p")["alerts"] == {"error": 1, "warn": 0, "info": 0}


def test_the_machine_is_sampled(directory):
    trainer = directory.start("""
import time, trackio
trackio.init(project="p", name="r", cpu_log_interval=0.2)
trackio.log({"loss": 1.0})
time.sleep(600)
""")
    wait_until(lambda: len(directory.rows("p", "system_metrics")) >= 2, 20, lambda: trainer.errors)
    trainer.kill()
    assert all(row.metrics and row.run_name == "r" for row in directory.rows("p", "system_metrics"))


def test_a_run_is_there_before_its_first_row(directory):
    trainer = directory.start("""
import time, trackio
trackio.init(project="p", name="r", config={"lr": 0.1})
time.sleep(600)
""")
    wait_until(lambda: directory.run_record("p").get("state"), 20, lambda: trainer.errors)
    (run,) = directory.answer("list", "runs", "--project", "p")["details"]
    assert (run["run"], run["state"], run["rows"]) == ("r", "created", 0)
    trainer.send(signal.SIGTERM)
    trainer.wait()
    directory.wait_for_state("p", "crashed")
    assert json.loads(directory.select("p", "SELECT config FROM configs")[0][0])["lr"] == 0.1


@pytest.mark.parametrize("companion", ["on", "off"])
def test_secrets_are_written_nowhere(directory, companion):
    """Neither in the tables nor in journals, of which `off` leaves one behind to look into."""
    planted = {name: secrets.token_hex(20) for name in ("API_KEY", "PASSWORD", "HUB_TOKEN")}
    planted["HUB"] = "hf_" + secrets.token_hex(17)
    arguments = {name: secrets.token_hex(20) for name in ("api-key", "hub_token")}
    directory.run("""
import os, trackio
trackio.init(project="p", name="r", config={
    "openai_api_key": os.environ["API_KEY"], "db": [{"password": os.environ["PASSWORD"]}],
    "hub_token": os.environ["HUB_TOKEN"], "url": f"https://user:{os.environ['HUB']}@example.org/x", "kept": "kept"})
trackio.config.late_secret = os.environ["API_KEY"]
trackio.log({"loss": 1.0})
trackio.finish()
""", f"--api-key={arguments['api-key']}", "--hub_token", arguments["hub_token"], f"--url={planted['HUB']}",
        PACELINE_COMPANION=companion, **planted)
    assert directory.journals() or companion == "on"
    for _ in range(2):
        contents = {path: path.read_bytes() for path in directory.path.rglob("*") if path.is_file()}
        assert any(b"openai_api_key" in content for content in contents.values()), "these are the right files"
        assert any(b"--hub_token" in content for content in contents.values()), "these are the right files"
        for path, content in contents.items():
            for secret in (*planted.values(), *arguments.values()):
                assert secret.encode() not in content, path
        # Brings what `off` left in the journal to the tables.
        assert directory.status("p")["state"] == "finished"
