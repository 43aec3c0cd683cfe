"""The frame of a report in HTML: no script, no other file, light and dark, fit to print."""

import time
from dataclasses import dataclass
from html import escape
from string import Template

_STYLE = """
:root { color-scheme: light dark; --ink: #22262d; --paper: #faf8f4; --line: #d9d4c9;
  --blue: #2f5d9b; --quiet: #6b6f78; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e3dc; --paper: #1b1d21; --line: #3a3d44;
  --blue: #86b0e8; --quiet: #9a9ea8; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-weight: 600; } h2 { font-weight: 500; margin-top: 2.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
.facts th { text-align: left; font-weight: 400; color: var(--quiet); }
.facts td { text-align: left; }
.scroll { overflow-x: auto; } .note, footer, figcaption { color: var(--quiet); font-size: .9rem; }
.digits { display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; }
.digits figure { margin: 0; width: 5.5rem; }
.digits img { width: 5.5rem; image-rendering: pixelated; }
svg { max-width: 100%; height: auto; } svg text { fill: currentColor; font-size: 11px; }
svg .axis { stroke: var(--line); } svg .line { stroke: var(--blue); fill: none; stroke-width: 2; }
svg .even { stroke: var(--quiet); stroke-dasharray: 4 4; } svg .dot { fill: var(--blue); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; }
.charts figure { margin: 0; }
"""

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title><style>$style</style></head>
<body><h1>$title</h1>
$notes
$parts
<footer>Made by digitlab on $date.</footer>
</body></html>
""")


@dataclass(frozen=True)
class Part:
    """One part of the page.

    Attributes:
        body: HTML, safe as it is.
        tag: the element around the body.
    """

    title: str
    body: str
    tag: str = "div"


def render_page(title: str, parts: list[Part], *, notes: list[str]) -> str:
    """A whole page.

    Args:
        title: plain text, as are the notes.
    """
    sections = (
        f"<section><h2>{escape(part.title)}</h2><{part.tag}>{part.body}</{part.tag}></section>"
        for part in parts
    )
    return _PAGE.substitute(
        title=escape(title),
        style=_STYLE,
        notes="".join(f'<p class="note">{escape(note)}</p>' for note in notes),
        parts="\n".join(sections),
        date=time.strftime("%d %B %Y"),
    )
