"""Every page is held against axe-core, light and dark, wide and narrow: nothing that WCAG 2.1 AA asks for is missing."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.page import browser, new_site, open_tab, served, settled  # noqa: F401

AXE = Path(__file__).parents[2] / "server/dashboard/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

WRITE = """
import math
import numpy as np
import trackio as wandb
for number, name in enumerate(["low", "middle", "high"]):
    wandb.init(project="axe", name=name, group="sweep", tags=["first"], notes="A note.", config={"lr": 0.1 ** number, "total_steps": 60})
    for step in range(60):
        wandb.log({"train/loss": number + math.exp(-step / 20), "train/grad_norm": 1.0, "eval/accuracy": step / 60}, step=step)
    wandb.alert(title="Gradient is high", text="Look at the rate.", level=wandb.AlertLevel.WARN)
    wandb.log({"picture": wandb.Image(np.full((8, 8, 3), 90, np.uint8), caption="two"), "weights": wandb.Histogram([1, 2, 2, 3])})
    wandb.log({"table": wandb.Table(columns=["name", "score"], data=[["a", 1.5], ["b", 2.5]]), "page": wandb.Html("<p>hello</p>")})
    wandb.log({"report": wandb.Markdown("# Report\\n\\nIt *works*.\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |")})
    wandb.log({"trace": wandb.Trace(messages=[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}])})
    artifact = wandb.Artifact("weights", type="model")
    with artifact.new_file("weights.txt") as file:
        file.write("1 2 3")
    wandb.log_artifact(artifact)
    wandb.finish()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Three runs with something for every page."""
    def write(directory):
        directory.run(WRITE)
        directory.wait_for_state("axe", "finished", "high")

    with served(tmp_path_factory.mktemp("axe") / "0", write) as server:
        yield server


@pytest.fixture(scope="module")
def addresses(site, browser):
    """Every page that has a tab, the page of a run, and settings."""
    tab = browser.new_page()
    tab.goto(f"http://localhost:{site.port}/?project=axe")
    links = tab.get_by_role("navigation", name="Pages").locator("a")
    expect(links.first).to_be_attached()
    found = {link.get_attribute("href").split("?")[0].lstrip("/") for link in links.all()}
    tab.close()
    return [f"{name}?project=axe" for name in sorted(found)] + ["run?project=axe&run=middle", "settings?project=axe"]


def violations(tab, where="document"):
    """What axe finds, in words."""
    tab.evaluate(AXE.read_text())
    found = tab.evaluate(f"axe.run({where}, {{ runOnly: {RULES}, resultTypes: ['violations'] }})")["violations"]
    return [f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages(site, addresses, open_tab, theme, width):
    found = {}
    for address in addresses:
        tab = open_tab(site, address, width=width, height=900, color_scheme=theme)
        settled(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, f"{address} is pushed sideways"
        wrong = violations(tab)
        if wrong:
            found[address] = wrong
    assert found == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_lies_over_a_page(site, open_tab, theme):
    tab = open_tab(site, "?project=axe", color_scheme=theme)
    expect(tab.get_by_role("article").first).to_be_visible()
    tab.keyboard.press("Control+k")
    tab.keyboard.type("l")
    expect(tab.get_by_role("dialog", name="Command palette")).to_be_visible()
    assert violations(tab) == []
    tab.keyboard.press("Escape")
    for key, name in (("v", "Saved views"), ("?", "Keys")):
        tab.keyboard.press(key)
        expect(tab.get_by_role("dialog", name=name)).to_be_visible()
        assert violations(tab) == []
        tab.keyboard.press("Escape")
        # A key is heard by what lies over the page until it is gone.
        expect(tab.get_by_role("dialog", name=name)).to_have_count(0)


def test_pages_with_nothing_on_them(new_site, open_tab, browser):
    _, server = new_site
    tab = open_tab(server, "", width=390)
    expect(tab.get_by_role("heading", level=1)).to_have_text("No runs yet")
    assert violations(tab) == []
    # The browser says in its console what the server has answered.
    tab = browser.new_page()
    tab.goto(f"http://localhost:{server.port}/?project=nothing")
    expect(tab.get_by_role("heading", level=1)).to_have_text("This project cannot be shown")
    assert violations(tab) == []
    tab.close()
