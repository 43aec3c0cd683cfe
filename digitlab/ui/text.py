"""Text from users, addresses and files, made safe for Streamlit's Markdown."""

import re

import streamlit as st

# Longer labels are cut: one from an address, or from a card that was edited by hand.
MAX_LABEL_LENGTH = 80

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Some rules look at the text after the backslashes are gone: emoji and icon shortcodes, and
# links that GitHub's Markdown finds in bare addresses. An invisible character breaks them up.
_BARE_LINK = re.compile(r":(?=\S*:|//)|@(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
_WORD_JOINER = "\N{WORD JOINER}"


def escape_markdown(text: str) -> str:
    """Escape text so that Streamlit shows it literally, on one line.

    Links, images, HTML, formulas, colour directives, icons and emoji shortcodes stay text.
    """
    text = " ".join(text.split())
    text = _BARE_LINK.sub(lambda match: match[0] + _WORD_JOINER, text)
    return _PUNCTUATION.sub(r"\\\1", text)


def shorten(text: str, max_length: int = MAX_LABEL_LENGTH) -> str:
    """A label of at most so many characters, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= max_length else text[: max_length - 1] + "…"


def escape_label(label: str) -> str:
    """A label for Markdown: at most 80 characters, escaped."""
    return escape_markdown(shorten(label))


def render_error(error: Exception | str) -> None:
    """Show what went wrong; the message is plain text, not Markdown."""
    st.error(escape_markdown(str(error)))
