"""Images in every form, HTML, histograms, figures, captions."""

import matplotlib.pyplot as plt
import numpy as np
import wandb
from PIL import Image

rng = np.random.default_rng(0)
run = wandb.init(project="media")
run.log({"image": wandb.Image(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), caption="uint8"), "n": 1})
run.log({"images": [wandb.Image(rng.random((8, 8)), caption=f"c{number}") for number in range(3)], "none": [wandb.Image(rng.random((8, 8))) for _ in range(2)]})
run.log({"pil": wandb.Image(Image.new("RGB", (4, 4)), caption="pil"), "pil_bare": [Image.new("L", (4, 4))] and wandb.Image(Image.new("L", (4, 4)), mode="L")})
masks = {"predictions": {"mask_data": np.zeros((8, 8), dtype=np.uint8), "class_labels": {0: "sky", 1: "car"}}}
boxes = {"predictions": {"box_data": [{"position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}, "class_id": 1, "box_caption": "car", "scores": {"acc": 0.1}}], "class_labels": {1: "car"}}}
run.log({"segmented": wandb.Image(rng.random((8, 8, 3)), masks=masks, boxes=boxes, caption="seg")})
run.log({"html": wandb.Html("<p>x</p>"), "html_list": [wandb.Html("<p>a</p>"), wandb.Html("<p>b</p>")]})
run.log({"histogram": wandb.Histogram(np.arange(10), num_bins=5), "np_histogram": wandb.Histogram(np_histogram=np.histogram([1, 2, 3], bins=2)), "default": wandb.Histogram([1.0, 2.0, 2.5, 9.0])})
figure, axes = plt.subplots()
axes.plot([1, 2, 3])
run.log({"figure": wandb.Image(figure), "nested": {"image": wandb.Image(rng.random((4, 4)))}})
plt.close(figure)
run.log({"audio": wandb.Audio(np.zeros(800, dtype=np.float32), sample_rate=8000, caption="beep"), "cloud": wandb.Object3D(np.zeros((5, 3)))})
run.finish()
