"""Projects to Parquet files and back: equal rows, read alike by everyone, whole whatever happens on the way."""

import json
import random
import subprocess
import sys

import pytest

from support.directory import PROGRAM
from support.interpreters import peer_python
from support.parquet import contents, media, read_by
from support.waiting import wait_until

# Every type of value that the peer stores, and what else belongs to a project.
EVERYTHING = """
import pathlib
import sys
import numpy
import trackio

pathlib.Path("clip.mp4").write_bytes(b"not looked into")
pathlib.Path("cube.obj").write_text("v 0 0 0")

def run(name, group):
    trackio.init(project="all", name=name, group=group, config={"lr": 0.1, "layers": 3, "nested": {"a": [1, 2.5]}, "tag": None})
    for step in range(20):
        trackio.log({
            "train/loss": 2.5 / (step + 1), "epoch": step, "ok": step % 2 == 0, "note": f"größe {step}", "nothing": None,
            "nested": {"a": step, "b": {"c": [step, 0.5]}}, "mixed": step if step % 3 else "warming up",
            "holes": float("nan") if step == 3 else float("inf") if step == 4 else 1.0 * step,
        })
    trackio.log({"list": [1.5, float("nan")], "big": 2**53 + 1, "empty": {}, "id": 7})
    trackio.log({
        "image": trackio.Image(numpy.zeros((4, 4, 3), dtype=numpy.uint8), caption="black"),
        "table": trackio.Table(dataframe=None, columns=["a", "b"], data=[[1, "x"], [None, "y"]]),
        "histogram": trackio.Histogram([1.0, 2.0, 2.5]), "report": trackio.Markdown("# Title"),
        "html": trackio.Html("<p>x</p>"), "trace": trackio.Trace([{"role": "user", "content": "hi"}], metadata={"k": 1}),
    })
    trackio.log({
        "clip": trackio.Video("clip.mp4", caption="moves"), "shape": trackio.Object3D("cube.obj"),
        "sound": trackio.Audio(numpy.zeros(80, dtype=numpy.int16), sample_rate=8000, caption="hush"),
    })
    trackio.log_system({"gpu/0/utilization": 50, "cpu": 1.5})
    trackio.alert("Careful", text="look", level=trackio.AlertLevel.ERROR)
    artifact = trackio.Artifact(name="model", type="model", metadata={"acc": 0.5})
    artifact.add_file(sys.argv[0], name="script.py")
    trackio.log_artifact(artifact)
    trackio.finish()

run("one", "g")
run("two", None)
"""


def export(directory, project, *arguments):
    """Exports into a folder beside the data; gives it and what was said."""
    folder = directory.folder / "files"
    # What a training was made with is told a moment after it began.
    wait_until(lambda: directory.companions() == [], 20, directory.companions)
    return folder, directory.answer("export", "--project", project, "--out", folder, *arguments)


def assert_back(directory, folder, project, name="back"):
    """The files make a project with equal rows, and media of its own which they name."""
    said = directory.answer("import", folder, "--project", name, "--from", project)
    assert contents(directory, name) == contents(directory, project, media_of=name)
    assert media(directory, name) == media(directory, project)
    assert said["media"] == len(media(directory, name))


def by_peer(directory, script):
    """Runs a script with the peer that can export."""
    trainer = directory.start(script, python=str(peer_python()), HF_HUB_OFFLINE="1")
    trainer.expect_exit(0, 120)
    return trainer.output


def test_what_we_log_comes_back(directory):
    directory.run(EVERYTHING)
    folder, said = export(directory, "all")
    assert said["project"] == "all" and said["rows"] == sum(len(rows) for rows in contents(directory, "all").values())
    assert {"all.parquet", "all_system.parquet", "all_configs.parquet", "all_traces.parquet", "all_artifacts.parquet",
            "all_paceline/alerts.parquet", "all_paceline/runs.parquet"} <= set(said["files"])
    assert_back(directory, folder, "all")
    kinds = {path.suffix for path in media(directory, "back")}
    assert kinds == {".png", ".html", ".mp4", ".obj", ".wav"}
    # What is asked of the new project is answered as for the old one.
    states = [
        {run["run"]: run["state"] for run in directory.answer("list", "runs", "--project", name)["details"]}
        for name in ("all", "back")
    ]
    assert states[0] == states[1] == {"one": "finished", "two": "finished"}


