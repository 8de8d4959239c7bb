"""The peer's released dashboard in Chromium, served by us: every page draws what the peer has written.

No page may say an error in its console, and no request may fail. A picture of each page is left in the folder
of the test for a look.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.browser import Problems, chromium
from support.directory import DataDirectory
from support.interpreters import peer_python
from support.server import Server

PATIENCE_MS = 20_000
# Colours of the two runs, by the peer's palette: what a chart has drawn.
RUN_COLOURS = ("#a8769b", "#e89957")

WRITE_EVERYTHING = """
import os
import sys
from pathlib import Path
import numpy as np
from PIL import Image
import trackio

folder = Path(sys.argv[1])
folder.mkdir()
for number, name in enumerate(["first", "second"]):
    trackio.init(
        project="shop", name=name, group="pair", auto_log_cpu=False, auto_log_gpu=False,
        config={"lr": 0.1 * (number + 1), "layers": [64, 32], "nested": {"depth": 2}},
    )
    for step in range(30):
        trackio.log({
            "train/loss": 1 / (step + 1 + number), "train/accuracy": (step + number) / 40, "text": "some",
            "gap": float("nan") if step % 7 == 3 else number + step, "yes": True, "nested": {"inner": 1.5},
        })
    for load in (97.5, 55.0, 60.0):
        trackio.log_system({"gpu/0/utilization": load, "cpu/utilization": load / 4})
    picture = np.zeros((32, 48, 3), dtype=np.uint8)
    picture[:, :, number] = 255
    moving = folder / f"{name}.gif"
    frames = [Image.fromarray(np.roll(picture, shift, axis=2)) for shift in range(3)]
    frames[0].save(moving, save_all=True, append_images=frames[1:], duration=100, loop=0)
    tone = (np.sin(np.arange(8000) / 8) * 20000).astype(np.int16)
    trackio.log({
        "picture": trackio.Image(picture, caption=f"a picture of {name}"),
        "moving": trackio.Video(moving, caption="a clip"),
        "sound": trackio.Audio(tone, caption="a tone", sample_rate=8000, format="wav"),
        "page": trackio.Html("<p>some <b>bold</b> words</p>", caption="a page"),
        "points": trackio.Object3D(np.random.default_rng(0).random((50, 3)).astype(np.float32), caption="a cloud"),
        "table": trackio.Table(columns=["word", "score"], data=[["alpha", 1], ["beta", 2.5]]),
        "histogram": trackio.Histogram(sequence=[1, 2, 2, 3, 3, 3]),
        "report": trackio.Markdown(f"# Report of {name}\\n\\nAll is well."),
    })
    messages = [
        {"role": "user", "content": f"What is two and two, {name}?"}, {"role": "assistant", "content": "It is four."},
    ]
    trackio.log({"trace": trackio.Trace(messages=messages, metadata={"model": "tiny"})})
    trackio.alert(f"loss of {name} is odd", text="larger than one", level=trackio.AlertLevel.ERROR)
    weights = folder / "weights.txt"
    weights.write_text(f"weights {number}")
    artifact = trackio.Artifact("model", type="model", description="a small model", metadata={"layers": 3})
    artifact.add_file(str(weights))
    trackio.log_artifact(artifact, aliases=["best"])
    if number:
        trackio.use_artifact("model:v0")
    trackio.finish()
os.chdir(folder)
Path("notes.md").write_text("# Notes of the project")
trackio.save("notes.md", project="shop")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory that the peer has filled, served by us with the peer's dashboard."""
    directory = DataDirectory(tmp_path_factory.mktemp("dashboard") / "0")
    writer = directory.start(
        WRITE_EVERYTHING, directory.folder / "files", python=str(peer_python()), HF_HUB_OFFLINE="1"
    )
    writer.expect_exit(0)
    server = Server(directory, "--frontend", str(dashboard()))
    yield server
    server.stop()
    directory.assert_nothing_left()


def dashboard() -> Path:
    """The static files in the peer's wheel."""
    (found,) = (peer_python().parents[1] / "lib").glob("python3.*/site-packages/trackio/frontend/dist")
    return found


