"""What is told to agents, run as they would: the commands in skills and guides, on a directory made for them."""

import re
import subprocess
import textwrap
from pathlib import Path

from support.directory import PROGRAM, DataDirectory

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

# A training that has ended and left its model in a folder, and files of rows: what a trainer of models has before it.
TRAINED = """
import json, pathlib, trackio
trackio.init(project="Qwen3-0.6B", name="sft-full", config={"learning_rate": 2e-5, "num_train_epochs": 3.0, "max_steps": 60})
for step in range(1, 61):
    trackio.log({"train/loss": 1 + 1 / step, "eval/loss": 1.1 + 1 / step, "train/global_step": step, "train/mean_token_accuracy": 1 - 1 / (step + 2)}, step=step)
trackio.finish()
model = pathlib.Path("Qwen3-0.6B-sft-full")
model.mkdir()
(model / "config.json").write_text('{"architectures": ["Qwen3ForCausalLM"]}')
(model / "model.safetensors").write_bytes(bytes(range(256)) * 20)
asked = [(f"How much is {left} and {right}?", left + right) for left in range(6) for right in range(6)]
rows = {
    "chats": [{"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": f"It is {sum}."}]} for question, sum in asked],
    "pairs": [{"question": question, "good_response": f"It is {sum}.", "bad_response": f"It is {sum + 1}."} for question, sum in asked],
    "questions": [{"prompt": question, "answer": str(sum)} for question, sum in asked],
}
for name, rows in rows.items():
    pathlib.Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))
"""

# What the commands ask about.
WORLD = """
import math, trackio
for name, rate in (("lr-1e-3", 1e-3), ("diverged", 1e-1), ("lr-3e-4", 3e-4)):
    trackio.init(project="digits", name=name, config={"learning_rate": rate, "total_steps": 200})
    for step in range(200):
        loss = float("nan") if name == "diverged" and step >= 40 else 2 / (1 + step * rate * 100)
        trackio.log({"train/loss": loss, "val/accuracy": 1 - loss / 3, "train/grad_norm": 1 + math.sin(step)}, step=step)
    trackio.log_system({"gpu/0/utilization": 91.0})
    trackio.alert("Loss is high", "it begins at 2", level=trackio.AlertLevel.WARN)
    trackio.finish()
"""


def blocks(path: Path) -> list[tuple[str, str]]:
    """Language and text of each block of code, also of those within lists."""
    found = _BLOCK.findall(path.read_text(encoding="utf-8"))
    return [(language, textwrap.dedent(text)) for _, language, text in found]


def commands(text: str) -> list[str]:
    """The commands of a block; a line that ends in a backslash goes on in the next one."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def run_command(directory: DataDirectory, command: str, **environment: str) -> str:
    """What a command prints, which must end with status 0 and have something to say."""
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=directory.environment(PATH=f"{PROGRAM.parent}:/usr/bin:/bin", **environment),
        cwd=directory.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0 and done.stdout, (command, done.stderr)
    return done.stdout
