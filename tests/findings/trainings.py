"""Small real trainings, healthy and with faults that have their true cause, recorded with what is to be said of each.

`python tests/findings/trainings.py --seed 1000 --out tests/fixtures/findings-trainings.jsonl` needs numpy alone. Labels come
from what was done to a training and from its loss over all data, never from a rule: where the fault did not show in
that, or might as well have, the code is `tolerated`, and counts neither for nor against.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

CLASSES = 10
FEATURES = 20


class Network:
    """A classifier of two layers, or of one, with its optimiser."""

    def __init__(self, rng: np.random.Generator, hidden: int, optimizer: str) -> None:
        sizes = [FEATURES, hidden, CLASSES] if hidden else [FEATURES, CLASSES]
        self.weights = [
            rng.normal(0, 1 / math.sqrt(a), (a, b))
            for a, b in itertools.pairwise(sizes)
        ]
        self.weights += [np.zeros(b) for b in sizes[1:]]
        self.layers = len(sizes) - 1
        self.optimizer = optimizer
        self.first = [np.zeros_like(w) for w in self.weights]
        self.second = [np.zeros_like(w) for w in self.weights]
        self.updates = 0

    def loss(self, x: np.ndarray, y: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """The mean loss and its gradient."""
        inner = [x]
        for layer in range(self.layers):
            out = inner[-1] @ self.weights[layer] + self.weights[self.layers + layer]
            inner.append(np.maximum(out, 0) if layer + 1 < self.layers else out)
        logits = inner[-1] - inner[-1].max(1, keepdims=True)
        normal = np.log(np.exp(logits).sum(1, keepdims=True))
        rows = np.arange(len(y))
        loss = float((normal[:, 0] - logits[rows, y]).mean())
        back = np.exp(logits - normal)
        back[rows, y] -= 1
        back /= len(y)
        gradient: list[np.ndarray] = [np.zeros(0)] * len(self.weights)
        for layer in reversed(range(self.layers)):
            gradient[layer] = inner[layer].T @ back
            gradient[self.layers + layer] = back.sum(0)
            if layer:
                back = (back @ self.weights[layer].T) * (inner[layer] > 0)
        return loss, gradient

    def update(self, gradient: list[np.ndarray], rate: float) -> None:
        self.updates += 1
        for w, g, m, v in zip(
            self.weights, gradient, self.first, self.second, strict=True
        ):
            if self.optimizer == "adam":
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                w -= (
                    rate
                    * (m / (1 - 0.9**self.updates))
                    / (np.sqrt(v / (1 - 0.999**self.updates)) + 1e-8)
                )
            elif self.optimizer == "momentum":
                m *= 0.9
                m += g
                w -= rate * m
            else:
                w -= rate * g


def data(
    rng: np.random.Generator, samples: int, spread: float, wrong: float
) -> tuple[np.ndarray, np.ndarray]:
    """Clusters that overlap by `spread`, and a share of labels that are wrong."""
    centres = np.random.default_rng(7).normal(0, 1, (CLASSES * 2, FEATURES))
    which = rng.integers(0, CLASSES * 2, samples)
    x = centres[which] + spread * rng.normal(0, 1, (samples, FEATURES))
    y = which % CLASSES
    flip = rng.random(samples) < wrong
    return x, np.where(flip, rng.integers(0, CLASSES, samples), y)


def is_flat(whole: list[float]) -> bool:
    """Flat while budget remains is a plateau whatever the cause: less than a 20th of all that it fell, over a half."""
    fallen = [
        math.log(whole[half] / whole[2 * half]) for half in range(4, len(whole) // 2)
    ]
    least = min(0.15, max(0.015, 0.05 * math.log(whole[0] / min(whole))))
    return min(fallen) < 1.5 * least


def classifier(rng: np.random.Generator, fault: str) -> dict[str, Any] | None:
    """One training of a classifier; `None` where the fault did not come about."""
    optimizer = str(rng.choice(["sgd", "momentum", "adam"]))
    hidden = int(rng.choice([0, 32, 64]))
    rows = int(rng.integers(110, 260))
    stride = int(rng.integers(2, 9))
    total = rows * stride
    batch = int(rng.choice([32, 64, 128]))
    peak = {"sgd": 0.1, "momentum": 0.02, "adam": 0.002}[optimizer] * float(
        rng.uniform(0.5, 1.5)
    )
    schedule = str(rng.choice(["cosine", "linear", "constant"]))
    warm = float(rng.choice([0.0, 0.05]))
    samples = 4_000
    spread, wrong = float(rng.uniform(0.7, 1.1)), float(rng.choice([0.0, 0.1]))
    onset = int(total * rng.uniform(0.35, 0.6))
    if fault == "overfit":
        samples, hidden, wrong, optimizer = int(rng.integers(60, 160)), 64, 0.2, "adam"
        peak, batch, schedule = 0.004, 32, "constant"
    if fault in ("frozen", "tiny_rate", "plateau"):
        batch, schedule = 128, "constant"
    if fault == "plateau":
        peak, onset = peak * 2, int(total * rng.uniform(0.25, 0.35))
    if fault == "diverging":
        optimizer, schedule, hidden = "momentum", "constant", 64
        peak = 0.02
    x, y = data(rng, samples, spread, wrong)
    held_x, held_y = data(rng, 2_000, spread, wrong)
    network = Network(rng, hidden, optimizer)
    logs_gradient, logs_rate = (
        fault in ("gradient", "vanishing") or rng.random() < 0.8,
        fault == "zero_rate" or rng.random() < 0.8,
    )
    evaluations = (
        int(rng.integers(12, 30)) if fault == "overfit" or rng.random() < 0.6 else 0
    )
    columns: dict[str, list[float]] = {"step": [], "train/loss": []}
    evaluated: list[tuple[int, float]] = []
    whole: list[float] = []
    losses: list[float] = []
    norms: list[float] = []
    is_detached = False
    for step in range(1, total + 1):
        share = step / total
        if fault == "zero_rate":
            share = min(1.0, share / 0.55)
        rate = (
            peak * min(1.0, share / warm)
            if warm and share < warm
            else {
                "cosine": peak * 0.5 * (1 + math.cos(math.pi * share)),
                "linear": peak * (1 - share),
                "constant": peak,
            }["linear" if fault == "zero_rate" and schedule == "constant" else schedule]
        )
        if fault == "tiny_rate":
            rate = 1e-9
        if fault == "diverging" and step >= onset:
            rate = peak * 300
        pick = rng.integers(0, samples, batch)
        bx, by = x[pick], y[pick]
        if fault in ("spike", "gradient") and step == onset:
            bx = bx * 60
        if fault == "nan" and step == onset:
            bx = bx * np.nan
        loss, gradient = network.loss(bx, by)
        if fault == "vanishing" and step >= onset:
            gradient, is_detached = [np.zeros_like(g) for g in gradient], True
        if fault == "frozen" or fault == "plateau" and step >= onset:
            update = False
        else:
            update = True
        norm = math.sqrt(sum(float((g * g).sum()) for g in gradient))
        losses.append(loss)
        norms.append(norm)
        if fault != "diverging" and fault != "nan" and norm > 5:
            gradient = [g * 5 / norm for g in gradient]
        if update and not is_detached:
            network.update(gradient, rate)
        if step % stride == 0:
            columns["step"].append(step)
            columns["train/loss"].append(float(np.mean(losses)))
            if logs_gradient:
                columns.setdefault("train/grad_norm", []).append(
                    norms[-1] if fault != "gradient" else max(norms)
                )
            if logs_rate:
                columns.setdefault("train/learning_rate", []).append(rate)
            losses, norms = [], []
        if evaluations and step % max(1, total // evaluations) == 0:
            evaluated.append((step, network.loss(held_x, held_y)[0]))
        if step % max(1, total // 40) == 0:
            whole.append(network.loss(x[:2_000], y[:2_000])[0])
    expected: list[str] = []
    tolerated: list[str] = ["no_eval"]
    at = min(len(whole) - 1, 40 * onset // total)
    logged = np.array(columns["train/loss"])
    row = onset // stride
    if fault != "nan" and not np.isfinite(logged).all():
        tolerated.append("loss_nan")
    if fault == "nan":
        expected = ["loss_nan"]
        tolerated += ["loss_plateau"]
    elif fault == "diverging":
        best, first = min(whole[:at]), whole[0]
        low = min(whole[at + 2 :])
        if not low > max(best + 0.7 * (first - best), 1.6 * best):
            return None
        expected = ["loss_diverging"]
        tolerated += [
            "loss_spike",
            "grad_norm_spike",
            "grad_vanishing",
            "loss_plateau",
            "overfitting",
        ]
    elif fault in ("spike", "gradient"):
        near = slice(max(0, row - 1), row + 2)
        before = logged[max(0, row - 40) : max(1, row - 1)]
        clear = logged[near].max() - np.median(before) > max(
            12 * 1.48 * np.median(abs(before - np.median(before))),
            0.6 * np.median(before),
        )
        (expected if clear and fault == "spike" else tolerated).append("loss_spike")
        if logs_gradient:
            g = np.array(columns["train/grad_norm"])
            clear = (
                g[near].max() > 14 * np.median(g[max(0, row - 40) : row - 1])
                and g[near].max() > 3 * g[: row - 1].max()
            )
            (expected if clear else tolerated).append("grad_norm_spike")
        tolerated += ["loss_plateau"]
        if not expected:
            return None
    elif fault == "plateau":
        noise = float(np.median(abs(np.diff(logged[row:]))) / logged[-1])
        fell = whole[0] > 1.15 * whole[at]
        (expected if fell and noise < 0.25 else tolerated).append("loss_plateau")
        tolerated += ["loss_not_moving_from_start"]
    elif fault in ("frozen", "tiny_rate"):
        expected = ["loss_not_moving_from_start"]
        tolerated += ["loss_plateau"]
    elif fault == "overfit":
        curve = [loss for _, loss in evaluated]
        best_at = int(np.argmin(curve))
        clear = (
            len(curve) - best_at > 5
            and min(curve[-3:]) > 1.12 * curve[best_at]
            and whole[-1] < whole[0]
        )
        (expected if clear else tolerated).append("overfitting")
        tolerated += ["loss_plateau", "grad_vanishing"]
    elif fault == "vanishing":
        expected = ["grad_vanishing"]
        tolerated += ["loss_plateau"]
    elif fault == "zero_rate":
        expected = ["lr_zero_early"]
        tolerated += ["loss_plateau"]
    elif fault == "healthy":
        if is_flat(whole):
            tolerated.append("loss_plateau")
        if whole[0] - whole[-1] < 0.1 * whole[0]:
            tolerated.append("loss_not_moving_from_start")
        curve = [loss for _, loss in evaluated]
        if curve and curve[-1] > 1.04 * min(curve):
            tolerated.append("overfitting")
    return {
        "total_steps": None
        if rng.random() < 0.15 and fault not in ("zero_rate",)
        else total,
        "onset": onset
        if fault not in ("frozen", "tiny_rate", "healthy", "overfit")
        else 0,
        "columns": columns,
        "eval": evaluated,
        "expected": expected,
        "tolerated": tolerated,
    }


def policy(rng: np.random.Generator, fault: str) -> dict[str, Any] | None:
    """Groups of answers to prompts, by a policy that is trained as GRPO does: one softmax over the answers to each prompt."""
    prompts, answers, group = 8, 32, 8
    rows = int(rng.integers(110, 220))
    correct = rng.integers(0, answers, (prompts, 3))
    weights = np.zeros((prompts, answers))
    stop = 0.0
    rate = float(rng.uniform(0.3, 0.6))
    onset = int(rows * rng.uniform(0.55, 0.65)) if fault == "distance" else 0
    columns: dict[str, list[float]] = {"step": list(range(1, rows + 1))}
    names = [
        "train/reward",
        "train/reward_std",
        "train/frac_reward_zero_std",
        "train/kl",
        "train/entropy",
        "train/loss",
    ]
    columns |= {name: [] for name in [*names, "train/completions/clipped_ratio"]}
    limit, lengths = 24, rng.integers(0, 1, 1)
    pull = rng.normal(0, 1, (prompts, answers))
    for row in range(rows):
        rewards, spreads, equal, clipped = [], [], 0, []
        if fault == "distance":
            rate = 0.004 if row < onset else 3.0
        step = np.zeros_like(weights)
        stop_step = 0.0
        for prompt in range(prompts):
            logits = weights[prompt] - weights[prompt].max()
            chances = np.exp(logits)
            chances /= chances.sum()
            chosen = rng.choice(answers, group, p=chances)
            end = 1 / (1 + math.exp(-(stop - 1.5)))
            lengths = np.minimum(rng.geometric(end, group), limit)
            clipped.append((lengths >= limit).mean())
            reward = np.isin(chosen, correct[prompt]).astype(float)
            if fault == "random":
                reward = (rng.random(group) < 0.4).astype(float)
            if fault == "too_hard":
                reward = np.zeros(group)
            if fault == "long":
                reward = reward + lengths / limit
            if fault == "collapse":
                # A small reward for one wrong answer, and the gradient of a greedy learner.
                reward = 0.1 * (chosen == (correct[prompt, 0] + 1) % answers) + 0.02
            rewards.append(reward.mean())
            spreads.append(reward.std())
            equal += int(reward.std() < 1e-9)
            advantage = (reward - reward.mean()) / (reward.std() + 1e-4)
            if fault == "collapse":
                step[prompt] += 4.0 * (
                    chances * (np.arange(answers) == (correct[prompt, 0] + 1) % answers)
                ) + 0.25 * (chances - chances**2) * np.sign(chances - 1 / answers)
            for answer, gain in zip(chosen, advantage, strict=True):
                step[prompt, answer] += gain / group
                step[prompt] -= gain / group * chances
            if fault == "long":
                stop_step += float((advantage * (1 - lengths * end)).mean())
        if fault == "distance" and row >= onset:
            step += 0.5 * pull * (row - onset) / 10
        weights += rate * step
        stop += 0.25 * stop_step / prompts if fault == "long" else 0.0
        shifted = weights - weights.max(1, keepdims=True)
        chances = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)
        entropy = float(-(chances * np.log(chances + 1e-12)).sum(1).mean())
        columns["train/reward"].append(float(np.mean(rewards)))
        columns["train/reward_std"].append(float(np.mean(spreads)))
        columns["train/frac_reward_zero_std"].append(equal / prompts)
        columns["train/kl"].append(math.log(answers) - entropy)
        columns["train/entropy"].append(entropy)
        columns["train/loss"].append(float(rng.normal(0, 0.01)))
        columns["train/completions/clipped_ratio"].append(float(np.mean(clipped)))
    reward = np.array(columns["train/reward"])
    equal_mean = float(np.mean(columns["train/frac_reward_zero_std"][-40:]))
    expected, tolerated = [], ["no_eval", "grad_vanishing"]
    # A policy that solved its tasks has no more signal, and none that is random keeps its entropy.
    if (
        max(
            np.convolve(
                columns["train/frac_reward_zero_std"], np.ones(20) / 20, "valid"
            )
        )
        > 0.7
    ):
        tolerated.append("reward_no_signal")
    if fault == "random":
        expected.append("reward_flat")
        tolerated += ["entropy_collapse", "reward_no_signal", "kl_exploding"]
    elif fault == "too_hard":
        if equal_mean < 0.9:
            return None
        expected.append("reward_no_signal")
        tolerated.append("reward_flat")
    elif fault == "long":
        if np.mean(columns["train/completions/clipped_ratio"][-30:]) < 0.6:
            return None
        expected.append("completions_clipped")
        tolerated += ["reward_flat", "entropy_collapse", "reward_no_signal"]
    elif fault == "collapse":
        entropy = np.array(columns["train/entropy"])
        if not (
            np.median(entropy[-20:]) < 0.06 * np.median(entropy[:10])
            and reward[-20:].mean() < 0.5
        ):
            return None
        expected.append("entropy_collapse")
        tolerated += ["reward_no_signal", "reward_flat", "kl_exploding"]
    elif fault == "distance":
        kl = np.array(columns["train/kl"])
        half = np.median(kl[onset - 10 : onset])
        if not np.median(kl[-15:]) > 8 * max(half, 0.03):
            return None
        expected.append("kl_exploding")
        tolerated += ["entropy_collapse", "reward_no_signal", "reward_flat"]
    else:
        gain = reward[-30:].mean() - reward[:30].mean()
        if gain < 0.1:
            tolerated.append("reward_flat")
        if reward[-20:].mean() < 0.9:
            tolerated.append("entropy_collapse")
    return {
        "total_steps": rows,
        "onset": onset,
        "columns": columns,
        "eval": [],
        "expected": expected,
        "tolerated": tolerated,
    }


CLASSIFIERS = {
    "healthy": 80,
    "nan": 5,
    "diverging": 10,
    "spike": 10,
    "gradient": 8,
    "plateau": 16,
    "frozen": 7,
    "tiny_rate": 7,
    "overfit": 12,
    "vanishing": 8,
    "zero_rate": 8,
}
POLICIES = {
    "solving": 22,
    "random": 6,
    "too_hard": 6,
    "long": 6,
    "collapse": 6,
    "distance": 6,
}


def rounded(value: float, digits: int) -> float | str:
    return float(f"{value:.{digits}g}") if math.isfinite(value) else str(value)


def trainings(seed: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for kinds, train in ((CLASSIFIERS, classifier), (POLICIES, policy)):
        for kind, count in kinds.items():
            found = 0
            for attempt in range(5 * count):
                rng = np.random.default_rng([seed, sum(kind.encode()), attempt])
                with np.errstate(all="ignore"):
                    training = train(rng, kind)
                if training is None:
                    continue
                training["columns"] = {
                    key: [
                        rounded(value, 4 if key == "train/loss" else 3)
                        for value in values
                    ]
                    if key != "step"
                    else values
                    for key, values in training["columns"].items()
                }
                training["eval"] = [
                    (step, rounded(loss, 4)) for step, loss in training["eval"]
                ]
                made.append(
                    {
                        "id": f"{kind}-{seed + attempt}",
                        "healthy": kind in ("healthy", "solving"),
                        **training,
                    }
                )
                found += 1
                if found == count:
                    break
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    lines = [
        json.dumps(training, separators=(",", ":"))
        for training in trainings(arguments.seed)
    ]
    arguments.out.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} trainings")


if __name__ == "__main__":
    main()
