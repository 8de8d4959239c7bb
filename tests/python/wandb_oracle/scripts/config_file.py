"""A config file in YAML, and `config-defaults.yaml` beside the script."""

import wandb

with open("config-defaults.yaml", "w") as file:
    file.write("wandb_version: 1\nbatch:\n  desc: rows\n  value: 8\nlr:\n  value: 0.1\n")
with open("other.yaml", "w") as file:
    file.write("width:\n  desc: null\n  value: 4\nlr:\n  value: 0.2\n")
run = wandb.init(project="config", config="other.yaml")
print(dict(run.config))
run.finish()
run = wandb.init(project="config", config={"lr": 3})
print(dict(run.config))
run.finish()
run = wandb.init(project="config", config={"lr": 3, "a": 1, "b": 2}, config_exclude_keys=["a"])
print(dict(run.config))
run.finish()
run = wandb.init(project="config", config={"lr": 3, "a": 1, "b": 2}, config_include_keys=["a"])
print(dict(run.config))
