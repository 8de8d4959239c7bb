"""The pages of media, tables, histograms, traces and reports in Chromium, on what real scripts have logged.

Nothing that a script logs may run in the page or break it: pages with scripts, pictures that are none, paths that lead
elsewhere, tables of many rows, histograms of NaN.
"""

import contextlib
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Error, expect

from support.page import browser, in_address, new_site, open_tab, served, wait_for_address  # noqa: F401
from support.waiting import wait_until

WRITE_GALLERY = r"""
import struct, sys, zlib
import trackio as wandb
import trackio

def png(name, red, green, blue, size=24):
    row = b"\0" + bytes([red, green, blue]) * size
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    path = f"{name}.png"
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * size)) + chunk(b"IEND", b""))
    return path

for number, name in enumerate(["plain", "bright"]):
    wandb.init(project="gallery", name=name, auto_log_cpu=False, auto_log_gpu=False)
    for step in range(0, 50, 10):
        picture = png(f"p{number}-{step}", 60 + number * 150, step * 4, 90)
        row = {
            "loss": 2.0 - step / 50,
            "samples/one": wandb.Image(picture, caption=f"{name} at {step}"),
            "weights": wandb.Histogram(np_histogram=([step + 1, 4, 2], [-1.0, 0.0, 1.0, 2.0 + step])),
        }
        if step == 40:
            row["samples/many"] = [wandb.Image(picture, caption=f"seed {seed}") for seed in range(3)]
            row["answers"] = wandb.Table(columns=["i", "answer", "picture"], data=[[i, f"answer {i:05}", None] for i in range(10_000)])
            row["small"] = wandb.Table(columns=["name", "score", "picture"], data=[["b", 2, wandb.Image(picture)], ["a", 10, wandb.Image(picture)], ["c", None, None]])
            row["report"] = trackio.Markdown(
                "# Found\n\nLoss fell to **1.2**, see [the paper](https://example.org/p).\n\n| step | loss |\n|---:|---|\n| 40 | 1.2 |\n\n"
                "- [x] train\n\n[press](javascript:alert(1)) <script>window.hacked = 1</script>\n\n```\nnever closed"
            )
        row["chat"] = trackio.Trace(
            messages=[
                {"role": "user", "content": f"What is {step} + {number}?"},
                {"role": "assistant", "content": [{"type": "text", "text": f"It is {step + number}."}, wandb.Image(picture)]},
            ],
            metadata={"cost_usd": 0.25},
            spans=[
                {"id": "root", "name": "agent", "start_time": 1000, "duration_ms": 2000},
                {"id": "m", "parent_id": "root", "name": "think", "kind": "generation", "start_time": 1000.5, "duration_ms": 900, "model": "tiny-1"},
                {"id": "t", "parent_id": "root", "name": "add", "kind": "tool", "start_time": 1001.5, "duration_ms": 100, "error": "overflow in add"},
            ],
        )
        wandb.log(row, step=step)
    wandb.finish()
"""

