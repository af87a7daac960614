"""Reads hostile SVG text into a tree of which every element and attribute is known and clean."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import SubElement
from xml.parsers import expat

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.animation import ANIMATIONS, Animation, end_animations
from logo_retrieval.images.guard.cascade import apply_styles
from logo_retrieval.images.guard.conditions import media_applies
from logo_retrieval.images.guard.drawing import Drawing, Element
from logo_retrieval.images.guard.embedded import Pictures
from logo_retrieval.images.guard.links import drop_loose_ends, drop_pictures_in_each_other, link_in
from logo_retrieval.images.guard.mending import mended
from logo_retrieval.images.guard.sweep import sweep_of
from logo_retrieval.images.guard.values import ATTRIBUTES, ELEMENTS, TEXTS, clean_value, identifier

MAX_ELEMENTS = 20_000
MAX_DEPTH = 64
MAX_PATH_DATA = 2_000_000
MAX_TEXT = 20_000
MAX_STYLESHEET = 1_000_000
MAX_ATTRIBUTE = 20_000
MAX_PROLOG = 65_536
MAX_PROLOG_PIECES = 1_000
MAX_EXPANSION = 4_000_000

_CHUNK = 262_144
_SVG = "http://www.w3.org/2000/svg"
_XHTML = "http://www.w3.org/1999/xhtml"
_XLINK = "http://www.w3.org/1999/xlink"
_ENTITY_REFERENCE = re.compile(r"&([^#;&][^;&]*);")
_PREDEFINED = dict.fromkeys(("amp", "lt", "gt", "quot", "apos"), 1)
_UNDRAWN = re.compile(r"@font-face\s*\{[^{}]*\}|(?<=url\()\s*[\"']?data:(?!text/css)[^()]*(?=\))", re.IGNORECASE)
_LONG = frozenset(("d", "points"))
_LINKED = frozenset(("use", "image", "textPath"))


def read_drawing(text: bytes, *, nesting: int = 0) -> Drawing:
    """Parses SVG text into its clean tree.

    Args:
        text: of the document.
        nesting: how many drawings it lies in.

    Raises:
        UnreadableImage: unknown-format without an `svg` root, corrupt when not well formed, too-large or unsafe when
            it exceeds a limit.
    """
    encoding = None
    for _ in ("as it is", "repaired"):
        reader = _Reader(text, encoding, nesting=nesting)
        try:
            return reader.read()
        except UnreadableImage:
            raise
        except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: encodings that expat cannot have
            fault = error
        text, encoding = mended(text)
    if reader.root is None:
        raise UnreadableImage("unknown-format", f"the text is no SVG, it has no svg element: {fault}")
    raise UnreadableImage("corrupt", f"the SVG is not well-formed XML: {fault}")


class _Reader:
    """Handlers for expat that build the tree while the text streams by.

    There are two trees at a time. `_nodes` lead down the document as it is, with all that is not drawn, for selectors
    to match; `_stack` leads down the clean elements, and `_drawn` says which node each of those was.

    Attributes:
        text: of the document.
        root: the outermost clean element, once it has begun.
        by_id: the first clean element with each id.
        elements: how many have begun, drawn or not.
        depth: how deep they have nested.
    """

    def __init__(self, text: bytes, encoding: str | None = None, *, nesting: int = 0) -> None:
        self.text = text
        self._pictures = Pictures(nesting)
        self.root: Element | None = None
        self.by_id: dict[str, Element] = {}
        self.elements = self.depth = 0
        self._level = 0
        self._skipped = 0  # how deep in something that is not drawn
        self._closed = False
        self._stack: list[Element] = []
        self._document: Node | None = None
        self._nodes: list[Node] = []
        self._drawn: dict[int, Element] = {}
        self._sheets: list[str] = []
        self._animations: dict[Animation, Element | str] = {}
        self._sheet: list[str] | None = None  # what is read of one that applies
        self._page: dict[str, str] | None = None  # attributes of a `foreignObject`, until its gradient is found
        self._namespace = ""
        self._prefixes: dict[str, str] = {}
        self._entities: dict[str, int] = {}
        self._path_data = self._text = 0
        self._parser = parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.specified_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._entity

    def read(self) -> Drawing:
        """Parses the text; errors as `read_drawing`, and those of expat when it is not well formed."""
        try:
            position = self._read_prolog()
            # In pieces: after a handler has raised, expat reads its piece to the end before it gives up.
            while position < len(self.text) and not self._closed:
                self._parser.Parse(self.text[position : position + _CHUNK], False)
                position += _CHUNK
            if not self._closed:
                self._parser.Parse(b"", True)
        except expat.ExpatError:
            if not self._closed:  # rubbish behind the closing tag does not matter
                raise
        if self.root is None:
            raise UnreadableImage("unknown-format", "the text is no SVG, it has no svg element")
        assert self._document is not None  # noqa: S101
        end_animations(self._animations, self.by_id)
        ground = apply_styles(self._document, self._drawn, self._sheets)
        drop_loose_ends(self._drawn.values(), self.by_id)
        drop_pictures_in_each_other(self._drawn.values(), self.by_id)
        return Drawing(self.root, self.by_id, self.elements, self.depth, ground)

    def _read_prolog(self) -> int:
        """Feeds the text tag by tag up to the root, so that nothing can use an entity before it was judged."""
        position = 0
        for _ in range(MAX_PROLOG_PIECES):
            end = self.text.find(b">", position, MAX_PROLOG) + 1 or len(self.text)
            if end > MAX_PROLOG:
                break
            self._parser.Parse(self.text[position:end], False)
            position = end
            if self.root is not None or position == len(self.text):
                return position
        raise UnreadableImage("unknown-format", f"the text has no svg element in its first {MAX_PROLOG} bytes")

    def _entity(
        self,
        name: str,
        is_parameter: bool,
        value: str | None,
        base: str | None,
        system: str | None,
        public: str | None,
        notation: str | None,
    ) -> None:
        if value is None or is_parameter:
            return
        # An entity that is declared only later could lead back here: it counts as too large.
        references = _ENTITY_REFERENCE.findall(value)
        size = len(value) + sum(self._entities.get(r, _PREDEFINED.get(r, MAX_EXPANSION)) for r in references)
        if size * self.text.count(b"&") > MAX_EXPANSION:
            raise UnreadableImage("unsafe", f"entities may not expand to more than {MAX_EXPANSION} characters")
        self._entities.setdefault(name, size)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise UnreadableImage("too-large", f"the SVG has more than {MAX_ELEMENTS} elements")
        self._level += 1
        self.depth = max(self.depth, self._level)
        if self._level > MAX_DEPTH:
            raise UnreadableImage("unsafe", f"the SVG nests elements more than {MAX_DEPTH} deep")
        node = self._node(name, attributes)
        if self._skipped:
            self._skip(name, attributes)
            return
        tag = self._local_name(name, attributes)
        if self.root is None and tag != "svg":
            raise UnreadableImage("unknown-format", f"the text is no SVG: its root is {name[:40]!r}")
        if tag in ANIMATIONS and self._stack:
            link = link_in(attributes)
            self._animations[Animation(tag, attributes)] = link if link.startswith("#") else self._stack[-1]
        self._page = attributes if tag == "foreignObject" else None
        if tag not in ELEMENTS:
            self._skip(name, attributes)
            return
        element = Element(tag, {})
        self._clean_attributes(element, attributes)
        if tag in _LINKED and "href" not in element.attributes:
            self._skipped = 1
            return
        if self._stack:
            self._stack[-1].children.append(element)
        else:
            self.root = element
        self._stack.append(element)
        self._drawn[id(node)] = element

    def _skip(self, name: str, attributes: dict[str, str]) -> None:
        """Of what is not drawn, style sheets count all the same, and the path of a motion and a page's gradient do."""
        self._skipped += 1
        if self._page is not None and (sweep := sweep_of(attributes.get("style", ""), self._page)) is not None:
            self._page = None
            self.elements += len(sweep.children)
            self._stack[-1].children.append(sweep)
        prefix, _, local = name.rpartition(":")
        if local == "style" and self._prefixes.get(prefix, _SVG) in (_SVG, _XHTML):
            kind, media = (attributes.get(key, "").strip().lower() for key in ("type", "media"))
            self._sheet = [] if kind in ("", "text/css") and media_applies(media) else None
        elif local == "mpath" and self._animations:
            motion = next(reversed(self._animations))
            motion.attributes["mpath"] = link_in(attributes)

    def _node(self, name: str, attributes: dict[str, str]) -> Node:
        """Every element as it was, for selectors to match."""
        local = name.rpartition(":")[2]
        node = SubElement(self._nodes[-1], local, attributes) if self._nodes else Node(local, attributes)
        self._document = node if self._document is None else self._document
        self._nodes.append(node)
        return node

    def _local_name(self, name: str, attributes: dict[str, str]) -> str:
        """The name without its prefix; empty when the element belongs to another vocabulary."""
        for key, value in attributes.items():
            if key.startswith("xmlns:"):
                self._prefixes[key[6:]] = value
        prefix, colon, local = name.rpartition(":")
        if colon:
            uri = self._prefixes.get(prefix, _SVG if prefix == "svg" else "")
            return local if uri == _SVG else ""
        # Whatever namespace the root claims is taken for SVG's: it is often misspelt or left out.
        if self.root is None:
            self._namespace = attributes.get("xmlns", _SVG)
        return local if attributes.get("xmlns", _SVG) in (_SVG, self._namespace) else ""

    def _clean_attributes(self, element: Element, attributes: dict[str, str]) -> None:
        kept = element.attributes
        for name, value in attributes.items():
            if name == "href" or name.endswith(":href"):
                if name == "href" or (self._prefixes.get(name[:-5], _XLINK) == _XLINK and "href" not in attributes):
                    self._clean_link(element, value.strip())
                continue
            if name == "style" and len(value) > MAX_ATTRIBUTE:
                value = ";".join(each for each in _UNDRAWN.sub("", value).split(";") if len(each) <= MAX_ATTRIBUTE)
            if name == "style" or name in ATTRIBUTES:
                self._check_length(name, value)
            if name == "style" and value:
                element.raw_style = value
                kept["style"] = ""  # keeps its place
            elif name in ATTRIBUTES and (clean := clean_value(name, value)) is not None:
                kept[name] = clean
        if "id" in kept:
            kept["id"] = identifier(kept["id"])
            if self.by_id.setdefault(kept["id"], element) is not element:
                del kept["id"]

    def _check_length(self, name: str, value: str) -> None:
        if name in _LONG:
            self._path_data += len(value)
            if self._path_data > MAX_PATH_DATA:
                raise UnreadableImage("too-large", f"the SVG has more than {MAX_PATH_DATA} characters of path data")
        elif len(value) > MAX_ATTRIBUTE:
            raise UnreadableImage("too-large", f"the attribute {name[:40]!r} is longer than {MAX_ATTRIBUTE} characters")

    def _clean_link(self, element: Element, link: str) -> None:
        if link.startswith("#") and element.tag not in ("a", "image"):
            element.attributes["href"] = f"#{identifier(link[1:])}"
        elif element.tag in ("image", "feImage"):
            self._pictures.put(element, link)

    def _characters(self, text: str) -> None:
        if self._sheet is not None:
            self._sheet.append(text)
        if self._skipped or not self._stack:
            return
        tag = self._stack[-1].tag
        if tag in TEXTS or tag == "a":
            self._text += len(text)
            if self._text > MAX_TEXT:
                raise UnreadableImage("too-large", "the SVG holds more text than a logo can")
            self._stack[-1].children.append(text)

    def _end(self, name: str) -> None:
        self._level -= 1
        self._nodes.pop()
        if self._skipped:
            self._skipped -= 1
            if self._sheet is not None and name.rpartition(":")[2] == "style":
                self._sheets.append(_UNDRAWN.sub("", "".join(self._sheet)))
                self._sheet = None
                if sum(map(len, self._sheets)) > MAX_STYLESHEET:
                    raise UnreadableImage("too-large", f"the style sheets have more than {MAX_STYLESHEET} characters")
            return
        self._stack.pop()
        self._closed = not self._stack
