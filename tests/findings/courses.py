"""Small real trainings whose time, machine or evaluations go wrong, recorded with what is to be said of each.

`python tests/findings/courses.py --seed 2000 --out tests/fixtures/findings-courses.jsonl` needs numpy alone. The losses are
those of trainings; when things happened follows from how long a step computes and waits for data, and what the graphics
processor shows from that: busy while a step computes, idle while it waits or a checkpoint is written. Labels come from
what was done to a training, never from a rule.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from trainings import Network, data, is_flat, rounded

COUNTS = {
    "healthy": 60,
    "slower": 10,
    "starved": 8,
    "on_cpu": 4,
    "leak": 7,
    "tight": 5,
    "late": 12,
    "forgotten": 6,
    "never_evaluated": 6,
}
# Between two looks at the machine.
SAMPLE_SECONDS = 10.0
MEMORY_GIB = 24.0
# A training that was just begun loads and compiles.
LOADING_SECONDS = 45.0


class Clock:
    """What the graphics processor did, as stretches that end at some time, busy or not."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stretches: list[tuple[float, bool]] = []

    def spend(self, seconds: float, busy: bool) -> None:
        self.now += seconds
        self.stretches.append((self.now, busy))

    def utilization(self, times: np.ndarray) -> np.ndarray:
        """Per cent of the second before each time, as drivers count it."""
        ends = np.array([end for end, _ in self.stretches])
        busy = np.array([busy for _, busy in self.stretches], float)
        worked = np.concatenate([[0.0], np.cumsum(busy * np.diff(ends, prepend=0.0))])
        until = np.concatenate([[0.0], ends])
        at = lambda moments: np.interp(np.maximum(moments, 0.0), until, worked)
        return 100 * (at(times) - at(times - 1.0))


def course(rng: np.random.Generator, fault: str) -> dict[str, Any]:
    """One training with that fault."""
    rows, stride = int(rng.integers(130, 230)), int(rng.integers(2, 6))
    total = rows * stride
    onset = int(total * rng.uniform(0.4, 0.6))
    compute = float(rng.uniform(3.0, 9.0)) / stride
    wait = compute * float(rng.uniform(0.02, 0.4))
    noise = float(rng.uniform(0.03, 0.25))
    slower = float(rng.uniform(1.9, 4.0))
    if fault == "starved":
        compute, wait = compute * 0.1, compute * float(rng.uniform(2.0, 4.0))
    evaluates_each = max(stride, int(total / rng.integers(6, 20)))
    evaluation = compute * stride * float(rng.uniform(1.0, 6.0))
    saves_each = int(total / rng.integers(3, 9))
    saving = compute * stride * float(rng.uniform(0.5, 4.0))
    compiles = float(rng.uniform(1.0, 8.0))

    x, y = data(rng, 4_000, float(rng.uniform(0.7, 1.1)), 0.1)
    held_x, held_y = data(rng, 2_000, 0.9, 0.1)
    network = Network(rng, 32, "adam")
    peak = 0.002 * float(rng.uniform(0.5, 1.5))
    clock = Clock()
    clock.spend(LOADING_SECONDS * float(rng.uniform(0.3, 1.0)), False)
    columns: dict[str, list[float]] = {"step": [], "seconds": [], "train/loss": []}
    evaluated: list[tuple[int, float, float]] = []
    whole, losses = [], []
    for step in range(1, total + 1):
        pick = rng.integers(0, len(y), 64)
        loss, gradient = network.loss(x[pick], y[pick])
        network.update(gradient, peak * 0.5 * (1 + math.cos(math.pi * step / total)))
        losses.append(loss)
        shake = math.exp(noise * rng.normal())
        waits = wait * shake
        if fault == "slower" and step >= onset:
            waits += (slower - 1) * (compute + wait)
        clock.spend(waits, False)
        once = compiles if step <= stride else 1.0
        clock.spend(compute * shake * once, fault != "on_cpu")
        if step % stride == 0:
            columns["step"].append(step)
            columns["seconds"].append(clock.now)
            columns["train/loss"].append(float(np.mean(losses)))
            losses = []
        if step % evaluates_each == 0 and fault not in ("forgotten", "never_evaluated"):
            clock.spend(evaluation, fault != "on_cpu")
            evaluated.append((step, clock.now, network.loss(held_x, held_y)[0]))
        if step % saves_each == 0:
            clock.spend(saving, False)
        if step % max(1, total // 40) == 0:
            whole.append(network.loss(x[:2_000], y[:2_000])[0])

    times = np.arange(SAMPLE_SECONDS, clock.now, SAMPLE_SECONDS)
    share = np.full(len(times), float(rng.uniform(0.4, 0.9)))
    if fault == "tight":
        share[:] = float(rng.uniform(0.962, 0.985))
    if fault == "leak":
        # What is kept of each step, until there is no more.
        full_at = clock.now * float(rng.uniform(0.7, 1.0))
        share = share[0] + (1.0 - share[0]) * times / full_at
    share = np.where(times < LOADING_SECONDS, 0.3 * share, share)
    ends = clock.now
    if fault == "leak":
        ends = float(times[share >= 1.0][0]) if (share >= 1.0).any() else ends

    config: dict[str, Any] = {"total_steps": total}
    if fault == "late":
        ends = clock.now * float(rng.uniform(0.4, 0.8))
        config["time_limit_seconds"] = round(ends)
    elif rng.random() < 0.5:
        config["time_limit_seconds"] = round(clock.now * float(rng.uniform(1.5, 4.0)))
    if fault == "forgotten" or fault != "never_evaluated" and rng.random() < 0.5:
        config["eval_steps"] = evaluates_each

    expected = {
        "slower": ["throughput_drop"],
        "starved": ["gpu_idle"],
        "on_cpu": ["gpu_idle"],
        "leak": ["memory_near_limit"],
        "tight": ["memory_near_limit"],
        "late": ["timeout_risk"],
        "forgotten": ["no_eval"],
        "never_evaluated": ["no_eval"],
    }.get(fault, [])
    tolerated = ["loss_plateau"] if is_flat(whole) else []
    if fault == "slower" and "time_limit_seconds" in config:
        tolerated.append("timeout_risk")
    curve = [loss for _, _, loss in evaluated]
    if curve and curve[-1] > 1.04 * min(curve):
        tolerated.append("overfitting")
    kept = [row for row, at in enumerate(columns["seconds"]) if at <= ends]
    seen = times <= ends
    return {
        "config": config,
        "columns": {
            key: [
                column[row] if key == "step" else rounded(column[row], 5)
                for row in kept
            ]
            for key, column in columns.items()
        },
        "eval": [
            (step, rounded(at, 5), rounded(loss, 4))
            for step, at, loss in evaluated
            if at <= ends
        ],
        "machine": [
            (float(at), round(float(busy)), rounded(float(used), 4))
            for at, busy, used in zip(
                times[seen],
                clock.utilization(times)[seen],
                MEMORY_GIB * np.minimum(share, 1.0)[seen],
                strict=True,
            )
        ],
        "memory": MEMORY_GIB,
        "expected": expected,
        "tolerated": tolerated,
    }


def courses(seed: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{fault}-{seed + place}",
            "healthy": fault == "healthy",
            **course(np.random.default_rng([seed, sum(fault.encode()), place]), fault),
        }
        for fault, count in COUNTS.items()
        for place in range(count)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2_000)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    lines = [
        json.dumps(each, separators=(",", ":")) for each in courses(arguments.seed)
    ]
    arguments.out.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} trainings")


if __name__ == "__main__":
    main()
