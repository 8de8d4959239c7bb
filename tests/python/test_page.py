"""Our page in Chromium, on what real scripts have logged: the metrics, the runs, keys, narrow screens, live rows.

No page may say an error in its console (a breach of the content policy is one), and no request may fail.
"""

import json
import re
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from support.page import browser, chart, in_address, new_site, open_tab, points, served, wait_for_address  # noqa: F401
from support.waiting import wait_until

ROWS = 3_000
SPIKE_STEP, SPIKE = 1_234, 40.0
HOSTILE = "<img src=x onerror=alert(1)>&amp;\"'"

WRITE_SWEEP = f"""
import math, os, sys
import trackio as wandb

hostile = sys.argv[1]
for number, name in enumerate(["low", "middle", "high", hostile]):
    wandb.init(project="sweep", name=name, config={{"lr": 10.0 ** -number, "seed": 1}}, auto_log_cpu=False, auto_log_gpu=False)
    for step in range({ROWS} if number < 3 else 50):
        row = {{"train/loss": 1 + number + math.exp(-step / 300), "train/grad_norm": 1 + step % 7, "train/entropy": 2.5,
               "zeta": step, "system/power": 300 + step % 5}}
        if number == 1 and step == {SPIKE_STEP}:
            row["train/loss"] = {SPIKE}
        if step % 500 == 499:
            row["eval/loss"] = 2.0 + number
        if number == 3:
            row[hostile] = step
        wandb.log(row, step=step)
    if number == 2:
        wandb.init(project="wide", name="many", auto_log_cpu=False, auto_log_gpu=False)
        wandb.log({{f"group{{i // 100}}/metric{{i}}": i for i in range(2_000)}})
        wandb.finish()
    else:
        wandb.finish()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A sweep of four runs and a project of many metrics."""
    def write(directory):
        directory.run(WRITE_SWEEP, HOSTILE)
        directory.wait_for_state("sweep", "finished", HOSTILE)

    with served(tmp_path_factory.mktemp("page") / "0", write) as server:
        yield server


# The height, in shares of the canvas, of the highest pixel with the colour of a swatch.
HIGHEST = """
(canvas, name) => {
    const probe = document.createElement('span');
    document.body.append(probe);
    probe.style.color = `var(${name})`;
    const [red, green, blue] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
        const away = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue);
        if (data[at + 3] > 200 && away < 30) return Math.floor(at / 4 / canvas.width) / canvas.height;
    }
    return 1;
}
"""


def highest(cell, slot):
    """How far up the line of the run with this colour goes: 0 the upper edge of the chart, 1 the lower one."""
    return cell.locator("canvas[data-points]").evaluate(HIGHEST, f"--run-{slot}")


