"""What a training prints, kept with its run where that is asked for, and never in the way of printing."""

import json
import signal

from support.waiting import wait_until

ASK = "import json, trackio; print(json.dumps([(line['stream'], line['text']) for line in trackio.Api().run('p', 'r').console()]))"
SECRET = "hf_" + "a" * 34


def kept(directory) -> list[list[str]]:
    """Stream and text of every line that is kept, in order."""
    return json.loads(directory.run(ASK).output)


def test_what_is_printed_is_kept_and_printed_all_the_same(directory):
    trainer = directory.run(
        f"""
import sys, threading, trackio as wandb
before = sys.stdout, sys.stderr
run = wandb.init(project="p", name="r", settings=wandb.Settings(console="wrap"))
print("epoch", 1, "größe")
print("to stderr", file=sys.stderr)
for share in range(101):
    sys.stderr.write(f"\\r{{share}}%")
sys.stderr.write("\\n")
print("\\x1b[31mred\\x1b[0m")
print("login {SECRET}")
print()
threads = [threading.Thread(target=lambda: [print("x" * 30) for _ in range(100)]) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("no end of line", end="")
wandb.finish()
assert (sys.stdout, sys.stderr) == before
print("after the end")
"""
    )
    assert trainer.output.startswith("epoch 1 größe\n\x1b[31mred\x1b[0m\n")
    assert trainer.output.endswith("no end of lineafter the end\n")
    assert "99%\n100%\n" in trainer.errors  # read with every end of line made one
    lines = kept(directory)
    assert [line for line in lines if "x" not in line[1]] == [
        ["stdout", "epoch 1 größe"], ["stderr", "to stderr"], ["stderr", "100%"], ["stdout", "red"],
        ["stdout", "login [redacted]"], ["stdout", ""], ["stdout", "no end of line"],
    ]  # fmt: skip
    assert lines.count(["stdout", "x" * 30]) == 400, "lines of several threads stay whole"


def test_nothing_is_kept_unless_it_is_asked_for(directory):
    directory.run("import trackio; trackio.init(project='p', name='r'); print('here'); trackio.finish()")
    assert kept(directory) == []


def test_lines_survive_the_death_of_the_process(directory):
    trainer = directory.start(
        "import trackio, signal; trackio.init(project='p', name='r')\nfor n in range(500): print(n)\nsignal.pause()",
        PACELINE_CONSOLE="wrap",
    )
    wait_until(lambda: directory.select("p", "SELECT 1 FROM paceline_console WHERE line = '499'"), 30, lambda: trainer.errors)
    trainer.send(signal.SIGKILL)
    trainer.expect_exit(-signal.SIGKILL)
    directory.wait_for_state("p", "crashed")
    assert kept(directory) == [["stdout", f"{n}"] for n in range(500)]


def test_the_traceback_of_a_failed_run_is_kept(directory):
    directory.start(
        "import trackio; trackio.init(project='p', name='r'); raise ValueError('no data')", WANDB_CONSOLE="wrap"
    ).expect_exit(1)
    directory.wait_for_state("p", "failed")
    lines = kept(directory)
    assert lines[0] == ["stderr", "Traceback (most recent call last):"]
    assert lines[-1] == ["stderr", "ValueError: no data"]


def test_a_stream_that_raises_raises_as_before(directory):
    directory.run(
        """
import io, sys, trackio
class Full(io.StringIO):
    def write(self, text):
        raise OSError("full")
sys.stdout = full = Full()
run = trackio.init(project="p", name="r", settings={"console": "wrap"})
try:
    print("x")
except OSError as error:
    assert str(error) == "full"
else:
    raise AssertionError("it did not raise")
assert sys.stdout.getvalue() == "" and not sys.stdout.closed
sys.stdout = sys.__stdout__
run.finish()
assert sys.stdout is sys.__stdout__, "what somebody else put there stays"
"""
    )
