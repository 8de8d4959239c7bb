"""The page of one run on real trainings: one that ended well, one that diverges, one that stalls, one that was killed.

And the alerts of the project. As everywhere, no page may say an error in its console.
"""

import json
import re
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from support.directory import DataDirectory
from support.page import browser, chart, in_address, new_site, open_tab, points, wait_for_address  # noqa: F401
from support.server import Server
from support.waiting import wait_until

HOSTILE = "<img src=x onerror=alert(1)>"
ROWS = 400

# Fits a line by gradient descent, for real: with a rate above 2 / curvature the loss grows until it is no number.
TRAIN = """
import math, os, random, sys, time
import trackio as wandb

name, until = sys.argv[1], sys.argv[2]
random.seed(name)
data = [(x := random.uniform(-1, 1), 3 * x + 1 + random.gauss(0, 0.1)) for _ in range(64)]
run = wandb.init(
    project="lines", name=name, settings=wandb.Settings(console="wrap"), auto_log_gpu=False,
    config={"optimiser": {"lr": 0.2, "kind": "sgd"}, "rows": 400, "max_steps": 400, "seed": name, "<b>odd</b>": "<i>x</i>"},
    tags=["baseline"] if name == "steady" else [], notes="the one to beat" if name == "steady" else None,
)
slope = bias = 0.0
for step in range(400):
    rate = 40.0 if name == "diverges" and step >= 200 else 0.2
    errors = [slope * x + bias - y for x, y in data]
    loss = sum(error * error for error in errors) / len(data)
    gradient = [2 * sum(error * x for error, (x, _) in zip(errors, data)) / len(data), 2 * sum(errors) / len(data)]
    wandb.log({"train/loss": loss, "train/grad_norm": math.hypot(*gradient), "train/lr": rate}, step=step)
    if step % 100 == 99:
        wandb.log({"eval/loss": loss * 1.1}, step=step)
        print(f"step {step} loss {loss:.6g}")
    if step == 150:
        wandb.alert(title="Half of the loss", text="<script>alert(1)</script> it fell", level="WARN")
    slope, bias = slope - rate * gradient[0], bias - rate * gradient[1]
    if name == "killed" and step == 250:
        print("about to hang", file=sys.stderr)
        break
for number in range(3_000 if name == "steady" else 0):
    print(f"line {number} " + ("needle" if number == 1234 else "hay") + " x" * (number % 80))
if name == "steady":
    with open("weights.txt", "w") as file:
        file.write(f"{slope} {bias}")
    artifact = wandb.Artifact("weights", type="model")
    artifact.add_file("weights.txt")
    run.log_artifact(artifact)
    wandb.alert(title="Done", level="INFO")
print("ready", flush=True)
while until != "-" and not os.path.exists(until):
    time.sleep(0.01)
wandb.finish()
"""


def repository(folder) -> None:
    """A repository with one commit and a change after it."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)

    git("init", "-b", "main")
    git("remote", "add", "origin", "https://example.org/ada/lines.git")
    (folder / "settings.py").write_text("rate = 0.1\nrows = 400\n")
    git("add", "settings.py")
    git("commit", "-m", "first")
    (folder / "settings.py").write_text(f"rate = 0.2\nrows = 400\n# {HOSTILE}\n")


def stall(server) -> None:
    """A process that reports of itself lives, and has logged nothing for a quarter of an hour."""
    now = datetime.now(UTC)
    path = "/api/v1/projects/lines/runs/stalls-id"

    def send(address: str, body: object) -> None:
        answer = server.request("POST", address, json.dumps(body), server.token)
        assert answer.status == 200, answer.body

    at = [(now - timedelta(minutes=40) + timedelta(seconds=3 * step)).isoformat() for step in range(500)]
    send(f"{path}/start", {"name": "stalls", "start": {"time": at[0]}})
    send(f"{path}/logs", [
        {"metrics": {"train/loss": 2 - step / 1_000}, "step": step, "timestamp": at[step]} for step in range(500)
    ])
    send("/api/v1/projects/lines/heartbeats", {"runs": ["stalls-id"], "time": now.isoformat()})


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Four trainings, of which one still runs and one has died, and one that is told to have stalled."""
    directory = DataDirectory(tmp_path_factory.mktemp("page_run") / "0")
    repository(directory.folder)
    end = directory.folder / "end"
    directory.run(TRAIN, "steady", "-")
    directory.wait_for_state("lines", "finished", "steady")
    going = [directory.start(TRAIN, name, end) for name in ("diverges", "killed")]
    for trainer in going:
        wait_until(lambda trainer=trainer: "ready" in trainer.output, 60, lambda trainer=trainer: trainer.errors)
    going[1].send(signal.SIGKILL)
    going[1].expect_exit(-signal.SIGKILL)
    directory.wait_for_state("lines", "crashed", "killed")
    server = Server(directory)
    stall(server)
    yield server
    server.stop()
    end.touch()
    going[0].expect_exit(0)
    directory.wait_for_state("lines", "finished", "diverges")
    directory.end_trainers()
    directory.assert_nothing_left()


