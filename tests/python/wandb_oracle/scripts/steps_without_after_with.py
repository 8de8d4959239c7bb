"""A log without a step after one with a step, as when training counts and evaluation does not."""

import wandb

wandb.init(project="steps")
for step in range(3):
    wandb.log({"loss": step}, step=step)
wandb.log({"accuracy": 0.5})
wandb.log({"accuracy": 0.6})
print(wandb.run.step)
