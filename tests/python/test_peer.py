"""The peer and we share data directories: each reads what the other wrote, both write at once, to the last bit.

Its released package, installed in an environment of its own, is the oracle: the same script runs with both
trackers, and the same reader is asked about both.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from support import exact
from support.peer import Peer
from support.server import Server
from support.waiting import wait_until

EXACT = Path(exact.__file__).parents[1]

# Every kind of value that both accept.
VALUES = """{
    "third": 1 / 3, "tiny": 5e-324, "subnormal": 1e-310, "huge": 1.7976931348623157e308, "minus zero": -0.0,
    "whole": 3.0, "nan": float("nan"), "up": float("inf"), "down": float("-inf"), "zero": 0, "minus": -1,
    "beyond floats": 2**53 + 1, "largest": 2**63 - 1, "smallest": -2**63, "yes": True, "no": False, "nothing": None,
    "text": 'größe "quoted" \\\\ \\n \\u2603 \\U0001f600', "empty": "", "list": [1, 2.5, "x", None, [True]],
    "nested": {"a": {"b": [0.1, -7]}, "": 1.0}, "größe/π": 0.1, "a key with spaces": 1, "digits": "12",
    "not infinite": "Infinity?",
}"""

LOG_VALUES = f"""
import sys
import trackio
trackio.init(
    project=sys.argv[1], name="values", group="pairs", auto_log_cpu=False, auto_log_gpu=False,
    config={{"lr": 1e-3, "layers": [64, 64], "nested": {{"depth": 2}}, "name": "größe", "on": True, "none": None}},
)
trackio.log({VALUES})
trackio.log({{"loss": 0.1 + 0.2}}, step=10)
trackio.log({{"loss": 0.25, "other": 1}})
trackio.log({{"loss": float("nan")}}, step=3)
trackio.log({{}})
trackio.log_system({{"gpu/0/utilization": 97.5, "cpu": 12}})
trackio.alert("loss is odd", text="größer als 1", level=trackio.AlertLevel.ERROR)
trackio.alert("note", level=trackio.AlertLevel.INFO)
trackio.finish()
"""

# What the peer's storage says of a project, without what differs between any two runs: ids and times.
READ_WITH_THE_PEER = """
import json, sys
from trackio.sqlite_storage import SQLiteStorage as storage
project, run = sys.argv[1], "values"
names = storage.get_all_metrics_for_run(project, run)
changing = ("timestamp", "run_id", "created_at", "_Created")
def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in changing}
    return [plain(item) for item in value] if isinstance(value, list) else value
