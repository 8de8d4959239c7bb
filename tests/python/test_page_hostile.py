"""Sixty names and payloads that would do something if they were taken for more than text, on every page there is.

They stand everywhere a user or a program may write: projects, runs, metrics, configs, groups, tags, notes, alerts,
reports, media, tables, traces, artifacts, files, console lines, addresses, saved views. Nothing of it may run, load
anything or change the page.
"""

import json
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from support.page import browser, open_tab, served, settled, wait_for_address  # noqa: F401

# What runs sets this on the page or on the one around it, or asks a server that is not there.
RUNS = "top.taken=1"
ELSEWHERE = "http://elsewhere.invalid/"
PAYLOADS = [
    f"<script>{RUNS}</script>",
    f"</script><script>{RUNS}</script>",
    f"<img src=x onerror={RUNS}>",
    f"<img src=x:x onerror='{RUNS}'>",
    f"<svg onload={RUNS}>",
    f"<svg><script>{RUNS}</script></svg>",
    f"<svg><animate onbegin={RUNS} attributeName=x dur=1s>",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror={RUNS}>",
    f"<iframe srcdoc='<script>parent.{RUNS}</script>'>",
    f"<iframe src=javascript:{RUNS}>",
    f"<object data=javascript:{RUNS}>",
    f"<embed src=javascript:{RUNS}>",
    f"<a href=javascript:{RUNS}>link</a>",
    f"<a href='java\tscript:{RUNS}'>link</a>",
    f"<form action=javascript:{RUNS}><button>send</button></form>",
    f"<button formaction=javascript:{RUNS}>send</button>",
    f"<input autofocus onfocus={RUNS}>",
    f"<details open ontoggle={RUNS}>",
    f"<video><source onerror={RUNS}></video>",
    f"<audio src=x onerror={RUNS}>",
    f"<body onload={RUNS}>",
    f"<marquee onstart={RUNS}>",
    f"<style>@import '{ELSEWHERE}s.css';</style>",
    f"<link rel=stylesheet href={ELSEWHERE}s.css>",
    f"<meta http-equiv=refresh content='0;url={ELSEWHERE}'>",
    f"<base href={ELSEWHERE}>",
    f"<img src={ELSEWHERE}i.png>",
    f"<template><script>{RUNS}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUNS}>'>",
    f"<!--><img src=x onerror={RUNS}>-->",
    f"<![CDATA[><script>{RUNS}</script>]]>",
    f"\"><script>{RUNS}</script>",
    f"'><script>{RUNS}</script>",
    f"`><img src=x onerror={RUNS}>",
    f"\" onmouseover=\"{RUNS}",
    f"' onfocus='{RUNS}' autofocus='",
    f"javascript:{RUNS}",
    f"data:text/html,<script>{RUNS}</script>",
    f"{{{{constructor.constructor('{RUNS}')()}}}}",
    f"${{{RUNS}}}",
    f"{{@html '<img src=x onerror={RUNS}>'}}",
    f"[link](javascript:{RUNS})",
    f"![picture](x \"onerror={RUNS}\")",
    f"![picture]({ELSEWHERE}i.png)",
    f"<javascript:{RUNS}>",
    f"[a]: javascript:{RUNS}\n[a]",
    "&lt;script&gt;" + RUNS + "&lt;/script&gt;",
    "&#60;img src=x onerror=" + RUNS + "&#62;",
    "\\u003cimg src=x onerror=" + RUNS + "\\u003e",
    f"%3Cscript%3E{RUNS}%3C/script%3E",
    "__proto__",
    "constructor",
    "toString",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "'; DROP TABLE metrics; --",
    "{\"a\": [1, 2}",
    "\u202egnirts desrever\u202c",
    "zero\u200bwidth\ufeff and combining a\u0301\u0327\u0301",
    "x" * 300,
]