@pytest.fixture(scope="module")
def browser():
    """One browser for all pages."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(site, browser, tmp_path):
    """Opens a page of the dashboard; at the end nothing may have gone wrong in it."""
    tab = browser.new_page(viewport={"width": 1300, "height": 1000})
    tab.set_default_timeout(PATIENCE_MS)
    problems = Problems(tab)

    def visit(page, **query):
        parts = "".join(f"&{name}={value}" for name, value in query.items())
        tab.goto(f"http://localhost:{site.port}/{page}?project=shop{parts}")
        return tab

    expect.set_options(timeout=PATIENCE_MS)
    yield visit
    tab.screenshot(path=tmp_path / "page.png", full_page=True)
    found = list(problems)
    tab.close()
    assert found == []


def text_of(tab, text):
    """The first place of a text that is shown."""
    return tab.get_by_text(text).locator("visible=true").first


DRAWN_COLOURS = """
(canvas, colours) => {
    const context = canvas.getContext('2d');
    if (!context || !canvas.width) return [];
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const wanted = colours.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
    const near = (at, [red, green, blue]) =>
        Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 12;
    return colours.filter((_, number) => {
        for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] > 200 && near(at, wanted[number])) return true;
        }
        return false;
    });
}
"""


def charts(tab, count):
    """Waits until so many charts stand there; gives the colours of runs that each has drawn."""
    tab.wait_for_function(f"document.querySelectorAll('canvas').length >= {count}")
    return [canvas.evaluate(DRAWN_COLOURS, list(RUN_COLOURS)) for canvas in tab.locator("canvas").all()]


def test_metrics(visit):
    tab = visit("metrics")
    for name in ("loss", "accuracy", "gap", "histogram"):
        expect(text_of(tab, re.compile(f"^{name}$"))).to_be_visible()
    drawn = charts(tab, 3)
    assert len([colours for colours in drawn if set(colours) == set(RUN_COLOURS)]) >= 3, drawn
    assert not tab.get_by_text("nested").count(), "only numbers at the top are drawn"


def test_system(visit):
    tab = visit("system")
    expect(text_of(tab, re.compile("^utilization"))).to_be_visible()
    assert all(set(colours) & set(RUN_COLOURS) for colours in charts(tab, 2))


def test_traces(visit):
    tab = visit("traces")
    for name in ("first", "second"):
        expect(text_of(tab, f"What is two and two, {name}?")).to_be_visible()
    text_of(tab, "What is two and two, first?").click()
    expect(text_of(tab, "It is four.")).to_be_visible()


def test_media(visit):
    tab = visit("media")
    for heading in ("Images (", "Videos (2)", "Audio (2)", "3D Objects (2)", "Tables (2)", "HTML (2)"):
        expect(text_of(tab, heading)).to_be_visible()
    picture = tab.get_by_alt_text("a picture of first").first
    picture.scroll_into_view_if_needed()
    loaded = "picture => new Promise((done) => picture.complete ? done(picture.naturalWidth) : picture.onload = () => done(picture.naturalWidth))"
    assert picture.evaluate(loaded) == 48
    audio = tab.locator("audio").first
    heard = "audio => new Promise((done) => { audio.preload = 'auto'; const told = () => audio.duration > 0 && done(audio.duration); audio.ondurationchange = told; told(); audio.load(); })"
    assert audio.evaluate(heard) == pytest.approx(1, abs=0.1)
    expect(text_of(tab, "alpha")).to_be_visible()
    expect(tab.frame_locator("iframe").first.get_by_text("bold")).to_be_visible()


def test_a_cloud_of_points_can_be_turned(visit):
    tab = visit("media")
    text_of(tab, "Point Cloud").scroll_into_view_if_needed()
    tab.get_by_role("button", name=re.compile("points|3D|cloud", re.IGNORECASE)).first.click()
    expect(text_of(tab, "50 of 50 points rendered")).to_be_visible()
    expect(tab.locator("canvas").first).to_be_visible()


def test_reports(visit):
    tab = visit("reports")
    for text in ("Report of first", "Report of second", "All is well.", "loss of first is odd", "larger than one"):
        expect(text_of(tab, text)).to_be_visible()


def test_runs(visit):
    tab = visit("runs")
    for name in ("first", "second"):
        row = tab.get_by_role("row", name=re.compile(name))
        expect(row).to_be_visible()
        # 30 rows, the media and the trace; the last step is that of the trace.
        expect(row).to_contain_text("32")
        expect(row).to_contain_text("31")


def test_run(visit):
    tab = visit("run", selected_run="second")
    for text in ("Total logs", "Configuration", "model"):
        expect(text_of(tab, re.compile(text, re.IGNORECASE))).to_be_visible()
    expect(tab.locator("pre").first).to_contain_text('"lr": 0.2')


def test_files(visit):
    tab = visit("files")
    expect(text_of(tab, "notes.md")).to_be_visible()
    with tab.expect_download() as download:
        tab.get_by_role("link").or_(tab.get_by_role("button", name=re.compile("download", re.IGNORECASE))).first.click()
    assert download.value.path().read_text() == "# Notes of the project"


def test_artifacts(visit):
    tab = visit("artifacts", selected_artifact="model", selected_version="v1")
    for text in ("a small model", "best", "latest"):
        expect(text_of(tab, text)).to_be_visible()


def test_settings(visit):
    tab = visit("settings")
    expect(text_of(tab, "trackio list projects")).to_be_visible()
    expect(tab.locator("body")).to_contain_text('trackio show --project "shop"')
