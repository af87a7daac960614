"""Parts of style sheets: selectors inside selectors, and sheets inside sheets."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Any

from logo_retrieval.images.guard.conditions import is_selector, media_applies
from logo_retrieval.images.guard.embedded import content_of
from logo_retrieval.images.guard.tokens import solid, split_at_commas

LONGEST_SELECTOR = 500

_ANY = re.compile(r":-(?:webkit|moz)-any\(", re.IGNORECASE)
_NAMESPACE = re.compile(r"(?<![\w-])([\w-]+|\*)\|(?=[\w*-])")


def nested(prelude: Sequence[Any], parent: str, prefixes: Container[str]) -> str:
    """The selector of a rule, put into that of the rule around it; empty where that gets too long.

    Args:
        prelude: of the rule.
        parent: the selector around it, empty at the top.
        prefixes: of namespaces, all of which are SVG's here.
    """
    import tinycss2

    around = f":is({parent})" if parent else ":root"
    if len(around) > 2 * LONGEST_SELECTOR:
        return ""
    found = []
    for part in split_at_commas(prelude):
        text = _ANY.sub(":is(", tinycss2.serialize(part).strip())
        text = _NAMESPACE.sub(lambda match: "" if match[1] in prefixes else match[0], text)
        if "&" in text and len(text) <= LONGEST_SELECTOR:
            text = text.replace("&", around)
        elif parent:
            text = f"{around} {text}"
        found.append(text)
    return ",".join(found)


def understood(selector: Sequence[Any]) -> str:
    """The text of a selector, without what nobody understands in its `:is()` and `:where()`; empty if too long."""
    import tinycss2

    if len(tinycss2.serialize(selector)) > LONGEST_SELECTOR:
        return ""
    for token in selector:
        if token.type == "function" and token.lower_name in ("is", "where"):
            known = filter(is_selector, map(understood, split_at_commas(token.arguments)))
            token.arguments = tinycss2.parse_component_value_list(",".join(known))
        elif token.type == "function" and token.lower_name in ("nth-child", "nth-last-child"):
            before, of, among = tinycss2.serialize(token.arguments).partition(" of ")
            if of:  # as one selector: of several, cssselect2 asks for all
                token.arguments = tinycss2.parse_component_value_list(f"{before} of :is({among})")
    return str(tinycss2.serialize(selector)).strip()


def names_in(selector: Sequence[Any]) -> set[str]:
    """The elements, `.classes` and `#identifiers` without which a selector matches nothing."""
    names = set()
    before = None
    for token in selector:
        if token.type == "hash":
            names.add(f"#{token.value}")
        elif token.type == "ident" and before == ".":
            names.add(f".{token.value}")
        elif token.type == "ident" and before != ":" and before != "|":
            names.add(token.value)
        before = token
    return names


def imported(prelude: Sequence[Any]) -> tuple[str, str | None] | None:
    """The text of a sheet that a `data:` link of `@import` holds, and its layer; nothing else is fetched."""
    import tinycss2

    tokens = solid(prelude)
    link = tokens[0] if tokens else None
    if link is not None and link.type == "function" and link.arguments:
        (link, *_) = link.arguments
    content = content_of(link.value) if link is not None and link.type in ("string", "url") else None
    if content is None:
        return None
    layer, media = None, []
    for token in tokens[1:]:
        word = getattr(token, "lower_value", getattr(token, "lower_name", ""))
        if word == "layer":
            layer = tinycss2.serialize(token.arguments) if token.type == "function" else ""
        elif word != "supports":
            media.append(token.serialize())
    return (content.decode(errors="replace"), layer) if media_applies(" ".join(media)) else None
