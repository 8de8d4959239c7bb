"""Plans and looks at datasets by command, API and MCP: one answer under all, with rows, models and prices of the Hub, finished
runs of a project, and what has to hold before a training starts."""

import base64
import json
import os
import re
import struct
import subprocess
from typing import Any

import pytest

from support.directory import PROGRAM
from support.hub import READ_TOKEN, Hub
from support.hub_repository import Repository, StoredFile
from support.hub_rows import Rows
from support.interpreters import ROOT, datasets_python
from support.jobs import JobServer, job_folder
from support.server import Server
from test_mcp import answers, url

PAIR = {"question": "a?", "good_response": "b", "bad_response": "c"}
CONFIG = {
    "hidden_size": 16, "num_hidden_layers": 2, "vocab_size": 100, "num_attention_heads": 2, "intermediate_size": 32,
}  # fmt: skip


@pytest.fixture
def hub():
    with Hub() as hub:
        yield hub


@pytest.fixture
def server(directory, hub):
    """A server with a token of the stand-in for the Hub."""
    directory.path.mkdir()
    server = Server(directory, **hub.environment())
    yield server
    server.stop()


def command(directory, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """`paceline plan …`."""
    return subprocess.run(
        [PROGRAM, "plan", *map(str, arguments)], env=directory.environment(**environment), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )


def planned(directory, *arguments: object, **environment: str) -> Any:
    """What it answers in JSON."""
    done = command(directory, *arguments, "--json", **environment)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def asked(server, path: str, token: str | None = None, **body: Any) -> Any:
    """What the API answers."""
    answer = server.request("POST", f"/api/v1/{path}", json.dumps(body), token=token)
    assert answer.status == 200, answer.body
    return answer.json


def weights(**shapes: list[int]) -> bytes:
    """A safetensors file of zeros."""
    head, offset = {}, 0
    for name, shape in shapes.items():
        size = 4
        for side in shape:
            size *= side
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + bytes(offset)


def put_model(hub: Hub, name: str, is_private: bool = False, **files: bytes) -> None:
    """A model on the Hub; `_` in names of files stands for a dot before the ending."""
    repository = Repository(f"models/{name}", is_private)
    stored = {path.replace("__", "."): StoredFile(content, path.endswith("safetensors")) for path, content in files.items()}
    for file in stored.values():
        if file.is_large:
            repository.large[file.sha256] = file.content
    repository._add("weights", "", {**repository.head.files, **stored})
    hub.repositories[f"models/{name}"] = repository


def test_one_answer_by_command_api_and_mcp(directory, server, hub):
    body = {"model": "Qwen/Qwen3-0.6B", "params": "0.6B", "method": "sft", "rows": 2800, "epochs": 1}
    arguments = ["--model", "Qwen/Qwen3-0.6B", "--params", "0.6B", "--method", "sft", "--rows", 2800, "--epochs", 1]
    by_command = planned(directory, *arguments, HF_HUB_OFFLINE="1")
    by_api = asked(server, "plans", **body)
    (by_mcp,) = answers(url(server), ["call", "plan_training", {**body, "detail": "full"}])
    assert (by_command["flavor"], by_command["seconds"], by_command["usd"]) == ("t4-small", 1209.6, 0.252)
    told = ("model", "method", "adaptation", "flavor", "memory_gb", "steps", "seconds", "usd", "price_table", "timeout_seconds", "why")
    for key in told:
        assert by_command[key] == by_api[key] == by_mcp["data"][key], key
    assert [price["price_table"] for price in by_command["prices"]] == ["skill-2025-12", "hf-jobs-2026"]
    brief, = answers(url(server), ["call", "plan_training", body])
    assert len(brief["texts"][0]) <= 1200 and brief["data"]["usd"] == 0.252 and "figures" not in brief["data"]


def test_prices_of_today_where_there_is_a_token(directory, server, hub):
    body = {"model": "m-0.6B", "params": "0.6B", "method": "sft", "rows": 2800, "epochs": 1, "prices": "hf-jobs-now"}
    plain = asked(server, "plans", **body)
    assert plain["price_table"] == "hf-jobs-2026", "who may only read does not ask with the server's token"
    now = asked(server, "plans", token=server.token, **body)
    assert (now["price_table"], len(now["prices"])) == ("hf-jobs-now", 3)
    price = now["prices"][2]["usd_per_hour"]
    assert now["usd"] == pytest.approx(now["seconds"] / 3600 * price, abs=1e-6) and price == pytest.approx(0.40002)
    by_command = planned(
        directory, "--model", "m-0.6B", "--params", "0.6B", "--method", "sft", "--rows", 2800, "--epochs", 1, "--prices", "official",
        **hub.environment(),
    )
    assert by_command["usd"] == now["usd"]
    hub.fail(r"GET /api/jobs/hardware", status=500, times=100)
    away = asked(server, "plans", token=server.token, **body)
    assert away["price_table"] == "hf-jobs-2026" and any("prices are those of the lists" in text for text in away["warnings"])


def test_a_dataset_of_the_hub(directory, server, hub):
    hub.rows["alice/pairs"] = Rows({"default": {"test": [PAIR], "train": [PAIR] * 250}, "small": {"train": [PAIR] * 3}})
    by_api = asked(server, "datasets/inspect", dataset="alice/pairs")
    assert (by_api["rows"], by_api["recommended"][0], by_api["sampled_rows"]) == (250, "dpo", 100)
    by_command = planned(directory, "--dataset", "alice/pairs", **hub.environment())
    (by_mcp,) = answers(url(server), ["call", "inspect_dataset", {"dataset": "alice/pairs", "detail": "full"}])
    assert by_api == by_command
    assert by_mcp["data"]["recommended"] == by_api["recommended"]
    small = asked(server, "datasets/inspect", dataset="alice/pairs", config="small")
    assert (small["rows"], small["dataset"]) == (3, "alice/pairs (small, train)")
    assert (small["config"], small["split"]) == ("small", "train")
    plan = asked(server, "plans", model="m-0.6B", params="0.6B", dataset="alice/pairs", epochs=1)
    assert (plan["method"], plan["rows"], plan["steps"]) == ("dpo", 250, 16)
    script = directory.folder / "train.py"
    done = command(directory, "--model", "m-0.6B", "--params", "0.6B", "--dataset", "alice/pairs", "--script", script, **hub.environment())
    assert done.returncode == 0, done.stderr
    assert 'load_dataset("alice/pairs", split="train")' in script.read_text()
    # What was looked at is what is trained on, named or not.
    hub.rows["alice/parts"] = Rows({"main": {"test": [PAIR] * 9}, "socratic": {"train": [PAIR]}})
    script = directory.folder / "parts.py"
    done = command(directory, "--model", "m-0.6B", "--params", "0.6B", "--dataset", "alice/parts", "--script", script, **hub.environment())
    assert done.returncode == 0, done.stderr
    assert 'load_dataset("alice/parts", "main", split="test")' in script.read_text()


def test_a_dataset_that_was_looked_into_alone(server, hub):
    hub.rows["alice/long"] = Rows({"default": {"train": [{"text": "word " * 100}] * 7}}, is_viewed=False)
    report = asked(server, "datasets/inspect", dataset="alice/long")
    assert (report["rows"], report["recommended"]) == (7, ["sft"])
    assert any("7 long cells" in warning for warning in report["warnings"])


def test_what_is_private_is_for_who_may_do_anything(server, directory, hub):
    hub.rows["alice/secret"] = Rows({"default": {"train": [{"text": "secret"}]}}, is_private=True)
    refused = server.request("POST", "/api/v1/datasets/inspect", json.dumps({"dataset": "alice/secret"}))
    assert refused.status == 400 and b"secret\"" not in refused.body, refused.body
    writer = directory.answer("token", "create", "--scope", "write")["token"]
    refused = server.request("POST", "/api/v1/datasets/inspect", json.dumps({"dataset": "alice/secret"}), token=writer)
    assert refused.status == 400, "the tokens of trainers lie on other machines"
    shown = asked(server, "datasets/inspect", token=server.token, dataset="alice/secret")
    assert shown["recommended"] == ["sft"]
    (told,) = answers(url(server), ["call", "inspect_dataset", {"dataset": "alice/secret"}])
    assert told["is_error"]


def test_no_path_of_a_client_is_read(server, directory, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "of this machine"}\n')
    for name in (str(rows), "../rows.jsonl", "file:///etc/passwd"):
        for path, body in (("datasets/inspect", {"dataset": name}), ("plans", {"model": "m-1B", "dataset": name})):
            answer = server.request("POST", f"/api/v1/{path}", json.dumps(body), token=server.token)
            assert answer.status == 400 and "OWNER/NAME" in answer.json["hint"], answer.body
    (directory.path / "config.json").write_text(json.dumps(CONFIG))
    answer = server.request("POST", "/api/v1/plans", json.dumps({"model": str(directory.path), "method": "sft", "rows": 9}), token=server.token)
    assert answer.status == 400, answer.body


def test_a_model_of_the_hub(directory, server, hub):
    config = json.dumps(CONFIG).encode()
    put_model(hub, "alice/tiny", config__json=config, model__safetensors=weights(a=[7, 9], b=[2]), adapter__safetensors=weights(c=[100]))
    plan = asked(server, "plans", model="alice/tiny", method="sft", rows=100, flavor="cpu-basic")
    assert plan["parameters"] == 65
    sources = {figure["name"]: figure["source"] for figure in plan["figures"]}
    assert sources["parameters"] == "heads of the safetensors files" and "config.json" in sources["layers"]
    # Of the weights only their first bytes are fetched.
    ranges = [request.headers.get("range") for request in hub.requests if "safetensors" in request.target or request.host == "storage"]
    assert ranges and all(asked == "bytes=0-99999" for asked in ranges), ranges
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    script = """
from huggingface_hub import HfApi
print(sum(HfApi().get_safetensors_metadata("alice/tiny").parameter_count.values()))
print([(machine.name, machine.unit_cost_usd) for machine in HfApi().list_jobs_hardware()])
"""
    done = subprocess.run(
        [datasets_python(), "-c", script], env={**environment, **hub.environment(), "HF_HUB_DISABLE_XET": "1"},
        capture_output=True, text=True, timeout=120, check=False,
    )
    assert done.stdout.splitlines() == ["65", "[('t4-small', 0.006667)]"], done.stderr
    put_model(hub, "alice/plain", config__json=config)
    assert asked(server, "plans", model="alice/plain", method="sft", rows=9)["parameters"] == 2 * (4 * 256 + 3 * 16 * 32 + 32) + 2 * 1600 + 16
    # A size in the name stands in where the Hub has nothing.
    named = asked(server, "plans", model="alice/gone-1.5B", method="sft", rows=9)
    assert named["parameters"] == 1_500_000_000 and any("in its name" in warning for warning in named["warnings"])


def finished_run(server, project: str) -> None:
    """A run of 0.6 B on a T4 that took 2 seconds a step of 16 rows."""
    run = f"/api/v1/projects/{project}/runs/before"
    token = server.token
    config = {"model/num_parameters": 600_000_000, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 4}
    begin = 1_795_400_000

    def time(step: int) -> str:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(begin + 2 * step, UTC).isoformat().replace("+00:00", "Z")

    rows = [{"step": step, "timestamp": time(step), "metrics": {"train/loss": 1 / step, "train/global_step": step}} for step in range(1, 101)]
    calls = [
        ("POST", f"{run}/start", {"name": "before", "start": {"time": time(0)}}),
        ("PUT", f"{run}/config", config),
        ("POST", f"{run}/logs", rows),
        ("POST", f"{run}/system", [{"timestamp": time(50), "metrics": {
            "gpu/0/total_memory": 15.0, "gpu/0/allocated_memory": 9.0, "gpu/0/power_limit": 70.0}}]),
        ("POST", f"{run}/end", {"time": time(100), "state": "finished"}),
    ]  # fmt: skip
    for method, path, body in calls:
        lines = "\n".join(map(json.dumps, body)) if isinstance(body, list) else json.dumps(body)
        more = {"Content_Type": "application/x-ndjson"} if isinstance(body, list) else {}
        answer = server.request(method, path, lines, token=token, **more)
        assert answer.status == 200, (path, answer.body)


def test_finished_runs_of_a_project_correct_the_time(directory, server):
    finished_run(server, "digits")
    body = {"model": "m-0.6B", "params": "0.6B", "method": "sft", "rows": 3200, "epochs": 1, "flavor": "t4-small"}
    by_guide = asked(server, "plans", **body)
    corrected = asked(server, "plans", **body, project="digits")
    # 1,600 rows in 200 seconds; the guide says 691.
    assert corrected["seconds"] == pytest.approx(400, rel=0.05) and by_guide["seconds"] == pytest.approx(1382.4)
    assert "one finished run of the project on T4" in corrected["seconds_source"]
    other = asked(server, "plans", **{**body, "flavor": "l4x1"}, project="digits")
    assert "guide" in other["seconds_source"] and "finished" not in other["seconds_source"], "other hardware tells nothing"
    arguments = ["--model", "m-0.6B", "--params", "0.6B", "--method", "sft", "--rows", 3200, "--epochs", 1, "--flavor", "t4-small"]
    by_command = planned(directory, *arguments, "--project", "digits", HF_HUB_OFFLINE="1")
    (by_mcp,) = answers(url(server), ["call", "plan_training", {**body, "project": "digits", "detail": "full"}])
    assert by_command["seconds"] == corrected["seconds"] == by_mcp["data"]["seconds"]
    unknown = server.request("POST", "/api/v1/plans", json.dumps({**body, "project": "nowhere"}))
    assert (unknown.status, unknown.json["code"]) == (404, "project_not_found")


def test_what_has_to_hold_before_it_starts(directory, server, hub):
    put_model(hub, "alice/tiny", config__json=json.dumps(CONFIG).encode(), model__safetensors=weights(a=[7, 9]))
    put_model(hub, "alice/out", README__md=b"# there")
    hub.rows["alice/pairs"] = Rows({"default": {"train": [PAIR] * 250}})
    body = {"model": "alice/tiny", "dataset": "alice/pairs", "eval_share": 0.1, "preflight": True}

    def checks(answer: Any) -> dict[str, str]:
        return {check["name"]: check["standing"] for check in answer["preflight"]["checks"]}

    good = asked(server, "plans", token=server.token, **body, hub_model_id="alice/new")
    assert good["preflight"]["ready"], good["preflight"]
    assert checks(good) == {
        "tracking": "doubtful", "model": "good", "dataset": "good", "token": "good", "output": "good", "disk": "good", "evaluation": "good",
    }
    lost = asked(server, "plans", token=server.token, **{**body, "eval_share": 0})
    assert not lost["preflight"]["ready"] and checks(lost)["output"] == "bad" and checks(lost)["evaluation"] == "doubtful"
    foreign = asked(server, "plans", token=server.token, **body, hub_model_id="bob/out")
    assert checks(foreign)["output"] == "bad" and not foreign["preflight"]["ready"]
    arguments = ["--model", "alice/tiny", "--dataset", "alice/pairs", "--preflight", "--hub-model-id", "alice/out"]
    reader = command(directory, *arguments, **hub.environment(HF_TOKEN=READ_TOKEN))
    assert reader.returncode == 1 and "may only read" in reader.stdout and "should not start" in reader.stdout, reader.stdout
    writer = command(directory, *arguments, **hub.environment())
    assert writer.returncode == 0 and "is there already" in writer.stdout and "It may start." in writer.stdout, writer.stdout
    (by_mcp,) = answers(url(server), ["call", "plan_training", {**body, "hub_model_id": "alice/new"}], token=server.token)
    assert by_mcp["data"]["preflight"]["ready"] is True


FAULTS = [
    ({"model": "alice/nameless", "method": "sft", "rows": 9}, ["--model", "alice/nameless", "--method", "sft", "--rows", 9], "nameless", "params"),
    ({"model": "m-1B", "method": "sft", "rows": 9, "flavor": "t5"},
     ["--model", "m-1B", "--method", "sft", "--rows", 9, "--flavor", "t5"], "`t5`", "t4-small"),
    ({"model": "m-1B", "dataset": "alice/numbers"}, ["--model", "m-1B", "--dataset", "alice/numbers"], "serves no method", "`messages`"),
    ({"model": "m-1B", "dataset": "alice/pairs", "method": "kto", "flavor": "t4-small", "max_length": 1000000},
     ["--model", "m-1B", "--dataset", "alice/pairs", "--method", "kto", "--flavor", "t4-small", "--max-length", 1000000], "16 GB", "smaller model"),
    ({"model": "m-1B", "dataset": "alice/gone", "method": "sft"}, ["--model", "m-1B", "--dataset", "alice/gone"], "alice/gone", "name"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "arguments", "says", "hint"), FAULTS)
def test_what_cannot_be_planned_is_a_sentence_with_a_way_out(directory, server, hub, body, arguments, says, hint):
    hub.rows["alice/numbers"] = Rows({"default": {"train": [{"x": 1, "y": 2}]}})
    hub.rows["alice/pairs"] = Rows({"default": {"train": [PAIR]}})
    done = command(directory, *arguments, **hub.environment())
    assert done.returncode == 1 and not done.stdout and says in done.stderr and hint in done.stderr, done.stderr
    answer = server.request("POST", "/api/v1/plans", json.dumps(body), token=server.token)
    assert answer.status == 400 and says in answer.json["error"] and hint in answer.json["hint"], answer.body
    assert "--" not in answer.json["hint"], "a request has no options"
    (told,) = answers(url(server), ["call", "plan_training", body], token=server.token)
    assert told["is_error"] and says in told["texts"][0] and hint in told["texts"][0], told


def test_it_is_quiet_offline(directory):
    done = command(directory, "--model", "m-1B", "--dataset", "alice/pairs", HF_HUB_OFFLINE="1")
    assert done.returncode == 1 and "HF_HUB_OFFLINE" in done.stderr, done.stderr
    assert (ROOT / "docs" / "PLANNING.md").read_text().count("HF_HUB_OFFLINE") >= 1


def test_the_code_of_answers_is_run_against_tests(directory):
    rows = directory.folder / "tasks.jsonl"
    rows.write_text(json.dumps({"prompt": "Write add(a, b).", "test_list": ["assert add(1, 2) == 3"]}) + "\n")
    script = directory.folder / "grpo.py"
    done = command(directory, "--model", "m-0.6B", "--method", "grpo", "--dataset", rows, "--script", script, HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    text = script.read_text()
    names: dict[str, Any] = {}
    imports = text[text.index("import os") : text.index("from datasets")]
    exec(imports + text[text.index("LONGEST = ") : text.index("trainer = ")], names)  # noqa: S102
    names["SECONDS"] = 2
    tests = ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]
    answers = {
        "Here:\n```python\ndef add(a, b):\n    return a + b\n```": 1.0,
        "def add(a, b): return 3": 0.5,
        "import sys\nsys.exit(0)": 0.0,
        "while True: pass": 0.0,
        "no code at all": 0.0,
        "import os\ndef add(a, b): return a + b if 'HF_TOKEN' not in os.environ else 0": 1.0,
    }
    os.environ["HF_TOKEN"] = "hf_secret"
    try:
        judged = names["tested"](list(answers), test_list=[tests] * len(answers))
    finally:
        del os.environ["HF_TOKEN"]
    assert judged == list(answers.values())
    echo = [[{"role": "assistant", "content": "print(int(input()) * 2)"}]] * 3
    doubled = [[{"input": "4", "output": "8\n"}], '[{"input": "4", "output": "9"}]', None]
    assert names["tested"](echo, test_list=doubled) == [1.0, 0.0, None]


def test_a_training_that_would_be_lost_is_not_submitted(directory, hub):
    put_model(hub, "alice/tiny", config__json=json.dumps(CONFIG).encode(), model__safetensors=weights(a=[7, 9]))
    hub.rows["alice/pairs"] = Rows({"small": {"train": [PAIR] * 25}})
    (directory.folder / "own").mkdir()
    (directory.folder / "own" / "config.json").write_text(json.dumps(CONFIG))

    def train(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [PROGRAM, "train", "--dataset", "alice/pairs", "--on", "hf", "--detach", *map(str, arguments)]
        return subprocess.run(
            command, env=directory.environment(**hub.environment(**environment)), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, cwd=directory.folder, check=False,
        )  # fmt: skip

    there = ("--model", "alice/tiny", "--hub-model-id", "alice/new")
    for arguments, environment, says in (
        (("--model", "alice/tiny"), {}, "--hub-model-id"),
        (("--model", "./own", "--hub-model-id", "alice/new"), {}, "`./own` lies on this machine"),
        (("--method", "distillation", *there, "--teacher", "own"), {}, "the teacher `own` lies"),
        (("--method", "distillation", *there), {}, "--teacher"),
        ((*there, "--preflight"), {"HF_TOKEN": READ_TOKEN}, "may only read"),
        ((*there, "--preflight", "--json"), {"HF_TOKEN": READ_TOKEN}, '"ready": false'),
    ):
        done = train(*arguments, **environment)
        assert done.returncode == 1 and says in done.stdout + done.stderr, (arguments, done.stdout, done.stderr)
    assert not hub.jobs
    done = train(*there, "--rows", 10, "--preflight", "--env", "TRACKIO_SPACE_ID=alice/runs")
    assert done.returncode == 0 and "TRACKIO_SPACE_ID" in done.stdout, (done.stdout, done.stderr)
    (job,) = hub.jobs.values()
    assert job["environment"] == {"HUB_MODEL_ID": "alice/new", "TRACKIO_SPACE_ID": "alice/runs"}
    (sent,) = [request.json for request in hub.requests if request.method == "POST" and "/api/jobs/" in request.target]
    assert sent["secrets"] == {"HF_TOKEN": hub.token}
    carried = re.search(r'echo "(\S+)" \| base64 -d', sent["command"][2])
    script = base64.b64decode(carried[1]).decode()
    assert 'load_dataset("alice/pairs", "small", split="train")' in script and "select(range(min(10," in script


def test_a_training_is_submitted_over_mcp(directory, hub):
    put_model(hub, "alice/tiny-0.6B", config__json=json.dumps(CONFIG).encode())
    hub.rows["alice/pairs"] = Rows({"small": {"train": [PAIR] * 250}})
    directory.path.mkdir()
    # The job fetches nothing: it is ended as soon as it is looked at.
    server = JobServer(directory, "--mcp-allow-write", UV_OFFLINE="1", PIP_NO_INDEX="1", **hub.environment())
    try:
        wishes = {"model": "alice/tiny-0.6B", "params": "0.6B", "dataset": "alice/pairs", "epochs": 1, "hub_model_id": "alice/new"}
        writer = directory.answer("token", "create", "--scope", "write")["token"]
        asked = {**wishes, "script": True}
        short, whole = answers(url(server), ["call", "plan_training", asked], ["call", "plan_training", {**asked, "detail": "full"}])
        assert short["is_error"] and "`detail` `full`" in short["texts"][0], short
        script = whole["data"]["script"]
        assert 'load_dataset("alice/pairs", "small", split="train")' in script and "DPOTrainer(" in script
        submit = ["call", "submit_training", wishes]
        (refused,) = answers(url(server), submit, token=writer)
        lost = ["call", "submit_training", {**wishes, "hub_model_id": "bob/new", "preflight": True}]
        (not_ready,) = answers(url(server), lost, token=server.token)
        assert refused["is_error"] and "admin" in refused["texts"][0], refused
        assert not_ready["is_error"] and "`bob/new`" in not_ready["texts"][0], not_ready
        (done,) = answers(url(server), submit, token=server.token)
        answer = done["data"]
        assert (answer["project"], answer["run"], answer["plan"]["steps"]) == ("tiny-0.6B", "dpo-full", 16), done
        (written,) = job_folder(directory, answer["job_id"]).rglob("dpo.py")
        assert written.read_text() == script
        (ended,) = answers(url(server), ["call", "hf_jobs", {"operation": "cancel", "args": {"job_id": answer["job_id"]}}], token=server.token)
        assert not ended["is_error"], ended
        job = server.ended(answer["job_id"])
        assert (job["environment"], job["secrets"]) == ({"HUB_MODEL_ID": "alice/new"}, {"HF_TOKEN": None})
        assert job["timeoutSeconds"] == answer["plan"]["timeout_seconds"] or "timeout_seconds" not in answer["plan"]
    finally:
        server.stop()
