"""The frame that all pages share: navigation, header, the browser tab's title."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.draw_page import wait_until_idle
from tests.browser.train_page import TrainPage

PAGES = {
    "draw": "Draw",
    "train": "Train",
    "tune": "Tune",
    "evaluate": "Evaluate",
    "models": "Models",
}


def find_links(page):
    return page.locator(".st-key-navigation a")


def open_by_link(page, label):
    # No user clicks in the moment in which a page appears and reports its width, which reruns it.
    wait_until_idle(page)
    find_links(page).get_by_text(label, exact=True).click()
    expect(page).to_have_title(f"{label} · digitlab")
    wait_until_idle(page)


def test_header_has_the_same_place_on_all_pages(page):
    page.goto("/")
    boxes = {}
    for label in PAGES.values():
        open_by_link(page, label)
        places = (".st-key-page_header", "h1", ".st-key-navigation")
        boxes[label] = [page.locator(place).bounding_box() for place in places]
        # The title's width depends on what is beside it.
        del boxes[label][1]["width"]
    header = boxes["Draw"][0]
    assert (header["x"], header["width"]) == ((1280 - 1120) / 2, 1120)
    assert list(boxes.values()) == [boxes["Draw"]] * len(PAGES)


@pytest.mark.parametrize(("path", "label"), PAGES.items())
def test_current_page_is_marked_also_after_a_deep_link(page, path, label):
    page.goto(f"/{path}")
    expect(page).to_have_title(f"{label} · digitlab")
    links = find_links(page)
    expect(links).to_have_text(list(PAGES.values()))
    weights = links.locator("p").evaluate_all(
        "all => all.map((p) => getComputedStyle(p).fontWeight)"
    )
    assert [weight > "400" for weight in weights] == [text == label for text in PAGES.values()]


def test_phone_has_all_entries_in_one_row_and_no_drawer(dark_phone):
    dark_phone.goto("/train")
    for label in PAGES.values():
        open_by_link(dark_phone, label)
        boxes = [link.bounding_box() for link in find_links(dark_phone).all()]
        assert len({box["y"] for box in boxes}) == 1
        assert boxes[0]["x"] >= 0
        assert boxes[-1]["x"] + boxes[-1]["width"] <= 390
        expect(dark_phone.get_by_test_id("stSidebar")).to_have_count(0)


def test_no_page_needs_what_the_security_policy_forbids(page):
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto("/")
    page.get_by_role("button", name="Sample 5").click()
    for label in PAGES.values():
        open_by_link(page, label)
    assert not [text for text in refused if "Content Security Policy" in text]


@pytest.mark.usefixtures("runs_of_server")
def test_progress_appears_with_a_run_leads_to_it_and_goes(page):
    page.goto("/train")
    train_page = TrainPage(page)
    # Half a minute, if it were not stopped.
    train_page.fill("batch_size", 2)
    train_page.start.click()
    progress = page.locator(".st-key-navigation_run button")
    run_id = train_page.run_id
    open_by_link(page, "Models")
    expect(progress).to_have_text(re.compile(r"Training [1-9]\d?%"))
    progress.click()
    page.wait_for_url(f"**/train?run={run_id}")
    train_page.wait_until_idle()
    train_page.press("train_stop")
    train_page.expect_line("Stopp|Cancelled")
    open_by_link(page, "Draw")
    expect(progress).to_have_count(0)
