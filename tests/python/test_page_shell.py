"""What stands around the pages: the palette, saved views, the address as Trackio writes it, what the page tells to
others, settings, and a page whose code does not come."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from support.page import browser, chart, in_address, open_tab, served, wait_for_address  # noqa: F401
from support.waiting import wait_until

PICTURE = "<img src=x onerror=alert(1)>"

WRITE = """
import math, sys
import trackio as wandb
for number, name in enumerate(["alpha", "beta", sys.argv[1]]):
    wandb.init(project="shell", name=name, config={"lr": 0.1 ** number}, auto_log_cpu=False, auto_log_gpu=False)
    for step in range(200):
        wandb.log({"train/loss": number + math.exp(-step / 50), "train/grad_norm": 1.0, "eval/accuracy": step / 200}, step=step)
wandb.init(project="other", name="only", auto_log_cpu=False, auto_log_gpu=False)
wandb.log({"loss": 1.0})
wandb.finish()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Three runs in one project, one in another."""
    def write(directory):
        directory.run(WRITE, PICTURE)
        directory.wait_for_state("other", "finished")

    with served(tmp_path_factory.mktemp("shell") / "0", write) as server:
        yield server


def open_palette(tab):
    tab.keyboard.press("Control+k")
    palette = tab.get_by_role("dialog", name="Command palette")
    expect(palette.get_by_role("combobox")).to_be_focused()
    return palette


def chosen(palette):
    """The option that Enter takes, as the field names it to readers of the screen."""
    option = palette.locator("#" + palette.get_by_role("combobox").get_attribute("aria-activedescendant"))
    expect(option).to_have_attribute("aria-selected", "true")
    return option


def test_the_project_that_the_page_chose_is_in_the_address(site, open_tab):
    tab = open_tab(site, "")
    expect(tab.get_by_role("combobox", name="Project")).to_have_value("other")
    wait_for_address(tab, project="other")


def test_the_palette_finds_everything(site, open_tab):
    tab = open_tab(site, "?project=shell")
    chart(tab, "train/loss")
    palette = open_palette(tab)
    for section in ("Runs", "Pages", "Do"):
        expect(palette.get_by_role("group", name=section)).to_be_visible()
    tab.keyboard.type("grad")
    expect(palette.get_by_role("group", name="Metrics").get_by_role("option")).to_have_count(1)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("dialog", name="train/grad_norm")).to_be_visible()
    wait_for_address(tab, open="train/grad_norm")
    tab.keyboard.press("Escape")

    palette = open_palette(tab)
    tab.keyboard.type("runs")
    expect(chosen(palette)).to_contain_text("Runs")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("table")).to_be_visible()
    assert urlsplit(tab.url).path == "/runs"

    palette = open_palette(tab)
    tab.keyboard.type("<img")
    expect(chosen(palette)).to_contain_text(PICTURE)
    assert tab.locator("img").count() == 0, "names are texts"
    tab.keyboard.press("Escape")
    expect(palette).to_have_count(0)

    open_palette(tab)
    tab.keyboard.type("other")
    tab.keyboard.press("Enter")
    wait_for_address(tab, project="other")


def test_what_is_typed_before_the_palette_is_there_is_meant_for_it(site, open_tab):
    tab = open_tab(site, "?project=shell")
    held = []
    tab.route(re.compile(r"/Windows-[^/]*\.js$"), lambda route: held.append(route))
    tab.reload(wait_until="commit")
    expect(tab.get_by_role("button", name="Search or run a command")).to_be_visible()
    tab.keyboard.press("Control+k")
    tab.keyboard.type("settz")
    tab.keyboard.press("Backspace")
    wait_until(lambda: held or tab.wait_for_timeout(20), 20)
    held.pop().continue_()
    palette = tab.get_by_role("dialog", name="Command palette")
    expect(palette.get_by_role("combobox")).to_have_value("sett")
    tab.keyboard.type("ings")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Settings")).to_be_visible()


@pytest.mark.parametrize(("enter", "page"), [("Enter", "/run"), ("Control+Enter", "/compare")])
def test_what_is_chosen_before_the_palette_is_there_is_done(site, open_tab, enter, page):
    tab = open_tab(site, "?project=shell&run=alpha")
    held = []
    tab.route(re.compile(r"/Windows-[^/]*\.js$"), lambda route: held.append(route))
    tab.reload(wait_until="commit")
    expect(tab.get_by_role("button", name="Search or run a command")).to_be_visible()
    tab.keyboard.press("Control+k")
    tab.keyboard.type("beta")
    tab.keyboard.press(enter)
    expect(chart(tab, "train/loss")).to_be_visible()
    wait_until(lambda: held or tab.wait_for_timeout(20), 20)
    held.pop().continue_()
    wait_until(lambda: urlsplit(tab.url).path == page or tab.wait_for_timeout(20), 20, lambda: tab.url)


# Scripts that were asked for before the first chart was drawn, and what they weigh as they are sent, with the headers that browsers count.
SCRIPTS = """
() => {
    const [drawn] = performance.getEntriesByName('chart drawn');
    const scripts = performance.getEntriesByType('resource').filter(({ name, startTime }) => name.endsWith('.js') && startTime < drawn.startTime);
    return [scripts.length, scripts.reduce((sum, { transferSize }) => sum + transferSize, 0)];
}
"""


def test_the_first_chart_waits_for_few_scripts(site, open_tab):
    tab = open_tab(site, "?project=shell")
    chart(tab, "train/loss")
    files, size = tab.evaluate(SCRIPTS)
    assert 1 <= files <= 5, "what the shell, the charts, the page and the painter need"
    assert 50_000 < size <= 100_000


def test_the_palette_is_moved_in_by_keys_and_by_mouse(site, open_tab):
    tab = open_tab(site, "?project=shell")
    chart(tab, "train/loss")
    tab.get_by_role("button", name="Search or run a command").click()
    palette = tab.get_by_role("dialog", name="Command palette")
    options = palette.get_by_role("option")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    tab.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(options.last).to_be_in_viewport()
    tab.keyboard.type("zzzz")
    expect(palette.get_by_text("Nothing fits zzzz")).to_be_visible()
    palette.get_by_role("combobox").fill("logarithmic")
    palette.get_by_role("option", name="Logarithmic y").click()
    wait_for_address(tab, log_y="1")
    expect(palette).to_have_count(0)
    open_palette(tab)
    tab.keyboard.press("Control+k")
    expect(palette).to_have_count(0)


def test_the_palette_does_what_a_key_of_the_page_does(site, open_tab):
    tab = open_tab(site, "?project=shell")
    chart(tab, "train/loss")
    open_palette(tab)
    tab.keyboard.type("full screen")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("dialog", name="train/loss")).to_be_visible()
    tab.keyboard.press("Escape")
    tab.keyboard.press("g")
    tab.keyboard.press("r")
    expect(tab.get_by_role("table")).to_be_visible()
    palette = open_palette(tab)
    tab.keyboard.type("full screen")
    expect(palette.get_by_role("option", name="Chart on full screen")).to_have_count(0)


def test_runs_are_filtered_from_the_palette(site, open_tab):
    tab = open_tab(site, "?project=shell")
    chart(tab, "train/loss")
    palette = open_palette(tab)
    tab.keyboard.type("beta")
    palette.get_by_role("option", name=re.compile("Only runs that fit")).click()
    wait_for_address(tab, filter="beta")
    expect(tab.get_by_role("button", name="alpha", exact=True)).to_have_count(0)


def test_a_key_is_not_typed_into_what_it_opens(site, open_tab):
    tab = open_tab(site, "?project=shell")
    chart(tab, "train/loss")
    tab.keyboard.press("v")
    field = tab.get_by_role("dialog").get_by_role("textbox")
    expect(field).to_be_focused()
    expect(field).to_have_value("")


def test_views_are_saved_opened_and_removed(site, open_tab):
    tab = open_tab(site, "runs?project=shell&filter=alpha")
    expect(tab.get_by_role("table")).to_be_visible()
    tab.keyboard.press("v")
    panel = tab.get_by_role("dialog", name="Saved views")
    panel.get_by_role("textbox", name="Name of the view").fill(PICTURE)
    tab.keyboard.press("Enter")
    expect(panel.get_by_role("link", name=PICTURE)).to_be_visible()
    panel.get_by_role("textbox").fill(PICTURE)
    expect(panel.get_by_role("button", name="Replace")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(panel).to_have_count(0)

    tab.goto(f"http://localhost:{site.port}/?project=other")
    chart(tab, "loss")
    open_palette(tab)
    tab.keyboard.type("onerror")
    tab.keyboard.press("Enter")
    wait_for_address(tab, project="shell", filter="alpha")
    assert urlsplit(tab.url).path == "/runs"

    tab.get_by_role("button", name="Saved views").click()
    panel.get_by_role("button", name="Remove the view").click()
    expect(panel.get_by_role("link")).to_have_count(0)
    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("link", name=PICTURE)).to_be_visible()


def test_the_address_of_trackio_makes_the_frame(site, open_tab):
    tab = open_tab(site, "?project=shell&navbar=hidden&sidebar=hidden&plots_per_row=2&accordion=hidden&__theme=dark", color_scheme="light")
    left, right = (chart(tab, metric).bounding_box() for metric in ("train/grad_norm", "eval/accuracy"))
    assert left["width"] == right["width"]
    assert 600 < left["width"] < 720, "two in a row over the whole width"
    expect(tab.get_by_role("navigation", name="Pages")).to_have_count(0)
    expect(tab.get_by_role("complementary", name="Runs")).to_have_count(0)
    expect(tab.get_by_role("button", name="train 1")).to_have_count(0)
    assert tab.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    tab.keyboard.press("t")
    wait_for_address(tab, __theme=None, navbar="hidden", plots_per_row="2")

    tab = open_tab(site, "?project=shell&sidebar=collapsed")
    chart(tab, "train/loss")
    runs = tab.get_by_role("complementary", name="Runs")
    expect(runs).to_be_hidden()
    tab.get_by_role("button", name="Show the column of runs").click()
    expect(runs).to_be_visible()
    wait_for_address(tab, sidebar=None)
    tab.keyboard.press("\\")
    expect(runs).to_be_hidden()
    wait_for_address(tab, sidebar="collapsed")


ASK_A_FRAME = """
(address) => new Promise((done) => {
    const frame = document.createElement('iframe');
    addEventListener('message', ({ data, origin }) => {
        if (data?.protocol !== 'trackio-view') return;
        if (data.type === 'ready') frame.contentWindow.postMessage({ protocol: 'trackio-view', type: 'getState', id: 7 }, origin);
        else done(data);
    });
    frame.src = address;
    document.body.append(frame);
})
"""


def test_it_tells_what_is_seen_to_its_own_origin(site, open_tab):
    tab = open_tab(site, "?project=shell&hide=beta&search=loss&smoothing=0.5&log_y=1&from=10&to=100")
    chart(tab, "train/loss")
    state = tab.evaluate("trackio.getViewState()")
    captured = state.pop("captured_at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", captured)
    address = state.pop("view_url")
    assert {run["name"] for run in state.pop("runs")} == {"alpha", PICTURE}
    assert state == {
        "page": "metrics", "project": "shell", "space_id": None, "x_axis": "step", "x_range": [10, 100], "smoothing": 50,
        "log_x": False, "log_y": True, "metric_filter": "loss", "metrics": ["train/loss"],
        "metrics_on_screen": ["train/loss"], "latest_x": 199,
    }
    other = open_tab(site, address.split("/", 3)[3])
    chart(other, "train/loss")
    expect(other.get_by_role("button", name="Show beta in the charts")).to_have_attribute("aria-pressed", "false")

    answer = tab.evaluate(ASK_A_FRAME, f"http://localhost:{site.port}/?project=shell&search=zzz")
    assert (answer["version"], answer["type"], answer["id"]) == (1, "state", 7)
    assert answer["state"]["metric_filter"] == "zzz"


def test_it_tells_nothing_to_another_origin(site, open_tab):
    tab = open_tab(site, "?project=shell")
    chart(tab, "train/loss")
    tab.evaluate("window.heard = []; addEventListener('message', ({ data }) => heard.push(data.type ?? data))")
    with tab.expect_popup() as opening:
        tab.evaluate("address => void (window.other = open(address))", f"http://127.0.0.1:{site.port}/?project=shell")
    popup = opening.value
    chart(popup, "train/loss")
    wait_until(lambda: tab.evaluate("heard.length"), 20)
    tab.evaluate("other.postMessage({ protocol: 'trackio-view', type: 'getState', id: 1 }, '*')")
    # It has answered its own question after it heard that one.
    popup.evaluate("""() => new Promise((done) => {
        addEventListener('message', ({ data }) => data.type === 'state' && done());
        postMessage({ protocol: 'trackio-view', type: 'getState', id: 2 }, location.origin);
    })""")
    popup.evaluate("opener.postMessage('last', '*')")
    wait_until(lambda: tab.evaluate("heard.includes('last')"), 20)
    assert tab.evaluate("heard") == ["ready", "last"]
    popup.close()


def test_settings_are_kept(site, open_tab):
    tab = open_tab(site, "?project=shell", color_scheme="light")
    chart(tab, "train/loss")
    dashes = "document.querySelectorAll('aside path[stroke-dasharray]').length"
    assert tab.evaluate(dashes) == 0
    tab.get_by_role("button", name="More").click()
    tab.get_by_role("menuitem", name="Settings").click()
    expect(tab.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    assert urlsplit(tab.url).path == "/settings"
    expect(tab.get_by_text('wandb.init(project="shell"')).to_be_visible()
    tab.get_by_label("Theme", exact=True).select_option("dark")
    tab.get_by_label("Dashes").select_option("always")
    tab.get_by_label("Charts in a row").select_option("1")
    tab.keyboard.press("Escape")
    tab.get_by_role("link", name="Metrics").locator("visible=true").click()
    assert chart(tab, "train/loss").bounding_box()["width"] > 1_000
    tab.reload()
    assert chart(tab, "train/loss").bounding_box()["width"] > 1_000
    assert tab.evaluate(dashes) > 0
    assert tab.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_a_page_of_its_own_parameters_comes_back_as_it_was_left(site, open_tab):
    tab = open_tab(site, "runs?project=shell&left=here")
    expect(tab.get_by_role("table")).to_be_visible()
    tab.get_by_role("link", name="Metrics").locator("visible=true").click()
    chart(tab, "train/loss")
    assert "left" not in in_address(tab)
    tab.get_by_role("link", name="Runs").locator("visible=true").click()
    wait_for_address(tab, left="here")


def test_a_page_whose_code_does_not_come_says_so(site, browser):
    tab = browser.new_page()
    tab.route(re.compile(r"/assets/RunsPage-.*\.js"), lambda route: route.abort())
    tab.goto(f"http://localhost:{site.port}/?project=shell")
    chart(tab, "train/loss")
    tab.get_by_role("link", name="Runs").locator("visible=true").click()
    expect(tab.get_by_role("heading", name="Runs could not be loaded")).to_be_visible()
    tab.unroute_all()
    tab.get_by_role("button", name="Load again").click()
    expect(tab.get_by_role("table")).to_be_visible()
    tab.close()


def test_the_sheet_has_every_key_once(site, open_tab):
    tab = open_tab(site, "?project=shell")
    chart(tab, "train/loss")
    tab.keyboard.press("?")
    sheet = tab.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    shown = sheet.locator("kbd").all_inner_texts()
    for key in ("Ctrl K", "J", "K", "X", "/", "E", "P", "G M", "G R", "V", "T", "?"):
        assert key in shown
    expect(sheet.get_by_role("heading", name="Everywhere")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
