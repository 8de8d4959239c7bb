"""The same id twice in one process: the second continues."""

import wandb
from wandb.sdk.lib.runid import generate_id

run_id = generate_id()
print(type(run_id).__name__, len(run_id))
run = wandb.init(project="resume", id="fixed-id", resume="allow", config={"lr": 1})
print(run.id, run.resumed, run.step, run.starting_step)
for step in range(3):
    wandb.log({"loss": step})
wandb.finish()
