"""Beside the values of one run: events on the lanes below its charts, and its files."""

import re

import pytest
from playwright.sync_api import expect

from support.page import browser, chart, in_address, open_tab, served, wait_for_address  # noqa: F401
from support.waiting import wait_until

TRAIN = """
import math, os
import trackio as wandb

os.makedirs("configs", exist_ok=True)
with open("configs/train.yaml", "w") as file:
    file.write("rate: 0.2\\n")
run = wandb.init(project="events", name="whole", config={"max_steps": 400}, auto_log_cpu=False, auto_log_gpu=False)
for step in range(400):
    loss = 0.5 + 2 * math.exp(-step / 60) + 0.01 * (step * 7919 % 13)
    if 200 <= step < 260:
        loss += 19.5 * (1 - math.exp(-(step - 199) / 5))
    wandb.log({"train/loss": loss, "train/grad_norm": 1 + loss / 10}, step=step)
    if step % 100 == 99:
        wandb.log({"eval/loss": loss * 1.1, "eval/accuracy": 1 / (1 + loss)}, step=step)
    if step in (149, 299):
        with open("weights.txt", "w") as file:
            file.write(f"{loss}")
        artifact = wandb.Artifact("weights", type="model")
        artifact.add_file("weights.txt")
        artifact.add_reference("https://example.org/big.bin", name="big.bin", checksum=False)
        run.log_artifact(artifact)
    if step == 205:
        wandb.alert(title="Loss leaps", text="<b>up</b>", level=wandb.AlertLevel.ERROR)
    if step == 300:
        wandb.alert(title="Steady again", level=wandb.AlertLevel.INFO)
wandb.save("configs/train.yaml")
wandb.finish()
wandb.init(project="events", name="plain", auto_log_cpu=False, auto_log_gpu=False)
wandb.log({"loss": 1.0}, step=0)
wandb.finish()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A run that was evaluated, kept its weights, raised alerts, and whose loss went to 20 and came back; and a bare one."""
    def write(directory):
        directory.run(TRAIN)
        directory.wait_for_state("events", "finished", "plain")

    with served(tmp_path_factory.mktemp("events") / "0", write) as server:
        yield server


def lane(tab, name):
    return tab.get_by_role("region", name="Events").get_by_role("group", name=name)


