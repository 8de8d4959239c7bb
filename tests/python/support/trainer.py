"""A training script as a process of its own."""

import os
import signal
import subprocess
from pathlib import Path


class Trainer:
    """A process that was started; what it prints goes to files, so that it never waits for a reader."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        script = Path(command[1])
        self._output, self._errors = script.with_suffix(".out"), script.with_suffix(".err")
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def output(self) -> str:
        """What it has written to standard output so far."""
        return self._output.read_text(errors="replace")

    @property
    def errors(self) -> str:
        """What it has written to standard error so far: messages of the tracker, warnings, tracebacks."""
        return self._errors.read_text(errors="replace")

    def wait(self, seconds: float = 60) -> int:
        """Waits for its end and gives the exit status, a signal's number negative."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end within {seconds} s; it printed: {self.errors}") from None

    def expect_exit(self, status: int, seconds: float = 60) -> None:
        """Waits for its end, which must have this status."""
        ended = self.wait(seconds)
        assert ended == status, f"ended with {ended} instead of {status}; it printed: {self.output}{self.errors}"

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and takes its status; harmless when it has ended."""
        self.process.kill()
        self.process.wait()

    def end_all(self) -> None:
        """Ends it and the children it forked, where a failed test left them running."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


# Logs into run `argv[1]` until the file `argv[2]` exists, then prints how many rows it logged.
LOG_UNTIL_STOPPED = """
import os, sys, time, trackio
trackio.init(project="p", name=sys.argv[1])
step = 0
while not os.path.exists(sys.argv[2]):
    trackio.log({"loss": 1 / (step + 1)}, step=step)
    step += 1
    time.sleep(0.001)
trackio.finish()
print(step)
"""