print(json.dumps(plain({
    "runs": storage.get_runs(project),
    "records": [record["name"] for record in storage.get_run_records(project)],
    "logs": storage.get_logs(project, run),
    "config": storage.get_run_config(project, run),
    "configs": list(storage.get_all_run_configs(project).values()),
    "alerts": storage.get_alerts(project, run),
    "system": storage.get_system_logs(project, run),
    "metrics": sorted(names),
    "values": {name: storage.get_metric_values(project, run, name) for name in names},
    "last step": storage.get_last_step(project, run),
    "count": storage.get_log_count(project, run),
}), sort_keys=True))
"""


@pytest.fixture
def peer(directory) -> Peer:
    return Peer(directory)


def text(value: Any) -> str:
    """JSON text: the shortest that reads back, so equal texts are equal bits; NaN equals NaN."""
    return json.dumps(value, sort_keys=True, indent=1)


def test_the_peers_storage_reads_what_we_wrote_as_what_it_wrote(directory, peer):
    directory.run(LOG_VALUES, "ours")
    peer.run(LOG_VALUES, "theirs")
    ours, theirs = (json.loads(peer.run(READ_WITH_THE_PEER, project)) for project in ("ours", "theirs"))
    for part in theirs:
        assert text(ours[part]) == text(theirs[part]), part
    assert theirs["count"] == 5 and len(theirs["alerts"]) == 2


def test_the_peers_command_line_reads_what_we_wrote(directory, peer):
    directory.run(LOG_VALUES, "ours")
    assert peer.command("list", "projects") == {"projects": ["ours"]}
    assert peer.command("list", "runs", "--project", "ours") == {"project": "ours", "runs": ["values"]}
    metrics = peer.command("list", "metrics", "--project", "ours", "--run", "values")["metrics"]
    assert sorted(metrics) == sorted([*eval(VALUES), "loss", "other"])
    run = peer.command("get", "run", "--project", "ours", "--run", "values")
    assert (run["num_logs"], run["last_step"]) == (5, 12)
    assert run["config"]["layers"] == [64, 64] and run["config"]["_Group"] == "pairs"
    metric = peer.command("get", "metric", "--project", "ours", "--run", "values", "--metric", "loss")
    assert text([(row["step"], row["value"]) for row in metric["values"]]) == text(
        [(10, 0.1 + 0.2), (11, 0.25), (3, float("nan"))]
    )
    query = "SELECT run_name, count(*) AS logs FROM metrics GROUP BY run_id"
    counted = peer.command("query", "project", "--project", "ours", "--sql", query)
    assert counted["rows"] == [{"run_name": "values", "logs": 5}]


def test_we_read_what_the_peer_wrote_as_what_we_wrote(directory, peer):
    peer.run(LOG_VALUES, "theirs")
    directory.run(LOG_VALUES, "ours")
    server = Server(directory)
    try:
        ours, theirs = (everything_over_http(server, project) for project in ("ours", "theirs"))
    finally:
        server.stop()
    for part in ours:
        assert text(theirs[part]) == text(ours[part]), part
    # JSON has no NaN: the peer's words for it stand in answers.
    words = {"nan": "NaN", "up": "Infinity", "down": "-Infinity"}
    assert text(theirs["logs"][0]) == text([0, {**eval(VALUES), **words}])
    assert text(theirs["values"]) == text([[10, 0.1 + 0.2], [11, 0.25], [3, "NaN"]])
    assert len(theirs["alerts"]) == 2 and theirs["config"]["nested"] == {"depth": 2}
    assert directory.answer("list", "projects")["projects"] == ["ours", "theirs"]
    assert directory.answer("list", "runs", "--project", "theirs")["runs"] == ["values"]


def everything_over_http(server: Server, project: str) -> dict[str, Any]:
    """What our server says of the run `values`, without ids and times."""

    def get(what: str) -> Any:
        answer = server.get(f"/api/v1/projects/{project}/runs/values/{what}")
        assert answer.status == 200, answer
        return answer.json

    return {
        "logs": [[row["step"], row["metrics"]] for row in get("logs")["items"]],
        "metrics": get("metrics")["metrics"],
        "values": [[value["step"], value["value"]] for value in get("metrics/loss")["items"]],
        "system": [row["metrics"] for row in get("system")["items"]],
        "alerts": [[alert[key] for key in ("title", "text", "level", "step")] for alert in get("alerts")["alerts"]],
        "config": {key: value for key, value in get("config").items() if not key.startswith("_")},
    }


# Twenty rows; the fourth argument is the pause after each, in seconds.
LOG_A_FEW = """
import sys, time
import trackio
config = {"total_steps": 1000} if sys.argv[2] == "total" else {}
trackio.init(project=sys.argv[1], name=sys.argv[3], config=config, auto_log_cpu=False, auto_log_gpu=False)
for step in range(20):
    trackio.log({"loss": 1 / (step + 1)}, step=step)
    time.sleep(float(sys.argv[4]) if len(sys.argv) > 4 else 0)
