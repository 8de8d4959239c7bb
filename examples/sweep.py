"""Trains the network of `digits.py` a dozen times, each run with something of everything that can be logged.

    python examples/sweep.py            # about half a minute on two processors
    python examples/sweep.py --live 60  # and three that go on for 60 seconds: one on track, one diverging, one stalled

Losses, evaluations, histograms of weights, pictures and a table of what is read wrongly, traces of single answers,
checkpoints as artifacts, alerts, files, and a report at the end. One run breaks.
"""

import argparse
import math
import multiprocessing
import os
import time
from pathlib import Path

# Matrices as small as these are slower on several threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import trackio as wandb
from digits import CLASSES, SIDE, backward, forward, initial_layers, scores, shifted
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

PROJECT = "digits-sweep"
STEPS = 800
EVALUATE_EVERY = 50
LOOK_EVERY = 200
SAY_EVERY = 10
PICTURE_SCALE = 16
RUNS = [
    {"learning_rate": rate, "width": width, "batch": 64, "weight_decay": decay, "seed": seed}
    for rate, width, decay, seed in [
        (0.01, 128, 0.0, 0), (0.02, 128, 0.0, 0), (0.05, 128, 0.0, 0), (0.05, 128, 0.0, 7), (0.1, 128, 0.0, 0),
        (0.1, 128, 1e-3, 0), (0.1, 256, 1e-3, 0), (0.2, 128, 0.0, 0), (0.2, 256, 1e-3, 0), (0.05, 64, 1e-3, 0),
    ]
]
# The sign of its decay is wrong, so that its weights grow and grow.
DIVERGING = {**RUNS[4], "weight_decay": -0.06, "schedule": "constant"}
# Its data stops to come.
WAITING, WAITING_SECONDS, WAITS_AT = {**RUNS[4], "learning_rate": 0.08}, 40, 440


def name_of(config):
    parts = [f"lr-{config['learning_rate']:g}", f"w{config['width']}"]
    if config["weight_decay"] < 0:
        return "negative-wd"
    if config["weight_decay"]:
        parts.append("wd")
    if config["seed"]:
        parts.append(f"s{config['seed']}")
    return "-".join(parts)


def enlarged(picture):
    """A digit of 8 by 8 as a picture that can be looked at."""
    return np.kron(255 - picture.reshape(SIDE, SIDE) * 255, np.ones((PICTURE_SCALE, PICTURE_SCALE))).astype(np.uint8)


def looked_at(layers, images, labels):
    """What the network reads wrongly with the greatest certainty: pictures, a table, and one answer as a trace."""
    asked_at, began = time.time(), time.perf_counter()
    probabilities = forward(images, layers)[-1]
    milliseconds = (time.perf_counter() - began) * 1_000
    read = probabilities.argmax(axis=1)
    certainty = probabilities.max(axis=1)
    wrong = np.flatnonzero(read != labels)
    worst = wrong[np.argsort(-certainty[wrong])][:8]
    pictures = [wandb.Image(enlarged(images[i]), caption=f"{labels[i]} read as {read[i]}, {certainty[i]:.0%}") for i in worst]
    rows = [[wandb.Image(enlarged(images[i])), int(labels[i]), int(read[i]), round(float(certainty[i]), 4)] for i in worst]
    row = {f"weights/layer{number}": wandb.Histogram(weights.ravel()) for number, (weights, _) in enumerate(layers)}
    if pictures:
        row["mistakes"] = pictures
        row["mistakes_table"] = wandb.Table(columns=["picture", "digit", "read as", "certainty"], data=rows)
    asked = int(np.argmin(certainty))
    row["answers"] = wandb.Trace(
        messages=[
            {"role": "system", "content": "Name the digit in the picture, and how certain you are."},
            {"role": "user", "content": f"Picture {asked} of the evaluation set."},
            {"role": "assistant", "content": f"{read[asked]}, {certainty[asked]:.0%} certain. The digit is {labels[asked]}."},
        ],
        metadata={"picture": asked, "right": bool(read[asked] == labels[asked]), "status": "ok", "duration_ms": milliseconds},
        spans=[
            {"id": "answer", "name": "answer", "kind": "span", "start_time": asked_at, "duration_ms": milliseconds},
            {
                "id": "network", "parent_id": "answer", "name": "network", "kind": "generation", "model": "digits", "start_time": asked_at, "duration_ms": milliseconds,
                "usage": {"input_tokens": SIDE * SIDE, "output_tokens": 1}, "output": int(read[asked]),
            },
        ],
    )
    return row


def checkpoint(layers, step, accuracy):
    artifact = wandb.Artifact("digits-network", type="model", metadata={"step": step, "eval/accuracy": accuracy})
    with artifact.new_file("layers.npz", mode="wb") as file:
        np.savez(file, **{f"{kind}{number}": part for number, layer in enumerate(layers) for kind, part in zip(("weights", "bias"), layer)})
    wandb.log_artifact(artifact, aliases=["latest", "best"] if accuracy > 0.92 else ["latest"])


def rate_at(config, step):
    """Warmed up, and brought down along a cosine unless the schedule is constant."""
    top = 1 if config.get("schedule") == "constant" else 0.5 * (1 + math.cos(math.pi * step / STEPS))
    return config["learning_rate"] * min(step / 60, top)


