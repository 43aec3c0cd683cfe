"""What the server does around the pages."""

import subprocess
import sys

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from digitlab.owners import OWNER_COOKIE, read_signed_owner
from digitlab.ui.server import build_middleware, log_page_error
from tests.conftest import PROJECT_DIR

PAGE = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def client(hosted):
    async def show(request):
        return HTMLResponse("page")

    return TestClient(Starlette(routes=[Route("/", show)], middleware=build_middleware()))


def test_headers_are_on_every_response_also_on_errors(client):
    for path in ("/", "/missing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'self' https://*.streamlit.app" in policy
        assert "object-src 'none'" in policy


def test_a_visitor_of_a_hosted_app_gets_one_signed_cookie(client):
    response = client.get("/", headers=PAGE)
    assert "HttpOnly" in response.headers["set-cookie"]
    assert "SameSite=lax" in response.headers["set-cookie"]
    assert "Secure" not in response.headers["set-cookie"]
    owner = read_signed_owner(response.cookies[OWNER_COOKIE])
    assert len(owner) == 32
    # The browser sends it back.
    assert "set-cookie" not in client.get("/", headers=PAGE).headers
    client.cookies.clear()
    client.cookies.set(OWNER_COOKIE, f"{owner}.forged")
    other = client.get("/", headers=PAGE | {"x-forwarded-proto": "https"})
    assert "Secure" in other.headers["set-cookie"]
    assert read_signed_owner(f"{owner}.forged") is None


def test_nobody_gets_a_cookie_at_home_or_for_a_file(client, monkeypatch):
    assert "set-cookie" not in client.get("/", headers={"accept": "*/*"}).headers
    monkeypatch.setenv("DIGITLAB_HOSTING", "off")
    assert "set-cookie" not in client.get("/", headers=PAGE).headers


def test_the_key_survives_a_restart_and_nobody_else_can_read_it():
    from digitlab.paths import get_owner_key_path

    program = "from digitlab.owners import sign_owner; print(sign_owner('a' * 32))"
    signed = [
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    ]
    assert signed[0] == signed[1] and signed[0].startswith("a" * 32)
    assert get_owner_key_path().stat().st_mode & 0o777 == 0o600
    assert list(get_owner_key_path().parent.iterdir()) == [get_owner_key_path()]


def test_an_unexpected_error_of_a_page_is_logged_without_its_message(caplog):
    caplog.set_level("INFO", "digitlab")
    try:
        int("what a visitor typed")
    except ValueError as error:
        log_page_error(error)
    [record] = caplog.records
    assert record.getMessage() == "page_error"
    assert record.fields["error"] == "ValueError"
    assert record.fields["place"].startswith("test_server.py:")
    assert "typed" not in str(record.fields)


def test_a_host_that_runs_the_server_file_as_a_page_shows_the_pages():
    app = AppTest.from_file(str(PROJECT_DIR / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Draw a digit"]
