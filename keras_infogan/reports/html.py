"""Pages that need no other file and no network: their parts, all escaped.

The parts are HTML. What they are given is plain text, in which words in
backticks are code.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from collections.abc import Sequence
from pathlib import Path
from string import Template

from keras_infogan.files import atomic_path

_FOLDER = Path(__file__).parent


def write_document(path: Path, title: str, parts: Iterable[str]) -> None:
    """Writes an HTML page, atomically.

    Its content security policy allows the style sheet and the script of this
    package, by their hashes, and images within the page; nothing else. Without
    JavaScript, all can be read.

    Args:
        path: The page.
        title: Its title and heading.
        parts: Its body, as the other functions here return it.
    """
    style, script = (
        (_FOLDER / name).read_text("utf-8") for name in ("page.css", "page.js")
    )
    page = Template((_FOLDER / "page.html").read_text("utf-8")).substitute(
        policy="default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"img-src data:; style-src {_hash(style)}; script-src {_hash(script)}",
        title=html.escape(title),
        style=style,
        script=script,
        body="\n".join(part for part in parts if part),
    )
    with atomic_path(path) as partial:
        partial.write_text(page, encoding="utf-8")


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def text(sentence: str) -> str:
    """A sentence, without an element around it."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(sentence))


def heading(title: str) -> str:
    """The heading of a section."""
    return f"<h2>{text(title)}</h2>"


def paragraphs(sentences: Iterable[str], *, role: str = "") -> str:
    """A paragraph for each sentence; `role` is a class of the style sheet."""
    start = f'<p class="{role}">' if role else "<p>"
    return "\n".join(f"{start}{text(x)}</p>" for x in sentences)


def table(rows: Iterable[Sequence[object]]) -> str:
    """A table of texts, which scrolls; the first row is its head."""
    lines = []
    for number, row in enumerate(rows):
        tag = "td" if number else "th"
        cells = (f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row)
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'


def preformatted(content: str) -> str:
    """Lines as they are."""
    return f"<pre>{html.escape(content)}</pre>"


def details(summary: str, parts: Iterable[str]) -> str:
    """Parts that are folded under a summary; nothing if all are empty."""
    content = "\n".join(part for part in parts if part)
    if not content:
        return ""
    return f"<details><summary>{text(summary)}</summary>\n{content}\n</details>"


def image_data(png: bytes) -> str:
    """The address of a PNG image within the page."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def image(caption: str, png: bytes) -> str:
    """An image, described by its caption."""
    alt = html.escape(caption.replace("`", ""))
    return f'<img alt="{alt}" src="{image_data(png)}">'


def figure(caption: str, content: str) -> str:
    """Content with a caption below it."""
    return f"<figure>{content}<figcaption>{text(caption)}</figcaption></figure>"


def sides(parts: Iterable[str]) -> str:
    """Parts side by side, as far as they fit."""
    return (
        f'<div class="sides">{"".join(f"<div>{x}</div>" for x in parts)}</div>'
    )
