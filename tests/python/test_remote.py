"""A run that logs to a server: everything arrives as it was said, whatever happens on the way."""

import socket
import time

import pytest

from support.processes import kill_foreign
from support.server import Server
from support.waiting import wait_until

LOG = """
import sys, trackio
run = trackio.init(
    project="p", name="r", config={"lr": 0.1}, group="g", auto_log_cpu=False, auto_log_gpu=False,
)
for step in range(100):
    trackio.log({"loss": 1 / (step + 1), "text": "größe", "bad": float("nan")}, step=10 * step)
trackio.alert("odd", text="more", level="error")
trackio.log_system({"gpu/0/utilization": 97.5})
trackio.config.update({"late": True})
trackio.summary["best"] = 0.5
"""
FINISH = LOG + "trackio.finish()\n"

# Logs two versions of an artifact, uses the first one and fetches it anew, and saves a file of the project.
ARTIFACTS = """
import os, pathlib, shutil, trackio
run = trackio.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"loss": 1.0})
pathlib.Path("weights").mkdir(exist_ok=True)
for version in range(2):
    pathlib.Path("weights/a.bin").write_bytes(bytes([version]) * 100_000)
    pathlib.Path("weights/b.txt").write_text("the same")
    artifact = trackio.Artifact("model", "model", metadata={"epoch": version})
    artifact.add_dir("weights")
    logged = trackio.log_artifact(artifact, aliases=[f"epoch-{version}"])
    assert logged.version == f"v{version}", logged.version
shutil.rmtree(pathlib.Path(os.environ["TRACKIO_DIR"]) / "artifacts", ignore_errors=True)
used = trackio.use_artifact("model:epoch-0")
folder = used.download("fetched")
assert pathlib.Path(folder, "a.bin").read_bytes() == bytes(100_000)
assert pathlib.Path(folder, "b.txt").read_text() == "the same"
for missing in ("model:v7", "nothing"):
    try:
        trackio.use_artifact(missing)
    except ValueError as error:
        print(error)
trackio.save("weights/b.txt")
trackio.finish()
"""


