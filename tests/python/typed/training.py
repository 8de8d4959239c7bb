"""A training script as people write it: a type checker finds nothing wrong with it."""

import trackio as wandb
from trackio import AlertLevel, Api, Artifact, Histogram, Image, Run, Settings, Table


def train(steps: int) -> Run:
    """Logs what scripts log."""
    run = wandb.init(
        project="digits",
        name="lr-3e-4",
        config={"lr": 3e-4, "layers": [64, 64]},
        tags=["baseline"],
        settings=Settings(silent=True),
        webhook_url="https://hooks.example.org/x",
        webhook_min_level=AlertLevel.ERROR,
    )
    rate: float = wandb.config.lr
    wandb.config.update({"epochs": 3}, allow_val_change=True)
    wandb.define_metric("val/*", step_metric="epoch", summary="max")
    table = Table(columns=["prompt", "score"])
    for step in range(steps):
        loss = rate / (step + 1)
        wandb.log({"train/loss": loss, "weights": Histogram([1.0, 2.0])}, step=step)
        run.log({"val/accuracy": 0.5, "nested": {"a": 1}}, commit=False)
        table.add_data("hello", loss)
    run.log({"table": table, "picture": Image("picture.png", caption="one")})
    run.summary["best"] = 0.9
    wandb.alert("loss is high", text="more", level=AlertLevel.WARN)
    artifact = Artifact("model", type="model", metadata={"f1": 0.5})
    artifact.add_file("weights.bin")
    version: str | None = wandb.log_artifact(artifact, aliases=["best"]).version
    print(version, run.id, run.name, run.url, run.tags)
    linked = run.link_artifact(artifact, "registry-models/digits", aliases=["staging"])
    folder: str = linked.download()
    print(folder)
    if wandb.run is not None:
        print(wandb.run.name, wandb.run.config["lr"])
    wandb.finish()
    return run


def read() -> list[float]:
    """Asks what was logged."""
    api = Api()
    run = api.run("digits/lr-3e-4")
    summary: str = run.status()["summary"]
    print(summary, [one.name for one in api.runs("digits")])
    registry = api.create_registry("models", description="what is served")
    collection = registry.create_collection("digits", artifact_type="model")
    newest: int | None = collection.latest_version
    print(newest)
    return [row["train/loss"] for row in run.history(["train/loss"])]


with wandb.init(mode="offline") as opened:
    opened.log({"a": 1})
