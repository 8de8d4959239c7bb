"""Forked children log into their parent's run: nothing hangs, nothing is twice, only the parent ends the run."""

from collections import Counter

import pytest

from support.waiting import wait_until

BEGINNING = """
import multiprocessing, os, signal, sys, threading, time
import trackio

run = trackio.init(project="p", name="r")

def log_rows(who, count):
    for number in range(count):
        trackio.log({"who": who, "number": number})

def wait_for(pid, status=0):
    assert os.waitpid(pid, 0)[1] == status
"""


def expect_rows(directory, expected):
    """Waits until the rows of all writers are there (a child's come a moment after its end), each once."""
    wait_until(lambda: directory.count("p") >= sum(expected.values()), 15, lambda: directory.count("p"))
    rows = directory.rows("p")
    assert Counter(row.metrics["who"] for row in rows) == expected
    for who, count in expected.items():
        # A child's rows are in its own order.
        assert [row.metrics["number"] for row in rows if row.metrics["who"] == who] == list(range(count))
    assert {row.run_name for row in rows} == {"r"} and len({row.run_id for row in rows}) == 1
    directory.assert_sound("p")


def test_a_child_that_leaves_at_once_loses_nothing(directory):
    directory.run(BEGINNING + """
log_rows("before", 100)
child = os.fork()
if child == 0:
    log_rows("child", 1000)
    os._exit(0)
log_rows("parent", 1000)
wait_for(child)
trackio.finish()
""")
    expect_rows(directory, {"before": 100, "child": 1000, "parent": 1000})
    directory.wait_for_state("p", "finished")


def test_the_end_of_a_child_is_not_the_end_of_the_run(directory):
    """Not by its exit handlers, its status, a signal, its exceptions, nor by its own `finish()`."""
    trainer = directory.start(BEGINNING + """
log_rows("parent", 1)
endings = {
    "normal": lambda: sys.exit(0), "failed": lambda: sys.exit(3), "silent": lambda: None,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL), "finished": trackio.finish,
}
for who, end in endings.items():
    child = os.fork()
    if child == 0:
        log_rows(who, 50)
        end()
        # The interpreter's exit handlers run in this child.
        sys.exit(0)
    os.waitpid(child, 0)
silent = os.fork()
if silent == 0:
    sys.exit(0)  # without a row of its own
wait_for(silent)
open(sys.argv[1], "w").close()
while os.path.exists(sys.argv[1]):
    time.sleep(0.01)
log_rows("after", 50)
trackio.finish()
""", directory.folder / "children are gone")
    mark = directory.folder / "children are gone"
    wait_until(mark.exists, 30, lambda: trainer.errors)
    children = {"normal": 50, "failed": 50, "silent": 50, "killed": 50, "finished": 50}
    expect_rows(directory, {"parent": 1, **children})
    # Their journals are gone, so everything that is to be said of their ends has been said.
    wait_until(lambda: len(directory.journals()) == 1, 10, directory.journals)
    assert directory.status("p")["state"] == "running"
    mark.unlink()
    trainer.expect_exit(0)
    expect_rows(directory, {"parent": 1, **children, "after": 50})
    assert directory.status("p")["state"] == "finished"
    assert directory.run_record("p")["pid"] == trainer.pid


def test_a_pool_of_forked_workers(directory):
    """The pool ends its workers by a signal when it is left."""
    directory.run(BEGINNING + """
def work(task):
    trackio.log({"task": task, "worker": os.getpid()})
    return task

with multiprocessing.get_context("fork").Pool(4) as pool:
    assert pool.map(work, range(400), chunksize=5) == list(range(400))
    trackio.log({"task": -1, "worker": os.getpid()})
trackio.finish()
""")
    wait_until(lambda: directory.count("p") >= 401, 15, lambda: directory.count("p"))
    assert sorted(row.metrics["task"] for row in directory.rows("p")) == list(range(-1, 400))
    directory.assert_sound("p")
    directory.wait_for_state("p", "finished")


def test_workers_of_a_data_loader(directory):
    """They are made anew each epoch, log while the parent logs, and end by the interpreter's own way."""
    directory.run(BEGINNING + """
context = multiprocessing.get_context("fork")
for epoch in range(3):
    workers = [context.Process(target=log_rows, args=[f"{epoch}.{worker}", 200], daemon=True) for worker in range(4)]
    for worker in workers:
        worker.start()
    log_rows(f"parent.{epoch}", 200)
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0, worker.exitcode
trackio.finish()
""")
    workers = {f"{epoch}.{worker}": 200 for epoch in range(3) for worker in range(4)}
    expect_rows(directory, {**workers, **{f"parent.{epoch}": 200 for epoch in range(3)}})
    directory.wait_for_state("p", "finished")


@pytest.mark.alone
def test_forks_while_threads_log(directory):
    """A fork finds the threads of the parent anywhere inside `log()`."""
    directory.run(BEGINNING + """
stop = threading.Event()
counts = [0] * 3

def log_until_stopped(thread):
    while not stop.is_set():
        trackio.log({"who": f"thread.{thread}", "number": counts[thread]})
        counts[thread] += 1

threads = [threading.Thread(target=log_until_stopped, args=[thread]) for thread in range(3)]
for thread in threads:
    thread.start()
for child in range(40):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)  # ends a child that hangs
        log_rows(f"child.{child}", 20)
        os._exit(0)
    wait_for(pid)
stop.set()
for thread in threads:
    thread.join()
trackio.finish()
print(*counts)
""", seconds=90)
    counts = map(int, directory.trainers[-1].output.split())
    threads = {f"thread.{thread}": count for thread, count in enumerate(counts)}
    expect_rows(directory, {**threads, **{f"child.{child}": 20 for child in range(40)}})


def test_a_child_that_outlives_its_parent(directory):
    """The parent's end is known although a child still has what it inherited, and the child's rows come."""
    trainer = directory.start(BEGINNING + """
log_rows("parent", 10)
if os.fork() == 0:
    log_rows("child", 10)
    open(sys.argv[1], "w").write(str(os.getpid()))
    while os.path.exists(sys.argv[1]):
        time.sleep(0.01)
    log_rows("orphan", 10)
    os._exit(0)
signal.pause()
""", directory.folder / "child waits")
    mark = directory.folder / "child waits"
    wait_until(lambda: mark.exists() and mark.read_text(), 30, lambda: trainer.errors)
    trainer.kill()
    wait_until(lambda: directory.run_record("p").get("state") == "crashed", 15, lambda: directory.run_record("p"))
    mark.unlink()
    expect_rows(directory, {"parent": 10, "child": 10, "orphan": 10})
    assert directory.status("p")["state"] == "crashed"