WRITE = '''
import json, sys
import numpy as np
import trackio as wandb

payloads = json.loads(sys.argv[1])
quiet = {"auto_log_cpu": False, "auto_log_gpu": False}
for number, payload in enumerate(payloads):
    # Keys of the config that start so are the tracker's own.
    key = payload.lstrip("_")
    wandb.init(project="hostile", name=payload, group=payload, tags=[payload], notes=payload,
               config={key: payload, "nested": {payload: [payload]}}, **quiet)
    wandb.log({"loss": 1.0 / (number + 1)}, step=0)
    wandb.log({"loss": 0.5 / (number + 1)}, step=1)
    wandb.finish()
wandb.init(project="hostile", name="everything", config={"total_steps": 4}, **quiet)
for step in range(3):
    wandb.log({"loss": 1.0 - step / 10, **{payload: float(step) for payload in payloads}}, step=step)
for payload in payloads:
    wandb.alert(title=payload, text=payload, level=wandb.AlertLevel.WARN)
    wandb.log({"report": wandb.Markdown(payload)})
    wandb.log({"html": wandb.Html("<script>try { " + "top.taken=1" + " } catch {}</script>" + payload)})
    wandb.log_system({payload: 1.0})
wandb.log({"table": wandb.Table(columns=[payloads[0], payloads[2], "plain"], data=[[payload, payload, 1] for payload in payloads])})
wandb.log({"trace": wandb.Trace(messages=[{"role": "user", "content": payload} for payload in payloads], metadata={"name": payloads[2]})})
picture = wandb.Image(np.full((8, 8, 3), 90, np.uint8), caption=payloads[2])
wandb.log({payloads[2]: picture, "picture": picture})
artifact = wandb.Artifact("weights", type="model", description=payloads[2], metadata={payload: payload for payload in payloads})
with artifact.new_file("<img src=x onerror=top.taken=1>.html") as file:
    file.write("<script>top.taken=1</script>")
with artifact.new_file("drawing.svg") as file:
    file.write("<svg xmlns='http://www.w3.org/2000/svg'><script>top.taken=1</script></svg>")
wandb.log_artifact(artifact)
wandb.finish()
'''


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One project in which everything has such a name."""
    def write(directory):
        directory.run(WRITE, json.dumps(PAYLOADS), seconds=120)
        directory.wait_for_state("hostile", "finished", "everything")

    with served(tmp_path_factory.mktemp("hostile") / "0", write) as server:
        yield server


@pytest.fixture
def watched(site, open_tab):
    """Opens an address; whatever was loaded from elsewhere, ran or stands in the page as an element is an error."""
    tabs, asked = [], []

    def open_watched(address, **options):
        tab = open_tab(site, address, **options)
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}") or dialog.dismiss())
        # What it does while it opens is seen as well.
        tab.reload()
        tabs.append(tab)
        return tab

    yield open_watched
    for tab in tabs:
        nothing_happened(tab)
        assert urlsplit(tab.url).hostname == "localhost"
    assert [url for url in asked if urlsplit(url).hostname != "localhost" and not url.startswith(("data:", "blob:"))] == []


def nothing_happened(tab):
    assert tab.evaluate("window.taken") is None
    found = tab.evaluate("""() => [...document.querySelectorAll('*')].filter((element) =>
        ['SCRIPT', 'OBJECT', 'EMBED', 'BASE', 'META', 'FORM'].includes(element.tagName) && document.body.contains(element) && element.tagName !== 'FORM'
        || [...element.attributes].some(({ name, value }) => name.startsWith('on') || /^\\s*(java\\s*script|data:text)/i.test(value) && ['href', 'src', 'action', 'formaction', 'data', 'srcdoc'].includes(name))
        || element.tagName === 'IMG' && !new URL(element.src).pathname.startsWith('/'))
        .map((element) => element.outerHTML.slice(0, 200))""")
    assert found == []
    for frame in tab.frames[1:]:
        assert frame.evaluate("window.origin") == "null", "what users log runs in no origin of ours"


def pages(tab):
    """Addresses of every page that has a tab."""
    links = tab.get_by_role("navigation", name="Pages").locator("a")
    return sorted({link.get_attribute("href").split("?")[0].lstrip("/") for link in links.all()})


def test_there_are_sixty():
    assert len(set(PAYLOADS)) == 60


def test_every_page_shows_them_as_text(watched):
    tab = watched("?project=hostile")
    expect(tab.get_by_role("article", name="loss", exact=True)).to_be_visible()
    names = [*pages(tab), "settings"]
    nothing_happened(tab)
    for name in names:
        tab = watched(f"{name}?project=hostile")
        settled(tab)
        tab.mouse.move(700, 500)
        tab.mouse.wheel(0, 600)
        tab.keyboard.press("j")
        nothing_happened(tab)


TABS = ["overview", "charts", "console", "system", "config", "media", "traces", "files"]


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_the_page_of_a_run_with_such_a_name_shows_it_as_text(site, watched, number):
    payload = PAYLOADS[number]
    tab = watched(f"run?{urlencode({'project': 'hostile', 'run': payload})}")
    shown = tab.locator("main .name").first
    expect(shown).to_have_text(payload.strip())
    expect(tab.get_by_role("complementary", name="About the run").locator(".notes")).to_have_text(payload)
    for position, name in enumerate(TABS, 1):
        tab.keyboard.press(str(position))
        wait_for_address(tab, tab=None if name == "overview" else name)
        expect(tab.locator("main .main > .part")).not_to_be_empty()
        nothing_happened(tab)
    settled(tab)


@pytest.mark.parametrize("name", TABS)
def test_every_part_of_a_run_that_logged_them_all_shows_them_as_text(watched, name):
    tab = watched(f"run?{urlencode({'project': 'hostile', 'run': 'everything', 'tab': name})}")
    expect(tab.locator("main .name").first).to_have_text("everything")
    settled(tab)
    tab.mouse.move(500, 500)
    tab.mouse.wheel(0, 900)
    # What is there to be opened or pointed at is: rows, marks, values.
    for found in tab.locator("main .part button:visible, [aria-label=Events] button").all()[:12]:
        found.hover(timeout=2_000, force=True)
        nothing_happened(tab)
    settled(tab)
    nothing_happened(tab)


PARAMETERS = ["run", "search", "filter", "open", "fold", "pin", "hide", "x", "unknown"]


def test_their_names_in_an_address_do_nothing(site, watched):
    tab = watched("?project=hostile")
    # Each stands in two parameters at least.
    for first in range(0, len(PAYLOADS), 4):
        named = {name: PAYLOADS[(first + i) % len(PAYLOADS)] for i, name in enumerate(PARAMETERS)}
        for page in ("", "runs") if first % 12 == 0 else ("",):
            tab.goto(f"http://localhost:{site.port}/{page}?{urlencode({'project': 'hostile', **named})}")
            settled(tab)
            nothing_happened(tab)
