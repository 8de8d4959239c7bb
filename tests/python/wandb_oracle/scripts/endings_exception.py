"""A training that diverges."""

import wandb

wandb.init(project="endings", name="diverges")
wandb.log({"loss": 1.0})
wandb.log({"loss": float("inf")})
raise ValueError("diverged")