def test_elsewhere_every_byte_of_a_row_is_as_it_was(new_directory):
    """Under its own name a project names its media as before, runs that failed are runs that failed."""
    here, there = new_directory(), new_directory()
    here.run(EVERYTHING)
    failed = here.start("import trackio\ntrackio.init(project='all', name='bad'); trackio.log({'a': 1}); raise ValueError('no')")
    failed.expect_exit(1, 60)
    wait_until(lambda: here.status("all", "bad")["state"] == "failed", 20, lambda: here.status("all", "bad"))
    folder, _ = export(here, "all")
    there.answer("import", folder)
    assert contents(there, "all") == contents(here, "all")
    assert media(there, "all") == media(here, "all")
    assert there.status("all", "bad")["state"] == "failed"


@pytest.mark.parametrize("form", [(), ("--parts",), ("--format", "csv"), ("--format", "jsonl")], ids=" ".join)
def test_media_go_with_a_project(directory, form):
    directory.run("""
import pathlib
import numpy
import trackio
run = trackio.init(project="p", name="r")
trackio.log({"image": trackio.Image(numpy.zeros((4, 4, 3), dtype=numpy.uint8))})
pathlib.Path("notes.txt").write_text("kept")
trackio.save("notes.txt")
trackio.finish()
""")
    folder, said = export(directory, "p", *form)
    path = directory.rows("p")[0].metrics["image"]["file_path"]
    # Where the peer looks for them too.
    assert (folder / "media" / path).read_bytes() == (directory.path / "media" / path).read_bytes()
    assert (folder / "media/p/files/notes.txt").read_text() == "kept"
    assert said["media"] == 2
    (directory.path / "media/p/files/notes.txt").write_text("changed")
    _, again = export(directory, "p", *form)
    assert (folder / "media/p/files/notes.txt").read_text() == "changed"
    if "--format" in form:
        return
    # What lies there already is not copied again, what is gone here goes there.
    assert again["media"] == 1
    (directory.path / "media/p/files/notes.txt").unlink()
    export(directory, "p", *form)
    assert not (folder / "media/p/files").exists()
    assert_back(directory, folder, "p")
    (folder / "media" / path).write_bytes(b"another one")
    refused = directory.paceline("import", folder, "--project", "q")
    assert refused.returncode == 1 and "is not the file that its manifest tells of" in refused.stderr
    assert not (directory.path / "media/q").exists() and not (directory.path / "q.db").exists()


def test_what_the_peer_logs_comes_back(directory):
    by_peer(directory, EVERYTHING)
    folder, _ = export(directory, "all")
    assert_back(directory, folder, "all")


PEER_EXPORT = """
import trackio
from trackio.sqlite_storage import SQLiteStorage
trackio.init(project="plain", name="r", config={"lr": 0.1, "layers": 3})
for step in range(50):
    trackio.log({"loss": 2.5 / (step + 1), "epoch": step, "ok": step % 2 == 0, "note": f"n{step}",
                 "hole": float("nan") if step == 7 else 0.5})
trackio.log({"image": trackio.Html("<p>x</p>"), "hist": trackio.Histogram([1.0, 2.0]),
             "trace": trackio.Trace([{"role": "user", "content": "hi"}])})
trackio.log_system({"gpu/0/utilization": 50})
trackio.finish()
SQLiteStorage._dataset_import_attempted = True
SQLiteStorage.export_to_parquet()
"""


def test_what_the_peer_exports_becomes_the_rows_it_came_from(directory):
    by_peer(directory, PEER_EXPORT)
    assert (directory.path / "plain.parquet").is_file()
    directory.answer("import", directory.path, "--from", "plain", "--project", "back")
    expected, found = contents(directory, "plain", media_of="back"), contents(directory, "back")
    assert media(directory, "back") == media(directory, "plain") != {}
    assert found.pop("paceline_runs", None) is None and expected.pop("paceline_runs", None) is None
    assert found == expected


def test_the_peer_takes_in_what_we_export(new_directory):
    ours, theirs = new_directory(), new_directory()
    ours.run("""
import trackio
trackio.init(project="p", name="r", config={"lr": 0.1})
for step in range(10):
    trackio.log({"loss": 1.0 * step, "note": "x"})
trackio.finish()
""")
    ours.answer("export", "--project", "p", "--out", theirs.path)
    by_peer(theirs, "from trackio.sqlite_storage import SQLiteStorage\nSQLiteStorage.import_from_parquet()")
    values = [(row.step, row.timestamp, row.log_id, row.metrics["loss"], row.metrics["note"]) for row in theirs.rows("p")]
    assert values == [(row.step, row.timestamp, row.log_id, row.metrics["loss"], row.metrics["note"]) for row in ours.rows("p")]


