"""A project as `paceline freeze` leaves it, shown by a web server that knows nothing but files.

What the page draws and lists without a server is what the server answers for the same project.
"""

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.directory import DataDirectory
from support.interpreters import peer_python
from support.page import browser, chart, in_address, open_tab, points, served  # noqa: F401
from support.peer import Peer
from support.web import plainly_served

WRITE = """
import math, random
import numpy as np
import trackio as wandb
random.seed(7)
for number, name in enumerate(["low", "middle", "high"]):
    run = wandb.init(project="site", name=name, group="sweep", config={"lr": 0.1 ** number, "model": {"depth": 3}}, settings=wandb.Settings(console="wrap"))
    print("begun", name)
    wandb.define_metric("epoch")
    wandb.define_metric("eval/*", step_metric="epoch")
    for step in range(3_000):
        row = {"train/loss": number + math.exp(-step / 900) + random.random() / 20, "whole": step % 7}
        if step == 1_234:
            row["train/loss"] = 40.0 + number
        if step % 500 == 400:
            row["train/loss"] = float("nan")
        if step % 100 == 99:
            row |= {"epoch": step // 100, "eval/accuracy": 1 - math.exp(-step / 900)}
        if step % 50 == 3:
            row["odd"] = "text" if step % 100 == 3 else step / 3
        wandb.log(row, step=step)
    wandb.log({"picture": wandb.Image(np.full((8, 8, 3), 90, np.uint8), caption="two"), "weights": wandb.Histogram([1, 2, 2, 3])})
    wandb.log({"table": wandb.Table(columns=["name", "score"], data=[["a", 1.5], ["b", 2.5]])})
    wandb.alert(title="Gradient is high", text="Look at the rate.", level=wandb.AlertLevel.WARN)
    artifact = wandb.Artifact("weights", type="model")
    with artifact.new_file("weights.txt") as file:
        file.write(f"1 2 {number}")
    wandb.log_artifact(artifact)
    wandb.finish()
"""