class Remote:
    """A server on a directory of its own, and the environment of trainers that log to it."""

    def __init__(self, new_directory) -> None:
        self.directory = new_directory()
        self.directory.path.mkdir()
        self.server = Server(self.directory)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a trainer needs to log there."""
        return {"TRACKIO_SERVER_URL": self.url, "TRACKIO_WRITE_TOKEN": self.server.token}


@pytest.fixture
def remote(new_directory):
    """A server of ours to log to."""
    remote = Remote(new_directory)
    yield remote
    remote.server.stop()


def test_everything_arrives_on_our_server(directory, remote):
    before = time.time()
    trainer = directory.run(FINISH, **remote.environment)
    assert trainer.errors.count("\n") == 2, trainer.errors  # the beginning and the alert
    assert remote.url in trainer.errors
    rows = remote.directory.rows("p")
    assert [row.step for row in rows] == [10 * step for step in range(100)]
    assert [row.metrics for row in rows] == [
        {"loss": 1 / (step + 1), "text": "größe", "bad": "NaN"} for step in range(100)
    ]
    assert len({row.timestamp for row in rows}) == 100, "each row has the time of its call"
    assert rows[0].timestamp > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(before - 1))
    [(alert,)] = remote.directory.select("p", "SELECT title || text || level || step FROM alerts")
    assert alert == "oddmoreerror990"
    assert [row.metrics for row in remote.directory.rows("p", "system_metrics")] == [{"gpu/0/utilization": 97.5}]
    assert not directory.file("p").exists(), "nothing is stored beside the trainer"
    detail = remote.server.get("/api/v1/projects/p/runs/r").json
    config = detail["config"]
    assert (config["lr"], config["late"], detail["group"]) == (0.1, True, "g"), "changed after the first rows"
    assert detail["summary_values"]["best"] == 0.5
    assert (detail["state"], detail["exit_code"], detail["pid"]) == ("finished", 0, trainer.pid)
    assert remote.server.get("/api/v1/projects/p/runs/r/status").json["alerts"]["error"] == 1


@pytest.mark.parametrize(("ending", "state", "exit_code"), [
    ("sys.exit(3)", "failed", 3), ("raise ValueError('odd')", "failed", 1), ("", "finished", 0),
])
def test_the_server_knows_how_a_run_ended(directory, remote, ending, state, exit_code):
    trainer = directory.start(LOG + ending, **remote.environment)
    trainer.expect_exit(exit_code)
    wait_until(lambda: not directory.journals(), 20, directory.journals)
    record = remote.directory.run_record("p")
    assert (record["state"], record["exit_code"] or 0) == (state, exit_code)


def test_a_run_lives_on_the_server_until_its_process_is_gone(directory, remote):
    trainer = directory.start(
        "import trackio, signal; trackio.init(project='p', name='r', cpu_log_interval=0.2); trackio.log({'a': 1}); signal.pause()",
        **remote.environment,
    )
    state = lambda: remote.server.get("/api/v1/projects/p/runs/r/status").json.get("state")  # noqa: E731
    wait_until(lambda: state() == "running", 30, lambda: trainer.errors)
    wait_until(lambda: remote.directory.rows("p", "system_metrics"), 30, "no sample of the machine arrives")
    beats = remote.directory.select("p", "SELECT heartbeat_at FROM paceline_runs")
    assert beats and beats[0][0], "it was seen to live"
    trainer.kill()
    wait_until(lambda: state() == "crashed", 30, state)
    wait_until(lambda: not directory.journals(), 30, directory.journals)


def test_rows_of_a_dead_process_are_delivered(directory, remote):
    """The companion is killed with the trainer; the next run, whatever it is, brings what they left."""
    trainer = directory.start(LOG + "import os; os._exit(7)", PACELINE_COMPANION="off", **remote.environment)
    trainer.expect_exit(7)
    assert remote.directory.count("p") == 0
    directory.run("import trackio; trackio.init(project='q'); trackio.log({'a': 1}); trackio.finish()")
    wait_until(lambda: not directory.journals(), 20, directory.journals)
    assert remote.directory.count("p") == 100
    assert remote.directory.select("p", "SELECT count(*) FROM alerts") == [(1,)]
    assert directory.count("q") == 1, "a local run beside it stays local"


def test_a_command_delivers_what_was_left(directory, remote):
    trainer = directory.start(LOG + "import os; os._exit(7)", PACELINE_COMPANION="off", **remote.environment)
    trainer.expect_exit(7)
    directory.paceline("status")
    assert remote.directory.count("p") == 100
    assert directory.journals() == []


def test_a_run_without_a_name_gets_one_that_is_free_there(directory, new_directory, remote):
    script = "import trackio; print(trackio.init(project='p').name); trackio.log({'a': 1}); trackio.finish()"
    names = {where.run(script, **remote.environment).output for where in (directory, new_directory(), new_directory())}
    assert len(names) == 3, names


def test_a_run_is_continued_on_the_server(directory, new_directory, remote):
    script = """
import sys, trackio
run = trackio.init(project="p", name="r", resume=sys.argv[1])
trackio.log({"loss": 1.0}); trackio.log({"loss": 2.0})
trackio.finish()
print(run.id, run.resumed)
"""
    first = directory.run(script, "allow", **remote.environment).output.split()
    second = new_directory().run(script, "must", **remote.environment).output.split()
    assert first[1] == "False" and second == [first[0], "True"]
    assert [row.step for row in remote.directory.rows("p")] == [0, 1, 2, 3]


def test_what_the_address_may_be(directory, remote):
    script = """
import sys, trackio
from trackio import context_vars as now
try:
    run = trackio.init(project="p", name="r", **eval(sys.argv[1]))
    print([run.url, now.current_server.get(), now.current_space_id.get(), now.current_server_write_token.get()])
    trackio.log({"a": 1})
    trackio.finish()
