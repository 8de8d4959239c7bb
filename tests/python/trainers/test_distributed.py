"""Real torchrun: two processes of DistributedDataParallel log into one run without being told which."""

from support.training import IMPORT_SECONDS, TRAINING_SECONDS, six_digits, start_script


def test_processes_of_torchrun_share_a_run(directory):
    output = directory.folder / "losses"
    output.mkdir()
    training = start_script(directory, "distributed.py", "--project", "line", "--steps", 50, "--output", output)
    training.expect_exit(0, IMPORT_SECONDS + TRAINING_SECONDS)
    true = {rank: [float(loss) for loss in (output / str(rank)).read_text().splitlines()] for rank in (0, 1)}
    assert len(true[0]) == len(true[1]) == 50 and true[0] != true[1]

    logged: dict[int, list[tuple[int, float]]] = {0: [], 1: []}
    for row in directory.rows("line"):
        logged[row.metrics.get("_rank", 0)].append((row.step, row.metrics["loss"]))
    assert logged == {rank: list(enumerate(losses)) for rank, losses in true.items()}
    assert directory.select("line", "SELECT count(*) FROM paceline_runs") == [(1,)]
    status = directory.status("line")
    assert (status["state"], status["step"], status["findings"]) == ("finished", 49, [])
    assert status["loss"]["latest"] == six_digits(true[0][-1])
