"""Explicit steps, merging, commit and the step that is read back."""

import numpy as np
import wandb

run = wandb.init(project="steps")
print(run.step)
wandb.log({"a": 1}, step=0)
print(run.step)
wandb.log({"b": 1}, step=0)
wandb.log({"a": 2}, step=1)
print(run.step)
wandb.log({"a": 3, "b": 3}, step=5, commit=True)
print(run.step)
wandb.log({"a": 4}, commit=False)
print(run.step)
wandb.log({"b": 4})
print(run.step)
wandb.log({"a": 5}, commit=False)
wandb.log({"a": 6, "c": 1}, commit=False)
wandb.log({})
print(run.step)
wandb.log({"a": 7}, step=np.int64(20))
wandb.log({"b": 7}, step=20)
wandb.log({"a": 8}, step=21, commit=False)
wandb.log({"b": 8}, step=21, commit=True)
wandb.log({"last": 1}, commit=False)
wandb.finish()
