"""The summary: the last values, set by hand, nested, deleted, not finite."""

import numpy as np
import wandb

run = wandb.init(project="summaries")
for step in range(3):
    wandb.log({"loss": 3 - step, "acc": step / 2, "nested": {"x": step}})
run.summary["best"] = np.float32(0.5)
run.summary.update({"more": 1, "deep": {"a": 1, "b": {"c": 2}}})
run.summary["inf"] = np.inf
run.summary["array"] = np.arange(5)
run.summary["text"] = "done"
run.summary["loss"] = 0.25
run.summary.attribute = 9
wandb.summary["module"] = True
print(run.summary["best"], run.summary["deep"]["b"]["c"], run.summary.get("missing"), run.summary.get("missing", 4))
print(sorted(key for key in run.summary.keys() if not key.startswith("_")))
wandb.log({"loss": 0.125})
print(run.summary["loss"])
run.summary["deep"]["a"] = 5
del run.summary["more"]
print("more" in run.summary.keys(), run.summary["_step"])
wandb.finish()
