"""The Jinja templates of HTML reports. Autoescape is on: all values are text, never markup."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_template(name: str, **values: Any) -> Markup:
    """Render a template file, with all values escaped."""
    # Safe: the template has escaped its values.
    return Markup(_ENVIRONMENT.get_template(name).render(**values))  # noqa: S704


def render_block(name: str, *values: Any, **options: Any) -> Markup:
    """Render one building block of a section, a macro in `sections.html.j2`.

    Args:
        name: "facts", "table", "matrix", "bullets", "charts" or "images".
    """
    blocks = _ENVIRONMENT.get_template("sections.html.j2").module
    render: Callable[..., Markup] = getattr(blocks, name)
    return render(*values, **options)