class Frozen:
    """The directory, its server, the folder with the snapshot, and the web server that shows it."""

    def __init__(self, directory: DataDirectory, live, folder: Path, web) -> None:
        self.directory, self.live, self.folder, self.web = directory, live, folder, web

    @property
    def port(self) -> int:
        """Where the snapshot is shown."""
        return self.web.port


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A project of three runs, served and frozen."""
    folder = tmp_path_factory.mktemp("frozen")
    made: list[DataDirectory] = []

    def write(directory):
        directory.run(WRITE)
        directory.wait_for_state("site", "finished", "high")
        made.append(directory)

    with served(folder / "0", write) as live:
        out = folder / "out"
        done = made[0].paceline("freeze", "--project", "site", "--out", out)
        assert done.returncode == 0, done.stderr
        with plainly_served(out, folder / "web.out") as web:
            yield Frozen(made[0], live, out, web)


# Asks the code that stands in the place of a server, as the page does.
ASK = """
async ([chunk, address, body]) => {
    const { answer } = await import(new URL(chunk, document.baseURI).href);
    const request = new Request(new URL(address, document.baseURI), body === null ? {} : { method: 'POST', body: JSON.stringify(body) });
    const response = await answer(request);
    return [response.status, await response.json()];
}
"""


@pytest.fixture
def ask(site, open_tab):
    """Asks the snapshot and the server the same; both answers."""
    tab = open_tab(site, "?page=settings")
    [chunk] = site.folder.glob("assets/answer-*.js")

    def ask(address: str, body: object = None):
        status, frozen = tab.evaluate(ASK, [f"assets/{chunk.name}", f"api/v1/{address}", body])
        assert status == 200, frozen
        if body is None:
            return frozen, site.live.request("GET", f"/api/v1/{address}").json
        sent = site.live.request("POST", f"/api/v1/{address}", json.dumps(body), {"Content-Type": "application/json"})
        return frozen, sent.json

    return ask


QUESTIONS = {
    "by step": {},
    "a window": {"from": 1000, "to": 1500, "pixels": 37},
    "by time": {"x": "time", "pixels": 300},
    "by relative time": {"x": "relative_time", "pixels": 300},
    "over a metric": {"x": "epoch"},
    "logarithmic": {"x_scale": "log", "pixels": 120},
    "smoothed": {"smoothing": {"kind": "exponential", "weight": 0.9}, "raw": True, "pixels": 200},
    "by half-life": {"smoothing": {"kind": "half_life", "half_life": 40}, "pixels": 200},
    "by a bell curve": {"smoothing": {"kind": "gaussian", "width": 25}, "pixels": 200},
    "in a group": {"groups": [{"name": "all", "runs": ["low", "middle", "high"]}], "pixels": 80},
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_lines_are_the_servers(ask, question):
    body = {"runs": ["low", "high"], "keys": ["train/loss", "whole", "eval/accuracy", "odd", "none"], "pixels": 500, **QUESTIONS[question]}
    frozen, live = ask("projects/site/series", body)
    names = lambda answer: [(each["run"], each["key"], each["x_axis"], each["total_points"]) for each in answer["series"]]  # noqa: E731
    assert names(frozen) == names(live) and len(live["series"]) >= 6
    for ours, theirs in zip(frozen["series"], live["series"], strict=True):
        assert ours["x"] == pytest.approx(theirs["x"], rel=1e-12), ours["key"]
        assert known(ours["value"]) == pytest.approx(known(theirs["value"]), rel=1e-9), ours["key"]
        assert [value is None for value in ours["value"]] == [value is None for value in theirs["value"]]
        assert ours.get("raw") == theirs.get("raw")
    assert len(frozen.get("bands", [])) == len(live.get("bands", []))
    for ours, theirs in zip(frozen.get("bands", []), live.get("bands", []), strict=True):
        assert [ours[name] for name in ("group", "key", "x_axis", "x", "min", "max", "runs")] == [
            theirs[name] for name in ("group", "key", "x_axis", "x", "min", "max", "runs")
        ]
        assert known(ours["mean"]) == pytest.approx(known(theirs["mean"]), rel=1e-9)
        assert known(ours["standard_deviation"]) == pytest.approx(known(theirs["standard_deviation"]), rel=1e-6, abs=1e-12)


def known(values):
    """Those that are there."""
    return [value for value in values if value is not None]


SAME = [
    "projects/site/runs/middle/metrics", "projects/site/metrics", "projects/site/configs", "projects/site/alerts?limit=100",
    "projects/site/alerts?limit=100&after=1",
    "projects/site/artifacts", "projects/site/artifacts/weights", "projects/site/artifacts/weights/v1",
    "projects/site/artifacts/weights/v1/lineage", "projects/site/runs/low/artifacts", "projects/site/runs/low/alerts",
    "projects/site/runs/low/diff", "projects/site/files", "projects/site/runs/low/console?limit=100",
    "projects/site/values?kinds=image,video", "projects/site/values?kinds=table&run=low", "projects/site/values?kinds=histogram",
    "projects/site/runs/low/metrics/odd?limit=1000", "projects/site/runs/low/metrics/train%2Floss?limit=7&after=100",
]


@pytest.mark.parametrize("address", SAME)
def test_answers_are_the_servers(ask, address):
    frozen, live = ask(address)
    assert frozen == live


def test_runs_are_told_as_they_were(ask):
    frozen, live = ask("projects/site/runs")
    # Nothing but the clock goes on.
    assert frozen == live
    frozen, live = ask("projects/site/runs/low")
    assert frozen == live
    frozen, live = ask("projects/site/status", {"runs": ["low", "nobody"]})
    live["statuses"][0]["answer"]["seconds_since_last_row"] = frozen["statuses"][0]["answer"]["seconds_since_last_row"]
    assert frozen["statuses"][0] == live["statuses"][0] and "error" in frozen["statuses"][1]


def test_charts_are_drawn_and_a_spike_is_in_them(site, open_tab):
    tab = open_tab(site, "?smoothing=0")
    assert points(chart(tab, "train/loss")) > 3_000
    expect(tab.get_by_text("Frozen on", exact=False)).to_be_visible()
    for name in ["low", "middle", "high"]:
        expect(tab.get_by_role("complementary", name="Runs").get_by_role("button", name=name, exact=True)).to_be_visible()


def test_every_page_has_an_address_that_can_be_loaded_again(site, open_tab):
    tab = open_tab(site, "")
    chart(tab, "train/loss")
    tab.get_by_role("navigation", name="Pages").get_by_role("link", name="Runs", exact=False).click()
    table = tab.get_by_role("row", name="middle", exact=False)
    expect(table).to_be_visible()
    assert in_address(tab)["page"] == "runs"
    tab.reload()
    expect(table).to_be_visible()


def test_a_run_is_shown_with_nothing_to_change_it(site, open_tab):
    tab = open_tab(site, "?page=run&run=middle")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Finished at step 3000")
    expect(tab.get_by_role("button", name="Snapshot", exact=True)).to_be_visible()
    tab.get_by_role("button", name="More about middle").click()
    expect(tab.get_by_role("menuitem").first).to_be_visible()
    expect(tab.get_by_role("menuitem", name="Delete")).to_have_count(0)
    tab.keyboard.press("Escape")
    parts = tab.get_by_role("navigation", name="Parts of the run")
    parts.get_by_role("link", name="Config", exact=False).click()
    expect(tab.get_by_text("depth", exact=False).first).to_be_visible()
    parts.get_by_role("link", name="Charts", exact=False).click()
    chart(tab, "train/loss")


def test_a_picture_is_shown(site, open_tab):
    tab = open_tab(site, "?page=media&run=low")
    picture = tab.locator("main img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 8


@pytest.mark.parametrize("page", ["metrics", "runs", "run", "compare", "media", "artifacts", "alerts", "files", "settings"])
def test_no_page_needs_more_room_than_a_phone_has(site, open_tab, page):
    tab = open_tab(site, f"?page={page}", width=360, height=800, color_scheme="dark")
    expect(tab.locator("main .skeleton")).to_have_count(0)
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


def test_again_into_the_same_folder_and_with_less(site, tmp_path):
    out = tmp_path / "out"
    first = json.loads(site.directory.paceline("freeze", "--project", "site", "--out", out, "--json").stdout)
    assert {"metrics.parquet", "aux/configs.parquet", "runs.json", "settings.json", "config.json", "index.html"} <= set(first["files"])
    assert (out / "README.md").read_text().startswith("---\n")
    assert list(out.glob("media/**/*.png")) and list((out / "artifacts/blobs").rglob("*")) and (out / "paceline/console.parquet").exists()
    (out / "README.md").write_text("my own")
    done = site.directory.paceline("freeze", "--project", "site", "--out", out, "--without", "console,environment,artifacts,media")
    assert done.returncode == 0, done.stderr
    assert (out / "README.md").read_text() == "my own"
    assert not list(out.glob("media/**/*.png")) and not (out / "artifacts").exists() and not (out / "paceline/console.parquet").exists()
    detail = json.loads((out / "paceline/runs/0.json").read_text())
    assert detail[""]["host"] is None and detail[""]["command"] is None and "diff" not in detail
    assert not (out / "paceline/runs.parquet").exists()
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == sorted(
        [*json.loads((out / "paceline/files.json").read_text()), "README.md"]
    )


def test_a_page_of_somebody_else_is_left_alone(site, tmp_path):
    (tmp_path / "index.html").write_text("mine")
    done = site.directory.paceline("freeze", "--project", "site", "--out", tmp_path)
    assert done.returncode == 1 and "no snapshot" in done.stderr
    assert (tmp_path / "index.html").read_text() == "mine"


def test_a_file_of_somebody_else_is_left_alone(site, tmp_path):
    (tmp_path / "config.json").write_text("mine")
    done = site.directory.paceline("freeze", "--project", "site", "--out", tmp_path)
    assert done.returncode == 1 and "config.json" in done.stderr and "another folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"] and (tmp_path / "config.json").read_text() == "mine"


PEER_WRITES = """
import sys
import trackio
from pathlib import Path
from trackio.sqlite_storage import SQLiteStorage
for name in ["one", "two"]:
    trackio.init(project="theirs", name=name, config={"lr": 0.5})
    for step in range(50):
        trackio.log({"train/loss": 3.0 if step == 20 else 1.0 / (step + 1), "count": step})
    trackio.finish()
