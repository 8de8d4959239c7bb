"""Charts of wandb.plot."""

import numpy as np
import wandb

rng = np.random.default_rng(0)
run = wandb.init(project="charts")
table = wandb.Table(data=[[x, x * x] for x in range(5)], columns=["x", "y"])
run.log({"line": wandb.plot.line(table, "x", "y", title="Line"), "scatter": wandb.plot.scatter(table, "x", "y"), "loss": 1})
run.log({"bar": wandb.plot.bar(wandb.Table(data=[["a", 1], ["b", 2]], columns=["label", "value"]), "label", "value", title="Bar"), "histogram": wandb.plot.histogram(table, "y")})
truth = rng.integers(0, 3, 20)
scores = rng.random((20, 3))
run.log({"roc": wandb.plot.roc_curve(truth, scores, labels=["a", "b", "c"]), "pr": wandb.plot.pr_curve(truth, scores, labels=["a", "b", "c"])})
run.log({"cm": wandb.plot.confusion_matrix(probs=None, y_true=truth.tolist(), preds=scores.argmax(1).tolist(), class_names=["a", "b", "c"])})
run.log({"series": wandb.plot.line_series(xs=[0, 1, 2], ys=[[1, 2, 3], [3, 2, 1]], keys=["up", "down"], title="S", xname="t")})
run.finish()