WRITE_HOSTILE = r"""
import trackio
open("evil.svg", "w").write("<svg xmlns='http://www.w3.org/2000/svg'><script>top.hacked = 1; alert(1)</script></svg>")
open("evil.png", "w").write("<html><script>top.hacked = 1; alert(1)</script>")
run = trackio.init(project="hostile", name="</script><img src=x onerror=alert(1)>", auto_log_cpu=False, auto_log_gpu=False)
nan = float("nan")
trackio.log({
    "<b onclick=alert(1)>key": trackio.Html(
        "<p>inside</p><script>try { parent.hacked = 1 } catch {} try { top.location = 'https://evil.example/' } catch {} alert(1);"
        "fetch('/api/v1/projects').then(() => parent.postMessage('read', '*'), () => {})</script>", data_is_not_path=True),
    "up": {"_type": "trackio.image", "file_path": "../../../etc/passwd", "caption": "<img src=x onerror=alert(1)>"},
    "elsewhere": {"_type": "trackio.image", "file_path": "https://evil.example/x.png", "caption": "javascript:alert(1)"},
    "script": {"_type": "trackio.html", "file_path": "javascript:alert(1)", "caption": None},
    "drawing": trackio.Image("evil.svg"),
    "disguised": trackio.Image("evil.png"),
    "absent": {"_type": "trackio.image", "file_path": "hostile/none/0/evil.svg", "caption": "svg"},
    "odd": [{"_type": "trackio.image"}, {"_type": "trackio.video", "file_path": 7}, {"_type": "trackio.table", "_value": "x"}],
    "nan": {"_type": "trackio.histogram", "bins": ["NaN", "Infinity", None], "values": [1, 2]},
    "table": trackio.Table(columns=["<img src=x onerror=alert(1)>", "b"], data=[["<script>alert(1)</script>", "javascript:alert(1)"], [{"deep": [1, {"a": "<b>"}]}, nan]]),
    "report": trackio.Markdown(
        "[a](javascript:alert(1)) ![x](javascript:alert(1)) ![y](https://evil.example/y.png) ![z](../../../etc/passwd)\n"
        "<iframe src=javascript:alert(1)></iframe><a href=data:text/html,x>d</a>\n\n# **never *closed\n\n" + "> " * 500 + "deep\n\n" + "*a " * 5000),
    "chat": trackio.Trace(messages=[{"role": "<img src=x onerror=alert(1)>", "content": "<script>alert(1)</script>"}],
        spans=[{"id": "a", "parent_id": "b", "name": "<b>loop</b>"}, {"id": "b", "parent_id": "a", "error": {"why": "<i>"}}]),
})
trackio.finish()
"""

PAGES = ["media", "media?show=tables", "media?show=histograms", "traces", "reports"]


