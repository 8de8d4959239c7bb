"""Trials of a search that train in turn in one process, each with a run of its own, as Ray's callback keeps them.

Prints the losses of each trial as JSON lines: `{"trial", "step", "loss"}`, and `{"half"}` when half of them are done.
"""

import argparse
import json
import os
import time

import torch
import trackio

RATES = {"slow": 0.001, "good": 0.05, "bold": 0.1}


class Trial:
    """A small network, its optimizer and its run."""

    def __init__(self, project: str, name: str, steps: int) -> None:
        torch.manual_seed(0)
        self.name, self.step = name, 0
        self.network = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=RATES[name])
        self.inputs = torch.rand(64, 8)
        self.run = trackio.init(
            project=project, name=name, group="search", config={"lr": RATES[name], "total_steps": steps},
            auto_log_gpu=None, gpu_log_interval=10.0, dataset_id=None, space_id=None,
        )

    def train(self) -> None:
        """One step, reported with its number."""
        loss = torch.nn.functional.mse_loss(self.network(self.inputs), self.inputs.sum(dim=1, keepdim=True))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.step += 1
        self.run.log({"train/loss": loss, "training_iteration": self.step}, step=self.step)
        print(json.dumps({"trial": self.name, "step": self.step, "loss": loss.item()}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--go-on", required=True, help="after half of the steps, wait for this file")
    options = parser.parse_args()

    torch.set_num_threads(1)
    trials = [Trial(options.project, name, options.steps) for name in RATES]
    for step in range(options.steps):
        for trial in trials:
            trial.train()
        if step + 1 == options.steps // 2:
            print(json.dumps({"half": True}), flush=True)
            while not os.path.exists(options.go_on):
                time.sleep(0.01)
    for trial in trials:
        trial.run.log({"checkpoint_path": f"/models/{trial.name}"})
        trial.run.finish()
    trackio.finish()


if __name__ == "__main__":
    main()
