"""The fifteen things people come to the page for, each by mouse and by keyboard, in at most three steps.

A step is one click, one drag, one text typed, or one key (with those that belong to it, as in `g r`).
"""

import re
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from support.directory import DataDirectory
from support.page import browser, chart, in_address, open_tab, points, wait_for_address  # noqa: F401
from support.server import Server
from support.waiting import wait_until

MOST_STEPS = 3
SPIKE_STEP, ROWS = 600, 800

# Fits a line by gradient descent. With a rate far above what its curvature allows the loss grows for ever.
TRAIN = f"""
import math, os, random, sys, time
import trackio as wandb

name, rate, until = sys.argv[1], float(sys.argv[2]), sys.argv[3]
random.seed(1)
data = [(x := random.uniform(-1, 1), 3 * x + 1 + random.gauss(0, 0.1)) for _ in range(32)]
wandb.init(project="lines", name=name, config={{"lr": rate, "rows": 32, "max_steps": {ROWS}}}, auto_log_cpu=False, auto_log_gpu=False)
slope = bias = 0.0
for step in range({ROWS}):
    if until != "-" and step == {ROWS} // 2:
        print("ready", flush=True)
        while not os.path.exists(until):
            time.sleep(0.01)
    now = 4.0 if name == "diverges" and step >= {ROWS} // 4 else rate
    errors = [slope * x + bias - y for x, y in data]
    loss = sum(error * error for error in errors) / len(data)
    if name == "slow" and step == {SPIKE_STEP}:
        loss *= 50
    gradient = [2 * sum(error * x for error, (x, _) in zip(errors, data)) / len(data), 2 * sum(errors) / len(data)]
    wandb.log({{"train/loss": loss, "train/grad_norm": math.hypot(*gradient)}}, step=step)
    if step % 50 == 49:
        wandb.log({{"eval/loss": loss * 1.1}}, step=step)
    slope, bias = slope - now * gradient[0], bias - now * gradient[1]
wandb.finish()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Three runs that ended, one of them with a spike; one that goes on, one that diverges; and another project."""
    directory = DataDirectory(tmp_path_factory.mktemp("tasks") / "0")
    end = directory.folder / "end"
    for name, rate in (("slow", 0.001), ("middle", 0.005), ("quick", 0.2)):
        directory.run(TRAIN, name, rate, "-")
    directory.run("import trackio\ntrackio.init(project='other', name='only', auto_log_cpu=False)\ntrackio.log({'loss': 1.0})\ntrackio.finish()")
    going = [directory.start(TRAIN, name, rate, end) for name, rate in (("goes-on", 0.002), ("diverges", 0.1))]
    for trainer in going:
        wait_until(lambda trainer=trainer: "ready" in trainer.output, 60, lambda trainer=trainer: trainer.errors)
    server = Server(directory)
    yield server
    server.stop()
    end.touch()
    for trainer in going:
        trainer.expect_exit(0)
    directory.end_trainers()
    directory.assert_nothing_left()


