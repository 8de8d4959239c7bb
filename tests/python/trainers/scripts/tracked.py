"""Logs through accelerate's tracker for `wandb`: values, pictures and a table."""

import argparse

import numpy
from accelerate import Accelerator


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", required=True)
    options = parser.parse_args()

    accelerator = Accelerator(log_with="wandb", cpu=True, project_dir=options.output)
    accelerator.init_trackers("tracked", config={"learning_rate": 0.1}, init_kwargs={"wandb": {"name": "first", "tags": ["tiny"]}})
    tracker = accelerator.get_tracker("wandb")
    for step in range(1, 4):
        accelerator.log({"train/loss": 1 / step}, step=step)
    tracker.log_images({"pictures": [numpy.zeros((4, 4, 3), dtype="uint8")]}, step=4)
    tracker.log_table("table", columns=["a", "b"], data=[[1, "x"]], step=5)
    assert tracker.tracker.project == "tracked"
    accelerator.end_training()


if __name__ == "__main__":
    main()
