"""Processes of one job that share a run: whose rows are whose, who decides how the run stands, and who dies."""

import json
import signal

import pytest

from support.waiting import wait_until

# Logs 200 rows into run `argv[1]`, its own loss in each; waits for the file `argv[2]`, where one is named, and ends.
RANK = """
import os, sys, time, trackio as wandb
rank = int(os.environ.get("RANK", os.environ.get("SLURM_PROCID", os.environ.get("OMPI_COMM_WORLD_RANK", 0))))
run = wandb.init(project="p", id=sys.argv[1] or None, config={"of": rank}, **eval(os.environ.get("MORE", "{}")))
for step in range(200):
    wandb.log({"loss": 100 * rank + 1 / (step + 1), f"only/{rank}": step})
while len(sys.argv) > 2 and not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
wandb.finish()
print(run.id)
"""


def torchrun(rank: int, of: int) -> dict[str, str]:
    """The environment that torchrun gives to a process of a job on one host."""
    return {
        "RANK": f"{rank}", "LOCAL_RANK": f"{rank}", "WORLD_SIZE": f"{of}", "LOCAL_WORLD_SIZE": f"{of}",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500",
    }  # fmt: skip


def slurm(rank: int, of: int) -> dict[str, str]:
    """The environment that srun gives to a task."""
    return {"SLURM_PROCID": f"{rank}", "SLURM_NTASKS": f"{of}", "SLURM_JOB_ID": "77", "SLURM_STEP_ID": "0"}


def open_mpi(rank: int, of: int) -> dict[str, str]:
    """The environment that mpirun gives to a process."""
    return {"OMPI_COMM_WORLD_RANK": f"{rank}", "OMPI_COMM_WORLD_SIZE": f"{of}", "OMPI_COMM_WORLD_LOCAL_SIZE": f"{of}"}


def rows_by_rank(directory) -> dict[int, list[tuple[int, float]]]:
    """Step and loss of every row, by rank."""
    found: dict[int, list[tuple[int, float]]] = {}
    for row in directory.rows("p"):
        found.setdefault(row.metrics.get("_rank", 0), []).append((row.step, row.metrics["loss"]))
    return found


def expected(rank: int) -> list[tuple[int, float]]:
    return [(step, 100 * rank + 1 / (step + 1)) for step in range(200)]


def only() -> list[tuple[int, float]]:
    return [(step, float(step)) for step in range(200)]


def lines_of(directory, run: str, keys: list[str], ranks: list[int] | None = None) -> dict[tuple[str, int], list]:
    """The points of charts, by metric and rank."""
    ask = f"trackio.Api().run('p', {run!r}).series({keys!r}, pixels=1000, ranks={ranks or []!r})"
    series = json.loads(directory.run(f"import json, trackio; print(json.dumps({ask}))").output)
    points = {(one["key"], one["rank"]): zip(one["x"], one["value"], strict=True) for one in series}
    return {line: [(int(x), value) for x, value in points] for line, points in points.items()}


def ranks_of(directory, run: str) -> dict[int, dict]:
    """What is known of each process of a run."""
    script = f"import json, trackio; print(json.dumps(trackio.Api().run('p', {run!r}).ranks))"
    return {rank["rank"]: rank for rank in json.loads(directory.run(script).output)}


@pytest.mark.parametrize("launcher", [torchrun, slurm, open_mpi])
@pytest.mark.parametrize("asked", [{"run_id": "shared"}, {"run_id": "", "MORE": "dict(mode='shared')"}])
def test_the_processes_of_a_job_share_a_run(directory, launcher, asked):
    run_id, more = asked["run_id"], {name: value for name, value in asked.items() if name != "run_id"}
    trainers = [directory.start(RANK, run_id, **launcher(rank, 4), **more) for rank in reversed(range(4))]
    for trainer in trainers:
        trainer.expect_exit(0)
        assert "Warning" not in trainer.errors
    (run_id,) = {trainer.output.strip() for trainer in trainers}

    assert rows_by_rank(directory) == {rank: expected(rank) for rank in range(4)}
    assert {(row.run_id, row.run_name) for row in directory.rows("p")} == {(run_id, directory.rows("p")[0].run_name)}
    assert json.loads(directory.select("p", "SELECT config FROM configs")[0][0])["of"] == 0
    status = directory.status("p")
    assert (status["run_id"], status["state"], status["step"]) == (run_id, "finished", 199)
    assert (status["loss"]["latest"], status["loss"]["best"], status["findings"]) == (0.005, 0.005, [])
    ranks = ranks_of(directory, run_id)
    assert [(rank["state"], rank["rows"], rank["last_step"]) for rank in ranks.values()] == [("finished", 200, 199)] * 4
    assert {rank["pid"] for rank in ranks.values()} == {trainer.pid for trainer in trainers}
    directory.assert_sound("p")
    assert lines_of(directory, run_id, ["loss", "only/2"]) == {("loss", 0): expected(0), ("only/2", 2): only()}
    assert lines_of(directory, run_id, ["loss", "only/2"], [0, 2, 9]) == {
        ("loss", 0): expected(0), ("loss", 2): expected(2), ("only/2", 2): only(),
    }  # fmt: skip


