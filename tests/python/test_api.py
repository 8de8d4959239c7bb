"""`trackio.Api` and its kin: what was logged is read back by Python, from outside the process that logged it."""

import json
import math

import pytest

from support.peer import Peer

LOG = """
import trackio
for name in ("first", "second"):
    run = trackio.init(project="p", name=name, config={"rate": 0.1, "odd": float("nan")}, auto_log_cpu=False)
    for step in range(100):
        trackio.log({"loss": 1 / (step + 1), "half": float("inf") if step % 2 else 0.5, "word": "w"} if step % 10 else {"loss": 1 / (step + 1)}, step=step)
    trackio.log_system({"cpu/utilization": 12.5})
    trackio.alert("hot", "it is", level="error")
    trackio.alert("so", level="info")
    run.summary["accuracy"] = 0.75
    trackio.finish()
"""
ASK = "import json, trackio\nfrom trackio import Api\napi = Api()\nruns = api.runs('p')\nfirst = runs[0]\n"


@pytest.fixture
def ask(directory):
    """Evaluates an expression in another process, with `api`, `runs` and `first`, and gives its value."""
    directory.run(LOG)

    def evaluate(expression: str, before: str = ""):
        done = directory.run(ASK + before + f"\nprint('answer', json.dumps({expression}))")
        return json.loads(done.output.rpartition("answer ")[2])

    return evaluate


def test_runs_and_rows_are_read_back(ask):
    assert ask("[api.projects(), [run.name for run in runs], len(runs), repr(runs), repr(first)]") == [
        ["p"], ["first", "second"], 2, "<Runs project=p count=2>", "<Run first in project p>",
    ]
    config = ask("first.config")
    assert config["rate"] == 0.1 and math.isnan(config["odd"])
    rows = ask("first.history()")
    assert [row["step"] for row in rows] == list(range(100))
    assert [row["loss"] for row in rows] == [1 / (step + 1) for step in range(100)]
    assert rows[1]["half"] == math.inf and rows[2]["half"] == 0.5 and rows[1]["word"] == "w"
    assert ask("first.history(['half'])")[0] == {"half": math.inf, "step": 1, "timestamp": rows[1]["timestamp"]}
    assert ask("first.system_history()") == [{"cpu/utilization": 12.5, "timestamp": ask("first.system_history()")[0]["timestamp"]}]
    assert ask("first.summary")["accuracy"] == 0.75


def test_long_runs_are_read_page_by_page(ask):
    rows = ask("first.history()")
    assert ask("list(first.scan_history(page_size=7))") == rows
    assert ask("list(first.scan_history(['half'], page_size=7))") == ask("first.history(['half'])")
    assert ask("first.history(samples=10)") == rows[::11]


def test_paths_are_read_as_wandb_writes_them(ask):
    assert ask("trackio.Api(timeout=29).run('somebody/p/second').name") == "second"
    assert ask("len(api.runs(f'{api.default_entity}/p'))") == 2
    assert ask("api.run(f'p/{first.id}').name") == "first"
    # A name of a project may look like a path.
    begun = "trackio.init(project='team/p', name='own', auto_log_cpu=False); trackio.log({'a': 1}); trackio.finish()"
    assert ask("[api.runs('team/p')[0].name, api.run('team/p/own').name, len(api.runs('other/p'))]", begun) == ["own", "own", 2]