def test_evaluations_checkpoints_and_alerts_stand_below_the_charts(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?project=events&run=whole")
    chart(tab, "train/loss")
    marks = {name: lane(tab, name).get_by_role("button") for name in ("Evaluations", "Checkpoints", "Alerts")}
    expect(marks["Evaluations"]).to_have_count(4)
    expect(marks["Checkpoints"]).to_have_count(2)
    expect(marks["Alerts"]).to_have_count(2)
    expect(marks["Evaluations"].nth(1)).to_have_accessible_name(re.compile("^evaluation at step 199: eval/"))
    expect(marks["Checkpoints"].nth(0)).to_have_accessible_name(re.compile(r"^checkpoint at step 149: weights v0, "))
    expect(marks["Alerts"].nth(0)).to_have_accessible_name("alert at step 205: error, Loss leaps (<b>up</b>)")
    expect(marks["Alerts"].nth(0)).to_have_class(re.compile("error"))

    def middle(locator):
        box = locator.bounding_box()
        return box["x"] + box["width"] / 2

    # Steps 0 to 399 along the plot of the chart above: marks keep the distances of their steps.
    first, last = (middle(marks["Evaluations"].nth(i)) for i in (0, 3))
    pixels_a_step = (last - first) / 300
    assert abs(middle(marks["Checkpoints"].nth(0)) - (first + 50 * pixels_a_step)) < 1
    assert abs(middle(marks["Alerts"].nth(0)) - (first + 106 * pixels_a_step)) < 1
    plot = tab.get_by_role("article").filter(has=tab.locator("canvas")).last.locator(".frame").bounding_box()
    right = plot["x"] + plot["width"] - 6
    assert abs(middle(marks["Evaluations"].nth(3)) - right) < 1.5, "step 399 is the right end of the axis"


def test_a_mark_tells_what_it_is_by_pointer_and_by_keys_and_zooms(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?project=events&run=whole")
    region = tab.get_by_role("region", name="Events")
    lane(tab, "Checkpoints").get_by_role("button").nth(1).hover()
    expect(region.locator(".tip")).to_have_text(re.compile("^checkpoint at step 299: weights v1"))
    lane(tab, "Evaluations").get_by_role("button").first.focus()
    expect(region.locator(".tip")).to_have_text(re.compile("^evaluation at step 99"))
    tab.keyboard.press("ArrowRight")
    expect(region.locator(".tip")).to_have_text(re.compile("^evaluation at step 199"))
    tab.keyboard.press("End")
    expect(region.locator(".tip")).to_have_text(re.compile("^evaluation at step 399"))
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    expect(region.locator(".tip")).to_have_text(re.compile("^alert at step 205"))
    assert region.locator("[tabindex='0']").count() == 1, "Tab reaches the lanes once"
    tab.keyboard.press("Enter")
    wait_for_address(tab, **{"from": "195", "to": "215"})
    expect(lane(tab, "Alerts").get_by_role("button")).to_have_count(1)
    assert tab.locator("b", has_text="up").count() == 0, "what is logged is text"


def test_over_time_the_marks_stand_where_it_happened(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?project=events&run=whole&x=time")
    expect(lane(tab, "Checkpoints").get_by_role("button").first).to_be_visible()
    names = [mark.get_attribute("aria-label") for mark in tab.get_by_role("region", name="Events").get_by_role("button").all()]
    assert all(re.search(r"\d\d:\d\d:\d\d", name) for name in names), names


def test_a_run_without_events_has_no_lanes(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?project=events&run=plain")
    chart(tab, "loss")
    expect(tab.get_by_role("region", name="Events")).to_have_count(0)


def test_a_loss_that_went_to_20_and_came_back_is_told_and_marked(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?project=events&run=whole")
    title = tab.get_by_role("button", name=re.compile("^Loss diverging, step 200 to 2[56]"))
    expect(title).to_be_visible()
    expect(tab.get_by_role("region", name="Findings")).to_contain_text(re.compile(r"rose to (19|2\d).*back at step"))
    expect(tab.get_by_role("region", name="Findings")).to_contain_text("before the next run")
    title.click()
    wait_until(lambda: "from" in in_address(tab) or tab.wait_for_timeout(20), 20, lambda: tab.url)
    assert 160 <= int(in_address(tab)["from"]) <= 190 and int(in_address(tab)["to"]) < 320, "zoomed to its steps, not to the end"


def test_the_files_of_a_run_are_found_looked_at_and_saved(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?project=events&run=whole")
    tab.get_by_role("navigation", name="Parts of the run").get_by_role("link", name="Files").click()
    wait_for_address(tab, tab="files")
    rows = tab.locator("tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.filter(has_text="train.yaml")).to_contain_text("beside all runs")
    expect(rows.filter(has_text="weights.txt").first).to_contain_text("weights v1, made")
    expect(rows.filter(has_text="big.bin").first.get_by_role("link")).to_have_attribute("href", "https://example.org/big.bin")
    tab.keyboard.press("/")
    tab.keyboard.type("weights v0")
    expect(rows).to_have_count(2)
    wait_for_address(tab, find="weights v0")
    rows.get_by_role("button", name="weights.txt").click()
    expect(tab.get_by_role("region", name="weights.txt").locator("pre")).to_have_text(re.compile(r"^0\.\d+$"))
    wait_for_address(tab, file="weights:v0/weights.txt")
    with tab.expect_download() as download:
        rows.get_by_role("link", name="Save weights.txt").click()
    assert download.value.suggested_filename == "weights.txt"
    assert re.fullmatch(r"0\.\d+", download.value.path().read_text())


def test_a_run_without_files_says_how_to_have_some(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?project=events&run=plain&tab=files")
    expect(tab.get_by_role("cell", name="beside all runs")).to_be_visible()
    tab.keyboard.press("1")
    wait_for_address(tab, tab=None)
    tab.keyboard.press("8")
    wait_for_address(tab, tab="files")


@pytest.mark.parametrize("address", ["run?project=events&run=whole", "run?project=events&run=whole&tab=files&file=weights:v0/weights.txt"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_narrow_screen_is_not_pushed_sideways(site, open_tab, address, theme):  # noqa: F811
    tab = open_tab(site, address, width=360, height=740, color_scheme=theme)
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.get_by_role("region", name="Events").or_(tab.locator("pre")).first).to_be_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