def test_without_an_id_each_process_has_a_run_of_its_own(directory):
    for trainer in [directory.start(RANK, "", **torchrun(rank, 3)) for rank in range(3)]:
        trainer.expect_exit(0)
    states = directory.select("p", "SELECT state FROM paceline_runs")
    assert states == [("finished",)] * 3
    assert not any("_rank" in row.metrics for row in directory.rows("p"))


def test_the_last_rank_alone_has_its_run_to_itself(directory):
    directory.run(RANK, "only", **torchrun(7, 8))
    status = directory.status("p")
    assert (status["state"], status["step"], status["loss"]["best"]) == ("finished", 199, 700.005)
    assert json.loads(directory.select("p", "SELECT config FROM configs")[0][0])["of"] == 7


def test_wandbs_settings_tell_the_primary_process(directory):
    more = "dict(settings=wandb.Settings(mode='shared', x_label='node_{0}', x_primary={1}, x_update_finish_state={1}))"
    for rank in (1, 0):
        directory.run(RANK, "w", MORE=more.format(rank, rank == 0))
    # The script takes its rank from the environment, which says nothing here.
    assert [row.metrics.get("_rank", 0) for row in directory.rows("p")] == [1] * 200 + [0] * 200
    assert directory.status("p")["state"] == "finished"


def test_a_dead_rank_is_seen_and_the_run_goes_on(directory):
    go = directory.folder / "go"
    trainers = [directory.start(RANK, "r", go, **torchrun(rank, 3)) for rank in range(3)]
    wait_until(lambda: directory.count("p") == 600, 30)
    trainers[2].kill()
    wait_until(lambda: directory.status("p")["findings"] != [], 15)
    status = directory.status("p")
    assert status["state"] == "running"
    assert status["findings"] == [
        {"code": "rank_lost", "severity": "critical", "evidence": "rank 2 crashed by signal 9"}
    ]
    go.touch()
    trainers[0].expect_exit(0)
    trainers[1].expect_exit(0)
    assert directory.status("p")["state"] == "finished"
    assert {rank: row["state"] for rank, row in ranks_of(directory, "r").items()} == {
        0: "finished", 1: "finished", 2: "crashed",
    }  # fmt: skip
    assert rows_by_rank(directory) == {rank: expected(rank) for rank in range(3)}


def test_the_run_has_crashed_when_rank_0_is_dead(directory):
    go = directory.folder / "go"
    trainers = [directory.start(RANK, "r", go, **torchrun(rank, 2)) for rank in range(2)]
    wait_until(lambda: directory.count("p") == 400, 30)
    trainers[0].send(signal.SIGKILL)
    trainers[0].expect_exit(-signal.SIGKILL)
    directory.wait_for_state("p", "crashed")

    def heartbeat() -> str:
        return directory.select("p", "SELECT heartbeat_at FROM paceline_ranks WHERE rank = 1")[0][0]

    before = heartbeat()
    wait_until(lambda: heartbeat() != before, 30)
    assert directory.status("p")["state"] == "crashed", "the heartbeat of another rank revives nothing"
    assert ranks_of(directory, "r")[1]["state"] == "running"
    go.touch()
    trainers[1].expect_exit(0)
    assert directory.status("p")["state"] == "crashed"
    assert rows_by_rank(directory) == {rank: expected(rank) for rank in range(2)}


def test_a_job_that_starts_again_goes_on_at_the_steps_of_each_rank(directory):
    for _ in range(2):
        for trainer in [directory.start(RANK, "again", **torchrun(rank, 2)) for rank in range(2)]:
            trainer.expect_exit(0)
    steps = {rank: [step for step, _ in rows] for rank, rows in rows_by_rank(directory).items()}
    assert steps == {0: list(range(400)), 1: list(range(400))}


def test_processes_forked_by_a_rank_log_as_it_does(directory):
    directory.run(
        """
        import os, trackio
        trackio.init(project="p", id="f")
        if os.fork() == 0:
            trackio.log({"loss": 2.0})
            os._exit(0)
        os.wait()
        trackio.log({"loss": 1.0})
        trackio.finish()
        """.replace("\n        ", "\n"),
        **torchrun(3, 4),
    )
    wait_until(lambda: directory.count("p") == 2, 15)
    assert {row.metrics["loss"]: row.metrics["_rank"] for row in directory.rows("p")} == {1.0: 3, 2.0: 3}
