"""Takes docs/screenshots anew: every page, light and dark, wide and narrow, of real trainings.

    .venv/bin/python tests/python/screenshots.py docs/screenshots

Trains `examples/sweep.py` in a directory of its own, with runs that go on while the pictures are taken: one on track,
one diverging, one stalled. Silence is a stall after five minutes only; what has no run that goes on is taken meanwhile.
The pictures have few colours, which is enough for lines and letters and keeps them small.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from support.browser import Problems, chromium
from support.directory import DataDirectory
from support.page import settled
from support.server import Server
from support.waiting import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
PROJECT = "digits-sweep"
STEADY, DIVERGING, STALLED, BASELINE = "lr-0.15-w128", "negative-wd", "lr-0.08-w128", "lr-0.05-w128"
COMPARED = [BASELINE, STEADY, "lr-0.2-w256-wd", DIVERGING]
ENDED = 11
# What the runs that go on have done when they are looked at.
SHARE_DONE = 0.4
COLOURS = 256
# The commonest colours are kept as they are.
EXACT = 96
PATIENCE_MS = 60_000
SIZES = {1440: (900, 1), 390: (844, 1)}
THEMES = ("light", "dark")
# Where and by whom it was trained is no part of a picture that is published.
HIDE_PLACE = """
() => {
    const places = ['folder', 'system', 'interpreter', 'host', 'user', 'process', 'command'];
    for (const name of document.querySelectorAll('dt')) {
        if (!places.includes(name.textContent.trim())) continue;
        for (const part of [name, name.nextElementSibling]) if (part) part.style.display = 'none';
    }
    for (const told of document.querySelectorAll('.started')) told.textContent = told.textContent.replace(/, host [^,]+/, '');
}
"""


class Picture(NamedTuple):
    """What is seen in a picture; `address` may name runs as `{id of NAME}`."""

    address: str
    # Keys to press, and what else to do, once the page has shown what it has.
    then: Callable[[Page], object] = lambda _: None


def pressed(*keys: str) -> Callable[[Page], None]:
    def press(tab: Page) -> None:
        for key in keys:
            tab.keyboard.press(key) if len(key) == 1 or "+" in key or key[0].isupper() else tab.keyboard.type(key)
            settled(tab)

    return press


def pointed(tab: Page) -> None:
    """The pointer on the first chart, where the tooltip tells of most runs."""
    box = tab.locator("main .frame").first.bounding_box()
    tab.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.55)
    settled(tab)


def clicked(locator: str) -> Callable[[Page], None]:
    def click(tab: Page) -> None:
        tab.locator(locator).first.click()
        settled(tab)

    return click


# Of runs that have ended.
ENDED_PICTURES = {
    "media": Picture("media?project={project}"),
    "tables": Picture("media?project={project}&show=tables"),
    "histograms": Picture("media?project={project}&show=histograms"),
    "traces": Picture("traces?project={project}", clicked("[data-trace]")),
    "artifacts": Picture("artifacts?project={project}&part=lineage"),
    "files": Picture("files?project={project}", clicked("td button")),
    "reports": Picture("reports?project={project}"),
    "settings": Picture("settings?project={project}"),
    "keys": Picture("?project={project}", pressed("?")),
    "empty-filter": Picture("runs?project={project}&filter=config.learning_rate+%3E+100"),
}
# Of runs that go on.
GOING_PICTURES = {
    "metrics": Picture("?project={project}&run={steady}"),
    "metrics-pointer": Picture("?project={project}&run={steady}", pointed),
    "runs": Picture("runs?project={project}&run={steady}&sort=eval%2Floss.best&baseline={baseline}&select={selected}&details={ended}"),
    "run": Picture("run?project={project}&run={steady}"),
    "run-diverging": Picture("run?project={project}&run={diverging}&baseline={baseline}"),
    "compare": Picture("compare?project={project}&run_ids={compared}"),
    "alerts": Picture("alerts?project={project}"),
    "palette": Picture("?project={project}&run={steady}", pressed("Control+k", "lr-0.1")),
}
GONE = "server-away"


def quantised(picture: bytes) -> bytes:
    """The same picture with few colours. Rare ones count as well: a line is seen by its colour, however thin it is."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    packed = np.asarray(image).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    kinds, places, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([kinds >> 16, kinds >> 8 & 255, kinds & 255], axis=1).astype(np.int32)
    order = np.argsort(-counts)
    chosen = list(order[:EXACT])
    away = np.full(len(colours), np.inf)
    for place in chosen:
        away = np.minimum(away, ((colours - colours[place]) ** 2).sum(axis=1))
    # Then the colour that is told worst, again and again.
    while len(chosen) < COLOURS and away.max() > 0:
        chosen.append((away * np.sqrt(counts)).argmax())
        away = np.minimum(away, ((colours - colours[chosen[-1]]) ** 2).sum(axis=1))
    palette = colours[chosen]
    # Squares of distances but for the square of the colour itself, which is the same for all.
    nearest = ((palette**2).sum(axis=1) - 2 * (colours @ palette.T)).argmin(axis=1)
    drawn = Image.fromarray(nearest[places].reshape(packed.shape).astype(np.uint8), "P")
    drawn.putpalette(palette.astype(np.uint8).tobytes())
    written = BytesIO()
    drawn.save(written, "PNG", optimize=True)
    return written.getvalue()


def keep(tab: Page, path: Path, problems: Sequence[str] = ()) -> None:
    tab.evaluate(HIDE_PLACE)
    path.write_bytes(quantised(tab.screenshot()))
    print(f"{path.name} {path.stat().st_size // 1000} kB", *problems, flush=True)


