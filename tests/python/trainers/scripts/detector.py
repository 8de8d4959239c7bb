"""Trains a tiny detector with ultralytics, whose callback imports `wandb`; nothing is fetched from anywhere.

Prints one JSON object: the arguments it trained with and where its best model is.
"""

import argparse
import json
import os
import shutil
from pathlib import Path

import matplotlib
import numpy
from PIL import Image

FONT = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")


def made_data(folder: Path) -> Path:
    """Grey pictures with a dark or a bright square each, and the file that describes them."""
    random = numpy.random.default_rng(0)
    for part, count in (("train", 8), ("val", 4)):
        for kind in ("images", "labels"):
            (folder / kind / part).mkdir(parents=True)
        for number in range(count):
            bright = number % 2
            pixels = random.integers(96, 160, (64, 64, 3), dtype=numpy.uint8)
            left, top = random.integers(4, 28, 2)
            pixels[top : top + 32, left : left + 32] = 255 * bright
            Image.fromarray(pixels).save(folder / "images" / part / f"{number}.png")
            box = f"{bright} {(left + 16) / 64} {(top + 16) / 64} 0.5 0.5\n"
            (folder / "labels" / part / f"{number}.txt").write_text(box)
    description = folder / "data.yaml"
    description.write_text(f"path: {folder}\ntrain: images/train\nval: images/val\nnames: [dark, bright]\n")
    return description


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()

    settings = options.output / "settings"
    settings.mkdir(parents=True)
    # It would fetch a font by this name otherwise.
    shutil.copy(FONT, settings / "Arial.ttf")
    os.environ.update(YOLO_CONFIG_DIR=str(settings), YOLO_OFFLINE="1", YOLO_AUTOINSTALL="0")
    # It reports nothing where it takes itself for under test.
    for name in ("PYTEST_CURRENT_TEST", "GITHUB_ACTIONS"):
        os.environ.pop(name, None)
    import ultralytics

    # Reporting to wandb is off until somebody turns it on.
    ultralytics.settings.update({"wandb": True, "sync": False, "runs_dir": str(options.output / "runs")})
    model = ultralytics.YOLO("yolo26n.yaml")
    model.train(
        data=made_data(options.output / "data"), epochs=2, imgsz=32, batch=4, device="cpu", workers=0, seed=0,
        project="detector", name="first", verbose=False,
    )
    trainer = model.trainer
    print(json.dumps({"arguments": vars(trainer.args), "folder": trainer.save_dir, "best": trainer.best}, default=str))


if __name__ == "__main__":
    main()
