"""Fits a line with DistributedDataParallel in two processes of torchrun, each logging its own loss into one run."""

import argparse
import os
from pathlib import Path

import torch
import torch.distributed
import torch.distributed.run

import trackio as wandb


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", required=True)
    parser.add_argument("--steps", required=True)
    parser.add_argument("--output", required=True, type=Path, help="a folder; rank N writes its losses to N there")
    options = parser.parse_args()
    if "RANK" not in os.environ:
        script = [__file__, "--project", options.project, "--steps", options.steps, "--output", str(options.output)]
        torch.distributed.run.main(["--standalone", "--nproc-per-node", "2", *script])
        return

    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    wandb.init(project=options.project, mode="shared", config={"steps": int(options.steps)})
    torch.manual_seed(rank)
    model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(int(options.steps)):
        inputs = torch.rand(16, 4)
        loss = torch.nn.functional.mse_loss(model(inputs), inputs.sum(dim=1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wandb.log({"loss": loss})
        losses.append(loss.item())
    # Not printed: Gloo and the two ranks share one stream and cut into each other's lines.
    (options.output / str(rank)).write_text("\n".join(map(repr, losses)))
    wandb.finish()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