@contextmanager
def opened(browser: Browser, server: Server, address: str, width: int, theme: str) -> Iterator[tuple[Page, Problems]]:
    height, scale = SIZES[width]
    tab = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme=theme)
    tab.set_default_timeout(PATIENCE_MS)
    problems = Problems(tab)
    tab.goto(f"http://localhost:{server.port}/{address}")
    settled(tab)
    expect(tab.locator("main :is([aria-busy=true], .waiting)")).to_have_count(0)
    try:
        yield tab, problems
    finally:
        tab.close()


def take(browser: Browser, server: Server, folder: Path, pictures: dict[str, Picture], names: dict[str, str]) -> None:
    for name, picture in pictures.items():
        for width in SIZES:
            for theme in THEMES:
                with opened(browser, server, picture.address.format(**names), width, theme) as (tab, problems):
                    picture.then(tab)
                    keep(tab, folder / f"{name}-{theme}-{width}.png", problems)


def take_away(browser: Browser, server: Server, folder: Path, names: dict[str, str]) -> None:
    """The metrics while the server does not answer, which it had done before."""
    tabs = []
    for width in SIZES:
        for theme in THEMES:
            way = opened(browser, server, GOING_PICTURES["metrics"].address.format(**names), width, theme)
            tabs.append((way, way.__enter__()[0], folder / f"{GONE}-{theme}-{width}.png"))
    server.stop()
    for way, tab, path in tabs:
        expect(tab.get_by_role("alert")).to_be_visible()
        settled(tab)
        keep(tab, path)
        way.__exit__(None, None, None)


def in_directory_of_its_own(place: Path) -> Path:
    """The examples as someone has them who keeps them under git."""
    home = place / "digits"
    shutil.copytree(EXAMPLES, home, ignore=shutil.ignore_patterns("__pycache__"))
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Train on digits"]):
        subprocess.run([*git, *words], cwd=home, check=True)
    return home


def empty_pictures(place: Path) -> dict[str, tuple[DataDirectory, Picture]]:
    """Directories in which there is nothing to see yet, or something is wrong."""
    nothing, bare, damaged = (DataDirectory(place / name) for name in ("nothing", "bare", "damaged"))
    bare.run(f"import trackio; trackio.init(project={PROJECT!r}, name='first'); trackio.log({{'loss': 1.0}}); trackio.finish()")
    bare_run = bare.answer("status", "--project", PROJECT)["run_id"]
    with Serving(bare) as server:
        assert server.request("DELETE", f"/api/v1/projects/{PROJECT}/runs/{bare_run}", token=server.token).status < 300
    damaged.path.mkdir()
    damaged.file(PROJECT).write_bytes(b"this is no database" * 1_000)
    return {
        "empty": (nothing, Picture("")),
        "empty-project": (bare, Picture("?project={project}")),
        "damaged": (damaged, Picture("?project={project}")),
    }


def take_sweep(browser: Browser, server: Server, folder: Path, chosen: Callable[[dict[str, Picture]], dict[str, Picture]]) -> None:
    """The pictures of the trainings: first of those that have ended, then of those that go on."""
    def runs() -> dict[str, dict]:
        answer = server.get(f"/api/v1/projects/{PROJECT}/runs")
        return {run["run"]: run for run in answer.json["runs"]} if answer.status == 200 else {}

    def ended() -> int:
        return sum(run["state"] in ("finished", "failed") for run in runs().values())

    wait_until(lambda: ended() >= ENDED, 600, lambda: f"{ended()} runs have ended")
    ids = {name: run["run_id"] for name, run in runs().items()}
    names = {
        "project": PROJECT, "steady": ids[STEADY], "diverging": ids[DIVERGING], "baseline": ids[BASELINE], "ended": ids["lr-0.05-w128-s7"],
        "compared": ",".join(ids[name] for name in COMPARED), "selected": ",".join(ids[name] for name in COMPARED[:3]),
    }
    take(browser, server, folder, chosen(ENDED_PICTURES), names)
    going = chosen({**GOING_PICTURES, GONE: Picture("")})
    if not going:
        return

    def told() -> str:
        status = server.get(f"/api/v1/projects/{PROJECT}/runs/{ids[DIVERGING]}/status").json
        return f"{runs()[STALLED]['state']}, {runs()[STEADY]['progress']:.0%}, {[finding['code'] for finding in status['findings']]}"

    wait_until(lambda: told().startswith("stalled") and "diverging" in told() and runs()[STEADY]["progress"] >= SHARE_DONE, 1_200, told)
    away = going.pop(GONE, None)
    take(browser, server, folder, going, names)
    if away is not None:
        take_away(browser, server, folder, names)


class Serving:
    """A server for as long as it is needed."""

    def __init__(self, directory: DataDirectory) -> None:
        self.server = Server(directory)

    def __enter__(self) -> Server:
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures")
    parser.add_argument("--seconds", type=float, default=900, help="how long the runs that go on take")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)

    def chosen(pictures: dict[str, Any]) -> dict[str, Any]:
        return {name: picture for name, picture in pictures.items() if not options.only or name in options.only}

    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        place = Path(folder)
        directory = DataDirectory(place / "sweep")
        command = [sys.executable, "sweep.py", "--live", str(options.seconds)]
        # In a session of its own, so that its processes can be ended together.
        training = subprocess.Popen(
            command, cwd=in_directory_of_its_own(place), env=directory.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )
        try:
            for name, (site, picture) in chosen(empty_pictures(place)).items():
                with Serving(site) as server:
                    take(browser, server, options.folder, {name: picture}, {"project": PROJECT})
            with Serving(directory) as server:
                take_sweep(browser, server, options.folder, chosen)
        finally:
            os.killpg(training.pid, signal.SIGKILL)
            training.wait()


if __name__ == "__main__":
    main()