trackio.finish()
"""


def test_the_status_of_a_run_of_the_peer_tells_what_its_rows_tell(directory, peer):
    # Slowly, since the peer's rows carry the time of their flush, twice a second.
    writing = [
        peer.start(LOG_A_FEW, "theirs", "no total", "open", 0.1),
        peer.start(LOG_A_FEW, "theirs", "total", "of 1000", 0.1),
    ]
    for process in writing:
        process.expect_exit(0)
    for name, total in {"open": None, "of 1000": 1000}.items():
        status = directory.status("theirs", name)
        assert (status["state"], status["state_source"]) == ("running", "rows")
        assert (status["step"], status["total_steps"]) == (19, total)
        assert (status["loss"]["latest"], status["loss"]["first"]) == (0.05, 1.0)
    without = directory.status("theirs", "open")
    assert [without[key] for key in ("progress", "eta_seconds", "eta_low_seconds", "finish_at")] == [None] * 4
    assert without["eta_reason"] == "no_total"
    assert directory.status("theirs", "of 1000")["eta_seconds"] == pytest.approx(98, rel=0.25)


def test_a_run_of_the_peer_that_went_silent_is_stalled(directory, peer):
    peer.run(LOG_A_FEW, "theirs", "total", "silent")
    peer.run(
        "import sqlite3, sys\n"
        "with sqlite3.connect(sys.argv[1]) as connection:\n"
        "    connection.execute(\"UPDATE metrics SET timestamp = '2020-02-20T20:20:20+00:00'\")",
        directory.file("theirs"),
    )
    status = directory.status("theirs", "silent")
    assert (status["state"], status["state_source"], status["total_steps"]) == ("stalled", "rows", 1000)
    assert status["finish_at"] is None


LOG_EXACT_ROWS = """
import sys, time
sys.path.insert(0, sys.argv[5])
import trackio
from support.exact import metrics
project, seed, rows, rows_per_second = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
values = [metrics(seed, step) for step in range(rows)]
trackio.init(project=project, name=f"run-{seed}", auto_log_cpu=False, auto_log_gpu=False)
began = time.monotonic()
for step, row in enumerate(values):
    trackio.log(row, step=step)
    if step % 100 == 99:
        time.sleep(max(0.0, (step + 1) / rows_per_second - (time.monotonic() - began)))