READERS = {
    "pyarrow": """
import pyarrow.parquet as pq
rows = pq.read_table(f"{folder}/all.parquet").to_pylist()
""",
    "duckdb": """
import duckdb
cursor = duckdb.sql(f"SELECT * FROM '{folder}/all.parquet'")
names = [column[0] for column in cursor.description]
rows = [dict(zip(names, row)) for row in cursor.fetchall()]
""",
    "polars": """
import polars
rows = polars.read_parquet(f"{folder}/all.parquet").to_dicts()
""",
    "datasets": """
import datasets
rows = list(datasets.load_dataset("parquet", data_files=f"{folder}/all.parquet", split="train", cache_dir=f"{folder}/cache"))
""",
    "parts by pyarrow": """
import pyarrow.dataset as ds
rows = ds.dataset(f"{folder}/all/metrics").to_table().to_pylist()
""",
    "parts by duckdb": """
import duckdb
cursor = duckdb.sql(f"SELECT * FROM read_parquet('{folder}/all/metrics/*.parquet', union_by_name = true)")
names = [column[0] for column in cursor.description]
rows = [dict(zip(names, row)) for row in cursor.fetchall()]
""",
    "parts by polars": """
import polars
rows = polars.read_parquet(f"{folder}/all/metrics/*.parquet", missing_columns="insert").to_dicts()
""",
    "parts by datasets": """
import datasets
rows = list(datasets.load_dataset("parquet", data_files=f"{folder}/all/metrics/*.parquet", split="train", cache_dir=f"{folder}/cache"))
""",
}
_SAY = """
import json
def plain(value):
    if isinstance(value, float) and value != value:
        return "nan"
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value
rows.sort(key=lambda row: row[key])
print(json.dumps([{key: plain(value) for key, value in row.items()} for row in rows], default=str))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A project with every type, as whole files and as parts."""
    from support.directory import DataDirectory

    directory = DataDirectory(tmp_path_factory.mktemp("exported") / "0")
    directory.run(EVERYTHING)
    folder, _ = export(directory, "all")
    directory.answer("export", "--project", "all", "--out", folder, "--parts")
    yield directory, folder
    directory.end_trainers()


@pytest.mark.parametrize("reader", READERS)
def test_everyone_reads_the_same_values(exported, reader):
    directory, folder = exported
    rows = read_by(f"import sys\nfolder, key = sys.argv[1], 'id'\n{READERS[reader]}\n{_SAY}", folder)
    logged = directory.rows("all")
    assert len(rows) == len(logged) == 46
    for row, expected in zip(rows, logged, strict=True):
        assert (row["run_id"], row["run_name"], row["step"], row["timestamp"], row["log_id"]) == (
            expected.run_id, expected.run_name, expected.step, expected.timestamp, expected.log_id
        )
        values = expected.metrics
        for key in ("train/loss", "epoch", "ok", "note", "big"):
            assert row[key] == (float(values[key]) if key == "big" and key in values else values.get(key)), key
        hole = {"NaN": "nan", "Infinity": float("inf")}.get(values.get("holes"), values.get("holes"))
        assert row["holes"] == hole
        assert row["mixed"] == (values["mixed"] if isinstance(values.get("mixed"), int) else None)
        assert row["nested"] == values.get("nested")
        if "list" in values:
            assert row["list"] == [1.5, "nan"]
            assert json.loads(row["paceline_extra"])["values"] == {"big": 2**53 + 1, "id": 7}
            assert row["empty"] == "{}"
        if "image" in values:
            for key in ("image", "table", "histogram", "report", "html"):
                assert row[key] == values[key], key
        for key in ("clip", "shape", "sound"):
            assert row[key] == values.get(key), key


TABLES_BESIDE = {
    "all_system.parquet": ("system_metrics", "id", ("run_id", "run_name", "timestamp", "log_id")),
    "all_configs.parquet": ("configs", "id", ("run_id", "run_name", "created_at")),
    "all_traces.parquet": ("traces", "id", ("run_id", "step", "key", "trace_index", "messages", "metadata", "search_text")),
    "all_artifact_versions.parquet": ("artifact_versions", "id", ("artifact_id", "version", "manifest_digest", "size_bytes")),
    "all_paceline/alerts.parquet": ("alerts", "id", ("run_name", "title", "text", "level", "step", "timestamp")),
    "all_paceline/runs.parquet": ("paceline_runs", "run_id", ("run_name", "state", "started_at", "finished_at", "exit_code")),
}


