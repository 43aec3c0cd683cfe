"""The texts of a page as the user sees them."""

import re


def read_html(app) -> str:
    """The content of all `st.html` elements, which the test driver has no accessor for."""
    return " ".join(element.proto.body for element in app.get("html"))


def read_texts(elements) -> str:
    """The texts of elements such as `app.error`, one a line, with Markdown escapes removed."""
    text = "\n".join(element.value for element in elements)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).replace("\N{WORD JOINER}", "")
