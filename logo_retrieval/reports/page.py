"""A page that stands alone: a template filled in as one HTML file that asks for nothing from outside."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from logo_retrieval.gallery.records import printable
from logo_retrieval.types import cut

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: object) -> str:
    """The whole document; a policy in it forbids every script and style but its own, and every request.

    All values are escaped, and hold nothing that a file cannot.

    Args:
        template: its name in the folder of templates.
        values: what it shows.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters |= {"name": _name, "picture": _picture, "chance": _chance}
    style, script = ((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src {_digest(style)}; script-src {_digest(script)}"
    )
    page = environment.get_template(template)
    return page.render(policy=Markup(policy), style=Markup(style), script=Markup(script), **values)


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _printable(value: object) -> object:
    return printable(value) if type(value) is str else value


def _name(value: str) -> Markup:
    """A name from outside: it can neither become markup nor turn the direction of what follows."""
    return Markup("<bdi>{}</bdi>").format(printable(value))


def _picture(webp: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(webp).decode()}"


def _chance(probability: float) -> str:
    return f"{cut(probability, 3):.3f}"
