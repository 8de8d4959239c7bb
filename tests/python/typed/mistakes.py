"""Mistakes in a training script: a type checker finds each line that ends with a comment, and no other."""

import trackio as wandb
from trackio import Api, Artifact, Nothing  # attr-defined

run = wandb.init(project=5)  # arg-type
wandb.lgo({"a": 1})  # attr-defined
wandb.log(1.0)  # arg-type
wandb.log({"a": 1}, step="one")  # arg-type
wandb.log({"a": 1}, setp=1)  # call-arg
run.finsh()  # attr-defined
wandb.run.log({"a": 1})  # union-attr
wandb.alert()  # call-arg
wandb.alert("x", level=3)  # arg-type
Artifact("model")  # call-arg
Artifact("model", type="model").add_file(3)  # arg-type
count: int = wandb.log_artifact("x").version  # assignment
Api().registry(name=3)  # arg-type
run.link_artifact("model:v0", "registry-models/x")  # arg-type
wandb.Table(columns=3)  # arg-type