def test_rows_and_series_are_tables_when_asked_for(directory):
    pytest.importorskip("pandas", reason="`make .venv/.created` installs it")
    pytest.importorskip("pyarrow", reason="`make .venv/.created` installs it")
    directory.run(LOG)
    directory.run("""
import math
import pandas, pyarrow
from trackio import Api
run = Api().run("p", "first")
rows, frame, table = run.history(), run.history(form="pandas"), run.history(form="arrow")
assert list(frame.columns) == table.column_names == ["step", "timestamp", "loss", "half", "word"]
assert list(frame["loss"]) == table["loss"].to_pylist() == [row["loss"] for row in rows]
assert math.isinf(frame["half"][1]) and math.isnan(frame["half"][0]) and table["half"].to_pylist()[:3] == [None, math.inf, 0.5]
assert str(frame["timestamp"].dtype).endswith("UTC]") and table.schema.field("timestamp").type == pyarrow.timestamp("us", "UTC")
assert [time.isoformat() for time in table["timestamp"].to_pylist()] == [row["timestamp"] for row in rows]
assert list(frame["timestamp"]) == [pandas.Timestamp(row["timestamp"]) for row in rows]
points = run.series(["loss", "half"], form="pandas")
assert list(points.columns) == ["key", "x", "value"] and list(points[points["key"] == "loss"]["x"]) == list(range(100))
assert run.history(pandas=True).equals(frame)
assert run.series("loss", form="arrow")["value"].to_pylist() == [row["loss"] for row in rows]
assert run.history(["nothing"], form="pandas").empty and run.history(["nothing"], form="arrow").num_rows == 0
import trackio
trackio.init(project="p", name="mixed", auto_log_cpu=False)
for value in (1, "text", {"a": 1}):
    trackio.log({"of more than one kind": value})
trackio.finish()
assert Api().run("p", "mixed").history(form="arrow")["of more than one kind"].to_pylist() == ["1", '"text"', '{"a": 1}']
""")


def test_status_is_that_of_the_command_line(ask, directory):
    status = ask("api.run('p', 'first').status()")
    assert status["state"] == "finished" and status["step"] == 99
    told = directory.status("p", "first")
    assert {**told, "seconds_since_last_row": 0} == {**status, "seconds_since_last_row": 0}


def test_series_and_metrics(ask):
    (series,) = ask("first.series('loss', pixels=10)")
    assert series["key"] == "loss" and series["total_points"] == 100
    assert (series["x"][0], series["value"][0], series["x"][-1], series["value"][-1]) == (0, 1.0, 99, 0.01)
    assert {metric["key"] for metric in ask("first.metrics()")} == {"loss", "half"}
    assert ask("[one['key'] for one in first.series(['loss', 'half'])]") == ["loss", "half"]


def test_lines_are_smoothed_over_all_of_their_values(ask):
    losses = ask("[row['loss'] for row in first.history()]")
    kept, last, expected = 0.9, 0.0, []
    for count, loss in enumerate(losses, 1):
        last = last * kept + (1 - kept) * loss
        expected.append(last / (1 - kept**count))  # as TensorBoard does
    (line,) = ask("first.series('loss', smoothing=0.9)")
    assert line["value"] == pytest.approx(expected) and line["exact"]
    assert ask("first.series('loss', pixels=1, smoothing={'kind': 'exponential', 'weight': 0.9})[0]['value'][-1]") == line["value"][-1]
    (even,) = ask("first.series('loss', smoothing={'kind': 'gaussian', 'width': 1e9})")
    assert even["value"] == pytest.approx([sum(losses) / len(losses)] * len(losses))
    assert ask("first.series('loss', draft=True)[0]['total_points']") == 100
    for wrong in ("1.0", "{'kind': 'gaussian', 'width': 0}"):
        refused = f"try: first.series('loss', smoothing={wrong})\nexcept ValueError as error: answer = str(error)"
        assert "smoothing" in ask("answer", refused)


def test_alerts_are_chosen_as_with_the_peer(ask, directory):
    alerts = ask("api.alerts('p')")
    assert [(alert["run"], alert["title"], alert["level"]) for alert in alerts] == [
        ("second", "so", "info"), ("second", "hot", "error"), ("first", "so", "info"), ("first", "hot", "error"),
    ]
    assert alerts[3] == {**alerts[3], "text": "it is", "step": 99}
    assert ask("[len(first.alerts()), len(first.alerts(level='error')), len(first.alerts(since='2999-01-01T00:00:00Z'))]") == [2, 1, 0]
    assert ask("api.alerts('p', run='nobody')") == []
    theirs = json.loads(Peer(directory).run(
        "import json\nfrom trackio import Api\nprint('answer', json.dumps(Api().alerts('p')))"
    ).rpartition("answer ")[2])
    assert [set(alert) for alert in theirs] == [set(alert) for alert in alerts]
    assert [(alert["run"], alert["title"]) for alert in theirs] == [(alert["run"], alert["title"]) for alert in alerts]


