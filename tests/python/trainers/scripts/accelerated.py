"""Fits a small network in a loop of its own, tracked through accelerate; prints each loss it logs, one a line."""

import argparse

import torch
from accelerate import Accelerator


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--steps", type=int, required=True)
    options = parser.parse_args()

    torch.manual_seed(0)
    accelerator = Accelerator(log_with="trackio", cpu=True)
    accelerator.init_trackers(
        options.project,
        config={"total_steps": options.steps, "optimizer": "sgd", "learning_rate": 0.1},
        init_kwargs={"trackio": {"name": options.run}},
    )
    inputs = torch.rand(256, 8)
    targets = inputs.sum(dim=1, keepdim=True)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
    for step in range(1, options.steps + 1):
        loss = torch.nn.functional.mse_loss(model(inputs), targets)
        optimizer.zero_grad()
        accelerator.backward(loss)
        optimizer.step()
        accelerator.log({"train/loss": loss.item()}, step=step)
        print(loss.item(), flush=True)
    accelerator.end_training()


if __name__ == "__main__":
    main()