except ValueError as error:
    print(f"refused: {error}")
"""
    def said(arguments, **environment):
        return directory.run(script, repr(arguments), **environment).output.strip()

    with_token = f"{remote.url}/?write_token={remote.server.token}&project=p"
    assert said({"server_url": with_token}) == str([remote.url, remote.url, None, remote.server.token])
    assert remote.directory.count("p") == 1
    assert "TRACKIO_WRITE_TOKEN" in said({"server_url": remote.url})
    assert "http://" in said({"server_url": "localhost:7860"}, TRACKIO_WRITE_TOKEN="t")
    for rest in ("/?write_token=geheim", "#write_token=geheim"):
        refused = said({"server_url": f"localhost:7860{rest}"})
        assert "`localhost:7860" in refused and "geheim" not in refused
    assert "bucket_id" in said({"server_url": with_token, "bucket_id": "b"})
    assert "HF_TOKEN" in said({"space_id": "someone/space", "server_url": with_token}, HF_HOME=str(directory.folder))
    assert "OWNER/NAME" in said({"space_id": "space"}, HF_TOKEN="hf_x")


def test_the_token_is_in_no_argument_and_no_readable_file(directory, remote):
    script = "import trackio, time; trackio.init(project='p'); trackio.log({'a': 1}); print('on', flush=True); time.sleep(60)"
    trainer = directory.start(script, **remote.environment)
    wait_until(lambda: remote.directory.count("p") == 1, 30, lambda: trainer.errors)
    holding = [
        path for path in directory.path.rglob("*")
        if path.is_file() and remote.server.token.encode() in path.read_bytes()
    ]
    assert [path.name for path in holding] == ["owner"]
    assert all(path.stat().st_mode & 0o77 == 0 for path in holding)
    for companion in directory.companions():
        with open(f"/proc/{companion}/cmdline", "rb") as arguments:
            assert remote.server.token.encode() not in arguments.read()
    trainer.kill()
    wait_until(lambda: not directory.journals(), 30, "the end of the run is not delivered")


@pytest.mark.parametrize("trouble", ["nobody listens", "nobody answers", "wrong token"])
def test_a_server_that_does_not_take_rows_costs_the_training_nothing(directory, remote, trouble):
    """`log` and `init` cost what they cost otherwise; `finish` says in a few seconds where the rows are."""
    silent = socket.create_server(("127.0.0.1", 0))
    address = {
        "nobody listens": "http://127.0.0.1:1", "wrong token": remote.url,
        "nobody answers": f"http://127.0.0.1:{silent.getsockname()[1]}",
    }[trouble]
    script = """
import time, trackio
begun = time.monotonic()
run = trackio.init(project="p", auto_log_cpu=False)
init, slowest = time.monotonic() - begun, 0.0
for step in range(1000):
    begun = time.perf_counter()
    trackio.log({"loss": 1.0})
    slowest = max(slowest, time.perf_counter() - begun)
    time.sleep(0.001)