SQLiteStorage.export_for_static_space("theirs", Path(sys.argv[1]))
"""


def test_what_the_peer_wrote_is_shown(site, new_directory, browser, tmp_path):
    out = tmp_path / "theirs"
    Peer(new_directory()).run(PEER_WRITES, out)
    assert (out / "metrics.parquet").exists() and not (out / "paceline").exists()
    for path in [*site.folder.glob("assets/*"), site.folder / "index.html", site.folder / "icon.svg"]:
        (out / path.relative_to(site.folder)).parent.mkdir(exist_ok=True)
        (out / path.relative_to(site.folder)).write_bytes(path.read_bytes())
    (out / "config.json").write_text('{"mode": "static", "project": "theirs", "private": false, "version": "0.43.0"}')
    with plainly_served(out, tmp_path / "web.out") as web:
        # What it left out is looked for all the same.
        tab = browser.new_page()
        tab.goto(f"http://localhost:{web.port}/?smoothing=0")
        assert points(chart(tab, "train/loss")) == 100
        tab.goto(f"http://localhost:{web.port}/?page=run&run=two")
        expect(tab.get_by_role("heading", level=1)).to_contain_text("49")
        tab.close()


def test_the_peers_page_shows_what_was_frozen(site, browser, tmp_path):
    found = next(peer_python().parents[1].glob("lib/python3*/site-packages/trackio/frontend/dist"))
    page = tmp_path / "page"
    shutil.copytree(found, page)
    (page / "config.json").write_text('{"mode": "static", "project": "site", "private": false, "version": "0.43.0", "dataset_id": "me/site"}')
    asked: list[str] = []

    def from_the_hub(route):
        name = route.request.url.split("/resolve/main/")[-1]
        path = site.folder / name
        asked.append(name)
        headers = {"Access-Control-Allow-Origin": "*"}
        if path.is_file():
            route.fulfill(path=path, headers=headers)
        else:
            route.fulfill(status=404, headers=headers)

    with plainly_served(page, tmp_path / "web.out") as web:
        tab = browser.new_page()
        tab.route("https://huggingface.co/**", from_the_hub)
        tab.goto(f"http://localhost:{web.port}/")
        expect(tab.locator("body")).to_contain_text("whole", timeout=20_000)
        expect(tab.locator("body")).to_contain_text("middle")
        expect(tab.get_by_text("No runs in this project")).to_have_count(0)
        tab.close()
    assert {"metrics.parquet", "runs.json"} <= set(asked)
