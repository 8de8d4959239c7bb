"""Steps that go back, as after loading an older checkpoint."""

import wandb

wandb.init(project="steps")
for step in (0, 1, 2, 3):
    wandb.log({"loss": step}, step=step)
wandb.log({"loss": 10}, step=1)
wandb.log({"loss": 4}, step=4)
wandb.finish()
