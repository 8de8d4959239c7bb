"""Rollouts logged as TRL's asynchronous trainers do: by a thread of their own, in a copy of the main thread's context.

Logs a row, lets the queue's own thread log one sampled batch of rollouts, and goes on until the file `--stop` is there.
"""

import argparse
import os
import queue
import time
from collections import defaultdict

import numpy
import trackio
from trl.experimental.async_grpo.async_grpo_trainer import RolloutQueueDataset
from trl.experimental.async_grpo.async_rollout_worker import RolloutSample


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", required=True)
    parser.add_argument("--stop", required=True)
    chosen = parser.parse_args()

    samples: queue.Queue = queue.Queue()
    rollouts = RolloutQueueDataset(
        samples, model_version_fn=lambda: 16, check_health_fn=lambda seconds: None, stale_after_s=60.0,
        metrics=defaultdict(list), report_to=["trackio"],
    )
    # The run begins after that thread, which has no value of it.
    trackio.init(project=chosen.project, name="r")
    trackio.log({"train/global_step": 16, "train/loss": 0.5})
    for number in range(32):
        samples.put(
            RolloutSample(
                prompt=[{"role": "user", "content": f"question {number}"}],
                completion=[{"role": "assistant", "content": f"answer {number}"}],
                input_ids=numpy.arange(8), completion_mask=numpy.array([0] * 5 + [1] * 3), old_log_probs=numpy.zeros(8),
                advantage=float(number), model_version=16, group_id=number // 4, metrics={"reward": number / 32},
            )
        )
    consumed = iter(rollouts)
    for _ in range(32):
        next(consumed)
    while not os.path.exists(chosen.stop):
        time.sleep(0.01)
    trackio.finish()


if __name__ == "__main__":
    main()