class Hands:
    """What a person does, counted."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.steps = 0

    def click(self, what, **options) -> None:
        self.steps += 1
        what.click(**options)

    def double_click(self, what) -> None:
        self.steps += 1
        what.dblclick()

    def choose(self, what, value) -> None:
        """One of a list that the browser shows: it is opened, and the value taken."""
        self.steps += 2
        what.select_option(value)

    def drag(self, what, start, end) -> None:
        """Along a canvas, in pixels from its left edge."""
        self.steps += 1
        box = what.bounding_box()
        self.tab.mouse.move(box["x"] + start, box["y"] + box["height"] / 2)
        self.tab.mouse.down()
        self.tab.mouse.move(box["x"] + end, box["y"] + box["height"] / 2, steps=5)
        self.tab.mouse.up()

    def press(self, *keys) -> None:
        self.steps += 1
        for key in keys:
            self.tab.keyboard.press(key)

    def hold(self, key, times) -> None:
        """A key that is held repeats itself."""
        self.steps += 1
        for _ in range(times):
            self.tab.keyboard.press(key)

    def hold_until(self, key, is_seen) -> None:
        """The same, let go when something is seen."""
        self.steps += 1
        for _ in range(ROWS):
            if is_seen():
                return
            self.tab.keyboard.press(key)
        raise AssertionError(f"{key} led nowhere")

    def type(self, text) -> None:
        self.steps += 1
        self.tab.keyboard.type(text)


@pytest.fixture
def at(site, open_tab):
    """Opens a page with hands over it, once its data is there; at the end they may have done three things at most."""
    opened = []

    @contextmanager
    def begin(address="?project=lines"):
        tab = open_tab(site, address)
        tab.get_by_role("table").or_(tab.locator("canvas[data-points]")).first.wait_for()
        hands = Hands(tab)
        opened.append(hands)
        yield tab, hands

    yield begin
    assert all(1 <= hands.steps <= MOST_STEPS for hands in opened), [hands.steps for hands in opened]


def column(tab):
    return tab.get_by_role("complementary", name="Runs")


def on_page(tab, page):
    wait_until(lambda: urlsplit(tab.url).path == f"/{page}" or tab.wait_for_timeout(20), 20, lambda: tab.url)


def cursor_step(tab):
    """Where the crosshair stands; below every step while there is none."""
    title = tab.locator(".tooltip .head strong")
    return int(re.sub(r"\D", "", title.first.inner_text())) if title.count() else -1


def zoomed_to_spike(tab):
    wait_until(lambda: "from" in in_address(tab) or tab.wait_for_timeout(20), 20, lambda: tab.url)
    assert float(in_address(tab)["from"]) < SPIKE_STEP < float(in_address(tab)["to"])


def test_open_the_best_run(at):
    with at() as (tab, hands):
        hands.click(tab.get_by_role("heading", level=1).get_by_role("link", name="quick"))
        on_page(tab, "run")
        expect(tab.get_by_role("heading", level=1)).to_contain_text("Finished")
    with at() as (tab, hands):
        hands.press("Control+k")
        hands.type("best")
        hands.press("Enter")
        on_page(tab, "run")
        wait_for_address(tab, run="quick")


def test_compare_two_runs(at):
    with at("runs?project=lines") as (tab, hands):
        hands.click(tab.get_by_label("Select slow"))
        hands.click(tab.get_by_label("Select quick"))
        hands.click(tab.get_by_role("region", name="Selected runs").get_by_role("button", name="Compare"))
        compared(tab)
    with at("?project=lines&run=slow") as (tab, hands):
        hands.press("Control+k")
        hands.type("quick")
        hands.press("Control+Enter")
        compared(tab)


def compared(tab):
    on_page(tab, "compare")
    names = tab.get_by_role("list", name="Compared runs").locator(".name .cut")
    wait_until(lambda: set(names.all_inner_texts()) == {"slow", "quick"} or tab.wait_for_timeout(20), 20, names.all_inner_texts)


def test_zoom_into_a_spike(at):
    with at("?project=lines&run_ids=slow") as (tab, hands):
        canvas = chart(tab, "train/loss").locator("canvas").first
        left, wide = 38, canvas.bounding_box()["width"] - 38 - 142
        place = left + wide * SPIKE_STEP / (ROWS - 1)
        hands.drag(canvas, place - 20, place + 20)
        zoomed_to_spike(tab)
    with at("?project=lines&run_ids=slow") as (tab, hands):
        chart(tab, "train/loss")
        hands.hold_until("Shift+ArrowRight", lambda: cursor_step(tab) >= SPIKE_STEP - 10)
        hands.hold("+", 3)
        zoomed_to_spike(tab)


def test_follow_a_live_run(at, site):
    for how in ("mouse", "keyboard"):
        with at() as (tab, hands):
            if how == "mouse":
                hands.click(tab.get_by_role("region", name="How it is going").get_by_role("button", name="goes-on"))
            else:
                hands.press("Control+k")
                hands.type("goes-on")
                hands.press("Enter")
            wait_for_address(tab, run="goes-on")
            expect(tab.get_by_role("status").filter(has_text="Live").first).to_be_visible()


def test_read_why_a_run_diverges(at):
    with at() as (tab, hands):
        hands.click(tab.get_by_role("region", name="How it is going").get_by_role("link", name=re.compile("^Loss")).first)
        told_why(tab)
    with at() as (tab, hands):
        hands.press("Control+k")
        hands.type("diverges")
        hands.press("Enter")
        told_why(tab)


def told_why(tab):
    on_page(tab, "run")
    expect(tab.get_by_role("region", name="Findings")).to_contain_text(re.compile(r"since step \d+"))


def test_hide_a_run(at):
    with at("?project=lines&run=slow") as (tab, hands):
        hands.click(tab.get_by_role("button", name="Show slow in the charts"))
        expect(tab.get_by_role("button", name="Show slow in the charts")).to_have_attribute("aria-pressed", "false")
    with at("?project=lines&run=slow") as (tab, hands):
        hands.press("x")
        expect(tab.get_by_role("button", name="Show slow in the charts")).to_have_attribute("aria-pressed", "false")


def test_see_one_run_alone(at):
    with at() as (tab, hands):
        hands.double_click(column(tab).get_by_role("button", name="middle", exact=True))
        expect(tab.get_by_text("1 of 5 runs", exact=False).first).to_be_visible()
    with at("?project=lines&run=middle") as (tab, hands):
        hands.press("o")
        expect(tab.get_by_text("1 of 5 runs", exact=False).first).to_be_visible()


def test_find_a_metric(at):
    with at() as (tab, hands):
        hands.click(tab.get_by_role("searchbox", name="Search metrics"))
        hands.type("grad")
        expect(tab.get_by_role("article")).to_have_count(1)
    with at() as (tab, hands):
        hands.press("/")
        hands.type("grad")
        expect(tab.get_by_role("article")).to_have_count(1)


def test_look_over_time(at):
    with at() as (tab, hands):
        hands.choose(tab.get_by_label("x", exact=True), "relative_time")
        wait_for_address(tab, x="relative_time")
    with at() as (tab, hands):
        hands.press("r")
        wait_for_address(tab, x="relative_time")


def test_smooth_more(at):
    with at("?project=lines&smoothing=0.5") as (tab, hands):
        slider = tab.get_by_role("slider", name="Smooth")
        width = slider.bounding_box()["width"]
        hands.drag(slider, width / 2, width - 8)
        wait_until(lambda: float(in_address(tab).get("smoothing", 0.9)) > 0.6 or tab.wait_for_timeout(20), 20, lambda: tab.url)
    with at("?project=lines&smoothing=0.5") as (tab, hands):
        hands.hold("]", 4)
        wait_for_address(tab, smoothing="0.7")


def test_see_which_settings_differ(at):
    for how in ("mouse", "keyboard"):
        with at() as (tab, hands):
            if how == "mouse":
                hands.click(tab.get_by_role("navigation", name="Pages").get_by_role("link", name="Compare").locator("visible=true"))
            else:
                hands.press("g", "c")
            differences = tab.get_by_role("region", name="Differences")
            expect(differences.get_by_role("row", name=re.compile("^lr"))).to_be_visible()
            expect(differences.get_by_role("row", name=re.compile("^rows"))).to_have_count(0)


def test_see_a_chart_on_the_full_screen(at):
    with at() as (tab, hands):
        cell = chart(tab, "train/grad_norm")
        cell.hover()
        hands.click(cell.get_by_role("button", name=re.compile("full screen", re.IGNORECASE)))
        expect(tab.get_by_role("dialog", name="train/grad_norm")).to_be_visible()
    with at() as (tab, hands):
        hands.press("e")
        expect(tab.get_by_role("dialog", name="train/loss")).to_be_visible()


def test_go_to_another_project(at):
    with at() as (tab, hands):
        hands.choose(tab.get_by_label("Project"), "other")
        wait_for_address(tab, project="other")
    with at() as (tab, hands):
        hands.press("Control+k")
        hands.type("other")
        hands.press("Enter")
        wait_for_address(tab, project="other")


def test_keep_a_view(at):
    with at("runs?project=lines&filter=quick") as (tab, hands):
        hands.click(tab.get_by_role("button", name="Saved views"))
        hands.type("mine")
        hands.click(tab.get_by_role("dialog", name="Saved views").get_by_role("button", name="Save", exact=True))
        expect(tab.get_by_role("link", name="mine")).to_be_visible()
    with at("runs?project=lines&filter=quick") as (tab, hands):
        hands.press("v")
        hands.type("mine")
        hands.press("Enter")
        expect(tab.get_by_role("link", name="mine")).to_be_visible()


def test_find_runs_by_a_setting(at):
    for how in ("mouse", "keyboard"):
        with at("runs?project=lines") as (tab, hands):
            if how == "mouse":
                hands.click(tab.get_by_role("searchbox", name="Filter runs"))
            else:
                hands.press("/")
            hands.type("config.lr >= 0.1 and state = finished")
            expect(tab.get_by_role("table").get_by_role("button", name="quick", exact=True)).to_be_visible()
            expect(tab.get_by_role("table").get_by_role("button", name="slow", exact=True)).to_have_count(0)
