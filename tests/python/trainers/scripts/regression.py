"""Fits a tiny network with Lightning, whose WandbLogger imports `wandb`; its own CSVLogger writes the truth beside it."""

import argparse
import json
from pathlib import Path

import lightning
import numpy
import torch
import wandb
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, WandbLogger
from torch.utils.data import DataLoader, TensorDataset


class Regression(lightning.LightningModule):
    """Learns the sum of four numbers."""

    def __init__(self, width: int, learning_rate: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.ReLU(), torch.nn.Linear(width, 1))

    def forward(self, inputs):
        return self.layers(inputs)

    def training_step(self, batch, number):
        loss = torch.nn.functional.mse_loss(self(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, number):
        self.log("val_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]), sync_dist=True)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.learning_rate)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()

    torch.manual_seed(0)
    inputs = torch.rand(128, 4)
    data = DataLoader(TensorDataset(inputs, inputs.sum(dim=1, keepdim=True)), batch_size=16)
    model = Regression(8, 0.05)
    alone = options.processes == 1
    # A logger that is offline logs no models, by its own rule.
    logger = WandbLogger(
        name="first", project="regression", save_dir=options.output, log_model=alone, offline=not alone, tags=["tiny"]
    )
    if alone:
        logger.watch(model, log="all", log_freq=8)
    logger.experiment.define_metric("val_loss", summary="min")
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", devices=options.processes, strategy="auto" if alone else "ddp_spawn",
        logger=[logger, CSVLogger(options.output, name="truth", version="")], log_every_n_steps=2,
        callbacks=[ModelCheckpoint(options.output / "checkpoints", "best", monitor="val_loss")],
        default_root_dir=options.output, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(model, data, data)
    if alone:
        show_what_else_it_logs(logger)
        downloaded = WandbLogger.download_artifact(f"model-{logger.version}:best", options.output / "used", "model")
        print(json.dumps({"id": logger.version, "downloaded": [str(path) for path in Path(downloaded).iterdir()]}))
    wandb.finish()
    if alone:
        name = f"regression/model-{logger.version}"
        WandbLogger.download_artifact(name, options.output / "found", "model", use_artifact=False)


def show_what_else_it_logs(logger: WandbLogger) -> None:
    """A table, a text, pictures and a sound, in rows of their own."""
    logger.log_table("table", columns=["number", "word"], data=[[1, "one"], [2, "two"]], step=24)
    logger.log_text("text", columns=["words"], data=[["hello"]], step=24)
    pictures = [torch.rand(3, 8, 8), numpy.zeros((8, 8, 3), dtype="uint8")]
    logger.log_image("pictures", pictures, step=24, caption=["random", "black"])
    logger.log_audio("sounds", [numpy.zeros(800, dtype="float32")], step=24, sample_rate=[8000], caption=["silence"])


if __name__ == "__main__":
    main()
