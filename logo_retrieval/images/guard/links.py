"""What leads nowhere in a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.values import REFERENCE, put_style, style_of

_LINKS = {
    "filter": "filter",
    "mask": "mask",
    "clip-path": "clipPath",
    **dict.fromkeys(("marker", "marker-start", "marker-mid", "marker-end"), "marker"),
}
"""Property -> what it links to."""

_MOST_SEEN = 100_000
"""Elements that are looked at, as often as filters take them for pictures."""


def link_in(attributes: Mapping[str, str]) -> str:
    """The link of an element as it was; that of SVG 2 counts for more than that of XLink."""
    of_xlink = (value for key, value in attributes.items() if key.endswith(":href"))
    return (attributes.get("href") or next(of_xlink, "")).strip()


def drop_loose_ends(elements: Iterable[Element], by_id: Mapping[str, Element]) -> None:
    """Drops what names a filter, clip, mask or marker that is not there: it does nothing, and hides nothing.

    Args:
        elements: of a drawing.
        by_id: those of them that have an id.
    """
    for element in elements:
        attributes = element.attributes
        for name in _LINKS.keys() & attributes.keys():
            if _leads_nowhere(name, attributes[name], by_id):
                del attributes[name]
        style = attributes.get("style", "")
        if "url(" in style:
            put_style(attributes, {k: v for k, v in style_of(attributes).items() if not _leads_nowhere(k, v, by_id)})


def _leads_nowhere(name: str, value: str, by_id: Mapping[str, Element]) -> bool:
    targets = (by_id.get(link) for link in REFERENCE.findall(value))
    return name in _LINKS and any(target is None or target.tag != _LINKS[name] for target in targets)


def drop_pictures_in_each_other(elements: Iterable[Element], by_id: Mapping[str, Element]) -> None:
    """Drops what a filter takes from the drawing for a picture, where that has such a filter: perhaps the same one.

    Args:
        elements: of a drawing.
        by_id: those of them that have an id.
    """
    steps = (each for each in elements if each.tag == "feImage")
    takers = dict.fromkeys(each for each in steps if each.attributes.get("href", "").startswith("#"))
    filters = {each for each in by_id.values() if any(child in takers for child in each.children)} if takers else set()
    left = _MOST_SEEN
    for taker in takers:
        seen: set[Element] = set()
        ahead = _linked(taker, by_id)
        while ahead and left > 0:
            element = ahead.pop()
            if element not in seen:
                seen.add(element)
                left -= 1
                ahead += [each for each in element.children if isinstance(each, Element)]
                ahead += _linked(element, by_id)
        if ahead or not seen.isdisjoint(filters):
            del taker.attributes["href"]


def _linked(element: Element, by_id: Mapping[str, Element]) -> list[Element]:
    """What an element names."""
    attributes = element.attributes
    links = [link for value in attributes.values() if "url(" in value for link in REFERENCE.findall(value)]
    found = (by_id.get(link) for link in (*links, attributes.get("href", "")[1:]))
    return [each for each in found if each is not None]