def train(config, name, tags=(), seconds=None, breaks_at=None, waits_at=None, over=None):
    """One run; it takes `seconds`, breaks at a step, or waits there until `over` is set."""
    data = load_digits()
    train_x, eval_x, train_y, eval_y = train_test_split(data.data / 16, data.target, test_size=0.25, random_state=0)
    random = np.random.default_rng(config["seed"])
    layers = initial_layers([SIDE * SIDE, config["width"], config["width"], CLASSES], random)
    wandb.init(project=PROJECT, name=name, group="sweep", tags=list(tags), config={**config, "optimizer": "sgd", "total_steps": STEPS})
    began = before = time.monotonic()
    best = 0.0
    for step in range(1, STEPS + 1):
        if step == breaks_at:
            raise MemoryError(f"no room for a batch of {config['batch']} pictures")
        if step == waits_at:
            over.wait()
        rate = rate_at(config, step)
        batch = random.integers(0, len(train_x), config["batch"])
        labels = train_y[batch]
        activations = forward(shifted(train_x[batch], random), layers)
        gradients = backward(activations, labels, layers)
        for (weights, bias), (weights_gradient, bias_gradient) in zip(layers, gradients):
            weights -= rate * (weights_gradient + config["weight_decay"] * weights)
            bias -= rate * bias_gradient
        norm = math.sqrt(sum(float((part**2).sum()) for gradient in gradients for part in gradient))
        row = {**scores(activations[-1], labels, "train"), "train/learning_rate": rate, "train/grad_norm": norm}
        row["train/entropy"] = float(-(activations[-1] * np.log(activations[-1] + 1e-12)).sum(axis=1).mean())
        now = time.monotonic()
        row["perf/pictures_per_second"] = step * config["batch"] / (now - began)
        row["perf/step_ms"] = (now - before) * 1_000
        before = now
        wandb.log(row, step=step)
        if step % EVALUATE_EVERY == 0:
            found = scores(forward(eval_x, layers)[-1], eval_y, "eval")
            wandb.log(found, step=step)
            if found["eval/accuracy"] < best - 0.1:
                text = f"From {best:.1%} to {found['eval/accuracy']:.1%} at step {step}."
                wandb.alert(title="Accuracy has fallen", text=text, level=wandb.AlertLevel.ERROR)
            if step == STEPS // 2 and found["eval/accuracy"] < 0.6:
                text = f"{found['eval/accuracy']:.1%} half way through. A higher rate may help."
                wandb.alert(title="Slow to learn", text=text, level=wandb.AlertLevel.WARN)
            best = max(best, found["eval/accuracy"])
        if step % SAY_EVERY == 0:
            print(f"step {step}/{STEPS}  loss {row['train/loss']:.4f}  accuracy {row['train/accuracy']:.3f}  rate {rate:.4g}  norm {norm:.2f}", flush=True)
        if step % LOOK_EVERY == 0:
            wandb.log(looked_at(layers, eval_x, eval_y), step=step)
        if seconds is not None:
            time.sleep(seconds / STEPS)
    checkpoint(layers, STEPS, best)
    wandb.log({"report": wandb.Markdown(report(config, best))}, step=STEPS)
    if best > 0.92:
        wandb.alert(title="Good enough to keep", text=f"{best:.1%} of the evaluation set.", level=wandb.AlertLevel.INFO)
    wandb.finish()


def report(config, best):
    settings = "\n".join(f"| `{name}` | {value} |" for name, value in config.items())
    return (
        f"# A network of {config['width']} units\n\nIt reads **{best:.1%}** of the digits it has never seen.\n\n"
        f"| setting | value |\n|---|---|\n{settings}\n\n"
        "## What to try next\n\n- a higher rate with decay of the weights\n- more units, once the rate is found\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", type=float, help="seconds that three more runs take, beside the others")
    options = parser.parse_args()
    going = []
    if options.live is not None:
        context = multiprocessing.get_context("spawn")
        over = context.Event()
        steady = {**RUNS[4], "learning_rate": 0.15}
        for config, how in [
            (WAITING, {"seconds": WAITING_SECONDS, "waits_at": WAITS_AT, "over": over}),
            (DIVERGING, {"seconds": options.live}),
            (steady, {"seconds": options.live, "tags": ["candidate"]}),
        ]:
            going.append(context.Process(target=train, args=(config, name_of(config)), kwargs=how))
            going[-1].start()
            # Runs are created in this order, and so have their colours.
            time.sleep(1)
    for config in RUNS:
        tags = ["baseline"] if config == RUNS[2] else ["seed"] if config["seed"] else []
        train(config, name_of(config), tags)
    try:
        train({**RUNS[6], "batch": 4096}, "batch-4096", ["memory"], breaks_at=310)
    except MemoryError:
        wandb.finish(exit_code=1)
    wandb.save(Path(__file__).parent / "*.py", PROJECT, base_path=Path(__file__).parents[1])
    for process in going[1:]:
        process.join()
    if going:
        over.set()
        going[0].join()


if __name__ == "__main__":
    main()
