"""The Models page in Chromium."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from digitlab.model_store.formats import MODEL_FORMATS
from tests.browser.draw_page import DrawPage, wait_until_idle
from tests.unit.user_zip import pack


def test_a_card_leads_to_a_mistake_and_into_the_network(page):
    page.goto("/models")
    card = page.locator(".st-key-models_card_simple_cnn")
    mistakes = card.locator(".st-key-models_mistakes_simple_cnn_container button[data-index]")
    index = mistakes.first.get_attribute("data-index")
    mistakes.first.click()
    page.wait_for_url(re.compile(rf"/evaluate\?(?=.*model=simple_cnn).*sample={index}"))
    expect(page.get_by_test_id("detail-verdict")).to_be_visible()
    wait_until_idle(page)
    page.get_by_text("Inside the network, for this image").click()
    layers = page.get_by_role("list", name="Outputs of the layers").get_by_role("listitem")
    expect(layers).to_have_count(7)

    page.goto("/models")
    card.get_by_text("Inside the network").click()
    graph = card.get_by_role("list", name="Layers")
    expect(graph.locator("strong").first).to_have_text("Input")
    expect(graph.locator("strong").last).to_have_text("Dense")
    expect(card.get_by_role("img", name="The kernels")).to_be_visible()
    wait_until_idle(page)
    card.get_by_role("button", name="Watch all layers while you draw").click()
    draw_page = DrawPage(page)
    expect(page.get_by_role("combobox", name="Read by")).to_have_value(re.compile("Simple CNN"))
    draw_page.draw_sample(4)
    expect(layers).to_have_count(7)


@pytest.mark.integration
def test_every_format_and_the_code_can_be_downloaded(training_page):
    page = training_page
    page.goto("/models")
    card = page.locator(".st-key-models_card_simple_cnn")
    card.get_by_text("Training and files").click()
    card.get_by_role("button", name="Export to all formats").click()
    expect(card.get_by_text("Same answers", exact=True)).to_be_visible(timeout=120_000)
    wait_until_idle(page)
    formats = [each for each in MODEL_FORMATS if each.package is None]
    for each in formats:
        with page.expect_download() as download:
            card.get_by_role("button", name=each.label, exact=True).click()
        assert download.value.suggested_filename == each.get_download_name("simple_cnn")
        assert download.value.path().stat().st_size > 50_000

    card.get_by_text("The code, in plain Keras").click()
    with page.expect_download() as download:
        card.get_by_role("button", name="Download the script").click()
    assert download.value.suggested_filename == "simple_cnn.py"
    assert "model.fit(" in download.value.path().read_text()


@pytest.mark.integration
def test_models_made_elsewhere_are_imported_drawn_with_evaluated_renamed_and_deleted(
    training_page, tmp_path
):
    page = training_page
    files = tmp_path / "tutorial"
    files.mkdir()
    # In another process: the browser's tests do without Keras.
    subprocess.run([sys.executable, "-m", "tests.tutorial_models", str(files)], check=True)
    (files / "saved.zip").write_bytes(pack([("model/saved_model.pb", b"x")]))
    page.goto("/models")
    for name, scaling in (("mnist_cnn.h5", "0 to 1"), ("flat.keras", "0 to 1"),
                          ("int8.tflite", "0 to 1")):  # fmt: skip
        upload_model(page, files / name)
        result = page.get_by_test_id("stAlert").filter(has_text="is imported")
        expect(result).to_contain_text(f"is imported. It takes pixels from {scaling}")
        expect(result).to_contain_text(name.partition(".")[0])
    upload_model(page, files / "saved.zip")
    expect(page.get_by_text("This is a SavedModel")).to_be_visible()

    card = page.locator(".st-key-models_card_mnist_cnn")
    card.get_by_role("button", name="Draw with it").click()
    draw_page = DrawPage(page)
    draw_page.draw_sample(7)
    expect(page.get_by_role("combobox", name="Read by")).to_have_value(re.compile("mnist_cnn"))
    draw_page.expect_digit(7)

    page.goto("/models")
    card.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_text("1,000 test images")).to_be_visible()

    page.goto("/models")
    card.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").last.fill("From a tutorial")
    page.get_by_role("button", name="Rename", exact=True).last.click()
    expect(card.get_by_role("heading", name="From a tutorial")).to_be_visible()
    card.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete this model").click()
    expect(card).to_have_count(0)


def upload_model(page, path):
    """Choose a file and import it; returns when it is over."""
    start = page.get_by_role("button", name="Import the model")
    if not start.is_visible():
        page.get_by_text("Import a model").click()
    expect(start).to_be_visible()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(path)
    expect(page.get_by_role("textbox", name="Name").first).to_have_value(path.stem)
    wait_until_idle(page)
    start.click()
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    expect(cancel).to_have_count(0, timeout=120_000)
    wait_until_idle(page)
