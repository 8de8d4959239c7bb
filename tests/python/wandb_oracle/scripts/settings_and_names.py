"""Settings, names of the module, attributes of the run."""

import os

import wandb
from wandb.sdk.wandb_run import Run

wandb.login()
wandb.setup()
run = wandb.init(project="names", name="n", id="abc12345", settings=wandb.Settings(x_disable_stats=True, quiet=True), dir=".", save_code=False, reinit="finish_previous")
print(run.id, run.name, run.project, run.path.split("/")[-2:], run.offline)
print(os.path.isdir(run.dir), run.start_time > 1.7e9, type(run.config).__name__, type(run.summary).__name__, type(run.tags).__name__, type(run.step).__name__)
print(run.url, run.job_type, run.group or None, run.notes, run.tags)
with open(os.path.join(wandb.run.dir, "model.h5"), "w") as file:
    file.write("w")
print(isinstance(run, Run), wandb.run is run, callable(wandb.log))
print(wandb.log({"a": 1}), wandb.watch is not None)
print(run.mark_preempting())
print(wandb.define_metric("x") is not None)
wandb.termlog("hello")
print(wandb.finish())