def run_page(open_tab, site, run, rest="", **options):  # noqa: F811
    """The page of a run, once its sentence stands there."""
    tab = open_tab(site, f"run?project=lines&run={run}{rest}", **options)
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile(r"step \d|Step \d"))
    return tab


def findings(tab):
    """Number and title of each finding."""
    return [text.split(",")[0].strip() for text in tab.get_by_role("region", name="Findings").locator(".title").all_inner_texts()]


def test_a_loss_that_is_nan_is_told_marked_and_zoomed_to(site, open_tab):  # noqa: F811
    tab = run_page(open_tab, site, "diverges")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("loss not finite")
    title = tab.get_by_role("button", name=re.compile("^Loss is NaN since step"))
    expect(title).to_be_visible()
    loss = chart(tab, "train/loss")
    first = int(re.search(r"since step (\d+)", title.inner_text())[1])
    title.click()
    wait_until(lambda: "from" in in_address(tab) or tab.wait_for_timeout(20), 20, lambda: tab.url)
    window = {name: int(in_address(tab)[name]) for name in ("from", "to")}
    half = round((ROWS - 1 - first) / 2)
    assert abs(window["from"] - (first - half)) <= 1 and abs(window["to"] - (ROWS - 1 + half)) <= 1
    expect(title).to_have_attribute("aria-pressed", "true")
    wait_until(lambda: points(loss) <= ROWS - window["from"] or tab.wait_for_timeout(20), 20, lambda: points(loss))
    tab.keyboard.press("Escape")
    wait_for_address(tab, **{"from": None, "to": None})
    tab.keyboard.press("n")
    wait_for_address(tab, **{"from": str(window["from"])})


def test_a_stalled_run_says_since_when_and_what_to_do(site, open_tab):  # noqa: F811
    tab = run_page(open_tab, site, "stalls")
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile(r"silent for 1\d minutes"))
    expect(tab.get_by_role("region", name="Findings")).to_contain_text("at most")
    assert findings(tab)[0] == "Stalled"
    expect(tab.get_by_text("ETA unknown")).to_be_visible()


def test_a_killed_run_tells_how_it_ended_and_its_last_lines(site, open_tab):  # noqa: F811
    tab = run_page(open_tab, site, "killed")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Crashed at step 250")
    expect(tab.get_by_role("button", name="Crashed at step 250")).to_be_visible()
    tail = tab.get_by_role("region", name="Last lines of the console")
    expect(tail).to_contain_text("about to hang")
    tail.get_by_role("button", name="All of it").click()
    wait_for_address(tab, tab="console")
    expect(tab.get_by_role("log")).to_contain_text("about to hang")


def test_a_finished_run_with_what_it_was_made_with(site, open_tab):  # noqa: F811
    tab = run_page(open_tab, site, "steady")
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile("^Finished at step 399/400"))
    expect(tab.get_by_text("Nothing stands out")).to_be_visible()
    about = tab.get_by_role("complementary", name="About the run")
    for text in ("the one to beat", "optimiser.lr", "Half of the loss", "weights", "changes not committed"):
        expect(about.get_by_text(text, exact=False).first).to_be_visible()
    tab.get_by_role("link", name=re.compile("^Config")).click()
    config = tab.get_by_role("region", name="Config").first
    expect(config.get_by_text("<b>odd</b>", exact=True)).to_be_visible()
    tab.get_by_role("searchbox", name="Search the config").fill("optim")
    expect(config.locator("dt")).to_have_text(["optimiser.kind", "optimiser.lr"])
    wait_for_address(tab, tab="config", find="optim")
    code = tab.get_by_role("region", name="Code")
    expect(code.get_by_role("link", name="https://example.org/ada/lines.git")).to_have_attribute("rel", re.compile("noopener"))
    assert [row.inner_text().split("\t")[:2] for row in code.locator("tr.removed, tr.added").all()] == [["1", ""], ["", "1"], ["", "3"]]
    expect(code.locator("tr.added").last).to_contain_text(HOSTILE)
    assert tab.locator("img").count() == 0, "what is logged is text"
    expect(tab.get_by_role("region", name="Environment").last).to_contain_text("Python")


