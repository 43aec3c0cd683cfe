"""Uploads on the Draw page."""

import pytest

from tests.app.page_text import read_html, read_texts
from tests.unit.test_decode import draw_five, encode


@pytest.fixture
def upload(app):
    """Uploads a file on the Draw page; returns the page."""

    def upload_it(name, content):
        app.run()
        app.session_state["draw_source"] = "picture"
        app.run()
        app.get("file_uploader")[0].set_value((name, content, "image/heic")).run()
        assert not app.exception
        return app

    return upload_it


def test_heic_photo_is_read(upload):
    app = upload("photo.heic", encode(draw_five(), "HEIF"))
    assert 'data-testid="digit">5<' in read_html(app).replace(" ", "")


def test_unsupported_file_gets_a_reason_and_a_way_out(upload):
    app = upload("photo.avif", encode(draw_five(), "AVIF"))
    assert "export it as JPEG or PNG" in read_texts(app.error)