@pytest.mark.parametrize("reader", [reader for reader in READERS if not reader.startswith("parts")])
def test_everyone_reads_the_other_tables_too(exported, reader):
    directory, folder = exported
    for file, (table, key, columns) in TABLES_BESIDE.items():
        script = READERS[reader].replace("{folder}/all.parquet", f"{{folder}}/{file}")
        rows = read_by(f"import sys\nfolder, key = sys.argv[1], {key!r}\n{script}\n{_SAY}", folder)
        expected = directory.select("all", f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key}")
        plain = [tuple(cell.decode() if isinstance(cell, bytes) else cell for cell in row) for row in expected]
        assert plain and [tuple(row[column] for column in columns) for row in rows] == plain, file
        if table == "system_metrics":
            assert [(row["gpu/0/utilization"], row["cpu"]) for row in rows if row["cpu"] == 1.5] == [(50, 1.5)] * 2
        if table == "configs":
            assert {(row["lr"], row["layers"]) for row in rows} == {(0.1, 3)}
            assert rows[0]["nested"] == {"a": [1, 2.5]}


def test_parts_follow_a_project(directory):
    script = """
import sys
import trackio
trackio.init(project="p", name=sys.argv[1])
for step in range(int(sys.argv[2])):
    trackio.log({"loss": 1.0 / (step + 1), "epoch": step // 100})
trackio.finish()
"""
    directory.run(script, "first", 5_000)
    folder, first = export(directory, "p", "--parts")
    assert sum(file.startswith("p/metrics/") for file in first["files"]) == 1
    directory.run(script, "second", 50)
    _, second = export(directory, "p", "--parts")
    assert first["rows"] > 5_000 and 50 < second["rows"] < 100
    assert_back(directory, folder, "p")
    _, third = export(directory, "p", "--parts")
    assert third["files"] == []
    directory.run("import trackio\ntrackio.Api().runs('p')[0].rename('renamed')")
    export(directory, "p", "--parts")
    assert_back(directory, folder, "p", "renamed")


def test_an_export_that_is_killed_leaves_the_old_files_or_the_new_ones(directory, random_source: random.Random):
    script = """
import sys
import trackio
trackio.init(project="p", name=f"run{sys.argv[1]}")
for step in range(3_000):
    trackio.log({"loss": 1.0 / (step + 1)})
trackio.alert(f"alert {sys.argv[1]}")
trackio.finish()
"""
    folder = directory.folder / "files"
    directory.run(script, 0)
    export(directory, "p")
    old = contents(directory, "p")
    for attempt in range(12):
        directory.run(script, attempt + 1)
        new = contents(directory, "p")
        process = subprocess.Popen(
            [PROGRAM, "export", "--project", "p", "--out", str(folder), "--dir", str(directory.path)],
            env=directory.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=random_source.uniform(0, 0.08))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        name = f"back{attempt}"
        directory.answer("import", folder, "--project", name, "--from", "p")
        found = contents(directory, name)
        assert found in (old, new)
        old = found


def test_csv_and_json_lines_hold_every_row(directory):
    directory.run(EVERYTHING)
    folder, said = export(directory, "all", "--format", "jsonl")
    lines = [json.loads(line) for line in (folder / "all.jsonl").read_text().splitlines()]
    assert [(line["step"], line["metrics"]) for line in lines] == [(row.step, row.metrics) for row in directory.rows("all")]
    assert "all_paceline/alerts.jsonl" in said["files"]
    folder, _ = export(directory, "all", "--format", "csv")
    import csv

    with (folder / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines, strict=True):
        assert int(row["step"]) == line["step"]
        if "train/loss" in line["metrics"]:
            assert float(row["train/loss"]) == line["metrics"]["train/loss"]
            assert json.loads(row["nested"]) == line["metrics"]["nested"]
            assert row["note"] == line["metrics"]["note"]
        if "id" in line["metrics"]:
            assert json.loads(row["paceline_extra"]) == {"id": 7}


def test_what_cannot_be_done_says_what_to_do(directory):
    directory.run("import trackio\ntrackio.init(project='p'); trackio.log({'a': 1}); trackio.finish()")
    folder, _ = export(directory, "p")
    for arguments, status, message, hint in [
        (("export", "--project", "q", "--out", folder), 1, "project `q`", "`paceline list projects`"),
        (("export", "--project", "p"), 2, "--out", "--help"),
        (("export", "--project", "p", "--out", folder, "--format", "csv", "--parts"), 2, "--parts", "--format"),
        (("import", folder), 1, "`p`", "--project PROJECT"),
        (("import", folder, "--from", "q", "--project", "r"), 1, "the project `p`", "--from"),
        (("import", directory.folder, "--project", "r"), 1, "no exported project", "paceline export"),
        (("import", "cvs", folder, "--project", "r"), 2, "`cvs`", "`csv`"),
    ]:
        done = directory.paceline(*arguments)
        assert done.returncode == status, (arguments, done.stderr)
        assert message in done.stderr and hint in done.stderr, (arguments, done.stderr)
        assert done.stdout == ""


def test_help_is_of_use():
    for command in ("export", "import"):
        done = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and "Examples:" in done.stdout, sys.version