def test_the_console_is_searched_wrapped_filtered_and_saved(site, open_tab):  # noqa: F811
    tab = run_page(open_tab, site, "steady", "&tab=console")
    lines = tab.get_by_role("log")
    expect(lines).to_contain_text("line 2999", timeout=20_000)
    assert lines.locator(".line").count() < 200, "only the rows that are seen are there"
    tab.keyboard.press("/")
    tab.keyboard.type("needle")
    tab.keyboard.press("Enter")
    expect(lines.locator(".current")).to_contain_text("line 1234 needle")
    expect(lines.locator("mark")).to_have_text("needle")
    expect(tab.get_by_text("1 of 1")).to_be_visible()
    wait_for_address(tab, find="needle")
    # Whatever is told of the run meanwhile, the place in its console stays.
    with tab.expect_response(lambda answer: urlsplit(answer.url).path.endswith("/lines/runs")):
        pass
    expect(lines.locator(".current")).to_contain_text("line 1234 needle")
    tab.get_by_role("button", name="Only these lines").click()
    expect(lines.locator(".line")).to_have_count(1)
    tab.get_by_role("searchbox", name="Search the console").fill("")
    tab.get_by_role("button", name="Wrap").click()
    tab.get_by_role("button", name="Follow").or_(tab.get_by_text("line 2999")).first.wait_for()
    overflow, highest = lines.evaluate(
        "box => { const rows = [...box.querySelectorAll('.line')];"
        " return [box.scrollWidth - box.clientWidth, Math.max(...rows.map((row) => row.clientHeight))]; }"
    )
    assert (overflow, highest) == (0, 36), "a long line takes several rows"
    tab.get_by_label("Stream").select_option("stderr")
    expect(lines.locator(".line")).to_have_count(2)
    expect(lines).to_contain_text("[TRACKIO WARN] Half of the loss")
    tab.get_by_role("searchbox", name="Search the console").fill("hay")
    expect(tab.get_by_text("No line fits")).to_be_visible()
    tab.get_by_role("searchbox", name="Search the console").fill("")
    tab.get_by_label("Stream").select_option("all")
    expect(lines.locator(".line").nth(10)).to_be_visible()
    tab.get_by_role("button", name="Save the console").click()
    with tab.expect_download() as download:
        tab.get_by_role("menuitem", name="As printed").click()
    saved = download.value.path().read_text().splitlines()
    assert [line for line in saved if line.startswith("line ")][1234].startswith("line 1234 needle")
    assert len([line for line in saved if line.startswith("line ")]) == 3_000


def test_the_parts_by_keys_and_the_next_run(site, open_tab):  # noqa: F811
    tab = run_page(open_tab, site, "diverges")
    tab.keyboard.press("2")
    wait_for_address(tab, tab="charts")
    expect(tab.get_by_role("article")).to_have_count(4)
    tab.keyboard.press("4")
    expect(tab.get_by_role("article", name="CPU utilization, %")).to_be_visible()
    tab.keyboard.press("1")
    wait_for_address(tab, tab=None)
    tab.keyboard.press("j")
    wait_until(lambda: in_address(tab)["run"] != "diverges" or tab.wait_for_timeout(20), 20, lambda: tab.url)
    tab.go_back()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("loss not finite")


@pytest.mark.parametrize("by", ["mouse", "key"])
def test_a_run_is_compared_from_its_own_page(site, open_tab, by):  # noqa: F811
    tab = run_page(open_tab, site, "diverges")
    if by == "key":
        tab.keyboard.press("c")
    else:
        tab.get_by_role("button", name="Compare").click()
    wait_until(lambda: len(in_address(tab).get("run_ids", "").split(",")) == 2 or tab.wait_for_timeout(20), 10, lambda: tab.url)
    expect(tab.get_by_role("region", name="Differences")).to_contain_text("diverges")
    # That with the label `baseline`.
    expect(tab.get_by_role("region", name="Differences")).to_contain_text("steady")


def test_from_the_metrics_to_the_run_by_a_key_and_by_a_link(site, open_tab):  # noqa: F811
    tab = open_tab(site, "?project=lines&run=diverges")
    chart(tab, "train/loss")
    tab.keyboard.press("f")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("loss not finite")
    assert urlsplit(tab.url).path == "/run"
    tab.go_back()
    tab.get_by_role("complementary", name="Runs").get_by_role("link", name="diverges").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("loss not finite")


def test_a_link_of_trackio_and_a_run_that_is_not_there(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?selected_project=lines&selected_run=killed")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Crashed at step 250")
    tab.goto(f"http://localhost:{site.port}/run?project=lines&run=nobody")
    expect(tab.get_by_role("heading", level=1)).to_have_text("This run is not there")
    tab.get_by_role("link", name="All runs").click()
    expect(tab.get_by_role("table")).to_be_visible()
    assert urlsplit(tab.url).path == "/runs"