def test_runs_are_renamed_moved_and_deleted(ask, directory):
    assert ask("first.rename('third').name") == "third"
    assert ask("sorted(run.name for run in runs)") == ["second", "third"]
    assert ask("[api.run('p', 'third').move('q'), len(api.run('q', 'third').history())]") == [True, 100]
    assert ask("[api.run('q/third').delete(), len(runs)]") == [True, 1]
    assert directory.count("q") == 0 and directory.count("p") == 100
    assert ask("[trackio.api.Run('p', 'gone').delete(), trackio.api.Run('p', 'gone').move('q')]", "import trackio.api") == [False, False]


def test_what_is_not_there_is_a_value_error(ask):
    for call in ("api.runs('none')", "api.run('p', 'none')", "api.alerts('none')", "first.alerts(level='loud')", "first.history(form='xml')"):
        text = ask("said", f"try:\n    {call}\nexcept ValueError as error:\n    said = str(error)")
        assert "`" in text, call


def test_projects_are_deleted_after_a_question(ask, directory):
    refused = "import builtins; builtins.input = lambda question: 'n'"
    assert ask("trackio.delete_project('p')", refused) is False
    assert directory.count("p") == 200
    assert ask("[trackio.delete_project('p', force=True), trackio.delete_project('p', force=True)]") == [True, False]
    assert not directory.file("p").exists()


def test_readers_under_the_peers_names_say_what_the_peer_says(ask, directory):
    script = """
import json
from trackio.sqlite_storage import SQLiteStorage as storage
rows = storage.get_logs("p", "first")
print("answer", json.dumps([
    storage.get_projects(), storage.get_runs("p"), storage.get_runs("none"), storage.get_logs("p", "nobody"),
    [[row["step"], row["loss"], row.get("half")] for row in rows], sorted(rows[1]),
    [record["name"] for record in storage.get_run_records("p")], storage.get_run_config("p", "first")["rate"],
    storage.get_run_config("p", "nobody"), str(storage.get_project_db_path("my.model")),
    storage.get_project_db_filename("my.model"), len(storage.get_alerts("p", run_name="first")),
    storage.get_max_step_for_run("p", "first"), storage.get_all_metrics_for_run("p", "first")[:1],
    storage.get_system_logs("p", "first")[0]["cpu/utilization"],
]))
"""
    ours = directory.run(script).output.rpartition("answer ")[2]
    theirs = Peer(directory).run(script).rpartition("answer ")[2]
    assert str(json.loads(ours)) == str(json.loads(theirs))


def test_a_file_made_under_the_peers_name_takes_rows_of_anybody(directory):
    directory.run("""
import sqlite3, sys
from trackio.sqlite_storage import SQLiteStorage as storage
path = storage.init_db("p")
assert path == storage.init_db("p") == storage.get_project_db_path("p") and path.is_file()
connection = sqlite3.connect(path)
with connection:
    connection.execute(
        "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?, ?)",
        ("id", "2026-01-31T12:00:00+00:00", "by hand", 7, '{"loss": 0.5}'),
    )
connection.close()
assert storage.get_runs("p") == ["by hand"]
assert storage.get_logs("p", "by hand") == [{"loss": 0.5, "step": 7, "timestamp": "2026-01-31T12:00:00+00:00"}]
try:
    storage.init_db("registry-p")
    raise SystemExit("no error")
except ValueError:
    pass
""")
    assert Peer(directory).run("from trackio import Api; print([run.name for run in Api().runs('p')])").strip() == "['by hand']"


