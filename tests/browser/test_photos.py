"""Photos in Chromium with the real trainer: CIFAR-10, every view of Evaluate, transfer learning."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.draw_page import open_expander
from tests.browser.evaluate_page import EvaluatePage
from tests.browser.train_page import TrainPage
from tests.unit.photo_model import build_photos

# 3,000 for training and 1,000 for testing.
_N_PHOTOS = 4000


@pytest.mark.integration
def test_photos_are_trained_evaluated_and_used_for_transfer_learning(training_page, tmp_path):
    # The folder that the server looks into.
    (tmp_path / "data").mkdir()
    photos, labels = build_photos(_N_PHOTOS)
    np.savez(tmp_path / "data" / "cifar10_first4000.npz", x=photos, y=labels)
    page = training_page
    page.goto("/train")
    train_page = TrainPage(page)
    train_page.choose_recipe("cifar10")
    train_page.fill("epochs", 2)
    train_page.start.click()
    train_page.expect_line(r"^Done · \d+\.\d+% on the test set")
    train_page.save_model("Photos")

    page.goto("/evaluate?model=photos")
    _check_views(EvaluatePage(page))
    _check_transfer_and_comparison(page)


def _check_views(evaluate: EvaluatePage) -> None:
    page = evaluate.page
    expect(page.get_by_text("unverified copy")).to_be_visible()
    expect(page.locator(".st-key-evaluate_matrix")).to_contain_text("airplane")

    evaluate.show_view("Images")
    evaluate.tiles().first.click()
    dialog = page.get_by_role("dialog")
    expect(evaluate.verdict).to_have_text(re.compile("^Actual .*, predicted "))
    expect(dialog.get_by_text("Saliency for").first).to_be_visible()
    expect(dialog.get_by_role("button", name="Try it on the Draw page")).not_to_be_visible()
    page.keyboard.press("Escape")
    expect(evaluate.verdict).to_have_count(0)

    for view, shown in (("Per class", "airplane"), ("Calibration", "Confidence")):
        evaluate.show_view(view)
        expect(page.locator(".js-plotly-plot").first).to_contain_text(shown)
    evaluate.show_view("Robustness")
    page.get_by_role("button", name="Measure it").click()
    expect(page.locator("[class*=st-key-evaluate_robustness_]").first).to_be_visible()
    evaluate.show_view("Feature map")
    page.get_by_role("button", name="Compute it").click()
    expect(page.locator(".js-plotly-plot")).to_contain_text("airplane")
    evaluate.show_view("Your test set")
    expect(page.get_by_text("This network does not read digits.")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def _check_transfer_and_comparison(page: Page) -> None:
    page.goto("/train")
    train_page = TrainPage(page)
    train_page.choose_recipe("cifar10")
    open_expander(page.locator(".st-key-train_group_network"))
    page.get_by_role("combobox", name="Initial weights").click()
    page.get_by_role("option", name="Photos").click()
    train_page.wait_until_idle()
    train_page.fill("frozen_epochs", 2)
    train_page.fill("epochs", 3)
    train_page.start.click()
    train_page.expect_line(r"^Done · \d+\.\d+% on the test set")
    expect(page.get_by_text("fine-tuning").first).to_be_visible()
    train_page.save_model("Fine-tuned")

    page.goto("/evaluate?model=photos&view=comparison")
    EvaluatePage(page)
    # Of all other models, the one with the same test set.
    expect(page.get_by_role("combobox", name="Compare with")).to_have_value(re.compile("^Fine-tun"))
    expect(page.get_by_role("cell", name="Errors")).to_be_visible()