begun = time.monotonic()
trackio.finish()
print(init, slowest, time.monotonic() - begun)
"""
    directory.keeps_journals = True
    trainer = directory.run(script, TRACKIO_SERVER_URL=address, TRACKIO_WRITE_TOKEN="wrong")
    init, slowest, finish = map(float, trainer.output.split())
    print(f"{trouble}: init {init:.3f} s, slowest log() {slowest * 1e3:.3f} ms, finish {finish:.3f} s")
    assert init < 8 and slowest < 0.1 and finish < 15
    assert trainer.errors.count("rows are safe in the journal") == 1, trainer.errors
    assert address in trainer.errors
    end_companions(directory)
    silent.close()


def test_a_slow_server_does_not_hold_up_local_runs(directory, remote):
    directory.keeps_journals = True
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        stuck = directory.start(
            "import trackio, signal; trackio.init(project='p', name='r'); trackio.log({'a': 1}); signal.pause()",
            TRACKIO_SERVER_URL=address, TRACKIO_WRITE_TOKEN="t",
        )
        silent.accept()
        begun = time.monotonic()
        directory.run(FINISH.replace('"p"', '"local"'))
        directory.run(FINISH, **remote.environment)
        assert time.monotonic() - begun < 15
        assert directory.count("local") == 100 and remote.directory.count("p") == 100
        stuck.kill()
        end_companions(directory)


def test_artifacts_and_files_are_kept_by_the_server(directory, remote):
    trainer = directory.run(ARTIFACTS, **remote.environment)
    assert trainer.output.count("is not in project `p`") == 2, trainer.output
    versions = remote.directory.select(
        "p", "SELECT v.version, v.size_bytes, v.producer_run_name FROM artifact_versions v ORDER BY v.version"
    )
    assert versions == [(version, 100_008, "r") for version in range(2)]
    assert remote.directory.select("p", "SELECT direction FROM run_artifact_links ORDER BY id") == [
        ("output",), ("output",), ("input",),
    ]
    assert (remote.directory.path / "media" / "p" / "files" / "weights" / "b.txt").read_text() == "the same"


def test_artifacts_say_that_the_server_is_away(directory, remote):
    script = """
import pathlib, trackio
trackio.init(project="p", name="r", auto_log_cpu=False)
pathlib.Path("a.txt").write_text("a")
try:
    trackio.log_artifact("a.txt", name="a", type="text")
except RuntimeError as error:
    print(error)
"""
    directory.keeps_journals = True
    trainer = directory.run(script, TRACKIO_SERVER_URL="http://127.0.0.1:1", TRACKIO_WRITE_TOKEN="t")
    assert "`http://127.0.0.1:1` does not answer" in trainer.output
    end_companions(directory)


def end_companions(directory):
    """Ends companions that wait for a server which never comes."""
    for companion in directory.companions():
        kill_foreign(companion)


def test_processes_on_hosts_of_their_own_share_a_run_of_the_server(new_directory, remote):
    script = """
import os, trackio
trackio.init(project="p", id="shared", config={"of": int(os.environ["RANK"])}, auto_log_cpu=False, auto_log_gpu=False)
for step in range(50):
    trackio.log({"loss": float(os.environ["RANK"])})
trackio.finish()
"""
    for _ in range(2):  # and once more, as a job that starts again
        hosts = [new_directory() for _ in range(3)]
        ranks = [{"RANK": f"{rank}", "WORLD_SIZE": "3"} for rank in range(3)]
        started = [host.start(script, **rank, **remote.environment) for host, rank in zip(hosts, ranks, strict=True)]
        for trainer in started:
            trainer.expect_exit(0)
    steps: dict[int, list[int]] = {}
    for row in remote.directory.rows("p"):
        assert row.metrics["loss"] == row.metrics.get("_rank", 0)
        steps.setdefault(row.metrics.get("_rank", 0), []).append(row.step)
    assert steps == {rank: list(range(100)) for rank in range(3)}
    detail = remote.server.get("/api/v1/projects/p/runs/shared").json
    assert (detail["state"], detail["config"]["of"], detail["loss"]) == ("finished", 0, 0)
    assert [(rank["rank"], rank["state"], rank["rows"]) for rank in detail["ranks"]] == [
        (rank, "finished", 100) for rank in range(3)
    ]


def test_the_server_is_told_what_a_run_was_made_with(directory, remote):
    trainer = directory.run(FINISH, PACELINE_ENVIRONMENT="no-diff", **remote.environment)
    said = lambda: remote.server.get("/api/v1/projects/p/runs/r").json["environment"]  # noqa: E731
    wait_until(lambda: (said() or {}).get("system"), 20, said)
    assert said()["directory"] == str(directory.folder), trainer.errors
    assert remote.server.get("/api/v1/projects/p/runs/r/diff").json["diff"] is None
