"""The user's own pictures in Chromium: from the upload to a model that classifies a new photo."""

import re

import pytest
from playwright.sync_api import expect

from digitlab.datasets.user_datasets import list_user_datasets
from tests.browser.draw_page import open_expander
from tests.browser.train_page import TrainPage
from tests.unit.user_pictures import (
    build_picture,
    encode_picture,
    list_pictures,
    list_tinted,
    pack_pictures,
)
from tests.unit.user_zip import pack


def upload(train_page, content, *, name="shapes.zip"):
    page = train_page.page
    if not page.get_by_role("button", name="Create the data set").is_visible():
        page.get_by_text("Use your own pictures").click()
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": content}
    )
    create = page.get_by_role("button", name="Create the data set")
    expect(create).to_be_enabled()
    create.click()


def test_a_zip_becomes_the_chosen_data_set_and_is_deleted(train_page):
    page = train_page.page
    upload(train_page, pack([*list_pictures(6), ("discs/notes.txt", b"x")]))
    found = page.get_by_test_id("own-classes")
    expect(found).to_contain_text("checkerboards")
    expect(found.locator("img")).to_have_count(12)
    expect(page.get_by_text("1 file left out: not an image file.")).to_be_visible()
    choice = page.get_by_role("combobox", name="Data set")
    expect(choice).to_have_value("shapes")
    # 15 training images, one of which is for validation.
    expect(page.get_by_text("14 training images")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete this data set").click()
    expect(found).not_to_be_visible()
    expect(choice).to_have_value("MNIST handwritten digits")
    assert list_user_datasets() == []


def test_a_refused_zip_says_why(train_page):
    page = train_page.page
    upload(train_page, pack([*list_tinted(["a", "b", "<b>"], 5)][:11]))
    problem = page.get_by_text("The class “<b>” has only 1 image that can be used")
    expect(problem).to_be_visible()
    upload(train_page, b"no zip")
    expect(page.get_by_text("This zip cannot be read")).to_be_visible()


@pytest.mark.integration
def test_photos_of_three_classes_become_a_model_that_classifies_a_new_one(training_page):
    page = training_page
    page.goto("/train")
    train_page = TrainPage(page)
    open_expander(page.locator("[class*=st-key-train_own_data]"))
    train_page.wait_until_idle()
    page.get_by_role("combobox", name="Image size").click()
    page.get_by_role("option", name="32×32 pixels").click()
    train_page.wait_until_idle()
    upload(train_page, pack_pictures(40))
    expect(page.get_by_test_id("own-classes")).to_be_visible()
    train_page.fill("epochs", 15)
    train_page.fill("batch_size", 8)
    train_page.start.click()
    train_page.expect_line(r"^Done · \d+\.\d+% on the test set")
    train_page.save_model("Shapes model")

    page.goto("/models")
    page.get_by_text("Classify a picture").click()
    for kind in ("discs", "stripes"):
        picture = encode_picture(build_picture(kind, 1000))
        page.locator("[class*=st-key-models_picture_] input[type=file]").set_input_files(
            {"name": "new.png", "mimeType": "image/png", "buffer": picture}
        )
        first = page.locator(".models-classes > li > span").first
        expect(first).to_have_text(re.compile(kind))

    page.goto("/evaluate?model=shapes_model")
    expect(page.get_by_text("24 test images of shapes")).to_be_visible()