def test_the_machine_is_read_when_asked_for(directory):
    output = directory.run("""
import json, warnings
import trackio
trackio.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False)
with warnings.catch_warnings(record=True):
    print("answer", json.dumps([trackio.log_cpu(), trackio.log_gpu()]))
trackio.finish()
""").output
    processors, graphics = json.loads(output.rpartition("answer ")[2])
    assert 0 <= processors["cpu/utilization"] <= 100 and processors["memory/total"] > 0.1
    stored = [row.metrics for row in directory.rows("p", "system_metrics")]
    assert stored == [sample for sample in (processors, graphics) if sample]


def test_graphics_are_counted_as_cuda_counts_them():
    from trackio._machine import visible_graphics

    read = {f"gpu/{index}/{what}": value + index for index in range(3) for what, value in (
        ("utilization", 10.0), ("allocated_memory", 1.0), ("power", 100.0), ("temp", 40.0),
    )}
    every = visible_graphics({**read, "gpu/max_temp": 1.0}, None, None)
    assert every == {**read, "gpu/mean_utilization": 11.0, "gpu/total_allocated_memory": 6.0, "gpu/total_power": 303.0, "gpu/max_temp": 42.0}
    some = visible_graphics(read, "2,0", None)
    assert (some["gpu/0/power"], some["gpu/1/power"], some["gpu/total_power"]) == (102.0, 100.0, 202.0)
    assert visible_graphics(read, "2,0", 1)["gpu/1/power"] == 100.0
    assert "gpu/0/power" not in visible_graphics(read, "2,0", 1)
    assert visible_graphics(read, "", None) == visible_graphics(read, None, 7) == {}
    assert visible_graphics(read, "GPU-1234", None) == every


def test_publishing_never_breaks_a_training(directory):
    output = directory.run("""
import warnings
import trackio
trackio.init(project="p", name="r")
trackio.log({"loss": 1.0})
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    # As the callback of transformers asks.
    print(trackio.sync(project="p", sdk="static", space_id="me/p", private=True, bucket_id=None, force=True))
    print(trackio.sync(project="p", sdk="static", space_id="me/p", private=True, bucket_id=None, force=True))
    print(trackio.freeze(space_id="me/s", project="p", new_space_id=None, private=None))
print([str(one.message) for one in caught])
trackio.finish()
""").output
    said = output.splitlines()
    # The name of a Space that is not there would go into the card of a model.
    assert said[-4:-1] == ["None"] * 3, output
    assert said[-1].count("no Space is made") == 2 and said[-1].count("needs a token") == 2


def test_publishing_of_what_is_delivered_anyway(directory):
    directory.keeps_journals = True
    trainer = directory.run("""
import trackio
trackio.init(project="p", name="r", server_url="http://127.0.0.1:9")
print(trackio.sync(project="p", sdk="static", space_id="me/p"))
trackio.init(project="p", name="s", space_id="me/space")
print(trackio.sync(project="p"), trackio.sync(project="p", space_id="me/space"))
""", PACELINE_COMPANION="off", TRACKIO_WRITE_TOKEN="t", HF_TOKEN="hf_none")
    assert trainer.output.splitlines() == ["None", "me/space me/space"]
    assert "no Space is made" not in trainer.errors


def test_names_beside_the_public_ones(directory):
    directory.run("""
import pathlib, subprocess, sys
import trackio, trackio.utils, trackio.cli
from trackio import SQLiteStorage, TrackioDashboardApp
assert trackio.utils.canonical_project_name("my.model") == "mymodel"
assert trackio.utils.TRACKIO_DIR == trackio.TRACKIO_DIR
pictures = sorted(path.name for path in trackio.TRACKIO_LOGO_DIR.glob("trackio_logo_*.png"))
assert len(pictures) == 6 and trackio.utils.TRACKIO_LOGO_DIR == trackio.TRACKIO_LOGO_DIR
done = subprocess.run([sys.executable, "-m", "trackio.cli", "--version"], capture_output=True, text=True)
assert (done.returncode, done.stdout) == (0, f"trackio {trackio.__version__}\\n"), done
""")
