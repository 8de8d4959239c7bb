"""The pages of artifacts and files in Chromium: versions, files, lineage as a graph, registries, and what is saved beside runs."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.page import browser, new_site, open_tab, served, wait_for_address  # noqa: F401

WRITE = r"""
import os
import trackio

trackio.Api().create_registry("models", description="what is good")
for number, name in enumerate(["first", "second", "third"]):
    run = trackio.init(project="shelf", name=name, auto_log_cpu=False, auto_log_gpu=False)
    trackio.log({"loss": 1.0 - number / 10})
    if number:
        trackio.use_artifact("model:latest")
        trackio.use_artifact("corpus:latest")
    else:
        open("a.txt", "w").write("text of the corpus")
        corpus = trackio.Artifact("corpus", type="dataset")
        corpus.add_file("a.txt", name="part/<b>a</b>.txt")
        corpus.add_reference("https://example.org/data.bin", name="elsewhere.bin", checksum=False)
        trackio.log_artifact(corpus)
    open("w.bin", "wb").write(bytes([number]) * 2_000)
    model = trackio.Artifact("model", type="model", description="weights", metadata={"epoch": number, "<i>": ["x"]})
    model.add_file("w.bin", name="weights/model.bin")
    logged = trackio.log_artifact(model, aliases=["best"] if number == 1 else None)
    if number == 2:
        trackio.alert("look")
        logged.link("registry-models/best")
        os.makedirs("notes", exist_ok=True)
        open("notes/read.md", "w").write("# Notes\n\n<script>alert(1)</script> and [bad](javascript:alert(1))")
        open("notes/evil.html", "w").write("<script>try { parent.hacked = 1 } catch {}</script>inside")
        open("run.log", "w").write("größe\n" * 100_000)
        open("blob.xyz", "wb").write(bytes(range(256)))
        for file in ("notes/*", "run.log", "blob.xyz"):
            trackio.save(file)
    trackio.finish()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A project whose runs made and used versions of a model and a corpus, and saved files."""
    with served(tmp_path_factory.mktemp("artifacts") / "0", lambda directory: directory.run(WRITE)) as server:
        yield server


def test_tabs_tell_how_many_there_are(site, open_tab):  # noqa: F811
    told = site.get("/api/v1/projects/shelf").json
    nothing = {"media": False, "reports": False, "system": False, "traces": False}
    assert told["contents"] == {"metrics": True, "files": True, "artifacts": 2, "alerts": 1, **nothing}
    assert (told["project"], told["runs"], told["active_runs"]) == ("shelf", 3, 0)
    assert site.get("/api/v1/projects/nothing").status == 404
    tab = open_tab(site, "artifacts?project=shelf")
    for title, count in (("Runs", 3), ("Artifacts", 2), ("Alerts", 1)):
        expect(tab.get_by_role("link", name=re.compile(rf"^{title}\s*{count}$"))).to_be_visible()


def test_versions_are_chosen_and_their_files_saved(site, open_tab):  # noqa: F811
    tab = open_tab(site, "artifacts?project=shelf")
    listed = tab.get_by_role("navigation", name="Artifacts")
    listed.get_by_role("button", name="model 3 versions").click()
    wait_for_address(tab, artifact="model")
    version = tab.get_by_role("region", name="model v2")
    expect(version).to_contain_text("weights/model.bin")
    tab.get_by_role("combobox", name="Version").select_option("1")
    wait_for_address(tab, version="v1")
    version = tab.get_by_role("region", name="model v1")
    expect(version).to_contain_text("best")
    with tab.expect_download() as saved:
        version.get_by_role("link", name="Save weights/model.bin").click()
    assert saved.value.suggested_filename == "model.bin"
    assert Path(saved.value.path()).read_bytes() == b"\1" * 2_000
    version.get_by_role("button", name="Metadata").click()
    expect(version.locator("pre")).to_contain_text('"epoch": 1')
    version.get_by_role("button", name="Use it").click()
    expect(version.locator("pre")).to_contain_text('use_artifact("model:v1")')
    # An address of Trackio's page, and a search.
    tab.goto(f"http://localhost:{site.port}/artifacts?project=shelf&selected_artifact=model&selected_version=v0")
    expect(tab.get_by_role("region", name="model v0")).to_be_visible()
    tab.keyboard.press("/")
    tab.keyboard.type("corp")
    expect(listed.get_by_role("button")).to_have_count(1)


def test_the_lineage_is_a_graph_to_walk_through_by_keys(site, open_tab):  # noqa: F811
    tab = open_tab(site, "artifacts?project=shelf&artifact=model&version=v1&part=lineage")
    graph = tab.get_by_role("group", name="Lineage")
    nodes = graph.get_by_role("button")
    expect(nodes).to_have_count(7)
    boxes = [node.bounding_box() for node in nodes.all()]
    apart = [a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"] or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
             for i, a in enumerate(boxes) for b in boxes[i + 1:]]
    assert all(apart), boxes
    focus = graph.get_by_role("button", name="model v1")
    focus.focus()
    tab.keyboard.press("ArrowLeft")
    expect(graph.get_by_role("button", name="second, run")).to_be_focused()
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("Enter")
    wait_for_address(tab, part="lineage")
    expect(tab.get_by_role("region", name="v0").first).to_be_visible()
    width = graph.get_by_role("button", name="model v0").bounding_box()["width"]
    tab.get_by_role("button", name="Zoom in").click()
    assert graph.get_by_role("button", name="model v0").bounding_box()["width"] > width * 1.2
    tab.get_by_role("button", name="Fit").click()
    box = graph.bounding_box()
    before = graph.get_by_role("button", name="model v2").bounding_box()
    tab.mouse.move(box["x"] + 10, box["y"] + 10)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 60, box["y"] + 40)
    tab.mouse.up()
    after = graph.get_by_role("button", name="model v2").bounding_box()
    assert (round(after["x"] - before["x"]), round(after["y"] - before["y"])) == (50, 30)


def test_a_registry_shows_what_it_points_at(site, open_tab):  # noqa: F811
    tab = open_tab(site, "artifacts?project=shelf&show=registries")
    registry = tab.get_by_role("region", name="Registry models")
    expect(registry).to_contain_text("what is good")
    registry.get_by_role("button", name="model v2").click()
    expect(tab.get_by_role("region", name="model v2")).to_be_visible()


def test_files_are_looked_at_and_nothing_in_them_runs(site, open_tab):  # noqa: F811
    tab = open_tab(site, "files?project=shelf")
    expect(tab.locator("tbody tr")).to_have_count(4)
    tab.get_by_role("button", name="run.log", exact=True).click()
    wait_for_address(tab, file="run.log")
    expect(tab.get_by_role("region", name="run.log")).to_contain_text("größe")
    expect(tab.get_by_role("region", name="run.log")).to_contain_text("The first 256 kB of 800 kB")
    tab.get_by_role("button", name="notes/read.md", exact=True).click()
    notes = tab.get_by_role("region", name="notes/read.md")
    expect(notes.get_by_role("heading", name="Notes", exact=True)).to_be_visible()
    expect(notes).to_contain_text("<script>alert(1)</script> and [bad](javascript:alert(1))")
    tab.get_by_role("button", name="blob.xyz", exact=True).click()
    expect(tab.get_by_role("region", name="blob.xyz")).to_contain_text("256 B that cannot be looked at here")
    tab.get_by_role("button", name="notes/evil.html", exact=True).click()
    expect(tab.frame_locator("iframe").get_by_text("inside")).to_be_attached()
    assert tab.evaluate("typeof hacked") == "undefined"


def test_narrow_screens_and_empty_projects(site, open_tab):  # noqa: F811
    tab = open_tab(site, "artifacts?project=shelf&part=lineage", width=360, height=780, color_scheme="dark")
    expect(tab.get_by_role("group", name="Lineage")).to_be_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.goto(f"http://localhost:{site.port}/files?project=shelf")
    expect(tab.locator("tbody tr")).to_have_count(4)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