def test_alerts_of_the_project_by_level(site, open_tab):  # noqa: F811
    tab = open_tab(site, "alerts?project=lines")
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile("^Three warnings; the newest alert is from"))
    rows = tab.locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("<script>alert(1)</script> it fell")
    tab.get_by_role("button", name=re.compile("^.*Notes")).click()
    expect(rows).to_have_count(1)
    wait_for_address(tab, level="info")
    tab.get_by_role("button", name="All 4").click()
    tab.get_by_role("searchbox", name="Search alerts").fill("diverges")
    expect(rows).to_have_count(1)
    rows.get_by_role("link", name="diverges").click()
    wait_for_address(tab, **{"from": "140", "to": "160"})
    assert urlsplit(tab.url).path == "/run"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ["run?project=lines&run=diverges", "run?project=lines&run=steady&tab=console", "run?project=lines&run=steady&tab=config", "alerts?project=lines"])
def test_a_narrow_screen_is_not_pushed_sideways(site, open_tab, address, theme):  # noqa: F811
    tab = open_tab(site, address, width=360, height=740, color_scheme=theme)
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.locator("canvas[data-points], .line, dt, tbody tr").first).to_be_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") == 360


WAIT_AND_LOG = """
import os, sys, time
import trackio as wandb
wandb.init(project="live", name="now", settings=wandb.Settings(console="wrap"), auto_log_cpu=False, auto_log_gpu=False)
for step in range(50):
    wandb.log({"loss": 1 / (step + 1)}, step=step)
print("begun")
while not os.path.exists(sys.argv[1]):
    time.sleep(0.005)
print("went on", flush=True)
wandb.log({"loss": 0.01}, step=50)
wandb.alert(title="Went on")
while not os.path.exists(sys.argv[2]):
    time.sleep(0.005)
wandb.finish()
"""


def test_a_running_run_is_followed_and_edited_in_place(new_site, open_tab, tmp_path):  # noqa: F811
    directory, server = new_site
    go, end = tmp_path / "go", tmp_path / "end"
    trainer = directory.start(WAIT_AND_LOG, go, end)
    wait_until(lambda: directory.count("live") == 50, 20, lambda: trainer.errors)
    tab = open_tab(server, f"?write_token={server.token}")
    tab.goto(f"http://localhost:{server.port}/run?project=live&run=now&tab=console")
    lines = tab.get_by_role("log")
    expect(lines).to_contain_text("begun")
    expect(tab.get_by_text("following")).to_be_visible()
    go.touch()
    expect(lines).to_contain_text("went on")
    expect(tab.get_by_role("region", name="Alerts")).to_contain_text("Went on")
    tab.keyboard.press("1")
    loss = chart(tab, "loss")
    wait_until(lambda: points(loss) == 51 or tab.wait_for_timeout(20), 20, lambda: points(loss))

    tab.get_by_role("button", name="Tag", exact=True).click()
    tab.get_by_role("textbox", name="Tags, with commas between them").fill(f"sweep, {HOSTILE}")
    tab.keyboard.press("Enter")
    expect(tab.locator("main .tag")).to_have_text(["sweep", HOSTILE])
    tab.get_by_role("button", name="Write some").click()
    tab.get_by_role("textbox", name="Notes").fill("warm-up 10 %\nsecond line")
    tab.keyboard.press("Control+Enter")
    expect(tab.get_by_role("region", name="Notes")).to_contain_text("second line")
    tab.get_by_role("button", name="More about now").click()
    tab.get_by_role("menuitem", name="Rename").click()
    tab.get_by_role("textbox", name="Name of the run").fill("renamed")
    tab.keyboard.press("Enter")
    expect(tab.locator("main .name").first).to_have_text("renamed")
    wait_until(lambda: directory.run_record("live").get("run_name") == "renamed", 10)
    end.touch()
    trainer.expect_exit(0)
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile("^Finished at step 50"))


def test_a_page_that_may_only_read_says_so_before_anything_is_refused(site, open_tab):  # noqa: F811
    tab = run_page(open_tab, site, "steady")
    why = tab.get_by_role("button", name="May only read")
    expect(why).to_be_visible()
    for name in ("Tag", "Edit", "Write some"):
        expect(tab.get_by_role("button", name=name, exact=True)).to_have_count(0)
    why.click()
    expect(tab.get_by_role("dialog", name="Why nothing can be changed")).to_contain_text("paceline token create --scope admin")
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="More about steady").click()
    expect(tab.get_by_role("menuitem").first).to_be_visible()
    assert {"Rename", "Edit tags", "Edit notes", "Delete"}.isdisjoint(tab.get_by_role("menuitem").all_inner_texts())
