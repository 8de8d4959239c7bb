"""A page that is left open beside a training: it asks for what is new, and for nothing else.

The list of runs is asked for every five seconds while the stream of events is open, which is the clock of these tests.
"""

from collections import Counter
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from support.page import browser, chart, new_site, open_tab, points, settled
from support.waiting import wait_until

__all__ = ["browser", "new_site", "open_tab"]

# Charts follow each row. Everything else comes at most once a second, beside what a change of state asks for; where
# nothing is new, the list of runs is asked for twice in the time that is looked at.
_CHARTS = "/series"
_MOST_WHILE_QUIET = 4
_MOST_BESIDE_A_TRAINING = 16

_WRITE = """
import trackio as wandb

for number in range(3):
    wandb.init(project="p", name=f"run-{number}", config={"lr": number}, auto_log_cpu=False, auto_log_gpu=False)
    for step in range(30):
        wandb.log({"train/loss": 2 - step / 30 + number})
    wandb.log({"chat": wandb.Trace(messages=[{"role": "user", "content": "how?"}])})
    wandb.log_system({"cpu/utilization": 50.0})
    wandb.finish()
"""

_MANY = """
import trackio as wandb

for number in range(60):
    wandb.init(project="p", name=f"run-{number}", auto_log_cpu=False, auto_log_gpu=False).log({"train/loss": number})
    wandb.finish()
"""

_TRAIN = """
import sys, time
import trackio as wandb

wandb.init(project="p", name="live", config={"lr": 3}, settings=wandb.Settings(console="wrap"), auto_log_cpu=False, auto_log_gpu=False)
wandb.log_system({"cpu/utilization": 50.0})
for step in range(100_000):
    print("step", step)
    wandb.log({"train/loss": 2 / (1 + step), "train/only_live": step})
    time.sleep(0.15)
"""


_RUNS = "/api/v1/projects/p/runs"


def _asked_in_a_round(tabs: dict[str, Page]) -> dict[str, Counter[str]]:
    """What each of the tabs asks for, by path, from one reading of the list of runs in the first to the next but one."""
    asked: dict[str, Counter[str]] = {name: Counter() for name in tabs}
    for name, tab in tabs.items():
        tab.on("request", lambda request, name=name: asked[name].update([urlsplit(request.url).path]))
    first, tab = next(iter(tabs.items()))

    def rounds(count: int) -> None:
        wait_until(lambda: asked[first][_RUNS] >= count or tab.wait_for_timeout(50), 30, lambda: asked)

    rounds(1)
    for counter in asked.values():
        counter.clear()
    rounds(2)
    return asked


def _too_often(asked: dict[str, Counter[str]], most: int) -> dict[str, dict[str, int]]:
    often = {name: {path: count for path, count in paths.items() if not path.endswith(_CHARTS) and count > most} for name, paths in asked.items()}
    return {name: paths for name, paths in often.items() if paths}


def test_pages_of_ended_runs_are_quiet(new_site, open_tab):
    directory, server = new_site
    directory.run(_WRITE)
    directory.wait_for_state("p", "finished", "run-2")
    addresses = ["?project=p", "traces?project=p", "runs?project=p", "compare?project=p", "run?project=p&run=run-1", "media?project=p"]
    tabs = {address: settled(open_tab(server, address)) for address in addresses}
    assert _too_often(_asked_in_a_round(tabs), _MOST_WHILE_QUIET) == {}, "nothing is new"


def test_pages_beside_a_training_ask_for_what_is_new(new_site, open_tab):
    directory, server = new_site
    directory.run(_WRITE)
    trainer = directory.start(_TRAIN)
    directory.wait_for_state("p", "running", "live")
    # What a part below the screen shows is read once it is seen.
    addresses = {
        "?project=p": ("System", "CPU"),
        "?project=p&hide=live": ("System", "CPU"),
        "traces?project=p": None,
        "runs?project=p": None,
        "run?project=p&run=live": ("Last lines of the console", "step"),
        "compare?project=p": None,
    }
    tabs = {}
    try:
        for address, part in addresses.items():
            tabs[address] = settled(open_tab(server, address))
            if part is not None:
                region = tabs[address].get_by_role("region", name=part[0])
                region.scroll_into_view_if_needed()
                expect(region).to_contain_text(part[1])
        assert _too_often(_asked_in_a_round(tabs), _MOST_BESIDE_A_TRAINING) == {}
    finally:
        trainer.kill()


def test_a_list_that_was_scrolled_stays_there_while_rows_arrive(new_site, open_tab):
    directory, server = new_site
    directory.run(_MANY)
    trainer = directory.start(_TRAIN)
    directory.wait_for_state("p", "running", "live")
    try:
        tab = settled(open_tab(server, "?project=p"))
        tab.keyboard.press("j")
        expect(tab.locator("aside [role=group].focused")).to_have_count(1)
        column = tab.locator("aside .list")
        column.evaluate("(list) => (list.scrollTop = 800)")
        loss = chart(tab, "train/loss")
        before = points(loss)
        wait_until(lambda: points(loss) > before + 5 or tab.wait_for_timeout(50), 20, lambda: points(loss))
        assert column.evaluate("(list) => list.scrollTop") == 800
    finally:
        trainer.kill()
