"""Histograms among the charts, 3D objects that turn, and lines smoothed in every way, in Chromium on real logs."""

import json
import re

import pytest
from playwright.sync_api import expect

from support.page import browser, chart, open_tab, served, wait_for_address  # noqa: F401
from support.waiting import wait_until

WRITE_SOLIDS = r"""
import trackio

corners = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
faces = [(1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4)]
with open("cube.obj", "w") as file:
    file.writelines(f"v {x} {y} {z}\n" for x, y, z in corners)
    file.writelines(f"f {' '.join(map(str, face))}\n" for face in faces)

trackio.init(project="solids", name="one", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"shape": trackio.Object3D("cube.obj", caption="a cube")}, step=0)
for step in range(1, 2_001):
    row = {"loss": 100 / step}
    if step % 10 == 0:
        row["weights/layer1"] = trackio.Histogram(np_histogram=([step, 4, 2], [-1.0, 0.0, 1.0, 2.0 + step / 1000]))
        row["weights/layer10"] = trackio.Histogram(np_histogram=([1, 2, 3], [0.0, 1.0, 2.0, 3.0]))
    trackio.log(row, step=step)
trackio.finish()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A project with a cube, two histograms over two thousand steps, and a loss."""

    def write(directory):
        directory.run(WRITE_SOLIDS)
        directory.wait_for_state("solids", "finished", "one")

    with served(tmp_path_factory.mktemp("objects") / "0", write) as server:
        yield server


def test_histograms_stand_among_the_charts_with_one_cursor(site, open_tab):  # noqa: F811
    tab = open_tab(site, "?project=solids&smoothing=0&outliers=keep")
    loss = chart(tab, "loss")
    section = tab.get_by_role("region", name="Histograms")
    cell = section.get_by_role("article", name="weights/layer1 of one", exact=True)
    cell.scroll_into_view_if_needed()
    # 160 of the 200 that there are, the first and the last among them.
    expect(cell.locator("canvas")).to_have_attribute("data-steps", "160")
    expect(section.get_by_role("article")).to_have_count(2)
    slider = cell.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^step 2,000: 2,006 values, median"))
    assert (slider.get_attribute("aria-valuemin"), slider.get_attribute("aria-valuemax")) == ("10", "2000")
    # By keys: to another step, and through its bins; the chart shows the same step.
    slider.focus()
    tab.keyboard.press("Shift+ArrowLeft")
    step = int(slider.get_attribute("aria-valuenow"))
    assert step < 2_000
    expect(loss).to_contain_text(f"{100 / step:.4g}"[:5])
    tab.keyboard.press("ArrowUp")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"; {step:,} from"))
    tab.keyboard.press("ArrowUp")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("; 4 from 0 to 1.000$"))
    tab.keyboard.press("Escape")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^step 2,000"))
    # By the pointer on the chart: the cell says what it says there.
    loss.scroll_into_view_if_needed()
    box = loss.locator("canvas").first.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_until(lambda: 500 < int(slider.get_attribute("aria-valuenow")) < 1_500, 10)
    # By the pointer on the cell, with the bin under it.
    cell.scroll_into_view_if_needed()
    surface = slider.bounding_box()
    tab.mouse.move(surface["x"] + surface["width"] / 2, surface["y"] + surface["height"] / 2)
    expect(cell).to_contain_text(re.compile(r"2\s*of \d+ values"))
    # The search of metrics goes for them too.
    tab.keyboard.press("/")
    tab.keyboard.type("layer10")
    expect(section.get_by_role("article")).to_have_count(1)


def test_a_3d_object_is_turned_by_keys_and_mouse(site, open_tab):  # noqa: F811
    tab = open_tab(site, "media?project=solids")
    tab.get_by_role("button", name="Show in 3D").press("Enter")
    stage = tab.get_by_role("application", name=re.compile("a cube, shape of one at step 0: 8 points, 12 triangles, 2.000 × 2.000 × 2.000"))
    drawn = stage.locator("canvas")
    expect(drawn).to_have_attribute("data-drawn", "0.60 0.40 3.00")
    first = stage.screenshot()
    assert len(set(first)) > 50
    stage.focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("+")
    expect(drawn).to_have_attribute("data-drawn", "0.73 0.53 2.50")
    wait_until(lambda: stage.screenshot() != first, 10)
    box = stage.bounding_box()
    tab.mouse.move(box["x"] + 100, box["y"] + 100)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 150, box["y"] + 100, steps=5)
    tab.mouse.up()
    expect(drawn).to_have_attribute("data-drawn", "0.33 0.53 2.50")
    stage.press("0")
    expect(drawn).to_have_attribute("data-drawn", "0.60 0.40 3.00")
    expect(tab.get_by_role("link", name="Save the file")).to_have_attribute("download", re.compile(r"\.obj$"))
    tab.get_by_role("button", name="Larger").click()
    expect(tab.get_by_role("dialog").get_by_role("application")).to_be_visible()


def test_lines_are_smoothed_in_the_way_that_was_chosen(site, open_tab):  # noqa: F811
    tab = open_tab(site, "?project=solids")
    asked = []
    tab.on("request", lambda request: request.url.endswith("/series") and asked.append(json.loads(request.post_data)))
    chart(tab, "loss")
    kind = tab.get_by_role("combobox", name="by")
    kind.select_option("gaussian")
    wait_for_address(tab, smoothing_kind="gaussian")
    wait_until(lambda: asked and asked[-1]["smoothing"] == {"kind": "gaussian", "width": 19}, 10)
    kind.select_option("ema")
    wait_until(lambda: asked[-1]["smoothing"] == {"kind": "exponential", "weight": 0.9}, 10)
    # As preferred in this browser, until the address says something else.
    tab.goto(f"http://localhost:{site.port}/settings?project=solids")
    tab.get_by_role("combobox", name="Smooth by").select_option("gaussian")
    tab.goto(f"http://localhost:{site.port}/?project=solids")
    chart(tab, "loss")
    wait_until(lambda: asked[-1].get("smoothing", {}).get("kind") == "gaussian", 10)
    expect(tab.get_by_role("combobox", name="by")).to_have_value("gaussian")


def test_a_logarithmic_x_asks_for_logarithmic_columns(site, open_tab):  # noqa: F811
    tab = open_tab(site, "?project=solids&smoothing=0&log_x=1")
    asked = []
    tab.on("request", lambda request: request.url.endswith("/series") and asked.append(json.loads(request.post_data)))
    chart(tab, "loss")
    tab.reload()
    chart(tab, "loss")
    assert asked[-1]["x_scale"] == "log"
    answer = tab.request.post(
        f"http://localhost:{site.port}/api/v1/projects/solids/series",
        data={"runs": ["one"], "keys": ["loss"], "x_scale": "log", "pixels": 40},
    ).json()
    xs = answer["series"][0]["x"]
    # Each column keeps the first and the last of its points: a factor of 2,000 in 40 columns.
    assert xs[0] == 1 and xs[-1] == 2_000
    assert sum(x <= 45 for x in xs) >= 20
