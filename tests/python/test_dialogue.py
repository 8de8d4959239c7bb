"""From a sentence to a published model, through MCP alone, with its official client: look at the dataset, plan with its cost, submit,
ask how it goes, wait, publish."""

import re
import sys

import pytest

from support.hub import Hub
from support.hub_rows import Rows
from support.jobs import JobServer
from support.waiting import wait_until
from test_mcp import answers, url

CHAT = {"messages": [{"role": "user", "content": "What is 2 + 2?"}, {"role": "assistant", "content": "4"}]}
MODEL = "alice/tiny-sft"

# It trains one weight by hand, and keeps it as transformers would; what counts here is what it tells and leaves.
SCRIPT = """
import json, os, struct, sys, time
import trackio

folder, gate = sys.argv[1], sys.argv[2]
trackio.init(project="tiny", name="sft-full", config={"max_steps": 1200})
trackio.config.update({"_name_or_path": "Qwen/Qwen3-0.6B"}, allow_val_change=True)
weight = 0.0
for step in range(1, 1201):
    weight -= 0.01 * 2 * (weight - 1.5)
    trackio.log({"train/loss": (weight - 1.5) ** 2 + 0.16, "train/global_step": step, "train/learning_rate": 1e-5})
    while step == 850 and not os.path.exists(gate):
        time.sleep(0.02)
os.makedirs(folder)
head = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
with open(f"{folder}/model.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(head)) + head + struct.pack("<f", weight))
with open(f"{folder}/config.json", "w") as file:
    json.dump({"model_type": "tiny", "hidden_size": 1}, file)
trackio.finish()
"""


@pytest.fixture
def hub():
    with Hub() as hub:
        hub.rows["alice/chats"] = Rows({"default": {"train": [CHAT] * 1000}})
        yield hub


@pytest.fixture
def server(directory, hub):
    """A server that runs jobs, changes what it is told to, and knows the Hub."""
    directory.path.mkdir()
    server = JobServer(directory, "--mcp-allow-write", **hub.environment())
    yield server
    server.stop()


def test_from_a_sentence_to_a_published_model(directory, server, hub):
    def ask(tool, **arguments):
        (answer,) = answers(url(server), ["call", tool, arguments], token=server.token)
        assert not answer["is_error"], (tool, answer)
        return answer["data"]

    # "Fine-tune Qwen3-0.6B on alice/chats."
    report = ask("inspect_dataset", dataset="alice/chats")
    assert report["recommended"][0] == "sft" and report["rows"] == 1000, report
    wishes = {"model": "Qwen/Qwen3-0.6B", "params": "0.6B", "dataset": "alice/chats", "epochs": 1, "hub_model_id": MODEL}
    plan = ask("plan_training", **wishes, preflight=True)
    assert (plan["method"], plan["flavor"], plan["adaptation"]) == ("sft", "t4-small", "full")
    assert plan["usd"] > 0 and plan["seconds"] == 432 and plan["price_table"] == "skill-2025-12", plan

    # "Submit it."
    folder, gate = directory.folder / "model", directory.folder / "gate"
    submitted = ask(
        "hf_jobs", operation="run",
        args={"command": [sys.executable, "-c", SCRIPT, str(folder), str(gate)], "detach": True, "timeout": f"{plan['timeout_seconds']}s"},
    )  # fmt: skip
    job = submitted["outcome"]["job"]["id"]

    # "How is it going?"
    wait_until(lambda: run_stands_at(ask, 850), 60, lambda: ask("hf_jobs", operation="logs", args={"job_id": job}))
    told = ask("hf_jobs", operation="inspect", args={"job_id": job})["outcome"]["jobs"][0]["summary"]
    assert job in told and re.search(r"running.*step 850 of 1,200, loss 0\.16\d* from 2\.\d+", told), told
    status = ask("get_run_status")
    assert (status["run"], status["step"], status["total_steps"], status["state"]) == ("sft-full", 850, 1200, "running")

    # "Tell me when it is done."
    gate.touch()
    waited = ask("wait_for_run", project="tiny", run="sft-full", until="state!=running", timeout_seconds=50)
    assert waited["status"]["state"] == "finished", waited
    assert server.ended(job)["status"]["stage"] == "COMPLETED"

    # "Publish it."
    published = ask("publish_model", project="tiny", run="sft-full", model_dir=str(folder), repository=MODEL)
    assert published["url"] == f"{hub.address}/{MODEL}"
    files = hub.repositories[f"models/{MODEL}"].files
    assert files["model.safetensors"] == (folder / "model.safetensors").read_bytes()
    card = files["README.md"].decode()
    assert "Qwen/Qwen3-0.6B" in card and "train/loss" in card, card


def run_stands_at(ask, step: int) -> bool:
    """Whether the run has come so far; before it begins to log there is none."""
    begun = any(one["project"] == "tiny" for one in ask("list_projects")["projects"])
    return begun and ask("get_run_status", project="tiny")["step"] == step
