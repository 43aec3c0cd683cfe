"""Text from users and URLs is shown literally."""

import re

import pytest

from digitlab.ui.text import escape_label, escape_markdown, shorten

HOSTILE = (
    "[log in](http://evil.test)",
    "![x](http://evil.test/x.png)",
    "<img src=http://evil.test/x.png>",
    "<b>bold</b> &amp; **bold** __bold__ ~~gone~~ `code`",
    ":red[red] :material/delete: :smile: :+1: :streamlit:",
    "$x^2$ $$y$$",
    "http://evil.test www.evil.test me@evil.test",
    "# heading",
    "1. item",
    "- item",
    "> quote",
    "| a | b |",
    r"\[escaped](http://evil.test)",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_all_markup_is_escaped(text):
    escaped = escape_markdown(text)
    # Every character that Markdown could interpret is behind a backslash …
    assert re.fullmatch(r"(\\[!-/:-@\[-`{-~]|[^!-/:-@\[-`{-~])*", escaped)
    # … and what is left after the backslashes is neither a bare link nor a shortcode.
    literal = re.sub(r"\\(.)", r"\1", escaped)
    assert not re.search(r":[\w+/-]+:|https?://|www\.|\w@\w", literal)
    assert literal.replace("\N{WORD JOINER}", "") == text


def test_line_breaks_cannot_start_a_block():
    assert escape_markdown("a\n\n# b\r\n\tc") == r"a \# b c"


def test_plain_text_stays_as_it_is():
    assert escape_markdown("Мой первый 手写 модель 2") == "Мой первый 手写 модель 2"
    assert "\N{WORD JOINER}" not in escape_markdown("epochs: 0, at 14:05")


def test_labels_have_at_most_80_characters():
    assert shorten("a" * 80) == "a" * 80
    assert shorten("a" * 10_000) == "a" * 79 + "…"
    assert escape_label("*" * 10_000) == r"\*" * 79 + "…"