def test_the_first_screen(site, open_tab):
    tab = open_tab(site, "?project=sweep")
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile(r"^All four runs have ended\. +Lowest train/loss 1\.000 by low\.$"))
    loss, norm = chart(tab, "train/loss"), chart(tab, "train/grad_norm")
    sizes = [cell.bounding_box() for cell in (loss, norm)]
    assert sizes[0]["width"] > 1.9 * sizes[1]["width"], "the loss comes first and is large"
    assert sizes[0]["y"] < 300
    whole = [cell for cell in tab.get_by_role("article").all() if (box := cell.bounding_box())["y"] + box["height"] <= 900]
    assert len(whole) >= 6
    runs = tab.get_by_role("complementary", name="Runs")
    for name in ("low", "middle", "high", HOSTILE):
        expect(runs.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(runs.get_by_text("1 of 2 settings differ")).to_be_visible()
    expect(tab.get_by_role("article", name=HOSTILE, exact=True)).to_be_visible()
    assert tab.locator("img").count() == 0, "names are texts"


def test_a_spike_of_one_sample_is_seen_and_zooming_asks_again(site, open_tab):
    tab = open_tab(site, "?project=sweep&outliers=keep&smoothing=0")
    cell = chart(tab, "train/loss")
    assert highest(cell, 1) < 0.15, "the line of the run with the spike goes up to it"
    assert highest(cell, 0) > 0.5
    box = cell.locator("canvas").first.bounding_box()
    # The plot is the canvas without the axis at its left and the names at its right.
    left, wide = box["x"] + 38, box["width"] - 38 - 142
    at = left + wide * SPIKE_STEP / (ROWS - 1)
    with tab.expect_request(lambda request: request.url.endswith("/series")) as asked:
        tab.mouse.move(at - 12, box["y"] + 100)
        tab.mouse.down()
        tab.mouse.move(at + 12, box["y"] + 100, steps=4)
        tab.mouse.up()
    body = json.loads(asked.value.post_data)
    assert body["from"] < SPIKE_STEP < body["to"]
    assert body["to"] - body["from"] < 400
    answer = asked.value.response().json()
    (spiked,) = (line for line in answer["series"] if line["run"] == "middle" and line["key"] == "train/loss")
    assert spiked["total_points"] == len(spiked["x"]) == body["to"] - body["from"] + 1, "every row of the window is there"
    assert SPIKE in spiked["value"]
    wait_for_address(tab, **{"from": str(body["from"]), "to": str(body["to"])})
    tab.keyboard.press("Escape")
    wait_for_address(tab, **{"from": None, "to": None})


def test_a_cursor_in_all_charts_with_the_best_run_first(site, open_tab):
    tab = open_tab(site, "?project=sweep&smoothing=0")
    cell = chart(tab, "train/loss")
    box = cell.locator("canvas").first.bounding_box()
    tab.mouse.move(box["x"] + 200, box["y"] + 100)
    tip = cell.locator(".tooltip")
    expect(tip).to_be_visible()
    assert re.findall(r"low|middle|high", tip.inner_text()) == ["low", "middle", "high"]
    expect(tip.get_by_text("1 run ended before")).to_be_visible()
    other = tab.get_by_role("article", name="train/grad_norm", exact=True).locator("canvas[data-empty]")
    assert other.get_attribute("data-empty") == "false", "the cursor stands in the other charts too"


def test_what_is_done_is_in_the_address_and_comes_back(site, open_tab):
    tab = open_tab(site, "?project=sweep")
    chart(tab, "train/loss")
    tab.get_by_role("searchbox", name="Search metrics").fill("/^train/")
    expect(tab.get_by_role("article")).to_have_count(3)
    tab.get_by_label("y", exact=True).select_option("y")
    tab.get_by_role("button", name="Show high in the charts").click()
    wait_for_address(tab, search="/^train/", log_y="1")
    wait_until(lambda: "hide" in in_address(tab) or tab.wait_for_timeout(20), 20, lambda: tab.url)
    tab.reload()
    expect(tab.get_by_role("article")).to_have_count(3)
    expect(tab.get_by_role("button", name="Show high in the charts")).to_have_attribute("aria-pressed", "false")
    assert "2 runs" not in tab.get_by_role("article").first.inner_text()
    tab.get_by_role("searchbox", name="Search metrics").fill("/(/")
    expect(tab.get_by_role("article")).to_have_count(7)


def test_links_of_trackio_are_understood(site, open_tab):
    tab = open_tab(site, "metrics?selected_project=sweep&runs=low,high&metric_filter=loss&smoothing=0&x_axis=time")
    expect(tab.get_by_role("article")).to_have_count(2)
    expect(tab.get_by_text("2 of 4 runs", exact=False).first).to_be_visible()
    expect(tab.get_by_label("x", exact=True)).to_have_value("time")


def test_by_keys_alone(site, open_tab):
    tab = open_tab(site, "?project=sweep")
    chart(tab, "train/loss")
    runs = tab.get_by_role("complementary", name="Runs")
    press = tab.keyboard.press
    press("k")
    wait_for_address(tab, run="high")
    expect(runs.get_by_role("button", name="high", exact=True)).to_have_attribute("aria-pressed", "true")
    press("x")
    expect(tab.get_by_role("button", name="Show high in the charts")).to_have_attribute("aria-pressed", "false")
    press("x")
    press("/")
    tab.keyboard.type("loss")
    expect(tab.get_by_role("article")).to_have_count(2)
    press("Escape")
    expect(tab.get_by_role("article")).to_have_count(7)
    press("Escape")
    press("l")
    wait_for_address(tab, log_y="1", search=None)
    press("+")
    wait_until(lambda: "from" in in_address(tab) or tab.wait_for_timeout(20), 20, lambda: tab.url)
    press("0")
    wait_for_address(tab, **{"from": None})
    press("ArrowRight")
    expect(tab.locator(".tooltip")).to_be_visible()
    press("e")
    dialog = tab.get_by_role("dialog", name="train/loss")
    expect(dialog.locator("canvas[data-points]")).to_be_attached()
    press("Escape")
    expect(dialog).to_have_count(0)
    wait_for_address(tab, open=None)
    press("?")
    expect(tab.get_by_role("dialog", name="Keys")).to_be_visible()
    press("Escape")
    press("g")
    press("r")
    expect(tab.get_by_role("table")).to_be_visible()
    assert urlsplit(tab.url).path == "/runs"
    tab.go_back()
    chart(tab, "train/loss")


def test_each_focus_by_tab_is_seen(site, open_tab):
    tab = open_tab(site, "?project=sweep")
    chart(tab, "train/loss")
    seen = "() => { const own = getComputedStyle(document.activeElement); const around = document.activeElement.closest('.control, .project'); const ring = around ? getComputedStyle(around) : own; return document.activeElement === document.body || ring.outlineStyle === 'solid' || own.outlineStyle === 'solid'; }"
    for _ in range(40):
        tab.keyboard.press("Tab")
        assert tab.evaluate(seen), tab.evaluate("document.activeElement.outerHTML")


@pytest.mark.parametrize("page", ["", "runs"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_narrow_screen_is_not_pushed_sideways(site, open_tab, page, theme):
    tab = open_tab(site, f"{page}?project=sweep", width=360, height=740, color_scheme=theme)
    if page == "runs":
        expect(tab.get_by_role("table")).to_be_visible()
    else:
        chart(tab, "train/loss")
        assert tab.get_by_role("complementary", name="Runs").is_visible() is False
        tab.get_by_role("button", name="4 of 4 runs").click()
        expect(tab.get_by_role("button", name="middle", exact=True)).to_be_visible()
        tab.get_by_role("button", name="Done").click()
        expect(tab.get_by_role("button", name="middle", exact=True)).to_be_hidden()
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    tab.get_by_role("link", name="Metrics" if page == "runs" else "Runs").locator("visible=true").click()
    assert tab.evaluate("document.documentElement.scrollWidth") == 360


def test_of_thousands_of_metrics_only_those_seen_are_there(site, open_tab):
    tab = open_tab(site, "?project=wide")
    expect(tab.get_by_role("article").first).to_be_visible()
    expect(tab.get_by_role("button", name="group0 100")).to_be_visible()
    assert tab.get_by_role("article").count() < 60
    tab.mouse.wheel(0, 1_000_000)
    expect(tab.get_by_role("article", name="group19/metric1999", exact=True)).to_be_visible()
    chart(tab, "group19/metric1999")
    assert tab.get_by_role("article").count() < 60
    tab.keyboard.press("Home")
    tab.get_by_title("Fold group0").click()
    expect(tab.get_by_role("article", name="group0/metric1", exact=True)).to_have_count(0)
    wait_for_address(tab, fold="group0")


def test_files_to_keep(site, open_tab):
    tab = open_tab(site, "?project=sweep")
    cell = chart(tab, "train/loss")
    saved = {}
    for kind, item in (("png", "Picture (PNG)"), ("svg", "Drawing (SVG)"), ("csv", "All values (CSV)")):
        cell.hover()
        cell.get_by_role("button", name="Save train/loss").click()
        with tab.expect_download() as download:
            cell.get_by_role("menuitem", name=item).click()
        assert download.value.suggested_filename == f"sweep-train-loss.{kind}"
        saved[kind] = download.value.path().read_bytes()
    assert saved["png"].startswith(b"\x89PNG")
    assert b"<img" not in saved["svg"] and b"&lt;img" in saved["svg"]
    lines = saved["csv"].decode().splitlines()
    assert len(lines) == 1 + 3 * ROWS + 50, "every value, not those of a chart"
    assert any(line.split(",")[2:5:2] == [str(SPIKE_STEP), "40"] for line in lines if line.startswith("middle"))


LOG_ONE_MORE = """
import os, sys, time
import trackio
trackio.init(project="live", name="now", auto_log_cpu=False, auto_log_gpu=False)
for step in range(100):
    trackio.log({"loss": 1 / (step + 1)}, step=step)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.005)
trackio.log({"loss": 0.5, "late": 1.0}, step=100)
print(time.time(), flush=True)
while not os.path.exists(sys.argv[2]):
    time.sleep(0.005)
trackio.finish()
"""


def test_a_row_appears_by_itself(new_site, open_tab, tmp_path):
    directory, server = new_site
    go, end = tmp_path / "go", tmp_path / "end"
    trainer = directory.start(LOG_ONE_MORE, go, end)
    wait_until(lambda: len(directory.rows("live")) == 100, 20)
    tab = open_tab(server, "?project=live")
    cell = chart(tab, "loss")
    wait_until(lambda: points(cell) == 100 or tab.wait_for_timeout(20), 20, lambda: points(cell))
    go.touch()
    wait_until(lambda: points(cell) == 101 or tab.wait_for_timeout(20), 20, lambda: points(cell))
    shown = time.time()
    assert shown - float(trainer.output) < 4, "it did not wait for the next look at everything"
    expect(tab.get_by_role("article", name="late", exact=True)).to_be_visible()
    end.touch()
    trainer.expect_exit(0)
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile("^The run has finished"))


def test_nothing_there_yet(new_site, open_tab):
    directory, server = new_site
    tab = open_tab(server, "")
    expect(tab.get_by_role("heading", level=1)).to_have_text("No runs yet")
    expect(tab.locator("pre")).to_contain_text('import trackio as wandb\nwandb.init(project="my-project")')
    directory.run("import trackio\ntrackio.init(project='first', auto_log_cpu=False)\ntrackio.log({'loss': 1.0})\ntrackio.finish()")
    expect(tab.get_by_role("article", name="loss", exact=True)).to_be_visible()
