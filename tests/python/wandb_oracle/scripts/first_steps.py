"""The quickstart of most tutorials: config, a loop, a summary value."""

import random

import wandb

random.seed(1)
run = wandb.init(
    project="my-awesome-project", name="quickstart", notes="a first run", tags=["baseline", "paper1"], group="g", job_type="train",
    config={"learning_rate": 0.02, "architecture": "CNN", "dataset": "CIFAR-100", "epochs": 10},
)
epochs = wandb.config.epochs
offset = random.random() / 5
for epoch in range(2, epochs):
    acc = 1 - 2**-epoch - random.random() / epoch - offset
    loss = 2**-epoch + random.random() / epoch + offset
    wandb.log({"acc": acc, "loss": loss})
print(run.name, run.project, run.group, run.job_type, run.tags, run.notes, run.step, run.resumed, run.disabled, run.sweep_id)
wandb.run.summary["best_accuracy"] = 0.9
wandb.summary["lowest"] = 1
print(wandb.run.summary["best_accuracy"], wandb.summary.get("lowest"), "acc" in wandb.run.summary.keys())
wandb.finish()
print(wandb.run)
