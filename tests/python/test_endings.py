"""However a training ends, its run says how, and no row is lost."""

import os
import platform
import re
import signal
import subprocess
import sys

import pytest

from support.waiting import wait_until

BEGINNING = """
import os, sys, signal, trackio
trackio.init(project="p", name="r")
for step in range(500):
    trackio.log({"loss": 1 / (step + 1)})
"""

# Ending, the process's own exit status, and what the run says: state, exit code, signal, failure.
ENDINGS = {
    "finish": ("trackio.finish()", 0, "finished", 0, None, None),
    "falls off the end": ("", 0, "finished", 0, None, None),
    "sys.exit(0)": ("sys.exit(0)", 0, "finished", 0, None, None),
    "sys.exit()": ("sys.exit()", 0, "finished", 0, None, None),
    "sys.exit(3)": ("sys.exit(3)", 3, "failed", 3, None, None),
    "sys.exit(text)": ("sys.exit('no data')", 1, "failed", 1, None, None),
    "SystemExit(3)": ("raise SystemExit(3)", 3, "failed", 3, None, None),
    "caught sys.exit": ("try: sys.exit(3)\nexcept SystemExit: pass", 0, "finished", 0, None, None),
    "from sys import exit": ("from sys import exit\nexit(4)", 4, "failed", 4, None, None),
    "uncaught": (
        "raise ValueError('the loss exploded')", 1, "failed", 1, None, "ValueError: the loss exploded",
    ),
    "finish(exit_code=2)": ("trackio.finish(exit_code=2)", 0, "failed", 2, None, None),
    "caught outside of with": (
        "try:\n    with trackio.context_vars.current_run.get(): raise KeyError('x')\nexcept KeyError: pass",
        0, "failed", 1, None, "KeyError: 'x'",
    ),
    "finished, then fails": ("trackio.finish()\nsys.exit(5)", 5, "finished", 0, None, None),
    "os._exit(3)": ("os._exit(3)", 3, "failed", 3, None, None),
    "os._exit(0)": ("os._exit(0)", 0, "crashed", 0, None, None),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM)", -15, "crashed", None, 15, None),
    "abort": ("os.abort()", -6, "crashed", None, 6, None),
    "SIGTERM handled": (
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\nos.kill(os.getpid(), signal.SIGTERM)\nsignal.pause()",
        143, "failed", 143, None, None,
    ),
    "Ctrl-C": (
        "signal.signal(signal.SIGINT, signal.default_int_handler)\nos.kill(os.getpid(), signal.SIGINT)\nsignal.pause()",
        -2, "failed", 130, None, "KeyboardInterrupt",
    ),
}


# Where Python itself does not come to say it, the kernel does: Linux 6.15 and later.
TOLD_BY_THE_KERNEL = ("SystemExit(3)", "caught sys.exit", "os._exit(3)", "os._exit(0)", "SIGTERM", "abort")
KERNEL_TELLS = tuple(map(int, re.findall(r"\d+", platform.release())[:2])) >= (6, 15)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_end_is_known(directory, ending):
    if ending in TOLD_BY_THE_KERNEL and not KERNEL_TELLS:
        pytest.skip("this kernel does not tell how a process ended that is not a child")
    script, status, state, exit_code, exit_signal, failure = ENDINGS[ending]
    trainer = directory.start(BEGINNING + script)
    trainer.expect_exit(status)
    directory.wait_for_state("p", state)
    # The end as the process said it, or as the system told it once the process was gone.
    directory.assert_nothing_left()
    record = directory.run_record("p")
    told = (record["state"], record["exit_code"], record["exit_signal"], record["failure"])
    assert told == (state, exit_code, exit_signal, failure)
    assert [row.step for row in directory.rows("p")] == list(range(500))


def test_finish_says_the_end_itself(directory):
    """Nobody has to wait for the process to go, and what becomes of it later changes nothing."""
    trainer = directory.start(BEGINNING + "trackio.finish()\nprint('finished', flush=True)\nsignal.pause()")
    wait_until(lambda: "finished" in trainer.output, 30, lambda: trainer.errors)
    assert directory.run_record("p")["state"] == "finished"
    assert directory.count("p") == 500
    trainer.kill()
    directory.assert_nothing_left()
    assert directory.run_record("p")["state"] == "finished"


def test_the_companion_is_nobodys_child_and_holds_no_pipe(directory):
    """A launcher that reads a training's output to its end is not kept waiting, and no zombie stays with it."""
    script = BEGINNING + """
print(open(f"/proc/self/task/{os.getpid()}/children").read().split(), flush=True)
os._exit(0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], env=directory.environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
    )
    assert done.stdout == "[]\n", done.stderr
    assert directory.companions(), "it lives on for its linger, and the output ended all the same"


# Goes on until it is told to stop; logs whenever a file `step-N` appears.
BY_HAND = """
import os, sys, time, trackio
if len(sys.argv) > 1:
    # As the kernel does with the name of a script that is started by its own path: cut after 15 bytes.
    open("/proc/self/comm", "wb").write(sys.argv[1].encode()[:15])
trackio.init(project="p", name="r")
for step in range(4):
    while not os.path.exists(f"step-{step}"):
        time.sleep(0.01)
    trackio.log({"loss": 1 / (step + 1)}, step=step)
trackio.finish()
"""


def go_to(directory, step):
    (directory.folder / f"step-{step}").touch()
    wait_until(lambda: directory.count("p") == step + 1, 30, lambda: directory.rows("p"))


def test_a_process_lives_whatever_it_is_called(directory):
    """`обучение.py` leaves half a character at the end of the 15 bytes that the kernel keeps."""
    trainer = directory.start(BY_HAND, "обучение.py")
    go_to(directory, 0)
    status = directory.status("p")
    assert (status["state"], status["state_source"]) == ("running", "process")
    for step in range(1, 4):
        (directory.folder / f"step-{step}").touch()
    trainer.expect_exit(0)
    directory.wait_for_state("p", "finished")


# Goes on with the run `r`: a row, then whatever is asked for by the file named by the argument.
GOES_ON = """
import os, sys, time, trackio
number = int(sys.argv[1])
trackio.init(project="p", name="r", resume="allow")
trackio.log({"loss": 1.0}, step=number)
while not os.path.exists(f"end-{number}"):
    time.sleep(0.01)
trackio.finish()
"""


def test_a_run_that_goes_on_is_not_ended_by_the_death_of_its_earlier_process(directory):
    """The companion learns of a death late, when another process has gone on with the run already."""
    trainer = directory.start(GOES_ON, 0)
    wait_until(lambda: directory.count("p") == 1, 30, lambda: trainer.errors)
    for number in range(1, 5):
        (companion,) = directory.companions()
        os.kill(companion, signal.SIGSTOP)
        try:
            trainer.kill()
            trainer = directory.start(GOES_ON, number)
            wait_until(lambda: len(directory.journals()) == 2, 30, lambda: trainer.errors)
        finally:
            os.kill(companion, signal.SIGCONT)
        wait_until(lambda: directory.count("p") == number + 1 and len(directory.journals()) == 1, 30, directory.journals)
        assert directory.run_record("p")["state"] == "running", number
        assert directory.status("p")["state"] == "running"
    (directory.folder / "end-4").touch()
    trainer.expect_exit(0)
    directory.wait_for_state("p", "finished")
    assert [row.step for row in directory.rows("p")] == list(range(5))