def write(directory):
    directory.run(WRITE_GALLERY)
    directory.run(WRITE_HOSTILE)
    for run in ("plain", "bright"):
        directory.wait_for_state("gallery", "finished", run)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A project with two runs of everything there is to log, and one with a run that means no good."""
    with served(tmp_path_factory.mktemp("media") / "0", write) as server:
        yield server


def is_drawn(picture) -> bool:
    return picture.evaluate("picture => picture.complete && picture.naturalWidth === 24")


def colour(picture):
    """Colour of the first pixel of a picture, as the browser shows it."""
    return picture.evaluate(
        "picture => { const canvas = new OffscreenCanvas(1, 1).getContext('2d'); canvas.drawImage(picture, 0, 0, 1, 1);"
        "return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3) }"
    )


def test_runs_stand_side_by_side_at_one_step(site, open_tab):  # noqa: F811
    tab = open_tab(site, "media?project=gallery")
    block = tab.get_by_role("region", name="samples/one", exact=True)
    pictures = {run: block.get_by_role("region", name=f"samples/one of {run}").get_by_role("img") for run in ("plain", "bright")}
    for red, (run, picture) in zip((60, 210), pictures.items(), strict=True):
        expect(picture).to_be_visible()
        wait_until(lambda picture=picture: is_drawn(picture), 10, run)
        assert colour(picture) == [red, 160, 90]
    expect(tab.get_by_role("region", name="samples/many of plain").get_by_role("img")).to_have_count(3)
    # By keys from anywhere, by the slider, and by its buttons.
    tab.keyboard.press("ArrowLeft")
    wait_for_address(tab, step="30")
    expect(block.get_by_text("step 30")).to_have_count(2)
    wait_until(lambda: is_drawn(pictures["bright"]) and colour(pictures["bright"]) == [210, 120, 90], 10)
    tab.get_by_role("slider", name="Step").press("Home")
    wait_for_address(tab, step="0")
    expect(tab.get_by_role("region", name="samples/many of plain")).to_contain_text("first at 40")
    tab.get_by_role("button", name="Next step").click()
    wait_for_address(tab, step="10")
    tab.keyboard.press("Shift+ArrowRight")
    wait_for_address(tab, step=None)
    # A run that is hidden in the column is gone here too.
    tab.get_by_role("button", name="Show bright in the charts").click()
    expect(pictures["bright"]).to_have_count(0)
    expect(pictures["plain"]).to_be_visible()


def test_a_picture_opens_over_the_page_and_goes_through_steps_and_runs(site, open_tab):  # noqa: F811
    tab = open_tab(site, "media?project=gallery")
    opener = tab.get_by_role("region", name="samples/one of plain").get_by_role("button", name="Open plain at 40")
    opener.focus()
    tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("plain at 40")
    wait_for_address(tab, open="samples/one", run="plain")
    tab.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text("plain at 30")
    tab.keyboard.press("ArrowUp")
    expect(dialog).to_contain_text("bright at 30")
    wait_for_address(tab, step="30", run="bright")
    tab.reload()
    expect(tab.get_by_role("dialog")).to_contain_text("bright at 30")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    wait_for_address(tab, open=None)


def test_tables_are_sorted_filtered_and_smooth_at_many_rows(site, open_tab):  # noqa: F811
    tab = open_tab(site, "media?project=gallery&show=tables&run_ids=plain")
    small = tab.get_by_role("region", name="small of plain").first
    names = small.locator("tbody td:nth-child(2)")
    expect(names).to_have_text(["b", "a", "c"])
    wait_until(lambda: is_drawn(small.locator("tbody img").first), 10)
    small.get_by_role("button", name="score").click()
    expect(names).to_have_text(["b", "a", "c"])
    small.get_by_role("button", name="score").click()
    expect(names).to_have_text(["a", "b", "c"])
    expect(small.get_by_role("columnheader", name="score")).to_have_attribute("aria-sort", "descending")
    large = tab.get_by_role("region", name="answers of plain").first
    expect(large).to_contain_text("10,000 rows")
    assert large.locator("tbody tr").count() < 60
    large.get_by_role("searchbox").fill("answer 09998")
    expect(large.locator("tbody td:nth-child(3)")).to_have_text(["answer 09998"])
    expect(large).to_contain_text("1 of 10,000")
    wait_for_address(tab, tables="=small~1-score,=answers~1=answer 09998")
    tab.reload()
    expect(large.get_by_role("searchbox")).to_have_value("answer 09998")
    expect(large.locator("tbody td:nth-child(3)")).to_have_text(["answer 09998"])
    expect(names).to_have_text(["a", "b", "c"])
    large.get_by_role("searchbox").fill("")
    large.get_by_role("button", name="i", exact=True).click()
    large.get_by_role("button", name="i", exact=True).click()
    expect(large.locator("tbody td:nth-child(3)").first).to_have_text("answer 09999")
    large.get_by_role("button", name="Open row 1", exact=True).click()
    expect(tab.get_by_role("dialog", name="Row")).to_contain_text("answer 09999")


def test_histograms_are_drawn_over_steps(site, open_tab):  # noqa: F811
    tab = open_tab(site, "media?project=gallery&show=histograms")
    of_run = tab.get_by_role("region", name="weights of bright")
    expect(of_run.locator("canvas[data-steps='5']")).to_be_visible()
    expect(of_run).to_contain_text("step 40: 47 values")
    painted = of_run.locator("canvas").evaluate(
        "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter((_, i) => i % 4 === 3)).size"
    )
    assert painted > 3
    tab.keyboard.press("ArrowLeft")
    expect(of_run).to_contain_text("step 30: 37 values")
    box = of_run.locator("canvas").bounding_box()
    of_run.locator("canvas").click(position={"x": 60, "y": box["height"] / 2})
    expect(of_run).to_contain_text("step 0: 7 values")
    wait_for_address(tab, step="0")


def test_what_is_seen_of_one_run_is_in_the_address(site, open_tab):  # noqa: F811
    tab = open_tab(site, "run?project=gallery&run=plain&tab=media")
    tab.get_by_role("button", name="Tables").click()
    wait_for_address(tab, show="tables")
    tab.reload()
    expect(tab.get_by_role("button", name="Tables")).to_have_attribute("aria-pressed", "true")
    tab.get_by_role("link", name="Traces", exact=True).last.click()
    wait_for_address(tab, tab="traces", show=None)
    tab.locator("tbody tr").first.click()
    expect(tab.get_by_role("region", name="Trace")).to_be_visible()
    wait_until(lambda: "trace" in in_address(tab) or tab.wait_for_timeout(20), 5, lambda: tab.url)
    tab.reload()
    expect(tab.get_by_role("region", name="Trace")).to_be_visible()


def test_a_trace_is_found_and_read(site, open_tab):  # noqa: F811
    tab = open_tab(site, "traces?project=gallery")
    rows = tab.locator("tbody tr")
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("$0.25")
    expect(rows.first).to_contain_text("error")
    tab.keyboard.press("/")
    tab.keyboard.type("30 + 1")
    expect(rows).to_have_count(1)
    wait_for_address(tab, find="30 + 1")
    rows.get_by_role("button").press("Enter")
    trace = tab.get_by_role("region", name="Trace")
    expect(trace).to_contain_text("What is 30 + 1?")
    wait_until(lambda: is_drawn(trace.get_by_role("img")), 10)
    spans = trace.get_by_role("treeitem")
    expect(spans).to_have_count(3)
    assert [span.get_attribute("aria-level") for span in spans.all()] == ["1", "2", "2"]
    spans.first.focus()
    tab.keyboard.press("ArrowDown")
    expect(trace.get_by_role("group", name="Span think")).to_contain_text("tiny-1")
    tab.keyboard.press("ArrowDown")
    expect(trace.get_by_role("group", name="Span add")).to_contain_text("overflow in add")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    expect(spans).to_have_count(1)
    tab.keyboard.press("Escape")
    expect(trace).to_have_count(0)
    tab.get_by_role("searchbox", name="Search traces").fill("no such words")
    expect(tab.get_by_text("No trace fits.")).to_be_visible()


def test_a_report_is_built_of_elements(site, open_tab):  # noqa: F811
    tab = open_tab(site, "reports?project=gallery")
    report = tab.get_by_role("article", name="report")
    expect(report.get_by_role("heading", name="Found")).to_be_visible()
    link = report.get_by_role("link", name="the paper")
    assert (link.get_attribute("href"), link.get_attribute("rel")) == ("https://example.org/p", "noopener noreferrer nofollow")
    expect(report.get_by_role("cell", name="1.2")).to_be_visible()
    expect(report.get_by_role("checkbox")).to_be_checked()
    expect(report.get_by_role("link")).to_have_count(1)
    expect(report).to_contain_text("<script>window.hacked = 1</script>")
    tab.get_by_role("navigation", name="Reports").get_by_role("button").last.click()
    expect(report).to_contain_text("report of plain at step 40")
    wait_until(lambda: "report" in in_address(tab) or tab.wait_for_timeout(20), 10)


def assert_files_run_nothing(site, browser):
    """Whoever follows the address of a drawing, or of a document that is called a picture, opens no page of ours with scripts."""
    tab = browser.new_page()
    of_project = f"http://localhost:{site.port}/api/v1/projects/hostile"
    logged = {each["key"]: each["value"] for each in tab.request.get(f"{of_project}/values?kinds=image").json()["items"]}
    for key in ("drawing", "disguised"):
        address = f"{of_project}/media?file_path={quote(logged[key]['file_path'], safe='')}"
        answer = tab.request.get(address)
        assert answer.ok, address
        assert "text/html" not in answer.headers["content-type"]
        with contextlib.suppress(Error):  # What is saved, not shown, ends the way there.
            tab.goto(address)
        assert tab.evaluate("typeof hacked") == "undefined", address
    tab.close()


@pytest.mark.parametrize("page", PAGES)
def test_nothing_that_is_logged_runs_in_the_page(site, browser, page):  # noqa: F811
    tab = browser.new_page()
    errors, dialogs, left = [], [], []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: urlsplit(request.url).hostname != "localhost" and left.append(request.url))
    tab.add_init_script(
        "if (self === top) { self.broken = []; self.told = [];"
        "addEventListener('securitypolicyviolation', event => self.broken.push(event.violatedDirective + ' ' + event.blockedURI));"
        "addEventListener('message', event => self.told.push(event.data)) }"
    )
    tab.goto(f"http://localhost:{site.port}/{page}{'&' if '?' in page else '?'}project=hostile")
    expect(tab.locator("[data-state=ready], [data-traces='1'], article")).to_be_attached()
    if page == "media":
        frame = tab.frame_locator("iframe").first
        expect(frame.get_by_text("inside")).to_be_attached()
        expect(tab.get_by_text("cannot be shown").first).to_be_visible()
        assert_files_run_nothing(site, browser)
    if page == "media?show=tables":
        expect(tab.get_by_text("<script>alert(1)</script>")).to_be_visible()
    if page == "media?show=histograms":
        expect(tab.get_by_text("no finite values")).to_be_visible()
    if page == "traces":
        tab.locator("tbody tr").first.click()
        expect(tab.get_by_role("treeitem")).to_have_count(2)
        expect(tab.get_by_role("region", name="Trace")).to_contain_text("<script>alert(1)</script>")
    if page == "reports":
        expect(tab.get_by_role("article", name="report")).to_contain_text("deep")
        assert tab.locator("article iframe, article img").count() == 0
        assert [link.get_attribute("href") for link in tab.locator("article a").all()] == ["https://evil.example/y.png"]
    assert tab.evaluate("[typeof hacked, broken, told]") == ["undefined", [], []]
    assert tab.url.startswith(f"http://localhost:{site.port}/")
    assert (errors, dialogs, left) == ([], [], [])
    tab.close()


def test_a_narrow_screen_needs_no_scroll_to_the_side(site, open_tab):  # noqa: F811
    tab = open_tab(site, "media?project=gallery", width=360, height=780, color_scheme="dark")
    for page in PAGES:
        tab.goto(f"http://localhost:{site.port}/{page}{'&' if '?' in page else '?'}project=gallery")
        expect(tab.locator("[data-state=ready], [data-traces='10'], article").first).to_be_attached()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360, page


def test_a_project_without_any_says_how_to_log_it(new_site, open_tab):  # noqa: F811
    directory, server = new_site
    directory.run("import trackio\ntrackio.init(project='bare', name='r', auto_log_cpu=False, auto_log_gpu=False)\ntrackio.log({'loss': 1.0})\ntrackio.finish()")
    tab = open_tab(server, "media?project=bare")
    expect(tab.get_by_role("heading", name="No pictures")).to_be_visible()
    for view, heading in [("Tables", "No tables yet"), ("Histograms", "No histograms yet")]:
        tab.get_by_role("button", name=view).click()
        expect(tab.get_by_role("heading", name=heading)).to_be_visible()
    for page in ("Traces", "Reports"):
        tab.get_by_role("link", name=page).first.click()
        expect(tab.get_by_role("heading", name=f"No {page.lower()} yet")).to_be_visible()
        expect(tab.locator("pre")).to_contain_text("wandb.log(")


def test_new_pictures_come_by_themselves(new_site, open_tab):  # noqa: F811
    directory, server = new_site
    directory.run(WRITE_GALLERY.replace('"plain", "bright"', '"first"'))
    tab = open_tab(server, "media?project=gallery")
    expect(tab.get_by_role("region", name="samples/one of first").get_by_role("img")).to_be_visible()
    directory.run(WRITE_GALLERY.replace('"plain", "bright"', '"second"'))
    expect(tab.get_by_role("region", name="samples/one of second").get_by_role("img")).to_be_visible()