trackio.finish()
"""


def test_both_write_to_one_project_at_the_same_time(directory, peer):
    ours = {seed: directory.start(LOG_EXACT_ROWS, "shared", seed, 5_000, 2_500, EXACT) for seed in (0, 1)}
    theirs = {seed: peer.start(LOG_EXACT_ROWS, "shared", seed, 1_000, 500, EXACT) for seed in (2, 3)}
    wait_until(lambda: directory.count("shared") > 0, 30, "the first row")
    while any(process.process.poll() is None for process in (*ours.values(), *theirs.values())):
        listed = directory.answer("list", "runs", "--project", "shared")
        assert {run["state"] for run in listed["details"]} <= {"created", "running", "finished"}
    for process in (*ours.values(), *theirs.values()):
        process.expect_exit(0)
    directory.assert_sound("shared")

    rows = directory.rows("shared")
    for seed, count in {0: 5_000, 1: 5_000, 2: 1_000, 3: 1_000}.items():
        mine = sorted((row for row in rows if row.run_name == f"run-{seed}"), key=lambda row: row.step)
        assert [row.step for row in mine] == list(range(count)), seed
        assert all(exact.bits(row.metrics) == exact.bits(exact.metrics(seed, row.step)) for row in mine), seed
        assert len({row.run_id for row in mine}) == 1
        status = directory.status("shared", f"run-{seed}")
        known = ("finished", "process") if seed in ours else ("running", "rows")
        assert (status["state"], status["state_source"]) == known
        assert status["step"] == count - 1

    runs = directory.answer("list", "runs", "--project", "shared")
    assert sorted(runs["runs"]) == [f"run-{seed}" for seed in range(4)]
    assert sorted(run["colour_slot"] for run in runs["details"]) == [0, 1, 2, 3]
    assert sorted(run["rows"] for run in runs["details"]) == [1_000, 1_000, 5_000, 5_000]
    assert sorted(peer.command("list", "runs", "--project", "shared")["runs"]) == sorted(runs["runs"])


def test_runs_that_the_peer_renames_and_deletes(directory, peer):
    for name in ("kept", "renamed", "deleted"):
        directory.run(LOG_A_FEW, "ours", "total", name)
    server = Server(directory)
    try:
        before = {name: status_over_http(server, name) for name in ("kept", "renamed", "deleted")}
        peer.run(
            "from trackio.sqlite_storage import SQLiteStorage as storage\n"
            "storage.rename_run('ours', 'renamed', 'new name')\n"
            "assert storage.delete_run('ours', 'deleted')",
        )
        runs = server.get("/api/v1/projects/ours/runs").json["runs"]
        assert [run["run"] for run in runs] == ["new name", "kept"]
        after = status_over_http(server, "kept")
        renamed = status_over_http(server, "new%20name")
        for gone in ("renamed", "deleted", before["deleted"]["run_id"]):
            answer = server.get(f"/api/v1/projects/ours/runs/{gone}/status")
            assert (answer.status, answer.json["code"]) == (404, "run_not_found"), gone
    finally:
        server.stop()
    assert after == before["kept"]
    assert renamed == {**before["renamed"], "run": "new name"}
    assert directory.answer("list", "runs", "--project", "ours")["runs"] == ["kept", "new name"]
    gone = directory.paceline("status", "--project", "ours", "--run", "deleted", "--json")
    assert gone.returncode == 1 and "deleted" in gone.stderr, gone
    # The name is free again, for a run of its own.
    directory.run(LOG_A_FEW, "ours", "total", "deleted")
    assert directory.status("ours", "deleted")["run_id"] != before["deleted"]["run_id"]


def status_over_http(server: Server, run: str) -> dict[str, Any]:
    """The status of a run that has ended, without the age of its last row."""
    answer = server.get(f"/api/v1/projects/ours/runs/{run}/status")
    assert answer.status == 200, answer
    return {**answer.json, "seconds_since_last_row": None}


def test_the_peer_goes_on_with_a_run_of_ours_and_we_with_one_of_its(directory, peer):
    resume = LOG_A_FEW.replace('auto_log_gpu=False)', 'auto_log_gpu=False, resume="must")').replace(", step=step", "")
    directory.run(LOG_A_FEW, "shared", "total", "ours")
    peer.run(LOG_A_FEW, "shared", "total", "theirs")
    peer.run(resume, "shared", "total", "ours")
    directory.run(resume, "shared", "total", "theirs")
    rows = directory.rows("shared")
    for name in ("ours", "theirs"):
        mine = [row for row in rows if row.run_name == name]
        assert [row.step for row in mine] == list(range(40)), name
        assert len({row.run_id for row in mine}) == 1, name
        assert directory.status("shared", name)["step"] == 39


SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master"


def test_the_tables_we_make_are_those_the_peer_makes_and_our_own(directory, peer):
    directory.run(LOG_A_FEW, "ours", "total", "run")
    peer.run(LOG_A_FEW, "theirs", "total", "run")
    ours, theirs = ({tidy(entry) for entry in directory.select(project, SCHEMA)} for project in ("ours", "theirs"))
    assert theirs <= ours, theirs - ours
    assert all(table.startswith("paceline_") for _, _, table, _ in ours - theirs), ours - theirs
    for pragma in ("user_version", "encoding", "page_size", "journal_mode"):
        assert directory.select("ours", f"PRAGMA {pragma}") == directory.select("theirs", f"PRAGMA {pragma}"), pragma
    for _, table, _, _ in (entry for entry in theirs if entry[0] == "table"):
        columns = [directory.select(project, f"PRAGMA table_xinfo({table})") for project in ("ours", "theirs")]
        assert columns[0] == columns[1], table
    for table, column in (("metrics", "metrics"), ("configs", "config")):
        kinds = f"SELECT DISTINCT typeof({column}), typeof(run_id), typeof(run_name) FROM {table}"
        assert directory.select("ours", kinds) == directory.select("theirs", kinds), table
    assert directory.select("ours", "SELECT DISTINCT typeof(log_id), space_id FROM metrics") == [("text", None)]


def tidy(entry: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """A line of the schema with the blanks of its statement made alike."""
    *names, statement = entry
    if statement is not None:
        statement = " ".join(statement.split())
        for mark in ("(", ")", ","):
            statement = statement.replace(f" {mark}", mark).replace(f"{mark} ", mark)
    return (*names, statement)


