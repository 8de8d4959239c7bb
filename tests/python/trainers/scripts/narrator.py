"""What really happens in a training, as JSON lines on standard output, so that a test can compare the tracker with it.

`begin`, one `step` for each optimizer step, one `log` for each row the Trainer reports, `end`.
"""

import json
import time

from transformers import TrainerCallback


class Narrator(TrainerCallback):
    """Prints the truth; touches nothing."""

    def on_train_begin(self, args, state, control, **kwargs):
        say("begin", total_steps=state.max_steps, step=state.global_step)

    def on_step_end(self, args, state, control, **kwargs):
        say("step", step=state.global_step)

    def on_log(self, args, state, control, logs=None, **kwargs):
        say("log", step=state.global_step, logs=logs)

    def on_train_end(self, args, state, control, **kwargs):
        say("end", step=state.global_step)


def say(event: str, **facts) -> None:
    print(json.dumps({"event": event, "time": time.time(), **facts}), flush=True)
