"""Two browsers on a hosted app."""

import json
import os
import urllib.request

from playwright.sync_api import expect

from tests.browser.draw_page import upload_file
from tests.browser.server import serve_app, use_empty_folders
from tests.browser.train_page import TrainPage, open_run, start_run


def test_visitors_do_not_see_or_change_what_others_make(browser, tmp_path):
    with use_empty_folders(tmp_path):
        os.environ["DIGITLAB_TRAINER"] = "tests.stub_trainer"
        hosted = ("--server.address", "0.0.0.0")
        with (
            serve_app(tmp_path / "server.log", options=hosted) as (url, _),
            browser.new_context(base_url=url) as first,
            browser.new_context(base_url=url) as second,
        ):
            ada, bob = first.new_page(), second.new_page()
            ada.goto("/train")
            adas = TrainPage(ada)
            run_id = start_run(adas, epochs=1, batch_size=8)
            bobs = open_run(bob, run_id)
            expect(bob.get_by_text("Another user's run")).to_be_visible()
            expect(bob.locator(".st-key-train_stop")).to_have_count(0)
            # It is not Bob's training.
            expect(bob.locator(".st-key-navigation_run")).to_have_count(0)
            for watcher in (bobs, adas):
                watcher.expect_line("^Done")
            expect(bob.locator(".st-key-train_actions").get_by_text("Save model")).to_have_count(0)
            with urllib.request.urlopen(f"{url}/api/v1/metrics") as answer:
                assert b"digitlab_sessions 2.0" in answer.read()
            bob.goto("/train")
            bobs.show_view("Watch")
            expect(bob.get_by_text("There is no run yet")).to_be_visible()
            # After a restart of her browser Ada is still the owner.
            state = first.storage_state()
            with browser.new_context(base_url=url, storage_state=state) as later:
                again = open_run(later.new_page(), run_id)
                again.save_model("Ada's model")
                for context, n_models in ((later, 1), (second, 0)):
                    page = context.new_page()
                    page.goto("/models")
                    expect(page.get_by_role("heading", name="digitlab CNN")).to_be_visible()
                    heading = page.get_by_role("heading", name="Ada's model")
                    expect(heading).to_have_count(n_models)
    lines = (tmp_path / "server.log").read_text().splitlines()
    events = [json.loads(line)["event"] for line in lines if line.startswith("{")]
    assert events == ["server_started", "cleaned_up", "training_queued", "api_request"]


def test_uploads_that_no_widget_asked_for_do_not_fill_the_memory(browser, tmp_path):
    with (
        use_empty_folders(tmp_path),
        serve_app(tmp_path / "server.log", options=("--server.address", "0.0.0.0")) as (url, _),
        browser.new_context(base_url=url) as context,
    ):
        page = context.new_page()
        page.goto("/train")
        note = "what you make here is kept for this visit only"
        expect(page.get_by_text(note)).to_have_count(0)
        page.get_by_text("Use your own pictures").click()
        with page.expect_request(lambda request: request.method == "PUT") as sent:
            upload_file(page, "a.zip", "application/zip", b"x")
        headers = {"x-xsrftoken": sent.value.headers["x-xsrftoken"]}
        address = sent.value.url.rpartition("/")[0]
        content = {"name": "a.png", "mimeType": "image/png", "buffer": bytes(24_000_000)}
        codes = [
            context.request.put(
                f"{address}/{number}", headers=headers, multipart={"a.png": content}
            ).status
            for number in range(5)
        ]
        assert codes == [204, 204, 204, 413, 413]
        # A browser that gets no cookie, as in a frame of another site.
        with browser.new_context(base_url=url) as framed:
            page = framed.new_page()
            page.route(
                "**/train",
                lambda route: route.continue_(headers=route.request.headers | {"accept": "*/*"}),
            )
            page.goto("/train")
            expect(page.get_by_text(note)).to_be_visible()
            page.get_by_role("link", name="Draw").click()
            expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
            expect(page.get_by_text(note)).to_have_count(0)
