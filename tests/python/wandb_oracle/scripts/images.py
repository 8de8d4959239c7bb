"""Images from arrays, files and lists, in panels of one row."""

import numpy as np
import wandb
from PIL import Image as Picture

rng = np.random.default_rng(0)
Picture.new("RGB", (6, 4), "red").save("picture.png")
run = wandb.init(project="images")
batch = rng.random((4, 3, 8, 8))
run.log({"examples": [wandb.Image(image.transpose(1, 2, 0), caption=f"label {number}") for number, image in enumerate(batch)], "epoch": 0})
run.log({"file": wandb.Image("picture.png"), "grey": wandb.Image(rng.integers(0, 255, (8, 8, 1), dtype=np.uint8)), "rgba": wandb.Image(rng.integers(0, 255, (8, 8, 4), dtype=np.uint8))})
run.log({"one": [wandb.Image("picture.png", caption="only")], "mixed": {"a": wandb.Image("picture.png"), "b": 1}})
image = wandb.Image(Picture.new("L", (6, 4)), caption="size")
run.log({"L": image, "bool": wandb.Image(rng.random((4, 4)) > 0.5)})
