"""Text from a URL is shown literally: no link, image, formula, icon or emoji comes of it."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

HOSTILE = (
    "[log in](http://evil.test) ![x](http://evil.test/x.png) <img src=x> <b>bold</b>",
    ":red[red] :material/delete: :material_delete: :smile: :+1: $x^2$ **bold** `code`",
    "http://evil.test www.evil.test me@evil.test",
    "# heading -> 1. item",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("url", ["/evaluate?model=", "/train?run="])
def test_markup_in_a_url_is_shown_literally(page, url, text):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(url + quote(text))
    alert = page.get_by_test_id("stAlert").filter(has_text="“")
    expect(alert).to_be_visible()
    shown = alert.inner_text().replace("\N{WORD JOINER}", "").replace("\N{RIGHTWARDS ARROW}", "->")
    assert f"“{text}”" in shown
    # The alert's own icon is an svg or a span outside of the Markdown.
    markdown = alert.get_by_test_id("stMarkdownContainer")
    markup = "a, img, b, strong, code, h1, ol, .katex, [role=img], [data-testid=stIconMaterial]"
    expect(markdown.locator(markup)).to_have_count(0)
    assert not any("evil.test" in address.partition("?")[0] for address in requests)
