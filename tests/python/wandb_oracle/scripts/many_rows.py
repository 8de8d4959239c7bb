"""A long loop with many metrics of one run, in the manner of frameworks that wrap the tracker."""

import random

import wandb


class Logger:
    def __init__(self, project, config):
        self.run = wandb.init(project=project, config=config)

    def log_metrics(self, metrics, step, prefix="train"):
        self.run.log({f"{prefix}/{name}": value for name, value in metrics.items()}, step=step)


random.seed(0)
logger = Logger("loops", {"epochs": 3, "steps": 20})
step = 0
for epoch in range(wandb.config.epochs):
    for _ in range(wandb.config.steps):
        logger.log_metrics({f"m{number}": random.random() for number in range(30)}, step)
        logger.log_metrics({"lr": 0.1 / (step + 1), "epoch": epoch}, step)
        step += 1
    logger.log_metrics({"loss": random.random(), "acc": epoch / 3}, step - 1, prefix="val")
wandb.log({"test/acc": 0.5})
wandb.run.summary["best"] = max(0.1, 0.2)
print(wandb.run.step, wandb.run.summary["epoch"] if "epoch" in wandb.run.summary.keys() else wandb.run.summary["train/epoch"])
