"""How quick our page is with a large project, by the browser's own clock: when charts are there, and how long frames take.

    python tests/bench/page.py DIRECTORY PROJECT [--width 1440] [--height 900] [--density 1] [--picture FILE]

`paceline` of the path serves the directory. The charts count from the start of navigation until they are drawn; the
frames are those of a pointer that goes over the first chart and of a wheel that zooms it, one event a frame: from one
frame to the next, and what each took of a processor on the page's main thread. Prints one JSON object.
"""

import argparse
import json
import re
import signal
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "python"))

from playwright.sync_api import CDPSession, Page  # noqa: E402

from support.browser import Problems, chromium  # noqa: E402

PATIENCE_MS = 120_000
MARK = "chart drawn"
# What a reader waits for: charts of a first screen.
CHARTS = 12
FRAMES = 240
_BUSY_SCRIPT = """
async ([selector, kind, frames]) => {
    const frame = document.querySelector(selector).parentElement;
    const { left, top, width, height } = frame.getBoundingClientRect();
    const next = () => new Promise(requestAnimationFrame);
    const spans = [];
    let last = await next();
    for (let i = 0; i < frames; i++) {
        const place = { bubbles: true, cancelable: true, clientX: left + 60 + (width - 220) * (i % 97) / 97, clientY: top + height * (0.2 + 0.6 * (i % 41) / 41) };
        if (kind === 'hover') frame.dispatchEvent(new PointerEvent('pointermove', { ...place, pointerType: 'mouse' }));
        else frame.dispatchEvent(new WheelEvent('wheel', { ...place, ctrlKey: true, deltaY: i < frames / 2 ? -20 : 20 }));
        const now = await next();
        // The next event comes between frames, as those of a mouse do.
        await new Promise((resolve) => setTimeout(resolve));
        spans.push(now - last);
        last = now;
    }
    return spans;
}
"""
# Of what was asked for before the first chart was drawn: the bodies as they are sent, and with the 300 bytes of headers that
# browsers count for each.
_SCRIPTS_SCRIPT = """
(mark) => {
    const [drawn] = performance.getEntriesByName(mark);
    const scripts = performance.getEntriesByType('resource').filter(({ name, startTime }) => name.endsWith('.js') && startTime < drawn.startTime);
    const kilobytes = (size) => Math.round(scripts.reduce((sum, each) => sum + size(each), 0) / 100) / 10;
    return { files: scripts.length, 'kB of bodies': kilobytes((each) => each.encodedBodySize), 'kB with headers': kilobytes((each) => each.transferSize) };
}
"""


def main() -> None:
    """Measures once."""
    asked = _arguments()
    server = subprocess.Popen(["paceline", "serve", "--port", "0", "--dir", asked.directory], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        port = next(int(found[1]) for line in server.stdout if (found := re.search(r"://[^/]*:(\d+)", line)))
        with chromium() as browser:
            tab = browser.new_page(viewport={"width": asked.width, "height": asked.height}, device_scale_factor=asked.density)
            tab.set_default_timeout(PATIENCE_MS)
            problems = Problems(tab)
            figures = _measure(tab, f"http://localhost:{port}/?project={asked.project}&outliers=keep")
            if asked.picture:
                tab.screenshot(path=asked.picture)
            print(json.dumps({**figures, "problems": list(problems)}, indent=1))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _measure(tab: Page, address: str) -> dict[str, object]:
    tab.goto(address, wait_until="commit")
    tab.wait_for_function("name => performance.getEntriesByName(name).length > 0", arg=MARK)
    first_bytes = _transferred(tab)
    scripts = tab.evaluate(_SCRIPTS_SCRIPT, MARK)
    tab.wait_for_function("() => document.querySelectorAll('article').length > 0")
    # A project of few metrics has no twelve charts.
    count = min(CHARTS, tab.locator("article").count())
    tab.wait_for_function("([name, count]) => performance.getEntriesByName(name).length >= count", arg=[MARK, count])
    drawn = sorted(tab.evaluate("name => performance.getEntriesByName(name).map(({ startTime }) => startTime)", MARK))
    bytes_then = _transferred(tab)
    tab.wait_for_load_state("networkidle")
    figures: dict[str, object] = {
        "first chart ms": round(drawn[0]),
        "charts": count,
        "charts ms": round(drawn[count - 1]),
        "MB until the first": first_bytes,
        "MB until then": bytes_then,
        "MB at rest": _transferred(tab),
        "scripts until the first": scripts,
        "points": tab.locator("canvas[data-points]").evaluate_all("all => all.reduce((sum, { dataset }) => sum + Number(dataset.points), 0)"),
    }
    devtools = tab.context.new_cdp_session(tab)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    for kind in ("hover", "zoom"):
        before = _processor_seconds(devtools)
        spans = sorted(tab.evaluate(_BUSY_SCRIPT, ["article canvas", kind, FRAMES]))
        figures[f"{kind} frames ms"] = {
            "median": round(statistics.median(spans), 1),
            "p95": round(spans[int(len(spans) * 0.95)], 1),
            "worst": round(spans[-1], 1),
            "main thread": round((_processor_seconds(devtools) - before) * 1_000 / FRAMES, 1),
        }
        tab.wait_for_load_state("networkidle")
    return figures


def _processor_seconds(devtools: CDPSession) -> float:
    """What tasks of the page's main thread have taken of a processor; waiting for one does not count."""
    told = devtools.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in told if each["name"] == "TaskDuration")


def _transferred(tab: Page) -> float:
    return round(tab.evaluate("() => performance.getEntriesByType('resource').reduce((sum, { transferSize }) => sum + transferSize, 0)") / 1e6, 2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("project")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--density", type=float, default=1)
    parser.add_argument("--picture", type=Path, help="where a picture of the page is kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
